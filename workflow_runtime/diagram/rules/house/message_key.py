"""A message that a case waits for has a name and a key, so that it reaches this case and no other (H35)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.model import FlowNode
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    called,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for node in sheet.steps():
        for event in node.events:
            if event.kind != "message":
                continue
            if not event.name:
                yield Problem(
                    sheet.xml(node),
                    _("The message of {node} has no name.").format(node=called(node)),
                    _("Name it, in the words of the message catalogue."),
                )
            elif not event.key and _waits_for_one_case(sheet, node):
                yield Problem(
                    sheet.xml(node),
                    _("{node} waits for the message {message}, which has no correlation key.").format(
                        node=called(node), message=event.name
                    ),
                    _('Add zeebe:subscription correlationKey, for example =case.number + "/" + subject.number.'),
                )
        if node.kind in ("receiveTask", "sendTask") and not node.events:
            yield Problem(
                sheet.xml(node),
                _("{node} does not say which message.").format(node=called(node)),
                _("Refer to a message (messageRef)."),
            )


def _waits_for_one_case(sheet: Sheet, node: FlowNode) -> bool:
    """Whether the case is already there and waits; a message that starts a process needs no key."""
    if node.kind == "startEvent":
        return sheet.diagram.scopes[node.scope].event_subprocess
    return node.kind in ("intermediateCatchEvent", "boundaryEvent", "receiveTask")
