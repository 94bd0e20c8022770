"""The repair kit: what a process owner does when the machine stopped, a message lies about, or a case must stand still.

Each method is one use case in one transaction, like those of the runtime; each has a reason, and leaves a line in the
case's history for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row

from workflow_runtime import casefile, engine, queries, store
from workflow_runtime import tables as t
from workflow_runtime.casework import TIME_TO_LIVE, CaseInHand
from workflow_runtime.deadlines import Stop
from workflow_runtime.errors import AlreadyDone, BadInput, NotAllowed, NotFound, XiebanError
from workflow_runtime.i18n import _
from workflow_runtime.model import SYSTEM, Actor, CaseState, Line, Shift
from workflow_runtime.reckoning import resumed
from workflow_runtime.runtime import Runtime


@dataclass(frozen=True, slots=True)
class IncidentView:
    """Where the machine stopped, why, and what to do about it."""

    id: int
    case: str
    procedure: str
    element: str
    element_name: str
    code: str
    reason: str
    opened_at: datetime
    resolved_at: datetime | None
    resolution: str | None
    attempts: int | None  #: of the machine step, where there is one
    remedy: str


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message and how it ended, or what it waits for."""

    id: str
    name: str
    correlation: str
    direction: str
    sender: str
    state: str
    sent_at: datetime
    expires_at: datetime | None
    case: str | None  #: who took it
    reason: str | None
    fields: tuple[str, ...] = ()  #: names of what it carries
    receiver: str | None = None  #: a party outside the platform
    handed_at: datetime | None = None  #: when it was laid out for it
    acknowledged_at: datetime | None = None


