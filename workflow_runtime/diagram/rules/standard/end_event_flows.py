"""An end event has a way in, no way out, and a start on its level (EXT.097, EXT.104, EXT.107)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import children
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
    yes,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for event in sheet.all("endEvent"):
        if sheet.outgoing(event):
            yield Problem(
                event,
                _("A flow leaves the end event {node}.").format(node=named(event)),
                _("Make it an intermediate event, or remove the flow."),
                "EXT.104",
            )
        if not sheet.incoming(event):
            yield Problem(
                event,
                _("No flow leads to the end event {node}.").format(node=named(event)),
                _("Draw a flow to it, or remove it."),
                "EXT.107",
            )
        container = sheet.container(event)
        if container is None or sheet.holds(container, "startEvent"):
            continue
        if not any(yes(task, "instantiate") for task in children(container, "receiveTask")):
            yield Problem(
                event,
                _("{node} ends {container}, which has no start event.").format(
                    node=named(event), container=named(container)
                ),
                _("Draw a start event on the same level."),
                "EXT.097",
            )
