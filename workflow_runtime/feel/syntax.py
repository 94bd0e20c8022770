"""The syntax tree: one class for each form of the grammar, each with its place in the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workflow_runtime.feel.types import Type


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A piece of an expression; `start` and `end` are character positions."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class Literal(Node):
    """A number, string, boolean, null or @"…" value."""

    value: Any


@dataclass(frozen=True, slots=True, eq=False)
class Name(Node):
    """A name, to be looked up in the scope."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Negation(Node):
    """-operand"""

    operand: Node


@dataclass(frozen=True, slots=True, eq=False)
class Arithmetic(Node):
    """A chain of equal precedence, from left to right: first (+|-|*|/|**) operand …"""

    first: Node
    rest: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Comparison(Node):
    """left (=|!=|<|<=|>|>=) right"""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True, eq=False)
class Between(Node):
    """value between low and high"""

    value: Node
    low: Node
    high: Node


@dataclass(frozen=True, slots=True, eq=False)
class In(Node):
    """value in test, or value in (test, …)"""

    value: Node
    tests: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Logic(Node):
    """operand and operand …, or the same with or; `word` says which"""

    word: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class If(Node):
    """if condition then consequence else alternative"""

    condition: Node
    consequence: Node
    alternative: Node


@dataclass(frozen=True, slots=True, eq=False)
class Iterator(Node):
    """name in source, or name in source..last"""

    name: str
    source: Node
    last: Node | None


@dataclass(frozen=True, slots=True, eq=False)
class For(Node):
    """for iterators return body"""

    iterators: tuple[Iterator, ...]
    body: Node


@dataclass(frozen=True, slots=True, eq=False)
class Quantified(Node):
    """some|every iterators satisfies condition; `word` says which"""

    word: str
    iterators: tuple[Iterator, ...]
    condition: Node


@dataclass(frozen=True, slots=True, eq=False)
class Path(Node):
    """source.name"""

    source: Node
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Filter(Node):
    """source[condition]"""

    source: Node
    condition: Node


@dataclass(frozen=True, slots=True, eq=False)
class Call(Node):
    """function(argument, …); `names` is empty or names every argument"""

    function: Node
    arguments: tuple[Node, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class InstanceOf(Node):
    """value instance of type"""

    value: Node
    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class ListOf(Node):
    """[item, …]"""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ContextOf(Node):
    """{key: value, …}"""

    entries: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True, eq=False)
class FunctionOf(Node):
    """function(parameter: type, …) body; an external body belongs to another language and never runs"""

    parameters: tuple[tuple[str, Type | None], ...]
    body: Node
    external: bool


@dataclass(frozen=True, slots=True, eq=False)
class RangeOf(Node):
    """[low..high] with either end open or closed"""

    low: Node
    high: Node
    low_included: bool
    high_included: bool


@dataclass(frozen=True, slots=True, eq=False)
class Test(Node):
    """(<|<=|>|>=|=|!=) endpoint: a range with one end, or a test of the input"""

    operator: str
    endpoint: Node


@dataclass(frozen=True, slots=True, eq=False)
class Tests(Node):
    """The content of a table cell: tests, not(tests), or the dash that accepts everything (no tests at all)"""

    tests: tuple[Node, ...]
    negated: bool


def children(node: Node) -> list[Node]:
    """The nodes directly below, in the order of the text."""
    match node:
        case Negation(operand=operand):
            return [operand]
        case Arithmetic(first=first, rest=rest):
            return [first, *(operand for _, operand in rest)]
        case Comparison(left=left, right=right):
            return [left, right]
        case Between(value=value, low=low, high=high):
            return [value, low, high]
        case In(value=value, tests=tests):
            return [value, *tests]
        case Logic(operands=operands):
            return list(operands)
        case If(condition=condition, consequence=consequence, alternative=alternative):
            return [condition, consequence, alternative]
        case Iterator(source=source, last=last):
            return [source] if last is None else [source, last]
        case For(iterators=iterators, body=body):
            return [*iterators, body]
        case Quantified(iterators=iterators, condition=condition):
            return [*iterators, condition]
        case Path(source=source):
            return [source]
        case Filter(source=source, condition=condition):
            return [source, condition]
        case Call(function=function, arguments=arguments):
            return [function, *arguments]
        case InstanceOf(value=value):
            return [value]
        case ListOf(items=items):
            return list(items)
        case ContextOf(entries=entries):
            return [value for _, value in entries]
        case FunctionOf(body=body, external=external):
            return [] if external else [body]
        case RangeOf(low=low, high=high):
            return [low, high]
        case Test(endpoint=endpoint):
            return [endpoint]
        case Tests(tests=tests):
            return list(tests)
    return []


def size(node: Node) -> int:
    """How many nodes a tree has: the price of evaluating it once."""
    total, waiting = 0, [node]
    while waiting:
        current = waiting.pop()
        total += 1
        waiting.extend(children(current))
    return total
