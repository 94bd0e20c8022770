"""A case in hand: how one step is carried out by the engine and written down, inside an open transaction.

The runtime begins the transaction and locks the case; everything between is here: the data the engine sees, the
step, and its traces in the tables (file, items, timers, jobs, messages, history). `save` writes the case row last.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import cached_property, partial
from types import MappingProxyType, SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row

from workflow_runtime import calendars, casefile, deadlines, engine, feel, queries, recounting, store
from workflow_runtime import tables as t
from workflow_runtime.calendars import Unit
from workflow_runtime.diagram.model import FlowNode
from workflow_runtime.directory import Agency, Department, Directory
from workflow_runtime.engine import Command, Decided, OpenedItem, Passed, Step, Thrown
from workflow_runtime.errors import CaseStopped, DirectoryError, NotFound, StaleVersion
from workflow_runtime.feel import government
from workflow_runtime.feel.scope import HANDED_IN, Priced
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.i18n import _, of_data
from workflow_runtime.library import Library
from workflow_runtime.model import SYSTEM, Actor, CaseState, ItemState
from workflow_runtime.procedures import LaneRef, Procedure, around, calls, values_of
from workflow_runtime.profiles import Parameter
from workflow_runtime.subjects import ReactionKind

#: Case-file names that the runtime provides; a form field may not have them.
RESERVED = frozenset({"subject", "case", "item", "profile"})
#: A message that says nothing else is kept so long for a case that waits for it.
TIME_TO_LIVE = timedelta(days=90)
#: The message by which a matter goes to whoever coordinates departments.
ESCALATION = "Escalation"
#: How a party is named by what it does in the process at hand: `role:receiver`.
ROLE = "role:"
_PRIORITY = {"service": 3, "message": 4, "signal": 4, "render": 5, "notify": 8}


class CaseInHand:
    """One locked case. Use it for one command, then `save`."""

    def __init__(
        self, tx: Connection, row: Row[Any], library: Library, *, now: datetime, actor: Actor, zone: str
    ) -> None:
        self.tx = tx
        self.row = row
        self.now = now
        self.as_of = now  #: from when periods count that begin in this step; for a timer, when it was due
        self.actor = actor
        self.zone = zone
        self.library = library
        self.procedure: Procedure = library.procedure(tx, row.version_id)
        self.profile = library.profile(tx, row.profile_id)
        self.calendar = library.calendar(tx, row.calendar_id)
        self.regions: Mapping[str, str] = json.loads(row.regions)
        self.file: dict[str, Any] = dict(casefile.loads(row.document))
        self.history = store.History(row.number, row.history_length, row.history_hash)
        self.milestone: str | None = row.milestone
        self.state = CaseState(row.state)
        self.snapshot: bytes = bytes(row.snapshot)
        self.timers: int = row.timers
        self.subscriptions: int = row.subscriptions
        self.marks: str = row.marks
        self.repinned: dict[str, int] = {}  #: another profile or calendar that the case follows from now on
        self.opened: list[str] = []
        self.enqueued = 0
        self._sent = 0
        self._opened: list[dict[str, Any]] = []
        self._file_changed = False

    # --- what the engine sees ------------------------------------------------------------------------------------
    @cached_property
    def directory(self) -> Directory:
        """The organisation in force."""
        return self.library.directory(self.tx, self.row.organisation_id)

    @property
    def today(self) -> date:
        """The day in the office's zone."""
        return self.now.astimezone(ZoneInfo(self.zone)).date()

    @cached_property
    def subject(self) -> dict[str, Any]:
        """The subject as FEEL sees it; empty for a case without one."""
        if self.row.subject_id is None:
            return {}
        facts = dict(casefile.loads(self.row.subject_document))
        facts.update(number=self.row.subject_number, name=self.row.subject_name, region=self.row.subject_region)
        if self.procedure.mentions("standings"):
            facts["standings"] = {row.kind: row.holder for row in store.open_standings(self.tx, self.row.subject_id)}
        return facts

    def settle_facts(self, facts: Mapping[str, Any]) -> None:
        """The subject has other facts from here on."""
        self.subject.clear()
        self.subject.update(facts, number=self.row.subject_number, region=facts.get("region", self.row.subject_region))
        if self.procedure.mentions("standings"):
            held = store.open_standings(self.tx, self.row.subject_id)
            self.subject["standings"] = {row.kind: row.holder for row in held}

    def data(self) -> dict[str, Any]:
        """The case file with the names that the runtime provides."""
        return {
            **self.file,
            "subject": self.subject,
            "case": {
                "number": self.row.number,
                "procedure": self.procedure.key,
                "jurisdiction": self.row.jurisdiction,
                "started_on": self.row.started_at.astimezone(ZoneInfo(self.zone)).date(),
                "regions": dict(self.regions),
            },
            "profile": self.library.profile_values(
                self.repinned.get("profile_id", self.row.profile_id), self.profile, self.procedure, self.today
            ),
        }

    def functions(self) -> dict[str, Callable[..., Any]]:
        """What the procedure's expressions may call beyond standard FEEL."""

        def deadline(name: str, start: Any = None) -> datetime:
            return self.count(name, start)[1].at

        def cycle(name: str) -> str:
            parameter = self.parameter(name)
            return f"R/P{parameter.value}{parameter.unit}"

        return {
            **government.functions(self.calendar.is_working_day),
            "deadline": deadline,
            "cycle": cycle,
            "registered": Priced(of_each(self._registered), _by_number),
            "region_name": lambda code: self.directory.regions.get(str(code)),
            "answers": partial(answers, self.directory, self.regions),
            **of_cases(self.tx, self.row.id),
        }

    def _registered(self, number: Any) -> dict[str, Any] | None:
        """Of the subject of that number: its kind, its region, and the agency that holds each standing now, by code,
        and since which day."""
        row = queries.subject(self.tx, str(number))
        if row is None:
            return None
        held = store.open_standings(self.tx, row.id)
        since = {one.kind: one.valid_from.astimezone(ZoneInfo(self.zone)).date() for one in held}
        return {
            "kind": row.kind,
            "region": row.region,
            "standing": {
                kind: {**one, "since": since[kind]} if one is not None else None
                for kind, one in holders(self.directory, held).items()
            },
        }

    def parameter(self, name: str) -> Parameter:
        """A value of the case's profile: of its procedure, of a process that it calls, or shared. Raises NotFound."""
        return self.profile.parameter(self.procedure.code, name, self.today, called=self.procedure.called_codes)

    def count(self, name: str, start: Any = None) -> tuple[deadlines.Note, calendars.Due]:
        """When the deadline `name` ends, counted from `start` (a date or an instant; now when None)."""
        begins = self.instant(start)
        stops = self.stops if start is not None and begins < self.now else ()
        note = deadlines.of_parameter(self.parameter(name), begins, stops)
        due = deadlines.count(note, self.calendar, zone=self.zone)
        return replace(note, provisional=due.provisional), due

    @cached_property
    def stops(self) -> tuple[deadlines.Stop, ...]:
        """When the case stood still and went on again, the oldest first."""
        return tuple(
            deadlines.Stop(row.since, row.until, row.reason) for row in store.ended_suspensions(self.tx, self.row.id)
        )

    def instant(self, value: Any) -> datetime:
        """A date or date-time of the office as an aware instant; None is now (00:00 being 24:00 of the day before)."""
        if value is None:
            local = self.as_of.astimezone(ZoneInfo(self.zone))
            return self.as_of - timedelta(microseconds=1) if local.time() == time() else self.as_of
        if isinstance(value, datetime):
            return value if value.tzinfo is not None else value.replace(tzinfo=ZoneInfo(self.zone))
        return datetime.combine(value, time(), ZoneInfo(self.zone))

    # --- parties -------------------------------------------------------------------------------------------------
    def party(self, reference: str, path: tuple[str, ...] = ()) -> Department:
        """The department behind `AGENCY[/department][@region]`, or behind `role:NAME` as seen from the call `path`.
        Raises NotFound."""
        if reference.startswith(ROLE):
            return self._party_of_role(reference.removeprefix(ROLE), path)
        return resolve_party(self.directory, reference, self.regions)

    def department_of(self, process: str, element: str, path: tuple[str, ...]) -> tuple[Department, LaneRef]:
        """The department that answers for a step, and its lane. Raises NotFound when no department does."""
        lane = self.procedure.lane_ref(process, self.procedure.node(process, element), path)
        while lane is not None:
            bound = self._bound_role(lane.role, path)
            if bound is not None:
                return self.party(bound, around(path)), lane
            if lane.agency is not None or not path:
                break
            outer = around(path)
            process, element, path = self.procedure.process_at(outer), calls(path)[-1], outer
            lane = self.procedure.lane_ref(process, self.procedure.node(process, element), path)
        if lane is None or lane.agency is None:
            raise NotFound(_("no lane says which department answers for {element}").format(element=element))
        return self.directory.party(
            lane.agency, self.regions.get(lane.region or "", lane.region), lane.department
        ), lane

    def _party_of_role(self, role: str, path: tuple[str, ...]) -> Department:
        """As the nearest call around `path` binds the role, or else as the lane says that has it. Raises NotFound."""
        for depth in range(len(path), -1, -1):
            bound = self._bound_role(role, path[:depth])
            if bound is not None:
                return self.party(bound, around(path[:depth]))
            lane = self.procedure.lane_of_role(self.procedure.process_at(path[:depth]), role)
            if lane is not None and lane.agency is not None:
                return self.directory.party(
                    lane.agency, self.regions.get(lane.region or "", lane.region), lane.department
                )
        raise NotFound(_("nothing says who plays the role {role}").format(role=role))

    def _bound_role(self, role: str | None, path: tuple[str, ...]) -> str | None:
        if role is None:
            return None
        scope = values_of(self.file, ".".join(path))
        nested = scope.get("party")
        value = scope.get(f"party.{role}", nested.get(role) if isinstance(nested, Mapping) else None)
        direct = self.file.get(".".join((*path, "party", role)))
        return value or direct

    # --- steps ---------------------------------------------------------------------------------------------------
    def apply(
        self,
        command: Command,
        kind: str,
        *,
        element: str | None = None,
        path: tuple[str, ...] = (),
        content: Mapping[str, Any] | None = None,
    ) -> Step:
        """Let the engine carry out `command`, and write everything down but the case row itself (`save`)."""
        step = engine.apply(
            self.procedure.compiled,
            self.snapshot,
            command,
            self.data(),
            now=self.now,
            functions=self.functions(),
            zone=ZoneInfo(self.zone),
        )
        own = getattr(command, "item", None) or getattr(command, "job", None)
        self.record(step, kind, element=".".join((*path, element)) if element else None, content=content, own=own)
        return step

    def record(
        self, step: Step, kind: str, *, element: str | None, content: Mapping[str, Any] | None, own: str | None = None
    ) -> None:
        """The traces of a step in the tables. Raises CaseStopped, before it writes, when the engine stopped."""
        if step.incident is not None:
            at = ".".join((*step.incident.path, step.incident.element))
            raise CaseStopped(step.incident.message, case_id=self.row.id, element=at, code=step.incident.code)
        self.snapshot = step.snapshot
        self._patch(step.patch)
        left = [one for one in step.closed if one != own]
        store.drop_items(self.tx, left, self.now)
        store.drop_jobs(self.tx, left)
        opened = [self._item(one) for one in step.opened]
        store.insert_items(self.tx, opened)
        self._opened += opened
        self.opened += [one.id for one in step.opened]
        for job in step.jobs:
            self._enqueue(
                "service",
                job.type,
                id=job.id,
                process=job.process,
                element=job.element,
                path=".".join(job.path),
                inputs=casefile.dumps({"inputs": dict(job.inputs), "headers": dict(job.headers)}),
            )
        self._sync(step)
        for thrown in step.thrown:
            self._thrown(thrown)
        before = self.milestone
        self._milestone(step.history)
        told: dict[str, Any] = {
            **(content or {}),
            **({"milestone": self.milestone} if self.milestone != before else {}),
            "passed": [_passed(one) for one in step.history if one.what != "entered"],
        }
        if step.decided:
            told["decisions"] = [self._decided(one) for one in step.decided]
        if step.patch:
            told["patch"] = {key: value for key, value in step.patch.items() if value is not None}
            removed = sorted(key for key, value in step.patch.items() if value is None)
            if removed:
                told["removed"] = removed
        self.history.add(kind, actor=self.actor, at=self.now, element=element, content=told)
        if step.state == engine.CaseState.COMPLETED:
            self.state = CaseState.COMPLETED
            self.history.add("case_completed", actor=SYSTEM, at=self.now)
        elif step.state == engine.CaseState.CANCELLED:
            self.state = CaseState.CANCELLED
        elif self.procedure.holders:
            self._stand_still(step)

    def _stand_still(self, step: Step) -> None:
        """What a step of this case holds back stands still while that is open, and gets its days back afterwards."""
        holders = self.procedure.holders
        if any(one.element in holders for one in step.history) or (
            (step.opened or step.timers) and queries.open_among(self.tx, self.row.id, holders)
        ):
            recounting.stand_still(self)

    def _decided(self, one: Decided) -> dict[str, Any]:
        """A decision as the history keeps it: also where it was taken, by which file of which version."""
        version = queries.version_by_id(self.tx, self.row.version_id)
        file = self.procedure.decision_file(str(one.record["decision"]))
        place = {
            "at": ".".join((*one.path, one.element)),
            "file": file,
            "procedure": f"{version.key}@{version.version}",
        }
        return place | dict(one.record)

    def _patch(self, patch: Mapping[str, Any]) -> None:
        kept = casefile.loads(casefile.dumps(patch)) if patch else {}  # as it will be read back
        for key, value in kept.items():
            self._file_changed = True
            if value is None:
                self.file.pop(key, None)
            else:
                self.file[key] = value

    def _item(self, opened: OpenedItem) -> dict[str, Any]:
        node = self.procedure.node(opened.process, opened.element)
        department, lane = self.department_of(opened.process, opened.element, opened.path)
        if opened.path:
            key = ".".join((*opened.path, lane.key.rsplit(".", 1)[-1]))
            store.add_parties(
                self.tx,
                self.row.id,
                [{"lane": key, "name": lane.name, "department_id": department.id, "sees": lane.sees}],
            )
        elif self._bound_role(lane.role, ()):  # it may have been bound anew since the case began
            store.rebind_party(self.tx, self.row.id, lane.key, department.id)
        note, due = self._due(node, opened)
        return {
            "id": opened.id,
            "case_id": self.row.id,
            "process": opened.process,
            "element": opened.element,
            "path": ".".join(opened.path),
            "name": node.name or opened.element,
            "department_id": department.id,
            "role": node.groups,
            "form": opened.form,
            "inputs": casefile.dumps(dict(opened.inputs)) if opened.inputs else None,
            "state": ItemState.READY,
            "clerk": None,
            "version": 1,
            "opened_at": self.now,
            "due_at": due.at if due else None,
            "due": deadlines.stored(note) if note else None,
            "reminded": 0,
            "outcome": None,
            "reason": None,
            "completed_at": None,
            "completed_by": None,
        }

    def _due(self, node: FlowNode, opened: OpenedItem) -> tuple[deadlines.Note | None, calendars.Due | None]:
        """When an item is due: on the day agreed in this case (`xb:due` names the step's input that holds it), or when
        the deadline of the profile ends, counted from an event of the case (`xb:dueFrom`) or from now."""
        name = node.properties.get("xb:deadline")
        if name is None:
            return None, None
        begins = opened.inputs.get(node.properties.get("xb:dueFrom", ""))
        note, due = self.count(name, begins if isinstance(begins, date) else None)
        agreed = opened.inputs.get(node.properties.get("xb:due", ""))
        if not isinstance(agreed, date):
            return note, due
        day = agreed.astimezone(ZoneInfo(self.zone)).date() if isinstance(agreed, datetime) else agreed
        note = deadlines.Note(note.start, title=note.title, value=day.isoformat(), unit=Unit.DATE)
        return note, deadlines.count(note, self.calendar, zone=self.zone)

    def listed(self, item: Any, **changed: Any) -> Any:
        """An item of this case with the names beside it, as `queries.item_row` reads it, without asking again."""
        values: dict[str, Any] = {**item, **changed}
        department, agency = self._names_of(values["department_id"])
        holder = values["clerk"]
        if holder is not None:
            holder = next((one.name for one in self.directory.people if one.id == holder), holder)
        names = dict(
            case_number=self.row.number,
            version_id=self.row.version_id,
            profile_id=self.row.profile_id,
            calendar_id=self.row.calendar_id,
            procedure_key=self.procedure.key,
            procedure_name=self.procedure.name,
            subject_number=self.row.subject_number,
            subject_name=self.row.subject_name,
            subject_kind=self.row.subject_kind,
            department_name=department,
            agency=agency.id if agency is not None else None,
            agency_name=agency.name if agency is not None else None,
            clerk_name=holder,
        )
        return SimpleNamespace(**{**values, **names})

    def listed_opened(self) -> list[Any]:
        """The items that were opened here, in order."""
        return [self.listed(one) for one in self._opened]

    def _names_of(self, department_id: str) -> tuple[str | None, Agency | None]:
        try:
            department = self.directory.department(department_id)
        except NotFound:  # of an older organisation
            return None, None
        return department.name, self.directory.agency(department.agency)

    def _sync(self, step: Step) -> None:
        store.sync_waits(
            self.tx,
            self.row.id,
            t.timer,
            [
                {
                    "id": one.id,
                    "element": one.element,
                    "path": ".".join(one.path),
                    "due_at": one.due,
                    "due": self._timer_note(one),
                }
                for one in step.timers
            ],
            self.now,
            known=self.timers,
        )
        store.sync_waits(
            self.tx,
            self.row.id,
            t.subscription,
            [
                {
                    "id": one.id,
                    "element": one.element,
                    "path": ".".join(one.path),
                    "name": one.name,
                    "correlation": one.key,
                }
                for one in step.subscriptions
            ],
            self.now,
            known=self.subscriptions,
        )
        self.timers, self.subscriptions = len(step.timers), len(step.subscriptions)
        for one in step.subscriptions:
            waiting = store.waiting_message(self.tx, one.name, one.key, self.now)
            if waiting is not None:
                self._enqueue("message", one.name, inputs=casefile.dumps({"message": waiting.id}))

    def _timer_note(self, timer: engine.Timer) -> str | None:
        """How a timer that was set in this step was counted."""
        if timer.basis is None:
            return None
        note = deadlines.of_timer(
            timer.basis,
            timer.due,
            parameter=self.parameter,
            instant=self.instant,
            stops=self._stops_since(timer.basis),
        )
        if note.counts:
            note = replace(note, provisional=deadlines.count(note, self.calendar, zone=self.zone).provisional)
        return deadlines.stored(note)

    def _stops_since(self, basis: engine.Basis) -> tuple[deadlines.Stop, ...]:
        """The suspensions that a timer must know of: none, unless it is counted from an earlier day that was named."""
        named = any(name == "deadline" and len(given) > 1 for name, given, _at in basis.asked)
        return self.stops if named else ()

    def _thrown(self, thrown: Thrown) -> None:
        if thrown.kind == "message":
            outside = self.procedure.receivers(self.procedure.process_at(thrown.path), thrown.element)
            key = thrown.key or self.default_key()
            self.send(thrown.name, key, thrown.payload, element=thrown.element, outside=outside)
            if not outside and not self.library.takes(self.tx, thrown.name):
                self._tell_nobody_takes(thrown)
        elif thrown.kind == "escalation":
            process = self.procedure.process_at(thrown.path)
            department, _lane = self.department_of(process, thrown.element, thrown.path)
            name = self.procedure.node(process, thrown.element).name or thrown.name
            self.notify(department.id, "escalation", f"{self.row.number} {name}")
        elif thrown.kind == "signal" and self.row.subject_id is not None:
            self._tell(thrown.name, thrown.payload)

    def _tell_nobody_takes(self, thrown: Thrown) -> None:
        """A message for a procedure that this office does not run: its sender sees to it."""
        process = self.procedure.process_at(thrown.path)
        department, _lane = self.department_of(process, thrown.element, thrown.path)
        step = self.procedure.node(process, thrown.element).name or thrown.name
        text = _("no procedure here takes it: see that those whom it concerns are told")
        self.notify(department.id, "unreceived", f"{self.row.number} {of_data(step)}: {text}")
        self.history.add(
            "message_unreceived", actor=SYSTEM, at=self.now, element=thrown.element, content={"name": thrown.name}
        )

    def tell_unanswered(self, message: Any, reason: str) -> None:
        """Nobody took in time what a step of this case said: the department of that step is told."""
        step = self.procedure.compiled.elements[self.procedure.key].get(message.element or "")
        if step is not None:
            department, _lane = self.department_of(self.procedure.key, step.id, ())
            words = of_data(step.name) if step.name else message.name
            self.notify(department.id, "unanswered", f"{self.row.number} {words}: {reason}")
        self.history.add(
            "message_unanswered", actor=SYSTEM, at=self.now, element=message.element, content={"name": message.name}
        )

    def tell_unheard(self, signal: str) -> None:
        """Something has happened to the subject that no reaction is drawn for: whoever works on the case reads what is
        to be done, as the subject's kind says."""
        kind = self.procedure.subject_kind
        found = kind.signal(signal) if kind is not None else None
        reaction = kind.reaction(signal, self.procedure.code) if kind is not None else None
        if found is None or reaction is None or reaction.kind is ReactionKind.CONTINUE:
            return
        text = f"{self.row.number} {of_data(found.title)}: {of_data(reaction.text)}"
        for department in sorted({one.department_id for one in store.open_items(self.tx, self.row.id)}):
            self.notify(department, "signal", text)

    def _tell(self, signal: str, payload: Mapping[str, Any]) -> None:
        """A signal that this case throws, for the other cases of its subject; here it was heard when it was thrown."""
        given = secrets.token_hex(16)
        store.give_signal(
            self.tx,
            id=given,
            subject_id=self.row.subject_id,
            name=signal,
            payload=casefile.dumps(dict(payload)),
            now=self.now,
            by=self.actor.clerk,
        )
        store.hear_signal(self.tx, given, self.row.id)
        self._enqueue("signal", signal, inputs=casefile.dumps({"subject": self.row.subject_id}))

    def default_key(self) -> str:
        """The correlation key of messages about this case (decision: case number and subject number together)."""
        return f"{self.row.number}/{self.row.subject_number or ''}"

    def send(
        self,
        name: str,
        correlation: str,
        payload: Mapping[str, Any],
        *,
        element: str | None = None,
        outside: Sequence[str] = (),
    ) -> None:
        """A message out of this case, kept until its receiver takes it: a case that waits for it or begins by it, or
        else each of the parties `outside` the platform to which it is drawn (outbox.py carries it there)."""
        store.meet(self.tx, name, correlation)
        waits = store.waiting_subscription(self.tx, name, correlation) is not None
        within = waits or self.library.begun_by(self.tx, name) is not None
        # what a case sends at one time of the clock keeps its order
        sent_at = self.now + timedelta(microseconds=16 * self.row.rev + self._sent)
        self._sent += 1
        for receiver in (None,) if within or not outside else outside:
            message_id = store.insert_message(
                self.tx,
                name=name,
                correlation=correlation,
                direction="out",
                sender_case_id=self.row.id,
                sender=self.row.number,
                element=element,
                payload=casefile.dumps(dict(payload)),
                sent_at=sent_at,
                expires_at=sent_at + TIME_TO_LIVE,
                receiver=receiver,
            )
        if within:
            self._enqueue("message", name, element=element or "", inputs=casefile.dumps({"message": message_id}))

    def notify(self, department_id: str, kind: str, text: str) -> None:
        """A notification for a department."""
        notification_id = store.insert_notification(
            self.tx, case_id=self.row.id, department_id=department_id, kind=kind, text=text, now=self.now
        )
        self._enqueue("notify", kind, inputs=casefile.dumps({"notification": notification_id}))

    def reminding(self, item: Any, *, escalates: bool) -> datetime | None:
        """When somebody is to be told next of an overdue item; None where the profile says nothing.

        Counted from when it was to be told now, or, where nobody swept for long, from now.
        """
        wanted = item.overdue_told_at or item.due_at
        end_of_day = timedelta(microseconds=1)  # 24:00 belongs to the day that ends
        try:
            begin = wanted - end_of_day if self.now - wanted < timedelta(days=1) else None
            again = self.count("receipt_reminder", begin)[1].at
            last = self.count("receipt_escalation", item.due_at - end_of_day)[1].at if escalates else again
        except NotFound:
            return None
        return max(again, last)

    def above(self, department_id: str) -> str:
        """Who is told of what a department leaves undone: the agency above, or the main department of its own."""
        try:
            agency = self.directory.agency(self.directory.department(department_id).agency)
            return (self.directory.agency(agency.parent) if agency.parent else agency).main_department.id
        except NotFound:  # of an older organisation
            return department_id

    def ask_for_coordination(self, item: Any) -> None:
        """What is not done after two reminders begins the procedure that coordinates departments, where one runs."""
        if self.library.begun_by(self.tx, ESCALATION) is not None:
            payload = {"matter": item.name, "department": item.department_id, "due": item.due_at}
            self.send(ESCALATION, self.default_key(), payload, element=item.element)

    def render(self, document_id: str) -> None:
        """Ask for a document's PDF after the commit."""
        self._enqueue("render", "pdf", inputs=casefile.dumps({"document": document_id}))

    def _enqueue(self, kind: str, type: str, *, id: str | None = None, **values: Any) -> None:
        self.enqueued += 1
        store.insert_job(
            self.tx,
            id=id or secrets.token_hex(16),
            kind=kind,
            type=type,
            case_id=self.row.id,
            now=self.now,
            priority=_PRIORITY[kind],
            **values,
        )

    def _milestone(self, passed: Sequence[Passed]) -> None:
        for one in passed:
            if one.what == "entered":
                process = self.procedure.process_at(one.path)
                element = self.procedure.diagrams[process].elements.get(one.element)
                if element is not None and "xb:milestone" in element.properties:
                    self.milestone = element.properties["xb:milestone"]

    def mark(self, kind: str) -> None:
        """What was done to the case by hand shows on it for ever: moved, reopened, suspended, by_hand."""
        if kind not in self.marks.split(","):
            self.marks = ",".join(filter(None, (self.marks, kind)))

    def _leave_no_orphan(self) -> None:
        """This case ends before its time: what it began is to end too, and whoever began it is to be told.

        Each is a job of its own: no transaction locks two cases.
        """
        begun = [(one, "cancel") for one in store.cases_begun_by(self.tx, self.row.id, self.row.number)]
        caller = store.case_that_began(self.tx, self.row.id, self.row.started_by)
        for case_id, kind in [*begun, *([(caller, "tell")] if caller is not None else [])]:
            store.insert_job(
                self.tx,
                id=secrets.token_hex(16),
                kind=kind,
                type=kind,
                case_id=case_id,
                now=self.now,
                priority=_PRIORITY["message"],
                inputs=casefile.dumps({"case": self.row.number}),
            )

    def save(self) -> None:
        """Write the case row, its file and its history. Raises StaleVersion when another transaction was first."""
        self.history.flush(self.tx, self.row.id)
        if self._file_changed:
            store.save_case_file(self.tx, self.row.id, casefile.rewrite(self.file))
        over = (CaseState.COMPLETED, CaseState.CANCELLED)
        ended = self.state in over and self.row.state not in over
        if ended and self.state == CaseState.CANCELLED:
            self._leave_no_orphan()
        names = {
            CaseState.OPEN: {
                CaseState.INCIDENT: "resume_case",
                CaseState.SUSPENDED: "continue_case",
                CaseState.COMPLETED: "reopen_case",
                CaseState.CANCELLED: "reopen_case",
            }.get(self.row.state, "step"),
            CaseState.SUSPENDED: "suspend_case",
            CaseState.INCIDENT: "stop_case",
            CaseState.COMPLETED: "finish_case" if ended else "note_completed",
            CaseState.CANCELLED: "cancel_case" if ended else "note_cancelled",
        }
        saved = store.save_case(
            self.tx,
            self.row.id,
            self.row.rev,
            names[self.state],
            snapshot=self.snapshot,
            milestone=self.milestone,
            timers=self.timers,
            subscriptions=self.subscriptions,
            ended_at=self.now if ended else self.row.ended_at if self.state in over else None,
            marks=self.marks,
            history_length=self.history.length,
            history_hash=self.history.head,
            **self.repinned,
        )
        if not saved:
            raise StaleVersion(
                _("case {number} was changed by somebody else at the same moment; try again").format(
                    number=self.row.number
                )
            )


