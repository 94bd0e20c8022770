"""What is wrong with the office, in words, for a person and for monitoring; and the same as figures for Prometheus."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from workflow_runtime import queries, startup, store
from workflow_runtime import tables as t
from workflow_runtime.database import Database
from workflow_runtime.errors import StoreError, WrongClock, WrongSchema
from workflow_runtime.i18n import _
from workflow_runtime.machine import Clock, utc_now
from workflow_runtime.settings import Settings, shown


class Health(StrEnum):
    """How bad it is."""

    WELL = "well"
    WARNING = "warning"
    ILL = "ill"


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing the doctor looked at."""

    name: str
    health: Health
    text: str
    remedy: str = ""


#: From here on somebody should look, and from here on something is wrong.
OLD, TOO_OLD = timedelta(seconds=60), timedelta(minutes=10)
UNFETCHED = timedelta(days=1)
ROOM, NO_ROOM = 2 * 1024**3, 200 * 1024**2


def examine(settings: Settings, *, clock: Clock = utc_now) -> list[Sign]:
    """Every sign, well or not, in the order in which they depend on one another."""
    database = Database(settings.database)
    try:
        signs = [_reachable(database, settings)]
        if signs[0].health is Health.WELL:
            signs += [_clock(database, clock()), *_work(database, clock(), settings)]
    except StoreError as error:
        signs = [Sign("database", Health.ILL, str(error), _("start the database, or name another with --db"))]
    finally:
        database.close()
    if settings.broker is not None:
        signs.append(_broker(settings.broker))
    if settings.inbox is not None:
        signs.append(_inbox(settings.inbox, time.time()))
    if settings.outgoing is not None:
        signs.append(_outbox(settings.outgoing, time.time()))
    folders = [settings.home, *([database.path.parent] if database.path != Path() else [])]
    by_disk = {_existing(folder).stat().st_dev: folder for folder in reversed(folders)}
    return [*signs, *map(_room, reversed(by_disk.values()))]


def _reachable(database: Database, settings: Settings) -> Sign:
    if database.is_sqlite and database.path != Path() and not database.path.exists():
        return Sign(
            "database", Health.ILL, _("there is no database {where}").format(where=database.path), _("“xieban init”")
        )
    try:
        startup.refuse_schema(database)
    except WrongSchema as error:
        return Sign("schema", Health.ILL, str(error), _("“xieban db upgrade”"))
    return Sign("database", Health.WELL, _("{where} answers").format(where=shown(settings.database)))


def _clock(database: Database, now: datetime) -> Sign:
    try:
        startup.refuse_clock(database, now)
    except WrongClock as error:
        return Sign("clock", Health.ILL, str(error), _("let NTP set the clock of this machine"))
    if database.is_sqlite:
        return Sign("clock", Health.WELL, _("the clock is not behind what the database holds"))
    off = abs(startup.clock_off(database, now) or timedelta())
    return Sign(
        "clock",
        Health.WELL,
        _("the clock is {seconds:.0f} seconds off the database's").format(seconds=off.total_seconds()),
    )


def _work(database: Database, now: datetime, settings: Settings) -> list[Sign]:
    figures = measure(database, now)
    oldest = timedelta(seconds=max(figures["xieban_oldest_ready_job_seconds"], figures["xieban_oldest_timer_seconds"]))
    words = _("{jobs:.0f} machine steps and {timers:.0f} timers are due, the oldest for {seconds:.0f} seconds").format(
        jobs=figures["xieban_ready_jobs"], timers=figures["xieban_due_timers"], seconds=oldest.total_seconds()
    )
    start = _("start a worker: “xieban worker”, or look at the log of those that run")
    health = Health.ILL if oldest > TOO_OLD else Health.WARNING if oldest > OLD else Health.WELL
    signs = [Sign("backlog", health, words, "" if health is Health.WELL else start)]
    seen = figures["xieban_worker_seen_seconds"]
    if settings.broker is not None:
        if seen < 0:
            signs.append(Sign("workers", Health.ILL, _("no worker was ever seen"), start))
        else:
            words = _("a worker was seen {seconds:.0f} seconds ago").format(seconds=seen)
            deaf = seen <= OLD.total_seconds() < oldest.total_seconds()
            if deaf:
                words += _("; it lives, but does not take the work: it is deaf")
            ill = deaf or seen > OLD.total_seconds()
            signs.append(Sign("workers", Health.ILL if ill else Health.WELL, words, start if ill else ""))
    stopped = figures["xieban_open_incidents"]
    words = _("{count:.0f} incidents wait for a person").format(count=stopped)
    signs.append(Sign("incidents", Health.WARNING if stopped else Health.WELL, words, _("“xieban incident list”")))
    lost = figures['xieban_messages{state="expired"}']
    words = _("{count:.0f} messages expired without a receiver").format(count=lost)
    signs.append(
        Sign(
            "messages",
            Health.WARNING if lost else Health.WELL,
            words,
            _("“xieban message list --state expired”; then redeliver, or bury with a reason"),
        )
    )
    waits, since = figures["xieban_outgoing_messages"], figures["xieban_oldest_outgoing_seconds"]
    words = _("{count:.0f} messages wait to be laid out for agencies outside, the oldest for {seconds:.0f} seconds")
    words = words.format(count=waits, seconds=since)
    remedy = (
        _("name a folder for them, XIEBAN_OUTBOX, or lay them out by hand: “xieban message export FOLDER”")
        if settings.outgoing is None
        else start
    )
    late = since > OLD.total_seconds()
    signs.append(Sign("outgoing", Health.WARNING if late else Health.WELL, words, remedy))
    behind = figures["xieban_cases_by_old_holidays"]
    words = _("{count:.0f} open cases count by tables of holidays that have been replaced").format(count=behind)
    health = Health.WARNING if behind else Health.WELL
    signs.append(Sign("deadlines", health, words, _("“xieban calendar apply” counts them again")))
    return [sign if sign.health is not Health.WELL else Sign(sign.name, sign.health, sign.text) for sign in signs]


