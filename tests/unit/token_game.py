"""The token game played straight from the drawing, one token at a time: slow, plain, and written without the checker.

The soundness check translates, reduces and counts bits; this walks flows and steps as the standard describes them and
remembers every state it has seen. The two must agree on every net small enough to be walked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations

from workflow_runtime.diagram import Diagram, FlowNode

#: A token rests on a flow (its id), or in a step: (step, events on its border that have already happened).
Spot = str | tuple[str, frozenset[str]]
State = frozenset[Spot]


@dataclass(slots=True)
class Played:
    """Everything that can happen in a scope."""

    stuck: bool = False
    twice: bool = False
    endless: bool = False
    cut: bool = False
    worked: set[str] = field(default_factory=set)
    states: int = 0


class TooBig(Exception):
    """More states than anybody wants to walk through."""


class Game:
    """The game on one scope."""

    def __init__(self, diagram: Diagram, scope: str) -> None:
        self.diagram = diagram
        self.nodes = {node.id: node for node in diagram.nodes(scope)}
        self.border = {id: diagram.boundary_events(id) for id in self.nodes}
        self.aside = {
            event.id
            for node in self.nodes
            for event in self.border[node]
            if not event.interrupting and self._stands_alone(event.id)
        }

    def _behind(self, start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            id = waiting.pop()
            if id not in seen:
                seen.add(id)
                waiting += [self.diagram.flow(flow).target for flow in self.nodes[id].outgoing]
                waiting += [event.id for event in self.border[id]]
        return seen

    def _stands_alone(self, event: str) -> bool:
        """Whether a branch is its own: no flow from elsewhere leads into it, and it ends nothing but itself."""
        inside = self._behind(event)
        alone = all(flow.target not in inside or flow.source in inside for flow in self.diagram.flows())
        alone = alone and self.nodes[event].attached_to not in inside
        return alone and not any(self._ends_everything({id}) for id in inside)

    def play(self, most: int) -> Played:
        """Walk through every state, branches that stand alone by themselves; raises TooBig beyond `most`."""
        starts = [id for id, node in self.nodes.items() if node.kind == "startEvent"]
        whole = Played()
        for start in (*starts, *sorted(self.aside)):
            played = self._play(self.nodes[start], most)
            whole.worked |= played.worked
            whole.stuck |= played.stuck
            whole.twice |= played.twice
            whole.endless |= played.endless
            whole.cut |= played.cut
            whole.states += played.states
        return whole

    def _play(self, start: FlowNode, most: int) -> Played:
        played = Played()
        played.worked.add(start.id)
        first: State = frozenset(start.outgoing)
        seen, waiting = {first}, [first]
        before: dict[State, set[State]] = {}
        ends: set[State] = set()
        while waiting:
            state = waiting.pop()
            moves = list(self.moves(state))
            if not moves:
                ends.add(state)
                played.stuck |= bool(state)
            for worked, taken, put in moves:
                played.worked.update(worked)
                played.cut |= self._ends_everything(worked) and len(taken) > 1
                rest = state - taken
                if rest & put or len(rest) + len(put) > len(rest | put) or self._rests(rest) & self._rests(put):
                    played.twice = True
                    ends.add(state)
                    continue
                after = rest | put
                before.setdefault(after, set()).add(state)
                if after not in seen:
                    seen.add(after)
                    waiting.append(after)
                    if len(seen) > most:
                        raise TooBig
        finishing, back = set(ends), list(ends)
        while back:
            for state in before.get(back.pop(), ()):
                if state not in finishing:
                    finishing.add(state)
                    back.append(state)
        played.endless = bool(seen - finishing)
        played.states = len(seen)
        return played

    def _ends_everything(self, worked: set[str]) -> bool:
        return any(event.kind == "terminate" for id in worked for event in self.nodes[id].events)

    def _rests(self, spots: frozenset[Spot]) -> set[str]:
        return {spot[0] for spot in spots if isinstance(spot, tuple)}

    def moves(self, state: State) -> Iterator[tuple[set[str], State, State]]:
        """Every move: who works, which tokens are taken, which are put."""
        for node in self.nodes.values():
            here = [flow for flow in node.incoming if flow in state]
            match node.kind:
                case "parallelGateway":
                    if here and len(here) == len(node.incoming):
                        yield {node.id}, frozenset(here), frozenset(node.outgoing)
                case "inclusiveGateway":
                    if here and (len(node.incoming) == 1 or self.no_more_can_come(node, state)):
                        for size in range(1, len(node.outgoing) + 1):
                            for chosen in combinations(node.outgoing, size):
                                yield {node.id}, frozenset(here), frozenset(chosen)
                case "exclusiveGateway":
                    for flow in here:
                        for out in node.outgoing:
                            yield {node.id}, frozenset({flow}), frozenset({out})
                case "endEvent":
                    for flow in here:
                        everything = any(event.kind == "terminate" for event in node.events)
                        yield {node.id}, state if everything else frozenset({flow}), frozenset()
                case "boundaryEvent" | "startEvent":
                    pass
                case _:
                    for flow in here:
                        yield {node.id}, frozenset({flow}), frozenset({(node.id, frozenset[str]())})
                    yield from self._inside(node, state)

    def _inside(self, node: FlowNode, state: State) -> Iterator[tuple[set[str], State, State]]:
        for spot in state:
            if not isinstance(spot, tuple) or spot[0] != node.id:
                continue
            taken: State = frozenset({spot})
            yield {node.id}, taken, frozenset(node.outgoing)
            for event in self.border[node.id]:
                if event.id in self.aside:
                    continue
                if event.interrupting:
                    yield {event.id}, taken, frozenset(event.outgoing)
                elif event.id not in spot[1]:
                    still: Spot = (node.id, spot[1] | {event.id})
                    yield {event.id}, taken, frozenset({still, *event.outgoing})

    def no_more_can_come(self, gateway: FlowNode, state: State) -> bool:
        """BPMN 2.0.2, 13.4.3, word for word."""
        full = [flow for flow in gateway.incoming if flow in state]
        empty = [flow for flow in gateway.incoming if flow not in state]
        for spot in state - frozenset(full):
            reached = self._reach(spot, gateway.id)
            if any(flow in reached for flow in empty) and not any(flow in reached for flow in full):
                return False
        return True

    def _reach(self, spot: Spot, without: str) -> set[str]:
        waiting: list[str] = []
        if isinstance(spot, tuple):
            waiting.extend(self.nodes[spot[0]].outgoing)
            for event in self.border[spot[0]]:
                if event.id in self.aside:
                    continue
                if event.interrupting or event.id not in spot[1]:
                    waiting.extend(event.outgoing)
        else:
            waiting.append(spot)
        reached: set[str] = set()
        while waiting:
            flow = waiting.pop()
            if flow in reached:
                continue
            reached.add(flow)
            target = self.nodes[self.diagram.flow(flow).target]
            if target.id != without:
                waiting.extend(target.outgoing)
                for event in self.border[target.id]:
                    if event.id not in self.aside:
                        waiting.extend(event.outgoing)
        return reached
