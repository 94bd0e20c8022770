"""The store cannot be used as it is: every case is said in words, with a remedy, and nothing was changed."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.conftest import Clock
from tests.integration.cluster import PATIENCE
from tests.integration.office import ENTRIES, Deeds, clerks, open_office
from workflow_runtime.database import Database
from workflow_runtime.errors import NotADatabase, NotFound, StoreBusy, StoreError, StoreFull, WrongSchema
from workflow_runtime.files import FileStore
from workflow_runtime.i18n import use_language
from workflow_runtime.model import SYSTEM
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture
def office(tmp_path: Path, clock: Clock) -> Iterator[tuple[Settings, Deeds]]:
    """An office on SQLite with one case, and nobody who has the store open."""
    settings = Settings.from_env(
        {"XIEBAN_HOME": str(tmp_path / "home"), "XIEBAN_LANG": "en"}, database=f"{tmp_path}/x.db"
    )
    runtime = open_office(settings, clock)
    deeds = Deeds(runtime, clock, 1, {"prepare": clerks(runtime, "cwi-qingxi.social_work")[0]})
    deeds.start()
    runtime.close()
    yield settings, deeds
    deeds.runtime.close()


def in_a_process(work: Callable[[], Any], *, uid: int | None = None) -> tuple[str, str]:
    """Name and words of the error that `work` ends with in a process of its own, which nothing here can harm."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if uid is not None and os.geteuid() == 0:
                os.setgid(uid)
                os.setuid(uid)
            work()
            os.write(writing, b"nothing\n")
        except Exception as error:
            words = str(error) if isinstance(error, StoreError) else traceback.format_exc()
            os.write(writing, f"{type(error).__name__}\n{words}".encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        name, _line, words = stream.read().decode().partition("\n")
    os.waitpid(child, 0)
    return name, words


def complete(deeds: Deeds) -> None:
    """The clerk completes the first step, in a freshly opened office."""
    use_language("en")
    with Runtime.open(deeds.runtime._settings, clock=deeds.clock) as runtime:
        deeds.runtime = runtime
        item = deeds.item("prepare")
        assert item is not None
        runtime.complete(item.id, ENTRIES["prepare"], actor=deeds.people["prepare"], key="k")


def unchanged(settings: Settings, deeds: Deeds) -> bool:
    """Whether the item is as it was, and the file sound."""
    with Runtime.open(settings, clock=deeds.clock) as runtime, runtime._database.read() as tx:
        deeds.runtime = runtime
        item = deeds.item("prepare")
        return item is not None and item.version == 1 and tx.execute(text("PRAGMA integrity_check")).scalar() == "ok"


def test_a_full_disk(office: tuple[Settings, Deeds]) -> None:
    settings, deeds = office

    def work() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))
        complete(deeds)

    name, words = in_a_process(work)

    assert name == "StoreFull" and "nothing was changed" in words
    assert unchanged(settings, deeds)


def test_a_disk_that_fills_up_while_files_are_kept(tmp_path: Path) -> None:
    files = FileStore(tmp_path / "files")

    def work() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
        files.put(b"x" * 5000)

    name, words = in_a_process(work)

    assert name == "StoreFull" and "cannot be written" in words
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []


def test_the_disk_is_full_after_the_clerk_was_done(
    office: tuple[Settings, Deeds], monkeypatch: pytest.MonkeyPatch
) -> None:
    _settings, deeds = office
    actor = deeds.people["prepare"]

    def full(*_arguments: Any, **_keywords: Any) -> int:
        raise StoreFull("full")

    with Runtime.open(deeds.runtime._settings, clock=deeds.clock) as runtime:
        deeds.runtime = runtime
        monkeypatch.setattr(runtime, "run_ready_jobs", full)
        runtime.deliver_message("PaperArrived", deeds.number, {}, sender="post", actor=SYSTEM)
        item = deeds.item("prepare")
        assert item is not None
        done = runtime.complete(item.id, ENTRIES["prepare"], actor=actor)

    assert done.item.state == "completed"


def test_a_file_that_may_not_be_written(office: tuple[Settings, Deeds]) -> None:
    settings, deeds = office
    _open_to_all(settings)
    path = Path(settings.database.removeprefix("sqlite:///"))
    path.chmod(0o444)

    name, words = in_a_process(lambda: complete(deeds), uid=65534)

    assert name == "StoreFull" and "read-only; nothing was changed. Make the file and its folder writable" in words
    path.chmod(0o644)
    assert unchanged(settings, deeds)


def test_a_folder_that_may_not_be_written(office: tuple[Settings, Deeds]) -> None:
    settings, deeds = office
    _open_to_all(settings)
    path = Path(settings.database.removeprefix("sqlite:///"))
    path.chmod(0o666)
    path.parent.chmod(0o555)

    name, words = in_a_process(lambda: complete(deeds), uid=65534)

    path.parent.chmod(0o755)
    assert name == "StoreFull" and "read-only; nothing was changed. Make the file and its folder writable" in words
    assert unchanged(settings, deeds)


