"""The states of a net, one by one: every one it can reach, up to a bound."""

from __future__ import annotations

from collections import deque

from workflow_runtime.diagram.nets import Net, Transition

#: Looks at a transition in a state; the bound of effort where a net has many transitions.
MOST_LOOKS = 8_000_000


class States:
    """Every state a net can reach, breadth first, up to a bound. A state is a number whose bits are places."""

    def __init__(self, net: Net, bound: int, goals: frozenset[str] = frozenset()) -> None:
        self._moves = [Move(net, transition) for transition in net.transitions]
        self._always, self._by_place = _indexed(self._moves)
        self._transitions, self._begun = net.transitions, net.begun
        first = mask(net.initial)
        self.came_from: dict[int, tuple[int, int] | None] = {first: None}
        self.fired: set[int] = set()
        self.twice: list[tuple[int, int]] = []
        self.stuck: list[int] = []
        self.cut: list[tuple[int, int]] = []
        self._goals = goals
        self._reached: dict[str, tuple[int, int]] = {}
        self._before: dict[int, list[int]] = {}
        self.complete = self._explore(net, first, bound)
        self.endless = self._cannot_finish() if self.complete else []

    def _explore(self, net: Net, first: int, bound: int) -> bool:
        """Visit the states, breadth first; whether all of them were visited."""
        waiting = deque([first])
        looks = 0
        while waiting and len(self.came_from) <= bound and looks <= MOST_LOOKS:
            looks += len(self._moves)
            self._visit(waiting.popleft(), waiting)
        return not waiting

    def _visit(self, state: int, waiting: deque[int]) -> None:
        moved = False
        for number in self._perhaps(state):
            move = self._moves[number]
            if not move.enabled(state):
                continue
            moved = True
            self.fired.add(number)
            for goal in self._transitions[number].nodes & self._goals:
                self._reached.setdefault(goal, (state, number))
            rest = state & ~move.pre
            if move.clears and rest:
                self.cut.append((state, number))
            if rest & move.post and not move.clears:
                self.twice.append((state, number))
                continue
            following = 0 if move.clears else rest | move.post
            self._before.setdefault(following, []).append(state)
            if following not in self.came_from:
                self.came_from[following] = (state, number)
                waiting.append(following)
        if not moved and state:
            self.stuck.append(state)

    def _perhaps(self, state: int) -> list[int]:
        """Moves that may be possible in a state, in their order: those whose first place is marked, and all joins."""
        found = list(self._always)
        left = state
        while left:
            place = left & -left
            left ^= place
            found += self._by_place.get(place, ())
        found.sort()
        return found

    def _cannot_finish(self) -> list[int]:
        """States from which no way leads to the end, nearest first (stuck ones and those cut short not counted)."""
        good = {0, *self.stuck, *(state for state, _number in self.twice)}
        waiting = list(good)
        while waiting:
            for before in self._before.get(waiting.pop(), ()):
                if before not in good:
                    good.add(before)
                    waiting.append(before)
        return [state for state in self.came_from if state not in good]

    def way_to(self, state: int) -> list[int]:
        """The moves from the beginning to a state, as few as possible."""
        way: list[int] = []
        while (step := self.came_from[state]) is not None:
            state, number = step
            way.append(number)
        return way[::-1]

    def ways_to_goals(self) -> dict[str, list[int]]:
        """The shortest way to each goal element that was reached, its own move included."""
        return {goal: [*self.way_to(state), number] for goal, (state, number) in sorted(self._reached.items())}

    def parts(self, way: list[int]) -> list[int]:
        """The moves of the whole net that these moves stand for."""
        return [*self._begun, *(part for number in way for part in self._transitions[number].parts)]


def mask(places: frozenset[int]) -> int:
    return sum(1 << place for place in places)


class Move:
    """A transition as bit masks."""

    __slots__ = ("_ways", "clears", "post", "pre")

    def __init__(self, net: Net, transition: Transition) -> None:
        self.pre, self.post, self.clears = mask(transition.pre), mask(transition.post), transition.clears
        self._ways = _ways_to(net, transition) if transition.joins_any else None

    @property
    def joins_any(self) -> bool:
        """Whether one full way in can be enough."""
        return self._ways is not None

    def enabled(self, state: int) -> bool:
        if self._ways is None:
            return state & self.pre == self.pre
        there = state & self.pre
        if not there:
            return False
        to_missing = to_present = 0
        for place, ways in self._ways:
            if there & place:
                to_present |= ways
            else:
                to_missing |= ways
        # BPMN 2.0.2, 13.4.3: wait while a token can still come to an empty way in, but not to a full one.
        return not state & ~self.pre & to_missing & ~to_present


def _indexed(moves: list[Move]) -> tuple[list[int], dict[int, list[int]]]:
    """The moves to be asked in every state, and by the lowest bit of what they need those to be asked where it is."""
    always: list[int] = []
    by_place: dict[int, list[int]] = {}
    for number, move in enumerate(moves):
        if move.joins_any or not move.pre:
            always.append(number)
        else:
            by_place.setdefault(move.pre & -move.pre, []).append(number)
    return always, by_place


def _ways_to(net: Net, join: Transition) -> list[tuple[int, int]]:
    """For each way into an inclusive join: its bit, and the places from which a token can get there."""
    before: dict[int, set[int]] = {}
    for transition in net.transitions:
        if transition is not join:
            for place in transition.post:
                before.setdefault(place, set()).update(transition.pre)
    found = []
    for goal in join.pre:
        reached, waiting = {goal}, [goal]
        while waiting:
            for place in before.get(waiting.pop(), ()):
                if place not in reached:
                    reached.add(place)
                    waiting.append(place)
        found.append((1 << goal, mask(frozenset(reached))))
    return found
