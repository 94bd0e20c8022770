"""Deadlines of open work: what is kept of each, so that it can be counted again and explained at any time.

An item or a timer keeps a `Note` beside its due instant: the parameter with its source, what it was counted from, and
what has happened to it since (suspensions, extensions, another value). `count` finds the due instant from the note and
a calendar alone; so a new table of holidays, a suspension and a changed profile all take the same way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from workflow_runtime import calendars
from workflow_runtime.calendars import Calendar, Pause, Unit, add_months, amount, spoken
from workflow_runtime.errors import BadInput
from workflow_runtime.i18n import _, of_data
from workflow_runtime.profiles import Mark, Parameter, standing

if TYPE_CHECKING:
    from workflow_runtime.engine import Basis

_MOMENT = timedelta(microseconds=1)
#: Periods that run on the world's clock; a suspension moves them by as long as the case stood still.
_CLOCK = frozenset({Unit.HOUR, Unit.MINUTE, Unit.SECOND})
#: What a deadline may have been moved by that its count does not show.
CALENDAR, PROFILE = "calendar", "profile"


@dataclass(frozen=True, slots=True)
class Stop:
    """The case stood still from one instant to another, and why."""

    since: datetime
    until: datetime
    reason: str = ""

    def days(self, zone: str) -> Pause | None:
        """The days that are not counted: from the day on which it began to the day before it ended."""
        first, last = (at.astimezone(ZoneInfo(zone)).date() for at in (self.since, self.until))
        return Pause(first, last - timedelta(days=1), self.reason) if first < last else None


@dataclass(frozen=True, slots=True)
class Held:
    """The deadline stands still since that instant, and stood at `due`; `by` is the step that must be done first."""

    since: datetime
    due: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Longer:
    """One extension: by how much, on what ground, who granted it and when."""

    value: int
    unit: str
    ground: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Moved:
    """A deadline stood elsewhere before: where, until when, and what moved it (`cause`, with `why` in words)."""

    was: datetime
    at: datetime
    cause: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """What is kept of a deadline. Without `unit` there is no rule to count by: `how` says whether it is a fixed date
    or a plain length of time."""

    start: datetime
    name: str = ""
    title: str = ""
    value: str = ""
    unit: str = ""
    mark: str = ""
    source: str = ""
    section: str = ""
    provisional: bool = False
    still: bool = True  #: stands still while the case is suspended
    how: str = ""  #: timers: date, duration or cycle
    exact: bool = False  #: to the hour from the start, not to the end of a day
    offset: float = 0.0  #: timers: seconds between the deadline that was asked for and the timer
    stood: float = 0.0  #: seconds that were added for suspensions by the program before this one
    stops: tuple[Stop, ...] = ()
    longer: tuple[Longer, ...] = ()
    moved: tuple[Moved, ...] = ()
    held: Held | None = None  #: another step holds it back (`xb:holds`): nothing is due until that is done

    @property
    def amount(self) -> str:
        """The length of time in words, or the date."""
        return self.value if self.unit == Unit.DATE else amount(int(self.value), self.unit)

    @property
    def standing_text(self) -> str:
        """Where it comes from; a length that the diagram itself says has no mark."""
        return standing(Mark(self.mark), self.source, self.section) if self.mark else ""

    @property
    def counts(self) -> bool:
        """Whether there is a rule to count by."""
        return bool(self.unit)

    def of_parameter(self, parameter: Parameter) -> Note:
        """The same period under another value of its parameter."""
        return replace(
            self,
            name=parameter.name,
            title=parameter.title,
            value=str(parameter.value),
            unit=str(parameter.unit),
            mark=str(parameter.mark),
            source=parameter.source,
            section=parameter.section,
            still=parameter.stands_still,
        )


def of_parameter(parameter: Parameter, start: datetime, stops: Sequence[Stop] = ()) -> Note:
    """A period of the profile that begins with the event at `start`."""
    return Note(start, stops=tuple(stops)).of_parameter(parameter)


def of_timer(
    basis: Basis,
    due: datetime,
    *,
    parameter: Callable[[str], Parameter],
    instant: Callable[[Any], datetime],
    stops: Sequence[Stop],
) -> Note:
    """What a timer keeps, from how its time was found. `parameter` is the profile's of a name; `instant` is what the
    start of a deadline means, nothing being the beginning of the step."""
    plain = Note(basis.start, how=basis.how, still=basis.how != "date")
    deadlines = [(given, at) for name, given, at in basis.asked if name == "deadline" and isinstance(at, datetime)]
    first = basis.how == "cycle" and len(deadlines) == 1 and deadlines[0][1] == due  # it begins at a deadline
    if basis.how == "date" or first:
        if len(deadlines) != 1:
            return plain
        (name, *begin), at = deadlines[0]
        start = instant(begin[0] if begin else None)
        known = replace(plain, start=start, offset=(due - at).total_seconds(), stops=tuple(stops))
        return known.of_parameter(parameter(name))
    span = _plain_span(basis.text)
    if span is None:
        return plain
    cycles = [given[0] for name, given, _text in basis.asked if name == "cycle"]
    plain = replace(plain, exact=span[1] != Unit.WORKING_DAY)
    if basis.how == "cycle" and len(cycles) == 1:
        return plain.of_parameter(parameter(cycles[0]))
    return replace(plain, value=str(span[0]), unit=str(span[1]))


def _plain_span(text: str) -> tuple[int, Unit] | None:
    try:
        span = calendars.parse_duration(text)
    except BadInput:
        return None
    return span.parts[0] if len(span.parts) == 1 else None


def count(note: Note, calendar: Calendar, *, zone: str) -> calendars.Due:
    """When the period ends, by this calendar, with everything that has happened to it."""
    # a timer's 00:00 is the 24:00 of the day before, on which its period began
    start = note.start - _MOMENT if note.how in ("duration", "cycle") and not note.exact else note.start
    pauses = [pause for stop in note.stops if (pause := stop.days(zone)) is not None] if note.still else []
    found = _first(note, start, calendar, zone, pauses)
    at, steps, provisional = found.at, list(found.steps), found.provisional
    if note.still and (note.unit in _CLOCK or note.exact):
        at = _after_stops(start, at, note.stops)
    for longer in note.longer:
        more = calendars.due(at - _MOMENT, longer.value, longer.unit, calendar, zone=zone, pauses=pauses)
        at, provisional = more.at, provisional or more.provisional
        steps += more.steps[1:]
    at += timedelta(seconds=note.stood + note.offset)
    return calendars.Due(at, calendars.last_day(at, zone), provisional, tuple(steps), zone)


def _first(note: Note, start: datetime, calendar: Calendar, zone: str, pauses: Sequence[Pause]) -> calendars.Due:
    if note.unit == Unit.DATE:
        return calendars.due(start, date.fromisoformat(note.value), note.unit, calendar, zone=zone)
    if not note.exact:
        return calendars.due(start, int(note.value), note.unit, calendar, zone=zone, pauses=pauses)
    at = _exactly(start.astimezone(ZoneInfo(zone)), int(note.value), Unit(note.unit))
    return calendars.Due(at, calendars.last_day(at, zone), False, (), zone)


def _exactly(start: datetime, value: int, unit: Unit) -> datetime:
    """To the minute, as timers of the diagram count: the same hour so many days or months on."""
    names = {Unit.SECOND: "seconds", Unit.MINUTE: "minutes", Unit.HOUR: "hours", Unit.DAY: "days", Unit.WEEK: "weeks"}
    if unit in names:
        return (start.astimezone(UTC) if unit in _CLOCK else start) + timedelta(**{names[unit]: value})
    day = add_months(start.date(), value * (12 if unit is Unit.YEAR else 1))
    return datetime.combine(day, start.timetz())


def _after_stops(start: datetime, at: datetime, stops: Sequence[Stop]) -> datetime:
    for stop in stops:
        if stop.since < at and stop.until > start:
            at += stop.until - max(stop.since, start)
    return at


def stopped(note: Note, due: datetime, stop: Stop, calendar: Calendar, *, zone: str) -> tuple[Note, datetime]:
    """A period after its case stood still once more: what is kept of it now, and when it ends.

    One that does not stand still, a fixed date, and one that had ended before, stay where they are.
    """
    if note.held is not None or not note.still or due <= stop.since:
        return note, due
    kept = replace(note, stops=(*note.stops, stop))
    if note.counts:
        return kept, count(kept, calendar, zone=zone).at
    return kept, due + (stop.until - max(stop.since, note.start))


def hold(note: Note, due: datetime, now: datetime, by: str) -> Note | None:
    """What is kept of a deadline that stands still from now on; None for one that had passed, or never stands still."""
    return replace(note, held=Held(now, due, by)) if note.still and due > now else None


def released(note: Note, now: datetime, calendar: Calendar, *, zone: str) -> tuple[Note, datetime]:
    """A deadline that was held goes on: what is kept of it, and when it ends now."""
    assert note.held is not None
    stop = Stop(note.held.since, now, note.held.by)
    return stopped(replace(note, held=None), note.held.due, stop, calendar, zone=zone)


def explained(note: Note, calendar: Calendar, *, zone: str) -> tuple[str, ...]:
    """How the due date was found, line by line, in the language in use: the count, and what lengthened or moved it."""
    lines: list[str] = []
    if note.held is not None:
        lines.append(
            _("stands still since {since}, until “{step}” is done").format(
                since=spoken(note.held.since, zone), step=of_data(note.held.by)
            )
        )
    if note.counts:
        whole = count(note, calendar, zone=zone)
        first = count(replace(note, longer=()), calendar, zone=zone)
        lines += [*first.explain()[:-1]] if note.longer else first.explain()
        lines += _stopped_lines(note, zone)
        before = first
        for position, longer in enumerate(note.longer, 1):
            after = count(replace(note, longer=note.longer[:position]), calendar, zone=zone)
            lines.append(
                _("extended by {amount} from {was} to {now}: {ground}").format(
                    amount=amount(longer.value, longer.unit),
                    was=spoken(before.at, zone),
                    now=spoken(after.at, zone),
                    ground=longer.ground,
                )
            )
            before = after
        if note.longer:
            lines.append(_("ends {moment}").format(moment=whole.text()))
    if note.counts and abs(note.offset) >= 60:
        lines.append(_before_or_after(note.offset))
    if note.stops and not note.still:
        lines.append(_("does not stand still while the case is suspended"))
    for moved in note.moved:
        lines.append(
            _("until {day} it stood at {was}: {why}").format(
                day=moved.at.astimezone(ZoneInfo(zone)).date(), was=spoken(moved.was, zone), why=_cause(moved)
            )
        )
    return tuple(lines)


def _before_or_after(seconds: float) -> str:
    """What a diagram takes off a deadline, or adds."""
    minutes = round(abs(seconds) / 60)
    length = amount(minutes // 1440, Unit.DAY) if minutes % 1440 == 0 else amount(minutes, Unit.MINUTE)
    return (_("set {length} before that") if seconds < 0 else _("set {length} after that")).format(length=length)


def _stopped_lines(note: Note, zone: str) -> list[str]:
    if not note.still or not (note.unit in _CLOCK or note.exact):
        return []
    return [
        _("suspended {since} to {until} ({reason}): moved by as long").format(
            since=spoken(stop.since, zone), until=spoken(stop.until, zone), reason=of_data(stop.reason)
        )
        for stop in note.stops
    ]


def _cause(moved: Moved) -> str:
    if moved.cause == CALENDAR:
        return _("the table of holidays changed ({why})").format(why=of_data(moved.why))
    return _("the profile changed ({why})").format(why=moved.why)


# --- as it is stored ---------------------------------------------------------------------------------------------
def stored(note: Note) -> str:
    """The note as JSON: short, because every item keeps it; what is as usual is left out."""
    kept: dict[str, Any] = {"from": note.start.astimezone(UTC).isoformat()}
    words = ("name", "title", "value", "unit", "mark", "source", "section", "how")
    kept |= {word: text for word in words if (text := getattr(note, word))}
    kept |= {word: True for word in ("provisional", "exact") if getattr(note, word)}
    kept |= {word: seconds for word in ("offset", "stood") if (seconds := getattr(note, word))}
    if not note.still:
        kept["still"] = False
    if note.stops:
        kept["stops"] = [[one.since.isoformat(), one.until.isoformat(), one.reason] for one in note.stops]
    if note.longer:
        kept["longer"] = [[one.value, one.unit, one.ground, one.by, one.at.isoformat()] for one in note.longer]
    if note.held:
        kept["held"] = [note.held.since.isoformat(), note.held.due.isoformat(), note.held.by]
    if note.moved:
        kept["moved"] = [[one.was.isoformat(), one.at.isoformat(), one.cause, one.why] for one in note.moved]
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def read(text: str) -> Note:
    """The note that was stored."""
    kept: Mapping[str, Any] = json.loads(text)
    at = datetime.fromisoformat
    plain = {name: kept[name] for name in _PLAIN if name in kept}
    return Note(
        start=at(kept["from"]),
        stops=tuple(Stop(at(since), at(until), reason) for since, until, reason in kept.get("stops", ())),
        longer=tuple(Longer(value, unit, ground, by, at(on)) for value, unit, ground, by, on in kept.get("longer", ())),
        held=Held(at(kept["held"][0]), at(kept["held"][1]), kept["held"][2]) if "held" in kept else None,
        moved=tuple(Moved(at(was), at(on), cause, why) for was, on, cause, why in kept.get("moved", ())),
        **plain,
    )


_PLAIN = (
    "name", "title", "value", "unit", "mark", "source", "section", "provisional", "still", "how", "exact", "offset",
    "stood",
)  # fmt: skip
