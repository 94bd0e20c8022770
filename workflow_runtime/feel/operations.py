"""What the operators mean: equality, order, arithmetic, membership and properties, each a total function.

Null is None, and every operation that is not defined for its operands is null.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from zoneinfo import ZoneInfo

from workflow_runtime.feel import limits, names, temporal
from workflow_runtime.feel.numbers import NUMBERS, finite, number_text
from workflow_runtime.feel.values import Function, Months, Range, Value
from workflow_runtime.feel.wide import WideDate, WideDateTime, WideDuration, WideTime

DATES = (dt.date, WideDate)
TIMES = (dt.time, WideTime)
DATE_TIMES = (dt.datetime, WideDateTime)
DURATIONS = (dt.timedelta, WideDuration)

KINDS: dict[type, str] = {
    Decimal: "number",
    str: "string",
    bool: "boolean",
    dt.date: "date",
    WideDate: "date",
    dt.time: "time",
    WideTime: "time",
    dt.datetime: "date and time",
    WideDateTime: "date and time",
    dt.timedelta: "days and time duration",
    WideDuration: "days and time duration",
    Months: "years and months duration",
    list: "list",
    dict: "context",
    Range: "range",
    Function: "function",
    type(None): "null",
}
#: kinds whose values have an order
ORDERED = frozenset(
    ("number", "string", "date", "time", "date and time", "days and time duration", "years and months duration")
)


def kind(value: Value) -> str:
    """The kind of a value, by which operations choose their meaning."""
    return KINDS.get(type(value), "")


def order_keys(left: Value, right: Value, what: str) -> tuple[Value, Value]:
    """Two values of one kind in a form Python can compare.

    Times and date-times are compared in UTC if both know their offset; one that does not is taken to have the other's.
    """
    if what == "date and time":
        (first, offset), (second, other) = temporal.instant(left), temporal.instant(right)
    elif what == "time":
        first, offset = temporal.nanoseconds_of(left), temporal.offset_of(left)
        second, other = temporal.nanoseconds_of(right), temporal.offset_of(right)
    elif what == "date":
        return temporal.parts(left), temporal.parts(right)
    elif what == "days and time duration":
        return temporal.nanoseconds_in(left), temporal.nanoseconds_in(right)
    else:
        return left, right
    if offset is None or other is None:
        return first, second
    return first - offset * temporal.SECOND, second - other * temporal.SECOND


def equal(left: Value, right: Value) -> bool | None:
    """left = right; values of different kinds have no answer, null equals only null."""
    if left is None or right is None:
        return left is right
    what = kind(left)
    if what != kind(right):
        return None
    if what in ("number", "string", "boolean"):
        return bool(left == right)
    if what in ORDERED:
        first, second = order_keys(left, right, what)
        return bool(first == second)
    if what == "list":
        return _all_equal(list(zip(left, right, strict=False))) if len(left) == len(right) else False
    if what == "context":
        return _all_equal([(left[key], right[key]) for key in left]) if left.keys() == right.keys() else False
    if what == "range":
        if (left.start_included, left.end_included) != (right.start_included, right.end_included):
            return False
        return _all_equal([(left.start, right.start), (left.end, right.end)])
    return left is right


def _all_equal(pairs: list[tuple[Value, Value]]) -> bool | None:
    answer: bool | None = True
    for left, right in pairs:
        found = equal(left, right)
        if found is False:
            return False
        if found is None:
            answer = None
    return answer


def same(left: Value, right: Value) -> bool:
    """Whether list functions take two values for the same item."""
    return equal(left, right) is True


def compare(left: Value, operator: str, right: Value) -> bool | None:
    """left operator right, for the six comparison operators."""
    return COMPARE[operator](left, right)


def not_equal(left: Value, right: Value) -> bool | None:
    answer = equal(left, right)
    return None if answer is None else not answer


def _ordered(test: Callable[[Value, Value], bool]) -> Callable[[Value, Value], bool | None]:
    def compared(left: Value, right: Value) -> bool | None:
        what = kind(left)
        if what not in ORDERED or what != kind(right):
            return None
        return test(left, right) if what in ("number", "string") else test(*order_keys(left, right, what))

    return compared


less = _ordered(lambda left, right: left < right)
less_or_equal = _ordered(lambda left, right: left <= right)
greater = _ordered(lambda left, right: left > right)
greater_or_equal = _ordered(lambda left, right: left >= right)

COMPARE: dict[str, Callable[[Value, Value], bool | None]] = {
    "=": equal,
    "!=": not_equal,
    "<": less,
    "<=": less_or_equal,
    ">": greater,
    ">=": greater_or_equal,
}


def both(left: bool | None, right: bool | None) -> bool | None:
    """left and right, in three-valued logic."""
    if left is False or right is False:
        return False
    return True if left is True and right is True else None


def either(left: bool | None, right: bool | None) -> bool | None:
    """left or right, in three-valued logic."""
    if left is True or right is True:
        return True
    return False if left is False and right is False else None


def within(value: Value, span: Range) -> bool | None:
    """Whether a value lies in a range."""
    low = high = True  # type: bool | None
    if span.start is None and span.end is None:
        return None
    if span.start is not None:
        low = (greater_or_equal if span.start_included else greater)(value, span.start)
    if span.end is not None:
        high = (less_or_equal if span.end_included else less)(value, span.end)
    return both(low, high)


def member(value: Value, test: Value) -> bool | None:
    """value in test: in a range, an item of a list, or equal."""
    if isinstance(test, Range):
        if isinstance(value, Range):
            return equal(value, test)
        return within(value, test)
    if isinstance(test, list):
        if isinstance(value, list) and equal(value, test) is True:
            return True
        answer: bool | None = False
        for item in test:
            found = within(value, item) if isinstance(item, Range) and not isinstance(value, Range) else None
            if found is None:
                found = same(value, item)
            answer = either(answer, found)
        return answer
    return equal(value, test)


# -- arithmetic ------------------------------------------------------------------------------------------------------


def add(left: Value, right: Value) -> Value:
    if type(left) is Decimal and type(right) is Decimal:
        return finite(NUMBERS.add(left, right))
    if isinstance(left, str) and isinstance(right, str):
        return left + right if len(left) + len(right) <= limits.STRING else None
    if isinstance(left, Months | dt.timedelta | WideDuration) and not isinstance(
        right, Months | dt.timedelta | WideDuration
    ):
        left, right = right, left
    if isinstance(right, Months):
        if isinstance(left, Months):
            return Months(left.months + right.months)
        return temporal.add_months(left, right.months) if isinstance(left, DATES + DATE_TIMES) else None
    if isinstance(right, DURATIONS):
        return _later(left, temporal.nanoseconds_in(right))
    return None


def _later(value: Value, nanoseconds: int) -> Value:
    if isinstance(value, DATES + DATE_TIMES):
        return temporal.add_duration(value, nanoseconds)
    if isinstance(value, TIMES):
        return temporal.time_of(temporal.nanoseconds_of(value) + nanoseconds, value.tzinfo)
    if isinstance(value, DURATIONS):
        return temporal.duration_of(temporal.nanoseconds_in(value) + nanoseconds)
    return None


def subtract(left: Value, right: Value) -> Value:
    if type(left) is Decimal and type(right) is Decimal:
        return finite(NUMBERS.subtract(left, right))
    if isinstance(right, Months):
        if isinstance(left, Months):
            return Months(left.months - right.months)
        return temporal.add_months(left, -right.months) if isinstance(left, DATES + DATE_TIMES) else None
    if isinstance(right, DURATIONS):
        return _later(left, -temporal.nanoseconds_in(right))
    if isinstance(left, DATES + DATE_TIMES) and isinstance(right, DATES + DATE_TIMES):
        (first, offset), (second, other) = temporal.instant(left), temporal.instant(right)
        if kind(left) == kind(right) == "date":
            return temporal.duration_of(first - second)
        return _difference(first, offset, second, other)
    if isinstance(left, TIMES) and isinstance(right, TIMES):
        first, second = temporal.nanoseconds_of(left), temporal.nanoseconds_of(right)
        if (left.tzinfo is None) != (right.tzinfo is None):
            return None
        return _difference(first, temporal.offset_of(left), second, temporal.offset_of(right))
    return None


def _difference(first: int, offset: int | None, second: int, other: int | None) -> Value:
    if (offset is None) != (other is None):
        return None
    return temporal.duration_of(first - second - ((offset or 0) - (other or 0)) * temporal.SECOND)


def multiply(left: Value, right: Value) -> Value:
    if type(left) is Decimal and type(right) is Decimal:
        return finite(NUMBERS.multiply(left, right))
    if isinstance(left, Decimal):
        left, right = right, left
    if isinstance(right, Decimal):
        return _scaled(left, lambda length: NUMBERS.multiply(length, right))
    return None


def divide(left: Value, right: Value) -> Value:
    if isinstance(right, Decimal):
        if not right:
            return None
        if isinstance(left, Decimal):
            return finite(NUMBERS.divide(left, right))
        return _scaled(left, lambda length: NUMBERS.divide(length, right))
    if isinstance(left, Months) and isinstance(right, Months):
        return divide(Decimal(left.months), Decimal(right.months))
    if isinstance(left, DURATIONS) and isinstance(right, DURATIONS):
        return divide(Decimal(temporal.nanoseconds_in(left)), Decimal(temporal.nanoseconds_in(right)))
    return None


def _scaled(value: Value, scale: Callable[[Decimal], Decimal]) -> Value:
    if isinstance(value, Months):
        length = scale(Decimal(value.months))
        return Months(int(length)) if length.is_finite() and length.adjusted() < 18 else None
    if isinstance(value, DURATIONS):
        length = scale(Decimal(temporal.nanoseconds_in(value)))
        return temporal.duration_of(int(length)) if length.is_finite() and length.adjusted() < 30 else None
    return None


def power(left: Value, right: Value) -> Value:
    if not (isinstance(left, Decimal) and isinstance(right, Decimal)) or abs(right) > limits.EXPONENT:
        return None
    return finite(NUMBERS.power(left, right)) if right else Decimal(1)


def negate(value: Value) -> Value:
    if isinstance(value, Decimal):
        return NUMBERS.minus(value)
    if isinstance(value, Months):
        return Months(-value.months)
    if isinstance(value, DURATIONS):
        return temporal.duration_of(-temporal.nanoseconds_in(value))
    return None


ARITHMETIC: dict[str, Callable[[Value, Value], Value]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "**": power,
}


# -- properties ------------------------------------------------------------------------------------------------------


def _clock_part(unit: int, modulus: int) -> Callable[[Value], Decimal]:
    return lambda value: Decimal(temporal.nanoseconds_of(value) // unit % modulus)


def _seconds(nanoseconds: int) -> Decimal:
    seconds = Decimal(nanoseconds) / temporal.SECOND
    return seconds.to_integral_value() if seconds == seconds.to_integral_value() else seconds.normalize()


def _length_part(unit: int, modulus: int | None) -> Callable[[Value], Decimal]:
    def part(value: Value) -> Decimal:
        total = temporal.nanoseconds_in(value)
        found = abs(total) // unit if modulus is None else abs(total) // unit % modulus
        return Decimal(-found if total < 0 else found)

    return part


def _offset(value: Value) -> Value:
    offset = temporal.offset_of(value)
    return None if offset is None else dt.timedelta(seconds=offset)


def _signed(months: int, part: int) -> Decimal:
    return Decimal(-part if months < 0 else part)


_DAY_PARTS: dict[str, Callable[[Value], Value]] = {
    "year": lambda value: Decimal(temporal.parts(value)[0]),
    "month": lambda value: Decimal(temporal.parts(value)[1]),
    "day": lambda value: Decimal(temporal.parts(value)[2]),
    "weekday": lambda value: Decimal((temporal.number_of(value) - 1) % 7 + 1),
}
_CLOCK_PARTS: dict[str, Callable[[Value], Value]] = {
    "hour": _clock_part(temporal.HOUR, 24),
    "minute": _clock_part(temporal.MINUTE, 60),
    "second": lambda value: _seconds(temporal.nanoseconds_of(value) % temporal.MINUTE),
    "time offset": _offset,
    "timezone": lambda value: value.tzinfo.key if isinstance(value.tzinfo, ZoneInfo) else None,
}

#: kind → property → how to read it
PROPERTIES: dict[str, dict[str, Callable[[Value], Value]]] = {
    "date": _DAY_PARTS,
    "time": _CLOCK_PARTS,
    "date and time": _DAY_PARTS | _CLOCK_PARTS,
    "years and months duration": {
        "years": lambda value: _signed(value.months, abs(value.months) // 12),
        "months": lambda value: _signed(value.months, abs(value.months) % 12),
    },
    "days and time duration": {
        "days": _length_part(temporal.DAY, None),
        "hours": _length_part(temporal.HOUR, 24),
        "minutes": _length_part(temporal.MINUTE, 60),
        "seconds": lambda value: _seconds(abs(temporal.nanoseconds_in(value)) % temporal.MINUTE).copy_sign(
            Decimal(temporal.nanoseconds_in(value) or 1)
        ),
    },
    "range": {
        "start": lambda value: value.start,
        "end": lambda value: value.end,
        "start included": lambda value: value.start_included,
        "end included": lambda value: value.end_included,
    },
}


def at(value: Value, name: str) -> Value:
    """value.name: an entry, a property, or of a list the same of every item."""
    if isinstance(value, dict):
        return value.get(name)
    if isinstance(value, list):
        return [at(item, name) for item in value]
    read = PROPERTIES.get(kind(value), {}).get(name)
    return None if read is None else read(value)


def text_of(value: Value, quoted: bool = False) -> str | None:
    """The string form of a value: strings inside lists and contexts are quoted, null is `null` there."""
    what = kind(value)
    if what == "string":
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' if quoted else str(value)
    if what == "number":
        return number_text(value)
    if what == "boolean":
        return "true" if value else "false"
    if what == "null":
        return "null" if quoted else None
    if what == "list":
        return f"[{', '.join(text_of(item, True) or '' for item in value)}]"
    if what == "context":
        return f"{{{', '.join(f'{_key(key)}: {text_of(item, True)}' for key, item in value.items())}}}"
    if what == "range":
        left, right = ("[" if value.start_included else "("), ("]" if value.end_included else ")")
        if value.start is None or value.end is None:
            sign, end = ("<", value.end) if value.start is None else (">", value.start)
            included = value.end_included if value.start is None else value.start_included
            return f"({sign}{'=' if included else ''}{text_of(end, True)})"
        return f"{left}{text_of(value.start, True)}..{text_of(value.end, True)}{right}"
    if what == "function":
        return f"function({', '.join(value.parameters)})"
    return write_temporal(value)


def _key(key: str) -> str:
    return key if names.words(key) and names.is_plain(key) else text_of(key, True) or ""


def write_temporal(value: Value) -> str | None:
    """The literal form of a temporal value."""
    match kind(value):
        case "date":
            return temporal.write_date(value)
        case "time":
            return temporal.write_time(value)
        case "date and time":
            return temporal.write_date_time(value)
        case "days and time duration":
            return temporal.write_duration(value)
        case "years and months duration":
            return str(value)
    return None