class Repairs:
    """The repair kit of a runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._database = runtime._database

    # --- incidents -----------------------------------------------------------------------------------------------
    def incidents(
        self, *, actor: Actor, case: str | None = None, resolved: bool = False, limit: int = 100, offset: int = 0
    ) -> tuple[IncidentView, ...]:
        """Incidents that nobody has dealt with (or all, with `resolved`), the oldest first."""
        self._runtime._owner_only(actor)
        with self._database.read() as tx:
            rows = queries.incident_rows(tx, case=case, resolved=resolved, limit=limit, offset=offset)
            return tuple(self._view(tx, row) for row in rows)

    def incident(self, id: int, *, actor: Actor) -> IncidentView:
        """One incident. Raises NotFound."""
        self._runtime._owner_only(actor)
        with self._database.read() as tx:
            return self._view(tx, self._row(tx, id))

    def retry(self, id: int, *, reason: str, actor: Actor) -> IncidentView:
        """The cause is mended: the machine tries again from where it stopped. Raises NotFound, AlreadyDone."""
        self._runtime._owner_only(actor)
        _demand(reason)
        with self._database.begin() as tx:
            hand, incident = self._hold(tx, id, actor)
            store.close_incident(tx, id, now=hand.now, resolution=_("tried again: {reason}").format(reason=reason))
            if incident.job_id is not None:
                store.revive_job(tx, incident.job_id, hand.now)
                self._revive_message(tx, incident.job_id, hand.now)
            self._go_on(hand, "incident_retried", incident, {"incident": id, "reason": reason})
        self._runtime.settle_signals()
        self._runtime._after_commit()
        return self.incident(id, actor=actor)

    def resolve(self, id: int, *, reason: str, actor: Actor, result: Mapping[str, Any] | None = None) -> IncidentView:
        """A person did by hand what the machine could not: the step counts as done, with `result` as its outputs.

        An incident without a machine step is only marked; the case goes on. Raises NotFound, AlreadyDone.
        """
        self._runtime._owner_only(actor)
        _demand(reason)
        with self._database.begin() as tx:
            hand, incident = self._hold(tx, id, actor)
            store.close_incident(tx, id, now=hand.now, resolution=_("done by hand: {reason}").format(reason=reason))
            hand.mark("by_hand")
            content = {"incident": id, "reason": reason}
            job = queries.job(tx, incident.job_id) if incident.job_id is not None else None
            self._go_on(hand, "incident_resolved", incident, content)
            if job is not None and job.kind == "service" and hand.state == CaseState.OPEN:
                row = store.lock_case_by_id(tx, incident.case_id)
                assert row is not None
                hand = self._runtime._take(tx, row, actor)
                path = tuple(job.path.split(".")) if job.path else ()
                done = engine.JobDone(job.id, dict(result or {}))
                hand.apply(done, "job_done", element=job.element, path=path, content={"job": job.type, **content})
                hand.save()
        self._runtime.settle_signals()
        self._runtime._after_commit()
        return self.incident(id, actor=actor)

    def _revive_message(self, tx: Connection, job_id: str, now: datetime) -> None:
        """What the job was to bring and was buried with it waits again."""
        job = queries.job(tx, job_id)
        if job is not None and job.kind == "message":
            message = {"id": casefile.loads(job.inputs)["message"]}
            store.move(tx, t.message, message, "revive_message", expires_at=now + TIME_TO_LIVE, reason=None)

    def _hold(self, tx: Connection, id: int, actor: Actor) -> tuple[CaseInHand, Row[Any]]:
        incident = self._row(tx, id)
        row = store.lock_case_by_id(tx, incident.case_id)
        assert row is not None
        incident = self._row(tx, id)  # again, under the lock
        if incident.resolved_at is not None:
            raise AlreadyDone(_("incident {id} was dealt with: {how}").format(id=id, how=incident.resolution))
        return self._runtime._take(tx, row, actor), incident

    def _go_on(self, hand: CaseInHand, kind: str, incident: Row[Any], content: Mapping[str, Any]) -> None:
        left = [one for one in queries.open_incidents(hand.tx, hand.row.id) if one.id != incident.id]
        hand.history.add(kind, actor=hand.actor, at=hand.now, element=incident.element, content=content)
        if hand.state == CaseState.INCIDENT and not left:
            hand.state = CaseState.OPEN
        hand.save()

    def _row(self, tx: Connection, id: int) -> Row[Any]:
        row = queries.incident_row(tx, id)
        if row is None:
            raise NotFound(_("there is no incident {id}").format(id=id))
        return row

    def _view(self, tx: Connection, row: Row[Any]) -> IncidentView:
        procedure = self._runtime._library.procedure(tx, row.version_id)
        element = row.element.rpartition(".")[2]
        name = next(
            (
                diagram.elements[element].name
                for diagram in procedure.diagrams.values()
                if element in diagram.elements and diagram.elements[element].name
            ),
            "",
        )
        remedy = _("mend the cause, then “xieban incident retry {id} --reason TEXT”")
        if row.job_id is not None:
            remedy += _("; or do the step by hand and say so with “xieban incident resolve {id} --reason TEXT”")
        return IncidentView(
            id=row.id,
            case=row.number,
            procedure=procedure.name,
            element=row.element,
            element_name=name,
            code=row.code,
            reason=row.message,
            opened_at=row.opened_at,
            resolved_at=row.resolved_at,
            resolution=row.resolution,
            attempts=row.attempts,
            remedy="" if row.resolved_at is not None else remedy.format(id=row.id),
        )

    # --- messages ------------------------------------------------------------------------------------------------
    def messages(
        self, *, actor: Actor, state: str | None = None, name: str | None = None, limit: int = 100, offset: int = 0
    ) -> tuple[MessageView, ...]:
        """Messages in and out, the newest first."""
        self._runtime._owner_only(actor)
        with self._database.read() as tx:
            rows = queries.message_rows(tx, state=state, name=name, limit=limit, offset=offset)
            return tuple(_message(row) for row in rows)

    def message(self, id: str, *, actor: Actor) -> MessageView:
        """One message, by its id or the beginning of it. Raises NotFound."""
        self._runtime._owner_only(actor)
        with self._database.read() as tx:
            return _message(message_row(tx, id))

    def redeliver(self, id: str, *, reason: str, actor: Actor, days: int = 90) -> MessageView:
        """A message that expired or was buried waits again for its case; one to an agency outside is laid out again.

        Raises NotFound, AlreadyDone when consumed.
        """
        self._runtime._owner_only(actor)
        _demand(reason)
        now = self._runtime._clock()
        with self._database.begin() as tx:
            row = message_row(tx, id)
            store.meet(tx, row.name, row.correlation)
            if row.state == "consumed":
                by = row.number or row.receiver
                raise AlreadyDone(_("message {id} was taken by {who}").format(id=row.id[:12], who=by))
            if row.receiver is not None:
                store.hand_out_again(tx, row.id)
            if row.state != "waiting":
                store.move(
                    tx,
                    t.message,
                    {"id": row.id},
                    "revive_message",
                    expires_at=now + timedelta(days=days),
                    reason=reason,
                )
                if row.receiver is None:
                    self._runtime._carry(tx, row.id, row.name, row.correlation)
        self._runtime._after_commit()
        return self.message(row.id, actor=actor)

    def hand_out(self, id: str, token: str) -> bool:
        """The file of that token is the one that a message is laid out by (outbox.py); False when it may not be."""
        with self._database.begin() as tx:
            return store.hand_out(tx, id, token, self._runtime._clock())

    def acknowledge(self, id: str, *, taken: bool, text: str, actor: Actor = SYSTEM) -> tuple[str, bool]:
        """An agency outside has a message, or refuses it: then the message is dead and its case has an incident.

        Returns the message's whole id, and False when it had ended before. Raises NotFound, BadInput.
        """
        if actor != SYSTEM:
            self._runtime._owner_only(actor)
        with self._database.begin() as tx:
            row = message_row(tx, id)
            locked = store.lock_case_by_id(tx, row.sender_case_id) if row.sender_case_id is not None else None
            if row.receiver is None or locked is None:
                raise BadInput(_("message {id} was sent to nobody outside").format(id=row.id[:12]))
            hand = self._runtime._take(tx, locked, actor)
            why = text or _("no reason given")
            ended: dict[str, Any] = {"acknowledged_at": hand.now, "reason": text or None if taken else why}
            if not store.move(tx, t.message, {"id": row.id}, "acknowledge" if taken else "bury", **ended):
                return row.id, False
            if taken:
                content = {"message": row.id, "name": row.name, "receiver": row.receiver, "reason": text}
                hand.history.add("message_acknowledged", actor=actor, at=hand.now, element=row.element, content=content)
            else:
                words = _("{receiver} refused the message {name}: {text}").format(
                    receiver=row.receiver, name=row.name, text=why
                )
                self._runtime._note_incident(hand, "message_refused", words, element=row.element or "")
            hand.save()
        return row.id, True

    def bury(self, id: str, *, reason: str, actor: Actor) -> MessageView:
        """Nobody will ever take this message: it is dead, with the reason. Raises NotFound, AlreadyDone."""
        self._runtime._owner_only(actor)
        _demand(reason)
        with self._database.begin() as tx:
            row = message_row(tx, id)
            if not store.move(tx, t.message, {"id": row.id}, "bury", reason=reason):
                raise AlreadyDone(_("message {id} is {state}").format(id=row.id[:12], state=row.state))
        return self.message(row.id, actor=actor)

    # --- standing still ------------------------------------------------------------------------------------------
    def suspend(self, number: str, *, reason: str, actor: Actor) -> None:
        """Hold an open case: nobody and nothing moves it, and its clocks stand still until `resume`.

        Raises NotFound, NotAllowed when the case is not open.
        """
        self._runtime._owner_only(actor)
        _demand(reason)
        with self._database.begin() as tx:
            hand = self._runtime._lock(tx, number, actor)
            if hand.state != CaseState.OPEN:
                raise NotAllowed(_("case {number} is {state}").format(number=number, state=hand.state))
            store.insert_suspension(tx, hand.row.id, since=hand.now, reason=reason, by=actor.clerk)
            hand.history.add("suspended", actor=actor, at=hand.now, content={"reason": reason})
            hand.mark("suspended")
            hand.state = CaseState.SUSPENDED
            hand.save()

    def resume(self, number: str, *, reason: str, actor: Actor) -> tuple[Shift, ...]:
        """Let a suspended case go on. Returns the deadlines that moved: each as its clause says.

        Periods by days do not count the days of the suspension, hours and plain lengths move by the time it took, dates
        and what the profile exempts stay. Raises NotFound, NotAllowed when the case is not suspended.
        """
        self._runtime._owner_only(actor)
        _demand(reason)
        with self._database.begin() as tx:
            hand = self._runtime._lock(tx, number, actor)
            stood = store.end_suspension(tx, hand.row.id, until=hand.now, by=actor.clerk)
            if hand.state != CaseState.SUSPENDED or stood is None:
                raise NotAllowed(_("case {number} is {state}").format(number=number, state=hand.state))
            hand.state = CaseState.OPEN
            stop = Stop(stood.since, hand.now, stood.reason)
            shifts = resumed(hand, stop, {"reason": reason, "since": stop.since.isoformat()})
            hand.save()
        self._runtime.settle_signals()
        self._runtime._after_commit()
        return shifts

    # --- many at once --------------------------------------------------------------------------------------------
    def suspend_all(self, procedure: str, *, reason: str, actor: Actor, dry_run: bool = False) -> Iterator[Line]:
        """Hold every open case of a procedure, a line for each; begun again, it goes on where it was cut short."""
        for number in self._numbers(procedure, CaseState.OPEN, actor):
            yield one_of_many(number, partial(self.suspend, number, reason=reason, actor=actor), dry_run=dry_run)

    def resume_all(self, procedure: str, *, reason: str, actor: Actor, dry_run: bool = False) -> Iterator[Line]:
        """Let every suspended case of a procedure go on, a line for each with the deadlines that moved."""
        for number in self._numbers(procedure, CaseState.SUSPENDED, actor):
            yield one_of_many(number, partial(self.resume, number, reason=reason, actor=actor), dry_run=dry_run)

    def retry_all(
        self, *, reason: str, actor: Actor, element: str | None = None, code: str | None = None, dry_run: bool = False
    ) -> Iterator[Line]:
        """Try every open incident again (of that element, of that code), a line for each."""
        _demand(reason)
        found = self.incidents(actor=actor, limit=10_000)
        for one in found:
            if element in (None, one.element, one.element.rpartition(".")[2]) and code in (None, one.code):
                what = f"{one.id}  {one.case}  {one.element}"
                yield one_of_many(what, partial(self.retry, one.id, reason=reason, actor=actor), dry_run=dry_run)

    def _numbers(self, procedure: str, state: CaseState, actor: Actor) -> list[str]:
        self._runtime._owner_only(actor)
        with self._database.read() as tx:
            self._runtime._version(tx, procedure, None)
            return queries.case_numbers(tx, procedure, state)


def one_of_many(what: str, work: Callable[[], object], *, dry_run: bool) -> Line:
    """Do one of many and say what became of it; in a preview, only that it would be done."""
    if dry_run:
        return Line(what, "would")
    try:
        done = work()
    except XiebanError as error:
        return Line(what, "failed", str(error))
    return Line(what, "done", shifts=done if isinstance(done, tuple) else ())


def message_row(tx: Connection, id: str) -> Row[Any]:
    """The one message whose id begins so. Raises NotFound."""
    rows = queries.message_rows(tx, id=id, limit=2)
    if len(rows) != 1:
        raise NotFound(
            _("there is no message {id}").format(id=id)
            if not rows
            else _("{id} fits several messages; write more of it").format(id=id)
        )
    return rows[0]


def _demand(reason: str) -> None:
    if not reason.strip():
        raise BadInput(_("a reason is needed: --reason TEXT"))


def _message(row: Row[Any]) -> MessageView:
    return MessageView(
        id=row.id,
        name=row.name,
        correlation=row.correlation,
        direction=row.direction,
        sender=row.sender,
        state=row.state,
        sent_at=row.sent_at,
        expires_at=row.expires_at,
        case=row.number,
        reason=row.reason,
        fields=tuple(sorted(casefile.loads(row.payload))),
        receiver=row.receiver,
        handed_at=row.handed_at,
        acknowledged_at=row.acknowledged_at,
    )


def incident_lines(view: IncidentView) -> Sequence[str]:
    """An incident in words: where, why, what to do."""
    name = f" “{view.element_name}”" if view.element_name else ""
    lines = [
        _("case {case}, {procedure}, step {element}{name}").format(
            case=view.case, procedure=view.procedure, element=view.element, name=name
        ),
        _("reason: {reason} ({code})").format(reason=view.reason, code=view.code),
    ]
    if view.attempts:
        lines.append(_("tried {count} times").format(count=view.attempts))
    return [*lines, view.remedy] if view.remedy else [*lines, view.resolution or ""]
