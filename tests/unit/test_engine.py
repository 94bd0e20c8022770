"""The engine on small drawings: every element, every position, every way a token can go."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.effort import least_effort
from tests.unit.engine_drawings import MONDAY, Desk, drawn, written
from workflow_runtime.diagram import read
from workflow_runtime.engine import (
    Cancel,
    CaseState,
    CompleteItem,
    DeliverMessage,
    Step,
    TimersDue,
    apply,
    compile,
    start,
)
from workflow_runtime.errors import BrokenSnapshot, DiagramError, NotOpen

REVIEW = """
    start s
    user plan
    exclusive x
    user sign
    end e
    s -> plan -> x
    x -> plan if item.outcome = "returned"
    x -> sign else
    sign -> e
"""


# --- people -------------------------------------------------------------------------------------------------------


def test_a_case_waits_for_a_person_and_goes_on_when_the_step_is_completed() -> None:
    desk = Desk(drawn("start s\nuser a\nuser b\nend e\ns -> a -> b -> e"))

    assert desk.open == ["a"]

    desk.complete("a", wish="stay")

    assert desk.open == ["b"]
    assert desk.step.patch == {"wish": "stay"}
    assert len(desk.step.closed) == 1

    desk.complete("b")

    assert desk.done


def test_a_returned_step_goes_back_by_the_flow_the_diagram_draws() -> None:
    desk = Desk(drawn(REVIEW))

    step = desk.complete("plan", item={"outcome": "returned", "reason": "no date"})

    assert desk.open == ["plan"]
    taken = next(passed for passed in step.history if passed.what == "taken" and passed.element == "f3")
    assert taken.note == 'item.outcome = "returned"'

    desk.complete("plan", item={"outcome": "done"})

    assert desk.open == ["sign"]


def test_the_outcome_belongs_to_the_token_and_is_gone_after_the_next_step() -> None:
    desk = Desk(
        drawn("""
            start s
            user a
            job j type=note in:seen=item.outcome in:again="=item.outcome"
            job k type=note in:again="=item.outcome"
            end e
            s -> a -> j -> k -> e
        """)
    )

    desk.complete("a", item={"outcome": "done"})

    assert dict(desk.step.jobs[0].inputs) == {"seen": "item.outcome", "again": "done"}
    assert "item" not in desk.step.patch

    desk.work("j")

    assert dict(desk.step.jobs[0].inputs) == {"again": None}


def test_the_outcome_is_seen_by_the_gateway_inside_a_sub_process_but_not_by_what_comes_later_in_it() -> None:
    desk = Desk(
        drawn("""
            start s; user a; end e
            sub sp {
                start s1; exclusive x; job j type=note in:late="=item.outcome"; user b; end e1
                s1 -> x
                x -> b if item.outcome = "done"
                x -> e1 else
                b -> j -> e1
            }
            s -> a -> sp -> e
        """)
    )

    desk.complete("a", item={"outcome": "done"})
    assert desk.open == ["b"]
    assert b"outcome" not in desk.step.snapshot
    desk.complete("b")

    assert dict(desk.step.jobs[0].inputs) == {"late": None}


def test_an_item_tells_its_inputs_form_process_and_prefix() -> None:
    called = drawn('start s\nuser a form="=kind" in:child="=name"\nend e\ns -> a -> e', process="Q")
    desk = Desk(
        drawn('start s\ncall c calls=Q in:name="=subject.name" in:kind=consult-form\nend e\ns -> c -> e'),
        called,
        data={"subject": {"name": "小明"}},
    )

    item = desk.step.opened[0]

    assert (item.element, item.path, item.process, item.prefix) == ("a", ("c",), "Q", "c.")
    assert (dict(item.inputs), item.form) == ({"child": "小明"}, "consult-form")


def test_an_output_mapping_adds_to_what_a_person_entered() -> None:
    desk = Desk(drawn('start s\nuser a out:total="=first + second"\nend e\ns -> a -> e'))

    desk.complete("a", first=Decimal(1), second=Decimal(2))

    assert desk.step.patch == {"first": 1, "second": 2, "total": 3}


def test_a_form_may_name_its_fields_as_it_likes() -> None:
    desk = Desk(drawn('start s\nuser a out:sum="=task + names + formula + self"\nend e\ns -> a -> e'))

    desk.tell(CompleteItem(desk.step.opened[0].id, {name: 1 for name in ("task", "names", "formula", "self", "local")}))

    assert desk.step.patch["sum"] == 4


def test_what_is_not_open_cannot_be_completed() -> None:
    desk = Desk(drawn("start s\nuser a\nend e\ns -> a -> e"))
    before = desk.step

    with pytest.raises(NotOpen, match="id9"):
        desk.tell(CompleteItem("id9"))

    desk.complete("a")

    with pytest.raises(NotOpen):
        apply(desk.compiled, desk.step.snapshot, CompleteItem(before.opened[0].id), {}, now=MONDAY)


def test_a_cancelled_case_closes_everything() -> None:
    desk = Desk(drawn("start s\nparallel g\nuser a\njob j type=x\nend e\ns -> g\ng -> a -> e\ng -> j -> e"))

    step = desk.tell(Cancel("withdrawn by the family"))

    assert (step.state, len(step.closed), desk.open) == (CaseState.CANCELLED, 2, [])
    assert step.history[-1].note == "withdrawn by the family"
    with pytest.raises(NotOpen):
        desk.tell(TimersDue())


# --- machines -----------------------------------------------------------------------------------------------------


def test_a_job_parks_and_comes_back_with_its_result() -> None:
    desk = Desk(
        drawn('start s\njob j type=issue_document in:code=D15 out:number="=n"\nuser a\nend e\ns -> j -> a -> e')
    )

    assert (desk.step.jobs[0].type, dict(desk.step.jobs[0].inputs)) == ("issue_document", {"code": "D15"})

    desk.work("j", n="江民〔2024〕1号", secret="x")

    assert desk.step.patch == {"number": "江民〔2024〕1号"}
    assert desk.open == ["a"]


def test_a_failed_job_goes_to_the_boundary_event_of_its_code() -> None:
    words = """
        start s
        job j type=x
        boundary any on j error=*
        boundary full on j error=full
        user a
        user b
        end e
        s -> j -> e
        any -> a -> e
        full -> b -> e
    """

    one, other = Desk(drawn(words)), Desk(drawn(words))
    one.fail("j", "full")
    other.fail("j", "broken")

    assert (one.open, other.open) == (["b"], ["a"])


def test_a_failed_job_nobody_catches_is_an_incident_and_changes_nothing() -> None:
    desk = Desk(drawn("start s\njob j type=x\nend e\ns -> j -> e"))
    before = desk.step.snapshot

    step = desk.fail("j", "full")

    assert step.state is CaseState.INCIDENT
    assert step.incident is not None and (step.incident.element, step.incident.code) == ("j", "error")
    assert (step.snapshot, dict(step.patch), step.history) == (before, {}, ())
    assert desk.thrown == [("error", "full")]
    assert desk.work("j").state is CaseState.COMPLETED


def test_an_error_in_one_sub_process_is_never_caught_by_its_sibling() -> None:
    desk = Desk(
        drawn("""
            start s
            parallel g
            sub one {
                start s1
                job j type=x
                end e1
                s1 -> j -> e1
            }
            sub two {
                start s2
                user a
                end e2
                s2 -> a -> e2
            }
            boundary wrong on two error=full
            end e
            s -> g
            g -> one -> e
            g -> two -> e
            wrong -> e
        """)
    )

    assert desk.fail("j", "full").state is CaseState.INCIDENT


def test_a_script_is_a_feel_context() -> None:
    desk = Desk(
        drawn("""
            start s
            script t does="={total: a + b, twice: total * 2}"
            script r does="=a * 10" resultVariable=x
            user u
            end e
            s -> t -> r -> u -> e
        """),
        data={"a": Decimal(2), "b": Decimal(3)},
    )

    assert desk.step.patch == {"total": 5, "twice": 10}


class Hearing:
    """A decision model, as far as the engine asks."""

    decisions = ("hearing",)
    looks_at = frozenset({"age"})

    def explain(self, decision: str, inputs: dict[str, Any], *, now: datetime | None = None) -> Any:
        class Explained:
            value = "hearing" if inputs["age"] >= 8 else "opinion"
            hits = (2,)
            error = None

            def record(self) -> dict[str, Any]:
                return {"decision": decision, "inputs": {"age": "9"}, "rules": {decision: [2]}, "value": '"hearing"'}

        return Explained()


def test_a_decision_is_taken_within_the_step_and_history_names_the_rule() -> None:
    desk = Desk(
        drawn("start s\nrule r decides=hearing>how\nuser u\nend e\ns -> r -> u -> e"),
        data={"age": Decimal(9)},
        decisions={"tables": Hearing()},
    )

    assert desk.step.patch == {"how": "hearing"}
    note = next(passed.note for passed in desk.step.history if passed.element == "r" and passed.what == "completed")
    assert note is not None and "2" in note
    (decided,) = desk.step.decided
    assert decided.element == "r" and decided.record["inputs"] == {"age": "9"}


# --- gateways -----------------------------------------------------------------------------------------------------


def test_no_condition_and_no_default_is_an_incident() -> None:
    desk = Desk(drawn("start s\nuser a\nexclusive x\nend e\ns -> a -> x\nx -> e if ok"))

    step = desk.complete("a", ok=False)

    assert step.incident is not None and (step.incident.element, step.incident.code) == ("x", "no_flow")
    assert desk.complete("a", ok=True).state is CaseState.COMPLETED


def test_a_condition_that_is_neither_true_nor_false_is_an_incident() -> None:
    desk = Desk(drawn("start s\nuser a\nexclusive x\nend e\ns -> a -> x\nx -> e if 1 + 1"))

    step = desk.complete("a")

    assert step.incident is not None and step.incident.code == "expression"


PARALLEL_LOOP = """
    start s
    exclusive m
    parallel g
    user a
    user b
    parallel j
    exclusive x
    end e
    s -> m -> g
    g -> a -> j
    g -> b -> j
    j -> x
    x -> m if again
    x -> e else
