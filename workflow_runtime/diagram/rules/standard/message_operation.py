"""A message event of an executable process says which operation sends or takes the message (EXT.128)."""

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
    for event, definition in sheet.running_definitions("message"):
        if child(definition, "operationRef") is None:
            yield Problem(
                definition,
                _("{node} does not say which operation its message belongs to.").format(node=named(event)),
                _("Refer to an operation of an interface."),
                "EXT.128",
            )
