"""The functions of the standard, each with its signatures.

A signature is written as in the standard's tables: `name: type`, `name?: type` for what may be left out,
`name...: type` for any number of them. Arguments that fit no signature, before or after the implicit conversions,
make the result null.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
)
from functools import cmp_to_key
from itertools import pairwise
from typing import Any

from workflow_runtime.feel import limits, regex, temporal
from workflow_runtime.feel.numbers import NUMBERS, finite
from workflow_runtime.feel.operations import (
    DATE_TIMES,
    DATES,
    DURATIONS,
    add,
    both,
    divide,
    either,
    equal,
    greater,
    kind,
    less,
    multiply,
    negate,
    same,
    text_of,
    within,
)
from workflow_runtime.feel.scope import Run, limit
from workflow_runtime.feel.values import Function, Months, Range, Value, weight


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a signature."""

    name: str
    type: str
    optional: bool
    many: bool


@dataclass(frozen=True, slots=True)
class Signature:
    """One way to call a function."""

    parameters: tuple[Parameter, ...]
    call: Callable[..., Value]
    with_run: bool

    def __str__(self) -> str:
        return ", ".join(f"{p.name}{'...' if p.many else '?' if p.optional else ''}: {p.type}" for p in self.parameters)

    def bound(self, arguments: list[Value]) -> list[Value] | None:
        """The positional arguments as this signature takes them; None if they do not fit."""
        parameters = self.parameters
        result: list[Value] = []
        for position, parameter in enumerate(parameters):
            if parameter.many:
                if position >= len(arguments):
                    return None
                for argument in arguments[position:]:
                    fits, argument = _fitting(argument, parameter)
                    if not fits:
                        return None
                    result.append(argument)
                return result
            if position >= len(arguments):
                if not parameter.optional:
                    return None
                continue
            fits, argument = _fitting(arguments[position], parameter)
            if not fits:
                return None
            result.append(argument)
        return result if len(arguments) <= len(parameters) else None

    def named(self, arguments: dict[str, Value]) -> list[Value] | None:
        """Named arguments in the order of the parameters; None if a name is unknown or a needed one missing."""
        if not set(arguments) <= {parameter.name for parameter in self.parameters}:
            return None
        result: list[Value] = []
        for parameter in self.parameters:
            if parameter.many and parameter.name in arguments:
                value = arguments[parameter.name]
                result.extend(value if isinstance(value, list) else [value])
            elif parameter.name in arguments:
                result.append(arguments[parameter.name])
            elif parameter.optional:
                result.append(None)
            else:
                return None
        return result


@dataclass(frozen=True, slots=True, eq=False)
class Builtin:
    """A function of the standard."""

    name: str
    signatures: list[Signature] = field(default_factory=list)
    result: str = "Any"

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(parameter.name for parameter in self.signatures[0].parameters)

    def apply(self, run: Run, arguments: list[Value], names: tuple[str, ...] = ()) -> Value:
        """The result for these arguments; null when they fit no signature."""
        for signature in self.signatures:
            if names:
                given = (
                    signature.named(dict(zip(names, arguments, strict=True))) if len(set(names)) == len(names) else None
                )
                if given is None:
                    continue
                bound = signature.bound(given)
            else:
                bound = signature.bound(arguments)
            if bound is None:
                continue
            for argument in bound:
                if isinstance(argument, str | list):
                    run.spend(len(argument) >> 5)
            result = signature.call(run, *bound) if signature.with_run else signature.call(*bound)
            if isinstance(result, list):
                run.spend(len(result))
                if len(result) > limits.LIST:
                    raise limit("list-too-long", limits.LIST)
            elif isinstance(result, str):
                run.spend(len(result) >> 5)
                if len(result) > limits.STRING:
                    raise limit("string-too-long", limits.STRING)
            return result
        return None


BUILTINS: dict[str, Builtin] = {}
_PARAMETER = re.compile(r"([\w ]+?)(\?|\.\.\.)?: ([\w |]+)")


