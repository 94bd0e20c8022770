"""Range functions, as the standard takes them from the algebra of intervals.

Each end of a range is compared together with its inclusion: a low end as (value, 0 if included else 1), a high end as
(value, 0 if included else -1). Then "begins before" is one comparison, as the standard's tables spell it out. Half of
the functions ask the question of another one from the other side: `after(a, b)` is `before(b, a)`.
"""

from __future__ import annotations

from collections.abc import Callable

from workflow_runtime.feel.operations import both, equal, greater, less, within
from workflow_runtime.feel.signatures import BUILTINS, Signature, builtin, register
from workflow_runtime.feel.values import Range, Value

End = tuple[Value, int]
COMPARED = 16  #: steps of comparing the ends of two ranges


def _low(span: Range) -> End:
    return span.start, 0 if span.start_included else 1


def _high(span: Range) -> End:
    return span.end, 0 if span.end_included else -1


def _compared(left: End, right: End, *wanted: int) -> bool | None:
    """Whether one end lies before (-1), at (0) or behind (1) another; null if they cannot be compared."""
    before, after = less(left[0], right[0]), greater(left[0], right[0])
    if before is None or after is None:
        return None
    found = -1 if before else 1 if after else (left[1] > right[1]) - (left[1] < right[1])
    return found in wanted


def converse(name: str, of: str) -> None:
    """Register a function that asks another's question from the other side."""
    for signature in BUILTINS[of].signatures:
        first, second = signature.parameters
        turned = (first, second) if first.type == second.type else (second, first)
        register(name, "boolean", Signature(turned, _turned(signature), False, COMPARED))


def _turned(signature: Signature) -> Callable[[Value, Value], Value]:
    return lambda left, right: signature.call(right, left)


builtin("before", "point1: point, point2: point", "boolean", cost=COMPARED)(less)


@builtin("before", "point: point, range: range", "boolean", cost=COMPARED)
def before_point_range(point: Value, span: Range) -> Value:
    return _compared((point, 0), _low(span), -1)


@builtin("before", "range: range, point: point", "boolean", cost=COMPARED)
def before_range_point(span: Range, point: Value) -> Value:
    return _compared(_high(span), (point, 0), -1)


@builtin("before", "range1: range, range2: range", "boolean", cost=COMPARED)
def before_ranges(left: Range, right: Range) -> Value:
    return _compared(_high(left), _low(right), -1)


converse("after", of="before")


@builtin("meets", "range1: range, range2: range", "boolean", cost=COMPARED)
def meets(left: Range, right: Range) -> Value:
    return both(left.end_included and right.start_included, equal(left.end, right.start))


converse("met by", of="meets")


@builtin("overlaps", "range1: range, range2: range", "boolean", cost=COMPARED)
def overlaps(left: Range, right: Range) -> Value:
    return both(_compared(_high(left), _low(right), 0, 1), _compared(_low(left), _high(right), -1, 0))


@builtin("overlaps before", "range1: range, range2: range", "boolean", cost=COMPARED)
def overlaps_before(left: Range, right: Range) -> Value:
    begins = _compared(_low(left), _low(right), -1)
    reaches = _compared(_high(left), _low(right), 0, 1)
    return both(both(begins, reaches), _compared(_high(left), _high(right), -1, 0))


converse("overlaps after", of="overlaps before")


@builtin("finishes", "point: point, range: range", "boolean", cost=COMPARED)
def finishes_point(point: Value, span: Range) -> Value:
    return both(span.end_included, equal(span.end, point))


@builtin("finishes", "range1: range, range2: range", "boolean", cost=COMPARED)
def finishes(left: Range, right: Range) -> Value:
    return both(_compared(_high(left), _high(right), 0), _compared(_low(left), _low(right), 0, 1))


converse("finished by", of="finishes")


@builtin("includes", "range: range, point: point", "boolean", cost=COMPARED)
def includes_point(span: Range, point: Value) -> Value:
    return within(point, span)


@builtin("includes", "range1: range, range2: range", "boolean", cost=COMPARED)
def includes(left: Range, right: Range) -> Value:
    return both(_compared(_low(left), _low(right), -1, 0), _compared(_high(left), _high(right), 0, 1))


converse("during", of="includes")


@builtin("starts", "point: point, range: range", "boolean", cost=COMPARED)
def starts_point(point: Value, span: Range) -> Value:
    return both(span.start_included, equal(span.start, point))


@builtin("starts", "range1: range, range2: range", "boolean", cost=COMPARED)
def starts(left: Range, right: Range) -> Value:
    return both(_compared(_low(left), _low(right), 0), _compared(_high(left), _high(right), -1, 0))


converse("started by", of="starts")
builtin("coincides", "point1: point, point2: point", "boolean", cost=COMPARED)(equal)
builtin("coincides", "range1: range, range2: range", "boolean", cost=COMPARED)(equal)
