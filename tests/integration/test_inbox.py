"""The folder into which agencies lay their answers: watched by many, written to by anybody, and nothing lost in it."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies
from sqlalchemy import func, select, text, update

from tests.conftest import Clock
from tests.integration.cluster import until, worker
from tests.integration.office import MORNING, Deeds, clerks, open_office
from tests.integration.test_cluster_repairs import lay
from workflow_runtime import tables as t
from workflow_runtime.database import Database
from workflow_runtime.errors import StoreBusy, StoreError
from workflow_runtime.inbox import LONGEST_MESSAGE, Inbox
from workflow_runtime.library import Library
from workflow_runtime.machine import utc_now
from workflow_runtime.model import SYSTEM, CaseState
from workflow_runtime.repairs import Repairs
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture
def waiting(settings: Settings, clock: Clock) -> Iterator[Deeds]:
    """A case that waits for a paper from outside."""
    with open_office(settings, clock) as office:
        deeds = Deeds(office, clock, 1, staff(office))
        deeds.start()
        deeds.complete("prepare")
        yield deeds


def staff(office: Runtime) -> dict[str, Any]:
    return {
        "prepare": clerks(office, "cwi-qingxi.social_work")[0],
        "check": clerks(office, "cab-qingxi.child_welfare")[0],
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "in"
    made.mkdir()
    return made


def answer(number: str, **more: Any) -> dict[str, Any]:
    return {"name": "PaperArrived", "correlation": number, "payload": {"place": "南屏"}, "sender": "court", **more}


def receipt(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "receipts" / f"{name}.receipt.json").read_text(encoding="utf-8"))
    return found


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def states(runtime: Runtime) -> dict[str, str]:
    """Of messages from outside, by their sender."""
    return {one.sender: one.state for one in Repairs(runtime).messages(actor=SYSTEM) if one.direction == "in"}


# --- who wins, who dies ------------------------------------------------------------------------------------------
def test_many_watchers_take_every_file_once(waiting: Deeds, folder: Path) -> None:
    for number in range(40):
        lay(folder, f"{number:02}.json", **answer("nobody", id=str(number)))
    found: list[str] = []

    def watch() -> None:
        inbox = Inbox(waiting.runtime, folder)
        for _look in range(3):
            found.extend(one.file for one in inbox.collect())

    watchers = [threading.Thread(target=watch) for _each in range(4)]
    for one in watchers:
        one.start()
    for one in watchers:
        one.join()

    assert sorted(found) == [f"{number:02}.json" for number in range(40)] == files(folder / "taken")
    assert files(folder) == ["receipts", "taken", "taking"] and files(folder / "taking") == []
    assert len(files(folder / "receipts")) == 40


@pytest.mark.parametrize("sent", [False, True])
def test_a_file_in_the_hands_of_a_dead_worker_goes_to_the_next(waiting: Deeds, folder: Path, sent: bool) -> None:
    (folder / "taking").mkdir()
    lay(folder / "taking" / "0123", "a.json", **answer(waiting.number, id="7"))
    if sent:  # it died after the commit, before the receipt
        Inbox(waiting.runtime).send((folder / "taking" / "0123" / "a.json").read_bytes(), actor=SYSTEM)
    assert Inbox(waiting.runtime, folder).collect() == ()

    (one,) = Inbox(waiting.runtime, folder, clock=lambda: time.time() + 90).collect()

    assert one.state == ("repeated" if sent else "accepted") and files(folder / "taken") == ["a.json"]
    assert states(waiting.runtime) == {"court": "consumed"}


def test_a_store_that_is_not_there_keeps_the_file_where_it_lay(
    waiting: Deeds, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(folder, "a.json", **answer(waiting.number))

    def busy(*_arguments: Any, **_more: Any) -> None:
        raise StoreBusy("busy")

    with monkeypatch.context() as patch:
        patch.setattr(waiting.runtime, "deliver_message", busy)
        with pytest.raises(StoreError):
            Inbox(waiting.runtime, folder).collect()
    assert "a.json" in files(folder) and files(folder / "taking") == []

    (one,) = Inbox(waiting.runtime, folder).collect()

    assert one.state == "accepted"


def test_a_folder_that_is_not_there_is_said(waiting: Deeds, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read: there is no such file"):
        Inbox(waiting.runtime, tmp_path / "nowhere").collect()


# --- twice, late, early, for nobody ------------------------------------------------------------------------------
def test_each_outcome_stands_on_the_receipt_and_in_the_list(waiting: Deeds, folder: Path, clock: Clock) -> None:
    runtime = waiting.runtime
    lay(folder, "1.json", **answer(waiting.number, id="7"))
    lay(folder, "2.json", **answer(waiting.number, id="7", sender="court"))
    lay(folder, "3.json", **answer(waiting.number, sender="late", expires_at="2024-03-01T00:00:00+08:00"))
    lay(folder, "4.json", **answer("GX-P16-2024-999999", sender="nobody"))
    lay(folder, "5.json", **answer("GX-P16-2024-999998", sender="short", expires_at="2024-03-20T00:00:00+08:00"))

    receipts = {one.file: (one.state, one.text) for one in Inbox(runtime, folder).collect()}
    clock.advance(days=20)
    runtime.sweep()

    assert {file: state for file, (state, _text) in receipts.items()} == {
        "1.json": "accepted",
        "2.json": "repeated",
        "3.json": "late",
        "4.json": "accepted",
        "5.json": "accepted",
    }
    assert "within its time to live" in receipts["3.json"][1] and "no case waits" in receipts["4.json"][1]
    assert states(runtime) == {"court": "consumed", "late": "expired", "nobody": "waiting", "short": "expired"}
    (late,) = [one for one in Repairs(runtime).messages(actor=SYSTEM) if one.sender == "late"]
    again = Repairs(runtime).redeliver(late.id, reason="the court had no power", actor=SYSTEM)
    assert again.state == "waiting" and again.reason == "the court had no power"


def test_a_message_whose_time_ran_out_is_not_delivered_afterwards(
    waiting: Deeds, folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = waiting.runtime
    monkeypatch.setattr(runtime, "_after_commit", lambda *_arguments: None)  # the worker is slow
    lay(folder, "1.json", **answer(waiting.number, expires_at="2024-03-05T00:00:00+08:00"))
    (accepted,) = Inbox(runtime, folder).collect()
    assert accepted.state == "accepted"
    clock.advance(days=2)

    runtime.run_ready_jobs()

    assert states(runtime) == {"court": "expired"}


# --- files of every kind -----------------------------------------------------------------------------------------
def test_a_file_that_is_still_written_is_left_until_it_is_whole(waiting: Deeds, folder: Path) -> None:
    whole = json.dumps(answer(waiting.number), ensure_ascii=False)
    (folder / "a.json").write_text(whole[:40], encoding="utf-8")
    (folder / "b.json.part").write_text(whole, encoding="utf-8")
    (folder / ".c.json").write_text(whole, encoding="utf-8")
    assert Inbox(waiting.runtime, folder).collect() == ()

    (folder / "a.json").write_text(whole, encoding="utf-8")

    assert [one.state for one in Inbox(waiting.runtime, folder).collect()] == ["accepted"]
    (folder / "b.json.part").rename(folder / "b.json")
    assert [one.state for one in Inbox(waiting.runtime, folder).collect()] == ["repeated"]
    assert ".c.json" in files(folder)


def test_a_file_that_stays_half_is_refused_after_a_while(waiting: Deeds, folder: Path) -> None:
    (folder / "a.json").write_text('{"name": "Pap', encoding="utf-8")

    (one,) = Inbox(waiting.runtime, folder, clock=lambda: time.time() + 60).collect()

    assert one.state == "refused" and "is not JSON" in one.text and files(folder / "refused") == ["a.json"]


BIG = '{"name":"PaperArrived","correlation":"x","payload":{"a":'


HOSTILE = (
    ("empty", b""),
    ("xml", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
    ("list", b"[1]"),
    ("latin", "{é}".encode("latin-1")),
    ("twice", b'{"name":"A","name":"B","correlation":"x"}'),
    ("nan", b'{"name":"A","correlation":"x","payload":{"a":NaN}}'),
    ("huge-number", (BIG + "9" * 5000 + "}}").encode()),
    ("tiny", (BIG + "1e-99999}}").encode()),
    ("deep", (BIG + "[" * 100_000 + "]" * 100_000 + "}}").encode()),
    ("nul", b'{"name":"A\\u0000B","correlation":"x"}'),
    ("surrogate", b'{"name":"A","correlation":"\\ud800"}'),
    ("long-name", json.dumps({"name": "A" * 101, "correlation": "x"}).encode()),
    ("long-key", json.dumps({"name": "A", "correlation": "x" * 201}).encode()),
    ("long-sender", json.dumps({"name": "A", "correlation": "x", "sender": "y" * 201}).encode()),
    ("no-time", json.dumps({"name": "A", "correlation": "x", "expires_at": "2024-02-30"}).encode()),
    (
        "end-of-time",
        json.dumps({"name": "A", "correlation": "x", "expires_at": "9999-12-31T23:59:59-14:00"}).encode(),
    ),
    ("no-text", json.dumps({"name": 7, "correlation": ["x"]}).encode()),
    ("unknown", json.dumps({"name": "A", "correlation": "x", "__class__": 1}).encode()),
    ("tagged", json.dumps({"name": "A", "correlation": "x", "payload": {"a": {"$": "2024-99-99"}}}).encode()),
    ("long", b'{"name":"A","correlation":"x","payload":{"a":"' + b"x" * LONGEST_MESSAGE + b'"}}'),
)
WRONG_NAMES = ("a.txt", "b.xml", "c", "d.json.gz", "-rf.JSONX", "长" * 80, "e\x1b[2J.txt", "f\udce9.doc")


def test_hostile_files_are_refused_in_words_and_stop_nobody(waiting: Deeds, folder: Path) -> None:
    for name, content in HOSTILE:
        (folder / f"{name}.json").write_bytes(content)
    for name in WRONG_NAMES:
        (folder / name).write_text("{}")
    for path in folder.iterdir():
        os.utime(path, (1, 1))
    lay(folder, "proper.json", **answer(waiting.number))

    found = {one.file: one for one in Inbox(waiting.runtime, folder).collect()}

    assert found.pop("proper.json").state == "accepted"
    harmless = {"tagged.json", "tiny.json"}  # odd; it is kept as it is, and waits
    refused = {name: one.text for name, one in found.items() if one.state == "refused"}
    assert set(found) - set(refused) <= harmless and len(found) == len(HOSTILE) + len(WRONG_NAMES)
    assert all(
        receipt(folder, name)["text"] == refused[f"{name}.json"] for name, _ in HOSTILE if f"{name}.json" in refused
    )
    assert all("ends in .json" in text for name, text in refused.items() if not name.endswith(".json"))
    assert all(text and "Traceback" not in text and len(text) < 500 for text in refused.values())
    assert len(files(folder / "refused")) == len(refused) and len(files(folder / "receipts")) == len(found) + 1


def test_links_pipes_and_folders_are_no_answers(waiting: Deeds, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text(json.dumps(answer(waiting.number)))
    (folder / "link.json").symlink_to(tmp_path / "secret.json")
    os.mkfifo(folder / "pipe.json")
    (folder / "folder.json").mkdir()

    assert Inbox(waiting.runtime, folder).collect() == ()

    assert states(waiting.runtime) == {} and (tmp_path / "secret.json").exists()


def test_answers_of_the_same_name_lose_neither_file_nor_receipt(waiting: Deeds, folder: Path) -> None:
    for day in range(3):
        lay(folder, "answer.json", **answer("nobody", id=str(day)))
        Inbox(waiting.runtime, folder).collect()

    assert files(folder / "taken") == ["answer-2.json", "answer-3.json", "answer.json"]
    assert len(files(folder / "receipts")) == 3 and receipt(folder, "answer")["kept_as"] == "taken/answer-3.json"
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in (folder / "receipts").iterdir())  # the agency may read


# --- a message that its case cannot take -------------------------------------------------------------------------
def broken(runtime: Runtime, number: str) -> None:
    """The engine's state of a case is damaged."""
    with runtime._database.begin() as tx:
        tx.execute(update(t.case).where(t.case.c.number == number).values(snapshot=b"\x00not a snapshot"))