def _fitting(value: Value, parameter: Parameter) -> tuple[bool, Value]:
    wanted = parameter.type
    if wanted == "Any":
        return True, value
    if value is None:
        return parameter.optional, None
    accepts = _ACCEPTS[wanted]
    if accepts(value):
        return True, value.to_integral_value(ROUND_DOWN) if wanted == "integer" else value
    if wanted == "list":
        return True, [value]
    if isinstance(value, list) and len(value) == 1 and accepts(value[0]):
        return True, value[0]
    return False, None


def _point(value: Value) -> bool:
    return not isinstance(value, Range | list | dict | Function | Builtin)


_ACCEPTS: dict[str, Callable[[Value], bool]] = {
    "number": lambda value: isinstance(value, Decimal),
    "integer": lambda value: isinstance(value, Decimal) and value.adjusted() < 18,
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "list": lambda value: isinstance(value, list),
    "context": lambda value: isinstance(value, dict),
    "range": lambda value: isinstance(value, Range),
    "function": lambda value: isinstance(value, Function | Builtin),
    "point": _point,
    "date": lambda value: kind(value) == "date",
    "time": lambda value: kind(value) == "time",
    "date and time": lambda value: kind(value) == "date and time",
    "day": lambda value: isinstance(value, DATES + DATE_TIMES),
    "days and time duration": lambda value: isinstance(value, DURATIONS),
    "duration": lambda value: isinstance(value, (Months, *DURATIONS)),
}


def builtin(name: str, parameters: str, result: str = "Any", with_run: bool = False) -> Callable[..., Any]:
    """Register one signature of a function of the standard."""
    read = tuple(
        Parameter(found[1], found[3], found[2] == "?", found[2] == "...")
        for part in parameters.split(", ")
        if part and (found := _PARAMETER.fullmatch(part))
    )

    def register(call: Callable[..., Value]) -> Callable[..., Value]:
        BUILTINS.setdefault(name, Builtin(name, result=result)).signatures.append(Signature(read, call, with_run))
        return call

    return register


# -- conversion ------------------------------------------------------------------------------------------------------


@builtin("date", "from: string", "date")
def date_from_text(text: str) -> Value:
    return temporal.read_date(text)


@builtin("date", "from: day", "date")
def date_from_day(value: Value) -> Value:
    return temporal.date_of(temporal.number_of(value))


@builtin("date", "year: integer, month: integer, day: integer", "date")
def date_from_parts(year: Decimal, month: Decimal, day: Decimal) -> Value:
    return temporal.date(int(year), int(month), int(day))


@builtin("time", "from: string", "time")
def time_from_text(text: str) -> Value:
    return temporal.read_time(text)


@builtin("time", "from: time", "time")
def time_from_time(value: Value) -> Value:
    return value


@builtin("time", "from: day", "time")
def time_from_day(value: Value) -> Value:
    if isinstance(value, DATES) and kind(value) == "date":
        return dt.time(tzinfo=dt.UTC)
    zone = value.tzinfo
    return temporal.time_of(temporal.nanoseconds_of(value), zone)


@builtin("time", "hour: integer, minute: integer, second: number, offset?: days and time duration", "time")
def time_from_parts(hour: Decimal, minute: Decimal, second: Decimal, offset: Value = None) -> Value:
    if not (0 <= hour <= 23 and 0 <= minute <= 59 and 0 <= second < 60):
        return None
    zone = None
    if offset is not None:
        seconds = temporal.nanoseconds_in(offset) // temporal.SECOND
        if abs(seconds) > temporal.LONGEST_OFFSET:
            return None
        zone = temporal.offset_zone(seconds)
    nanoseconds = int(hour) * temporal.HOUR + int(minute) * temporal.MINUTE + temporal.whole_seconds(second)
    return temporal.time_of(nanoseconds, zone)


@builtin("date and time", "from: string", "date and time")
def date_time_from_text(text: str) -> Value:
    return temporal.read_date_time(text)


@builtin("date and time", "from: date and time", "date and time")
def date_time_from_date_time(value: Value) -> Value:
    return value


@builtin("date and time", "date: day, time: time", "date and time")
def date_time_from_parts(day: Value, clock: Value) -> Value:
    return temporal.date_time_of(temporal.number_of(day), temporal.nanoseconds_of(clock), clock.tzinfo)


@builtin("duration", "from: string", "duration")
def duration_from_text(text: str) -> Value:
    return temporal.read_duration(text)


