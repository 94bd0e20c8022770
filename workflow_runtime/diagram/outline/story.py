"""The order in which a procedure is told: branch by branch, a meeting point after all that lead to it."""

from __future__ import annotations

from dataclasses import dataclass

from workflow_runtime.diagram.model import Diagram, FlowNode

SHORT = 8


@dataclass(frozen=True, slots=True)
class Story:
    """The steps of one scope in the order they are told, and which of its flows lead back."""

    order: tuple[str, ...]
    back: frozenset[str]


def story(diagram: Diagram, scope: str) -> Story:
    """Tell one scope: steps on flows first, exceptions at their steps after the main way, loose ones last."""
    nodes = [diagram.node(id) for id in diagram.scope(scope).nodes if isinstance(diagram.elements.get(id), FlowNode)]
    here = {node.id for node in nodes}
    edges: dict[str, list[str]] = {}
    for node in nodes:
        if node.kind == "boundaryEvent" and node.attached_to in here and node.attached_to != node.id:
            edges.setdefault(node.attached_to, []).append(node.id)
    leaving: dict[str, list[tuple[str, str]]] = {node.id: [] for node in nodes}
    entered: dict[str, int] = dict.fromkeys(here, 0)
    for node in nodes:
        flows = [diagram.flow(id) for id in node.outgoing if id in diagram.elements]
        # the default way is told last, as "otherwise"
        flows.sort(key=lambda flow: flow.id == node.default)
        for flow in flows:
            if flow.target in here:
                leaving[node.id].append((flow.id, flow.target))
                entered[flow.target] += 1
        for edge in edges.get(node.id, ()):
            leaving[node.id].append(("", edge))
            entered[edge] += 1
    roots = sorted(nodes, key=lambda node: (entered[node.id] > 0, node.kind != "startEvent", node.event_subprocess))
    back = _back(roots, leaving)
    waiting = dict.fromkeys(here, 0)
    for id in here:
        for way, target in leaving[id]:
            if way not in back:
                waiting[target] += 1
    reach = _reach(leaving, back)
    order: list[str] = []
    told: set[str] = set()
    for root in roots:
        stack = [root.id] if root.id not in told and not waiting[root.id] else []
        while stack:
            id = stack.pop()
            if id in told:
                continue
            told.add(id)
            order.append(id)
            following = []
            for way, target in leaving[id]:
                if way not in back:
                    waiting[target] -= 1
                    if not waiting[target]:
                        following.append(target)
            # a short way out is told before the long way on, so that nobody has to remember it
            following.sort(key=lambda target: reach[target] > SHORT)
            stack.extend(reversed(following))
    order += [node.id for node in nodes if node.id not in told]
    return Story(tuple(order), frozenset(back))


def _reach(leaving: dict[str, list[tuple[str, str]]], back: set[str]) -> dict[str, int]:
    """How many steps come after each one, counted no further than it matters."""
    reach: dict[str, int] = {}
    for start in leaving:
        seen, stack = {start}, [start]
        while stack and len(seen) <= SHORT + 1:
            for flow, target in leaving[stack.pop()]:
                if flow not in back and target not in seen:
                    seen.add(target)
                    stack.append(target)
        reach[start] = len(seen)
    return reach


def _back(roots: list[FlowNode], leaving: dict[str, list[tuple[str, str]]]) -> set[str]:
    """Flows that lead to a step the story has come through on the way here."""
    back: set[str] = set()
    open_: set[str] = set()
    done: set[str] = set()
    for root in roots:
        if root.id in done:
            continue
        stack = [(root.id, 0)]
        open_.add(root.id)
        while stack:
            id, number = stack.pop()
            if number == len(leaving[id]):
                open_.discard(id)
                done.add(id)
                continue
            stack.append((id, number + 1))
            flow, target = leaving[id][number]
            if target in open_:
                back.add(flow)
            elif target not in done:
                open_.add(target)
                stack.append((target, 0))
    return back
