"""How steps behave, as far as checks need it: who waits, and for what."""

from __future__ import annotations

from collections.abc import Mapping

from workflow_runtime.diagram.model import Diagram, FlowNode

_WAITING_TASKS = frozenset({"userTask", "manualTask", "receiveTask"})
_WAITING_EVENTS = frozenset({"timer", "message", "signal", "conditional"})


def waits(
    node: FlowNode, diagram: Diagram, processes: Mapping[str, Diagram], _inside: frozenset[str] = frozenset()
) -> bool:
    """Whether a token that reaches the step stays until a person, a clock or a message moves it on.

    A service task does not count: its machine work follows at once. A sub-process or a called process waits when
    something in it does; a called process nobody knows is given the benefit of the doubt.
    """
    if node.kind in _WAITING_TASKS or node.kind == "eventBasedGateway":
        return True
    if node.kind == "intermediateCatchEvent":
        return any(event.kind in _WAITING_EVENTS for event in node.events)
    if node.kind in ("subProcess", "transaction", "adHocSubProcess"):
        return any(waits(inner, diagram, processes, _inside) for inner in diagram.nodes(node.id))
    if node.kind == "callActivity":
        called = node.called or ""
        home = diagram if called in diagram.processes else processes.get(called)
        if home is None or called in _inside:
            return called not in _inside
        return any(
            waits(inner, home, processes, _inside | {called})
            for inner in home.nodes()
            if home.process_of(inner) == called and inner.scope == called
        )
    return False
