"""Kinds of subject: whom cases are about, as data.

`bpmn/subjects/child.yaml` says what a child's file holds, how it is numbered, which standings there are (custodian,
guardian, payer, household registration), what an open case does when the child dies or is adopted, and which steps
may never stand before others. The program itself knows subjects, standings, signals and path rules, never children.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, Final

from workflow_runtime import feel, forms
from workflow_runtime.errors import BadInput, FormError, ProfileError
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.i18n import _, of_data
from workflow_runtime.sources import Source, Table

_PLACEHOLDERS: Final = ("region", "yyyy", "seq")
_PLACEHOLDER = re.compile(r"\{([a-z]+)\}")
_CODE = re.compile(r"[a-z][a-z0-9_]*")
_SIGNAL = re.compile(r"[A-Z][A-Z0-9_]*")


class Holder(StrEnum):
    """What can hold a standing."""

    AGENCY = "agency"  #: an agency, institution, family or person that cares or answers
    PLACE = "place"  #: a region


class ReactionKind(StrEnum):
    """What a signal does to an open case."""

    STOP = "stop"  #: the case ends; what must be settled is settled first
    SUSPEND = "suspend"  #: nothing moves until the matter is cleared
    CONTINUE = "continue"  #: the case goes on; the text says what changes
    REDIRECT = "redirect"  #: another procedure takes over
    REVIEW = "review"  #: a person decides


@dataclass(frozen=True, slots=True)
class StandingKind:
    """A relation to a subject that one party holds at a time, as an interval of its own.

    `required`: there is a holder at every moment (a child is in somebody's care tonight).
    """

    code: str
    name: str
    holder: Holder
    exclusive: bool = True
    required: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class Reaction:
    """What one procedure (or `*`, every procedure) does on a signal."""

    procedure: str
    kind: ReactionKind
    text: str


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that happens to the subject and reaches every open case about it."""

    name: str
    title: str
    reactions: tuple[Reaction, ...]


@dataclass(frozen=True, slots=True)
class Occasion:
    """A day in a subject's life on which something begins by itself, once: a signal is given, or a procedure starts.

    `when` is FEEL over the subject's fields and `today`; it must stay true, so that no outage makes it be missed. A
    signal is given when it has become true since registration. A procedure starts whenever it holds; its `when` sees
    also `registered_on`, `standing` (who holds what today) and `profile` (values of the procedure where it runs), as do
    `regions` and `data`, what the case is started with.
    """

    name: str
    title: str
    when: feel.Expression
    signal: str = ""
    start: str = ""
    regions: Mapping[str, feel.Expression] = field(default_factory=dict, hash=False)
    data: Mapping[str, feel.Expression] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Limit:
    """What must hold whenever a case comes to refer to such a subject, counted over all open cases that do.

    `holds` is FEEL over the subject's fields and `today`, `profile` (values of the case's procedure), `joining` (the
    subject of the case) and `others` (the subjects of the other open cases); both carry the keys of their case files
    that `reads` names. `found`, over the same, says what there is now; `remedy` says what may be done instead.
    """

    id: str
    text: str
    source: str
    holds: feel.Expression
    found: feel.Expression
    remedy: str


@dataclass(frozen=True, slots=True)
class PathRule:
    """A rule that every path of every procedure about such subjects must keep.

    `before` happens before `after` on every path (`require`), or never (`forbid`), or `after` follows it with nothing
    in between that waits (`at-once`). Both name steps by process id, handler, document code or element property, as
    `process:consult-child`, `handler:switch_standings` or `property:xb:act=payment`; `#guardian` behind a handler
    narrows it to steps that hand it a value of that name. Several `before` steps are alternatives.
    """

    id: str
    title: str
    rule: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    unless: str = ""
    source: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class SubjectKind:
    """Everything the program knows of one kind of subject."""

    kind: str
    name: str
    number_scheme: str
    fields: tuple[str, ...]
    form: forms.Form | None
    standings: tuple[StandingKind, ...]
    signals: tuple[Signal, ...]
    path_rules: tuple[PathRule, ...]
    transitions: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    occasions: tuple[Occasion, ...] = ()
    reads: tuple[str, ...] = ()  #: keys of the case files of those cases that refer to such a subject
    limits: tuple[Limit, ...] = ()
    hash: str = ""

    def number(self, region: str, year: int, sequence: int) -> str:
        """The number of a new file: `C-990101-2024-000007`."""
        values = {"region": region, "yyyy": f"{year:04}", "seq": f"{sequence:06}"}
        return _PLACEHOLDER.sub(lambda found: values[found[1]], self.number_scheme)

    def standing(self, code: str) -> StandingKind:
        """The standing of that code."""
        for one in self.standings:
            if one.code == code:
                return one
        known = ", ".join(one.code for one in self.standings)
        raise BadInput(_("there is no standing {code!r}; there is {known}").format(code=code, known=known))

    def signal(self, name: str) -> Signal | None:
        """The signal of that name, if it is one of this kind of subject."""
        return next((one for one in self.signals if one.name == name), None)

    def reaction(self, signal: str, procedure: str) -> Reaction | None:
        """What the procedure does on the signal: its own reaction, or the one for all, or nothing."""
        found = self.signal(signal)
        reactions = {one.procedure: one for one in found.reactions} if found else {}
        return reactions.get(procedure) or reactions.get("*")

    def may_become(self, state: str, new_state: str) -> bool:
        """Whether the state table lets a subject go from one state to another."""
        return new_state in self.transitions.get(state, ()) or new_state in self.transitions.get("*", ())

    def check_standings(self, current: Mapping[str, Any], changes: Mapping[str, Any]) -> tuple[Finding, ...]:
        """Everything wrong with changing standings so; a change to None ends the standing."""
        found = []
        known = {one.code: one for one in self.standings}
        for code in changes:
            if code not in known:
                found.append(
                    _wrong(
                        _("{name} has no standing {code}; it has {codes}").format(
                            name=of_data(self.name), code=code, codes=", ".join(known)
                        ),
                        _("use one of these"),
                        code,
                    )
                )
        after = {**current, **changes}
        for code, kind in known.items():
            holder = after.get(code)
            if kind.required and not holder and (code in changes or current):
                found.append(
                    _wrong(
                        _("{standing} may not be empty at any moment").format(standing=of_data(kind.name)),
                        _("name the new holder in the same change"),
                        code,
                    )
                )
            if kind.exclusive and isinstance(holder, list | tuple | set) and len(holder) > 1:
                found.append(
                    _wrong(
                        _("{standing} has one holder at a time, not {count}").format(
                            standing=of_data(kind.name), count=len(holder)
                        ),
                        _("end the old standing when the new one begins"),
                        code,
                    )
                )
        return tuple(found)


def _wrong(message: str, remedy: str, code: str) -> Finding:
    return Finding("subject.standing", Severity.ERROR, code, None, message, remedy)


# --- the file ----------------------------------------------------------------------------------------------------


def read(source: bytes, *, name: str = "", form: bytes | None = None) -> SubjectKind:
    """A kind of subject; raises ProfileError with everything that is wrong in it (and in its form, if given)."""
    file = Source(source, name=name or _("subject kind"), rule="subject")
    file.raise_if_wrong(ProfileError)
    root = file.root
    file.only(
        root,
        (
            "kind",
            "name",
            "form",
            "number",
            "fields",
            "standings",
            "signals",
            "occasions",
            "references",
            "path_rules",
            "transitions",
        ),
    )
    schema = _form(file, root, form)
    fields = file.texts(root, "fields")
    _fields_exist(file, root, schema, fields)
    references = file.table(root, "references")
    file.only(references, ("reads", "limits"))
    kind = SubjectKind(
        kind=file.text(root, "kind"),
        name=file.text(root, "name"),
        number_scheme=_number_scheme(file, root),
        fields=fields,
        form=schema,
        standings=_standings(file, root),
        signals=_signals(file, root),
        path_rules=_path_rules(file, root),
        occasions=_occasions(file, root),
        reads=file.texts(references, "reads"),
        limits=_limits(file, references),
        transitions={state: file.texts(table, state) for table in [file.table(root, "transitions")] for state in table},
        hash=hashlib.sha256(source + (form or b"")).hexdigest(),
    )
    file.raise_if_wrong(ProfileError)
    return kind


def _form(file: Source, root: Table, form: bytes | None) -> forms.Form | None:
    if form is None:
        return None
    try:
        return forms.read(form, name=file.text(root, "form"))
    except FormError as error:
        file.findings.extend(error.findings)
        return None


def _fields_exist(file: Source, root: Table, schema: forms.Form | None, fields: Sequence[str]) -> None:
    known = schema.types if schema else {}
    for key in fields if schema else ():
        if key not in known:
            file.wrong(
                file.line(root, "fields"),
                _("the form {form} has no field {key}").format(form=schema.id if schema else "", key=key),
                _("add the field to the form, or take it out of fields"),
                field=key,
            )


def _number_scheme(file: Source, root: Table) -> str:
    scheme = file.text(root, "number")
    used = _PLACEHOLDER.findall(scheme)
    if unknown := sorted(set(used) - set(_PLACEHOLDERS)):
        file.wrong(
            file.line(root, "number"),
            _("{names} cannot stand in a number").format(names=", ".join(unknown)),
            _("use {names}").format(names=", ".join(f"{{{name}}}" for name in _PLACEHOLDERS)),
            field="number",
        )
        return ""
    if scheme and "seq" not in used:
        file.wrong(file.line(root, "number"), _("two files would get one number"), "{seq}", field="number")
    return scheme


def _code(file: Source, table: Table, key: str, form: re.Pattern[str], example: str) -> str:
    text = file.text(table, key)
    if text and not form.fullmatch(text):
        file.wrong(file.line(table, key), _("{text!r} cannot be an id").format(text=text), example, field=key)
    return text


def _standings(file: Source, root: Table) -> tuple[StandingKind, ...]:
    entries = file.tables(root, "standings", optional=False)
    standings = []
    for entry in entries:
        file.only(entry, ("code", "name", "holder", "exclusive", "required", "text"))
        standings.append(
            StandingKind(
                code=_code(file, entry, "code", _CODE, "custodian"),
                name=file.text(entry, "name"),
                holder=Holder(file.choice(entry, "holder", [str(one) for one in Holder])),
                exclusive=file.flag(entry, "exclusive", default=True),
                required=file.flag(entry, "required"),
                text=file.text(entry, "text", default=""),
            )
        )
    file.unique([(one.code, entry) for one, entry in zip(standings, entries, strict=True)], _("standing"))
    return tuple(standings)


def _signals(file: Source, root: Table) -> tuple[Signal, ...]:
    entries = file.tables(root, "signals")
    signals = []
    for entry in entries:
        file.only(entry, ("name", "title", "reactions"))
        rows = file.tables(entry, "reactions", optional=False)
        reactions = []
        for row in rows:
            file.only(row, ("procedures", "kind", "text"))
            kind = ReactionKind(file.choice(row, "kind", [str(one) for one in ReactionKind]))
            text = file.text(row, "text")
            reactions += [(Reaction(code, kind, text), row) for code in file.texts(row, "procedures", optional=False)]
        file.unique([(reaction.procedure, row) for reaction, row in reactions], _("procedure"))
        signals.append(
            Signal(
                _code(file, entry, "name", _SIGNAL, "CHILD_DIED"),
                file.text(entry, "title"),
                tuple(reaction for reaction, _row in reactions),
            )
        )
    file.unique([(one.name, entry) for one, entry in zip(signals, entries, strict=True)], _("signal"))
    return tuple(signals)


def _occasions(file: Source, root: Table) -> tuple[Occasion, ...]:
    entries = file.tables(root, "occasions")
    signals = [str(one.get("name")) for one in file.tables(root, "signals")]
    occasions = []
    for entry in entries:
        file.only(entry, ("name", "title", "when", "signal", "start", "regions", "data", "source", "text"))
        if ("signal" in entry) == ("start" in entry):
            message = _("an occasion gives a signal or starts a procedure, one of the two")
            file.wrong(file.line(entry, "name"), message, "signal: CHILD_TURNED_18", field="signal")
            continue
        names = {key: file.table(entry, key) for key in ("regions", "data") if key in entry}
        occasions.append(
            Occasion(
                name=_code(file, entry, "name", re.compile(r"[a-z][a-z0-9-]*"), "turned-18"),
                title=file.text(entry, "title"),
                when=file.feel(entry, "when"),
                signal=file.choice(entry, "signal", signals) if "signal" in entry else "",
                start=file.text(entry, "start", default=""),
                **{key: {name: file.feel(table, name) for name in table} for key, table in names.items()},
            )
        )
    file.unique([(file.text(entry, "name"), entry) for entry in entries], _("occasion"))
    return tuple(occasions)


def _limits(file: Source, references: Table) -> tuple[Limit, ...]:
    entries = file.tables(references, "limits")
    limits = []
    for entry in entries:
        file.only(entry, ("id", "text", "source", "holds", "found", "remedy"))
        limits.append(
            Limit(
                id=_code(file, entry, "id", re.compile(r"[a-z][a-z0-9-]*"), "foster-children"),
                text=file.text(entry, "text"),
                source=file.text(entry, "source"),
                holds=file.feel(entry, "holds"),
                found=file.feel(entry, "found"),
                remedy=file.text(entry, "remedy"),
            )
        )
    file.unique([(one.id, entry) for one, entry in zip(limits, entries, strict=True)], _("limit"))
    return tuple(limits)


def _path_rules(file: Source, root: Table) -> tuple[PathRule, ...]:
    entries = file.tables(root, "path_rules")
    rules = []
    for entry in entries:
        file.only(entry, ("id", "title", "rule", "before", "after", "unless", "source", "text"))
        rules.append(
            PathRule(
                id=_code(file, entry, "id", re.compile(r"[a-z][a-z0-9-]*"), "safety-before-paper"),
                title=file.text(entry, "title"),
                rule=file.choice(entry, "rule", ("require", "forbid", "at-once")),
                before=file.texts(entry, "before", optional=False),
                after=file.texts(entry, "after", optional=False),
                unless=file.text(entry, "unless", default=""),
                source=file.text(entry, "source", default=""),
                text=file.text(entry, "text", default=""),
            )
        )
    file.unique([(one.id, entry) for one, entry in zip(rules, entries, strict=True)], _("rule"))
    return tuple(rules)


@cache
def shipped() -> Mapping[str, SubjectKind]:
    """The kinds of subject that come with the program."""
    folder = resources.files("bpmn") / "subjects"
    kinds = []
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".yaml"):
            form = folder / file.name.replace(".yaml", ".form")
            kinds.append(read(file.read_bytes(), name=file.name, form=form.read_bytes() if form.is_file() else None))
    return {kind.kind: kind for kind in kinds}
