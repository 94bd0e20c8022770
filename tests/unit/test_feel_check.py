"""An expression's mistakes are found before it runs, each with its place and what was probably meant."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from workflow_runtime import feel
from workflow_runtime.feel import government, types
from workflow_runtime.feel.types import ContextType, EnumerationType, ListType, Type

NAMES: dict[str, Type | str | None] = {
    "amount": "number",
    "city": EnumerationType(types.STRING, ("江川", "云河")),
    "day": types.DATE,
    "moment": types.DATE_TIME,
    "subject": ContextType({"name": types.STRING, "birth_date": types.DATE}),
    "visits": ListType(ContextType({"days": types.NUMBER})),
    "anything": None,
}


@pytest.mark.parametrize(
    ("text", "code", "suggestion"),
    [
        ("amont > 1", "unknown-name", "amount"),
        ("subject.nmae", "unknown-member", "name"),
        ('subsring("a", 1)', "unknown-function", "substring"),
        ('city = "江州"', "not-allowed-value", "江川"),
        ('city in ("江川", "云合")', "not-allowed-value", "云河"),
        ('amount = "5"', "incomparable", None),
        ("day > moment", "incomparable", None),
        ("day - day > 3", "incomparable", None),
        ('amount + "x"', "no-arithmetic", None),
        ("amount and true", "not-a-condition", None),
        ("if amount then 1 else 2", "not-a-condition", None),
        ("substring(amount, 1)", "wrong-arguments", None),
        ("working days between(day, amount)", "wrong-type", None),
        ("visits[day > 1]", "incomparable", None),
        ("visits[dais > 1]", "unknown-name", None),
        ('some v in visits satisfies v.days = "x"', "incomparable", None),
        ("amount(1)", "not-a-function", None),
        ("amount instance of numbr", "unknown-type", "number"),
        ('date("2024-05-01").yer', "unknown-member", "year"),
        ("amount >", "expected", None),
        ('amount > "', "open-string", None),
        ("amount ＞ 1", "full-width", None),
    ],
)
def test_a_mistake_is_found_and_named(text: str, code: str, suggestion: str | None) -> None:
    findings = feel.check(text, NAMES)

    assert [finding.code for finding in findings] == [code]
    if suggestion:
        assert findings[0].suggestion == suggestion
        assert suggestion in findings[0].message("zh")
    assert findings[0].message("en")
    assert findings[0].line == 1


@pytest.mark.parametrize(
    "text",
    [
        'amount > 100000 and city = "江川"',
        "anything.whatever[foo > 1].bar",
        "age on(subject.birth_date, day) >= 18",
        "sum(visits.days) > 3",
        "visits[days > 1][1].days",
        'day in [@"2024-01-01"..@"2024-12-31"]',
        'day + duration("P1M") < date(moment)',
        "for v in visits return v.days * 2",
        "{a: amount, b: a + 1}.b",
        "count(visits) > 0",
        "null = amount",
    ],
)
def test_what_is_right_is_left_alone(text: str) -> None:
    assert feel.check(text, NAMES) == []


def test_without_a_list_of_names_none_is_missed() -> None:
    assert feel.check("amont > 1") == []
    assert [finding.code for finding in feel.check('"a" > 1')] == ["incomparable"]


def test_a_condition_may_be_demanded() -> None:
    assert [f.code for f in feel.check("amount + 1", NAMES, wants=types.BOOLEAN)] == ["not-a-condition"]


def test_the_type_of_an_expression_is_inferred() -> None:
    assert feel.type_in("visits[days > 1].days", NAMES) == ListType(types.NUMBER)
    assert feel.type_in('day + duration("P1D")', NAMES) is types.ANY
    assert feel.type_in("amount > 1", NAMES) is types.BOOLEAN


def test_a_finding_points_at_its_fragment() -> None:
    (finding,) = feel.check("amount > 1 and\n  amont < 5", NAMES)

    assert (finding.line, finding.column) == (2, 3)
    assert finding.underlined() == "  amont < 5\n  ^~~~~"


def weekday(day: dt.date) -> bool:
    return day.weekday() < 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('working days between(date("2024-05-03"), date("2024-05-06"))', Decimal(1)),
        ('working days between(date("2024-05-06"), date("2024-05-03"))', Decimal(-1)),
        ('add working days(date("2024-05-03"), 1)', dt.date(2024, 5, 6)),
        ('add working days(date("2024-05-06"), -1)', dt.date(2024, 5, 3)),
        ('age on(date("2016-02-29"), date("2024-02-28"))', Decimal(7)),
        ('age on(date("2015-02-28"), date("2023-02-28"))', Decimal(8)),
        ('age on(date("2016-02-29"), date("2023-02-28"))', Decimal(7)),
        ('add months(date("2024-01-31"), 1)', dt.date(2024, 2, 29)),
        ("add months(null, 1)", None),
    ],
)
def test_the_government_functions_stand_on_a_calendar_handed_in(text: str, expected: object) -> None:
    assert feel.evaluate(text, {}, functions=government.functions(weekday)) == expected


def test_the_language_itself_knows_no_government_function() -> None:
    assert feel.evaluate('add months(date("2024-01-31"), 1)', {}) is None


def test_a_text_that_is_wrong_all_over_is_not_searched_for_every_word() -> None:
    names = {f"name{number}": "number" for number in range(200)}

    found = feel.check(" + ".join(f"naem{number}" for number in range(1000)), names)

    assert len(found) == 100
    assert found[0].suggestion and not found[-1].suggestion


def test_counting_working_days_pays_for_every_day_it_looks_at() -> None:
    calendar = government.functions(lambda day: day.weekday() < 5)
    year = 'working days between(@"2024-01-01", @"2025-01-01")'

    assert feel.evaluate(f"count(for i in 1..50 return {year})", {}, functions=calendar) == 50
    for greedy in (f"for i in 1..5000 return {year}", 'for i in 1..5000 return add working days(@"2024-01-01", 999)'):
        with pytest.raises(feel.FeelError) as stopped:
            feel.evaluate(greedy, {}, functions=calendar)
        assert stopped.value.code == "too-many-operations"
