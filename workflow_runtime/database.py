"""The connection to the store: how a transaction begins, on SQLite and on PostgreSQL alike.

`Database.begin` is the only way to write: it takes SQLite's write lock at once (BEGIN IMMEDIATE), so that nobody
reads, decides and then finds that somebody else wrote in between. Reads go through `Database.read`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, DateTime, Dialect, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.types import TypeDecorator

from workflow_runtime.errors import NotADatabase, StoreBusy, StoreError, StoreFull
from workflow_runtime.i18n import _
from workflow_runtime.settings import shown, sqlite_path

APPLICATION_ID = 0x78626E31  #: "xbn1", written into every SQLite file of ours
SAFE_WAL = (3, 51, 3)  #: first SQLite release without the WAL reset fault (decision 17)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant; SQLite keeps it as text without offset."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Database:
    """A store that can be written (`begin`) and read (`read`)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self.path = sqlite_path(url)
        if self.is_sqlite:
            self._writing = _sqlite_engine(url, "BEGIN IMMEDIATE")
            self._reading = _sqlite_engine(url, "BEGIN")
        else:
            self._writing = self._reading = create_engine(url, pool_pre_ping=True, pool_size=5, max_overflow=20)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A writing transaction: commits at the end of the block, rolls back when the block raises.

        Raises StoreBusy, StoreFull, NotADatabase or StoreError, each with what to do.
        """
        with self._speaking_plainly(), self._writing.begin() as tx:
            yield tx

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent read of committed rows."""
        with self._speaking_plainly(), self._reading.begin() as tx:
            yield tx

    @property
    def engine(self) -> Engine:
        """The SQLAlchemy engine, for migrations."""
        return self._writing

    def close(self) -> None:
        """Give back all connections."""
        self._writing.dispose()
        if self._reading is not self._writing:
            self._reading.dispose()

    @contextmanager
    def _speaking_plainly(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            translated = self._translate(error)
            if translated is None:
                raise
            raise translated from error

    def _translate(self, error: DBAPIError) -> StoreError | None:
        text = str(error.orig).lower()
        where = str(self.path) if self.is_sqlite else shown(self.url)
        if "locked" in text or "busy" in text:
            return StoreBusy(
                _("another program is writing to {where}; wait a moment and try again").format(where=where)
            )
        if "disk is full" in text or "no space left" in text or "disk full" in text:
            return StoreFull(
                _("the disk of {where} is full; nothing was changed. Make room and repeat the command").format(
                    where=where
                )
            )
        if "readonly" in text or "read-only" in text:
            return StoreFull(
                _("{where} is read-only; nothing was changed. Make the file and its folder writable").format(
                    where=where
                )
            )
        if "not a database" in text or "malformed" in text:
            return NotADatabase(_("{where} is not a xieban database, or is damaged").format(where=where))
        if "unable to open" in text:
            return NotADatabase(
                _("{where} cannot be opened; create it with “xieban init” or name another with --db").format(
                    where=where
                )
            )
        if isinstance(error, OperationalError) and not self.is_sqlite:
            return StoreError(
                _("the database {where} cannot be reached: {reason}").format(where=where, reason=_first_line(error))
            )
        return None


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__


def _sqlite_engine(url: str, begin: str) -> Engine:
    engine = create_engine(url)
    wal = sqlite3.sqlite_version_info >= SAFE_WAL

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # our BEGIN, not the driver's
        connection.execute("PRAGMA busy_timeout=10000")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        if wal:
            connection.execute("PRAGMA journal_mode=WAL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def refuse_foreign_file(path: Path) -> None:
    """Raise NotADatabase unless `path` is absent, empty, or a SQLite file of ours."""
    if path == Path() or not path.exists() or path.stat().st_size == 0:
        return
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            (application,) = connection.execute("PRAGMA application_id").fetchone()
    except sqlite3.DatabaseError as error:
        raise NotADatabase(_("{where} is not a xieban database, or is damaged").format(where=path)) from error
    if application != APPLICATION_ID:
        raise NotADatabase(_("{where} belongs to another program; name another file with --db").format(where=path))
