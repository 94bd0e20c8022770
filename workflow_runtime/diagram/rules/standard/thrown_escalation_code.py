"""An escalation that is thrown says which: reference and code (EXT.011)."""

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
    for event, definition in sheet.running_definitions("escalation", "endEvent", "intermediateThrowEvent"):
        escalation = sheet.attribute(definition, "escalationRef")
        if escalation is None or not escalation.get("escalationCode"):
            yield Problem(
                event,
                _("{node} throws an escalation without saying which.").format(node=named(event)),
                _("Refer to an escalation that has an escalation code."),
                "EXT.011",
            )
