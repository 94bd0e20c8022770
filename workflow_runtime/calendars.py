"""Legal time: working days, public holidays, and due dates that explain themselves.

Holidays are data (`bpmn/calendars/CN-<year>.yaml`), one table per year, taken from the yearly notice of the State
Council. For a year without a table, weekends and the holidays with a fixed date count, and every result that
touched such a year is marked provisional: it is computed again when the table arrives, never guessed silently.

How periods are counted (Civil Code, articles 200 to 204 and 1259):

* hours and minutes run from the event to the minute and never move (a length with a clock part, as `P1DT12H`,
  is counted so as a whole);
* in days, weeks, months and years the day of the event is not counted; months and years end on the corresponding
  day, or on the last day of the month where there is none; a last day that is no working day moves to the next
  working day after it;
* in working days only working days count, and weekend days worked in exchange for a holiday are working days;
* while a matter is suspended its periods by days stand still: suspended days are not counted;
* a period by days ends at 24:00 of its last day. `Due.at` is that instant, which is 00:00 of the following day;
  `last_day` and `spoken` say it as people do.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Final
from zoneinfo import ZoneInfo

from workflow_runtime.errors import BadInput, ProfileError
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.i18n import _, language, ngettext, of_data
from workflow_runtime.sources import Source

ZONE: Final = "Asia/Shanghai"
_SATURDAY = 5
#: Longest count that is looked at day by day, in years: a hostile `P9999999WD` must not walk the calendar.
_FARTHEST_YEAR: Final = 2200
_LONGEST: Final = 10_000


class Unit(StrEnum):
    """What a period is counted in."""

    SECOND = "S"
    MINUTE = "MIN"
    HOUR = "H"
    DAY = "D"  #: calendar days; the last one moves off a holiday
    WORKING_DAY = "WD"
    WEEK = "W"
    MONTH = "M"  #: calendar months, never 30 days
    YEAR = "Y"
    DATE = "DATE"  #: a fixed date, which moves for nothing


# --- the table of days -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Day:
    """One day: is it worked, what is it called when it is not what its weekday says, and is that certain?"""

    date: date
    working: bool
    name: str = ""
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Year:
    """The published table of one year: days off and weekend days worked, with the notice that says so."""

    number: int
    days: dict[date, Day] = field(hash=False)
    source: str = ""
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Published years, and the rule for the years that are not."""

    code: str
    years: dict[int, Year] = field(hash=False)
    version: str = ""

    def day(self, day: date) -> Day:
        """What `day` is."""
        year = self.years.get(day.year)
        weekend = day.weekday() >= _SATURDAY
        if year is not None:
            return year.days.get(day) or Day(day, not weekend, "周末" if weekend else "")
        name = _fixed_holiday(day)
        return Day(day, not (weekend or name), name or ("周末" if weekend else ""), provisional=True)

    def is_working_day(self, day: date) -> bool:
        """Whether offices work on `day`, as far as is known today."""
        return self.day(day).working

    def published(self, year: int) -> bool:
        """Whether the notice for `year` is in the table."""
        return year in self.years


def _fixed_holiday(day: date) -> str:
    """Holidays by statute whose date does not hang on the moon (National Holidays Regulation, as in force)."""
    if (day.month, day.day) == (1, 1):
        return "元旦"
    if day.month == 5 and day.day <= (2 if day.year >= 2025 else 1):
        return "劳动节"
    if day.month == 10 and day.day <= 3:
        return "国庆节"
    return ""


def read(source: bytes, *, name: str = "") -> Year:
    """The table of one year; raises ProfileError with everything that is wrong in it."""
    file = Source(source, name=name or _("calendar"), rule="calendar")
    file.raise_if_wrong(ProfileError)
    root = file.root
    file.only(root, ("year", "source", "days"))
    number = root.get("year")
    if not isinstance(number, int):
        file.wrong(file.line(root, "year"), _("the year is missing"), "year: 2026", field="year")
    notice = file.text(root, "source")
    days: dict[date, Day] = {}
    for entry in file.tables(root, "days", optional=False):
        file.only(entry, ("date", "kind", "name"))
        day = file.day(entry, "date", optional=False)
        kind = file.choice(entry, "kind", ("holiday", "workday"))
        title = file.text(entry, "name")
        if day is None:
            continue
        if day.year != number:
            file.wrong(entry.line, _("{date} is not in {year}").format(date=day, year=number), _("move it"))
        elif kind == "workday" and day.weekday() < _SATURDAY:
            file.wrong(entry.line, _("{date} is a weekday and is worked anyway").format(date=day), _("delete it"))
        elif day in days:
            file.wrong(entry.line, _("{date} stands in it twice").format(date=day), _("keep one of the two"))
        days[day] = Day(day, kind == "workday", title)
    file.raise_if_wrong(ProfileError)
    return Year(int(number or 0), days, notice, hashlib.sha256(source).hexdigest())


