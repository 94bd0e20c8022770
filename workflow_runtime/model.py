"""The vocabulary: what a case, an item, a standing are, and which moves exist. Standard library only.

States are stored; every state column changes only by a conditional UPDATE from `MOVES` (store.move).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Final


class CaseState(StrEnum):
    """A case's life."""

    OPEN = "open"  #: going through its procedure
    INCIDENT = "incident"  #: the machine stopped; a person is needed before it goes on
    SUSPENDED = "suspended"  #: held by a person; clocks stand still
    COMPLETED = "completed"  #: reached an end of its procedure
    CANCELLED = "cancelled"  #: withdrawn, with a reason


class ItemState(StrEnum):
    """A work item's life, in the words of WS-HumanTask."""

    READY = "ready"  #: offered to a department's worklist
    RESERVED = "reserved"  #: claimed by one clerk
    COMPLETED = "completed"  #: done, with an outcome
    OBSOLETE = "obsolete"  #: the case took another way; nobody need do it any more


class JobState(StrEnum):
    """A service job's life."""

    PENDING = "pending"  #: may be claimed from run_at on
    RUNNING = "running"  #: claimed under a lease; after the lease it may be claimed again with a higher fence
    DONE = "done"
    FAILED = "failed"  #: gave up; an incident names it


class DocumentState(StrEnum):
    """A document's life. Seals, delivery and scans are events on the row, not states of the text."""

    DRAFT = "draft"  #: no number, prints a watermark
    ISSUED = "issued"  #: signed off: numbered and frozen
    DELIVERED = "delivered"
    RECEIVED = "received"  #: a paper of another organ, filed here
    SUPERSEDED = "superseded"
    VOID = "void"  #: number kept, with the reason


class MessageState(StrEnum):
    """Where a message is. sent = waiting + consumed + expired + dead."""

    WAITING = "waiting"
    CONSUMED = "consumed"
    EXPIRED = "expired"
    DEAD = "dead"


class RepairState(StrEnum):
    """A repair that needs a second person."""

    ASKED = "asked"
    DONE = "done"
    REFUSED = "refused"


class VersionState(StrEnum):
    """Whether new cases may start on a procedure version."""

    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Move:
    """One legal change of state: from any of `sources` to `target`."""

    sources: frozenset[str]
    target: str


