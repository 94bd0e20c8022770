"""Pages: rows put together as a person reads them, projected for who asks. Reads only, inside the caller's `tx`.

`project` is the one place that decides what is seen of a case (decision 15): screens, exports, templates of screens
and errors all go through it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row

from workflow_runtime import calendars, casefile, chain, deadlines, identifiers, queries
from workflow_runtime.diagram import FlowNode
from workflow_runtime.i18n import _, of_data
from workflow_runtime.library import Library
from workflow_runtime.loading import when_used
from workflow_runtime.model import (
    Actor,
    CasePage,
    CaseState,
    CaseView,
    DocumentState,
    DueDate,
    HistoryView,
    ItemPage,
    ItemState,
    ItemView,
    LifeEvent,
    Standing,
    SubjectPage,
    Wait,
)
from workflow_runtime.procedures import Procedure, values_of

if TYPE_CHECKING:
    from workflow_runtime import subjects
    from workflow_runtime.subjects import SubjectKind
else:
    subjects = when_used("workflow_runtime.subjects")

#: Facts of a subject that everybody in its cases may see; the rest belongs to the class `identity`.
OPEN_FACTS = frozenset({"number", "name", "sex", "region"})
MASKED = "●●●"


@dataclass(frozen=True, slots=True)
class Desk:
    """What every page needs: parsed files, the time, the zone."""

    library: Library
    now: datetime
    zone: str

    def local(self, at: datetime | None) -> str:
        """An instant as the office writes it."""
        return at.astimezone(ZoneInfo(self.zone)).strftime("%Y-%m-%d %H:%M") if at else ""


def outcomes_of(node: FlowNode) -> tuple[str, ...]:
    """The outcomes an item can end with; `done` where the diagram says nothing."""
    written = [part.strip() for part in node.properties.get("xb:outcomes", "").split(",")]
    return tuple(part for part in written if part) or ("done",)


def scope_values(file: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The case file as a step at a call path sees it: its own scope's keys, without prefix."""
    return values_of(file, path)


# --- what may be seen --------------------------------------------------------------------------------------------
def seen_classes(parties: Sequence[Row[Any]], actor: Actor) -> frozenset[str] | None:
    """Field classes the actor may see in a case; None means every class."""
    if actor.clerk == "system":
        return None
    classes = {"general"}
    for party in parties:
        if party.department_id in actor.sees:
            classes.update(part.strip() for part in party.sees.split(",") if part.strip())
    return None if "*" in classes else frozenset(classes)


def project(procedure: Procedure, file: Mapping[str, Any], parties: Sequence[Row[Any]], actor: Actor) -> dict[str, Any]:
    """The entries of a case file that the actor may see: the classes of its lanes, and what its own lanes enter."""
    classes = seen_classes(parties, actor)
    if classes is None:
        return dict(file)
    own = own_keys(procedure, frozenset(party.lane for party in parties if party.department_id in actor.sees))
    return {
        key: value
        for key, value in file.items()
        if procedure.field_class(key) in classes or key.rsplit(".", 1)[-1] in own
    }


def own_keys(procedure: Procedure, lanes: frozenset[str]) -> frozenset[str]:
    """Form keys that the steps of these lanes enter: whoever wrote a value may read it."""
    ids = {lane.rsplit(".", 1)[-1] for lane in lanes}
    keys: set[str] = set()
    for process, node in procedure.steps():
        lane = procedure.diagrams[process].lane_of(node)
        if lane is not None and lane.id in ids:
            keys.update(procedure.form_keys(node.form))
    return frozenset(keys)


def subject_facts(facts: Mapping[str, Any], classes: frozenset[str] | None) -> dict[str, Any]:
    """A subject's facts as those classes may see them: identity masked unless it is one of them."""
    if classes is None or "identity" in classes:
        return dict(facts)
    masks: dict[str, Callable[[str], str]] = {
        "resident_id": identifiers.mask_resident_id,
        "phone": identifiers.mask_phone,
    }
    return {
        key: value if key in OPEN_FACTS else masks[key](str(value))
        for key, value in facts.items()
        if value is not None and (key in OPEN_FACTS or key in masks)
    }


