"""An event sub-process stands alone and starts by one event that can happen (EXT.057–059; also 129)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import children
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
    yes,
)
from workflow_runtime.i18n import _

NEVER = frozenset({"link", "cancel", "terminate"})
ONLY_INTERRUPTING = frozenset({"error", "compensate"})


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for subprocess in sheet.all("subProcess"):
        if not sheet.is_event_subprocess(subprocess):
            continue
        if sheet.incoming(subprocess) or sheet.outgoing(subprocess):
            yield Problem(
                subprocess,
                _("A flow is joined to the event sub-process {node}.").format(node=named(subprocess)),
                _("Remove the flow: its start event starts it."),
                "EXT.057",
            )
        starts = list(children(subprocess, "startEvent"))
        if len(starts) != 1:
            yield Problem(
                subprocess,
                _("The event sub-process {node} has {number} start events instead of one.").format(
                    node=named(subprocess), number=len(starts)
                ),
                _("Draw one event sub-process for each event."),
                "EXT.058",
            )
        for start in starts:
            kinds = set(sheet.definition_kinds(start))
            illegal = kinds & (NEVER if yes(start, "isInterrupting", True) else NEVER | ONLY_INTERRUPTING)
            if illegal or not kinds:
                yield Problem(
                    start,
                    _("{node} cannot start an event sub-process: its event is {kinds}.").format(
                        node=named(start), kinds=", ".join(sorted(illegal)) or _("none")
                    ),
                    _("Use a message, timer, signal, escalation or condition; an error only when it interrupts."),
                    "EXT.059",
                )
