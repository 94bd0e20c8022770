"""Bad days that have no better place: a restored older backup, damaged cases, old programs on a new schema."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData, func, insert, select, update

from tests.conftest import Clock
from tests.integration.office import Deeds, clerks, open_office
from tests.integration.test_cluster import approved, child, notices
from tests.journeys.conftest import HERE as JOURNEYS
from tests.journeys.conftest import ORGANISATION
from workflow_runtime import doctor, migrations
from workflow_runtime import tables as t
from workflow_runtime.database import APPLICATION_ID, Database
from workflow_runtime.dispatch import Waiting
from workflow_runtime.errors import StoreError, WrongSchema, XiebanError
from workflow_runtime.model import SYSTEM, CaseState
from workflow_runtime.moving import backup, restore
from workflow_runtime.procedures import gather
from workflow_runtime.repairs import Repairs
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

pytestmark = pytest.mark.usefixtures("english")


def people(runtime: Runtime) -> dict[str, Any]:
    county, bureau = clerks(runtime, "cwi-qingxi.social_work"), clerks(runtime, "cab-qingxi.child_welfare")
    paper = clerks(runtime, "cwi-nanping.social_work")[0]
    return {"prepare": county[0], "check": bureau[0], "file_paper": paper, "sign": bureau[0], "review": bureau[0]}


def signed(runtime: Runtime, clock: Clock, run: int) -> Deeds:
    """A case with an issued document."""
    deeds = Deeds(runtime, clock, run, people(runtime))
    deeds.start()
    deeds.complete("prepare")
    deeds.complete("check")
    deeds.paper()
    deeds.complete("file_paper")
    deeds.complete("sign")
    return deeds


# --- a restored older backup -------------------------------------------------------------------------------------
@pytest.fixture
def restored(tmp_path: Path, clock: Clock) -> Iterator[tuple[Runtime, list[str]]]:
    """Yesterday's backup in today's folder; numbers that were given and printed since."""
    settings = Settings.from_env({"XIEBAN_HOME": str(tmp_path / "home")}, database=f"sqlite:///{tmp_path / 'x.db'}")
    with open_office(settings, clock) as runtime:
        signed(runtime, clock, 1)
        backup(settings, tmp_path / "yesterday.db")
        clock.advance(hours=3)
        later = [signed(runtime, clock, 2), signed(runtime, clock, 3)]
        printed = [
            row.number for one in later for row in runtime.documents(case=one.number, actor=SYSTEM) if row.number
        ]
    (tmp_path / "x.db").unlink()
    moved = restore(tmp_path / "yesterday.db", settings)
    assert moved.until is not None and moved.until < clock()
    with Runtime.open(settings, clock=clock) as runtime:
        yield runtime, printed


def test_a_number_on_a_paper_printed_after_the_backup_is_not_given_again(restored: tuple[Runtime, list[str]]) -> None:
    runtime, printed = restored

    deeds = signed(runtime, runtime._clock, 9)  # type: ignore[arg-type]

    rows = [row for row in runtime.documents(case=deeds.number, actor=SYSTEM) if row.number and row.origin == "issued"]
    given = {row.number for row in rows if row.state != "void"}
    void = {row.number for row in rows if row.state == "void"}
    assert void and void <= set(printed) and not given & set(printed)
    told = Repairs(runtime).incidents(actor=SYSTEM, case=deeds.number)
    assert {one.code for one in told} == {"number_lost"} and all("older backup" in one.reason for one in told)
    with runtime._database.read() as tx:  # neither a gap nor a duplicate: every number has its row
        for series in tx.execute(select(t.number_series).where(~t.number_series.c.kind.startswith("case."))).all():
            held = tx.execute(select(func.count()).select_from(t.document).where(t.document.c.origin == "issued"))
            assert series.kind.startswith("subject.") or held.scalar_one() >= series.last
    assert runtime.verify_history(deeds.number, actor=SYSTEM) is None


# --- a damaged case ----------------------------------------------------------------------------------------------
@pytest.fixture
def office(settings: Settings, clock: Clock) -> Iterator[Runtime]:
    with Runtime.create(settings, clock=clock) as runtime:
        runtime.import_organisation(ORGANISATION.read_bytes(), actor=SYSTEM)
        runtime.deploy(gather(JOURNEYS / "review"), actor=SYSTEM)
        yield runtime


def damage(runtime: Runtime, number: str, how: random.Random) -> None:
    """A few bytes of a case's state are others than they were."""
    with runtime._database.begin() as tx:
        kept = bytearray(tx.execute(select(t.case.c.snapshot).where(t.case.c.number == number)).scalar_one())
        for _each in range(how.randint(1, 4)):
            kept[how.randrange(len(kept))] = how.randrange(256)
        cut = bytes(kept)[: how.randrange(len(kept))] if how.random() < 0.3 else bytes(kept)
        tx.execute(update(t.case).where(t.case.c.number == number).values(snapshot=cut))


