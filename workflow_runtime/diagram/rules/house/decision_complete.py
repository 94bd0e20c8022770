"""A decision has an answer, and only one, for every value that the forms before it allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.domains import cases, shown
from workflow_runtime.diagram.model import Flow, FlowNode
from workflow_runtime.diagram.sheet import Problem, Sheet, called
from workflow_runtime.findings import Severity
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    if context.evaluate is None or context.forms is None:
        return
    for node in sheet.steps("exclusiveGateway", "inclusiveGateway"):
        flows = [sheet.diagram.flow(id) for id in node.outgoing]
        asked = [flow for flow in flows if flow.condition is not None]
        if len(flows) < 2 or not asked:
            continue
        values = cases([flow.condition or "" for flow in asked], node, sheet.diagram, context)
        yield from _about(sheet, context, node, asked, values)


def _about(
    sheet: Sheet, context: CheckContext, node: FlowNode, asked: list[Flow], values: list[dict[str, Any]]
) -> Iterator[Problem]:
    none = several = None
    chosen: set[str] = set()
    for case in values:
        true = [flow for flow in asked if _holds(context, flow.condition or "", case)]
        chosen.update(flow.id for flow in true)
        none = none or (case if not true else None)
        several = several or ((case, true) if len(true) > 1 else None)
    if none is not None and node.default is None:
        yield Problem(
            sheet.xml(node),
            _("{node} has no answer for {example}.").format(node=called(node), example=shown(none)),
            _("Add the missing way out, or make one of the flows the default."),
        )
    if several is not None and node.kind == "exclusiveGateway":
        case, true = several
        yield Problem(
            sheet.xml(node),
            _("{node} has several answers for {example}: {flows}. The first one drawn is taken.").format(
                node=called(node), example=shown(case), flows=", ".join(called(flow) for flow in true)
            ),
            _("Make the conditions exclude each other, or use an inclusive gateway."),
            severity=Severity.WARNING,
        )
    for flow in asked if values else ():
        if flow.id not in chosen:
            yield Problem(
                sheet.xml(flow),
                _(
                    "The way {flow} out of {node} is never taken: no value that a form allows meets its condition."
                ).format(flow=called(flow), node=called(node)),
                _("Correct the condition: {text}").format(text=flow.condition),
                severity=Severity.WARNING,
            )


def _holds(context: CheckContext, condition: str, case: Mapping[str, Any]) -> bool:
    """Whether a condition comes out true. One that cannot be computed is not true; house/expressions says why."""
    assert context.evaluate is not None
    try:
        return context.evaluate(condition, case) is True
    except context.feel_errors:
        return False
