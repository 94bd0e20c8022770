"""The shared sample of the standard's test kit: every model answers as the kit expects."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from workflow_runtime import decisions, feel
from workflow_runtime.feel import operations, temporal

KIT = Path(__file__).resolve().parents[3] / "shared" / "conformance" / "dmn-tck"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def value_of(element: etree._Element) -> Any:
    """The value inside an input node, an expected result, or one of their parts."""
    for child in element.iterchildren(tag=etree.Element):
        name = etree.QName(child).localname
        if name == "list":
            return [value_of(item) for item in child.iterchildren(tag=etree.Element)]
        if name == "component":
            return {part.get("name"): value_of(part) for part in element.iterfind("{*}component")}
        if name == "value":
            return _simple(child)
    return None


def _simple(element: etree._Element) -> Any:
    text = element.text or ""
    if element.get(NIL) == "true":
        return None
    kind = (element.get(TYPE) or "").rpartition(":")[2]
    match kind:
        case "decimal" | "double" | "integer" | "int" | "long" | "float":
            return Decimal(text)
        case "boolean":
            return text.strip() == "true"
        case "date":
            return temporal.read_date(text)
        case "time":
            return temporal.read_time(text)
        case "dateTime":
            return temporal.read_date_time(text)
        case "duration" | "dayTimeDuration" | "yearMonthDuration":
            return temporal.read_duration(text)
        case "string":
            return text
    if text.strip() in ("true", "false"):
        return text.strip() == "true"
    try:
        return Decimal(text)
    except ArithmeticError:
        return text


def alike(found: Any, expected: Any) -> bool:
    """Equal as the kit compares: numbers to eight places, lists and contexts part by part."""
    if isinstance(expected, Decimal) and isinstance(found, Decimal):
        return abs(found - expected) <= Decimal("0.00000001") * max(Decimal(1), abs(expected))
    if isinstance(expected, list) and isinstance(found, list):
        return len(found) == len(expected) and all(map(alike, found, expected))
    if isinstance(expected, dict) and isinstance(found, dict):
        return found.keys() == expected.keys() and all(alike(found[key], expected[key]) for key in expected)
    return operations.equal(found, expected) is True


CASES = [pytest.param(path, id=path.stem) for path in sorted(KIT.glob("level-*/*/*-test-*.xml"))] or [pytest.param(KIT)]


def failures(path: Path) -> list[str]:
    root = etree.parse(str(path)).getroot()
    file = path.parent / (root.findtext("{*}modelName") or "")
    imports = {other.name: other.read_bytes() for other in path.parent.glob("*.dmn") if other != file}
    model = decisions.read(file.read_bytes(), imports=imports)
    wrong = []
    for case in root.iterfind("{*}testCase"):
        inputs = {node.get("name", ""): value_of(node) for node in case.iterfind("{*}inputNode")}
        for node in case.iterfind("{*}resultNode"):
            expected = next(map(value_of, node.iterfind("{*}expected")), None)
            name = str(case.get("invocableName") or node.get("name"))
            try:
                found = model.evaluate(name, inputs, now=dt.datetime(2024, 5, 1, tzinfo=dt.UTC))
            except (decisions.DecisionError, feel.FeelError) as error:
                found = error
            if case.get("type") == "decisionService" and isinstance(found, dict):
                found = found.get(node.get("name"), found)  # a service of several decisions answers with all of them
            if not alike(found, expected):
                wrong.append(f"{case.get('id')} {node.get('name')}: {found!r}, expected {expected!r}")
    return wrong


@pytest.mark.parametrize("path", CASES)
def test_the_kit_agrees(path: Path) -> None:
    if not path.exists():
        pytest.skip("the shared test kit is not beside the repository")

    assert failures(path) == []