"""


def test_a_join_in_a_loop_waits_for_both_branches_in_every_round() -> None:
    desk = Desk(drawn(PARALLEL_LOOP))

    for round_ in range(6):
        first, second = ("a", "b") if round_ % 2 else ("b", "a")
        assert desk.open == ["a", "b"]
        desk.complete(first, again=round_ < 5)
        assert desk.open == [second]
        desk.complete(second)

    assert desk.done


def test_a_join_counts_flows_and_not_the_elements_they_come_from() -> None:
    desk = Desk(drawn("start s\nparallel g\nparallel j\nuser a\nend e\ns -> g\ng -> j\ng -> j\nj -> a -> e"))

    assert desk.open == ["a"]
    assert [passed.element for passed in desk.step.history if passed.what == "taken"] == ["f1", "f2", "f3", "f4"]


def test_what_arrives_twice_on_one_flow_is_kept_for_the_next_round() -> None:
    desk = Desk(
        drawn("""
            start s
            parallel g
            user a
            user b
            user c
            exclusive m
            parallel j
            user after
            end e
            s -> g
            g -> a -> m
            g -> b -> m
            m -> j
            g -> c -> j
            j -> after -> e
        """)
    )

    desk.complete("a")
    desk.complete("b")
    desk.complete("c")

    assert desk.open == ["after"]
    assert b'"arrived"' in desk.step.snapshot


INCLUSIVE = """
    start s
    inclusive g
    user a
    user a2
    user b
    user c
    inclusive j
    user after
    end e
    s -> g
    g -> a if wants_a
    g -> b if wants_b
    g -> c else
    a -> a2 -> j
    b -> j
    c -> j
    j -> after -> e
