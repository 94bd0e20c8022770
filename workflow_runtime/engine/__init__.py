"""The engine: a drawn procedure, a snapshot and a command go in, a step comes out.

    compiled = compile([read(bytes)], decisions={"hearing": model})
    step = start(compiled, data, now=now)
    step = apply(compiled, step.snapshot, CompleteItem(item, {"plan": "…"}), data, now=now)

Pure: no database, no clock, no files. Whatever a step would do to the world stands in the `Step`. SpiffWorkflow
moves the tokens, and this package is the only one that imports it; it is imported when first used, because reading
a case needs no engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from workflow_runtime.engine.steps import (
    Basis,
    Cancel,
    CaseState,
    Command,
    CompleteItem,
    Decided,
    DeliverMessage,
    DeliverSignal,
    Incident,
    Job,
    JobDone,
    JobFailed,
    MoveTimers,
    MoveToken,
    OpenedItem,
    Passed,
    Prospect,
    Reopen,
    Step,
    Subscription,
    Thrown,
    Timer,
    TimersDue,
)

if TYPE_CHECKING:
    from workflow_runtime.decisions import Model
    from workflow_runtime.diagram import Diagram
    from workflow_runtime.engine.compiled import Compiled as Compiled

__all__ = [
    "Basis",
    "Cancel",
    "CaseState",
    "Command",
    "CompleteItem",
    "Decided",
    "DeliverMessage",
    "DeliverSignal",
    "Incident",
    "Job",
    "JobDone",
    "JobFailed",
    "MoveTimers",
    "MoveToken",
    "OpenedItem",
    "Passed",
    "Prospect",
    "Reopen",
    "Step",
    "Subscription",
    "Thrown",
    "Timer",
    "TimersDue",
    "apply",
    "between",
    "carried",
    "compile",
    "following",
    "prospect",
    "start",
]


def new_id() -> str:
    """An id that no other case has."""
    return uuid4().hex


def compile(
    diagrams: Sequence[Diagram], *, process: str | None = None, decisions: Mapping[str, Model] = {}
) -> Compiled:
    """What runs: a process with all that it calls. Keep it, it never changes.

    `process`: by default the first executable one that no other calls.

    `decisions` are models by decision id, or by any other name: then they are asked for the decision.
    Raises DiagramError with every finding when something cannot be run.
    """
    from workflow_runtime.engine.compiling import compiled

    return compiled(diagrams, process=process, decisions=decisions)


def start(
    compiled: Compiled,
    data: Mapping[str, Any],
    *,
    now: datetime,
    message: str | None = None,
    functions: Mapping[str, Callable[..., Any]] = {},
    zone: tzinfo | None = None,
    ids: Callable[[], str] = new_id,
) -> Step:
    """The first step of a new case, at its plain start or at the start that waits for `message` (or a signal).

    `data` is the case file, with `subject`, `case` and `profile` beside it for expressions; it is never written.
    `zone` is where dates and times without an offset are meant (by default that of `now`).
    """
    from workflow_runtime.engine.running import first_step

    return first_step(compiled, data, now=now, message=message, functions=functions, zone=zone, ids=ids)


def apply(
    compiled: Compiled,
    snapshot: bytes,
    command: Command,
    data: Mapping[str, Any],
    *,
    now: datetime,
    functions: Mapping[str, Callable[..., Any]] = {},
    zone: tzinfo | None = None,
    ids: Callable[[], str] = new_id,
) -> Step:
    """The step a command makes from a snapshot. `data` is the case file before the command.

    When the machine cannot go on, the step carries an incident and the snapshot that was handed in: nothing changed.
    Raises NotOpen when what the command names is not open, BrokenSnapshot when the bytes are not ours.
    """
    from workflow_runtime.engine.running import next_step

    return next_step(compiled, snapshot, command, data, now=now, functions=functions, zone=zone, ids=ids)


def carried(old: Compiled, new: Compiled, snapshot: bytes, *, now: datetime) -> bytes:
    """The snapshot of a running case under another version of its procedure: its tokens stay where they stand.

    Raises NotOpen with every element at which something stands and that the new version draws otherwise.
    """
    from workflow_runtime.engine import running

    return running.carried(old, new, snapshot, now=now)


def prospect(compiled: Compiled, snapshot: bytes, *, now: datetime) -> Prospect:
    """Whether a case can finish from where its tokens stand. Raises BrokenSnapshot when the bytes are not ours."""
    from workflow_runtime.engine.running import outlook

    return outlook(compiled, snapshot, now=now)


def between(compiled: Compiled, source: str, target: str, path: tuple[str, ...] = ()) -> tuple[tuple[str, ...], bool]:
    """The elements that moving a token from `source` to `target` passes over (the source included), and whether it
    goes back: forward they are skipped, backward they may happen again."""
    from workflow_runtime.engine import mending

    return mending.between(mending.diagram_at(compiled, path), source, target)


def following(compiled: Compiled, element: str) -> tuple[str, ...]:
    """An element of the main process and all that may come after it."""
    from workflow_runtime.engine import mending

    return mending.after(mending.diagram_at(compiled, ()), element)
