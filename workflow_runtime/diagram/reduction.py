"""A smaller net that has the same faults: rules that take out places and transitions which cannot matter.

Each rule keeps whether the net can get stuck, whether a place can get a second token, whether it can always finish,
and which elements can ever work. Structured diagrams shrink to a handful of places, however long they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from workflow_runtime.diagram.nets import Net, Transition

#: A choice is moved in front of its place only while it multiplies transitions no further than this.
MOST_PRODUCTS = 16
#: A net that takes more rewriting than this is left as it is then: bigger, and just as right.
MOST_REWRITES = 20_000


def reduced(net: Net, *, keep_ends: bool = False) -> tuple[Net, frozenset[str]]:
    """The smaller net, and the elements that work for certain because they were taken out of its beginning.

    `keep_ends`: branches that only end stay, for the question whether an end elsewhere cuts them off.
    """
    reduction = _Reduction(net, keep_ends)
    reduction.run()
    return reduction.result(), frozenset(reduction.certain)


class _Reduction:
    def __init__(self, net: Net, keep_ends: bool) -> None:
        self._net = net
        self._keep_ends = keep_ends
        self._initial = set(net.initial)
        self._moves: dict[int, Transition] = {}
        self._producers: dict[int, set[int]] = {place: set() for place in range(len(net.names))}
        self._consumers: dict[int, set[int]] = {place: set() for place in range(len(net.names))}
        self._next = 0
        self._begun: list[int] = []
        self.certain: set[str] = set()
        for transition in net.transitions:
            self._add(transition)
        self._leads_to = self._ways_into_joins()

    def result(self) -> Net:
        return Net(
            list(self._moves.values()),
            self._net.names,
            self._net.nodes,
            frozenset(self._initial),
            (*self._net.begun, *self._begun),
        )

    def run(self) -> None:
        rules: tuple[Callable[[int], bool], ...] = (
            self._drop_loops,
            self._pass_on,
            self._choose_early,
            self._drop_twin,
            self._end_alone,
        )
        work = list(self._producers)
        while work:
            waiting, work = work, []
            for place in waiting:
                if place not in self._producers:
                    continue
                if self._next > MOST_REWRITES:
                    return
                near = self._around(place)
                if any(rule(place) for rule in rules):
                    work.append(place)
                    work.extend(near | self._around(place))
            if not work and self._merge_twins() | self._close_inclusive():
                work = list(self._producers)
            work = list(dict.fromkeys(work))

    def _around(self, place: int) -> set[int]:
        found: set[int] = set()
        for move in self._producers.get(place, set()) | self._consumers.get(place, set()):
            found |= self._moves[move].pre | self._moves[move].post
        return found

    # --- bookkeeping --------------------------------------------------------------------------------------------

    def _add(self, transition: Transition) -> None:
        number, self._next = self._next, self._next + 1
        if transition.joins_any and len(transition.pre) == 1:
            transition = replace(transition, joins_any=False)
        self._moves[number] = transition
        for place in transition.pre:
            self._consumers[place].add(number)
        for place in transition.post:
            self._producers[place].add(number)

    def _remove(self, number: int) -> Transition:
        transition = self._moves.pop(number)
        for place in transition.pre:
            self._consumers[place].discard(number)
        for place in transition.post:
            self._producers[place].discard(number)
        return transition

    def _forget(self, place: int) -> None:
        del self._producers[place], self._consumers[place]
        self._initial.discard(place)

    def _simple(self, number: int, place: int) -> bool:
        """A transition that only takes the token of this place, and puts it somewhere else."""
        move = self._moves[number]
        plain = not move.joins_any and not move.clears
        return plain and move.pre == {place} and bool(move.post) and place not in move.post

    # --- rules --------------------------------------------------------------------------------------------------

    def _drop_loops(self, place: int) -> bool:
        """A move that puts the token back where it was changes nothing, as long as it can also go on."""
        if not any(self._moves[n].pre == {place} != self._moves[n].post for n in self._consumers[place]):
            return False
        for number in self._consumers[place]:
            if self._moves[number].pre == self._moves[number].post == {place}:
                loop = self._remove(number)
                if place in self._initial:
                    self.certain |= loop.nodes
                for producer in list(self._producers[place]):
                    move = self._remove(producer)
                    self._add(replace(move, nodes=move.nodes | loop.nodes))
                return True
        return False

    def _pass_on(self, place: int) -> bool:
        """A place with one way on: whoever would put a token there puts it where it goes."""
        if len(self._consumers[place]) != 1:
            return False
        (number,) = self._consumers[place]
        move = self._moves[number]
        if not self._simple(number, place) or not self._unseen(place, move):
            return False
        if any((self._moves[n].post - {place}) & move.post for n in self._producers[place]):
            return False
        if place in self._initial:
            if (self._initial - {place}) & move.post:
                return False
            self._initial |= move.post
            self._begun.extend(move.parts)
            self.certain |= move.nodes
        self._remove(number)
        for producer in list(self._producers[place]):
            self._add(_one_after_other(self._remove(producer), move, place))
        self._forget(place)
        return True

    def _choose_early(self, place: int) -> bool:
        """A place where only a choice is made: whoever puts a token there makes the choice."""
        producers, consumers = self._producers[place], self._consumers[place]
        if place in self._initial or not producers or len(consumers) < 2:
            return False
        if len(producers) * len(consumers) > MOST_PRODUCTS or not all(self._simple(n, place) for n in consumers):
            return False
        moves, choices = [self._moves[n] for n in producers], [self._moves[n] for n in consumers]
        if any(move.joins_any for move in moves) or not all(self._unseen(place, choice) for choice in choices):
            return False
        if any((move.post - {place}) & choice.post for move in moves for choice in choices):
            return False
        for number in [*producers, *consumers]:
            self._remove(number)
        for move in moves:
            for choice in choices:
                self._add(_one_after_other(move, choice, place))
        self._forget(place)
        return True

    def _drop_twin(self, place: int) -> bool:
        """A place that always has a token together with another one says nothing new."""
        around = self._producers[place] or self._consumers[place]
        if not around:
            return False
        sample = self._moves[next(iter(around))]
        for other in sorted(sample.pre | sample.post):
            if (
                other != place
                and self._producers[other] == self._producers[place]
                and self._consumers[other] == self._consumers[place]
                and (other in self._initial) == (place in self._initial)
                and self._consumers[place]
            ):
                for number in [*self._producers[place] | self._consumers[place]]:
                    move = self._remove(number)
                    self._add(replace(move, pre=move.pre - {place}, post=move.post - {place}))
                self._forget(place)
                return True
        return False

    def _end_alone(self, place: int) -> bool:
        """A branch that only ends says nothing, where it can begin but once.

        Once is certain when the move that begins it is on no loop: could it be made twice nevertheless, two tokens
        would meet on some place before it.
        """
        if len(self._consumers[place]) != 1 or len(self._producers[place]) + (place in self._initial) != 1:
            return False
        (last,) = self._consumers[place]
        end = self._moves[last]
        if end.pre != {place} or end.post or end.clears or end.joins_any or self._keep_ends:
            return False
        if place in self._initial:
            self.certain |= end.nodes
            self._begun.extend(end.parts)
        else:
            (first,) = self._producers[place]
            begin = self._moves[first]
            if len(begin.post) < 2 or self._on_loop(begin):
                return False
            self._remove(first)
            self._add(replace(begin, post=begin.post - {place}, nodes=begin.nodes | end.nodes))
        self._remove(last)
        self._forget(place)
        return True

    def _on_loop(self, move: Transition) -> bool:
        reached, waiting = set(move.post), list(move.post)
        while waiting:
            for number in self._consumers[waiting.pop()]:
                for place in self._moves[number].post - reached:
                    reached.add(place)
                    waiting.append(place)
        return bool(reached & move.pre)

    def _merge_twins(self) -> bool:
        """Two moves that do the same are one."""
        seen: dict[object, int] = {}
        merged = False
        for number, move in list(self._moves.items()):
            key = (move.pre, move.post, move.joins_any, move.clears)
            if key in seen:
                first = self._remove(seen[key])
                self._remove(number)
                self._add(replace(first, nodes=first.nodes | move.nodes))
                seen[key] = self._next - 1
                merged = True
            else:
                seen[key] = number
        return merged

    def _close_inclusive(self) -> bool:
        """An inclusive split whose every way leads straight to one inclusive join is a single step."""
        for number, join in list(self._moves.items()):
            if not join.joins_any or join.pre & self._initial:
                continue
            splits = set().union(*(self._producers[place] for place in join.pre))
            if not splits or any(self._consumers[place] != {number} for place in join.pre):
                continue
            moves = [self._moves[n] for n in splits]
            pre = moves[0].pre
            if any(m.pre != pre or not m.post <= join.pre or m.joins_any or m.clears for m in moves) or pre & join.post:
                continue
            nodes = join.nodes.union(*(move.nodes for move in moves))
            widest = max(moves, key=lambda move: len(move.post))
            for each in [*splits, number]:
                self._remove(each)
            self._add(Transition(pre, join.post, nodes, widest.parts + join.parts))
            for place in join.pre:
                self._forget(place)
            self._leads_to = self._ways_into_joins()
            return True
        return False

    def _unseen(self, place: int, move: Transition) -> bool:
        """Whether no inclusive join can tell that the token has moved on already."""
        return all(self._leads_to.get(after, 0) == self._leads_to.get(place, 0) for after in move.post)

    def _ways_into_joins(self) -> dict[int, int]:
        """For each place the ways into inclusive joins that its token can still take, as bits."""
        found: dict[int, int] = {}
        bit = 1
        for number, join in self._moves.items():
            for goal in sorted(join.pre) if join.joins_any else ():
                for place in self._before(goal, number):
                    found[place] = found.get(place, 0) | bit
                bit <<= 1
        return found

    def _before(self, goal: int, without: int) -> set[int]:
        reached, waiting = {goal}, [goal]
        while waiting:
            for number in self._producers.get(waiting.pop(), set()) - {without}:
                for place in self._moves[number].pre - reached:
                    reached.add(place)
                    waiting.append(place)
        return reached


def _one_after_other(first: Transition, then: Transition, place: int) -> Transition:
    """Two moves as one: `first` puts a token on `place`, `then` takes it at once."""
    return replace(
        first, post=(first.post - {place}) | then.post, nodes=first.nodes | then.nodes, parts=first.parts + then.parts
    )
