"""What a soundness fault looks like to somebody who reads the diagram: a numbered story, and marks for a picture."""

from __future__ import annotations

from workflow_runtime.diagram.model import Diagram, Flow, FlowNode
from workflow_runtime.diagram.sheet import called
from workflow_runtime.diagram.soundness import Fault, FaultKind
from workflow_runtime.i18n import _

_LONGEST = 30


def headline(diagram: Diagram, fault: Fault) -> str:
    """What goes wrong, in one sentence."""
    where = _name(diagram, fault.element)
    match fault.kind:
        case FaultKind.STUCK:
            missing = _missing(diagram, fault)
            if missing:
                return _("A case can get stuck: {node} waits in vain for {missing}.").format(
                    node=where, missing=missing
                )
            return _("A case can get stuck at {node}.").format(node=where)
        case FaultKind.RUNS_TWICE:
            return _("{node} can be reached twice at once, and what follows runs twice.").format(node=where)
        case FaultKind.NEVER_ENDS:
            return _("A case can come to a point from which no way leads to an end.")
        case FaultKind.CUTS_OFF:
            places = (diagram.elements.get(token) for token in fault.tokens)
            open_steps = {
                place.target if isinstance(place, Flow) else place.id for place in places if place is not None
            }
            return _("{node} ends the case while {others} is still going on.").format(
                node=where, others=", ".join(_name(diagram, id) for id in sorted(open_steps))
            )
    return _("{node} can never be reached.").format(node=where)


def remedy(fault: Fault) -> str:
    """What to draw instead."""
    match fault.kind:
        case FaultKind.STUCK:
            return _("Join what a parallel gateway has split by a parallel gateway, and choices by an exclusive one.")
        case FaultKind.RUNS_TWICE:
            return _("Join parallel branches by a parallel gateway before they go on as one.")
        case FaultKind.NEVER_ENDS:
            return _("Draw a way from the loop to an end event.")
        case FaultKind.CUTS_OFF:
            return _("Join the branches in front of it, or use a plain end event if the others are to finish.")
    return _("Remove it, or draw the way that leads to it.")


def story(diagram: Diagram, fault: Fault) -> list[str]:
    """The shortest way to the fault, step by step, in the words of the diagram."""
    lines: list[str] = []
    before = ""
    for element, taken in fault.story:
        node = diagram.elements.get(element)
        if not isinstance(node, FlowNode):
            continue
        flow = diagram.elements.get(taken)
        chosen = len(node.outgoing) > 1 and isinstance(flow, Flow)
        if not node.name and not chosen and node.kind.endswith("Gateway"):
            before = element
            continue
        line = node.name or node.id
        if chosen and flow is not None:
            line += f" [{flow.name or flow.id}]"
        if element == before and line == lines[-1]:
            continue  # entered, then done
        lines.append(line)
        before = element
    if len(lines) > _LONGEST:
        lines = [*lines[:10], "…", *lines[-(_LONGEST - 11) :]]
    return lines


def message(diagram: Diagram, fault: Fault) -> str:
    """Headline and story as one text."""
    lines = story(diagram, fault)
    if not lines:
        return headline(diagram, fault)
    told = " → ".join(f"{number} {line}" for number, line in enumerate(lines, 1))
    return _("{headline} The way there: {story}").format(headline=headline(diagram, fault), story=told)


def marks(fault: Fault) -> tuple[str, ...]:
    """The ids to mark in a picture: steps and flows of the story in order, then where tokens are at last."""
    way = [id for step in fault.story for id in step if id]
    return tuple(dict.fromkeys([*way, *(token for token in fault.tokens if token != "start")]))


def _missing(diagram: Diagram, fault: Fault) -> str:
    node = diagram.elements.get(fault.element)
    if not isinstance(node, FlowNode):
        return ""
    absent = [diagram.flow(id) for id in node.incoming if id not in fault.tokens]
    return ", ".join(_name(diagram, flow.source) for flow in absent) if len(absent) < len(node.incoming) else ""


def _name(diagram: Diagram, id: str) -> str:
    element = diagram.elements.get(id)
    return called(element) if element is not None else id
