"""Steps, decisions and the ways out of them have names a clerk can read."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.model import FlowNode
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    called,
)
from workflow_runtime.findings import Severity
from workflow_runtime.i18n import _

SEVERITY = Severity.WARNING
SPLITS = ("exclusiveGateway", "inclusiveGateway")
NAMED = (
    "userTask",
    "manualTask",
    "serviceTask",
    "businessRuleTask",
    "callActivity",
    "receiveTask",
    "sendTask",
    "subProcess",
    "boundaryEvent",
    "intermediateCatchEvent",
)


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for node in sheet.steps():
        if node.name:
            continue
        if node.kind in NAMED:
            yield Problem(
                sheet.xml(node),
                _("{node} has no name.").format(node=node.id),
                _("Name it in the words of the office: what is done, or what has happened."),
            )
        elif node.kind in SPLITS and len(node.outgoing) > 1:
            yield Problem(
                sheet.xml(node),
                _("The decision {node} has no name.").format(node=node.id),
                _("Write the question it asks, for example “Consent given?”"),
            )
    for flow in sheet.flows():
        source = sheet.diagram.elements.get(flow.source)
        if not flow.name and flow.condition and isinstance(source, FlowNode) and source.kind in SPLITS:
            yield Problem(
                sheet.xml(flow),
                _("The way {flow} out of the decision {node} has no name.").format(flow=flow.id, node=called(source)),
                _("Write the answer it stands for, for example “yes”."),
            )
