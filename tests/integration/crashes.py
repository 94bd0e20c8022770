"""A fork server that kills: a warm process forks an office at work, strikes it, and forks another that carries on.

Points are counted at every statement, before and after every commit, and around every file that is written. The
k-th point of a journey is always the same, so that a failure is repeated by its name and k.
"""

from __future__ import annotations

import json
import os
import random
import select as waiting
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event

from tests.conftest import Clock
from tests.integration import ledger
from tests.integration.office import HERE, JOURNEYS, MORNING, Deeds, clerks, do, open_office, plain
from workflow_runtime.model import SYSTEM, Actor
from workflow_runtime.procedures import gather
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings


class Points:
    """Counts the places where a process can die, and dies at the one it was told.

    Before a reading statement nothing has changed since the place before; only `every` counts those too.
    """

    def __init__(self, runtime: Runtime, at: int | None, *, every: bool) -> None:
        self.at = at
        self.every = every
        self.passed = 0
        self.armed = False
        self._wrote = every
        database = runtime._database
        for engine in {database._writing, database._reading}:
            event.listen(engine, "before_cursor_execute", self._statement)
            event.listen(engine, "commit", self._commit)
            event.listen(engine, "checkin", self._committed)
        for name in ("fsync", "replace"):
            setattr(os, name, self._around(getattr(os, name)))

    def _statement(self, _connection: Any, _cursor: Any, statement: str, *_facts: Any) -> None:
        if self.every or statement.startswith(("INSERT", "UPDATE", "DELETE")):
            self._wrote = True
            self._pass()

    def _commit(self, _connection: Any) -> None:
        if self._wrote:
            self._pass()

    def _committed(self, *_facts: Any) -> None:
        if self._wrote:
            self._pass()
        self._wrote = self.every

    def _around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            self._pass()
            answer = function(*arguments)
            self._pass()
            return answer

        return counted

    def _pass(self, *_facts: Any) -> None:
        if self.armed:
            if self.passed == self.at:
                os.kill(os.getpid(), signal.SIGKILL)
            self.passed += 1


@dataclass
class Outcome:
    """What became of one office: what it acknowledged, how long it lived, whether it was killed."""

    acknowledged: list[tuple[str, Any]]
    killed: bool
    passed: int
    lasted: float
    problem: str = ""


