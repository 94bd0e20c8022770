"""What a newcomer stumbled over once: typing that was lost, words of the machine in a sentence for people."""

from __future__ import annotations

from .conftest import Desk, Made
from .test_demo import read
from .test_driving import PARTIES
from .test_refusals import an_item, clerks_of
from .test_terminal import on_a_terminal

#: every question of the child's form, in order; the check digit of the resident id is wrong, then right
TYPED = ("欧阳小满", "", "1", "2015-06-30", "1", "990101201506300012", "", "1", "990101", *("",) * 3, "2", *("",) * 4)


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