#: How the engine's history is written down: short, because every entry keeps it for ever.
PASSED = {"completed": "c", "cancelled": "x", "taken": "t", "entered": "e"}


def _passed(one: Passed) -> list[str]:
    line = [PASSED[one.what], ".".join((*one.path, one.element))]
    return [*line, one.note] if one.note else line


def resolve_party(directory: Directory, reference: str, regions: Mapping[str, str]) -> Department:
    """The department behind `AGENCY[/department][@region]`, the region being a binding name of the case or a code.

    Raises NotFound when there is none.
    """
    head, _at, region = reference.partition("@")
    agency, _slash, department = head.partition("/")
    return directory.party(agency, regions.get(region, region) or None, department or None)


def of_each(ask: Callable[..., Any]) -> Callable[..., Any]:
    """The question about one number, asked also about each of a list: the answers are in its order."""

    def asked(number: Any, *more: Any) -> Any:
        return [ask(one, *more) for one in number] if isinstance(number, list) else ask(number, *more)

    return asked


def _by_number(number: Any = None, *_more: Any) -> int:
    """What such a question costs: as a function that is handed in, and a little for each of many."""
    return HANDED_IN + (20 * len(number) if isinstance(number, list) else 0)


def of_cases(tx: Connection, without: int = 0) -> dict[str, Callable[..., Any]]:
    """What expressions may ask of the cases of a subject; one, the asking one, is left out of the open ones."""

    def newest_case(number: Any, code: Any) -> dict[str, Any] | None:
        """Number and state of the newest case about that subject of a procedure with that code."""
        row = queries.newest_case_of(tx, str(number), str(code))
        return {"number": row.number, "state": row.state} if row is not None else None

    def open_cases(number: Any, code: Any) -> list[str]:
        """The open cases about that subject of procedures with that code, the oldest first."""
        return queries.open_numbers_of(tx, str(number), str(code), without)

    return {"newest_case": Priced(of_each(newest_case), _by_number), "open_cases": open_cases}