@builtin("duration", "from: duration", "duration")
def duration_from_duration(value: Value) -> Value:
    return value


@builtin("years and months duration", "from: day, to: day", "years and months duration")
def months_from_days(start: Value, end: Value) -> Value:
    first, last = temporal.date_of(temporal.number_of(start)), temporal.date_of(temporal.number_of(end))
    return None if first is None or last is None else temporal.months_between(first, last)


_NUMERAL = re.compile(r"-?([0-9]+(\.[0-9]+)?|\.[0-9]+)")


@builtin("number", "from: string, grouping separator?: string, decimal separator?: string", "number")
def number_from_text(text: str, grouping: str | None = None, separator: str | None = None) -> Value:
    if grouping not in (" ", ",", ".", None) or separator not in (".", ",", None):
        return None
    if grouping is not None and grouping == separator:
        return None
    if grouping:
        text = text.replace(grouping, "")
    if separator == ",":
        if "." in text:
            return None
        text = text.replace(",", ".")
    if not _NUMERAL.fullmatch(text):
        return None
    return finite(NUMBERS.create_decimal(text))


@builtin("number", "from: number", "number")
def number_from_number(value: Decimal) -> Value:
    return value


@builtin("string", "from: Any", "string", with_run=True)
def string_from(run: Run, value: Value) -> Value:
    run.weigh(value)
    return text_of(value)


@builtin("range", "from: string", "range", with_run=True)
def range_from_text(run: Run, text: str) -> Value:
    from workflow_runtime.feel.ranges import read_range  # it needs the parser, which needs nothing of ours

    return read_range(run, text)


# -- booleans --------------------------------------------------------------------------------------------------------


@builtin("not", "negand: boolean", "boolean")
def not_(negand: bool) -> bool:
    return not negand


# -- strings ---------------------------------------------------------------------------------------------------------


@builtin("substring", "string: string, start position: integer, length?: integer", "string")
def substring(text: str, start: Decimal, length: Decimal | None = None) -> Value:
    if start == 0 or abs(start) > len(text) or (length is not None and length < 1):
        return None
    first = int(start) - 1 if start > 0 else len(text) + int(start)
    return text[first:] if length is None else text[first : first + int(length)]


@builtin("string length", "string: string", "number")
def string_length(text: str) -> Value:
    return Decimal(len(text))


@builtin("upper case", "string: string", "string")
def upper_case(text: str) -> str:
    return text.upper()


@builtin("lower case", "string: string", "string")
def lower_case(text: str) -> str:
    return text.lower()


@builtin("substring before", "string: string, match: string", "string")
def substring_before(text: str, match: str) -> str:
    before, found, _ = text.partition(match) if match else ("", "x", "")
    return before if found else ""


@builtin("substring after", "string: string, match: string", "string")
def substring_after(text: str, match: str) -> str:
    return text.partition(match)[2] if match else text


@builtin("contains", "string: string, match: string", "boolean")
def contains(text: str, match: str) -> bool:
    return match in text


@builtin("starts with", "string: string, match: string", "boolean")
def starts_with(text: str, match: str) -> bool:
    return text.startswith(match)


@builtin("ends with", "string: string, match: string", "boolean")
def ends_with(text: str, match: str) -> bool:
    return text.endswith(match)


def _pattern(run: Run, pattern: str, flags: str | None) -> Any:
    """A compiled pattern; a new one costs more than one that is known."""
    run.spend(20 if regex.known(pattern, flags or "") else 2_000)
    return regex.compiled(pattern, flags or "")


@builtin("matches", "input: string, pattern: string, flags?: string", "boolean", with_run=True)
def matches(run: Run, text: str, pattern: str, flags: str | None = None) -> Value:
    try:
        return _pattern(run, pattern, flags).search(text) is not None
    except regex.BadPattern:
        return None