"""


@pytest.mark.parametrize(
    ("wants", "steps"),
    [({"wants_a": True, "wants_b": True}, ["b", "a", "a2"]), ({"wants_a": True}, ["a", "a2"]), ({}, ["c"])],
)
def test_an_inclusive_join_waits_for_the_tokens_that_can_still_come(wants: dict[str, bool], steps: list[str]) -> None:
    desk = Desk(drawn(INCLUSIVE), data=wants)

    for step in steps:
        assert "after" not in desk.open
        desk.complete(step)

    assert desk.open == ["after"]


def test_an_inclusive_join_does_not_wait_for_what_can_only_come_round_through_itself() -> None:
    desk = Desk(
        drawn("""
            start s
            inclusive m
            user a
            exclusive x
            end e
            s -> m -> a -> x
            x -> m if again
            x -> e else
        """)
    )

    desk.complete("a", again=True)
    assert desk.open == ["a"]
    desk.complete("a", again=False)

    assert desk.done


def test_a_task_with_several_outgoing_flows_splits() -> None:
    desk = Desk(drawn("start s\nuser a\nuser b\nuser c\nend e\ns -> a\na -> b if x\na -> c\nb -> e\nc -> e"))

    desk.complete("a", x=True)

    assert desk.open == ["b", "c"]


def test_flows_that_meet_in_a_task_run_it_once_per_token() -> None:
    desk = Desk(drawn("start s\nparallel g\nuser a\nuser b\nuser c\nend e\ns -> g\ng -> a -> c\ng -> b -> c\nc -> e"))

    desk.complete("a")
    desk.complete("b")

    assert desk.open == ["c", "c"]


def test_the_first_event_at_an_event_gateway_decides_also_among_several_timers() -> None:
    words = """
        start s
        event g
        catch long timer=P10D
        catch short timer=P3D
        catch m message=reply
        user a
        user b
        user c
        end e
        s -> g
        g -> long -> a -> e
        g -> short -> b -> e
        g -> m -> c -> e
    """
    by_time, by_message = Desk(drawn(words)), Desk(drawn(words))
    assert by_time.waiting == ["long", "m", "short"]

    by_time.later(days=4)
    by_message.message("reply", answer="yes")

    assert (by_time.open, by_time.waiting) == (["b"], [])
    assert (by_message.open, by_message.step.patch) == (["c"], {"answer": "yes"})
    assert ("long", "cancelled") in by_time.history


def test_a_complex_gateway_goes_on_when_enough_have_come_and_takes_in_the_rest() -> None:
    desk = Desk(
        drawn("""
            start s; parallel g; user a; user b; user c; user after; end e
            complex j activation="activationCount >= 2"
            s -> g
            g -> a -> j
            g -> b -> j
            g -> c -> j
            j -> after -> e
        """)
    )

    desk.complete("b")
    assert desk.open == ["a", "c"]
    desk.complete("a")
    assert desk.open == ["after", "c"]
    desk.complete("c")
    assert desk.open == ["after"]
    desk.complete("after")

    assert desk.done


def test_a_case_can_begin_by_a_signal() -> None:
    words = "start s\nstart m signal=COURT_ORDER\nuser a\nuser b\nend e\ns -> a -> e\nm -> b -> e"

    assert Desk(drawn(words), message="COURT_ORDER").open == ["b"]


def test_a_message_may_begin_a_case_at_a_receive_task_or_an_event_gateway() -> None:
    receive = "receive r message=m instantiate\nuser a\nend e\nr -> a -> e"
    gateway = """
        event g instantiate; catch one message=m1; catch two message=m2; user a; user b; end e
        g -> one -> a -> e
        g -> two -> b -> e
    """

    assert Desk(drawn(receive), message="m").open == ["a"]
    assert Desk(drawn(gateway), message="m2").open == ["b"]


# --- time ---------------------------------------------------------------------------------------------------------


def test_due_timers_take_effect_one_at_a_time_in_order_of_due() -> None:
    desk = Desk(
        drawn("""
            start s
            user a
            boundary remind on a quiet timer=P5D
            boundary give_up on a timer=P10D
            user r
            user late
            end e
            s -> a -> e
            remind -> r -> e
            give_up -> late -> e
        """)
    )

    desk.later(days=30)

    assert desk.open == ["late", "r"]
    order = [element for element, what in desk.history if what == "entered" and element in ("remind", "give_up")]
    assert order == ["remind", "give_up"]
    assert desk.step.timers == ()


def test_a_reminder_repeats_as_often_as_its_cycle_says_however_late_the_sweep_comes() -> None:
    desk = Desk(
        drawn("""
            start s
            user a
            boundary remind on a quiet cycle=R3/P5D
            job r type=notify
            end e
            s -> a -> e
            remind -> r -> e
        """)
    )

    desk.later(days=6)
    assert desk.open.count("r") == 1
    assert [timer.due for timer in desk.step.timers] == [MONDAY + timedelta(days=10)]

    desk.later(days=60)

    assert (desk.open.count("r"), desk.waiting) == (3, [])


def test_an_endless_cycle_catches_up_in_bounded_steps() -> None:
    desk = Desk(drawn("start s\nuser a\nboundary t on a quiet cycle=R/PT1M\nend e\ns -> a -> e\nt -> e"))

    desk.later(days=1)

    assert desk.step.incident is None
    assert desk.step.timers[0].due == MONDAY + timedelta(minutes=101)


def test_a_timer_may_be_a_literal_a_named_deadline_a_date_or_working_days() -> None:
    def due(timer: str, **data: Any) -> datetime:
        desk = Desk(
            drawn(f"start s\ncatch c {timer}\nend e\ns -> c -> e"),
            data=data,
            functions={
                "deadline": lambda name, start=None: MONDAY + timedelta(days=7),
                "add working days": lambda day, count: day + timedelta(days=count + 2),
            },
        )
        return desk.step.timers[0].due

    assert due("timer=PT36H") == MONDAY + timedelta(hours=36)
    assert due("timer=P1M") == datetime(2024, 10, 2, 1, tzinfo=UTC)
    assert due("date='=deadline(\"plan\")'") == MONDAY + timedelta(days=7)
    assert due("date==visit", visit=date(2024, 12, 1)) == datetime(2024, 12, 1, tzinfo=UTC)
    assert due("date=2025-02-01T09:00:00+08:00") == datetime(2025, 2, 1, 1, tzinfo=UTC)
    assert due("timer=P10WD") == datetime(2024, 9, 15, tzinfo=UTC)


def test_a_time_without_offset_is_meant_in_the_zone_of_the_case() -> None:
    compiled = compile([drawn("start s\ncatch c date=2025-02-01T09:00:00\nend e\ns -> c -> e")])

    step = start(compiled, {}, now=MONDAY, zone=timezone(timedelta(hours=8)))

    assert step.timers[0].due == datetime(2025, 2, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("timer", ["timer=P9999999Y", "cycle=R/PT0S", "date=2026-02-30", "timer=soon", "timer=P"])
def test_a_timer_that_says_no_time_is_refused_when_compiled(timer: str) -> None:
    with pytest.raises(DiagramError) as refused:
        compile([drawn(f"start s\ncatch c {timer}\nend e\ns -> c -> e")])

    assert [finding.element for finding in refused.value.findings] == ["c"]


# --- messages and signals -----------------------------------------------------------------------------------------


def test_a_message_is_waited_for_by_name_and_key() -> None:
    desk = Desk(
        drawn('start s\nreceive r message="reply@=reference" out:answer="=text"\nend e\ns -> r -> e'),
        data={"reference": "X-1"},
    )

    subscription = desk.step.subscriptions[0]
    assert (subscription.name, subscription.key, subscription.element) == ("reply", "X-1", "r")

    desk.message("reply", text="yes", more="no")

    assert desk.done and desk.step.patch == {"answer": "yes"}


def test_messages_about_a_case_carry_case_and_subject_unless_the_diagram_says_otherwise() -> None:
    desk = Desk(
        drawn('start s\nsend t message=hello in:wish="=wish"\ncatch c message=reply\nend e\ns -> t -> c -> e'),
        data={"case": {"number": "P16-1"}, "subject": {"number": "C-7"}, "wish": "stay", "secret": "x"},
    )

    thrown = desk.step.thrown[0]

    assert (thrown.name, thrown.key, dict(thrown.payload)) == ("hello", "P16-1/C-7", {"wish": "stay"})
    assert desk.step.subscriptions[0].key == "P16-1/C-7"


def test_a_message_key_without_a_value_is_an_incident() -> None:
    step = start(compile([drawn('start s\ncatch c message="reply@=reference"\nend e\ns -> c -> e')]), {}, now=MONDAY)

    assert step.incident is not None and step.incident.code == "no_key"


def test_a_step_that_waits_takes_a_message_before_the_event_sub_process_around_it() -> None:
    words = """
        start s
        user a
        catch c message=m
        user b
        end e
        s -> a -> c -> b -> e
        handler h {
            start hs message=m quiet
            user x
            end he
            hs -> x -> he
        }
    """
    desk = Desk(drawn(words))
    desk.message("m")
    assert desk.open == ["a", "x"]
    desk.complete("a")

    around = next(entry.id for entry in desk.step.subscriptions if entry.element == "hs")
    desk.tell(DeliverMessage(around, {}))

    assert desk.open == ["b", "x"]


def test_a_case_can_begin_by_a_message() -> None:
    words = "start s\nstart m message=TRANSFER_REQUESTED\nuser a\nuser b\nend e\ns -> a -> e\nm -> b -> e"

    assert Desk(drawn(words)).open == ["a"]
    assert Desk(drawn(words), message="TRANSFER_REQUESTED").open == ["b"]
    with pytest.raises(NotOpen, match="TRANSFER_REQUESTED"):
        Desk(drawn(words), message="OTHER")


def test_a_signal_reaches_everyone_who_waits_and_nobody_is_no_error() -> None:
    desk = Desk(
        drawn("start s\nparallel g\ncatch a signal=go\ncatch b signal=go\nend e\ns -> g\ng -> a -> e\ng -> b -> e")
    )

    desk.signal("other")
    assert not desk.done
    desk.signal("go")

    assert desk.done


def test_a_thrown_signal_is_heard_inside_the_case_and_told_outside() -> None:
    desk = Desk(
        drawn("""
            start s
            parallel g
            catch c signal=go
            user a
            throw t signal=go
            end e
            s -> g
            g -> c -> e
            g -> a -> t -> e
        """)
    )

    desk.complete("a")

    assert desk.done and desk.thrown == [("signal", "go")]


def test_all_of_several_events_are_needed_when_the_event_is_parallel() -> None:
    any_, all_ = (
        Desk(drawn(f"start s\ncatch c {flag} signal=one signal=two\nend e\ns -> c -> e")) for flag in ("", "all")
    )

    any_.signal("two")
    all_.signal("two")
    assert any_.done and not all_.done
    all_.signal("one")

    assert all_.done


def test_a_condition_is_looked_at_whenever_the_case_file_has_changed() -> None:
    desk = Desk(
        drawn("""
            start s
            parallel g
            user a
            catch c when="ready = true"
            user b
            end e
            s -> g
            g -> a -> e
            g -> c -> b -> e
        """)
    )

    desk.complete("a", ready=True)

    assert desk.open == ["b"]


def test_a_link_leads_to_its_catch() -> None:
    desk = Desk(drawn("start s\nthrow out link=L\ncatch in link=L\nuser a\nend e\ns -> out\nin -> a -> e"))

    assert desk.open == ["a"]


# --- boundaries ---------------------------------------------------------------------------------------------------


def test_an_interrupting_event_takes_the_item_away() -> None:
    desk = Desk(drawn("start s\nuser a\nboundary b on a signal=stop\nuser c\nend e\ns -> a -> e\nb -> c -> e"))
    item = desk.step.opened[0].id

    step = desk.signal("stop")

    assert (desk.open, step.closed) == (["c"], (item,))
    assert ("a", "cancelled") in desk.history


def test_a_quiet_event_leaves_the_item_and_may_come_again() -> None:
    desk = Desk(drawn("start s\nuser a\nboundary b on a quiet message=ask\nuser c\nend e\ns -> a -> e\nb -> c -> e"))

    desk.message("ask")
    desk.message("ask")

    assert desk.open == ["a", "c", "c"]
    desk.complete("a")
    assert (desk.open, desk.waiting) == (["c", "c"], [])


def test_a_boundary_event_of_a_sub_process_cancels_everything_inside() -> None:
    desk = Desk(
        drawn("""
            start s
            sub sp {
                start s1
                parallel g
                user a
                job j type=x
                catch c timer=P1D
                end e1
                s1 -> g
                g -> a -> e1
                g -> j -> e1
                g -> c -> e1
            }
            boundary b on sp message=stop
            user after
            end e
            s -> sp -> e
            b -> after -> e
        """)
    )

    step = desk.message("stop")

    assert (desk.open, desk.waiting, len(step.closed)) == (["after"], [], 2)


def test_a_receive_task_can_time_out() -> None:
    desk = Desk(
        drawn("start s\nreceive r message=m\nboundary b on r timer=P1D\nuser a\nend e\ns -> r -> e\nb -> a -> e")
    )

    desk.later(days=2)

    assert (desk.open, desk.waiting) == (["a"], [])


# --- scopes -------------------------------------------------------------------------------------------------------


DIED = """
    start s
    user a
    call c calls=Q
    end e
    s -> a -> c -> e
    handler died {
        start d signal=CHILD_DIED %s
        user settle
        end de
        d -> settle -> de
    }
