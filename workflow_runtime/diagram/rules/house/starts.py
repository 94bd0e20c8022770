"""A process can start, a sub-process starts in one way, and no two starts wait for the same thing (H36)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.model import ACTIVITIES, FlowNode
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    called,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    running = {process.id for process in sheet.processes()}
    for scope in sheet.diagram.scopes.values():
        starts = [node for node in sheet.diagram.nodes(scope.id) if node.kind == "startEvent"]
        plain = [start for start in starts if not start.events]
        if scope.parent is None and scope.id not in running:
            continue
        if not starts:
            yield Problem(
                sheet.xml(scope),
                _("{node} has no start event.").format(node=scope.id),
                _("Draw a start event and a flow to the first step."),
            )
        if len(plain) > 1:
            yield Problem(
                sheet.xml(plain[1]),
                _("{node} has {number} plain start events; only one can start it.").format(
                    node=scope.id, number=len(plain)
                ),
                _("Keep one; let a gateway behind it choose."),
            )
        yield from _twins(sheet, starts)
        triggered = [
            start
            for node in sheet.diagram.nodes(scope.id)
            if node.event_subprocess
            for start in sheet.diagram.nodes(node.id)
            if start.kind == "startEvent"
        ]
        yield from _twins(sheet, triggered)
    for node in sheet.steps(*ACTIVITIES):
        yield from _twins(sheet, list(sheet.diagram.boundary_events(node.id)))


def _twins(sheet: Sheet, events: list[FlowNode]) -> Iterator[Problem]:
    seen: dict[tuple[str, str | None], FlowNode] = {}
    for node in events:
        event = node.event
        if event is None or event.kind not in ("message", "signal", "error"):
            continue
        first = seen.setdefault((event.kind, event.name or event.ref), node)
        if first is not node:
            yield Problem(
                sheet.xml(node),
                _("{one} and {other} wait for the same thing in the same place.").format(
                    one=called(first), other=called(node)
                ),
                _("Keep one of them, or use two messages."),
            )
