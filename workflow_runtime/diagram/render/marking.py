"""From what a runtime knows of a case to the marks of a picture: what is left out, and the flows taken too."""

from __future__ import annotations

from collections.abc import Mapping

from workflow_runtime.diagram.model import GATEWAYS, Diagram, Flow, FlowNode
from workflow_runtime.diagram.render.themes import Mark, MarkState


def case_marks(
    diagram: Diagram, states: Mapping[str, str], notes: Mapping[str, tuple[str, str]] | None = None
) -> dict[str, Mark]:
    """Marks for a picture. `states` is element id → done, active, failed; `notes` says who and how long.

    Steps that no token can reach any more are marked as skipped; flows between marked steps as taken, where there is
    no doubt.
    """
    notes = notes or {}
    known = {state.value: state for state in MarkState}
    marks = {
        id: Mark(known[state], *notes.get(id, ("", "")))
        for id, state in states.items()
        if state in known and id in diagram.elements
    }
    live = _reachable(diagram, [id for id, mark in marks.items() if mark.state is not MarkState.DONE])
    for node in diagram.nodes():
        if node.id not in marks and node.id not in live:
            marks[node.id] = Mark(MarkState.SKIPPED)
    for flow in diagram.flows():
        if _surely_taken(diagram, flow, marks):
            marks[flow.id] = Mark(MarkState.DONE)
    return marks


def _reachable(diagram: Diagram, active: list[str]) -> set[str]:
    live: set[str] = set()
    waiting = [node for id in active if isinstance(node := diagram.elements[id], FlowNode)]
    if not waiting:
        return live
    # while a case runs, what reacts to events can happen at any time
    waiting += [node for node in diagram.nodes() if node.event_subprocess]
    edges: dict[str, list[FlowNode]] = {}
    inside: dict[str, list[FlowNode]] = {}
    for node in diagram.nodes():
        inside.setdefault(node.scope, []).append(node)
        if node.attached_to:
            edges.setdefault(node.attached_to, []).append(node)
    while waiting:
        node = waiting.pop()
        if node.id in live:
            continue
        live.add(node.id)
        for id in node.outgoing:
            flow = diagram.elements.get(id)
            target = diagram.elements.get(flow.target) if isinstance(flow, Flow) else None
            if isinstance(target, FlowNode):
                waiting.append(target)
        waiting += edges.get(node.id, ())
        if node.id not in active:
            waiting += inside.get(node.id, ())
        holder = diagram.elements.get(node.scope)
        if isinstance(holder, FlowNode):
            waiting.append(holder)
    return live


def _surely_taken(diagram: Diagram, flow: Flow, marks: Mapping[str, Mark]) -> bool:
    source, target = diagram.elements.get(flow.source), diagram.elements.get(flow.target)
    if not isinstance(source, FlowNode) or not isinstance(target, FlowNode):
        return False
    if source.id not in marks or target.id not in marks or marks[source.id].state is not MarkState.DONE:
        return False
    if marks[target.id].state is MarkState.SKIPPED:
        return False
    parallel = source.kind == "parallelGateway" or source.kind not in GATEWAYS
    return parallel or len(target.incoming) == 1
