"""The county → city transfer (P16): what must hold on every path of its drawing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from workflow_runtime import calendars, feel, profiles
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


@pytest.mark.parametrize(("days", "soon"), [(-1, True), (0, True), (1, False)], ids=["before", "on", "after"])
def test_an_adoption_within_six_months_counts_to_the_last_day(procedure: Procedure, days: int, soon: bool) -> None:
    profile, calendar = profiles.shipped()["GX"], calendars.shipped("CN")
    now = datetime(2024, 8, 14, 10, tzinfo=ZONE)
    last = date(2025, 2, 14)  # six months on, a working day

    def deadline(name: str) -> datetime:
        parameter = profile.parameter("P16", name, now.date())
        return calendars.due(now, parameter.value, parameter.unit, calendar).at

    mapping = {one.target: one.source for one in procedure.main.node("decide_hukou").inputs}
    plans = {"adoption_expected_on": last + timedelta(days=days)}
    found = feel.evaluate(mapping["adoption_soon"], plans, now=now, functions={"deadline": deadline})

    assert found is soon


def test_standings_change_only_after_agreement_and_handover(procedure: Procedure) -> None:
    diagram = procedure.main
    ways: dict[str, list[str]] = {}
    for flow in diagram.flows():
        ways.setdefault(flow.source, []).append(flow.target)

    def reachable(start: str, without: str) -> Iterator[str]:
        seen, open_ = {start}, [start]
        while open_:
            for target in ways.get(open_.pop(), ()):
                if target not in seen and target != without:
                    seen.add(target)
                    open_.append(target)
        yield from seen

    for needed in ("consult_child", "issue_transfer_agreement", "hand_over_child", "issue_handover_sheet"):
        assert "switch_standings" not in set(reachable("send_transfer_notice", without=needed)), needed


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
