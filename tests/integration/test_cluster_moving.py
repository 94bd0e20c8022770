"""From one office to a province: SQLite cases move to PostgreSQL with every number and hash, and go on there."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.conftest import Clock
from tests.integration.office import Deeds, clerks, open_office
from workflow_runtime import doctor, migrations
from workflow_runtime import tables as t
from workflow_runtime.database import Database
from workflow_runtime.errors import NotAllowed, StoreError
from workflow_runtime.model import SYSTEM, CaseState
from workflow_runtime.moving import backup, restore
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture
def small(tmp_path: Path) -> Settings:
    """An office on SQLite."""
    environment = {"XIEBAN_HOME": str(tmp_path / "small"), "XIEBAN_LANG": "en"}
    return Settings.from_env(environment, database=f"sqlite:///{tmp_path / 'small.db'}")


def people(runtime: Runtime) -> dict[str, Any]:
    county, bureau = clerks(runtime, "cwi-qingxi.social_work"), clerks(runtime, "cab-qingxi.child_welfare")
    city = clerks(runtime, "cwi-nanping.social_work")
    found = {"prepare": county[0], "mend": county[0], "check": bureau[0], "file_paper": county[0], "review": bureau[0]}
    return found | {"sign": city[0] if city else bureau[0]}


@pytest.fixture
def half_way(small: Settings, clock: Clock) -> Deeds:
    """A case with a scan, in the middle of its procedure."""
    with open_office(small, clock) as runtime:
        deeds = Deeds(runtime, clock, 1, people(runtime))
        deeds.start()
        deeds.with_scan()
    return deeds


def everything(settings: Settings) -> dict[str, list[Any]]:
    """All rows of all tables."""
    database = Database(settings.database)
    with database.read() as tx:
        found = {
            table.name: sorted(repr(tuple(row)) for row in tx.execute(select(table)).all())
            for table in t.metadata.sorted_tables
        }
    database.close()
    return found


def test_cases_move_to_another_store_with_every_row_and_go_on_there(
    small: Settings, half_way: Deeds, settings: Settings, clock: Clock, tmp_path: Path
) -> None:
    seen: list[str] = []
    kept = backup(small, tmp_path / "backup.db", progress=lambda what, _done, _all: seen.append(what))

    moved = restore(tmp_path / "backup.db", settings)

    assert moved == kept and moved.cases == 1 and moved.files >= 1 and "case" in seen
    assert everything(settings) == everything(small)
    with Runtime.open(settings, clock=clock) as runtime:
        assert runtime.verify_history(half_way.number, actor=SYSTEM) is None
        deeds = replace(half_way, runtime=runtime)
        deeds.complete("check")
        assert not any(item.element == "check" for item in runtime.case(deeds.number, actor=SYSTEM).items)
        second = Deeds(runtime, clock, 2, half_way.people)
        second.start()
        assert second.number != half_way.number and second.number.endswith("2")
        assert runtime.case(half_way.number, actor=SYSTEM).case.state == CaseState.OPEN


def test_nothing_is_restored_over_cases_and_no_backup_is_overwritten(
    small: Settings, half_way: Deeds, tmp_path: Path
) -> None:
    backup(small, tmp_path / "backup.db")

    with pytest.raises(NotAllowed, match="holds cases already"):
        restore(tmp_path / "backup.db", small)
    with pytest.raises(NotAllowed, match="exists"):
        backup(small, tmp_path / "backup.db")


def test_a_backup_whose_history_was_changed_is_refused_whole(
    small: Settings, half_way: Deeds, settings: Settings, tmp_path: Path
) -> None:
    backup(small, tmp_path / "backup.db")
    with sqlite3.connect(tmp_path / "backup.db") as connection:
        connection.execute("UPDATE history SET actor = 'somebody-else' WHERE sequence = 2")
    connection.close()

    with pytest.raises(StoreError, match="does not verify; nothing was kept"):
        restore(tmp_path / "backup.db", settings)

    assert not everything_of(settings)


def everything_of(settings: Settings) -> bool:
    """Whether the store holds a case."""
    database = Database(settings.database)
    with database.read() as tx:
        held = migrations.version(tx) is not None and tx.execute(select(t.case.c.id)).first() is not None
    database.close()
    return held


# --- the doctor --------------------------------------------------------------------------------------------------
def signs(settings: Settings, clock: Clock) -> dict[str, doctor.Sign]:
    return {sign.name: sign for sign in doctor.examine(settings, clock=clock)}


def test_the_doctor_says_in_words_what_is_wrong(small: Settings, half_way: Deeds, clock: Clock) -> None:
    away = replace(small, broker="redis://127.0.0.1:1/0")
    assert signs(small, clock)["backlog"].health == "well"

    clock.advance(days=60)

    found = signs(away, clock)
    assert found["backlog"].health == "ill" and "timers are due" in found["backlog"].text
    assert found["workers"].health == "ill" and "no worker was ever seen" in found["workers"].text
    assert found["broker"].health == "warning" and "slower" in found["broker"].text
    with Runtime.open(small, clock=clock) as runtime:
        runtime.beat("host-1", 0)
    assert "deaf" in signs(away, clock)["workers"].text


def test_an_unreachable_or_missing_database_is_said_and_not_raised(small: Settings, clock: Clock) -> None:
    nowhere = replace(small, database="postgresql+psycopg://clerk:secret@127.0.0.1:1/xieban")

    (database, *_rest) = doctor.examine(nowhere, clock=clock)

    assert database.health == "ill" and "secret" not in database.text
    (missing, *_rest) = doctor.examine(replace(small, database="sqlite:////tmp/nowhere/x.db"), clock=clock)
    assert missing.health == "ill" and missing.remedy == "“xieban init”"


def test_metrics_hold_figures_and_nothing_of_any_case(small: Settings, half_way: Deeds, clock: Clock) -> None:
    database = Database(small.database)
    text = doctor.prometheus(doctor.measure(database, clock()))
    database.close()

    assert 'xieban_cases{state="open"} 1' in text and "# TYPE xieban_ready_jobs gauge" in text
    assert half_way.number not in text and "蓝小禾" not in text
