"""Intermediate events throw or catch what can be thrown or caught there (EXT.122, EXT.148, EXT.149)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _

NOT_CAUGHT = frozenset({"escalation", "error", "cancel", "compensate", "terminate"})
NOT_THROWN = frozenset({"timer", "error", "cancel", "conditional", "terminate"})


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for event, kinds in sheet.events("intermediateCatchEvent"):
        illegal = sorted(NOT_CAUGHT & set(kinds))
        if illegal or not kinds:
            yield Problem(
                event,
                _("{node} cannot wait in the middle of a flow: its event is {kinds}.").format(
                    node=named(event), kinds=", ".join(illegal) or _("none")
                ),
                _("Wait for a message, timer, signal, condition or link; catch others on the border of an activity."),
                "EXT.148",
            )
        if "compensate" in kinds:
            yield Problem(
                event,
                _("{node} waits for a compensation in the middle of a flow.").format(node=named(event)),
                _("Catch compensation on the border of the activity that is to be compensated."),
                "EXT.122",
            )
    for event, kinds in sheet.events("intermediateThrowEvent"):
        if illegal := sorted(NOT_THROWN & set(kinds)):
            yield Problem(
                event,
                _("{node} throws {kinds}, which cannot be thrown in the middle of a flow.").format(
                    node=named(event), kinds=", ".join(illegal)
                ),
                _("Make it a catching event, or an end event."),
                "EXT.149",
            )
