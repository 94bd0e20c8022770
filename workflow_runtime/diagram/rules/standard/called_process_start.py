"""A process that is called can start plainly: by a start event without definition (EXT.099)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import children, local_name
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    called = {
        process: None
        for call in sheet.all("callActivity")
        if (process := sheet.attribute(call, "calledElement")) is not None and local_name(process) == "process"
    }
    for process in called:
        if not any(not sheet.definitions(start) for start in children(process, "startEvent")):
            yield Problem(
                process,
                _("The process {node} is called, but has no plain start event.").format(node=named(process)),
                _("Add a start event without an event definition."),
                "EXT.099",
            )
