"""The connection to the store: how a transaction begins, on SQLite and on PostgreSQL alike.

`Database.begin` is the only way to write: it takes SQLite's write lock at once (BEGIN IMMEDIATE), so that nobody
reads, decides and then finds that somebody else wrote in between. Reads go through `Database.read`.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, DateTime, Dialect, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.types import TypeDecorator

from workflow_runtime.errors import NotADatabase, StoreBusy, StoreError, StoreFull, UnsafeSQLite
from workflow_runtime.i18n import _, os_reason
from workflow_runtime.settings import shown, sqlite_path

APPLICATION_ID = 0x78626E31  #: "xbn1", written into every SQLite file of ours
WAIT = 10.0  #: seconds that another writer may keep us waiting
RESTED = 10.0  #: seconds after which a connection is asked whether it still lives
SAFE_WAL = (3, 51, 3)  #: first SQLite release without the WAL reset fault (decision 17)
WITHDRAWN = ((3, 52, 0),)  #: releases that were taken back
OLDEST_SQLITE = (3, 35, 0)  #: RETURNING


def _wait() -> int:
    """In milliseconds, as both stores understand it."""
    return int(WAIT * 1000)


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

    def __init__(self, url: str, *, lasting: bool = True) -> None:
        """Where it is not `lasting`, SQLite does not wait for the disk: for a store that is thrown away anyhow."""
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self.path = sqlite_path(url)
        if self.is_sqlite:
            self._writing = _sqlite_engine(url, "BEGIN IMMEDIATE", lasting)
            self._reading = _sqlite_engine(url, "BEGIN", lasting)
        else:
            self._writing = self._reading = create_engine(
                url,
                pool_size=5,
                max_overflow=20,
                hide_parameters=True,  # no case data in any log
                connect_args={"connect_timeout": 10, "options": f"-c lock_timeout={_wait()}"},
            )
            _ping_after_a_pause(self._writing)

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
        where = str(self.path) if self.is_sqlite else shown(self.url)
        code = _code(error)
        if code.startswith(_BUSY):
            return StoreBusy(
                _("another program is writing to {where}; wait a moment and try again").format(where=where)
            )
        if code.startswith(_FULL):
            return StoreFull(
                _("the disk of {where} is full; nothing was changed. Make room and repeat the command").format(
                    where=where
                )
            )
        if code.startswith(_READ_ONLY) or (code == "SQLITE_CANTOPEN" and self.path.exists()):
            return StoreFull(
                _("{where} is read-only; nothing was changed. Make the file and its folder writable").format(
                    where=where
                )
            )
        if code.startswith(_FAILING):
            return StoreFull(
                _("{where} cannot be read or written ({reason}); nothing was changed. Look after the disk").format(
                    where=where, reason=_first_line(error)
                )
            )
        if code.startswith(_FOREIGN):
            return NotADatabase(_("{where} is not a xieban database, or is damaged").format(where=where))
        if code == "SQLITE_CANTOPEN":
            return NotADatabase(
                _("{where} cannot be opened; create it with “xieban init” or name another with --db").format(
                    where=where
                )
            )
        if isinstance(error, OperationalError | InterfaceError) and not self.is_sqlite:
            return StoreError(
                _("the database {where} cannot be reached: {reason}").format(where=where, reason=_first_line(error))
            )
        return None


#: Beginnings of what SQLite and PostgreSQL call these failures (names of result codes, SQLSTATE).
_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL", "55P03", "40P01", "40001")
_FULL = ("SQLITE_FULL", "53100")
_READ_ONLY = ("SQLITE_READONLY", "SQLITE_PERM", "25006")
_FAILING = ("SQLITE_IOERR", "58030")
_FOREIGN = ("SQLITE_NOTADB", "SQLITE_CORRUPT")


def _code(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None) or "")


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__


def _ping_after_a_pause(engine: Engine) -> None:
    """Ask a connection whether it still lives only when it has rested: asking always costs a clerk two round trips."""

    @event.listens_for(engine, "checkin")
    def _rest(_connection: Any, record: Any) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _wake(connection: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get("rests_since", time.monotonic()) > RESTED:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                raise DisconnectionError from error  # the pool opens another


def wal_is_safe() -> bool:
    """Whether this SQLite library may write a WAL beside other connections."""
    return sqlite3.sqlite_version_info >= SAFE_WAL and sqlite3.sqlite_version_info not in WITHDRAWN


def refuse_unsafe_sqlite() -> None:
    """Raise UnsafeSQLite unless this library keeps what it is given and knows the statements we write."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE or not sqlite3.threadsafety:
        raise UnsafeSQLite(
            _("SQLite {found} is not safe for xieban: it needs {least} or newer, built for threads").format(
                found=sqlite3.sqlite_version, least=".".join(map(str, OLDEST_SQLITE))
            )
        )


