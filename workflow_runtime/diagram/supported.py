"""What this engine runs, and what to draw instead of what it does not: one table, position by position.

An element that stands in no line of this table is refused at deploy. "It parsed" proves nothing: an engine that
takes an unknown event for a plain one lets a case walk through a closed door.
"""

from __future__ import annotations

from collections.abc import Mapping

from workflow_runtime.diagram.model import FlowNode, Scope

#: Elements by their XML name. Events stand in EVENTS below.
ELEMENTS: frozenset[str] = frozenset(
    """
    task userTask manualTask serviceTask sendTask receiveTask scriptTask businessRuleTask
    callActivity subProcess
    exclusiveGateway parallelGateway inclusiveGateway eventBasedGateway
    startEvent endEvent intermediateCatchEvent intermediateThrowEvent boundaryEvent
    """.split()
)

#: Where an event stands → the definitions it may have there. "none" is an event without definition.
EVENTS: Mapping[str, frozenset[str]] = {
    "start of a process": frozenset("none message timer signal".split()),
    "start of a sub-process": frozenset("none".split()),
    "start of an event sub-process": frozenset("message timer signal error escalation".split()),
    "catching": frozenset("message timer signal link".split()),
    "throwing": frozenset("none message signal escalation link".split()),
    "on a border": frozenset("message timer signal error escalation".split()),
    "end": frozenset("none message signal error escalation terminate".split()),
}

#: Which activities may repeat (standard loop, one after another, side by side).
REPEATABLE: frozenset[str] = frozenset(
    """
    task userTask manualTask serviceTask sendTask receiveTask scriptTask businessRuleTask callActivity subProcess
    """.split()
)

#: What to draw instead.
INSTEAD: Mapping[str, str] = {
    "complexGateway": "an inclusive gateway, or a step that decides",
    "transaction": "a sub-process with an error event on its border",
    "adHocSubProcess": "a sub-process with an inclusive gateway, or one step with a list in its form",
    "compensate": "a drawn path that undoes the step",
    "cancel": "an error event",
    "conditional": "an exclusive gateway behind the step that changes the data, or a message",
    "terminate": "an end event; let the others finish, or interrupt them by an event",
    "link": "a sequence flow",
    "error": "an error end event, caught on the border of the activity around it",
    "escalation": "an escalation caught on the border of an activity or by an event sub-process",
    "timer": "a timer catching event in front of it",
    "none": "an event that says what happens",
    "several": "one event for each definition, behind an event gateway or as events on the border",
    "instantiate": "a message start event",
    "for compensation": "a drawn path that undoes the step",
    "quantity": "the activity once, repeated as a loop",
    "choreographyTask": "a task and message flows",
    "callChoreography": "a call activity",
    "subChoreography": "a sub-process",
    "process": "",
}


def position(node: FlowNode, scope: Scope) -> str:
    """Where an event stands, in the words of the table."""
    match node.kind:
        case "startEvent" if scope.event_subprocess:
            return "start of an event sub-process"
        case "startEvent":
            return "start of a process" if scope.parent is None else "start of a sub-process"
        case "intermediateCatchEvent":
            return "catching"
        case "intermediateThrowEvent":
            return "throwing"
        case "boundaryEvent":
            return "on a border"
    return "end"
