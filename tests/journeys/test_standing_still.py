"""A step that holds others back stops their clocks: nobody is late while everybody looks for a child."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Clock
from tests.journeys.conftest import ORGANISATION, open_item
from workflow_runtime.errors import NotAllowed
from workflow_runtime.model import SYSTEM, Actor, CasePage
from workflow_runtime.procedures import find_folder, gather
from workflow_runtime.repairs import Repairs
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

SEARCH = {
    "missing_receipt_no": "青公警-2024-0202",
    "missing_since": "2024-02-02T08:00",
    "search_measures": "走访、视频查找。",
}


@pytest.fixture
def runtime(settings: Settings, clock: Clock) -> Iterator[Runtime]:
    """An office that runs the transfer (P16), in which a child gone missing stops everything else."""
    with Runtime.create(settings, clock=clock) as office:
        office.import_organisation(ORGANISATION.read_bytes(), actor=SYSTEM)
        office.deploy(gather(find_folder("county-city-transfer")), actor=SYSTEM)
        yield office


@pytest.fixture
def case(runtime: Runtime, child: str) -> CasePage:
    """A transfer of which the notice is to be sent within five working days."""
    return runtime.start_case("county-city-transfer", child, actor=SYSTEM, regions={"receiving_city": "990100"})


def search(runtime: Runtime, case: CasePage, result: str) -> None:
    item = open_item(runtime, case, "search_for_child")
    runtime.complete(item.id, {**SEARCH, "search_result": result}, actor=_of(runtime, item.department))


def test_what_is_held_back_is_not_late_and_gets_its_days_back(runtime: Runtime, case: CasePage, clock: Clock) -> None:
    subject, number = case.case.subject.number, case.case.number
    clock.advance(days=2)

    runtime.signal_subject(subject, "CHILD_MISSING", actor=SYSTEM)
    clock.advance(days=20)
    search(runtime, case, "not_found")
    clock.advance(days=8)
    runtime.sweep()
    held = open_item(runtime, case, "send_transfer_notice")
    why = {one.element: one.text for one in runtime.why(number, actor=SYSTEM)}
    late = {row.item.element for row in runtime.late(actor=SYSTEM)}
    with pytest.raises(NotAllowed, match="waits until"):
        runtime.complete(held.id, {}, actor=_of(runtime, held.department))
    search(runtime, case, "found")

    after = open_item(runtime, case, "send_transfer_notice").due
    assert held.due is None
    assert late == {"search_for_child"}
    assert (
        "waits until “Search for the missing child” is done; its deadline stands still since"
        in why["send_transfer_notice"]
    )
    # One of five working days was counted before 6 March, the others from 3 April on: Qingming, and a Sunday at work.
    assert after is not None and after.shown.startswith("2024-04-09")
    assert any("Search for the missing child" in line for line in after.explanation)
    kinds = [entry.kind for entry in runtime.history(number, actor=SYSTEM)]
    assert [kind for kind in kinds if kind.startswith("clocks_")] == ["clocks_stopped", "clocks_restarted"]
    assert runtime.verify_history(number, actor=SYSTEM) is None


def test_a_suspension_within_the_standstill_counts_once(runtime: Runtime, case: CasePage, clock: Clock) -> None:
    runtime.signal_subject(case.case.subject.number, "CHILD_MISSING", actor=SYSTEM)
    before = open_item(runtime, case, "search_for_child")
    Repairs(runtime).suspend(case.case.number, reason="复核", actor=SYSTEM)
    clock.advance(days=7)
    shifts = Repairs(runtime).resume(case.case.number, reason="复核完毕", actor=SYSTEM)

    search(runtime, case, "found")

    assert {shift.element for shift in shifts} == {before.element}
    due = open_item(runtime, case, "send_transfer_notice").due
    assert due is not None and due.shown.startswith("2024-03-15")


def _of(runtime: Runtime, department: str) -> Actor:
    (clerk, *_others) = runtime.organisation(actor=SYSTEM).clerks_of(department, runtime._today())
    return runtime.actor(clerk.id)
