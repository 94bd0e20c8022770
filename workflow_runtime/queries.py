"""Reads for screens: plain SQL over committed rows, without engine, lock or deserialisation. Functions take `tx`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    false,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    union_all,
)

from workflow_runtime import tables as t
from workflow_runtime.casefile import loads
from workflow_runtime.model import (
    SYSTEM,
    Actor,
    CaseState,
    CaseView,
    DocumentState,
    DocumentView,
    ItemState,
    ItemView,
    ProcedureVersion,
    Standing,
    SubjectRef,
    VersionState,
)
from workflow_runtime.store import OPEN_ITEM

_FAR = datetime.max


# --- the store as a whole ----------------------------------------------------------------------------------------
def count(tx: Connection, table: Table) -> int:
    """How many rows a table has."""
    return int(tx.execute(select(func.count()).select_from(table)).scalar_one())


def holds(tx: Connection, table: Table) -> bool:
    """Whether a table has a row."""
    return tx.execute(select(table).limit(1)).first() is not None


def stand_still(tx: Connection) -> None:
    """Let this transaction see the store as it is now, whatever others write; to be said before it reads anything."""
    if tx.dialect.name != "sqlite":
        tx.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def every_row(tx: Connection, table: Table, batch: int) -> Iterator[list[dict[str, Any]]]:
    """The rows of a table in the order of its key, so many at a time."""
    asked = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=batch)
    for part in tx.execute(asked).mappings().partitions(batch):
        yield [dict(row) for row in part]


def every_case(tx: Connection) -> list[str]:
    """Numbers of all cases, the oldest first."""
    return list(tx.execute(select(t.case.c.number).order_by(t.case.c.id)).scalars())


def every_file(tx: Connection) -> list[str]:
    """Hashes of all files that a case has: handed in, or printed."""
    kept = tx.execute(select(t.file.c.sha256)).scalars().all()
    printed = tx.execute(select(t.document.c.pdf_sha256).where(t.document.c.pdf_sha256.is_not(None))).scalars()
    return sorted({*kept, *(one for one in printed if one is not None)})


def last_entry(tx: Connection) -> datetime | None:
    """When the last entry of any history was made."""
    found: datetime | None = tx.execute(select(func.max(t.history.c.at))).scalar()
    return found


def overdue_timers(tx: Connection, now: datetime) -> tuple[int, datetime | None]:
    """How many timers of open cases are due and have not taken effect, and since when the first."""
    timers = t.timer.join(t.case, t.case.c.id == t.timer.c.case_id)
    due = select(func.count(), func.min(t.timer.c.due_at)).select_from(timers)
    row = tx.execute(due.where(t.timer.c.due_at <= now, t.case.c.state == CaseState.OPEN)).one()
    return row[0], row[1]


def incidents_left(tx: Connection) -> int:
    """How many incidents nobody has dealt with."""
    asked = select(func.count()).select_from(t.incident).where(t.incident.c.resolved_at.is_(None))
    return int(tx.execute(asked).scalar_one())


def worker_seen(tx: Connection) -> datetime | None:
    """When a worker was last seen."""
    found: datetime | None = tx.execute(select(func.max(t.worker.c.seen_at))).scalar()
    return found


def by_state(tx: Connection, table: Table) -> dict[str, int]:
    """How many rows of a table are in each state."""
    rows = tx.execute(select(table.c.state, func.count()).group_by(table.c.state)).all()
    return {state: count for state, count in rows}


# --- who is who --------------------------------------------------------------------------------------------------
def clerk(tx: Connection, clerk_id: str) -> Row[Any] | None:
    """A clerk by id."""
    return tx.execute(select(t.clerk).where(t.clerk.c.id == clerk_id)).first()


def memberships(tx: Connection, clerk_id: str, on: date) -> Sequence[Row[Any]]:
    """The departments and roles a clerk has on a day."""
    m = t.membership.c
    return tx.execute(
        select(t.membership).where(
            m.clerk_id == clerk_id,
            or_(m.valid_from.is_(None), m.valid_from <= on),
            or_(m.valid_to.is_(None), m.valid_to >= on),
        )
    ).all()


def may_act_for(tx: Connection, substitute: str, absent: str, on: date) -> bool:
    """Whether a substitution covers that day."""
    return any(row.absent == absent and row.substitute == substitute for row in absences(tx, on, until=on))


def absences(tx: Connection, since: date, *, until: date | None = None) -> Sequence[Row[Any]]:
    """Who stands in for whom on a day or later (not after `until`), by the organisation file or as it was set."""
    s, a = t.substitution.c, t.absence.c
    filed = select(
        null().label("id"),
        s.absent,
        s.substitute,
        s.valid_from,
        s.valid_to,
        literal("").label("reason"),
        literal("").label("set_by"),
    ).where(s.valid_to >= since)
    told = select(a.id, a.absent, a.substitute, a.valid_from, a.valid_to, a.reason, a.set_by).where(
        a.valid_to >= since, a.ended_on.is_(None)
    )
    if until is not None:
        filed, told = filed.where(s.valid_from <= until), told.where(a.valid_from <= until)
    rows = [*tx.execute(filed), *tx.execute(told)]
    return sorted(rows, key=lambda row: (row.valid_from, row.absent, row.substitute))


def absence(tx: Connection, id: int) -> Row[Any] | None:
    """An absence that was set, by id."""
    return tx.execute(select(t.absence).where(t.absence.c.id == id)).first()


def clerks_of(tx: Connection, departments: Iterable[str]) -> frozenset[str]:
    """Ids of everybody who works in these departments."""
    m = t.membership.c
    rows = tx.execute(select(m.clerk_id).where(m.department_id.in_(list(departments)), m.supervisor.is_(False)))
    return frozenset(rows.scalars())


def clerk_names(tx: Connection, ids: Iterable[str | None]) -> dict[str, str]:
    """Names of clerks by id; an id without a row keeps its id."""
    wanted = {id for id in ids if id}
    rows = tx.execute(select(t.clerk.c.id, t.clerk.c.name).where(t.clerk.c.id.in_(wanted))).all() if wanted else []
    return {**{id: id for id in wanted}, **{row.id: row.name for row in rows}}


def departments(tx: Connection, ids: Iterable[str]) -> dict[str, Row[Any]]:
    """Department rows by id."""
    wanted = set(ids)
    if not wanted:
        return {}
    return {row.id: row for row in tx.execute(select(t.department).where(t.department.c.id.in_(wanted)))}


def find_departments(tx: Connection, text: str) -> list[str]:
    """Ids of departments named by id, name, agency, agency code or agency name."""
    d = t.department.c
    rows = tx.execute(
        select(d.id).where(
            or_(d.id == text, d.name == text, d.agency == text, d.agency_code == text, d.agency_name == text)
        )
    )
    return list(rows.scalars())


def current_organisation(tx: Connection) -> int | None:
    """Id of the organisation file in force."""
    return tx.execute(_CURRENT_ORGANISATION).scalar()


_CURRENT_ORGANISATION = select(func.max(t.organisation.c.id))


def organisation_content(tx: Connection, id: int) -> bytes:
    """The bytes of an organisation file."""
    return bytes(tx.execute(select(t.organisation.c.content).where(t.organisation.c.id == id)).scalar_one())


# --- procedures and profiles -------------------------------------------------------------------------------------
def versions(tx: Connection, key: str | None = None) -> list[ProcedureVersion]:
    """Deployed versions, newest first within a procedure."""
    p = t.procedure_version.c
    statement = select(t.procedure_version).order_by(p.key, p.version.desc())
    if key is not None:
        statement = statement.where(p.key == key)
    return [_version(row) for row in tx.execute(statement)]


def version_by_id(tx: Connection, version_id: int) -> ProcedureVersion:
    """One deployed version."""
    return _version(tx.execute(select(t.procedure_version).where(t.procedure_version.c.id == version_id)).one())


def version_of_digest(tx: Connection, key: str, sha256: str) -> ProcedureVersion | None:
    """The version that holds exactly these files."""
    p = t.procedure_version.c
    row = tx.execute(select(t.procedure_version).where(p.key == key, p.sha256 == sha256)).first()
    return _version(row) if row is not None else None


def _version(row: Row[Any]) -> ProcedureVersion:
    return ProcedureVersion(
        row.id,
        row.key,
        row.version,
        row.code,
        row.name,
        row.kind,
        row.sha256,
        VersionState(row.state),
        row.deployed_at,
        row.deployed_by,
    )


def bundle(tx: Connection, version_id: int) -> dict[str, bytes]:
    """The files of a version by path."""
    rows = tx.execute(
        select(t.bundle_file).where(t.bundle_file.c.version_id == version_id).order_by(t.bundle_file.c.path)
    )
    return {row.path: bytes(row.content) for row in rows}


def profile_rows(tx: Connection) -> list[Row[Any]]:
    """The newest profile of every jurisdiction."""
    newest = select(func.max(t.profile.c.id)).group_by(t.profile.c.jurisdiction)
    return list(tx.execute(select(t.profile).where(t.profile.c.id.in_(newest)).order_by(t.profile.c.jurisdiction)))


def profile_versions(tx: Connection, jurisdiction: str) -> list[Row[Any]]:
    """Every profile of a jurisdiction, the newest first."""
    p = t.profile
    return list(tx.execute(select(p).where(p.c.jurisdiction == jurisdiction).order_by(p.c.id.desc())))


def cases_to_recount(tx: Connection, calendar: str, newest: int | None, after: int) -> list[tuple[int, str]]:
    """Ids and numbers of open cases after an id that count by another version of a calendar than `newest` (or any)."""
    c = t.case.c
    statement = select(c.id, c.number).join(t.calendar, t.calendar.c.id == c.calendar_id)
    statement = statement.where(t.calendar.c.name == calendar)
    if newest is not None:
        statement = statement.where(c.calendar_id != newest)
    return _open_after(tx, statement, after)


def cases_to_move(tx: Connection, jurisdiction: str, newest: int | None, after: int) -> list[tuple[int, str]]:
    """Ids and numbers of open cases after an id that run by another profile than `newest` (or any)."""
    statement = select(t.case.c.id, t.case.c.number).where(t.case.c.jurisdiction == jurisdiction)
    if newest is not None:
        statement = statement.where(t.case.c.profile_id != newest)
    return _open_after(tx, statement, after)


def cases_to_migrate(tx: Connection, procedure: str, newest: int, after: int) -> list[tuple[int, str]]:
    """Ids and numbers of open cases of a procedure after an id that run by another version of it than `newest`."""
    version = t.procedure_version.c
    statement = select(t.case.c.id, t.case.c.number).join(t.procedure_version, version.id == t.case.c.version_id)
    return _open_after(tx, statement.where(version.key == procedure, t.case.c.version_id != newest), after)


def procedure_of(tx: Connection, number: str) -> str | None:
    """The key of the procedure of a case."""
    version = t.procedure_version.c
    asked = select(version.key).join(t.case, t.case.c.version_id == version.id).where(t.case.c.number == number)
    return tx.execute(asked).scalar()


def version_number(tx: Connection, version_id: int) -> int:
    """The number of a version of a procedure."""
    version = t.procedure_version.c
    return int(tx.execute(select(version.version).where(version.id == version_id)).scalar_one())


def machine_at_work(tx: Connection, case_id: int) -> bool:
    """Whether a machine step, a message or a document of a case is to be done, or being done."""
    j = t.job.c
    waits = select(1).where(j.case_id == case_id, j.kind.in_(("service", "message", "render", "signal")))
    return tx.execute(waits.where(t.among(j.state, ("pending", "running"))).limit(1)).first() is not None


def cases_by_old_tables(tx: Connection) -> int:
    """How many open cases count working days by tables that have been replaced since."""
    newer = t.calendar.alias()
    replaced = exists(
        select(1).where(newer.c.name == t.calendar.c.name, newer.c.imported_at > t.calendar.c.imported_at)
    )
    open_cases = select(func.count()).select_from(t.case.join(t.calendar, t.calendar.c.id == t.case.c.calendar_id))
    ended = (CaseState.COMPLETED, CaseState.CANCELLED)
    return int(tx.execute(open_cases.where(t.case.c.state.not_in(ended), replaced)).scalar_one())


def _open_after(tx: Connection, statement: Select[Any], after: int, limit: int = 200) -> list[tuple[int, str]]:
    ended = (CaseState.COMPLETED, CaseState.CANCELLED)
    rows = tx.execute(
        statement.where(t.case.c.id > after, t.case.c.state.not_in(ended)).order_by(t.case.c.id).limit(limit)
    )
    return [(row.id, row.number) for row in rows]


def profile_by_id(tx: Connection, profile_id: int) -> Row[Any]:
    """One profile version."""
    return tx.execute(select(t.profile).where(t.profile.c.id == profile_id)).one()


def newest_calendar(tx: Connection, name: str) -> int | None:
    """Id of the newest version of a calendar."""
    c = t.calendar.c
    newest = select(c.id).where(c.name == name).order_by(c.imported_at.desc(), c.id.desc()).limit(1)
    return tx.execute(newest).scalar()


def calendar_years(tx: Connection, calendar_id: int) -> dict[int, bytes]:
    """The year tables of a calendar version."""
    rows = tx.execute(select(t.calendar_year).where(t.calendar_year.c.calendar_id == calendar_id))
    return {row.year: bytes(row.content) for row in rows}


# --- subjects ----------------------------------------------------------------------------------------------------
def subject(tx: Connection, number: str) -> Row[Any] | None:
    """A subject by number."""
    return tx.execute(select(t.subject).where(t.subject.c.number == number)).first()


def subjects(
    tx: Connection,
    *,
    departments: frozenset[str],
    agencies: frozenset[str],
    search: str | None,
    limit: int,
    offset: int,
) -> Sequence[Row[Any]]:
    """Subjects that a case in these departments is about, or that these agencies hold a standing of."""
    s = t.subject.c
    statement = (
        select(t.subject).where(_subject_of(departments, agencies)).order_by(s.number).limit(limit).offset(offset)
    )
    if search:
        statement = statement.where(or_(s.number == search, s.name.contains(search, autoescape=True)))
    return tx.execute(statement).all()


def _subject_of(departments: frozenset[str], agencies: frozenset[str]) -> Any:
    s = t.subject.c
    through_case = exists(
        select(1)
        .select_from(t.case.join(t.party, t.party.c.case_id == t.case.c.id))
        .where(t.case.c.subject_id == s.id, t.party.c.department_id.in_(departments or {""}))
    )
    through_reference = exists(
        select(1)
        .select_from(t.reference.join(t.party, t.party.c.case_id == t.reference.c.case_id))
        .where(t.reference.c.subject_id == s.id, t.party.c.department_id.in_(departments or {""}))
    )
    through_standing = exists(
        select(1)
        .select_from(t.standing)
        .where(t.standing.c.subject_id == s.id, t.standing.c.holder_agency.in_(agencies or {""}))
    )
    return or_(through_case, through_reference, through_standing)


def referring(tx: Connection, subject_id: int, but: int) -> Sequence[Row[Any]]:
    """The subject and the case file of every open case, but the one, that refers to a subject."""
    c, r = t.case.c, t.reference.c
    statement: Select[Any] = (
        select(c.id, t.subject.c.number, t.subject.c.name, t.subject.c.document.label("facts"), t.case_file.c.document)
        .select_from(
            t.reference.join(t.case, c.id == r.case_id)
            .join(t.case_file, t.case_file.c.case_id == c.id)
            .join(t.subject, t.subject.c.id == c.subject_id)
        )
        .where(
            r.subject_id == subject_id,
            r.case_id != but,
            c.state.not_in((CaseState.COMPLETED, CaseState.CANCELLED)),
        )
        .order_by(c.id)
        .distinct()
    )
    return tx.execute(statement).all()


def standings(tx: Connection, subject_id: int) -> tuple[Standing, ...]:
    """All standings of a subject, by kind and time."""
    s = t.standing.c
    rows = tx.execute(select(t.standing).where(s.subject_id == subject_id).order_by(s.kind, s.valid_from, s.id))
    return tuple(map(_standing, rows))


def _standing(row: Row[Any]) -> Standing:
    return Standing(row.kind, row.holder, row.holder_agency, row.valid_from, row.valid_to, row.basis, row.case_number)


# --- cases -------------------------------------------------------------------------------------------------------
def visible(actor: Actor) -> Any:
    """The condition that a case is the actor's to look at: one of its parties is a department the actor sees."""
    if actor.clerk == "system":
        return t.case.c.id == t.case.c.id
    if not actor.sees:
        return false()
    return exists(
        select(1).select_from(t.party).where(t.party.c.case_id == t.case.c.id, t.party.c.department_id.in_(actor.sees))
    )