def calendar(code: str, years: Iterable[Year]) -> Calendar:
    """A calendar of these years; two tables of the same year are refused."""
    table: dict[int, Year] = {}
    for year in sorted(years, key=lambda year: year.number):
        if year.number in table:
            message = _("calendar {code}: the year {year} stands in it twice").format(code=code, year=year.number)
            finding = Finding("calendar", Severity.ERROR, None, None, message, _("keep one of the two files"))
            raise ProfileError(findings=[finding])
        table[year.number] = year
    version = hashlib.sha256("".join(year.hash for year in table.values()).encode()).hexdigest()
    return Calendar(code, table, version)


def digest(years: Mapping[int, bytes]) -> str:
    """What a calendar of these files is known by."""
    return hashlib.sha256(b"\0".join(years[year] for year in sorted(years))).hexdigest()


@cache
def shipped(code: str = "CN") -> Calendar:
    """The calendar that comes with the program."""
    folder = resources.files("bpmn") / "calendars"
    files = sorted((file for file in folder.iterdir() if re.fullmatch(rf"{code}-\d{{4}}\.yaml", file.name)), key=str)
    return calendar(code, [read(file.read_bytes(), name=file.name) for file in files])


# --- lengths of time ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time as it is written: `P1Y6M`, `P10WD`, `PT24H`. Its parts are counted in this order."""

    parts: tuple[tuple[int, Unit], ...]

    def __str__(self) -> str:
        days = "".join(f"{value}{unit}" for value, unit in self.parts if unit not in _CLOCK)
        clock = "".join(f"{value}{_CLOCK[unit]}" for value, unit in self.parts if unit in _CLOCK)
        return f"P{days}T{clock}" if clock else f"P{days}"


@dataclass(frozen=True, slots=True)
class Cycle:
    """A repetition: `R3/P5WD` (three times) or `R/P5D` (until it is stopped)."""

    times: int | None
    every: Span


@dataclass(frozen=True, slots=True)
class Pause:
    """Days, first and last included, on which a period stands still, and why."""

    first: date
    last: date
    reason: str = ""

    def covers(self, day: date) -> bool:
        """Whether the period stands still on `day`."""
        return self.first <= day <= self.last


_CLOCK: Final = {Unit.HOUR: "H", Unit.MINUTE: "M", Unit.SECOND: "S"}
_SPAN = re.compile(
    r"P(?=[0-9T])(?:(?P<Y>\d{1,4})Y)?(?:(?P<M>\d{1,4})M)?(?:(?P<W>\d{1,4})W)?"
    r"(?:(?P<WD>\d{1,4})WD)?(?:(?P<D>\d{1,5})D)?"
    r"(?:T(?=\d)(?:(?P<H>\d{1,5})H)?(?:(?P<MIN>\d{1,5})M)?(?:(?P<S>\d{1,5})S)?)?"
)
_CYCLE = re.compile(r"R(?P<times>\d{0,4})/(?P<every>P.+)")


def parse_duration(text: str) -> Span:
    """The length of time written in `text`: ISO 8601 without fractions, and working days as `P10WD`."""
    found = _SPAN.fullmatch(text.strip())
    parts = tuple((int(found[unit]), unit) for unit in Unit if unit != Unit.DATE and found[unit]) if found else ()
    if not parts:
        raise BadInput(
            findings=[
                _problem(
                    _("{text!r} is not a length of time").format(text=text[:40]),
                    _("write P10WD (working days), P30D, P3M, P1Y, PT24H or PT30M"),
                )
            ]
        )
    order = (Unit.YEAR, Unit.MONTH, Unit.WEEK, Unit.WORKING_DAY, Unit.DAY, Unit.HOUR, Unit.MINUTE, Unit.SECOND)
    return Span(tuple(sorted(parts, key=lambda part: order.index(part[1]))))


