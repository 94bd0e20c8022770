"""Every write. Functions take the open transaction `tx`; they never begin one and never commit.

States move only through `move`, a conditional UPDATE from the MOVES table: the WHERE clause is the guard, so that two
clerks cannot both win.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Table,
    bindparam,
    delete,
    exists,
    func,
    insert,
    inspect,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)

from workflow_runtime import chain
from workflow_runtime import tables as t
from workflow_runtime.casefile import dumps
from workflow_runtime.database import Instant
from workflow_runtime.model import (
    MOVES,
    Actor,
    CaseState,
    DocumentState,
    ItemState,
    JobState,
    MessageState,
    VersionState,
)

OPEN_ITEM = (ItemState.READY, ItemState.RESERVED)
LIVE_JOB = (JobState.PENDING, JobState.RUNNING)


def move(
    tx: Connection, table: Table, ids: Mapping[str, Any], name: str, *, counting: tuple[str, ...] = (), **values: Any
) -> bool:
    """Carry out the move `name` of MOVES on one row; False when the row is not in a state that allows it.

    Columns in `counting` go up by one.
    """
    statement = _move_statement(table, name, tuple(ids), tuple(values), counting)
    parameters = {f"id_{column}": value for column, value in ids.items()} | {
        f"to_{column}": value for column, value in values.items()
    }
    return tx.execute(statement, parameters).rowcount == 1


@cache
def _move_statement(
    table: Table, name: str, ids: tuple[str, ...], values: tuple[str, ...], counting: tuple[str, ...]
) -> Any:
    step = MOVES[name]
    changed: dict[str, Any] = {column: bindparam(f"to_{column}", type_=table.c[column].type) for column in values}
    changed |= {column: table.c[column] + 1 for column in counting}
    statement = update(table).where(t.among(table.c.state, step.sources)).values(state=step.target, **changed)
    for column in ids:
        statement = statement.where(table.c[column] == bindparam(f"id_{column}", type_=table.c[column].type))
    return statement


def _insert(tx: Connection, table: Table, **values: Any) -> int:
    """A new row; returns its id."""
    key = tx.execute(insert(table).values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def _upsert(tx: Connection, table: Table) -> Any:
    """An INSERT that can say ON CONFLICT, in the words of the store; its dialect is loaded already."""
    if tx.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


def _insert_once(tx: Connection, table: Table, **values: Any) -> bool:
    """A row that is there once, by its primary key; False when it was there before."""
    key = list(table.primary_key.columns)
    statement = _upsert(tx, table).values(**values).on_conflict_do_nothing(index_elements=key)
    return tx.execute(statement.returning(*key)).first() is not None


# --- what was deployed -------------------------------------------------------------------------------------------
def insert_version(
    tx: Connection,
    *,
    key: str,
    code: str,
    name: str,
    kind: str,
    sha256: str,
    files: Mapping[str, bytes],
    now: datetime,
    actor: Actor,
) -> int:
    """A new immutable version of a procedure, numbered after the last; returns its id."""
    last = tx.execute(select(func.max(t.procedure_version.c.version)).where(t.procedure_version.c.key == key)).scalar()
    version_id = _insert(
        tx,
        t.procedure_version,
        key=key,
        version=(last or 0) + 1,
        code=code,
        name=name,
        kind=kind,
        sha256=sha256,
        state=VersionState.ACTIVE,
        deployed_at=now,
        deployed_by=actor.clerk,
    )
    tx.execute(
        insert(t.bundle_file),
        [{"version_id": version_id, "path": path, "content": content} for path, content in sorted(files.items())],
    )
    return version_id


def insert_profile(
    tx: Connection,
    *,
    jurisdiction: str,
    sha256: str,
    valid_from: date | None,
    valid_to: date | None,
    content: bytes,
    now: datetime,
) -> int:
    """Keep a profile version (the same content again is the same row); returns its id."""
    known = tx.execute(
        select(t.profile.c.id).where(t.profile.c.jurisdiction == jurisdiction, t.profile.c.sha256 == sha256)
    ).scalar()
    if known is not None:
        return int(known)
    return _insert(
        tx,
        t.profile,
        jurisdiction=jurisdiction,
        sha256=sha256,
        valid_from=valid_from,
        valid_to=valid_to,
        content=content,
        imported_at=now,
    )


def insert_calendar(tx: Connection, *, name: str, sha256: str, years: Mapping[int, bytes], now: datetime) -> int:
    """Keep a calendar version with its year tables; returns its id."""
    known = tx.execute(select(t.calendar.c.id).where(t.calendar.c.name == name, t.calendar.c.sha256 == sha256)).scalar()
    if known is not None:
        return int(known)
    calendar_id = _insert(tx, t.calendar, name=name, sha256=sha256, imported_at=_after_others(tx, name, now))
    tx.execute(
        insert(t.calendar_year),
        [{"calendar_id": calendar_id, "year": year, "content": content} for year, content in years.items()],
    )
    return calendar_id


def renew_calendar(tx: Connection, name: str, calendar_id: int, now: datetime) -> None:
    """A calendar version that is known is the newest again."""
    at = _after_others(tx, name, now)
    tx.execute(update(t.calendar).where(t.calendar.c.id == calendar_id).values(imported_at=at))


def _after_others(tx: Connection, name: str, now: datetime) -> datetime:
    """Now, or just after the newest version: what is imported last counts, also where a clock was set back."""
    last = tx.execute(select(func.max(t.calendar.c.imported_at)).where(t.calendar.c.name == name)).scalar()
    return now if last is None else max(now, last + timedelta(microseconds=1))


# --- who is who --------------------------------------------------------------------------------------------------
def replace_organisation(
    tx: Connection,
    *,
    sha256: str,
    content: bytes,
    departments: Iterable[Mapping[str, Any]],
    now: datetime,
    actor: Actor,
) -> None:
    """Make an organisation file the current one; departments that it no longer names become inactive."""
    tx.execute(insert(t.organisation).values(sha256=sha256, content=content, imported_at=now, imported_by=actor.clerk))
    tx.execute(update(t.department).values(active=False))
    known = set(tx.execute(select(t.department.c.id)).scalars())
    for row in departments:
        if row["id"] in known:
            tx.execute(update(t.department).where(t.department.c.id == row["id"]).values(**row, active=True))
        else:
            tx.execute(insert(t.department).values(**row, active=True))


# --- subjects and standings --------------------------------------------------------------------------------------
def insert_subject(
    tx: Connection,
    *,
    kind: str,
    number: str,
    name: str,
    region: str,
    identity_hash: str | None,
    document: str,
    now: datetime,
) -> int:
    """A new subject; returns its id. Raises IntegrityError when the identity is already registered."""
    return _insert(
        tx,
        t.subject,
        kind=kind,
        number=number,
        name=name,
        region=region,
        identity_hash=identity_hash,
        document=document,
        registered_at=now,
        rev=1,
    )


def subject_to_change(tx: Connection, subject_id: int) -> Row[Any]:
    """A subject's row, locked until the transaction ends."""
    return tx.execute(select(t.subject).where(t.subject.c.id == subject_id).with_for_update()).one()


