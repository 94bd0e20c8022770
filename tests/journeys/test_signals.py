"""What happens to a subject reaches every open case of the subject, once, whoever sleeps meanwhile."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import Clock
from tests.journeys.conftest import CHILD, HERE, STANDINGS
from workflow_runtime.model import SYSTEM, Actor, CasePage
from workflow_runtime.procedures import gather
from workflow_runtime.repairs import Repairs
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

OWNER = "he-yun"


def heard(runtime: Runtime, case: str) -> list[str]:
    entries = runtime.history(case, actor=SYSTEM)
    return [str(entry.content["signal"]) for entry in entries if entry.kind == "signal_received"]


def born(runtime: Runtime, birth_date: str) -> str:
    """A case about a child born on that day."""
    unregistered = {key: value for key, value in CHILD.items() if key != "resident_id"}
    child = {**unregistered, "hukou_status": "none", "temp_person_no": "1", "birth_date": birth_date}
    number = runtime.register_subject("child", child, actor=SYSTEM, region="990101", standings=STANDINGS)
    return runtime.start_case("review", number, actor=SYSTEM).case.number


def test_a_case_that_is_held_hears_when_it_goes_on(runtime: Runtime, case: CasePage, clock: Clock) -> None:
    owner, number = runtime.actor(OWNER), case.case.number
    Repairs(runtime).suspend(number, reason="复核", actor=owner)

    reached = runtime.signal_subject(case.case.subject.number, "COURT_ORDER", actor=SYSTEM)
    runtime.sweep()
    asleep = heard(runtime, number)
    clock.advance(days=3)
    Repairs(runtime).resume(number, reason="复核完毕", actor=owner)
    runtime.sweep()

    assert reached == () and asleep == []
    assert heard(runtime, number) == ["COURT_ORDER"]


def test_a_case_hears_of_an_event_once_however_often_it_is_told(runtime: Runtime, case: CasePage) -> None:
    subject, number = case.case.subject.number, case.case.number

    told = [runtime.signal_subject(subject, "CHILD_MISSING", actor=SYSTEM, key="警情1号") for _time in range(2)]

    assert told == [(number,), ()]
    assert heard(runtime, number) == ["CHILD_MISSING"]


def test_a_process_killed_before_the_cases_heard_loses_no_signal(
    runtime: Runtime, case: CasePage, settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(runtime, "settle_signals", lambda **_how: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            runtime.signal_subject(case.case.subject.number, "CHILD_DIED", actor=SYSTEM)

    with Runtime.open(settings, clock=clock) as elsewhere:
        elsewhere.sweep()
        elsewhere.sweep()

    assert heard(runtime, case.case.number) == ["CHILD_DIED"]


def test_a_case_begun_afterwards_does_not_hear_of_what_was(runtime: Runtime, child: str, clock: Clock) -> None:
    runtime.signal_subject(child, "COURT_ORDER", actor=SYSTEM)
    clock.advance(minutes=1)

    later = runtime.start_case("review", child, actor=SYSTEM).case.number
    runtime.sweep()

    assert heard(runtime, later) == []


@pytest.mark.parametrize(
    ("birth_date", "last_day_before"),
    [("2006-03-10", datetime(2024, 3, 9, 15, tzinfo=UTC)), ("2006-04-01", datetime(2024, 3, 31, 15, tzinfo=UTC))],
)
def test_a_birthday_gives_its_signal_on_the_day_and_once(
    runtime: Runtime, clock: Clock, birth_date: str, last_day_before: datetime
) -> None:
    number = born(runtime, birth_date)

    clock.set(last_day_before)
    runtime.sweep()
    before = heard(runtime, number)
    clock.advance(hours=2)
    runtime.sweep()
    on_the_day = heard(runtime, number)
    clock.advance(days=400)
    runtime.sweep()

    assert (before, on_the_day, heard(runtime, number)) == ([], ["CHILD_TURNED_18"], ["CHILD_TURNED_18"])


def test_a_birthday_over_which_nothing_ran_is_made_up_for(runtime: Runtime, settings: Settings, clock: Clock) -> None:
    number = born(runtime, "2006-03-10")

    clock.advance(days=45)
    for _process in range(2):
        with Runtime.open(settings, clock=clock) as worker:
            worker.sweep()

    assert heard(runtime, number) == ["CHILD_TURNED_18"]


def test_who_is_born_on_a_leap_day_comes_of_age_on_the_last_of_february(runtime: Runtime, clock: Clock) -> None:
    clock.set(datetime(2022, 2, 20, 1, tzinfo=UTC))
    number = born(runtime, "2004-02-29")

    clock.set(datetime(2022, 2, 27, 3, tzinfo=UTC))
    runtime.sweep()
    before = heard(runtime, number)
    clock.advance(days=1)
    runtime.sweep()

    assert (before, heard(runtime, number)) == ([], ["CHILD_TURNED_18"])


def test_who_was_of_age_at_registration_gives_no_signal(runtime: Runtime, clock: Clock) -> None:
    number = born(runtime, "2001-01-01")

    clock.advance(days=2)
    runtime.sweep()

    assert heard(runtime, number) == []


def test_two_workers_on_one_birthday_give_one_signal(
    runtime: Runtime, settings: Settings, clock: Clock, people: Callable[[str], list[Actor]]
) -> None:
    number = born(runtime, "2006-03-10")
    clock.advance(days=10)

    with Runtime.open(settings, clock=clock) as beside:
        runtime.sweep()
        beside.sweep()

    assert heard(runtime, number) == ["CHILD_TURNED_18"]


def test_what_one_case_announces_reaches_the_other_cases_of_the_child(
    runtime: Runtime, case: CasePage, tmp_path: Path
) -> None:
    folder = tmp_path / "ruling"
    shutil.copytree(HERE / "review", folder)
    source = (folder / "review.bpmn").read_text(encoding="utf-8").replace("review", "ruling")
    source = source.replace(
        "<bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>",
        """<bpmn:outgoing>f0</bpmn:outgoing></bpmn:startEvent>
        <bpmn:sequenceFlow id="f0" sourceRef="begin" targetRef="announce" />
        <bpmn:intermediateThrowEvent id="announce" name="宣告"><bpmn:incoming>f0</bpmn:incoming>
        <bpmn:outgoing>f1</bpmn:outgoing><bpmn:signalEventDefinition id="announced" signalRef="order" />
        </bpmn:intermediateThrowEvent>""",
    ).replace('id="f1" sourceRef="begin"', 'id="f1" sourceRef="announce"')
    lane = "<bpmn:flowNodeRef>announce</bpmn:flowNodeRef><bpmn:flowNodeRef>begin<"
    source = source.replace("<bpmn:flowNodeRef>begin<", lane)
    source = source.replace("</bpmn:definitions>", '<bpmn:signal id="order" name="COURT_ORDER" /></bpmn:definitions>')
    (folder / "ruling.bpmn").write_text(source, encoding="utf-8")
    (folder / "review.bpmn").unlink()
    runtime.deploy(gather(folder), actor=SYSTEM)

    ruling = runtime.start_case("ruling", case.case.subject.number, actor=SYSTEM).case.number
    runtime.sweep()

    assert heard(runtime, case.case.number) == ["COURT_ORDER"]
    assert heard(runtime, ruling) == [], "it was heard there when it was announced"


def test_everybody_registered_is_looked_at_once_a_day_whoever_does_it(
    runtime: Runtime, settings: Settings, child: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    monkeypatch.setattr("workflow_runtime.occasions.Occasions.give", lambda _self: looked.append("a look"))

    for _day in range(2):
        runtime.sweep()
        with Runtime.open(settings, clock=clock) as beside:
            beside.sweep()
        clock.advance(days=1)

    assert len(looked) == 2


@pytest.mark.parametrize(
    ("signal", "said"),
    [
        (
            "CHILD_DIED",
            "Child died: Care stops, deadlines other than reporting are cancelled; what remains is settled and counted",
        ),
        ("TRANSFER_DECIDED", None),  # the table says nothing of it for this procedure
    ],
)
def test_whoever_works_on_a_case_without_a_drawn_reaction_reads_what_is_to_be_done(
    runtime: Runtime, case: CasePage, settings: Settings, signal: str, said: str | None
) -> None:
    runtime.signal_subject(case.case.subject.number, signal, actor=SYSTEM)
    runtime.sweep()

    letters = [json.loads(path.read_bytes()) for path in sorted(settings.outbox.glob("*.json"))]
    told = [(one["department"], one["text"]) for one in letters if one["kind"] == "signal"]
    (item,) = case.items
    assert told == ([(item.department, f"{case.case.number} {said}")] if said else [])