class ForkServer:
    """A warm office in this process, never touching the store while it forks."""

    def __init__(self, settings: Settings, *, every: bool = False) -> None:
        self.every = every
        self.clock = Clock(MORNING)
        self.runtime = open_office(settings, self.clock)
        self._deploy_another_version()
        self.settings = settings
        self.runs = 0
        directory = {
            "prepare": "cwi-qingxi.social_work",
            "mend": "cwi-qingxi.social_work",
            "check": "cab-qingxi.child_welfare",
            "file_paper": "cwi-nanping.social_work",
            "sign": "cab-qingxi.child_welfare",
            "review": "cwi-qingxi.social_work",
        }
        self.people: dict[str, Actor] = {step: clerks(self.runtime, one)[0] for step, one in directory.items()}
        warm = self._deeds(self._next())
        for plan in (*JOURNEYS["document"], ("finish",)):
            do(warm, plan)
        self.runtime._database.close()

    def _deploy_another_version(self) -> None:
        """New cases begin on the second; `migrate` takes one to the first."""
        bundle = dict(gather(HERE / "placing"))
        (drawing,) = [path for path in bundle if path.endswith("placing.bpmn")]
        text = bundle[drawing].replace("审核材料".encode(), "再审材料".encode())
        self.runtime.deploy(bundle | {drawing: text}, actor=SYSTEM)

    def _next(self) -> int:
        self.runs += 1
        return self.runs

    def _deeds(self, run: int) -> Deeds:
        self.clock.set(MORNING)
        return Deeds(self.runtime, self.clock, run, self.people)

    def strike(self, journey: str, *, at: int | None = None, after: float | None = None) -> tuple[int, Outcome]:
        """Run a journey in a process of its own, killed at a point or after a time; its run, and what became of it."""
        run = self._next()

        def live(tell: Callable[[str, Any], None]) -> None:
            deeds = self._deeds(run)
            if after is None:
                self._borrow_print_child()
            points = Points(self.runtime, at, every=self.every)
            before, during = JOURNEYS[journey]
            do(deeds, before)
            deeds.tell = tell
            points.armed = True
            tell("begun", 0)
            begun = time.monotonic()
            do(deeds, during)
            points.armed = False
            tell("passed", points.passed)
            tell("lasted", time.monotonic() - begun)

        return run, self._fork(live, after)

    def carry_on(self, journey: str, run: int, outcome: Outcome, *, to_the_end: bool = True) -> list[str]:
        """What a fresh process finds wrong after asking for everything again and ending the case: at its drawn end, or
        (which is quicker, because nothing is printed) by withdrawing it."""

        def live(tell: Callable[[str, Any], None]) -> None:
            Runtime.open(self.settings, clock=self.clock).close()
            self._borrow_print_child()
            deeds = self._deeds(run)
            self.clock.advance(days=31)  # past every lease that the dead process took
            before, during = JOURNEYS[journey]
            do(deeds, ("register", "start"))
            if deeds.state() in ("open", "suspended") or journey == "reopen":
                do(deeds, tuple(one for one in (*before, *during) if one not in ("register", "start", "month")))
            if not to_the_end:
                deeds.withdraw()
            deeds.finish()
            found = ledger.faults(self.runtime, deeds.number, outcome.acknowledged)
            with self.runtime._database.read() as tx:
                found += ledger.integrity(tx)
            tell("faults", found)

        after = self._fork(live, None)
        if after.problem or after.killed:
            return [f"could not carry on: {after.problem or 'killed'}"]
        return next(facts for what, facts in after.acknowledged if what == "faults")

    def _borrow_print_child(self) -> None:
        """Use the warm print child of this server: only for processes that do not die while they talk to it."""
        if self.runtime._renderer is not None:
            self.runtime._renderer._owner = os.getpid()

    def _fork(self, live: Callable[[Callable[[str, Any], None]], None], after: float | None) -> Outcome:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.close(reading)

                def tell(what: str, facts: Any) -> None:
                    os.write(writing, plain([what, facts]).encode())

                live(tell)
                code = 0
            except BaseException:
                os.write(writing, plain(["problem", traceback.format_exc()[-3000:]]).encode())
            finally:
                os._exit(code)
        os.close(writing)
        text, deadline = b"", None
        while True:
            ready, _w, _x = waiting.select(
                [reading], [], [], None if deadline is None else max(0.0, deadline - time.monotonic())
            )
            if not ready:
                os.kill(child, signal.SIGKILL)
                deadline = None
                continue
            piece = os.read(reading, 65536)
            if not piece:
                break
            text += piece
            if after is not None and deadline is None and b'"begun"' in piece:
                deadline, after = time.monotonic() + after, None
        os.close(reading)
        _pid, status = os.waitpid(child, 0)
        heard = [(what, facts) for what, facts in map(json.loads, text.decode().splitlines()) if what != "begun"]
        facts = dict(heard)
        return Outcome(
            acknowledged=[one for one in heard if one[0] not in ("passed", "lasted", "problem")],
            killed=os.WIFSIGNALED(status),
            passed=int(facts.get("passed", -1)),
            lasted=float(facts.get("lasted", 0)),
            problem=str(facts.get("problem", "")),
        )


def enumerated(server: ForkServer, journey: str, *, stride: int = 1, offset: int = 0) -> tuple[int, int, list[str]]:
    """Kill a journey at every `stride`-th of its points: how many it has, how many were struck, what was wrong."""
    run, whole = server.strike(journey)
    wrong = (
        [f"{journey}: {whole.problem}"]
        if whole.problem
        else [f"{journey} unharmed: {one}" for one in server.carry_on(journey, run, whole)]
    )
    struck = 0
    for k in range(offset % stride, max(whole.passed, 0), stride):
        run, outcome = server.strike(journey, at=k)
        struck += outcome.killed
        if outcome.problem:
            wrong.append(f"{journey} point {k}: {outcome.problem}")
        to_the_end = journey == "document" or k % 24 == 0
        wrong += [
            f"{journey} point {k}: {one}" for one in server.carry_on(journey, run, outcome, to_the_end=to_the_end)
        ]
        if len(wrong) > 10:
            break
    return whole.passed, struck, wrong


def at_random(server: ForkServer, *, kills: int, seed: int) -> tuple[int, list[str]]:
    """Kill random journeys at random times: how many died, and what was wrong."""
    dice = random.Random(seed)
    lasted = {journey: server.strike(journey)[1].lasted for journey in JOURNEYS}
    struck, wrong = 0, []
    for number in range(kills):
        journey = dice.choice(sorted(JOURNEYS))
        run, outcome = server.strike(journey, after=dice.random() * lasted[journey])
        struck += outcome.killed
        if not outcome.killed:  # as quick as it can be: the machine may have been busy before
            lasted[journey] = min(lasted[journey], outcome.lasted)
        if outcome.problem:
            wrong.append(f"seed {seed}, kill {number}, {journey}: {outcome.problem}")
        left = server.carry_on(journey, run, outcome, to_the_end=journey == "document" or number % 24 == 0)
        wrong += [f"seed {seed}, kill {number}, {journey}: {one}" for one in left]
        if len(wrong) > 10:
            break
    return struck, wrong
