"""Activities performed several times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from workflow_runtime.engine import events
from workflow_runtime.engine.elements import ElementSpec
from workflow_runtime.engine.formulas import Formula
from workflow_runtime.engine.workflow import CaseWorkflow
from workflow_runtime.i18n import _

#: Instances of one multi-instance step; more than this is a slip in a cardinality.
MOST_INSTANCES = 1_000


@dataclass(frozen=True, slots=True)
class Throws:
    """What a multi-instance activity throws when an instance is done: the nth, or when a condition holds, or each."""

    event: events.Definition
    number: int | None = None
    condition: Formula | None = None


class RepeatSpec(ElementSpec):
    """An activity that is performed several times: standard loop, or one instance per item.

    Holds the instances and what they produce; boundary events hang here, around all of them.
    """

    activity = True
    repeated = True
    kind = "parallel"
    inner: ElementSpec
    cardinality: Formula | None = None
    collection: Formula | None = None
    item: str | None = None
    until: Formula | None = None
    output_collection: str | None = None
    output_element: Formula | None = None
    test_before = False
    maximum: int | None = None
    throws: tuple[Throws, ...] = ()

    @property
    def gathers(self) -> bool:
        """Whether the instances' results go into one list instead of the case file."""
        return self.output_collection is not None

    def arrived(self, task: Task) -> None:
        task.workflow.passed(task, "entered")

    def _run_hook(self, my_task: Task) -> bool | None:
        state = my_task.internal_data
        if self.kind == "standard":
            state.update(n=self.maximum, i=0, over=0)
            if self.test_before and not self.another(my_task):
                return True
            self.instance(my_task, None)
            return None
        items = self.items(my_task)
        state.update(n=len(items), k=0, over=0)
        if self.gathers:
            state["out"] = [None] * len(items)
        if not items:
            return True
        for item in items if self.kind == "parallel" else items[:1]:
            self.instance(my_task, item)
        return None

    def items(self, task: Task) -> list[Any]:
        """One entry per instance."""
        wf: CaseWorkflow = task.workflow
        value: Any = None
        if self.collection is not None:
            value = wf.value(task, self.collection)
            if value is not None and not isinstance(value, list | tuple):
                raise wf.stuck(
                    task,
                    "loop",
                    _("{text} is not a list, so there is no telling how often.").format(text=self.collection.text),
                )
            items = list(value or ())
        elif self.cardinality is not None:
            value = wf.value(task, self.cardinality)
            value = int(value) if isinstance(value, str) and value.isdigit() else value
            count = -1 if value is None or isinstance(value, str | bool) or value != int(value) else int(value)
            if count < 0:
                raise wf.stuck(task, "loop", _("{text} is not a number of times.").format(text=self.cardinality.text))
            items = [None] * min(count, MOST_INSTANCES + 1)
        else:
            items = []
        if len(items) > MOST_INSTANCES:
            raise wf.stuck(
                task, "loop", _("The step would be repeated more than {limit} times.").format(limit=MOST_INSTANCES)
            )
        return items

    def instance(self, task: Task, item: Any) -> None:
        """Begin the next instance."""
        state = task.internal_data
        state["k"] = number = state.get("k", 0) + 1
        data: dict[str, Any] = {"loopCounter": number}
        if self.item:
            data[self.item] = item
        task.workflow.enter(self.inner, task, data, i=number)

    def another(self, task: Task) -> bool:
        """Standard loop: whether to go round (once more)."""
        limit = task.internal_data.get("n")
        if limit is not None and task.internal_data.get("k", 0) >= limit:
            return False
        counter = {"loopCounter": task.internal_data.get("k", 0)}
        if self.until is None:
            return limit is not None
        return task.workflow.value(task, self.until, counter) is True

    def child_done(self, task: Task, child: Task) -> None:
        if task._state != TaskState.STARTED or child.task_spec is not self.inner:
            return
        wf: CaseWorkflow = task.workflow
        state = task.internal_data
        state["over"] += 1
        if self.kind == "standard":
            if self.another(task):
                self.instance(task, None)
            else:
                task.complete()
            return
        local = child.data
        if self.gathers:
            if self.output_element is not None:
                result = wf.value(task, self.output_element, local)
            else:
                result = {k: v for k, v in local.items() if k not in ("loopCounter", self.item, "item")}
            state["out"][child.internal_data["i"] - 1] = result
        active = sum(1 for other in task.children if not other.internal_data.get("armed"))
        counters = {
            "numberOfInstances": state["n"],
            "numberOfCompletedInstances": state["over"],
            "numberOfActiveInstances": active,
            "numberOfTerminatedInstances": 0,
        }
        for throws in self.throws:
            if throws.number in (None, state["over"]) and (
                throws.condition is None or wf.value(task, throws.condition, {**local, **counters}) is True
            ):
                events.perform(task, throws.event)
                if not wf.alive(task):
                    return
        if self.until is not None and wf.value(task, self.until, {**local, **counters}) is True:
            for other in task.children:
                wf.withdraw(other)
            task.complete()
        elif self.kind == "sequential" and state["k"] < state["n"]:
            items = self.items(task)
            self.instance(task, items[state["k"]] if state["k"] < len(items) else None)
        elif not self.more(task) and not active:
            task.complete()

    def more(self, task: Task) -> bool:
        """Side by side over a list: begin what was added to it while the instances ran. Whether there was any."""
        state = task.internal_data
        if self.kind != "parallel" or self.collection is None:
            return False
        wf: CaseWorkflow = task.workflow
        names, known = wf.names(task), wf.turn.lists.get(task.id)
        wf.turn.lists[task.id] = given = [names.get(name) for name in self.collection.names]
        if known is not None and all(one is other for one, other in zip(known, given, strict=True)):
            return False  # of a long list nobody looks at every entry after every entry
        added = self.items(task)[state["n"] :]
        state["n"] += len(added)
        if self.gathers:
            state["out"] += [None] * len(added)
        for item in added:
            self.instance(task, item)
        return bool(added)

    def finish(self, task: Task) -> str | None:
        wf: CaseWorkflow = task.workflow
        if self.output_collection:
            wf.assign(wf.prefix(task), self.output_collection, task.internal_data.get("out", []))
        return f"×{task.internal_data.get('over', 0)}"