#: Every move there is. A move that is not here does not exist.
MOVES: Final[Mapping[str, Move]] = {
    "claim": Move(frozenset({ItemState.READY}), ItemState.RESERVED),
    "release": Move(frozenset({ItemState.RESERVED}), ItemState.READY),
    "reassign": Move(frozenset({ItemState.READY, ItemState.RESERVED}), ItemState.RESERVED),
    "complete": Move(frozenset({ItemState.READY, ItemState.RESERVED}), ItemState.COMPLETED),
    "drop": Move(frozenset({ItemState.READY, ItemState.RESERVED}), ItemState.OBSOLETE),
    "run": Move(frozenset({JobState.PENDING, JobState.RUNNING}), JobState.RUNNING),
    "finish": Move(frozenset({JobState.RUNNING}), JobState.DONE),
    "retry": Move(frozenset({JobState.RUNNING}), JobState.PENDING),
    "give_up": Move(frozenset({JobState.RUNNING, JobState.PENDING}), JobState.FAILED),
    "revive": Move(frozenset({JobState.FAILED}), JobState.PENDING),
    "drop_job": Move(frozenset({JobState.PENDING, JobState.RUNNING}), JobState.DONE),
    "step": Move(frozenset({CaseState.OPEN}), CaseState.OPEN),
    "finish_case": Move(frozenset({CaseState.OPEN, CaseState.INCIDENT}), CaseState.COMPLETED),
    "stop_case": Move(frozenset({CaseState.OPEN, CaseState.INCIDENT}), CaseState.INCIDENT),
    "resume_case": Move(frozenset({CaseState.INCIDENT}), CaseState.OPEN),
    "suspend_case": Move(frozenset({CaseState.OPEN, CaseState.SUSPENDED}), CaseState.SUSPENDED),
    "continue_case": Move(frozenset({CaseState.SUSPENDED}), CaseState.OPEN),
    "cancel_case": Move(frozenset({CaseState.OPEN, CaseState.INCIDENT, CaseState.SUSPENDED}), CaseState.CANCELLED),
    "note_completed": Move(frozenset({CaseState.COMPLETED}), CaseState.COMPLETED),
    "note_cancelled": Move(frozenset({CaseState.CANCELLED}), CaseState.CANCELLED),
    "reopen_case": Move(frozenset({CaseState.COMPLETED, CaseState.CANCELLED}), CaseState.OPEN),
    "confirm_repair": Move(frozenset({RepairState.ASKED}), RepairState.DONE),
    "refuse_repair": Move(frozenset({RepairState.ASKED}), RepairState.REFUSED),
    "deliver": Move(frozenset({DocumentState.ISSUED}), DocumentState.DELIVERED),
    "supersede": Move(frozenset({DocumentState.ISSUED, DocumentState.DELIVERED}), DocumentState.SUPERSEDED),
    "void": Move(frozenset({DocumentState.ISSUED, DocumentState.DELIVERED}), DocumentState.VOID),
    "consume": Move(frozenset({MessageState.WAITING}), MessageState.CONSUMED),
    "acknowledge": Move(frozenset({MessageState.WAITING, MessageState.EXPIRED}), MessageState.CONSUMED),
    "expire": Move(frozenset({MessageState.WAITING}), MessageState.EXPIRED),
    "revive_message": Move(frozenset({MessageState.EXPIRED, MessageState.DEAD}), MessageState.WAITING),
    "bury": Move(frozenset({MessageState.WAITING, MessageState.EXPIRED}), MessageState.DEAD),
    "retire": Move(frozenset({VersionState.ACTIVE}), VersionState.RETIRED),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, for whom, from which departments, and why.

    `departments` are ids of the departments the clerk may act in today (own, or of the person acted for);
    `roles` are (department id, role); `supervises` are departments whose work the actor may see, not do.
    """

    clerk: str
    name: str
    departments: frozenset[str] = frozenset()
    roles: frozenset[tuple[str, str]] = frozenset()
    acting_for: str | None = None
    supervises: frozenset[str] = frozenset()
    process_owner: bool = False
    purpose: str = "work"

    @property
    def sees(self) -> frozenset[str]:
        """Departments whose cases the actor may look at."""
        return self.departments | self.supervises

    @property
    def people(self) -> frozenset[str]:
        """The clerk and the person acted for: four-eyes rules look at both."""
        return frozenset({self.clerk} | ({self.acting_for} if self.acting_for else set()))


#: When nothing of the kind is due any more.
NEVER: Final = datetime(9000, 1, 1, tzinfo=UTC)

#: The machine itself: timers, jobs, sweeps.
SYSTEM: Final = Actor(clerk="system", name="系统", purpose="machine")


@dataclass(frozen=True, slots=True)
class ProcedureVersion:
    """What was deployed, once and for ever."""

    id: int
    key: str
    version: int
    code: str
    name: str
    kind: str
    sha256: str
    state: VersionState
    deployed_at: datetime
    deployed_by: str


@dataclass(frozen=True, slots=True)
class SubjectRef:
    """The person a case is about, as far as the actor may see."""

    number: str
    name: str
    kind: str = "child"


@dataclass(frozen=True, slots=True)
class Standing:
    """Who holds a relation to a subject in a period; `valid_to` None = holds now."""

    kind: str
    holder: str
    holder_agency: str | None
    valid_from: datetime
    valid_to: datetime | None
    basis: str
    case: str | None


@dataclass(frozen=True, slots=True)
class DueDate:
    """When something is due and by which rule. `at` is UTC; `working_days_left` is negative when late."""

    at: datetime
    name: str  #: parameter name in the profile
    title: str
    value: str  #: in words: "5 working days", "3 months"
    mark: str  #: S, I, X or P
    source: str
    provisional: bool
    explanation: tuple[str, ...]
    shown: str = ""  #: the last day (or the minute) in the office's zone, as people say it
    standing: str = ""  #: what the mark means: law, or a default that is no legal deadline
    working_days_left: int | None = None


@dataclass(frozen=True, slots=True)
class ItemView:
    """A work item in a list or on a page."""

    id: str
    case: str
    procedure: str
    procedure_name: str
    subject: SubjectRef
    element: str
    path: tuple[str, ...]
    name: str
    department: str
    department_name: str
    agency: str
    agency_name: str
    state: ItemState
    clerk: str | None
    clerk_name: str | None
    opened_at: datetime
    due: DueDate | None
    outcomes: tuple[str, ...]
    version: int
    clause: str | None = None
    documentation: str = ""
    reminded: int = 0
    outcome: str | None = None
    reason: str | None = None
    completed_at: datetime | None = None
    completed_by: str | None = None


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case in a list."""

    number: str
    procedure: str
    procedure_name: str
    version: int
    subject: SubjectRef
    jurisdiction: str
    state: CaseState
    milestone: str | None  #: "moved, formalities pending"
    started_at: datetime
    ended_at: datetime | None
    open_items: int
    next_due: datetime | None
    holders: tuple[str, ...]  #: names of the departments that hold its open items
    code: str = ""  #: of the procedure in the catalogue: P16
    marks: tuple[str, ...] = ()  #: what was done to it by hand, for ever: moved, reopened, suspended, by_hand


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document of a case."""

    id: str
    case: str
    code: str
    title: str
    number: str | None
    state: DocumentState
    issued_at: datetime | None
    issuer: str
    origin: str  #: issued or received
    sha256: str | None
    pages: int | None
    verification: str | None
    events: tuple[tuple[str, datetime, str], ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryView:
    """One line of a case's history."""

    sequence: int
    at: datetime
    kind: str
    element: str | None
    element_name: str | None
    actor: str
    actor_name: str
    text: str
    content: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wait:
    """One thing a case waits for, in words, and what ends the wait."""

    kind: str  #: item, timer, message, job, incident
    element: str
    name: str
    text: str
    ends: str
    since: datetime | None = None
    due: datetime | None = None
    holder: str | None = None
    rule: str = ""  #: of its deadline: title, length and source
    explanation: tuple[str, ...] = ()  #: how the deadline was counted


@dataclass(frozen=True, slots=True)
class CasePage:
    """One page about a case, projected for an actor."""

    case: CaseView
    subject: Mapping[str, Any]
    items: tuple[ItemView, ...]
    waits: tuple[Wait, ...]
    next_steps: tuple[str, ...]
    documents: tuple[DocumentView, ...]
    standings: tuple[Standing, ...]
    history: tuple[HistoryView, ...]
    fields: Mapping[str, Any]
    labels: Mapping[str, str]
    marks: Mapping[str, str]  #: element id (joined with its call path by ".") → done, active or failed
    parties: Mapping[str, str]  #: lane name → department name
    regions: Mapping[str, str]
    incident: str | None = None
    due_not_fired: tuple[str, ...] = ()  #: timers that are due but have not taken effect yet
    begun: Mapping[str, int] = field(default_factory=dict)  #: cases that began by its messages, by procedure


@dataclass(frozen=True, slots=True)
class ItemPage:
    """An item with its form, ready to be filled in."""

    item: ItemView
    form: bytes | None  #: the form-js schema
    values: Mapping[str, Any]  #: what the case file already holds for its fields
    fields: Mapping[str, Any]  #: what the lane may see of the case
    labels: Mapping[str, str]
    documents: tuple[DocumentView, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """What a clerk has answered so far of an item's form."""

    answers: Mapping[str, Any]
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class Completion:
    """What a completed item led to. `opened` are the items that this completion (and the machine work behind it)
    opened, whoever they belong to, as far as the actor may see them."""

    item: ItemView
    case: str
    state: CaseState
    milestone: str | None
    opened: tuple[ItemView, ...]
    repeated: bool = False  #: the same keyed request had been carried out before


@dataclass(frozen=True, slots=True)
class LifeEvent:
    """Something that happened to a subject: a standing began, a case moved on, a paper came, a signal was given."""

    at: datetime
    kind: str  #: registered, standing, case_started, milestone, case_ended, document, signal
    what: str  #: the standing's code and holder, the document's code and title, the milestone, the signal's name
    case: str | None = None
    detail: str = ""  #: the paper's number, what the standing rests on, how the case ended


@dataclass(frozen=True, slots=True)
class SubjectPage:
    """One subject, projected for an actor."""

    number: str
    kind: str
    name: str
    fields: Mapping[str, Any]
    labels: Mapping[str, str]
    standings: tuple[Standing, ...]
    cases: tuple[CaseView, ...]
    life: tuple[LifeEvent, ...] = ()  #: over all cases that the actor may see, oldest first


@dataclass(frozen=True, slots=True)
class LateRow:
    """Overdue items of one department."""

    agency: str
    department: str
    item: ItemView
    working_days_late: int


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did."""

    timers: int = 0
    jobs: int = 0
    reminders: int = 0
    left: int = 0

    def __bool__(self) -> bool:
        return bool(self.timers or self.jobs or self.reminders)


@dataclass(frozen=True, slots=True)
class Shift:
    """One open deadline and where it stands now. `was` equals `now` when it stays (or is only certain now)."""

    element: str
    name: str
    was: datetime
    now: datetime
    certain: bool  #: the date is no longer provisional, and was
    why: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one of many: done, unchanged, failed (and why), or, in a preview, would."""

    what: str
    state: str
    text: str = ""
    shifts: tuple[Shift, ...] = ()


@dataclass(frozen=True, slots=True)
class Verified:
    """The answer to "is this paper ours, and unchanged?"."""

    found: bool
    document: DocumentView | None
    hash_matches: bool | None  #: None when no file was handed in
    text: str


@dataclass(frozen=True, slots=True)
class ProfileValue:
    """A row of `profile show`."""

    procedure: str
    name: str
    title: str
    value: str
    mark: str
    source: str
    standing: str
    valid_from: date | None
    valid_to: date | None