def test_a_damaged_state_is_words_for_the_clerk_an_incident_for_the_owner_and_no_matter_for_others(
    office: Runtime, clock: Clock
) -> None:
    how = random.Random(4)
    (worker, *_rest) = clerks(office, "cwi-qingxi.social_work")
    (bureau, *_rest) = clerks(office, "cab-qingxi.child_welfare")
    numbers = []
    for count in range(8):
        case = office.start_case("review", child(office, count + 1), actor=SYSTEM)
        office.complete(case.items[0].id, {"summary": "一册", "pages": 3}, actor=worker)
        numbers.append(case.case.number)
    for number in numbers[:6]:
        damage(office, number, how)

    for number in numbers[:3]:  # a clerk meets it
        (item,) = office.case(number, actor=SYSTEM).items
        try:
            office.complete(item.id, {"opinion": "齐全"}, actor=bureau)
        except XiebanError as error:
            assert str(error)
    clock.advance(days=60)  # the clock meets it
    office.sweep()

    states = {number: office.case(number, actor=SYSTEM).case.state for number in numbers}
    stopped = {one.case for one in Repairs(office).incidents(actor=SYSTEM)}
    assert {number for number, state in states.items() if state == CaseState.INCIDENT} <= stopped
    assert stopped and stopped <= set(numbers[:6])
    assert all("timer_fired" in [x.kind for x in office.history(number, actor=SYSTEM)] for number in numbers[6:])
    assert all(office.verify_history(number, actor=SYSTEM) is None for number in numbers)


def test_a_machine_step_of_a_damaged_case_becomes_an_incident(settings: Settings, clock: Clock) -> None:
    Runtime.create(settings, clock=clock).close()
    with Runtime.open(settings, clock=clock, dispatch=Waiting()) as runtime:
        runtime.import_organisation(ORGANISATION.read_bytes(), actor=SYSTEM)
        runtime.deploy(gather(JOURNEYS / "review"), actor=SYSTEM)
        case = approved(runtime)
        with runtime._database.begin() as tx:
            tx.execute(update(t.case).where(t.case.c.number == case.case.number).values(snapshot=b"\x00"))

        runtime.sweep()

        (told,) = Repairs(runtime).incidents(actor=SYSTEM)
        assert told.code == "BrokenSnapshot" and told.element == "tell" and notices(runtime, case) == 0


# --- the schema --------------------------------------------------------------------------------------------------
def brought_to(tx: Connection, revision: str) -> None:
    """A database of that release."""
    if tx.dialect.name == "sqlite":
        tx.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["connection"] = tx
    config.attributes["on_step"] = lambda _step: None
    command.upgrade(config, revision)


#: the first release, and the one before this
EARLIER = sorted({"0001", f"{int(migrations.HEAD) - 1:04}"})


def rows_of(tx: Connection, old: MetaData) -> dict[str, list[str]]:
    """Everything that an earlier program sees: its tables, its columns."""
    return {
        table.name: sorted(repr(tuple(row)) for row in tx.execute(select(table)).all())
        for table in old.sorted_tables
        if table.name in t.metadata.tables  # not a trigger's own, nor the number of the schema
    }


