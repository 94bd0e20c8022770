"""Figures of the office: how many cases and items, how many late, how long a step takes. Nobody's name is in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median
from typing import Any, Final

from sqlalchemy import Row

from workflow_runtime import queries
from workflow_runtime.calendars import Calendar, working_days_between
from workflow_runtime.i18n import of_data
from workflow_runtime.model import Actor, CaseState
from workflow_runtime.runtime import CALENDAR, Runtime

#: By what figures can be grouped.
BY: Final = ("procedure", "month", "agency", "department", "step")


@dataclass(frozen=True, slots=True)
class Figures:
    """One group. Cases are counted where the group is one of cases (procedure, month), else None."""

    group: str
    cases: int | None  #: begun in the period
    running: int | None  #: of these, not ended
    open: int  #: items open now
    late: int  #: of these, overdue
    done: int  #: items completed in the period
    done_late: int  #: of these, after they were due
    days: float | None  #: median of working days from opening to completion; None before the first


class Office:
    """What a runtime's figures are taken from."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def figures(
        self, by: str, *, since: date, until: date, actor: Actor, procedure: str | None = None
    ) -> list[Figures]:
        """Figures of the period, both days included, grouped by one of `BY`, as far as the actor sees cases and items.

        Months are months of the office's calendar: a case counts in that of its beginning, an item in that of its
        completion, an open item in none.
        """
        group = _GROUPS[by]
        counted_cases = by in ("procedure", "month")
        with self._runtime._database.read() as tx:
            calendar_id = queries.newest_calendar(tx, CALENDAR)
            calendar = self._runtime._library.calendar(tx, calendar_id) if calendar_id is not None else None
            first, last = self._runtime._instant(since), self._runtime._instant(until)
            cases = queries.case_figures(tx, actor, procedure) if counted_cases else ()
            items = queries.item_figures(tx, actor, procedure)
        assert first is not None and last is not None
        day, now = self._runtime._day_of, self._runtime._clock()
        found: dict[str, _Count] = defaultdict(_Count)
        for row in cases:
            if since <= day(row.started_at) <= until:
                count = found[group(row, day(row.started_at))]
                count.cases += 1
                count.running += row.state not in (CaseState.COMPLETED, CaseState.CANCELLED)
        for row in items:
            if row.completed_at is None:
                if by != "month":
                    count = found[group(row, None)]
                    count.open += 1
                    count.late += row.due_at is not None and row.due_at < now
            elif since <= (done := day(row.completed_at)) <= until:
                count = found[group(row, done)]
                count.done += 1
                count.done_late += row.due_at is not None and row.due_at < row.completed_at
                count.days.append(_working_days(row.opened_at, row.completed_at, day, calendar))
        return [
            Figures(
                name,
                count.cases if counted_cases else None,
                count.running if counted_cases else None,
                count.open,
                count.late,
                count.done,
                count.done_late,
                float(median(count.days)) if count.days else None,
            )
            for name, count in sorted(found.items())
        ]


class _Count:
    def __init__(self) -> None:
        self.cases = self.running = self.open = self.late = self.done = self.done_late = 0
        self.days: list[int] = []


def _working_days(opened: datetime, done: datetime, day: Callable[[datetime], date], calendar: Calendar | None) -> int:
    first, last = day(opened), day(done)
    return working_days_between(first, last, calendar) if calendar is not None else (last - first).days


_GROUPS: Final[dict[str, Callable[[Row[Any], date | None], str]]] = {
    "procedure": lambda row, _day: of_data(row.procedure_name),
    "month": lambda _row, day: f"{day:%Y-%m}" if day is not None else "",
    "agency": lambda row, _day: of_data(row.agency_name or ""),
    "department": lambda row, _day: f"{of_data(row.agency_name or '')} / {of_data(row.department_name or '')}",
    "step": lambda row, _day: of_data(row.name),
}
