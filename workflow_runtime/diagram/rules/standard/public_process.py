"""A public process is not executable, and says so (EXT.035)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for process in sheet.all("process"):
        if process.get("processType") == "Public" and (process.get("isExecutable") or "").strip() not in ("false", "0"):
            yield Problem(
                process,
                _("The public process {node} does not say that it is not executable.").format(node=named(process)),
                _('Write isExecutable="false", or make it private.'),
                "EXT.035",
            )
