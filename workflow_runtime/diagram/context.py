"""What a check is told about the world around a diagram.

Every field is optional: `None` means "not known here", and the rules that need it stay silent. So a bare
`check(diagram)` judges the drawing alone, and a deployment judges it against its forms, tables, handlers,
offices and profile. The classes named `…Like` say how little a check asks of those; it imports none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from workflow_runtime.diagram.model import Diagram
from workflow_runtime.findings import Severity


class OptionLike(Protocol):
    """One possible answer of a choice."""

    @property
    def value(self) -> Any: ...


class FieldLike(Protocol):
    """One field of a form. `field_class`: what a lane must see to fill it (`general`, `health`, …)."""

    @property
    def key(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def field_class(self) -> str: ...
    @property
    def required(self) -> bool | str: ...
    @property
    def options(self) -> Sequence[OptionLike]: ...
    @property
    def min(self) -> Any: ...
    @property
    def max(self) -> Any: ...
    @property
    def hide(self) -> Sequence[str]: ...
    @property
    def fields(self) -> Sequence[FieldLike]: ...


class FormLike(Protocol):
    """A form: its fields."""

    @property
    def fields(self) -> Sequence[FieldLike]: ...


class DepartmentLike(Protocol):
    """A department of an agency."""

    @property
    def id(self) -> str: ...
    @property
    def code(self) -> str: ...


class AgencyLike(Protocol):
    """An agency: its code (several agencies of different regions share one) and departments."""

    @property
    def code(self) -> str: ...
    @property
    def departments(self) -> Sequence[DepartmentLike]: ...
    @property
    def main_department(self) -> DepartmentLike: ...


class ClerkLike(Protocol):
    """Somebody who works in a department."""

    @property
    def id(self) -> str: ...


class SubstitutionLike(Protocol):
    """Somebody stands in for somebody from one day to another, in one department (by id) or in all."""

    @property
    def absent(self) -> str: ...
    @property
    def substitute(self) -> str: ...
    @property
    def valid_from(self) -> date: ...
    @property
    def valid_to(self) -> date: ...
    @property
    def department(self) -> str | None: ...


class DirectoryLike(Protocol):
    """The organisation: agencies, who works where in which role, and who stands in for whom."""

    @property
    def agencies(self) -> Sequence[AgencyLike]: ...
    @property
    def substitutions(self) -> Sequence[SubstitutionLike]: ...
    def clerks_of(self, department: str, on: date, role: str | None = None) -> Sequence[ClerkLike]: ...


class PathRuleLike(Protocol):
    """A rule about every path: `before` before `after` always (`require`), never (`forbid`), or right away (`at-once`).

    Steps are named as `process:consult-child`, `handler:switch_standings`, `document:D16`, `property:xb:act=payment`.
    """

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def rule(self) -> str: ...
    @property
    def before(self) -> Sequence[str]: ...
    @property
    def after(self) -> Sequence[str]: ...
    @property
    def unless(self) -> str: ...
    @property
    def source(self) -> str: ...


class SubjectKindLike(Protocol):
    """The kind of subject a procedure is about, as far as its drawing must keep its rules."""

    @property
    def path_rules(self) -> Sequence[PathRuleLike]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckContext:
    """The world around a diagram, handed in by the caller."""

    imports: Callable[[str], bytes | None] | None = None  #: bytes of an imported file by its place or address
    processes: Mapping[str, Diagram] = field(default_factory=dict)  #: process id → diagram, for called processes
    main: str | None = None  #: the procedure being deployed; then a process that is not in `processes` is missing
    forms: Mapping[str, FormLike] | None = None  #: form id → form
    decisions: Collection[str] | None = None  #: ids of decisions
    answers: Callable[[str], Sequence[Any] | None] | None = None  #: what a decision can answer; None: cannot be listed
    handlers: Collection[str] | None = None  #: names of operations
    documents: Collection[str] | None = None  #: codes of documents that have a template
    directory: DirectoryLike | None = None
    on: date | None = None  #: the day on which the directory is asked who works where
    clauses: Callable[[str], Sequence[str]] | None = None  #: what of a reference to clauses names none
    regions: Collection[str] | None = None  #: names of region bindings (sending_county, …)
    parameters: Collection[str] | None = None  #: names of the profile's parameters
    feel: Callable[[str], Sequence[Any]] | None = None  #: what is wrong with it (`message`, maybe `excerpt`)
    evaluate: Callable[[str, Mapping[str, Any]], Any] | None = None  #: the value of an expression
    feel_errors: tuple[type[Exception], ...] = ()  #: what `evaluate` raises when there is no value
    #: what an expression uses that is none of these names (each: `message`, maybe `excerpt`)
    unset: Callable[[str, Collection[str]], Sequence[Any]] | None = None
    subject_kind: SubjectKindLike | None = None
    severities: Mapping[str, Severity | None] = field(default_factory=dict)  #: rule id → weight; None: off
    state_bound: int = 20_000  #: states the soundness check may visit before it says "not decided"

    @property
    def processes_complete(self) -> bool:
        """Whether a process that is not in `processes` does not exist."""
        return self.main is not None
