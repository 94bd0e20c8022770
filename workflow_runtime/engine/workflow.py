"""One case inside SpiffWorkflow: the tree of its live tokens, and what the current command sees and leaves behind.

SpiffWorkflow moves every token: each is one of its tasks, is made ready, run, completed or cancelled by it, and
`BpmnWorkflow.do_engine_steps` drives them until only waits are left. Ours is what the elements mean (specs.py) and
the shape of the tree: a token is a child of what holds it (the process, a sub-process, a loop), and a finished task is
taken out at once. So the tree is never longer than the live tokens, whatever the case has been through.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from workflow_runtime.engine.formulas import Formula, Names
from workflow_runtime.engine.steps import Basis, CaseState, Decided, Incident, Job, OpenedItem, Passed, Thrown
from workflow_runtime.engine.timing import Clock
from workflow_runtime.i18n import _

if TYPE_CHECKING:
    from workflow_runtime.engine.elements import ElementSpec

#: What one command may set in motion before it counts as running for ever.
MOST_TRANSITIONS = 10_000
#: Due timers that one command lets take effect; what is left stays due for the next.
MOST_TIMERS = 100
#: Tokens, listeners and scopes that one case may have at a time.
MOST_TOKENS = 3_000
#: Sub-processes and called processes inside each other.
MOST_NESTED = 60


class Stuck(Exception):
    """The machine cannot go on; becomes the incident of the step, and nothing the command did is kept."""

    def __init__(self, incident: Incident, thrown: tuple[Thrown, ...] = ()) -> None:
        self.incident = incident
        self.thrown = thrown
        super().__init__(incident.message)


class NoScripts:
    """Stands where SpiffWorkflow expects its script engine: nothing of a diagram is ever run as Python."""

    def evaluate(self, *_ignored: object, **_also: object) -> NoReturn:
        raise RuntimeError("expressions are FEEL; the script engine of the library is not used")

    execute = call_service = evaluate


@dataclass(slots=True)
class Turn:
    """What one command may look at, and what it leaves behind."""

    data: Mapping[str, Any]
    clock: Clock
    ids: Callable[[], str]
    message: str | None = None
    bases: dict[str, Basis] = field(default_factory=dict)  #: of the timers that were set, by id
    patch: dict[str, Any] = field(default_factory=dict)
    opened: dict[str, OpenedItem] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)
    thrown: list[Thrown] = field(default_factory=list)
    decided: list[Decided] = field(default_factory=list)
    history: list[Passed] = field(default_factory=list)
    lists: dict[Any, list[Any]] = field(default_factory=dict)  #: from what loops last made the list of their instances
    transitions: int = 0
    arrived: datetime = field(init=False)  #: when the command came, whatever instant its timers are reckoned from

    def __post_init__(self) -> None:
        self.arrived = self.clock.now

    @property
    def now(self) -> datetime:
        """The instant that expressions see and from which lengths of time are counted."""
        return self.clock.now


class Token(Task):  # type: ignore[misc]
    """A task of the library without its log lines and its look at the wall clock at every change of state."""

    def _set_state(self, value: int) -> None:
        self._state = value


class CaseWorkflow(BpmnWorkflow):  # type: ignore[misc]
    """The live tokens of one case during one command."""

    tasks: dict[Any, Task]

    def __init__(self, spec: BpmnProcessSpec, turn: Turn) -> None:
        self.turn = turn
        self.case_state = CaseState.OPEN
        self.ready: deque[Task] = deque()
        self.after_run: deque[Callable[[], None]] = deque()
        self.serial = 0
        super().__init__(spec, script_engine=NoScripts(), deserializing=True)
        self.task_tree: Task = Token(self, spec.start, state=TaskState.FUTURE, id="start")

    # --- what SpiffWorkflow calls ---

    def _do_engine_steps(self, will_complete_task: Any = None, did_complete_task: Any = None) -> bool:
        """Run what is ready, first in first out; when nothing is, see which joins and conditions can decide now."""
        moved = False
        self.settle()
        while self.ready:
            task = self.ready.popleft()
            if task._state == TaskState.READY and self.alive(task):
                self.spend(task)
                task.run()
                self.settle()
                moved = True
        return moved or self._decide()

    def update_waiting_tasks(self) -> None:
        """Nothing: whatever waits here is woken by its event, not by asking everyone after each move."""

    def _task_completed_notify(self, task: Task) -> None:
        """Take a finished task out of the tree: what follows it moves up to what held it."""
        self.last_task = task
        holder = task.parent
        if holder is None:
            return
        for child in task.children:
            self.adopt(child, holder)
        self.forget(task)
        if holder is self.task_tree:
            self.completed = True
            self.case_state = CaseState.COMPLETED
        elif holder._state == TaskState.STARTED:
            holder.task_spec.child_done(holder, task)

    # --- tokens ---

    def begin(self) -> None:
        """Put the first token at the beginning of the tree."""
        self.task_tree._ready()
        self.task_tree.run()

    def token(self, spec: ElementSpec, parent: Task, data: dict[str, Any] | None = None, **notes: Any) -> Task:
        """A new token at an element, under a task that is finished (then it moves up) or that holds tokens."""
        if len(self.tasks) > MOST_TOKENS:
            raise self.stuck(
                parent,
                "too_many",
                _("The case would wait in more than {limit} places at once.").format(limit=MOST_TOKENS),
            )
        if spec.public:
            id: str | int = self.turn.ids()
        else:
            self.serial += 1
            id = self.serial
        task = Token(self, spec, parent, state=TaskState.FUTURE, id=id)
        task.data = data or {}
        task.internal_data = notes
        return task

    def enter(self, spec: ElementSpec, holder: Task, data: dict[str, Any] | None = None, **notes: Any) -> Task:
        """A new token at an element, told at once that it has arrived."""
        task = self.token(spec, holder, data, **notes)
        spec._update(task)
        return task

    def adopt(self, child: Task, holder: Task) -> None:
        """Move a token under another holder."""
        former = child.parent
        former._children.remove(child.id)
        child._parent = holder.id
        holder._children.append(child.id)

    def withdraw(self, task: Task) -> None:
        """Cancel a task with everything inside it, innermost first, and take it out of the tree."""
        for child in task.children:
            self.withdraw(child)
        task.cancel()
        self.forget(task)

    def forget(self, task: Task) -> None:
        """Take a task out of the tree without a word."""
        task.parent._children.remove(task.id)
        del self.tasks[task.id]

    def alive(self, task: Task) -> bool:
        """Whether the task is still in the tree."""
        return self.tasks.get(task.id) is task

    def settle(self) -> None:
        """Do what had to wait until the running task was through (throwing may cancel the thrower)."""
        while self.after_run:
            self.after_run.popleft()()

    def spend(self, task: Task) -> None:
        """Count a move; a step that never ends becomes an incident."""
        self.turn.transitions += 1
        if self.turn.transitions > MOST_TRANSITIONS:
            raise self.stuck(
                task,
                "endless",
                _("The procedure made {limit} moves without reaching a step that waits.").format(
                    limit=MOST_TRANSITIONS
                ),
            )

    def _decide(self) -> bool:
        for task in list(self.tasks.values()):
            if task._state == TaskState.WAITING and task.task_spec.decide(task):
                return True
        return False

    # --- where a token stands ---

    def around(self, task: Task) -> Task:
        """What holds a token: the nearest task above it that is not just finishing."""
        parent: Task = task.parent
        while parent._state == TaskState.COMPLETED and parent._parent is not None:
            parent = parent.parent
        return parent

    def home(self, task: Task) -> Task:
        """The process a token is in: the task of the main process or of a call activity."""
        if task.internal_data.get("armed") == "boundary":
            task = self.around(task)  # a boundary event belongs to where its activity stands, not inside it
        if task.parent is self.task_tree:
            return task
        task = self.around(task)
        while not task.task_spec.is_process:
            task = self.around(task)
        return task

    def path(self, task: Task) -> tuple[str, ...]:
        """The ids of the call activities around a token, outermost first."""
        return tuple(self.home(task).internal_data.get("path", ()))

    def prefix(self, task: Task) -> str:
        """What the keys of the token's process begin with in the case file."""
        prefix: str = self.home(task).internal_data.get("prefix", "")
        return prefix

    # --- data ---

    def names(self, task: Task, local: Mapping[str, Any] | None = None, *, inside: bool = False) -> Names:
        """What an expression sees at a token; `inside`: as the called process sees it, not the caller."""
        if inside:
            return Names(self.turn.data, self.turn.patch, task.internal_data.get("prefix", ""), local or {})
        seen: dict[str, Any] = {}
        home = self.home(task)
        holder = task
        while holder is not home and holder is not self.task_tree:
            seen = {**holder.data, **seen}
            holder = self.around(holder)
        if local:
            seen.update(local)
        return Names(self.turn.data, self.turn.patch, home.internal_data.get("prefix", ""), seen)

    def value(
        self,
        task: Task,
        formula: Formula,
        local: Mapping[str, Any] | None = None,
        *,
        names: Mapping[str, Any] | None = None,
    ) -> Any:
        """The value of an expression at a token, or an incident that names the element and the text."""
        turn = self.turn
        try:
            return formula(
                self.names(task, local) if names is None else names,
                now=turn.clock.local,
                functions=turn.clock.functions,
            )
        except Exception as error:  # FEEL says FeelError; the functions handed in may fail in any way they like
            raise self.stuck(
                task,
                "expression",
                _("The expression {text} has no value here: {error}").format(text=formula.text, error=error),
            ) from error

    def assign(self, prefix: str, target: str, value: Any) -> None:
        """Write one name of a process into the case file; a dotted target fills a part of a context."""
        assign(self.turn.patch, target, value, prefix, self.turn.data)

    # --- reports ---

    def passed(self, task: Task, what: str, note: str | None = None, element: str | None = None) -> None:
        """Write a line of history."""
        spec: ElementSpec = task.task_spec
        self.turn.history.append(Passed(element or spec.node.id, what, self.turn.arrived, self.path(task), note))

    def stuck(self, task: Task, code: str, message: str, thrown: tuple[Thrown, ...] = ()) -> Stuck:
        """An incident at a token."""
        spec: ElementSpec = task.task_spec
        return Stuck(Incident(spec.node.id, code, message, self.path(task)), thrown)

    def inside(self, holder: Task) -> Iterator[Task]:
        """What a task holds, in order of arrival, without building the list that the library builds each time."""
        return map(self.tasks.__getitem__, holder._children)

    def live(self) -> Iterator[Task]:
        """All tokens and listeners, in order of arrival."""
        return (task for task in list(self.tasks.values()) if task is not self.task_tree)


def assign(
    patch: dict[str, Any], target: str, value: Any, prefix: str = "", data: Mapping[str, Any] | None = None
) -> None:
    """Put a value under a name; `a.b` makes or extends the context `a` without touching the one it came from."""
    name, *rest = target.split(".")
    key = prefix + name
    if not rest:
        patch[key] = value
        return
    known = patch[key] if key in patch else (data or {}).get(key)
    inner: dict[str, Any] = dict(known) if isinstance(known, Mapping) else {}
    assign(inner, ".".join(rest), value)
    patch[key] = inner
