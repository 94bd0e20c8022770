"""Clerks work: a case from its start to its end, and every way in which an entry is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.conftest import Clock
from tests.journeys.conftest import HERE, open_item
from workflow_runtime.errors import (
    AlreadyDone,
    BadInput,
    FormError,
    FourEyes,
    ItemTaken,
    NotAllowed,
    NotFound,
    NotInThisDepartment,
    RuleBroken,
    StaleVersion,
)
from workflow_runtime.model import SYSTEM, Actor, CasePage, CaseState, ItemState, ItemView
from workflow_runtime.procedures import gather
from workflow_runtime.runtime import Runtime

People = Callable[[str], list[Actor]]
COUNTY, BUREAU = "cwi-qingxi.social_work", "cab-qingxi.child_welfare"
PAPERS = {"summary": "档案一册", "pages": 12}


def _unexplained(item: ItemView) -> ItemView:
    """An item without the days of its deadline one by one, which nobody asks for when a step is done."""
    return replace(item, due=replace(item.due, explanation=()) if item.due is not None else None)


class TestACaseGoesItsWay:
    def test_from_the_start_to_the_end(self, runtime: Runtime, case: CasePage, people: People) -> None:
        (social_worker, *_), (checker, approver, *_) = people(COUNTY), people(BUREAU)

        runtime.complete(open_item(runtime, case, "prepare").id, PAPERS, actor=social_worker)
        runtime.complete(open_item(runtime, case, "check").id, {"opinion": "齐全"}, actor=checker)
        done = runtime.complete(open_item(runtime, case, "approve").id, {}, actor=approver)

        assert done.state == CaseState.COMPLETED
        page = runtime.case(case.case.number, actor=SYSTEM, history=None)
        assert page.items == () and page.fields["pages"] == 12
        kinds = [line.kind for line in page.history]
        assert kinds == ["case_started", "completed", "completed", "completed", "job_done", "case_completed"]
        assert runtime.verify_history(case.case.number, actor=SYSTEM) is None

    def test_the_answer_to_a_completion_is_what_a_later_look_finds(
        self, runtime: Runtime, case: CasePage, people: People
    ) -> None:
        (social_worker, *_), (checker, *_) = people(COUNTY), people(BUREAU)
        prepare = open_item(runtime, case, "prepare")
        runtime.claim(prepare.id, actor=social_worker)

        done = runtime.complete(prepare.id, PAPERS, actor=social_worker)

        assert done.item == _unexplained(runtime.work_item(prepare.id, actor=social_worker).item)
        assert done.item.clerk_name == social_worker.name and done.item.completed_by == social_worker.clerk
        assert done.opened == tuple(_unexplained(one) for one in runtime.worklist(actor=checker))
        assert [one.element for one in done.opened] == ["check"]

    def test_a_return_leads_back_with_its_reason(self, runtime: Runtime, case: CasePage, people: People) -> None:
        (social_worker, *_), (checker, *_) = people(COUNTY), people(BUREAU)
        runtime.complete(open_item(runtime, case, "prepare").id, PAPERS, actor=social_worker)
        check = open_item(runtime, case, "check")

        with pytest.raises(BadInput, match="needs a reason"):
            runtime.complete(check.id, {}, actor=checker, outcome="returned")
        runtime.complete(check.id, {}, actor=checker, outcome="returned", reason="缺体检报告")

        assert open_item(runtime, case, "prepare").state == ItemState.READY
        assert "缺体检报告" in runtime.history(case.case.number, actor=SYSTEM)[-1].text

    def test_the_case_is_on_the_worklist_soonest_due_first(
        self, runtime: Runtime, case: CasePage, people: People
    ) -> None:
        (social_worker, *_) = people(COUNTY)

        (item,) = runtime.worklist(actor=social_worker)

        assert item.element == "prepare" and item.due is not None
        assert item.due.mark in "SIXP" and item.due.explanation and item.due.working_days_left is not None

    def test_a_scan_is_kept_by_its_hash(self, runtime: Runtime, case: CasePage, people: People) -> None:
        from workflow_runtime.scenarios import small_pdf

        (social_worker, *_) = people(COUNTY)
        scan = runtime.store_file("档案.pdf", small_pdf("one"), actor=social_worker)

        runtime.complete(open_item(runtime, case, "prepare").id, {**PAPERS, "scan": [scan]}, actor=social_worker)

        page = runtime.case(case.case.number, actor=SYSTEM)
        assert page.fields["scan"]["sha256"] == scan["sha256"]


class TestEntriesThatAreRefused:
    def test_every_wrong_field_is_named_at_once(self, runtime: Runtime, case: CasePage, people: People) -> None:
        (social_worker, *_) = people(COUNTY)
        prepare = open_item(runtime, case, "prepare")

        with pytest.raises(FormError) as refused:
            runtime.complete(prepare.id, {"pages": 0, "colour": "red"}, actor=social_worker)

        assert {finding.element for finding in refused.value.findings} == {"summary", "pages", "colour"}
        assert open_item(runtime, case, "prepare").version == prepare.version

    def test_another_departments_item(self, runtime: Runtime, case: CasePage, people: People) -> None:
        (checker, *_) = people(BUREAU)

        with pytest.raises(NotInThisDepartment, match="does not work there"):
            runtime.complete(open_item(runtime, case, "prepare").id, PAPERS, actor=checker)

    def test_a_stranger_is_told_that_there_is_none(self, runtime: Runtime, case: CasePage, people: People) -> None:
        (stranger, *_) = people("edu-yunling.student_status")
        prepare = open_item(runtime, case, "prepare")

        with pytest.raises(NotFound):
            runtime.work_item(prepare.id, actor=stranger)
        with pytest.raises(NotFound):
            runtime.case(case.case.number, actor=stranger)
        assert runtime.worklist(actor=stranger) == () and runtime.cases(actor=stranger) == ()

    def test_an_item_that_somebody_holds(self, runtime: Runtime, case: CasePage, people: People) -> None:
        first, second, *_ = people(COUNTY)
        prepare = open_item(runtime, case, "prepare")
        runtime.claim(prepare.id, actor=first)

        with pytest.raises(ItemTaken, match=first.name):
            runtime.complete(prepare.id, PAPERS, actor=second)
        with pytest.raises(ItemTaken, match=first.name):
            runtime.claim(prepare.id, actor=second)

        runtime.release(prepare.id, actor=first)
        assert runtime.claim(prepare.id, actor=second).clerk == second.clerk

    def test_an_item_that_is_done(self, runtime: Runtime, case: CasePage, people: People, clock: Clock) -> None:
        first, second, *_ = people(COUNTY)
        prepare = open_item(runtime, case, "prepare")
        runtime.complete(prepare.id, PAPERS, actor=first)
        clock.advance(hours=1)

        with pytest.raises(AlreadyDone, match=f"completed by {first.name} at 2024-03-04 09:00"):
            runtime.complete(prepare.id, PAPERS, actor=second)

    def test_a_stale_version(self, runtime: Runtime, case: CasePage, people: People) -> None:
        first, *_ = people(COUNTY)
        prepare = open_item(runtime, case, "prepare")
        runtime.claim(prepare.id, actor=first)

        with pytest.raises(StaleVersion, match="version 1, now 2"):
            runtime.complete(prepare.id, PAPERS, actor=first, version=prepare.version)

    def test_four_eyes(self, runtime: Runtime, case: CasePage, people: People) -> None:
        (social_worker, *_), (checker, approver, *_) = people(COUNTY), people(BUREAU)
        runtime.complete(open_item(runtime, case, "prepare").id, PAPERS, actor=social_worker)
        runtime.complete(open_item(runtime, case, "check").id, {"opinion": "齐全"}, actor=checker)
        approve = open_item(runtime, case, "approve")

        with pytest.raises(FourEyes):
            runtime.complete(approve.id, {}, actor=checker)
        with pytest.raises(FourEyes):
            runtime.reassign(approve.id, checker.clerk, actor=approver)
        with pytest.raises(FourEyes):
            runtime.claim(approve.id, actor=checker)

    def test_a_clerk_of_another_department_cannot_be_given_an_item(
        self, runtime: Runtime, case: CasePage, people: People
    ) -> None:
        (social_worker, *_), (checker, *_) = people(COUNTY), people(BUREAU)

        with pytest.raises(NotAllowed, match="does not work in"):
            runtime.reassign(open_item(runtime, case, "prepare").id, checker.clerk, actor=social_worker)


class TestAskingTwice:
    def test_the_same_key_does_the_work_once(self, runtime: Runtime, case: CasePage, people: People) -> None:
        (social_worker, *_) = people(COUNTY)
        prepare = open_item(runtime, case, "prepare")

        first = runtime.complete(prepare.id, PAPERS, actor=social_worker, key="k1")
        again = runtime.complete(prepare.id, PAPERS, actor=social_worker, key="k1")

        assert again.repeated and not first.repeated
        assert [one.id for one in again.opened] == [one.id for one in first.opened]
        with pytest.raises(NotAllowed, match="another request"):
            runtime.complete(prepare.id, {**PAPERS, "pages": 13}, actor=social_worker, key="k1")

    def test_a_keyed_start_gives_one_case(self, runtime: Runtime, child: str) -> None:
        one = runtime.start_case("review", child, actor=SYSTEM, key="start-1")
        two = runtime.start_case("review", child, actor=SYSTEM, key="start-1")

        assert one.case.number == two.case.number
        assert len(runtime.cases(actor=SYSTEM)) == 1


class TestWithdrawing:
    def test_a_withdrawn_case_leaves_nothing_open(self, runtime: Runtime, case: CasePage, people: People) -> None:
        (social_worker, *_) = people(COUNTY)

        page = runtime.withdraw(case.case.number, reason="误立案", actor=social_worker)

        assert page.case.state == CaseState.CANCELLED and page.items == ()
        with pytest.raises(AlreadyDone):
            runtime.withdraw(case.case.number, reason="误立案", actor=social_worker)


def review_with(name: str, value: str) -> dict[str, bytes]:
    """The procedure of these tests, with one property more on its process."""
    bundle = dict(gather(HERE / "review"))
    known = b'<zeebe:property name="xb:subject" value="child" />'
    path = "review/review.bpmn"
    bundle[path] = bundle[path].replace(known, known + f'<zeebe:property name="{name}" value="{value}" />'.encode())
    return bundle


class TestOneMatterAtATime:
    def test_a_procedure_that_excludes_itself_starts_once_for_a_subject(self, runtime: Runtime, child: str) -> None:
        runtime.deploy(review_with("xb:notWith", "review"), actor=SYSTEM)
        first = runtime.start_case("review", child, actor=SYSTEM)

        with pytest.raises(RuleBroken, match=first.case.number):
            runtime.start_case("review", child, actor=SYSTEM)

        runtime.withdraw(first.case.number, reason="误立案", actor=runtime.actor("wei-ning"))
        assert runtime.start_case("review", child, actor=SYSTEM).case.number != first.case.number

    @pytest.mark.parametrize(
        ("holder", "starts"),
        [("CAB.CNTY@sending_county", True), ("MPI.CNTY@sending_county", False), ("CWI.CNTY@sending_county", False)],
    )
    def test_a_procedure_for_those_whose_guardian_is_another_does_not_start(
        self, runtime: Runtime, child: str, holder: str, starts: bool
    ) -> None:
        runtime.deploy(review_with("xb:heldBy", f"guardian={holder}"), actor=SYSTEM)

        if starts:
            assert runtime.start_case("review", child, actor=SYSTEM).case.state == CaseState.OPEN
        else:
            with pytest.raises(RuleBroken, match=f"guardian of {child}: 青溪县民政局"):
                runtime.start_case("review", child, actor=SYSTEM)

    def test_who_may_not_see_somebody_is_not_told_who_the_guardian_is(self, runtime: Runtime, child: str) -> None:
        runtime.deploy(review_with("xb:heldBy", "guardian=CAB.CNTY@sending_county"), actor=SYSTEM)
        stranger = runtime.actor("mo-lan")  # of the next county's institution

        with pytest.raises(RuleBroken, match=f"guardian of {child}: somebody else;"):
            runtime.start_case("review", child, actor=stranger, regions={"sending_county": "990102"})
