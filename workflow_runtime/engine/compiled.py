"""What a procedure looks like once it can run: its places, and the questions the runtime asks about them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workflow_runtime.diagram.model import Diagram, FlowNode, Lane, Scope

if TYPE_CHECKING:
    from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec

#: A process, an element in it, and the call activities around it when they are known.
_Where = tuple[str, str, tuple[str, ...] | None]

#: What a person does. A manual task is a step of a person too, only without a form.
PERSONS = frozenset({"userTask", "manualTask"})


@dataclass(frozen=True, slots=True)
class Place:
    """One element where it stands: in its process, in its lane."""

    process: str
    node: FlowNode
    lane: Lane | None = None
    agency: str | None = None  #: `xb:agency` of the lane or of one around it
    department: str | None = None  #: `xb:department`
    region: str | None = None  #: `xb:region`: the name of the binding, such as sending_county
    role: str | None = None  #: `xb:role`: bound by the call activity

    @property
    def id(self) -> str:
        """The id of the element."""
        return self.node.id

    @property
    def name(self) -> str:
        """Its name in the diagram, else its id."""
        return self.node.name or self.node.id

    @property
    def kind(self) -> str:
        """Its XML name: userTask, endEvent, …"""
        return self.node.kind


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A procedure that runs. Immutable: build it once for a version and share it between threads."""

    main: str  #: id of the process that a case runs
    key: str  #: short hash of the structure; a snapshot carries it
    diagrams: Mapping[str, Diagram]  #: by process id
    processes: Mapping[str, Scope]  #: the main process and all it calls, by id
    elements: Mapping[str, Mapping[str, FlowNode]]  #: by process id, then by element id, through sub-processes
    lanes: Mapping[str, tuple[Lane, ...]]  #: by process id, outer before inner
    called: Mapping[str, tuple[str, ...]]  #: process id → ids of the processes it calls
    message_starts: Mapping[str, str]  #: message name → element of the main process that it starts
    signal_starts: Mapping[str, str]  #: signal name → element of the main process that it starts
    signals: frozenset[str]  #: names of the signals that something waits for
    messages: frozenset[str]  #: names of the messages that something waits for
    spec: BpmnProcessSpec = field(repr=False)

    @property
    def regions(self) -> frozenset[str]:
        """The names of the regions a case must bind, from the lanes' `xb:region`."""
        return frozenset(
            lane.properties["xb:region"]
            for lanes in self.lanes.values()
            for lane in lanes
            if "xb:region" in lane.properties
        )

    @property
    def root(self) -> Any:
        """The spec that holds the main process; its name can be no element's."""
        return self.spec.task_specs[f"{self.main}/"]

    def element(self, element: str, process: str | None = None) -> FlowNode:
        """The element of that id; KeyError when there is none."""
        return self.elements[process or self.main][element]

    def lane(self, element: str, process: str | None = None) -> Lane | None:
        """The innermost lane an element stands in."""
        return self.diagrams[process or self.main].lane_of(self.element(element, process))

    def describe(self, element: str, process: str | None = None) -> Place:
        """An element with its lane and whose it is."""
        process = process or self.main
        diagram, lane = self.diagrams[process], self.lane(element, process)
        agency, department, region, role = (
            diagram.lane_property(lane, f"xb:{name}") for name in ("agency", "department", "region", "role")
        )
        return Place(process, self.element(element, process), lane, agency, department, region, role)

    def next_steps(self, element: str, process: str | None = None, path: tuple[str, ...] | None = None) -> list[Place]:
        """The people's steps that may come next after an element, nearest first.

        `path`: the call activities around it; without it, the end of a called process leads to all that call it.
        """
        process = process or self.main
        first = (process, element, () if process == self.main else path)
        found: dict[tuple[str, str], Place] = {}
        seen = {first}
        todo = deque(self._after(first))
        while todo:
            where = todo.popleft()
            if where in seen:
                continue
            seen.add(where)
            at, id, _path = where
            if self.elements[at][id].kind in PERSONS:
                found.setdefault((at, id), self.describe(id, at))
            else:
                todo.extend(list(self._inside(where)) or self._after(where))
        return list(found.values())

    def _after(self, where: _Where) -> Iterator[_Where]:
        """Where the outgoing flows lead; from the end of a scope, what follows the scope."""
        process, element, path = where
        diagram, node = self.diagrams[process], self.elements[process][element]
        for flow in node.outgoing:
            if (target := diagram.flow(flow).target) in self.elements[process]:
                yield process, target, path
        if node.kind == "intermediateThrowEvent" and node.event is not None and node.event.kind == "link":
            for other in self.elements[process].values():
                if other.kind == "intermediateCatchEvent" and other.event and other.event.name == node.event.name:
                    yield process, other.id, path
        if node.outgoing or node.kind == "intermediateThrowEvent":
            return
        scope = self.processes.get(node.scope) or diagram.scopes[node.scope]
        if scope.parent is not None:
            yield from self._after((process, scope.id, path))
            return
        for caller in self._callers(process, path):
            yield from self._after(caller)

    def _callers(self, process: str, path: tuple[str, ...] | None) -> Iterator[_Where]:
        """The call activity a called process returns to; all that call it when the path is not known."""
        if path:
            caller = self.main
            for call in path[:-1]:
                caller = self.elements[caller][call].called or caller
            yield caller, path[-1], path[:-1]
        elif process != self.main:
            for caller, nodes in self.elements.items():
                for node in nodes.values():
                    if node.called == process and node.kind == "callActivity":
                        yield caller, node.id, () if caller == self.main else None

    def _inside(self, where: _Where) -> Iterator[_Where]:
        """Where a sub-process or a called process begins."""
        process, element, path = where
        node = self.elements[process][element]
        if node.kind == "callActivity" and node.called is not None and node.called in self.processes:
            process, scope = node.called, self.processes[node.called]
            path = None if path is None else (*path, element)
        elif element in self.diagrams[process].scopes:
            scope = self.diagrams[process].scopes[element]
        else:
            return
        for id in scope.nodes:
            if id in self.elements[process] and begins(self.elements[process][id]):
                yield process, id, path


def begins(node: FlowNode) -> bool:
    """Whether a token appears at this element when its scope is entered without an event."""
    if node.kind == "startEvent":
        return not node.events
    if node.kind == "boundaryEvent" or node.event_subprocess or node.for_compensation or node.incoming:
        return False
    return not (node.kind == "intermediateCatchEvent" and any(event.kind == "link" for event in node.events))
