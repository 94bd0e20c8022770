"""Two at once: exactly one of them does it, and the other is told in words who did, and when."""

from __future__ import annotations

import multiprocessing
import re
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.conftest import Clock
from tests.integration import ledger
from tests.integration.office import ENTRIES, JOURNEYS, Deeds, clerks, do, open_office
from workflow_runtime import tables as t
from workflow_runtime.database import Database
from workflow_runtime.errors import AlreadyDone, ItemTaken, XiebanError
from workflow_runtime.i18n import use_language
from workflow_runtime.library import Library
from workflow_runtime.model import SYSTEM, Actor
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

COUNTY, BUREAU, CITY = "cwi-qingxi.social_work", "cab-qingxi.child_welfare", "cwi-nanping.social_work"
#: Who lost is told who was faster, and when.
WHO_AND_WHEN = re.compile(
    r"(held|completed) by .+ (since|at) 20\d\d-\d\d-\d\d \d\d:\d\d|another way at 20\d\d-\d\d-\d\d"
)


@dataclass
class Hall:
    """An office with two desks: two runtimes on one store, each with its own clock."""

    runtime: Runtime
    other: Runtime
    clock: Clock
    later: Clock
    settings: Settings
    pairs: Mapping[str, tuple[Actor, Actor]]
    run: int = 0

    def case(self, upto: int = 2, journey: str = "document") -> Deeds:
        """A fresh case after the first `upto` deeds of a journey."""
        self.run += 1
        deeds = Deeds(self.runtime, self.clock, self.run, {step: pair[0] for step, pair in self.pairs.items()})
        before, _during = JOURNEYS[journey]
        do(deeds, before[:upto])
        return deeds


