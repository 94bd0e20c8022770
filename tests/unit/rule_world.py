"""The world around the rule fixtures: two forms, a small organisation, a profile, a called process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from workflow_runtime import clauses, feel
from workflow_runtime.diagram import CheckContext, read
from workflow_runtime.findings import Severity
from workflow_runtime.fragments import faults, unset

ISSUE = (
    b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    b'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="urn:example">'
    b'<process id="%s" isExecutable="true"><extensionElements><zeebe:properties>'
    b'<zeebe:property name="xb:kind" value="%s"/></zeebe:properties></extensionElements>'
    b'<laneSet id="ls"><lane id="l"><extensionElements><zeebe:properties>'
    b'<zeebe:property name="xb:role" value="drafter"/>'
    b"</zeebe:properties></extensionElements><flowNodeRef>draft</flowNodeRef></lane></laneSet>"
    b'<startEvent id="s"><outgoing>a</outgoing></startEvent>'
    b'<userTask id="draft" name="draft"><incoming>a</incoming><outgoing>b</outgoing></userTask>'
    b'<endEvent id="e"><incoming>b</incoming></endEvent><sequenceFlow id="a" sourceRef="s" targetRef="draft"/>'
    b'<sequenceFlow id="b" sourceRef="draft" targetRef="e"/></process></definitions>'
)


@dataclass(frozen=True)
class Choice:
    """One answer of a choice field."""

    value: str


@dataclass(frozen=True)
class Question:
    """A form field, as far as diagrams care."""

    key: str
    type: str = "text"
    field_class: str = "general"
    required: bool = True
    options: tuple[Choice, ...] = ()
    min: Any = None
    max: Any = None
    hide: tuple[str, ...] = ()
    fields: tuple[Question, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """A form."""

    fields: tuple[Question, ...]


@dataclass(frozen=True)
class Room:
    """A department."""

    id: str
    code: str


@dataclass(frozen=True)
class House:
    """An agency."""

    code: str
    departments: tuple[Room, ...]

    @property
    def main_department(self) -> Room:
        return self.departments[0]


@dataclass(frozen=True)
class Person:
    """A clerk."""

    id: str


@dataclass(frozen=True)
class Leave:
    """Somebody is away, and somebody stands in."""

    absent: str
    substitute: str
    valid_from: date
    valid_to: date
    department: str | None = None


class Town:
    """One welfare institution with a care department of three: two draft, two check, one keeps the seal.

    In May the only one who checks decrees is away; who drafts them stands in.
    """

    agencies = (House("CWI.CITY", (Room("cwi.care", "care"),)),)
    _roles: ClassVar = {
        "drafter": ("li", "wang"),
        "checker": ("wang", "zhao"),
        "sealer": ("zhao",),
        "author": ("sun",),
        "editor": ("qian",),
    }
    substitutions = (Leave("qian", "sun", date(2026, 5, 4), date(2026, 5, 15), "cwi.care"),)

    def clerks_of(self, department: str, on: date, role: str | None = None) -> tuple[Person, ...]:
        names = ("li", "wang", "zhao") if role is None else self._roles.get(role, ())
        return tuple(Person(name) for name in names)


@dataclass(frozen=True)
class PathRule:
    """A rule about every path."""

    id: str
    title: str
    rule: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    unless: str = ""
    source: str = "R"


@dataclass(frozen=True)
class Kind:
    """A kind of subject."""

    path_rules: tuple[PathRule, ...]


RULES = (
    PathRule("consulted", "Ask first", "require", ("process:consult-child",), ("handler:switch_standings",)),
    PathRule("safety", "Safety before paper", "forbid", ("property:xb:receives",), ("handler:place_child",)),
)
FORMS = {
    "plan": Sheet((Question("plan_ok", "boolean"), Question("age", "number", min=Decimal(0), max=Decimal(120)))),
    "route": Sheet(
        (
            Question("route", "choice", options=(Choice("home"), Choice("city"), Choice("wait"))),
            Question("until", "date"),
            Question("why", "choice", options=(Choice("ill"), Choice("school")), hide=('=route != "wait"',)),
        )
    ),
    "health": Sheet((Question("diagnosis", field_class="health"),)),
    "paper": Sheet((Question("d17_number"), Question("d17_date", "date"), Question("d17_scan", "file"))),
}
WORLD = CheckContext(
    processes={
        id: read(ISSUE % (id.encode(), kind)) for id, kind in (("issue", b"C"), ("consult-child", b"C"), ("main", b"M"))
    },
    main="p",
    forms=FORMS,
    decisions={"move"},
    handlers={"notify", "switch_standings", "place_child"},
    documents={"D15"},
    directory=Town(),
    on=date(2026, 3, 2),
    regions={"receiving_city"},
    parameters={"answer"},
    feel=faults,
    evaluate=feel.evaluate,
    feel_errors=(feel.FeelError,),
    unset=unset,
    clauses=clauses.shipped().unknown,
    subject_kind=Kind(RULES),
)
#: rules of the standard that this house leaves out are asked all the same
UNASKED = frozenset({"standard/message-operation", "standard/link-pairs"})
THERE = b'<schema xmlns="http://www.w3.org/2001/XMLSchema"/>'


def context_for(rule: str) -> CheckContext:
    """What the fixtures of a rule are checked against."""
    if rule.startswith("house/"):
        return WORLD
    severities = {rule: Severity.ERROR} if rule in UNASKED else {}
    return CheckContext(severities=severities, imports={"there.xsd": THERE}.get)
