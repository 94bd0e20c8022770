"""A stuck case is moved on, an ended one opened again, many are treated at once; not alone, and not unseen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.conftest import Clock
from tests.journeys.conftest import open_item
from workflow_runtime.errors import AlreadyDone, BadInput, FourEyes, NotAllowed, NotFound, RuleBroken, XiebanError
from workflow_runtime.handling import _handlers
from workflow_runtime.i18n import of_data
from workflow_runtime.mending import Mending
from workflow_runtime.model import SYSTEM, Actor, CasePage, CaseState
from workflow_runtime.reckoning import Reckoning
from workflow_runtime.repairs import Repairs
from workflow_runtime.runtime import Runtime

People = Callable[[str], list[Actor]]
COUNTY, BUREAU = "cwi-qingxi.social_work", "cab-qingxi.child_welfare"
PAPERS = {"summary": "一册", "pages": 3}


@pytest.fixture
def owners(runtime: Runtime) -> tuple[Actor, Actor]:
    """Two process owners."""
    directory = runtime.organisation(actor=SYSTEM)
    first = runtime.actor(directory.owners[0].id)
    return first, replace(first, clerk="root", name="root")


def kinds(runtime: Runtime, number: str) -> list[str]:
    return [line.kind for line in runtime.history(number, actor=SYSTEM)]


def opened(runtime: Runtime, number: str) -> list[str]:
    return [item.element for item in runtime.case(number, actor=SYSTEM).items]


def finished(runtime: Runtime, case: CasePage, people: People) -> str:
    """The case, brought to its end by three people."""
    (worker, *_), (checker, other, *_more) = people(COUNTY), people(BUREAU)
    runtime.complete(open_item(runtime, case, "prepare").id, PAPERS, actor=worker)
    runtime.complete(open_item(runtime, case, "check").id, {"opinion": "齐全"}, actor=checker)
    runtime.complete(open_item(runtime, case, "approve").id, {"approval_note": "同意"}, actor=other)
    assert runtime.case(case.case.number, actor=SYSTEM).case.state == CaseState.COMPLETED
    return case.case.number


# --- moving ------------------------------------------------------------------------------------------------------
def test_a_case_is_moved_with_a_reason_and_a_mark_for_ever(
    runtime: Runtime, case: CasePage, people: People, owners: tuple[Actor, Actor]
) -> None:
    number, mending = case.case.number, Mending(runtime)

    preview = mending.preview(number, "move", {"from": "prepare", "to": "check"}, actor=owners[0])
    assert opened(runtime, number) == ["prepare"]
    plan, asked = mending.move(number, "prepare", "check", reason="材料早已审过", actor=owners[0])

    assert plan == preview and asked is None and plan.second == ()
    assert opened(runtime, number) == ["check"]
    page = runtime.case(number, actor=SYSTEM)
    assert page.case.marks == ("moved",) and any(wait.kind == "timer" for wait in page.waits)
    steps = f"from “{of_data('准备材料')}” to “{of_data('审核材料')}”"
    assert f"moved by hand {steps} — 材料早已审过" in [line.text for line in page.history]
    (checker, *_rest) = people(BUREAU)
    runtime.complete(open_item(runtime, case, "check").id, {"opinion": "齐全"}, actor=checker)
    assert runtime.case(number, actor=SYSTEM).case.marks == ("moved",)
    assert runtime.verify_history(number, actor=SYSTEM) is None


def test_what_has_legal_effect_is_not_skipped_by_one_person_alone(
    runtime: Runtime, case: CasePage, people: People, owners: tuple[Actor, Actor]
) -> None:
    number, mending = case.case.number, Mending(runtime)
    first, second = owners

    plan, asked = mending.move(number, "prepare", "finished", reason="撤案", actor=first)

    assert plan.second and set(plan.passed) == {of_data("审核材料"), of_data("批准")} and asked is not None
    assert opened(runtime, number) == ["prepare"] and "repair_asked" in kinds(runtime, number)
    with pytest.raises(AlreadyDone, match="waits for a second person"):
        mending.move(number, "prepare", "finished", reason="再来", actor=first)
    with pytest.raises(FourEyes):
        mending.confirm(asked, actor=first)
    with pytest.raises(FourEyes):
        mending.confirm(asked, actor=replace(second, acting_for=first.clerk))
    view, _plan = mending.confirm(asked, actor=second)

    assert (view.state, view.asked_by, view.answered_by) == ("done", first.clerk, "root")
    assert runtime.case(number, actor=SYSTEM).case.state == CaseState.COMPLETED
    with pytest.raises((AlreadyDone, NotAllowed)):
        mending.confirm(asked, actor=second)
    assert runtime.verify_history(number, actor=SYSTEM) is None


def test_a_confirmation_looks_at_the_case_as_it_stands_then(
    runtime: Runtime, case: CasePage, people: People, owners: tuple[Actor, Actor]
) -> None:
    number, mending = case.case.number, Mending(runtime)
    _plan, asked = mending.move(number, "prepare", "approve", reason="急", actor=owners[0])
    assert asked is not None
    (worker, *_rest) = people(COUNTY)
    runtime.complete(open_item(runtime, case, "prepare").id, PAPERS, actor=worker)

    with pytest.raises(RuleBroken, match="no single token at prepare; tokens stand at: check"):
        mending.confirm(asked, actor=owners[1])
    refused = mending.refuse(asked, reason="已经办了", actor=owners[0])

    assert refused.state == "refused" and opened(runtime, number) == ["check"]
    assert [one.state for one in mending.repairs(actor=owners[0], case=number)] == ["refused"]


def test_two_confirmations_at_once_do_it_once(
    runtime: Runtime, case: CasePage, owners: tuple[Actor, Actor], settings: Any, clock: Clock
) -> None:
    _plan, asked = Mending(runtime).move(case.case.number, "prepare", "finished", reason="撤案", actor=owners[0])
    assert asked is not None
    answers: list[str] = []

    def confirm() -> None:
        with Runtime.open(settings, clock=clock) as other:
            try:
                Mending(other).confirm(asked, actor=owners[1])
                answers.append("done")
            except XiebanError as error:
                answers.append(type(error).__name__)

    threads = [threading.Thread(target=confirm) for _each in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert answers.count("done") == 1
    assert kinds(runtime, case.case.number).count("moved") == 1


def test_moving_on_deals_with_the_incident_that_stopped_the_case(
    runtime: Runtime, case: CasePage, people: People, owners: tuple[Actor, Actor], monkeypatch: pytest.MonkeyPatch,
    clock: Clock,
) -> None:  # fmt: skip
    def broken(_job: Any) -> Any:
        raise OSError("the post office is closed")

    monkeypatch.setitem(_handlers, "notify", broken)
    (worker, *_), (checker, other, *_more) = people(COUNTY), people(BUREAU)
    runtime.complete(open_item(runtime, case, "prepare").id, PAPERS, actor=worker)
    runtime.complete(open_item(runtime, case, "check").id, {"opinion": "齐全"}, actor=checker)
    runtime.complete(open_item(runtime, case, "approve").id, {"approval_note": "同意"}, actor=other)
    for _try in range(6):
        clock.advance(hours=1)
        runtime.sweep()
    number, mending = case.case.number, Mending(runtime)
    assert runtime.case(number, actor=SYSTEM).case.state == CaseState.INCIDENT

    plan, asked = mending.move(number, "tell", "finished", reason="已电话通知", actor=owners[0])

    assert asked is None and plan.passed == ()  # a notice inside the office has no legal effect
    assert runtime.case(number, actor=SYSTEM).case.state == CaseState.COMPLETED
    assert Repairs(runtime).incidents(actor=SYSTEM) == ()


def test_mistakes_are_named_and_change_nothing(
    runtime: Runtime, case: CasePage, people: People, owners: tuple[Actor, Actor]
) -> None:
    number, mending = case.case.number, Mending(runtime)
    (clerk, *_rest) = people(COUNTY)
    before = kinds(runtime, number)

    for error, source, target in (
        (NotFound, "prepare", "nowhere"),
        (NotFound, "sub.prepare", "sub.check"),
        (RuleBroken, "check", "approve"),
        (RuleBroken, "prepare", "remind"),
        (RuleBroken, "prepare", "begin"),
        (RuleBroken, "prepare", "prepare"),
    ):
        with pytest.raises(error):
            mending.preview(number, "move", {"from": source, "to": target}, actor=owners[0])
    with pytest.raises(BadInput, match="reason"):
        mending.move(number, "prepare", "check", reason=" ", actor=owners[0])
    with pytest.raises(NotAllowed, match="process owner"):
        mending.move(number, "prepare", "check", reason="x", actor=clerk)
    with pytest.raises(NotAllowed, match="only a case that has ended"):
        mending.reopen(number, reason="x", actor=owners[0])
    with pytest.raises(NotFound):
        mending.move("GX-P16-2024-999999", "prepare", "check", reason="x", actor=owners[0])
    assert kinds(runtime, number) == before


# --- reopening ---------------------------------------------------------------------------------------------------
def test_a_finished_case_is_opened_again_by_two(
    runtime: Runtime, case: CasePage, people: People, owners: tuple[Actor, Actor]
) -> None:
    number, mending = finished(runtime, case, people), Mending(runtime)

    plan, asked = mending.reopen(number, reason="批错了", actor=owners[0])
    assert plan.at == ("approve",) and asked is not None and any("profile" in why for why in plan.second)
    waiting = runtime.case(number, actor=SYSTEM).case
    assert waiting.state == CaseState.COMPLETED and waiting.ended_at is not None
    mending.confirm(asked, actor=owners[1])

    page = runtime.case(number, actor=SYSTEM)
    assert page.case.state == CaseState.OPEN and page.case.ended_at is None and page.case.marks == ("reopened",)
    assert opened(runtime, number) == ["approve"]
    (checker, other, *_more) = people(BUREAU)
    with pytest.raises(FourEyes):
        runtime.complete(open_item(runtime, case, "approve").id, {"approval_note": "同意"}, actor=checker)
    runtime.complete(open_item(runtime, case, "approve").id, {"approval_note": "同意"}, actor=other)
    again = runtime.case(number, actor=SYSTEM).case
    assert again.state == CaseState.COMPLETED and again.marks == ("reopened",)
    assert runtime.verify_history(number, actor=SYSTEM) is None


def test_a_withdrawn_case_goes_on_where_it_stood_with_what_was_entered(
    runtime: Runtime, case: CasePage, people: People, owners: tuple[Actor, Actor]
) -> None:
    number, mending = case.case.number, Mending(runtime)
    (worker, *_rest) = people(COUNTY)
    runtime.complete(open_item(runtime, case, "prepare").id, PAPERS, actor=worker)
    runtime.withdraw(number, reason="误立案", actor=worker)

    _plan, asked = mending.reopen(number, reason="没有误", actor=owners[0])
    assert asked is not None
    mending.confirm(asked, actor=owners[1])

    page = runtime.case(number, actor=SYSTEM)
    assert opened(runtime, number) == ["check"] and page.fields["summary"] == "一册"
    assert any(wait.kind == "timer" for wait in page.waits)
    assert runtime.case(number, actor=SYSTEM).case.ended_at is None


# --- many at once ------------------------------------------------------------------------------------------------
def several(runtime: Runtime, child: str, count: int) -> list[str]:
    return [runtime.start_case("review", child, actor=SYSTEM).case.number for _each in range(count)]


def test_many_cases_are_held_and_go_on_and_a_run_cut_short_is_begun_again(
    runtime: Runtime, child: str, clock: Clock
) -> None:
    numbers, repairs = several(runtime, child, 3), Repairs(runtime)

    preview = list(repairs.suspend_all("review", reason="停电", actor=SYSTEM, dry_run=True))
    first = next(repairs.suspend_all("review", reason="停电", actor=SYSTEM))  # and the process dies
    rest = list(repairs.suspend_all("review", reason="停电", actor=SYSTEM))

    assert [line.state for line in preview] == ["would"] * 3
    assert [first.what, *(line.what for line in rest)] == numbers
    clock.advance(days=7)
    lines = list(repairs.resume_all("review", reason="来电", actor=SYSTEM))
    assert [line.state for line in lines] == ["done"] * 3 and all(line.shifts for line in lines)
    assert [kinds(runtime, number).count("suspended") for number in numbers] == [1, 1, 1]
    with pytest.raises(NotFound):
        list(repairs.suspend_all("nothing", reason="x", actor=SYSTEM))


def test_everything_a_clerk_holds_goes_to_another_and_what_may_not_is_named(
    runtime: Runtime, child: str, people: People
) -> None:
    (worker, colleague, *_more), (stranger, *_rest) = people(COUNTY), people(BUREAU)
    for number in several(runtime, child, 2):
        (item,) = runtime.case(number, actor=SYSTEM).items
        runtime.claim(item.id, actor=worker)

    wrong = list(runtime.reassign_all(worker.clerk, stranger.clerk, actor=worker))
    lines = list(runtime.reassign_all(worker.clerk, colleague.clerk, actor=worker, reason="休假"))
    again = list(runtime.reassign_all(worker.clerk, colleague.clerk, actor=worker))

    assert [line.state for line in wrong] == ["failed"] * 2 and "does not work in" in wrong[0].text
    assert [line.state for line in lines] == ["done"] * 2 and again == []
    assert {item.clerk for item in runtime.worklist(actor=colleague)} == {colleague.clerk}


def test_incidents_of_one_element_are_retried_together(
    runtime: Runtime, child: str, people: People, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    proper = _handlers["notify"]

    def broken(_job: Any) -> Any:
        raise OSError("closed")

    monkeypatch.setitem(_handlers, "notify", broken)
    (worker, *_), (checker, other, *_more) = people(COUNTY), people(BUREAU)
    numbers = several(runtime, child, 2)
    for number in numbers:
        for actor, entries in ((worker, PAPERS), (checker, {"opinion": "齐全"}), (other, {"approval_note": "同意"})):
            (item,) = runtime.case(number, actor=SYSTEM).items
            runtime.complete(item.id, entries, actor=actor)
    for _try in range(6):
        clock.advance(hours=1)
        runtime.sweep()
    monkeypatch.setitem(_handlers, "notify", proper)
    repairs = Repairs(runtime)

    elsewhere = list(repairs.retry_all(reason="好了", actor=SYSTEM, element="prepare"))
    preview = list(repairs.retry_all(reason="好了", actor=SYSTEM, element="tell", dry_run=True))
    lines = list(repairs.retry_all(reason="好了", actor=SYSTEM, element="tell"))

    assert elsewhere == [] and len(preview) == len(lines) == 2
    assert {runtime.case(number, actor=SYSTEM).case.state for number in numbers} == {CaseState.COMPLETED}
    assert list(Reckoning(runtime).apply_calendar(actor=SYSTEM)) == []
