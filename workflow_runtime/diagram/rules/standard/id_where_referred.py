"""An element that flows refer to has an id (EXT.003)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import local_name
from workflow_runtime.diagram.model import ACTIVITIES
from workflow_runtime.diagram.sheet import (
    FLOW_NODES,
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for node in sheet.all(*sorted(FLOW_NODES)):
        if not (node.get("id") or "").strip() and (
            local_name(node) not in ACTIVITIES or sheet.incoming(node) or sheet.outgoing(node)
        ):
            yield Problem(
                node,
                _("{node} has no id, so nothing can refer to it.").format(node=named(node)),
                _("Give the element an id."),
                "EXT.003",
            )
