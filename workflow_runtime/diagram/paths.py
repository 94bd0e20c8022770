"""Rules about every path of a process: what must come before what, what must never wait for what, what follows at once.

A step may stand at any depth: in a sub-process, in an event sub-process, in a called process.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from workflow_runtime.diagram import stories
from workflow_runtime.diagram.behaviour import waits
from workflow_runtime.diagram.context import PathRuleLike
from workflow_runtime.diagram.model import SUBPROCESSES, Diagram, FlowNode
from workflow_runtime.diagram.nets import Net, TooMany, net_of
from workflow_runtime.diagram.soundness import Fault, FaultKind
from workflow_runtime.diagram.states import States


@dataclass(frozen=True, slots=True)
class BrokenPath:
    """A path that breaks a rule: the step it leads to, the story in words, the ids to mark."""

    element: str
    told: tuple[str, ...]
    marks: tuple[str, ...]
    decided: bool = True  #: False: the scope `element` has more states than were visited


def broken(
    diagram: Diagram, process: str, rule: PathRuleLike, processes: Mapping[str, Diagram], bound: int
) -> Iterator[BrokenPath]:
    """The paths of a process that break a rule, one for each step the rule protects (or, at-once, for each first)."""
    question = _Question(diagram, rule, processes, bound)
    scopes = [process, *_event_subprocesses(diagram, process)]
    match rule.rule:
        case "require":
            for scope in scopes:
                yield from question.without(scope)
        case "forbid":
            for scope in scopes:
                yield from question.behind(scope)
        case "at-once":
            yield from question.at_once(process)


def way_to(diagram: Diagram, node: FlowNode) -> tuple[FlowNode, ...]:
    """The shortest way, as drawn, from a beginning of its scope to a step; the step alone when nothing leads there."""
    came_from: dict[str, str] = {}
    begins = [each for each in diagram.nodes(node.scope) if not each.incoming and each.attached_to is None]
    waiting = [each.id for each in begins]
    seen = set(waiting)
    while waiting:
        here = waiting.pop(0)
        if here == node.id:
            way = [here]
            while way[-1] in came_from:
                way.append(came_from[way[-1]])
            return tuple(diagram.node(id) for id in reversed(way))
        for target in _next(diagram, here):
            if target not in seen:
                seen.add(target)
                came_from[target] = here
                waiting.append(target)
    return (node,)


@dataclass(frozen=True, slots=True)
class _Question:
    """One rule asked of one diagram."""

    diagram: Diagram
    rule: PathRuleLike
    processes: Mapping[str, Diagram]
    bound: int

    def _holds(self, node: FlowNode, what: tuple[str, ...]) -> bool:
        return any(_does(node, self.diagram, each, self.processes) for each in what)

    def _named(self, scope: str) -> tuple[set[str], set[str]]:
        """The steps of a scope that are, or hold, what the rule names before and after."""
        nodes = [node for node in self.diagram.nodes(scope) if not node.event_subprocess]
        before = {node.id for node in nodes if self._holds(node, tuple(self.rule.before))}
        return before, {node.id for node in nodes if self._holds(node, tuple(self.rule.after))}

    # --- require ------------------------------------------------------------------------------------------------

    def without(self, scope: str) -> Iterator[BrokenPath]:
        """Steps that can be reached in a scope from which the required steps have been taken out."""
        before, after = self._named(scope)
        if not after:
            return
        try:
            net = net_of(self.diagram, scope)
        except TooMany:
            yield BrokenPath(scope, (), (), decided=False)
            return
        for goals, taken_out in [(after - before, before), *(({both}, before - {both}) for both in after & before)]:
            if not goals:
                continue
            # A required step that never happens blocks whatever waits for it; what still happens did not wait.
            moves = [move for move in net.transitions if not move.nodes & taken_out]
            rest = Net(moves, net.names, net.nodes, net.initial)
            states = States(rest, self.bound, goals=frozenset(goals))
            reached = states.ways_to_goals()
            if not states.complete and goals - reached.keys():
                yield BrokenPath(scope, (), (), decided=False)
            for element, way in reached.items():
                yield from self._reached(net, element, [rest.transitions[number].parts[0] for number in way])

    def _reached(self, net: Net, element: str, way: list[int]) -> Iterator[BrokenPath]:
        """A step reached too early; a sub-process that holds it is asked for the step inside."""
        node = self.diagram.node(element)
        if node.kind in SUBPROCESSES and not _own(node, tuple(self.rule.after)):
            yield from self.without(element)
            return
        if self._holds(node, tuple(self.rule.before)):
            return  # a called process that does both is asked when it is checked itself
        moves = [net.transitions[number] for number in way]
        story = tuple(
            (min(move.nodes), net.names[next(iter(move.post))] if len(move.post) == 1 else "")
            for move in moves
            if move.nodes
        )
        fault = Fault(FaultKind.RUNS_TWICE, element, tuple(dict.fromkeys(story)))
        yield BrokenPath(element, tuple(stories.story(self.diagram, fault)), stories.marks(fault))

    # --- forbid -------------------------------------------------------------------------------------------------

    def behind(self, scope: str) -> Iterator[BrokenPath]:
        """Steps that stand somewhere behind one of the others."""
        before, after = self._named(scope)
        for first in sorted(before):
            came_from: dict[str, str] = {}
            waiting = [first]
            while waiting:
                here = waiting.pop(0)
                for target in _next(self.diagram, here):
                    if target not in came_from:
                        came_from[target] = here
                        waiting.append(target)
            for goal in sorted(after & came_from.keys() - {first}):
                way = [goal]
                while way[-1] != first:
                    way.append(came_from[way[-1]])
                names = [_name(self.diagram.node(id)) for id in reversed(way)]
                yield BrokenPath(goal, tuple(names), tuple(reversed(way)))
        for both in sorted(before & after):
            if self.diagram.node(both).kind in SUBPROCESSES:
                yield from self.behind(both)

    # --- at once ------------------------------------------------------------------------------------------------

    def at_once(self, process: str) -> Iterator[BrokenPath]:
        """Ways from a first step to something that waits, or to an end, before the second step was done."""
        for node in self.diagram.nodes():
            if self.diagram.process_of(node) != process or node.kind in SUBPROCESSES:
                continue
            if self._holds(node, tuple(self.rule.before)) and not self._holds(node, tuple(self.rule.after)):
                way = _Walk(self).leaving(_Place(self.diagram, node))
                if way is not None:
                    names = (_name(each) for each in (node, *way))
                    yield BrokenPath(node.id, tuple(names), tuple(each.id for each in (node, *way)))


@dataclass(frozen=True, slots=True)
class _Place:
    """A step, and the sub-processes and calls around it that the walk has entered."""

    diagram: Diagram
    node: FlowNode
    above: _Place | None = None


@dataclass(slots=True)
class _Walk:
    """Forward from a step, through machine steps and choices only; None: the second step comes at once."""

    question: _Question
    seen: set[tuple[int, str]] = field(default_factory=set)

    def leaving(self, place: _Place) -> tuple[FlowNode, ...] | None:
        node, diagram = place.node, place.diagram
        if not node.outgoing:
            above = place.above or _around(place)
            return () if above is None else self.leaving(above)
        targets = [diagram.node(target) for target in _targets(diagram, node)]
        ways = [self._at(_Place(diagram, target, place.above)) for target in targets]
        together = node.kind == "parallelGateway" or not any(diagram.flow(id).condition for id in node.outgoing)
        if node.kind in ("exclusiveGateway", "inclusiveGateway", "complexGateway"):
            together = False
        if together and None in ways:
            return None  # one of the branches that go on side by side does it
        return next((way for way in ways if way is not None), None)

    def _at(self, place: _Place) -> tuple[FlowNode, ...] | None:
        node, diagram = place.node, place.diagram
        if _own(node, tuple(self.question.rule.after)) or (id(diagram), node.id) in self.seen:
            return None
        self.seen.add((id(diagram), node.id))
        scope = (node.called or "") if node.kind == "callActivity" else node.id
        inside = self.question.processes.get(scope, diagram)
        starts = [each for each in inside.nodes(scope) if each.kind == "startEvent"] if scope in inside.scopes else []
        if starts:
            ways = [self.leaving(_Place(inside, start, place)) for start in starts]
            way = next((way for way in ways if way is not None), None)
        elif (node.kind == "parallelGateway" and len(node.incoming) > 1) or waits(
            node, diagram, self.question.processes
        ):
            return (node,)
        else:
            way = self.leaving(place)
        return None if way is None else (node, *way)


def _around(place: _Place) -> _Place | None:
    """The sub-process around a step from which the walk has set out."""
    scope = place.diagram.scopes.get(place.node.scope)
    if scope is None or scope.parent is None or scope.event_subprocess:
        return None
    return _Place(place.diagram, place.diagram.node(scope.id))


def _next(diagram: Diagram, here: str) -> Iterator[str]:
    """The steps right behind a step, its border events' included."""
    for node in (diagram.node(here), *diagram.boundary_events(here)):
        yield from _targets(diagram, node)