def update_subject(
    tx: Connection, subject_id: int, *, name: str, region: str, identity_hash: str | None, document: str
) -> bool:
    """Other facts for a subject; False when another has the identity: then nothing changed."""
    taken = select(t.subject.c.id).where(t.subject.c.identity_hash == identity_hash, t.subject.c.id != subject_id)
    if identity_hash is not None and tx.execute(taken).first() is not None:
        return False
    values = {"name": name, "region": region, "identity_hash": identity_hash, "document": document}
    tx.execute(update(t.subject).where(t.subject.c.id == subject_id).values(**values, rev=t.subject.c.rev + 1))
    return True


def switch_standing(
    tx: Connection,
    subject_id: int,
    kind: str,
    *,
    holder: str,
    holder_agency: str | None,
    at: datetime,
    basis: str,
    case_number: str | None,
) -> bool:
    """End the open interval of `kind` at `at` and open one for the new holder; False when it holds it already.

    Raises ValueError when the open interval began after `at`: a register that says otherwise than the paper is worse
    than none.
    """
    open_row = tx.execute(
        select(t.standing).where(
            t.standing.c.subject_id == subject_id, t.standing.c.kind == kind, t.standing.c.valid_to.is_(None)
        )
    ).first()
    if open_row is not None:
        if open_row.holder == holder and open_row.holder_agency == holder_agency:
            return False
        if at < open_row.valid_from:
            raise ValueError(
                f"{open_row.holder} holds {kind} since {open_row.valid_from.isoformat()}, after {at.isoformat()}"
            )
        tx.execute(update(t.standing).where(t.standing.c.id == open_row.id).values(valid_to=at))
    tx.execute(
        insert(t.standing).values(
            subject_id=subject_id,
            kind=kind,
            holder=holder,
            holder_agency=holder_agency,
            valid_from=at,
            basis=basis,
            case_number=case_number,
        )
    )
    return True


def open_standings(tx: Connection, subject_id: int) -> Sequence[Row[Any]]:
    """The standings that hold now."""
    return tx.execute(_OPEN_STANDINGS, {"subject": subject_id}).all()


_OPEN_STANDINGS = select(t.standing).where(
    t.standing.c.subject_id == bindparam("subject"), t.standing.c.valid_to.is_(None)
)


# --- cases -------------------------------------------------------------------------------------------------------
def lock_case(tx: Connection, number: str) -> Row[Any] | None:
    """The case row with its file, locked for the rest of the transaction."""
    return tx.execute(_CASE_BY_NUMBER, {"number": number}).first()


def lock_case_by_id(tx: Connection, case_id: int) -> Row[Any] | None:
    """The same by id."""
    return tx.execute(_CASE_BY_ID, {"id": case_id}).first()


def hold_item(tx: Connection, item_id: str) -> tuple[Row[Any], dict[str, Any]] | None:
    """The case row as above, and one of its items by column, both locked; None when there is no such item."""
    row = tx.execute(_CASE_AND_ITEM, {"item": item_id}).first()
    if row is None:
        return None
    return row, {name: getattr(row, label) for name, label in _ITEM_LABELS.items()}


def case_by_id(tx: Connection, case_id: int) -> Row[Any] | None:
    """The same row, only read."""
    return tx.execute(_whole_case().where(t.case.c.id == case_id)).first()


def case_of_number(tx: Connection, number: str) -> Row[Any] | None:
    """The same row by its number, only read."""
    return tx.execute(_whole_case().where(t.case.c.number == number)).first()


def _locked_case() -> Any:
    # The file too: PostgreSQL gives a writer who had to wait the newest version of the rows it locks, not of others.
    return _whole_case().with_for_update(of=[t.case, t.case_file])


def _whole_case() -> Any:
    return (
        select(
            t.case,
            t.case_file.c.document,
            t.subject.c.number.label("subject_number"),
            t.subject.c.name.label("subject_name"),
            t.subject.c.kind.label("subject_kind"),
            t.subject.c.region.label("subject_region"),
            t.subject.c.document.label("subject_document"),
            select(func.max(t.organisation.c.id)).scalar_subquery().label("organisation_id"),
        )
        .join(t.case_file, t.case_file.c.case_id == t.case.c.id)
        .outerjoin(t.subject, t.subject.c.id == t.case.c.subject_id)
    )


_CASE_BY_NUMBER = _locked_case().where(t.case.c.number == bindparam("number"))
_CASE_BY_ID = _locked_case().where(t.case.c.id == bindparam("id"))
_ITEM_LABELS = {column.name: f"item_{column.name}" for column in t.work_item.c}
#: In one question and in this order, the case first: whoever has to wait for it gets the newest of all that is locked.
_CASE_AND_ITEM = (
    _whole_case()
    .add_columns(*(t.work_item.c[name].label(label) for name, label in _ITEM_LABELS.items()))
    .join(t.work_item, t.work_item.c.case_id == t.case.c.id)
    .where(t.work_item.c.id == bindparam("item"))
    .with_for_update(of=[t.case, t.case_file, t.work_item])
)


