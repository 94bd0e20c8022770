"""Functions of dates and times: their place in the calendar, sameness, the clock."""

from __future__ import annotations

from decimal import Decimal

from workflow_runtime.feel import temporal
from workflow_runtime.feel.operations import equal, kind
from workflow_runtime.feel.scope import Run
from workflow_runtime.feel.signatures import builtin
from workflow_runtime.feel.values import Value


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