def _broker(url: str) -> Sign:
    from kombu import Connection

    try:
        with Connection(url, connect_timeout=2, transport_options={"socket_connect_timeout": 2}) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0.2, timeout=3)
        return Sign("broker", Health.WELL, _("{where} answers").format(where=shown(url)))
    except Exception as error:  # whatever a broker's client may raise: it is not there
        words = _("the broker {where} is not there ({kind}); work goes on, slower").format(
            where=shown(url), kind=type(error).__name__
        )
        return Sign("broker", Health.WARNING, words, _("start the broker, or mend XIEBAN_BROKER"))


def _inbox(folder: Path, now: float) -> Sign:
    """Whether workers can take in what agencies lay there, and do."""
    if not os.access(folder, os.W_OK | os.X_OK) or not folder.is_dir():
        words = _("the folder of answers {where} is not there, or may not be written").format(where=folder)
        return Sign("inbox", Health.ILL, words, _("make it, for the account that the workers run under"))
    lying = [now - one.stat().st_mtime for one in folder.glob("*.json") if one.is_file()]
    oldest = timedelta(seconds=max([0.0, *lying]))
    words = _("{count} answers lie in {where}, the oldest for {seconds:.0f} seconds").format(
        count=len(lying), where=folder, seconds=oldest.total_seconds()
    )
    if oldest > OLD:
        return Sign(
            "inbox", Health.WARNING, words, _("start a worker: “xieban worker”, or look at the log of those that run")
        )
    return Sign("inbox", Health.WELL, words)


def _outbox(folder: Path, now: float) -> Sign:
    """Whether agencies find there what cases say to them, and fetch it."""
    if not os.access(folder, os.W_OK | os.X_OK) or not folder.is_dir():
        words = _("the folder of messages to agencies outside {where} is not there, or may not be written").format(
            where=folder
        )
        return Sign("outbox", Health.ILL, words, _("make it, for the account that the workers run under"))
    lying = [now - one.stat().st_mtime for one in folder.glob("*.json") if one.is_file()]
    oldest = timedelta(seconds=max([0.0, *lying]))
    words = _("{count} messages lie in {where}, the oldest for {hours:.0f} hours").format(
        count=len(lying), where=folder, hours=oldest.total_seconds() / 3600
    )
    if oldest > UNFETCHED:
        return Sign("outbox", Health.WARNING, words, _("nobody fetches them: ask whoever carries them to the agencies"))
    return Sign("outbox", Health.WELL, words)


def _existing(folder: Path) -> Path:
    """The folder, or what of its path is there."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def _room(home: Path) -> Sign:
    free = shutil.disk_usage(_existing(home)).free
    words = _("{free:.1f} GB are free at {where}").format(free=free / 1024**3, where=home)
    health = Health.ILL if free < NO_ROOM else Health.WARNING if free < ROOM else Health.WELL
    return Sign("disk", health, words, "" if health is Health.WELL else _("make room"))


def measure(database: Database, now: datetime) -> dict[str, float]:
    """Figures for monitoring, by name; counts and ages only, nothing of any case."""
    with database.read() as tx:
        ready = store.ready_jobs(tx, now)
        oldest = store.oldest_ready_job(tx, now)
        count, first = queries.overdue_timers(tx, now)
        left, since = queries.left_inside(tx, now)
        figures: dict[str, float] = {
            "xieban_ready_jobs": ready,
            "xieban_oldest_ready_job_seconds": max(0.0, (now - oldest).total_seconds()) if oldest else 0.0,
            "xieban_due_timers": count,
            "xieban_oldest_timer_seconds": max(0.0, (now - first).total_seconds()) if first else 0.0,
            "xieban_open_incidents": queries.incidents_left(tx),
            "xieban_outgoing_messages": left,
            "xieban_oldest_outgoing_seconds": max(0.0, (now - since).total_seconds()) if since else 0.0,
            "xieban_cases_by_old_holidays": queries.cases_by_old_tables(tx),
        }
        seen = queries.worker_seen(tx)
        figures["xieban_worker_seen_seconds"] = (now - seen).total_seconds() if seen else -1.0
        for table, name, states in (
            (t.case, "xieban_cases", ("open", "incident", "suspended", "completed", "cancelled")),
            (t.message, "xieban_messages", ("waiting", "consumed", "expired", "dead")),
        ):
            found = queries.by_state(tx, table)
            for state in states:
                figures[f'{name}{{state="{state}"}}'] = found.get(state, 0)
    return figures


def prometheus(figures: dict[str, float]) -> str:
    """The figures in Prometheus' text format (for its textfile collector, or to be served)."""
    lines, known = [], set()
    for name, value in figures.items():
        family = name.partition("{")[0]
        if family not in known:
            known.add(family)
            lines.append(f"# TYPE {family} gauge")
        lines.append(f"{name} {value:.15g}")
    return "\n".join(lines) + "\n"
