"""Snapshots: a case that is stored after every step goes exactly as one that never left memory.

Every drawing is played with random schedules twice, once on a live workflow and once through bytes at each step; the
steps, the ids and the bytes themselves must be equal. And a snapshot stays small and cheap however long a case gets.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from tests.unit.engine_drawings import MONDAY, Desk, drawn
from workflow_runtime.diagram import Diagram
from workflow_runtime.engine import (
    CaseState,
    Command,
    CompleteItem,
    DeliverMessage,
    DeliverSignal,
    JobDone,
    JobFailed,
    Step,
    TimersDue,
    apply,
    compile,
    running,
    snapshots,
    start,
)
from workflow_runtime.engine.compiled import Compiled
from workflow_runtime.engine.timing import Clock
from workflow_runtime.engine.workflow import CaseWorkflow, Turn

Q = drawn(
    "start s\nuser q\nexclusive x\nend e\nend bad error=E1\ns -> q -> x\nx -> bad if stop\nx -> e else",
    process="Q",
)

SHAPES: Mapping[str, str] = {
    "line": """
        start s; user a; job j type=x; user b; end e; s -> a -> j -> b -> e
    """,
    "review": """
        start s; user a; exclusive x; user b; end e; s -> a -> x; x -> a if item.outcome = "returned";
        x -> b else; b -> e
    """,
    "parallel loop": """
        start s; exclusive m; parallel g; user a; user b; parallel j; exclusive x; user z; end e;
        s -> m -> g; g -> a -> j; g -> b -> j; j -> x; x -> m if again; x -> z else; z -> e
    """,
    "inclusive": """
        start s; inclusive g; user a; user a2; user b; user c; inclusive j; user z; end e; s -> g;
        g -> a if yes; g -> b if not(stop = true); g -> c else; a -> a2 -> j; b -> j; c -> j; j -> z -> e
    """,
    "inclusive loop": """
        start s; exclusive m; inclusive g; user a; user b; inclusive j; exclusive x; end e; s -> m -> g;
        g -> a if yes; g -> b; a -> j; b -> j; j -> x; x -> m if again; x -> e else
    """,
    "unstructured joins": """
        start s; parallel g; user a; user b; user c; parallel j1; parallel j2; user d; end e; s -> g;
        g -> a -> j1; g -> b -> j1; g -> c -> j2; j1 -> j2 -> d -> e
    """,
    "meeting in a task": """
        start s; parallel g; user a; user b; user c; end e; s -> g; g -> a -> c; g -> b -> c; c -> e
    """,
    "two ends": """
        start s; parallel g; user a; user b; user b2; end e; end e2; s -> g; g -> a -> e;
        g -> b -> b2 -> e2
    """,
    "terminate": """
        start s; parallel g; user a; user b; end e terminate; end e2; s -> g; g -> a -> e; g -> b -> e2
    """,
    "quiet boundary": """
        start s; user a; boundary b on a quiet signal=sig; boundary t on a quiet cycle=R3/P1D; user r;
        user z; end e; s -> a -> z -> e; b -> r -> e; t -> e
    """,
    "boundary": """
        start s; user a; boundary b on a signal=sig; boundary t on a timer=P3D; user r; user z; end e;
        s -> a -> z -> e; b -> r -> e; t -> r
    """,
    "boundary loop": """
        start s; exclusive m; user a; boundary t on a quiet timer=P1D; user r; exclusive x; end e;
        s -> m -> a -> x; x -> m if again; x -> e else; t -> r -> e
    """,
    "sub-process": """
        start s; sub sp {; start s1; user i1; user i2; end e1; s1 -> i1 -> i2 -> e1; };
        boundary b on sp message=msg; boundary q on sp quiet signal=sig; user r; user z; end e;
        s -> sp -> z -> e; b -> r -> e; q -> r
    """,
    "nested": """
        start s; sub o {; start s0; sub sp {; start s1; user i1; user i2; end e1; s1 -> i1 -> i2 -> e1; };
        user c; end e0; s0 -> sp -> c -> e0; }; user d; end e; s -> o -> d -> e
    """,
    "call": """
        start s; exclusive m; call c calls=Q in:wish==wish out:result==d_q; boundary b on c error=E1;
        user a; user r; exclusive x; end e; s -> m -> c -> a -> x; b -> r -> x; x -> m if again;
        x -> e else
    """,
    "many": """
        start s; user a times=3; user z; end e; s -> a -> z -> e
    """,
    "many in turn": """
        start s; user a each1="c in =[1,2,3]" stop="stop = true"; user z; end e; s -> a -> z -> e
    """,
    "many collected": """
        start s; user a each="c in =[1,2,3]" into=out taking==d_a; boundary b on a signal=sig; user z;
        end e; s -> a -> z -> e; b -> z
    """,
    "many sub-processes": """
        start s; sub sp each="c in =[1,2]" {; start s1; user i1; user i2; end e1; s1 -> i1 -> i2 -> e1; };
        user z; end e; s -> sp -> z -> e
    """,
    "many sub-processes in turn": """
        start s; sub sp each1="c in =[1,2]" {; start s1; user i1; user i2; end e1; s1 -> i1 -> i2 -> e1; };
        user z; end e; s -> sp -> z -> e
    """,
    "many calls": """
        start s; call c calls=Q each="n in =[1,2]" in:n==n into=out taking==r out:r==d_q;
        boundary b on c error=E1; user z; end e; s -> c -> z -> e; b -> z
    """,
    "standard loop": """
        start s; user a until="again = true"; user z; end e; s -> a -> z -> e
    """,
    "event gateway": """
        start s; user u; event g; catch m message=msg; catch t timer=P2D; catch t2 timer=P1D; user a;
        user b; end e; s -> u -> g; g -> m -> a -> e; g -> t -> b -> u; g -> t2 -> b
    """,
    "event sub-process": """
        start s; user a; user b; end e; s -> a -> b -> e; handler h {; start hs message=msg quiet; user x;
        end he; hs -> x -> he; }
    """,
    "interrupting event sub-process": """
        start s; sub sp {; start s1; user i1; user i2; end e1; s1 -> i1 -> i2 -> e1; handler h {;
        start hs signal=sig; user x; end he; hs -> x -> he; }; }; user z; end e; s -> sp -> z -> e
    """,
    "error handler": """
        start s; job j type=x; end e; s -> j -> e; handler h {; start hs error=E1; user x; end he;
        hs -> x -> he; }
    """,
    "transaction": """
        start s; transaction t {; start s1; user a; boundary ca on a compensate by=ua; user ua undo;
        exclusive x; end c cancel; end e1; s1 -> a -> x; x -> c if stop; x -> e1 else; };
        boundary b on t cancel; user z; user y; end e; s -> t -> z -> e; b -> y -> e
    """,
    "compensation": """
        start s; user a; boundary ca on a compensate by=ua; user ua undo; user b; throw t compensate;
        user z; end e; s -> a -> b -> t -> z -> e
    """,
    "conditional": """
        start s; parallel g; user a; user b; catch c when='again = true'; end e; s -> g; g -> a -> b -> e;
        g -> c -> e
    """,
    "all events": """
        start s; catch c all signal=sig message=msg timer=P1D; user a; end e; s -> c -> a -> e
    """,
    "ad hoc": """
        start s; adhoc h ordering=Sequential {; user a; user b; }; user z; end e; s -> h -> z -> e
    """,
    "receive": """
        start s; receive r message=msg; boundary t on r quiet cycle=R/P1D; user a; end e; s -> r -> a -> e;
        t -> e
    """,
}


class Player:
    """Plays one case by a seed, on bytes or on a live workflow."""

    def __init__(self, compiled: Compiled, seed: str, *, live: bool) -> None:
        self.compiled, self.random, self.live = compiled, random.Random(seed), live
        self.number, self.now = count(1), MONDAY
        self.data: dict[str, Any] = {"yes": self.random.random() < 0.5}
        self.items: dict[str, str] = {}
        self.jobs: dict[str, str] = {}
        self.workflow: CaseWorkflow | None = None
        self.step = self.kept(self.begun())
        self.log: list[Any] = [self.seen()]

    def id(self) -> str:
        return f"i{next(self.number)}"

    def begun(self) -> Step:
        if not self.live:
            return start(self.compiled, self.data, now=self.now, ids=self.id)
        turn = self.turn()
        nothing = snapshots.dumped(CaseWorkflow(self.compiled.spec, turn), self.compiled, CaseState.INCIDENT)
        self.workflow = workflow = CaseWorkflow(self.compiled.spec, turn)
        workflow.token(self.compiled.root, workflow.task_tree)

        def begin() -> None:
            workflow.begin()
            workflow.do_engine_steps()

        return running._step(workflow, self.compiled, begin, nothing)

    def turn(self) -> Turn:
        return Turn(dict(self.data), Clock(self.now, MONDAY.tzinfo or self.now.tzinfo, {}), self.id)  # type: ignore[arg-type]

    def told(self, command: Command) -> Step:
        if self.workflow is None:
            return apply(self.compiled, self.step.snapshot, command, self.data, now=self.now, ids=self.id)
        workflow = self.workflow
        workflow.turn = self.turn()

        def move() -> None:
            running._obey(workflow, self.compiled, command)
            workflow.do_engine_steps()

        return running._step(workflow, self.compiled, move, self.step.snapshot)

    def kept(self, step: Step) -> Step:
        for key, value in step.patch.items():
            self.data.pop(key, None) if value is None else self.data.update({key: value})
        for closed in step.closed:
            self.items.pop(closed, None)
            self.jobs.pop(closed, None)
        self.items |= {item.id: item.element for item in step.opened}
        self.jobs |= {job.id: job.element for job in step.jobs}
        return step

    def seen(self) -> Any:
        step = self.step
        return (
            step.state, step.opened, step.closed, step.jobs, step.timers, step.subscriptions, step.thrown,
            dict(step.patch), step.history, step.incident, step.snapshot if step.incident is None else b"",
        )  # fmt: skip

    def play(self, steps: int) -> None:
        for _round in range(steps):
            if self.step.state is not CaseState.OPEN:
                return
            self.step = self.kept(self.told(self.drawn_command()))
            self.log.append(self.seen())

    def drawn_command(self) -> Command:
        chance, items, jobs = self.random.random(), sorted(self.items), sorted(self.jobs)
        if chance < 0.1:
            return DeliverSignal("sig")
        if chance < 0.2 and self.step.subscriptions:
            return DeliverMessage(self.step.subscriptions[0].id, {"said": "yes"})
        if chance < 0.35 or not (items or jobs):
            self.now += timedelta(days=self.random.choice([1, 4]))
            return TimersDue()
        patch = {"again": self.random.random() < 0.5, "stop": self.random.random() < 0.3}
        if jobs and (not items or self.random.random() < 0.5):
            job = self.random.choice(jobs)
            fails = self.random.random() < 0.3 and self.jobs[job] == "j"
            return JobFailed(job, "E1") if fails else JobDone(job, patch)
        item = self.random.choice(items)
        outcome = self.random.choice(["done", "returned"])
        return CompleteItem(
            item, {**patch, f"d_{self.items[item]}": self.random.random() < 0.5, "item": {"outcome": outcome}}
        )


@pytest.mark.parametrize("shape", SHAPES)
def test_a_stored_case_goes_as_one_that_never_left_memory(shape: str) -> None:
    compiled = compile([drawn(SHAPES[shape]), Q])
    finished = 0

    for seed in range(12):
        stored, live = (Player(compiled, f"{shape}/{seed}", live=live) for live in (False, True))
        stored.play(25)
        live.play(25)

        assert stored.log == live.log
        finished += stored.step.state is not CaseState.OPEN

    assert finished, "no schedule came to an end; the drawing or the schedule is wrong"


# --- cost ---------------------------------------------------------------------------------------------------------


def rework(diagram: Diagram, rounds: int, *others: Diagram) -> tuple[list[float], list[int]]:
    """Plays a case whose people all say "again"; CPU and bytes of each round."""
    desk = Desk(diagram, *others)
    cost, size = [], []
    for _round in range(rounds):
        begun = time.process_time()
        for element in list(desk.open):
            desk.complete(element, again=True)
        cost.append(time.process_time() - begun)
        size.append(len(desk.step.snapshot))
    return cost, size


LOOPS = {
    "parallel": SHAPES["parallel loop"],
    "boundary timer": SHAPES["boundary loop"],
    "call": """
        start s; exclusive m; call c calls=Q; user a; exclusive x; end e; s -> m -> c -> a -> x;
        x -> m if again; x -> e else
    """,
    "compensable": """
        start s; exclusive m; user a; exclusive x; end e; s -> m -> a -> x; x -> m if again; x -> e else;
        handler h {; start hs signal=sig; end he; hs -> he; }
    """,
}


@pytest.mark.parametrize("loop", LOOPS)
def test_the_two_hundredth_round_costs_what_the_tenth_did(loop: str) -> None:
    best = 9.9
    for _attempt in range(4):  # other work on the machine can only make it look worse
        cost, size = rework(drawn(LOOPS[loop]), 205, Q)
        best = min(best, min(cost[190:205]) / min(cost[5:20]))
        if best <= 1.3:
            break

    assert best <= 1.3
    assert size[-1] <= size[10] + 8 and size[-1] <= 1000
