"""Backup, restore, and the way from one store to another: every row of every table, from one moment, then checked.

A backup is a SQLite file of the same schema, whatever the store it was taken from, with the files of the cases beside
it: so a backup of SQLite restored into PostgreSQL is the move to a cluster, and the way back is a copy to look at.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, insert, inspect, select, text

from workflow_runtime import migrations, pages, queries
from workflow_runtime import tables as t
from workflow_runtime.database import Database
from workflow_runtime.errors import NotAllowed, NotFound, StoreError, WrongSchema
from workflow_runtime.files import FileStore, write_durably
from workflow_runtime.i18n import _
from workflow_runtime.model import SYSTEM
from workflow_runtime.settings import Settings, shown

#: Told after every batch: what is copied, rows so far, rows in all.
Progress = Callable[[str, int, int], None]
BATCH = 500


@dataclass(frozen=True, slots=True)
class Moved:
    """What was copied."""

    rows: int
    cases: int
    files: int


def backup(settings: Settings, target: Path, *, progress: Progress | None = None) -> Moved:
    """Everything as it is at this moment, as the file `target` and the folder `target`.files.

    Raises NotAllowed when the file exists, StoreFull when there is no room.
    """
    if target.exists():
        raise NotAllowed(_("{where} exists; name a file that does not, so that no backup is lost").format(where=target))
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".part-{os.getpid()}-{target.name}")
    try:
        with _opened(settings.database) as source, _opened(f"sqlite:///{part}") as goal:
            moved = _copied(source, goal, progress)
        files = _files(FileStore(settings.files), FileStore(Path(f"{target}.files")), progress)
        os.replace(part, target)
    finally:
        for leftover in target.parent.glob(f"{part.name}*"):
            leftover.unlink()
    return Moved(moved.rows, moved.cases, files)


def restore(backup: Path, settings: Settings, *, progress: Progress | None = None) -> Moved:
    """A backup into an empty store; every history is verified before anything is kept.

    Raises NotFound, NotAllowed when the store holds rows, StoreError when the backup does not verify.
    """
    if not backup.is_file():
        raise NotFound(_("there is no backup {where}").format(where=backup))
    with _opened(f"sqlite:///{backup}") as source, _opened(settings.database) as goal:
        moved = _copied(source, goal, progress)
    files = _files(FileStore(Path(f"{backup}.files")), FileStore(settings.files), progress)
    return Moved(moved.rows, moved.cases, files)


def broken_histories(tx: Connection) -> list[str]:
    """Numbers of cases whose chain of history does not verify."""
    found = []
    for number in tx.execute(select(t.case.c.number).order_by(t.case.c.id)).scalars().all():
        row = queries.case_row(tx, SYSTEM, number)
        if row is None or pages.first_broken_entry(tx, row) is not None:
            found.append(str(number))
    return found


@contextmanager
def _opened(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def _one_moment(database: Database) -> Iterator[Connection]:
    """A read that sees the store as it was at its beginning, whatever others write meanwhile."""
    with database.read() as tx:
        if not database.is_sqlite:
            tx.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield tx


def _copied(source: Database, goal: Database, progress: Progress | None) -> Moved:
    with goal.begin() as out:
        if migrations.version(out) is None:
            migrations.upgrade(out)
        _refuse_full(out, goal)
        with _one_moment(source) as tx:
            found = migrations.version(tx)
            if found != migrations.HEAD:
                raise WrongSchema(
                    _(
                        "{where} has the schema {found}, this program knows {head}; run “xieban db upgrade” first"
                    ).format(where=shown(source.url), found=found, head=migrations.HEAD)
                )
            copied = sum(_table(tx, out, name, progress) for name in _order())
        _count_on(out)
        broken = broken_histories(out)
        if broken:
            raise StoreError(
                _("the history of {cases} does not verify; nothing was kept").format(cases=", ".join(broken[:5]))
            )
        cases = out.execute(select(func.count()).select_from(t.case)).scalar_one()
    return Moved(copied, int(cases), 0)


def _order() -> list[str]:
    return [table.name for table in t.metadata.sorted_tables]


def _refuse_full(out: Connection, goal: Database) -> None:
    """Only what `init` brings may be there; it is taken out again."""
    for table in (t.case, t.subject, t.procedure_version, t.document):
        if out.execute(select(table).limit(1)).first() is not None:
            raise NotAllowed(_("{where} holds cases already; restore into an empty one").format(where=shown(goal.url)))
    for name in reversed(_order()):
        out.execute(t.metadata.tables[name].delete())


def _table(tx: Connection, out: Connection, name: str, progress: Progress | None) -> int:
    table = t.metadata.tables[name]
    total = int(tx.execute(select(func.count()).select_from(table)).scalar_one())
    done = 0
    rows = tx.execute(select(table).order_by(*table.primary_key.columns).execution_options(yield_per=BATCH))
    for part in rows.mappings().partitions(BATCH):
        out.execute(insert(table), [dict(row) for row in part])
        done += len(part)
        if progress is not None:
            progress(name, done, total)
    if done != total:
        raise StoreError(
            _("{table}: {total} rows were announced, {done} came").format(table=name, total=total, done=done)
        )
    return done


def _count_on(out: Connection) -> None:
    """PostgreSQL: new rows go on counting behind the highest id."""
    if out.dialect.name == "sqlite":
        return
    for table in t.metadata.sorted_tables:
        if "id" in table.c and table.c.id.type.python_type is int and inspect(out).has_table(table.name):
            found = out.execute(
                text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": f'"{table.name}"'}
            ).scalar()
            if found is not None:
                last = out.execute(select(func.max(table.c.id))).scalar()
                if last is not None:
                    out.execute(text("SELECT setval(:sequence, :last)"), {"sequence": found, "last": last})


def _files(source: FileStore, goal: FileStore, progress: Progress | None) -> int:
    found = [path for path in sorted(source.folder.glob("??/*")) if not path.name.startswith(".part-")]
    for number, path in enumerate(found, 1):
        target = goal.path(path.name)
        if not target.exists():
            write_durably(target, source.get(path.name))
        if progress is not None:
            progress("files", number, len(found))
    return len(found)
