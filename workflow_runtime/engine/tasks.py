"""What people and machines do: items, service jobs, scripts and decisions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.task import Task

from workflow_runtime.diagram.model import FlowNode
from workflow_runtime.engine.elements import ElementSpec
from workflow_runtime.engine.formulas import Formula
from workflow_runtime.engine.steps import Decided, Job, OpenedItem
from workflow_runtime.engine.workflow import CaseWorkflow
from workflow_runtime.i18n import _

if TYPE_CHECKING:
    from workflow_runtime.decisions import Model


class ItemSpec(ElementSpec):
    """A person's step: an item that stays open until somebody completes it."""

    public = True
    activity = True

    def __init__(self, wf_spec: BpmnProcessSpec, name: str, node: FlowNode) -> None:
        super().__init__(wf_spec, name, node, manual=True)
        self.form: Formula | None = None

    def _on_ready_hook(self, my_task: Task) -> None:
        super()._on_ready_hook(my_task)
        wf: CaseWorkflow = my_task.workflow
        inputs = self.evaluated_inputs(my_task)
        form = wf.value(my_task, self.form, inputs) if self.form else None
        wf.turn.opened[my_task.id] = OpenedItem(
            my_task.id,
            self.node.id,
            wf.path(my_task),
            self.process,
            inputs,
            None if form is None else str(form),
            prefix=wf.prefix(my_task),
        )
        my_task.data.pop("item", None)
        if self.output_lines:
            my_task.data.update(inputs)

    process = ""

    def complete_with(self, task: Task, patch: Mapping[str, Any]) -> None:
        """What a person entered."""
        fields = {name: value for name, value in patch.items() if name != "item"}
        if "item" in patch:
            task.data["item"] = dict(patch["item"])
        self.write(task, fields, keep_all=True)
        task.workflow.turn.closed.append(task.id)

    def carried(self, task: Task) -> dict[str, Any]:
        return {"item": task.data["item"]} if "item" in task.data else {}

    def _on_cancel(self, my_task: Task) -> None:
        my_task.workflow.turn.closed.append(my_task.id)
        super()._on_cancel(my_task)


class JobSpec(ElementSpec):
    """Machine work: asked for, done outside, answered by JobDone or JobFailed."""

    public = True
    activity = True
    process = ""

    def __init__(self, wf_spec: BpmnProcessSpec, name: str, node: FlowNode) -> None:
        super().__init__(wf_spec, name, node)
        self.type: Formula | None = None

    def _run_hook(self, my_task: Task) -> None:
        wf: CaseWorkflow = my_task.workflow
        inputs = self.evaluated_inputs(my_task)
        kind = wf.value(my_task, self.type, inputs) if self.type else ""
        wf.turn.jobs[my_task.id] = Job(
            my_task.id,
            self.node.id,
            wf.path(my_task),
            self.process,
            str(kind),
            inputs,
            self.node.headers,
            prefix=wf.prefix(my_task),
        )
        my_task.data.pop("item", None)
        if self.output_lines:
            my_task.data.update(inputs)

    def complete_with(self, task: Task, patch: Mapping[str, Any]) -> None:
        """What the handler found."""
        self.write(task, patch)
        task.workflow.turn.closed.append(task.id)

    def _on_cancel(self, my_task: Task) -> None:
        my_task.workflow.turn.closed.append(my_task.id)
        super()._on_cancel(my_task)


class ScriptSpec(ElementSpec):
    """A script task: a FEEL context, names to values; or one value for a result variable."""

    activity = True
    script: Formula
    result: str | None = None

    def finish(self, task: Task) -> str | None:
        wf: CaseWorkflow = task.workflow
        value = wf.value(task, self.script, self.evaluated_inputs(task))
        if self.result:
            self.write(task, {self.result: value})
        elif isinstance(value, Mapping):
            self.write(task, value)
        return None


class DecisionSpec(ElementSpec):
    """A business rule task: the decision is taken within the step."""

    activity = True
    decision: Formula
    result: str | None = None
    models: Mapping[str, Model]

    def finish(self, task: Task) -> str | None:
        wf: CaseWorkflow = task.workflow
        inputs = self.evaluated_inputs(task)
        decision = str(wf.value(task, self.decision, inputs))
        model = find_model(self.models, decision)
        if model is None:
            raise wf.stuck(task, "no_decision", _("There is no decision {decision}.").format(decision=decision))
        try:
            names = wf.names(task, inputs)
            wanted = names if model.looks_at is None else [name for name in model.looks_at if name in names]
            explained = model.explain(decision, {name: names[name] for name in wanted}, now=wf.turn.clock.local)
        except Exception as error:  # DecisionError; a table may also meet values its functions cannot digest
            raise wf.stuck(
                task,
                "decision",
                _("The decision {decision} cannot be taken: {error}").format(decision=decision, error=error),
            ) from error
        if explained.error is not None:
            raise wf.stuck(
                task,
                "decision",
                _("The decision {decision} cannot be taken: {error}").format(decision=decision, error=explained.error),
            )
        wf.turn.decided.append(Decided(task.task_spec.node.id, explained.record(), wf.path(task)))
        result = explained.value
        if self.result:
            self.write(task, {self.result: result})
        elif isinstance(result, Mapping):
            self.write(task, result)
        rules = ", ".join(str(rule) for rule in explained.hits)
        return f"{decision}: {rules}" if rules else decision


def find_model(models: Mapping[str, Model], decision: str) -> Model | None:
    """The model that knows a decision: filed under its id, or asked."""
    if decision in models:
        return models[decision]
    return next((model for model in models.values() if decision in model.decisions), None)