@pytest.fixture
def hall(settings: Settings, clock: Clock) -> Iterator[Hall]:
    use_language("en")
    runtime = open_office(settings, clock)
    later = Clock(clock.now)
    other = Runtime(Database(settings.database), settings, clock=later, library=Library())
    pairs = {
        step: (clerks(runtime, department)[0], clerks(runtime, department)[1])
        for step, department in {
            "prepare": COUNTY,
            "mend": COUNTY,
            "review": COUNTY,
            "check": BUREAU,
            "sign": BUREAU,
            "file_paper": CITY,
        }.items()
    }
    try:
        yield Hall(runtime, other, clock, later, settings, pairs)
    finally:
        runtime.close()
        other.close()
        use_language("zh")


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """Let all begin at the same moment; what each of them got, or the error it was told."""
    gate = threading.Barrier(len(deeds))
    answers: list[Any] = [None] * len(deeds)

    def go(place: int, deed: Callable[[], Any]) -> None:
        use_language("en")
        gate.wait()
        try:
            answers[place] = deed()
        except BaseException as error:
            answers[place] = error

    threads = [threading.Thread(target=go, args=(place, deed)) for place, deed in enumerate(deeds)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return answers


def judge(answers: list[Any], losing: type[XiebanError] | tuple[type[XiebanError], ...]) -> str | None:
    """What is wrong when not exactly one won, or a loser was told less than who and when."""
    lost = [one for one in answers if isinstance(one, BaseException)]
    if len(answers) - len(lost) != 1:
        return f"{len(answers) - len(lost)} won: {answers!r}"
    for one in lost:
        if not isinstance(one, losing) or not WHO_AND_WHEN.search(str(one)):
            return f"the loser was told {one!r}"
    return None


def entries_of(element: str, outcome: str) -> Mapping[str, Any]:
    return {} if outcome == "returned" else ENTRIES[element]


def race(runtime: Runtime, item: str, element: str, outcome: str, actor: Actor) -> Any:
    reason = "缺体检报告" if outcome == "returned" else None
    return runtime.complete(item, entries_of(element, outcome), actor=actor, outcome=outcome, reason=reason)


def test_two_clerks_race_for_one_item_and_one_of_them_does_it(hall: Hall, long: bool) -> None:
    deeds, wrong = hall.case(), []
    opened = deeds.item("check")
    assert opened is not None
    item = opened.id

    for number in range(5000 if long else 500):
        element, outcome = ("check", "returned") if number % 2 == 0 else ("mend", "done")
        first, second = hall.pairs[element]
        answers = at_once(
            lambda: race(hall.runtime, item, element, outcome, first),  # noqa: B023  (over before the next round)
            lambda: race(hall.other if number % 3 else hall.runtime, item, element, outcome, second),  # noqa: B023
        )
        problem = judge(answers, AlreadyDone)
        wrong += [f"round {number}: {problem}"] if problem else []
        item = next(one for one in answers if not isinstance(one, Exception)).opened[0].id

    assert wrong == []
    deeds.complete("check")
    deeds.paper()
    deeds.finish()
    with hall.runtime._database.read() as tx:
        assert ledger.of_case(tx, hall.runtime, deeds.number) == []


def test_two_clerks_claim_one_item_and_one_of_them_has_it(hall: Hall, long: bool) -> None:
    deeds, wrong = hall.case(), []
    item = deeds.item("check")
    assert item is not None

    for number in range(2000 if long else 150):
        answers = at_once(
            *(lambda actor=actor: hall.runtime.claim(item.id, actor=actor) for actor in hall.pairs["check"])
        )
        problem = judge(answers, ItemTaken)
        wrong += [f"round {number}: {problem}"] if problem else []
        holder = next(
            actor
            for actor, answer in zip(hall.pairs["check"], answers, strict=True)
            if not isinstance(answer, Exception)
        )
        hall.runtime.release(item.id, actor=holder)

    assert wrong == []


def test_clerks_in_two_processes_race(hall: Hall, long: bool) -> None:
    deeds, rounds = hall.case(), 2000 if long else 150
    hall.runtime._database.close()
    hall.other._database.close()
    context = multiprocessing.get_context("fork")
    gate, answers = context.Barrier(2), context.SimpleQueue()

    def clerk(place: int) -> None:
        use_language("en")
        with Runtime.open(hall.settings, clock=hall.clock) as runtime:
            deeds.runtime = runtime
            for number in range(rounds):
                element, outcome = ("check", "returned") if number % 2 == 0 else ("mend", "done")
                item = deeds.item(element)
                gate.wait(60)
                try:
                    assert item is not None
                    race(runtime, item.id, element, outcome, hall.pairs[element][place])
                    answers.put((number, "", ""))
                except BaseException as error:
                    answers.put((number, type(error).__name__, str(error) or traceback.format_exc()))
                gate.wait(60)

    workers = [context.Process(target=clerk, args=(place,)) for place in (0, 1)]
    for one in workers:
        one.start()
    told: dict[int, list[tuple[str, str]]] = {}
    for _answer in range(2 * rounds):
        number, kind, words = answers.get()
        told.setdefault(number, []).append((kind, words))
    for one in workers:
        one.join(60)

    for number, pair in told.items():
        (won, _none), (lost, words) = sorted(pair)
        assert (won, lost) == ("", "AlreadyDone"), f"round {number}: {pair}"
        assert WHO_AND_WHEN.search(words), words
    assert len(told) == rounds


def test_an_item_is_completed_or_its_time_runs_out_never_both(hall: Hall, long: bool) -> None:
    deeds, wins = hall.case(), {"clerk": 0, "clock": 0}

    for _round in range(500 if long else 40):
        deeds.complete("check", "returned")
        item = deeds.item("mend")
        assert item is not None
        hall.later.set(hall.clock.now)
        hall.later.advance(days=30)
        person, swept = at_once(
            lambda: race(hall.runtime, item.id, "mend", "done", hall.pairs["mend"][0]),  # noqa: B023
            hall.other.sweep,
        )
        assert not isinstance(swept, Exception), swept
        if isinstance(person, Exception):
            assert isinstance(person, AlreadyDone) and WHO_AND_WHEN.search(str(person)), person
        lines = [one.kind for one in hall.runtime.history(deeds.number, actor=SYSTEM)]
        mended = lines.count("completed") - wins["clerk"] - _round - 2
        wins["clerk"] += mended
        wins["clock"] += 1 - mended
        assert (mended == 1) == (not isinstance(person, Exception))
        hall.clock.advance(days=30)

    assert sum(wins.values()) == _round + 1
    assert hall.runtime.verify_history(deeds.number, actor=SYSTEM) is None


def test_two_sweepers_fire_every_timer_once(hall: Hall) -> None:
    numbers = [hall.case().number for _one in range(20)]
    hall.clock.advance(days=30)
    hall.later.set(hall.clock.now)

    swept = at_once(hall.runtime.sweep, hall.other.sweep, hall.runtime.sweep, hall.other.sweep)

    assert not [one for one in swept if isinstance(one, Exception)], swept
    assert sum(one.timers for one in swept) == len(numbers)
    for number in numbers:
        kinds = [one.kind for one in hall.runtime.history(number, actor=SYSTEM)]
        assert kinds.count("timer_fired") == 1 and kinds.count("overdue") == 1


def test_a_request_sent_twice_at_once_is_answered_twice_and_done_once(hall: Hall) -> None:
    for _round in range(30):
        deeds = hall.case(1)
        item = deeds.item("prepare")
        assert item is not None

        def ask(runtime: Runtime, item: str = item.id) -> Any:
            return runtime.complete(item, ENTRIES["prepare"], actor=hall.pairs["prepare"][0], key=f"twice-{item}")

        answers = at_once(lambda: ask(hall.runtime), lambda: ask(hall.other))

        assert not [one for one in answers if isinstance(one, Exception)], answers
        assert sorted(one.repeated for one in answers) == [False, True]
        assert [one.id for one in answers[0].opened] == [one.id for one in answers[1].opened] != []


def test_a_start_sent_twice_at_once_starts_one_case(hall: Hall) -> None:
    for number in range(15):
        deeds = hall.case(0)
        deeds.register()
        before = len(hall.runtime.cases(actor=SYSTEM, limit=1000))

        def ask(runtime: Runtime, deeds: Deeds = deeds, number: int = number) -> Any:
            return runtime.start_case(
                "placing",
                deeds.subject,
                actor=SYSTEM,
                jurisdiction="GX",
                key=f"start-twice-{number}",
                regions={"sending_county": "990101", "receiving_city": "990100"},
            )

        answers = at_once(lambda: ask(hall.runtime), lambda: ask(hall.other))

        assert not [one for one in answers if isinstance(one, Exception)], answers
        assert answers[0].case.number == answers[1].case.number
        assert len(hall.runtime.cases(actor=SYSTEM, limit=1000)) == before + 1
    with hall.runtime._database.read() as tx:
        assert ledger.of_store(tx) == []


def test_two_branches_of_one_case_finish_at_once_and_lose_nothing(hall: Hall) -> None:
    for _round in range(30):
        deeds = hall.case(4, "message")
        deeds.paper()
        check, paper = deeds.item("check"), deeds.item("file_paper")
        assert check is not None and paper is not None

        answers = at_once(
            lambda: race(hall.runtime, check.id, "check", "done", hall.pairs["check"][0]),  # noqa: B023
            lambda: race(hall.other, paper.id, "file_paper", "done", hall.pairs["file_paper"][0]),  # noqa: B023
        )

        assert not [one for one in answers if isinstance(one, Exception)], answers
        page = hall.runtime.case(deeds.number, actor=SYSTEM, history=None)
        assert page.fields["opinion"] == "齐全" and page.fields["d15_number"] == "南民协〔2024〕7号"
        assert [one.element for one in page.items] == ["sign"]
        assert hall.runtime.verify_history(deeds.number, actor=SYSTEM) is None


def test_a_message_that_arrives_while_its_receiver_begins_to_wait_is_taken(hall: Hall) -> None:
    for _round in range(40):
        deeds = hall.case(1)
        prepare = deeds.item("prepare")
        assert prepare is not None

        answers = at_once(
            lambda: race(hall.runtime, prepare.id, "prepare", "done", hall.pairs["prepare"][0]),  # noqa: B023
            lambda: hall.other.deliver_message("PaperArrived", deeds.number, {}, sender="post", actor=SYSTEM),  # noqa: B023
        )
        hall.runtime.sweep()

        assert not [one for one in answers if isinstance(one, Exception)], answers
        with hall.runtime._database.read() as tx:
            waiting = tx.execute(
                select(func.count()).select_from(t.message).where(t.message.c.state == "waiting")
            ).scalar_one()
        assert waiting == 0 and deeds.item("file_paper") is not None