def test_a_message_that_its_case_cannot_take_is_dead_with_the_reason_and_an_incident(
    waiting: Deeds, folder: Path, clock: Clock
) -> None:
    runtime = waiting.runtime
    broken(runtime, waiting.number)
    lay(folder, "1.json", **answer(waiting.number))
    Inbox(runtime, folder).collect()
    for _round in range(5):
        clock.advance(minutes=5)
        runtime.sweep()

    (message,) = [one for one in Repairs(runtime).messages(actor=SYSTEM) if one.direction == "in"]
    assert message.state == "dead" and message.reason
    incidents = Repairs(runtime).incidents(actor=SYSTEM)
    assert [one.code for one in incidents if one.element == "PaperArrived" or "aper" in one.element] == [
        "BrokenSnapshot"
    ]
    with runtime._database.read() as tx:
        assert tx.execute(select(func.count()).select_from(t.job).where(t.job.c.kind == "message")).scalar() == 1


# --- sent = consumed + expired + dead + waiting ------------------------------------------------------------------
DEEDS = ("send", "again", "late", "stray", "wait", "day", "quarter", "bury", "redeliver", "suspend", "resume", "sweep")


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[str, str]]]:
    """An office with two cases, to be copied."""
    home, clock = tmp_path_factory.mktemp("law"), Clock(MORNING)
    office = Settings.from_env({"XIEBAN_HOME": str(home), "XIEBAN_LANG": "en"}, database=f"{home}/x.db")
    with open_office(office, clock) as runtime:
        cases = [Deeds(runtime, clock, number, staff(runtime)) for number in range(2)]
        for one in cases:
            one.start()
    return home / "x.db", [(one.subject, one.number) for one in cases]


