"""When a timer is due: ISO 8601 literals, our working days, and what FEEL says; all from a given instant."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from workflow_runtime.i18n import _

#: Later than this is a slip of the pen, not a deadline.
LONGEST = timedelta(days=366 * 200)

_DURATION = re.compile(
    r"(?P<sign>-)?P(?:(?P<years>\d{1,4})Y)?(?:(?P<months>\d{1,5})M)?(?:(?P<weeks>\d{1,5})W)?(?:(?P<days>\d{1,6})D)?"
    r"(?:T(?:(?P<hours>\d{1,8})H)?(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,10}(?:\.\d{1,6})?)S)?)?"
)
_WORKING_DAYS = re.compile(r"P(\d{1,4})WD")
_CYCLE = re.compile(r"R(?P<times>\d{0,9})/(?:(?P<first>[^P/][^/]*)/)?(?P<every>P[^/]+)(?:/(?P<last>[^/]+))?")


class BadTime(ValueError):
    """A timer whose text or value says no time; the message says why."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Now, the zone that dates without one mean, and the functions that know working days."""

    now: datetime
    zone: tzinfo
    functions: Mapping[str, Callable[..., Any]]

    @property
    def local(self) -> datetime:
        """Now as the office's clock shows it: what `today()` and `now()` of an expression mean."""
        return self.now.astimezone(self.zone)


@dataclass(frozen=True, slots=True)
class Alarm:
    """The next due instant, and for a cycle how it goes on: `R<times left>/<every>`."""

    due: datetime
    cycle: str | None = None
    text: str = ""  #: the length of time that was counted; empty for a date


def alarm(value: Any, clock: Clock, *, cycle: bool = False) -> Alarm:
    """When a timer of that value (FEEL value or literal text) is due. Raises BadTime."""
    try:
        if isinstance(value, str):
            text = value.strip()
            if text.startswith("R"):
                return _first_of_cycle(text, clock)
            if cycle:
                return _first_of_cycle(f"R/{text}", clock)
            if text.startswith(("P", "-P")):
                return Alarm(later(clock.now, text, clock), text=text)
            return Alarm(_instant(_parsed(text), clock))
        if isinstance(value, datetime | date):
            return Alarm(_instant(value, clock))
        every = _duration_text(value)
        if every is None:
            raise BadTime(_("{value!r} is neither a time nor a duration").format(value=value))
        if cycle:
            return _first_of_cycle(f"R/{every}", clock)
        return Alarm(later(clock.now, every, clock), text=every)
    except OverflowError as error:
        raise BadTime(_("{value} lies beyond the calendar").format(value=value)) from error


def again(due: datetime, cycle: str | None, clock: Clock) -> Alarm | None:
    """The next time of a cycle after `due`, or None when it has run out."""
    if cycle is None:
        return None
    times, _slash, every = cycle.removeprefix("R").partition("/")
    every, _slash, last = every.partition("/")
    left = int(times) - 1 if times else None
    if left is not None and left < 1:
        return None
    following = later(due, every, clock)
    if last and following > datetime.fromisoformat(last):
        return None
    return Alarm(following, _cycle_text(left, every, last), every)


def retimed(cycle: str | None, every: str | None) -> str | None:
    """The cycle with another length of a turn; as it is when none is given."""
    if cycle is None or every is None:
        return cycle
    times, _slash, rest = cycle.partition("/")
    return "/".join((times, every, *rest.split("/")[1:]))


def check_literal(text: str, kind: str | None) -> str | None:
    """What is wrong with the literal text of a timer, in words; None when nothing is."""
    clock = Clock(datetime(2024, 1, 1, tzinfo=UTC), UTC, {"add working days": lambda day, _count: day})
    try:
        alarm(text, clock, cycle=kind == "cycle")
    except BadTime as error:
        return str(error)
    return None


def later(start: datetime, duration: str, clock: Clock) -> datetime:
    """`start` plus an ISO duration (months keep to the end of the month) or working days (`P10WD`: end of the last)."""
    if found := _WORKING_DAYS.fullmatch(duration):
        return _after_working_days(start, int(found.group(1)), clock)
    found = _DURATION.fullmatch(duration)
    if found is None or duration.rstrip("T") in ("P", "-P") or duration.endswith("T"):
        raise BadTime(_("{text} is not a duration such as P10D, PT1H or P10WD").format(text=duration))
    part = {
        name: float(text) if "." in text else int(text) for name, text in found.groupdict("0").items() if name != "sign"
    }
    sign = -1 if found["sign"] else 1
    span = timedelta(
        weeks=part["weeks"], days=part["days"], hours=part["hours"], minutes=part["minutes"], seconds=part["seconds"]
    )
    months = int(part["years"] * 12 + part["months"])
    if span > LONGEST or months > LONGEST.days // 30:
        raise BadTime(_("{text} is longer than two hundred years").format(text=duration))
    local = start.astimezone(clock.zone)
    return (_add_months(local, sign * months) + sign * span).astimezone(start.tzinfo)


def _add_months(start: datetime, months: int) -> datetime:
    if not months:
        return start
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError(year)
    return start.replace(year=year, month=month + 1, day=min(start.day, monthrange(year, month + 1)[1]))


def _after_working_days(start: datetime, count: int, clock: Clock) -> datetime:
    add = clock.functions.get("add working days")
    if add is None:
        raise BadTime(_("working days are asked for, but no calendar was handed in"))
    # 00:00 is the 24:00 of the day before: what begins when a period has ended begins on its last day
    day = add((start - timedelta(microseconds=1)).astimezone(clock.zone).date(), count)
    if isinstance(day, datetime):
        return _instant(day, clock)
    if not isinstance(day, date):
        raise BadTime(_("the calendar does not say which day is {count} working days on").format(count=count))
    # a period of days ends with its last day, not at the hour at which it began
    return _instant(day + timedelta(days=1), clock)


def _instant(value: datetime | date, clock: Clock) -> datetime:
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if value.tzinfo is None:
        value = value.replace(tzinfo=clock.zone)
    return value


def _parsed(text: str) -> datetime | date:
    try:
        return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    except ValueError as error:
        raise BadTime(_("{text} is not a date, a time or a duration").format(text=text)) from error


def _first_of_cycle(text: str, clock: Clock) -> Alarm:
    found = _CYCLE.fullmatch(text)
    if found is None:
        raise BadTime(_("{text} is not a cycle such as R3/P5D").format(text=text))
    times = int(found["times"]) if found["times"] else None
    every = found["every"]
    if times == 0:
        raise BadTime(_("{text} repeats zero times").format(text=text))
    if later(clock.now, every, clock) <= clock.now:
        raise BadTime(_("{text} repeats without end in the same moment").format(text=text))
    last = _instant(_parsed(found["last"]), clock).isoformat() if found["last"] else ""
    first = _instant(_parsed(found["first"]), clock) if found["first"] else later(clock.now, every, clock)
    return Alarm(first, _cycle_text(times, every, last), every)


def _cycle_text(times: int | None, every: str, last: str) -> str:
    return f"R{'' if times is None else times}/{every}{'/' + last if last else ''}"


def _duration_text(value: Any) -> str | None:
    """A FEEL duration as ISO text; None when the value is no duration."""
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
        sign = "-" if seconds < 0 else ""
        return f"{sign}PT{abs(seconds):.6f}".rstrip("0").rstrip(".") + "S"
    months = getattr(value, "months", None)
    if months is not None:
        return f"{'-' if months < 0 else ''}P{abs(int(months))}M"
    return None
