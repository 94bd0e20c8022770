"""The default flow of a node exists and leaves that very node (EXT.026)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import local_name
from workflow_runtime.diagram.model import ACTIVITIES, GATEWAYS
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for node in sheet.all(*sorted(ACTIVITIES | GATEWAYS)):
        if node.get("default") is None:
            continue
        flow = sheet.attribute(node, "default")
        if flow is None or local_name(flow) != "sequenceFlow" or sheet.attribute(flow, "sourceRef") is not node:
            yield Problem(
                node,
                _("The default flow of {node} does not leave it.").format(node=named(node)),
                _("Name one of its own outgoing flows as default."),
                "EXT.026",
            )
