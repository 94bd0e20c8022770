"""What elements are called when a person reads about them, in the language in use."""

from __future__ import annotations

from workflow_runtime.diagram.model import EVENTS, SUBPROCESSES, Diagram, Element, FlowNode
from workflow_runtime.i18n import _, of_data


def kind_word(element: Element) -> str:
    """The kind of an element: "user task", "deadline at a step", "choice"."""
    if isinstance(element, FlowNode):
        if element.kind in EVENTS:
            return _event_word(element)
        if element.kind in SUBPROCESSES and element.event_subprocess:
            return _("reaction to an event")
    return {
        "task": _("step"),
        "userTask": _("work of a person"),
        "manualTask": _("manual work"),
        "serviceTask": _("work of the system"),
        "sendTask": _("message sent"),
        "receiveTask": _("message awaited"),
        "scriptTask": _("calculation"),
        "businessRuleTask": _("decision table"),
        "callActivity": _("called procedure"),
        "subProcess": _("sub-process"),
        "transaction": _("transaction"),
        "adHocSubProcess": _("steps in any order"),
        "exclusiveGateway": _("choice of one way"),
        "parallelGateway": _("parallel ways"),
        "inclusiveGateway": _("choice of one or more ways"),
        "eventBasedGateway": _("wait for the first event"),
        "complexGateway": _("complex gateway"),
        "sequenceFlow": _("flow"),
        "messageFlow": _("message flow"),
        "association": _("association"),
        "dataInputAssociation": _("document read"),
        "dataOutputAssociation": _("document written"),
        "dataObjectReference": _("document"),
        "dataStoreReference": _("register"),
        "dataInput": _("document received"),
        "dataOutput": _("document handed on"),
        "textAnnotation": _("note"),
        "group": _("group"),
        "lane": _("lane"),
        "participant": _("party"),
        "process": _("procedure"),
        "collaboration": _("collaboration"),
    }.get(element.kind, element.kind)


def _event_word(node: FlowNode) -> str:
    kind = event_word(node)
    match node.kind:
        case "startEvent":
            return _("start on {event}").format(event=kind) if kind else _("start")
        case "endEvent":
            return _("end with {event}").format(event=kind) if kind else _("end")
        case "boundaryEvent":
            if node.interrupting:
                return _("{event}, ends the step").format(event=kind or _("event"))
            return _("{event}, beside the step").format(event=kind or _("event"))
        case "intermediateThrowEvent":
            return _("send: {event}").format(event=kind) if kind else _("milestone")
        case _:
            return _("wait for {event}").format(event=kind) if kind else _("wait")


def event_word(node: FlowNode) -> str:
    """What kind of event it is: "message", "deadline", "signal"; empty for a plain one."""
    if len(node.events) > 1:
        return _("several events")
    if not node.events:
        return ""
    kind = node.events[0].kind
    return {
        "message": _("message"),
        "timer": _("deadline"),
        "signal": _("signal"),
        "error": _("error"),
        "escalation": _("escalation"),
        "compensate": _("undoing"),
        "conditional": _("condition"),
        "link": _("link"),
        "terminate": _("stop of everything"),
        "cancel": _("cancellation"),
    }.get(kind, kind)


def called(element: Element) -> str:
    """The name a person knows an element by: its name, or its kind when it has none."""
    return of_data(one_line(element.name)) or kind_word(element)


def one_line(text: str, most: int = 300) -> str:
    """A name on one line, without what cannot be shown, at most `most` characters."""
    text = " ".join("".join(c if c.isprintable() or c.isspace() else " " for c in text[: most * 4]).split())
    return text if len(text) <= most else text[: most - 1] + "…"


def place_word(diagram: Diagram, node: FlowNode) -> str:
    """The lanes a node stands in, outer before inner: "county institution, social work"."""
    lane = diagram.lane_of(node)
    names: list[str] = []
    while lane is not None:
        if lane.name:
            names.insert(0, of_data(one_line(lane.name)))
        lane = diagram.lanes.get(lane.parent) if lane.parent else None
    return _(", ").join(names)
