"""The token game of one scope as a net: places that hold at most one token, transitions that move tokens.

A *scope* is a process or the inside of a sub-process; each is a net of its own, and from outside a sub-process or a
called process is one step that lasts. That is exact for what soundness asks, because a scope that can always finish
behaves like a step that does; one that can only end by what it throws has no other way out.

What the translation assumes:

- persons act, timers fire, messages and signals arrive: what may happen, can happen;
- conditions may come out either way (rules/house looks at the conditions themselves);
- an event that does not interrupt happens at most once in each activation of its step;
- what stands behind such an event and never joins anything else is judged by itself: a reminder may be sent again
  while an earlier one is still open;
- a step for many items, or repeated as a loop, counts as one step;
- interruption from outside never excuses a scope that is stuck.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from itertools import combinations

from workflow_runtime.diagram.model import ACTIVITIES, Diagram, FlowNode

#: More ways out of (or into) an inclusive gateway than this are not unfolded into all their combinations.
MOST_INCLUSIVE_WAYS = 8
#: A scope with more transitions than this is not searched.
MOST_TRANSITIONS = 6_000


class TooMany(Exception):
    """The scope has more combinations than are ever unfolded."""


@dataclass(frozen=True, slots=True)
class Transition:
    """A move of tokens. `nodes`: the elements that have worked when it fires; `parts`: the moves it is made of."""

    pre: frozenset[int]
    post: frozenset[int]
    nodes: frozenset[str]
    parts: tuple[int, ...] = ()
    joins_any: bool = False  #: inclusive join: takes the tokens that are there, when no further one can come
    clears: bool = False  #: terminate: takes every token of the scope


@dataclass(slots=True)
class Net:
    """Places are numbers; `names` says which flow (or activity, in which a token rests) a place is."""

    transitions: list[Transition] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    nodes: tuple[str, ...] = ()  #: the elements that should all be able to work, in document order
    initial: frozenset[int] = frozenset()
    begun: tuple[int, ...] = ()  #: moves of the whole net that lie before `initial`

    def place(self, name: str) -> int:
        """A new place."""
        self.names.append(name)
        return len(self.names) - 1

    def move(self, pre: Collection[int], post: Collection[int], *nodes: str, **more: bool) -> None:
        """Add a transition."""
        number = len(self.transitions)
        if number >= MOST_TRANSITIONS:
            raise TooMany
        self.transitions.append(Transition(frozenset(pre), frozenset(post), frozenset(nodes), (number,), **more))


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a scope that is judged by itself. `entry`: the event that begins it; None for the main part."""

    nodes: frozenset[str]
    entry: str | None = None


def parts_of(diagram: Diagram, scope: str) -> list[Part]:
    """The main part of a scope, and each branch behind an event that does not interrupt and never joins anything."""
    branches = {
        event.id: region
        for event in diagram.nodes(scope)
        if event.kind == "boundaryEvent" and not event.interrupting and (region := _closed_region(diagram, event))
    }
    everything = frozenset(node.id for node in diagram.nodes(scope))
    main = Part(everything.difference(*branches.values()))
    found = [main]
    for event, region in branches.items():
        inner = [other for name, other in branches.items() if name != event and name in region]
        found.append(Part(region.difference(*inner), event))
    return found


def _always(_node: FlowNode) -> bool:
    return True


def net_of(
    diagram: Diagram, scope: str, part: Part | None = None, completes: Callable[[FlowNode], bool] = _always
) -> Net:
    """The net of a scope, or of one part of it. Raises TooMany when a gateway has too many combinations.

    `completes`: whether a sub-process or called process can end as drawn, and not only by an error.
    """
    return _Translation(diagram, scope, part, completes).net


