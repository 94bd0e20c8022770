"""Days in the lives of subjects that give a signal by themselves: a birthday is missed by no outage, and comes once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Row

from workflow_runtime import casefile, queries
from workflow_runtime.feel import government
from workflow_runtime.model import SYSTEM
from workflow_runtime.subjects import Occasion, shipped

if TYPE_CHECKING:
    from workflow_runtime.runtime import Runtime

_BATCH: Final = 500
#: The days on which people work play no part in a birthday.
_FUNCTIONS: Final = government.functions(lambda day: day.weekday() < 5)


class Occasions:
    """The occasions of all subjects of a runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def give(self) -> int:
        """Give every signal whose occasion has come since its subject was registered, each once; how many."""
        given, last = 0, ""
        while True:
            with self._runtime._database.read() as tx:
                rows = queries.subjects_after(tx, SYSTEM, agencies=frozenset(), last=last, limit=_BATCH)
                due = [(row, one) for row in rows for one in self._due(row) if not queries.is_given(tx, _key(row, one))]
            for row, occasion in due:
                self._runtime.signal_subject(row.number, occasion.signal, actor=SYSTEM, key=_key(row, occasion))
            given += len(due)
            if len(rows) < _BATCH:
                return given
            last = rows[-1].number

    def _due(self, row: Row[Any]) -> list[Occasion]:
        kind = shipped().get(row.kind)
        if kind is None or not kind.occasions:
            return []
        facts = casefile.loads(row.document)
        began = self._runtime._day_of(row.registered_at)
        today = self._runtime._today()
        return [one for one in kind.occasions if _holds(one, facts, today) and not _holds(one, facts, began)]


def _holds(occasion: Occasion, facts: Mapping[str, Any], today: date) -> bool:
    return occasion.when({**facts, "today": today}, functions=_FUNCTIONS) is True


def _key(row: Row[Any], occasion: Occasion) -> str:
    return f"{occasion.name} {row.number}"
