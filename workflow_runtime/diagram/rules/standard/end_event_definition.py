"""An end event ends as an end can: no link, condition, timer; cancel only in transactions (EXT.106, EXT.146)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import local_name
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for event, kinds in sheet.events("endEvent"):
        inside = any(local_name(above) == "transaction" for above in event.iterancestors())
        if "cancel" in kinds and not inside:
            yield Problem(
                event,
                _("{node} cancels, but stands in no transaction.").format(node=named(event)),
                _("Use an error or terminate end event, or make the sub-process a transaction."),
                "EXT.106",
            )
        illegal = sorted({"link", "conditional", "timer"} & set(kinds))
        if illegal:
            yield Problem(
                event,
                _("{node} is an end event with {kinds}.").format(node=named(event), kinds=", ".join(illegal)),
                _("Make it an intermediate event, and end behind it."),
                "EXT.146",
            )
