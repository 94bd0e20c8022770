"""A case that waits for a message or signal has another way on, should it never come."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.model import FlowNode
from workflow_runtime.diagram.sheet import Problem, Sheet, called
from workflow_runtime.findings import Severity
from workflow_runtime.i18n import _

SEVERITY = Severity.WARNING


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for node in sheet.steps("intermediateCatchEvent", "receiveTask"):
        event = node.event
        if event is None or event.kind not in ("message", "signal"):
            continue
        if not _has_another_way(sheet, node):
            yield Problem(
                sheet.xml(node),
                _(
                    "{node} waits for “{name}” and for nothing else: should it never come, the case waits for ever."
                ).format(node=called(node), name=event.name or ""),
                _("Put an event gateway in front of it with a timer as the other way, or a timer on the border."),
            )


def _has_another_way(sheet: Sheet, node: FlowNode) -> bool:
    """Whether a timer or another event can move the case on: beside it, on its border, or around it."""
    diagram = sheet.diagram
    for id in node.incoming:
        source = diagram.elements.get(diagram.flow(id).source)
        if isinstance(source, FlowNode) and source.kind == "eventBasedGateway":
            rivals = [diagram.elements.get(diagram.flow(flow).target) for flow in source.outgoing]
            if any(isinstance(r, FlowNode) and r.event is not None and r.event.kind == "timer" for r in rivals):
                return True
    here: str | None = node.id
    while here is not None:
        if any(event.event is not None and event.event.kind == "timer" for event in diagram.boundary_events(here)):
            return True
        element = diagram.elements.get(here)
        scope = element.scope if isinstance(element, FlowNode) else None
        for inner in diagram.nodes(scope) if scope is not None else ():
            if inner.event_subprocess and any(
                start.kind == "startEvent" and start.event is not None and start.event.kind == "timer"
                for start in diagram.nodes(inner.id)
            ):
                return True
        here = scope if scope in diagram.elements and scope not in diagram.processes else None
    return False
