"""Time passes: reminders fire once, late is late in working days, and nobody need be there."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from tests.conftest import Clock
from tests.journeys.conftest import open_item
from workflow_runtime.i18n import of_data
from workflow_runtime.model import SYSTEM, Actor, CasePage, ItemState
from workflow_runtime.runtime import Runtime

People = Callable[[str], list[Actor]]
COUNTY, BUREAU = "cwi-qingxi.social_work", "cab-qingxi.child_welfare"


def test_a_reminder_fires_once_and_leaves_the_item_open(
    runtime: Runtime, case: CasePage, people: People, clock: Clock
) -> None:
    (social_worker, *_) = people(COUNTY)
    runtime.complete(open_item(runtime, case, "prepare").id, {"summary": "一册", "pages": 3}, actor=social_worker)

    clock.advance(days=30)
    swept = runtime.sweep()
    again = runtime.sweep()

    assert swept.timers == 1 and not again.timers
    assert open_item(runtime, case, "check").state == ItemState.READY
    fired = [line for line in runtime.history(case.case.number, actor=SYSTEM) if line.kind == "timer_fired"]
    assert len(fired) == 1


def test_a_late_item_is_on_the_list_of_its_department_and_told_once(
    runtime: Runtime, case: CasePage, people: People, clock: Clock
) -> None:
    (social_worker, *_) = people(COUNTY)
    assert runtime.late(actor=social_worker) == ()

    clock.advance(days=60)
    runtime.sweep()
    runtime.sweep()

    (row,) = runtime.late(actor=social_worker)
    assert row.working_days_late > 20 and row.item.element == "prepare"
    assert [line.kind for line in runtime.history(case.case.number, actor=SYSTEM)].count("overdue") == 1


def test_reads_say_what_is_due_and_has_not_fired(
    runtime: Runtime, case: CasePage, people: People, clock: Clock
) -> None:
    (social_worker, *_) = people(COUNTY)
    runtime.complete(open_item(runtime, case, "prepare").id, {"summary": "一册", "pages": 3}, actor=social_worker)

    clock.advance(days=30)

    page = runtime.case(case.case.number, actor=SYSTEM)
    assert page.due_not_fired == (of_data("催办"),)
    assert any(wait.kind == "timer" and "not yet fired" in wait.text for wait in page.waits)


def test_a_write_first_does_what_time_has_done(runtime: Runtime, case: CasePage, people: People, clock: Clock) -> None:
    (social_worker, *_), (checker, *_) = people(COUNTY), people(BUREAU)
    runtime.complete(open_item(runtime, case, "prepare").id, {"summary": "一册", "pages": 3}, actor=social_worker)
    clock.advance(days=30)

    runtime.claim(open_item(runtime, case, "check").id, actor=checker)

    kinds = [line.kind for line in runtime.history(case.case.number, actor=SYSTEM)]
    assert kinds.index("timer_fired") < kinds.index("claimed")


def told(runtime: Runtime, case: CasePage, kind: str) -> list[str]:
    entries = runtime.history(case.case.number, actor=SYSTEM)
    return [f"{entry.at.astimezone(ZoneInfo('Asia/Shanghai')):%m-%d}" for entry in entries if entry.kind == kind]


def test_what_is_not_done_after_two_reminders_goes_to_the_level_above(
    runtime: Runtime, case: CasePage, clock: Clock
) -> None:
    item = open_item(runtime, case, "prepare")
    assert item.due is not None and item.due.shown == "2024-03-18 24:00"

    for _day in range(40):
        clock.advance(days=1)
        runtime.sweep()

    assert (told(runtime, case, "overdue"), told(runtime, case, "escalated")) == (["03-19", "03-26"], ["04-02"])
    assert open_item(runtime, case, "prepare").reminded == 2


def test_a_person_s_reminders_count_but_nobody_is_passed_over_before_the_time(
    runtime: Runtime, case: CasePage, clock: Clock
) -> None:
    item = open_item(runtime, case, "prepare")
    for _time in range(2):
        runtime.remind(item.id, actor=SYSTEM)

    for _day in range(40):
        clock.advance(days=1)
        runtime.sweep()

    assert len(told(runtime, case, "overdue")) == 1
    assert len(told(runtime, case, "escalated")) == 1