def parse_cycle(text: str) -> Cycle:
    """The repetition written in `text`; one that would never let time pass is refused."""
    found = _CYCLE.fullmatch(text.strip())
    if found is None:
        raise BadInput(
            findings=[_problem(_("{text!r} is not a repetition").format(text=text[:40]), _("write R/P5WD or R3/P5D"))]
        )
    every = parse_duration(found["every"])
    if not any(value for value, _unit in every.parts):
        raise BadInput(
            findings=[
                _problem(
                    _("{text!r} repeats without any time between").format(text=text[:40]),
                    _("give it at least one second"),
                )
            ]
        )
    return Cycle(int(found["times"]) if found["times"] else None, every)


# --- due dates ---------------------------------------------------------------------------------------------------


class StepKind(StrEnum):
    """What happened to the count at one step of it."""

    START = "start"
    HOURS = "hours"
    CORRESPONDING = "corresponding"  #: the corresponding day of a later month, or so many days on
    SHORT_MONTH = "short_month"  #: no corresponding day; the last of the month
    SKIPPED = "skipped"  #: a holiday on a weekday, not counted
    WORKED = "worked"  #: a weekend day that is worked, counted
    WEEKENDS = "weekends"  #: so many weekend days not counted
    PAUSED = "paused"  #: suspended days, not counted
    MOVED = "moved"  #: the last day was no working day
    UNPUBLISHED = "unpublished"  #: the table of that year is not out
    FIXED = "fixed"
    END = "end"


@dataclass(frozen=True, slots=True)
class Counted:
    """One step of the count, for the explanation."""

    kind: StepKind
    day: date
    until: date | None = None
    name: str = ""
    value: int = 0
    unit: Unit | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """When a period ends, and how that was found.

    `at` is the instant: for periods by days 24:00 of `last_day`, which is 00:00 of the day after.
    """

    at: datetime
    last_day: date
    provisional: bool
    steps: tuple[Counted, ...]
    zone: str = ZONE

    def explain(self) -> tuple[str, ...]:
        """How the date was found, line by line, in the language in use; every skipped holiday by name."""
        return tuple(_line(step, self) for step in self.steps)

    def text(self) -> str:
        """The end in one line."""
        text = spoken(self.at, self.zone)
        return _("{due} (provisional)").format(due=text) if self.provisional else text


def due(
    start: datetime,
    value: int | date,
    unit: Unit | str,
    calendar: Calendar,
    *,
    zone: str = ZONE,
    pauses: Sequence[Pause] = (),
) -> Due:
    """When the period of `value` `unit` that begins with the event at `start` ends.

    `start` is an aware instant; the day of the event is its day in `zone`. For `Unit.DATE`, `value` is the date.
    On the days of `pauses` the period stands still (hours and fixed dates know no pause).
    """
    kind = Unit(unit)
    if kind is Unit.DATE:
        return _fixed(start, value, zone)
    if isinstance(value, date):
        raise BadInput(
            findings=[_problem(_("a date does not go with the unit {unit}").format(unit=kind), _("use DATE"))]
        )
    return due_after(start, Span(((value, kind),)), calendar, zone=zone, pauses=pauses)


def due_after(
    start: datetime, span: Span | str, calendar: Calendar, *, zone: str = ZONE, pauses: Sequence[Pause] = ()
) -> Due:
    """When the length of time `span` that begins with the event at `start` ends."""
    if start.tzinfo is None:
        raise ValueError("start must be an aware datetime")
    length = parse_duration(span) if isinstance(span, str) else span
    _guard(length)
    local = start.astimezone(ZoneInfo(zone))
    to_the_minute = any(unit in _CLOCK for _value, unit in length.parts)
    count = _Count(calendar, local, pauses, to_the_minute=to_the_minute)
    for value, unit in length.parts:
        if unit in _CLOCK:
            count.steps.append(Counted(StepKind.HOURS, count.day, value=value, unit=unit))
        elif unit is Unit.WORKING_DAY:
            count.working_days(value)
        else:
            count.on(value, unit)
    if to_the_minute:
        # Hours run on the world's clock, not on the wall's: add in UTC, so a change of the clock cannot stretch them.
        moment = datetime.combine(count.day, local.time(), local.tzinfo).astimezone(UTC)
        at = (moment + _clock_time(length)).astimezone(local.tzinfo)
    else:
        count.off_holiday()
        at = _end_of(count.day, zone)
    count.steps.append(Counted(StepKind.END, last_day(at, zone)))
    return Due(at, last_day(at, zone), count.provisional, tuple(count.steps), zone)


