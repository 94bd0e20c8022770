"""Rules about every path of a process: what must come before what, and what must never have to wait for what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from workflow_runtime.diagram import stories
from workflow_runtime.diagram.context import PathRuleLike
from workflow_runtime.diagram.model import Diagram, FlowNode
from workflow_runtime.diagram.nets import Net, TooMany, net_of
from workflow_runtime.diagram.soundness import Fault, FaultKind, States


@dataclass(frozen=True, slots=True)
class BrokenPath:
    """A path that breaks a rule: the step it leads to, the story in words, the ids to mark."""

    element: str
    told: tuple[str, ...]
    marks: tuple[str, ...]


def broken(
    diagram: Diagram, process: str, rule: PathRuleLike, processes: Mapping[str, Diagram], bound: int
) -> Iterator[BrokenPath]:
    """The paths of a process that break a rule, one for each step the rule protects."""
    nodes = list(diagram.nodes(process))
    before = {node.id for node in nodes if any(_does(node, diagram, what, processes) for what in rule.before)}
    after = {node.id for node in nodes if any(_does(node, diagram, what, processes) for what in rule.after)}
    if rule.rule == "require":
        yield from _without(diagram, process, before - after, after, processes, bound)
    else:
        yield from _behind(diagram, before, after)


def _without(
    diagram: Diagram, process: str, before: set[str], after: set[str], processes: Mapping[str, Diagram], bound: int
) -> Iterator[BrokenPath]:
    """Steps that can be reached in a process from which the required steps have been taken out."""
    if not after:
        return
    try:
        net = net_of(diagram, process)
    except TooMany:
        return
    # A required step that never happens blocks whatever waits for it; what still happens did not wait.
    rest = Net([move for move in net.transitions if not move.nodes & before], net.names, net.nodes, net.initial)
    states = States(rest, bound, goals=frozenset(after))
    for element, way in states.ways_to_goals().items():
        moves = [rest.transitions[number] for number in way]
        story = tuple(
            (min(move.nodes), net.names[next(iter(move.post))] if len(move.post) == 1 else "")
            for move in moves
            if move.nodes
        )
        fault = Fault(FaultKind.RUNS_TWICE, element, tuple(dict.fromkeys(story)))
        yield BrokenPath(element, tuple(stories.story(diagram, fault)), stories.marks(fault))


def _behind(diagram: Diagram, before: set[str], after: set[str]) -> Iterator[BrokenPath]:
    """Steps that stand somewhere behind one of the others."""
    for first in sorted(before):
        came_from: dict[str, str] = {}
        waiting = [first]
        while waiting:
            here = waiting.pop(0)
            ways = [flow for id in (here, *_border(diagram, here)) for flow in diagram.node(id).outgoing]
            for flow in ways:
                target = diagram.flow(flow).target
                if (
                    target in diagram.elements
                    and target not in came_from
                    and isinstance(diagram.elements[target], FlowNode)
                ):
                    came_from[target] = here
                    waiting.append(target)
        for goal in sorted(after & came_from.keys() - {first}):
            way = [goal]
            while way[-1] != first:
                way.append(came_from[way[-1]])
            names = [diagram.elements[id].name or id for id in reversed(way)]
            yield BrokenPath(goal, tuple(names), tuple(reversed(way)))


def _border(diagram: Diagram, activity: str) -> list[str]:
    return [event.id for event in diagram.boundary_events(activity)]


def _does(
    node: FlowNode,
    diagram: Diagram,
    what: str,
    processes: Mapping[str, Diagram],
    inside: frozenset[str] = frozenset(),
) -> bool:
    """Whether a step is, or holds, what a rule names: process:…, handler:…[#part], document:…, property:…"""
    kind, _colon, name = what.partition(":")
    name, _hash, part = name.partition("#")
    own = {
        "process": node.called == name,
        "handler": node.job == name and (not part or any(f'"{part}"' in mapped.source for mapped in node.inputs)),
        "document": node.properties.get("xb:document") == name,
        "property": name in node.properties,
        "element": node.id == name,
    }.get(kind, False)
    if own:
        return True
    if node.kind == "subProcess" and not node.event_subprocess:
        return any(_does(inner, diagram, what, processes, inside) for inner in diagram.nodes(node.id))
    called = node.called or ""
    home = processes.get(called)
    if home is None or called in inside:
        return False
    return any(
        _does(inner, home, what, processes, inside | {called})
        for inner in home.nodes()
        if home.process_of(inner) == called
    )
