"""Jurisdiction profiles: which procedures a place runs, and every value its law, policy or practice sets.

A profile is data (`bpmn/profiles/GX.yaml`). Each parameter says where it comes from: the policy text itself (S),
an inference from it (I), law outside the policy texts (X), or nothing but our proposal (P). A proposal is never
shown as law: `standing_text` says of each value how binding it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Final

from workflow_runtime.calendars import ZONE, Unit, amount
from workflow_runtime.errors import NotFound, ProfileError
from workflow_runtime.i18n import _, of_data
from workflow_runtime.sources import Source, Table

#: The procedure code of values that every procedure shares.
SHARED: Final = "*"


class Mark(StrEnum):
    """Where a value comes from."""

    SOURCE = "S"  #: the policy text says it
    INFERRED = "I"  #: inferred from the policy text
    OUTSIDE = "X"  #: law or regulation outside the policy texts
    PROPOSED = "P"  #: our default; no text says it


class Kind(StrEnum):
    """Units of values that are not lengths of time."""

    NUMBER = "NUMBER"
    MONEY = "MONEY"
    BOOL = "BOOL"
    TEXT = "TEXT"
    LIST = "LIST"


UNITS: Final = (*(str(unit) for unit in Unit), *(str(kind) for kind in Kind))


def standing(mark: Mark, source: str, section: str) -> str:
    """How binding a value or a clause of that mark is, with the place where it stands."""
    place = " ".join(part for part in (of_data(source), of_data(section)) if part)
    match mark:
        case Mark.SOURCE:
            return _("{place} (policy text)").format(place=place)
        case Mark.INFERRED:
            return _("inferred from {place}; the text does not say it").format(place=place)
        case Mark.OUTSIDE:
            return _("{place} (law)").format(place=place)
        case Mark.PROPOSED:
            return _("default of this system, not set by law; the office may change it")


@dataclass(frozen=True, slots=True)
class Suspension:
    """Whether a period stands still while its case is suspended, and which text says so."""

    shifts: bool
    mark: Mark
    source: str = ""
    section: str = ""

    @property
    def standing_text(self) -> str:
        """Where the clause comes from."""
        return standing(self.mark, self.source, self.section)


@dataclass(frozen=True, slots=True)
class Extension:
    """How often a period may be extended, by how much at most each time, who decides, and which text allows it."""

    value: int
    unit: str
    times: int
    by: str  #: supervisor (of the department that holds the item) or department
    mark: Mark
    source: str = ""
    section: str = ""

    @property
    def standing_text(self) -> str:
        """Where the clause comes from."""
        return standing(self.mark, self.source, self.section)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value of a profile, with its standing and the time it holds."""

    procedure: str
    name: str
    title: str
    value: Any
    unit: str
    mark: Mark
    calendar: str = "CN"
    source: str = ""
    section: str = ""
    note: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    suspension: Suspension | None = None
    extension: Extension | None = None

    @property
    def stands_still(self) -> bool:
        """Whether the period stands still while its case is suspended; a date never does, where nothing is said."""
        return self.suspension.shifts if self.suspension is not None else self.unit != Unit.DATE

    @property
    def is_deadline(self) -> bool:
        """Whether the value is a length of time or a date by which something is due."""
        return self.unit in list(Unit)

    @property
    def is_law(self) -> bool:
        """Whether a text binds the office to this value (a proposal or an inference does not)."""
        return self.mark in (Mark.SOURCE, Mark.OUTSIDE)

    @property
    def value_text(self) -> str:
        """The value in words: `10 working days`, `2025-12-31`."""
        if self.is_deadline:
            return amount(self.value, self.unit)
        if isinstance(self.value, tuple):
            return ", ".join(of_data(str(one)) for one in self.value) or _("none")
        if isinstance(self.value, bool):
            return _("yes") if self.value else _("no")
        return of_data(str(self.value))

    @property
    def standing_text(self) -> str:
        """Where the value comes from, so that nobody takes a proposal for law."""
        return standing(self.mark, self.source, self.section)

    def holds_on(self, day: date) -> bool:
        """Whether the value is in force on `day`."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


class State(StrEnum):
    """Whether a jurisdiction runs a procedure."""

    ON = "on"  #: its texts describe it
    GENERIC = "generic"  #: its texts do not; the general form is switched on by decision
    OFF = "off"


@dataclass(frozen=True, slots=True)
class ProcedureState:
    """Whether a procedure runs here, and why."""

    code: str
    state: State
    reason: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """One jurisdiction at one time."""

    jurisdiction: str
    name: str
    version: str
    valid_from: date | None
    valid_to: date | None
    procedures: Mapping[str, ProcedureState] = field(hash=False)
    parameters: tuple[Parameter, ...]
    zone: str = ZONE
    calendar: str = "CN"
    hash: str = ""

    def parameter(self, procedure: str, name: str, on: date, *, called: Sequence[str] = ()) -> Parameter:
        """The value called `name` in force on a day: the procedure's own, or that of a process it calls (`called`:
        their codes), or else the shared one."""
        order = (procedure, *called, SHARED)
        found = [one for one in self.parameters if one.name == name and one.procedure in order and one.holds_on(on)]
        if found:
            return min(found, key=lambda one: order.index(one.procedure))
        known = sorted(self.names(procedure, called=called))
        if name in known:
            message = _("profile {profile} has no value {name} of {procedure} in force on {day}")
        else:
            message = _("profile {profile} has no value {name} for {procedure}; it has {known}")
        raise NotFound(
            message.format(profile=self.jurisdiction, name=name, procedure=procedure, day=on, known=", ".join(known))
        )

    def names(self, procedure: str, *, called: Sequence[str] = ()) -> frozenset[str]:
        """Every name that `parameter` knows for a procedure and the processes it calls, at any time."""
        return frozenset(one.name for one in self.parameters if one.procedure in (procedure, *called, SHARED))

    def values(self, procedure: str, on: date, *, called: Sequence[str] = ()) -> dict[str, Any]:
        """Values by name, as expressions see them under `profile`. Lengths of time are their number."""
        order = (procedure, *called, SHARED)
        shared_first = sorted(
            (one for one in self.parameters if one.procedure in order and one.holds_on(on)),
            key=lambda one: -order.index(one.procedure),
        )
        return {one.name: list(one.value) if isinstance(one.value, tuple) else one.value for one in shared_first}

    def overridden(self, procedure: str, name: str, value: Any, *, reason: str, on: date) -> Profile:
        """The profile with one value changed by decision of the office: a proposal from then on, with its reason."""
        old = self.parameter(procedure, name, on)
        new = replace(old, value=value, mark=Mark.PROPOSED, source="", section="", note=reason)
        parameters = tuple(new if one is old else one for one in self.parameters)
        digest = hashlib.sha256(f"{self.hash}|{procedure}|{name}|{value!r}|{reason}".encode()).hexdigest()
        return replace(self, parameters=parameters, version=f"{self.version}+{name}", hash=digest)

    def procedure_state(self, code: str) -> ProcedureState:
        """Whether the procedure runs here; one that the profile does not name does not."""
        return self.procedures.get(code) or ProcedureState(
            code, State.OFF, _("the profile {profile} does not name it").format(profile=self.jurisdiction)
        )


@lru_cache(maxsize=64)
def read(source: bytes, *, name: str = "") -> Profile:
    """A profile; raises ProfileError with everything that is wrong in it. What was read once is not read again."""
    file = Source(source, name=name or _("profile"), rule="profile")
    file.raise_if_wrong(ProfileError)
    root = file.root
    file.only(
        root,
        (
            "jurisdiction", "name", "version", "valid_from", "valid_to", "zone", "calendar", "procedures", "parameters",
        ),
    )  # fmt: skip
    procedures = {state.code: state for state in _procedures(file, root)}
    parameters = tuple(_parameter(file, entry) for entry in file.tables(root, "parameters"))
    _no_overlap(file, parameters, file.tables(root, "parameters"))
    for parameter, entry in zip(parameters, file.tables(root, "parameters"), strict=True):
        if parameter.procedure not in (SHARED, *procedures):
            file.wrong(
                entry.line,
                _("the procedure {code} is not among the procedures of the profile").format(code=parameter.procedure),
                _("add it to procedures, or use {shared} for a value that all share").format(shared=SHARED),
                field=parameter.name,
            )
    profile = Profile(
        jurisdiction=file.text(root, "jurisdiction"),
        name=file.text(root, "name"),
        version=file.text(root, "version"),
        valid_from=file.day(root, "valid_from"),
        valid_to=file.day(root, "valid_to"),
        procedures=procedures,
        parameters=parameters,
        zone=file.text(root, "zone", default=ZONE),
        calendar=file.text(root, "calendar", default="CN"),
        hash=hashlib.sha256(source).hexdigest(),
    )
    file.raise_if_wrong(ProfileError)
    return profile


def _procedures(file: Source, root: Table) -> list[ProcedureState]:
    states = []
    entries = file.tables(root, "procedures", optional=False)
    for entry in entries:
        file.only(entry, ("code", "state", "reason", "source"))
        state = State(file.choice(entry, "state", [str(one) for one in State]))
        # A procedure that the texts describe needs no excuse; one left out or added by decision does.
        reason = file.text(entry, "reason", default="" if state is State.ON else None)
        states.append(ProcedureState(file.text(entry, "code"), state, reason, file.text(entry, "source", default="")))
    file.unique([(state.code, entry) for state, entry in zip(states, entries, strict=True)], _("procedure"))
    return states


def _parameter(file: Source, entry: Table) -> Parameter:
    file.only(
        entry,
        (
            "procedure", "name", "title", "value", "unit", "calendar", "mark", "source", "section", "note",
            "valid_from", "valid_to", "suspension", "extension",
        ),
    )  # fmt: skip
    unit = file.choice(entry, "unit", UNITS)
    mark = _mark(file, entry, str(entry.get("name")))
    parameter = Parameter(
        procedure=file.text(entry, "procedure"),
        name=file.text(entry, "name"),
        title=file.text(entry, "title"),
        value=_value(file, entry, unit),
        unit=unit,
        mark=mark,
        calendar=file.text(entry, "calendar", default="CN"),
        source=file.text(entry, "source", default=""),
        section=file.text(entry, "section", default=""),
        note=file.text(entry, "note", default=""),
        valid_from=file.day(entry, "valid_from"),
        valid_to=file.day(entry, "valid_to"),
        suspension=_suspension(file, entry, unit),
        extension=_extension(file, entry, unit),
    )
    if parameter.valid_from and parameter.valid_to and parameter.valid_to < parameter.valid_from:
        file.wrong(entry.line, _("it ends before it begins"), _("exchange the two dates"), field=parameter.name)
    return parameter


def _mark(file: Source, entry: Table, name: str) -> Mark:
    mark = Mark(file.choice(entry, "mark", [str(one) for one in Mark]))
    if mark is not Mark.PROPOSED and not str(entry.get("source") or "").strip():
        file.wrong(
            entry.line,
            _("a value marked {mark} needs the text it comes from").format(mark=mark),
            _("add source and section, or mark it P (proposed)"),
            field=name,
        )
    return mark


def _suspension(file: Source, entry: Table, unit: str) -> Suspension | None:
    if entry.get("suspension") is None:
        return None
    clause, name = file.table(entry, "suspension"), str(entry.get("name"))
    file.only(clause, ("shifts", "mark", "source", "section"))
    if unit not in list(Unit) or "shifts" not in clause:
        file.wrong(
            file.line(entry, "suspension"),
            _("a suspension says of a length of time or a date whether it shifts"),
            "suspension: {shifts: false, mark: P}",
            field=name,
        )
    return Suspension(
        file.flag(clause, "shifts"),
        _mark(file, clause, name),
        file.text(clause, "source", default=""),
        file.text(clause, "section", default=""),
    )


def _extension(file: Source, entry: Table, unit: str) -> Extension | None:
    if entry.get("extension") is None:
        return None
    clause, name = file.table(entry, "extension"), str(entry.get("name"))
    file.only(clause, ("value", "unit", "times", "by", "mark", "source", "section"))
    value, times = clause.get("value"), clause.get("times", 1)
    whole = all(isinstance(one, int) and not isinstance(one, bool) and 0 < one <= 1_000 for one in (value, times))
    if unit not in list(Unit) or unit == Unit.DATE or not whole:
        file.wrong(
            file.line(entry, "extension"),
            _("an extension says of a length of time how much longer it may become, and how often"),
            "extension: {value: 10, unit: WD, times: 1, mark: P}",
            field=name,
        )
    return Extension(
        value=value if isinstance(value, int) else 0,
        unit=file.choice(clause, "unit", [str(one) for one in Unit if one is not Unit.DATE]),
        times=times if isinstance(times, int) else 1,
        by=file.choice(clause, "by", ("supervisor", "department"), default="supervisor"),
        mark=_mark(file, clause, name),
        source=file.text(clause, "source", default=""),
        section=file.text(clause, "section", default=""),
    )


def _value(file: Source, entry: Table, unit: str) -> Any:
    value = entry.get("value")
    fits: bool
    match unit:
        case Unit.DATE:
            return file.day(entry, "value", optional=False)
        case Kind.LIST:
            return file.texts(entry, "value", optional=False)
        case Kind.BOOL:
            return file.flag(entry, "value")
        case Kind.TEXT:
            return file.text(entry, "value")
        case Kind.NUMBER | Kind.MONEY:
            # Through its text, so that 0.1 stays 0.1.
            fits = isinstance(value, int | float) and not isinstance(value, bool)
            value = Decimal(str(value)) if fits and not isinstance(value, int) else value
        case _:
            fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10_000
    if not fits:
        file.wrong(
            file.line(entry, "value"),
            _("{value!r} does not go with the unit {unit}").format(value=value, unit=unit),
            _("write a whole number for a length of time, a date for DATE"),
            field=str(entry.get("name")),
        )
        return 0
    return value


def _no_overlap(file: Source, parameters: tuple[Parameter, ...], entries: Any) -> None:
    """Two values of one name may not hold on the same day: nobody could say which one counted."""
    first, last = date.min, date.max
    before: dict[tuple[str, str], list[Parameter]] = {}
    for one, entry in zip(parameters, entries, strict=True):
        others = before.setdefault((one.procedure, one.name), [])
        for other in others:
            if (one.valid_from or first) <= (other.valid_to or last) and (other.valid_from or first) <= (
                one.valid_to or last
            ):
                file.wrong(
                    entry.line,
                    _("{name} of {procedure} has two values for the same days").format(
                        name=one.name, procedure=one.procedure
                    ),
                    _("end the first with valid_to before the second begins"),
                    field=one.name,
                )
        others.append(one)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that two profiles say differently; empty where one says nothing."""

    procedure: str
    name: str
    what: str  #: value, unit, calendar, source, validity, suspension, extension, or the whole parameter or procedure
    first: str
    second: str


