"""A case that is sent back again and again costs in its 60th round what it cost in its 10th.

Counted, not timed: statements, bytes of the snapshot, rows read. `benchmarks/loop.py` measures time over 200 rounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event, select

from tests.conftest import Clock
from tests.integration.office import Deeds, clerks, open_office
from workflow_runtime import tables as t
from workflow_runtime.i18n import use_language
from workflow_runtime.settings import Settings


@pytest.fixture
def deeds(settings: Settings, clock: Clock) -> Iterator[Deeds]:
    """A case whose papers lie with the checker."""
    use_language("en")
    with open_office(settings, clock) as runtime:
        county, bureau = clerks(runtime, "cwi-qingxi.social_work")[0], clerks(runtime, "cab-qingxi.child_welfare")[0]
        deeds = Deeds(runtime, clock, 1, {"prepare": county, "mend": county, "check": bureau})
        deeds.start()
        deeds.complete("prepare")
        yield deeds
    use_language("zh")


def test_the_sixtieth_round_costs_what_the_tenth_did(deeds: Deeds) -> None:
    statements: list[str] = []
    database = deeds.runtime._database

    def note(_connection: Any, _cursor: Any, statement: str, *_facts: Any) -> None:
        statements.append(statement)

    for engine in {database._writing, database._reading}:
        event.listen(engine, "before_cursor_execute", note)
    cost: dict[int, tuple[int, int, int, int]] = {}
    for round in range(61):
        statements.clear()
        deeds.complete("check", "returned")
        deeds.complete("mend")
        spoken = len(statements)
        with database.read() as tx:
            row = tx.execute(select(t.case.c.snapshot, t.case.c.timers, t.case_file.c.document).join(t.case_file)).one()
        cost[round] = (spoken, len(bytes(row.snapshot)), row.timers, len(row.document))

    def close(one: int, other: int, within: int) -> bool:
        return abs(one - other) <= within

    assert cost[60][0] == cost[10][0]
    assert close(cost[60][1], cost[10][1], 16)  # compressed: ids differ by a few bytes
    assert cost[60][2:] == cost[10][2:]
