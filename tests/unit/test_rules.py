"""The rules: each has a page, a valid and an invalid diagram; together they hold the public constraints."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.effort import least_effort
from tests.unit.random_nets import Drawing
from tests.unit.rule_world import context_for
from workflow_runtime.diagram import CheckContext, check, read
from workflow_runtime.diagram.checking import all_rules
from workflow_runtime.diagram.severities import read_severities
from workflow_runtime.errors import BadInput, DiagramError
from workflow_runtime.findings import Finding, Severity

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
        if case["expect"] == "valid":
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


def beside(file: Path) -> Callable[[str], bytes | None]:
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

    page = PAGES / f"{rule.partition('/')[2]}.md"
    assert page.exists()
    assert f"`{rule}`" in page.read_text()
    assert f"| [{page.stem}]({page.name}) |" in (PAGES / "README.md").read_text()
    assert list(folder.glob("valid*.bpmn"))
    assert list(folder.glob("invalid*.bpmn"))


@pytest.mark.parametrize("file", sorted(DIAGRAMS.rglob("*.bpmn")), ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_a_rule_reports_what_is_wrong_and_nothing_else(file: Path) -> None:
    rule = next(rule for rule in all_rules("house") if rule.partition("/")[2] == file.parent.name.replace("_", "-"))
    source = file.read_bytes()

    findings = check(read(source), rules=rule.partition("/")[0], context=context_for(rule))

    found = [f"{finding.constraint or '-'} {finding.element}" for finding in findings if finding.rule == rule]
    if file.stem.startswith("valid"):
        assert not found
        assert not [finding for finding in findings if finding.severity is Severity.ERROR]
    else:
        expected = EXPECTED.search(source.decode())
        assert expected is not None, "an invalid diagram says what it expects"
        assert sorted(found) == sorted(part.strip() for part in expected[1].split(";"))
    assert all(finding.message and finding.remedy for finding in findings)


def test_every_constraint_of_the_catalogue_is_held_by_a_rule() -> None:
    catalogue = SHARED / "constraints.md"
    if not catalogue.exists():
        pytest.skip("the shared conformance files are not beside the repository")
    ids = set(re.findall(r"^\| (EXT\.\d+) \|", catalogue.read_text(), re.MULTILINE))
    ids |= set(re.findall(r"^- (EXT\.\d+|REF):", catalogue.read_text(), re.MULTILINE))

    named = {id for rule in all_rules("standard") for id in constraints_in(rule)}

    assert {SAME_AS.get(id, id) for id in ids} <= named


def constraints_in(rule: str) -> set[str]:
    folder, _slash, name = rule.partition("/")
    source = HERE.parents[1] / "workflow_runtime" / "diagram" / "rules" / folder / f"{name.replace('-', '_')}.py"
    return set(re.findall(r'"(EXT\.\d+|REF)"', source.read_text()))


def test_weights_come_from_a_file() -> None:
    weights = read_severities(b"house/names: off\nhouse/form-exists: info\n")
    diagram = read((DIAGRAMS / "form_exists" / "invalid.bpmn").read_bytes())

    findings = check(diagram, rules="house", context=CheckContext(severities=weights))

    assert {finding.severity for finding in findings if finding.rule == "house/form-exists"} == {Severity.INFO}


def test_a_file_of_weights_is_refused_with_all_its_mistakes() -> None:
    with pytest.raises(BadInput) as refused:
        read_severities("house/colour: error\nhouse/names: 很重\n".encode())

    assert len(refused.value.findings) == 2


@pytest.mark.parametrize("steps", ["chain", "fan"])
def test_a_diagram_of_thousands_is_answered_or_refused_by_size(steps: str) -> None:
    source, answers = HUGE[steps](), list[list[Finding]]()

    assert least_effort(lambda: answers.append(check(read(source), rules="house")), within=2) < 2
    assert "house/sizes" in {finding.rule for finding in answers[0]}


def chain() -> bytes:
    """2,000 steps in a row."""
    drawing = Drawing()
    before = drawing.node("startEvent")
    for _step in range(2_000):
        step = drawing.node("userTask")
        drawing.flow(before, step)
        before = step
    drawing.flow(before, drawing.node("endEvent"))
    return drawing.xml()


def fan() -> bytes:
    """1,500 parallel branches."""
    drawing = Drawing()
    start, split, join, end = (
        drawing.node(kind) for kind in ("startEvent", "parallelGateway", "parallelGateway", "endEvent")
    )
    drawing.flow(start, split)
    drawing.flow(join, end)
    for _branch in range(1_500):
        step = drawing.node("userTask")
        drawing.flow(split, step)
        drawing.flow(step, join)
    return drawing.xml()


HUGE = {"chain": chain, "fan": fan}
