"""Faults drawn by hand, construct by construct, each beside a sound twin: what is said, in the words of the drawing."""

from __future__ import annotations

import pytest

from tests.unit.drawn import HEAD, MANY, TIMER, border, inside, process, sub
from workflow_runtime.diagram import Diagram, read, stories
from workflow_runtime.diagram.soundness import soundness
from workflow_runtime.i18n import use_language

BEFORE = (
    '<error id="refused" errorCode="REFUSED"/><escalation id="late_paper" escalationCode="LATE"/>'
    '<message id="paper" name="paper"/>'
)
ERROR = '<errorEventDefinition errorRef="refused"/>'
ESCALATION = '<escalationEventDefinition escalationRef="late_paper"/>'
MESSAGE = '<messageEventDefinition messageRef="paper"/>'
LOCK = ("exclusiveGateway x", "userTask a", "userTask b", "parallelGateway k")
RIGHT = ("parallelGateway x", *LOCK[1:])
CALL = (
    '<callActivity id="call"><extensionElements><zeebe:calledElement processId="q"/></extensionElements></callActivity>'
)
EVENT_SUB = 'triggeredByEvent="true"'


def drawn(*lines: str) -> Diagram:
    return process("startEvent s", "endEvent e", *lines, before=BEFORE)


def many(id: str, *lines: str) -> str:
    return f'<subProcess id="{id}">{MANY}{inside(*lines)}</subProcess>'


def calling(*lines: str) -> Diagram:
    main = inside("startEvent s", CALL, "endEvent e", "s > call > e")
    source = f'{HEAD}{BEFORE}<process id="p" isExecutable="true">{main}</process><process id="q">{inside(*lines)}'
    return read(f"{source}</process></definitions>".encode())


def one_of_two(id: str, *gateway: str) -> tuple[str, ...]:
    return (f"startEvent {id}s", *gateway, f"endEvent {id}e", f"{id}s > x > a > k > {id}e", "x > b > k")


def refusing(always: bool) -> str:
    """A sub-process that ends by an error, or always does."""
    ways = ("is > ask > x > bad",) if always else ("endEvent good", "is > ask > x > bad", "x > good")
    gateway = "userTask x" if always else "exclusiveGateway x"
    return sub("sub", "startEvent is", "userTask ask", gateway, f"endEvent bad {ERROR}", *ways)


