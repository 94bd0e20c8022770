"""A whole store as one portable file: out of either store, into either store, and nothing that does not agree."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.conftest import Clock
from tests.integration.office import MORNING, Deeds, open_office
from tests.integration.test_cluster_moving import everything, everything_of, people
from tests.integration.test_store_failures import in_a_process
from workflow_runtime import archive
from workflow_runtime import tables as t
from workflow_runtime.database import Database
from workflow_runtime.errors import NotADatabase, NotAllowed, StoreError, WrongSchema, XiebanError
from workflow_runtime.files import FileStore
from workflow_runtime.model import SYSTEM
from workflow_runtime.moving import backup, bring_in, export
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture
def half_way(settings: Settings, clock: Clock) -> Deeds:
    """A case with a scan, in the middle of its procedure, on the store that the test runs on."""
    with open_office(settings, clock) as runtime:
        deeds = Deeds(runtime, clock, 1, people(runtime))
        deeds.start()
        deeds.with_scan()
    return deeds


@pytest.fixture
def other(tmp_path: Path, settings: Settings, request: pytest.FixtureRequest) -> Iterator[Settings]:
    """An empty store of the other kind."""
    environment = {"XIEBAN_HOME": str(tmp_path / "other"), "XIEBAN_LANG": "en"}
    if settings.database.startswith("postgresql"):
        yield Settings.from_env(environment, database=f"sqlite:///{tmp_path / 'other.db'}")
        return
    server = request.getfixturevalue("postgresql")
    server.psql("CREATE DATABASE archive_goal;")
    yield Settings.from_env(environment, database=server.get_uri("archive_goal"))
    server.psql("DROP DATABASE archive_goal WITH (FORCE);")


def test_cases_go_through_one_file_into_the_other_kind_of_store_and_go_on_there(
    half_way: Deeds, settings: Settings, other: Settings, clock: Clock, tmp_path: Path
) -> None:
    seen: list[str] = []
    out = export(settings, tmp_path / "office.zip", clock=clock, progress=lambda what, _done, _all: seen.append(what))

    moved = bring_in(tmp_path / "office.zip", other, sha256=out.sha256)

    assert moved == out and moved.cases == 1 and moved.files == 1 and {"case", "history", "files"} <= set(seen)
    assert everything(other) == everything(settings)
    with Runtime.open(other, clock=clock) as runtime:
        assert runtime.verify_history(half_way.number, actor=SYSTEM) is None
        replace(half_way, runtime=runtime).complete("check")
        second = Deeds(runtime, clock, 2, half_way.people)
        second.start()
        assert second.number != half_way.number and second.number.endswith("2")


def test_an_archive_is_json_lines_that_any_tool_can_read(half_way: Deeds, settings: Settings, tmp_path: Path) -> None:
    export(settings, tmp_path / "office.zip")

    with zipfile.ZipFile(tmp_path / "office.zip") as file:
        facts = json.loads(file.read("xieban.json"))
        (case,) = map(json.loads, file.read("tables/case.jsonl").splitlines())

    assert facts["tables"]["case"]["rows"] == 1 and set(facts["tables"]) == set(t.metadata.tables)
    assert case["number"] == half_way.number and case["started_at"].endswith("+00:00")


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office on SQLite with one case and a scan, and its archive: made once, to be copied."""
    home, clock = tmp_path_factory.mktemp("office"), Clock(MORNING)
    settings = Settings.from_env({"XIEBAN_HOME": str(home / "small")}, database=f"sqlite:///{home / 'small.db'}")
    with open_office(settings, clock) as runtime:
        deeds = Deeds(runtime, clock, 1, people(runtime))
        deeds.start()
        deeds.with_scan()
    export(settings, home / "office.zip")
    return home


@pytest.fixture
def small_office(begun: Path, tmp_path: Path) -> Settings:
    shutil.copytree(begun / "small", tmp_path / "small")
    shutil.copy(begun / "small.db", tmp_path / "small.db")
    return Settings.from_env({"XIEBAN_HOME": str(tmp_path / "small")}, database=f"sqlite:///{tmp_path / 'small.db'}")


@pytest.fixture
def exported(begun: Path, tmp_path: Path) -> Path:
    """The archive of that office."""
    return Path(shutil.copy(begun / "office.zip", tmp_path / "announced.zip"))


