"""Facts about a subject that a case settles stand in the subject's own file; the history says what was before."""

from __future__ import annotations

import pytest

from tests.journeys.conftest import CHILD, STANDINGS
from workflow_runtime import issuing, store
from workflow_runtime.errors import RuleBroken
from workflow_runtime.handling import Effects
from workflow_runtime.model import SYSTEM, CasePage
from workflow_runtime.runtime import Runtime


def settle(runtime: Runtime, case: CasePage, **facts: object) -> str:
    """What the case sees of the subject's name afterwards, in the same step."""
    with runtime._database.begin() as tx:
        row = store.lock_case(tx, case.case.number)
        assert row is not None
        hand = runtime._take(tx, row, SYSTEM)
        issuing.carry_out(hand, Effects(facts=facts, basis="D10 12"), "prepare", (), runtime._papers)
        hand.save()
        return str(hand.data()["subject"]["name"])


def test_a_settled_fact_is_seen_at_once_and_by_every_case(runtime: Runtime, case: CasePage) -> None:
    seen = settle(runtime, case, name="蓝小荷", ethnicity="壮族")

    page = runtime.subject(case.case.subject.number, actor=SYSTEM)
    told = [entry for entry in runtime.history(case.case.number, actor=SYSTEM) if entry.kind == "subject_updated"]
    assert seen == page.name == page.fields["name"] == "蓝小荷"
    assert page.fields["ethnicity"] == "壮族"
    assert told[0].content["before"] == {"name": "蓝小禾", "ethnicity": None}
    assert "D10 12" in told[0].text
    assert runtime.verify_history(case.case.number, actor=SYSTEM) is None


def test_what_is_so_already_is_not_written_again(runtime: Runtime, case: CasePage) -> None:
    settle(runtime, case, name="蓝小禾")

    assert "subject_updated" not in [entry.kind for entry in runtime.history(case.case.number, actor=SYSTEM)]


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"resident_id": "990101201704120021"}, "check digit"),
        ({"resident_id": "990101201506300011"}, "born on"),
        ({"shoe_size": 31}, "shoe_size"),
        ({"hukou_status": "somewhere"}, "hukou_status"),
        ({"name": None}, "required"),
    ],
)
def test_a_file_takes_only_what_its_form_takes(
    runtime: Runtime, case: CasePage, facts: dict[str, object], words: str
) -> None:
    with pytest.raises(RuleBroken, match=words):
        settle(runtime, case, **facts)

    assert runtime.subject(case.case.subject.number, actor=SYSTEM).fields["name"] == "蓝小禾"


def test_one_identity_has_one_file(runtime: Runtime, case: CasePage) -> None:
    other = {**CHILD, "resident_id": None, "temp_person_no": "L-1", "hukou_status": "none"}
    number = runtime.register_subject("child", other, actor=SYSTEM, region="990101", standings=STANDINGS)
    second = runtime.start_case("review", number, actor=SYSTEM)

    with pytest.raises(RuleBroken, match="R-23"):
        settle(runtime, second, resident_id=CHILD["resident_id"])
