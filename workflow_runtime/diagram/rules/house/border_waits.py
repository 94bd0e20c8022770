"""An event on a border needs an activity that lasts: nothing can happen to a step that is over at once."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.behaviour import waits
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


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for node in sheet.steps("boundaryEvent"):
        activity = sheet.diagram.elements.get(node.attached_to or "")
        event = node.event
        if not isinstance(activity, FlowNode) or event is None or event.kind in ("error", "escalation"):
            continue
        if activity.kind != "serviceTask" and not waits(activity, sheet.diagram, context.processes):
            yield Problem(
                sheet.xml(node),
                _("{node} can never happen: {activity} is over at once.").format(
                    node=called(node), activity=called(activity)
                ),
                _("Attach it to a step that waits, or remove it."),
            )
