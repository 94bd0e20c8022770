"""Can every case finish? The verdict on each scope of a diagram, with the shortest story of what goes wrong.

A scope is sound when, from every state it can reach, it can finish; nothing runs twice unseen; and nothing in it is
dead. The net of a scope (nets.py) is first made smaller (reduction.py), then every state it can reach is visited, up
to a bound (states.py); where that is not enough, independent moves in one order only (stubborn.py). Beyond the bound
the answer is "not decided", never a guess.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from workflow_runtime.diagram.model import Diagram, FlowNode
from workflow_runtime.diagram.nets import (
    THROWN,
    Net,
    Part,
    TooMany,
    catches,
    is_thrown,
    net_of,
    parts_of,
)
from workflow_runtime.diagram.reduction import reduced
from workflow_runtime.diagram.states import States
from workflow_runtime.diagram.stubborn import FewerStates

BOUND = 20_000


class FaultKind(StrEnum):
    """What can be wrong with a scope."""

    STUCK = "stuck"  #: tokens are left and nothing can move any more
    RUNS_TWICE = "runs-twice"  #: a flow or step gets a second token while it still has one
    NEVER_ENDS = "never-ends"  #: things move for ever, but the end cannot be reached
    CUTS_OFF = "cuts-off"  #: a terminate end event ends work that is still going on elsewhere
    NEVER_HAPPENS = "never-happens"  #: an element that no case ever reaches


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `story`: (element, flow taken or "") in order; `tokens`: flows and steps where tokens are then."""

    kind: FaultKind
    element: str
    story: tuple[tuple[str, str], ...] = ()
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of one scope. `decided` is False when the bound was reached first."""

    scope: str
    decided: bool
    faults: tuple[Fault, ...] = ()
    states: int = 0

    @property
    def sound(self) -> bool:
        """Whether it is certain that every case can finish."""
        return self.decided and not self.faults


def soundness(
    diagram: Diagram, *, bound: int = BOUND, processes: Mapping[str, Diagram] = MappingProxyType({})
) -> Iterator[Verdict]:
    """The verdict on every executable process, what it calls in the same file, and every sub-process; outer first.

    Where no process says it is executable, all are judged: a drawing can be wrong before anybody means to run it.
    `processes`: other diagrams by the processes they hold, asked only whether a call of them can come back.
    """
    running = {id for id in diagram.processes if id in diagram.scopes and diagram.scopes[id].executable}
    running = running or set(diagram.processes)
    running |= {node.called or "" for node in diagram.nodes() if node.kind == "callActivity"}
    inside = _Inside(diagram, bound, {**processes, **dict.fromkeys(diagram.processes, diagram)})
    for scope in diagram.scopes.values():
        top = scope
        while top.parent is not None:
            top = diagram.scopes[top.parent]
        if top.id in running and scope.kind in ("process", "subProcess", "transaction") and scope.nodes:
            parts = [_verdict(diagram, scope.id, part, bound, inside) for part in parts_of(diagram, scope.id)]
            unthrown = [
                Fault(FaultKind.NEVER_HAPPENS, start.id)
                for node in diagram.nodes(scope.id)
                if node.event_subprocess
                for start in diagram.nodes(node.id)
                if start.kind == "startEvent" and not is_thrown(start, diagram, scope.id)
            ]
            yield Verdict(
                scope.id,
                all(part.decided for part in parts),
                (*(fault for part in parts for fault in part.faults), *unthrown),
                sum(part.states for part in parts),
            )


@dataclass(slots=True)
class _Inside:
    """What is known of the insides of sub-processes and called processes: whether they can end as drawn."""

    diagram: Diagram
    bound: int
    processes: Mapping[str, Diagram]
    known: dict[tuple[str, str], bool] = field(default_factory=dict)

    def completes(self, node: FlowNode) -> bool:
        """Whether a step can be done; a sub-process that ends only by what it throws cannot, nor a call of such."""
        home, scope = self.diagram, node.id
        if node.kind == "callActivity":
            scope = node.called or ""
            home = self.processes.get(scope, home)
        elif node.kind not in ("subProcess", "transaction"):
            return True
        if scope not in home.scopes or node.event_subprocess:
            return True
        if (node.id, scope) not in self.known:
            self.known[node.id, scope] = True  # a call that comes round to itself is another rule's matter
            self.known[node.id, scope] = self._can_end(node, home, scope)
        return self.known[node.id, scope]

    def _can_end(self, node: FlowNode, home: Diagram, scope: str) -> bool:
        interrupting = [event for event in self.diagram.boundary_events(node.id) if event.interrupting]
        leaving = {
            inner.id
            for inner in home.nodes(scope)
            for event in inner.events
            if (inner.kind == "endEvent" and event.kind in ("error", "cancel"))
            or (inner.kind in ("endEvent", "intermediateThrowEvent") and event.kind in THROWN
                and any(catches(border, event.kind, event.name) for border in interrupting))
        }  # fmt: skip
        others = self if home is self.diagram else _Inside(home, self.bound, self.processes, self.known)
        try:
            net = net_of(home, scope, completes=others.completes)
        except TooMany:
            return True
        abnormal = {n for n, move in enumerate(net.transitions) if move.nodes & leaving}
        if not abnormal and not any(move.clears for move in net.transitions):
            return True
        moves = [
            move
            for n, move in enumerate(net.transitions)
            if n not in abnormal and not (move.clears and not _ends(home, move.nodes))
        ]
        states = States(Net(moves, net.names, net.nodes, net.initial), self.bound)
        return 0 in states.came_from or not states.complete


def _ends(diagram: Diagram, nodes: frozenset[str]) -> bool:
    """Whether one of the elements is an end event; a step that clears its scope is one that throws outwards."""
    return any(diagram.node(id).kind == "endEvent" for id in nodes)


def _verdict(diagram: Diagram, scope: str, part: Part, bound: int, inside: _Inside) -> Verdict:
    try:
        net = net_of(diagram, scope, part, inside.completes)
    except TooMany:
        return Verdict(scope, decided=False)
    small, certain = reduced(net)
    seen = States(small, bound)
    if not seen.complete and not (seen.twice or seen.stuck) and FewerStates.suits(small):
        seen = FewerStates(small, bound)
    if not seen.complete and not (seen.twice or seen.stuck):
        return Verdict(scope, decided=False, states=len(seen.came_from))
    faults = tuple(_faults(net, small, seen, bound))
    if faults:
        return Verdict(scope, True, faults, len(seen.came_from))
    alive = certain.union(*(small.transitions[n].nodes for n in seen.fired))
    dead = tuple(Fault(FaultKind.NEVER_HAPPENS, node) for node in net.nodes if node not in alive)
    cuts = States(reduced(net, keep_ends=True)[0], bound) if any(m.clears for m in net.transitions) else seen
    cut_off = tuple(_cut_off(diagram, net, cuts, bound)) if cuts.cut else ()
    return Verdict(scope, cuts.complete or bool(cut_off), (*cut_off, *dead), len(cuts.came_from))


def _faults(net: Net, small: Net, seen: States, bound: int) -> Iterator[Fault]:
    """One fault of each kind; its story is the shortest one as far as the whole net can be searched."""
    if not (seen.twice or seen.stuck or seen.endless):
        return
    whole = States(net, bound)
    if seen.twice:
        state, number = whole.twice[0] if whole.twice else seen.twice[0]
        source = whole if whole.twice else seen
        way = [*source.way_to(state), number]
        yield _told(net, FaultKind.RUNS_TWICE, source.parts(way))
    if seen.stuck:
        source = whole if whole.stuck else seen
        yield _told(net, FaultKind.STUCK, source.parts(source.way_to(source.stuck[0])))
    if seen.endless and not seen.stuck and not seen.twice:
        source = whole if whole.complete and whole.endless else seen
        yield _told(net, FaultKind.NEVER_ENDS, source.parts(source.way_to(source.endless[0])))


def _cut_off(diagram: Diagram, net: Net, small: States, bound: int) -> Iterator[Fault]:
    """Terminate end events that are reached while other tokens are about; the first way there for each."""
    told: set[str] = set()
    for source in (States(net, bound), small):  # the whole net has the shortest story, where it can be searched
        for state, number in source.cut:
            way = source.parts([*source.way_to(state), number])
            element = min(net.transitions[way[-1]].nodes)
            kinds = {event.kind for event in diagram.node(element).events}
            if "terminate" in kinds and element not in told:
                told.add(element)
                yield _told(net, FaultKind.CUTS_OFF, way)


def _told(net: Net, kind: FaultKind, parts: list[int]) -> Fault:
    """Walk the moves of the whole net and say what a reader of the diagram would see."""
    marked = set(net.initial)
    story: list[tuple[str, str]] = []
    element = ""
    for part in parts:
        move = net.transitions[part]
        element = next(iter(sorted(move.nodes)), element)
        taken = net.names[next(iter(move.post))] if len(move.post) == 1 else ""
        story.append((element, taken if taken != element else ""))
        again = (marked - move.pre) & move.post
        if kind is FaultKind.CUTS_OFF and part == parts[-1]:
            marked -= move.pre
            break
        marked = set() if move.clears else (marked - move.pre) | move.post
        if again and kind is FaultKind.RUNS_TWICE:
            break
    if kind is FaultKind.STUCK:
        element = _who_waits(net, marked) or element
    if not element:
        element = next((min(move.nodes) for move in net.transitions if move.pre == net.initial and move.nodes), "")
    told = [step for at, step in enumerate(story) if at == 0 or step != story[at - 1]]
    return Fault(kind, element, tuple(told), tuple(sorted({net.names[place] for place in marked})))


def _who_waits(net: Net, marked: set[int]) -> str | None:
    """The gateway that has some of its tokens and waits in vain for the rest."""
    for move in net.transitions:
        if move.pre & marked and not move.pre <= marked:
            return next(iter(sorted(move.nodes)), None)
    return None
