"""The county → city transfer (P16): every worked case through the real runtime, every path, every rule of its table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import handlers  # noqa: F401  (importing registers the handlers)
from workflow_runtime import calendars, feel, profiles, scenarios
from workflow_runtime.diagram import check
from workflow_runtime.diagram.layout.quality import measure
from workflow_runtime.procedures import Procedure, gather, shipped_library

FOLDER = shipped_library() / "county-city-transfer"
FILES = sorted((FOLDER / "scenarios").glob("*.yaml"))
ZONE = ZoneInfo("Asia/Shanghai")


class Rehearsals:
    """Runs each worked case once, when it is first asked for."""

    def __init__(self, office: scenarios.Office) -> None:
        self.office = office
        self._results: dict[Path, scenarios.Result] = {}

    def __getitem__(self, path: Path) -> scenarios.Result:
        if path not in self._results:
            self._results[path] = scenarios.run(self.office, scenario(path))
        return self._results[path]


@pytest.fixture(scope="module")
def rehearsals(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Rehearsals:
    """An office in which the transfer is deployed, and what the worked cases showed there."""
    organisation = (shipped_library() / "demo" / "organisation.yaml").read_bytes()
    folder = tmp_path_factory.mktemp("office")
    return Rehearsals(scenarios.Office(gather(FOLDER), organisation, folder, database=module_database_url))


@pytest.fixture(scope="module")
def procedure() -> Procedure:
    """The transfer as its files say."""
    return Procedure.parse(gather(FOLDER))


def scenario(path: Path) -> dict[str, Any]:
    return scenarios.read(path.read_bytes(), name=path.name)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_worked_case_runs_as_written(rehearsals: Rehearsals, path: Path) -> None:
    result = rehearsals[path]

    assert result.problems == ()
    assert result.scenario == path.stem


def test_the_worked_cases_together_take_every_flow(rehearsals: Rehearsals) -> None:
    results = [rehearsals[path] for path in FILES]

    assert scenarios.not_taken(rehearsals.office.procedure, results) == []


def test_the_worked_cases_together_hit_every_rule_of_the_table(procedure: Procedure) -> None:
    table = (FOLDER / "hukou_migration.dmn").read_text(encoding="utf-8")

    decided = [scenario(path)["expect"].get("decisions", {}).get("decide_hukou", {}) for path in FILES]
    wanted = [rule for decision in decided for rule in decision.get("rules", ())]

    assert set(wanted) == set(range(1, table.count("<rule ") + 1))


def test_every_outcome_that_is_drawn_is_entered_once(procedure: Procedure) -> None:
    drawn = {
        (node.id, outcome)
        for one in procedure.diagrams.values()
        for node in one.nodes()
        if node.kind == "userTask"
        for outcome in node.properties.get("xb:outcomes", "done").split(",")
    }

    entered = {
        (step["complete"].rpartition("/")[2], step.get("outcome", "done"))
        for path in FILES
        for step in scenario(path)["steps"]
        if "complete" in step and "refused" not in step
    }

    assert drawn - entered == set()


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

    assert {"list_archive", "countersign_property", "decide_hukou"} <= seen
    assert not {"arrange_schooling", "verify_insurance"} & seen


def test_nothing_in_the_drawings_lies_on_anything_else(procedure: Procedure) -> None:
    drawings = {process: measure(diagram) for process, diagram in procedure.diagrams.items()}

    assert {process: drawing.faults for process, drawing in drawings.items() if drawing.faults} == {}


def test_the_drawings_keep_every_rule_of_the_standard(procedure: Procedure) -> None:
    findings = [finding for diagram in procedure.diagrams.values() for finding in check(diagram)]

    assert findings == []
