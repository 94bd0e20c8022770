"""The case file keeps what was put in, as one canonical text."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow_runtime import casefile
from workflow_runtime.casefile import REMOVED
from workflow_runtime.errors import BadInput
from workflow_runtime.feel.values import Months

SHANGHAI = ZoneInfo("Asia/Shanghai")
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**33), 10**33),
    st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
    st.dates(),
    st.times(),
    st.datetimes(timezones=st.just(UTC)),
    st.datetimes(timezones=st.just(timezone(timedelta(hours=5, minutes=30)))),
    st.timedeltas(min_value=timedelta(days=-9999), max_value=timedelta(days=9999)),
    st.integers(-5000, 5000).map(Months),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b", "姓名"]), inner, max_size=3),
    max_leaves=12,
)


@given(values)
@settings(max_examples=150, deadline=None)
def test_what_goes_in_comes_out(value: Any) -> None:
    text = casefile.dumps(value)

    again = casefile.loads(text)

    assert casefile.dumps(again) == text
    assert casefile.typed_equal(again, casefile.loads(casefile.dumps(value)))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1203.50"), '{"@":"1203.50"}'),
        (Decimal("5"), '{"@":"5"}'),
        (5, "5"),
        (date(2017, 4, 12), '{"@":"2017-04-12"}'),
        (datetime(2024, 9, 1, 10, tzinfo=SHANGHAI), '{"@":"2024-09-01T10:00:00@Asia/Shanghai"}'),
        (datetime(2024, 9, 1, 2, tzinfo=UTC), '{"@":"2024-09-01T02:00:00+00:00"}'),
        (time(9, 30), '{"@":"09:30:00"}'),
        (Months(15), '{"@":"P1Y3M"}'),
        (Months(0), '{"@":"P0M"}'),
        (timedelta(0), '{"@":"PT0S"}'),
        (timedelta(days=-1, hours=3), '{"@":"-PT21H"}'),
        (timedelta(days=2, seconds=1, microseconds=500), '{"@":"P2DT1.0005S"}'),
        ({"b": 1, "a": [True, None]}, '{"a":[true,null],"b":1}'),
    ],
)
def test_a_value_has_one_text_and_keeps_its_kind(value: Any, text: str) -> None:
    assert casefile.dumps(value) == text

    again = casefile.loads(text)

    assert again == value
    assert type(again) is type(value)


def test_a_name_typed_in_two_ways_is_one_name() -> None:
    assert casefile.dumps({"name": "é"}) == casefile.dumps({"name": "e\u0301"})


def test_a_repeated_hour_keeps_its_offset() -> None:
    first = datetime(2023, 11, 5, 1, 30, tzinfo=ZoneInfo("America/New_York"))
    second = first.replace(fold=1)

    assert casefile.loads(casefile.dumps(second)).utcoffset() == second.utcoffset() != first.utcoffset()


HOSTILE = {
    "a key twice": '{"a":1,"a":2}',
    "a key twice in two spellings": '{"\u00e9":1,"e\u0301":2}',
    "not a number": "[NaN]",
    "infinity": "[Infinity]",
    "a number beyond everything": "1e400",
    "a number below everything": "1e-7000",
    "an endless integer": "1" * 1_000_000,
    "a deep list": "[" * 100_000,
    "a deep object": '{"a":' * 100_000,
    "half a character": '"\\ud800"',
    "nothing": "",
    "NUL": '"\\u0000"',
    "an open bracket": "{",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_json_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        casefile.read_json(text)

    assert all(finding.message and finding.remedy for finding in refused.value.findings)


def test_a_mistake_in_a_file_is_named_by_its_line() -> None:
    with pytest.raises(BadInput) as refused:
        casefile.read_json('{\n  "a": 1,\n  "b" 2\n}', what="answers.json")

    assert refused.value.findings[0].line == 3


def test_json_from_outside_keeps_fractions_exact() -> None:
    assert casefile.read_json('{"amount": 0.10, "tag": {"@": "x"}}') == {"amount": Decimal("0.10"), "tag": {"@": "x"}}


@pytest.mark.parametrize("value", [1.5, float("nan"), Decimal("NaN"), object(), {"@": 1}, {1: 2}, 10**40, "\ud800"])
def test_what_cannot_be_read_back_is_not_written(value: Any) -> None:
    with pytest.raises(BadInput):
        casefile.dumps({"key": value} if not isinstance(value, dict) else value)


def test_the_deepest_document_that_is_written_can_be_read() -> None:
    document: Any = date(2024, 9, 1)
    for _level in range(casefile.MAX_DEPTH - 1):
        document = [document]

    assert casefile.loads(casefile.dumps(document)) == document
    with pytest.raises(BadInput):
        casefile.dumps([document])


def test_a_patch_says_what_changed_and_nothing_else() -> None:
    old = {"risk_class": "ordinary", "amount": Decimal("1.00"), "note": "x"}
    new = {"risk_class": "psych_risk", "amount": 1, "date": date(2024, 9, 1)}

    patch = casefile.diff(old, new)

    assert patch == {"risk_class": "psych_risk", "date": date(2024, 9, 1), "note": REMOVED}
    assert casefile.loads(casefile.dumps(patch)) == patch
    assert casefile.apply(old, patch) == new
    assert old["note"] == "x"


def test_true_is_not_one_and_a_day_is_not_a_moment() -> None:
    assert casefile.typed_equal(1, Decimal("1.00"))
    assert not casefile.typed_equal(True, 1)
    assert not casefile.typed_equal(date(2024, 9, 1), datetime(2024, 9, 1))


def test_two_clerks_who_change_one_key_are_told_which() -> None:
    seen = {"plan": "a", "date": date(2024, 9, 1)}
    now = {"plan": "b", "date": date(2024, 9, 1)}

    assert casefile.conflicts(seen, now, {"plan": "c", "date": date(2024, 9, 2)}) == ("plan",)
    assert casefile.conflicts(seen, now, {"plan": "b"}) == ()
