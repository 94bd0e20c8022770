"""Examples that owners keep beside their decision tables, `<table>.examples.yaml`, are answered as they say.

Each example names its case, the inputs given, the answer expected (or part of it) and, where it matters, the rules hit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from workflow_runtime import decisions

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = [
    pytest.param(path, example, id=f"{path.stem}: {example['case']}")
    for path in sorted((ROOT / "bpmn").glob("*/*.examples.yaml"))
    for example in yaml.safe_load(path.read_text("utf-8"))
]


@pytest.mark.parametrize(("path", "example"), EXAMPLES)
def test_an_example_is_answered_as_it_says(path: Path, example: dict[str, Any]) -> None:
    model = decisions.read(path.with_name(path.name.replace(".examples.yaml", ".dmn")).read_bytes())

    why = model.explain(example.get("decision", next(iter(model.decisions))), example["given"])

    expected = example["expect"]
    answer = why.value
    if isinstance(expected, dict) and isinstance(answer, dict):
        answer = {name: answer.get(name) for name in expected}
    assert answer == expected, why.text("zh")
    assert list(why.hits) == example.get("rules", list(why.hits))


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in sorted((ROOT / "bpmn").glob("*/*.dmn"))])
def test_a_shipped_table_has_no_findings_that_refuse_it(path: Path) -> None:
    assert [finding for finding in decisions.read(path.read_bytes()).check() if finding.severity == "error"] == []