@builtin("replace", "input: string, pattern: string, replacement: string, flags?: string", "string", with_run=True)
def replace(run: Run, text: str, pattern: str, replacement: str, flags: str | None = None) -> Value:
    try:
        compiled = _pattern(run, pattern, flags)
        pieces: list[str | int] = [replacement] if "q" in (flags or "") else regex.replacement(replacement)
    except regex.BadPattern:
        return None
    if compiled.search("") is not None:
        return None  # XPath: a pattern that matches nothing at all cannot be replaced
    parts, last, length = [], 0, 0
    for found in compiled.finditer(text):
        groups = (found.group(), *found.groups())
        filled = "".join(piece if isinstance(piece, str) else _group(groups, piece) for piece in pieces)
        parts += [text[last : found.start()], filled]
        last = found.end()
        length += len(filled)
        if length > limits.STRING:
            raise limit("string-too-long", limits.STRING)
    return "".join([*parts, text[last:]])


def _group(groups: tuple[str | None, ...], number: int) -> str:
    return (groups[number] or "") if number < len(groups) else ""


@builtin("split", "string: string, delimiter: string", "list", with_run=True)
def split(run: Run, text: str, delimiter: str) -> Value:
    try:
        compiled = _pattern(run, delimiter, None)
    except regex.BadPattern:
        return None
    if compiled.search("") is not None:
        return list(text) if delimiter == "" else None
    pieces, last = [], 0
    for found in compiled.finditer(text):
        pieces.append(text[last : found.start()])
        if len(pieces) > limits.LIST:
            raise limit("list-too-long", limits.LIST)
        last = found.end()
    return [*pieces, text[last:]]


@builtin("string join", "list: list, delimiter?: string", "string")
def string_join(items: list[Value], delimiter: str | None = None) -> Value:
    kept = [item for item in items if item is not None]
    if not all(isinstance(item, str) for item in kept):
        return None
    if sum(map(len, kept)) + len(kept) * len(delimiter or "") > limits.STRING:
        raise limit("string-too-long", limits.STRING)
    return (delimiter or "").join(kept)


# -- lists -----------------------------------------------------------------------------------------------------------


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


def _aggregate(name: str, result: str = "number") -> Callable[..., Any]:
    """A function of one list, or of any number of items."""

    def register(call: Callable[[list[Value]], Value]) -> Callable[[list[Value]], Value]:
        def of_list(run: Run, items: list[Value]) -> Value:
            run.spend(len(items))
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


@_aggregate("sum", "Any")
def sum_(items: list[Value]) -> Value:
    if not items or not all(isinstance(item, Decimal | Months | dt.timedelta) for item in items):
        return None
    total = items[0]
    for item in items[1:]:
        total = add(total, item)
    return total


@_aggregate("product")
def product(items: list[Value]) -> Value:
    if not _numbers(items):
        return None
    total = items[0]
    for item in items[1:]:
        total = multiply(total, item)
    return total


@_aggregate("mean")
def mean(items: list[Value]) -> Value:
    return divide(sum_(items), Decimal(len(items))) if _numbers(items) else None


@_aggregate("median")
def median(items: list[Value]) -> Value:
    if not _numbers(items):
        return None
    ordered, half = sorted(items), len(items) // 2
    return ordered[half] if len(ordered) % 2 else divide(add(ordered[half - 1], ordered[half]), Decimal(2))


@_aggregate("stddev")
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


def called(run: Run, function: Value, arguments: list[Value]) -> Value:
    """Call a function value that was handed to a function."""
    from workflow_runtime.feel.compiler import invoke  # the compiler needs the built-ins

    return invoke(run, function, arguments)


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


@builtin("distinct values", "list: list", "list", with_run=True)
def distinct_values(run: Run, items: list[Value]) -> Value:
    return _distinct(run, items)


