"""Only a plain collaboration refers to choreographies (EXT.027)."""

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
    for element in sheet.all("choreography", "globalConversation", "globalChoreographyTask"):
        if child(element, "choreographyRef") is not None:
            yield Problem(
                element,
                _("{node} refers to a choreography.").format(node=named(element)),
                _("Remove the reference; only a collaboration may have it."),
                "EXT.027",
            )