def insert_case(tx: Connection, *, document: str, parties: Sequence[Mapping[str, Any]], **values: Any) -> int:
    """A new open case with its file and parties; returns its id."""
    case_id = _insert(
        tx,
        t.case,
        state=CaseState.OPEN,
        rev=1,
        timers=0,
        subscriptions=0,
        history_length=0,
        history_hash=chain.GENESIS,
        **values,
    )
    tx.execute(insert(t.case_file).values(case_id=case_id, document=document))
    if parties:
        tx.execute(insert(t.party), [{**row, "case_id": case_id} for row in parties])
    return case_id


def add_parties(tx: Connection, case_id: int, parties: Sequence[Mapping[str, Any]]) -> None:
    """Bind more lanes of the case; a lane that is bound keeps its department."""
    known = set(tx.execute(select(t.party.c.lane).where(t.party.c.case_id == case_id)).scalars())
    fresh = [{**row, "case_id": case_id} for row in parties if row["lane"] not in known]
    if fresh:
        tx.execute(insert(t.party), fresh)


def rebind_party(tx: Connection, case_id: int, lane: str, department_id: str) -> None:
    """A lane whose role somebody else plays from here on: who played it before has no part in the case any more."""
    own = (t.party.c.case_id == case_id, t.party.c.lane == lane, t.party.c.department_id != department_id)
    tx.execute(update(t.party).where(*own).values(department_id=department_id))


def save_case(tx: Connection, case_id: int, rev: int, move_name: str, **values: Any) -> bool:
    """Write a step's result over revision `rev`; False when somebody else wrote first or the case does not allow it."""
    return move(tx, t.case, {"id": case_id, "rev": rev}, move_name, rev=rev + 1, **values)


def save_case_file(tx: Connection, case_id: int, document: str) -> None:
    """Replace the case file's current document."""
    tx.execute(_SAVE_FILE, {"of_case": case_id, "content": document})


_SAVE_FILE = (
    update(t.case_file).where(t.case_file.c.case_id == bindparam("of_case")).values(document=bindparam("content"))
)


# --- work items --------------------------------------------------------------------------------------------------
_INSERT_ITEM = insert(t.work_item)


def lock_subject(tx: Connection, number: str) -> Row[Any] | None:
    """The subject of that number, locked for the rest of the transaction: who counts what refers to it counts alone."""
    return tx.execute(select(t.subject).where(t.subject.c.number == number).with_for_update(key_share=True)).first()


def refer(tx: Connection, case_id: int, key: str, subject_id: int | None) -> None:
    """The case refers to that subject in the field `key` from now on; to none, when None."""
    r = t.reference.c
    tx.execute(delete(t.reference).where(r.case_id == case_id, r.key == key))
    if subject_id is not None:
        tx.execute(insert(t.reference).values(case_id=case_id, key=key, subject_id=subject_id))


