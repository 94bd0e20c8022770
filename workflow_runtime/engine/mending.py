"""Putting a case back on its way by hand: a token is moved, an ended case is opened again; and whether it can finish.

Moving is for cases that are stuck. A token goes from its element to another one of the same scope; what it held is
cancelled, nothing is undone. Whether the case can still finish from where its tokens then stand is asked of the same
search that judges diagrams (diagram/soundness.py), from that marking instead of from the start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from workflow_runtime.diagram.model import ACTIVITIES, Diagram, FlowNode
from workflow_runtime.diagram.nets import Net, TooMany, net_of, parts_of
from workflow_runtime.diagram.reduction import reduced
from workflow_runtime.diagram.soundness import BOUND
from workflow_runtime.diagram.states import States
from workflow_runtime.engine.gateways import JoinSpec
from workflow_runtime.engine.scopes import AdHocSpec
from workflow_runtime.engine.steps import CaseState, Prospect
from workflow_runtime.errors import NotOpen
from workflow_runtime.i18n import _

if TYPE_CHECKING:
    from workflow_runtime.engine.compiled import Compiled
    from workflow_runtime.engine.workflow import CaseWorkflow


@dataclass(frozen=True, slots=True)
class _Held:
    """A token that stands in a scope of its own right (not an instance of a loop, not a waiting border event)."""

    task: Task
    holder: Task
    path: tuple[str, ...]

    @property
    def node(self) -> FlowNode:
        node: FlowNode = self.task.task_spec.node
        return node


def held(wf: CaseWorkflow) -> Iterator[_Held]:
    """The tokens that can be spoken of, outer before inner."""
    for task in wf.live():
        if task.parent is wf.task_tree or task.internal_data.get("armed"):
            continue
        holder = wf.around(task)
        if holder.task_spec.is_scope:
            yield _Held(task, holder, wf.path(task))


def move(wf: CaseWorkflow, source: str, target: str, path: tuple[str, ...]) -> None:
    """Take the token at `source` to `target`. Raises NotOpen with what is there instead, or why it cannot be."""
    found = [one for one in held(wf) if one.node.id == source and one.path == path]
    if len(found) != 1:
        known = sorted({".".join((*one.path, one.node.id)) for one in held(wf)})
        text = _("There is no single token at {element}; tokens stand at: {known}.")
        raise NotOpen(text.format(element=".".join((*path, source)), known=", ".join(known)))
    (token,) = found
    spec = token.holder.task_spec.body.elements.get(target)
    if spec is None or isinstance(token.holder.task_spec, AdHocSpec):
        raise NotOpen(
            _(
                "{target} does not stand in the same process or sub-process as {source}; a token cannot leave it."
            ).format(target=target, source=source)
        )
    _refuse_target(spec.node, isinstance(spec, JoinSpec) and len(spec.incoming) > 1)
    if target == source:
        raise NotOpen(_("The token stands at {element} already.").format(element=source))
    wf.withdraw(token.task)
    wf.enter(spec, token.holder)


def reopen(wf: CaseWorkflow, compiled: Compiled, at: tuple[str, ...]) -> None:
    """Begin an ended case again, with a token at each of these elements of the main process. Raises NotOpen."""
    root = compiled.root
    for id in at:
        spec = root.body.elements.get(id)
        if spec is None:
            raise NotOpen(_("{element} is no element of the main process.").format(element=id))
        _refuse_target(spec.node, isinstance(spec, JoinSpec) and len(spec.incoming) > 1)
        if spec.node.kind not in ACTIVITIES and spec.node.kind != "intermediateCatchEvent":
            raise NotOpen(_("{element} is no step: a case begins again at one.").format(element=id))
    if not at or len(set(at)) != len(at):
        raise NotOpen(_("Name each step at which the case begins again once."))
    wf.completed, wf.case_state = False, CaseState.OPEN
    wf.enter(root, wf.task_tree, again=list(at))


def _refuse_target(node: FlowNode, joins: bool) -> None:
    if node.kind in ("boundaryEvent", "startEvent") or node.for_compensation or joins:
        raise NotOpen(
            _("A token cannot be put on {element}: it is begun by an event, or waits for several flows.").format(
                element=node.id
            )
        )


# --- what lies between --------------------------------------------------------------------------------------------
def between(diagram: Diagram, source: str, target: str) -> tuple[tuple[str, ...], bool]:
    """The elements that a move passes over, the source included, and whether it goes back.

    Going forward they are skipped; going back they may happen again. Every way from one to the other counts.
    """
    ahead, behind = _reach(diagram, source, _following), _reach(diagram, target, _preceding)
    if target in ahead:
        return tuple(id for id in diagram.elements if id in {source, *(ahead & behind)} - {target}), False
    again = _reach(diagram, target, _following) & {source, *_reach(diagram, source, _preceding)}
    return tuple(id for id in diagram.elements if id in {target, *again}), True


def after(diagram: Diagram, element: str) -> tuple[str, ...]:
    """An element and all that may come after it in its scope."""
    found = {element, *_reach(diagram, element, _following)}
    return tuple(id for id in diagram.elements if id in found)


def _reach(diagram: Diagram, begin: str, steps: Callable[[Diagram, FlowNode], Iterator[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [begin]
    while waiting:
        for other in steps(diagram, diagram.node(waiting.pop())):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


def _following(diagram: Diagram, node: FlowNode) -> Iterator[str]:
    for flow in node.outgoing:
        yield diagram.flow(flow).target
    for event in diagram.boundary_events(node.id):
        yield event.id


def _preceding(diagram: Diagram, node: FlowNode) -> Iterator[str]:
    for flow in node.incoming:
        yield diagram.flow(flow).source
    if node.attached_to is not None:
        yield node.attached_to


# --- whether it can finish ----------------------------------------------------------------------------------------
def prospect(wf: CaseWorkflow, compiled: Compiled) -> Prospect:
    """Whether the case can finish from where its tokens stand, scope by scope."""
    scopes: dict[int | str, list[_Held]] = {}
    for one in held(wf):
        scopes.setdefault(one.holder.id, []).append(one)
    faults: list[str] = []
    decided = True
    for tokens in scopes.values():
        diagram = diagram_at(compiled, tokens[0].path)
        scope = tokens[0].node.scope
        for part in parts_of(diagram, scope):
            mine = [one for one in tokens if one.node.id in part.nodes and not one.node.event_subprocess]
            if not mine:
                continue
            try:
                net = net_of(diagram, scope, part)
            except TooMany:
                decided = False
                continue
            marking = _marking(net, diagram, mine)
            if marking is None:
                decided = False
            elif len(marking) != len(set(marking)):
                faults.append(_("two tokens would run through the same steps"))
            else:
                sure, fault = _search(net, frozenset(marking))
                decided = decided and sure
                faults += [fault] if fault else []
    return Prospect(decided, tuple(dict.fromkeys(faults)))


def _search(net: Net, marking: frozenset[int]) -> tuple[bool, str]:
    small, _certain = reduced(replace(net, initial=marking, begun=()))
    seen = States(small, BOUND)
    if seen.stuck:
        return True, _("the case could come to a halt: a gateway would wait for a token that never comes")
    if seen.twice:
        return True, _("two tokens would run through the same steps")
    if seen.endless:
        return True, _("the case could not reach its end any more")
    return seen.complete, ""


def diagram_at(compiled: Compiled, path: tuple[str, ...]) -> Diagram:
    """The drawing of the process at a call path."""
    process = compiled.main
    for call in path:
        if not call.isdigit():  # which instance of a repeated call
            process = compiled.elements[process][call].called or process
    return compiled.diagrams[process]


def _marking(net: Net, diagram: Diagram, tokens: list[_Held]) -> list[int] | None:
    """The places of these tokens; None when one of them stands where the net has no place."""
    places: list[int] = []
    for one in tokens:
        node = one.node
        if isinstance(one.task.task_spec, JoinSpec) and one.task._state == TaskState.WAITING:
            names = [flow for flow, count in one.task.internal_data.get("arrived", {}).items() for _n in range(count)]
        elif node.id in net.names:
            names = [node.id]
        else:
            names = [next((flow for flow in node.incoming if flow in net.names), "")]
        for name in names:
            if name not in net.names:
                return None
            places.append(net.names.index(name))
    return places
