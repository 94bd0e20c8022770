"""Backup, restore, export and import: every row of every table, from one moment, then compared and checked.

There is one way in and one way out, whatever stands at the other end. A backup is a SQLite file of the same schema,
with the files of the cases beside it; an archive (archive.py) is one portable file. Both are taken from either
store and go into either store, so both are the move from one office to a cluster, and the way back.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection

from workflow_runtime import archive, migrations, pages, queries, store
from workflow_runtime import tables as t
from workflow_runtime.database import Database
from workflow_runtime.errors import NotAllowed, NotFound, StoreError, StoreFull, WrongSchema
from workflow_runtime.files import FileStore, write_durably
from workflow_runtime.i18n import _
from workflow_runtime.machine import Clock, utc_now
from workflow_runtime.model import SYSTEM
from workflow_runtime.settings import Settings, shown

#: Told after every batch: what is copied, rows so far, rows in all.
Progress = Callable[[str, int, int], None]
BATCH = archive.BATCH


@dataclass(frozen=True, slots=True)
class Moved:
    """What was copied. `missing`: files that a case has and the file store does not; they were missing before."""

    rows: int
    cases: int
    files: int
    missing: tuple[str, ...] = ()
    sha256: str = ""  #: of the archive, to be told to whoever imports it
    until: datetime | None = None  #: the last entry of any history: what was done later is not in it


class _Source(Protocol):
    """Where rows come from: a store, or an archive."""

    @property
    def where(self) -> str: ...
    @property
    def schema(self) -> str | None: ...
    def count(self, name: str) -> int: ...
    def rows(self, name: str) -> Iterable[Sequence[Any]]: ...


class _Store:
    """A store as a source, as it was at one moment."""

    def __init__(self, tx: Connection, url: str) -> None:
        self._tx = tx
        self.where = shown(url)
        self.schema = migrations.version(tx)

    def count(self, name: str) -> int:
        """How many rows a table has."""
        return queries.count(self._tx, t.metadata.tables[name])

    def rows(self, name: str) -> Iterator[Sequence[Any]]:
        """The rows of a table, in the order of its key."""
        yield from queries.every_row(self._tx, t.metadata.tables[name], BATCH)

    def until(self) -> datetime | None:
        """When the last entry of any history was made."""
        return queries.last_entry(self._tx)

    def files(self) -> list[str]:
        """Hashes of all files that a case has: handed in, or printed."""
        return queries.every_file(self._tx)


def backup(settings: Settings, target: Path, *, progress: Progress | None = None) -> Moved:
    """Everything as it is at this moment, as the file `target` and the folder `target`.files.

    Raises NotAllowed when the file exists, StoreFull when there is no room.
    """
    with _fresh(target) as part, _opened(f"sqlite:///{part}") as goal, _at_one_moment(settings, part) as source:
        rows, cases, until = _copied(source, goal, progress)
        files, missing = _files(source.files(), FileStore(settings.files), FileStore(_beside(target)), progress)
        goal.close()
        os.replace(part, target)
    return Moved(rows, cases, files, missing, until=until)


def restore(backup: Path, settings: Settings, *, progress: Progress | None = None) -> Moved:
    """A backup into an empty store; every row is compared and every history verified before anything is kept.

    Raises NotFound, NotAllowed when the store holds rows, StoreError when the backup does not verify.
    """
    if not backup.is_file():
        raise NotFound(_("there is no backup {where}").format(where=backup))
    url = f"sqlite:///{backup}"
    with _opened(url) as kept, _one_moment(kept) as tx, _opened(settings.database) as goal:
        source = _Store(tx, url)
        _refuse_before_copying(source, goal)
        files, missing = _files(source.files(), FileStore(_beside(backup)), FileStore(settings.files), progress)
        rows, cases, until = _copied(source, goal, progress)
    return Moved(rows, cases, files, missing, until=until)


def export(settings: Settings, target: Path, *, clock: Clock = utc_now, progress: Progress | None = None) -> Moved:
    """Everything as it is at this moment, as one portable archive.

    Raises NotAllowed when the file exists, StoreFull when there is no room.
    """
    rows = 0
    with _fresh(target) as part, _at_one_moment(settings, part) as source:
        _refuse_schema(source)
        with archive.writing(target, part, schema=migrations.HEAD, at=clock()) as writer:
            for name in _order():
                writer.table(name, _told(source, name, progress))
                rows += source.count(name)
            files, missing, kept = source.files(), [], FileStore(settings.files)
            for number, one in enumerate(files, 1):
                try:
                    writer.file(one, kept.get(one))
                except NotFound:
                    missing.append(one)
                if progress is not None:
                    progress("files", number, len(files))
            cases, until = source.count(t.case.name), source.until()
    return Moved(rows, cases, len(files) - len(missing), tuple(missing), _sha256(target), until)


def bring_in(source: Path, settings: Settings, *, sha256: str | None = None, progress: Progress | None = None) -> Moved:
    """An archive into an empty store; every row is compared and every history verified before anything is kept.

    `sha256`: what whoever exported it said it is. Raises NotFound, NotADatabase, NotAllowed when the store holds rows,
    WrongSchema, StoreError when the archive is not what was written.
    """
    if not source.is_file():
        raise NotFound(_("there is no archive {where}").format(where=source))
    found = _sha256(source)
    if sha256 is not None and found != sha256.strip().lower():
        raise StoreError(
            _("{where} has the SHA-256 {found}, expected was {wanted}; nothing was kept").format(
                where=source, found=found, wanted=sha256
            )
        )
    reader = archive.Reader(source)
    try:
        with _opened(settings.database) as goal:
            _refuse_before_copying(reader, goal)
            kept = FileStore(settings.files)
            for number, one in enumerate(reader.files, 1):
                kept.put(reader.file(one))
                if progress is not None:
                    progress("files", number, len(reader.files))
            rows, cases, until = _copied(reader, goal, progress)
            with goal.read() as tx:
                missing = set(_Store(tx, goal.url).files()) - {*reader.files}
    finally:
        reader.close()
    return Moved(rows, cases, len(reader.files), tuple(sorted(missing)), found, until)


def broken_histories(tx: Connection, progress: Progress | None = None) -> list[str]:
    """Numbers of cases whose chain of history does not verify."""
    found = []
    numbers = queries.every_case(tx)
    for count, number in enumerate(numbers, 1):
        if progress is not None and count % 20 == 0:
            progress("history", count, len(numbers))
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
        queries.stand_still(tx)
        yield tx


@contextmanager
def _at_one_moment(settings: Settings, part: Path) -> Iterator[_Store]:
    """The store as it is now, while others go on writing.

    A long read of a SQLite file would keep its writers from committing: its pages are copied first, which is quick.
    """
    with _opened(settings.database) as database:
        if not database.is_sqlite:
            with _one_moment(database) as tx:
                yield _Store(tx, settings.database)
            return
        copy = part.with_name(f"{part.name}-moment")
        with database.read() as tx, closing(sqlite3.connect(copy)) as pages:
            try:
                tx.connection.driver_connection.backup(pages)  # type: ignore[union-attr]
            except sqlite3.OperationalError as error:
                raise StoreFull(
                    _("{where} cannot be written ({reason}); nothing was changed").format(where=part, reason=error)
                ) from error
        with _opened(f"sqlite:///{copy}") as still, still.read() as tx:
            yield _Store(tx, settings.database)


@contextmanager
def _fresh(target: Path) -> Iterator[Path]:
    """Where to write what becomes `target`; whatever is left of it is taken away."""
    if target.exists():
        raise NotAllowed(_("{where} exists; name a file that does not, so that no backup is lost").format(where=target))
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".part-{os.getpid()}-{target.name}")
    try:
        yield part
    finally:
        for leftover in target.parent.glob(f"{part.name}*"):
            leftover.unlink()


def _beside(backup: Path) -> Path:
    return Path(f"{backup}.files")


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _refuse_schema(source: _Source) -> None:
    if source.schema != migrations.HEAD:
        raise WrongSchema(
            _("{where} has the schema {found}, this program knows {head}; run “xieban db upgrade” first").format(
                where=source.where, found=source.schema, head=migrations.HEAD
            )
        )


def _refuse_before_copying(source: _Source, goal: Database) -> None:
    """What need not be copied first to be refused."""
    _refuse_schema(source)
    with goal.read() as tx:
        found = migrations.version(tx)
        if found is not None and found != migrations.HEAD:
            raise WrongSchema(
                _("{where} has the schema {found}, this program knows {head}; run “xieban db upgrade” first").format(
                    where=shown(goal.url), found=found, head=migrations.HEAD
                )
            )
        if found is not None:
            _refuse_full(tx, goal)


def _copied(source: _Source, goal: Database, progress: Progress | None) -> tuple[int, int, datetime | None]:
    """All rows into an empty store, in one transaction; how many rows and cases, and until when."""
    _refuse_schema(source)
    with goal.begin() as out:
        if migrations.version(out) is None:
            migrations.upgrade(out)
        _refuse_full(out, goal)
        store.clear(out, [t.metadata.tables[name] for name in reversed(_order())])  # what `init` brings
        copied = sum(_table(source, out, goal, name, progress) for name in _order())
        store.count_on(out)
        broken = broken_histories(out, progress)
        if broken:
            raise StoreError(
                _("the history of {cases} does not verify; nothing was kept").format(cases=", ".join(broken[:5]))
            )
        stands = _Store(out, goal.url)
        return copied, stands.count(t.case.name), stands.until()


def _told(source: _Source, name: str, progress: Progress | None) -> Iterator[Sequence[Any]]:
    """The rows of a table, all that were announced, with progress."""
    total, done = source.count(name), 0
    for part in source.rows(name):
        done += len(part)
        yield part
        if progress is not None:
            progress(name, done, total)
    if done != total:
        raise StoreError(
            _("{table}: {total} rows were announced, {done} came").format(table=name, total=total, done=done)
        )


def _table(source: _Source, out: Connection, goal: Database, name: str, progress: Progress | None) -> int:
    """The rows of a table, written and read again: what stands there now is what came."""
    table, came = t.metadata.tables[name], _Sum(name)
    for part in _told(source, name, progress):
        store.insert_rows(out, table, part)
        came.add(part)
    stands = _Sum(name)
    for part in _Store(out, goal.url).rows(name):
        stands.add(part)
    if stands != came:
        raise StoreError(
            _("{table}: the rows that were written are not the rows that came; nothing was kept").format(table=name)
        )
    return came.rows


class _Sum:
    """How many rows there are and what they say, whatever their order: two stores sort texts differently."""

    def __init__(self, name: str) -> None:
        self._table = t.metadata.tables[name]
        self.rows = 0
        self._sum = 0

    def add(self, part: Sequence[Any]) -> None:
        """More rows."""
        for one in part:
            self._sum += int.from_bytes(hashlib.sha256(archive.line(self._table, one)).digest(), "big")
        self.rows += len(part)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Sum) and (self.rows, self._sum) == (other.rows, other._sum)

    __hash__ = None  # type: ignore[assignment]


def _order() -> list[str]:
    return [table.name for table in t.metadata.sorted_tables]


def _refuse_full(tx: Connection, goal: Database) -> None:
    """Only what `init` brings may be there."""
    for table in (t.case, t.subject, t.procedure_version, t.document, t.organisation):
        if queries.holds(tx, table):
            raise NotAllowed(_("{where} holds cases already; restore into an empty one").format(where=shown(goal.url)))


def _files(
    wanted: Sequence[str], source: FileStore, goal: FileStore, progress: Progress | None
) -> tuple[int, tuple[str, ...]]:
    """Files from one store into another; how many are there now, and which the source does not have whole."""
    missing = []
    for number, one in enumerate(wanted, 1):
        try:
            if not goal.path(one).exists():
                write_durably(goal.path(one), source.get(one))
        except NotFound:
            missing.append(one)
        if progress is not None:
            progress("files", number, len(wanted))
    return len(wanted) - len(missing), tuple(missing)
