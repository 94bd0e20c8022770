"""Soundness: the verdict of the checker is that of the plain token game, and its stories can be followed."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.unit.drawn import TIMER, process, sub
from tests.unit.effort import least_effort
from tests.unit.random_nets import GATEWAYS, HEAD, Drawing, grow, grown, wired
from tests.unit.token_game import Game, TooBig
from workflow_runtime.diagram import Diagram, check, read, stories
from workflow_runtime.diagram.soundness import Fault, FaultKind, Verdict, soundness
from workflow_runtime.findings import Severity
from workflow_runtime.i18n import use_language


def verdict_on(drawing: Drawing) -> Verdict:
    return next(soundness(read(drawing.xml())))


def test_the_verdict_is_that_of_the_plain_game_on_random_processes(long: bool) -> None:
    compared = 0
    for seed in range(10_000 if long else 500):
        drawing = (grown if seed % 2 else wired)(random.Random(seed))
        try:
            played = Game(read(drawing.xml()), "p").play(10_000 if long else 1_500)
        except TooBig:
            continue

        verdict = verdict_on(drawing)

        assert disagreement(drawing, verdict) is None, f"seed {seed}: {disagreement(shrunk(drawing), verdict)}"
        assert played.states > 0
        compared += 1
    assert compared > 400


MOST = 10_000


def disagreement(drawing: Drawing, _verdict: Verdict | None = None) -> str | None:
    """How checker and game differ on a process; None when they agree.

    Behind a second token the game is over for both, so what else could go wrong there is not compared.
    """
    diagram = read(drawing.xml())
    played, verdict = Game(diagram, "p").play(MOST), next(soundness(diagram))
    found = {fault.kind for fault in verdict.faults}
    if played.twice or FaultKind.RUNS_TWICE in found:
        agree = played.twice and FaultKind.RUNS_TWICE in found
    elif played.stuck or played.endless:
        # Parts are judged one by one, so one may be stuck and another have a dead step.
        agree = (FaultKind.STUCK in found) == played.stuck and (played.stuck or FaultKind.NEVER_ENDS in found)
    else:
        dead = {fault.element for fault in verdict.faults if fault.kind is FaultKind.NEVER_HAPPENS}
        agree = found <= {FaultKind.NEVER_HAPPENS, FaultKind.CUTS_OFF} and dead == set(drawing.kinds) - played.worked
        agree = agree and (FaultKind.CUTS_OFF in found) == played.cut
    return None if agree and verdict.decided else f"game {played}, checker {verdict}, drawing {drawing}"


def shrunk(drawing: Drawing) -> Drawing:
    """A smaller process on which they still differ, found by leaving out one flow at a time."""
    smaller = True
    while smaller:
        smaller = False
        for flow in list(drawing.flows):
            fewer = Drawing(drawing.kinds, [one for one in drawing.flows if one is not flow], drawing.border)
            try:
                if disagreement(fewer) is not None:
                    drawing, smaller = fewer, True
                    break
            except (TooBig, StopIteration):
                continue
    return drawing


def block(*kinds: str) -> Drawing:
    """Start → first gateway → two steps → second gateway → step → end."""
    drawing = Drawing()
    start, first, one, other, last, after, end = (
        drawing.node(kind)
        for kind in ("startEvent", kinds[0], "userTask", "userTask", kinds[1], "userTask", "endEvent")
    )
    for source, target in (
        (start, first), (first, one), (first, other), (one, last), (other, last), (last, after), (after, end),
    ):  # fmt: skip
        drawing.flow(source, target)
    return drawing


def only_fault(drawing: Drawing) -> Fault:
    (fault,) = verdict_on(drawing).faults
    return fault


@pytest.mark.parametrize("kind", GATEWAYS)
def test_what_is_split_and_joined_alike_is_sound(kind: str) -> None:
    assert verdict_on(block(kind, kind)).sound


def test_a_lock_after_a_choice_is_found_with_the_shortest_way_there() -> None:
    drawing = block("exclusiveGateway", "parallelGateway")

    fault = only_fault(drawing)

    assert (fault.kind, fault.element) == (FaultKind.STUCK, "n4")
    assert [element for element, _flow in fault.story] == ["n0", "n1", "n2"]
    assert fault.tokens == ("f3",)


def test_two_tokens_that_are_never_joined_run_the_rest_twice() -> None:
    fault = only_fault(block("parallelGateway", "exclusiveGateway"))

    assert (fault.kind, fault.element) == (FaultKind.RUNS_TWICE, "n4")


def test_a_loop_without_a_way_out_never_ends() -> None:
    drawing = Drawing()
    start, gateway, step, _end = (
        drawing.node(kind) for kind in ("startEvent", "exclusiveGateway", "userTask", "endEvent")
    )
    for source, target in ((start, gateway), (gateway, step), (step, gateway)):
        drawing.flow(source, target)

    assert only_fault(drawing).kind is FaultKind.NEVER_ENDS


def test_a_step_nobody_reaches_is_dead() -> None:
    drawing = block("exclusiveGateway", "exclusiveGateway")
    lonely = drawing.node("userTask")
    drawing.flow(lonely, "n6")

    fault = only_fault(drawing)

    assert (fault.kind, fault.element) == (FaultKind.NEVER_HAPPENS, lonely)


def test_an_error_event_that_nothing_inside_can_cause_is_dead() -> None:
    source = (
        HEAD + '<startEvent id="s"><outgoing>a</outgoing></startEvent>'
        '<subProcess id="sub"><incoming>a</incoming><outgoing>b</outgoing>'
        '<startEvent id="s2"><outgoing>c</outgoing></startEvent><endEvent id="e2"><incoming>c</incoming></endEvent>'
        '<sequenceFlow id="c" sourceRef="s2" targetRef="e2"/></subProcess>'
        '<boundaryEvent id="failed" attachedToRef="sub"><outgoing>d</outgoing><errorEventDefinition/></boundaryEvent>'
        '<endEvent id="e"><incoming>b</incoming><incoming>d</incoming></endEvent>'
        '<sequenceFlow id="a" sourceRef="s" targetRef="sub"/><sequenceFlow id="b" sourceRef="sub" targetRef="e"/>'
        '<sequenceFlow id="d" sourceRef="failed" targetRef="e"/></process></definitions>'
    )

    (first, *_rest) = soundness(read(source.encode()))

    assert [(fault.kind, fault.element) for fault in first.faults] == [(FaultKind.NEVER_HAPPENS, "failed")]


def test_many_branches_that_end_by_themselves_are_decided() -> None:
    assert verdict_on(fan("endEvent")).sound


def test_an_end_that_cuts_off_sixteen_branches_is_told() -> None:
    assert [fault.kind for fault in verdict_on(fan("terminate")).faults] == [FaultKind.CUTS_OFF]


def test_beyond_the_bound_nothing_is_guessed() -> None:
    drawing = Drawing()
    start, split, join, end = (
        drawing.node(kind) for kind in ("startEvent", "inclusiveGateway", "inclusiveGateway", "endEvent")
    )
    drawing.flow(start, split)
    drawing.flow(join, end)
    for _way in range(9):  # more than are unfolded into their combinations
        step = drawing.node("userTask")
        drawing.flow(split, step)
        drawing.flow(step, join)
    diagram = read(drawing.xml())

    (verdict,) = soundness(diagram)
    (finding,) = [each for each in check(diagram, rules="house") if each.rule == "house/soundness"]

    assert not verdict.decided
    assert not verdict.sound
    assert finding.severity is Severity.WARNING


def test_where_the_search_stops_early_no_fault_is_invented() -> None:
    for seed in range(300):
        diagram = read(wired(random.Random(seed)).xml())
        small, whole = next(soundness(diagram, bound=2)), next(soundness(diagram))

        if not small.decided:
            assert not small.sound
        assert {fault.kind for fault in small.faults} <= {fault.kind for fault in whole.faults} | {FaultKind.STUCK}


def fan(end: str) -> Drawing:
    """Sixteen parallel branches, each with an end of its own; `end` is the kind of the last one."""
    drawing = Drawing()
    start, split = drawing.node("startEvent"), drawing.node("parallelGateway")
    drawing.flow(start, split)
    for branch in range(16):
        step = drawing.node("userTask")
        drawing.flow(split, step)
        drawing.flow(step, drawing.node("endEvent" if branch else end))
    return drawing


def test_two_hundred_elements_take_less_than_a_second() -> None:
    dice = random.Random(7)
    drawing = grown(dice)
    while len(drawing.kinds) < 200:
        grow(drawing, dice)
    diagram = read(drawing.xml())

    assert least_effort(lambda: list(soundness(diagram)), within=1) < 1


def test_the_story_is_told_in_the_language_of_the_reader() -> None:
    diagram = read(block("exclusiveGateway", "parallelGateway").xml())
    (finding,) = [finding for finding in check(diagram, rules="house") if finding.rule == "house/soundness"]

    assert finding.element == "n4"
    assert finding.path[:3] == ("n0", "f0", "n1")
    use_language("en")
    try:
        (verdict,) = soundness(diagram)
        told = stories.message(diagram, verdict.faults[0])
    finally:
        use_language("zh")
    assert told.startswith("A case can get stuck: n4 waits in vain for")
    assert "1 n0 → 2 n1 [f1] → 3 n2" in told


def faults(diagram: Diagram) -> list[tuple[str, str]]:
    return [(str(fault.kind), fault.element) for verdict in soundness(diagram) for fault in verdict.faults]


STUCK_INSIDE = (
    '<subProcess id="sub"><startEvent id="is"/><exclusiveGateway id="ig"/><userTask id="ia"/><userTask id="ib"/>'
    '<parallelGateway id="ij"/><endEvent id="ie"/>'
    + "".join(
        f'<sequenceFlow id="{a}_{b}" sourceRef="{a}" targetRef="{b}"/>'
        for a, b in (("is", "ig"), ("ig", "ia"), ("ig", "ib"), ("ia", "ij"), ("ib", "ij"), ("ij", "ie"))
    )
    + "</subProcess>"
)


def test_a_sub_process_that_gets_stuck_is_not_excused_by_a_timer_on_its_border() -> None:
    diagram = process(
        "startEvent s", STUCK_INSIDE, f'<boundaryEvent id="late" attachedToRef="sub">{TIMER}</boundaryEvent>',
        "endEvent e", "s > sub", "sub > e", "late > e",
    )  # fmt: skip

    assert faults(diagram) == [("stuck", "ij")]


def test_whatever_an_event_gateway_waits_for_goes_on_alone() -> None:
    diagram = process(
        "startEvent s", "eventBasedGateway g", f'<intermediateCatchEvent id="a">{TIMER}</intermediateCatchEvent>',
        "receiveTask b", "exclusiveGateway j", "endEvent e",
        "s > g", "g > a", "g > b", "a > j", "b > j", "j > e",
    )  # fmt: skip

    assert faults(diagram) == []


def test_a_timer_that_interrupts_takes_the_token_with_it() -> None:
    diagram = process(
        "startEvent s", "userTask t", f'<boundaryEvent id="late" attachedToRef="t">{TIMER}</boundaryEvent>',
        "parallelGateway j", "endEvent e", "s > t", "t > j", "late > j", "j > e",
    )  # fmt: skip

    assert faults(diagram) == [("stuck", "j")]


def test_a_reminder_in_a_loop_may_be_open_twice() -> None:
    late = f'<boundaryEvent id="late" attachedToRef="t" cancelActivity="false">{TIMER}</boundaryEvent>'
    diagram = process(
        "startEvent s", "exclusiveGateway j", "userTask t", late, "userTask remind", "endEvent e2",
        "exclusiveGateway g", "endEvent e", "s > j", "j > t", "t > g", "g > e", "g > j", "late > remind", "remind > e2",
    )  # fmt: skip

    assert faults(diagram) == []


def test_a_link_is_a_flow_without_a_line() -> None:
    link = '<linkEventDefinition name="on"/>'
    diagram = process(
        "startEvent s", f'<intermediateThrowEvent id="out">{link}</intermediateThrowEvent>',
        f'<intermediateCatchEvent id="in">{link}</intermediateCatchEvent>', "userTask t", "endEvent e",
        "s > out", "in > t", "t > e",
    )  # fmt: skip

    assert faults(diagram) == []


def test_an_error_inside_leads_to_its_event_on_the_border() -> None:
    thrown = sub(
        "sub", "startEvent is", "userTask it", "exclusiveGateway ix", "endEvent ok",
        'endEvent ie <errorEventDefinition errorRef="x"/>', "is > it > ix > ok", "ix > ie",
    )  # fmt: skip
    caught = '<boundaryEvent id="failed" attachedToRef="sub"><errorEventDefinition errorRef="{}"/></boundaryEvent>'
    errors = '<error id="x" errorCode="REFUSED"/><error id="y" errorCode="OTHER"/>'
    rest = ("startEvent s", thrown, "endEvent e", "endEvent e2", "s > sub", "sub > e", "failed > e2")

    right = process(*rest, caught.format("x"), before=errors)
    wrong = process(*rest, caught.format("y"), before=errors)

    assert faults(right) == []
    assert faults(wrong) == [("never-happens", "e2"), ("never-happens", "failed")]


def test_conditions_on_the_ways_out_of_a_step_may_choose_one_or_several() -> None:
    choice = "<conditionExpression>=x</conditionExpression>"
    diagram = process(
        "startEvent s", "userTask t", "userTask a", "userTask b", "parallelGateway j", "endEvent e", "s > t",
        f'<sequenceFlow id="ta" sourceRef="t" targetRef="a">{choice}</sequenceFlow>',
        f'<sequenceFlow id="tb" sourceRef="t" targetRef="b">{choice}</sequenceFlow>',
        "a > j", "b > j", "j > e",
    )  # fmt: skip

    assert faults(diagram) == [("stuck", "j")]


GALLERY = sorted((Path(__file__).parents[2] / "docs" / "soundness").glob("*.bpmn"))


@pytest.mark.parametrize("file", GALLERY, ids=lambda file: file.stem)
def test_a_drawing_of_the_gallery_has_the_fault_that_its_page_shows(file: Path) -> None:
    page = file.with_suffix(".md").read_text()

    picture = file.with_suffix(".svg").read_text()
    for language in ("en", "zh"):
        use_language(language)
        try:
            found = check(read(file.read_bytes()), rules="house")
        finally:
            use_language("zh")
        findings = [finding for finding in found if f"`{finding.rule}` at `{finding.element}`" in page]

        assert findings
        assert all(finding.message in page for finding in findings)
        assert all(f'id="e-{finding.element}"' in picture for finding in findings)
    assert "## What to draw instead" in page
