"""Starting a case and applying commands: a snapshot is loaded, SpiffWorkflow moves the tokens, a step comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from workflow_runtime.engine import carrying, events, mending, snapshots
from workflow_runtime.engine.compiled import Compiled
from workflow_runtime.engine.steps import (
    Cancel,
    CaseState,
    Command,
    CompleteItem,
    DeliverMessage,
    DeliverSignal,
    Incident,
    JobDone,
    JobFailed,
    MoveTimers,
    MoveToken,
    Prospect,
    Reopen,
    Step,
    Thrown,
    TimersDue,
)
from workflow_runtime.engine.tasks import ItemSpec, JobSpec
from workflow_runtime.engine.timing import Clock
from workflow_runtime.engine.workflow import MOST_TIMERS, CaseWorkflow, Stuck, Turn
from workflow_runtime.errors import NotOpen
from workflow_runtime.i18n import _


def first_step(
    compiled: Compiled,
    data: Mapping[str, Any],
    *,
    now: datetime,
    message: str | None,
    functions: Mapping[str, Callable[..., Any]],
    zone: tzinfo | None,
    ids: Callable[[], str],
) -> Step:
    """The step that begins a case."""
    starts = [*compiled.message_starts, *compiled.signal_starts]
    known = ", ".join(starts) or "—"
    if message is not None and message not in starts:
        raise NotOpen(
            _("Nothing in {process} starts by the message {message}; it knows {known}.").format(
                process=compiled.main, message=message, known=known
            )
        )
    if message is None and not compiled.root.body.begins:
        raise NotOpen(_("{process} starts only by a message: {known}.").format(process=compiled.main, known=known))
    turn = Turn(data, _clock(now, zone, functions), ids, message)
    wf = CaseWorkflow(compiled.spec, turn)
    wf.token(compiled.root, wf.task_tree)
    nothing = snapshots.dumped(CaseWorkflow(compiled.spec, turn), compiled, CaseState.INCIDENT)

    def begin() -> None:
        wf.begin()
        wf.do_engine_steps()

    return _step(wf, compiled, begin, nothing)


def next_step(
    compiled: Compiled,
    snapshot: bytes,
    command: Command,
    data: Mapping[str, Any],
    *,
    now: datetime,
    functions: Mapping[str, Callable[..., Any]],
    zone: tzinfo | None,
    ids: Callable[[], str],
) -> Step:
    """The step that a command makes."""
    turn = Turn(data, _clock(now, zone, functions), ids)
    wf = snapshots.loaded(snapshot, compiled, turn)
    if isinstance(command, Reopen):
        if wf.case_state is CaseState.OPEN:
            raise NotOpen(_("The case is open; it need not be opened again."))
    elif wf.case_state is not CaseState.OPEN:
        raise NotOpen(_("The case is {state}; nothing in it is open.").format(state=wf.case_state.value))

    def move() -> None:
        _obey(wf, compiled, command)
        wf.do_engine_steps()

    return _step(wf, compiled, move, snapshot)


def carried(old: Compiled, new: Compiled, snapshot: bytes, *, now: datetime) -> bytes:
    """The snapshot of a case, for another version of its procedure."""
    turn = Turn({}, _clock(now, None, {}), lambda: "")
    wf = snapshots.loaded(snapshot, old, turn)
    carrying.refuse_otherwise_drawn(wf, old, new)
    return snapshots.dumped(wf, new, wf.case_state)


def outlook(compiled: Compiled, snapshot: bytes, *, now: datetime) -> Prospect:
    """Whether a case can finish from its snapshot."""
    turn = Turn({}, _clock(now, None, {}), lambda: "")
    return mending.prospect(snapshots.loaded(snapshot, compiled, turn), compiled)


def _clock(now: datetime, zone: tzinfo | None, functions: Mapping[str, Callable[..., Any]]) -> Clock:
    if now.tzinfo is None:
        raise ValueError("now must know its time zone")
    return Clock(now, zone or now.tzinfo, functions)


def _step(wf: CaseWorkflow, compiled: Compiled, move: Callable[[], None], before: bytes) -> Step:
    """What the move did; or, when it could not be made, the incident and nothing else."""
    try:
        move()
    except Stuck as stuck:
        return _unmoved(wf, compiled, before, stuck.incident, stuck.thrown)
    except RecursionError:
        # sub-processes are counted (MOST_NESTED); what is left is an expression that nests beyond reason
        return _unmoved(wf, compiled, before, Incident(compiled.main, "too_deep", _("The step nests too deep.")), ())
    turn, state = wf.turn, wf.case_state
    return Step(
        snapshot=snapshots.dumped(wf, compiled, state),
        state=state,
        opened=tuple(item for item in turn.opened.values() if item.id in wf.tasks),
        closed=tuple(dict.fromkeys(id for id in turn.closed if id not in turn.opened and id not in turn.jobs)),
        jobs=tuple(job for job in turn.jobs.values() if job.id in wf.tasks),
        timers=events.timers(wf),
        subscriptions=events.subscriptions(wf),
        thrown=tuple(turn.thrown),
        decided=tuple(turn.decided),
        patch=turn.patch,
        history=tuple(turn.history),
    )


def _unmoved(
    wf: CaseWorkflow, compiled: Compiled, before: bytes, incident: Incident, thrown: tuple[Thrown, ...]
) -> Step:
    """The case as it was; what it waits for still stands."""
    was = snapshots.loaded(before, compiled, wf.turn)
    return Step(
        before,
        CaseState.INCIDENT,
        timers=events.timers(was),
        subscriptions=events.subscriptions(was),
        thrown=thrown,
        incident=incident,
    )


def _obey(wf: CaseWorkflow, compiled: Compiled, command: Command) -> None:
    match command:
        case CompleteItem(item, patch):
            task = _open(wf, item, ItemSpec, TaskState.READY, _("item"))
            task.task_spec.complete_with(task, patch)
            wf.spend(task)
            task.run()
        case JobDone(job, patch):
            task = _open(wf, job, JobSpec, TaskState.STARTED, _("job"))
            task.task_spec.complete_with(task, patch)
            wf.spend(task)
            task.complete()
        case JobFailed(job, code, message):
            task = _open(wf, job, JobSpec, TaskState.STARTED, _("job"))
            events.raise_error(task, code, message)
        case DeliverMessage(subscription, payload):
            if not events.fire_message(wf, subscription, payload):
                raise _not_open(_("subscription"), subscription)
        case DeliverSignal(name, payload):
            events.fire_signal(wf, name, payload)
        case TimersDue(as_of):
            fired = 0
            if as_of is not None:
                wf.turn.clock = replace(wf.turn.clock, now=as_of)
            while fired < MOST_TIMERS and events.fire_due_timer(wf):
                wf.do_engine_steps()
                fired += 1
        case MoveTimers(to, every):
            events.move_timers(wf, to, every)
        case MoveToken(source, target, path):
            mending.move(wf, source, target, path)
        case Reopen(at):
            mending.reopen(wf, compiled, at)
        case Cancel(reason):
            _cancel(wf, reason)


def _open(wf: CaseWorkflow, id: str, spec: type, state: int, word: str) -> Task:
    task = wf.tasks.get(id)
    if task is None or not isinstance(task.task_spec, spec) or task._state != state:
        raise _not_open(word, id)
    return task


def _not_open(word: str, id: str) -> NotOpen:
    return NotOpen(_("The {word} {id} is not open in this case.").format(word=word, id=id))


def _cancel(wf: CaseWorkflow, reason: str) -> None:
    for child in wf.task_tree.children:
        wf.withdraw(child)
        if wf.turn.history:
            last = wf.turn.history[-1]
            wf.turn.history[-1] = type(last)(last.element, last.what, last.at, last.path, reason)
    wf.completed = True
    wf.case_state = CaseState.CANCELLED
