"""In a procedure that names clauses, every step, decision and timer names the clause it rests on."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.model import ACTIVITIES, SUBPROCESSES, FlowNode
from workflow_runtime.diagram.sheet import Problem, Sheet, called
from workflow_runtime.findings import Severity
from workflow_runtime.i18n import _

SEVERITY = Severity.WARNING
_CLAUSE = "xb:clause"
_STEPS = ACTIVITIES - SUBPROCESSES - {"scriptTask"}
_DECISIONS = frozenset({"exclusiveGateway", "inclusiveGateway", "complexGateway"})


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    steps = list(sheet.steps())
    if not any(one.properties.get(_CLAUSE) for one in (*sheet.processes(), *steps, *sheet.flows())):
        return
    for node in steps:
        if _rests_on_law(node) and not node.properties.get(_CLAUSE):
            yield Problem(
                sheet.xml(node),
                _("{node} does not say which clause it rests on.").format(node=called(node)),
                _("Name it in the property xb:clause, as “xieban clause list” does."),
            )


def _rests_on_law(node: FlowNode) -> bool:
    if node.kind in _STEPS:
        return True
    if node.kind in _DECISIONS:
        return len(node.outgoing) > 1
    return any(event.kind == "timer" for event in node.events)
