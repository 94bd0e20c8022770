"""From an XML tree to a `Diagram`: an index of typed views over everything that we understand.

The index is tolerant: a reference that leads nowhere, a missing id, an element nobody knows are kept and left to the
rules, which can say more than "cannot be read".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from lxml import etree

from workflow_runtime.diagram.guarding import guarded_tree, refusal
from workflow_runtime.diagram.markup import (
    CAMUNDA,
    DRAWING,
    ZEEBE,
    child,
    children,
    extension,
    extensions,
    is_bpmn,
    line_of,
    local_name,
    namespace_of,
    reference,
    text_of,
)
from workflow_runtime.diagram.model import (
    ACTIVITIES,
    EVENTS,
    GATEWAYS,
    SUBPROCESSES,
    Diagram,
    Element,
    Event,
    Flow,
    FlowNode,
    Lane,
    Loop,
    Mapped,
    MessageFlow,
    Participant,
    Scope,
)
from workflow_runtime.i18n import _

__all__ = ["children", "local_name", "read", "reference", "text_of"]

FLOW_NODES = ACTIVITIES | GATEWAYS | EVENTS


def read(source: bytes) -> Diagram:
    """The diagram in `source`. Raises DiagramError with every finding when it cannot be used as a diagram."""
    tree = guarded_tree(source)
    root = tree.getroot()
    if local_name(root) != "definitions" or not is_bpmn(root):
        raise refusal(
            "not-bpmn",
            _("The root element is <{tag}>, not <definitions> of BPMN 2.0.").format(tag=local_name(root)),
            _("Export the diagram as BPMN 2.0 XML."),
            line_of(root),
        )
    return _Index(tree).diagram()


def _yes(element: etree._Element, attribute: str, default: bool = False) -> bool:
    value = element.get(attribute)
    return default if value is None else value.strip() in ("true", "1")


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"\d{1,18}", text.strip()) else None


def _first(*values: str | None) -> str | None:
    return next((value for value in values if value), None)


class _Index:
    """One walk over the tree; everything typed is built from it."""

    def __init__(self, tree: etree._ElementTree) -> None:
        self._tree = tree
        self._ids: dict[int, str] = {}
        self._by_id: dict[str, etree._Element] = {}
        self._elements: dict[str, Element] = {}
        self._scopes: dict[str, Scope] = {}
        self._lanes: dict[str, Lane] = {}
        self._incoming: dict[str, list[str]] = {}
        self._outgoing: dict[str, list[str]] = {}
        self._lane_of: dict[str, tuple[int, str]] = {}
        self._walked: list[etree._Element] = []

    def diagram(self) -> Diagram:
        self._name_everything()
        for element in self._walked:
            if is_bpmn(element) and local_name(element) == "sequenceFlow":
                self._note_flow(element)
            elif is_bpmn(element) and local_name(element) == "lane":
                self._note_lane(element)
        for element in self._walked:
            made = self._made(element)
            if made is not None:
                self._elements.setdefault(made.id, made)
        return Diagram(
            tree=self._tree,
            elements=self._elements,
            processes=self._of_kind("process"),
            participants=tuple(made.id for made in self._elements.values() if isinstance(made, Participant)),
            message_flows=tuple(made.id for made in self._elements.values() if isinstance(made, MessageFlow)),
            scopes=self._scopes,
            lanes=self._lanes,
            borders=self._borders(),
        )

    def _borders(self) -> dict[str, tuple[FlowNode, ...]]:
        found: dict[str, tuple[FlowNode, ...]] = {}
        for made in self._elements.values():
            if isinstance(made, FlowNode) and made.attached_to is not None:
                found[made.attached_to] = (*found.get(made.attached_to, ()), made)
        return found

    def _of_kind(self, kind: str) -> tuple[str, ...]:
        return tuple(made.id for made in self._elements.values() if made.kind == kind)

    def _name_everything(self) -> None:
        """Walk the tree once; whatever flows gets an id even where the file gives none."""
        stack = [self._tree.getroot()]
        unnamed = 0
        while stack:
            element = stack.pop()
            if not local_name(element) or namespace_of(element) in DRAWING:
                continue
            if is_bpmn(element) and local_name(element) == "extensionElements":
                continue
            self._walked.append(element)
            id = (element.get("id") or "").strip()
            kind = local_name(element)
            if not id and is_bpmn(element) and (kind in FLOW_NODES or kind in _NAMED_ANYWAY):
                unnamed += 1
                id = f"~{kind}{unnamed}"
            if id:
                self._ids[id_key(element)] = id
                self._by_id.setdefault(id, element)
            stack.extend(reversed(list(element)))

    def _id(self, element: etree._Element | None) -> str | None:
        return None if element is None else self._ids.get(id_key(element))

    def _note_flow(self, element: etree._Element) -> None:
        flow = self._id(element) or ""
        source, target = reference(element, element.get("sourceRef")), reference(element, element.get("targetRef"))
        if self._by_id.get(flow) is element:
            self._outgoing.setdefault(source or "", []).append(flow)
            self._incoming.setdefault(target or "", []).append(flow)

    def _note_lane(self, element: etree._Element) -> None:
        depth = sum(1 for _above in element.iterancestors())
        lane = self._id(element) or ""
        if self._by_id.get(lane) is not element:
            return
        for ref in children(element, "flowNodeRef"):
            node = reference(ref, text_of(ref))
            if node and depth >= self._lane_of.get(node, (0, ""))[0]:
                self._lane_of[node] = (depth, lane)

    def _container(self, element: etree._Element, kinds: frozenset[str]) -> str | None:
        for above in element.iterancestors():
            id = self._id(above)
            # Of two elements with one id only the first is in the index; what stands in the other, stands around it.
            if is_bpmn(above) and local_name(above) in kinds and self._by_id.get(id or "") is above:
                return id
        return None

    def _made(self, element: etree._Element) -> Element | None:
        id = self._id(element)
        if id is None:
            return None
        base = Element(
            id=id,
            kind=local_name(element),
            name=(element.get("name") or "").strip(),
            line=line_of(element),
            documentation="\n".join(text_of(part) or "" for part in children(element, "documentation")),
            properties=_properties(element),
            xml=element,
        )
        if not is_bpmn(element) or self._by_id.get(id) is not element:
            return base
        match base.kind:
            case "process":
                self._scopes[id] = self._scope(base, element)
                return self._scopes[id]
            case "sequenceFlow":
                return self._flow(base, element)
            case "lane":
                self._lanes[id] = self._lane(base, element)
                return self._lanes[id]
            case "participant":
                process = reference(element, element.get("processRef"))
                known = self._by_id.get(process or "")
                return _as(Participant, base, process=process if known is not None else None)
            case "messageFlow":
                return _as(
                    MessageFlow,
                    base,
                    source=reference(element, element.get("sourceRef")) or "",
                    target=reference(element, element.get("targetRef")) or "",
                    message=reference(element, element.get("messageRef")),
                )
            case kind if kind in FLOW_NODES:
                if kind in SUBPROCESSES:
                    self._scopes[id] = self._scope(base, element)
                return self._node(base, element)
        return base

    def _scope(self, base: Element, element: etree._Element) -> Scope:
        inside = [(local_name(part), self._id(part) or "") for part in children(element)]
        lanes = [self._id(lane) or "" for lane in element.iter(f"{{{namespace_of(element)}}}lane")]
        return _as(
            Scope,
            base,
            parent=self._container(element, _SCOPES) if base.kind in SUBPROCESSES else None,
            executable=_yes(element, "isExecutable"),
            event_subprocess=_yes(element, "triggeredByEvent"),
            nodes=tuple(dict.fromkeys(id for kind, id in inside if kind in FLOW_NODES)),
            flows=tuple(dict.fromkeys(id for kind, id in inside if kind == "sequenceFlow")),
            lanes=tuple(lanes) if base.kind == "process" else (),
        )

    def _flow(self, base: Element, element: etree._Element) -> Flow:
        condition = child(element, "conditionExpression")
        return _as(
            Flow,
            base,
            scope=self._container(element, _SCOPES) or "",
            source=reference(element, element.get("sourceRef")) or "",
            target=reference(element, element.get("targetRef")) or "",
            condition=text_of(condition),
            condition_language=condition.get("language") if condition is not None else None,
        )

    def _lane(self, base: Element, element: etree._Element) -> Lane:
        return _as(
            Lane,
            base,
            process=self._container(element, frozenset({"process"})) or "",
            parent=self._container(element, frozenset({"lane"})),
            nodes=tuple(
                node for ref in children(element, "flowNodeRef") if (node := reference(ref, text_of(ref))) is not None
            ),
        )

    def _node(self, base: Element, element: etree._Element) -> FlowNode:
        parent = element.getparent()
        inside_event_subprocess = parent is not None and _yes(parent, "triggeredByEvent")
        interrupting = True
        if base.kind == "boundaryEvent":
            interrupting = _yes(element, "cancelActivity", default=True)
        elif base.kind == "startEvent" and inside_event_subprocess:
            interrupting = _yes(element, "isInterrupting", default=True)
        inputs, outputs = _mappings(element)
        return _as(
            FlowNode,
            base,
            scope=self._container(element, _SCOPES) or "",
            incoming=tuple(self._incoming.get(base.id, ())),
            outgoing=tuple(self._outgoing.get(base.id, ())),
            lane=self._lane_of[base.id][1] if base.id in self._lane_of else None,
            default=reference(element, element.get("default")),
            events=tuple(self._events(element)),
            parallel_multiple=_yes(element, "parallelMultiple"),
            attached_to=reference(element, element.get("attachedToRef")),
            interrupting=interrupting,
            event_subprocess=_yes(element, "triggeredByEvent"),
            loop=self._loop(element),
            for_compensation=_yes(element, "isForCompensation"),
            instantiate=_yes(element, "instantiate"),
            inputs=inputs,
            outputs=outputs,
            headers={
                header.get("key", ""): header.get("value", "")
                for headers in extensions(element, "taskHeaders")
                for header in headers.iterchildren(f"{{{ZEEBE}}}header")
            },
            **_work(base.kind, element),
        )

    def _events(self, element: etree._Element) -> Iterator[Event]:
        if local_name(element) in ("receiveTask", "sendTask") and element.get("messageRef"):
            yield self._message(element)
        for part in children(element):
            name = local_name(part)
            if name == "eventDefinitionRef":
                definition = self._by_id.get(reference(part, text_of(part)) or "")
                if definition is not None and local_name(definition).endswith("EventDefinition"):
                    yield self._event(definition)
            elif name.endswith("EventDefinition"):
                yield self._event(part)

    def _message(self, element: etree._Element) -> Event:
        ref = reference(element, element.get("messageRef"))
        message = self._by_id.get(ref or "")
        if message is None:
            return Event("message", ref)
        subscription = extension(message, "subscription")
        key = subscription.get("correlationKey") if subscription is not None else None
        return Event("message", ref, message.get("name"), key=key)

    def _event(self, definition: etree._Element) -> Event:
        kind = local_name(definition).removesuffix("EventDefinition")
        match kind:
            case "message":
                return self._message(definition)
            case "signal" | "error" | "escalation":
                ref = reference(definition, definition.get(f"{kind}Ref"))
                meant = self._by_id.get(ref or "")
                attribute = "name" if kind == "signal" else f"{kind}Code"
                return Event(kind, ref, None if meant is None else meant.get(attribute))
            case "timer":
                for form in ("timeDate", "timeDuration", "timeCycle"):
                    if (part := child(definition, form)) is not None:
                        return Event(kind, expression=text_of(part), timer=form.removeprefix("time").lower())
                return Event(kind)
            case "conditional":
                return Event(kind, expression=text_of(child(definition, "condition")))
            case "link":
                return Event(kind, reference(definition, text_of(child(definition, "target"))), definition.get("name"))
            case "compensate":
                return Event(kind, reference(definition, definition.get("activityRef")))
        return Event(kind)

    def _loop(self, element: etree._Element) -> Loop | None:
        standard = child(element, "standardLoopCharacteristics")
        if standard is not None:
            return Loop(
                "standard",
                condition=text_of(child(standard, "loopCondition")),
                test_before=_yes(standard, "testBefore"),
                maximum=_number(standard.get("loopMaximum")),
            )
        many = child(element, "multiInstanceLoopCharacteristics")
        if many is None:
            return None
        ours = extension(many, "loopCharacteristics")
        drawn: Mapping[str, str] = {} if ours is None else {str(k): str(v) for k, v in ours.attrib.items()}
        return Loop(
            "sequential" if _yes(many, "isSequential") else "parallel",
            cardinality=text_of(child(many, "loopCardinality")),
            collection=_first(
                drawn.get("inputCollection"),
                many.get(f"{{{CAMUNDA}}}collection"),
                self._data_name(many, "loopDataInputRef"),
            ),
            item=_first(
                drawn.get("inputElement"), many.get(f"{{{CAMUNDA}}}elementVariable"), _named(many, "inputDataItem")
            ),
            output_collection=_first(drawn.get("outputCollection"), self._data_name(many, "loopDataOutputRef")),
            output_element=_first(drawn.get("outputElement"), _named(many, "outputDataItem")),
            condition=text_of(child(many, "completionCondition")),
        )

    def _data_name(self, element: etree._Element, name: str) -> str | None:
        """The name of the data element a reference leads to: in FEEL, data goes by names, not ids."""
        ref = child(element, name)
        id = reference(ref, text_of(ref)) if ref is not None else None
        meant = self._by_id.get(id or "")
        return id if meant is None else meant.get("name") or id


_SCOPES = frozenset({"process"}) | SUBPROCESSES
_NAMED_ANYWAY = frozenset({"sequenceFlow", "lane", "process", "participant", "messageFlow"})


def id_key(element: etree._Element) -> int:
    """A key for an element while `_walked` keeps it alive."""
    return id(element)


_Made = TypeVar("_Made", bound=Element)


def _as(kind: type[_Made], base: Element, **more: Any) -> _Made:
    common = {name: getattr(base, name) for name in Element.__slots__}
    return kind(**common, **more)


def _named(element: etree._Element, name: str) -> str | None:
    part = child(element, name)
    return None if part is None else part.get("name") or part.get("id")


def _properties(element: etree._Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for namespace in (CAMUNDA, ZEEBE):
        for holder in extensions(element, "properties", namespace):
            for part in holder.iterchildren(f"{{{namespace}}}property"):
                if name := (part.get("name") or "").strip():
                    found[name] = part.get("value") or ""
    return found


def _mappings(element: etree._Element) -> tuple[tuple[Mapped, ...], tuple[Mapped, ...]]:
    found: dict[str, list[Mapped]] = {"input": [], "output": []}
    for mapping in extensions(element, "ioMapping"):
        for part in mapping:
            if local_name(part) in found:
                found[local_name(part)].append(Mapped(part.get("source", ""), part.get("target", "")))
    for mapping in extensions(element, "inputOutput", CAMUNDA):
        for part in mapping:
            direction = local_name(part).removesuffix("Parameter")
            if direction in found:
                found[direction].append(Mapped(text_of(part) or "", part.get("name", "")))
    return tuple(found["input"]), tuple(found["output"])


def _work(kind: str, element: etree._Element) -> dict[str, str | None]:
    """What the step asks of people and machines: form, called process, decision, job, script, role."""

    def ours(name: str, attribute: str) -> str | None:
        part = extension(element, name)
        return None if part is None else part.get(attribute) or None

    def camunda(attribute: str) -> str | None:
        return element.get(f"{{{CAMUNDA}}}{attribute}") or None

    work: dict[str, str | None] = {
        "form": _first(ours("formDefinition", "formId"), camunda("formRef"), camunda("formKey")),
        "groups": _first(ours("assignmentDefinition", "candidateGroups"), camunda("candidateGroups")),
        "job": _first(ours("taskDefinition", "type"), camunda("topic")),
    }
    if kind == "callActivity":
        work["called"] = _first(ours("calledElement", "processId"), reference(element, element.get("calledElement")))
    if kind == "businessRuleTask":
        work["decision"] = _first(ours("calledDecision", "decisionId"), camunda("decisionRef"))
        work["result"] = _first(ours("calledDecision", "resultVariable"), camunda("resultVariable"))
    if kind == "scriptTask":
        if (script := extension(element, "script")) is not None:
            work |= {"script": script.get("expression") or None, "result": script.get("resultVariable") or None}
        else:
            work |= {
                "script": text_of(child(element, "script")),
                "script_format": element.get("scriptFormat"),
                "result": camunda("resultVariable"),
            }
    return work
