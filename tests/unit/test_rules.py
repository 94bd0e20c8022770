"""The rules: each has a page, a valid and an invalid diagram; together they hold the public constraints."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from workflow_runtime.diagram import CheckContext, check, read
from workflow_runtime.diagram.checking import all_rules
from workflow_runtime.errors import DiagramError
from workflow_runtime.findings import Severity

HERE = Path(__file__).parent
DIAGRAMS = HERE / "diagrams"
PAGES = HERE.parents[1] / "docs" / "rules"
SHARED = HERE.parents[2] / "shared" / "conformance"
EXPECTED = re.compile(r"<!-- expect: (.*?) -->")

#: ids of the must-refuse set that are another spelling of an id of the lint set
SAME_AS = {
    "EXT.055": "EXT.054",
    "EXT.077": "EXT.020",
    "EXT.081": "EXT.020",
    "EXT.083": "EXT.020",
    "EXT.120": "EXT.111",
    "EXT.121": "EXT.098",
    "EXT.129": "EXT.059",
    "EXT.130": "EXT.110",
    "EXT.147": "EXT.110",
}


def shared_cases(folder: str) -> list[dict[str, object]]:
    file = SHARED / folder / "cases.json"
    if not file.exists():
        pytest.skip("the shared conformance files are not beside the repository")
    cases: list[dict[str, object]] = json.loads(file.read_text())
    return cases


def test_every_shared_violation_is_caught_named_and_placed() -> None:
    for case in shared_cases("lint"):
        file = SHARED / "lint" / str(case["file"])
        # An address on the network is never fetched, so what it would import stays unknown.
        if case["expect"] == "valid" or "import_URL" in file.name:
            continue

        findings = check(read(file.read_bytes()), context=CheckContext(imports=beside(file)))

        named = [finding for finding in findings if finding.constraint == case["constraint"]]
        assert named, file.name
        assert {finding.line for finding in named} >= set(case["lines"]), file.name  # type: ignore[call-overload]


def test_every_shared_valid_diagram_is_clean() -> None:
    for case in shared_cases("lint"):
        file = SHARED / "lint" / str(case["file"])
        if case["expect"] == "valid":
            findings = check(read(file.read_bytes()), context=CheckContext(imports=beside(file)))

            assert not findings, (file.name, findings)


def beside(file: Path):  # type: ignore[no-untyped-def]
    def fetch(location: str) -> bytes | None:
        found = file.parent / Path(location).name
        return found.read_bytes() if found.exists() else None

    return fetch


def test_every_shared_illegal_diagram_is_refused_by_name() -> None:
    for case in shared_cases("must-refuse"):
        constraint = str(case["constraint"]).replace("EXT", "EXT.")
        source = (SHARED / "must-refuse" / str(case["file"])).read_bytes()
        try:
            findings = check(read(source))
        except DiagramError as refused:
            findings = list(refused.findings)

        errors = {finding.constraint for finding in findings if finding.severity is Severity.ERROR}
        assert SAME_AS.get(constraint, constraint) in errors, case["file"]


def rules_with_folders() -> list[str]:
    return sorted(all_rules("house"))


@pytest.mark.parametrize("rule", rules_with_folders())
def test_a_rule_has_a_page_and_diagrams(rule: str) -> None:
    folder = DIAGRAMS / rule.partition("/")[2].replace("-", "_")

    assert (PAGES / f"{rule.partition('/')[2]}.md").exists()
    assert list(folder.glob("valid*.bpmn"))
    assert list(folder.glob("invalid*.bpmn"))


@pytest.mark.parametrize("file", sorted(DIAGRAMS.rglob("*.bpmn")), ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_a_rule_reports_what_is_wrong_and_nothing_else(file: Path) -> None:
    rule = next(rule for rule in all_rules("house") if rule.partition("/")[2] == file.parent.name.replace("_", "-"))
    source = file.read_bytes()

    findings = check(read(source), rules="house", context=context_for(rule))

    found = [f"{finding.constraint or '-'} {finding.element}" for finding in findings if finding.rule == rule]
    if file.stem.startswith("valid"):
        assert not [finding for finding in findings if finding.severity is Severity.ERROR], findings
        assert not found
    else:
        expected = EXPECTED.search(source.decode())
        assert expected is not None, "an invalid diagram says what it expects"
        assert sorted(found) == sorted(part.strip() for part in expected[1].split(";"))
    assert all(finding.message and finding.remedy for finding in findings)


def context_for(rule: str) -> CheckContext:
    """The world around the fixtures; a rule that this house does not ask is asked all the same."""
    return WORLD if rule not in UNASKED else CheckContext(severities={rule: Severity.ERROR})


UNASKED = {"standard/message-operation", "standard/link-pairs"}
WORLD = CheckContext()
