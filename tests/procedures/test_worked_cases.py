"""Every worked case of every shipped procedure through the real runtime; together they leave nothing untried."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.procedures.conftest import Playhouse, stories, story
from workflow_runtime import scenarios
from workflow_runtime.diagram import check
from workflow_runtime.diagram.layout.quality import measure
from workflow_runtime.procedures import Procedure, find_folder, gather, shipped_library, shipped_procedures

KEYS = shipped_procedures()
CASES = [(key, path) for key in KEYS for path in stories(key)]
ALL = [pytest.param(key, path, id=f"{key}/{path.stem}") for key, path in CASES]  # conftest.PARTS reads these
SOME = [pytest.param(key, path, id=f"{key}/{path.stem}") for key in KEYS for path in stories(key)[:2]]


@pytest.mark.stores("postgresql")
@pytest.mark.parametrize(("key", "path"), SOME)
def test_a_worked_case_runs_on_a_server_too(playhouse: Playhouse, key: str, path: Path) -> None:
    assert playhouse[key][path].problems == ()


@pytest.mark.stores("sqlite")
@pytest.mark.parametrize(("key", "path"), ALL)
def test_a_worked_case_runs_as_written(playhouse: Playhouse, key: str, path: Path) -> None:
    result = playhouse[key][path]

    assert result.problems == ()
    assert result.scenario == path.stem


@pytest.mark.stores("sqlite")
def test_the_worked_cases_together_take_every_flow_of_every_diagram(playhouse: Playhouse) -> None:
    results = [result for key in KEYS for result in playhouse[key]]

    left = {one for key in KEYS for one in scenarios.not_taken(playhouse[key].procedure, results, everything=True)}

    assert left == set()


@pytest.mark.stores("sqlite")
def test_the_worked_cases_together_hit_every_rule_of_every_table(playhouse: Playhouse) -> None:
    hit = {rule for key in KEYS for result in playhouse[key] for rule in result.hit}
    drawn = set()
    for table in sorted(shipped_library().glob("*/*.dmn")):
        text = table.read_text(encoding="utf-8")
        [name] = re.findall(r'<decision id="[^"]+" name="([^"]+)"', text)
        drawn |= {(name, number) for number in range(1, text.count("<rule ") + 1)}

    assert drawn - hit == set()


def test_every_outcome_that_is_drawn_is_entered_once() -> None:
    drawn = {
        (node.id, outcome)
        for key in KEYS
        for one in Procedure.parse(gather(find_folder(key))).diagrams.values()
        for node in one.nodes()
        if node.kind == "userTask"
        for outcome in node.properties.get("xb:outcomes", "done").split(",")
    }

    entered = {
        (step["complete"].rpartition("/")[2], step.get("outcome", "done"))
        for _key, path in CASES
        for step in story(path)["steps"]
        if "complete" in step and "refused" not in step
    }

    assert drawn - entered == set()


@pytest.mark.parametrize("key", KEYS)
def test_nothing_in_the_drawings_lies_on_anything_else(key: str) -> None:
    drawings = {process: measure(one) for process, one in Procedure.parse(gather(find_folder(key))).diagrams.items()}

    assert {process: drawing.faults for process, drawing in drawings.items() if drawing.faults} == {}


@pytest.mark.parametrize("key", KEYS)
def test_the_drawings_keep_every_rule_of_the_standard(key: str) -> None:
    diagrams = Procedure.parse(gather(find_folder(key))).diagrams.values()

    assert [finding for one in diagrams for finding in check(one)] == []
