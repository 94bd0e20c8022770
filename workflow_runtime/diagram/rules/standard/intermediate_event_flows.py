"""An intermediate event stands between two flows; a link on one side only (EXT.115–117)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import local_name
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for event, kinds in sheet.events("intermediateThrowEvent", "intermediateCatchEvent"):
        throws, link = local_name(event) == "intermediateThrowEvent", "link" in kinds
        into, out = sheet.incoming(event), sheet.outgoing(event)
        if not into and (throws or not link):
            yield Problem(
                event,
                _("No flow leads to {node}.").format(node=named(event)),
                _("Draw a flow to it."),
                "EXT.115",
            )
        if not out and not (throws and link):
            yield Problem(
                event,
                _("No flow leaves {node}.").format(node=named(event)),
                _("Draw a flow from it, or make it an end event."),
                "EXT.116",
            )
        if link and (out if throws else into):
            yield Problem(
                event,
                _("The link {node} has a flow on both sides.").format(node=named(event)),
                _("A throwing link only receives a flow, a catching link only sends one on."),
                "EXT.117",
            )
