"""The repair kit: incidents are mended, messages end, suspended cases keep their time."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.conftest import Clock
from tests.integration.office import Deeds, clerks, open_office
from tests.integration.test_cluster import approved, notices, state
from tests.journeys.conftest import ORGANISATION
from workflow_runtime import calendars
from workflow_runtime import tables as t
from workflow_runtime.errors import AlreadyDone, BadInput, NotAllowed
from workflow_runtime.handling import Effects, ServiceJob, _handlers
from workflow_runtime.inbox import Inbox
from workflow_runtime.model import SYSTEM, CaseState
from workflow_runtime.procedures import gather
from workflow_runtime.repairs import Repairs, incident_lines
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

pytestmark = pytest.mark.usefixtures("english")

REVIEW = Path(__file__).parent.parent / "journeys" / "review"


@pytest.fixture
def runtime(settings: Settings, clock: Clock) -> Iterator[Runtime]:
    with Runtime.create(settings, clock=clock) as office:
        office.import_organisation(ORGANISATION.read_bytes(), actor=SYSTEM)
        office.deploy(gather(REVIEW), actor=SYSTEM)
        yield office


@pytest.fixture
def post_office(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """The handler `notify` fails while the list is empty."""
    opened: list[bool] = []
    proper = _handlers["notify"]

    def notify(job: ServiceJob) -> Effects:
        if not opened:
            raise OSError("the post office is closed")
        return proper(job)

    monkeypatch.setitem(_handlers, "notify", notify)
    return opened


def stopped(runtime: Runtime, clock: Clock) -> Any:
    """A case that the machine stopped at its last step."""
    case = approved(runtime)
    for _try in range(6):
        clock.advance(hours=1)
        runtime.sweep()
    assert state(runtime, case) == CaseState.INCIDENT
    return case


def test_an_incident_names_case_element_reason_and_what_to_do(
    runtime: Runtime, clock: Clock, post_office: list[bool]
) -> None:
    case = stopped(runtime, clock)

    (incident,) = Repairs(runtime).incidents(actor=SYSTEM)

    said = "\n".join(incident_lines(incident))
    for part in (case.case.number, "tell", "通知福利院", "OSError", "tried 5 times", "xieban incident retry"):
        assert part in said
    assert "closed" not in said  # the words of an exception may hold data of a case


def test_a_retry_goes_on_from_where_the_machine_stopped(
    runtime: Runtime, clock: Clock, post_office: list[bool]
) -> None:
    case = stopped(runtime, clock)
    (incident,) = Repairs(runtime).incidents(actor=SYSTEM)
    post_office.append(True)

    Repairs(runtime).retry(incident.id, reason="the post office is open", actor=SYSTEM)

    assert state(runtime, case) == CaseState.COMPLETED and notices(runtime, case) == 1
    assert Repairs(runtime).incidents(actor=SYSTEM) == ()
    with pytest.raises(AlreadyDone, match="the post office is open"):
        Repairs(runtime).retry(incident.id, reason="again", actor=SYSTEM)
    assert runtime.verify_history(case.case.number, actor=SYSTEM) is None


def test_a_step_done_by_hand_counts_as_done(runtime: Runtime, clock: Clock, post_office: list[bool]) -> None:
    case = stopped(runtime, clock)
    (incident,) = Repairs(runtime).incidents(actor=SYSTEM)

    Repairs(runtime).resolve(incident.id, reason="told by telephone", actor=SYSTEM)

    assert state(runtime, case) == CaseState.COMPLETED
    kinds = [line.kind for line in runtime.history(case.case.number, actor=SYSTEM)]
    assert "incident_opened" in kinds and "incident_resolved" in kinds
    assert runtime.verify_history(case.case.number, actor=SYSTEM) is None


def test_only_a_process_owner_repairs(runtime: Runtime, clock: Clock, post_office: list[bool]) -> None:
    stopped(runtime, clock)
    (clerk, *_rest) = clerks(runtime, "cwi-qingxi.social_work")

    with pytest.raises(NotAllowed, match="process owner"):
        Repairs(runtime).incidents(actor=clerk)
    with pytest.raises(BadInput, match="reason"):
        Repairs(runtime).retry(1, reason=" ", actor=SYSTEM)


# --- standing still ----------------------------------------------------------------------------------------------
def test_a_suspended_case_stands_still_and_its_working_days_go_on_afterwards(runtime: Runtime, clock: Clock) -> None:
    case = approved_until_check(runtime)
    number = case.case.number
    calendar = calendars.shipped()
    begun = runtime._today()
    clock.advance(days=2)

    Repairs(runtime).suspend(number, reason="the family is travelling", actor=SYSTEM)
    clock.advance(days=100)
    assert runtime.sweep().timers == 0
    (item,) = runtime.case(number, actor=SYSTEM).items
    (bureau, *_rest) = clerks(runtime, "cab-qingxi.child_welfare")
    with pytest.raises(NotAllowed, match="suspended"):
        runtime.complete(item.id, {"opinion": "齐全"}, actor=bureau)
    shifts = Repairs(runtime).resume(number, reason="they are back", actor=SYSTEM)

    used = calendars.working_days_between(begun, begun + timedelta(days=1), calendar)  # the day it stopped is not one
    eve = runtime._today() - timedelta(days=1)
    wanted = {calendars.add_working_days(eve, days - used, calendar) for days in (5, 10)}
    assert {calendars.last_day(due) for due in rows(runtime)} == wanted
    assert {calendars.last_day(shift.now) for shift in shifts} == wanted
    assert all("travelling" in shift.why for shift in shifts)
    assert runtime.sweep().timers == 0
    kinds = [line.kind for line in runtime.history(number, actor=SYSTEM)]
    assert kinds.count("suspended") == kinds.count("resumed") == 1
    clock.advance(days=60)
    assert runtime.sweep().timers == 1
    assert runtime.verify_history(number, actor=SYSTEM) is None


def approved_until_check(runtime: Runtime) -> Any:
    from tests.integration.test_cluster import child
    from tests.journeys.conftest import open_item

    case = runtime.start_case("review", child(runtime, 1), actor=SYSTEM)
    (worker, *_rest) = clerks(runtime, "cwi-qingxi.social_work")
    runtime.complete(open_item(runtime, case, "prepare").id, {"summary": "一册", "pages": 3}, actor=worker)
    return case


def rows(runtime: Runtime) -> list[Any]:
    """Due instants of timers and open items."""
    with runtime._database.read() as tx:
        timers = tx.execute(select(t.timer.c.due_at)).scalars().all()
        items = tx.execute(select(t.work_item.c.due_at).where(t.work_item.c.state == "ready")).scalars().all()
    assert timers and items
    return [*timers, *items]


# --- answers of outside agencies ---------------------------------------------------------------------------------
@pytest.fixture
def waiting(settings: Settings, clock: Clock) -> Iterator[Deeds]:
    """A case that waits for a paper from outside."""
    with open_office(settings, clock) as office:
        people = {
            "prepare": clerks(office, "cwi-qingxi.social_work")[0],
            "check": clerks(office, "cab-qingxi.child_welfare")[0],
        }
        deeds = Deeds(office, clock, 1, people)
        deeds.start()
        yield deeds


def lay(folder: Path, file: str, **message: Any) -> None:
    """An agency lays a file into the folder."""
    folder.mkdir(exist_ok=True)
    (folder / file).write_text(json.dumps(message, ensure_ascii=False), encoding="utf-8")


def test_answers_in_the_folder_arrive_early_twice_and_for_nobody(waiting: Deeds, tmp_path: Path, clock: Clock) -> None:
    runtime, folder = waiting.runtime, tmp_path / "in"
    answer = {"id": "7", "sender": "court", "name": "PaperArrived", "payload": {"place": "南屏"}}
    lay(folder, "a.json", **answer, correlation=waiting.number)
    lay(folder, "b.json", **answer, correlation=waiting.number)
    lay(folder, "c.json", name="PaperArrived", correlation="GX-P16-2024-999999", sender="court")
    lay(folder, "d.json", nonsense=1)
    os.utime(folder / "d.json", (1, 1))

    receipts = {one.file: one.state for one in Inbox(runtime, folder).collect()}
    waiting.complete("prepare")
    clock.advance(minutes=1)
    runtime.sweep()

    assert receipts == {"a.json": "accepted", "b.json": "repeated", "c.json": "accepted", "d.json": "refused"}
    assert sorted(os.listdir(folder / "taken")) == ["a.json", "b.json", "c.json"]
    assert sorted(os.listdir(folder / "refused")) == ["d.json"]
    assert "missing" in json.loads((folder / "receipts" / "d.receipt.json").read_text())["text"]
    found = {one.correlation: one for one in Repairs(runtime).messages(actor=SYSTEM) if one.sender == "court"}
    assert found[waiting.number].state == "consumed" and found[waiting.number].case == waiting.number
    assert found["GX-P16-2024-999999"].state == "waiting"

    clock.advance(days=91)
    runtime.sweep()

    (nobodys,) = [one for one in Repairs(runtime).messages(actor=SYSTEM) if one.correlation.endswith("999999")]
    assert nobodys.state == "expired" and nobodys.reason is not None
    again = Repairs(runtime).redeliver(nobodys.id, reason="the case is coming", actor=SYSTEM)
    dead = Repairs(runtime).bury(nobodys.id, reason="there is no such case", actor=SYSTEM)
    assert (again.state, dead.state, dead.reason) == ("waiting", "dead", "there is no such case")


def test_a_message_that_came_while_the_case_stood_still_is_taken_when_it_goes_on(
    waiting: Deeds, tmp_path: Path
) -> None:
    runtime = waiting.runtime
    waiting.complete("prepare")
    Repairs(runtime).suspend(waiting.number, reason="strike", actor=SYSTEM)
    lay(tmp_path / "in", "a.json", name="PaperArrived", correlation=waiting.number, payload={"place": "南屏"})
    (receipt,) = Inbox(runtime, tmp_path / "in").collect()
    runtime.sweep()
    assert receipt.message is not None
    assert Repairs(runtime).message(receipt.message, actor=SYSTEM).state == "waiting"

    Repairs(runtime).resume(waiting.number, reason="over", actor=SYSTEM)
    runtime.sweep()

    assert Repairs(runtime).message(receipt.message, actor=SYSTEM).state == "consumed"