class _Translation:
    def __init__(self, diagram: Diagram, scope: str, part: Part | None, completes: Callable[[FlowNode], bool]) -> None:
        self.diagram = diagram
        self.completes = completes
        self.net = Net()
        self._roots: dict[str, int] = {}
        self._nodes = [node for node in diagram.nodes(scope) if part is None or node.id in part.nodes]
        self._here = {node.id for node in self._nodes}
        self.net.nodes = tuple(
            node.id
            for node in self._nodes
            if not node.event_subprocess and not node.for_compensation and not _compensates(node)
        )
        self._flows = {
            flow.id: self.net.place(flow.id)
            for flow in diagram.flows(scope)
            if flow.source in self._here and flow.target in self._here
        }
        self._links = {
            node.event.name or "": self.net.place(node.id)
            for node in self._nodes
            if node.kind == "intermediateCatchEvent" and node.event is not None and node.event.kind == "link"
        }
        self._begin(part.entry if part is not None else None)
        for node in self._nodes:
            if not _begins(node) and node.kind != "boundaryEvent" and not node.event_subprocess:
                self._translate(node)

    def _begin(self, entry: str | None) -> None:
        start = self.net.place("start")
        self.net.initial = frozenset({start})
        beginnings = [self.diagram.node(entry)] if entry is not None else [n for n in self._nodes if _begins(n)]
        for node in beginnings:
            for post in self._leaving(node):
                self.net.move({start}, post, node.id)
        if not beginnings:
            # Without a start event everything that has no way in begins at once.
            self._roots = {
                node.id: self.net.place(node.id)
                for node in self._nodes
                if not node.incoming and node.attached_to is None and not node.event_subprocess
            }
            self.net.move({start}, self._roots.values())

    def _in(self, node: FlowNode) -> list[int]:
        into = [self._flows[flow] for flow in node.incoming if flow in self._flows]
        return [*into, self._roots[node.id]] if node.id in self._roots else into

    def _out(self, node: FlowNode) -> list[int]:
        return [self._flows[flow] for flow in node.outgoing if flow in self._flows]

    def _translate(self, node: FlowNode) -> None:
        into, out = self._in(node), self._out(node)
        match node.kind:
            case "parallelGateway" if into:
                self.net.move(into, out, node.id)
            case "inclusiveGateway" if len(into) > 1:
                middle = self.net.place(node.id) if len(out) > 1 else None
                self.net.move(into, out if middle is None else {middle}, node.id, joins_any=True)
                if middle is not None:
                    for post in self._some_of(node):
                        self.net.move({middle}, post, node.id)
            case "inclusiveGateway" if into:
                for post in self._some_of(node):
                    self.net.move(into, post, node.id)
            case "inclusiveGateway" | "parallelGateway":
                pass  # nothing leads to it
            case "exclusiveGateway" | "eventBasedGateway" | "complexGateway":
                for one in into:
                    for post in [frozenset({other}) for other in out] or [frozenset[int]()]:
                        self.net.move({one}, post, node.id)
            case "endEvent" if any(event.kind in ("terminate", "error", "cancel") for event in node.events):
                for one in into:
                    self.net.move({one}, set(), node.id, clears=True)
            case "intermediateThrowEvent" if node.event is not None and node.event.kind == "link":
                target = self._links.get(node.event.name or "")
                for one in into:
                    self.net.move({one}, set() if target is None else {target}, node.id)
            case "intermediateCatchEvent" if node.event is not None and node.event.kind == "link":
                self._step(node, [self._links[node.event.name or ""]])
            case _:
                self._step(node, into)

    def _step(self, node: FlowNode, into: list[int]) -> None:
        """An activity or event: one token in, one on every way out; with the events on its border."""
        border = [
            event
            for event in self.diagram.boundary_events(node.id)
            if event.id in self._here and _can_happen(event, node, self.diagram)
        ]
        completes = self.completes(node)
        if not border:
            for one in into:
                if not completes:  # what it throws goes on outwards
                    self.net.move({one}, set(), node.id, clears=True)
                    continue
                for post in self._leaving(node):
                    self.net.move({one}, post, node.id)
            return
        entry = inside = self.net.place(node.id)
        for event in border:
            if not event.interrupting:
                # Whether it will happen is decided on entry: its token may rest on its first flow meanwhile.
                later = self.net.place(node.id)
                self.net.move({inside}, {later}, node.id)
                for post in self._leaving(event):
                    self.net.move({inside}, post | {later}, event.id)
                inside = later
        for one in into:
            self.net.move({one}, {entry}, node.id)
        for post in self._leaving(node) if completes else ():
            self.net.move({inside}, post, node.id)
        if not completes and not any(event.interrupting for event in border):
            self.net.move({inside}, set(), node.id, clears=True)
        for event in border:
            if event.interrupting:
                for post in self._leaving(event):
                    self.net.move({inside}, post, event.id)

    def _leaving(self, node: FlowNode) -> Iterator[frozenset[int]]:
        """The sets of flows that may get a token when a step is done: all, or a choice when flows are conditional."""
        conditional = [self._flows[id] for id in node.outgoing if id in self._flows and self.diagram.flow(id).condition]
        if not conditional or node.kind not in ACTIVITIES:
            yield frozenset(self._out(node))
            return
        default = self._flows.get(node.default or "")
        always = frozenset(self._out(node)) - set(conditional) - {default}
        for chosen in _subsets(conditional):
            yield always | chosen
        if default is not None or always:
            yield always | ({default} if default is not None else set())

    def _some_of(self, node: FlowNode) -> Iterator[frozenset[int]]:
        """The sets of flows an inclusive gateway may choose."""
        default = self._flows.get(node.default or "")
        others = [place for place in self._out(node) if place != default]
        yield from _subsets(others)
        if default is not None:
            yield frozenset({default})
        elif not others:
            yield frozenset()


