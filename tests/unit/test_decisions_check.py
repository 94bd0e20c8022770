"""What is wrong with a decision table is said before it is deployed, with an input to try."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from workflow_runtime import decisions, i18n
from workflow_runtime.findings import Finding, Severity

DMN = "https://www.omg.org/spec/DMN/20230324/MODEL/"
Column = tuple[str, str, str]  # name, type, allowed values


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    i18n.use_language("en")
    yield
    i18n.use_language("zh")


def model(
    columns: Sequence[Column],
    rules: Sequence[Sequence[str]],
    policy: str = "UNIQUE",
    output: Column = ("out", "string", ""),
    default: str = "",
) -> decisions.Model:
    """A model of one table; every rule is its tests and its output."""
    parts = [f'<definitions xmlns="{DMN}" namespace="office" name="office" id="o">']
    for name, kind, _allowed in columns:
        parts.append(f'<inputData id="i_{name}" name="{name}"><variable name="{name}" typeRef="{kind}"/></inputData>')
    parts.append('<decision id="d" name="Fee"><variable name="Fee"/>')
    for name, _kind, _allowed in columns:
        parts.append(f'<informationRequirement><requiredInput href="#i_{name}"/></informationRequirement>')
    parts.append(f'<decisionTable hitPolicy="{policy}">')
    for name, kind, allowed in columns:
        listed = f"<inputValues><text>{escape(allowed)}</text></inputValues>" if allowed else ""
        expression = f'<inputExpression typeRef="{kind}"><text>{name}</text></inputExpression>'
        parts.append(f'<input label="{name}">{expression}{listed}</input>')
    listed = f"<outputValues><text>{escape(output[2])}</text></outputValues>" if output[2] else ""
    otherwise = f"<defaultOutputEntry><text>{escape(default)}</text></defaultOutputEntry>" if default else ""
    parts.append(f'<output name="{output[0]}" typeRef="{output[1]}">{listed}{otherwise}</output>')
    for rule in rules:
        cells = [f"<inputEntry><text>{escape(cell)}</text></inputEntry>" for cell in rule[:-1]]
        parts.append(f"<rule>{''.join(cells)}<outputEntry><text>{escape(rule[-1])}</text></outputEntry></rule>")
    return decisions.read("".join([*parts, "</decisionTable></decision></definitions>"]).encode())


def found(checked: decisions.Model, rule: str) -> list[Finding]:
    return [finding for finding in checked.check() if finding.rule == rule]


AGE: Column = ("age", "number", "[0..120]")
CITY: Column = ("city", "string", '"江川", "云河"')


def test_a_complete_table_has_nothing_to_say() -> None:
    assert model([AGE], [["< 18", '"child"'], [">= 18", '"adult"']]).check() == []


def test_an_overlap_comes_with_an_input_that_shows_it() -> None:
    checked = model([AGE], [["<= 18", '"child"'], [">= 18", '"adult"']])

    (overlap,) = found(checked, "dmn-overlap")

    assert overlap.severity is Severity.ERROR
    assert "rules 1 and 2 match together: age = 18" in overlap.message


def test_a_gap_comes_with_an_input_that_falls_through() -> None:
    checked = model([AGE, CITY], [["< 18", "-", '"a"'], ["> 18", '"江川"', '"b"']])

    gaps = found(checked, "dmn-gap")

    assert ["age: 18", 'age: (18..120]; city: "云河"'] == [
        gap.message.split("for ", 1)[1].split(", for")[0] for gap in gaps
    ]
    assert 'for example age = 19, city = "云河"' in gaps[1].message


def test_a_default_output_fills_every_gap() -> None:
    assert found(model([AGE], [["< 18", '"a"']], default='"b"'), "dmn-gap") == []


def test_between_two_days_there_is_no_gap() -> None:
    day: Column = ("day", "date", "")
    closed = [['<= date("2024-06-30")', '"a"'], ['>= date("2024-07-01")', '"b"']]
    open_ = [['< date("2024-06-30")', '"a"'], ['>= date("2024-07-01")', '"b"']]

    assert found(model([day], closed), "dmn-gap") == []
    assert "day = 2024-06-30" in found(model([day], open_), "dmn-gap")[0].message


def test_between_ten_and_eleven_there_is_room() -> None:
    (gap,) = found(model([AGE], [["<= 10", '"a"'], [">= 11", '"b"']]), "dmn-gap")

    assert "age = 10.5" in gap.message


@pytest.mark.parametrize(
    ("columns", "rules"),
    [
        ([("late", "boolean", "")], [["true", '"a"']]),
        ([("pause", "days and time duration", "")], [['< duration("P1D")', '"a"']]),
        ([("start", "time", "")], [['< time("12:00:00")', '"a"']]),
        ([("until", "date and time", "")], [['< date and time("2024-05-01T12:00:00")', '"a"']]),
        ([("term", "years and months duration", "")], [['< duration("P1Y")', '"a"']]),
        ([("city", "string", "")], [['not("江川")', '"a"']]),
        ([("city", "string", "")], [['"江川", "云河"', '"a"']]),
        ([("age", "number", "")], [["? > 5 and ? < 10", '"a"']]),
    ],
)
def test_gaps_are_found_over_every_kind_of_value(columns: list[Column], rules: list[list[str]]) -> None:
    assert found(model(columns, rules), "dmn-gap")


def test_a_rule_that_never_answers_is_named_with_the_one_before_it() -> None:
    checked = model([AGE], [["< 10", '"a"'], ["< 5", '"b"'], ["-", '"c"'], ["> 3", '"d"']], "FIRST")

    messages = [finding.message for finding in found(checked, "dmn-rule-hidden")]

    assert len(messages) == 2
    assert "rule 2 never answers; rule 1 always answers before it" in messages[0]
    assert "rule 4 never answers; rule 3 always answers before it" in messages[1]


def test_rules_may_hide_one_together() -> None:
    checked = model([AGE], [["< 10", '"a"'], [">= 10", '"b"'], ["[5..15]", '"c"']], "FIRST")

    assert "the rules above" in found(checked, "dmn-rule-hidden")[0].message


def test_a_priority_hides_what_lies_inside_a_better_output() -> None:
    output: Column = ("out", "string", '"high", "low"')
    checked = model([AGE], [["[10..20]", '"low"'], ["> 5", '"high"'], ["<= 5", '"low"']], "PRIORITY", output)

    assert "rule 1 never answers; rule 2" in found(checked, "dmn-rule-hidden")[0].message


def test_a_test_that_no_value_passes_is_an_error() -> None:
    checked = model([AGE], [["> 130", '"a"'], ["-", '"b"']], "FIRST")

    assert "rule 1 never matches" in found(checked, "dmn-rule-never")[0].message


def test_a_column_that_nobody_reads_is_reported() -> None:
    checked = model([AGE, CITY], [["< 18", "-", '"a"'], [">= 18", "-", '"b"']])

    assert "no rule reads the input city" in found(checked, "dmn-column-unread")[0].message


def test_values_outside_the_list_come_with_a_suggestion() -> None:
    checked = model([CITY], [['"江州"', '"free"'], ['"云河"', '"fre"']], output=("out", "string", '"free", "paid"'))

    wrong = found(checked, "dmn-value")

    assert [finding.remedy for finding in wrong] == ['Did you mean "江川"?', 'Did you mean "free"?']
    assert "rule 1, input city" in wrong[0].message
    assert "rule 2, output out" in wrong[1].message


def test_an_answer_outside_its_range_comes_with_an_input_that_leads_to_it() -> None:
    rules = [["< 18", "10"], ["[18..65]", "if age > 40 then 50 else 150"], ["> 65", "120"]]
    checked = model([AGE], rules, output=("fee", "number", "[0..100]"))

    wrong = found(checked, "dmn-value")

    assert ["150" in wrong[0].message, "120" in wrong[1].message] == [True, True]
    assert "Example: age = " in wrong[0].message
    assert "Example: age = 66" in wrong[1].message
    assert len(wrong) == 2


def test_a_cell_that_looks_elsewhere_is_neither_blamed_nor_trusted() -> None:
    checked = model([AGE], [["< limit", '"a"'], [">= limit", '"b"']])

    assert found(checked, "dmn-overlap") == found(checked, "dmn-gap") == []
    assert "limit" in found(checked, "feel-unknown-name")[0].message


def test_types_are_checked_cell_by_cell() -> None:
    checked = model([AGE], [['"ten"', '"a"'], ["-", "agee + 1"]], "FIRST")

    assert "a number cannot be compared with a string" in found(checked, "feel-incomparable")[0].message
    assert found(checked, "feel-unknown-name")[0].remedy == "Did you mean “age”?"


def test_an_output_of_the_wrong_type_is_an_error() -> None:
    checked = model([AGE], [["-", '"ten"']], output=("fee", "number", ""))

    assert "a number is wanted here, this is a string" in found(checked, "feel-wrong-type")[0].message


def test_a_model_tells_what_a_decision_needs_and_answers() -> None:
    checked = model([AGE, CITY], [["-", "-", "1"]], output=("fee", "number", ""))

    assert {name: str(kind) for name, kind in checked.needs("Fee").items()} == {"age": "number", "city": "string"}
    assert str(checked.answers("Fee")) == "number"


def test_a_large_table_is_searched_within_its_bounds() -> None:
    """That it takes less than 2 s is measured by `python3 -m benchmarks.feel`."""
    chance = random.Random(4)
    columns: list[Column] = [(f"n{at}", "number", "") for at in range(12)]
    tests = ["-", "< 5", "[3..8]", "> 9", "7"]
    rules = [[*(chance.choice(tests) for _ in columns), '"a"'] for _ in range(500)]
    checked = model(columns, rules)

    findings = checked.check()

    assert {"dmn-overlap", "dmn-gap"} <= {finding.rule for finding in findings}
    assert all(sum(finding.rule == rule for finding in findings) <= 12 for rule in ("dmn-overlap", "dmn-gap"))


def test_a_table_as_dmn_js_saves_it_is_told_everything() -> None:
    """Drawn in dmn-js 17: two pairs of rules that overlap, a test that nothing passes, and room that no rule fills."""
    model = decisions.read((Path(__file__).parent / "tables" / "fees.dmn").read_bytes())

    said = [(finding.rule, finding.message) for finding in model.check()]
    why = model.explain("fee", model.inputs_of("fee", {"amount": "120", "city": "青溪", "applied_on": "2023-06-01"}))

    overlaps = [message for rule, message in said if rule == "dmn-overlap"]
    assert len(overlaps) == 2
    assert any("1" in text and "4" in text and "金额 = 50" in text for text in overlaps)
    assert any("2" in text and "3" in text and "金额 = 151" in text for text in overlaps)
    assert [rule for rule, message in said if rule == "dmn-rule-never"] == ["dmn-rule-never"]
    assert any("? > 500" in message for rule, message in said if rule == "feel-not-a-condition")
    assert any('金额: < 100; 城市: "青溪", "…"' in message for rule, message in said if rule == "dmn-gap")
    assert (why.value, why.hits) == ("中", (2,))
