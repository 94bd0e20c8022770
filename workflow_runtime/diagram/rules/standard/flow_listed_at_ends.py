"""A sequence flow is listed by the node it leaves and by the node it enters (EXT.023)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import local_name
from workflow_runtime.diagram.sheet import (
    FLOW_NODES,
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    known: dict[tuple[etree._Element, str], set[int]] = {}
    for flow in sheet.all("sequenceFlow"):
        for end, name in (("sourceRef", "outgoing"), ("targetRef", "incoming")):
            node = sheet.attribute(flow, end)
            if node is None or local_name(node) not in FLOW_NODES:
                continue
            if (node, name) not in known:
                known[node, name] = {
                    id(meant) for text in sheet.listed(node, name) if (meant := sheet.resolve(node, text)) is not None
                }
            if id(flow) not in known[node, name]:
                yield Problem(
                    flow,
                    _("{node} does not list the flow {flow} as {name}.").format(
                        node=named(node), flow=named(flow), name=name
                    ),
                    _("Add <{name}>{id}</{name}> to the node, or let “diagram layout” do it.").format(
                        name=name, id=flow.get("id")
                    ),
                    "EXT.023",
                )