# --- items -------------------------------------------------------------------------------------------------------
def due_date(tx: Connection, desk: Desk, row: Row[Any], *, explain: bool = True) -> DueDate | None:
    """When an item is due and why; with `explain`, counted again day by day from what was kept."""
    if row.due_at is None:
        return None
    note = deadlines.read(row.due)
    calendar = desk.library.calendar(tx, row.calendar_id)
    return DueDate(
        at=row.due_at,
        name=note.name,
        title=of_data(note.title),
        value=note.amount,
        mark=note.mark,
        source=" ".join(part for part in (of_data(note.source), of_data(note.section)) if part),
        provisional=note.provisional,
        explanation=deadlines.explained(note, calendar, zone=desk.zone) if explain else (),
        shown=calendars.spoken(row.due_at, desk.zone),
        standing=note.standing_text,
        working_days_left=calendars.working_days_left(desk.now, row.due_at, calendar, zone=desk.zone),
    )


def item(tx: Connection, desk: Desk, row: Row[Any], *, explain: bool = True) -> ItemView:
    """An item row as a value; `explain` counts its deadline again."""
    node = desk.library.procedure(tx, row.version_id).node(row.process, row.element)
    return queries.item_view(
        row,
        outcomes=outcomes_of(node),
        due=due_date(tx, desk, row, explain=explain),
        clause=node.properties.get("xb:clause"),
        documentation=node.documentation,
    )


def item_page(tx: Connection, desk: Desk, row: Row[Any], case_row: Row[Any], actor: Actor) -> ItemPage:
    """An item with its form and what its department may see of the case."""
    procedure = desk.library.procedure(tx, row.version_id)
    parties = queries.parties(tx, row.case_id)
    file = queries.file_document(case_row)
    fields = project(procedure, file, parties, actor)
    form = procedure.forms.get(row.form) if row.form else None
    scope = scope_values(file, row.path)
    inputs = dict(casefile.loads(row.inputs)) if row.inputs else {}
    documents = queries.document_rows(tx, actor, case_number=row.case_number)
    return ItemPage(
        item=item(tx, desk, row),
        form=_form_bytes(procedure, row.form),
        values={key: value for key, value in {**scope, **inputs}.items() if form is not None and key in form.keys},
        fields=fields,
        labels={key: of_data(procedure.label(key)) for key in fields},
        documents=tuple(queries.document_view(one, queries.document_events(tx, [one.id])) for one in documents),
    )


def _form_bytes(procedure: Procedure, form_id: str | None) -> bytes | None:
    if form_id is None:
        return None
    for path, content in procedure.files.items():
        if path.endswith(".form") and json.loads(content).get("id") == form_id:
            return content
    return None


# --- cases -------------------------------------------------------------------------------------------------------
def case_page(tx: Connection, desk: Desk, row: Row[Any], actor: Actor, *, history: int | None) -> CasePage:
    """Everything about a case on one page."""
    procedure = desk.library.procedure(tx, row.version_id)
    parties = queries.parties(tx, row.id)
    (view,) = queries.case_rows(tx, actor, number=row.number)
    fields = project(procedure, queries.file_document(row), parties, actor)
    classes = seen_classes(parties, actor)
    facts = dict(casefile.loads(row.subject_document)) if row.subject_id is not None else {}
    items = queries.item_rows(tx, actor, case_id=row.id, limit=500)
    entries = queries.history_rows(tx, row.id)
    lines = (
        [_history_line(tx, procedure, one, {}, actor, classes) for one in entries[-history:] if history]
        if history
        else []
    )
    names = queries.clerk_names(tx, [line.actor for line in lines])
    document_rows = queries.document_rows(tx, actor, case_number=row.number)
    events = queries.document_events(tx, [one.id for one in document_rows])
    incidents = queries.open_incidents(tx, row.id)
    return CasePage(
        case=view,
        subject=subject_facts({**facts, "number": row.subject_number, "name": row.subject_name}, classes),
        items=tuple(item(tx, desk, one) for one in items),
        waits=waits(tx, desk, row, actor),
        next_steps=_next_steps(procedure, items),
        documents=tuple(queries.document_view(one, events) for one in document_rows),
        standings=queries.standings(tx, row.subject_id) if row.subject_id is not None else (),
        history=tuple(_with_name(line, names) for line in lines)
        if history
        else tuple(_with_name(_history_line(tx, procedure, one, {}, actor, classes), names) for one in entries),
        fields=fields,
        labels={key: of_data(procedure.label(key)) for key in fields},
        marks=marks(tx, row, entries, items),
        parties={
            party.name: f"{party.agency_name or ''} {party.department_name or party.department_id}".strip()
            for party in parties
        },
        regions=json.loads(row.regions),
        incident=incidents[-1].message if incidents else None,
        due_not_fired=tuple(
            of_data(_name(procedure, timer.path, timer.element))
            for timer in queries.timers(tx, row.id)
            if timer.due_at <= desk.now
        )
        if row.state == CaseState.OPEN
        else (),
        begun=queries.begun_by(tx, row.id, row.number),
    )