@pytest.fixture
def empty(tmp_path: Path) -> Settings:
    return Settings.from_env({"XIEBAN_HOME": str(tmp_path / "goal")}, database=f"sqlite:///{tmp_path / 'goal.db'}")


Change = Callable[[dict[str, bytes]], Any]


def changed(path: Path, change: Change) -> None:
    """Somebody opens the archive, changes it and packs it again."""
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)


def honest(parts: dict[str, bytes], name: str) -> None:
    """The hash of a table in the manifest is made to fit."""
    import hashlib

    facts = json.loads(parts["xieban.json"])
    content = parts[f"tables/{name}.jsonl"]
    facts["tables"][name] = {"rows": content.count(b"\n"), "sha256": hashlib.sha256(content).hexdigest()}
    parts["xieban.json"] = json.dumps(facts).encode()


def another_due_date(parts: dict[str, bytes]) -> None:
    parts["tables/work_item.jsonl"] = parts["tables/work_item.jsonl"].replace(b"2024-", b"2025-", 1)


def another_actor(parts: dict[str, bytes]) -> None:
    lines = parts["tables/history.jsonl"].splitlines(keepends=True)
    lines[1] = lines[1].replace(json.loads(lines[1])["actor"].encode(), b"somebody-else", 1)
    parts["tables/history.jsonl"] = b"".join(lines)
    honest(parts, "history")


def one_line_less(parts: dict[str, bytes]) -> None:
    parts["tables/party.jsonl"] = b"".join(parts["tables/party.jsonl"].splitlines(keepends=True)[:-1])


def other_bytes(parts: dict[str, bytes]) -> None:
    (file,) = (name for name in parts if name.startswith("files/"))
    parts[file] += b"x"


def no_file(parts: dict[str, bytes]) -> None:
    (file,) = (name for name in parts if name.startswith("files/"))
    del parts[file]


def one_more_table(parts: dict[str, bytes]) -> None:
    parts["tables/../../evil.jsonl"] = b"{}\n"


def no_columns(parts: dict[str, bytes]) -> None:
    parts["tables/case.jsonl"] = b'{"id":1}\n'
    honest(parts, "case")


def wrong_types(parts: dict[str, bytes]) -> None:
    parts["tables/case.jsonl"] = parts["tables/case.jsonl"].replace(b'"rev":', b'"rev":"x","was":', 1)
    honest(parts, "case")


def newer_schema(parts: dict[str, bytes]) -> None:
    parts["xieban.json"] = json.dumps(json.loads(parts["xieban.json"]) | {"schema": "9999"}).encode()


def newer_format(parts: dict[str, bytes]) -> None:
    parts["xieban.json"] = json.dumps(json.loads(parts["xieban.json"]) | {"format": 2}).encode()


def no_manifest(parts: dict[str, bytes]) -> None:
    del parts["xieban.json"]


def nonsense(parts: dict[str, bytes]) -> None:
    parts["xieban.json"] = b'{"format":1,"schema":[],"tables":7,"files":null}'


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (another_due_date, StoreError, "tables/work_item.jsonl is not what was written; nothing was kept"),
        (another_actor, StoreError, "does not verify; nothing was kept"),
        (one_line_less, StoreError, "tables/party.jsonl is not what was written"),
        (other_bytes, StoreError, "is not what was written"),
        (no_file, StoreError, "files is not what was written"),
        (one_more_table, StoreError, "evil.jsonl is not what was written"),
        (no_columns, NotADatabase, "no archive of xieban, or is damaged"),
        (wrong_types, NotADatabase, "no archive of xieban, or is damaged"),
        (newer_schema, WrongSchema, "has the schema 9999"),
        (newer_format, NotADatabase, "or of a newer one"),
        (no_manifest, NotADatabase, "no archive of xieban"),
        (nonsense, NotADatabase, "no archive of xieban"),
    ],
)
def test_an_archive_that_was_changed_is_refused_whole(
    exported: Path, empty: Settings, change: Change, error: type[XiebanError], words: str
) -> None:
    changed(exported, change)

    with pytest.raises(error, match=words):
        bring_in(exported, empty)

    assert not Path(empty.database.removeprefix("sqlite:///")).exists() or not everything_of(empty)


