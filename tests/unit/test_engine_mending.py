"""Tokens that are moved by hand, ended cases that are opened again, and whether the case can finish from there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.engine_drawings import Desk, drawn
from workflow_runtime.engine import Cancel, MoveToken, Prospect, Reopen, between, prospect
from workflow_runtime.errors import NotOpen
from workflow_runtime.i18n import use_language

LINE = "start s\nuser a\nuser b\nuser c\nend e\ns -> a -> b -> c -> e"
SPLIT = """
    start s
    parallel p
    user a
    user b
    user d
    parallel q
    user c
    end e
    s -> p
    p -> a -> q
    p -> b -> d -> q
    q -> c -> e
"""


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh")


def outlook(desk: Desk) -> Prospect:
    return prospect(desk.compiled, desk.step.snapshot, now=desk.now)


def test_a_token_is_moved_and_what_it_held_is_cancelled() -> None:
    desk = Desk(drawn(LINE + "\nboundary late on a quiet timer=P10D\nend f\nlate -> f"))
    assert desk.waiting == ["late"]

    step = desk.tell(MoveToken("a", "c"))

    assert desk.open == ["c"] and desk.waiting == [] and ("a", "cancelled") in desk.history
    assert len(step.closed) == 1 and outlook(desk) == Prospect(True)
    desk.complete("c")
    assert desk.done


def test_a_token_is_taken_back() -> None:
    desk = Desk(drawn(LINE))
    desk.complete("a")
    desk.complete("b")

    desk.tell(MoveToken("c", "a"))

    assert desk.open == ["a"] and outlook(desk).sound


@pytest.mark.parametrize(
    ("source", "target", "word"),
    [
        ("b", "c", "no single token"),
        ("a", "a", "already"),
        ("a", "s", "begun by an event"),
        ("a", "late", "begun by an event"),
        ("a", "inner", "same process"),
        ("a", "nowhere", "same process"),
    ],
)
def test_where_no_token_can_go_is_said(source: str, target: str, word: str) -> None:
    desk = Desk(
        drawn(
            "start s\nuser a\nuser b\nsub sp {\nstart i\nuser inner\nend o\ni -> inner -> o\n}\nuser c\nend e\n"
            "boundary late on a timer=P10D\nlate -> c\ns -> a -> b -> sp -> c -> e"
        )
    )
    before = desk.step.snapshot

    with pytest.raises(NotOpen, match=word):
        desk.tell(MoveToken(source, target))

    assert desk.step.snapshot == before


def test_a_join_is_no_place_to_put_a_token_and_a_stuck_one_can_be_taken_from_it() -> None:
    desk = Desk(drawn(SPLIT))
    with pytest.raises(NotOpen, match="several flows"):
        desk.tell(MoveToken("a", "q"))

    desk.complete("a")
    desk.tell(MoveToken("q", "a"))

    assert desk.open == ["a", "b"] and outlook(desk).sound


def test_a_move_that_breaks_a_join_is_foreseen() -> None:
    desk = Desk(drawn(SPLIT))

    desk.tell(MoveToken("a", "c"))  # the join will wait for this branch for ever

    found = outlook(desk)
    assert not found.sound and "never comes" in found.faults[0]


def test_two_tokens_on_one_way_are_foreseen() -> None:
    desk = Desk(drawn(SPLIT))

    desk.tell(MoveToken("a", "b"))

    assert "two tokens" in outlook(desk).faults[0]


def test_inside_a_sub_process_a_token_moves_within_it() -> None:
    desk = Desk(
        drawn(
            "start s\nsub sp {\nstart i\nuser a\nuser b\nend o\ni -> a -> b -> o\n}\nuser c\nend e\ns -> sp -> c -> e"
        )
    )

    desk.tell(MoveToken("a", "b"))
    assert desk.open == ["b"] and outlook(desk).sound
    desk.tell(MoveToken("sp", "c"))

    assert desk.open == ["c"] and outlook(desk).sound


def test_an_ended_case_begins_again_where_it_is_told() -> None:
    desk = Desk(drawn(SPLIT))
    for step in ("a", "b", "d", "c"):
        desk.complete(step)
    assert desk.done

    desk.tell(Reopen(("c",)))

    assert desk.open == ["c"] and not desk.done and outlook(desk).sound
    desk.complete("c")
    assert desk.done


def test_a_withdrawn_case_begins_again_where_it_stood() -> None:
    desk = Desk(drawn(SPLIT))
    desk.complete("b")
    desk.tell(Cancel("mistake"))

    desk.tell(Reopen(("a", "d")))

    assert desk.open == ["a", "d"] and outlook(desk).sound


@pytest.mark.parametrize("at", [(), ("a", "a"), ("q",), ("e",), ("nowhere",)])
def test_a_case_begins_again_at_steps_only(at: tuple[str, ...]) -> None:
    desk = Desk(drawn(SPLIT))
    with pytest.raises(NotOpen, match="open"):
        desk.tell(Reopen(("a",)))
    desk.tell(Cancel("mistake"))

    with pytest.raises(NotOpen):
        desk.tell(Reopen(at))


def test_one_branch_alone_cannot_pass_the_join() -> None:
    desk = Desk(drawn(SPLIT))
    desk.tell(Cancel("mistake"))

    desk.tell(Reopen(("a",)))

    assert not outlook(desk).sound


def test_what_lies_between_is_known_in_both_directions() -> None:
    desk = Desk(drawn(LINE))

    assert between(desk.compiled, "a", "c") == (("a", "b"), False)
    assert between(desk.compiled, "c", "a") == (("a", "b", "c"), True)
