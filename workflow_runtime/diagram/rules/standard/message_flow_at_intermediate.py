"""A throwing event sends messages and a catching one receives them (EXT.119)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import local_name
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    wrong: dict[etree._Element, None] = {}
    for end, kind in (("targetRef", "intermediateThrowEvent"), ("sourceRef", "intermediateCatchEvent")):
        for _flow, event in sheet.message_flow_ends(end):
            if local_name(event) == kind and "message" in sheet.definition_kinds(event):
                wrong[event] = None
    for event in wrong:
        yield Problem(
            event,
            _("The message flow at {node} points the wrong way.").format(node=named(event)),
            _("Turn the message flow round, or make a throwing event catching."),
            "EXT.119",
        )