def differences(first: Profile, second: Profile) -> tuple[Difference, ...]:
    """What differs between two profiles, by procedure and parameter: value, unit, calendar, mark, source, validity."""
    found: list[Difference] = []
    for code in sorted({*first.procedures, *second.procedures}):
        one, other = first.procedure_state(code), second.procedure_state(code)
        if one.state is not other.state:
            found.append(Difference(code, "", _("runs"), str(one.state), str(other.state)))
    ours, theirs = _by_time(first), _by_time(second)
    for key in sorted({*ours, *theirs}):
        found += _difference(key[:2], ours.get(key), theirs.get(key))
    return tuple(found)


def _by_time(profile: Profile) -> dict[tuple[str, str, int], Parameter]:
    """Parameters by procedure, name, and which of several of that name in the order of time it is."""
    found: dict[tuple[str, str, int], Parameter] = {}
    for one in sorted(profile.parameters, key=lambda each: each.valid_from or date.min):
        place = sum(key[:2] == (one.procedure, one.name) for key in found)
        found[(one.procedure, one.name, place)] = one
    return found


def _difference(key: tuple[str, str], first: Parameter | None, second: Parameter | None) -> list[Difference]:
    if first is None or second is None:
        words = [f"{one.value_text}; {one.standing_text}" if one is not None else "" for one in (first, second)]
        return [Difference(*key, _("parameter"), *words)]
    aspects: tuple[tuple[str, Callable[[Parameter], object]], ...] = (
        (_("value"), lambda one: one.value_text),
        (_("unit"), lambda one: one.unit),
        (_("calendar"), lambda one: one.calendar),
        (_("source"), lambda one: one.standing_text),
        (_("validity"), lambda one: f"{one.valid_from or ''} – {one.valid_to or ''}".strip(" –")),
        (_("suspension"), lambda one: _clause(one.suspension)),
        (_("extension"), lambda one: _clause(one.extension)),
    )
    pairs = [(what, str(of(first)), str(of(second))) for what, of in aspects]
    return [Difference(*key, what, one, other) for what, one, other in pairs if one != other]


def _clause(clause: Suspension | Extension | None) -> str:
    if isinstance(clause, Suspension):
        return f"{_('yes') if clause.shifts else _('no')}; {clause.standing_text}"
    if isinstance(clause, Extension):
        return f"{clause.times} × {amount(clause.value, clause.unit)}; {clause.standing_text}"
    return ""


@cache
def shipped() -> Mapping[str, Profile]:
    """The profiles that come with the program, by jurisdiction."""
    folder = resources.files("bpmn") / "profiles"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name)
    profiles = [read(file.read_bytes(), name=file.name) for file in files]
    return {profile.jurisdiction: profile for profile in profiles}
