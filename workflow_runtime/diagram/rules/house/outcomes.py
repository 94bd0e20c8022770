"""What a person may answer is asked by the gateway right behind, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.model import FlowNode
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    called,
)
from workflow_runtime.i18n import _

ASKED = re.compile(r"\bitem\.(outcome|reason|by)\b")
COMPARED = re.compile(r'\bitem\.outcome\s*!?=\s*"([^"]*)"')
NAME = re.compile(r"[a-z][a-z0-9_]*")


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    diagram = sheet.diagram
    behind: dict[str, set[str]] = {}
    for node in sheet.steps("userTask", "manualTask"):
        outcomes = _outcomes(node)
        for outcome in outcomes:
            if not NAME.fullmatch(outcome):
                yield Problem(
                    sheet.xml(node),
                    _("{node}: “{outcome}” is no outcome.").format(node=called(node), outcome=outcome),
                    _("Write lower-case words: done,returned."),
                )
        for flow_id in node.outgoing:
            target = diagram.elements.get(diagram.flow(flow_id).target)
            if isinstance(target, FlowNode) and target.kind in ("exclusiveGateway", "inclusiveGateway"):
                behind.setdefault(target.id, set()).update(outcomes)
                asked = [diagram.flow(id).condition or "" for id in target.outgoing]
                if len(outcomes) < 2 or any(ASKED.search(text) for text in asked):
                    continue
            elif len(outcomes) < 2:
                continue
            yield Problem(
                sheet.xml(node),
                _("{node} may end in several ways ({outcomes}), but nothing behind it asks which.").format(
                    node=called(node), outcomes=", ".join(outcomes)
                ),
                _('Put an exclusive gateway right behind it, with the condition item.outcome = "{outcome}".').format(
                    outcome=outcomes[-1]
                ),
            )
    for flow in sheet.flows():
        condition = flow.condition or ""
        if not ASKED.search(condition):
            continue
        if flow.source not in behind:
            yield Problem(
                sheet.xml(flow),
                _("The flow {flow} asks for item, but no person's step is right in front of its gateway.").format(
                    flow=called(flow)
                ),
                _("Keep the answer in a field of the form, and ask for that field."),
            )
            continue
        for outcome in COMPARED.findall(condition):
            if outcome not in behind[flow.source]:
                yield Problem(
                    sheet.xml(flow),
                    _("The flow {flow} asks for the outcome “{outcome}”, which no step in front of it has.").format(
                        flow=called(flow), outcome=outcome
                    ),
                    _("Add it to xb:outcomes of the step, or correct the condition."),
                )


def _outcomes(node: FlowNode) -> list[str]:
    text = node.properties.get("xb:outcomes", "done")
    return [part.strip() for part in text.split(",") if part.strip()] or ["done"]
