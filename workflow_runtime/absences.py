"""Absences: for some days a colleague does somebody's work, and both names stand in the history.

An absence is set by whoever goes away, by a supervisor of the department, or by a process owner. It adds to the
substitutions of the organisation file, and outlives the file's next import. A substitute hands nothing on to another.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row

from workflow_runtime import queries, store
from workflow_runtime.errors import BadInput, NotAllowed, NotFound, RuleBroken
from workflow_runtime.i18n import _
from workflow_runtime.model import Actor
from workflow_runtime.runtime import Runtime


@dataclass(frozen=True, slots=True)
class AbsenceView:
    """Who stands in for whom, from the first day to the last, both included."""

    id: int | None  #: None: the organisation file says so
    absent: str
    absent_name: str
    substitute: str
    substitute_name: str
    first: date
    last: date
    reason: str
    set_by: str


class Absences:
    """The absences of a runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._database = runtime._database

    def set(self, absent: str, substitute: str, *, first: date, last: date, reason: str, actor: Actor) -> AbsenceView:
        """Let `substitute` do the work of `absent` on these days.

        Raises NotFound for an unknown clerk, BadInput for days that make no sense, NotAllowed when it is not the
        actor's to say, RuleBroken when the days overlap with another absence of the same clerk, or when the substitute
        is away on them.
        """
        today = self._runtime._today()
        if last < first or last < today:
            raise BadInput(
                _("from {first} to {last}: the last day must not lie before the first, nor in the past").format(
                    first=first, last=last
                )
            )
        if absent == substitute:
            raise BadInput(_("nobody stands in for themselves"))
        with self._database.begin() as tx:
            names = self._known(tx, absent, substitute)
            self._may(tx, absent, actor)
            for one in self._all(tx, today):
                if first > one.last or last < one.first:
                    continue
                if one.absent == absent:
                    raise RuleBroken(
                        _("{absent} is away from {first} to {last} already, {substitute} stands in").format(
                            absent=one.absent_name, first=one.first, last=one.last, substitute=one.substitute_name
                        )
                    )
                if one.absent == substitute:
                    raise RuleBroken(
                        _("{substitute} is away from {first} to {last}: name somebody who is there").format(
                            substitute=one.absent_name, first=one.first, last=one.last
                        )
                    )
            id = store.insert_absence(
                tx,
                absent=absent,
                substitute=substitute,
                valid_from=first,
                valid_to=last,
                reason=reason,
                by=actor.clerk,
                now=self._runtime._clock(),
            )
        return AbsenceView(id, absent, names[absent], substitute, names[substitute], first, last, reason, actor.clerk)

    def end(self, id: int, *, actor: Actor) -> None:
        """End an absence today: the substitute's last day was yesterday. Raises NotFound, NotAllowed."""
        with self._database.begin() as tx:
            row = queries.absence(tx, id)
            if row is None or row.ended_on is not None:
                raise NotFound(_("there is no absence {id}; “absence list” shows them").format(id=id))
            self._may(tx, row.absent, actor)
            store.end_absence(tx, id, on=self._runtime._today(), by=actor.clerk)

    def all(self, *, actor: Actor) -> tuple[AbsenceView, ...]:
        """Absences of today and later, of the clerks of the departments the actor sees; a process owner sees all."""
        with self._database.read() as tx:
            found = self._all(tx, self._runtime._today())
            if actor.process_owner or actor.clerk == "system":
                return found
            colleagues = queries.clerks_of(tx, actor.sees) | actor.people
        return tuple(one for one in found if one.absent in colleagues or one.substitute in colleagues)

    def of(self, actor: Actor) -> tuple[AbsenceView, ...]:
        """For whom the actor stands in today."""
        today = self._runtime._today()
        with self._database.read() as tx:
            found = self._all(tx, today)
        return tuple(one for one in found if one.substitute == actor.clerk and one.first <= today <= one.last)

    def _all(self, tx: Connection, today: date) -> tuple[AbsenceView, ...]:
        rows = queries.absences(tx, today)
        names = queries.clerk_names(tx, [id for row in rows for id in (row.absent, row.substitute)])
        return tuple(_view(row, names) for row in rows)

    def _known(self, tx: Connection, *clerks: str) -> dict[str, str]:
        names = {}
        for id in clerks:
            row = queries.clerk(tx, id)
            if row is None:
                raise NotFound(
                    _("nobody called {user!r} is in the organisation; “xieban org show” lists everybody").format(
                        user=id
                    )
                )
            names[id] = row.name
        return names

    def _may(self, tx: Connection, absent: str, actor: Actor) -> None:
        departments = {m.department_id for m in queries.memberships(tx, absent, self._runtime._today())}
        if actor.process_owner or actor.clerk in (absent, "system") or departments & actor.supervises:
            return
        raise NotAllowed(
            _("only {absent}, a supervisor of the department or a process owner may say who stands in").format(
                absent=absent
            )
        )


def _view(row: Row[Any], names: dict[str, str]) -> AbsenceView:
    return AbsenceView(
        row.id,
        row.absent,
        names[row.absent],
        row.substitute,
        names[row.substitute],
        row.valid_from,
        row.valid_to,
        row.reason,
        row.set_by,
    )