def _clock_time(span: Span) -> timedelta:
    names = {Unit.HOUR: "hours", Unit.MINUTE: "minutes", Unit.SECOND: "seconds"}
    return timedelta(**{names[unit]: value for value, unit in span.parts if unit in names})


def _guard(span: Span) -> None:
    for value, unit in span.parts:
        if not 0 <= value <= (_LONGEST if unit is not Unit.YEAR else 150):
            raise BadInput(
                findings=[
                    _problem(
                        _("{value} {unit} is out of range").format(value=value, unit=unit),
                        _("give a length of time between 0 and {limit}").format(limit=_LONGEST),
                    )
                ]
            )


def _fixed(start: datetime, value: int | date, zone: str) -> Due:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise BadInput(
            findings=[_problem(_("the unit DATE needs a date, not {value!r}").format(value=value), "2025-12-31")]
        )
    at = _end_of(value, zone)
    return Due(at, value, False, (Counted(StepKind.FIXED, value), Counted(StepKind.END, value)), zone)


class _Count:
    """A finger on the calendar: where it stands, and what it passed."""

    def __init__(self, calendar: Calendar, start: datetime, pauses: Sequence[Pause], *, to_the_minute: bool) -> None:
        self.calendar = calendar
        self.pauses = () if to_the_minute else tuple(pauses)
        self.day = start.date()
        self.provisional = False
        moment = f"{start:%Y-%m-%d %H:%M}" if to_the_minute else ""
        self.steps: list[Counted] = [Counted(StepKind.START, self.day, name=moment)]
        self._unpublished: set[int] = set()

    def look(self, day: date) -> Day:
        found = self.calendar.day(day)
        if found.provisional:
            self.provisional = True
            if day.year not in self._unpublished:
                self._unpublished.add(day.year)
                self.steps.append(Counted(StepKind.UNPUBLISHED, day))
        return found

    def on(self, value: int, unit: Unit) -> None:
        if unit is Unit.DAY or unit is Unit.WEEK:
            target = self.day + timedelta(days=value * (7 if unit is Unit.WEEK else 1))
        else:
            months = value * (12 if unit is Unit.YEAR else 1)
            target = add_months(self.day, months)
            if target.day != self.day.day:
                self.steps.append(Counted(StepKind.SHORT_MONTH, target, value=self.day.day))
        self._near(target)
        self.steps.append(Counted(StepKind.CORRESPONDING, target, value=value, unit=unit))
        self.day = self._past_pauses(self.day, target)

    def _past_pauses(self, first: date, target: date) -> date:
        """The end of a period that stood still on some of its days: later by as many days."""
        day, end = first, target
        while day < end:
            day += timedelta(days=1)
            self._near(day)
            if self._paused(day):
                end += timedelta(days=1)
        self._tell_pauses(first, end)
        return end

    def _paused(self, day: date) -> bool:
        return any(pause.covers(day) for pause in self.pauses)

    def _tell_pauses(self, first: date, last: date) -> None:
        self.steps.extend(
            Counted(StepKind.PAUSED, max(pause.first, first), until=min(pause.last, last), name=pause.reason)
            for pause in self.pauses
            if pause.first <= last and pause.last > first
        )

    def working_days(self, value: int) -> None:
        passed: list[Day] = []
        left = value
        day = self.day
        while left:
            day += timedelta(days=1)
            self._near(day)
            if self._paused(day):
                continue
            found = self.look(day)
            left -= found.working
            passed.append(found)
        self._tell_pauses(self.day, day)
        self.steps.extend(_runs(passed))
        self.steps.append(Counted(StepKind.CORRESPONDING, day, value=value, unit=Unit.WORKING_DAY))
        self.day = day

    def off_holiday(self) -> None:
        """A last day on which nobody works moves to the next day on which somebody does (Civil Code, 203)."""
        day = self.day
        passed: list[Day] = []
        while not (found := self.look(day)).working:
            passed.append(found)
            day += timedelta(days=1)
        if passed:
            name = next((one.name for one in passed if one.name != "周末"), passed[0].name)
            self.steps.append(Counted(StepKind.MOVED, self.day, until=day, name=name))
            self.day = day

    def _near(self, day: date) -> None:
        if day.year > _FARTHEST_YEAR:
            raise BadInput(
                findings=[
                    _problem(
                        _("the period ends after the year {year}").format(year=_FARTHEST_YEAR),
                        _("give a shorter length of time"),
                    )
                ]
            )


