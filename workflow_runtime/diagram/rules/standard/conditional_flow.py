"""A conditional flow leaves a gateway, or is one of several ways out of an activity (EXT.025)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import child, local_name
from workflow_runtime.diagram.model import ACTIVITIES, GATEWAYS
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for flow in sheet.all("sequenceFlow"):
        source = sheet.attribute(flow, "sourceRef")
        if source is None or child(flow, "conditionExpression") is None or local_name(source) in GATEWAYS:
            continue
        if local_name(source) not in ACTIVITIES or len(sheet.outgoing(source)) < 2:
            yield Problem(
                flow,
                _("The conditional flow {flow} is the only way out of {node}.").format(
                    flow=named(flow), node=named(source)
                ),
                _("Put an exclusive gateway behind {node}, or remove the condition.").format(node=named(source)),
                "EXT.025",
            )
