"""Handlers that misbehave: in a process of their own they harm nobody, and an incident says what happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.conftest import Clock
from tests.integration.test_cluster import approved, notices
from tests.journeys.conftest import ORGANISATION
from workflow_runtime.handling import JobRefused, ServiceJob, StandingChange
from workflow_runtime.isolation import Bench, HandlerFailed, HandlerUnfit, Limits
from workflow_runtime.model import SYSTEM, CaseState
from workflow_runtime.procedures import gather
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

pytestmark = pytest.mark.usefixtures("english")

REVIEW = Path(__file__).parent.parent / "journeys" / "review"
NOW = datetime(2024, 3, 4, 1, 0, tzinfo=UTC)

MISBEHAVING = """
import os, time
from datetime import datetime, timezone
from decimal import Decimal
from workflow_runtime import Effects, JobRefused, ServiceJob, StandingChange, handler

@handler("echo")
def echo(job):
    print("noise on the way out")
    return Effects(patch={"amount": Decimal("1.50"), "at": job.now, "database": os.environ.get("XIEBAN_DB")},
                   standings=(StandingChange("custodian", job.now, "D16", party="CWI.CITY@990100"),))

@handler("hang")
def hang(job):
    time.sleep(3600)

@handler("spin")
def spin(job):
    while True:
        pass

@handler("eat")
def eat(job):
    return Effects(patch={"x": "x" * (2 << 30)})

@handler("leave")
def leave(job):
    raise SystemExit(3)

@handler("vanish")
def vanish(job):
    os._exit(7)

@handler("babble")
def babble(job):
    return {"patch": "nonsense"}

@handler("floats")
def floats(job):
    return Effects(patch={"x": object()})

@handler("refuse")
def refuse(job):
    raise JobRefused("NO_FUNDS", "there is no money")

@handler("notify")
def notify(job):
    raise SystemExit(3)
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of handlers as no one should write them."""
    (tmp_path / "misbehaving.py").write_text(MISBEHAVING, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return "misbehaving"


@pytest.fixture
def bench(module: str, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """Patient as nobody would be, but with whoever hangs: on a busy machine a start may take a minute."""
    patience = getattr(request, "param", 300.0)
    made = Bench([module], Limits(processor=1, memory=768 * 1024 * 1024, patience=patience))
    yield made
    made.close()


def job(type: str) -> ServiceJob:
    return ServiceJob("j1", type, "GX-P16-2024-000001", "tell", ("consult",), {"sum": Decimal("2.50")}, {}, {}, {}, NOW)


def test_effects_come_back_as_they_were_given(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XIEBAN_DB", "postgresql://clerk:secret@db/xieban")

    effects = bench.run(job("echo"))

    assert effects.patch == {"amount": Decimal("1.50"), "at": NOW, "database": None}
    assert effects.standings == (StandingChange("custodian", NOW, "D16", party="CWI.CITY@990100"),)


def test_a_bench_stays_warm_from_job_to_job(bench: Bench) -> None:
    bench.run(job("echo"))
    child = bench._child

    for _round in range(5):
        bench.run(job("echo"))

    assert child is not None and bench._child is child


@pytest.mark.parametrize(
    ("type", "error", "said"),
    [
        ("spin", HandlerFailed, "more than 1 seconds of processor time"),
        ("eat", HandlerFailed, "more than 768 MB of memory"),
        ("leave", HandlerFailed, "SystemExit"),
        ("vanish", HandlerFailed, "ended without an answer"),
        ("babble", HandlerUnfit, "dict instead of Effects"),
        ("floats", HandlerUnfit, "values that no case file can hold"),
        ("absent", HandlerUnfit, "there is no handler 'absent'"),
        ("refuse", JobRefused, "there is no money"),
    ],
)
def test_a_handler_that_misbehaves_is_told_of_and_the_next_job_is_done(
    bench: Bench, type: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        bench.run(job(type))

    assert bench.run(job("echo")).patch["amount"] == Decimal("1.50")


@pytest.mark.parametrize("bench", [2.5], indirect=True)
def test_a_handler_that_hangs_is_stopped(bench: Bench) -> None:
    with pytest.raises(HandlerFailed, match=r"no answer within 2\.5 seconds"):
        bench.run(job("hang"))

    assert bench._child is None


def test_a_handler_that_leaves_by_system_exit_becomes_an_incident(
    settings: Settings, clock: Clock, module: str
) -> None:
    with Runtime.create(replace(settings, isolate=True, handlers=(module,)), clock=clock) as runtime:
        runtime.import_organisation(ORGANISATION.read_bytes(), actor=SYSTEM)
        runtime.deploy(gather(REVIEW), actor=SYSTEM)

        case = approved(runtime)
        for _try in range(6):
            clock.advance(hours=1)
            runtime.sweep()

        page = runtime.case(case.case.number, actor=SYSTEM)
        assert page.case.state == CaseState.INCIDENT and notices(runtime, case) == 0
        assert page.incident is not None and "SystemExit" in page.incident and "notify" in page.incident
