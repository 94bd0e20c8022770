"""The county → city transfer (P16): what must hold on every path of its drawing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from workflow_runtime import calendars, feel, profiles
from workflow_runtime.feel import government
from workflow_runtime.procedures import Procedure, gather, shipped_library

FOLDER = shipped_library() / "county-city-transfer"
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def procedure() -> Procedure:
    """The transfer as its files say."""
    return Procedure.parse(gather(FOLDER))


def test_every_step_names_a_deadline_of_the_profile_and_a_clause(procedure: Procedure) -> None:
    known = profiles.shipped()["GX"].names("P16")
    steps = [node for node in procedure.main.nodes() if node.kind == "userTask"]

    assert [node.id for node in steps if node.properties.get("xb:deadline") not in known] == []
    assert [node.id for node in steps if not re.match(r"S00[0-4] ", node.properties.get("xb:clause", ""))] == []


NOW = datetime(2024, 8, 14, 10, tzinfo=ZONE)
LAST = date(2025, 2, 14)  # six months on, a working day
BOUNDARY = pytest.mark.parametrize(
    ("days", "within"), [(-1, True), (0, True), (1, False)], ids=["before", "on", "after"]
)


def deadline(name: str, code: str = "P16", jurisdiction: str = "GX", start: datetime = NOW) -> datetime:
    """When a period of the profile ends that begins at `start`."""
    parameter = profiles.shipped()[jurisdiction].parameter(code, name, start.date())
    return calendars.due(start, parameter.value, parameter.unit, calendars.shipped("CN")).at


def soon(procedure: Procedure, what: str, facts: dict[str, object]) -> object:
    mapping = {one.target: one.source for one in procedure.main.node("decide_hukou").inputs}
    return feel.evaluate(
        mapping[what],
        facts,
        now=NOW,
        functions={**government.functions(lambda day: day.weekday() < 5), "deadline": deadline},
    )


@BOUNDARY
def test_an_adoption_within_six_months_counts_to_the_last_day(procedure: Procedure, days: int, within: bool) -> None:
    assert soon(procedure, "adoption_soon", {"adoption_expected_on": LAST + timedelta(days=days)}) is within


@BOUNDARY
def test_adulthood_within_six_months_counts_to_the_last_day(procedure: Procedure, days: int, within: bool) -> None:
    birthday = LAST.replace(year=LAST.year - 18) + timedelta(days=days)

    assert soon(procedure, "adulthood_soon", {"subject": {"birth_date": birthday}}) is within


@BOUNDARY
@pytest.mark.parametrize("jurisdiction", ["GX", "HB"])
@pytest.mark.parametrize(
    ("code", "name", "last"),
    [("P16", "handover_after_agreement", date(2024, 8, 29)), ("P22", "registration", date(2024, 9, 13))],
)
def test_handover_and_household_registration_are_in_time_to_the_last_day(
    jurisdiction: str, code: str, name: str, last: date, days: int, within: bool
) -> None:
    evening = datetime.combine(last + timedelta(days=days), datetime.min.time(), ZONE) + timedelta(hours=23)

    assert (evening < deadline(name, code, jurisdiction)) is within


def test_standings_change_only_after_agreement_and_handover(procedure: Procedure) -> None:
    diagram = procedure.main
    ways: dict[str, list[str]] = {}
    for flow in diagram.flows():
        ways.setdefault(flow.source, []).append(flow.target)

    def reachable(start: str, *without: str) -> Iterator[str]:
        seen, open_ = {start}, [start]
        while open_:
            for target in ways.get(open_.pop(), ()):
                if target not in seen and target not in without:
                    seen.add(target)
                    open_.append(target)
        yield from seen

    ways_there: tuple[tuple[str, ...], ...] = (
        ("consult_child", "consult_child_there"),  # (the second for a child who lives in the city institution already)
        ("issue_transfer_agreement",),
        ("hand_over_child", "hand_over_on_paper"),
        ("issue_handover_sheet",),
    )
    for needed in ways_there:
        assert "switch_standings" not in set(reachable("send_transfer_notice", *needed)), needed
    for step in ("consult_child_on_return", "issue_return_agreement", "hand_back_child", "issue_return_sheet"):
        assert "switch_back" not in set(reachable("return_ordered", step)), step


def test_the_agreement_waits_for_three_papers_and_for_nothing_else(procedure: Procedure) -> None:
    diagram = procedure.main
    before: dict[str, list[str]] = {}
    for flow in diagram.flows():
        before.setdefault(flow.target, []).append(flow.source)

    seen, open_ = set[str](), ["preparation_done"]
    while open_:
        for source in before.get(open_.pop(), ()):
            if source not in seen and source != "prepare":
                seen.add(source)
                open_.append(source)

    assert {"list_archive", "state_property", "decide_hukou"} <= seen
    assert not {"arrange_schooling", "verify_insurance"} & seen
