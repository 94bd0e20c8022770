"""What a check is told about the world around a diagram.

Every field is optional: `None` means "not known here", and the rules that need it stay silent. So a bare
`check(diagram)` judges the drawing alone, and a deployment judges it against its forms, tables, handlers,
offices and profile.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from workflow_runtime.diagram.model import Diagram
from workflow_runtime.findings import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One field of a form, as far as a diagram cares. `sees`: the class a lane must see (`general`, `health`, …)."""

    key: str
    type: str = "text"  #: text, number, boolean, date, datetime, choice, choices, file, table
    required: bool = False
    sees: str = "general"
    values: tuple[str, ...] = ()  #: of a choice
    minimum: Decimal | None = None
    maximum: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """One department of an agency: who works there, and in which roles."""

    clerks: frozenset[str] = frozenset()
    roles: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckContext:
    """The world around a diagram, handed in by the caller."""

    imports: Callable[[str], bytes | None] | None = None  #: bytes of an imported file by its location
    processes: Mapping[str, Diagram] = field(default_factory=dict)  #: process id → diagram, for called processes
    processes_complete: bool = False  #: whether a process that is not in `processes` does not exist
    forms: Mapping[str, Sequence[FormField]] | None = None  #: form id → its fields
    decisions: Collection[str] | None = None  #: ids of decisions
    handlers: Collection[str] | None = None  #: names of operations
    documents: Collection[str] | None = None  #: codes of documents
    offices: Mapping[str, Mapping[str, Office]] | None = None  #: agency → department → office
    regions: Collection[str] | None = None  #: names of region bindings (sending_county, …)
    parameters: Collection[str] | None = None  #: names of the profile's parameters
    feel: Callable[[str], Sequence[str]] | None = None  #: what is wrong with an expression; empty when it parses
    feel_names: Callable[[str], Collection[str]] | None = None  #: the names an expression uses
    evaluate: Callable[[str, Mapping[str, object]], object] | None = None  #: the value of an expression
    path_rules: Sequence[PathRule] = ()
    severities: Mapping[str, Severity | None] = field(default_factory=dict)  #: rule id → weight; None: off
    state_bound: int = 20_000  #: states the soundness check may visit before it says "not decided"


@dataclass(frozen=True, slots=True, kw_only=True)
class PathRule:
    """A rule about every path: no `then` without (or with) a `first` before it.

    `first` and `then` are predicates in the form `property=value`, `kind=value` or `id=value` on steps.
    """

    id: str
    then: str
    first: str
    before: bool = True  #: True: `first` must come before `then`; False: it must never come before it
    message: str = ""
    source: str = ""
