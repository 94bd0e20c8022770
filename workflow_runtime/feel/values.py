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

    `types` and `result` are feel types where they are declared; a function that checks itself converts its arguments
    on its own. A variadic function takes any number of arguments.
    """

    name: str
    parameters: tuple[str, ...]
    call: Callable[..., Value]
    types: tuple[Any, ...] = ()
    result: Any = None
    variadic: bool = False
    checks_itself: bool = False
