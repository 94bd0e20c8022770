"""The machine's share: what is done without a person — due timers, jobs, deliveries, prints, notices, incidents.

A `Machine` is the office as a worker needs it; `Runtime` (runtime.py) is the same office with the journeys of people.
Each method begins its own transactions; no handler, print or letter works inside one.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import socket
import threading
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Connection, Row

from workflow_runtime import casefile, queries, startup, store
from workflow_runtime import tables as t
from workflow_runtime.database import Database
from workflow_runtime.dispatch import Dispatch, chosen
from workflow_runtime.errors import (
    BadInput,
    CaseStopped,
    EngineError,
    NotAllowed,
    NotFound,
    RuleBroken,
    StaleVersion,
    StoreError,
    XiebanError,
)
from workflow_runtime.files import FileStore, Papers, write_durably
from workflow_runtime.handling import Effects, JobRefused, ServiceJob, registered
from workflow_runtime.i18n import _
from workflow_runtime.library import Library
from workflow_runtime.loading import when_used
from workflow_runtime.model import NEVER, SYSTEM, Actor, CaseState, Swept
from workflow_runtime.settings import Settings

if TYPE_CHECKING:
    from workflow_runtime import casework, documents, engine, forms, isolation, issuing
    from workflow_runtime.casework import CaseInHand
    from workflow_runtime.documents import Renderer
else:
    casework = when_used("workflow_runtime.casework")
    documents = when_used("workflow_runtime.documents")
    engine = when_used("workflow_runtime.engine")
    forms = when_used("workflow_runtime.forms")
    isolation = when_used("workflow_runtime.isolation")
    issuing = when_used("workflow_runtime.issuing")

Clock = Callable[[], datetime]

LEASE = timedelta(seconds=60)
ATTEMPTS = 5
#: Instants at which timers of one case were due that are worked off in one transaction; the rest stays due.
MOST_TURNS = 50
#: A first retry after this long, doubled each time.
BACK_OFF = timedelta(seconds=15)
#: After so many reminders of an overdue item, also by people, the level above is told.
REMINDERS = 2


def utc_now() -> datetime:
    """The time of the machine's clock, in UTC."""
    return datetime.now(UTC)


