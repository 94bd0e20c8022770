"""Timers and schema in a cluster: each timer once whoever looks, and old data under the new schema."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.conftest import Clock
from tests.integration.office import clerks
from tests.integration.test_cluster import REVIEW, approved, child, notices, state
from tests.journeys.conftest import ORGANISATION, open_item
from workflow_runtime import store
from workflow_runtime.database import Database
from workflow_runtime.dispatch import Bell, Waiting
from workflow_runtime.handling import Effects
from workflow_runtime.machine import LEASE, utc_now
from workflow_runtime.model import SYSTEM, CasePage, CaseState
from workflow_runtime.procedures import gather
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture
def runtime(settings: Settings, clock: Clock) -> Iterator[Runtime]:
    with Runtime.create(settings, clock=clock) as office:
        office.import_organisation(ORGANISATION.read_bytes(), actor=SYSTEM)
        office.deploy(gather(REVIEW), actor=SYSTEM)
        yield office


def reminded(runtime: Runtime, numbers: list[str]) -> list[int]:
    """How often the timer of each case took effect."""
    return [[line.kind for line in runtime.history(number, actor=SYSTEM)].count("timer_fired") for number in numbers]


def test_two_schedulers_at_once_let_each_timer_take_effect_once(
    runtime: Runtime, settings: Settings, clock: Clock
) -> None:
    (worker, *_rest) = clerks(runtime, "cwi-qingxi.social_work")
    numbers = []
    for number in range(1, 9):
        case = runtime.start_case("review", child(runtime, number), actor=SYSTEM)
        runtime.complete(open_item(runtime, case, "prepare").id, {"summary": "一册", "pages": 3}, actor=worker)
        numbers.append(case.case.number)
    clock.advance(days=30)
    due = runtime.due_cases()
    assert len(due) == 8

    def schedule() -> None:
        with Runtime.open(settings, clock=clock, dispatch=Waiting()) as other:
            for case_id in due:
                other.fire_case(case_id)

    schedulers = [threading.Thread(target=schedule) for _each in range(3)]
    for one in schedulers:
        one.start()
    for one in schedulers:
        one.join()

    assert reminded(runtime, numbers) == [1] * 8
    assert not runtime.due_cases()


def test_a_bell_is_rung_once_for_an_id_and_again_when_nobody_came() -> None:
    now = [0.0]
    bell = Bell("memory://", again_after=20, clock=lambda: now[0])

    rung = [bell.ring("xieban.job", "a", "people") for _each in range(3)]
    now[0] = 21.0
    rung.append(bell.ring("xieban.job", "a", "people"))

    assert rung == [True, False, False, True]


def test_a_broker_that_refuses_is_left_alone_for_a_while() -> None:
    now = [0.0]
    bell = Bell("redis://127.0.0.1:1/0", away=10, clock=lambda: now[0])

    assert not bell.ring("xieban.job", "a", "people")

    assert not bell.heard
    now[0] = 11.0
    assert bell.heard


@pytest.fixture
def left(settings: Settings, clock: Clock) -> Iterator[tuple[Runtime, CasePage]]:
    """A case whose last step is the machine's, and nobody has done it yet."""
    Runtime.create(settings, clock=clock).close()
    with Runtime.open(settings, clock=clock, dispatch=Waiting()) as office:
        office.import_organisation(ORGANISATION.read_bytes(), actor=SYSTEM)
        office.deploy(gather(REVIEW), actor=SYSTEM)
        yield office, approved(office)


def claimed(runtime: Runtime, clock: Clock) -> store.Claim:
    """The job, in the hands of a worker that will not finish it in time."""
    with runtime._database.begin() as tx:
        claim = store.claim_job(tx, clock(), owner="zombie", lease=LEASE)
    assert claim is not None
    return claim


def test_a_worker_that_wakes_after_its_lease_changes_nothing(left: tuple[Runtime, CasePage], clock: Clock) -> None:
    runtime, case = left
    zombie = claimed(runtime, clock)
    assert not runtime.run_job(zombie.row.id)
    clock.advance(minutes=2)
    assert runtime.run_job(zombie.row.id)
    assert state(runtime, case) == CaseState.COMPLETED

    runtime._finish_service(zombie, Effects(), None)

    assert notices(runtime, case) == 1
    assert runtime.verify_history(case.case.number, actor=SYSTEM) is None


def test_a_worker_whose_clock_runs_fast_takes_no_work_out_of_living_hands(
    left: tuple[Runtime, CasePage], settings: Settings
) -> None:
    if settings.database.startswith("sqlite"):
        pytest.skip("the programs that share a SQLite file share the clock of its machine")
    runtime, case = left
    with (
        Runtime(Database(settings.database), settings, dispatch=Waiting()) as right,
        Runtime(Database(settings.database), settings, dispatch=Waiting()) as fast,
    ):
        with right._database.begin() as tx:
            claim = right._claim(tx)
        fast._clock = lambda: utc_now() + timedelta(hours=1)

        assert claim is not None and not fast.run_job(claim.row.id)

        right._finish_service(claim, Effects(), None)
    assert state(runtime, case) == CaseState.COMPLETED


def test_a_job_that_kills_its_worker_each_time_becomes_an_incident(
    left: tuple[Runtime, CasePage], clock: Clock
) -> None:
    runtime, case = left
    for _death in range(5):
        claimed(runtime, clock)
        clock.advance(minutes=2)

    runtime.sweep()

    page = runtime.case(case.case.number, actor=SYSTEM)
    assert page.case.state == CaseState.INCIDENT and page.incident is not None and "died" in page.incident