_LIBRARY = Library()  # parsed once


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=strategies.lists(strategies.tuples(strategies.sampled_from(DEEDS), strategies.integers(0, 3)), max_size=14))
def test_what_was_sent_is_consumed_expired_dead_or_waiting(
    begun: tuple[Path, list[tuple[str, str]]], tmp_path: Path, plan: list[tuple[str, int]]
) -> None:
    shutil.copy(begun[0], tmp_path / "x.db")
    office, clock = Settings.from_env({"XIEBAN_HOME": str(tmp_path)}, database=f"{tmp_path}/x.db"), Clock(MORNING)
    with Runtime(Database(office.database), office, clock=clock, library=_LIBRARY) as runtime:
        people = staff(runtime)
        cases = [
            Deeds(runtime, clock, run, people, subject=subject, number=number)
            for run, (subject, number) in enumerate(begun[1])
        ]
        sent: set[str] = set()

        for deed, which in plan:
            sent |= act(runtime, clock, cases, deed, which)

        runtime.sweep()
        keep_the_law(runtime, clock, sent)


def act(runtime: Runtime, clock: Clock, cases: list[Deeds], deed: str, which: int) -> set[str]:
    """One thing that happens in an office; the messages that it sent."""
    case, repairs = cases[which % 2], Repairs(runtime)
    message = answer(case.number, id=str(which))
    if deed == "stray":
        message["correlation"] = "nobody"
    if deed == "late":
        message["expires_at"], message["id"] = "2024-01-01T00:00:00+08:00", f"late-{which}"
    if deed in ("send", "again", "late", "stray"):
        view, _repeated = Inbox(runtime).send(json.dumps(message).encode(), actor=SYSTEM)
        return {view.id}
    known = [one for one in repairs.messages(actor=SYSTEM) if one.direction == "in"]
    state = runtime.case(case.number, actor=SYSTEM).case.state
    if deed == "wait" and state == CaseState.OPEN:
        case.complete("prepare")
    elif deed in ("day", "quarter"):
        clock.advance(days=1 if deed == "day" else 91)
    elif deed == "bury" and known and known[0].state == "waiting":
        repairs.bury(known[0].id, reason="no", actor=SYSTEM)
    elif deed == "redeliver" and known and known[-1].state in ("expired", "dead"):
        repairs.redeliver(known[-1].id, reason="yes", actor=SYSTEM)
    elif deed == "suspend" and state == CaseState.OPEN:
        repairs.suspend(case.number, reason="stop", actor=SYSTEM)
    elif deed == "resume" and state == CaseState.SUSPENDED:
        repairs.resume(case.number, reason="go", actor=SYSTEM)
    elif deed == "sweep":
        runtime.sweep()
    return set()


