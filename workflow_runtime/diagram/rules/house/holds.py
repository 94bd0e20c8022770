"""A step that holds others back while it is open names steps of this process, and not itself; `*` are all."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.model import FlowNode
from workflow_runtime.diagram.sheet import Problem, Sheet, called
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for node in sheet.steps():
        for other_id in filter(None, (part.strip() for part in node.properties.get("xb:holds", "").split(","))):
            if other_id == "*":
                continue
            other = sheet.diagram.elements.get(other_id)
            if other is node or not isinstance(other, FlowNode) or other.kind not in ("userTask", "callActivity"):
                yield Problem(
                    sheet.xml(node),
                    _("{node} holds back {other}, which is no other step of this process.").format(
                        node=called(node), other=other_id
                    ),
                    _("Name the id of a user task or a call activity of this process, or * for all of them."),
                )
