"""Whether a store may be worked with: asked once, when it is opened, before anything is read or written.

A wrong schema, or a clock that is far off, would do its harm quietly: leases that end early, deadlines that are missed,
rows that this program does not understand. So the door stays shut and says why. What SQLite itself must fulfil stands
where its connections are made (database.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from workflow_runtime import migrations, queries
from workflow_runtime.database import Database
from workflow_runtime.errors import WrongClock, WrongSchema
from workflow_runtime.i18n import _
from workflow_runtime.settings import Settings, shown

#: Half a lease: a worker whose clock is off by more could take work out of another's hands.
CLOCK_OFF = timedelta(seconds=30)
#: SQLite has no clock of its own; what it has is rows, and none is written in the future.
ROWS_AHEAD = timedelta(minutes=5)


def refuse_unfit(database: Database, settings: Settings, now: datetime) -> None:
    """Raise WrongSchema or WrongClock unless the store fits this program and this machine's time `now` (UTC)."""
    refuse_schema(database)
    if not settings.clock_trusted:
        refuse_clock(database, now)


def refuse_schema(database: Database) -> None:
    """Raise WrongSchema unless the tables are those of this program."""
    with database.read() as tx:
        found = migrations.version(tx)
    if found != migrations.HEAD:
        raise WrongSchema(_schema_message(found, shown(database.url)))


def refuse_newer(found: str | None, where: str) -> None:
    """Raise WrongSchema when the tables were written by a program that is newer than this one."""
    if found is not None and found > migrations.HEAD:
        raise WrongSchema(_schema_message(found, where))


def refuse_clock(database: Database, now: datetime) -> None:
    """Raise WrongClock when `now` is far off the database's clock (PostgreSQL) or behind its newest row (SQLite)."""
    off = clock_off(database, now)
    if off is None:
        return
    if not database.is_sqlite and abs(off) > CLOCK_OFF:
        raise WrongClock(
            _(
                "the clock of this machine is {seconds:.0f} seconds off the database's ({here} here, {there} there); "
                "deadlines would be wrong. Let NTP set both clocks, then repeat the command"
            ).format(seconds=abs(off).total_seconds(), here=_clock_text(now), there=_clock_text(now + off))
        )
    if database.is_sqlite and off > ROWS_AHEAD:
        raise WrongClock(
            _(
                "the clock of this machine says {here}, but {where} holds an entry of {there}; deadlines would be "
                "wrong. Set the clock. If it is right now and was wrong then: XIEBAN_CLOCK=trusted"
            ).format(where=database.path, here=_clock_text(now), there=_clock_text(now + off))
        )


def clock_off(database: Database, now: datetime) -> timedelta | None:
    """How far the database's time is ahead of `now`: by its clock, or on SQLite by its newest entry; None without."""
    with database.read() as tx:
        theirs = queries.newest_entry_at(tx) if database.is_sqlite else queries.clock(tx)
    return None if theirs is None else theirs - now


def _clock_text(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _schema_message(found: str | None, where: str) -> str:
    if found is None:
        return _("{where} holds no xieban tables; create them with “xieban init”").format(where=where)
    if found > migrations.HEAD:
        return _(
            "{where} was written by a newer xieban (schema {found}, this program knows {head}); upgrade the program"
        ).format(where=where, found=found, head=migrations.HEAD)
    return _("{where} has the old schema {found}; bring it to {head} with “xieban db upgrade”").format(
        where=where, found=found, head=migrations.HEAD
    )