def keep_the_law(runtime: Runtime, clock: Clock, sent: set[str]) -> None:
    """Each message is in one state; what was consumed stands in one history, once; none lies beside its receiver."""
    with runtime._database.read() as tx:
        rows = {row.id: row for row in tx.execute(select(t.message).where(t.message.c.direction == "in")).all()}
        taken = tx.execute(
            text('SELECT content FROM history_content WHERE content LIKE \'%"sender":"court"%\'')
        ).scalars()
        received = [json.loads(content)["message"] for content in taken]
        open_waits = tx.execute(
            select(t.subscription.c.name, t.subscription.c.correlation)
            .join(t.case, t.case.c.id == t.subscription.c.case_id)
            .where(t.case.c.state == "open")
        ).all()
    assert set(rows) == sent
    count = {
        state: sum(row.state == state for row in rows.values()) for state in ("consumed", "expired", "dead", "waiting")
    }
    assert sum(count.values()) == len(sent)
    assert sorted(received) == sorted(id for id, row in rows.items() if row.state == "consumed")
    for row in rows.values():
        assert row.state != "waiting" or row.expires_at > clock()
        assert row.state != "waiting" or (row.name, row.correlation) not in open_waits
        assert row.state not in ("expired", "dead") or row.reason


# --- watched for ever --------------------------------------------------------------------------------------------
def test_a_worker_watches_the_folder_all_the_time(tmp_path: Path, folder: Path) -> None:
    surroundings = {"XIEBAN_DB": f"{tmp_path}/x.db", "XIEBAN_HOME": str(tmp_path), "XIEBAN_LANG": "en"}
    office = Settings.from_env(surroundings)
    with open_office(office, Clock(utc_now())) as runtime:
        deeds = Deeds(runtime, Clock(utc_now()), 1, staff(runtime))
        deeds.start()
        deeds.complete("prepare")
    with worker(surroundings, "--inline", "--poll", "0.2", "--watch", str(folder)):
        for number in range(3):
            lay(folder, f"{number}.json", **answer(deeds.number, id="7"))
            until(lambda: (folder / "receipts" / f"{number}.receipt.json").exists(), "a receipt")  # noqa: B023

    assert [receipt(folder, str(number))["state"] for number in range(3)] == ["accepted", "repeated", "repeated"]
    with Runtime.open(office) as runtime:
        assert states(runtime) == {"court": "consumed"}
