"""A decision has an answer, and only one, for every value that the forms and tables before it allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.domains import cases, shown
from workflow_runtime.diagram.model import Flow, FlowNode
from workflow_runtime.diagram.sheet import Problem, Sheet, called
from workflow_runtime.findings import Severity
from workflow_runtime.i18n import _


@dataclass(frozen=True, slots=True)
class Way:
    """One answer of a decision: a flow, or an event that waits for a condition."""

    element: Flow | FlowNode
    condition: str


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    if context.evaluate is None or context.forms is None:
        return
    for node in sheet.steps():
        ways = list(_ways(sheet, node))
        if ways:
            yield from _about(sheet, context, node, ways)


def _ways(sheet: Sheet, node: FlowNode) -> Iterator[Way]:
    """The conditional flows of a gateway; the conditional events behind an event gateway; the condition of an event."""
    flows = [sheet.diagram.flow(id) for id in node.outgoing]
    if node.kind in ("exclusiveGateway", "inclusiveGateway") and len(flows) > 1:
        yield from (Way(flow, flow.condition) for flow in flows if flow.condition is not None)
    elif node.kind == "eventBasedGateway":
        targets = [sheet.diagram.elements.get(flow.target) for flow in flows]
        waiting = [target for target in targets if isinstance(target, FlowNode)]
        if all(_condition(target) is not None for target in waiting):
            yield from (Way(target, _condition(target) or "") for target in waiting)
    elif _condition(node) is not None:
        yield Way(node, _condition(node) or "")


def _condition(node: FlowNode) -> str | None:
    event = node.event
    return event.expression if event is not None and event.kind == "conditional" else None


def _about(sheet: Sheet, context: CheckContext, node: FlowNode, ways: list[Way]) -> Iterator[Problem]:
    values = cases([way.condition for way in ways], node, sheet.diagram, context)
    none = several = None
    chosen: set[str] = set()
    for case in values:
        true = [way.element for way in ways if _holds(context, way.condition, case)]
        chosen.update(element.id for element in true)
        none = none or (case if not true else None)
        several = several or ((case, true) if len(true) > 1 else None)
    waits = _condition(node) is not None
    if none is not None and node.default is None and not waits:
        yield Problem(
            sheet.xml(node),
            _("{node} has no answer for {example}.").format(node=called(node), example=shown(none)),
            _("Add the missing way out, or make one of the flows the default.")
            if node.kind != "eventBasedGateway"
            else _("Add a timer or a message behind it, so that the case does not wait for ever."),
        )
    if several is not None and node.kind in ("exclusiveGateway", "eventBasedGateway"):
        case, true = several
        yield Problem(
            sheet.xml(node),
            _("{node} has several answers for {example}: {flows}. The first one drawn is taken.").format(
                node=called(node), example=shown(case), flows=", ".join(called(element) for element in true)
            ),
            _("Make the conditions exclude each other, or use an inclusive gateway."),
            severity=Severity.WARNING,
        )
    for way in ways if values else ():
        if way.element.id not in chosen:
            message = _("The way {flow} out of {node} is never taken: no value that a form allows meets its condition.")
            if isinstance(way.element, FlowNode):
                message = _("{flow} never happens: no value that a form allows meets its condition.")
            yield Problem(
                sheet.xml(way.element),
                message.format(flow=called(way.element), node=called(node)),
                _("Correct the condition: {text}").format(text=way.condition),
                severity=Severity.WARNING,
            )


def _holds(context: CheckContext, condition: str, case: Mapping[str, Any]) -> bool:
    """Whether a condition comes out true. One that cannot be computed is not true; house/expressions says why."""
    assert context.evaluate is not None
    try:
        return context.evaluate(condition, case) is True
    except context.feel_errors:
        return False
