"""The engine against a second opinion: random structured procedures, played beside an interpreter that knows no tokens.

The interpreter walks the blocks (one after the other, a choice, in parallel, some of, again and again, a sub-process
with events at its edge) the way a reader of the drawing would. After every step both must offer the same items.
"""

from __future__ import annotations

import random
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

import pytest

from tests.unit.engine_drawings import Desk, drawn

KEYS = ("p", "q", "r")
Facts = Mapping[str, Any]


class Block:
    """A part of a procedure with one entry and one exit. `begin` starts a performance of it."""

    entry: str
    exit: str

    @abstractmethod
    def words(self) -> Iterator[str]: ...

    @abstractmethod
    def begin(self, facts: Facts) -> Performance: ...


class Performance:
    """A block being performed: what it offers, and whether it is over."""

    over = False

    @abstractmethod
    def offers(self) -> list[str]: ...

    @abstractmethod
    def complete(self, element: str, facts: Facts) -> bool:
        """Complete an offered element; True when it was one of ours."""

    def hears(self, signal: str, facts: Facts) -> None:
        """A signal; most do not care."""


class Writer:
    """Random blocks with ids of their own."""

    def __init__(self, seed: int) -> None:
        self.random, self.number = random.Random(seed), count(1)

    def id(self, letter: str) -> str:
        return f"{letter}{next(self.number)}"

    def block(self, depth: int) -> Block:
        kinds: list[Callable[[Writer, int], Block]] = [Person]
        if depth:
            kinds += [Row, Row, Choice, Parallel, Some, Again, Edge, Edge]
        return self.random.choice(kinds)(self, depth)


class Person(Block):
    def __init__(self, writer: Writer, _depth: int) -> None:
        self.entry = self.exit = writer.id("u")

    def words(self) -> Iterator[str]:
        yield f"user {self.entry}"

    def begin(self, facts: Facts) -> Performance:
        return OnePerson(self.entry)


class OnePerson(Performance):
    def __init__(self, id: str) -> None:
        self.id = id

    def offers(self) -> list[str]:
        return [] if self.over else [self.id]

    def complete(self, element: str, facts: Facts) -> bool:
        self.over = self.over or element == self.id
        return element == self.id


class Row(Block):
    def __init__(self, writer: Writer, depth: int) -> None:
        self.blocks = [writer.block(depth - 1) for _ in range(writer.random.choice([2, 3]))]
        self.entry, self.exit = self.blocks[0].entry, self.blocks[-1].exit

    def words(self) -> Iterator[str]:
        for block in self.blocks:
            yield from block.words()
        for one, other in zip(self.blocks, self.blocks[1:], strict=False):
            yield f"{one.exit} -> {other.entry}"

    def begin(self, facts: Facts) -> Performance:
        return InTurn(iter(self.blocks), facts)


class InTurn(Performance):
    """One block after the other, for as long as there is a next one."""

    def __init__(self, blocks: Iterator[Block], facts: Facts) -> None:
        self.blocks = blocks
        self.current = next(blocks).begin(facts)
        self.step(facts)

    def step(self, facts: Facts) -> None:
        while self.current.over and not self.over:
            following = next(self.blocks, None)
            if following is None:
                self.over = True
            else:
                self.current = following.begin(facts)

    def offers(self) -> list[str]:
        return [] if self.over else self.current.offers()

    def complete(self, element: str, facts: Facts) -> bool:
        done = not self.over and self.current.complete(element, facts)
        self.step(facts)
        return done

    def hears(self, signal: str, facts: Facts) -> None:
        if not self.over:
            self.current.hears(signal, facts)
            self.step(facts)


class Branching(Block):
    kind = ""
    last = " else"  #: when the last flow is taken

    def __init__(self, writer: Writer, depth: int) -> None:
        self.entry, self.exit = writer.id("g"), writer.id("j")
        self.blocks = [writer.block(depth - 1) for _ in range(writer.random.choice([2, 3]))]
        self.asks = [writer.random.choice(KEYS) for _ in self.blocks]
        self.straight = writer.random.random() < 0.2  # besides, a flow from split to join with nothing on it

    def words(self) -> Iterator[str]:
        yield f"{self.kind} {self.entry}"
        yield f"{self.kind} {self.exit}"
        for number, (block, ask) in enumerate(zip(self.blocks, self.asks, strict=True)):
            yield from block.words()
            last = number == len(self.blocks) - 1
            condition = "" if self.kind == "parallel" else self.last if last else f" if {ask} = true"
            yield f"{self.entry} -> {block.entry}{condition}"
            yield f"{block.exit} -> {self.exit}"
        if self.straight and self.kind == "parallel":
            yield f"{self.entry} -> {self.exit}"

    def true(self, facts: Facts) -> list[Block]:
        pairs = zip(self.blocks[:-1], self.asks[:-1], strict=True)
        return [block for block, ask in pairs if facts.get(ask) is True] or [self.blocks[-1]]


class Choice(Branching):
    kind = "exclusive"

    def begin(self, facts: Facts) -> Performance:
        return self.true(facts)[0].begin(facts)


class Parallel(Branching):
    kind = "parallel"

    def begin(self, facts: Facts) -> Performance:
        return Together([block.begin(facts) for block in self.blocks])


class Some(Branching):
    kind = "inclusive"
    last = ""

    def begin(self, facts: Facts) -> Performance:
        first = [block for block in self.true(facts) if block is not self.blocks[-1]]
        return Together([block.begin(facts) for block in [*first, self.blocks[-1]]])


