"""Choreography activities stand in choreographies, not in processes (EXT.036, EXT.056)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import local_name
from workflow_runtime.diagram.sheet import (
    CHOREOGRAPHY_ACTIVITIES,
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for activity in sheet.all(*sorted(CHOREOGRAPHY_ACTIVITIES)):
        container = sheet.container(activity)
        if container is not None:
            yield Problem(
                activity,
                _("The choreography activity {node} stands in the process {container}.").format(
                    node=named(activity), container=named(container)
                ),
                _("Draw an activity instead, and message flows between pools."),
                "EXT.036" if local_name(container) == "process" else "EXT.056",
            )
