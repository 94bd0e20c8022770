"""A sequence flow stays inside its pool and its sub-process (EXT.028, EXT.152)."""

from __future__ import annotations

from collections.abc import Iterator

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
    for flow in sheet.all("sequenceFlow"):
        source, target = sheet.attribute(flow, "sourceRef"), sheet.attribute(flow, "targetRef")
        if source is None or target is None or source.getparent() is target.getparent():
            continue
        if local_name(source) not in FLOW_NODES or local_name(target) not in FLOW_NODES:
            continue
        message = _("The flow {flow} crosses a border on its way from {source} to {target}.").format(
            flow=named(flow), source=named(source), target=named(target)
        )
        yield Problem(flow, message, _("Between pools, draw a message flow."), "EXT.028")
        yield Problem(
            flow, message, _("Let the flow end at the sub-process itself, or begin at its border."), "EXT.152"
        )