def holders(directory: Directory, held: Iterable[Any]) -> dict[str, dict[str, str] | None]:
    """Kind of standing → code and region of the agency that holds it; null where that is nobody on the platform."""
    agencies = {agency.id: agency for agency in directory.agencies}
    found = {one.kind: agencies.get(one.holder_agency or "") for one in held}
    return {
        kind: {"agency": agency.code, "region": agency.region} if agency is not None else None
        for kind, agency in found.items()
    }


def answers(directory: Directory, regions: Mapping[str, str], reference: Any) -> bool:
    """Whether a department answers behind `AGENCY[/department][@region]`."""
    try:
        resolve_party(directory, str(reference), regions)
    except NotFound:
        return False
    return True


def with_roles(
    procedure: Procedure,
    directory: Directory,
    regions: Mapping[str, str],
    data: Mapping[str, Any],
    held: Callable[[], Iterable[Any]],
    profile: Callable[[], Mapping[str, Any]],
) -> dict[str, Any]:
    """The first entries of a case, with `party`: who plays which role, as the procedure's `xb:parties` says of them,
    of `standing`, the open standings of the subject, and of `profile`, the parameters."""
    text = procedure.attribute("xb:parties")
    if not text:
        return dict(data)
    roles = feel.evaluate(
        text.removeprefix("="),
        {**data, "standing": holders(directory, held()), "profile": profile()},
        functions={"answers": partial(answers, directory, regions)},
    )
    return {**data, "party": roles} if isinstance(roles, Mapping) else dict(data)


