"""What happens to a child reaches its open cases as the catalogue says, row by row (09-modelling-annexes 9.2)."""

from __future__ import annotations

import pytest

from workflow_runtime.procedures import Procedure, find_folder, gather, shipped_procedures
from workflow_runtime.subjects import ReactionKind, shipped

STOP, SUSPEND, CONTINUE = ReactionKind.STOP, ReactionKind.SUSPEND, ReactionKind.CONTINUE
REDIRECT, REVIEW = ReactionKind.REDIRECT, ReactionKind.REVIEW
#: Table 9.2: a signal, a procedure, and what becomes of its open case.
ROWS = [
    ("CHILD_DIED", "P16", STOP),
    ("CHILD_DIED", "P08", STOP),
    ("CHILD_DIED", "P21", CONTINUE),
    ("CHILD_DIED", "P30", CONTINUE),
    ("CHILD_RECLAIMED", "P08", REDIRECT),
    ("CHILD_RECLAIMED", "P16", STOP),
    ("CHILD_RECLAIMED", "P17", STOP),
    ("CHILD_RECLAIMED", "P28", SUSPEND),
    ("CHILD_RECLAIMED", "P29", STOP),
    ("CHILD_RECLAIMED", "P34", CONTINUE),
    *(("CHILD_ADOPTED", code, STOP) for code in ("P16", "P17", "P19", "P25", "P26", "P32", "P34", "P36")),
    ("CHILD_ADOPTED", "P22", REDIRECT),
    ("CHILD_ADOPTED", "P29", REDIRECT),
    ("CHILD_MISSING", "P16", SUSPEND),
    ("CHILD_MISSING", "P09", CONTINUE),
    ("CHILD_TURNED_18", "P28", STOP),
    ("CHILD_TURNED_18", "P03", REDIRECT),
    ("CHILD_TURNED_18", "P18", REDIRECT),
    ("CHILD_TURNED_18", "P43", REVIEW),
    ("CHILD_TURNED_18", "P25", STOP),
    ("CHILD_TURNED_18", "P27", STOP),
    ("COURT_ORDER", "P16", SUSPEND),
    ("COURT_ORDER", "P06", REVIEW),
    ("TRANSFER_DECIDED", "P34", REDIRECT),
    ("TRANSFER_DECIDED", "P32", REDIRECT),
    ("TRANSFER_DECIDED", "P29", REDIRECT),
    ("TRANSFER_DECIDED", "P28", REVIEW),
]


@pytest.mark.parametrize(("signal", "code", "kind"), ROWS, ids=[f"{row[0]}-{row[1]}" for row in ROWS])
def test_a_row_of_the_table_is_what_the_subject_says(signal: str, code: str, kind: ReactionKind) -> None:
    reaction = shipped()["child"].reaction(signal, code)

    assert reaction is not None and reaction.kind is kind and reaction.text


def transfer() -> Procedure:
    return Procedure.parse(gather(find_folder("county-city-transfer")))


def test_the_transfer_hears_every_signal_that_concerns_it_and_stops_where_it_must() -> None:
    drawn = {
        str(node.event.name): node.interrupting
        for node in transfer().main.nodes()
        if node.kind == "startEvent" and node.event is not None and node.event.kind == "signal"
    }

    assert drawn == {
        "CHILD_DIED": True,
        "CHILD_RECLAIMED": True,
        "CHILD_ADOPTED": True,
        "CHILD_TURNED_18": True,
        "CHILD_MISSING": False,  # everything stands still (`xb:holds`), and goes on when the child is found
        "COURT_ORDER": False,  # agreement and handover wait for the guardian
        "ADOPTER_FOUND": False,
        "RECEPTION_WITHDRAWN": False,
    }


def test_a_missing_child_and_a_court_order_hold_back_what_the_table_suspends() -> None:
    procedure = transfer()

    assert "search_for_child" in procedure.holders_of("file_handover_sheet")
    assert "search_for_child" in procedure.holders_of("draft_document", ("issue_transfer_agreement",))
    assert "search_for_child" not in procedure.holders_of("search_for_child")
    assert set(procedure.holders_of("hand_over_child")) >= {"search_for_child", "review_guardianship"}


def test_a_missing_person_holds_back_what_stands_inside_a_subprocess_too() -> None:
    procedure = Procedure.parse(gather(find_folder("adult-orphan-resettlement")))

    assert procedure.holders_of("assess_ability") == ("search_for_person",)
    assert procedure.holders_of("interview_child", ("consult_wishes",)) == ("search_for_person",)
    assert procedure.holders_of("not_asked_due") == ("search_for_person",)  # the timer stands still
    assert procedure.holders_of("settle_death") == ()


def test_the_other_cases_of_a_child_are_told_that_the_transfer_is_decided() -> None:
    thrown = [
        node.id
        for node in transfer().main.nodes()
        if node.kind == "intermediateThrowEvent" and node.event is not None and node.event.name == "TRANSFER_DECIDED"
    ]

    assert thrown == ["announce_transfer"]


@pytest.mark.parametrize("key", shipped_procedures())
def test_a_procedure_draws_no_signal_that_nobody_gives(key: str) -> None:
    known = {one.name for one in shipped()["child"].signals}
    drawn = {
        node.event.name
        for one in Procedure.parse(gather(find_folder(key))).diagrams.values()
        for node in one.nodes()
        if node.event is not None and node.event.kind == "signal"
    }

    assert drawn <= known