@pytest.mark.parametrize("earlier", EARLIER)
def test_a_program_of_an_earlier_release_reads_and_writes_under_todays_schema(
    settings: Settings, clock: Clock, earlier: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with open_office(settings, clock) as runtime:
        deeds = Deeds(runtime, clock, 1, people(runtime))
        deeds.start()
        deeds.complete("prepare")
    old, today = MetaData(), Database(settings.database)
    past = Database(f"sqlite:///{tmp_path / 'past.db'}")
    with past.begin() as tx:
        brought_to(tx, earlier)
        old.reflect(tx)

    with today.begin() as tx:
        known = {table.name: {column.name for column in table.columns} for table in old.sorted_tables}
        here = {name: {column.name for column in table.columns} for name, table in t.metadata.tables.items()}
        assert all(columns <= here.get(name, columns) for name, columns in known.items())  # nothing was taken away
        before = rows_of(tx, old)
        for name in reversed([table.name for table in old.sorted_tables if table.name != "alembic_version"]):
            if name not in t.metadata.tables:
                continue  # a trigger's own
            table = old.tables[name]
            rows = [dict(row) for row in tx.execute(select(table)).mappings()]
            tables_of_today = t.metadata.tables[name]
            tx.execute(tables_of_today.delete()) if not _referred(name) else None
            if not _referred(name) and rows:
                tx.execute(insert(table), rows)  # the old statement, which knows the old columns alone
            for row in rows[:1]:
                same = [column == row[column.name] for column in table.primary_key.columns]
                assert tx.execute(update(table).where(*same).values(**row)).rowcount == 1
        assert rows_of(tx, old) == before
    for one in (today, past):
        one.close()


def _referred(name: str) -> bool:
    """Whether other tables point at this one: its rows are updated in place, not written anew."""
    return any(key.column.table.name == name for table in t.metadata.tables.values() for key in table.foreign_keys)


@pytest.mark.parametrize("earlier", EARLIER)
def test_cases_of_an_earlier_release_are_upgraded_as_they_are_and_go_on(
    settings: Settings, clock: Clock, earlier: str, tmp_path: Path
) -> None:
    model = Settings.from_env({"XIEBAN_HOME": str(tmp_path / "home")}, database=f"sqlite:///{tmp_path / 'model.db'}")
    with open_office(model, clock) as runtime:
        deeds = Deeds(runtime, clock, 1, people(runtime))
        deeds.start()
        deeds.complete("prepare")
    source, goal, old = Database(model.database), Database(settings.database), MetaData()
    with source.read() as tx, goal.begin() as out:
        brought_to(out, earlier)
        old.reflect(out)
        for table in t.metadata.sorted_tables:
            if table.name in old.tables:
                kept = [column for column in table.columns if column.name in old.tables[table.name].columns]
                rows = [dict(row) for row in tx.execute(select(*kept)).mappings()]
                if rows:
                    out.execute(insert(table), rows)
        before = rows_of(out, old)
    steps: list[str] = []
    with pytest.raises(WrongSchema, match=f"{earlier}.*db upgrade"):
        Runtime.open(replace(settings, home=model.home), clock=clock)

    Runtime.create(replace(settings, home=model.home), clock=clock, on_step=steps.append).close()

    with goal.read() as tx:
        assert rows_of(tx, old) == before and migrations.version(tx) == migrations.HEAD
    assert steps == [f"{number:04}" for number in range(int(earlier) + 1, int(migrations.HEAD) + 1)]
    source.close()
    goal.close()
    with Runtime.open(replace(settings, home=model.home), clock=clock) as runtime:
        replace(deeds, runtime=runtime).complete("check")
        assert runtime.verify_history(deeds.number, actor=SYSTEM) is None


# --- the rest ----------------------------------------------------------------------------------------------------
def test_a_wrong_password_is_said_and_not_shown(postgresql: Any, clock: Clock) -> None:
    url = postgresql.get_uri("postgres").replace("postgresql://", "postgresql+psycopg://")
    wrong = Settings.from_env({}, database=url.replace("postgres:@", "nobody:s3cret@"))

    with pytest.raises(StoreError, match="cannot be reached") as refused:
        Runtime.open(wrong, clock=clock)

    assert "s3cret" not in str(refused.value)
    (sign, *_rest) = doctor.examine(wrong, clock=clock)
    assert sign.health == "ill" and "s3cret" not in sign.text


def test_a_disk_with_little_room_is_said_by_the_doctor(
    settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    Runtime.create(settings, clock=clock).close()
    room = shutil.disk_usage("/")

    def left(_folder: Any) -> Any:
        return type(room)(room.total, room.used, 100 * 1024**2)

    monkeypatch.setattr(shutil, "disk_usage", left)

    (sign,) = [one for one in doctor.examine(settings, clock=clock) if one.name == "disk"]

    assert sign.health == "ill" and sign.remedy == "make room"


def test_a_letter_behind_a_thousand_others_is_written_too(office: Runtime, clock: Clock) -> None:
    case = office.start_case("review", child(office, 1), actor=SYSTEM)
    with office._database.begin() as tx:
        hand = office._lock(tx, case.case.number, SYSTEM)
        for count in range(1002):
            hand.notify("cab-qingxi.child_welfare", "notice", f"{count}")
        tx.execute(update(t.job).where(t.job.c.kind == "notify").values(state="done"))
        last = tx.execute(
            select(t.job.c.id).where(t.job.c.kind == "notify").order_by(t.job.c.id.desc()).limit(1)
        ).scalar()
        tx.execute(update(t.job).where(t.job.c.id == last).values(state="pending"))

    office.sweep(limit=10)

    assert len(list(office._settings.outbox.glob("*.json"))) >= 1
