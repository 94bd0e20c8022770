"""A process starts by what can happen from outside; a sub-process by its flow (EXT.098, EXT.100; also 121)."""

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

FORBIDDEN = frozenset({"link", "escalation", "error", "cancel", "compensate", "terminate"})


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for event, kinds in sheet.events("startEvent"):
        container = sheet.container(event)
        if container is None or sheet.is_event_subprocess(container):
            continue
        if local_name(container) != "process":
            if kinds:
                yield Problem(
                    event,
                    _("{node} starts a sub-process by an event.").format(node=named(event)),
                    _("Make it a plain start event; to wait for something, draw a catching event behind it."),
                    "EXT.100",
                )
        elif illegal := sorted(FORBIDDEN & set(kinds)):
            yield Problem(
                event,
                _("{node} starts the process by {kinds}, which nothing outside can cause.").format(
                    node=named(event), kinds=", ".join(illegal)
                ),
                _("Start by nothing, a message, a timer, a condition or a signal."),
                "EXT.098",
            )