def marks(tx: Connection, row: Row[Any], entries: Sequence[Row[Any]], items: Sequence[Row[Any]]) -> dict[str, str]:
    """What has become of each element: done, active or failed. Keys are call path and element joined by "."."""
    found: dict[str, str] = {}
    for entry in entries:
        if entry.content:
            for line in json.loads(entry.content).get("passed", ()):
                what, at = line[0], line[1]
                if what in ("c", "t"):
                    found[at] = "done" if what == "c" or found.get(at) != "done" else found[at]
    for element in [*queries.timers(tx, row.id), *queries.subscriptions(tx, row.id), *queries.open_jobs(tx, row.id)]:
        if element.element:
            found[_joined(element.path, element.element)] = "active"
    for one in items:
        found[_joined(one.path, one.element)] = "active"
        for depth in range(len(one.path.split(".")) if one.path else 0):
            found[".".join(one.path.split(".")[: depth + 1])] = "active"
    for incident in queries.open_incidents(tx, row.id):
        found[incident.element] = "failed"
    return found


def _joined(path: str, element: str) -> str:
    return f"{path}.{element}" if path else element


def _name(procedure: Procedure, path: str, element: str) -> str:
    """What an element is called; its id when it stood in a version before this one and is gone."""
    try:
        process = procedure.process_at(tuple(path.split(".")) if path else ())
    except KeyError:
        return element
    node = procedure.diagrams[process].elements.get(element)
    return (node.name if node is not None else "") or element


def _next_steps(procedure: Procedure, items: Sequence[Row[Any]]) -> tuple[str, ...]:
    open_now = {(one.process, one.element) for one in items}
    found: dict[str, None] = {}
    for one in items:
        for process, node in procedure.next_steps(one.process, one.element, tuple(filter(None, one.path.split(".")))):
            if (process, node.id) not in open_now:
                found[of_data(node.name or node.id)] = None
    return tuple(found)


