"""Entrusted care (P17): what must hold on every path of its drawing, and that it may run for years."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

import handlers  # noqa: F401  (importing registers the handlers)
from tests.procedures.conftest import office_of, story
from workflow_runtime import documents, feel, profiles, scenarios
from workflow_runtime.errors import FormError
from workflow_runtime.model import SYSTEM
from workflow_runtime.procedures import Procedure, find_folder, gather
from workflow_runtime.reports import Reports

FOLDER = find_folder("entrusted-care-agreement")


@pytest.fixture(scope="module")
def procedure() -> Procedure:
    """Entrusted care as its files say."""
    return Procedure.parse(gather(FOLDER))


def test_every_step_names_a_deadline_of_the_profile_and_a_clause(procedure: Procedure) -> None:
    known = {key: profiles.shipped()[key].names("P17") for key in ("BJ", "GX", "HB")}
    drawn = [procedure.diagrams[key] for key in ("entrusted-care-agreement", "care-fees", "care-matter")]
    steps = [node for one in drawn for node in one.nodes() if node.kind == "userTask" and node.id != "give_notice"]

    for names in known.values():
        assert [node.id for node in steps if node.properties.get("xb:deadline") not in names] == []
    assert [node.id for node in steps if not re.match(r"S00[0-4] ", node.properties.get("xb:clause", ""))] == []


@pytest.mark.parametrize(("count", "within"), [(29, True), (30, True), (31, False)])
def test_thirty_children_are_few_and_one_more_is_not(procedure: Procedure, count: int, within: bool) -> None:
    mapping = {one.target: one.source for one in procedure.main.node("decide_way").inputs}
    most = profiles.shipped()["GX"].parameter("P17", "few_children_max", date(2024, 9, 1)).value

    facts = {"children_long_term": count, "profile": {"few_children_max": most}}

    assert feel.evaluate(mapping["within_limit"], facts) is within


def test_nothing_in_the_drawing_moves_guardian_payer_or_registration(procedure: Procedure) -> None:
    jobs = [node for node in procedure.main.nodes() if node.job == "switch_standings"]

    changes = [re.findall(r'kind: "(\w+)"', one.source) for node in jobs for one in node.inputs]

    assert sorted(kind for found in changes for kind in found) == ["custodian", "custodian"]


def test_the_agreement_holds_every_clause_of_the_list() -> None:
    template = documents.load(documents.folder("D23"))

    assert {one.id for one in template.clauses} >= set(
        "basis child guardian guardian_duties carer_duties policies fee consent visits reports safety adult change "
        "handback breach dispute copies".split()
    )


@pytest.mark.usefixtures("english")
def test_a_transfer_beside_entrusted_care_names_the_case_that_it_ends(tmp_path: Path) -> None:
    told = story(FOLDER / "scenarios" / "missing-and-court.yaml")
    office = office_of(FOLDER.name, tmp_path)
    clock = scenarios.ScenarioClock(scenarios._instant(told["clock"]))
    with office.open(clock) as runtime:
        runtime.deploy(gather(find_folder("county-city-transfer")), actor=SYSTEM)
        run = scenarios.ScenarioRun(runtime, office.procedure, told, clock)
        run.begin()
        [care] = runtime.cases(actor=SYSTEM)

        def transfer(**data: object) -> str:
            begun = runtime.start_case(
                "county-city-transfer", told["subject"]["number"], actor=SYSTEM, regions=told["regions"], data=data
            )
            return begun.case.number

        with pytest.raises(FormError) as unnamed:
            transfer()
        with pytest.raises(FormError) as another:
            transfer(from_entrusted_care=True, entrusted_care_case="GX-P17-2023-000009")

        assert [one.element for one in (*unnamed.value.findings, *another.value.findings)] == [
            "from_entrusted_care",
            "entrusted_care_case",
        ]
        assert "GX-P17-2023-000009 is not allowed here" in another.value.findings[0].message
        assert transfer(from_entrusted_care=True, entrusted_care_case=care.number).startswith("GX-P16-")


def test_years_of_visits_leave_the_case_as_small_as_it_was(tmp_path: Path) -> None:
    told = story(FOLDER / "scenarios" / "district-entrusts.yaml")
    clock = scenarios.ScenarioClock(scenarios._instant(told["clock"]))
    sizes = []
    with office_of(FOLDER.name, tmp_path) as office, office.open(clock) as runtime:
        run = scenarios.ScenarioRun(runtime, office.procedure, told, clock)
        run.begin()
        for number, step in enumerate(told["steps"], start=1):
            run.step(number, step)
        visit = next(step["data"] for step in told["steps"] if step.get("complete") == "visit_child")
        filed = next(step["data"] for step in told["steps"] if step.get("complete") == "confirm_visit")

        for number in range(100, 104):
            while True:
                due, name = min(run._timers(until=clock.now + timedelta(days=400)))
                together = [one for at, one in run._timers(until=due) if one != name]
                run.step(number, {"fire": name, "fires": together})
                if "visit_due" in (name, *together):
                    break
            today = due.astimezone(scenarios.ZONE).date()
            run.step(number, {"complete": "visit_child", "data": {**visit, "visited_on": today}})
            run.step(number, {"complete": "confirm_visit", "data": filed})
            with runtime._database.read() as tx:
                sizes.append(tx.execute(text('select length(snapshot) from "case"')).scalar_one())
        [row] = Reports(runtime).rows("S-10", actor=SYSTEM).rows

    assert run.problems == []
    assert sizes[-1] - sizes[1] < 200
    assert (row[4], row[5]) == (5, 5)