def bind_lanes(
    procedure: Procedure,
    directory: Directory,
    regions: Mapping[str, str],
    data: Mapping[str, Any] = MappingProxyType({}),
) -> list[dict[str, str]]:
    """The departments behind the main diagram's lanes, as rows of `party`; a role is played by whom `data` names.

    Raises DirectoryError with a finding for every lane that no department answers.
    """
    rows: list[dict[str, str]] = []
    findings: list[Finding] = []
    roles = data.get("party") or {}
    for lane in procedure.lanes():
        bound = roles.get(lane.role) if lane.role else None
        if lane.agency is None and bound is None:
            continue
        try:
            department = (
                directory.party(lane.agency or "", regions.get(lane.region or "", lane.region), lane.department)
                if bound is None
                else resolve_party(directory, str(bound), regions)
            )
        except NotFound as error:
            findings.append(
                Finding(
                    "lane-without-department",
                    Severity.ERROR,
                    lane.key,
                    None,
                    _("lane “{lane}”: {reason}").format(lane=lane.name, reason=error),
                    _("add the department to the organisation, or bind another region"),
                )
            )
            continue
        rows.append({"lane": lane.key, "name": lane.name, "department_id": department.id, "sees": lane.sees})
    if findings:
        raise DirectoryError(findings=findings)
    return rows