def insert_items(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Offer new items to their departments."""
    if rows:
        tx.execute(_INSERT_ITEM, list(rows))


def move_item(tx: Connection, item_id: str, name: str, *, version: int | None = None, **values: Any) -> bool:
    """Move an item; its version counts every move."""
    ids: dict[str, Any] = {"id": item_id}
    if version is not None:
        ids["version"] = version
    return move(tx, t.work_item, ids, name, counting=("version",), **values)


def drop_items(tx: Connection, ids: Sequence[str], now: datetime) -> None:
    """Items that the case left behind become obsolete (ids that are no items, or done, stay as they are)."""
    if ids:
        tx.execute(_DROP_ITEMS, {"items": list(ids), "now": now})


_DROP_ITEMS = (
    update(t.work_item)
    .where(t.work_item.c.id.in_(bindparam("items", expanding=True)), t.among(t.work_item.c.state, OPEN_ITEM))
    .values(state=ItemState.OBSOLETE, completed_at=bindparam("now"), version=t.work_item.c.version + 1)
)


def count_reminder(tx: Connection, item_id: str) -> None:
    """One more reminder (催办) on an item."""
    tx.execute(update(t.work_item).where(t.work_item.c.id == item_id).values(reminded=t.work_item.c.reminded + 1))


def overdue_items(tx: Connection, now: datetime, limit: int) -> Sequence[Any]:
    """Open items past their due time of which somebody is to be told now, for the first time or again."""
    w = t.work_item.c
    return tx.execute(
        select(
            w.id,
            w.case_id,
            w.department_id,
            w.name,
            w.element,
            w.path,
            w.due_at,
            w.reminded,
            w.overdue_told_at,
            t.case.c.number,
        )
        .join(t.case, t.case.c.id == w.case_id)
        .where(t.among(w.state, OPEN_ITEM), w.due_at < now, or_(w.overdue_told_at.is_(None), w.overdue_told_at <= now))
        .where(t.case.c.state != CaseState.SUSPENDED)  # its clocks stand still
        .order_by(w.due_at)
        .limit(limit)
    ).all()


def mark_overdue_told(tx: Connection, item: Any, *, again: datetime, reminded: int) -> bool:
    """Record that somebody was told, how often, and when to tell again; False when somebody did so before."""
    w = t.work_item.c
    known = w.overdue_told_at.is_(None) if item.overdue_told_at is None else w.overdue_told_at == item.overdue_told_at
    statement = update(t.work_item).where(w.id == item.id, known)
    return tx.execute(statement.values(overdue_told_at=again, reminded=reminded)).rowcount == 1


# --- timers and subscriptions: projections of the engine's state -------------------------------------------------
def sync_waits(
    tx: Connection, case_id: int, table: Table, wanted: Sequence[Mapping[str, Any]], now: datetime, *, known: int
) -> None:
    """Make the case's rows of `table` (timers, subscriptions) be exactly `wanted`, by id, due dates included.

    `known`: how many rows there are, as the locked case row says.
    """
    if not wanted:
        if known:
            tx.execute(_no_more_waits(table), {"of_case": case_id})
        return
    rows = {row.id: row for row in tx.execute(_waits_of(table), {"of_case": case_id})} if known else {}
    ids = {row["id"] for row in wanted}
    gone = [id for id in rows if id not in ids]
    if gone:
        tx.execute(delete(table).where(table.c.case_id == case_id, table.c.id.in_(gone)))
    fresh = [{**row, "case_id": case_id, "opened_at": now} for row in wanted if row["id"] not in rows]
    if table is t.subscription:
        for one in fresh:
            meet(tx, one["name"], one["correlation"])
    if fresh:
        tx.execute(_more_waits(table), fresh)
    if table is t.timer:
        for row in wanted:
            if row["id"] in rows and rows[row["id"]].due_at != row["due_at"]:
                move_timer(tx, case_id, row["id"], due_at=row["due_at"], due=row["due"])


@cache
def _waits_of(table: Table) -> Any:
    return select(table).where(table.c.case_id == bindparam("of_case"))


@cache
def _no_more_waits(table: Table) -> Any:
    return delete(table).where(table.c.case_id == bindparam("of_case"))


@cache
def _more_waits(table: Table) -> Any:
    return insert(table)


def move_timer(tx: Connection, case_id: int, timer_id: str, *, due_at: datetime, due: str | None = None) -> None:
    """Another due instant for a timer; what is kept of its deadline changes when it is given."""
    values = {"due_at": due_at, "claimed_as": None} | ({} if due is None else {"due": due})
    tx.execute(update(t.timer).where(t.timer.c.case_id == case_id, t.timer.c.id == timer_id).values(**values))


def cases_with_due_timers(tx: Connection, now: datetime, limit: int) -> Sequence[int]:
    """Ids of the cases of so many due timers, the earliest first."""
    due = (
        select(t.timer.c.case_id)
        .join(t.case, t.case.c.id == t.timer.c.case_id)
        .where(t.timer.c.due_at <= now, t.case.c.state == CaseState.OPEN)
        .order_by(t.timer.c.due_at)
        .limit(limit)
    )
    return list(dict.fromkeys(tx.execute(due).scalars()))


def batch(until: datetime) -> str:
    """A token for a batch of timers: tokens sort by when their lease is over, so that one index serves both looks."""
    return f"{_lease(until)}{secrets.token_hex(12)}"


def _lease(until: datetime) -> str:
    return f"{until:%Y%m%d%H%M%S}-"


def claim_timers(tx: Connection, now: datetime, *, token: str, limit: int) -> int:
    """Take up to so many due timers of open cases, the earliest first, that nobody has; how many."""
    y = t.timer.alias()
    first = (
        select(y.c.case_id, y.c.id)
        .join(t.case, t.case.c.id == y.c.case_id)
        .where(y.c.claimed_as.is_(None), y.c.due_at <= now, t.among(t.case.c.state, (CaseState.OPEN,)))
        .order_by(y.c.due_at)
        .limit(limit)
        .with_for_update(of=y, skip_locked=True)
    )
    mine = update(t.timer).where(tuple_(t.timer.c.case_id, t.timer.c.id).in_(first))
    return tx.execute(mine.values(claimed_as=token)).rowcount


def let_go_of_timers(tx: Connection, leases: datetime) -> None:
    """What was claimed by whoever has died since, or was told of by a bell that was lost, may be claimed again."""
    lost = update(t.timer).where(t.timer.c.claimed_as.is_not(None), t.timer.c.claimed_as < _lease(leases))
    tx.execute(lost.values(claimed_as=None))


def timers_to_claim(tx: Connection, now: datetime, leases: datetime) -> tuple[bool, bool]:
    """Whether a due timer of an open case is in nobody's hands, and whether one is in hands that let go of it."""
    x = t.timer.c
    open_case = exists(select(1).where(t.case.c.id == x.case_id, t.among(t.case.c.state, (CaseState.OPEN,))))
    free = exists(select(1).select_from(t.timer).where(x.claimed_as.is_(None), x.due_at <= now, open_case))
    lost = exists(select(1).select_from(t.timer).where(x.claimed_as.is_not(None), x.claimed_as < _lease(leases)))
    row = tx.execute(select(free, lost)).one()
    return bool(row[0]), bool(row[1])


def claimed_cases(tx: Connection, token: str) -> list[int]:
    """Ids of the cases whose due timers are in a batch, the earliest first; none when it was lost."""
    x = t.timer.c
    first = select(x.case_id).where(x.claimed_as == token).group_by(x.case_id).order_by(func.min(x.due_at))
    return list(tx.execute(first).scalars())


def free_timers(tx: Connection, token: str) -> None:
    """A batch that nobody could be told of may be taken by others at once."""
    freed = update(t.timer).where(t.timer.c.claimed_as == token)
    tx.execute(freed.values(claimed_as=None))


# --- messages ----------------------------------------------------------------------------------------------------
def meet(tx: Connection, name: str, correlation: str) -> None:
    """From here to the end of the transaction nobody else sends this message or begins to wait for it.

    Each side looks for the other after it has written its own row: without this, on PostgreSQL, both could look
    before the other has committed, and the message would lie beside its receiver for ever. SQLite has one writer.
    """
    if tx.dialect.name != "sqlite":
        tx.execute(_MEET, {"place": f"{name}\n{correlation}"})


_MEET = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("place"), 0)))


def insert_message(tx: Connection, **values: Any) -> str:
    """A message that waits for its receiver; returns its id. An id that is already there changes nothing."""
    message_id = values.pop("id", None) or secrets.token_hex(16)
    meet(tx, values["name"], values["correlation"])
    if tx.execute(select(t.message.c.id).where(t.message.c.id == message_id)).first() is None:
        tx.execute(insert(t.message).values(**{"id": message_id, "state": MessageState.WAITING, **values}))
    return str(message_id)


def waiting_message(tx: Connection, name: str, correlation: str, now: datetime) -> Row[Any] | None:
    """The oldest waiting inbound message of that name and key."""
    return tx.execute(
        select(t.message)
        .where(
            t.message.c.name == name,
            t.message.c.correlation == correlation,
            t.message.c.state == MessageState.WAITING,
            t.message.c.direction == "in",
            or_(t.message.c.expires_at.is_(None), t.message.c.expires_at > now),
        )
        .order_by(t.message.c.sent_at)
        .limit(1)
    ).first()


