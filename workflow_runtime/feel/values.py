"""The values of FEEL, where Python has none of its own.

A number is a Decimal, a string a str, a date a datetime.date, a time a datetime.time, a date and time a
datetime.datetime, a days and time duration a datetime.timedelta, a list a list, a context a dict with string keys,
null None. What is left are durations of months, ranges and functions, and the few temporal values that Python's own
classes cannot hold (module wide).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

Value: TypeAlias = Any


@dataclass(frozen=True, slots=True, order=True)
class Months:
    """A years and months duration, as its number of months."""

    months: int

    def __str__(self) -> str:
        sign, total = ("-" if self.months < 0 else ""), abs(self.months)
        years, months = divmod(total, 12)
        if not months:
            return f"{sign}P{years}Y" if years else "P0M"
        return f"{sign}P{years}Y{months}M" if years else f"{sign}P{months}M"


@dataclass(frozen=True, slots=True)
class Range:
    """All values between two ends; an end of None is unbounded."""

    start: Value
    end: Value
    start_included: bool
    end_included: bool


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """Something that can be called: `call` takes the arguments in the order of `parameters`.

    `types` and `result` are feel types where they are declared; `result` may be a function that infers it. A function
    that checks itself converts its arguments on its own. A variadic function takes any number of arguments.
    """

    name: str
    parameters: tuple[str, ...]
    call: Callable[..., Value]
    types: tuple[Any, ...] = ()
    result: Any = None
    variadic: bool = False
    checks_itself: bool = False


def weight(value: Value) -> int:
    """How many values a value holds, itself included, each counted as often as it appears."""
    return measure(value)[0]


def measure(value: Value) -> tuple[int, int]:
    """The weight of a value, and how deep its lists and contexts are nested.

    Lists may share their items, so that a short expression can build what no memory could spell out. Both are found
    without spelling it out.
    """
    if not isinstance(value, list | dict):
        return 1, 0
    known: dict[int, tuple[int, int]] = {}
    waiting: list[tuple[Value, bool]] = [(value, False)]
    while waiting:
        current, done = waiting.pop()
        if id(current) in known:
            continue
        inner = current.values() if isinstance(current, dict) else current
        compound = [item for item in inner if isinstance(item, list | dict)]
        if done or not compound:
            parts = [known[id(item)] for item in compound]
            total = 1 + len(current) - len(compound) + sum(weight for weight, _ in parts)
            known[id(current)] = total, 1 + max((depth for _, depth in parts), default=0)
        else:
            waiting.append((current, True))
            waiting.extend((item, False) for item in compound)
    return known[id(value)]
