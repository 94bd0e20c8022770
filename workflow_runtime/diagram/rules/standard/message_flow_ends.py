"""A message flow joins pools, activities and events, never notes (EXT.008, EXT.009)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import local_name
from workflow_runtime.diagram.sheet import (
    ARTIFACTS,
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for end, constraint in (("targetRef", "EXT.008"), ("sourceRef", "EXT.009")):
        for flow, meant in sheet.message_flow_ends(end):
            if local_name(meant) in ARTIFACTS:
                yield Problem(
                    flow,
                    _("The message flow {flow} is drawn to or from the note {node}.").format(
                        flow=named(flow), node=named(meant)
                    ),
                    _("Join it to a pool, an activity or a message event."),
                    constraint,
                )
