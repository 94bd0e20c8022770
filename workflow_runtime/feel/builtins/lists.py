"""List functions, and those of any number of items."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Iterable
from decimal import Context, Decimal
from functools import cmp_to_key
from itertools import pairwise
from typing import Any

from workflow_runtime.feel import limits
from workflow_runtime.feel.calling import called
from workflow_runtime.feel.numbers import NUMBERS, finite
from workflow_runtime.feel.operations import DURATIONS, add, both, divide, either, greater, kind, less, multiply, same
from workflow_runtime.feel.scope import Run
from workflow_runtime.feel.signatures import builtin
from workflow_runtime.feel.values import Months, Value, weight


@builtin("list contains", "list: list, element: Any", "boolean", with_run=True)
def list_contains(run: Run, items: list[Value], element: Value) -> bool:
    run.weigh(items)
    return any(same(item, element) for item in items)


@builtin("count", "list: list", "number")
def count(items: list[Value]) -> Value:
    return Decimal(len(items))


def _extreme(items: list[Value], better: Callable[[Value, Value], bool | None]) -> Value:
    if not items:
        return None
    best = items[0]
    if kind(best) in ("list", "context", "range", "function", "null", "boolean"):
        return None
    for item in items[1:]:
        answer = better(item, best)
        if answer is None:
            return None
        if answer:
            best = item
    return best


def _aggregate(name: str, result: str = "number", cost: int = 2) -> Callable[..., Any]:
    """A function of one list, or of any number of items; `cost` is the price of an item."""

    def register(call: Callable[[list[Value]], Value]) -> Callable[[list[Value]], Value]:
        def of_list(run: Run, items: list[Value]) -> Value:
            run.spend(len(items) * cost)
            return call(items)

        builtin(name, "list: list", result, with_run=True)(of_list)
        builtin(name, "items...: Any", result, with_run=True)(lambda run, *items: of_list(run, list(items)))
        return call

    return register


@_aggregate("min", "Any")
def minimum(items: list[Value]) -> Value:
    return _extreme(items, less)


@_aggregate("max", "Any")
def maximum(items: list[Value]) -> Value:
    return _extreme(items, greater)


def _numbers(items: list[Value]) -> bool:
    return bool(items) and all(isinstance(item, Decimal) for item in items)


def _folded(items: list[Value], combine: Callable[[Value, Value], Value]) -> Value:
    total = items[0]
    for item in items[1:]:
        total = combine(total, item)
    return total


@_aggregate("sum", "Any")
def sum_(items: list[Value]) -> Value:
    summed = bool(items) and all(isinstance(item, (Decimal, Months, *DURATIONS)) for item in items)
    return _folded(items, add) if summed else None


@_aggregate("product")
def product(items: list[Value]) -> Value:
    return _folded(items, multiply) if _numbers(items) else None


@_aggregate("mean")
def mean(items: list[Value]) -> Value:
    return divide(sum_(items), Decimal(len(items))) if _numbers(items) else None


@_aggregate("median")
def median(items: list[Value]) -> Value:
    if not _numbers(items):
        return None
    ordered, half = sorted(items), len(items) // 2
    return ordered[half] if len(ordered) % 2 else divide(add(ordered[half - 1], ordered[half]), Decimal(2))


@_aggregate("stddev", cost=8)
def stddev(items: list[Value]) -> Value:
    if not _numbers(items) or len(items) < 2:
        return None
    wide = Context(prec=50, traps=[])
    total = Decimal(0)
    for item in items:
        total = wide.add(total, item)
    centre = wide.divide(total, Decimal(len(items)))
    squares = Decimal(0)
    for item in items:
        squares = wide.add(squares, wide.power(wide.subtract(item, centre), 2))
    return finite(NUMBERS.plus(wide.sqrt(wide.divide(squares, Decimal(len(items) - 1)))))


@_aggregate("mode", "list")
def mode(items: list[Value]) -> Value:
    if not items:
        return []
    if not _numbers(items):
        return None
    tally: dict[Decimal, int] = {}
    for item in items:
        tally[item] = tally.get(item, 0) + 1
    most = max(tally.values())
    return sorted(item for item, times in tally.items() if times == most)


def _logic(items: list[Value], combine: Callable[[Value, Value], bool | None], start: bool) -> bool | None:
    answer: bool | None = start
    for item in items:
        answer = combine(answer, item if isinstance(item, bool) else None)
    return answer


@_aggregate("all", "boolean")
def all_(items: list[Value]) -> Value:
    return _logic(items, both, True)


@_aggregate("any", "boolean")
def any_(items: list[Value]) -> Value:
    return _logic(items, either, False)


def _index(items: list[Value], position: Decimal) -> int | None:
    if position == 0 or abs(position) > len(items):
        return None
    return int(position) - 1 if position > 0 else len(items) + int(position)


@builtin("sublist", "list: list, start position: integer, length?: integer", "list")
def sublist(items: list[Value], start: Decimal, length: Decimal | None = None) -> Value:
    first = _index(items, start)
    if first is None or (length is not None and not 1 <= length <= len(items) - first):
        return None
    return items[first:] if length is None else items[first : first + int(length)]


@builtin("append", "list: list, item...: Any", "list")
def append(items: list[Value], *more: Value) -> Value:
    return [*items, *more]


@builtin("concatenate", "list...: list", "list")
def concatenate(*lists: list[Value]) -> Value:
    return [item for items in lists for item in items]


@builtin("insert before", "list: list, position: integer, newItem: Any", "list")
def insert_before(items: list[Value], position: Decimal, item: Value) -> Value:
    index = _index(items, position)
    return None if index is None else [*items[:index], item, *items[index:]]


@builtin("remove", "list: list, position: integer", "list")
def remove(items: list[Value], position: Decimal) -> Value:
    index = _index(items, position)
    return None if index is None else [*items[:index], *items[index + 1 :]]


@builtin("list replace", "list: list, position: integer, newItem: Any", "list")
def list_replace(items: list[Value], position: Decimal, item: Value) -> Value:
    index = _index(items, position)
    return None if index is None else [*items[:index], item, *items[index + 1 :]]


@builtin("list replace", "list: list, match: function, newItem: Any", "list", with_run=True)
def list_replace_matching(run: Run, items: list[Value], match: Value, new: Value) -> Value:
    if len(match.parameters) != 2:
        return None
    result = []
    for item in items:
        found = called(run, match, [item, new])
        if not isinstance(found, bool):
            return None
        result.append(new if found else item)
    return result


@builtin("reverse", "list: list", "list")
def reverse(items: list[Value]) -> Value:
    return items[::-1]


@builtin("index of", "list: list, match: Any", "list", with_run=True)
def index_of(run: Run, items: list[Value], match: Value) -> Value:
    run.weigh(items)
    return [Decimal(position) for position, item in enumerate(items, 1) if same(item, match)]


@builtin("union", "list...: list", "list", with_run=True)
def union(run: Run, *lists: list[Value]) -> Value:
    return _distinct(run, (item for items in lists for item in items))


#: kinds of values that are the same exactly if Python finds them equal; `type(value)` keeps true apart from 1
_HASHED = (Decimal, str, bool, Months, dt.timedelta)


@builtin("distinct values", "list: list", "list", with_run=True)
def distinct_values(run: Run, items: list[Value]) -> Value:
    return _distinct(run, items)


def _distinct(run: Run, items: Iterable[Value]) -> list[Value]:
    kept: list[Value] = []
    seen: set[Hashable] = set()
    compared: list[Value] = []  # what can only be found by comparing: moments, whose sameness depends on their offsets
    for item in items:
        run.spend(6 * min(weight(item), limits.OPERATIONS))
        found = _key(item)
        if found is None:
            run.spend(4 * weight(item) * len(compared))
            new = not any(same(item, other) for other in compared)
            compared += [item] if new else []
        else:
            new = found not in seen
            seen.add(found)
        if new:
            kept.append(item)
    return kept


def _key(value: Value) -> Hashable | None:
    """Something that two values have in common exactly if they are the same; None where there is no such thing."""
    if value is None or isinstance(value, _HASHED):
        return type(value), value
    if isinstance(value, list):
        inner = [_key(item) for item in value]
        return None if None in inner else (list, *inner)
    if isinstance(value, dict):
        entries = {name: _key(item) for name, item in value.items()}
        return None if None in entries.values() else (dict, frozenset(entries.items()))
    return None


@builtin("flatten", "list: list", "list", with_run=True)
def flatten(run: Run, items: list[Value]) -> Value:
    result: list[Value] = []
    waiting = [iter(items)]
    while waiting:
        for item in waiting[-1]:
            run.spend(1)
            if isinstance(item, list):
                waiting.append(iter(item))
                break
            result.append(item)
        else:
            waiting.pop()
    return result


@builtin("sort", "list: list, precedes: function", "list", with_run=True)
def sort(run: Run, items: list[Value], precedes: Value) -> Value:
    if len(precedes.parameters) != 2:
        return None
    wrong = False

    def order(left: Value, right: Value) -> int:
        nonlocal wrong
        found = called(run, precedes, [left, right])
        wrong = wrong or not isinstance(found, bool)
        return -1 if found is True else 0  # sorting asks only who comes first

    result = sorted(items, key=cmp_to_key(order))
    return None if wrong else result


@builtin("sort", "list: list", "list", with_run=True)
def sort_naturally(run: Run, items: list[Value]) -> Value:
    run.spend(len(items) * 24)
    if all(isinstance(item, Decimal) for item in items) or all(isinstance(item, str) for item in items):
        return sorted(items)
    if any(less(left, right) is None for left, right in pairwise(items)):
        return None
    return sorted(items, key=cmp_to_key(lambda left, right: -1 if less(left, right) else 1 if less(right, left) else 0))
