"""Texts from cases act on nothing: not on a terminal, not in a spreadsheet, not as a path."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow_runtime.escaping import cell, display_name, safe


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b]0;pwn\x07\x1b[2J", "\\x1b]0;pwn\\x07\\x1b[2J"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202etxt.exe", "\\u202etxt.exe"),
        ("[link=http://evil]x[/link]", "[link=http://evil]x[/link]"),
        ("ok\roverwritten", "ok\\x0doverwritten"),
        ("\x1b]52;c;cGF5bG9hZA==\x07", "\\x1b]52;c;cGF5bG9hZA==\\x07"),
        ("a\u200bb\u2028c\ufeff", "a\\u200bb\\u2028c\\ufeff"),
        ("兰小荷（女）", "兰小荷（女）"),
    ],
)
def test_a_hostile_title_shows_and_does_not_act(hostile: str, shown: str) -> None:
    assert safe(hostile) == shown


def test_line_feeds_stay_only_where_lines_are_expected() -> None:
    assert safe("a\nb") == "a\\x0ab"
    assert safe("a\nb", lines=True) == "a\nb"


def test_a_title_of_ten_megabytes_is_cut_and_says_so() -> None:
    shown = safe("x" * 10_000_000)

    assert len(shown) < 11_000
    assert shown.endswith("(+9990000)")


@given(st.text())
def test_no_text_brings_a_control_character_to_the_terminal(text: str) -> None:
    assert all(mark >= " " and not "\x7f" <= mark <= "\x9f" for mark in safe(text))


@pytest.mark.parametrize(
    "formula", ["=HYPERLINK(..)", "@SUM(1)", "＝cmd|x", "\t=1+1", "-2+3+cmd|' /C calc'!A0", "+1", "\r=1", " =1", "－1"]
)
def test_a_formula_is_a_string_in_a_spreadsheet(formula: str) -> None:
    assert cell(formula) == "'" + formula


def test_numbers_and_dates_stay_what_they_are_in_a_spreadsheet() -> None:
    assert cell(-5) == -5
    assert cell(date(2024, 9, 1)) == date(2024, 9, 1)
    assert cell("兰小荷") == "兰小荷"


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("../../../etc/cron.d/x", "x"),
        ("C:\\x", "x"),
        ("a%00.pdf", "a.pdf"),
        ("..%2f", "file"),
        ("CON.pdf", "_CON.pdf"),
        ("交接清单.pdf", "交接清单.pdf"),
        ('"><svg onload=..>.pdf', "___svg onload=.._.pdf"),
        ("", "file"),
        ("...", "file"),
        ("\u202efdp.exe", "fdp.exe"),
    ],
)
def test_an_attachment_has_a_name_and_no_path(given_name: str, shown: str) -> None:
    assert display_name(given_name) == shown


def test_a_long_name_is_cut_between_characters_and_keeps_its_ending() -> None:
    shown = display_name("清" * 300 + ".pdf")

    assert shown.endswith("清.pdf")
    assert len(shown.encode()) <= 240
