"""Figures of the office: counted from what is there, as far as it is one's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tests.conftest import Clock
from tests.journeys.conftest import open_item
from workflow_runtime.figures import BY, Figures, Office
from workflow_runtime.model import SYSTEM, Actor, CasePage
from workflow_runtime.runtime import Runtime

YEAR: Any = {"since": date(2024, 1, 1), "until": date(2024, 12, 31)}


def test_items_are_counted_open_late_and_done_with_their_working_days(
    runtime: Runtime, case: CasePage, people: Callable[[str], list[Actor]], clock: Clock
) -> None:
    (clerk, *_) = people("cwi-qingxi.social_work")
    clock.advance(days=7)  # from Monday to Monday: five working days
    runtime.complete(open_item(runtime, case, "prepare").id, {"summary": "一册", "pages": 3}, actor=clerk)
    clock.advance(days=60)

    steps = {one.group: one for one in Office(runtime).figures("step", actor=SYSTEM, **YEAR)}

    assert steps["准备材料"] == Figures("准备材料", None, None, 0, 0, 1, 0, 5.0)
    assert (steps["审核材料"].open, steps["审核材料"].late, steps["审核材料"].done) == (1, 1, 0)


def test_a_case_counts_in_the_month_of_its_beginning(runtime: Runtime, case: CasePage) -> None:
    office = Office(runtime)

    assert [(one.group, one.cases, one.running) for one in office.figures("month", actor=SYSTEM, **YEAR)] == [
        ("2024-03", 1, 1)
    ]
    assert office.figures("month", since=date(2024, 3, 5), until=date(2024, 12, 31), actor=SYSTEM) == []


@pytest.mark.parametrize("by", BY)
def test_whoever_sees_no_case_counts_none(runtime: Runtime, case: CasePage, by: str) -> None:
    assert Office(runtime).figures(by, actor=runtime.actor("qin-hai"), **YEAR) == []
