"""Events: what begins to wait, what wakes it, what a throw does, and who catches an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from workflow_runtime.engine.formulas import Formula
from workflow_runtime.engine.steps import Basis, Subscription, Thrown, Timer
from workflow_runtime.engine.timing import Alarm, BadTime, again, alarm, retimed
from workflow_runtime.i18n import _

if TYPE_CHECKING:
    from workflow_runtime.engine.catching import BoundarySpec
    from workflow_runtime.engine.scopes import EventScopeSpec
    from workflow_runtime.engine.workflow import CaseWorkflow

#: What something waits for; errors, escalations, cancellations and compensations find their catcher themselves.
AWAITED = frozenset({"timer", "message", "signal", "conditional"})


@dataclass(frozen=True, slots=True)
class Definition:
    """One event definition, its expressions compiled. `name`: of the message or signal, or the code."""

    kind: str
    name: str = ""
    formula: Formula | None = None  #: the time, or the condition
    cycle: bool = False
    key: Formula | None = None
    activity: str | None = None  #: compensation: what is to be undone


# --- waiting ----------------------------------------------------------------------------------------------------


def arm(task: Task) -> None:
    """Let a token or listener wait for its events; times and keys are settled now."""
    task._set_state(TaskState.WAITING)
    task.internal_data["waits"] = [
        _begun(task, position, event) for position, event in enumerate(task.task_spec.definitions)
    ]


def _begun(task: Task, position: int, event: Definition) -> Any:
    if event.kind == "timer":
        return _set(task, position, task.workflow.turn.now, lambda: _alarm(task, event))
    if event.kind == "message":
        return _key(task, event)
    return 0


def _alarm(task: Task, event: Definition) -> Alarm:
    wf: CaseWorkflow = task.workflow
    assert event.formula is not None
    value = wf.value(task, event.formula)
    try:
        return alarm(value, wf.turn.clock, cycle=event.cycle)
    except BadTime as error:
        raise wf.stuck(task, "timer", _("The timer has no time: {error}.").format(error=error)) from error


def _set(task: Task, position: int, begins: datetime, find: Callable[[], Alarm | None]) -> list[Any] | None:
    """Set a timer to what `find` finds, and keep for the report how it was found."""
    turn = task.workflow.turn
    clock = turn.clock
    asked: list[tuple[str, tuple[Any, ...], Any]] = []

    def heard(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(*given: Any, **named: Any) -> Any:
            answer = function(*given, **named)
            asked.append((name, (*given, *named.values()), answer))
            return answer

        return call

    turn.clock = replace(clock, functions={name: heard(name, each) for name, each in clock.functions.items()})
    try:
        found = find()
    finally:
        turn.clock = clock
    if found is None:
        return None
    how = "cycle" if found.cycle else "duration" if found.text else "date"
    turn.bases[_id(task, position)] = Basis(how, begins, found.text, tuple(asked))
    return _alarm_note(found)


def _alarm_note(found: Alarm) -> list[Any]:
    return [found.due.isoformat(), found.cycle] if found.cycle else [found.due.isoformat()]


def _key(task: Task, event: Definition) -> str:
    """The correlation key: as drawn, else the number of the case and of its subject."""
    wf: CaseWorkflow = task.workflow
    if event.key is None:
        numbers = [wf.turn.data.get(name) for name in ("case", "subject")]
        return "/".join(str(about.get("number", "")) for about in numbers if isinstance(about, Mapping))
    value = wf.value(task, event.key)
    if value is None:
        raise wf.stuck(
            task,
            "no_key",
            _("The correlation key {text} of message {name} has no value.").format(
                text=event.key.text, name=event.name
            ),
        )
    return str(value)


def _ids(task: Task) -> Iterator[tuple[str, int, Definition, Any]]:
    """What a task waits for: id, position, definition, note."""
    waits = task.internal_data.get("waits")
    if waits is None or task._state != TaskState.WAITING:
        return
    events: Sequence[Definition] = task.task_spec.definitions
    for position, (event, note) in enumerate(zip(events, waits, strict=True)):
        if note is not None:
            yield _id(task, position), position, event, note


def _id(task: Task, position: int) -> str:
    """The id that the outside knows an awaited event by."""
    return str(task.id) if len(task.task_spec.definitions) == 1 else f"{task.id}.{position}"


def timers(wf: CaseWorkflow) -> tuple[Timer, ...]:
    """All running timers, soonest first."""
    found = [
        Timer(id, task.task_spec.node.id, datetime.fromisoformat(note[0]), wf.path(task), wf.turn.bases.get(id))
        for task in wf.live()
        for id, _position, event, note in _ids(task)
        if event.kind == "timer"
    ]
    return tuple(sorted(found, key=lambda timer: timer.due))


def subscriptions(wf: CaseWorkflow) -> tuple[Subscription, ...]:
    """All messages waited for."""
    return tuple(
        Subscription(id, task.task_spec.node.id, event.name, note, wf.path(task))
        for task in wf.live()
        for id, _position, event, note in _ids(task)
        if event.kind == "message"
    )


# --- waking -----------------------------------------------------------------------------------------------------


def fire_due_timer(wf: CaseWorkflow) -> bool:
    """Let the timer take effect that has been due longest; False when none is due."""
    due: list[tuple[datetime, int, Task, int]] = []
    for order, task in enumerate(wf.live()):
        for _name, position, event, note in _ids(task):
            if event.kind == "timer" and (at := datetime.fromisoformat(note[0])) <= wf.turn.now:
                due.append((at, order, task, position))
    if not due:
        return False
    at, _order, task, position = min(due, key=lambda entry: entry[:2])
    wf.spend(task)
    fire(task, position, {}, f"due {at.isoformat()}")
    return True


def move_timers(wf: CaseWorkflow, to: Mapping[str, datetime], every: Mapping[str, str]) -> None:
    """Running timers are due at another instant; a cycle may repeat after another length of time."""
    for task in wf.live():
        for id, position, event, note in list(_ids(task)):
            if event.kind == "timer" and (id in to or id in every):
                due = to.get(id, datetime.fromisoformat(note[0]))
                cycle = note[1] if len(note) > 1 else None
                task.internal_data["waits"][position] = _alarm_note(Alarm(due, retimed(cycle, every.get(id))))


def fire_message(wf: CaseWorkflow, subscription: str, payload: Mapping[str, Any]) -> bool:
    """Deliver a message to the subscription; False when it is not open.

    A step that waits for the message comes before an event sub-process that waits for it all the while.
    """
    open_ones = [
        (id, task, position, event, note)
        for task in wf.live()
        for id, position, event, note in _ids(task)
        if event.kind == "message"
    ]
    for id, task, position, event, note in open_ones:
        if id == subscription:
            if task.internal_data.get("armed") == "scope":
                asked = (event.name, note)
                same = ((at, where) for _id, at, where, other, key in open_ones if (other.name, key) == asked)
                nearer = (one for one in same if one[0].internal_data.get("armed") != "scope")
                task, position = next(nearer, (task, position))
            fire(task, position, payload, event.name)
            return True
    return False


def fire_by_message(gateway: Task, message: str) -> None:
    """The message that began the case chooses the way at an event gateway."""
    for task in gateway.children:
        for _name, position, event, _note in _ids(task):
            if event.kind == "message" and event.name == message:
                fire(task, position, {}, message)
                return


def fire_signal(wf: CaseWorkflow, name: str, payload: Mapping[str, Any]) -> None:
    """Tell everyone who waits for a signal, outer before inner; who is cancelled by it hears it no more."""
    for task in wf.live():
        if wf.alive(task):
            for _name, position, event, _note in list(_ids(task)):
                if event.kind == "signal" and event.name == name:
                    fire(task, position, payload, name)
                    break


def condition_came_true(task: Task) -> bool:
    """Whether a condition this task waits for has become true since it was last looked at (then it has fired)."""
    wf: CaseWorkflow = task.workflow
    for _name, position, event, was in list(_ids(task)):
        if event.kind == "conditional" and event.formula is not None:
            holds = wf.value(task, event.formula) is True
            task.internal_data["waits"][position] = 1 if holds else 0
            if holds and not was:
                wf.spend(task)
                fire(task, position, {}, event.formula.text)
                return True
    return False


def fire(task: Task, position: int, payload: Mapping[str, Any], why: str) -> None:
    """An event has come to a task that waits for it."""
    spec, notes = task.task_spec, task.internal_data
    if spec.node.parallel_multiple and len(spec.definitions) > 1:
        seen = sorted({*notes.get("seen", ()), position})
        if len(seen) < len(spec.definitions):
            notes["seen"] = seen
            if spec.definitions[position].kind == "timer":
                notes["waits"][position] = None
            spec.write(task, payload)
            return
        notes["seen"] = []
    match notes.get("armed"):
        case "boundary":
            _boundary_came(task, position, payload, why)
        case "scope":
            _trigger_came(task, position, payload, why)
        case _:
            _catch_came(task, payload, why)


def _catch_came(task: Task, payload: Mapping[str, Any], why: str) -> None:
    holder = task.workflow.around(task)
    holder.task_spec.event_came(holder, task)
    del task.internal_data["waits"]
    task.internal_data["why"] = why
    task.task_spec.write(task, payload)
    task._ready()


def _boundary_came(task: Task, position: int, payload: Mapping[str, Any], why: str) -> None:
    wf: CaseWorkflow = task.workflow
    boundary: BoundarySpec = task.task_spec
    host = wf.around(task)
    if boundary.node.interrupting:
        _interrupt(host, boundary, payload, why)
        return
    _rearm(task, position)
    token = wf.enter(boundary, wf.around(host), why=why)
    boundary.write(token, payload)


def _trigger_came(task: Task, position: int, payload: Mapping[str, Any], why: str) -> None:
    scope = task.workflow.around(task)
    handler: EventScopeSpec = task.task_spec.handler
    if not handler.trigger.node.interrupting:
        _rearm(task, position)
    _begin_handler(scope, handler, payload, why)


def _rearm(task: Task, position: int) -> None:
    """What does not interrupt goes on waiting: messages and signals always, timers as long as their cycle lasts."""
    wf: CaseWorkflow = task.workflow
    event, waits = task.task_spec.definitions[position], task.internal_data["waits"]
    if event.kind == "timer":
        due, cycle = datetime.fromisoformat(waits[position][0]), (waits[position] + [None])[1]
        waits[position] = _set(task, position, due, lambda: _next_turn(task, due, cycle))
    if all(note is None for note in waits):
        wf.withdraw(task)


def _next_turn(task: Task, due: datetime, cycle: str | None) -> Alarm | None:
    """When a cycle comes round again; one that is drawn with `xb:missed` = `once` leaves out what has passed."""
    turn = task.workflow.turn
    following = again(due, cycle, turn.clock)
    if task.task_spec.node.properties.get("xb:missed") == "once":
        while following is not None and following.due <= turn.arrived:
            following = again(following.due, following.cycle, turn.clock)
    return following


def _interrupt(host: Task, boundary: BoundarySpec, payload: Mapping[str, Any], why: str) -> None:
    """Cancel an activity; its boundary event goes on in its place."""
    wf: CaseWorkflow = host.workflow
    holder = wf.around(host)
    wf.withdraw(host)
    token = wf.enter(boundary, holder, why=why)
    boundary.write(token, payload)


def _begin_handler(scope: Task, handler: EventScopeSpec, payload: Mapping[str, Any], why: str) -> None:
    """Begin an event sub-process; an interrupting one ends everything else in its scope first."""
    wf: CaseWorkflow = scope.workflow
    if handler.trigger.node.interrupting:
        scope.internal_data["interrupted"] = True
        for child in scope.children:
            if child.internal_data.get("armed") != "boundary":
                wf.withdraw(child)
    token = wf.enter(handler, scope, why=why)
    handler.trigger.write(token, payload)


# --- throwing ---------------------------------------------------------------------------------------------------


def throw(task: Task) -> bool | None:
    """Say what a throw event says. What may cancel the thrower itself waits until it is through."""
    wf: CaseWorkflow = task.workflow
    later = False
    for event in task.task_spec.definitions:
        if event.kind == "message":
            _send(task, event)
        else:
            wf.after_run.append(partial(perform, task, event))
            later = True
    if not later:
        return True
    wf.after_run.append(partial(_finish_throw, task))
    return None


def _finish_throw(task: Task) -> None:
    if task.workflow.alive(task) and "undo" not in task.internal_data:
        task.complete()


def perform(task: Task, event: Definition) -> None:
    """Let what a task throws take effect; unless it was itself cancelled by what it threw before."""
    wf: CaseWorkflow = task.workflow
    if not wf.alive(task):
        return
    match event.kind:
        case "signal":
            payload = task.task_spec.evaluated_inputs(task)
            wf.turn.thrown.append(Thrown("signal", event.name, task.task_spec.node.id, payload, path=wf.path(task)))
            fire_signal(wf, event.name, payload)
        case "error":
            wf.passed(task, "completed", event.name)
            task.internal_data["told"] = True
            raise_error(task, event.name, "")
        case "escalation":
            _escalate(task, event)
        case "terminate":
            for other in wf.around(task).children:
                if other is not task and other.internal_data.get("armed") != "boundary":
                    wf.withdraw(other)
        case "cancel":
            _cancel_transaction(task)
        case "compensate":
            _undo(task, event.activity)


def _send(task: Task, event: Definition) -> None:
    wf: CaseWorkflow = task.workflow
    payload = task.task_spec.evaluated_inputs(task)
    mapped = payload.pop("correlationKey", None)
    key = str(mapped) if mapped is not None else _key(task, event)
    wf.turn.thrown.append(Thrown("message", event.name, task.task_spec.node.id, payload, key, wf.path(task)))


def raise_error(task: Task, code: str, message: str) -> None:
    """Look for who catches an error: on the activity, in its scope, on the scope, outwards; never sideways."""
    wf: CaseWorkflow = task.workflow
    payload = {"errorCode": code, "errorMessage": message}
    for at in _outwards(task):
        if handler := _handler(at, "error", code):
            _begin_handler(at, handler, payload if handler.trigger.output_lines else {}, code)
            return
        if boundary := _catcher(at.task_spec.boundaries, "error", code):
            _interrupt(at, boundary, payload if boundary.output_lines else {}, code)
            return
    raise wf.stuck(
        task,
        "error",
        _("The error {code} is caught nowhere. {message}").format(code=code or "?", message=message).strip(),
        thrown=(Thrown("error", code, task.task_spec.node.id, path=wf.path(task)),),
    )


def _escalate(task: Task, event: Definition) -> None:
    wf: CaseWorkflow = task.workflow
    payload = task.task_spec.evaluated_inputs(task)
    for at in _outwards(task):
        if handler := _handler(at, "escalation", event.name):
            _begin_handler(at, handler, payload, event.name)
            return
        if boundary := _catcher(at.task_spec.boundaries, "escalation", event.name):
            if boundary.node.interrupting:
                _interrupt(at, boundary, payload, event.name)
            else:
                boundary.write(wf.enter(boundary, wf.around(at), why=event.name), payload)
            return
    wf.turn.thrown.append(Thrown("escalation", event.name, task.task_spec.node.id, payload, path=wf.path(task)))


def _outwards(task: Task) -> Iterator[Task]:
    """A token and what is around it, up to the main process."""
    while task.parent is not None:
        yield task
        task = task.workflow.around(task)


def _catches(events: Sequence[Definition], kind: str, name: str) -> bool:
    return any(event.kind == kind and event.name == name for event in events)


def _catcher(boundaries: Sequence[BoundarySpec], kind: str, code: str) -> BoundarySpec | None:
    """The boundary event for that code, else the one for any."""
    for name in (code, ""):
        for boundary in boundaries:
            if _catches(boundary.definitions, kind, name):
                return boundary
    return None


def _handler(scope: Task, kind: str, code: str) -> EventScopeSpec | None:
    """The event sub-process of a scope for that code, else the one for any; none once the scope was interrupted."""
    if not scope.task_spec.is_scope or scope.internal_data.get("interrupted"):
        return None
    handlers: Sequence[EventScopeSpec] = scope.task_spec.body.handlers
    for name in (code, ""):
        for handler in handlers:
            if _catches(handler.trigger.definitions, kind, name):
                return handler
    return None


# --- undoing ----------------------------------------------------------------------------------------------------


def _undo(task: Task, activity: str | None) -> None:
    """Compensate what was completed in the scope, last first; the thrower waits until all is undone."""
    wf: CaseWorkflow = task.workflow
    scope = wf.around(task)
    while scope.task_spec.repeated or (scope.task_spec.handles_event and "done" not in scope.internal_data):
        scope = wf.around(scope)
    specs = wf.spec.task_specs
    done: list[Any] = scope.internal_data.get("done", [])
    chosen = [entry for entry in done if activity is None or specs[entry[0]].node.id == activity]
    scope.internal_data["done"] = [entry for entry in done if entry not in chosen]
    task.internal_data["undo"] = chosen[::-1]
    undo_next(task)


def _cancel_transaction(task: Task) -> None:
    """Cancel a transaction: stop everything in it, undo what was completed, leave by its cancel boundary event."""
    wf: CaseWorkflow = task.workflow
    scope = wf.around(task)
    for other in scope.children:
        if other is not task and other.internal_data.get("armed") != "boundary":
            wf.withdraw(other)
    task.internal_data["cancels"] = True
    task.internal_data["undo"] = scope.internal_data.pop("done", [])[::-1]
    undo_next(task)


def undo_next(task: Task) -> None:
    """Undo the next activity; when there is none left, let the thrower go on."""
    wf: CaseWorkflow = task.workflow
    queue: list[Any] | None = task.internal_data.get("undo")
    if queue is None or task._children:
        return
    while queue:
        name, inner = queue.pop(0)
        spec = wf.spec.task_specs[name]
        if spec.compensation is not None:
            wf.enter(spec.compensation, task)
            return
        for handler in spec.body.handlers:
            if handler.kind == "compensate":
                wf.enter(handler, task, done=inner or [])
                return
        queue[0:0] = (inner or [])[::-1]
    del task.internal_data["undo"]
    if not task.internal_data.get("cancels"):
        task.complete()
        return
    wf.passed(task, "completed")
    task.internal_data["told"] = True
    for at in _outwards(wf.around(task)):
        if boundary := _catcher(at.task_spec.boundaries, "cancel", ""):
            _interrupt(at, boundary, {}, "cancel")
            return
        if at.task_spec.repeated_by is None:
            break
    task.complete()
