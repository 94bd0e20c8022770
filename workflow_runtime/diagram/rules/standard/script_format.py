"""A script says in which language it is written (EXT.053)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import child
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for task in sheet.all("scriptTask"):
        if child(task, "script") is not None and task.get("scriptFormat") is None:
            yield Problem(
                task,
                _("The script of {node} does not say its language.").format(node=named(task)),
                _('Write scriptFormat="feel".'),
                "EXT.053",
            )
