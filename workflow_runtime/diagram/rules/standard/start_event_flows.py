"""A start event has a way out, no way in, and an end on its level (EXT.096, EXT.101, EXT.105)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for event in sheet.all("startEvent"):
        if sheet.incoming(event):
            yield Problem(
                event,
                _("A flow leads into the start event {node}.").format(node=named(event)),
                _("Let the flow end at the first step behind it."),
                "EXT.096",
            )
        if not sheet.outgoing(event):
            yield Problem(
                event,
                _("No flow leaves the start event {node}.").format(node=named(event)),
                _("Draw a flow to the first step."),
                "EXT.101",
            )
        container = sheet.container(event)
        if container is not None and not sheet.holds(container, "endEvent"):
            yield Problem(
                event,
                _("{node} starts {container}, which has no end event.").format(
                    node=named(event), container=named(container)
                ),
                _("Draw an end event where the work is done."),
                "EXT.105",
            )
