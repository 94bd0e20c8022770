"""A province: workers beside one another, a broker that comes and goes, and work that is done once all the same."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

import handlers  # noqa: F401  (registers the machine steps)
from tests.integration.cluster import free_port, until, worker
from tests.journeys.conftest import CHILD, ORGANISATION, STANDINGS, open_item
from workflow_runtime import identifiers
from workflow_runtime.dispatch import Waiting
from workflow_runtime.machine import utc_now
from workflow_runtime.model import SYSTEM, CasePage, CaseState
from workflow_runtime.procedures import gather
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

pytestmark = pytest.mark.usefixtures("english")

REVIEW = Path(__file__).parent.parent / "journeys" / "review"


@pytest.fixture
def province(postgresql: Any, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The surroundings of a cluster without broker: an office on PostgreSQL, the review procedure deployed."""
    name = f"t{uuid4().hex}"
    postgresql.psql(f"CREATE DATABASE {name};")
    surroundings = {
        "XIEBAN_DB": postgresql.get_uri(name),
        "XIEBAN_HOME": str(tmp_path / "home"),
        "XIEBAN_LANG": "en",
        "XIEBAN_ISOLATE": "no",
    }
    with Runtime.create(Settings.from_env(surroundings)) as office:
        office.import_organisation(ORGANISATION.read_bytes(), actor=SYSTEM)
        office.deploy(gather(REVIEW), actor=SYSTEM)
    yield surroundings
    postgresql.psql(f"DROP DATABASE {name} WITH (FORCE);")


def child(runtime: Runtime, number: int) -> str:
    """A child of its own."""
    known = {**CHILD, "resident_id": identifiers.new_resident_id("990101", date(2017, 4, 12), 2 * number)}
    return runtime.register_subject("child", known, actor=SYSTEM, region="990101", standings=STANDINGS)


def approved(runtime: Runtime, number: int = 1) -> CasePage:
    """A case whose people have done everything: what is left is the machine's notice and the end."""
    case = runtime.start_case("review", child(runtime, number), actor=SYSTEM)
    directory = runtime.organisation(actor=SYSTEM)
    county = [runtime.actor(one.id) for one in directory.clerks_of("cwi-qingxi.social_work", runtime._today())]
    bureau = [runtime.actor(one.id) for one in directory.clerks_of("cab-qingxi.child_welfare", runtime._today())]
    runtime.complete(open_item(runtime, case, "prepare").id, {"summary": "一册", "pages": 3}, actor=county[0])
    runtime.complete(open_item(runtime, case, "check").id, {"opinion": "齐全"}, actor=bureau[0])
    runtime.complete(open_item(runtime, case, "approve").id, {}, actor=bureau[1])
    return case


def state(runtime: Runtime, case: CasePage) -> CaseState:
    return runtime.case(case.case.number, actor=SYSTEM).case.state


def notices(runtime: Runtime, case: CasePage) -> int:
    """How often the notice at the end of the case was written down."""
    history = runtime.history(case.case.number, actor=SYSTEM)
    return [line.kind for line in history].count("job_done")


def test_a_worker_hears_the_bell_and_finishes_what_people_began(province: dict[str, str], broker: str) -> None:
    surroundings = province | {"XIEBAN_BROKER": broker}

    def month_ago() -> datetime:
        return utc_now() - timedelta(days=30)

    with Runtime.open(Settings.from_env(province), clock=month_ago, dispatch=Waiting()) as runtime:
        late = runtime.start_case("review", child(runtime, 9), actor=SYSTEM)
        (clerk, *_rest) = runtime.organisation(actor=SYSTEM).clerks_of("cwi-qingxi.social_work", runtime._today())
        papers = {"summary": "一册", "pages": 3}
        runtime.complete(open_item(runtime, late, "prepare").id, papers, actor=runtime.actor(clerk.id))
    with worker(surroundings, "--poll", "30"), Runtime.open(Settings.from_env(surroundings)) as runtime:
        cases = [approved(runtime, number) for number in (1, 2, 3)]

        until(lambda: all(state(runtime, one) == CaseState.COMPLETED for one in cases), "the cases end")

        def fired() -> int:
            history = runtime.history(late.case.number, actor=SYSTEM)
            return [line.kind for line in history].count("timer_fired")

        until(lambda: fired() > 0, "the timer that has been due for weeks takes effect")
        assert [notices(runtime, one) for one in cases] == [1, 1, 1] and fired() == 1
        assert all(runtime.verify_history(one.case.number, actor=SYSTEM) is None for one in cases)


def test_a_lost_bell_costs_time_and_nothing_else(province: dict[str, str], redis: str) -> None:
    with Runtime.open(Settings.from_env(province), dispatch=Waiting()) as runtime:
        case = approved(runtime)
        assert state(runtime, case) == CaseState.OPEN

        with worker(province | {"XIEBAN_BROKER": redis}, "--poll", "0.5"):
            until(lambda: state(runtime, case) == CaseState.COMPLETED, "the poller finds the job")

        assert notices(runtime, case) == 1


def test_a_broker_that_is_away_fails_no_commit_and_workers_work_without_it(province: dict[str, str]) -> None:
    broker = f"redis://127.0.0.1:{free_port()}/0"
    surroundings = province | {"XIEBAN_BROKER": broker}
    with Runtime.open(Settings.from_env(surroundings)) as runtime:
        case = approved(runtime)

        with worker(surroundings, "--poll", "0.5"):
            until(lambda: state(runtime, case) == CaseState.COMPLETED, "the poller works itself")

        assert notices(runtime, case) == 1


def test_a_worker_killed_with_its_processes_is_replaced_by_another(province: dict[str, str], redis: str) -> None:
    surroundings = province | {"XIEBAN_BROKER": redis}
    with Runtime.open(Settings.from_env(surroundings)) as runtime:
        with worker(surroundings, "--poll", "0.5") as doomed:
            case = approved(runtime, 1)
            until(lambda: state(runtime, case) == CaseState.COMPLETED, "the first worker works")
            os.killpg(doomed.pid, signal.SIGKILL)
        second = approved(runtime, 2)

        with worker(surroundings, "--poll", "0.5"):
            # at the latest after a lease
            until(lambda: state(runtime, second) == CaseState.COMPLETED, "the second takes over")

        assert notices(runtime, case) == notices(runtime, second) == 1