def _subsets(places: list[int]) -> Iterator[frozenset[int]]:
    if len(places) > MOST_INCLUSIVE_WAYS:
        raise TooMany
    for size in range(1, len(places) + 1):
        yield from (frozenset(chosen) for chosen in combinations(places, size))


def _compensates(event: FlowNode) -> bool:
    return event.kind == "boundaryEvent" and any(each.kind == "compensate" for each in event.events)


def _begins(node: FlowNode) -> bool:
    return node.kind == "startEvent" or (node.instantiate and not node.incoming)


def _can_happen(event: FlowNode, host: FlowNode, diagram: Diagram) -> bool:
    """Whether an event on a border can happen: an error or escalation must come from somewhere inside."""
    caught = event.event
    if caught is not None and caught.kind == "compensate":
        return False  # it waits for something else to be undone, and moves no token of its own
    return host.kind not in ("subProcess", "transaction") or is_thrown(event, diagram, host.id)


def is_thrown(event: FlowNode, diagram: Diagram, scope: str) -> bool:
    """Whether something in a scope throws what an event catches; whatever comes from outside may come."""
    caught = event.event
    if caught is None or caught.kind not in THROWN:
        return True
    return any(catches(event, kind, code) for kind, code in _thrown_inside(diagram, scope))


def catches(event: FlowNode, kind: str, code: str | None) -> bool:
    """Whether an event catches what is thrown with a code; "*" is any code, and so is an event without one."""
    caught = event.event
    return caught is not None and kind == caught.kind and (caught.name is None or code in (None, "*", caught.name))


#: what comes from inside a scope, and not from outside
THROWN = frozenset({"error", "escalation", "cancel"})


def _thrown_inside(diagram: Diagram, scope: str) -> Iterator[tuple[str, str | None]]:
    """What may come out of a sub-process: kind and code; "*" is any code."""
    for node in diagram.nodes(scope):
        for event in node.events:
            if node.kind in ("endEvent", "intermediateThrowEvent") and event.kind in THROWN:
                yield event.kind, event.name
        if node.kind in ("serviceTask", "callActivity", "sendTask", "businessRuleTask", "scriptTask"):
            yield "error", "*"
        if node.kind == "callActivity":
            yield "escalation", "*"
        if node.kind in ("subProcess", "transaction"):
            yield from _thrown_inside(diagram, node.id)


def _closed_region(diagram: Diagram, event: FlowNode) -> frozenset[str]:
    """Everything behind an event, if nothing else leads there and nothing there ends the scope; empty otherwise."""
    region: set[str] = set()
    waiting = [event.id]
    while waiting:
        id = waiting.pop()
        node = diagram.elements.get(id)
        if isinstance(node, FlowNode) and id not in region:
            region.add(id)
            waiting.extend(diagram.flow(flow).target for flow in node.outgoing)
            waiting.extend(inner.id for inner in diagram.boundary_events(id))
    members = [diagram.node(id) for id in region]
    alone = all(diagram.flow(flow).source in region for node in members for flow in node.incoming)
    plain = all(
        each.kind not in ("terminate", "error", "cancel", "link")
        for node in members
        for each in node.events
        if node.kind != "boundaryEvent"
    )
    return frozenset(region) if alone and plain and event.attached_to not in region else frozenset()