class Machine(ABC):
    """The office without its people. Thread-safe: every method takes its own connection."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        clock: Clock = utc_now,
        dispatch: Dispatch | None = None,
        library: Library | None = None,
        renderer: Renderer | None = None,
    ) -> None:
        """`library` and `renderer` may be shared with other offices; whoever lends a renderer closes it."""
        self._database = database
        self._settings = settings
        self._clock = clock
        self._shares_clock = clock is utc_now
        self._files = FileStore(settings.files)
        self._papers = Papers(settings.papers)
        self._library = library or Library()
        self._renderer = renderer
        self._lent = renderer is not None
        self._rendering = threading.Lock()
        self._dispatch = dispatch or chosen(settings.broker)
        self._last_sweep: Swept | None = None
        self._bench = isolation.Bench(settings.handlers) if settings.isolate else None
        self._owner = f"{socket.gethostname()}:{secrets.token_hex(4)}"

    def close(self) -> None:
        """Give back connections and the document child."""
        with self._rendering:
            if self._renderer is not None and not self._lent:
                self._renderer.close()
                self._renderer = None
        if self._bench is not None:
            self._bench.close()
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    # --- what falls due ------------------------------------------------------------------------------------------
    def sweep(self, *, limit: int = 100) -> Swept:
        """Do what is due: timers, ready jobs, overdue notices; at most `limit` of each. Safe beside others."""
        timers = self._fire_timers(limit)
        reminders = self.tell_overdue(limit)
        self.tidy_messages(limit)
        self.settle_signals(limit)
        jobs = self._run_jobs(limit)
        with self._database.read() as tx:
            now = self._clock()
            left = store.ready_jobs(tx, now) + len(store.cases_with_due_timers(tx, now, limit))
        return Swept(timers=timers, jobs=jobs, reminders=reminders, left=left)

    def work(
        self,
        *,
        stop: Callable[[], bool],
        poll: float = 1.0,
        on_swept: Callable[[Swept], None] | None = None,
        besides: Callable[[], int] = lambda: 0,
        on_trouble: Callable[[StoreError], None] = lambda _error: None,
    ) -> None:
        """Sweep, and do what else there is (`besides`), until `stop()` says so; look again after `poll` seconds when
        nothing was due. A store that cannot be used for a while is told of (`on_trouble`) and waited for."""
        pause = threading.Event()
        while not stop():
            found = 0
            try:
                found = besides()
                swept = self.sweep()
                found += bool(swept)
                if swept and on_swept is not None:
                    on_swept(swept)
            except StoreError as error:
                on_trouble(error)
            if not found:
                pause.wait(poll)

    @property
    def last_sweep(self) -> Swept | None:
        """What fell due and was done before the last writing call, to be told to its caller; None if nothing was."""
        return self._last_sweep

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """The transaction in which a person writes; embedded, what is due happens before it (decision 16)."""
        self._last_sweep = None
        with self._database.begin() as tx:
            if not (self._dispatch.sweeps and store.anything_due(tx, self._clock())):
                yield tx
                return
        self._last_sweep = self.sweep(limit=self._dispatch.sweeps)
        with self._database.begin() as tx:
            yield tx

    def _after_commit(self, opened: list[str] | None = None) -> None:
        self._dispatch.after_commit(self, opened)

    def run_ready_jobs(self, limit: int = 100, opened: list[str] | None = None) -> int:
        """Do ready jobs (for dispatch); ids of items that they open are added to `opened`."""
        return self._run_jobs(limit, opened)

    def anything_due(self) -> bool:
        """Whether a sweep would find work: one indexed look."""
        now = self._clock()
        with self._database.read() as tx:
            return store.anything_due(tx, now)

    # --- for workers, who hear a bell and look whether there is still something to do ------------------------------
    def ready_jobs(self, limit: int = 100) -> Sequence[tuple[str, int]]:
        """Ids and priorities of jobs that may run now, the most urgent first."""
        with self._database.read() as tx:
            return store.ready_job_ids(tx, self._clock(), limit)

    def due_cases(self, limit: int = 100) -> Sequence[int]:
        """Ids of cases with a due timer, the earliest first."""
        with self._database.read() as tx:
            return store.cases_with_due_timers(tx, self._clock(), limit)

    def claim_timers(self, limit: int) -> str | None:
        """Take a batch of due timers that no worker was told of; its token, or None when there are none."""
        now = self._clock()
        with self._database.read() as tx:
            leases = self._lease_clock(tx)
            free, lost = store.timers_to_claim(tx, now, leases.astimezone(UTC))
        if not free and not lost:
            return None
        token = store.batch(leases.astimezone(UTC) + LEASE)
        with self._database.begin() as tx:
            if lost:
                store.let_go_of_timers(tx, leases.astimezone(UTC))
            found = store.claim_timers(tx, now, token=token, limit=limit)
        return token if found else None

    def claimed_cases(self, token: str) -> Sequence[int]:
        """The cases of such a batch; none when its lease ran out and another has it."""
        with self._database.read() as tx:
            return store.claimed_cases(tx, token)

    def free_timers(self, token: str) -> None:
        """Give such a batch back: nobody could be told of it."""
        with self._database.begin() as tx:
            store.free_timers(tx, token)

    def run_job(self, id: str) -> bool:
        """Do the job of that id, unless it is done, not due, or in other hands."""
        with self._database.begin() as tx:
            claim = self._claim(tx, job_id=id)
        if claim is None:
            return False
        self._perform(claim, None)
        self._after_commit()
        return True

    def run_urgent(self, at_most: int) -> bool:
        """Do the most urgent job if it is at least as urgent as `at_most`: people do not wait behind timers."""
        with self._database.begin() as tx:
            claim = self._claim(tx, at_most=at_most)
        if claim is not None:
            self._perform(claim, None)
        return claim is not None

    def fire_case(self, case_id: int) -> bool:
        """Let the due timers of a case take effect, unless somebody did so before."""
        fired = self._fire(case_id)
        if fired:
            self._after_commit()
        return fired

    def beat(self, worker: str, done: int) -> None:
        """Say that a worker is there, and how much it has done; workers unseen for a week are forgotten."""
        with self._database.begin() as tx:
            store.beat(tx, worker, self._clock(), done)
            store.forget_workers(tx, self._clock() - timedelta(days=7))

    def refuse_wrong_clock(self) -> None:
        """Raise WrongClock when this machine's clock has left the database's since the store was opened."""
        if not self._settings.clock_trusted:
            startup.refuse_clock(self._database, utc_now())

    def tidy_messages(self, limit: int = 100) -> int:
        """Bring waiting messages and waiting cases together, and end messages whose time to live has run out."""
        now = self._clock()
        with self._database.read() as tx:
            if not queries.any_message_waits(tx, now):
                return 0
            unanswered = queries.unanswered(tx, now, limit)
        for message in unanswered:
            self._expire(message)
        with self._database.begin() as tx:
            tidied = len(unanswered) + store.expire_messages(tx, now, expired())
            for one in store.unmet(tx, limit):
                store.insert_job(
                    tx,
                    id=secrets.token_hex(16),
                    kind="message",
                    type=one.name,
                    case_id=one.case_id,
                    now=now,
                    priority=4,
                    inputs=casefile.dumps({"message": one.id}),
                )
                tidied += 1
        return tidied

    def _expire(self, message: Row[Any]) -> None:
        """Nobody took in time what a case sent: a person is told, unless that was done when it was sent."""
        with self._database.begin() as tx:
            row = store.lock_case_by_id(tx, message.sender_case_id)
            reason = expired() if message.receiver is None else unacknowledged()
            if not store.move(tx, t.message, {"id": message.id}, "expire", reason=reason) or row is None:
                return
            if message.receiver is not None or self._library.takes(tx, message.name):
                hand = self._take(tx, row, SYSTEM)
                hand.tell_unanswered(message, reason)
                hand.save()

    def settle_signals(self, limit: int = 100, *, subject: int | None = None) -> list[str]:
        """Let cases hear what happened to their subjects (or to one), each once; numbers of the cases that heard.

        A case that is held or stopped hears it when it goes on again.
        """
        heard: list[str] = []
        with self._database.read() as tx:
            signals = queries.unsettled_signals(tx, limit, subject)
            unsettled = [(signal, queries.yet_to_hear(tx, signal)) for signal in signals]
        for signal, cases in unsettled:
            told = [one.number for one in cases if one.state == CaseState.OPEN and self._hear(signal, one.id)]
            heard += told
            if len(told) == len(cases):
                with self._database.begin() as tx:
                    store.settle_signal(tx, signal.id, self._clock())
        return heard

    def _hear(self, signal: Row[Any], case_id: int) -> bool:
        try:
            with self._database.begin() as tx:
                row = store.lock_case_by_id(tx, case_id)
                if row is None or row.state != CaseState.OPEN or not store.hear_signal(tx, signal.id, case_id):
                    return False
                hand = self._take(tx, row, Actor(clerk=signal.given_by, name=signal.given_by))
                payload = casefile.loads(signal.payload)
                told = {"signal": signal.name, "payload": payload}
                step = hand.apply(engine.DeliverSignal(signal.name, payload), "signal_received", content=told)
                if not step.history:
                    hand.tell_unheard(signal.name)
                hand.save()
                return True
        except CaseStopped as error:  # one case that cannot go on keeps no other from hearing
            self._stop_case(error.case_id, error)
            return False

    def _fire_timers(self, limit: int) -> int:
        with self._database.read() as tx:
            due = store.cases_with_due_timers(tx, self._clock(), limit)
        return sum(map(self._fire, due))

    def _fire(self, case_id: int) -> bool:
        try:
            with self._database.begin() as tx:
                row = store.lock_case_by_id(tx, case_id)
                if row is None or row.state != CaseState.OPEN:
                    return False
                hand = self._take(tx, row, SYSTEM)
                fired = False
                for _turn in range(MOST_TURNS):
                    due = [one.due_at for one in queries.timers(tx, case_id) if one.due_at <= hand.now]
                    if not due or hand.state != CaseState.OPEN:
                        break  # (or somebody else was here first)
                    # What a timer sets in motion begins when it was due, however late anybody notices.
                    hand.as_of = min(due)
                    hand.apply(engine.TimersDue(as_of=hand.as_of), "timer_fired")
                    fired = True
                    if not hand.timers:
                        break
                if fired:
                    hand.save()
                return fired
        except StoreError:
            raise
        except XiebanError as error:  # this case needs a person; the timers of others go on
            self._stop_case(case_id, error)
            return False

    def tell_overdue(self, limit: int = 100) -> int:
        """Remind departments of what is overdue, at once and again (`receipt_reminder`), and tell the level above.

        That is told after two reminders, and not before `receipt_escalation`, counted from the due date, is over.
        """
        told = 0
        with self._database.read() as tx:
            overdue = store.overdue_items(tx, self._clock(), limit)
        for one in overdue:
            with self._database.begin() as tx:
                row = store.lock_case_by_id(tx, one.case_id)
                if row is None:
                    continue
                hand = self._take(tx, row, SYSTEM)
                told += self._tell_overdue(hand, one)
        return told

    def _tell_overdue(self, hand: CaseInHand, item: Any) -> bool:
        late = item.overdue_told_at is not None and item.reminded >= REMINDERS
        reminded = item.reminded + (not late)
        again = NEVER if late else hand.reminding(item, escalates=reminded >= REMINDERS) or NEVER
        if not store.mark_overdue_told(hand.tx, item, again=again, reminded=reminded):
            return False
        text = f"{item.number} {item.name}"
        if late:
            above = hand.above(item.department_id)
            hand.notify(above, "escalation", text)
            content = {"item": item.id, "department": item.department_id, "to": above}
            hand.history.add("escalated", actor=SYSTEM, at=hand.now, element=at(item), content=content)
            hand.ask_for_coordination(item)
        else:
            hand.notify(item.department_id, "overdue", text)
            content = {"item": item.id, "reminder": reminded}
            hand.history.add("overdue", actor=SYSTEM, at=hand.now, element=at(item), content=content)
        hand.save()
        return True

    # --- jobs ----------------------------------------------------------------------------------------------------
    def _run_jobs(self, limit: int, opened: list[str] | None = None) -> int:
        done = 0
        while done < limit:
            with self._database.begin() as tx:
                claim = self._claim(tx)
            if claim is None:
                break
            self._perform(claim, opened)
            done += 1
        return done

    def _perform(self, claim: store.Claim, opened: list[str] | None) -> None:
        if claim.row.attempts > ATTEMPTS:
            self._give_up(claim, "too_many_attempts", claim.row.last_error or _("the worker died each time"))
            return
        try:
            {
                "service": self._perform_service,
                "render": self._perform_render,
                "notify": self._perform_notify,
                "message": self._perform_message,
                "cancel": self._perform_cancel,
                "tell": self._perform_tell,
                "signal": self._perform_signal,
            }[claim.row.kind](claim, opened)
        except EngineError as error:  # trying again changes nothing
            self._give_up(claim, getattr(error, "code", type(error).__name__), str(error))
        except NotAllowed as error:  # somebody else finished it, or the case moved on: our fence or revision is old
            self._retry(claim, error)
        except Exception as error:  # the one broad catch: a handler's crash becomes a retry, then an incident
            self._retry(claim, error)

    def _perform_service(self, claim: store.Claim, opened: list[str] | None) -> None:
        handler = self._bench.run if self._bench is not None else registered().get(claim.row.type)
        if handler is None:
            self._give_up(claim, "no_handler", _("there is no handler {name!r}").format(name=claim.row.type))
            return
        with self._database.read() as tx:
            hand = self._look(tx, claim.row.case_id)
            job = self._service_job(hand, claim)
        try:
            if job.headers.get("lists"):
                job = replace(job, lists=self._lists_for(hand, job))
            with self._keeping(claim):
                effects = handler(job)
            for one in effects.files:
                self._files.put(one.content.encode())
            for wanted in effects.documents:
                with self._database.read() as tx:
                    prepared = issuing.prepare(self._look(tx, claim.row.case_id), wanted, job.element, job.path)
                issuing.rehearse(self._renderer_of(), prepared)
            self._finish_service(claim, effects, opened)
        except JobRefused as refusal:
            self._finish_service(claim, Effects(), opened, refusal=refusal)
        except isolation.HandlerUnfit as error:
            self._give_up(claim, error.code, str(error))
        except (BadInput, RuleBroken, NotFound, EngineError) as error:  # trying again changes nothing: mend it first
            self._give_up(claim, getattr(error, "code", type(error).__name__), str(error))

    def _claim(self, tx: Connection, **which: Any) -> store.Claim | None:
        return store.claim_job(tx, self._clock(), owner=self._owner, lease=LEASE, leases=self._lease_clock(tx), **which)

    def _lease_clock(self, tx: Connection) -> datetime:
        """The time by which leases are counted: of the store that the workers share, not of the machine one runs on.

        A worker whose clock runs fast would else take work out of living hands. A clock that was handed in (a worked
        case, a test) stands for every clock there is; SQLite is shared by the programs of one machine.
        """
        return queries.clock(tx) if self._shares_clock and not self._database.is_sqlite else self._clock()

    @contextmanager
    def _keeping(self, claim: store.Claim) -> Iterator[None]:
        """The lease is renewed while the work inside goes on, however long it takes."""
        finished = threading.Event()

        def renew() -> None:
            while not finished.wait(LEASE.total_seconds() / 3):
                with suppress(StoreError), self._database.begin() as tx:
                    if not store.renew_lease(tx, claim, self._lease_clock(tx) + LEASE):
                        return

        keeper = threading.Thread(target=renew, daemon=True)
        keeper.start()
        try:
            yield
        finally:
            finished.set()

    def _look(self, tx: Connection, case_id: int) -> CaseInHand:
        """A case for reading: no lock."""
        row = store.case_by_id(tx, case_id)
        assert row is not None
        return self._take(tx, row, SYSTEM)

    def _service_job(self, hand: CaseInHand, claim: store.Claim) -> ServiceJob:
        given = casefile.loads(claim.row.inputs)
        row = hand.row
        return ServiceJob(
            id=claim.row.id,
            type=claim.row.type,
            case=row.number,
            element=claim.row.element,
            path=tuple(claim.row.path.split(".")) if claim.row.path else (),
            inputs=given["inputs"],
            headers=given["headers"],
            subject={"number": row.subject_number, "name": row.subject_name},
            regions=hand.regions,
            now=hand.now,
            attempt=claim.row.attempts,
        )

    def _lists_for(self, hand: CaseInHand, job: ServiceJob) -> dict[str, Mapping[str, Any]]:
        """The control lists that a step reads, as the agency that answers for the step sees them."""
        with self._database.read() as tx:
            hand = self._look(tx, hand.row.id)
            department, _lane = hand.department_of(hand.procedure.process_at(job.path), job.element, job.path)
        return {id.strip(): self._list(id.strip(), department.agency) for id in job.headers["lists"].split(",")}

    @abstractmethod
    def _list(self, id: str, agency: str) -> Mapping[str, Any]:
        """A control list whole, as an agency and those under it see it. Raises NotFound."""

    def _keep(self, tx: Connection, effects: Effects, now: datetime) -> dict[str, list[dict[str, Any]]]:
        """Record the files of a job, which are in the file store already; what the case file says of them."""
        kept: dict[str, list[dict[str, Any]]] = {}
        for one in effects.files:
            content = one.content.encode()
            sha256, media_type = hashlib.sha256(content).hexdigest(), forms.sniff(content)
            store.record_file(tx, sha256=sha256, size=len(content), media_type=media_type, now=now, actor=SYSTEM)
            value = {"name": one.name, "sha256": sha256, "size": len(content), "media_type": media_type}
            kept.setdefault(one.key, []).append(value)
        return kept

    def _finish_service(
        self, claim: store.Claim, effects: Effects, opened: list[str] | None, *, refusal: JobRefused | None = None
    ) -> None:
        with self._database.begin() as tx:
            row = store.lock_case_by_id(tx, claim.row.case_id)
            assert row is not None
            if not store.end_job(tx, claim, "finish"):
                return  # a newer fence has it; nothing of ours was written
            hand = self._take(tx, row, SYSTEM)
            if hand.state in (CaseState.INCIDENT, CaseState.SUSPENDED):
                raise StaleVersion(_("case {number} is {state}").format(number=row.number, state=hand.state))
            if hand.state != CaseState.OPEN:
                return
            path = tuple(claim.row.path.split(".")) if claim.row.path else ()
            if refusal is not None:
                hand.apply(
                    engine.JobFailed(claim.row.id, refusal.code, str(refusal)),
                    "job_refused",
                    element=claim.row.element,
                    path=path,
                    content={"code": refusal.code, "message": str(refusal)},
                )
            else:
                kept = self._keep(tx, effects, hand.now)
                patch = {
                    **effects.patch,
                    **kept,
                    **issuing.carry_out(hand, effects, claim.row.element, path, self._papers),
                }
                hand.apply(
                    engine.JobDone(claim.row.id, patch),
                    "job_done",
                    element=claim.row.element,
                    path=path,
                    content={"job": claim.row.type},
                )
            hand.save()
        if opened is not None:
            opened += hand.opened

    def _perform_render(self, claim: store.Claim, opened: list[str] | None) -> None:
        document_id = casefile.loads(claim.row.inputs)["document"]
        with self._database.read() as tx:
            row = queries.document_by_id(tx, document_id)
            procedure = self._library.procedure(tx, row.version_id)
        rendered = issuing.render(self._renderer_of(), procedure, row)
        self._papers.mark(row.issuer, row.number, row.id)
        sha256 = self._files.put(rendered.pdf)
        write_durably(self._settings.documents / row.case_number / f"{row.number}.pdf", rendered.pdf)
        with self._database.begin() as tx:
            if store.end_job(tx, claim, "finish"):
                store.record_pdf(tx, row.id, sha256=sha256, pages=rendered.pages)

    def _perform_notify(self, claim: store.Claim, opened: list[str] | None) -> None:
        notification_id = casefile.loads(claim.row.inputs)["notification"]
        now = self._clock()
        with self._database.read() as tx:
            pending = queries.pending_notification(tx, notification_id)
        for one in pending:
            letter = {
                "id": one.id,
                "kind": one.kind,
                "department": one.department_id,
                "case": one.number,
                "text": one.text,
                "created_at": one.created_at.isoformat(),
            }
            write_durably(
                self._settings.outbox / f"{one.created_at:%Y%m%dT%H%M%S}-{one.id}.json",
                json.dumps(letter, ensure_ascii=False, indent=1).encode(),
            )
        with self._database.begin() as tx:
            if store.end_job(tx, claim, "finish"):
                store.mark_notified(tx, notification_id, now)

    def _perform_signal(self, claim: store.Claim, opened: list[str] | None) -> None:
        self.settle_signals(subject=int(casefile.loads(claim.row.inputs)["subject"]))
        with self._database.begin() as tx:
            store.end_job(tx, claim, "finish")

    def _perform_message(self, claim: store.Claim, opened: list[str] | None) -> None:
        try:
            self._deliver(claim, opened)
        except (BadInput, RuleBroken, NotFound) as error:  # trying again changes nothing: mend it, then redeliver
            self._give_up(claim, type(error).__name__, str(error))

    def _deliver(self, claim: store.Claim, opened: list[str] | None) -> None:
        message_id = casefile.loads(claim.row.inputs)["message"]
        with self._database.begin() as tx:
            if not store.end_job(tx, claim, "finish"):
                return
            message = queries.message(tx, message_id)
            target = store.waiting_subscription(tx, message.name, message.correlation) or self._beside(tx, message)
            if message.state == "waiting" and message.expires_at is not None and message.expires_at <= self._clock():
                store.move(tx, t.message, {"id": message.id}, "expire", reason=expired())
                return
            if message.state != "waiting":
                return
            if target is None:
                self._begin_by(tx, message)
                return
            row = store.lock_case_by_id(tx, target.case_id)
            assert row is not None
            hand = self._take(tx, row, SYSTEM)
            still = [one for one in queries.subscriptions(tx, row.id) if one.id == target.id]
            if hand.state != CaseState.OPEN or not still:
                return
            store.move(tx, t.message, {"id": message.id}, "consume", consumed_case_id=row.id)
            hand.apply(
                engine.DeliverMessage(target.id, casefile.loads(message.payload)),
                "message_received",
                element=target.element,
                content={"message": message.id, "name": message.name, "sender": message.sender},
            )
            hand.save()
        if opened is not None:
            opened += hand.opened

    # --- when it cannot be done ----------------------------------------------------------------------------------
    def _begin_by(self, tx: Connection, message: Row[Any]) -> None:
        """Nobody waits for the message, but a procedure may begin by it: in a case of its own.

        It is about the subject that the message's key names behind its slash: the sender's, or another.

        Raises BadInput, RuleBroken or NotFound when it cannot begin.
        """
        key = self._library.begun_by(tx, message.name)
        if key is None:
            return
        sender = store.lock_case_by_id(tx, message.sender_case_id) if message.sender_case_id is not None else None
        if sender is not None and sender.state == CaseState.CANCELLED:
            words = _("case {number}, which sent it, was cancelled before").format(number=sender.number)
            store.move(tx, t.message, {"id": message.id}, "bury", reason=words)
            return
        payload = dict(casefile.loads(message.payload))
        named = payload.pop("region") if isinstance(payload.get("region"), Mapping) else {}
        number = self._start(
            tx,
            key,
            _subject_of(message, sender.subject_number if sender is not None else None),
            SYSTEM,
            {**(json.loads(sender.regions) if sender is not None else {}), **named},
            payload,
            sender.jurisdiction if sender is not None else None,
            message.name,
            started_by=message.sender,
        )
        begun = store.lock_case(tx, number)
        assert begun is not None
        store.move(tx, t.message, {"id": message.id}, "consume", consumed_case_id=begun.id)
        if sender is not None:
            hand = self._take(tx, sender, SYSTEM)
            content = {"case": number, "message": message.id}
            hand.history.add("case_begun", actor=SYSTEM, at=hand.now, element=message.element, content=content)
            hand.save()

    def _beside(self, tx: Connection, message: Row[Any]) -> Row[Any] | None:
        """The procedure that begins by the message does not run twice about one subject (`xb:notWith`): what the open
        case waits for under the message's name, whatever number it was sent to."""
        key = self._library.begun_by(tx, message.name)
        if key is None:
            return None
        active = next(one for one in queries.versions(tx, key) if one.state == "active")
        alone = self._library.procedure(tx, active.id).attribute("xb:notWith").split(",")
        if key not in {part.strip() for part in alone}:
            return None
        sender = queries.subject_of_case(tx, message.sender_case_id) if message.sender_case_id is not None else None
        numbers = queries.open_cases_of(tx, _subject_of(message, sender), [key])
        return next((one for number in numbers if (one := store.awaited_by(tx, number, message.name))), None)

    def _carry(self, tx: Connection, message_id: str, name: str, correlation: str) -> None:
        """A job that brings a message to the case that waits for it, or begins the one that begins by it, if any."""
        target = store.waiting_subscription(tx, name, correlation)
        if target is None and self._library.begun_by(tx, name) is None:
            return
        store.insert_job(
            tx,
            id=secrets.token_hex(16),
            kind="message",
            type=name,
            case_id=target.case_id if target is not None else None,
            now=self._clock(),
            priority=4,
            inputs=casefile.dumps({"message": message_id}),
        )

    @abstractmethod
    def _start(
        self,
        tx: Connection,
        key: str,
        subject_number: str,
        actor: Actor,
        regions: dict[str, str],
        data: dict[str, Any],
        jurisdiction: str | None,
        message: str | None,
        *,
        started_by: str | None = None,
    ) -> str:
        """A new case, inside the open transaction; its number."""

    def _perform_cancel(self, claim: store.Claim, opened: list[str] | None) -> None:
        """The case that began this one was cancelled: this one ends too, or a person is told why it cannot."""
        caller = casefile.loads(claim.row.inputs)["case"]
        reason = _("case {number}, which began it, was cancelled").format(number=caller)
        with self._database.begin() as tx:
            row = store.lock_case_by_id(tx, claim.row.case_id)
            if not store.end_job(tx, claim, "finish") or row is None:
                return
            if row.state in (CaseState.COMPLETED, CaseState.CANCELLED):
                return
            hand = self._take(tx, row, SYSTEM)
            if any(one.case == row.number for one in queries.standings(tx, row.subject_id or 0)):
                reason += "; " + _(
                    "it has already changed who is responsible for the subject: complete it, or reverse it"
                )
                self._note_incident(hand, "caller_cancelled", reason)
            else:
                hand.apply(engine.Cancel(reason), "withdrawn", content={"reason": reason, "case": caller})
                hand.state = CaseState.CANCELLED
            hand.save()

    def _perform_tell(self, claim: store.Claim, opened: list[str] | None) -> None:
        """A case that this one began was cancelled: a person decides what that means here."""
        begun = casefile.loads(claim.row.inputs)["case"]
        with self._database.begin() as tx:
            row = store.lock_case_by_id(tx, claim.row.case_id)
            if not store.end_job(tx, claim, "finish") or row is None:
                return
            if row.state in (CaseState.COMPLETED, CaseState.CANCELLED):
                return
            hand = self._take(tx, row, SYSTEM)
            element = queries.element_that_began(tx, row.id, begun)
            reason = _("case {number}, which it began, was cancelled").format(number=begun)
            self._note_incident(hand, "begun_case_cancelled", reason, element=element)
            hand.save()

    def _note_incident(self, hand: CaseInHand, code: str, reason: str, *, element: str = "") -> None:
        """A person is needed, though the case does not stop for it."""
        at = element or hand.procedure.key
        store.insert_incident(hand.tx, case_id=hand.row.id, element=at, code=code, message=reason, now=hand.now)
        content = {"code": code, "message": reason}
        hand.history.add("incident_opened", actor=SYSTEM, at=hand.now, element=at, content=content)

    def _retry(self, claim: store.Claim, error: Exception) -> None:
        reason = _without_data(error)
        if claim.row.attempts >= ATTEMPTS:
            self._give_up(claim, type(error).__name__, str(error) if isinstance(error, XiebanError) else reason)
            return
        with self._database.begin() as tx:
            wait = BACK_OFF * (2 ** (claim.row.attempts - 1)) * (0.75 + secrets.randbelow(500) / 1000)
            store.end_job(tx, claim, "retry", run_at=self._clock() + wait, last_error=reason)

    def _give_up(self, claim: store.Claim, code: str, reason: str) -> None:
        now = self._clock()
        with self._database.begin() as tx:
            row = store.lock_case_by_id(tx, claim.row.case_id) if claim.row.case_id else None
            if not store.end_job(tx, claim, "give_up", last_error=code):
                return
            if claim.row.kind == "message":  # nobody can take it as it is; it may be redelivered when that is mended
                message = {"id": casefile.loads(claim.row.inputs)["message"]}
                store.move(tx, t.message, message, "bury", reason=reason[:1000])
            if row is None:
                return
            element = claim.row.element or claim.row.type
            store.insert_incident(
                tx, case_id=row.id, job_id=claim.row.id, element=element, code=code, message=reason[:1000], now=now
            )
            hand = self._take(tx, row, SYSTEM)
            hand.history.add("incident_opened", actor=SYSTEM, at=now, element=element, content={"code": code})
            if claim.row.kind == "service" and hand.state == CaseState.OPEN:
                hand.state = CaseState.INCIDENT
            hand.save()

    def _stop_case(self, case_id: int, error: XiebanError) -> None:
        """What could not be done was undone; say so on the case, which waits for a person from now on."""
        element, code = getattr(error, "element", "?"), getattr(error, "code", type(error).__name__)
        now = self._clock()
        with self._database.begin() as tx:
            row = store.lock_case_by_id(tx, case_id)
            if row is None or row.state != CaseState.OPEN:
                return
            store.insert_incident(tx, case_id=case_id, element=element, code=code, message=str(error)[:1000], now=now)
            hand = self._take(tx, row, SYSTEM)
            content = {"code": code, "message": str(error)}
            hand.history.add("incident_opened", actor=SYSTEM, at=now, element=element, content=content)
            hand.state = CaseState.INCIDENT
            hand.save()

    # --- small things --------------------------------------------------------------------------------------------
    def _take(self, tx: Connection, row: Row[Any], actor: Actor) -> CaseInHand:
        return casework.CaseInHand(tx, row, self._library, now=self._clock(), actor=actor, zone=self._settings.zone)

    def _renderer_of(self) -> Renderer:
        with self._rendering:
            if self._renderer is None:
                self._renderer = documents.Renderer()
            return self._renderer


def expired() -> str:
    """Why a message ended that no case took in time."""
    return _("no case took it within its time to live")


def unacknowledged() -> str:
    """Why a message ended whose receiver outside left no receipt."""
    return _("its receiver left no receipt within its time to live")


def at(row: Row[Any]) -> str:
    """Where an item or job stands, as the history says it: the path of called processes, then the element."""
    return f"{row.path}.{row.element}" if row.path else str(row.element)


def _subject_of(message: Row[Any], sender: str | None) -> str:
    """Whom a message is about: the subject that its key names behind the slash, or else the sender's."""
    _case, slash, subject = str(message.correlation).rpartition("/")
    named = subject if slash or sender is None else ""
    return named or sender or ""


def _without_data(error: Exception) -> str:
    """What a job remembers of its failure: class and place. The words of an exception may name a person."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} ({Path(place.filename).name}:{place.lineno})"
