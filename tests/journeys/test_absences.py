"""Somebody is away: a colleague sees and does the work for those days, and four eyes stay four."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from tests.conftest import Clock
from tests.journeys.conftest import ORGANISATION, open_item
from workflow_runtime.absences import Absences
from workflow_runtime.errors import BadInput, FourEyes, NotAllowed, NotFound, RuleBroken
from workflow_runtime.model import SYSTEM, Actor, CasePage
from workflow_runtime.runtime import Runtime

People = Callable[[str], list[Actor]]
COUNTY, BUREAU, OTHER = "cwi-qingxi.social_work", "cab-qingxi.child_welfare", "cwi-yunling.social_work"
FIRST, LAST = date(2024, 3, 5), date(2024, 3, 8)


@pytest.fixture
def absences(runtime: Runtime) -> Absences:
    return Absences(runtime)


def test_a_substitute_sees_and_does_the_work_on_these_days_only(
    runtime: Runtime, absences: Absences, case: CasePage, people: People, clock: Clock
) -> None:
    (away, *_), (helper, *_) = people(COUNTY), people(OTHER)
    item = open_item(runtime, case, "prepare")
    absences.set(away.clerk, helper.clerk, first=FIRST, last=LAST, reason="培训", actor=away)

    with pytest.raises(NotAllowed):
        runtime.actor(helper.clerk, acting_for=away.clerk)
    clock.advance(days=1)
    acting = runtime.actor(helper.clerk, acting_for=away.clerk)
    assert item.id in [one.id for one in runtime.worklist(actor=acting)]
    with pytest.raises(NotFound):
        runtime.complete(item.id, {"summary": "一册", "pages": 3}, actor=runtime.actor(helper.clerk))
    runtime.complete(item.id, {"summary": "一册", "pages": 3}, actor=acting)

    (done,) = [line for line in runtime.history(case.case.number, actor=SYSTEM) if line.kind == "completed"]
    assert done.actor == helper.clerk and done.content["acting_for"] == away.clerk
    clock.advance(days=4)
    with pytest.raises(NotAllowed):
        runtime.actor(helper.clerk, acting_for=away.clerk)


def test_what_the_absent_clerk_had_taken_is_the_substitutes_to_finish(
    runtime: Runtime, absences: Absences, case: CasePage, people: People, clock: Clock
) -> None:
    (away, helper, *_) = people(COUNTY)
    item = open_item(runtime, case, "prepare")
    runtime.claim(item.id, actor=away)
    absences.set(away.clerk, helper.clerk, first=date(2024, 3, 4), last=LAST, reason="", actor=away)

    runtime.complete(item.id, {"summary": "一册", "pages": 3}, actor=runtime.actor(helper.clerk, acting_for=away.clerk))

    assert runtime.work_item(item.id, actor=SYSTEM).item.completed_by == helper.clerk


def test_four_eyes_look_at_the_substitute_and_at_whom_the_substitute_stands_for(
    runtime: Runtime, absences: Absences, case: CasePage, people: People
) -> None:
    (clerk, *_) = people(COUNTY)
    (checker, colleague, *_) = people(BUREAU)
    runtime.complete(open_item(runtime, case, "prepare").id, {"summary": "一册", "pages": 3}, actor=clerk)
    absences.set(checker.clerk, colleague.clerk, first=date(2024, 3, 4), last=LAST, reason="", actor=checker)
    acting = runtime.actor(colleague.clerk, acting_for=checker.clerk)
    runtime.complete(open_item(runtime, case, "check").id, {"opinion": "齐全"}, actor=acting)

    approve = open_item(runtime, case, "approve")
    for one in (checker, runtime.actor(colleague.clerk)):
        with pytest.raises(FourEyes):
            runtime.claim(approve.id, actor=one)


def test_who_may_say_so_and_what_makes_no_sense(runtime: Runtime, absences: Absences, people: People) -> None:
    (away, helper, third, *_) = people(COUNTY)
    (stranger, *_) = people(OTHER)
    days = {"first": FIRST, "last": LAST, "reason": ""}

    with pytest.raises(NotAllowed):
        absences.set(away.clerk, helper.clerk, actor=stranger, **days)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        absences.set(away.clerk, "nobody", actor=away, **days)  # type: ignore[arg-type]
    with pytest.raises(BadInput):
        absences.set(away.clerk, away.clerk, actor=away, **days)  # type: ignore[arg-type]
    with pytest.raises(BadInput):
        absences.set(away.clerk, helper.clerk, first=LAST, last=FIRST, reason="", actor=away)
    with pytest.raises(BadInput):
        absences.set(away.clerk, helper.clerk, first=date(2024, 1, 1), last=date(2024, 1, 2), reason="", actor=away)
    absences.set(away.clerk, helper.clerk, actor=runtime.actor("tang-yi"), **days)  # type: ignore[arg-type]
    with pytest.raises(RuleBroken, match="already"):
        absences.set(away.clerk, third.clerk, first=LAST, last=date(2024, 3, 20), reason="", actor=away)
    with pytest.raises(RuleBroken, match="who is there"):
        absences.set(third.clerk, away.clerk, actor=third, **days)  # type: ignore[arg-type]


def test_an_absence_outlives_a_new_organisation_file_and_ends_when_it_is_said(
    runtime: Runtime, absences: Absences, people: People, clock: Clock
) -> None:
    (away, helper, *_) = people(COUNTY)
    made = absences.set(away.clerk, helper.clerk, first=FIRST, last=LAST, reason="病假", actor=away)
    clock.advance(days=1)

    runtime.import_organisation(ORGANISATION.read_bytes() + b"\n# again\n", actor=SYSTEM)
    assert runtime.actor(helper.clerk, acting_for=away.clerk).people == {helper.clerk, away.clerk}
    assert [one.id for one in absences.of(runtime.actor(helper.clerk))] == [made.id]
    assert made.id is not None
    absences.end(made.id, actor=away)

    with pytest.raises(NotAllowed):
        runtime.actor(helper.clerk, acting_for=away.clerk)
    with pytest.raises(NotFound):
        absences.end(made.id, actor=away)


def test_absences_are_listed_for_those_whose_colleagues_they_concern(
    runtime: Runtime, absences: Absences, people: People
) -> None:
    (away, helper, *_) = people(COUNTY)
    (stranger, *_) = people("psb-nanping.household")
    absences.set(away.clerk, helper.clerk, first=FIRST, last=LAST, reason="", actor=away)

    def seen(actor: Actor) -> list[str]:
        return [one.absent for one in absences.all(actor=actor) if one.id is not None]

    assert seen(runtime.actor("tang-yi")) == seen(helper) == [away.clerk]
    assert seen(stranger) == []