def waits(tx: Connection, desk: Desk, row: Row[Any], actor: Actor) -> tuple[Wait, ...]:
    """What a case waits for, in words, and what ends each wait."""
    procedure = desk.library.procedure(tx, row.version_id)
    found: list[Wait] = []
    if row.state in (CaseState.COMPLETED, CaseState.CANCELLED):
        return ()
    for incident in queries.open_incidents(tx, row.id):
        path, _dot, element = incident.element.rpartition(".")
        found.append(
            Wait(
                "incident",
                incident.element,
                of_data(_name(procedure, path, element)),
                _("the machine stopped: {reason}").format(reason=incident.message),
                _("an administrator resolves the incident"),
                since=incident.opened_at,
            )
        )
    first = _held_back(tx, procedure, row)
    for one in queries.item_rows(tx, actor, case_id=row.id, limit=500):
        holder = f"{one.agency_name or ''} {one.department_name or one.department_id}".strip()
        who = one.clerk_name or one.clerk
        text = (
            _("{holder}, {clerk} is working on it").format(holder=holder, clerk=who)
            if one.state == ItemState.RESERVED
            else _("{holder} has not taken it up yet").format(holder=holder)
        )
        node = procedure.node(one.process, one.element)
        ends = _("it is completed ({outcomes})").format(outcomes=", ".join(_(outcome) for outcome in outcomes_of(node)))
        due = due_date(tx, desk, one)
        if due is not None and due.working_days_left is not None and one.due_at < desk.now:
            text += _("; {days} working days late").format(days=-due.working_days_left)
        if step := first(one):
            text = _("{holder}: waits until “{step}” is done").format(holder=holder, step=step)
            if one.due is not None and (held := deadlines.read(one.due).held) is not None:
                text += _("; its deadline stands still since {since}").format(since=desk.local(held.since))
        found.append(
            Wait(
                "item",
                _joined(one.path, one.element),
                of_data(one.name),
                text,
                ends,
                since=one.opened_at,
                due=one.due_at,
                holder=holder,
                rule=_(", ").join(part for part in (f"{due.title} {due.value}", due.standing) if part) if due else "",
                explanation=due.explanation if due else (),
            )
        )
    for job in queries.open_jobs(tx, row.id):
        found.append(
            Wait(
                "job",
                _joined(job.path, job.element),
                of_data(_name(procedure, job.path, job.element)) if job.element else job.type,
                _("machine work “{type}”, attempt {attempt}").format(type=job.type, attempt=job.attempts + 1)
                + (f": {job.last_error}" if job.last_error else ""),
                _("the machine does it; run “xieban worker --inline” if nobody does"),
                since=job.created_at,
                due=job.run_at,
            )
        )
    for timer in queries.timers(tx, row.id):
        late = timer.due_at <= desk.now
        if step := first(timer):
            name = of_data(_name(procedure, timer.path, timer.element))
            text = _("waits until “{step}” is done; its clock stands still").format(step=step)
            ends = _("the clock goes on when “{step}” is done").format(step=step)
            found.append(Wait("timer", _joined(timer.path, timer.element), name, text, ends, since=timer.opened_at))
            continue
        note = deadlines.read(timer.due) if timer.due else None
        calendar = desk.library.calendar(tx, row.calendar_id)
        found.append(
            Wait(
                "timer",
                _joined(timer.path, timer.element),
                of_data(_name(procedure, timer.path, timer.element)),
                _("due, not yet fired") if late else _("a clock is running"),
                _("it fires at the next sweep")
                if late
                else _("it fires at {when}").format(when=desk.local(timer.due_at)),
                since=timer.opened_at,
                due=timer.due_at,
                rule=_(", ").join(
                    part for part in (f"{of_data(note.title)} {note.amount}".strip(), note.standing_text) if part
                )
                if note is not None and note.counts
                else "",
                explanation=deadlines.explained(note, calendar, zone=desk.zone) if note is not None else (),
            )
        )
    for one in queries.subscriptions(tx, row.id):
        if procedure.only_hears(one.path, one.element):
            continue
        found.append(
            Wait(
                "message",
                _joined(one.path, one.element),
                of_data(_name(procedure, one.path, one.element)),
                _("waits for the message {name}").format(name=one.name),
                _("a message {name} with the key {key} arrives").format(name=one.name, key=one.correlation),
                since=one.opened_at,
            )
        )
    return tuple(found)


def _held_back(tx: Connection, procedure: Procedure, row: Row[Any]) -> Callable[[Any], str | None]:
    """For an open item or timer of a case, the name of the step that must be done before it, if there is one."""
    names = queries.open_steps(tx, row.id, procedure.holders) if procedure.holders else {}

    def first(one: Any) -> str | None:
        if not names:
            return None
        holders = procedure.holders_of(one.element, tuple(one.path.split(".")) if one.path else ())
        return next((of_data(names[holder]) for holder in holders if holder in names), None)

    return first


# --- history -----------------------------------------------------------------------------------------------------
def history(tx: Connection, desk: Desk, row: Row[Any], actor: Actor) -> tuple[HistoryView, ...]:
    """Everything that happened in a case, oldest first."""
    procedure = desk.library.procedure(tx, row.version_id)
    parties = queries.parties(tx, row.id)
    classes = seen_classes(parties, actor)
    own = own_keys(procedure, frozenset(party.lane for party in parties if party.department_id in actor.sees))
    lines = [_history_line(tx, procedure, one, own, actor, classes) for one in queries.history_rows(tx, row.id)]
    names = queries.clerk_names(tx, [line.actor for line in lines])
    return tuple(_with_name(line, names) for line in lines)


def _history_line(
    tx: Connection, procedure: Procedure, row: Row[Any], own: Any, actor: Actor, classes: frozenset[str] | None
) -> HistoryView:
    content = dict(casefile.loads(row.content)) if row.content else {}
    if classes is not None:
        for part in ("patch", "data"):
            if part in content:
                content[part] = {
                    key: value
                    for key, value in content[part].items()
                    if procedure.field_class(key) in classes or key.rsplit(".", 1)[-1] in own
                }
        for part in ("facts", "before"):
            if part in content:
                content[part] = subject_facts(content[part], classes)
        for decision in content.get("decisions", ()):
            decision["inputs"] = {
                key: value
                for key, value in decision["inputs"].items()
                if procedure.field_class(key) in classes or key in own
            }
    path, _dot, element = (row.element or "").rpartition(".")
    name = of_data(_name(procedure, path, element)) if element else None
    return HistoryView(
        sequence=row.sequence,
        at=row.at,
        kind=row.kind,
        element=row.element,
        element_name=name,
        actor=row.actor,
        actor_name=row.actor,
        text=_words(row.kind, name, _with_steps(procedure, row.kind, content)),
        content=content,
    )


