"""What must be true of the store, whatever has died: read from the tables, not through the runtime that wrote them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, func, select, text

from workflow_runtime import tables as t
from workflow_runtime.model import SYSTEM, CaseState, ItemState, JobState, MessageState
from workflow_runtime.runtime import Runtime


def faults(runtime: Runtime, number: str, acknowledged: Iterable[tuple[str, Any]] = ()) -> list[str]:
    """Everything that is wrong with a finished case, and with the store as a whole."""
    with runtime._database.read() as tx:
        found = [*of_case(tx, runtime, number), *of_store(tx), *of_acknowledged(tx, acknowledged)]
    broken = runtime.verify_history(number, actor=SYSTEM)
    if broken is not None:
        found.append(f"history of {number} does not verify from entry {broken}")
    return found


def of_case(tx: Connection, runtime: Runtime, number: str) -> list[str]:
    """Completions, timers, standings, messages, jobs, documents and notices of one finished case."""
    found: list[str] = []
    case = tx.execute(select(t.case).where(t.case.c.number == number)).one()
    if case.state not in (CaseState.COMPLETED, CaseState.CANCELLED):
        found.append(f"{number} is {case.state}")
    items = tx.execute(select(t.work_item).where(t.work_item.c.case_id == case.id)).all()
    done = Counter(one.element for one in items if one.state == ItemState.COMPLETED)
    entries = tx.execute(
        select(t.history.c.kind, t.history.c.element, t.history_content.c.content)
        .join(
            t.history_content,
            (t.history_content.c.case_id == t.history.c.case_id)
            & (t.history_content.c.sequence == t.history.c.sequence),
        )
        .where(t.history.c.case_id == case.id)
        .order_by(t.history.c.sequence)
    ).all()
    told = Counter(one.element for one in entries if one.kind == "completed")
    if done != told:
        found.append(f"{number}: completed items {dict(done)}, history says {dict(told)}")
    left = [one.element for one in items if one.state in (ItemState.READY, ItemState.RESERVED)]
    if left:
        found.append(f"{number}: items left open: {left}")
    passed = Counter(line[1] for one in entries for line in json.loads(one.content).get("passed", ()) if line[0] == "c")
    checks = sum(1 for one in items if one.element == "check")
    if passed["remind"] > checks:
        found.append(f"{number}: {passed['remind']} reminders for {checks} checks")
    for table in (t.timer, t.subscription):
        rows = tx.execute(select(func.count()).select_from(table).where(table.c.case_id == case.id)).scalar_one()
        if rows:
            found.append(f"{number}: {rows} rows left in {table.name}")
    found += _jobs(tx, case)
    found += _messages(tx, case)
    found += _notices(tx, runtime, case)
    found += _documents(tx, runtime, case)
    found += _standings(tx, case.subject_id)
    return found


def _jobs(tx: Connection, case: Any) -> list[str]:
    states = Counter(tx.execute(select(t.job.c.state).where(t.job.c.case_id == case.id)).scalars())
    return [f"{case.number}: {count} jobs {state}" for state, count in states.items() if state != JobState.DONE]


def _messages(tx: Connection, case: Any) -> list[str]:
    found = []
    sent = tx.execute(select(t.message).where(t.message.c.sender_case_id == case.id)).all()
    wanted = 1 if case.state == CaseState.COMPLETED else 0
    if len(sent) != wanted:
        found.append(f"{case.number}: {len(sent)} messages sent, not {wanted}")
    if case.state == CaseState.COMPLETED:
        taken = tx.execute(select(t.message).where(t.message.c.consumed_case_id == case.id)).all()
        if [one.state for one in taken] != [MessageState.CONSUMED]:
            found.append(f"{case.number}: messages taken: {[(one.id, one.state) for one in taken]}")
    return found


def _notices(tx: Connection, runtime: Runtime, case: Any) -> list[str]:
    found = []
    rows = tx.execute(select(t.notification).where(t.notification.c.case_id == case.id)).all()
    notices = [one for one in rows if one.kind == "notice"]
    if len(notices) != (1 if case.state == CaseState.COMPLETED else 0):
        found.append(f"{case.number}: {len(notices)} notices")
    for one in rows:
        letters = list(runtime._settings.outbox.glob(f"*-{one.id}.json"))
        if one.delivered_at is None or len(letters) != 1:
            found.append(f"{case.number}: notification {one.kind} delivered {one.delivered_at}, letters {len(letters)}")
    return found


def _documents(tx: Connection, runtime: Runtime, case: Any) -> list[str]:
    found = []
    rows = tx.execute(select(t.document).where(t.document.c.case_id == case.id, t.document.c.origin == "issued")).all()
    if len(rows) != (1 if case.state == CaseState.COMPLETED else 0):
        found.append(f"{case.number}: {len(rows)} documents issued")
    for row in rows:
        path = runtime._files.path(row.pdf_sha256) if row.pdf_sha256 else None
        if path is None or not path.exists():
            found.append(f"{row.number}: no PDF")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != row.pdf_sha256:
            found.append(f"{row.number}: the PDF is not what was recorded")
    return found


def _standings(tx: Connection, subject_id: int) -> list[str]:
    found = []
    rows = tx.execute(
        select(t.standing)
        .where(t.standing.c.subject_id == subject_id)
        .order_by(t.standing.c.kind, t.standing.c.valid_from, t.standing.c.id)
    ).all()
    for kind in {row.kind for row in rows}:
        chain = [row for row in rows if row.kind == kind]
        if [row.valid_to for row in chain[:-1]] != [row.valid_from for row in chain[1:]] or chain[
            -1
        ].valid_to is not None:
            found.append(f"subject {subject_id}: gaps in {kind}: {[(row.valid_from, row.valid_to) for row in chain]}")
    return found


def of_store(tx: Connection) -> list[str]:
    """Numbers without gaps or duplicates, and nothing that points nowhere."""
    found = []
    given = {(row.kind.lower(), row.year): row.last for row in tx.execute(select(t.number_series))}
    used: dict[tuple[str, int], list[int]] = {}
    for row in tx.execute(select(t.document.c.number, t.document.c.code).where(t.document.c.origin == "issued")):
        used.setdefault((row.code.lower(), *_year_and_count(row.number)[:1]), []).append(_year_and_count(row.number)[1])
    for kind, numbers in (("case.p16", select(t.case.c.number)), ("subject.child", select(t.subject.c.number))):
        for number in tx.execute(numbers).scalars():
            year, count = _year_and_count(number)
            used.setdefault((kind, year), []).append(count)
    for key in given.keys() | used.keys():
        taken, last = sorted(used.get(key, [])), given.get(key, 0)
        if taken != list(range(1, last + 1)):
            missing = sorted(set(range(1, last + 1)) - set(taken))[:5]
            found.append(f"{key}: {len(taken)} used, {last} given, missing {missing}")
    return found


def _year_and_count(number: str) -> tuple[int, int]:
    *_head, year, count = number.split("-")
    return int(year), int(count)


def of_acknowledged(tx: Connection, acknowledged: Iterable[tuple[str, Any]]) -> list[str]:
    """Nothing that a person was told is missing."""
    looks: Mapping[str, Any] = {
        "registered": lambda what: select(t.subject.c.id).where(t.subject.c.number == what),
        "started": lambda what: select(t.case.c.id).where(t.case.c.number == what),
        "claimed": lambda what: select(t.work_item.c.id).where(
            t.work_item.c.id == what, (t.work_item.c.clerk.is_not(None)) | (t.work_item.c.state == ItemState.OBSOLETE)
        ),
        "completed": lambda what: select(t.work_item.c.id).where(
            t.work_item.c.id == what, t.work_item.c.state == ItemState.COMPLETED
        ),
        "filed": lambda what: select(t.file.c.sha256).where(t.file.c.sha256 == what),
        "sent": lambda what: select(t.message.c.id).where(t.message.c.id == what),
        "fired": lambda what: (
            select(t.history.c.sequence)
            .join(t.case, t.case.c.id == t.history.c.case_id)
            .where(t.case.c.number == what, t.history.c.kind == "timer_fired")
        ),
        "signalled": lambda what: (
            select(t.history.c.sequence)
            .join(t.case, t.case.c.id == t.history.c.case_id)
            .where(t.case.c.number == what[0], t.history.c.kind == "signal_received")
        ),
        "mended": lambda what: (
            select(t.history.c.sequence)
            .join(t.case, t.case.c.id == t.history.c.case_id)
            .where(t.case.c.number == what[0], t.history.c.kind == what[1])
        ),
        "withdrawn": lambda what: (
            select(t.history.c.sequence)
            .join(t.case, t.case.c.id == t.history.c.case_id)
            .where(t.case.c.number == what, t.history.c.kind == "withdrawn")
        ),
    }
    return [
        f"{what} {facts} was acknowledged and is lost"
        for what, facts in acknowledged
        if tx.execute(looks[what](facts)).first() is None
    ]


def integrity(tx: Connection) -> list[str]:
    """What SQLite itself thinks of its file."""
    if tx.dialect.name != "sqlite":
        return []
    answer = tx.execute(text("PRAGMA integrity_check")).scalar_one()
    broken = tx.execute(text("PRAGMA foreign_key_check")).all()
    return ([] if answer == "ok" else [f"integrity_check: {answer}"]) + [f"foreign key: {tuple(row)}" for row in broken]
