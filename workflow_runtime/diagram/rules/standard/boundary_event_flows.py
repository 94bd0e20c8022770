"""A boundary event has no way in; it has a way out unless it compensates (EXT.112–114)."""

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
    for event, kinds in sheet.events("boundaryEvent"):
        if sheet.incoming(event):
            yield Problem(
                event,
                _("A flow leads into the boundary event {node}.").format(node=named(event)),
                _("Let the flow end at the activity."),
                "EXT.112",
            )
        if "compensate" in kinds:
            if sheet.outgoing(event):
                yield Problem(
                    event,
                    _("A flow leaves the compensation event {node}.").format(node=named(event)),
                    _("Join it to its compensation activity by an association instead."),
                    "EXT.114",
                )
        elif not sheet.outgoing(event):
            yield Problem(
                event,
                _("No flow leaves the boundary event {node}.").format(node=named(event)),
                _("Draw what happens then, or remove the event."),
                "EXT.113",
            )
