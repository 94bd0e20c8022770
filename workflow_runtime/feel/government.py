"""An extension of this programme, not part of the standard: functions for government deadlines and ages.

Which day is a working day is not known here; a calendar is handed in as a function. The names are known to the parser,
so that an expression that uses them can be read before any calendar is chosen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from workflow_runtime.feel import temporal, types
from workflow_runtime.feel.scope import Priced
from workflow_runtime.feel.types import FunctionType, Type

#: the names and types of the functions, for `check`
SIGNATURES: Mapping[str, Type] = {
    "working days between": FunctionType((types.DATE, types.DATE), types.NUMBER),
    "add working days": FunctionType((types.DATE, types.NUMBER), types.DATE),
    "age on": FunctionType((types.DATE, types.DATE), types.NUMBER),
    "add months": FunctionType((types.DATE, types.NUMBER), types.DATE),
}

FARTHEST = 40_000  #: days that a count of working days may walk
A_DAY = 4  #: steps of asking the calendar about one day


def functions(is_working_day: Callable[[dt.date], bool]) -> dict[str, Callable[..., Any]]:
    """The four functions on a calendar, to be handed to an evaluation."""
    return {
        "working days between": Priced(
            lambda start, end: working_days_between(start, end, is_working_day),
            lambda start, end: 10 + A_DAY * _apart(start, end),
        ),
        "add working days": Priced(
            lambda date, days: add_working_days(date, days, is_working_day),
            lambda date, days: 10 + 2 * A_DAY * _walked(days),
        ),
        "age on": age_on,
        "add months": add_months,
    }


def working_days_between(start: Any, end: Any, is_working_day: Callable[[dt.date], bool]) -> Decimal | None:
    """How many working days lie after `start` up to and including `end`; negative when `end` comes first."""
    first, last = _day(start), _day(end)
    if first is None or last is None or abs((last - first).days) > FARTHEST:
        return None
    if last < first:
        back = working_days_between(last, first, is_working_day)
        return None if back is None else -back
    days = (first + dt.timedelta(days=step) for step in range(1, (last - first).days + 1))
    return Decimal(sum(1 for day in days if is_working_day(day)))


def add_working_days(date: Any, days: Any, is_working_day: Callable[[dt.date], bool]) -> dt.date | None:
    """The day so many working days later (earlier when negative); the day itself does not count."""
    day = _day(date)
    if day is None or not isinstance(days, Decimal | int) or days != int(days) or abs(int(days)) > FARTHEST // 2:
        return None
    left = int(days)
    step = dt.timedelta(days=1 if left >= 0 else -1)
    left = abs(left)
    for _step in range(FARTHEST):
        if not left:
            return day
        day += step
        left -= is_working_day(day)
    return None


def age_on(birth: Any, date: Any) -> Decimal | None:
    """Age in completed years on a date. Who is born on 29 February completes a year on the 28th of a short year: where
    a month lacks the day, its last day stands for it (Civil Code, 202)."""
    born, day = _day(birth), _day(date)
    if born is None or day is None or day < born:
        return None
    years = day.year - born.year
    birthday = temporal.add_months(born, years * 12)
    return Decimal(years if isinstance(birthday, dt.date) and birthday <= day else years - 1)


def add_months(date: Any, months: Any) -> dt.date | None:
    """The date so many calendar months later; a day the month does not have becomes its last day."""
    day = _day(date)
    if day is None or not isinstance(months, Decimal) or months != months.to_integral_value() or abs(months) > 12_000:
        return None
    moved = temporal.add_months(day, int(months))
    return moved if isinstance(moved, dt.date) else None


def _apart(start: Any, end: Any) -> int:
    """How many days two dates lie apart, as far as anybody would walk."""
    first, last = _day(start), _day(end)
    return 0 if first is None or last is None else min(abs((last - first).days), FARTHEST)


def _walked(days: Any) -> int:
    return min(abs(int(days)), FARTHEST) if isinstance(days, Decimal | int) else 0


def _day(value: Any) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return value.date()
    return value if isinstance(value, dt.date) else None


#: Those that need no calendar.
OF_DATES: Mapping[str, Callable[..., Any]] = {"age on": age_on, "add months": add_months}
