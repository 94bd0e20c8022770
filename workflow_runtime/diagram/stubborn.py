"""Partial order reduction: of moves that have nothing to do with each other, one order instead of all.

In each state only a *stubborn set* of moves is followed (Valmari 1991; Valmari and Hansen, "Stubborn set intuition
explained", 2017): moves such that nothing outside the set can take away what they need, or bring what they lack,
before one of them is made. What is postponed is not forgotten: a state from which the set leads only back to states
that are still being explored is followed in full.

That keeps every dead end, every move that can ever be made, and whether the end can be reached. A second token on a
place is kept because it is asked for like a move: a set that takes a token from a place also holds whatever might
bring a second one there first.

Inclusive joins look at tokens anywhere, and a terminate end takes all of them: no move is independent of those.
"""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.nets import Net
from workflow_runtime.diagram.states import Move, States


class FewerStates(States):
    """The states that are needed to tell whether a net is sound; depth first."""

    @staticmethod
    def suits(net: Net) -> bool:
        """Whether the net has only moves that take certain tokens and put certain tokens."""
        return not any(move.joins_any or move.clears for move in net.transitions)

    def _explore(self, net: Net, first: int, bound: int) -> bool:
        self._net = net
        self._producers: dict[int, list[int]] = {place: [] for place in range(len(net.names))}
        self._consumers: dict[int, list[int]] = {place: [] for place in range(len(net.names))}
        for number, transition in enumerate(net.transitions):
            for place in transition.post:
                self._producers[place].append(number)
            for place in transition.pre:
                self._consumers[place].append(number)
        way = {first}  # the states that are still being explored
        stack: list[tuple[int, Iterator[int]]] = [(first, iter(self._followed(first, way)))]
        while stack and len(self.came_from) <= bound:
            state, moves = stack[-1]
            try:
                number = next(moves)
            except StopIteration:
                stack.pop()
                way.discard(state)
                continue
            self.fired.add(number)
            move = self._moves[number]
            if state & ~move.pre & move.post:
                continue
            following = _after(move, state)
            self._before.setdefault(following, []).append(state)
            if following not in self.came_from:
                self.came_from[following] = (state, number)
                way.add(following)
                stack.append((following, iter(self._followed(following, way))))
        return not stack

    def _followed(self, state: int, way: set[int]) -> list[int]:
        """The moves that are followed from a state."""
        enabled = [number for number, move in enumerate(self._moves) if move.enabled(state)]
        if not enabled and state:
            self.stuck.append(state)
        for number in enabled:
            move = self._moves[number]
            if state & ~move.pre & move.post:
                self.twice.append((state, number))
        fewest = enabled
        for number in enabled:
            fewest = self._stubborn(number, state, len(fewest)) or fewest
            if len(fewest) == 1:
                break
        if all(_after(self._moves[number], state) in way for number in fewest):
            return enabled
        return fewest

    def _stubborn(self, seed: int, state: int, most: int) -> list[int] | None:
        """The enabled moves of the smallest stubborn set around a move; None when there are not fewer than `most`."""
        held, waiting, enabled = {seed}, [seed], []
        while waiting:
            number = waiting.pop()
            if self._moves[number].enabled(state):
                enabled.append(number)
                if len(enabled) >= most:
                    return None
                more = self._rivals(number, state)
            else:
                more = self._helpers(number, state)
            waiting.extend(more - held)
            held |= more
        return sorted(enabled)

    def _rivals(self, number: int, state: int) -> set[int]:
        """Who may take a token that the move needs, or bring a second one to a place it takes from."""
        found: set[int] = set()
        for place in self._net.transitions[number].pre:
            found.update(self._consumers[place])
            for bringer in self._producers[place]:
                if place not in self._net.transitions[bringer].pre:
                    found |= {bringer} if self._moves[bringer].enabled(state) else self._helpers(bringer, state)
        return found

    def _helpers(self, number: int, state: int) -> set[int]:
        """Who may bring a token that the move lacks: it cannot be made before one of them is."""
        lacking = next(place for place in sorted(self._net.transitions[number].pre) if not state >> place & 1)
        return set(self._producers[lacking])


def _after(move: Move, state: int) -> int:
    return state & ~move.pre | move.post
