"""Elements that wait for events or throw them; what an event does stands in events.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from SpiffWorkflow.task import Task

from workflow_runtime.engine import events
from workflow_runtime.engine.elements import ElementSpec

if TYPE_CHECKING:
    from workflow_runtime.engine.scopes import EventScopeSpec


class CatchSpec(ElementSpec):
    """An intermediate catch event or a receive task: waits for what its definition says."""

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
        why: str | None = task.internal_data.get("why")
        return why


class ReceiveSpec(CatchSpec):
    """A receive task."""

    activity = True


class BoundarySpec(ElementSpec):
    """A boundary event: waits inside its activity, and its token goes on where the activity stands."""

    host: ElementSpec

    def _update_hook(self, my_task: Task) -> bool:
        if my_task.internal_data.get("armed"):
            events.arm(my_task)
            return False
        self.arrived(my_task)
        return True

    def finish(self, task: Task) -> str | None:
        why: str | None = task.internal_data.get("why")
        return why


class TriggerSpec(ElementSpec):
    """The start event of an event sub-process while it waits."""

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