def waiting_subscription(tx: Connection, name: str, correlation: str) -> Row[Any] | None:
    """A case that waits for that message now."""
    return tx.execute(
        select(t.subscription)
        .where(t.subscription.c.name == name, t.subscription.c.correlation == correlation)
        .limit(1)
    ).first()


def awaited_by(tx: Connection, case_number: str, name: str) -> Row[Any] | None:
    """What a case waits for under a message's name, if it is open."""
    s, c = t.subscription.c, t.case.c
    statement = select(t.subscription).join(t.case, c.id == s.case_id)
    return tx.execute(
        statement.where(c.number == case_number, c.state == CaseState.OPEN, s.name == name).limit(1)
    ).first()


def cases_begun_by(tx: Connection, case_id: int, number: str) -> Sequence[int]:
    """Ids of cases that began by a message of this one and have not ended."""
    m, c = t.message.c, t.case.c
    return (
        tx.execute(
            select(c.id)
            .join(t.message, m.consumed_case_id == c.id)
            .where(m.sender_case_id == case_id, c.started_by == number)
            .where(c.state.not_in((CaseState.COMPLETED, CaseState.CANCELLED)))
            .order_by(c.id)
        )
        .scalars()
        .all()
    )


def case_that_began(tx: Connection, case_id: int, started_by: str) -> int | None:
    """The id of the case whose message began this one, unless that has ended."""
    return tx.execute(
        select(t.case.c.id).where(
            t.case.c.number == started_by,
            t.case.c.id != case_id,
            t.case.c.state.not_in((CaseState.COMPLETED, CaseState.CANCELLED)),
        )
    ).scalar()


# --- jobs --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Claim:
    """A claimed job; every later write says its fence."""

    row: Row[Any]
    fence: int


def insert_job(
    tx: Connection,
    *,
    id: str,
    kind: str,
    type: str,
    case_id: int | None,
    now: datetime,
    process: str = "",
    element: str = "",
    path: str = "",
    inputs: str = "{}",
    priority: int = 5,
    run_at: datetime | None = None,
) -> None:
    """Machine work to be done after the commit."""
    tx.execute(
        insert(t.job).values(
            id=id,
            kind=kind,
            type=type,
            case_id=case_id,
            process=process,
            element=element,
            path=path,
            inputs=inputs,
            priority=priority,
            state=JobState.PENDING,
            run_at=run_at or now,
            attempts=0,
            fence=0,
            created_at=now,
        )
    )


def _runnable(now: Any, leases: Any = None) -> Any:
    """Jobs that may be claimed at `now`: pending, or left behind by a worker whose lease ran out (at `leases`).

    Work that moves a case waits while the case is stopped or suspended; letters and prints do not.
    """
    held = exists(
        select(1).where(
            t.case.c.id == t.job.c.case_id, t.among(t.case.c.state, (CaseState.INCIDENT, CaseState.SUSPENDED))
        )
    )
    left = or_(
        t.among(t.job.c.state, (JobState.PENDING,)) & (t.job.c.run_at <= now),
        t.among(t.job.c.state, (JobState.RUNNING,)) & (t.job.c.lease_until < (now if leases is None else leases)),
    )
    # said once more as the partial index says it: SQLite does not conclude it, and would look at every job there was
    open_job = t.among(t.job.c.state, (JobState.PENDING, JobState.RUNNING))
    return open_job & left & or_(t.job.c.kind.in_(("render", "notify", "cancel", "tell")), ~held)


