"""The proof of the proof: bugs put into the checker on purpose are all found by the comparison with the plain game."""

from __future__ import annotations

import importlib.util
import random
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from tests.unit.random_nets import Drawing, grown, wired
from tests.unit.token_game import Game, Played, TooBig
from workflow_runtime.diagram import Diagram, nets, read, reduction, soundness, states
from workflow_runtime.diagram.soundness import FaultKind, Verdict

#: module, what stands there, what the bug makes of it
BUGS: dict[str, tuple[ModuleType, str, str]] = {
    "a token passed on to a place it may already hold": (
        reduction,
        "if any((self._moves[n].post - {place}) & move.post for n in self._producers[place]):",
        "if False:",
    ),
    "only the first choice kept": (reduction, "for choice in choices:\n", "for choice in choices[:1]:\n"),
    "inclusive joins overlooked when choosing": (
        reduction,
        "or not all(self._unseen(place, choice) for choice in choices)",
        "",
    ),
    "a loop dropped that is the only way": (
        reduction,
        "if not any(self._moves[n].pre == {place} != self._moves[n].post for n in self._consumers[place]):",
        "if False:",
    ),
    "twins by producers alone": (reduction, "and self._consumers[other] == self._consumers[place]", ""),
    "twins by consumers alone": (reduction, "and self._producers[other] == self._producers[place]", ""),
    "elements lost when moves are merged": (reduction, "nodes=first.nodes | move.nodes)", "nodes=first.nodes)"),
    "elements lost when moves are joined": (reduction, "nodes=first.nodes | then.nodes", "nodes=first.nodes"),
    "ends of loops taken out": (reduction, "or self._on_loop(begin)", ""),
    "branches that an end cuts off taken out": (
        reduction,
        "or end.joins_any or self._keep_ends:",
        "or end.joins_any:",
    ),
    "ends that cut others off taken out": (reduction, "or end.clears or end.joins_any", "or end.joins_any"),
    "an inclusive block closed over different splits": (reduction, "m.pre != pre or not m.post <= join.pre or", ""),
    "ends taken out": (reduction, "and bool(move.post) and", "and"),
    "a second token overlooked": (states, "if rest & move.post and not move.clears:", "if False:"),
    "stuck states overlooked": (states, "if not moved and state:", "if not moved and not state:"),
    "terminate that ends nothing": (states, "0 if move.clears else rest | move.post", "rest | move.post"),
    "an inclusive join that waits too long": (states, "to_missing & ~to_present", "to_missing"),
    "an inclusive join that does not wait": (
        states,
        "return not state & ~self.pre & to_missing",
        "return True or 0",
    ),
    "endless loops overlooked": (states, "if state not in good]", "if state < 0]"),
    "a parallel join content with one token": (states, "state & self.pre == self.pre", "bool(state & self.pre)"),
    "a join that waits for itself": (states, "if transition is not join:", "if True:"),
    "what works at the beginning forgotten": (soundness, "alive = certain.union(", "alive = frozenset[str]().union("),
    "inclusive gateways that take all ways": (nets, "range(1, len(places) + 1)", "range(len(places), len(places) + 1)"),
    "interrupting events that never happen": (
        nets,
        "            if event.interrupting:\n",
        "            if event.interrupting and False:\n",
    ),
    "reminders that swallow their step": (nets, "post | {later}, event.id", "post, event.id"),
    "terminate taken for a plain end": (nets, '("terminate", "error", "cancel")', '("error", "cancel")'),
    "exclusive gateways that take their first way": (nets, "for other in out]", "for other in out[:1]]"),
}


@cache
def games() -> tuple[tuple[Diagram, frozenset[str], Played], ...]:
    """Random processes, their elements and what the plain game makes of them; the same for every bug."""
    found = []
    for drawing in (*((grown if seed % 2 else wired)(random.Random(seed)) for seed in SEEDS), cut_off_branches()):
        diagram = read(drawing.xml())
        try:
            found.append((diagram, frozenset(drawing.kinds), Game(diagram, "p").play(400)))
        except TooBig:
            continue
    return tuple(found)


def cut_off_branches() -> Drawing:
    """Three parallel branches with ends of their own, one of which cuts off the others; chance never draws it."""
    drawing = Drawing()
    start, split = drawing.node("startEvent"), drawing.node("parallelGateway")
    drawing.flow(start, split)
    for kind in ("terminate", "endEvent", "endEvent"):
        step = drawing.node("userTask")
        drawing.flow(split, step)
        drawing.flow(step, drawing.node(kind))
    return drawing


#: the first few hundred, and those on which rare bugs show
SEEDS = (*range(240), 429, 763, 1996, 3512, 4246, 5893)


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_in_the_checker_is_found(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, right, wrong = BUGS[name]
    broken = with_bug(module, right, wrong, tmp_path)
    if module is not soundness:
        entry = {reduction: "reduced", nets: "net_of", states: "States"}[module]
        monkeypatch.setattr(soundness, entry, getattr(broken, entry))
    checker = broken if module is soundness else soundness

    assert any(differs(checker, diagram, elements, played) for diagram, elements, played in games())


def test_without_a_bug_nothing_differs() -> None:
    assert not any(differs(soundness, diagram, elements, played) for diagram, elements, played in games())


def differs(checker: ModuleType, diagram: Diagram, elements: frozenset[str], played: Played) -> bool:
    try:
        verdict: Verdict = next(checker.soundness(diagram))
    except (KeyError, IndexError, ValueError, RecursionError):
        return True
    found = {str(fault.kind) for fault in verdict.faults}
    if played.twice or FaultKind.RUNS_TWICE in found:
        return not (played.twice and FaultKind.RUNS_TWICE in found)
    if played.stuck or played.endless:
        return (FaultKind.STUCK in found) != played.stuck or not (played.stuck or FaultKind.NEVER_ENDS in found)
    dead = {fault.element for fault in verdict.faults if str(fault.kind) == FaultKind.NEVER_HAPPENS}
    return dead != elements - played.worked or (FaultKind.CUTS_OFF in found) != played.cut


def with_bug(module: ModuleType, right: str, wrong: str, folder: Path) -> ModuleType:
    """A copy of a module of the checker with one place changed."""
    source = Path(str(module.__file__)).read_text()
    assert source.count(right) == 1, f"the place of the bug is gone: {right}"
    file = folder / f"{module.__name__.rpartition('.')[2]}_with_bug.py"
    file.write_text(source.replace(right, wrong))
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    copy = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, file.stem, copy)
        spec.loader.exec_module(copy)
    return copy
