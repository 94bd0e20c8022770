"""Days in the lives of subjects on which something begins by itself: a birthday is missed by no outage, and comes once.

A signal goes to the open cases of the subject; a procedure is started for it, whether or not it has any. What could not
be started (no procedure deployed, nobody who answers, a profile that does not run it) is tried again every day, and a
control list names the subject until it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Row

from workflow_runtime import casefile, queries
from workflow_runtime.errors import BadInput, EngineError, NotAllowed, NotFound
from workflow_runtime.feel import government
from workflow_runtime.model import SYSTEM
from workflow_runtime.profiles import Profile, State
from workflow_runtime.subjects import Occasion, shipped

if TYPE_CHECKING:
    from workflow_runtime.runtime import Runtime

_BATCH: Final = 500
#: The days on which people work play no part in a birthday.
_FUNCTIONS: Final = government.functions(lambda day: day.weekday() < 5)


@dataclass(frozen=True, slots=True)
class _Due:
    """What has come for one subject: the occasion, the key it is done under, and what a case of it begins with."""

    number: str
    occasion: Occasion
    key: str
    regions: Mapping[str, str]
    data: Mapping[str, Any]


class Occasions:
    """The occasions of all subjects of a runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def give(self) -> int:
        """Do everything whose occasion has come, each once; how many signals were given and cases started."""
        done, last = 0, ""
        values: dict[str, Mapping[str, Any] | None] = {}  # of the procedures that may start, asked for once
        while True:
            with self._runtime._database.read() as tx:
                rows = queries.subjects_after(tx, SYSTEM, agencies=frozenset(), last=last, limit=_BATCH)
                due = [*self._signals(tx, rows), *self._starts(tx, rows, values)]
            done += sum(self._do(one) for one in due)
            if len(rows) < _BATCH:
                return done
            last = rows[-1].number

    def _do(self, one: _Due) -> bool:
        if one.occasion.signal:
            self._runtime.signal_subject(one.number, one.occasion.signal, actor=SYSTEM, key=one.key)
            return True
        with suppress(BadInput, NotFound, NotAllowed, EngineError):  # said on the list, tried again tomorrow
            self._runtime.start_case(
                one.occasion.start, one.number, actor=SYSTEM, regions=one.regions, data=one.data, key=one.key
            )
            return True
        return False

    # --- signals -------------------------------------------------------------------------------------------------
    def _signals(self, tx: Connection, rows: Sequence[Row[Any]]) -> Iterator[_Due]:
        """Given when it has come since registration. One that was given on a day on which, by what is known today, it
        had not come yet (a birth date was corrected) was no occasion: it is given again when it comes."""
        today = self._runtime._today()
        come = [(row, one, facts) for row, one, facts in _of(rows, "signal") if _holds(one, facts, today)]
        given = queries.given_to(tx, [row.id for row, _one, _facts in come]) if come else {}
        for row, one, facts in come:
            if _holds(one, facts, self._runtime._day_of(row.registered_at)):
                continue
            key = f"{one.name} {row.number}"
            before = [other for other in given.get(row.id, ()) if other.id == key or other.id.startswith(f"{key} ")]
            if not any(_holds(one, facts, self._runtime._day_of(other.given_at)) for other in before):
                yield _Due(row.number, one, f"{key} {len(before) + 1}" if before else key, {}, {})

    # --- procedures ----------------------------------------------------------------------------------------------
    def _starts(
        self, tx: Connection, rows: Sequence[Row[Any]], values: dict[str, Mapping[str, Any] | None]
    ) -> Iterator[_Due]:
        """Started while it holds, unless a case of that procedure runs or has run: whoever was registered late, had a
        birth date corrected or a case withdrawn (and lives elsewhere by now) is asked too, and nobody twice."""
        today = self._runtime._today()
        pairs = list(_of(rows, "start"))
        ids = sorted({row.id for row, _one, _facts in pairs})
        starts = sorted({one.start for _row, one, _facts in pairs})
        had = {start: queries.cases_counted(tx, ids, start) for start in starts}
        pairs = [pair for pair in pairs if not had[pair[1].start].get(pair[0].id, (0, 0))[0]]
        if not pairs:
            return
        ids = [row.id for row, _one, _facts in pairs]
        standings, heard, agencies = queries.standings_of(tx, ids), queries.heard_of(tx, ids), queries.agencies(tx)
        for row, one, facts in pairs:
            if one.start not in values:
                values[one.start] = self._values(tx, one.start, today)
            if (profile := values[one.start]) is None:
                continue
            scope = {
                **facts,
                "today": today,
                "registered_on": self._runtime._day_of(row.registered_at),
                "region": row.region,
                "standing": {
                    held.kind: _standing(held.holder_agency, agencies)
                    for held in standings.get(row.id, ())
                    if held.valid_to is None
                },
                "signals": heard.get(row.id, []),
                "profile": profile,
            }
            if one.when(scope, functions=_FUNCTIONS) is True:
                withdrawn = had[one.start].get(row.id, (0, 0))[1]
                regions = {name: value(scope, functions=_FUNCTIONS) for name, value in one.regions.items()}
                data = {name: value(scope, functions=_FUNCTIONS) for name, value in one.data.items()}
                yield _Due(
                    row.number,
                    one,
                    f"{one.name} {row.number}" + (f" {withdrawn}" if withdrawn else ""),
                    {name: region for name, region in regions.items() if isinstance(region, str)},
                    {name: value for name, value in data.items() if value is not None},
                )

    def _values(self, tx: Connection, key: str, today: date) -> Mapping[str, Any] | None:
        """The profile's values for a procedure, or None where it is not deployed or the profile does not run it."""
        version = next((one for one in queries.versions(tx, key) if one.state == "active"), None)
        directory = self._runtime._directory_or_none(tx)
        profile: Profile | None = (
            self._runtime._profiles(tx).get(directory.jurisdiction) if directory is not None else None
        )
        if version is None or profile is None:
            return None
        procedure = self._runtime._library.procedure(tx, version.id)
        if profile.procedure_state(procedure.code).state == State.OFF:
            return None
        return profile.values(procedure.code, today, called=procedure.called_codes)


def _of(rows: Sequence[Row[Any]], what: str) -> Iterator[tuple[Row[Any], Occasion, Mapping[str, Any]]]:
    for row in rows:
        kind = shipped().get(row.kind)
        wanted = [one for one in kind.occasions if getattr(one, what)] if kind is not None else []
        if wanted:
            facts = casefile.loads(row.document)
            yield from ((row, one, facts) for one in wanted)


def _holds(occasion: Occasion, facts: Mapping[str, Any], today: date) -> bool:
    return occasion.when({**facts, "today": today}, functions=_FUNCTIONS) is True


def _standing(holder: str | None, agencies: Mapping[str, Any]) -> dict[str, Any]:
    agency = agencies.get(holder or "")
    return {"agency": agency.agency_code if agency else None, "region": agency.region if agency else None}
