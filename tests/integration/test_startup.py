"""The door: a store that would do harm quietly is refused when it is opened, in words, with exit code 2."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.conftest import Clock
from tests.integration.office import Deeds, clerks, open_office
from workflow_runtime import database, doctor, startup
from workflow_runtime.database import Database
from workflow_runtime.errors import UnsafeSQLite, WrongClock, WrongSchema
from workflow_runtime.machine import LEASE, utc_now
from workflow_runtime.model import SYSTEM
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

pytestmark = pytest.mark.usefixtures("english")

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def office(settings: Settings) -> Settings:
    """An office of today with one case."""
    clock = Clock(utc_now())
    with open_office(settings, clock) as runtime:
        Deeds(runtime, clock, 1, {"prepare": clerks(runtime, "cwi-qingxi.social_work")[0]}).start()
    return settings


def off(monkeypatch: pytest.MonkeyPatch, **by: float) -> datetime:
    """The clock of this machine, as far off as somebody has set it."""
    wrong = utc_now() + timedelta(**by)
    monkeypatch.setattr("workflow_runtime.runtime.utc_now", lambda: wrong)
    return wrong


def test_a_clock_that_lags_far_behind_is_refused(office: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    off(monkeypatch, hours=-3)

    with pytest.raises(WrongClock, match=r"deadlines would be wrong"):
        Runtime.open(office)


def test_a_clock_that_is_a_little_off_is_not_refused(office: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    off(monkeypatch, seconds=-15)

    Runtime.open(office).close()


def test_a_clock_far_ahead_of_the_servers_is_refused(office: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = off(monkeypatch, hours=2)

    if office.database.startswith("sqlite"):  # it has no clock to compare with; the next one that lags is refused
        Runtime.open(office).close()
        return
    with pytest.raises(WrongClock, match=f"7[12][0-9]{{2}} seconds off .*{wrong:%Y-%m-%d %H:%M}.* here"):
        Runtime.open(office)


def test_somebody_who_set_the_clock_right_may_say_so(office: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    off(monkeypatch, hours=-3)

    Runtime.open(replace(office, clock_trusted=True)).close()


def test_the_doctor_names_a_wrong_clock_and_a_wrong_schema(office: Settings) -> None:
    signs = {sign.name: sign for sign in doctor.examine(office, clock=lambda: utc_now() - timedelta(hours=3))}
    assert signs["clock"].health == "ill" and "NTP" in signs["clock"].remedy

    store = Database(office.database)
    with store.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    store.close()

    signs = {sign.name: sign for sign in doctor.examine(office)}
    assert signs["schema"].health == "ill" and signs["schema"].remedy == "“xieban db upgrade”"


def test_a_store_of_a_newer_program_is_not_upgraded_downwards(office: Settings) -> None:
    store = Database(office.database)
    with store.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    for opening in (Runtime.open, Runtime.create):
        with pytest.raises(WrongSchema, match="9999"):
            opening(office)

    with store.read() as tx:
        assert tx.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"
    store.close()


# --- SQLite ------------------------------------------------------------------------------------------------------
def test_sqlite_keeps_what_it_is_given(tmp_path: Path) -> None:
    store = Database(f"sqlite:///{tmp_path / 'x.db'}")
    wal = database.wal_is_safe()

    for opening in (store.begin, store.read):
        with opening() as tx:
            assert tx.execute(text("PRAGMA synchronous")).scalar() == 2  # FULL
            assert tx.execute(text("PRAGMA foreign_keys")).scalar() == 1
            assert tx.execute(text("PRAGMA journal_mode")).scalar() == ("wal" if wal else "delete")

    store.close()


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), False),
        ((3, 53, 0), True),
    ],
)
def test_a_wal_only_where_the_library_may_be_trusted_with_it(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int], safe: bool
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)

    assert database.wal_is_safe() is safe


@pytest.mark.parametrize(("name", "value"), [("sqlite_version_info", (3, 34, 1)), ("threadsafety", 0)])
def test_a_sqlite_that_is_too_old_or_built_without_threads_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: object
) -> None:
    monkeypatch.setattr(sqlite3, name, value)

    with pytest.raises(UnsafeSQLite, match=r"needs 3\.35\.0 or newer"):
        Database(f"sqlite:///{tmp_path / 'x.db'}")


@pytest.fixture
def in_wal_mode(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An office that a newer SQLite kept in WAL mode, now under a library that must not."""
    environment = {"XIEBAN_HOME": str(tmp_path / "home"), "XIEBAN_LANG": "en"}
    settings = Settings.from_env(environment, database=f"{tmp_path}/x.db")
    open_office(settings, clock).close()
    with closing(sqlite3.connect(tmp_path / "x.db")) as newer:
        assert newer.execute("PRAGMA journal_mode=WAL").fetchone()[0] == "wal"
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 40, 1))
    return settings


def test_a_wal_file_under_an_unsafe_library_goes_back_to_the_rollback_journal(in_wal_mode: Settings) -> None:
    with Runtime.open(in_wal_mode) as runtime, runtime._database.read() as tx:
        assert tx.execute(text("PRAGMA journal_mode")).scalar() == "delete"
        assert tx.execute(text("PRAGMA integrity_check")).scalar() == "ok"


def test_a_wal_file_that_others_hold_is_refused_under_an_unsafe_library(in_wal_mode: Settings, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x.db")) as holder:
        holder.execute("SELECT count(*) FROM history").fetchone()

        with pytest.raises(UnsafeSQLite, match=r"WAL mode and in use, and SQLite .* may damage it"):
            Runtime.open(in_wal_mode)

        assert holder.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


# --- as the terminal says it -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("language", "words"),
    [("zh", ("时钟", "XIEBAN_CLOCK=trusted")), ("en", ("clock of this machine", "XIEBAN_CLOCK=trusted"))],
)
def test_a_refusal_is_words_and_exit_code_2(tmp_path: Path, language: str, words: tuple[str, ...]) -> None:
    ahead = Clock(utc_now() + timedelta(days=2))  # somebody worked while the clock was wrong
    settings = Settings.from_env({"XIEBAN_HOME": str(tmp_path)}, database=f"{tmp_path}/x.db")
    with open_office(settings, ahead) as runtime:
        Deeds(runtime, ahead, 1, {}).start()
        assert runtime.cases(actor=SYSTEM)

    def ask(**more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cli", "--as", "root", "--lang", language, "db", "check"],
            cwd=ROOT,
            env=os.environ | {"XIEBAN_DB": f"{tmp_path}/x.db", "PYTHONPATH": str(ROOT)} | more,
            capture_output=True,
            text=True,
        )

    refused = ask()

    assert refused.returncode == 2 and "Traceback" not in refused.stderr
    said = "".join(refused.stderr.split())
    assert all("".join(word.split()) in said for word in words)
    assert ask(XIEBAN_CLOCK="trusted").returncode == 0


def test_half_a_lease_is_what_clocks_may_differ() -> None:
    assert startup.CLOCK_OFF <= LEASE / 2