def _open_to_all(settings: Settings) -> None:
    """Let a stranger reach the folder: permissions do not bind an administrator, who may be running this."""
    path = Path(settings.database.removeprefix("sqlite:///"))
    for folder in path.parents:
        if folder.owner() == path.owner() and not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o055)


@pytest.mark.parametrize("content", [b"SQLite format 3\0 and then nothing of the kind" * 40, "一份公文".encode() * 999])
def test_a_file_that_is_no_database(tmp_path: Path, clock: Clock, content: bytes) -> None:
    path = tmp_path / "letter.db"
    path.write_bytes(content)
    settings = Settings.from_env({}, database=str(path))

    for opening in (Runtime.open, Runtime.create):
        with pytest.raises(NotADatabase, match=r"not a xieban database|another program"):
            opening(settings, clock=clock)

    assert path.read_bytes() == content


def test_the_database_of_another_program(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "music.db"
    with closing(sqlite3.connect(path)) as theirs:
        theirs.executescript("CREATE TABLE song(name TEXT); INSERT INTO song VALUES ('茉莉花');")
    before = path.read_bytes()
    settings = Settings.from_env({}, database=str(path))

    for opening in (Runtime.open, Runtime.create):
        with pytest.raises(NotADatabase, match="belongs to another program; name another file with --db"):
            opening(settings, clock=clock)

    assert path.read_bytes() == before and not Path(f"{path}-journal").exists()


def test_no_database_at_all(tmp_path: Path, clock: Clock) -> None:
    with pytest.raises(NotFound, match="xieban init"):
        Runtime.open(Settings.from_env({}, database=str(tmp_path / "none.db")), clock=clock)

    assert list(tmp_path.iterdir()) == []


def test_a_database_of_a_newer_program(settings: Settings, clock: Clock) -> None:
    Runtime.create(settings, clock=clock).close()
    database = Database(settings.database)
    with database.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()

    with pytest.raises(WrongSchema, match=r"newer xieban .*9999.*upgrade the program"):
        Runtime.open(settings, clock=clock)


def test_another_writer_holds_the_store(settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflow_runtime.database.WAIT", 0.3)
    runtime = open_office(settings, clock)
    deeds = Deeds(runtime, clock, 1, {"prepare": clerks(runtime, "cwi-qingxi.social_work")[0]})
    deeds.start()
    item = deeds.item("prepare")
    assert item is not None
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with runtime._database.begin() as tx:
            tx.execute(text('UPDATE "case" SET rev = rev'))
            held.set()
            done.wait(PATIENCE)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(PATIENCE)
    try:
        with pytest.raises(StoreBusy, match=r"another program is writing to .*; wait a moment and try again"):
            runtime.complete(item.id, ENTRIES["prepare"], actor=deeds.people["prepare"])
    finally:
        done.set()
        holder.join()

    assert runtime.complete(item.id, ENTRIES["prepare"], actor=deeds.people["prepare"]).opened
    runtime.close()


def test_a_postgresql_that_is_not_there(clock: Clock) -> None:
    settings = Settings.from_env({}, database="postgresql://clerk:secret@127.0.0.1:1/office")

    with pytest.raises(StoreError, match="cannot be reached") as refused:
        Runtime.open(settings, clock=clock)

    assert "secret" not in str(refused.value)


def test_what_a_dead_process_began_is_undone_before_the_file_is_judged(tmp_path: Path, clock: Clock) -> None:
    settings = Settings.from_env({"XIEBAN_HOME": str(tmp_path)}, database=str(tmp_path / "x.db"))

    def die_while_creating() -> None:
        with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as half:
            half.execute("PRAGMA cache_size=1")  # spills: pages reach the file before the commit
            half.execute("BEGIN IMMEDIATE")
            half.execute("CREATE TABLE half(x)")
            half.executemany("INSERT INTO half VALUES (?)", [("x" * 3000,) for _row in range(50)])
            os.kill(os.getpid(), signal.SIGKILL)

    in_a_process(die_while_creating)
    assert (tmp_path / "x.db").stat().st_size and (tmp_path / "x.db-journal").exists()

    with Runtime.create(settings, clock=clock) as runtime:
        assert runtime.profiles()


def test_a_connection_that_died_while_it_rested_is_replaced(
    settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflow_runtime.database.RESTED", -1.0)
    with Runtime.create(settings, clock=clock) as runtime:
        if not runtime._database.is_sqlite:
            with runtime._database.read() as tx:
                (mine,) = tx.execute(text("SELECT pg_backend_pid()")).scalars()
            other = Database(settings.database)
            with other.read() as tx:
                tx.execute(text(f"SELECT pg_terminate_backend({mine})"))
            other.close()

        assert runtime.profiles()
