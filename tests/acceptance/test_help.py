"""Help is there, in both languages, and fits the screen."""

from __future__ import annotations

import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest

from .conftest import Desk

TREE = {
    "": "demo init org profile procedure diagram decision subject case work document late report incident message db",
    "org": "import show",
    "profile": "list show",
    "procedure": "check test deploy list show export retire",
    "subject": "register list show signal",
    "report": "list show",
    "clause": "list impact",
    "incident": "list show retry resolve",
    "message": "list show redeliver bury send collect",
    "case": "start list show history why withdraw",
    "work": "list show claim release complete reassign remind",
    "document": "list open preview verify",
}
COMMANDS = [group.split() for group in TREE] + [
    [*group.split(), name] for group, names in TREE.items() for name in names.split()
]


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)


@pytest.mark.parametrize("group", TREE)
def test_the_grammar_is_what_the_readme_says(empty: Desk, group: str) -> None:
    answer = empty(*group.split(), "--help")

    assert answer.code == 0
    assert set(TREE[group].split()) <= set(re.findall(r"^  ([a-z]+) ", answer.out, re.MULTILINE))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_command_explains_itself_within_eighty_columns(empty: Desk, language: str) -> None:
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda command: empty(*command, "--help", "--lang", language), COMMANDS))

    for command, answer in zip(COMMANDS, answers, strict=True):
        assert answer.code == 0, (command, answer.err)
        assert [line for line in answer.out.splitlines() if columns(line) > 80] == [], command
        has_chinese = bool(re.search("[\u4e00-\u9fff]", answer.out))
        assert has_chinese == (language == "zh"), (command, answer.out)
        usage = answer.out.splitlines()[0].partition(" ")[2]
        assert bool(re.search(r"\[OPTIONS\]|[A-Z]{2}", usage)) == (language == "en"), usage


def test_every_list_can_be_a_spreadsheet(empty: Desk) -> None:
    lists = [command for command in COMMANDS if command[-1:] == ["list"]] + [["late"], ["report", "show"]]
    with ThreadPoolExecutor(3) as pool:
        helps = list(pool.map(lambda command: empty(*command, "--help").out, lists))

    asked = zip(lists, helps, strict=True)
    lacking = [command for command, text in asked if not re.search(r"--csv.*--xlsx", text, re.DOTALL)]
    assert lacking == []


def test_a_misspelt_command_is_named_with_what_was_meant(empty: Desk) -> None:
    answer = empty("work", "complet")

    assert answer.code == 2
    assert "complet" in answer.err


def test_the_program_starts_quickly(empty: Desk) -> None:
    answer = empty("--version")

    assert answer.code == 0
    assert answer.out.startswith("xieban ")
