"""Very many timers due at once: claimed by the batch, worked off while people go on, none twice, none lost."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text

import handlers  # noqa: F401  (registers the machine steps)
from benchmarks.scale import COUNT
from tests.conftest import Clock
from tests.integration.office import clerks
from tests.integration.test_cluster import REVIEW, child
from tests.journeys.conftest import ORGANISATION, open_item
from workflow_runtime import tables as t
from workflow_runtime.dispatch import BATCH, Bell, Waiting
from workflow_runtime.machine import LEASE
from workflow_runtime.model import SYSTEM
from workflow_runtime.procedures import gather
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

FIRST = 1_000_000
PAPERS = {"summary": "一册", "pages": 3}


@pytest.fixture
def office(settings: Settings, clock: Clock) -> Iterator[Runtime]:
    """An office with one case whose timer is armed."""
    Runtime.create(settings, clock=clock).close()
    with Runtime.open(settings, clock=clock, dispatch=Waiting()) as runtime:
        runtime.import_organisation(ORGANISATION.read_bytes(), actor=SYSTEM)
        runtime.deploy(gather(REVIEW), actor=SYSTEM)
        prepared(runtime, 1)
        yield runtime


def prepared(runtime: Runtime, number: int) -> None:
    """A case, and its first item completed by a person: now its timer runs."""
    case = runtime.start_case("review", child(runtime, number), actor=SYSTEM)
    (worker, *_rest) = clerks(runtime, "cwi-qingxi.social_work")
    runtime.complete(open_item(runtime, case, "prepare").id, PAPERS, actor=worker)


def multiplied(runtime: Runtime, count: int) -> None:
    """The case that there is, as its own completion left it, so many times over: state, file, parties, timer."""
    with runtime._database.begin() as tx:
        case = dict(tx.execute(select(t.case)).mappings().one())
        file, timer = (dict(tx.execute(select(one)).mappings().one()) for one in (t.case_file, t.timer))
        parties = [dict(row) for row in tx.execute(select(t.party)).mappings()]
        for start in range(FIRST, FIRST + count, 5000):
            ids = range(start, min(start + 5000, FIRST + count))
            tx.execute(insert(t.case), [{**case, "id": id, "number": f"T-{id}"} for id in ids])
            tx.execute(insert(t.case_file), [{**file, "case_id": id} for id in ids])
            tx.execute(insert(t.party), [{**row, "case_id": id} for id in ids for row in parties[:1]])
            tx.execute(insert(t.timer), [{**timer, "case_id": id} for id in ids])
        tx.execute(text("ANALYZE"))


def claim(settings: Settings, now: Clock, limit: int) -> list[str]:
    """One poller: batches, until none is left."""
    with Runtime.open(settings, clock=now, dispatch=Waiting()) as runtime:
        found = []
        while (token := runtime.claim_timers(limit)) is not None:
            found.append(token)
        return found


def claimed(runtime: Runtime) -> dict[str | None, int]:
    """How many timers each batch has; under None those that nobody claimed."""
    with runtime._database.read() as tx:
        rows = tx.execute(select(t.timer.c.claimed_as, func.count()).group_by(t.timer.c.claimed_as)).all()
    return {token: count for token, count in rows}


def fired(runtime: Runtime) -> Counter[int]:
    """How often the timer of each case took effect."""
    h = t.history.c
    with runtime._database.read() as tx:
        rows = tx.execute(
            select(h.case_id, func.count()).where(h.kind == "timer_fired", h.case_id >= FIRST).group_by(h.case_id)
        ).all()
    return Counter({case: count for case, count in rows})


def work_off(url: str, home: str, clock: Clock, enough: Event) -> None:
    """A process of a worker: batch after batch, until none is left or it is told that it was enough."""
    settings = Settings.from_env({"XIEBAN_HOME": home, "XIEBAN_LANG": "en"}, database=url)
    with Runtime.open(settings, clock=clock, dispatch=Waiting()) as runtime:
        while not enough.is_set() and (token := runtime.claim_timers(BATCH)) is not None:
            for case in runtime.claimed_cases(token):
                if enough.is_set():
                    break
                runtime.fire_case(case)


def test_twenty_thousand_due_at_once_are_each_claimed_by_one_and_fired_once_while_people_go_on(
    office: Runtime, settings: Settings, clock: Clock, tmp_path: Path, long: bool
) -> None:
    """All are claimed. Of what two processes fire the first hundreds are looked at here; in the long form, all."""
    count = 20_000
    multiplied(office, count)
    later = Clock(clock.now + timedelta(days=30))
    clock.set(later.now)

    tokens: list[str] = []
    pollers = [threading.Thread(target=lambda: tokens.extend(claim(settings, later, 500))) for _each in range(3)]
    for one in pollers:
        one.start()
    for one in pollers:
        one.join()

    batches = claimed(office)
    assert set(batches) == set(tokens) and sum(batches.values()) == count + 1
    assert max(batches.values()) <= 500 and len(tokens) == len(set(tokens))

    later.advance(seconds=LEASE.total_seconds() + 1)  # whoever claimed them has died
    clock.set(later.now)
    home = str(settings.home)
    context = multiprocessing.get_context("fork")
    enough = context.Event()
    arguments = (settings.database, home, later, enough)
    workers = [context.Process(target=work_off, args=arguments) for _each in range(2)]
    office._database.close()
    for process in workers:
        process.start()
    completed = 1
    while any(process.is_alive() for process in workers):
        completed += 1
        prepared(office, completed)
        if completed > 5 and len(fired(office)) >= 200 and not long:
            enough.set()
    assert [process.exitcode for process in workers] == [0, 0]

    done = fired(office)
    with office._database.read() as tx:
        left = set(
            tx.execute(select(t.timer.c.case_id).where(t.timer.c.case_id.between(FIRST, FIRST + count - 1))).scalars()
        )
    assert set(done.values()) == {1} and len(done) >= (count if long else 200)
    assert completed > 5
    assert len(done) + len(left - set(done)) == count


def test_a_million_are_claimed_in_batches(office: Runtime, settings: Settings, clock: Clock, long: bool) -> None:
    """The long form measures what the short one shows: each in one batch, and how long all of them take."""
    if not long:
        pytest.skip("a million timers: --long; twenty thousand are claimed in the test above")
    with office._database.begin() as tx:
        for table, changes in ((t.case, {"id": "n", "number": "'T-' || n"}), (t.timer, {"case_id": "n"})):
            names = [column.name for column in table.columns]
            values = ", ".join(changes.get(name, f'x."{name}"') for name in names)
            listed = ", ".join(f'"{name}"' for name in names)
            source = COUNT["sqlite" if tx.dialect.name == "sqlite" else "postgresql"].format(count=1_000_000)
            source = source.replace("generate_series(1, ", f"generate_series({FIRST + 1}, {FIRST} + ")
            source = source.replace("SELECT 1 UNION", f"SELECT {FIRST + 1} UNION").replace("n < ", f"n < {FIRST} + ")
            tx.execute(
                text(f'INSERT INTO "{table.name}" ({listed}) SELECT {values} FROM "{table.name}" AS x, {source}')
            )
        tx.execute(text("ANALYZE"))
    later = Clock(clock.now + timedelta(days=30))
    pool = multiprocessing.get_context("fork").Pool(2)
    office._database.close()

    began = time.perf_counter()
    tokens = [token for found in pool.starmap(claim, [(settings, later, 5000)] * 2) for token in found]
    took = time.perf_counter() - began

    print(f"1,000,000 timers claimed in {len(tokens)} batches: {took:.1f} s")
    batches = claimed(office)
    assert sum(batches.values()) == 1_000_001 and set(batches) == set(tokens)
    assert took < 60


# --- the bell ----------------------------------------------------------------------------------------------------
class Rung(Bell):
    """A bell that is heard, or not."""

    def __init__(self, *, works: bool) -> None:
        super().__init__("memory://")
        self.works, self.tokens = works, list[str]()

    def ring(self, task: str, id: str | int, queue: str) -> bool:
        assert (task, queue) == ("xieban.timers", "timers")
        self.tokens += [str(id)] if self.works else []
        return self.works


def test_a_bell_tells_of_a_batch_once_and_again_when_nobody_came(office: Runtime, clock: Clock) -> None:
    multiplied(office, 3 * BATCH)
    clock.advance(days=30)
    bell = Rung(works=True)

    assert bell.ring_timers(office, limit=500) == 4 and bell.ring_timers(office, limit=500) == 0
    first = bell.tokens[0]
    assert len(office.claimed_cases(first)) == BATCH
    clock.advance(seconds=LEASE.total_seconds() + 1)

    assert bell.ring_timers(office, limit=100) == 2
    assert office.claimed_cases(first) == [] and len(office.claimed_cases(bell.tokens[4])) == BATCH
    for case in office.claimed_cases(bell.tokens[4]):
        assert office.fire_case(case)
    assert office.claimed_cases(bell.tokens[4]) == []


def test_what_nobody_could_be_told_of_is_free_at_once(office: Runtime, clock: Clock) -> None:
    clock.advance(days=30)

    assert Rung(works=False).ring_timers(office, limit=500) == 0

    assert Rung(works=True).ring_timers(office, limit=500) == 1
