"""A global conversation holds participants and message flows, nothing else (EXT.032)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import children, local_name
from workflow_runtime.diagram.sheet import (
    ARTIFACTS,
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _

FORBIDDEN = (
    "conversation",
    "subConversation",
    "callConversation",
    "participantAssociation",
    "messageFlowAssociation",
    "conversationAssociation",
    *sorted(ARTIFACTS),
)


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for element in sheet.all("globalConversation"):
        held = {local_name(part) for part in children(element, *FORBIDDEN)}
        if held:
            yield Problem(
                element,
                _("The global conversation {node} holds {kinds}.").format(
                    node=named(element), kinds=", ".join(sorted(held))
                ),
                _("Move these elements to a collaboration."),
                "EXT.032",
            )
