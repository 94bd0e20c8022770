"""An ad-hoc sub-process holds activities, and neither start nor end (EXT.061, EXT.062)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import children, local_name
from workflow_runtime.diagram.model import ACTIVITIES
from workflow_runtime.diagram.sheet import (
    CHOREOGRAPHY_ACTIVITIES,
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _

FORBIDDEN = (
    "startEvent",
    "endEvent",
    *sorted(CHOREOGRAPHY_ACTIVITIES),
    "conversation",
    "subConversation",
    "callConversation",
    "conversationLink",
)


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for subprocess in sheet.all("adHocSubProcess"):
        if next(children(subprocess, *ACTIVITIES), None) is None:
            yield Problem(
                subprocess,
                _("The ad-hoc sub-process {node} holds no activity.").format(node=named(subprocess)),
                _("Draw the activities that may be done in it, or use a task."),
                "EXT.061",
            )
        held = sorted({local_name(part) for part in children(subprocess, *FORBIDDEN)})
        if held:
            yield Problem(
                subprocess,
                _("The ad-hoc sub-process {node} holds {kinds}.").format(node=named(subprocess), kinds=", ".join(held)),
                _("Remove them, or make it an ordinary sub-process."),
                "EXT.062",
            )
