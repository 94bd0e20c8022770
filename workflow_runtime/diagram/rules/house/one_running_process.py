"""One file, one procedure: exactly one executable process."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    running = [process for process in sheet.processes() if process.executable]
    if not running:
        yield Problem(
            sheet.root,
            _("No process of the file is executable."),
            _('Write isExecutable="true" on the process that is to run.'),
        )
    for process in running[1:]:
        yield Problem(
            sheet.xml(process),
            _("{node} is the second executable process of the file.").format(node=process.id),
            _("Put it into a file of its own; draw the other parties as collapsed pools."),
        )
