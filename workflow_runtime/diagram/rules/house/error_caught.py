"""An error that is thrown is caught by somebody around it; else the case would stop for a person to look."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.model import Event, FlowNode
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    called,
)
from workflow_runtime.findings import Severity
from workflow_runtime.i18n import _

SEVERITY = Severity.WARNING


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for node in sheet.steps("endEvent", "intermediateThrowEvent"):
        for event in node.events:
            if event.kind == "error" and not _caught(sheet, node, event):
                kind = sheet.diagram.scopes[sheet.diagram.process_of(node)].properties.get("xb:kind")
                if kind not in ("C", "S"):  # a called process may leave it to its caller
                    yield Problem(
                        sheet.xml(node),
                        _("Nobody catches the error {code} of {node}: the case would stop as an incident.").format(
                            code=event.name or "-", node=called(node)
                        ),
                        _("Catch it on the border of the sub-process around it, or in an event sub-process."),
                    )


def _caught(sheet: Sheet, node: FlowNode, thrown: Event) -> bool:
    diagram = sheet.diagram
    scope: str | None = node.scope
    while scope is not None:
        catchers = [
            start
            for inner in diagram.nodes(scope)
            if inner.event_subprocess and inner.id != node.scope
            for start in diagram.nodes(inner.id)
            if start.kind == "startEvent"
        ]
        if scope in diagram.elements:
            catchers.extend(diagram.boundary_events(scope))
        for catcher in catchers:
            event = catcher.event
            if event is not None and event.kind == "error" and event.name in (None, thrown.name):
                return True
        scope = diagram.scopes[scope].parent
    return False
