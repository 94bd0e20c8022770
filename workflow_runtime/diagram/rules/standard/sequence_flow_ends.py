"""A sequence flow joins activities, gateways and events; no notes, no event sub-processes (EXT.006, 007, 021, 022)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import local_name
from workflow_runtime.diagram.sheet import (
    ARTIFACTS,
    FLOW_NODES,
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for flow in sheet.all("sequenceFlow"):
        if sheet.container(flow) is None:
            continue  # in a choreography, flows join choreography activities
        for end, constraint, artifact in (("sourceRef", "EXT.021", "EXT.007"), ("targetRef", "EXT.022", "EXT.006")):
            node = sheet.attribute(flow, end)
            if node is None or (local_name(node) in FLOW_NODES and not sheet.is_event_subprocess(node)):
                continue
            yield Problem(
                node,
                _("The flow {flow} begins or ends at {node}, where no flow may.").format(
                    flow=named(flow), node=named(node)
                ),
                _("Join the flow to an activity, gateway or event; an event sub-process starts by its event."),
                artifact if local_name(node) in ARTIFACTS else constraint,
            )