class Together(Performance):
    def __init__(self, parts: list[Performance]) -> None:
        self.parts = parts
        self.look()

    def look(self) -> None:
        self.over = all(part.over for part in self.parts)

    def offers(self) -> list[str]:
        return [offer for part in self.parts if not part.over for offer in part.offers()]

    def complete(self, element: str, facts: Facts) -> bool:
        done = any(part.complete(element, facts) for part in self.parts if not part.over)
        self.look()
        return done

    def hears(self, signal: str, facts: Facts) -> None:
        for part in self.parts:
            if not part.over:
                part.hears(signal, facts)
        self.look()


class Again(Block):
    def __init__(self, writer: Writer, depth: int) -> None:
        self.entry, self.exit = writer.id("m"), writer.id("x")
        self.block, self.ask = writer.block(depth - 1), writer.random.choice(KEYS)

    def words(self) -> Iterator[str]:
        yield f"exclusive {self.entry}"
        yield f"exclusive {self.exit}"
        yield from self.block.words()
        yield f"{self.entry} -> {self.block.entry}"
        yield f"{self.block.exit} -> {self.exit}"
        yield f"{self.exit} -> {self.entry} if {self.ask} = true"

    def begin(self, facts: Facts) -> Performance:
        return Rounds(self, facts)


class Rounds(Performance):
    def __init__(self, loop: Again, facts: Facts) -> None:
        self.loop = loop
        self.current = loop.block.begin(facts)

    def step(self, facts: Facts) -> None:
        if self.current.over:
            if facts.get(self.loop.ask) is True:
                self.current = self.loop.block.begin(facts)
            else:
                self.over = True

    def offers(self) -> list[str]:
        return [] if self.over else self.current.offers()

    def complete(self, element: str, facts: Facts) -> bool:
        done = self.current.complete(element, facts)
        self.step(facts)
        return done

    def hears(self, signal: str, facts: Facts) -> None:
        self.current.hears(signal, facts)
        self.step(facts)


class Edge(Block):
    """A sub-process with an event at its edge that takes its place, or runs beside it to an end of its own inside."""

    def __init__(self, writer: Writer, depth: int) -> None:
        self.sub, self.exit, self.signal = writer.id("sp"), writer.id("x"), writer.id("sig")
        self.entry = self.sub
        self.quiet = writer.random.random() < 0.4
        self.block, self.other = writer.block(depth - 1), writer.block(depth - 1)
        self.start, self.end = writer.id("s"), writer.id("e")

    def words(self) -> Iterator[str]:
        if self.quiet:  # an event sub-process: its work belongs to the sub-process
            yield f"sub {self.sub} {{"
            yield from self.inside(self.block, "")
            yield f"handler h{self.sub} {{"
            yield from self.inside(self.other, f" signal={self.signal} quiet", "h")
            yield "}"
            yield "}"
            yield f"exclusive {self.exit}"
            yield f"{self.sub} -> {self.exit}"
            return
        yield f"sub {self.sub} {{"
        yield from self.inside(self.block, "")
        yield "}"
        yield f"boundary b{self.sub} on {self.sub} signal={self.signal}"
        yield from self.other.words()
        yield f"exclusive {self.exit}"
        yield f"{self.sub} -> {self.exit}"
        yield f"b{self.sub} -> {self.other.entry}"
        yield f"{self.other.exit} -> {self.exit}"

    def inside(self, block: Block, event: str, mark: str = "") -> Iterator[str]:
        yield f"start {mark}{self.start}{event}"
        yield f"end {mark}{self.end}"
        yield from block.words()
        yield f"{mark}{self.start} -> {block.entry}"
        yield f"{block.exit} -> {mark}{self.end}"

    def begin(self, facts: Facts) -> Performance:
        return Edged(self, facts)


class Edged(Performance):
    def __init__(self, edge: Edge, facts: Facts) -> None:
        self.edge = edge
        self.parts = [edge.block.begin(facts)]
        self.gone = False

    def offers(self) -> list[str]:
        return [offer for part in self.parts if not part.over for offer in part.offers()]

    def complete(self, element: str, facts: Facts) -> bool:
        done = any(part.complete(element, facts) for part in self.parts if not part.over)
        self.over = all(part.over for part in self.parts)
        return done

    def hears(self, signal: str, facts: Facts) -> None:
        before = list(self.parts)
        if signal == self.edge.signal and not self.gone:
            if self.edge.quiet:
                self.parts.append(self.edge.other.begin(facts))
            else:
                self.gone, before = True, []
                self.parts = [self.edge.other.begin(facts)]
        for part in before:
            if not part.over:
                part.hears(signal, facts)
        self.over = all(part.over for part in self.parts)


def signals(words: str) -> list[str]:
    return sorted({part.removeprefix("signal=") for part in words.split() if part.startswith("signal=")})


@pytest.mark.parametrize("seed", range(60))
def test_the_engine_offers_what_a_reader_of_the_drawing_would(seed: int) -> None:
    writer = Writer(seed)
    block = writer.block(3)
    words = "\n".join(["start s0", "end e0", f"s0 -> {block.entry}", *block.words(), f"{block.exit} -> e0"])
    desk = Desk(drawn(words))
    reader = block.begin({})
    chance = random.Random(-seed - 1)
    known = signals(words)

    for _step in range(40):
        assert desk.step.incident is None
        assert desk.open == sorted(reader.offers())
        assert desk.done == reader.over
        if reader.over:
            break
        if known and chance.random() < 0.15:
            signal = known.pop(chance.randrange(len(known)))  # once: of two instances of one step, who could tell which
            reader.hears(signal, desk.data)
            desk.signal(signal)
            continue
        element = chance.choice(sorted(reader.offers()))
        entered = {key: chance.random() < 0.4 for key in KEYS}
        desk.complete(element, **entered)
        reader.complete(element, desk.data)
