"""A running case under another version of its procedure: its tokens stay where they stand, if the new drawing has the
same there.

What stands at an element is more than the element: the border events that are armed on it, the flows that a join has
counted, the reactions that its sub-process listens to. So each element at which something stands must be drawn alike;
what comes after it may be another. Whether the case can finish from there is asked of the search (mending.prospect).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workflow_runtime.diagram.model import Diagram, Event, FlowNode
from workflow_runtime.engine.gateways import JoinSpec
from workflow_runtime.errors import NotOpen
from workflow_runtime.i18n import _

if TYPE_CHECKING:
    from workflow_runtime.engine.compiled import Compiled
    from workflow_runtime.engine.workflow import CaseWorkflow


def refuse_otherwise_drawn(wf: CaseWorkflow, old: Compiled, new: Compiled) -> None:
    """Raise NotOpen with every element at which the case stands and that the new version draws otherwise, or not."""
    if old.main != new.main:
        raise NotOpen(_("{new} is another procedure than {old}.").format(new=new.main, old=old.main))
    wrong = dict.fromkeys(name for task in wf.live() for name in _otherwise(task.task_spec, old, new))
    if wrong:
        raise NotOpen(
            _("the new version draws otherwise, or not at all, where the case stands: {elements}").format(
                elements=", ".join(wrong)
            )
        )


def _otherwise(spec: Any, old: Compiled, new: Compiled) -> Iterator[str]:
    other = new.spec.task_specs.get(spec.name)
    node: FlowNode = spec.node
    process = spec.name.partition("/")[0]
    scopes = [(process, node.id), *([(node.called, node.called)] if node.called else [])]
    if (
        other is None
        or type(other) is not type(spec)
        or _drawn(node, spec, old.diagrams[process]) != _drawn(other.node, other, new.diagrams[process])
        or any(_reactions(old, *scope) != _reactions(new, *scope) for scope in scopes)
    ):
        yield f"“{node.name or node.id}” [{node.id}]"


def _drawn(node: FlowNode, spec: Any, diagram: Diagram) -> tuple[object, ...]:
    """What must be the same for what stands at an element to mean the same."""
    borders = sorted((one.id, one.interrupting, *map(_said, one.events)) for one in diagram.boundary_events(node.id))
    joined = tuple(sorted(node.incoming)) if isinstance(spec, JoinSpec) else ()
    whose = (node.lane, node.groups, node.form, node.job)
    return node.kind, node.attached_to, node.loop, node.called, whose, tuple(map(_said, node.events)), borders, joined


def _said(event: Event) -> tuple[object, ...]:
    return event.kind, event.name, event.expression, event.timer, event.key


def _reactions(compiled: Compiled, process: str, scope: str) -> list[tuple[object, ...]]:
    """The event sub-processes of a process or sub-process, with what begins them."""
    diagram = compiled.diagrams.get(process)
    if diagram is None or scope not in diagram.scopes:
        return []
    inner = [one.id for one in diagram.nodes(scope) if one.event_subprocess]
    starts = [(id, node) for id in inner for node in diagram.nodes(id) if node.kind == "startEvent"]
    return sorted((id, node.id, node.interrupting, *map(_said, node.events)) for id, node in starts)