def _targets(diagram: Diagram, node: FlowNode) -> Iterator[str]:
    for flow in node.outgoing:
        target = diagram.flow(flow).target
        if isinstance(diagram.elements.get(target), FlowNode):
            yield target


def _event_subprocesses(diagram: Diagram, process: str) -> list[str]:
    """The event sub-processes of a process, at any depth: each begins by itself."""
    return [
        node.id
        for node in diagram.nodes()
        if node.event_subprocess and node.id in diagram.scopes and diagram.process_of(node) == process
    ]


def _name(node: FlowNode) -> str:
    return node.name or node.id


def _own(node: FlowNode, what: tuple[str, ...]) -> bool:
    """Whether a step itself is one of what a rule names."""
    return any(_is(node, each) for each in what)


def _is(node: FlowNode, what: str) -> bool:
    """process:…, handler:…[#part], document:…, property:…[=value], element:…"""
    kind, _colon, name = what.partition(":")
    name, _hash, part = name.partition("#")
    match kind:
        case "process":
            return node.called == name
        case "handler":
            return node.job == name and (not part or any(f'"{part}"' in mapped.source for mapped in node.inputs))
        case "document":
            return node.properties.get("xb:document") == name
        case "property":
            key, equals, value = name.partition("=")
            return key in node.properties and (not equals or node.properties[key] == value)
        case "element":
            return node.id == name
    return False


def _does(
    node: FlowNode,
    diagram: Diagram,
    what: str,
    processes: Mapping[str, Diagram],
    inside: frozenset[str] = frozenset(),
) -> bool:
    """Whether a step is, or holds, what a rule names."""
    if _is(node, what):
        return True
    if node.kind in SUBPROCESSES and not node.event_subprocess:
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
