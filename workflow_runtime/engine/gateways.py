"""Gateways: splits that choose, joins that count flows, events that decide."""

from __future__ import annotations

from functools import partial

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from workflow_runtime.diagram.model import FlowNode
from workflow_runtime.engine import events
from workflow_runtime.engine.elements import ElementSpec, Way, beside
from workflow_runtime.engine.formulas import Formula
from workflow_runtime.engine.workflow import CaseWorkflow


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

    counts_flows = True
    incoming: tuple[str, ...] = ()

    def _update_hook(self, my_task: Task) -> bool:
        wf: CaseWorkflow = my_task.workflow
        flow = my_task.internal_data.pop("flow", None)
        if len(self.incoming) < 2:
            self.arrived(my_task)
            return True
        waiting = next((t for t in beside(my_task) if t.task_spec is self and t._state == TaskState.WAITING), None)
        if waiting is None:
            self.arrived(my_task)
            my_task.internal_data["arrived"] = {}
            my_task.data = {}
            my_task._set_state(TaskState.WAITING)
            waiting = my_task
        else:
            wf.forget(my_task)
        arrived: dict[str, int] = waiting.internal_data["arrived"]
        arrived[flow] = arrived.get(flow, 0) + 1
        if all(flow in arrived for flow in self.incoming):
            self.complete_set(waiting)
        return False

    def complete_set(self, task: Task) -> None:
        """A token has come by every flow."""
        self.fire(task)

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
        if self.more_may_come(task):
            return False
        self.fire(task)
        return True

    def more_may_come(self, task: Task) -> bool:
        """Whether a token is on its way to a flow that is still empty."""
        arrived = task.internal_data["arrived"]
        wf: CaseWorkflow = task.workflow
        for other in wf.inside(wf.around(task)):
            if other is task or other.internal_data.get("armed"):
                continue
            reach = self.reaching.get(other.task_spec.node.id, frozenset())
            # BPMN 2.0.2, 13.4.3: a token that can also come by a full flow is not waited for
            if any(flow not in arrived for flow in reach) and not any(flow in arrived for flow in reach):
                return True
        return False


class ComplexSpec(InclusiveSpec):
    """A join with a condition of its own on `activationCount`, or on the count of a flow by the flow's id.

    What comes later in the same round is taken in silently, until nothing more can come; then a new round begins.
    """

    activation: Formula | None = None

    def decide(self, task: Task) -> bool:
        arrived: dict[str, int] = task.internal_data["arrived"]
        if task.internal_data.get("spent"):
            if self.more_may_come(task):
                return False
            task.workflow.forget(task)
            return True
        if self.activation is None:
            return super().decide(task)
        counts = {flow: arrived.get(flow, 0) for flow in self.incoming}
        names = {**counts, "activationCount": sum(counts.values()), "waitingForStart": True}
        if task.workflow.value(task, self.activation, names) is not True:
            return False
        self.fire(task)
        return True

    def fire(self, task: Task) -> None:
        if self.activation is None:
            super().fire(task)
            return
        wf: CaseWorkflow = task.workflow
        arrived = task.internal_data.pop("arrived")
        task._ready()
        rest = wf.token(self, wf.around(task), arrived=arrived, spent=True)
        rest._set_state(TaskState.WAITING)

    def complete_set(self, task: Task) -> None:
        """All flows have come: nothing more than the condition asks is needed."""
        if self.activation is None:
            self.fire(task)


class EventGatewaySpec(ElementSpec):
    """The first event that comes decides. Its catch events wait inside it; the one that fires moves out."""

    def _run_hook(self, my_task: Task) -> None:
        wf: CaseWorkflow = my_task.workflow
        for way in self.ways:
            wf.enter(way.target, my_task, self.carried(my_task), flow=way.id)
        if message := my_task.internal_data.pop("came", None):
            wf.after_run.append(partial(events.fire_by_message, my_task, message))

    def event_came(self, task: Task, child: Task) -> None:
        """An event has come: its token goes on, the others are forgotten."""
        wf: CaseWorkflow = task.workflow
        way = child.internal_data.get("flow")
        wf.adopt(child, wf.around(task))
        wf.passed(task, "completed")
        if way:
            wf.passed(task, "taken", element=way)
        for other in task.children:
            wf.withdraw(other)
        wf.forget(task)
