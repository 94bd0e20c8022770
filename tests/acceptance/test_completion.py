"""Completion in a shell: commands, and only what the person who asks may see."""

from __future__ import annotations

import shutil

import pytest

from .conftest import Desk, Made
from .test_demo import read, supervisor


def proposals(desk: Desk, typed: str) -> list[str]:
    words = typed.split(" ")
    asked = {"COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1), "_XIEBAN_COMPLETE": "bash_complete"}
    return [line.partition(",")[2] for line in desk(**asked).out.splitlines() if line]


def test_commands_and_case_numbers_are_proposed(made: Made) -> None:
    who = supervisor(made)
    case = read(made.desk("--as", who, "case", "list", "--json"))[0]["number"]

    assert proposals(made.desk, "xieban rep") == ["report"]
    assert case in proposals(made.desk, f"xieban --as {who} case show {case[:-2]}")


def test_nothing_is_proposed_to_nobody_or_without_a_store(made: Made, empty: Desk) -> None:
    assert proposals(made.desk, "xieban --as nobody case show ") == []
    assert proposals(empty, "xieban --as su-lan work show ") == []


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_the_script_is_one_that_the_shell_takes(empty: Desk, shell: str) -> None:
    script = empty("completion", shell).out

    assert "_XIEBAN_COMPLETE" in script
    if shutil.which(shell):
        empty.write("script", script)
        assert empty.paste(f"{shell} -n script").code == 0


def test_the_program_alone_says_what_it_can_do(empty: Desk) -> None:
    answer = empty()

    assert answer.code == 0 and "demo" in answer.out and not answer.err
