"""What holds tokens: processes, sub-processes, called processes, event sub-processes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from workflow_runtime.engine import events
from workflow_runtime.engine.elements import ElementSpec
from workflow_runtime.engine.formulas import Formula
from workflow_runtime.engine.workflow import MOST_NESTED, CaseWorkflow, assign
from workflow_runtime.i18n import _

if TYPE_CHECKING:
    from workflow_runtime.engine.catching import TriggerSpec


@dataclass(slots=True)
class Body:
    """The inside of a process or sub-process."""

    id: str
    begins: list[ElementSpec] = field(default_factory=list)
    handlers: list[EventScopeSpec] = field(default_factory=list)  #: event sub-processes
    messages: dict[str, ElementSpec] = field(default_factory=dict)  #: message name → where it begins
    signals: dict[str, ElementSpec] = field(default_factory=dict)  #: signal name → where it begins
    elements: dict[str, ElementSpec] = field(default_factory=dict)


class ScopeSpec(ElementSpec):
    """A process or sub-process: holds tokens, is through when none is left."""

    is_scope = True
    activity = True
    body: Body

    def _run_hook(self, my_task: Task) -> bool | None:
        my_task.data.update(self.evaluated_inputs(my_task))
        self.open(my_task)
        return None if self.busy(my_task) else True

    def open(self, task: Task) -> None:
        """Let the event sub-processes wait and put tokens at the beginning."""
        wf: CaseWorkflow = task.workflow
        depth, holder = 0, task
        while holder.parent is not None:
            depth, holder = depth + 1, holder.parent
        if depth > MOST_NESTED:
            raise wf.stuck(
                task, "too_deep", _("Processes are nested more than {limit} deep.").format(limit=MOST_NESTED)
            )
        self.listen(task)
        item = task.data.pop("item", None)  # what a person answered just before is for the first elements inside
        carried = {} if item is None or self.is_process else {"item": item}
        for spec in self.first(task):
            wf.enter(spec, task, dict(carried))

    def listen(self, task: Task) -> None:
        """Let the event sub-processes begin to wait."""
        for handler in self.body.handlers:
            if any(event.kind in events.AWAITED for event in handler.trigger.definitions):
                task.workflow.enter(handler.trigger, task, armed="scope")

    def first(self, task: Task) -> list[ElementSpec]:
        """Where tokens begin."""
        return self.body.begins

    def busy(self, task: Task) -> bool:
        """Whether a token is left inside."""
        return any(not child.internal_data.get("armed") for child in task.workflow.inside(task))

    def child_done(self, task: Task, child: Task) -> None:
        if task._state == TaskState.STARTED and not self.busy(task):
            task.complete()

    def finish(self, task: Task) -> str | None:
        if self.output_lines:
            self.write(task, {})
        if self.repeated_by is None:
            self.keep_done(task)
        return None

    def keep_done(self, task: Task) -> None:
        """What was done inside and can be undone is remembered outside."""
        inner = task.internal_data.get("done")
        undo = any(handler.kind == "compensate" for handler in self.body.handlers)
        if (inner or undo) and self.compensation is None and not self.is_process:
            self.remember(task, inner or [])


class ProcessSpec(ScopeSpec):
    """The main process of a case."""

    is_process = True

    def open(self, task: Task) -> None:
        wf: CaseWorkflow = task.workflow
        name, again = wf.turn.message, task.internal_data.pop("again", None)
        if name is None and again is None:
            super().open(task)
            return
        self.listen(task)
        if again is not None:
            for id in again:
                wf.enter(self.body.elements[id], task)
            return
        assert name is not None
        wf.enter(self.body.messages.get(name) or self.body.signals[name], task, came=name)


class CallSpec(ScopeSpec):
    """A call activity: another process in the same case, which sees and returns only what is mapped."""

    is_process = True

    def _run_hook(self, my_task: Task) -> bool | None:
        wf: CaseWorkflow = my_task.workflow
        outer = wf.prefix(my_task)
        count = my_task.internal_data.get("i")
        prefix = f"{outer}{self.node.id}." if count is None else f"{outer}{self.node.id}.{count}."
        inputs = self.evaluated_inputs(my_task)
        path = [*wf.path(my_task), self.node.id, *([] if count is None else [str(count)])]
        for key in dict.fromkeys([*wf.turn.data, *wf.turn.patch]):
            if key.startswith(prefix):
                wf.turn.patch[key] = None  # an earlier round must not be seen
        my_task.internal_data.update(path=path, prefix=prefix)
        for name, value in inputs.items():
            wf.turn.patch[prefix + name] = value
        self.open(my_task)
        return None if self.busy(my_task) else True

    def finish(self, task: Task) -> str | None:
        wf: CaseWorkflow = task.workflow
        inside = wf.names(task, inside=True)
        gathers = self.repeated_by is not None and self.repeated_by.gathers
        prefix = wf.prefix(task)
        for line in self.output_lines:
            names = inside
            if self.repeated_by is not None and not gathers and line.target not in inside:
                there = wf.names(task).get(line.target)  # each instance may add to what the others left
                names = wf.names(task, {line.target: there}, inside=True)
            value = wf.value(task, line.source, names=names)
            if gathers:
                assign(task.data, line.target, value)
            else:
                wf.assign(prefix, line.target, value)
        return None


class AdHocSpec(ScopeSpec):
    """An ad-hoc sub-process: its activities in any order, all at once or one after the other, until its condition."""

    sequential = False
    cancel_rest = True
    until: Formula | None = None

    def open(self, task: Task) -> None:
        wf: CaseWorkflow = task.workflow
        self.listen(task)
        begins = self.body.begins
        if not self.sequential:
            for spec in begins:
                wf.enter(spec, task)
        elif begins:
            task.internal_data["queue"] = [spec.node.id for spec in begins[1:]]
            wf.enter(begins[0], task)

    def child_done(self, task: Task, child: Task) -> None:
        if task._state != TaskState.STARTED:
            return
        wf: CaseWorkflow = task.workflow
        queue: list[str] = task.internal_data.get("queue", [])
        if self.until is not None and child.task_spec.activity and self.holds_inside(task):
            queue.clear()
            if self.cancel_rest:
                for other in task.children:
                    wf.withdraw(other)
        if self.busy(task):
            return
        if queue:
            wf.enter(self.body.elements[queue.pop(0)], task)
        else:
            task.complete()

    def holds_inside(self, task: Task) -> bool:
        assert self.until is not None
        return self.holds(task, self.until)


class EventScopeSpec(ScopeSpec):
    """An event sub-process: runs when its start event has come."""

    handles_event = True
    trigger: TriggerSpec

    @property
    def kind(self) -> str:
        """What starts it."""
        return self.trigger.definitions[0].kind if self.trigger.definitions else ""

    def arrived(self, task: Task) -> None:
        task.workflow.passed(task, "entered", task.internal_data.get("why"))

    def first(self, task: Task) -> list[ElementSpec]:
        return [self.body.elements[self.trigger.node.id]]