def _distinct(run: Run, items: Iterable[Value]) -> list[Value]:
    kept: list[Value] = []
    seen: set[tuple[type, Value]] = set()  # numbers, strings and booleans are found at once
    for item in items:
        if type(item) in (Decimal, str, bool):
            run.spend(1)
            if (type(item), item) not in seen:
                seen.add((type(item), item))
                kept.append(item)
            continue
        run.spend(min(weight(item), limits.OPERATIONS) * (len(kept) // 4 + 1))
        if not any(same(item, other) for other in kept):
            kept.append(item)
    return kept


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
        if found is True:
            return -1
        back = called(run, precedes, [right, left])
        wrong = wrong or not isinstance(found, bool) or not isinstance(back, bool)
        return 1 if back is True else 0

    result = sorted(items, key=cmp_to_key(order))
    return None if wrong else result


@builtin("sort", "list: list", "list", with_run=True)
def sort_naturally(run: Run, items: list[Value]) -> Value:
    run.spend(len(items) * 4)
    if any(less(left, right) is None for left, right in pairwise(items)):
        return None
    return sorted(items, key=cmp_to_key(lambda left, right: -1 if less(left, right) else 1 if less(right, left) else 0))


# -- numbers ---------------------------------------------------------------------------------------------------------


def _rounded(number: Decimal, scale: Decimal, rounding: str) -> Value:
    if not -6111 <= scale <= 6176:
        return None
    if number.adjusted() + scale >= 33:
        return number  # its 34 digits end before this place
    context = Context(prec=40, rounding=rounding, Emin=-6300, Emax=6300, traps=[])
    return finite(NUMBERS.plus(context.quantize(number, Decimal((0, (1,), -int(scale))))))


def _rounding(name: str, rounding: str) -> None:
    builtin(name, "n: number, scale: integer", "number")(lambda n, scale: _rounded(n, scale, rounding))


builtin("floor", "n: number", "number")(lambda n: _rounded(n, Decimal(0), ROUND_FLOOR))
builtin("ceiling", "n: number", "number")(lambda n: _rounded(n, Decimal(0), ROUND_CEILING))
for _name, _mode in {
    "decimal": ROUND_HALF_EVEN,
    "floor": ROUND_FLOOR,
    "ceiling": ROUND_CEILING,
    "round up": ROUND_UP,
    "round down": ROUND_DOWN,
    "round half up": ROUND_HALF_UP,
    "round half down": ROUND_HALF_DOWN,
}.items():
    _rounding(_name, _mode)


@builtin("abs", "n: number", "number")
@builtin("abs", "n: duration", "duration")
def abs_(value: Value) -> Value:
    if isinstance(value, Decimal):
        return abs(value)
    smaller = value.months < 0 if isinstance(value, Months) else temporal.nanoseconds_in(value) < 0
    return negate(value) if smaller else value


@builtin("modulo", "dividend: number, divisor: number", "number", with_run=True)
def modulo(run: Run, dividend: Decimal, divisor: Decimal) -> Value:
    if not divisor:
        return None
    run.spend(max(0, dividend.adjusted() - divisor.adjusted()))
    rest = Context(prec=6200, Emin=-6300, Emax=6300, traps=[]).remainder(dividend, divisor)
    if rest and (rest < 0) != (divisor < 0):
        rest += divisor
    return finite(NUMBERS.plus(rest))


@builtin("sqrt", "number: number", "number")
def sqrt(number: Decimal) -> Value:
    return finite(NUMBERS.sqrt(number)) if number >= 0 else None


@builtin("log", "number: number", "number")
def log(number: Decimal) -> Value:
    return finite(NUMBERS.ln(number)) if number > 0 else None


@builtin("exp", "number: number", "number")
def exp(number: Decimal) -> Value:
    return finite(NUMBERS.exp(number))


@builtin("odd", "number: number", "boolean")
def odd(number: Decimal) -> Value:
    return _parity(number, True)


@builtin("even", "number: number", "boolean")
def even(number: Decimal) -> Value:
    return _parity(number, False)


def _parity(number: Decimal, is_odd: bool) -> bool | None:
    _sign, digits, exponent = number.as_tuple()
    if number != number.to_integral_value() or not isinstance(exponent, int):
        return None
    if exponent > 0:
        return not is_odd
    last = digits[exponent - 1] if exponent - 1 >= -len(digits) else 0
    return (last % 2 == 1) == is_odd


# -- dates -----------------------------------------------------------------------------------------------------------


@builtin("is", "value1: Any, value2: Any", "boolean")
def is_(left: Value, right: Value) -> bool:
    if kind(left) != kind(right):
        return False
    if kind(left) in ("time", "date and time"):
        return (
            temporal.nanoseconds_of(left) == temporal.nanoseconds_of(right)
            and (kind(left) == "time" or temporal.number_of(left) == temporal.number_of(right))
            and temporal.offset_of(left) == temporal.offset_of(right)
            and (left.tzinfo is None) == (right.tzinfo is None)
        )
    return equal(left, right) is True


@builtin("day of year", "date: day", "number")
def day_of_year(value: Value) -> Value:
    year, _, _ = temporal.parts(value)
    return Decimal(temporal.number_of(value) - temporal.day_number(year, 1, 1) + 1)


WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@builtin("day of week", "date: day", "string")
def day_of_week(value: Value) -> Value:
    return WEEKDAYS[(temporal.number_of(value) - 1) % 7]


@builtin("month of year", "date: day", "string")
def month_of_year(value: Value) -> Value:
    return MONTHS[temporal.parts(value)[1] - 1]


@builtin("week of year", "date: day", "number")
def week_of_year(value: Value) -> Value:
    number = temporal.number_of(value)
    thursday = number - (number - 1) % 7 + 3
    year, _, _ = temporal.civil(thursday)
    return Decimal((thursday - temporal.day_number(year, 1, 1)) // 7 + 1)


@builtin("now", "", "date and time", with_run=True)
def now(run: Run) -> Value:
    return run.now


@builtin("today", "", "date", with_run=True)
def today(run: Run) -> Value:
    return None if run.now is None else run.now.date()


# -- contexts --------------------------------------------------------------------------------------------------------


@builtin("get value", "m: context, key: string")
def get_value(context: dict[str, Value], key: str) -> Value:
    return context.get(key)


@builtin("get entries", "m: context", "list")
def get_entries(context: dict[str, Value]) -> Value:
    return [{"key": key, "value": value} for key, value in context.items()]


@builtin("context", "entries: list", "context")
def context_of(entries: list[Value]) -> Value:
    result: dict[str, Value] = {}
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("key"), str) or "value" not in entry:
            return None
        if entry["key"] in result:
            return None
        result[entry["key"]] = entry["value"]
    return result


@builtin("context put", "context: context, key: string, value: Any", "context")
def context_put(context: dict[str, Value], key: str, value: Value) -> Value:
    return {**context, key: value}


@builtin("context put", "context: context, keys: list, value: Any", "context")
def context_put_deep(context: dict[str, Value], keys: list[Value], value: Value) -> Value:
    if not keys or not isinstance(keys[0], str):
        return None
    if len(keys) == 1:
        return {**context, keys[0]: value}
    inner = context.get(keys[0])
    if not isinstance(inner, dict):
        return None
    deeper = context_put_deep(inner, keys[1:], value)
    return None if deeper is None else {**context, keys[0]: deeper}


@builtin("context merge", "contexts: list", "context")
def context_merge(contexts: list[Value]) -> Value:
    result: dict[str, Value] = {}
    for context in contexts:
        if not isinstance(context, dict):
            return None
        result.update(context)
    return result


# -- ranges ----------------------------------------------------------------------------------------------------------
# Each end of a range is compared together with its inclusion: a low end as (value, 0 if included else 1), a high end as
# (value, 0 if included else -1). Then "begins before" is one comparison, as the standard's tables spell it out.


def _ends(left: Value, left_side: int, right: Value, right_side: int) -> int | None:
    """-1, 0 or 1 as one end lies before, at or behind another; None if they cannot be compared."""
    before, after = less(left, right), greater(left, right)
    if before is None or after is None:
        return None
    if before:
        return -1
    if after:
        return 1
    return (left_side > right_side) - (left_side < right_side)


def _low(span: Range) -> tuple[Value, int]:
    return span.start, 0 if span.start_included else 1


def _high(span: Range) -> tuple[Value, int]:
    return span.end, 0 if span.end_included else -1


def _compared(left: tuple[Value, int], right: tuple[Value, int], *wanted: int) -> bool | None:
    found = _ends(*left, *right)
    return None if found is None else found in wanted


@builtin("before", "point1: point, point2: point", "boolean")
def before_points(left: Value, right: Value) -> Value:
    return less(left, right)


@builtin("before", "point: point, range: range", "boolean")
def before_point_range(point: Value, span: Range) -> Value:
    return _compared((point, 0), _low(span), -1)


@builtin("before", "range: range, point: point", "boolean")
def before_range_point(span: Range, point: Value) -> Value:
    return _compared(_high(span), (point, 0), -1)


@builtin("before", "range1: range, range2: range", "boolean")
def before_ranges(left: Range, right: Range) -> Value:
    return _compared(_high(left), _low(right), -1)


@builtin("after", "point1: point, point2: point", "boolean")
def after_points(left: Value, right: Value) -> Value:
    return greater(left, right)


@builtin("after", "point: point, range: range", "boolean")
def after_point_range(point: Value, span: Range) -> Value:
    return before_range_point(span, point)


@builtin("after", "range: range, point: point", "boolean")
def after_range_point(span: Range, point: Value) -> Value:
    return before_point_range(point, span)


@builtin("after", "range1: range, range2: range", "boolean")
def after_ranges(left: Range, right: Range) -> Value:
    return before_ranges(right, left)


@builtin("meets", "range1: range, range2: range", "boolean")
def meets(left: Range, right: Range) -> Value:
    return both(left.end_included and right.start_included, equal(left.end, right.start))


@builtin("met by", "range1: range, range2: range", "boolean")
def met_by(left: Range, right: Range) -> Value:
    return meets(right, left)


@builtin("overlaps", "range1: range, range2: range", "boolean")
def overlaps(left: Range, right: Range) -> Value:
    return both(_compared(_high(left), _low(right), 0, 1), _compared(_low(left), _high(right), -1, 0))


@builtin("overlaps before", "range1: range, range2: range", "boolean")
def overlaps_before(left: Range, right: Range) -> Value:
    begins = _compared(_low(left), _low(right), -1)
    reaches = _compared(_high(left), _low(right), 0, 1)
    return both(both(begins, reaches), _compared(_high(left), _high(right), -1, 0))


@builtin("overlaps after", "range1: range, range2: range", "boolean")
def overlaps_after(left: Range, right: Range) -> Value:
    return overlaps_before(right, left)


@builtin("finishes", "point: point, range: range", "boolean")
def finishes_point(point: Value, span: Range) -> Value:
    return both(span.end_included, equal(span.end, point))


@builtin("finishes", "range1: range, range2: range", "boolean")
def finishes(left: Range, right: Range) -> Value:
    return both(_compared(_high(left), _high(right), 0), _compared(_low(left), _low(right), 0, 1))


@builtin("finished by", "range: range, point: point", "boolean")
def finished_by_point(span: Range, point: Value) -> Value:
    return finishes_point(point, span)


@builtin("finished by", "range1: range, range2: range", "boolean")
def finished_by(left: Range, right: Range) -> Value:
    return finishes(right, left)


@builtin("includes", "range: range, point: point", "boolean")
def includes_point(span: Range, point: Value) -> Value:
    return within(point, span)


@builtin("includes", "range1: range, range2: range", "boolean")
def includes(left: Range, right: Range) -> Value:
    return both(_compared(_low(left), _low(right), -1, 0), _compared(_high(left), _high(right), 0, 1))


@builtin("during", "point: point, range: range", "boolean")
def during_point(point: Value, span: Range) -> Value:
    return within(point, span)


@builtin("during", "range1: range, range2: range", "boolean")
def during(left: Range, right: Range) -> Value:
    return includes(right, left)


@builtin("starts", "point: point, range: range", "boolean")
def starts_point(point: Value, span: Range) -> Value:
    return both(span.start_included, equal(span.start, point))


@builtin("starts", "range1: range, range2: range", "boolean")
def starts(left: Range, right: Range) -> Value:
    return both(_compared(_low(left), _low(right), 0), _compared(_high(left), _high(right), -1, 0))


@builtin("started by", "range: range, point: point", "boolean")
def started_by_point(span: Range, point: Value) -> Value:
    return starts_point(point, span)


@builtin("started by", "range1: range, range2: range", "boolean")
def started_by(left: Range, right: Range) -> Value:
    return starts(right, left)


@builtin("coincides", "point1: point, point2: point", "boolean")
def coincides_points(left: Value, right: Value) -> Value:
    return equal(left, right)


@builtin("coincides", "range1: range, range2: range", "boolean")
def coincides(left: Range, right: Range) -> Value:
    return equal(left, right)
