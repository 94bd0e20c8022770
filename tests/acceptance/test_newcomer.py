"""What a newcomer stumbled over once: typing that was lost, words of the machine in a sentence for people."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest

from .conftest import COMMAND, Desk, Made
from .test_demo import read
from .test_driving import PARTIES
from .test_refusals import an_item, clerks_of
from .test_terminal import on_a_terminal

#: every question of the child's form, in order; the check digit of the resident id is wrong, then right
TYPED = (
    *("欧阳小满", "", "1", "2015-06-30", "1", "990101201506300012", "", "1", "990101"),
    *("", "", "", "2", "", "", "", "", "n"),
)


def test_a_wrong_answer_is_asked_again_and_the_others_are_kept(office: Desk) -> None:
    standings = [word for party in PARTIES for word in ("--standing", party)]
    command = ("--as", "qin-chuan", "subject", "register", *standings)

    seen = on_a_terminal(office, *command, typed="\n".join((*TYPED, "990101201506300011", "")), NO_COLOR="1")

    assert "Please answer again" in seen, seen
    assert "Registered under the number" in seen, seen
    found = read(office("--as", "qin-chuan", "subject", "list", "--search", "欧阳小满", "--json"))
    assert len(found) == 1


def test_who_is_not_in_the_organisation_is_told_before_the_first_question(office: Desk) -> None:
    seen = on_a_terminal(office, "--as", "nobody", "subject", "register", NO_COLOR="1")

    assert "nobody" in seen
    assert "  > " not in seen


def test_the_rule_of_a_deadline_is_said_in_words(office: Desk, made: Made) -> None:
    item = an_item(office, made)
    clerk = clerks_of(office, item["department"])[0]

    shown = office("--as", clerk, "work", "show", item["id"])

    rule = shown.out.split("Rule ")[1].split("Counted")[0]
    assert "working day" in rule
    assert " WD" not in rule


def test_another_departments_item_is_refused_before_the_first_question(office: Desk, made: Made) -> None:
    item = an_item(office, made)
    stranger = next(
        clerk["id"]
        for clerk in read(office("org", "show", "--json"))["clerks"]
        if all(part["department"] != item["department"] for part in clerk["memberships"])
        and office("--as", clerk["id"], "work", "show", item["id"]).code == 0
    )

    seen = on_a_terminal(office, "--as", stranger, "work", "complete", item["id"], NO_COLOR="1")

    assert "does not work there" in seen.replace("\n        ", " ")
    assert "  > " not in seen
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in seen.split("stands in")[0]), "an English sentence"


def test_a_reader_who_leaves_early_is_no_failure(office: Desk, made: Made) -> None:
    number = read(office("--as", "zhou-lan", "case", "list", "--json"))[0]["number"]
    command = shlex.join([*COMMAND, "--as", "zhou-lan", "case", "show", number])

    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} | head -1"],
        cwd=office.folder,
        env=office.environment({}),
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0
    assert done.stderr == ""


def test_a_case_that_is_not_there_is_not_asked_about(office: Desk) -> None:
    answer = office("--as", "zhou-lan", "case", "withdraw", "GX-P16-1999-000001", "--reason", "test", given="y\n")

    assert answer.code == 2
    assert "?" not in answer.out


def test_a_slash_at_the_end_means_a_folder(office: Desk) -> None:
    answer = office("document", "preview", "county-city-transfer", "D15", "--to", "drafts/")

    assert answer.code == 0, answer.err
    assert [path.suffix for path in (office.folder / "drafts").iterdir()] == [".pdf"]


def test_a_misspelt_standing_is_named_with_those_there_are(office: Desk) -> None:
    answer = office("--as", "qin-chuan", "subject", "register", "--set", "name=x", "--standing", "guardien=CAB.CNTY")

    assert answer.code == 2
    assert "guardien" in answer.err
    assert "custodian, guardian" in answer.err


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_command_in_a_message_can_be_pasted(empty: Desk, language: str) -> None:
    def told(*arguments: str) -> list[list[str]]:
        """The commands that an answer names, as they would be pasted behind the program's name."""
        answer = empty("--lang", language, *arguments, XIEBAN_PROGRAM="python3 run xieban")
        commands = re.findall("“python3 run xieban ([^”]+)”", answer.out + answer.err)
        assert len(commands) == len(re.findall(r"\bxieban [a-z-]", answer.out + answer.err)), answer
        return [shlex.split(command) for command in commands]

    make, _look_around = told("--db", "here.db", "case", "list", "--as", "root")
    assert make == ["--db", "here.db", "init"]
    people, *_deploy = told(*make)
    assert people == ["--db", "here.db", "org", "import", "demo"]
    assert empty(*people).code == 0
    _who, clerks = told("--db", "here.db", "case", "list")
    assert "--as su-lan" in empty(*clerks).out
    (everybody,) = told("--db", "here.db", "--as", "nobody", "case", "list")
    assert empty(*everybody).code == 0
