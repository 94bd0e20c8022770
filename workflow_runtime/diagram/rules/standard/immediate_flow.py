"""Only a process that is not executable may leave out activities between two (EXT.024)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
    yes,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for flow in sheet.all("sequenceFlow"):
        if flow.get("isImmediate") is None or yes(flow, "isImmediate"):
            continue
        process = sheet.process(flow)
        if process is None or (process.get("isExecutable") or "").strip() not in ("false", "0"):
            yield Problem(
                flow,
                _("The flow {flow} is not immediate, but its process may be executed.").format(flow=named(flow)),
                _('Remove isImmediate="false", or declare the process isExecutable="false".'),
                "EXT.024",
            )
