"""The diagram as the rules see it: elements by kind and by id, and the questions the standard asks of them.

Rules speak of XML elements, not of the typed index: they must name what is wrong even where the file is too
broken for the index to hold it (a flow that ends at a note, two elements with one id, a definition nobody has).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml import etree

from workflow_runtime.diagram.markup import DRAWING, child, children, is_bpmn, local_name, namespace_of, text_of
from workflow_runtime.diagram.model import (
    ACTIVITIES,
    EVENTS,
    GATEWAYS,
    SUBPROCESSES,
    Diagram,
    Element,
    Flow,
    FlowNode,
    Scope,
)
from workflow_runtime.findings import Severity

CONTAINERS = frozenset({"process"}) | SUBPROCESSES
FLOW_NODES = ACTIVITIES | GATEWAYS | EVENTS
ARTIFACTS = frozenset({"association", "group", "textAnnotation"})
CHOREOGRAPHY_ACTIVITIES = frozenset({"choreographyTask", "callChoreography", "subChoreography"})
THROWING = frozenset({"endEvent", "intermediateThrowEvent"})
CATCHING = frozenset({"startEvent", "intermediateCatchEvent", "boundaryEvent"})
GLOBAL_TASKS = frozenset("globalTask globalUserTask globalManualTask globalScriptTask globalBusinessRuleTask".split())


@dataclass(frozen=True, slots=True)
class Problem:
    """What a rule yields: the element that is wrong, what is wrong with it, what to draw instead."""

    element: etree._Element
    message: str
    remedy: str
    constraint: str | None = None
    path: tuple[str, ...] = ()
    severity: Severity | None = None  #: where one rule yields problems of different weight
    excerpt: str = ""  #: the line of an expression with the fragment underlined


def named(element: etree._Element) -> str:
    """How messages call an element: its name and id, or its kind when it has neither."""
    name, id = (element.get("name") or "").strip(), (element.get("id") or "").strip()
    if name and id:
        return f"“{name}” ({id})"
    return f"“{name}”" if name else id or f"<{local_name(element)}>"


def called(element: Element) -> str:
    """How messages call a typed element: its name and id."""
    return f"“{element.name}” ({element.id})" if element.name else element.id


def yes(element: etree._Element, attribute: str, default: bool = False) -> bool:
    """A boolean attribute, with the default of the schema when it is omitted."""
    value = element.get(attribute)
    return default if value is None else value.strip() in ("true", "1")


class Sheet:
    """One diagram under inspection; built once for all rules."""

    def __init__(self, diagram: Diagram, imported: Sequence[Sheet] = (), location: str = "") -> None:
        self.diagram = diagram
        self.root: etree._Element = diagram.tree.getroot()
        self.target_namespace = self.root.get("targetNamespace") or ""
        self.location = location  #: where an imported file came from; "" for the file under inspection
        self.imported = tuple(imported)  #: imported files, direct or not, as far as the caller could supply them
        self.import_kinds: dict[str, tuple[str, str] | None] = {}  #: location → namespace and name of its root
        self._by_kind: dict[str, list[etree._Element]] = {}
        self._by_id: dict[str, list[etree._Element]] = {}
        self.elements: list[etree._Element] = []  #: BPMN elements outside extensions, in document order
        stack = [self.root]
        while stack:
            element = stack.pop()
            if not is_bpmn(element):
                if namespace_of(element) in DRAWING or not local_name(element):
                    continue
            elif local_name(element) == "extensionElements":
                continue
            else:
                self.elements.append(element)
                self._by_kind.setdefault(local_name(element), []).append(element)
                if id := element.get("id"):
                    self._by_id.setdefault(id, []).append(element)
            stack.extend(reversed(list(element)))
        self._lists: dict[tuple[etree._Element, str], list[str]] = {}
        self._held: dict[tuple[etree._Element, str], bool] = {}
        self._flows_by_end: dict[str, dict[etree._Element, list[etree._Element]]] = {}

    # --- what runs ----------------------------------------------------------------------------------------------

    def processes(self) -> Iterator[Scope]:
        """The executable processes; where none says so, all of them, for a drawing is judged all the same."""
        scopes = [self.diagram.scopes[id] for id in self.diagram.processes if id in self.diagram.scopes]
        yield from [scope for scope in scopes if scope.executable] or [scope for scope in scopes if scope.nodes]

    def steps(self, *kinds: str) -> Iterator[FlowNode]:
        """The flow nodes of executable processes, of those kinds or all, in document order."""
        running = {process.id for process in self.processes()}
        for node in self.diagram.nodes():
            if (not kinds or node.kind in kinds) and self._process_id(node.scope) in running:
                yield node

    def flows(self) -> Iterator[Flow]:
        """The sequence flows of executable processes, in document order."""
        running = {process.id for process in self.processes()}
        for flow in self.diagram.flows():
            if self._process_id(flow.scope) in running:
                yield flow

    def _process_id(self, scope: str | None) -> str | None:
        while scope is not None and scope in self.diagram.scopes:
            parent = self.diagram.scopes[scope].parent
            if parent is None:
                break
            scope = parent
        return scope

    def xml(self, element: Element) -> etree._Element:
        """The XML element behind a typed one."""
        return self.root if element.xml is None else element.xml

    # --- finding elements ---------------------------------------------------------------------------------------

    def all(self, *kinds: str) -> Iterator[etree._Element]:
        """Every element of those kinds, kind by kind, in document order."""
        for kind in kinds:
            yield from self._by_kind.get(kind, ())

    def with_id(self, id: str) -> etree._Element | None:
        """The (first) element of that id in this file."""
        found = self._by_id.get(id)
        return found[0] if found else None

    def ids(self) -> Iterator[tuple[str, list[etree._Element]]]:
        """Every id with all elements that have it."""
        yield from self._by_id.items()

    def knows_namespace_of(self, element: etree._Element, text: str) -> bool:
        """Whether a reference can be followed: it means this file, or an imported one that was supplied."""
        bound = element.nsmap.get(text.strip().partition(":")[0]) if ":" in text else None
        known = (self, *self.imported)
        return bound is None or any(other.target_namespace == bound for other in known)

    def resolve(self, element: etree._Element, text: str | None) -> etree._Element | None:
        """The element a reference names, in the file where it stands or in an imported one; None without one."""
        if not text or not (text := text.strip()):
            return None
        home = self._home(element)
        prefix, colon, name = text.partition(":")
        bound = element.nsmap.get(prefix) if colon else None
        if bound is None:
            return home.with_id(text)
        files = [other for other in (home, self, *self.imported) if other.target_namespace == bound]
        return next((meant for file in files if (meant := file.with_id(name)) is not None), None)

    def _home(self, element: etree._Element) -> Sheet:
        """The file an element stands in: this one, or one that it imports."""
        if not self.imported:
            return self
        root = element.getroottree().getroot()
        return next((other for other in self.imported if other.root is root), self)

    def attribute(self, element: etree._Element, name: str) -> etree._Element | None:
        """The element that a reference in an attribute names."""
        return self.resolve(element, element.get(name))

    def named_in(self, element: etree._Element, name: str) -> list[etree._Element]:
        """The elements that the child elements `name` refer to (those that exist)."""
        return [meant for part in children(element, name) if (meant := self.resolve(part, text_of(part))) is not None]

    # --- where things stand -------------------------------------------------------------------------------------

    def container(self, element: etree._Element | None) -> etree._Element | None:
        """The process or sub-process that holds an element as a direct child."""
        parent = element.getparent() if element is not None else None
        return parent if parent is not None and local_name(parent) in CONTAINERS else None

    def process(self, element: etree._Element) -> etree._Element | None:
        """The process an element lies in, at any depth."""
        return next((above for above in element.iterancestors() if local_name(above) == "process"), None)

    def executable(self, element: etree._Element) -> bool:
        """Whether it lies in a process that says it is executable."""
        process = self.process(element)
        return process is not None and yes(process, "isExecutable")

    def is_event_subprocess(self, element: etree._Element | None) -> bool:
        """A sub-process that waits for an event instead of a flow."""
        return element is not None and local_name(element) == "subProcess" and yes(element, "triggeredByEvent")

    # --- flows --------------------------------------------------------------------------------------------------

    def incoming(self, node: etree._Element) -> list[str]:
        """The flows that enter a node: those it lists, and those that name it as their target."""
        return self._touching(node, "incoming", "targetRef")

    def outgoing(self, node: etree._Element) -> list[str]:
        """The flows that leave a node: those it lists, and those that name it as their source."""
        return self._touching(node, "outgoing", "sourceRef")

    def _touching(self, node: etree._Element, name: str, end: str) -> list[str]:
        listed = self.listed(node, name)
        flows = self._flows_with(node, end)
        if not flows:
            return listed
        known = {id(meant) for text in listed if (meant := self.resolve(node, text)) is not None}
        return [*listed, *(flow.get("id") or "" for flow in flows if id(flow) not in known)]

    def listed(self, node: etree._Element, name: str) -> list[str]:
        """The flows a node lists as `incoming` or as `outgoing`."""
        if (node, name) not in self._lists:
            self._lists[node, name] = [text_of(part) or "" for part in children(node, name)]
        return self._lists[node, name]

    def holds(self, container: etree._Element, kind: str) -> bool:
        """Whether a process or sub-process holds an element of that kind as a direct child."""
        if (container, kind) not in self._held:
            self._held[container, kind] = child(container, kind) is not None
        return self._held[container, kind]

    def flows_from(self, node: etree._Element) -> list[etree._Element]:
        """The sequence flows whose source is this node."""
        return self._flows_with(node, "sourceRef")

    def _flows_with(self, node: etree._Element, end: str) -> list[etree._Element]:
        if end not in self._flows_by_end:
            index: dict[etree._Element, list[etree._Element]] = {}
            for flow in self.all("sequenceFlow"):
                met = self.attribute(flow, end)
                if met is not None:
                    index.setdefault(met, []).append(flow)
            self._flows_by_end[end] = index
        return self._flows_by_end[end].get(node, [])

    def message_flow_ends(self, end: str) -> Iterator[tuple[etree._Element, etree._Element]]:
        """Every message flow with the element at that end (`sourceRef` or `targetRef`), where it exists."""
        for flow in self.all("messageFlow"):
            meant = self.attribute(flow, end)
            if meant is not None:
                yield flow, meant

    # --- events -------------------------------------------------------------------------------------------------

    def definitions(self, event: etree._Element) -> list[etree._Element]:
        """The event definitions of an event: its own and those it refers to, in document order."""
        found = []
        for part in children(event):
            if local_name(part).endswith("EventDefinition"):
                found.append(part)
            elif local_name(part) == "eventDefinitionRef":
                meant = self.resolve(part, text_of(part))
                if meant is not None:
                    found.append(meant)
        return found

    def definition_kinds(self, event: etree._Element) -> list[str]:
        """`message`, `timer`, … for each definition of an event."""
        return [local_name(definition).removesuffix("EventDefinition") for definition in self.definitions(event)]

    def events(self, *kinds: str) -> Iterator[tuple[etree._Element, list[str]]]:
        """The events of those kinds, each with the kinds of its definitions."""
        for event in self.all(*kinds):
            yield event, self.definition_kinds(event)

    def running_definitions(self, kind: str, *events: str) -> Iterator[tuple[etree._Element, etree._Element]]:
        """The definitions of that kind of the events of executable processes, each with its event."""
        for event in self.all(*(events or sorted(EVENTS))):
            if self.executable(event):
                for definition in self.definitions(event):
                    if local_name(definition) == f"{kind}EventDefinition":
                        yield event, definition

    # --- data ---------------------------------------------------------------------------------------------------

    def specification(self, owner: etree._Element) -> etree._Element | None:
        """The ioSpecification of an activity or process."""
        return child(owner, "ioSpecification")

    def item(self, element: etree._Element | None) -> etree._Element | None:
        """The item definition that types a data element, message, error, escalation or signal."""
        if element is None:
            return None
        match local_name(element):
            case "message":
                return self.attribute(element, "itemRef")
            case "error" | "escalation" | "signal":
                return self.attribute(element, "structureRef")
            case "dataObjectReference" | "dataStoreReference" if not element.get("itemSubjectRef"):
                kind = local_name(element).removesuffix("Reference")
                return self.item(self.attribute(element, f"{kind}Ref"))
        return self.attribute(element, "itemSubjectRef")

    def same_type(self, one: etree._Element | None, other: etree._Element | None) -> bool:
        """Whether two items are the same item definition, or name the same structure."""
        if one is None or other is None:
            return False
        if one is other:
            return True
        structure = one.get("structureRef")
        return bool(structure) and structure == other.get("structureRef")

    def formal(self, expression: etree._Element | None) -> bool:
        """Whether an expression says it is formal (xsi:type, whatever its prefix)."""
        if expression is None:
            return False
        kind = expression.get("{http://www.w3.org/2001/XMLSchema-instance}type") or ""
        return kind.rpartition(":")[2] == "tFormalExpression"