def claim_job(
    tx: Connection,
    now: datetime,
    *,
    owner: str,
    lease: timedelta,
    case_id: int | None = None,
    job_id: str | None = None,
    at_most: int | None = None,
    leases: datetime | None = None,
) -> Claim | None:
    """The next job that may run, under a lease and a fresh fence; its attempt is counted before anything is tried.

    `job_id`: that one only. `at_most`: only jobs at least as urgent as that priority (small is urgent). `leases`: the
    instant by which leases are counted, where that is another clock than the one that says what is due.
    """
    leases = leases or now
    ready = (
        select(t.job.c.id)
        .where(_runnable(now, leases))
        .order_by(t.job.c.priority, t.job.c.run_at, t.job.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if case_id is not None:
        ready = ready.where(t.job.c.case_id == case_id)
    if job_id is not None:
        ready = ready.where(t.job.c.id == job_id)
    if at_most is not None:
        ready = ready.where(t.job.c.priority <= at_most)
    job_id = tx.execute(ready).scalar()
    if job_id is None:
        return None
    if not move(
        tx,
        t.job,
        {"id": job_id},
        "run",
        counting=("fence", "attempts"),
        lease_until=leases + lease,
        lease_owner=owner,
    ):
        return None
    row = tx.execute(select(t.job).where(t.job.c.id == job_id)).one()
    return Claim(row, row.fence)


def end_job(tx: Connection, claim: Claim, name: str, **values: Any) -> bool:
    """Finish, retry or give up a claimed job; False when the fence is old: then everything must be rolled back."""
    return move(tx, t.job, {"id": claim.row.id, "fence": claim.fence}, name, **values)


def drop_jobs(tx: Connection, ids: Sequence[str]) -> None:
    """Service jobs whose step the case left behind need no longer be done."""
    if ids:
        tx.execute(_DROP_JOBS, {"jobs": list(ids)})


_DROP_JOBS = (
    update(t.job)
    .where(t.job.c.id.in_(bindparam("jobs", expanding=True)), t.among(t.job.c.state, LIVE_JOB))
    .values(state=JobState.DONE, fence=t.job.c.fence + 1, last_error="dropped")
)


_ANYTHING_DUE = select(
    or_(
        exists(
            select(1)
            .select_from(t.timer.join(t.case, t.case.c.id == t.timer.c.case_id))
            .where(t.timer.c.due_at <= bindparam("now"), t.among(t.case.c.state, (CaseState.OPEN,)))
        ),
        exists(select(1).select_from(t.job).where(_runnable(bindparam("now", type_=Instant)))),
    )
)


def anything_due(tx: Connection, now: datetime) -> bool:
    """Whether a timer of an open case or a job is due: one indexed look."""
    return bool(tx.execute(_ANYTHING_DUE, {"now": now}).scalar())


def ready_jobs(tx: Connection, now: datetime) -> int:
    """How many jobs may run now."""
    return int(tx.execute(select(func.count()).select_from(t.job).where(_runnable(now))).scalar_one())


def oldest_ready_job(tx: Connection, now: datetime) -> datetime | None:
    """Since when the oldest job that may run has been waiting; jobs of cases that stand still do not wait."""
    found: datetime | None = tx.execute(select(func.min(t.job.c.run_at)).where(_runnable(now))).scalar()
    return found


def ready_job_ids(tx: Connection, now: datetime, limit: int) -> Sequence[tuple[str, int]]:
    """Ids and priorities of jobs that may run now, the most urgent first."""
    found = tx.execute(
        select(t.job.c.id, t.job.c.priority)
        .where(_runnable(now))
        .order_by(t.job.c.priority, t.job.c.run_at, t.job.c.id)
        .limit(limit)
    )
    return [(row.id, row.priority) for row in found]


def renew_lease(tx: Connection, claim: Claim, until: datetime) -> bool:
    """The worker is still at it; False when somebody else has the job by now."""
    statement = update(t.job).where(
        t.job.c.id == claim.row.id, t.job.c.fence == claim.fence, t.job.c.state == JobState.RUNNING
    )
    return tx.execute(statement.values(lease_until=until)).rowcount == 1


def beat(tx: Connection, worker: str, now: datetime, done: int) -> None:
    """A worker was here, and has done so much since it began."""
    seen = update(t.worker).where(t.worker.c.id == worker).values(seen_at=now, done=done)
    if tx.execute(seen).rowcount == 0:
        tx.execute(insert(t.worker).values(id=worker, started_at=now, seen_at=now, done=done))


def forget_workers(tx: Connection, before: datetime) -> None:
    """Workers that were last seen before that instant are gone for good."""
    tx.execute(delete(t.worker).where(t.worker.c.seen_at < before))


# --- whole stores (moving.py) ------------------------------------------------------------------------------------
def clear(tx: Connection, tables: Sequence[Table]) -> None:
    """Take every row out of these tables, in this order."""
    for table in tables:
        tx.execute(delete(table))


def insert_rows(tx: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows of another store, as they are."""
    tx.execute(insert(table), list(rows))


def count_on(tx: Connection) -> None:
    """PostgreSQL: new rows go on counting behind the highest id."""
    if tx.dialect.name == "sqlite":
        return
    for table in t.metadata.sorted_tables:
        if "id" in table.c and table.c.id.type.python_type is int and inspect(tx).has_table(table.name):
            named = select(func.pg_get_serial_sequence(f'"{table.name}"', "id"))
            sequence, last = tx.execute(named).scalar(), tx.execute(select(func.max(table.c.id))).scalar()
            if sequence is not None and last is not None:
                tx.execute(select(func.setval(sequence, last)))


# --- repairs -----------------------------------------------------------------------------------------------------
def close_incident(tx: Connection, incident_id: int, *, now: datetime, resolution: str) -> bool:
    """Mark an incident as dealt with; False when somebody did so before."""
    statement = update(t.incident).where(t.incident.c.id == incident_id, t.incident.c.resolved_at.is_(None))
    return tx.execute(statement.values(resolved_at=now, resolution=resolution)).rowcount == 1


def revive_job(tx: Connection, job_id: str, now: datetime) -> bool:
    """A job that was given up may be tried again, with all its attempts."""
    return move(tx, t.job, {"id": job_id}, "revive", counting=("fence",), run_at=now, attempts=0, last_error=None)


def expire_messages(tx: Connection, now: datetime, reason: str) -> int:
    """Messages that no case sent, whose time to live has run out."""
    m = t.message.c
    over = update(t.message).where(m.state == MessageState.WAITING, m.expires_at.is_not(None), m.expires_at <= now)
    return tx.execute(over.where(m.sender_case_id.is_(None)).values(state=MessageState.EXPIRED, reason=reason)).rowcount


def hand_out(tx: Connection, message_id: str, token: str, now: datetime) -> bool:
    """The file of that token is the one that a message is laid out by; False when there is one, or it has ended."""
    m = t.message.c
    mine = update(t.message).where(m.id == message_id, m.handed_at.is_(None), m.state == MessageState.WAITING)
    return tx.execute(mine.values(handed_at=now, handed_as=token)).rowcount == 1


def hand_out_again(tx: Connection, message_id: str) -> None:
    """A message is laid out once more: its file was lost, or its receiver asks for it."""
    tx.execute(update(t.message).where(t.message.c.id == message_id).values(handed_at=None, handed_as=None))


def unmet(tx: Connection, limit: int) -> Sequence[Any]:
    """Waiting messages whose receiver waits too, in an open case, without a job that brings them together."""
    other = t.job.alias()
    brought = exists(
        select(1).where(
            other.c.kind == "message",
            t.among(other.c.state, LIVE_JOB),
            other.c.inputs == literal('{"message":"') + t.message.c.id + literal('"}'),
        )
    )
    return tx.execute(
        select(t.message.c.id, t.message.c.name, t.subscription.c.case_id)
        .join(
            t.subscription,
            (t.subscription.c.name == t.message.c.name) & (t.subscription.c.correlation == t.message.c.correlation),
        )
        .join(t.case, t.case.c.id == t.subscription.c.case_id)
        .where(t.message.c.state == MessageState.WAITING, t.case.c.state == CaseState.OPEN, ~brought)
        .where(t.message.c.receiver.is_(None))
        .order_by(t.message.c.sent_at)
        .limit(limit)
    ).all()


def insert_suspension(tx: Connection, case_id: int, *, since: datetime, reason: str, by: str) -> None:
    """The clocks of a case stand still from now on."""
    tx.execute(insert(t.suspension).values(case_id=case_id, since=since, reason=reason, suspended_by=by))


def end_suspension(tx: Connection, case_id: int, *, until: datetime, by: str) -> Row[Any] | None:
    """The clocks go on; returns since when they stood and why, or None when they did not stand."""
    open_row = tx.execute(
        select(t.suspension).where(t.suspension.c.case_id == case_id, t.suspension.c.until.is_(None))
    ).first()
    if open_row is None:
        return None
    tx.execute(update(t.suspension).where(t.suspension.c.id == open_row.id).values(until=until, resumed_by=by))
    return open_row


def ended_suspensions(tx: Connection, case_id: int) -> Sequence[Any]:
    """When a case stood still and went on again, the oldest first."""
    s = t.suspension.c
    return tx.execute(
        select(s.since, s.until, s.reason).where(s.case_id == case_id, s.until.is_not(None)).order_by(s.since)
    ).all()


def open_items(tx: Connection, case_id: int) -> Sequence[Any]:
    """Open items of a case with what is kept of their deadlines."""
    w = t.work_item.c
    return tx.execute(
        select(w.id, w.element, w.path, w.name, w.department_id, w.due_at, w.due).where(
            w.case_id == case_id, t.among(w.state, OPEN_ITEM)
        )
    ).all()


def open_due_items(tx: Connection, case_id: int) -> Sequence[Any]:
    """Open items of a case that have a due date."""
    w = t.work_item.c
    return tx.execute(
        select(w.id, w.element, w.path, w.name, w.department_id, w.due_at, w.due).where(
            w.case_id == case_id, t.among(w.state, OPEN_ITEM), w.due_at.is_not(None)
        )
    ).all()


def move_due(tx: Connection, item_id: str, *, due_at: datetime | None, due: str) -> None:
    """Another due date for an item, and what is kept of it; its department is told again when that passes."""
    values = {"due_at": due_at, "due": due, "overdue_told_at": None}
    tx.execute(update(t.work_item).where(t.work_item.c.id == item_id).values(**values))


def insert_repair(tx: Connection, **values: Any) -> int:
    """A repair that waits for a second person; returns its number."""
    return _insert(tx, t.repair, state="asked", **values)


def insert_incident(
    tx: Connection, *, case_id: int, element: str, code: str, message: str, now: datetime, job_id: str | None = None
) -> None:
    """The machine stopped; a person is needed."""
    tx.execute(
        insert(t.incident).values(
            case_id=case_id, job_id=job_id, element=element, code=code, message=message, opened_at=now
        )
    )


# --- history -----------------------------------------------------------------------------------------------------
_INSERT_HISTORY = insert(t.history)
_INSERT_CONTENT = insert(t.history_content)


class History:
    """Entries of one case in one transaction: collected, chained, and written at once by `flush`."""

    def __init__(self, case_number: str, length: int, head: str) -> None:
        self.case_number = case_number
        self.length = length
        self.head = head
        self._entries: list[dict[str, Any]] = []
        self._contents: list[dict[str, Any]] = []

    def add(
        self,
        kind: str,
        *,
        actor: Actor,
        at: datetime,
        element: str | None = None,
        content: Mapping[str, Any] | None = None,
    ) -> None:
        """One more line. `content` is committed to by a salted hash and stored apart."""
        self.length += 1
        text = dumps(dict(content or {}))
        salt = secrets.token_hex(16)
        committed = chain.commitment(salt, text)
        self.head = chain.entry_hash(
            self.case_number, self.length, kind, element, actor.clerk, at, self.head, committed
        )
        self._entries.append(
            {
                "sequence": self.length,
                "kind": kind,
                "element": element,
                "actor": actor.clerk,
                "at": at,
                "commitment": committed,
                "hash": self.head,
            }
        )
        self._contents.append({"sequence": self.length, "salt": salt, "content": text})

    def flush(self, tx: Connection, case_id: int) -> None:
        """Write what was added. The caller writes `length` and `head` to the case row in the same transaction."""
        if self._entries:
            tx.execute(_INSERT_HISTORY, [{**row, "case_id": case_id} for row in self._entries])
            tx.execute(_INSERT_CONTENT, [{**row, "case_id": case_id} for row in self._contents])
            self._entries, self._contents = [], []


# --- documents, numbers, files -----------------------------------------------------------------------------------
def give_signal(tx: Connection, *, id: str, subject_id: int, name: str, payload: str, now: datetime, by: str) -> bool:
    """Write down what happened to a subject; False when that was written down before."""
    return _insert_once(
        tx, t.signal, id=id, subject_id=subject_id, name=name, payload=payload, given_at=now, given_by=by
    )


def hear_signal(tx: Connection, signal_id: str, case_id: int) -> bool:
    """A case hears a signal; False when it has heard it before."""
    return _insert_once(tx, t.hearing, signal_id=signal_id, case_id=case_id)


def settle_signal(tx: Connection, signal_id: str, now: datetime) -> None:
    """Nobody is left who should hear a signal."""
    s = t.signal.c
    tx.execute(update(t.signal).where(s.id == signal_id, s.settled_at.is_(None)).values(settled_at=now))


def keep_draft(tx: Connection, item_id: str, clerk: str, answers: str, now: datetime) -> None:
    """What a clerk has answered so far of an item's form, in place of what was kept before."""
    statement = _upsert(tx, t.draft).values(item_id=item_id, clerk=clerk, answers=answers, saved_at=now)
    kept = {"answers": statement.excluded.answers, "saved_at": statement.excluded.saved_at}
    tx.execute(statement.on_conflict_do_update(index_elements=["item_id", "clerk"], set_=kept))


def drop_draft(tx: Connection, item_id: str, clerk: str) -> None:
    """Forget a draft."""
    tx.execute(delete(t.draft).where(t.draft.c.item_id == item_id, t.draft.c.clerk == clerk))


def drop_drafts_of_closed_items(tx: Connection) -> int:
    """Forget what was kept for items that are over; how many drafts."""
    item = t.work_item.c
    over = exists(select(1).where(item.id == t.draft.c.item_id, item.state.not_in(OPEN_ITEM)))
    return tx.execute(delete(t.draft).where(over)).rowcount


def next_number(tx: Connection, issuer: str, kind: str, year: int) -> int:
    """The next number of a series: without gap, because it is taken in the transaction that uses it (decision 11)."""
    statement = (
        _upsert(tx, t.number_series)
        .values(issuer=issuer, kind=kind, year=year, last=1)
        .on_conflict_do_update(
            index_elements=["issuer", "kind", "year"], set_={"last": literal_column("number_series.last") + 1}
        )
        .returning(t.number_series.c.last)
    )
    return int(tx.execute(statement).scalar_one())


def insert_document(tx: Connection, **values: Any) -> None:
    """A numbered and frozen document, or a received paper; `ordinal` counts the documents of the (locked) case."""
    last = tx.execute(select(func.max(t.document.c.ordinal)).where(t.document.c.case_id == values["case_id"])).scalar()
    tx.execute(insert(t.document).values(ordinal=(last or 0) + 1, **values))


def add_document_event(
    tx: Connection, document_id: str, kind: str, *, at: datetime, party: str, content: Mapping[str, Any] | None = None
) -> None:
    """A seal, delivery or scan on a document's row; delivery, supersession and voiding move its state too."""
    last = tx.execute(
        select(func.max(t.document_event.c.sequence)).where(t.document_event.c.document_id == document_id)
    ).scalar()
    tx.execute(
        insert(t.document_event).values(
            document_id=document_id,
            sequence=(last or 0) + 1,
            kind=kind,
            at=at,
            party=party,
            content=dumps(dict(content or {})),
        )
    )
    moves = {"delivered": "deliver", "superseded": "supersede", "voided": "void"}
    if kind in moves:
        move(tx, t.document, {"id": document_id}, moves[kind])


def record_pdf(tx: Connection, document_id: str, *, sha256: str, pages: int) -> bool:
    """The rendered bytes' hash, once; False when it was recorded before."""
    statement = update(t.document).where(t.document.c.id == document_id, t.document.c.pdf_sha256.is_(None))
    return tx.execute(statement.values(pdf_sha256=sha256, pages=pages)).rowcount == 1


def current_documents(tx: Connection, case_id: int) -> Sequence[Row[Any]]:
    """Documents of a case that stand (neither superseded nor void), oldest first."""
    return tx.execute(
        select(t.document)
        .where(
            t.document.c.case_id == case_id, t.document.c.state.not_in((DocumentState.SUPERSEDED, DocumentState.VOID))
        )
        .order_by(t.document.c.ordinal)
    ).all()


def record_file(tx: Connection, *, sha256: str, size: int, media_type: str, now: datetime, actor: Actor) -> None:
    """A file in the file store; the same content again is the same row."""
    if tx.execute(select(t.file.c.sha256).where(t.file.c.sha256 == sha256)).first() is None:
        tx.execute(
            insert(t.file).values(sha256=sha256, size=size, media_type=media_type, stored_at=now, stored_by=actor.clerk)
        )


def insert_notification(
    tx: Connection, *, case_id: int | None, department_id: str, kind: str, text: str, now: datetime
) -> str:
    """A notification for a department, to be carried out after the commit; returns its stable id."""
    notification_id = secrets.token_hex(16)
    tx.execute(
        insert(t.notification).values(
            id=notification_id, case_id=case_id, department_id=department_id, kind=kind, text=text, created_at=now
        )
    )
    return notification_id


def mark_notified(tx: Connection, notification_id: str, now: datetime) -> None:
    """The notification left the house."""
    tx.execute(
        update(t.notification)
        .where(t.notification.c.id == notification_id, t.notification.c.delivered_at.is_(None))
        .values(delivered_at=now)
    )


def take_key(tx: Connection, *, key: str, actor: Actor, request: str, now: datetime) -> bool:
    """Begin a keyed request; False when it was begun before. Whoever asks with the same key at the same moment waits
    here, until the first has its answer or has failed."""
    return _insert_once(tx, t.idempotency, key=key, actor=actor.clerk, request=request, answer="", at=now)


def remember_answer(tx: Connection, *, key: str, answer: Any) -> None:
    """The answer to a keyed request, so that asking twice does the work once."""
    text = json.dumps(answer, ensure_ascii=False)
    tx.execute(update(t.idempotency).where(t.idempotency.c.key == key).values(answer=text))


def insert_absence(
    tx: Connection,
    *,
    absent: str,
    substitute: str,
    valid_from: date,
    valid_to: date,
    reason: str,
    by: str,
    now: datetime,
) -> int:
    """Somebody stands in for somebody; returns the absence's id."""
    statement = insert(t.absence).values(
        absent=absent,
        substitute=substitute,
        valid_from=valid_from,
        valid_to=valid_to,
        reason=reason,
        set_by=by,
        set_at=now,
    )
    return int(tx.execute(statement.returning(t.absence.c.id)).scalar_one())


def end_absence(tx: Connection, id: int, *, on: date, by: str) -> None:
    """Whoever was away is back from that day."""
    a = t.absence.c
    tx.execute(update(t.absence).where(a.id == id, a.ended_on.is_(None)).values(ended_on=on, ended_by=by))


def replace_people(
    tx: Connection,
    *,
    clerks: Sequence[Mapping[str, Any]],
    memberships: Sequence[Mapping[str, Any]],
    substitutions: Sequence[Mapping[str, Any]],
) -> None:
    """Clerks, memberships and substitutions of the organisation in force; former clerks keep their names."""
    tx.execute(delete(t.membership))
    tx.execute(delete(t.substitution))
    known = set(tx.execute(select(t.clerk.c.id)).scalars())
    for row in clerks:
        if row["id"] in known:
            tx.execute(update(t.clerk).where(t.clerk.c.id == row["id"]).values(**row))
    fresh = [row for row in clerks if row["id"] not in known]
    for table, rows in ((t.clerk, fresh), (t.membership, memberships), (t.substitution, substitutions)):
        if rows:
            tx.execute(insert(table), list(rows))
