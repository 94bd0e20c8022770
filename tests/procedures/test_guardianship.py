"""Intervention and revocation: what the tables are asked with, at the edge of each period and of each claim."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from workflow_runtime import feel
from workflow_runtime.feel import government
from workflow_runtime.procedures import Procedure, find_folder, gather

INTERVENTION, REVOCATION = "guardianship-intervention", "guardianship-revocation"


def asked(key: str, step: str, name: str, file: dict[str, Any]) -> Any:
    """What a step hands to its decision table under that name."""
    node = Procedure(gather(find_folder(key))).node(key, step)
    [line] = [one for one in node.inputs if one.target == name]
    return feel.evaluate(line.source.removeprefix("="), file, functions=government.functions(lambda _day: True))


@pytest.mark.parametrize(
    ("day", "or_more", "more_than"),
    [(date(2024, 6, 30), False, False), (date(2024, 7, 1), True, False), (date(2024, 7, 2), True, True)],
)
@pytest.mark.parametrize(
    ("key", "step", "told_on"),
    [(INTERVENTION, "find_grounds", "grounds_checked_on"), (REVOCATION, "decide_grounds", "grounds_stated_on")],
)
def test_six_months_are_full_on_the_day_or_must_be_exceeded_as_the_profile_says(
    key: str, step: str, told_on: str, day: date, or_more: bool, more_than: bool
) -> None:
    file = {"refused_since": date(2024, 1, 1), told_on: day, "grounds_claimed": ["G2"]}

    answers = [
        asked(key, step, "refused", {**file, "profile": {"refusal_limit": 6, "refusal_exclusive": exclusive}})
        for exclusive in (False, True)
    ]

    assert answers == [or_more, more_than]


@pytest.mark.parametrize(("kind", "stands"), [("education", True), ("committee", False)])
def test_no_change_after_education_needs_a_record_of_education(kind: str, stands: bool) -> None:
    file = {"grounds_claimed": ["G1"], "ground_proofs": [{"ground": "G1", "proof": "证明", "kind": kind}]}

    assert asked(REVOCATION, "decide_grounds", "unchanged", file) is stands


@pytest.mark.parametrize(
    ("day", "open_now"), [(date(2024, 9, 30), False), (date(2024, 10, 1), True), (date(2024, 10, 2), True)]
)
def test_restoration_may_be_asked_for_from_the_day_on_which_three_months_are_full(day: date, open_now: bool) -> None:
    effective = datetime(2024, 7, 1, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
    file = {"restoration_asked_on": day, "revocation_effective_at": effective, "profile": {"restoration_opens": 3}}

    assert asked(REVOCATION, "decide_restoration", "opened", file) is open_now