"""
CALLED = drawn("start s\nuser q\nend e\ns -> q -> e", process="Q")


def test_an_event_about_the_subject_ends_the_case_and_settles_it() -> None:
    desk = Desk(drawn(DIED % ""), CALLED)
    desk.complete("a")
    assert desk.open == ["q"]

    desk.signal("CHILD_DIED", died_on=date(2024, 9, 3))

    assert (desk.open, desk.data) == (["settle"], {"died_on": date(2024, 9, 3)})
    desk.complete("settle")
    assert desk.done


def test_an_event_about_the_subject_may_run_beside_the_case() -> None:
    desk = Desk(drawn(DIED % "quiet"), CALLED)

    desk.signal("CHILD_DIED")
    desk.signal("CHILD_DIED")

    assert desk.open == ["a", "settle", "settle"]
    for step in ("settle", "a", "settle", "q"):
        desk.complete(step)
    assert desk.done


def test_an_error_finds_the_event_sub_process_of_its_scope_first() -> None:
    desk = Desk(
        drawn("""
            start s
            sub sp {
                start s1
                job j type=x
                end e1 error=broken
                s1 -> j -> e1
                handler h {
                    start hs error=broken
                    user repair
                    end he
                    hs -> repair -> he
                }
            }
            boundary outer on sp error=*
            user a
            user after
            end e
            s -> sp -> after -> e
            outer -> a -> e
        """)
    )

    desk.work("j")

    assert desk.open == ["repair"]
    desk.complete("repair")
    assert desk.open == ["after"]


def test_an_escalation_goes_outwards_and_the_thrower_goes_on() -> None:
    desk = Desk(
        drawn("""
            start s
            sub sp {
                start s1
                throw t escalation=slow
                user a
                end e1
                s1 -> t -> a -> e1
            }
            boundary b on sp quiet escalation=slow
            user chief
            end e
            s -> sp -> e
            b -> chief -> e
        """)
    )

    assert desk.open == ["a", "chief"] and desk.thrown == []


def test_an_escalation_nobody_catches_is_told_outside() -> None:
    desk = Desk(drawn("start s\nthrow t escalation=slow\nuser a\nend e\ns -> t -> a -> e"))

    assert desk.open == ["a"] and desk.thrown == [("escalation", "slow")]


def test_terminate_ends_its_own_scope_only() -> None:
    desk = Desk(
        drawn("""
            start s
            sub sp {
                start s1
                parallel g
                user a
                user b
                end stop terminate
                end e1
                s1 -> g
                g -> a -> stop
                g -> b -> e1
            }
            user after
            end e
            s -> sp -> after -> e
        """)
    )

    desk.complete("a")

    assert desk.open == ["after"]


def test_what_was_done_is_undone_last_first() -> None:
    desk = Desk(
        drawn("""
            start s
            user a
            boundary ca on a compensate by=ua
            user ua undo
            user b
            boundary cb on b compensate by=ub
            user ub undo
            throw t compensate
            user after
            end e
            s -> a -> b -> t -> after -> e
        """)
    )
    desk.complete("a")
    desk.complete("b")

    assert desk.open == ["ub"]
    desk.complete("ub")
    assert desk.open == ["ua"]
    desk.complete("ua")
    assert desk.open == ["after"]


def test_a_cancelled_transaction_undoes_its_work_and_leaves_by_the_cancel_event() -> None:
    desk = Desk(
        drawn("""
            start s
            transaction t {
                start s1
                user pay
                boundary c on pay compensate by=refund
                user refund undo
                user other
                parallel g
                user check
                end stop cancel
                s1 -> pay -> g
                g -> other -> stop
                g -> check -> stop
            }
            boundary b on t cancel
            user after
            end e
            s -> t -> e
            b -> after -> e
        """)
    )
    desk.complete("pay")
    desk.complete("check")

    assert desk.open == ["refund"]
    desk.complete("refund")
    assert desk.open == ["after"]


def test_an_ad_hoc_sub_process_runs_until_its_steps_are_done() -> None:
    desk = Desk(drawn("start s\nadhoc h {\nuser a\nuser b\n}\nuser c\nend e\ns -> h -> c -> e"))
    one_by_one = Desk(drawn("start s\nadhoc h ordering=Sequential {\nuser a\nuser b\n}\nend e\ns -> h -> e"))

    assert (desk.open, one_by_one.open) == (["a", "b"], ["a"])
    desk.complete("b")
    desk.complete("a")
    one_by_one.complete("a")

    assert (desk.open, one_by_one.open) == (["c"], ["b"])


SUB = "start s; end e; sub sp {\nstart s1; end e1;"
EDGES = [
    ("a handler of compensation undoes its sub-process",
     f"{SUB} user a; s1 -> a -> e1; handler h {{\nstart hs compensate; user undo; end he; hs -> undo -> he; }}\n}}\n"
     "throw t compensate; user z; s -> sp -> t -> z -> e", ["a"], ["undo"]),
    ("compensation from outside reaches into the sub-process that is named",
     f"{SUB} user a; boundary ca on a compensate by=ua; user ua undo; s1 -> a -> e1; }}\n"
     "throw t undoes=sp; user z; s -> sp -> t -> z -> e", ["a"], ["ua"]),
    ("an end event may compensate its own scope",
     "start s; end e; user z; sub sp {\nstart s1; end e1 compensate; user a; boundary ca on a compensate by=ua; "
     "user ua undo; s1 -> a -> e1; }\ns -> sp -> z -> e", ["a"], ["ua"]),
    ("each instance is undone",
     "start s; user a times=2; boundary ca on a compensate by=ua; user ua undo; throw t compensate; user z; end e; "
     "s -> a -> t -> z -> e", ["a", "a", "ua"], ["ua"]),
    ("nothing to undo is no reason to stop",
     "start s; throw t compensate; user z; end e; s -> t -> z -> e", [], ["z"]),
    ("an error does not undo a transaction",
     "start s; transaction t {\nstart s1; user p; boundary c on p compensate by=up; user up undo; end e1 error=E; "
     "s1 -> p -> e1; }\nboundary b on t error=E; user z; end e; s -> t -> e; b -> z -> e", ["p"], ["z"]),
    ("a quiet escalation handler runs beside its scope",
     f"{SUB} throw t escalation=A; user u; s1 -> t -> u -> e1; "
     "handler h {\nstart hs escalation=A quiet; user x; end he; hs -> x -> he; }\n}\ns -> sp -> e", [], ["u", "x"]),
    ("an interrupting escalation handler takes its place",
     f"{SUB} throw t escalation=A; user u; s1 -> t -> u -> e1; "
     "handler h {\nstart hs escalation=A; user x; end he; hs -> x -> he; }\n}\ns -> sp -> e", [], ["x"]),
    ("a signal end event is heard by a handler of its own scope",
     "start s; parallel g; user a; end e signal=S; user b; s -> g; g -> a -> e; g -> b -> e; "
     "handler h {\nstart hs signal=S; user x; end he; hs -> x -> he; }", ["a"], ["x"]),
    ("one event may say several things",
     "start s; throw t signal=A signal=B message=M; user a; end e; s -> t -> a -> e", [], ["a"]),
    ("a timer start begins plainly", "start s timer=P1D; user a; end e; s -> a -> e", [], ["a"]),
]  # fmt: skip


@pytest.mark.parametrize(("words", "steps", "left"), [row[1:] for row in EDGES], ids=[row[0] for row in EDGES])
def test_what_the_standard_says_at_the_edges(words: str, steps: list[str], left: list[str]) -> None:
    desk = Desk(drawn(words))

    for step in steps:
        desk.complete(step)

    assert desk.open == left


@pytest.mark.parametrize(("behavior", "notes"), [("None", 3), ("One", 1), ("All", 0)])
def test_a_repeated_step_may_tell_of_its_instances(behavior: str, notes: int) -> None:
    words = written(
        "start s; user a times=3; boundary b on a quiet signal=told; user n; end e; s -> a -> e; b -> n -> e"
    )
    told = '<signalEventDefinition id="told" signalRef="sig-told"/><process'
    ref = {"None": 'noneBehaviorEventRef="told"', "One": 'oneBehaviorEventRef="told"', "All": ""}[behavior]
    words = words.replace("<process", told, 1).replace(
        "<multiInstanceLoopCharacteristics>", f'<multiInstanceLoopCharacteristics behavior="{behavior}" {ref}>'
    )
    desk = Desk(read(words.encode()))

    for _instance in range(3):
        desk.complete("a")

    assert desk.open == ["n"] * notes


# --- called processes ---------------------------------------------------------------------------------------------


def test_a_called_process_sees_and_returns_only_what_is_mapped() -> None:
    called = drawn(
        'start s\nuser q\nscript t does="={both: wish, seen: secret, who: subject.name}"\nend e\ns -> q -> t -> e', "Q"
    )
    desk = Desk(
        drawn(
            """
            start s; call consult calls=Q in:child==name out:answer==both; user after; end e
            s -> consult -> after -> e
            """
        ),
        called,
        data={"name": "小明", "secret": "x", "subject": {"name": "陈小明"}},
    )
    assert desk.step.patch == {"consult.child": "小明"}

    desk.complete("q", wish="stay")

    assert desk.step.patch == {
        "consult.wish": "stay",
        "consult.both": "stay",
        "consult.seen": None,
        "consult.who": "陈小明",
        "answer": "stay",
    }


def test_an_earlier_round_of_a_called_process_is_not_seen_again() -> None:
    desk = Desk(
        drawn("""
            start s
            exclusive m
            call c calls=Q
            user a
            exclusive x
            end e
            s -> m -> c -> a -> x
            x -> m if again
            x -> e else
        """),
        CALLED,
    )
    desk.complete("q", wish="stay")
    assert desk.data == {"c.wish": "stay"}

    step = desk.complete("a", again=True)

    assert step.patch == {"again": True, "c.wish": None}
    assert desk.open == ["q"]


def test_the_case_runs_the_process_that_no_other_calls() -> None:
    main = drawn("start s\ncall c calls=Q\nend e\ns -> c -> e")

    assert compile([CALLED, main]).main == "P"
    assert compile([CALLED, main], process="Q").main == "Q"


def test_calls_inside_calls_prefix_again() -> None:
    middle = drawn("start s\ncall inner calls=Q in:n==m\nend e\ns -> inner -> e", process="M")
    desk = Desk(drawn("start s\ncall outer calls=M in:m=x\nend e\ns -> outer -> e"), middle, CALLED)

    desk.complete("q", wish="stay")

    assert desk.data == {"outer.m": "x", "outer.inner.n": "x", "outer.inner.wish": "stay"}
    assert desk.done


def test_a_called_process_may_have_an_id_that_begins_like_the_main_one() -> None:
    called = drawn("start s\nuser q\nend e\ns -> q -> e", process="P2")
    desk = Desk(drawn("start s\ncall c calls=P2\nend e\ns -> c -> e"), called)

    desk.complete("q")

    assert desk.done


def test_a_dotted_target_fills_a_part_of_a_context() -> None:
    desk = Desk(
        drawn(
            """
            start s; call c calls=Q in:party.drafter=CWI.CNTY/social_work@sending_county in:party.checker=X; end e
            s -> c -> e
            """
        ),
        CALLED,
    )

    assert desk.data == {"c.party": {"drafter": "CWI.CNTY/social_work@sending_county", "checker": "X"}}


def test_processes_that_call_each_other_in_a_circle_are_refused() -> None:
    one = drawn("start s\ncall c calls=Q\nend e\ns -> c -> e")
    other = drawn("start s\ncall d calls=P\nend e\ns -> d -> e", process="Q")

    with pytest.raises(DiagramError, match="P → Q → P"):
        compile([one, other], process="P")
    with pytest.raises(DiagramError):
        compile([drawn("start s\ncall c calls=P\nend e\ns -> c -> e")])


# --- loops --------------------------------------------------------------------------------------------------------


def test_one_item_for_each_and_their_results_in_order() -> None:
    desk = Desk(
        drawn('start s\nuser a each="child in =children" into=wishes taking==wish\nuser z\nend e\ns -> a -> z -> e'),
        data={"children": ["x", "y"]},
    )
    first, second = desk.step.opened

    desk.tell(CompleteItem(second.id, {"wish": "go"}))
    assert desk.step.patch == {}
    desk.tell(CompleteItem(first.id, {"wish": "stay"}))

    assert (desk.step.patch, desk.open) == ({"wishes": ["stay", "go"]}, ["z"])


def test_one_after_the_other_until_the_completion_condition() -> None:
    desk = Desk(
        drawn('start s\nuser a each1="child in =children" stop="refused = true"\nuser z\nend e\ns -> a -> z -> e'),
        data={"children": ["x", "y", "z"]},
    )

    desk.complete("a", refused=False)
    assert desk.open == ["a"]
    desk.complete("a", refused=True)

    assert desk.open == ["z"]


def test_a_loop_over_nothing_goes_on_and_over_too_much_is_an_incident() -> None:
    words = 'start s\nuser a each="c in =many"\nuser z\nend e\ns -> a -> z -> e'
    assert Desk(drawn(words), data={"many": []}).open == ["z"]

    step = start(compile([drawn("start s\nuser a times=100000000\nend e\ns -> a -> e")]), {}, now=MONDAY)

    assert step.incident is not None and step.incident.code == "loop"


def test_a_boundary_event_of_a_repeated_step_takes_all_of_it_away() -> None:
    desk = Desk(
        drawn("start s\nuser a times=3\nboundary b on a timer=P1D\nuser late\nend e\ns -> a -> e\nb -> late -> e")
    )

    desk.complete("a")
    step = desk.later(days=2)

    assert (desk.open, len(step.closed)) == (["late"], 2)


def test_called_processes_for_each_keep_their_keys_apart() -> None:
    desk = Desk(
        drawn(
            """
            start s; end e
            call c calls=Q each="child in =children" in:who==child into=wishes taking==wish out:wish==wish
            s -> c -> e
            """
        ),
        CALLED,
        data={"children": ["x", "y"]},
    )
    assert [item.prefix for item in desk.step.opened] == ["c.1.", "c.2."]

    for item, wish in zip(desk.step.opened, ("stay", "go"), strict=True):
        desk.tell(CompleteItem(item.id, {"wish": wish}))

    assert desk.data["wishes"] == ["stay", "go"]
    assert desk.data["c.1.who"] == "x" and desk.data["c.2.wish"] == "go"


def test_what_is_added_to_the_list_while_the_items_are_open_gets_its_turn() -> None:
    desk = Desk(
        drawn('start s\nuser a each="track in =tracks" out:tracks==list\nuser z\nend e\ns -> a -> z -> e'),
        data={"tracks": ["work", "home"]},
    )
    work, home = desk.step.opened

    desk.tell(CompleteItem(work.id, {"list": ["work", "home", "army"]}))
    (army,) = desk.step.opened
    desk.tell(CompleteItem(home.id, {"list": desk.data["tracks"]}))
    assert desk.open == ["a"]
    desk.tell(CompleteItem(army.id, {"list": desk.data["tracks"]}))

    assert desk.open == ["z"]


def test_called_processes_for_each_add_to_one_list_and_to_the_one_they_go_over() -> None:
    adding = (
        'out:done="=concatenate(if done = null then [] else done, [who])" '
        'out:children="=if wish = null then children else append(children, wish)"'
    )
    desk = Desk(
        drawn(
            f"""
            start s; end e
            call c calls=Q each="child in =children" in:who==child {adding}
            s -> c -> e
            """
        ),
        CALLED,
        data={"children": ["x", "y"]},
    )
    first, second = desk.step.opened

    desk.tell(CompleteItem(first.id, {"wish": "z"}))
    (third,) = desk.step.opened
    desk.tell(CompleteItem(third.id))
    desk.tell(CompleteItem(second.id))

    assert desk.data["done"] == ["x", "z", "y"] and desk.step.state == "completed"


def test_a_standard_loop_repeats_while_its_condition_holds() -> None:
    desk = Desk(drawn('start s\nuser a until="more = true"\nuser z\nend e\ns -> a -> z -> e'))

    desk.complete("a", more=True)
    assert desk.open == ["a"]
    desk.complete("a", more=False)

    assert desk.open == ["z"]


# --- what must never happen ---------------------------------------------------------------------------------------


def test_a_procedure_that_never_waits_becomes_an_incident() -> None:
    step = start(compile([drawn("start s\nexclusive m\ntask t\ns -> m -> t -> m")]), {}, now=MONDAY)

    assert step.state is CaseState.INCIDENT
    assert step.incident is not None and step.incident.code == "endless"


def test_a_case_that_multiplies_its_tokens_becomes_an_incident() -> None:
    compiled = compile([drawn("start s\ninclusive j\nuser z\ns -> j -> j\nj -> z")])
    steps: list[Step] = []

    assert least_effort(lambda: steps.append(start(compiled, {}, now=MONDAY)), within=10) < 10
    assert steps[0].incident is not None and steps[0].incident.code in ("too_many", "endless")


def test_a_chain_of_three_thousand_tasks_is_no_recursion() -> None:
    chain = " -> ".join(f"t{number}" for number in range(3000))
    words = "start s\nend e\n" + "\n".join(f"task t{number}" for number in range(3000)) + f"\ns -> {chain} -> e"

    assert start(compile([drawn(words)]), {}, now=MONDAY).state is CaseState.COMPLETED


def test_after_an_incident_the_case_still_waits_for_what_it_waited_for() -> None:
    desk = Desk(
        drawn("""
            start s
            user a
            boundary b on a timer=P1D
            boundary m on a message=ask
            exclusive x
            end e
            s -> a -> x
            x -> e if ok
            b -> e
            m -> e
        """)
    )
    before = desk.step

    step = desk.complete("a")

    assert step.incident is not None
    assert (step.timers, step.subscriptions) == (before.timers, before.subscriptions)


def test_what_nests_too_deep_is_refused_or_an_incident_and_never_a_recursion() -> None:
    def nested(depth: int) -> str:
        inside = "\n".join(f"sub p{n} {{" for n in range(depth)) + "\nuser u\n" + "}\n" * depth
        return f"start s\nend e\n{inside}s -> p0 -> e"

    fine = Desk(drawn(nested(55)))
    fine.complete("u")
    too_deep = start(compile([drawn(nested(70))]), {}, now=MONDAY)
    chain = [drawn(f"start s\ncall c calls=P{n + 1}\nend e\ns -> c -> e", process=f"P{n}") for n in range(200)]

    assert fine.done
    assert too_deep.incident is not None and too_deep.incident.code == "too_deep"
    with pytest.raises(DiagramError):
        compile(chain)


def test_today_is_the_day_of_the_office() -> None:
    compiled = compile([drawn('start s\nscript t does="={day: string(today())}"\nend e\ns -> t -> e')])
    late_evening = datetime(2024, 9, 2, 20, tzinfo=UTC)

    step = start(compiled, {}, now=late_evening, zone=timezone(timedelta(hours=8)))

    assert step.patch == {"day": "2024-09-03"}


def test_an_error_leaves_the_case_as_it_was() -> None:
    desk = Desk(
        drawn("start s\nuser a\nscript t does='={x: nothing.known(1) + fail()}'\nend e\ns -> a -> t -> e"),
        functions={"fail": _fails},
    )
    before = desk.step

    step = desk.complete("a", y=1)

    assert step.incident is not None and step.incident.element == "t"
    assert (step.snapshot, dict(step.patch), step.history, step.opened) == (before.snapshot, {}, (), ())


def _fails() -> None:
    raise RuntimeError("the calendar is not there")


#: every place of a drawing where SpiffWorkflow, left to itself, would evaluate the text
PLACES = {
    "exclusive gateway": "exclusive x\nend e\ns -> a -> x\nx -> e if {}",
    "inclusive gateway": "inclusive x\nend e\ns -> a -> x\nx -> e if {}",
    "script": "script t does='={}'\nend e\ns -> a -> t -> e",
    "loop condition": "user b until='{}'\nend e\ns -> a -> b -> e",
    "loop condition before": "user b while='{}'\nend e\ns -> a -> b -> e",
    "loop cardinality": "user b times='{}'\nend e\ns -> a -> b -> e",
    "input collection": "user b each='c in ={}'\nend e\ns -> a -> b -> e",
    "output element": "user b each='c in =[1]' into=all taking='={}'\nend e\ns -> a -> b -> e",
    "completion condition": "user b each='c in =[1]' stop='{}'\nend e\ns -> a -> b -> e",
    "duration": "catch c timer='={}'\nend e\ns -> a -> c -> e",
    "date": "catch c date='={}'\nend e\ns -> a -> c -> e",
    "cycle": "user b\nboundary c on b quiet cycle='={}'\nend e\ns -> a -> b -> e\nend f\nc -> f",
    "conditional event": "catch c when='{}'\nend e\ns -> a -> c -> e",
    "correlation key": "catch c message='m@={}'\nend e\ns -> a -> c -> e",
    "job type": "job j type='={}'\nend e\ns -> a -> j -> e",
    "input mapping": "job j type=t in:x='={}'\nend e\ns -> a -> j -> e",
    "output mapping": "user b out:x='={}'\nend e\ns -> a -> b -> e",
    "payload": "throw m message=m in:x='={}'\nend e\ns -> a -> m -> e",
    "decision": "rule r decides='={}'\nend e\ns -> a -> r -> e",
}


@pytest.mark.parametrize("place", PLACES)
def test_nothing_of_a_diagram_is_ever_run_as_python(place: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine, TaskDataEnvironment
    from SpiffWorkflow.bpmn.script_engine.python_environment import BasePythonScriptEngineEnvironment

    reached: list[str] = []

    def note(*_arguments: object, **_more: object) -> None:
        reached.append(place)

    for engine in (PythonScriptEngine, TaskDataEnvironment, BasePythonScriptEngineEnvironment):
        for name in ("evaluate", "execute"):
            monkeypatch.setattr(engine, name, note)
    monkeypatch.setattr(PythonScriptEngine, "__init__", note)
    canary = tmp_path / "canary"
    sung: list[str] = []

    # The first is Python alone, and refused; the second is an expression of both, which runs.
    for text in (f'__imp{"ort"}__("os").system("touch {canary}")', "sing()"):
        try:
            desk = Desk(
                drawn("start s\nuser a\n" + PLACES[place].format(text.replace("'", '"'))),
                functions={"sing": lambda: sung.append(place)},
            )
            desk.complete("a")
            if "b" in desk.open:
                desk.complete("b")
        except DiagramError:
            continue

    assert reached == []
    assert sung == [place], "the expression was evaluated, and by our own language"
    assert not canary.exists()


def test_a_script_in_python_is_refused() -> None:
    with pytest.raises(DiagramError, match="python"):
        compile([drawn("start s\nscript t format=python python='x = 1'\nend e\ns -> t -> e")])


def test_every_step_is_moved_by_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    from SpiffWorkflow.bpmn.workflow import BpmnWorkflow

    calls: list[str] = []
    drive = BpmnWorkflow.do_engine_steps

    def counted(self: Any, *args: Any, **more: Any) -> None:
        calls.append("step")
        drive(self, *args, **more)

    monkeypatch.setattr(BpmnWorkflow, "do_engine_steps", counted)
    desk = Desk(drawn(REVIEW))
    desk.complete("plan", item={"outcome": "done"})
    desk.complete("sign")

    assert calls == ["step"] * 3


def test_a_step_says_nothing_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        Desk(drawn(REVIEW)).complete("plan", item={"outcome": "done"})

    assert not [record for record in caplog.records if "小明" in record.getMessage()]


# --- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "element"),
    [
        ("start s\ncatch g error=x\nend e\ns -> g -> e", "g"),
        ("start s\nuser a\nsub sp {\nuser a\n}\nend e\ns -> a -> sp -> e", "a"),
        ("start s\nuser a\nend e link=L\ns -> a -> e", "e"),
        ("start s\ncatch c error=x\nend e\ns -> c -> e", "c"),
        ("start s\nend e cancel\ns -> e", "e"),
        ("start s\nuser a\nboundary b on a cancel\nend e\ns -> a -> e\nb -> e", "b"),
        ("start s\nthrow t link=L\nend e\ns -> t", "t"),
        ("start s\ncall c calls=nowhere\nend e\ns -> c -> e", "c"),
        ("start s\nrule r decides=nothing>x\nend e\ns -> r -> e", "r"),
        ("start s\nexclusive x\nend e\ns -> x\nx -> e if 1 +", "f2"),
        ("start s\nuser a\nend e\ns -> a -> e\nhandler h {\nstart hs\nend he\nhs -> he\n}", "h"),
        ("start s\nexclusive x\nend e\ns -> x -> e\nboundary b on x timer=P1D\nb -> e", "b"),
    ],
)
def test_what_cannot_run_is_refused_with_the_element(words: str, element: str) -> None:
    with pytest.raises(DiagramError) as refused:
        compile([drawn(words)])

    assert element in [finding.element for finding in refused.value.findings]
    assert all(finding.remedy and finding.message for finding in refused.value.findings)


def test_all_findings_are_told_at_once() -> None:
    with pytest.raises(DiagramError) as refused:
        compile([drawn("start s\nthrow g timer=P1D\ncatch c timer=soon\nend e\ns -> g -> c -> e")])

    assert {finding.element for finding in refused.value.findings} >= {"g", "c"}


def test_a_snapshot_of_another_version_is_refused() -> None:
    one, other = Desk(drawn(REVIEW)), Desk(drawn("start s\nuser a\nend e\ns -> a -> e"))

    for bytes_ in (one.step.snapshot, b"", b"{}", b"[]", other.step.snapshot.replace(b'"/a"', b'"/zzz"')):
        with pytest.raises(BrokenSnapshot):
            apply(other.compiled, bytes_, TimersDue(), {}, now=MONDAY)


# --- what the runtime asks ----------------------------------------------------------------------------------------


def test_the_compiled_procedure_answers_the_runtime() -> None:
    compiled = compile([drawn(DIED % ""), CALLED])

    assert (compiled.main, compiled.called["P"], compiled.signals) == ("P", ("Q",), frozenset({"CHILD_DIED"}))
    assert compiled.element("settle").kind == "userTask"
    assert set(compiled.elements["P"]) >= {"a", "c", "settle", "d"}


def test_the_case_file_is_never_in_the_snapshot() -> None:
    desk = Desk(drawn(PARALLEL_LOOP), data={"secret": "陈小明" * 1000})

    desk.complete("a", again=True, wish="to stay" * 1000)

    assert len(desk.step.snapshot) < 400


def test_ids_do_not_change_while_an_item_is_open() -> None:
    desk = Desk(drawn(PARALLEL_LOOP))
    item = next(item.id for item in desk.step.opened if item.element == "b")

    desk.complete("a", again=False)
    desk.tell(CompleteItem(item))

    assert desk.done


def test_typed_values_of_a_token_survive_the_snapshot() -> None:
    desk = Desk(
        drawn('start s\nuser a each="c in =days"\nend e\ns -> a -> e'),
        data={"days": [date(2024, 9, 3), Decimal("1.50")]},
    )

    rows = [item.id for item in desk.step.opened]
    assert b"2024-09-03" in desk.step.snapshot

    desk.tell(CompleteItem(rows[0]))
    desk.tell(CompleteItem(rows[1]))

    assert desk.done


def test_a_message_subscription_of_an_event_with_two_definitions_has_an_id_of_its_own() -> None:
    desk = Desk(drawn("start s\ncatch c message=one message=two\nend e\ns -> c -> e"))
    ids = {subscription.name: subscription.id for subscription in desk.step.subscriptions}

    assert ids["one"] != ids["two"]
    desk.tell(DeliverMessage(ids["two"]))
    assert desk.done
