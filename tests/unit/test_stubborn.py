"""Partial order reduction tells what the full search tells, with far fewer states; bugs put into it are found."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.effort import least_effort
from tests.unit.random_nets import Drawing, grown, wired
from tests.unit.test_soundness_mutants import with_bug
from workflow_runtime.diagram import read, stubborn
from workflow_runtime.diagram.nets import Net, TooMany, net_of
from workflow_runtime.diagram.states import States

BOUND = 3_000


def plain_nets(seeds: range) -> Iterator[tuple[int, Net, States]]:
    """Nets as drawn, not made smaller, of random processes without inclusive joins and terminate ends."""
    for seed in seeds:
        dice = random.Random(seed)
        drawing = (grown if seed % 2 else wired)(dice)
        for id, kind in drawing.kinds.items():
            if kind == "inclusiveGateway":
                drawing.kinds[id] = dice.choice(("parallelGateway", "exclusiveGateway"))
            elif kind == "terminate":
                drawing.kinds[id] = "endEvent"
        try:
            net = net_of(read(drawing.xml()), "p")
        except TooMany:
            continue
        whole = States(net, BOUND)
        if whole.complete:
            yield seed, net, whole


def told(net: Net, states: States) -> object:
    """What a search says; behind a second token nothing more is compared."""
    if states.twice:
        return "twice"
    worked = frozenset[str]().union(*(net.transitions[number].nodes for number in states.fired))
    return bool(states.stuck), bool(states.endless), worked


def test_it_tells_what_the_full_search_tells(long: bool) -> None:
    compared = visited = needed = 0
    for seed, net, whole in plain_nets(range(10_000 if long else 700)):
        fewer = stubborn.FewerStates(net, BOUND)

        assert told(net, fewer) == told(net, whole), f"seed {seed}"
        compared, visited, needed = compared + 1, visited + len(whole.came_from), needed + len(fewer.came_from)

    assert compared > 600
    assert needed < visited / 2


def wide(branches: int, steps: int) -> Drawing:
    """Parallel branches of steps, with choices, errors on borders, and branches that wait for each other."""
    dice, drawing = random.Random(1), Drawing()
    start, split, join = (drawing.node(kind) for kind in ("startEvent", "parallelGateway", "parallelGateway"))
    drawing.flow(start, split)
    ends = []
    for _branch in range(branches):
        at = split
        for number in range(steps):
            step = drawing.node("userTask")
            drawing.flow(at, step)
            at = step
            if number % 3 == 1:
                choice, meeting, other = (
                    drawing.node(kind) for kind in ("exclusiveGateway", "exclusiveGateway", "userTask")
                )
                drawing.flow(at, choice)
                drawing.flow(choice, meeting)
                drawing.flow(choice, other)
                drawing.flow(other, meeting)
                late = drawing.node("boundaryEvent")
                drawing.border[late] = (step, True)
                drawing.flow(late, meeting)
                at = meeting
        ends.append(at)
    for _crossing in range(branches):
        one, two = dice.sample(range(branches), 2)
        fork, meeting = drawing.node("parallelGateway"), drawing.node("parallelGateway")
        drawing.flow(ends[one], fork)
        drawing.flow(ends[two], meeting)
        drawing.flow(fork, meeting)
        ends[one], ends[two] = fork, meeting
    for end in ends:
        drawing.flow(end, join)
    drawing.flow(join, drawing.node("endEvent"))
    return drawing


def test_twenty_branches_of_ten_steps_need_hundreds_of_states_and_not_billions() -> None:
    net = net_of(read(wide(20, 10).xml()), "p")

    fewer = stubborn.FewerStates(net, 20_000)

    assert fewer.complete
    assert not (fewer.twice or fewer.stuck or fewer.endless)
    assert len(fewer.came_from) < 2_000
    assert least_effort(lambda: stubborn.FewerStates(net, 20_000), within=1) < 1
    assert not States(net, 20_000).complete


BUGS = {
    "rivals forgotten": ("found.update(self._consumers[place])", "pass"),
    "helpers forgotten": ("return set(self._producers[lacking])", "return set()"),
    "what is postponed is forgotten": ("if all(_after(self._moves[number], state) in way", "if False and all(True"),
    "second tokens forgotten": ("if place not in self._net.transitions[bringer].pre:", "if False:"),
    "stuck states overlooked": ("if not enabled and state:", "if not enabled and not state:"),
}  # fmt: skip


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_in_it_is_found(name: str, tmp_path: Path) -> None:
    broken = with_bug(stubborn, *BUGS[name], tmp_path)

    def differs(net: Net, whole: States) -> bool:
        try:
            return told(net, broken.FewerStates(net, BOUND)) != told(net, whole)
        except StopIteration:
            return True

    assert any(differs(net, whole) for _seed, net, whole in plain_nets(range(1_500)))
