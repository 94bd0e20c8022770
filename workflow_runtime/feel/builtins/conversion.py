"""Conversion functions: a value from a text, from its parts, or from a value of another kind."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from workflow_runtime.feel import temporal
from workflow_runtime.feel.numbers import NUMBERS, finite
from workflow_runtime.feel.operations import DATES, kind, text_of
from workflow_runtime.feel.scope import Run
from workflow_runtime.feel.signatures import builtin
from workflow_runtime.feel.values import Value

TEXT = 16  #: steps of reading a text
ZONE = 300  #: steps of finding a zone by its name
RANGE = 250  #: steps of reading a range, which is parsed as an expression


def _zone(run: Run, text: str) -> None:
    """Pay for a zone that may have to be read."""
    if "@" in text:
        run.spend(ZONE)


@builtin("date", "from: string", "date", cost=TEXT)
def date_from_text(text: str) -> Value:
    return temporal.read_date(text)


@builtin("date", "from: day", "date")
def date_from_day(value: Value) -> Value:
    return temporal.date_of(temporal.number_of(value))


@builtin("date", "year: integer, month: integer, day: integer", "date")
def date_from_parts(year: Decimal, month: Decimal, day: Decimal) -> Value:
    return temporal.date(int(year), int(month), int(day))


@builtin("time", "from: string", "time", with_run=True, cost=TEXT)
def time_from_text(run: Run, text: str) -> Value:
    _zone(run, text)
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


@builtin("date and time", "from: string", "date and time", with_run=True, cost=TEXT)
def date_time_from_text(run: Run, text: str) -> Value:
    _zone(run, text)
    return temporal.read_date_time(text)


@builtin("date and time", "from: date and time", "date and time")
def date_time_from_date_time(value: Value) -> Value:
    return value


@builtin("date and time", "date: day, time: time", "date and time")
def date_time_from_parts(day: Value, clock: Value) -> Value:
    return temporal.date_time_of(temporal.number_of(day), temporal.nanoseconds_of(clock), clock.tzinfo)


@builtin("duration", "from: string", "duration", cost=TEXT)
def duration_from_text(text: str) -> Value:
    return temporal.read_duration(text)


@builtin("duration", "from: duration", "duration")
def duration_from_duration(value: Value) -> Value:
    return value


@builtin("years and months duration", "from: day, to: day", "years and months duration")
def months_from_days(start: Value, end: Value) -> Value:
    first, last = temporal.date_of(temporal.number_of(start)), temporal.date_of(temporal.number_of(end))
    return None if first is None or last is None else temporal.months_between(first, last)


_NUMERAL = re.compile(r"-?([0-9]+(\.[0-9]+)?|\.[0-9]+)([eE][+-]?[0-9]{1,9})?")


@builtin("number", "from: string, grouping separator?: string, decimal separator?: string", "number", cost=TEXT)
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


@builtin("string", "from: Any", "string", with_run=True, cost=10)
def string_from(run: Run, value: Value) -> Value:
    run.weigh(value)
    return text_of(value)


@builtin("range", "from: string", "range", with_run=True, cost=RANGE)
def range_from_text(run: Run, text: str) -> Value:
    from workflow_runtime.feel.ranges import read_range  # it needs the parser, which needs nothing of ours

    return read_range(run, text)
