"""A form that was begun is not lost, belongs to whoever began it, and goes when the item is over."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Clock
from tests.journeys.conftest import open_item
from workflow_runtime.errors import NotInThisDepartment
from workflow_runtime.model import SYSTEM, Actor, CasePage
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

People = Callable[[str], list[Actor]]
COUNTY, BUREAU = "cwi-qingxi.social_work", "cab-qingxi.child_welfare"


def test_answers_are_kept_until_they_are_handed_in_and_change_nothing(
    runtime: Runtime, settings: Settings, case: CasePage, people: People, clock: Clock
) -> None:
    (clerk, *_) = people(COUNTY)
    item = open_item(runtime, case, "prepare")

    runtime.keep_draft(item.id, {"summary": "一"}, actor=clerk)
    runtime.keep_draft(item.id[:8], {"summary": "一册", "pages": 3}, actor=clerk)

    with Runtime.open(settings, clock=clock) as elsewhere:
        draft = elsewhere.draft(item.id, actor=clerk)
    assert draft is not None and draft.answers == {"summary": "一册", "pages": 3}
    assert open_item(runtime, case, "prepare").version == item.version
    assert "summary" not in runtime.case(case.case.number, actor=SYSTEM).fields


def test_a_draft_is_its_clerks_own(runtime: Runtime, case: CasePage, people: People) -> None:
    (clerk, colleague, *_) = people(COUNTY)
    (outsider, *_) = people(BUREAU)
    item = open_item(runtime, case, "prepare")
    runtime.keep_draft(item.id, {"summary": "一册"}, actor=clerk)

    assert runtime.draft(item.id, actor=colleague) is None
    with pytest.raises(NotInThisDepartment):
        runtime.keep_draft(item.id, {"summary": "外部门"}, actor=outsider)


def test_a_draft_ends_with_its_item(runtime: Runtime, case: CasePage, people: People, clock: Clock) -> None:
    (clerk, *_) = people(COUNTY)
    item = open_item(runtime, case, "prepare")
    runtime.keep_draft(item.id, {"summary": "草稿"}, actor=clerk)

    runtime.complete(item.id, {"summary": "一册", "pages": 3}, actor=clerk)
    clock.advance(days=1)
    runtime.sweep()

    assert runtime.draft(item.id, actor=clerk) is None
    with runtime._database.read() as tx:
        assert tx.exec_driver_sql("SELECT count(*) FROM draft").scalar() == 0
