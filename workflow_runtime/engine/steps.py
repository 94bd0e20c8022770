"""What goes into the engine and what comes out: commands and steps. Frozen values, standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class CaseState(StrEnum):
    """What the engine says of a case after a step."""

    OPEN = "open"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    INCIDENT = "incident"


@dataclass(frozen=True, slots=True)
class CompleteItem:
    """A person finished an item. `patch` holds its form fields by their own (unprefixed) keys; the reserved key
    `item` is a mapping (at least `outcome`) that only this token sees."""

    item: str
    patch: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobDone:
    """A service job finished; `patch` holds its results by unprefixed keys."""

    job: str
    patch: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobFailed:
    """A service job failed for good with a BPMN error code: a boundary error event of that code (or of none)
    takes over; without one the step reports an incident."""

    job: str
    code: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class DeliverMessage:
    """A message matched (by the runtime) to an open subscription of this case."""

    subscription: str
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeliverSignal:
    """A signal for this case; nobody need be waiting for it."""

    name: str
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TimersDue:
    """Let due timers (due ≤ now) take effect, one at a time, in order of due.

    `as_of`: only those due by then, and expressions see that instant as now, however late the machine notices.
    """

    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class MoveTimers:
    """Running timers are due at another instant: `to` by timer id. `every`: what a cycle repeats from now on
    (`P5WD`), by timer id; the number of its turns stays."""

    to: Mapping[str, datetime]
    every: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MoveToken:
    """Take the token at `source` to `target` in the same scope; what it held is cancelled, nothing is undone.
    `path`: the call activities around both."""

    source: str
    target: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reopen:
    """Begin an ended case again, with a token at each of these steps of the main process."""

    at: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cancel:
    """End the case now; every open item, job, timer and subscription closes."""

    reason: str


Command = (
    CompleteItem
    | JobDone
    | JobFailed
    | DeliverMessage
    | DeliverSignal
    | TimersDue
    | MoveTimers
    | MoveToken
    | Reopen
    | Cancel
)


@dataclass(frozen=True, slots=True)
class OpenedItem:
    """A person's step that has just opened. `path`: ids of the call activities around it, outermost first.
    `inputs`: its zeebe:ioMapping inputs, evaluated."""

    id: str
    element: str
    path: tuple[str, ...] = ()
    process: str = ""  #: id of the process that draws the element
    inputs: Mapping[str, Any] = field(default_factory=dict)
    form: str | None = None  #: form id, evaluated when it was an expression
    prefix: str = ""  #: what the keys of its process begin with in the case file: "" or "consult."


@dataclass(frozen=True, slots=True)
class Job:
    """Machine work that has just been asked for; done outside the engine, answered by JobDone or JobFailed."""

    id: str
    element: str
    path: tuple[str, ...] = ()
    process: str = ""
    type: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""  #: what the keys of its process begin with in the case file


@dataclass(frozen=True, slots=True)
class Basis:
    """How a timer's time was found. `how`: date, duration or cycle; `text`: the length of time (`P10WD`), of a cycle
    that of one turn; `asked`: the functions handed in that were called, with what they were given and answered."""

    how: str
    start: datetime
    text: str = ""
    asked: tuple[tuple[str, tuple[Any, ...], Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Timer:
    """A running timer. The full current set is reported at every step; `basis` only when it was set in this one."""

    id: str
    element: str
    due: datetime
    path: tuple[str, ...] = ()
    basis: Basis | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A message the case waits for. The full current set is reported at every step."""

    id: str
    element: str
    name: str
    key: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Thrown:
    """Something the case said to the outside. `kind`: message, signal, escalation or error."""

    kind: str
    name: str
    element: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Passed:
    """One line of the engine's history. `what`: entered, completed, cancelled or taken (then `element` is a flow)."""

    element: str
    what: str
    at: datetime
    path: tuple[str, ...] = ()
    note: str | None = None  #: why: the condition or decision that chose, the timer that fired


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision taken in this step. `record`: decision, inputs, rules hit and answer, as plain JSON values."""

    element: str
    record: Mapping[str, Any]
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Incident:
    """The machine stopped and a person is needed. `code` is a short stable word, `message` is for people."""

    element: str
    code: str
    message: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prospect:
    """Whether a case can finish from where its tokens stand. Not `decided`: the search was too long to be sure."""

    decided: bool
    faults: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether it is certain that the case can finish."""
        return self.decided and not self.faults


@dataclass(frozen=True, slots=True)
class Step:
    """What one command did. `opened`, `jobs`, `thrown` are new in this step; `closed` are ids of items and jobs that
    ended in this step without being the command's own (cancelled) or with it (completed); `timers` and
    `subscriptions` are the full current sets. `patch` has case-file keys (prefixed with the path of called processes,
    joined by "."), None meaning removed."""

    snapshot: bytes
    state: CaseState
    opened: tuple[OpenedItem, ...] = ()
    closed: tuple[str, ...] = ()
    jobs: tuple[Job, ...] = ()
    timers: tuple[Timer, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    thrown: tuple[Thrown, ...] = ()
    patch: Mapping[str, Any] = field(default_factory=dict)
    history: tuple[Passed, ...] = ()
    decided: tuple[Decided, ...] = ()
    incident: Incident | None = None
