"""Temporal values beyond Python's own classes: years outside 1–9999 and fractions below a microsecond.

The standard wants years up to 999,999,999 on either side. These classes hold what datetime cannot; module temporal
makes them, and only when it must, so that everybody else meets plain datetime values.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class WideDate:
    """A date of any year."""

    year: int
    month: int
    day: int

    def __str__(self) -> str:
        return f"{'-' if self.year < 0 else ''}{abs(self.year):04d}-{self.month:02d}-{self.day:02d}"


@dataclass(frozen=True, slots=True)
class WideTime:
    """A time of day in nanoseconds, with its zone if it has one."""

    nanoseconds: int
    tzinfo: dt.tzinfo | None


@dataclass(frozen=True, slots=True)
class WideDateTime:
    """A date and time of any year in nanoseconds, with its zone if it has one."""

    day: int
    nanoseconds: int
    tzinfo: dt.tzinfo | None


@dataclass(frozen=True, slots=True, order=True)
class WideDuration:
    """A days and time duration in nanoseconds."""

    nanoseconds: int
