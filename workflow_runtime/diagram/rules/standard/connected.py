"""Between start and end every step has a way in and a way out (EXT.150, EXT.151)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import local_name
from workflow_runtime.diagram.model import ACTIVITIES, GATEWAYS
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
    yes,
)
from workflow_runtime.i18n import _

NODES = sorted(ACTIVITIES | GATEWAYS | {"intermediateCatchEvent", "intermediateThrowEvent"})


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for node in sheet.all(*NODES):
        container = sheet.container(node)
        if container is None or yes(node, "isForCompensation") or sheet.is_event_subprocess(node):
            continue
        link = "link" in sheet.definition_kinds(node)
        if sheet.holds(container, "startEvent") and not sheet.incoming(node):
            instantiates = local_name(node) in ("receiveTask", "eventBasedGateway") and yes(node, "instantiate")
            if not instantiates and not (link and local_name(node) == "intermediateCatchEvent"):
                yield Problem(
                    node,
                    _("No flow leads to {node}: it is never reached.").format(node=named(node)),
                    _("Draw a flow to it, or remove it."),
                    "EXT.150",
                )
        if sheet.holds(container, "endEvent") and not sheet.outgoing(node):
            if not (link and local_name(node) == "intermediateThrowEvent"):
                yield Problem(
                    node,
                    _("No flow leaves {node}: what happens then?").format(node=named(node)),
                    _("Draw a flow to the next step or to an end event."),
                    "EXT.151",
                )