def _with_steps(procedure: Procedure, kind: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a repair says of steps (`call.step`), by their names."""
    if kind not in ("moved", "reopened", "repair_asked"):
        return content

    def step(where: str) -> str:
        path, _dot, element = where.rpartition(".")
        return f"“{of_data(_name(procedure, path, element))}”"

    named = {key: step(str(content[key])) for key in ("from", "to") if key in content}
    return {**content, **named, "at_steps": _(", ").join(step(str(one)) for one in content.get("at", ()))}


def _words(kind: str, name: str | None, content: Mapping[str, Any]) -> str:
    at = f"“{name}”" if name else ""
    reason = content.get("reason")
    words = {
        "case_started": _("case started"),
        "claimed": _("took up {at}"),
        "released": _("gave back {at}"),
        "reassigned": _("gave {at} to {to}"),
        "reminded": _("reminded {department} of {at}"),
        "completed": _("completed {at}: {outcome}"),
        "timer_fired": _("a deadline took effect"),
        "job_done": _("the machine did {at}"),
        "job_refused": _("the machine could not do {at}: {message}"),
        "message_received": _("message {name} arrived"),
        "message_acknowledged": _("{receiver} acknowledged the message {name}"),
        "message_unreceived": _("{at}: no procedure here takes the message {name}; the department was told"),
        "message_unanswered": _("{at}: nobody took the message {name} in time"),
        "case_begun": _("case {case} began by a message of this one"),
        "signal_received": _("signal {signal} received"),
        "withdrawn": _("withdrawn"),
        "overdue": _("overdue: {at}, reminder {reminder}"),
        "escalated": _("not done after two reminders, told the level above: {at}"),
        "incident_opened": _("the machine stopped at {at}"),
        "incident_retried": _("the machine was told to try {at} again"),
        "incident_resolved": _("{at} was done by hand"),
        "suspended": _("the case was suspended: its clocks stand still"),
        "resumed": _("the case goes on: its clocks run again"),
        "calendar_changed": _("open deadlines were counted again by a new table of holidays: {why}"),
        "profile_applied": _("the case follows version {version} of its profile from here on"),
        "extended": _("{at} got more time"),
        "clocks_stopped": _("deadlines stand still until “{by}” is done"),
        "clocks_restarted": _("deadlines that stood still run again"),
        "moved": _("moved by hand from {from} to {to}"),
        "reopened": _("opened again by hand at {at_steps}"),
        "migrated": _("moved from version {from} to version {to} of its procedure"),
        "repair_asked": _("repair {repair} was asked for: {action} {at_steps}"),
        "repair_refused": _("repair {repair} was refused"),
        "case_completed": _("case completed"),
        "document_issued": _("issued {code} {number}"),
        "document_received": _("filed {code} {number}"),
        "document_sealed": _("sealed {number}: {party}"),
        "document_scanned": _("scan of {number} filed"),
        "document_delivered": _("delivered {number} to {party}"),
        "document_superseded": _("{number} superseded"),
        "document_voided": _("{number} declared void"),
        "standing_switched": _("{kind}: now {holder}"),
        "subject_updated": _("the subject's file was brought up to date: {labels} ({basis})"),
    }
    facts = {key: value for key, value in content.items() if isinstance(value, str | int)}
    if kind == "subject_updated":
        facts["labels"] = _("; ").join(_fact_title(key) for key in content.get("keys", ()))
    if "kind" in facts and kind == "standing_switched":
        facts["kind"] = _standing_name(str(facts["kind"]))
    outcome = str(facts.pop("outcome", "done"))
    template = words.get(kind, kind)
    text = template.format_map(_Facts({**facts, "at": at, "outcome": _(outcome)}))
    return f"{text} — {reason}" if reason else text


def _fact_title(key: str) -> str:
    for subject_kind in subjects.shipped().values():
        if subject_kind.form is not None and key in subject_kind.form.keys:
            return of_data(subject_kind.form.field(key).title)
    return key


def _standing_name(code: str) -> str:
    for subject_kind in subjects.shipped().values():
        for one in subject_kind.standings:
            if one.code == code:
                return of_data(one.name)
    return code


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


def _with_name(line: HistoryView, names: Mapping[str, str]) -> HistoryView:
    name = _("system") if line.actor == "system" else names.get(line.actor, line.actor)
    absent = line.content.get("acting_for")
    return HistoryView(
        line.sequence,
        line.at,
        line.kind,
        line.element,
        line.element_name,
        line.actor,
        _("{name} for {absent}").format(name=name, absent=absent) if absent else name,
        line.text,
        line.content,
    )


def first_broken_entry(tx: Connection, row: Row[Any]) -> int | None:
    """The first entry of a case's history that does not verify, or None."""
    entries = queries.history_rows(tx, row.id)
    return chain.first_broken(
        row.number,
        [(one.sequence, one.kind, one.element, one.actor, one.at, one.commitment, one.hash) for one in entries],
        {one.sequence: (one.salt, one.content) for one in entries if one.content is not None},
        (row.history_length, row.history_hash),
    )


# --- subjects ----------------------------------------------------------------------------------------------------
def subject_page(tx: Connection, row: Row[Any], actor: Actor, kinds: Callable[[str], SubjectKind]) -> SubjectPage:
    """A subject with its standings and the cases the actor may see."""
    kind = kinds(row.kind)
    classes: frozenset[str] | None = frozenset({"general"})
    cases = [
        *queries.case_rows(tx, actor, subject_number=row.number, limit=200),
        *queries.case_rows(tx, actor, referring_to=row.number, limit=200),
    ]
    for one in cases:
        case_row = queries.case_row(tx, actor, one.number)
        if case_row is not None and classes is not None:
            more = seen_classes(queries.parties(tx, case_row.id), actor)
            classes = None if more is None else classes | more
    standings = queries.standings(tx, row.id)
    holders = {one.holder_agency for one in standings if one.valid_to is None}
    if holders & {one.agency for one in queries.departments(tx, actor.sees).values()}:
        classes = None  # who has custody or guardianship today knows the child
    facts = subject_facts(
        {**casefile.loads(row.document), "number": row.number, "name": row.name, "region": row.region}, classes
    )
    labels = {one.key: of_data(one.label) for one in (kind.form.fields if kind.form else ())}
    return SubjectPage(
        number=row.number,
        kind=row.kind,
        name=row.name,
        fields=facts,
        labels=labels,
        standings=standings,
        cases=tuple(cases),
        life=_life(tx, row, actor, standings, cases),
    )


def _life(
    tx: Connection, row: Row[Any], actor: Actor, standings: Sequence[Standing], cases: Sequence[CaseView]
) -> tuple[LifeEvent, ...]:
    """What happened to a subject, over all cases that the actor may see, oldest first."""
    events = [LifeEvent(row.registered_at, "registered", row.number)]
    for held in standings:
        events.append(LifeEvent(held.valid_from, "standing", f"{held.kind} {held.holder}", held.case, held.basis))
    for one in cases:
        events.append(LifeEvent(one.started_at, "case_started", one.procedure_name, one.number))
        if one.ended_at is not None:
            events.append(LifeEvent(one.ended_at, "case_ended", one.procedure_name, one.number, one.state))
    for case in queries.cases_of(tx, actor, [row.id]).get(row.id, ()):
        for paper in queries.document_rows(tx, actor, case_number=case.number):
            if paper.state != DocumentState.DRAFT:
                title = f"{paper.code} {paper.title}"
                events.append(LifeEvent(paper.issued_at, "document", title, case.number, paper.number or ""))
        for entry in queries.history_rows(tx, case.id):
            content = casefile.loads(entry.content) if entry.content else {}
            if entry.kind == "signal_received":
                events.append(LifeEvent(entry.at, "signal", str(content["signal"]), case.number))
            if "milestone" in content:
                events.append(LifeEvent(entry.at, "milestone", str(content["milestone"]), case.number))
    return tuple(sorted(events, key=lambda event: (event.at, event.kind == "case_ended")))  # what ended it comes first
