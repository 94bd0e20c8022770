"""The demo: made in one go, its printed commands work, running it again changes nothing."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import shlex
import unicodedata
import zipfile
from typing import Any

import pytest

from .conftest import Answer, Desk, Made


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)


def printed_lines(said: Answer) -> list[str]:
    """The lines that call the program, as they stand on the screen."""
    return [line.strip() for line in said.out.splitlines() if re.match(r"  (\S.*)?(xieban|-m cli) --as ", line)]


def printed_commands(said: Answer) -> list[list[str]]:
    """What stands behind the program's name in them."""
    return [shlex.split(re.sub(r"^.*?(xieban|-m cli) (?=--as )", "", line)) for line in printed_lines(said)]


def read(answer: Answer) -> Any:
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


def supervisor(made: Made) -> str:
    return next(command[1] for command in printed_commands(made.said) if command[2] == "late")


def test_the_demo_shows_one_case_from_its_beginning_to_its_end(made: Made) -> None:
    cases = read(made.desk("--as", supervisor(made), "case", "list", "--limit", 100, "--json"))
    documents = sorted((made.desk.folder / "var" / "documents").glob("*/*.pdf"))

    assert len(cases) == 40
    assert {"open", "completed"} <= {case["state"] for case in cases}
    assert len(documents) >= 4
    assert all(path.read_bytes().startswith(b"%PDF-") for path in documents)


def test_every_paper_that_others_sign_came_back_signed_in_the_case_that_was_shown(made: Made) -> None:
    shown = re.search(r"(\S+) begins:", made.said.out)
    assert shown is not None
    number = shown[1]
    papers = read(made.desk("--as", supervisor(made), "document", "list", "--case", number, "--json"))

    back = {one["code"] for one in papers if any(what == "scanned" for what, *_when in one["events"])}
    issued = {one["code"] for one in papers if one["origin"] == "issued"}

    assert issued == back == {"D14", "D15", "D16", "D17", "D18", "D19", "D21", "D34", "D35", "D36", "D77"}


def test_the_demo_has_work_at_every_stage(made: Made) -> None:
    items = read(made.desk("--as", supervisor(made), "work", "list", "--limit", 500, "--json"))
    left = [item["due"]["working_days_left"] for item in items if item["due"]]

    assert any(days < 0 for days in left), "late"
    assert any(0 <= days <= 3 for days in left), "due soon"
    assert any(days > 3 for days in left), "waiting"
    assert len({item["name"] for item in items}) > 8


def test_each_of_the_five_printed_commands_works_when_pasted(made: Made) -> None:
    lines = printed_lines(made.said)

    assert len(lines) == 5
    for line in lines:
        answer = made.desk.paste(line)
        assert answer.code == 0, (line, answer.err)
        assert len(answer.out.splitlines()) > 2, (line, answer.out)


def test_the_demo_again_changes_nothing_and_says_so(office: Desk) -> None:
    before = hashlib.sha256(office.database.read_bytes()).hexdigest()

    answer = office("demo")

    assert answer.code == 0
    assert "nothing was changed" in answer.out
    assert len(printed_commands(answer)) == 5
    assert hashlib.sha256(office.database.read_bytes()).hexdigest() == before


@pytest.mark.parametrize("language", ["zh", "en"])
def test_lists_and_pages_fit_eighty_columns(made: Made, language: str) -> None:
    who = supervisor(made)
    case = printed_commands(made.said)[2][-1]
    pages = (
        ["work", "list"],
        ["case", "list"],
        ["late"],
        ["document", "list"],
        ["subject", "list"],
        ["case", "show", case],
        ["case", "why", case],
        ["case", "history", case],
        ["procedure", "list"],
        ["profile", "show", "GX"],
        ["org", "show"],
    )
    for page in pages:
        answer = made.desk("--as", who, "--lang", language, *page)

        assert answer.code == 0, (page, answer.err)
        assert [line for line in answer.out.splitlines() if columns(line) > 80] == [], page
        assert "\x1b" not in answer.out


def test_a_list_speaks_csv_and_spreadsheet(office: Desk, made: Made) -> None:
    who = supervisor(made)

    table = list(csv.reader(io.StringIO(office("--as", who, "case", "list", "--csv", "--limit", 100).out)))
    office("--as", who, "late", "--xlsx", "late.xlsx")

    assert len(table) == 41
    assert all(len(row) == len(table[0]) for row in table)
    with zipfile.ZipFile(office.folder / "late.xlsx") as book:
        assert "xl/worksheets/sheet1.xml" in book.namelist()


def test_a_list_is_filtered_and_turned_page_by_page(made: Made) -> None:
    who = supervisor(made)
    everything = read(made.desk("--as", who, "work", "list", "--limit", 500, "--json"))
    department = everything[0]["department"]

    first = read(made.desk("--as", who, "work", "list", "--limit", 5, "--json"))
    second = read(made.desk("--as", who, "work", "list", "--limit", 5, "--page", 2, "--json"))
    theirs = read(made.desk("--as", who, "work", "list", "--department", department, "--limit", 500, "--json"))
    late = read(made.desk("--as", who, "work", "list", "--state", "late", "--limit", 500, "--json"))

    assert [item["id"] for item in first + second] == [item["id"] for item in everything[:10]]
    assert theirs and {item["department"] for item in theirs} == {department}
    assert {item["id"] for item in late} == {
        item["id"] for item in everything if item["due"] and item["due"]["working_days_left"] < 0
    }


def test_the_soonest_due_item_stands_first(made: Made) -> None:
    items = read(made.desk("--as", supervisor(made), "work", "list", "--limit", 500, "--json"))
    dues = [item["due"]["at"] for item in items if item["due"]]

    assert dues == sorted(dues)


def test_the_history_of_a_case_verifies(made: Made) -> None:
    cases = read(made.desk("--as", supervisor(made), "case", "list", "--limit", 3, "--json"))

    for case in cases:
        answer = made.desk("--as", supervisor(made), "case", "history", case["number"], "--verify")
        assert answer.code == 0, answer.out


def test_an_issued_document_is_verified_and_a_changed_one_is_not(office: Desk, made: Made) -> None:
    who = supervisor(made)
    issued = [
        one
        for one in read(office("--as", who, "document", "list", "--limit", 200, "--json"))
        if one["origin"] == "issued" and one["verification"] and one["sha256"]
    ]
    path = office("--as", who, "document", "open", issued[0]["number"], "--to", "paper.pdf").out.strip()
    changed = office.write("changed.pdf", (office.folder / path).read_bytes() + b"\n")

    genuine = office("document", "verify", issued[0]["verification"], path)
    forged = office("document", "verify", issued[0]["verification"], changed)
    misread = office("document", "verify", "0000-0000-0000")

    assert genuine.code == 0 and issued[0]["number"] in genuine.out
    assert forged.code == 1
    assert misread.code == 2
