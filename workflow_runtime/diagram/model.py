"""The diagram as an object: what lint, soundness, layout, pictures, diff and the engine read.

A `Diagram` owns the parsed XML tree, which is the only truth for `write` (so nothing that we do not understand
is lost), and an index of typed, frozen views of the parts that we do understand. BPMN 2.0.2, chapter and
element names as in the standard; `kind` is always the local XML name (`userTask`, `exclusiveGateway`, …).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

NS = {
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "di": "http://www.omg.org/spec/DD/20100524/DI",
    "zeebe": "http://camunda.org/schema/zeebe/1.0",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}

ACTIVITIES = frozenset(
    "task userTask manualTask serviceTask sendTask receiveTask scriptTask businessRuleTask "
    "callActivity subProcess transaction adHocSubProcess".split()
)
GATEWAYS = frozenset("exclusiveGateway parallelGateway inclusiveGateway eventBasedGateway complexGateway".split())
EVENTS = frozenset("startEvent endEvent intermediateCatchEvent intermediateThrowEvent boundaryEvent".split())
SUBPROCESSES = frozenset("subProcess transaction adHocSubProcess".split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """Anything with an id. `properties` are its `zeebe:properties` (our attributes have names `xb:…`)."""

    id: str
    kind: str
    name: str = ""
    line: int | None = None
    documentation: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    xml: etree._Element | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Event:
    """One event definition of an event.

    `kind`: message, timer, signal, error, escalation, compensate, conditional, link, terminate, cancel.
    `name`: of the message, signal or link, or the code of the error or escalation. `expression`: the timer or
    condition text. `timer`: date, duration or cycle. `key`: FEEL correlation key (zeebe:subscription).
    """

    kind: str
    ref: str | None = None
    name: str | None = None
    expression: str | None = None
    timer: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Loop:
    """Loop characteristics. `kind`: standard, parallel, sequential. Expressions are FEEL text."""

    kind: str
    cardinality: str | None = None
    collection: str | None = None
    item: str | None = None
    output_collection: str | None = None
    output_element: str | None = None
    condition: str | None = None  #: completion condition, or the condition of a standard loop
    test_before: bool = False
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Mapped:
    """One line of a zeebe:ioMapping: the value of the FEEL `source` goes to the name `target`."""

    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowNode(Element):
    """An activity, gateway or event."""

    scope: str  #: id of the process or sub-process that holds it
    incoming: tuple[str, ...] = ()  #: flow ids, in document order of the flows
    outgoing: tuple[str, ...] = ()
    lane: str | None = None  #: innermost lane
    default: str | None = None
    events: tuple[Event, ...] = ()
    parallel_multiple: bool = False
    attached_to: str | None = None
    interrupting: bool = True  #: boundary: cancelActivity; event sub-process start: isInterrupting
    event_subprocess: bool = False
    loop: Loop | None = None
    for_compensation: bool = False
    form: str | None = None  #: zeebe:formDefinition formId (literal, or FEEL when it begins with "=")
    called: str | None = None  #: zeebe:calledElement processId, or calledElement
    decision: str | None = None  #: zeebe:calledDecision decisionId
    result: str | None = None  #: its resultVariable, or that of zeebe:script
    job: str | None = None  #: zeebe:taskDefinition type
    headers: Mapping[str, str] = field(default_factory=dict)  #: zeebe:taskHeaders
    inputs: tuple[Mapped, ...] = ()
    outputs: tuple[Mapped, ...] = ()
    script: str | None = None  #: FEEL: zeebe:script expression, or the text of a script in format "feel"
    script_format: str | None = None  #: scriptFormat as written; None for zeebe:script
    groups: str | None = None  #: zeebe:assignmentDefinition candidateGroups
    instantiate: bool = False

    @property
    def event(self) -> Event | None:
        """Its only event definition, if it has exactly one."""
        return self.events[0] if len(self.events) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow(Element):
    """A sequence flow."""

    scope: str
    source: str
    target: str
    condition: str | None = None
    condition_language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane(Element):
    """A lane; `nodes` are the ids of its flowNodeRefs, `parent` the lane around it."""

    process: str
    parent: str | None = None
    nodes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope(Element):
    """A process or a sub-process: what holds nodes and flows."""

    parent: str | None = None  #: the scope around a sub-process
    executable: bool = False
    event_subprocess: bool = False
    nodes: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()
    lanes: tuple[str, ...] = ()  #: all lanes, outer before inner


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant(Element):
    """A pool; `process` is None for a collapsed one."""

    process: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFlow(Element):
    """A message flow between pools or their nodes."""

    source: str
    target: str
    message: str | None = None


@dataclass(slots=True, eq=False)
class Diagram:
    """A BPMN file: its XML tree and the index over it. Treat it as immutable; edit by writing and reading again."""

    tree: etree._ElementTree
    elements: Mapping[str, Element] = field(default_factory=dict)  #: every element with an id, also unknown kinds
    processes: tuple[str, ...] = ()  #: ids, in document order
    participants: tuple[str, ...] = ()
    message_flows: tuple[str, ...] = ()

    def node(self, id: str) -> FlowNode:
        """The flow node of that id. Raises KeyError if there is none."""
        element = self.elements[id]
        if not isinstance(element, FlowNode):
            raise KeyError(id)
        return element

    def flow(self, id: str) -> Flow:
        """The sequence flow of that id. Raises KeyError if there is none."""
        element = self.elements[id]
        if not isinstance(element, Flow):
            raise KeyError(id)
        return element

    def scope(self, id: str) -> Scope:
        """The process of that id, or the inside of the sub-process of that id. Raises KeyError if there is none."""
        return self.scopes[id]

    scopes: Mapping[str, Scope] = field(default_factory=dict)
    lanes: Mapping[str, Lane] = field(default_factory=dict)
    borders: Mapping[str, tuple[FlowNode, ...]] = field(default_factory=dict)  #: activity → its boundary events

    def nodes(self, scope: str | None = None) -> Iterator[FlowNode]:
        """Flow nodes in document order: of one scope, or of the whole file."""
        holder = self.scopes.get(scope) if scope is not None else None
        for element in self.elements.values() if holder is None else map(self.elements.__getitem__, holder.nodes):
            if isinstance(element, FlowNode) and scope in (None, element.scope):
                yield element

    def flows(self, scope: str | None = None) -> Iterator[Flow]:
        """Sequence flows in document order: of one scope, or of the whole file."""
        holder = self.scopes.get(scope) if scope is not None else None
        for element in self.elements.values() if holder is None else map(self.elements.__getitem__, holder.flows):
            if isinstance(element, Flow) and scope in (None, element.scope):
                yield element

    def boundary_events(self, activity: str) -> tuple[FlowNode, ...]:
        """The boundary events attached to an activity."""
        return self.borders.get(activity, ())

    def process_of(self, node: FlowNode) -> str:
        """Id of the process around a node, through any sub-processes; "" for a node that stands in none."""
        scope = self.scopes.get(node.scope)
        if scope is None:
            return ""
        while scope.parent is not None:
            scope = self.scopes[scope.parent]
        return scope.id

    def lane_of(self, node: FlowNode) -> Lane | None:
        """The innermost lane a node stands in; a node inside a sub-process stands where the sub-process stands."""
        while True:
            if node.lane is not None:
                return self.lanes[node.lane]
            scope = self.scopes.get(node.scope)
            if scope is None or scope.parent is None:
                return None
            node = self.node(scope.id)

    def lane_property(self, lane: Lane | None, name: str) -> str | None:
        """A property of a lane, or of the nearest lane around it that has it."""
        while lane is not None:
            if name in lane.properties:
                return lane.properties[name]
            lane = self.lanes[lane.parent] if lane.parent else None
        return None
