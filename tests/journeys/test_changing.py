"""What a changed drawing means for the cases that run: who stands where, as far as one may see."""

from __future__ import annotations

from collections.abc import Callable

from tests.journeys.conftest import HERE, open_item
from workflow_runtime.diagram import read
from workflow_runtime.diagram.diff import affected, diff
from workflow_runtime.model import SYSTEM, Actor, CasePage
from workflow_runtime.runtime import Runtime

DRAWN = (HERE / "review" / "review.bpmn").read_bytes()


def test_a_removed_step_names_the_cases_that_stand_on_it(runtime: Runtime, case: CasePage) -> None:
    item = open_item(runtime, case, "prepare")
    without = read(DRAWN.replace(b'"prepare"', b'"another"').replace(b">prepare<", b">another<"))

    touched = affected(diff(read(DRAWN), without), runtime.standing("review", actor=SYSTEM))

    assert item.element == "prepare"
    assert touched.on_removed == (case.case.number,)
    assert "Affects 1 running case: 1 stands on a removed step" in touched.sentence


def test_another_version_and_another_procedure_are_not_touched(runtime: Runtime, case: CasePage) -> None:
    assert runtime.standing("review", 2, actor=SYSTEM) == {}
    assert runtime.standing("consult-child", actor=SYSTEM) == {}
    assert runtime.standing("review", 1, actor=SYSTEM) == {case.case.number: frozenset({"prepare"})}


def test_only_cases_that_one_may_see_are_counted(
    runtime: Runtime, case: CasePage, people: Callable[[str], list[Actor]]
) -> None:
    (department,) = [one.department for one in runtime.case(case.case.number, actor=SYSTEM).items]
    stranger = next(
        actor
        for one in runtime.organisation(actor=SYSTEM).departments
        for actor in people(one.id)
        if department not in actor.sees and not runtime.cases(actor=actor)
    )

    assert runtime.standing("review", actor=people(department)[0])
    assert runtime.standing("review", actor=stranger) == {}


def test_a_case_that_has_ended_is_not_affected(
    runtime: Runtime, case: CasePage, people: Callable[[str], list[Actor]]
) -> None:
    (department,) = [one.department for one in runtime.case(case.case.number, actor=SYSTEM).items]
    runtime.withdraw(case.case.number, reason="下错单", actor=people(department)[0])

    assert runtime.standing("review", actor=SYSTEM) == {}
