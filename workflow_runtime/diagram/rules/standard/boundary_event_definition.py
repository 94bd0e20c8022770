"""A boundary event catches what can happen to its activity (EXT.110, EXT.111; also 120, 130, 147)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import local_name
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
    yes,
)
from workflow_runtime.i18n import _

NEVER = frozenset({"link", "terminate"})
ONLY_INTERRUPTING = frozenset({"error", "cancel", "compensate"})


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for event, kinds in sheet.events("boundaryEvent"):
        interrupting = yes(event, "cancelActivity", True)
        illegal = set(kinds) & (NEVER if interrupting else NEVER | ONLY_INTERRUPTING)
        if illegal or not kinds:
            yield Problem(
                event,
                _("{node} cannot stand on a border: its event is {kinds}.").format(
                    node=named(event), kinds=", ".join(sorted(illegal)) or _("none")
                ),
                _("Use a timer, message, signal, escalation or condition; an error only when it interrupts."),
                "EXT.110",
            )
        activity = sheet.attribute(event, "attachedToRef")
        if "cancel" in kinds and (activity is None or local_name(activity) != "transaction"):
            yield Problem(
                event,
                _("{node} catches a cancellation, but is not attached to a transaction.").format(node=named(event)),
                _("Attach it to a transaction, or use an error event."),
                "EXT.111",
            )
