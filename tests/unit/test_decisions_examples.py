"""Examples that owners keep beside their decision tables, `<table>.examples.yaml`, are answered as they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from workflow_runtime import decisions
from workflow_runtime.decisions.examples import Example, outcome, read_examples
from workflow_runtime.errors import BadInput

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = [
    pytest.param(path, example, id=f"{path.stem}: {example.case}")
    for path in sorted((ROOT / "bpmn").glob("*/*.examples.yaml"))
    for example in read_examples(path.read_bytes(), name=path.name)
]


@pytest.mark.parametrize(("path", "example"), EXAMPLES)
def test_an_example_is_answered_as_it_says(path: Path, example: Example) -> None:
    model = decisions.read(path.with_name(path.name.replace(".examples.yaml", ".dmn")).read_bytes())

    found = outcome(model, example)

    assert found.fits, found.explanation.text("zh")


def test_an_example_that_the_table_does_not_answer_is_told() -> None:
    path = ROOT / "bpmn" / "county-city-transfer" / "hukou_migration.dmn"
    given = {"old_place_rights": [], "other_harm": True, "adoption_soon": False, "adulthood_soon": False}
    model = decisions.read(path.read_bytes())

    assert not outcome(model, Example("另一种回答", None, given, {"decision": "MOVE"}, None)).fits
    assert not outcome(model, Example("另一条规则", None, given, {"decision": "DO_NOT_MOVE"}, (1,))).fits
    assert outcome(model, Example("如表所示", None, given, {"decision": "DO_NOT_MOVE"}, None)).fits


@pytest.mark.parametrize(
    "source", [b"- case: x", b"- given: {}", b"- {case: x, expect: 1, wanted: 2}", b"a: [", b"\xff"]
)
def test_a_file_of_examples_that_is_none_is_refused(source: bytes) -> None:
    with pytest.raises(BadInput):
        read_examples(source, name="fee.examples.yaml")


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in sorted((ROOT / "bpmn").glob("*/*.dmn"))])
def test_a_shipped_table_has_no_findings_that_refuse_it(path: Path) -> None:
    assert [finding for finding in decisions.read(path.read_bytes()).check() if finding.severity == "error"] == []