def case_rows(
    tx: Connection,
    actor: Actor,
    *,
    number: str | None = None,
    procedure: str | None = None,
    departments: Sequence[str] | None = None,
    state: str | None = None,
    subject_number: str | None = None,
    begun_by: str | None = None,
    referring_to: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[CaseView]:
    """Cases the actor may see, the one due soonest first."""
    w = t.work_item.c
    waiting = select(func.count()).where(w.case_id == t.case.c.id, t.among(w.state, OPEN_ITEM))
    item_count = waiting.correlate(t.case).scalar_subquery().label("item_count")
    next_due = waiting.with_only_columns(func.min(w.due_at)).correlate(t.case).scalar_subquery().label("next_due")
    statement = (
        select(
            t.case,
            t.procedure_version.c.key,
            t.procedure_version.c.version,
            t.procedure_version.c.name.label("procedure_name"),
            t.procedure_version.c.code,
            t.subject.c.number.label("subject_number"),
            t.subject.c.name.label("subject_name"),
            t.subject.c.kind.label("subject_kind"),
            item_count,
            next_due,
        )
        .join(t.procedure_version, t.procedure_version.c.id == t.case.c.version_id)
        .outerjoin(t.subject, t.subject.c.id == t.case.c.subject_id)
        .where(visible(actor))
        .order_by(next_due.is_(None), next_due, t.case.c.started_at.desc())
        .limit(limit)
        .offset(offset)
    )
    if number is not None:
        statement = statement.where(t.case.c.number == number)
    if procedure is not None:
        statement = statement.where(t.procedure_version.c.key == procedure)
    if state is not None:
        statement = statement.where(t.case.c.state == state)
    if subject_number is not None:
        statement = statement.where(t.subject.c.number == subject_number)
    if begun_by is not None:
        sender, m = t.case.alias(), t.message.c
        sent = select(m.consumed_case_id).join(sender, sender.c.id == m.sender_case_id)
        begun = sent.where(sender.c.number == begun_by, m.consumed_case_id.is_not(None))
        statement = statement.where(t.case.c.id.in_(begun), t.case.c.started_by == begun_by)
    if referring_to is not None:
        named = t.subject.alias()
        naming = select(t.reference.c.case_id).join(named, named.c.id == t.reference.c.subject_id)
        statement = statement.where(t.case.c.id.in_(naming.where(named.c.number == referring_to)))
    if departments is not None:
        statement = statement.where(
            exists(
                select(1)
                .select_from(t.work_item)
                .where(w.case_id == t.case.c.id, t.among(w.state, OPEN_ITEM), w.department_id.in_(departments or {""}))
            )
        )
    rows = tx.execute(statement).all()
    holders = _holders(tx, [row.id for row in rows])
    return [
        CaseView(
            number=row.number,
            procedure=row.key,
            procedure_name=row.procedure_name,
            version=row.version,
            subject=_subject_ref(row),
            jurisdiction=row.jurisdiction,
            state=CaseState(row.state),
            milestone=row.milestone,
            started_at=row.started_at,
            ended_at=row.ended_at,
            open_items=row.item_count or 0,
            next_due=row.next_due,
            holders=holders.get(row.id, ()),
            code=row.code,
            marks=tuple(filter(None, row.marks.split(","))),
        )
        for row in rows
    ]


def _holders(tx: Connection, case_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    if not case_ids:
        return {}
    rows = tx.execute(
        select(t.work_item.c.case_id, t.department.c.agency_name, t.department.c.name)
        .join(t.department, t.department.c.id == t.work_item.c.department_id)
        .where(t.work_item.c.case_id.in_(case_ids), t.among(t.work_item.c.state, OPEN_ITEM))
        .distinct()
        .order_by(t.department.c.agency_name, t.department.c.name)
    )
    found: dict[int, list[str]] = {}
    for row in rows:
        found.setdefault(row.case_id, []).append(f"{row.agency_name} {row.name}")
    return {case_id: tuple(names) for case_id, names in found.items()}


def _subject_ref(row: Row[Any]) -> SubjectRef:
    return SubjectRef(row.subject_number or "", row.subject_name or "", row.subject_kind or "")


def standing_rows(tx: Connection, actor: Actor, version_id: int) -> list[tuple[str, str, str]]:
    """Where the running cases of a version stand that the actor may see: number, call path, element.

    Open items, machine work, incidents, timers and subscriptions; a case that waits for nothing has one row without
    an element.
    """
    waits = [
        select(t.work_item.c.case_id, t.work_item.c.path, t.work_item.c.element).where(
            t.among(t.work_item.c.state, OPEN_ITEM)
        ),
        select(t.job.c.case_id, t.job.c.path, t.job.c.element).where(t.job.c.state.in_(("pending", "running"))),
        select(t.incident.c.case_id, literal("").label("path"), t.incident.c.element).where(
            t.incident.c.resolved_at.is_(None)
        ),
        select(t.timer.c.case_id, t.timer.c.path, t.timer.c.element),
        select(t.subscription.c.case_id, t.subscription.c.path, t.subscription.c.element),
    ]
    waiting = union_all(*waits).subquery()
    rows = tx.execute(
        select(t.case.c.number, waiting.c.path, waiting.c.element)
        .outerjoin(waiting, waiting.c.case_id == t.case.c.id)
        .where(
            t.case.c.version_id == version_id,
            t.case.c.state.in_((CaseState.OPEN, CaseState.INCIDENT, CaseState.SUSPENDED)),
            visible(actor),
        )
        .distinct()
    )
    return [(row.number, row.path or "", row.element or "") for row in rows]


def case_row(tx: Connection, actor: Actor, number: str) -> Row[Any] | None:
    """The whole case row with file and subject, if the actor may see it."""
    return tx.execute(
        select(
            t.case,
            t.case_file.c.document,
            t.subject.c.number.label("subject_number"),
            t.subject.c.name.label("subject_name"),
            t.subject.c.kind.label("subject_kind"),
            t.subject.c.region.label("subject_region"),
            t.subject.c.document.label("subject_document"),
        )
        .join(t.case_file, t.case_file.c.case_id == t.case.c.id)
        .outerjoin(t.subject, t.subject.c.id == t.case.c.subject_id)
        .where(t.case.c.number == number, visible(actor))
    ).first()


def parties(tx: Connection, case_id: int) -> Sequence[Row[Any]]:
    """The lanes of a case with the departments behind them."""
    return tx.execute(
        select(t.party, t.department.c.name.label("department_name"), t.department.c.agency_name, t.department.c.agency)
        .outerjoin(t.department, t.department.c.id == t.party.c.department_id)
        .where(t.party.c.case_id == case_id)
        .order_by(t.party.c.lane)
    ).all()


def timers(tx: Connection, case_id: int) -> Sequence[Row[Any]]:
    """Running timers of a case, soonest first."""
    return tx.execute(select(t.timer).where(t.timer.c.case_id == case_id).order_by(t.timer.c.due_at)).all()


def subscriptions(tx: Connection, case_id: int) -> Sequence[Row[Any]]:
    """Messages a case waits for."""
    return tx.execute(select(t.subscription).where(t.subscription.c.case_id == case_id)).all()


def open_jobs(tx: Connection, case_id: int) -> Sequence[Row[Any]]:
    """Machine work of a case that is not done."""
    return tx.execute(
        select(t.job)
        .where(t.job.c.case_id == case_id, t.among(t.job.c.state, ("pending", "running")))
        .order_by(t.job.c.created_at)
    ).all()


def open_incidents(tx: Connection, case_id: int) -> Sequence[Row[Any]]:
    """Incidents of a case that nobody has resolved."""
    return tx.execute(
        select(t.incident)
        .where(t.incident.c.case_id == case_id, t.incident.c.resolved_at.is_(None))
        .order_by(t.incident.c.id)
    ).all()


def unsettled_signals(tx: Connection, limit: int, subject_id: int | None = None) -> Sequence[Row[Any]]:
    """Signals that some case has still to hear, oldest first; of one subject, or of all."""
    s = t.signal.c
    statement = select(t.signal).where(s.settled_at.is_(None)).order_by(s.given_at, s.id).limit(limit)
    return tx.execute(statement if subject_id is None else statement.where(s.subject_id == subject_id)).all()


def given_to(tx: Connection, subject_ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """The signals that the machine gave these subjects: id and when, by subject."""
    s = t.signal.c
    statement = select(t.signal).where(s.subject_id.in_(subject_ids), s.given_by == SYSTEM.clerk)
    found: dict[int, list[Row[Any]]] = {}
    for row in tx.execute(statement):
        found.setdefault(row.subject_id, []).append(row)
    return found


def heard_of(tx: Connection, subject_ids: Sequence[int]) -> dict[int, list[str]]:
    """What happened to these subjects, by the names of the signals, oldest first."""
    s = t.signal.c
    found: dict[int, list[str]] = {}
    statement = select(s.subject_id, s.name).where(s.subject_id.in_(subject_ids)).order_by(s.given_at, s.id)
    for row in tx.execute(statement):
        found.setdefault(row.subject_id, []).append(row.name)
    return found


def cases_counted(tx: Connection, subject_ids: Sequence[int], procedure: str) -> Mapping[int, tuple[int, int]]:
    """How many cases of the procedure about each subject run or came to their end, and how many were cancelled."""
    c, v = t.case.c, t.procedure_version.c
    ours = select(c.subject_id, c.state).join(t.procedure_version, v.id == c.version_id)
    found: dict[int, tuple[int, int]] = {}
    for subject, state in tx.execute(ours.where(c.subject_id.in_(subject_ids), v.key == procedure)):
        kept, off = found.get(subject, (0, 0))
        found[subject] = (kept, off + 1) if state == CaseState.CANCELLED else (kept + 1, off)
    return found


def yet_to_hear(tx: Connection, signal: Row[Any]) -> Sequence[Any]:
    """Cases of the subject that ran when the signal was given, have not ended since, and have not heard it."""
    c, h = t.case.c, t.hearing.c
    heard = exists(select(1).select_from(t.hearing).where(h.signal_id == signal.id, h.case_id == c.id))
    return tx.execute(
        select(c.id, c.number, c.state)
        .where(
            c.subject_id == signal.subject_id,
            c.started_at <= signal.given_at,
            c.state.not_in((CaseState.COMPLETED, CaseState.CANCELLED)),
            ~heard,
        )
        .order_by(c.id)
    ).all()


def messages_of(tx: Connection, case_id: int) -> Sequence[Row[Any]]:
    """Messages a case has sent, oldest first."""
    return tx.execute(
        select(t.message).where(t.message.c.sender_case_id == case_id).order_by(t.message.c.sent_at, t.message.c.id)
    ).all()


def history_rows(tx: Connection, case_id: int, *, last: int | None = None) -> Sequence[Row[Any]]:
    """A case's history with contents, oldest first; `last` keeps the newest n."""
    h, c = t.history.c, t.history_content.c
    statement = (
        select(t.history, c.salt, c.content)
        .outerjoin(t.history_content, and_(c.case_id == h.case_id, c.sequence == h.sequence))
        .where(h.case_id == case_id)
    )
    if last is None:
        return tx.execute(statement.order_by(h.sequence)).all()
    return list(reversed(tx.execute(statement.order_by(h.sequence.desc()).limit(last)).all()))


# --- work items --------------------------------------------------------------------------------------------------
def _items() -> Select[Any]:
    return (
        select(
            t.work_item,
            t.case.c.number.label("case_number"),
            t.case.c.version_id,
            t.case.c.profile_id,
            t.case.c.calendar_id,
            t.procedure_version.c.key.label("procedure_key"),
            t.procedure_version.c.name.label("procedure_name"),
            t.subject.c.number.label("subject_number"),
            t.subject.c.name.label("subject_name"),
            t.subject.c.kind.label("subject_kind"),
            t.department.c.name.label("department_name"),
            t.department.c.agency,
            t.department.c.agency_name,
            t.clerk.c.name.label("clerk_name"),
        )
        .join(t.case, t.case.c.id == t.work_item.c.case_id)
        .join(t.procedure_version, t.procedure_version.c.id == t.case.c.version_id)
        .outerjoin(t.subject, t.subject.c.id == t.case.c.subject_id)
        .outerjoin(t.department, t.department.c.id == t.work_item.c.department_id)
        .outerjoin(t.clerk, t.clerk.c.id == t.work_item.c.clerk)
    )


def item_row(tx: Connection, actor: Actor, item_id: str) -> Row[Any] | None:
    """An item of a case the actor may see."""
    if actor.clerk == "system":
        return tx.execute(_ITEM, {"item": item_id}).first()
    return tx.execute(_VISIBLE_ITEM, {"item": item_id, "sees": sorted(actor.sees)}).first()


def may_see(tx: Connection, actor: Actor, case_id: int) -> bool:
    """Whether the actor may look at a case."""
    return tx.execute(select(t.case.c.id).where(t.case.c.id == case_id, visible(actor))).first() is not None


_SEEN = exists(
    select(1)
    .select_from(t.party)
    .where(t.party.c.case_id == t.case.c.id, t.party.c.department_id.in_(bindparam("sees", expanding=True)))
)
_ITEM = _items().where(t.work_item.c.id == bindparam("item"))
_VISIBLE_ITEM = _ITEM.where(_SEEN)


def resolve_item(tx: Connection, prefix: str) -> list[str]:
    """Ids of the items that begin with `prefix` (at most three are looked up)."""
    if len(prefix) >= 32:
        return [prefix]
    return list(
        tx.execute(
            select(t.work_item.c.id).where(t.work_item.c.id.startswith(prefix, autoescape=True)).limit(3)
        ).scalars()
    )


def item_rows(
    tx: Connection,
    actor: Actor,
    *,
    case_id: int | None = None,
    departments: Sequence[str] | None = None,
    procedure: str | None = None,
    state: str | None = "open",
    subject_number: str | None = None,
    late_at: datetime | None = None,
    ids: Sequence[str] | None = None,
    limit: int = 50,
    offset: int = 0,
) -> Sequence[Row[Any]]:
    """Items of the worklist, soonest due first. `departments` None = all that the actor sees.

    The page is chosen among the items alone, and only its rows are put together with what stands beside them.
    """
    w = t.work_item.c
    order = (w.due_at.is_(None), w.due_at, w.opened_at, w.id)
    page = select(w.id).select_from(t.work_item)
    if case_id is not None or procedure is not None or subject_number is not None:
        page = page.join(t.case, t.case.c.id == w.case_id)
    if case_id is not None:
        page = page.where(w.case_id == case_id, visible(actor))
    elif actor.clerk != "system":
        page = page.where(w.department_id.in_(actor.sees or {""}))
    if departments is not None:
        page = page.where(w.department_id.in_(departments or {""}))
    if procedure is not None:
        version = t.procedure_version.c
        page = page.join(t.procedure_version, version.id == t.case.c.version_id).where(version.key == procedure)
    if subject_number is not None:
        subject = t.subject.c
        page = page.join(t.subject, subject.id == t.case.c.subject_id).where(subject.number == subject_number)
    if ids is not None:
        page = page.where(w.id.in_(ids))
    if state in ("open", "late", "mine"):
        page = page.where(t.among(w.state, OPEN_ITEM))
    elif state is not None:
        page = page.where(w.state == state)
    if state == "mine":
        page = page.where(w.clerk.in_(actor.people))
    if late_at is not None:
        page = page.where(w.due_at.is_not(None), w.due_at < late_at)
    page = page.order_by(*order).limit(limit).offset(offset).correlate(None)
    return tx.execute(_items().where(w.id.in_(page)).order_by(*order)).all()


def item_view(
    row: Row[Any], *, outcomes: tuple[str, ...], due: Any, clause: str | None, documentation: str
) -> ItemView:
    """The row as a value; what stands in the diagram is handed in."""
    return ItemView(
        id=row.id,
        case=row.case_number,
        procedure=row.procedure_key,
        procedure_name=row.procedure_name,
        subject=_subject_ref(row),
        element=row.element,
        path=tuple(row.path.split(".")) if row.path else (),
        name=row.name,
        department=row.department_id,
        department_name=row.department_name or row.department_id,
        agency=row.agency or "",
        agency_name=row.agency_name or "",
        state=ItemState(row.state),
        clerk=row.clerk,
        clerk_name=row.clerk_name or row.clerk,
        opened_at=row.opened_at,
        due=due,
        outcomes=outcomes,
        version=row.version,
        clause=clause,
        documentation=documentation,
        reminded=row.reminded,
        outcome=row.outcome,
        reason=row.reason,
        completed_at=row.completed_at,
        completed_by=row.completed_by,
    )


def draft(tx: Connection, item_id: str, clerk: str) -> Row[Any] | None:
    """What a clerk has answered so far of an open item's form."""
    d, w = t.draft.c, t.work_item.c
    return tx.execute(
        select(t.draft)
        .join(t.work_item, w.id == d.item_id)
        .where(d.item_id == item_id, d.clerk == clerk, t.among(w.state, OPEN_ITEM))
    ).first()


def taken_at(tx: Connection, case_id: int, element: str) -> datetime | None:
    """When a step's item was last claimed or reassigned."""
    h = t.history.c
    return tx.execute(
        select(h.at)
        .where(h.case_id == case_id, h.element == element, h.kind.in_(("claimed", "reassigned")))
        .order_by(h.sequence.desc())
        .limit(1)
    ).scalar()


def completers(tx: Connection, case_id: int, element: str, path: str) -> frozenset[str]:
    """Who completed the newest item of a step: the clerk, and whom the clerk acted for."""
    w = t.work_item.c
    row = tx.execute(
        select(w.completed_by, w.acting_for)
        .where(w.case_id == case_id, w.element == element, w.path == path, w.state == ItemState.COMPLETED)
        .order_by(w.completed_at.desc())
        .limit(1)
    ).first()
    return frozenset(person for person in (row or ()) if person)


def open_steps(tx: Connection, case_id: int, elements: Collection[str]) -> dict[str, str]:
    """The open ones of these steps of the main process, with their names."""
    w = t.work_item.c
    rows = tx.execute(
        select(w.element, w.name)
        .where(w.case_id == case_id, w.path == "", w.element.in_(elements))
        .where(w.state.in_((ItemState.READY, ItemState.RESERVED)))
    )
    return {row.element: row.name for row in rows}


def open_among(tx: Connection, case_id: int, elements: Collection[str]) -> str | None:
    """One of these steps of the main process that is open, if any."""
    w = t.work_item.c
    return tx.execute(
        select(w.element)
        .where(w.case_id == case_id, w.path == "", w.element.in_(elements))
        .where(w.state.in_((ItemState.READY, ItemState.RESERVED)))
        .limit(1)
    ).scalar()


# --- documents ---------------------------------------------------------------------------------------------------
def document_rows(
    tx: Connection,
    actor: Actor,
    *,
    case_number: str | None = None,
    code: str | None = None,
    id_or_number: str | None = None,
    limit: int = 200,
    offset: int = 0,
) -> Sequence[Row[Any]]:
    """Documents of cases the actor may see, oldest first."""
    d = t.document.c
    statement = (
        select(t.document, t.case.c.number.label("case_number"), t.case.c.version_id)
        .join(t.case, t.case.c.id == d.case_id)
        .where(visible(actor))
        .order_by(d.case_id.desc(), d.ordinal)
        .limit(limit)
        .offset(offset)
    )
    if case_number is not None:
        statement = statement.where(t.case.c.number == case_number)
    if code is not None:
        statement = statement.where(d.code == code)
    if id_or_number is not None:
        statement = statement.where(
            or_(d.id == id_or_number, d.number == id_or_number, d.id.startswith(id_or_number, autoescape=True))
        )
    return tx.execute(statement).all()


def document_by_id(tx: Connection, id: str) -> Row[Any]:
    """The document of that id, whoever asks: found by its key, however many there are."""
    return tx.execute(
        select(t.document, t.case.c.number.label("case_number"), t.case.c.version_id)
        .join(t.case, t.case.c.id == t.document.c.case_id)
        .where(t.document.c.id == id)
    ).one()


def document_by_verification(tx: Connection, code: str) -> Row[Any] | None:
    """The document with that verification code, whoever asks."""
    return tx.execute(
        select(t.document, t.case.c.number.label("case_number"), t.case.c.version_id)
        .join(t.case, t.case.c.id == t.document.c.case_id)
        .where(t.document.c.verification == code)
    ).first()


def document_events(tx: Connection, ids: Sequence[str]) -> dict[str, tuple[tuple[str, datetime, str], ...]]:
    """Events of documents by document id."""
    if not ids:
        return {}
    e = t.document_event.c
    found: dict[str, list[tuple[str, datetime, str]]] = {}
    for row in tx.execute(select(t.document_event).where(e.document_id.in_(ids)).order_by(e.document_id, e.sequence)):
        found.setdefault(row.document_id, []).append((row.kind, row.at, row.party))
    return {id: tuple(events) for id, events in found.items()}


def document_view(row: Row[Any], events: Mapping[str, tuple[tuple[str, datetime, str], ...]]) -> DocumentView:
    """The row as a value."""
    return DocumentView(
        id=row.id,
        case=row.case_number,
        code=row.code,
        title=row.title,
        number=row.number,
        state=DocumentState(row.state),
        issued_at=row.issued_at,
        issuer=row.issuer_name,
        origin=row.origin,
        sha256=row.pdf_sha256,
        pages=row.pages,
        verification=row.verification,
        events=events.get(row.id, ()),
    )


def is_keyed(tx: Connection, key: str) -> bool:
    """Whether a keyed request was begun."""
    return tx.execute(select(t.idempotency.c.key).where(t.idempotency.c.key == key)).first() is not None


def answered(tx: Connection, key: str) -> Row[Any]:
    """What a keyed request was answered."""
    return tx.execute(select(t.idempotency).where(t.idempotency.c.key == key)).one()


def answer_of(row: Row[Any]) -> Any:
    """The remembered answer."""
    return json.loads(row.answer)


def file_document(row: Row[Any]) -> dict[str, Any]:
    """The typed case file of a case row."""
    return dict(loads(row.document))


def pending_notification(tx: Connection, notification_id: str) -> Sequence[Row[Any]]:
    """That notification, with its case's number, unless it has left the house."""
    n = t.notification.c
    return tx.execute(
        select(t.notification, t.case.c.number)
        .outerjoin(t.case, t.case.c.id == n.case_id)
        .where(n.id == notification_id, n.delivered_at.is_(None))
    ).all()


def message_by_id(tx: Connection, message_id: str) -> Row[Any] | None:
    """A message by its whole id, if there is one."""
    return tx.execute(select(t.message).where(t.message.c.id == message_id)).first()


def outgoing(tx: Connection, now: datetime, limit: int) -> Sequence[Row[Any]]:
    """Messages to agencies outside that have not been laid out, the oldest first."""
    return tx.execute(select(t.message).where(*_to_lay_out(now)).order_by(t.message.c.sent_at).limit(limit)).all()


def left_inside(tx: Connection, now: datetime) -> tuple[int, datetime | None]:
    """How many such messages there are, and since when the oldest has been waiting."""
    row = tx.execute(select(func.count(), func.min(t.message.c.sent_at)).where(*_to_lay_out(now))).one()
    return row[0], row[1]


def _to_lay_out(now: datetime) -> tuple[ColumnElement[bool], ...]:
    m = t.message.c
    unexpired = or_(m.expires_at.is_(None), m.expires_at > now)
    return m.receiver.is_not(None), m.handed_at.is_(None), t.among(m.state, ("waiting",)), unexpired


def message_rows(
    tx: Connection,
    *,
    id: str | None = None,
    state: str | None = None,
    name: str | None = None,
    limit: int = 100,
    offset: int = 0,
) -> Sequence[Row[Any]]:
    """Messages with the number of the case that took them, the newest first. `id`: the beginning of it."""
    m = t.message.c
    statement = select(t.message, t.case.c.number).outerjoin(t.case, t.case.c.id == m.consumed_case_id)
    if id is not None:
        statement = statement.where(m.id.startswith(id, autoescape=True))
    if state is not None:
        statement = statement.where(m.state == state)
    if name is not None:
        statement = statement.where(m.name == name)
    return tx.execute(statement.order_by(m.sent_at.desc(), m.id).limit(limit).offset(offset)).all()


def _incidents() -> Select[Any]:
    return (
        select(t.incident, t.case.c.number, t.case.c.version_id, t.job.c.attempts)
        .join(t.case, t.case.c.id == t.incident.c.case_id)
        .outerjoin(t.job, t.job.c.id == t.incident.c.job_id)
    )


def incident_row(tx: Connection, id: int) -> Row[Any] | None:
    """An incident with its case's number and its job's attempts."""
    return tx.execute(_incidents().where(t.incident.c.id == id)).first()


def incident_rows(tx: Connection, *, case: str | None, resolved: bool, limit: int, offset: int) -> Sequence[Row[Any]]:
    """Such rows, the oldest first; those that are dealt with only when asked for."""
    statement = _incidents()
    if case is not None:
        statement = statement.where(t.case.c.number == case)
    if not resolved:
        statement = statement.where(t.incident.c.resolved_at.is_(None))
    return tx.execute(statement.order_by(t.incident.c.id).limit(limit).offset(offset)).all()


def case_numbers(tx: Connection, procedure: str, state: str) -> list[str]:
    """Numbers of the cases of a procedure in a state, the oldest first."""
    statement = select(t.case.c.number).join(t.procedure_version, t.procedure_version.c.id == t.case.c.version_id)
    statement = statement.where(t.procedure_version.c.key == procedure, t.case.c.state == state)
    return list(tx.execute(statement.order_by(t.case.c.id)).scalars())


def held_items(tx: Connection, departments: frozenset[str], holder: str) -> list[tuple[str, str, str]]:
    """Id, case and name of the open items of these departments that a clerk holds, or that stand in a department."""
    w = t.work_item.c
    rows = tx.execute(
        select(w.id, t.case.c.number, w.name)
        .join(t.case, t.case.c.id == w.case_id)
        .where(w.state.in_(OPEN_ITEM), w.department_id.in_(departments or {""}))
        .where(or_(w.clerk == holder, w.department_id == holder))
        .order_by(w.due_at, w.id)
    )
    return [(row.id, row.number, row.name) for row in rows]


def _repairs() -> Select[Any]:
    return select(t.repair, t.case.c.number).join(t.case, t.case.c.id == t.repair.c.case_id)


def repair_row(tx: Connection, id: int) -> Row[Any] | None:
    """A repair that was asked for, with the number of its case."""
    return tx.execute(_repairs().where(t.repair.c.id == id)).first()


def repair_rows(tx: Connection, *, case: str | None = None, limit: int = 200) -> Sequence[Row[Any]]:
    """Such rows, the newest first."""
    statement = _repairs() if case is None else _repairs().where(t.case.c.number == case)
    return tx.execute(statement.order_by(t.repair.c.id.desc()).limit(limit)).all()


def job(tx: Connection, job_id: str) -> Row[Any] | None:
    """A job by id."""
    return tx.execute(select(t.job).where(t.job.c.id == job_id)).first()


def any_message_waits(tx: Connection, now: datetime) -> bool:
    """Whether a message waits that somebody waits for, or whose time has run out."""
    m, s = t.message.c, t.subscription.c
    met = exists(select(1).where(s.name == m.name, s.correlation == m.correlation, m.receiver.is_(None)))
    waiting = select(1).where(m.state == "waiting", or_(m.expires_at <= now, met)).limit(1)
    return tx.execute(waiting).first() is not None


def unanswered(tx: Connection, now: datetime, limit: int) -> Sequence[Row[Any]]:
    """Messages that a case sent and nobody took within their time to live."""
    m = t.message.c
    over = and_(m.state == "waiting", m.expires_at <= now, m.sender_case_id.is_not(None))
    return tx.execute(select(t.message).where(over).order_by(m.expires_at).limit(limit)).all()


def element_that_began(tx: Connection, case_id: int, begun: str) -> str:
    """The step of a case whose message began another; empty when none did."""
    m, c = t.message.c, t.case.c
    asked = select(m.element).join(t.case, c.id == m.consumed_case_id)
    return str(tx.execute(asked.where(m.sender_case_id == case_id, c.number == begun)).scalar() or "")


def message(tx: Connection, message_id: str) -> Row[Any]:
    """A message by id."""
    return tx.execute(select(t.message).where(t.message.c.id == message_id)).one()


def files(tx: Connection, hashes: Sequence[str]) -> Sequence[Row[Any]]:
    """Stored files by SHA-256."""
    return tx.execute(select(t.file).where(t.file.c.sha256.in_(hashes))).all() if hashes else []


def calendar_version(tx: Connection, calendar_id: int) -> str:
    """The content hash of a calendar version."""
    return str(tx.execute(select(t.calendar.c.sha256).where(t.calendar.c.id == calendar_id)).scalar_one())


def open_cases_of(tx: Connection, subject_number: str, procedures: Sequence[str]) -> list[str]:
    """Numbers of the cases of these procedures about a subject that have not ended, oldest first."""
    p, c = t.procedure_version.c, t.case.c
    return list(
        tx.execute(
            select(c.number)
            .join(t.procedure_version, p.id == c.version_id)
            .join(t.subject, t.subject.c.id == c.subject_id)
            .where(
                t.subject.c.number == subject_number,
                p.key.in_(procedures),
                c.state.not_in((CaseState.COMPLETED, CaseState.CANCELLED)),
            )
            .order_by(c.id)
        ).scalars()
    )


def clock(tx: Connection) -> datetime:
    """What PostgreSQL's clock says now."""
    found: datetime = tx.execute(select(func.clock_timestamp())).scalar_one()
    return found.astimezone(UTC)


def newest_entry_at(tx: Connection) -> datetime | None:
    """SQLite: when the last line of any history was written; None before the first. One row, whatever there is."""
    found: datetime | None = tx.execute(
        select(t.history.c.at).order_by(literal_column("history.rowid").desc()).limit(1)
    ).scalar()
    return found


# --- control lists -----------------------------------------------------------------------------------------------
def agencies(tx: Connection) -> dict[str, Any]:
    """Agencies by id: code, name, region."""
    d = t.department.c
    rows = tx.execute(select(d.agency, d.agency_code, d.agency_name, d.region).distinct()).all()
    return {row.agency: row for row in rows}


def subjects_after(
    tx: Connection, actor: Actor, kind: str = "", *, agencies: frozenset[str], last: str, limit: int
) -> Sequence[Row[Any]]:
    """The next subjects (of a kind, if one is named) the actor may see, by number; the machine sees everybody."""
    statement = select(t.subject).where(t.subject.c.number > last).order_by(t.subject.c.number).limit(limit)
    if kind:
        statement = statement.where(t.subject.c.kind == kind)
    if actor.clerk != "system":
        statement = statement.where(_subject_of(actor.sees, agencies))
    return tx.execute(statement).all()


def subject_of_case(tx: Connection, case_id: int) -> str | None:
    """The number of the subject that a case is about."""
    statement = select(t.subject.c.number).join(t.case, t.case.c.subject_id == t.subject.c.id)
    return tx.execute(statement.where(t.case.c.id == case_id)).scalar()


def newest_case_of(tx: Connection, subject_number: str, code: str) -> Any:
    """The case about a subject that started last, of procedures of that code."""
    c, v = t.case.c, t.procedure_version.c
    statement = (
        select(c.number, c.state)
        .join(t.subject, t.subject.c.id == c.subject_id)
        .join(t.procedure_version, v.id == c.version_id)
        .where(t.subject.c.number == subject_number, v.code == code)
        .order_by(c.id.desc())
        .limit(1)
    )
    return tx.execute(statement).first()


def open_numbers_of(tx: Connection, subject_number: str, code: str, without: int) -> list[str]:
    """Numbers of the open cases about a subject, of procedures of that code, the oldest first, without one."""
    c, v = t.case.c, t.procedure_version.c
    return list(
        tx.execute(
            select(c.number)
            .join(t.subject, t.subject.c.id == c.subject_id)
            .join(t.procedure_version, v.id == c.version_id)
            .where(t.subject.c.number == subject_number, v.code == code, c.state == CaseState.OPEN, c.id != without)
            .order_by(c.id)
        ).scalars()
    )


def begun_by(tx: Connection, case_id: int, number: str) -> dict[str, int]:
    """How many cases began by a message of a case, by the name of their procedure."""
    m, c, v = t.message.c, t.case.c, t.procedure_version.c
    rows = tx.execute(
        select(v.name, func.count())
        .select_from(t.message)
        .join(t.case, c.id == m.consumed_case_id)
        .join(t.procedure_version, v.id == c.version_id)
        .where(m.sender_case_id == case_id, c.started_by == number)
        .group_by(v.name)
        .order_by(v.name)
    )
    return {str(name): int(number) for name, number in rows}


def standings_of(tx: Connection, subject_ids: Sequence[int]) -> dict[int, list[Standing]]:
    """All standings of these subjects, by kind and time."""
    s = t.standing.c
    statement = select(t.standing).where(s.subject_id.in_(subject_ids)).order_by(s.kind, s.valid_from, s.id)
    found: dict[int, list[Standing]] = {}
    for row in tx.execute(statement):
        found.setdefault(row.subject_id, []).append(_standing(row))
    return found


def cases_of(tx: Connection, actor: Actor, subject_ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """Cases about these subjects, or that refer to them, which the actor may see, oldest first, each with when its next
    item is due."""
    w, c = t.work_item.c, t.case.c
    next_due = (
        select(func.min(w.due_at))
        .where(w.case_id == c.id, t.among(w.state, OPEN_ITEM))
        .correlate(t.case)
        .scalar_subquery()
    )
    code, due = t.procedure_version.c.code, next_due.label("next_due")
    shown = (c.number, c.state, c.started_at, c.ended_at, c.milestone, code, due)
    version = t.procedure_version.c.id == c.version_id
    about = select(c.id, c.subject_id, *shown).join(t.procedure_version, version).where(c.subject_id.in_(subject_ids))
    named = t.reference.c.subject_id
    naming = (
        select(c.id, named, *shown)
        .join(t.procedure_version, version)
        .join(t.reference, t.reference.c.case_id == c.id)
        .where(named.in_(subject_ids))
    )
    rows: list[Row[Any]] = []
    statements: tuple[Select[Any], ...] = (about, naming)
    for statement in statements:
        rows += tx.execute(statement.where(visible(actor))).all()
    return _by_subject(sorted(rows, key=lambda row: (row.started_at, row.id)))


def files_of(tx: Connection, case_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The typed case files of these cases."""
    f = t.case_file.c
    rows = tx.execute(select(f.case_id, f.document).where(f.case_id.in_(case_ids)))
    return {row.case_id: dict(loads(row.document)) for row in rows}


def documents_of(
    tx: Connection, actor: Actor, subject_ids: Sequence[int], codes: Collection[str] = ()
) -> dict[int, list[Row[Any]]]:
    """Documents of these subjects (of these codes, if any are named) in cases that the actor may see, oldest first."""
    d = t.document.c
    statement = (
        select(d.subject_id, d.code, d.state, d.number, d.issued_at, t.case.c.number.label("case_number"))
        .join(t.case, t.case.c.id == d.case_id)
        .where(t.case.c.subject_id.in_(subject_ids), d.subject_id.is_not(None), visible(actor))
        .order_by(d.issued_at, d.id)
    )
    if codes:
        statement = statement.where(d.code.in_(sorted(codes)))
    return _by_subject(tx.execute(statement))


def _by_subject(rows: Iterable[Row[Any]]) -> dict[int, list[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = {}
    for row in rows:
        found.setdefault(row.subject_id, []).append(row)
    return found


# --- figures -----------------------------------------------------------------------------------------------------
def case_figures(tx: Connection, actor: Actor, procedure: str | None) -> Sequence[Row[Any]]:
    """Every case the actor may see: its procedure, when it began, its state."""
    v = t.procedure_version.c
    statement = (
        select(v.name.label("procedure_name"), t.case.c.started_at, t.case.c.state)
        .join(t.procedure_version, v.id == t.case.c.version_id)
        .where(visible(actor))
    )
    return _all(tx, statement if procedure is None else statement.where(v.key == procedure))


def item_figures(tx: Connection, actor: Actor, procedure: str | None) -> Sequence[Row[Any]]:
    """Open and completed items of the departments the actor sees: procedure, step, department, and their times."""
    w, v, d = t.work_item.c, t.procedure_version.c, t.department.c
    statement = (
        select(
            v.name.label("procedure_name"),
            d.agency_name,
            d.name.label("department_name"),
            w.name,
            w.opened_at,
            w.due_at,
            w.completed_at,
        )
        .join(t.case, t.case.c.id == w.case_id)
        .join(t.procedure_version, v.id == t.case.c.version_id)
        .outerjoin(t.department, d.id == w.department_id)
        .where(w.state.in_((*OPEN_ITEM, ItemState.COMPLETED)))
    )
    if actor.clerk != "system":
        statement = statement.where(w.department_id.in_(actor.sees or {""}))
    return _all(tx, statement if procedure is None else statement.where(v.key == procedure))


def _all(tx: Connection, statement: Any) -> Sequence[Row[Any]]:
    found: Sequence[Row[Any]] = tx.execute(statement).all()
    return found