def _runs(days: list[Day]) -> list[Counted]:
    """Days off as runs of the same holiday; plain weekends as one number; worked weekend days one by one."""
    steps: list[Counted] = []
    weekends = 0
    for day in days:
        if day.working:
            if day.name:
                steps.append(Counted(StepKind.WORKED, day.date, name=day.name))
        elif day.name == "周末":
            weekends += 1
        elif steps and steps[-1].kind is StepKind.SKIPPED and _continues(steps[-1], day):
            steps[-1] = Counted(StepKind.SKIPPED, steps[-1].day, until=day.date, name=day.name)
        else:
            steps.append(Counted(StepKind.SKIPPED, day.date, until=day.date, name=day.name))
    if weekends:
        steps.append(Counted(StepKind.WEEKENDS, days[-1].date, value=weekends))
    return steps


def _continues(step: Counted, day: Day) -> bool:
    return step.name == day.name and step.until is not None and (day.date - step.until).days == 1


# --- arithmetic of days ------------------------------------------------------------------------------------------


def add_months(day: date, months: int) -> date:
    """The corresponding day so many months on, or the last of that month where there is none."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    first = date(year, month + 1, 1)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return first.replace(day=min(day.day, (following - first).days))


def add_working_days(day: date, number: int, calendar: Calendar) -> date:
    """The working day so many working days after (or, negative, before) `day`; `day` itself does not count."""
    _guard(Span(((abs(number), Unit.WORKING_DAY),)))
    step = timedelta(days=1 if number >= 0 else -1)
    left = abs(number)
    while left:
        day += step
        left -= calendar.is_working_day(day)
    return day


def working_days_between(first: date, last: date, calendar: Calendar) -> int:
    """Working days after `first` up to and with `last`; negative when `last` is before `first`."""
    if last < first:
        return -working_days_between(last, first, calendar)
    return sum(calendar.is_working_day(first + timedelta(days=n)) for n in range(1, (last - first).days + 1))


def working_days_left(now: datetime, at: datetime, calendar: Calendar, *, zone: str = ZONE) -> int:
    """Working days from today to the last day of the period: 0 = ends today, negative = so many days late."""
    today = now.astimezone(ZoneInfo(zone)).date()
    end = last_day(at, zone)
    if now >= at:
        return min(-1, working_days_between(end, today, calendar) * -1)
    return working_days_between(today, end, calendar)


def age_on(birth: date, day: date) -> int:
    """Completed years of life on `day`; who was born on 29 February completes a year on the 28th (Civil Code, 202)."""
    years = day.year - birth.year
    return years if add_months(birth, years * 12) <= day else years - 1


def at_least(start: date, value: int, unit: Unit | str) -> date:
    """The first day on which the period is full (以上, 届满 include the number: Civil Code, 1259)."""
    kind = Unit(unit)
    if kind in (Unit.MONTH, Unit.YEAR):
        return add_months(start, value * (12 if kind is Unit.YEAR else 1))
    if kind in (Unit.DAY, Unit.WEEK):
        return start + timedelta(days=value * (7 if kind is Unit.WEEK else 1))
    raise BadInput(findings=[_problem(_("{unit} does not count in days").format(unit=kind), "D, W, M, Y")])


def more_than(start: date, value: int, unit: Unit | str) -> date:
    """The first day on which the period is exceeded (超过, 以外 exclude the number: Civil Code, 1259)."""
    return at_least(start, value, unit) + timedelta(days=1)


def last_day(at: datetime, zone: str = ZONE) -> date:
    """The day that ends with the instant `at` or holds it: 00:00 belongs to the day before, as its 24:00."""
    return (at.astimezone(ZoneInfo(zone)) - timedelta(microseconds=1)).date()


def spoken(at: datetime, zone: str = ZONE) -> str:
    """The end of a period as people write it: `2024-09-13 24:00`, or `2024-09-13 10:30`."""
    local = at.astimezone(ZoneInfo(zone))
    if local.time() == time():
        return f"{last_day(at, zone)} 24:00"
    return f"{local:%Y-%m-%d %H:%M}"


def _end_of(day: date, zone: str) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))


# --- words -------------------------------------------------------------------------------------------------------

_WEEKDAYS_ZH: Final = "一二三四五六日"


def _shown(day: date) -> str:
    if language() == "zh":
        return f"{day.isoformat()}（周{_WEEKDAYS_ZH[day.weekday()]}）"
    return f"{day.isoformat()} ({'Mon Tue Wed Thu Fri Sat Sun'.split()[day.weekday()]})"


def amount(value: int, unit: Unit | str) -> str:
    """A length of time in words: `10 working days`."""
    match Unit(unit):
        case Unit.SECOND:
            return ngettext("{n} second", "{n} seconds", value).format(n=value)
        case Unit.MINUTE:
            return ngettext("{n} minute", "{n} minutes", value).format(n=value)
        case Unit.HOUR:
            return ngettext("{n} hour", "{n} hours", value).format(n=value)
        case Unit.DAY:
            return ngettext("{n} day", "{n} days", value).format(n=value)
        case Unit.WORKING_DAY:
            return ngettext("{n} working day", "{n} working days", value).format(n=value)
        case Unit.WEEK:
            return ngettext("{n} week", "{n} weeks", value).format(n=value)
        case Unit.MONTH:
            return ngettext("{n} month", "{n} months", value).format(n=value)
        case Unit.YEAR:
            return ngettext("{n} year", "{n} years", value).format(n=value)
        case Unit.DATE:
            return str(value)


def _line(step: Counted, due: Due) -> str:
    day = _shown(step.day)
    match step.kind:
        case StepKind.START:
            if step.name:
                return _("begins {moment}").format(moment=step.name)
            return _("begins {day}; that day is not counted").format(day=day)
        case StepKind.HOURS:
            return _("{amount} on, to the minute").format(amount=amount(step.value, step.unit or Unit.HOUR))
        case StepKind.CORRESPONDING:
            return _("{amount} on: {day}").format(amount=amount(step.value, step.unit or Unit.DAY), day=day)
        case StepKind.SHORT_MONTH:
            return _("that month has no day {number}: its last day {day} counts").format(number=step.value, day=day)
        case StepKind.SKIPPED:
            if step.until and step.until != step.day:
                return _("{name} {first} to {last} not counted").format(
                    name=of_data(step.name), first=day, last=_shown(step.until)
                )
            return _("{name} {day} not counted").format(name=of_data(step.name), day=day)
        case StepKind.WORKED:
            return _("{day} is worked in exchange for {name}, counted").format(day=day, name=of_data(step.name))
        case StepKind.WEEKENDS:
            return ngettext("{n} weekend day not counted", "{n} weekend days not counted", step.value).format(
                n=step.value
            )
        case StepKind.PAUSED:
            return _("suspended {first} to {last} ({reason}): not counted").format(
                first=day, last=_shown(step.until or step.day), reason=of_data(step.name)
            )
        case StepKind.MOVED:
            return _("{day} is no working day ({name}): moved to {until}").format(
                day=day, name=of_data(step.name), until=_shown(step.until or step.day)
            )
        case StepKind.UNPUBLISHED:
            return _(
                "provisional: the holidays of {year} are not published; weekends and holidays with a fixed date "
                "were counted, and the date is computed again when they are"
            ).format(year=step.day.year)
        case StepKind.FIXED:
            return _("fixed date {day}").format(day=day)
        case StepKind.END:
            return _("ends {moment}").format(moment=due.text())


def _problem(message: str, remedy: str) -> Finding:
    return Finding("calendar", Severity.ERROR, None, None, message, remedy)
