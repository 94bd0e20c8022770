"""Identity numbers, credit codes, telephone numbers, regions and card numbers."""

from __future__ import annotations

from datetime import date

import pytest

from workflow_runtime import identifiers
from workflow_runtime.errors import BadInput

FICTIONAL = ("9901", "9902", "9903", "9904")


@pytest.mark.parametrize(
    ("number", "sex", "birth"),
    [
        ("99010120170412002X", "female", date(2017, 4, 12)),
        ("990101201506300011", "male", date(2015, 6, 30)),
        ("990102200703050033", "male", date(2007, 3, 5)),
        ("990101202308010050", "male", date(2023, 8, 1)),
        ("990104198801150014", "male", date(1988, 1, 15)),
        ("99010119920722002X", "female", date(1992, 7, 22)),
    ],
)
def test_a_good_number_says_birth_date_and_sex(number: str, sex: str, birth: date) -> None:
    assert identifiers.check_resident_id(number, regions=FICTIONAL, birth_date=birth, sex=sex) == ()

    parts = identifiers.resident_id(number.lower())

    assert (parts.text, parts.sex, parts.birth_date) == (number, sex, birth)


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        ("990101201704120021", "resident-id.check-digit"),
        ("99010120170230002X", "resident-id.date"),
        ("9901012017041200", "resident-id.form"),
        ("9901012017041200２X", None),
        ("99010120170412002Ⅹ", None),
        ("A90101201704120021", "resident-id.form"),
    ],
)
def test_a_bad_number_is_told_apart(number: str, rule: str | None) -> None:
    found = [finding.rule for finding in identifiers.check_resident_id(number, regions=FICTIONAL)]

    assert found == ([rule] if rule else [])


def test_the_date_is_looked_at_before_the_check_digit() -> None:
    number = "990101201702300021"

    assert [one.rule for one in identifiers.check_resident_id(number, regions=FICTIONAL)] == ["resident-id.date"]


def test_a_number_that_differs_from_the_form_is_named_by_what_differs() -> None:
    findings = identifiers.check_resident_id(
        "990103201011090043", regions=FICTIONAL, sex="male", birth_date=date(2010, 11, 10), today=date(2010, 1, 1)
    )

    assert [one.rule for one in findings] == ["resident-id.future", "resident-id.birth-date", "resident-id.sex"]
    assert all(one.remedy for one in findings)


def test_a_fictional_region_passes_only_where_it_is_named() -> None:
    assert [one.rule for one in identifiers.check_resident_id("99010120170412002X")] == ["resident-id.region"]
    assert identifiers.check_resident_id("99010120170412002X", regions=["990100"]) == ()
    assert identifiers.known_region("110101")
    assert identifiers.known_region("110103"), "a region that was dissolved is on old cards"


def test_an_unreadable_number_has_no_parts() -> None:
    with pytest.raises(BadInput):
        identifiers.resident_id("123")


def test_made_up_numbers_pass_their_own_check() -> None:
    number = identifiers.new_resident_id("990101", date(2017, 4, 12), 2)

    assert number == "99010120170412002X"
    assert identifiers.check_uscc(identifiers.new_uscc("12990100MB0000001")) == ()


@pytest.mark.parametrize("code", ["12990100MB0000001P", "12990200MB00000020", "91350100M000100Y43"])
def test_a_good_credit_code_passes(code: str) -> None:
    assert identifiers.check_uscc(code) == ()


@pytest.mark.parametrize("code", ["12990100MB0000001Q", "12990100MB00000", "12990100MB000000IP", "XX990100MB0000001P"])
def test_a_bad_credit_code_is_refused(code: str) -> None:
    assert len(identifiers.check_uscc(code)) == 1


@pytest.mark.parametrize(
    "number", ["13800138000", "+86 138 0013 8000", "010-12345678", "(0771)1234567", "110", "12345"]
)
def test_a_telephone_number_passes(number: str) -> None:
    assert identifiers.check_phone(number) == ()


@pytest.mark.parametrize("number", ["12800138000", "1380013800", "abc", "", "1380013800000"])
def test_what_is_no_telephone_number_is_refused(number: str) -> None:
    assert len(identifiers.check_phone(number)) == 1


def test_region_codes_have_six_nine_or_twelve_digits() -> None:
    assert identifiers.check_region("990101", regions=FICTIONAL) == ()
    assert identifiers.check_region("990101001002", regions=FICTIONAL) == ()
    assert [one.rule for one in identifiers.check_region("99010", regions=FICTIONAL)] == ["region.form"]
    assert [one.rule for one in identifiers.check_region("990101")] == ["region.unknown"]


@pytest.mark.parametrize(
    ("code", "prefix"),
    [
        ("990100", "9901"),
        ("990000", "99"),
        ("990101", "990101"),
        ("990101001000", "990101001"),
        ("990101000000", "990101"),
    ],
)
def test_a_region_covers_the_codes_that_begin_like_it(code: str, prefix: str) -> None:
    assert identifiers.region_prefix(code) == prefix


def test_a_card_number_is_checked_by_its_last_digit() -> None:
    assert [one.rule for one in identifiers.check_account("4111111111111112")] == ["account.check-digit"]
    assert identifiers.check_account("4111111111111111") == ()
    assert [one.rule for one in identifiers.check_account("12")] == ["account.form"]


def test_masks_leave_what_a_reader_needs() -> None:
    assert identifiers.mask_resident_id("99010120170412002X") == "990101********002X"
    assert identifiers.mask_phone("13800138000") == "138****8000"
    assert identifiers.mask_account("4111111111111111") == "************1111"
    assert identifiers.mask_name("兰小荷") == "兰**"
    assert identifiers.mask_resident_id("123") == "***"
