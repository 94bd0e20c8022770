"""Jurisdiction profiles: which procedures a place runs, and every value its law, policy or practice sets.

A profile is data (`bpmn/profiles/GX.yaml`). Each parameter says where it comes from: the policy text itself (S),
an inference from it (I), law outside the policy texts (X), or nothing but our proposal (P). A proposal is never
shown as law: `standing_text` says of each value how binding it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
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
            return ", ".join(map(str, self.value))
        if isinstance(self.value, bool):
            return _("yes") if self.value else _("no")
        return of_data(str(self.value))

    @property
    def standing_text(self) -> str:
        """Where the value comes from, so that nobody takes a proposal for law."""
        place = " ".join(part for part in (of_data(self.source), self.section) if part)
        match self.mark:
            case Mark.SOURCE:
                return _("{place} (policy text)").format(place=place)
            case Mark.INFERRED:
                return _("inferred from {place}; the text does not say it").format(place=place)
            case Mark.OUTSIDE:
                return _("{place} (law)").format(place=place)
            case Mark.PROPOSED:
                return _("default of this system, not set by law; the office may change it")

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

    def parameter(self, procedure: str, name: str, on: date) -> Parameter:
        """The value called `name` in force on a day: the procedure's own, or else the shared one."""
        found = [
            one
            for one in self.parameters
            if one.name == name and one.procedure in (procedure, SHARED) and one.holds_on(on)
        ]
        if found:
            return max(found, key=lambda one: one.procedure != SHARED)
        known = sorted(self.names(procedure))
        if name in known:
            message = _("profile {profile} has no value {name} of {procedure} in force on {day}")
        else:
            message = _("profile {profile} has no value {name} for {procedure}; it has {known}")
        raise NotFound(
            message.format(profile=self.jurisdiction, name=name, procedure=procedure, day=on, known=", ".join(known))
        )

    def names(self, procedure: str) -> frozenset[str]:
        """Every name that `parameter` knows for a procedure, at any time."""
        return frozenset(one.name for one in self.parameters if one.procedure in (procedure, SHARED))

    def values(self, procedure: str, on: date) -> dict[str, Any]:
        """Values by name, as expressions see them under `profile`. Lengths of time are their number."""
        shared_first = sorted(
            (one for one in self.parameters if one.procedure in (procedure, SHARED) and one.holds_on(on)),
            key=lambda one: one.procedure != SHARED,
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


def read(source: bytes, *, name: str = "") -> Profile:
    """A profile; raises ProfileError with everything that is wrong in it."""
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
            "valid_from", "valid_to",
        ),
    )  # fmt: skip
    unit = file.choice(entry, "unit", UNITS)
    mark = Mark(file.choice(entry, "mark", [str(one) for one in Mark]))
    if mark is not Mark.PROPOSED and not str(entry.get("source") or "").strip():
        file.wrong(
            entry.line,
            _("a value marked {mark} needs the text it comes from").format(mark=mark),
            _("add source and section, or mark it P (proposed)"),
            field=str(entry.get("name")),
        )
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
    )
    if parameter.valid_from and parameter.valid_to and parameter.valid_to < parameter.valid_from:
        file.wrong(entry.line, _("it ends before it begins"), _("exchange the two dates"), field=parameter.name)
    return parameter


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
    for later, (one, entry) in enumerate(zip(parameters, entries, strict=True)):
        for other in parameters[:later]:
            if (one.procedure, one.name) == (other.procedure, other.name) and (
                (one.valid_from or first) <= (other.valid_to or last)
                and (other.valid_from or first) <= (one.valid_to or last)
            ):
                file.wrong(
                    entry.line,
                    _("{name} of {procedure} has two values for the same days").format(
                        name=one.name, procedure=one.procedure
                    ),
                    _("end the first with valid_to before the second begins"),
                    field=one.name,
                )


@cache
def shipped() -> Mapping[str, Profile]:
    """The profiles that come with the program, by jurisdiction."""
    folder = resources.files("bpmn") / "profiles"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name)
    profiles = [read(file.read_bytes(), name=file.name) for file in files]
    return {profile.jurisdiction: profile for profile in profiles}
