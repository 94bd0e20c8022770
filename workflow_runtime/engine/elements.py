"""What each element of a diagram does with a token: SpiffWorkflow task specs of our own.

The library calls, in this order: `_update_hook` when a token arrives (True: it may run), `_on_ready_hook`, `_run_hook`
(True: completed, None: stays STARTED), `_on_complete_hook` (here the tokens that follow are made), `_on_cancel`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from workflow_runtime.diagram.model import FlowNode
from workflow_runtime.engine import events
from workflow_runtime.engine.formulas import Formula
from workflow_runtime.engine.workflow import CaseWorkflow, assign
from workflow_runtime.i18n import _

if TYPE_CHECKING:
    from workflow_runtime.engine.catching import BoundarySpec
    from workflow_runtime.engine.loops import RepeatSpec


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an ioMapping."""

    source: Formula
    target: str


@dataclass(slots=True, eq=False)
class Way:
    """A sequence flow as the element it leaves sees it."""

    id: str
    target: ElementSpec
    condition: Formula | None = None
    default: bool = False

    @property
    def reason(self) -> str | None:
        """Why a token goes this way, when it had a choice."""
        return self.condition.text if self.condition else "default" if self.default else None


class ElementSpec(BpmnSpecMixin):  # type: ignore[misc]
    """What all elements share: arriving, being finished, going on along the outgoing flows."""

    is_process = False  #: has keys of its own in the case file
    is_scope = False  #: has a `body`
    public = False  #: its tokens have ids that the outside knows: items, jobs, timers, subscriptions
    activity = False
    repeated = False  #: holds the instances of a loop
    handles_event = False  #: is an event sub-process
    counts_flows = False  #: wants to know by which flow a token comes

    def __init__(self, wf_spec: BpmnProcessSpec, name: str, node: FlowNode, **more: Any) -> None:
        super().__init__(wf_spec, name, **more)
        self.node = node
        self.ways: list[Way] = []
        self.input_lines: tuple[Line, ...] = ()
        self.output_lines: tuple[Line, ...] = ()
        self.definitions: tuple[events.Definition, ...] = ()
        self.boundaries: list[BoundarySpec] = []
        self.compensation: ElementSpec | None = None  #: what undoes this activity
        self.tokens_needed = 1  #: startQuantity
        self.tokens_made = 1  #: completionQuantity
        self.repeated_by: RepeatSpec | None = None

    def leads_to(self, way: Way) -> None:
        """Connect a sequence flow; the library's own graph knows it too."""
        self.ways.append(way)
        self.connect(way.target)

    @property
    def known_outside(self) -> bool:
        """Whether it waits for what the runtime keeps a row of."""
        return any(event.kind in ("timer", "message") for event in self.definitions)

    # --- life of a token ---

    def test(self) -> None:
        """Nothing to test: the graph was checked when the procedure was compiled."""

    def _predict_hook(self, my_task: Task) -> None:
        """No guesses about the future: the tree holds live tokens only."""

    def _update_hook(self, my_task: Task) -> bool:
        if self.tokens_needed > 1 and not self._gathered(my_task):
            return False
        self.arrived(my_task)
        return True

    def _gathered(self, task: Task) -> bool:
        """startQuantity: a token waits here until enough others have come."""
        wf: CaseWorkflow = task.workflow
        others = [t for t in beside(task) if t.task_spec is self and t._state == TaskState.WAITING]
        others = [t for t in others if t.internal_data.get("gathering")]
        if len(others) + 1 < self.tokens_needed:
            task.internal_data["gathering"] = True
            task._set_state(TaskState.WAITING)
            return False
        for other in others[: self.tokens_needed - 1]:
            wf.forget(other)
        return True

    def arrived(self, task: Task) -> None:
        """History: a token has come."""
        task.workflow.passed(task, "entered", which_round(task))

    def _on_ready_hook(self, my_task: Task) -> None:
        if self.boundaries:
            self.arm_boundaries(my_task)
        if not self.manual:
            my_task.workflow.ready.append(my_task)

    def _run_hook(self, my_task: Task) -> bool | None:
        return True

    def _on_complete_hook(self, my_task: Task) -> None:
        wf: CaseWorkflow = my_task.workflow
        for child in my_task.children:
            wf.withdraw(child)
        note = self.finish(my_task)
        wf.passed(my_task, "completed", note or which_round(my_task))
        if self.compensation is not None:
            self.remember(my_task, None)
        self.go_on(my_task)

    def finish(self, task: Task) -> str | None:
        """What is done when the element is through, before its token goes on; a note for the history."""
        return None

    def go_on(self, task: Task) -> None:
        """Make the tokens that follow."""
        data = self.carried(task)
        for way in self.chosen(task):
            for _token in range(self.tokens_made):
                self.take(task, way, data)

    def take(self, task: Task, way: Way, data: Mapping[str, Any]) -> None:
        """Put a token on a flow."""
        task.workflow.passed(task, "taken", way.reason, element=way.id)
        notes = {"flow": way.id} if way.target.counts_flows else {}
        task.workflow.token(way.target, task, dict(data), **notes)

    def carried(self, task: Task) -> dict[str, Any]:
        """What a token takes along: the result of a person's step, as far as the next activity."""
        return {"item": task.data["item"]} if "item" in task.data and not self.activity else {}

    def chosen(self, task: Task) -> list[Way]:
        """The flows to take. Without conditions all of them; with conditions, those that hold, else the default."""
        ways = [
            way for way in self.ways if not way.default and (way.condition is None or self.holds(task, way.condition))
        ]
        return ways or self.otherwise(task)

    def otherwise(self, task: Task) -> list[Way]:
        """The default flow; an incident when conditions failed and there is none."""
        ways = [way for way in self.ways if way.default]
        if ways or not self.ways:
            return ways
        wf: CaseWorkflow = task.workflow
        raise wf.stuck(
            task,
            "no_flow",
            _("No condition behind {element} holds and there is no default flow.").format(
                element=self.node.name or self.node.id
            ),
        )

    def holds(self, task: Task, condition: Formula) -> bool:
        """Whether a condition is true; null counts as false, anything else is an incident."""
        value = task.workflow.value(task, condition)
        if isinstance(value, bool) or value is None:
            return value is True
        raise task.workflow.stuck(
            task,
            "expression",
            _("The condition {text} is neither true nor false but {value!r}.").format(text=condition.text, value=value),
        )

    def _on_cancel(self, my_task: Task) -> None:
        if not my_task.internal_data.keys() & {"armed", "told"}:
            my_task.workflow.passed(my_task, "cancelled", which_round(my_task))

    # --- what hangs on it ---

    def arm_boundaries(self, task: Task) -> None:
        """Let the boundary events that wait for something begin to wait."""
        for boundary in self.boundaries:
            if any(event.kind in events.AWAITED for event in boundary.definitions):
                task.workflow.enter(boundary, task, armed="boundary")

    def decide(self, task: Task) -> bool:
        """Asked of a waiting token when nothing else moves: whether it goes on now (then it has)."""
        return bool(self.definitions) and events.condition_came_true(task)

    def child_done(self, task: Task, child: Task) -> None:
        """Told when something this token holds has finished."""

    def event_came(self, task: Task, child: Task) -> None:
        """Told when an event that this token holds has come."""

    def remember(self, task: Task, inner: list[Any] | None) -> None:
        """Note a completed activity that can be undone, for a compensation later."""
        holder = task.workflow.around(task)
        while holder.task_spec.repeated:
            holder = task.workflow.around(holder)
        holder.internal_data.setdefault("done", []).append([self.name, inner])

    # --- ioMapping ---

    def evaluated_inputs(self, task: Task) -> dict[str, Any]:
        """The values of its input mapping."""
        found: dict[str, Any] = {}
        for line in self.input_lines:
            assign(found, line.target, task.workflow.value(task, line.source, found))
        return found

    def write(self, task: Task, result: Mapping[str, Any], *, keep_all: bool = False) -> None:
        """Put a result into the case file: through the output mapping where one is drawn, else as it is.

        `keep_all`: what a person entered is kept even when an output mapping names only a part of it.
        """
        wf: CaseWorkflow = task.workflow
        if self.repeated_by is not None and self.repeated_by.gathers:
            task.data.update(result)  # one of many: only what the loop collects reaches the case file
            return
        prefix = wf.prefix(task)
        if keep_all or not self.output_lines:
            for name, value in result.items():
                wf.turn.patch[prefix + name] = value
        for line in self.output_lines:
            wf.assign(prefix, line.target, wf.value(task, line.source, result))


def beside(task: Task) -> Iterator[Task]:
    """The other tokens in the same holder, those just put on a flow by the same element included."""
    wf: CaseWorkflow = task.workflow
    holder = wf.around(task)
    holders = [holder] if task.parent is holder else [holder, task.parent]
    return (child for one in holders for child in wf.inside(one) if child is not task)


def which_round(task: Task) -> str | None:
    """Which one of many a token is."""
    count = task.internal_data.get("i")
    return None if count is None else f"#{count}"


class PassSpec(ElementSpec):
    """A start event that began, a throw event without definition, a task without meaning for the machine."""


class PlainTaskSpec(PassSpec):
    """A task nobody performs here."""

    activity = True


class StartSpec(ElementSpec):
    """A start event."""

    def finish(self, task: Task) -> str | None:
        if self.output_lines:
            self.write(task, {})
        return None
