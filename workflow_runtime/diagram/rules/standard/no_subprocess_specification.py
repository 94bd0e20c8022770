"""A sub-process sees the data around it and declares no inputs or outputs (EXT.079)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.model import SUBPROCESSES
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for subprocess in sheet.all(*sorted(SUBPROCESSES)):
        if sheet.specification(subprocess) is not None:
            yield Problem(
                subprocess,
                _("The sub-process {node} declares inputs and outputs.").format(node=named(subprocess)),
                _("Remove the ioSpecification, or make it a called process."),
                "EXT.079",
            )
