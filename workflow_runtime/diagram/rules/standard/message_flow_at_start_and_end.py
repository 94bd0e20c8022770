"""Messages reach message starts and leave message ends (EXT.102, 103, 108, 109)."""

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
    for flow, source in sheet.message_flow_ends("sourceRef"):
        if local_name(source) == "startEvent":
            yield Problem(
                flow,
                _("The message flow {flow} leaves the start event {node}.").format(
                    flow=named(flow), node=named(source)
                ),
                _("Turn the message flow round, or let a throwing event or send task send it."),
                "EXT.102",
            )
        if local_name(source) == "endEvent" and "message" not in sheet.definition_kinds(source):
            yield Problem(
                source,
                _("A message leaves {node}, which is no message event.").format(node=named(source)),
                _("Make it a message end event."),
                "EXT.109",
            )
    for flow, target in sheet.message_flow_ends("targetRef"):
        if local_name(target) == "endEvent":
            yield Problem(
                flow,
                _("The message flow {flow} leads to the end event {node}.").format(
                    flow=named(flow), node=named(target)
                ),
                _("Receive the message in a catching event or receive task before the end."),
                "EXT.108",
            )
        if local_name(target) == "startEvent" and "message" not in sheet.definition_kinds(target):
            yield Problem(
                target,
                _("A message reaches {node}, which is no message event.").format(node=named(target)),
                _("Make it a message start event."),
                "EXT.103",
            )