def test_a_cleverly_changed_archive_is_another_file_than_the_one_that_was_announced(
    small_office: Settings, empty: Settings, tmp_path: Path
) -> None:
    announced = export(small_office, tmp_path / "office.zip").sha256

    def clever(parts: dict[str, bytes]) -> None:
        another_due_date(parts)
        honest(parts, "work_item")

    changed(tmp_path / "office.zip", clever)

    with pytest.raises(StoreError, match="nothing was kept"):
        bring_in(tmp_path / "office.zip", empty, sha256=announced)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and then nothing", "一份公文".encode()])
def test_a_file_that_is_no_archive(tmp_path: Path, empty: Settings, content: bytes) -> None:
    (tmp_path / "letter.zip").write_bytes(content)

    with pytest.raises(NotADatabase, match="no archive of xieban"):
        bring_in(tmp_path / "letter.zip", empty)


def test_nothing_is_imported_over_cases_or_over_an_organisation(
    exported: Path, small_office: Settings, empty: Settings, clock: Clock
) -> None:
    with pytest.raises(NotAllowed, match="restore into an empty one"):
        bring_in(exported, small_office)
    open_office(empty, clock).close()
    with pytest.raises(NotAllowed, match="restore into an empty one"):
        bring_in(exported, empty)
    with pytest.raises(NotAllowed, match="exists"):
        export(small_office, exported)


def test_a_store_that_init_made_is_empty_enough(exported: Path, small_office: Settings, empty: Settings) -> None:
    Runtime.create(empty).close()

    bring_in(exported, empty)

    assert everything(empty) == everything(small_office)


def test_a_row_that_the_database_changes_while_it_is_written_is_noticed(exported: Path, empty: Settings) -> None:
    Runtime.create(empty).close()
    with sqlite3.connect(empty.database.removeprefix("sqlite:///")) as raw:
        raw.execute(
            "CREATE TRIGGER rounding AFTER INSERT ON work_item BEGIN "
            "UPDATE work_item SET due_at = '2030-01-01 00:00:00.000000' WHERE id = NEW.id; END"
        )
    raw.close()

    with pytest.raises(StoreError, match="work_item: the rows that were written are not the rows that came"):
        bring_in(exported, empty)

    assert not everything_of(empty)


def test_a_file_that_was_lost_before_is_named_and_holds_nothing_up(
    small_office: Settings, empty: Settings, tmp_path: Path
) -> None:
    shutil.rmtree(small_office.files)

    moved = export(small_office, tmp_path / "office.zip")

    assert len(moved.missing) == 1 and moved.files == 0
    assert bring_in(tmp_path / "office.zip", empty).missing == moved.missing


def test_a_disk_that_fills_up_leaves_no_half_an_archive(small_office: Settings, tmp_path: Path) -> None:
    def work() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
        export(small_office, tmp_path / "goal" / "office.zip")

    name, words = in_a_process(work)

    assert name == "StoreFull" and "cannot be written" in words, words
    assert os.listdir(tmp_path / "goal") == []


def test_every_kind_of_value_comes_back_as_it_was(small_office: Settings) -> None:
    database = Database(small_office.database)
    with database.read() as tx:
        for table in t.metadata.sorted_tables:
            for found in tx.execute(select(table)).mappings():
                assert archive.row(table, archive.line(table, dict(found))) == dict(found)
    database.close()


def test_files_of_a_backup_are_there_before_its_rows(small_office: Settings, empty: Settings, exported: Path) -> None:
    seen: list[str] = []

    bring_in(exported, empty, progress=lambda what, _done, _all: seen.append(what))

    assert seen.index("files") < seen.index("case")  # a death in between leaves an empty store, and it can be repeated
    (file,) = (path.name for path in empty.files.glob("??/*"))
    assert FileStore(empty.files).get(file)


@pytest.mark.parametrize("carry", [backup, export])
def test_clerks_go_on_while_the_store_is_copied(
    half_way: Deeds, settings: Settings, clock: Clock, tmp_path: Path, carry: Callable[..., Any]
) -> None:
    with Runtime.open(settings, clock=clock) as runtime:
        deeds = replace(half_way, runtime=runtime)

        def meanwhile(what: str, _done: int, _all: int) -> None:
            if what == "history":
                deeds.complete("check")

        carry(settings, tmp_path / "copy", progress=meanwhile)

        assert not any(item.element == "check" for item in runtime.case(deeds.number, actor=SYSTEM).items)
    assert sorted(path.name for path in tmp_path.glob("copy*")) in (["copy"], ["copy", "copy.files"])
    assert not list(tmp_path.glob(".part-*"))
