"""What each element of a diagram does with a token: SpiffWorkflow task specs of our own.

The library calls, in this order: `_update_hook` when a token arrives (True: it may run), `_on_ready_hook`, `_run_hook`
(True: completed, None: stays STARTED), `_on_complete_hook` (here the tokens that follow are made), `_on_cancel`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from workflow_runtime.diagram.model import FlowNode
from workflow_runtime.engine import events
from workflow_runtime.engine.formulas import Formula
from workflow_runtime.engine.steps import Job, OpenedItem
from workflow_runtime.engine.workflow import MOST_NESTED, CaseWorkflow, assign
from workflow_runtime.i18n import _

if TYPE_CHECKING:
    from workflow_runtime.decisions import Model

#: Instances of one multi-instance step; more than this is a slip in a cardinality.
MOST_INSTANCES = 5_000


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

    is_process = False
    is_scope = False
    public = False  #: its tokens have ids that the outside knows
    activity = False

    def __init__(self, wf_spec: BpmnProcessSpec, name: str, node: FlowNode, **more: Any) -> None:
        super().__init__(wf_spec, name, **more)
        self.node = node
        self.ways: list[Way] = []
        self.inputs_: tuple[Line, ...] = ()
        self.outputs_: tuple[Line, ...] = ()
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
        others = [t for t in _beside(task) if t.task_spec is self and t._state == TaskState.WAITING]
        others = [t for t in others if t.internal_data.get("gathering")]
        if len(others) + 1 < self.tokens_needed:
            task.internal_data["gathering"] = True
            task._set_state(TaskState.WAITING)
            return False
        for other in others[: self.tokens_needed - 1]:
            other.parent._children.remove(other.id)
            del wf.tasks[other.id]
        return True

    def arrived(self, task: Task) -> None:
        """History: a token has come."""
        task.workflow.passed(task, "entered", _round(task))

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
        wf.passed(my_task, "completed", note or _round(my_task))
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
        task.workflow.token(way.target, task, dict(data), flow=way.id)

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
            my_task.workflow.passed(my_task, "cancelled", _round(my_task))

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

    def remember(self, task: Task, inner: list[Any] | None) -> None:
        """Note a completed activity that can be undone, for a compensation later."""
        holder = task.workflow.around(task)
        while holder.task_spec.repeated:
            holder = task.workflow.around(holder)
        holder.internal_data.setdefault("done", []).append([self.name, inner])

    repeated = False

    # --- ioMapping ---

    def evaluated_inputs(self, task: Task) -> dict[str, Any]:
        """The values of its input mapping."""
        found: dict[str, Any] = {}
        for line in self.inputs_:
            assign(found, line.target, task.workflow.value(task, line.source, **found))
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
        if keep_all or not self.outputs_:
            for name, value in result.items():
                wf.turn.patch[prefix + name] = value
        for line in self.outputs_:
            wf.assign(prefix, line.target, wf.value(task, line.source, **result))


def _beside(task: Task) -> Iterator[Task]:
    """The other tokens in the same holder, those just put on a flow by the same element included."""
    holder = task.workflow.around(task)
    for child in holder.children:
        if child is not task:
            yield child
    if task.parent is not holder:
        yield from (child for child in task.parent.children if child is not task)


def _round(task: Task) -> str | None:
    """Which one of many a token is."""
    count = task.internal_data.get("i")
    return None if count is None else f"#{count}"


# --- passing through --------------------------------------------------------------------------------------------


class PassSpec(ElementSpec):
    """A start event that began, a throw event without definition, a task without meaning for the machine."""


class PlainTaskSpec(PassSpec):
    """A task nobody performs here."""

    activity = True


class StartSpec(ElementSpec):
    """A start event."""

    def finish(self, task: Task) -> str | None:
        if self.outputs_:
            self.write(task, {})
        return None


# --- people and machines ----------------------------------------------------------------------------------------


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
        form = wf.value(my_task, self.form, **inputs) if self.form else None
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
        if self.outputs_:
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
        kind = wf.value(my_task, self.type, **inputs) if self.type else ""
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
        if self.outputs_:
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
        value = wf.value(task, self.script, **self.evaluated_inputs(task))
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
        decision = str(wf.value(task, self.decision, **inputs))
        model = find_model(self.models, decision)
        if model is None:
            raise wf.stuck(task, "no_decision", _("There is no decision {decision}.").format(decision=decision))
        try:
            explained = model.explain(decision, dict(wf.names(task, inputs)), now=wf.turn.now)
        except Exception as error:  # DecisionError; a table may also meet values its functions cannot digest
            raise wf.stuck(
                task,
                "decision",
                _("The decision {decision} cannot be taken: {error}").format(decision=decision, error=error),
            ) from error
        result = explained.value
        if self.result:
            self.write(task, {self.result: result})
        elif isinstance(result, Mapping):
            self.write(task, result)
        rules = ", ".join(str(rule) for rule in explained.rules)
        return f"{decision}: {rules}" if rules else decision


def find_model(models: Mapping[str, Model], decision: str) -> Model | None:
    """The model that knows a decision: filed under its id, or asked."""
    if decision in models:
        return models[decision]
    return next((model for model in models.values() if decision in model.decisions), None)


# --- gateways ---------------------------------------------------------------------------------------------------


class ExclusiveSpec(ElementSpec):
    """The first flow whose condition holds, else the default."""

    def chosen(self, task: Task) -> list[Way]:
        if len(self.ways) == 1 and self.ways[0].condition is None:
            return self.ways
        for way in self.ways:
            if not way.default and (way.condition is None or self.holds(task, way.condition)):
                return [way]
        return self.otherwise(task)


class JoinSpec(ElementSpec):
    """A gateway that waits for several flows. It counts flows, not the elements they come from.

    One token per holder waits and keeps the count; what arrives twice on a flow is kept for the next round.
    """

    incoming: tuple[str, ...] = ()

    def _update_hook(self, my_task: Task) -> bool:
        wf: CaseWorkflow = my_task.workflow
        flow = my_task.internal_data.pop("flow", None)
        if len(self.incoming) < 2:
            self.arrived(my_task)
            return True
        waiting = next((t for t in _beside(my_task) if t.task_spec is self and t._state == TaskState.WAITING), None)
        if waiting is None:
            self.arrived(my_task)
            my_task.internal_data["arrived"] = {}
            my_task.data = {}
            my_task._set_state(TaskState.WAITING)
            waiting = my_task
        else:
            my_task.parent._children.remove(my_task.id)
            del wf.tasks[my_task.id]
        arrived: dict[str, int] = waiting.internal_data["arrived"]
        arrived[flow] = arrived.get(flow, 0) + 1
        if all(flow in arrived for flow in self.incoming):
            self.fire(waiting)
        return False

    def fire(self, task: Task) -> None:
        """Let the waiting token go on; what was left over begins the next round."""
        arrived: dict[str, int] = task.internal_data.pop("arrived")
        left = {flow: count - 1 for flow, count in arrived.items() if count > 1}
        task._ready()
        if left:
            wf: CaseWorkflow = task.workflow
            rest = wf.token(self, wf.around(task), arrived=left)
            rest._set_state(TaskState.WAITING)


class ParallelSpec(JoinSpec):
    """Waits for every incoming flow, takes every outgoing one."""

    def chosen(self, task: Task) -> list[Way]:
        return self.ways


class InclusiveSpec(JoinSpec):
    """Waits for every incoming flow that a token can still reach; takes every outgoing flow that holds."""

    def __init__(self, wf_spec: BpmnProcessSpec, name: str, node: FlowNode) -> None:
        super().__init__(wf_spec, name, node)
        self.reaching: dict[str, frozenset[str]] = {}  #: element → incoming flows a token there can come by

    def decide(self, task: Task) -> bool:
        arrived = task.internal_data["arrived"]
        for other in task.workflow.around(task).children:
            if other is task or other.internal_data.get("armed"):
                continue
            reach = self.reaching.get(other.task_spec.node.id, frozenset())
            # BPMN 2.0.2, 13.4.3: wait for a token on its way to an empty flow, unless it can also come by a full one
            if any(flow not in arrived for flow in reach) and not any(flow in arrived for flow in reach):
                return False
        self.fire(task)
        return True


class EventGatewaySpec(ElementSpec):
    """The first event that comes decides. Its catch events wait inside it; the one that fires moves out."""

    def _run_hook(self, my_task: Task) -> None:
        wf: CaseWorkflow = my_task.workflow
        for way in self.ways:
            wf.enter(way.target, my_task, self.carried(my_task), flow=way.id)

    def decided(self, task: Task, child: Task) -> None:
        """An event has come: its token goes on, the others are forgotten."""
        wf: CaseWorkflow = task.workflow
        way = child.internal_data.get("flow")
        wf.adopt(child, wf.around(task))
        wf.passed(task, "completed")
        if way:
            wf.passed(task, "taken", element=way)
        for other in task.children:
            wf.withdraw(other)
        task._set_state(TaskState.COMPLETED)
        task.parent._children.remove(task.id)
        del wf.tasks[task.id]


# --- scopes -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Body:
    """The inside of a process or sub-process."""

    id: str
    begins: list[ElementSpec] = field(default_factory=list)
    handlers: list[EventScopeSpec] = field(default_factory=list)  #: event sub-processes
    messages: dict[str, ElementSpec] = field(default_factory=dict)  #: message name → where it begins
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
        for spec in self.first(task):
            wf.enter(spec, task)

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
        return any(not child.internal_data.get("armed") for child in task.children)

    def child_done(self, task: Task, child: Task) -> None:
        if task._state == TaskState.STARTED and not self.busy(task):
            task.complete()

    def finish(self, task: Task) -> str | None:
        if self.outputs_:
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

    def first(self, task: Task) -> list[ElementSpec]:
        message = task.workflow.turn.message
        return self.body.begins if message is None else [self.body.messages[message]]

    def open(self, task: Task) -> None:
        message = task.workflow.turn.message
        if message is None:
            super().open(task)
            return
        self.listen(task)
        spec = self.body.messages[message]
        token = task.workflow.enter(spec, task, came=True)
        if isinstance(spec, EventGatewaySpec):
            task.workflow.after_run.append(lambda: events.fire_by_message(token, message))


class CallSpec(ScopeSpec):
    """A call activity: another process in the same case, which sees and returns only what is mapped."""

    is_process = True

    def _run_hook(self, my_task: Task) -> bool | None:
        wf: CaseWorkflow = my_task.workflow
        outer = wf.prefix(my_task)
        count = my_task.internal_data.get("i")
        prefix = f"{outer}{self.node.id}." if count is None else f"{outer}{self.node.id}.{count}."
        inputs = self.evaluated_inputs(my_task)
        path = [*wf.path(my_task), self.node.id]
        for key in {*wf.turn.data, *wf.turn.patch}:
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
        for line in self.outputs_:
            value = wf.value(task, line.source, inside)
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

    trigger: TriggerSpec

    @property
    def kind(self) -> str:
        """What starts it."""
        return self.trigger.definitions[0].kind if self.trigger.definitions else ""

    def arrived(self, task: Task) -> None:
        task.workflow.passed(task, "entered", task.internal_data.get("why"))

    def first(self, task: Task) -> list[ElementSpec]:
        return [self.body.elements[self.trigger.node.id]]


# --- loops ------------------------------------------------------------------------------------------------------


class RepeatSpec(ElementSpec):
    """An activity that is performed several times: standard loop, or one instance per item.

    Holds the instances and what they produce; boundary events hang here, around all of them.
    """

    is_scope = True
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
        return task.workflow.value(task, self.until, **counter) is True

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
                result = wf.value(task, self.output_element, **local)
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
        if self.until is not None and wf.value(task, self.until, **{**local, **counters}) is True:
            for other in task.children:
                wf.withdraw(other)
            task.complete()
        elif self.kind == "sequential" and state["k"] < state["n"]:
            items = self.items(task)
            self.instance(task, items[state["k"]] if state["k"] < len(items) else None)
        elif not active:
            task.complete()

    def finish(self, task: Task) -> str | None:
        wf: CaseWorkflow = task.workflow
        if self.output_collection:
            wf.assign(wf.prefix(task), self.output_collection, task.internal_data.get("out", []))
        return f"×{task.internal_data.get('done_', 0)}"

    def busy(self, task: Task) -> bool:
        """Whether an instance is left."""
        return any(not child.internal_data.get("armed") for child in task.children)


# --- events -----------------------------------------------------------------------------------------------------


class CatchSpec(ElementSpec):
    """An intermediate catch event or a receive task: waits for what its definition says."""

    public = True

    def _update_hook(self, my_task: Task) -> bool:
        self.arrived(my_task)
        if my_task.internal_data.pop("came", False):
            return True
        events.arm(my_task)
        if self.boundaries:
            self.arm_boundaries(my_task)
        return False

    def _on_ready_hook(self, my_task: Task) -> None:
        my_task.workflow.ready.append(my_task)

    def finish(self, task: Task) -> str | None:
        return task.internal_data.get("why")


class ReceiveSpec(CatchSpec):
    """A receive task."""

    activity = True


class BoundarySpec(ElementSpec):
    """A boundary event: waits inside its activity, and its token goes on where the activity stands."""

    public = True
    host: ElementSpec

    def _update_hook(self, my_task: Task) -> bool:
        if my_task.internal_data.get("armed"):
            events.arm(my_task)
            return False
        self.arrived(my_task)
        return True

    def finish(self, task: Task) -> str | None:
        return task.internal_data.get("why")


class TriggerSpec(ElementSpec):
    """The start event of an event sub-process while it waits."""

    public = True
    handler: EventScopeSpec

    def _update_hook(self, my_task: Task) -> bool:
        events.arm(my_task)
        return False


class ThrowSpec(ElementSpec):
    """An end event or intermediate throw event that says something, and the send task."""

    def _run_hook(self, my_task: Task) -> bool | None:
        return events.throw(my_task)

    def child_done(self, task: Task, child: Task) -> None:
        events.undo_next(task)


class SendSpec(ThrowSpec):
    """A send task."""

    activity = True