def _leave_wal(connection: sqlite3.Connection, path: Path) -> None:
    """A file that a newer SQLite left in WAL mode goes back to the rollback journal, if nobody else has it open."""
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        return
    try:
        connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        raise UnsafeSQLite(
            _(
                "{where} is in WAL mode and in use, and SQLite {found} may damage it there (safe from {least}); "
                "let the other programs end and repeat the command, or install a newer SQLite ({reason})"
            ).format(where=path, found=sqlite3.sqlite_version, least=".".join(map(str, SAFE_WAL)), reason=error)
        ) from error


def _sqlite_engine(url: str, begin: str, lasting: bool) -> Engine:
    refuse_unsafe_sqlite()
    engine = create_engine(url, hide_parameters=True)
    wal = wal_is_safe()

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # our BEGIN, not the driver's
        connection.execute(f"PRAGMA busy_timeout={_wait()}")
        connection.execute("PRAGMA synchronous=" + ("FULL" if lasting else "OFF"))
        connection.execute("PRAGMA foreign_keys=ON")
        if wal:
            connection.execute("PRAGMA journal_mode=WAL")
        else:
            _leave_wal(connection, sqlite_path(url))

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def copy(url: str, name: str) -> str:
    """A copy of the store `url`, which nobody may have open, under another name beside it; the copy's URL.

    SQLite: `name` is the file's stem. PostgreSQL: a database of the same server, made by whoever may make databases.
    """
    if url.startswith("sqlite"):
        source = sqlite_path(url)
        target = source.with_name(f"{name}{source.suffix}")
        target.write_bytes(source.read_bytes())
        return f"sqlite:///{target}"
    _administer(url, "CREATE DATABASE {name} TEMPLATE {template}", name=name, template=make_url(url).database or "")
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def remove(url: str) -> None:
    """Take away a copy that nobody has open."""
    if url.startswith("sqlite"):
        sqlite_path(url).unlink()
    else:
        _administer(url, "DROP DATABASE {name}", name=make_url(url).database or "")


def _administer(url: str, command: str, **names: str) -> None:
    """A command about whole databases: outside any transaction, and from the server's own database."""
    engine = create_engine(make_url(url).set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    quote = engine.dialect.identifier_preparer.quote_identifier
    with engine.connect() as connection:
        connection.exec_driver_sql(command.format(**{key: quote(name) for key, name in names.items()}))


def refuse_foreign_file(path: Path) -> None:
    """Raise NotADatabase unless `path` is absent, empty, or a SQLite file of ours."""
    if path == Path() or not path.exists() or path.stat().st_size == 0:
        return
    if _application(path) == APPLICATION_ID:
        return
    try:
        if any(Path(f"{path}{suffix}").exists() for suffix in ("-journal", "-wal")):
            with closing(sqlite3.connect(path)) as connection:  # lets SQLite finish, or undo, what a dead process began
                connection.execute("PRAGMA application_id").fetchone()
            if path.stat().st_size == 0 or _application(path) == APPLICATION_ID:
                return
    except sqlite3.DatabaseError as error:
        raise NotADatabase(_("{where} is not a xieban database, or is damaged").format(where=path)) from error
    if _application(path) is None:
        raise NotADatabase(_("{where} is not a xieban database, or is damaged").format(where=path))
    raise NotADatabase(_("{where} belongs to another program; name another file with --db").format(where=path))


def _application(path: Path) -> int | None:
    """Whose SQLite file it says it is; None when it is none. Opens no database, so a file in use stays as it is."""
    try:
        with path.open("rb") as stream:
            head = stream.read(100)
    except OSError as error:
        raise NotADatabase(_("{where} cannot be read: {reason}").format(where=path, reason=os_reason(error))) from error
    return int.from_bytes(head[68:72], "big") if head.startswith(b"SQLite format 3\0") else None