#: name → the faulty drawing, what is wrong, the way there; and its sound twin
FAULTS: dict[str, tuple[Diagram, str, str, Diagram]] = {
    "many items: a reminder is joined with the work": (
        drawn(f"userTask t {MANY}", border("late", "t", TIMER, False), "parallelGateway j",
              "s > t > j > e", "late > j"),
        "j waits in vain for late",
        "1 s → 2 t",
        drawn(f"userTask t {MANY}", border("late", "t", TIMER, False), "endEvent e2", "s > t > e", "late > e2"),
    ),
    "many items: each of them locks": (
        drawn(many("each", *one_of_two("i", *LOCK)), "s > each > e"),
        "k waits in vain for b",
        "1 is → 2 x [x_a] → 3 a",
        drawn(many("each", *one_of_two("i", *RIGHT)), "s > each > e"),
    ),
    "many items: done and failed are joined": (
        drawn(
            f'<subProcess id="sub">{MANY}'
            + refusing(False).removeprefix('<subProcess id="sub" >'), border("failed", "sub", ERROR),
            "parallelGateway j", "s > sub > j > e", "failed > j",
        ),
        "j waits in vain for failed",
        "1 s → 2 sub",
        drawn(
            f'<subProcess id="sub">{MANY}'
            + refusing(False).removeprefix('<subProcess id="sub" >'), border("failed", "sub", ERROR),
            "exclusiveGateway j", "s > sub > j > e", "failed > j",
        ),
    ),
    "inclusive: two joins wait for each other": (
        drawn(
            "parallelGateway f", "inclusiveGateway a", "inclusiveGateway b", "userTask t", "userTask u",
            "exclusiveGateway xa", "exclusiveGateway xb", "endEvent e2",
            "s > f > a > t > xa > b", "f > b > u > xb > a", "xa > e", "xb > e2",
        ),
        "a waits in vain for xb",
        "1 s",
        drawn(
            "parallelGateway f", "exclusiveGateway a", "userTask t", "userTask u", "exclusiveGateway xa",
            "parallelGateway j", "s > f > a > t > xa > j > e", "xa > a", "f > u > j",
        ),
    ),
    "inclusive: some of three, all awaited": (
        drawn(
            "inclusiveGateway g", "userTask a", "userTask b", "userTask c", "parallelGateway j",
            "s > g > a > j > e", "g > b > j", "g > c > j",
        ),
        "j waits in vain for b, c",
        "1 s → 2 g [g_a] → 3 a",
        drawn(
            "inclusiveGateway g", "userTask a", "userTask b", "userTask c", "inclusiveGateway j",
            "s > g > a > j > e", "g > b > j", "g > c > j",
        ),
    ),
    "inclusive: some of two meet in an exclusive gateway": (
        drawn("inclusiveGateway g", "userTask a", "userTask b", "exclusiveGateway j", "s > g > a > j > e", "g > b > j"),
        "j can be reached twice at once",
        "1 s → 2 a → 3 b",
        drawn(
            "inclusiveGateway g", "userTask a", "exclusiveGateway y", "exclusiveGateway z", "userTask b",
            "inclusiveGateway j", "s > g > y > a > z > j > e", "z > y", "g > b > j",
        ),
    ),
    "inclusive: one branch escapes to a parallel join": (
        drawn(
            "parallelGateway f", "inclusiveGateway g", "userTask a", "userTask b", "inclusiveGateway j", "userTask c",
            "parallelGateway k", "s > f > g > a > j > k > e", "g > b > k", "f > c > k",
        ),
        "k waits in vain for j",
        "1 s → 2 g [g_b] → 3 b → 4 c",
        drawn(
            "parallelGateway f", "inclusiveGateway g", "userTask a", "userTask b", "inclusiveGateway j", "userTask c",
            "parallelGateway k", "s > f > g > a > j > k > e", "g > b > j", "f > c > k",
        ),
    ),
    "event sub-process: the reaction locks": (
        drawn("userTask t", "s > t > e", sub("react", *one_of_two("r", *LOCK), attributes=EVENT_SUB).replace(
            '<startEvent id="rs"></startEvent>', f'<startEvent id="rs">{MESSAGE}</startEvent>')),
        "k waits in vain for b",
        "1 rs → 2 x [x_a] → 3 a",
        drawn("userTask t", "s > t > e", sub("react", *one_of_two("r", *RIGHT), attributes=EVENT_SUB).replace(
            '<startEvent id="rs"></startEvent>', f'<startEvent id="rs">{MESSAGE}</startEvent>')),
    ),
    "event sub-process: nothing throws what it waits for": (
        drawn("userTask t", "s > t > e",
              sub("react", f"startEvent rs {ERROR}", "endEvent re", "rs > re", attributes=EVENT_SUB)),
        "rs can never be reached",
        "",
        drawn("userTask t", "exclusiveGateway x", f"endEvent bad {ERROR}", "s > t > x > e", "x > bad",
              sub("react", f"startEvent rs {ERROR}", "endEvent re", "rs > re", attributes=EVENT_SUB)),
    ),
    "event sub-process: it goes round for ever": (
        drawn("userTask t", "s > t > e", sub(
            "react", f"startEvent rs {MESSAGE}", "exclusiveGateway x", "userTask a", "endEvent re", "rs > x > a > x",
            attributes=EVENT_SUB,
        )),
        "no way leads to an end",
        "",
        drawn("userTask t", "s > t > e", sub(
            "react", f"startEvent rs {MESSAGE}", "exclusiveGateway x", "userTask a", "exclusiveGateway y",
            "endEvent re", "rs > x > a > y > x", "y > re", attributes=EVENT_SUB,
        )),
    ),
    "called: it locks": (
        calling(*one_of_two("q", *LOCK)),
        "k waits in vain for b",
        "1 qs → 2 x [x_a] → 3 a",
        calling(*one_of_two("q", *RIGHT)),
    ),
    "called: it never comes back": (
        calling("startEvent qs", "userTask a", f"endEvent qe {ERROR}", "qs > a > qe"),
        "e can never be reached",
        "",
        calling("startEvent qs", "userTask a", "endEvent qe", "qs > a > qe"),
    ),
    "sub-process: its only way out is an error, and a join waits for the other": (
        drawn(refusing(True), border("failed", "sub", ERROR), "parallelGateway f", "userTask t", "parallelGateway j",
              "endEvent e2", "s > f > sub > j > e", "f > t > j", "failed > e2"),
        "j waits in vain for sub",
        "1 s → 2 sub → 3 failed → 4 t → 5 e2",
        drawn(refusing(False), border("failed", "sub", ERROR), "parallelGateway f", "userTask t", "exclusiveGateway y",
              "parallelGateway j", "s > f > sub > y > j > e", "f > t > j", "failed > y"),
    ),
    "sub-process: an escalation always takes it away": (
        drawn(sub("sub", "startEvent is", "userTask a", f"endEvent ie {ESCALATION}", "is > a > ie"),
              border("late", "sub", ESCALATION), "parallelGateway f", "userTask w", "parallelGateway j", "endEvent e2",
              "s > f > sub > j > e", "f > w > j", "late > e2"),
        "j waits in vain for sub",
        "1 s → 2 sub → 3 late → 4 w → 5 e2",
        drawn(sub("sub", "startEvent is", "userTask a", f"endEvent ie {ESCALATION}", "is > a > ie"),
              border("late", "sub", ESCALATION, False), "parallelGateway f", "userTask w", "parallelGateway j",
              "endEvent e2", "s > f > sub > j > e", "f > w > j", "late > e2"),
    ),
    "message: answer and time-out are both awaited": (
        drawn("eventBasedGateway g", f"intermediateCatchEvent c {MESSAGE}", f"intermediateCatchEvent t {TIMER}",
              "parallelGateway j", "s > g > c > j > e", "g > t > j"),
        "j waits in vain for t",
        "1 s → 2 g [g_c] → 3 c",
        drawn("eventBasedGateway g", f"intermediateCatchEvent c {MESSAGE}", f"intermediateCatchEvent t {TIMER}",
              "exclusiveGateway j", "s > g > c > j > e", "g > t > j"),
    ),
    "message: answer and time-out both go on": (
        drawn("parallelGateway f", f"intermediateCatchEvent c {MESSAGE}", f"intermediateCatchEvent t {TIMER}",
              "exclusiveGateway j", "s > f > c > j > e", "f > t > j"),
        "j can be reached twice at once",
        "1 s → 2 c → 3 t",
        drawn("receiveTask c", border("t", "c", TIMER), "exclusiveGateway j", "s > c > j > e", "t > j"),
    ),
    "message: a reminder that does not interrupt goes on as well": (
        drawn("receiveTask r", border("late", "r", TIMER, False), "exclusiveGateway j", "s > r > j > e", "late > j"),
        "j can be reached twice at once",
        "1 s → 2 r → 3 late → 4 r",
        drawn("receiveTask r", border("late", "r", TIMER), "exclusiveGateway j", "s > r > j > e", "late > j"),
    ),
    "message: the reminder asks a second time beside the first": (
        drawn("exclusiveGateway m", "receiveTask r", border("late", "r", TIMER), "parallelGateway remind",
              "userTask note", "s > m > r > e", "late > remind > m", "remind > note > m"),
        "m can be reached twice at once",
        "1 s → 2 r → 3 late → 4 note",
        drawn("exclusiveGateway m", "receiveTask r", border("late", "r", TIMER), "userTask remind",
              "s > m > r > e", "late > remind > m"),
    ),
    "a split inside a loop": (
        drawn("exclusiveGateway m", "userTask t", "parallelGateway f", "s > m > t > f > m", "f > e"),
        "f can be reached twice at once",
        "1 s → 2 t → 3 t",
        drawn("exclusiveGateway m", "userTask t", "exclusiveGateway f", "s > m > t > f > m", "f > e"),
    ),
    "two beginnings meet in a parallel gateway": (
        drawn(f"startEvent s2 {MESSAGE}", "parallelGateway j", "s > j > e", "s2 > j"),
        "j waits in vain for s2",
        "1 s",
        drawn(f"startEvent s2 {MESSAGE}", "exclusiveGateway j", "s > j > e", "s2 > j"),
    ),
    "an end cuts off a branch": (
        drawn("parallelGateway f", "userTask a", "userTask b", "endEvent e2 <terminateEventDefinition/>",
              "s > f > a > e2", "f > b > e"),
        "e2 ends the case while b is still going on",
        "1 s → 2 a → 3 e2",
        drawn("parallelGateway f", "userTask a", "userTask b", "parallelGateway j",
              "endEvent e2 <terminateEventDefinition/>", "exclusiveGateway x", "s > f > a > j > x > e2", "f > b > j",
              "x > e"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_drawn_by_hand_is_told_with_its_way(name: str) -> None:
    diagram, wrong, way, _twin = FAULTS[name]

    use_language("en")
    try:
        said = [stories.message(diagram, fault) for verdict in soundness(diagram) for fault in verdict.faults]
    finally:
        use_language("zh")

    assert any(wrong in one and way in one for one in said), said
    assert len(said) == 1, said
    chinese = [stories.message(diagram, fault) for verdict in soundness(diagram) for fault in verdict.faults]
    assert all(any("一" <= sign <= "鿿" for sign in one) for one in chinese)


@pytest.mark.parametrize("name", FAULTS)
def test_its_sound_twin_is_left_alone(name: str) -> None:
    _diagram, _wrong, _way, twin = FAULTS[name]

    assert [verdict for verdict in soundness(twin) if not verdict.sound] == []
