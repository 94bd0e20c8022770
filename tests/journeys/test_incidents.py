"""The machine stops: nothing half-done, a person is told, and what was entered is still to be entered."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.conftest import Clock
from tests.journeys.conftest import HERE, open_item
from workflow_runtime.errors import NotAllowed, RuleBroken
from workflow_runtime.handling import Effects, ServiceJob, _handlers
from workflow_runtime.model import SYSTEM, Actor, CasePage, CaseState, ItemState
from workflow_runtime.procedures import gather
from workflow_runtime.runtime import Runtime

People = Callable[[str], list[Actor]]
COUNTY, BUREAU = "cwi-qingxi.social_work", "cab-qingxi.child_welfare"
BROKEN = b'=deadline(if pages = 13 then "no_such_deadline" else "receipt_reminder")'


@pytest.fixture
def case_that_may_stop(runtime: Runtime, child: str) -> CasePage:
    """A case whose reminder cannot be computed when the papers have thirteen pages."""
    bundle = dict(gather(HERE / "review"))
    path = "review/review.bpmn"
    bundle[path] = bundle[path].replace(b'=deadline("receipt_reminder")', BROKEN.replace(b'"', b"&#34;"))
    runtime.deploy(bundle, actor=SYSTEM)
    return runtime.start_case("review", child, actor=SYSTEM)


def test_an_entry_that_stops_the_machine_is_undone_and_the_case_says_why(
    runtime: Runtime, case_that_may_stop: CasePage, people: People
) -> None:
    case, (social_worker, *_) = case_that_may_stop, people(COUNTY)
    prepare = open_item(runtime, case, "prepare")

    with pytest.raises(RuleBroken, match="your entry was not taken"):
        runtime.complete(prepare.id, {"summary": "一册", "pages": 13}, actor=social_worker)

    page = runtime.case(case.case.number, actor=SYSTEM)
    assert page.case.state == CaseState.INCIDENT and page.incident is not None
    assert "pages" not in page.fields
    assert open_item(runtime, case, "prepare").state == ItemState.READY
    assert any(wait.kind == "incident" for wait in page.waits)
    with pytest.raises(NotAllowed, match="incident"):
        runtime.complete(prepare.id, {"summary": "一册", "pages": 12}, actor=social_worker)
    assert runtime.verify_history(case.case.number, actor=SYSTEM) is None


@pytest.fixture
def failing_notice() -> Iterator[list[str]]:
    """The handler `notify` fails, and notes each try."""
    tries: list[str] = []
    proper = _handlers["notify"]

    def fail(job: ServiceJob) -> Effects:
        tries.append(job.id)
        raise OSError("the post office is closed")

    _handlers["notify"] = fail
    yield tries
    _handlers["notify"] = proper


def test_machine_work_that_fails_is_tried_again_and_then_becomes_an_incident(
    runtime: Runtime, case: CasePage, people: People, clock: Clock, failing_notice: list[str]
) -> None:
    (social_worker, *_), (checker, approver, *_) = people(COUNTY), people(BUREAU)
    runtime.complete(open_item(runtime, case, "prepare").id, {"summary": "一册", "pages": 2}, actor=social_worker)
    runtime.complete(open_item(runtime, case, "check").id, {"opinion": "齐全"}, actor=checker)

    runtime.complete(open_item(runtime, case, "approve").id, {}, actor=approver)
    assert len(failing_notice) == 1
    for _ in range(10):
        clock.advance(hours=1)
        runtime.sweep()

    page = runtime.case(case.case.number, actor=SYSTEM)
    assert len(failing_notice) == 5 and len(set(failing_notice)) == 1
    assert page.case.state == CaseState.INCIDENT
    assert page.incident is not None and page.incident.startswith("OSError (test_incidents.py:")
