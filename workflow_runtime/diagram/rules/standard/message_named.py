"""A message event of an executable process says which message (EXT.127)."""

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
    for event, definition in sheet.running_definitions("message"):
        if definition.get("messageRef") is None:
            yield Problem(
                definition,
                _("{node} does not say which message.").format(node=named(event)),
                _("Refer to a message of the file."),
                "EXT.127",
            )
