"""Whether a worker stays as big as it was: so many machine steps in one process on PostgreSQL, its size each 500.

    python3 -m benchmarks.memory [--jobs 4000] [--every 500] [--store postgresql|sqlite]

One process plays the people and leaves machine steps; another does them, as a process of the cluster does, its handlers
in a child with limits. `RSS` is what the doing process holds, `handlers` what its child holds, both read from the
kernel. A process of the cluster is replaced after 2,000 jobs or beyond 500 MB; here nobody replaces it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import tempfile
import time
from datetime import date, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import handlers  # noqa: F401  (registers the machine steps)
from benchmarks.completion import database
from tests.journeys.conftest import CHILD, ORGANISATION, STANDINGS
from workflow_runtime import identifiers
from workflow_runtime.dispatch import Waiting
from workflow_runtime.model import SYSTEM
from workflow_runtime.procedures import gather
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

REVIEW = Path(__file__).parent.parent / "tests" / "journeys" / "review"


def main() -> None:
    """Fill, work, print."""
    parser = argparse.ArgumentParser(description="Whether a worker stays as big as it was.")
    parser.add_argument("--jobs", type=int, default=4000)
    parser.add_argument("--every", type=int, default=500)
    parser.add_argument("--store", choices=["sqlite", "postgresql"], default="postgresql")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="xieban-memory-"))
    try:
        with database(chosen.store, folder) as urls:
            measure(next(urls), folder, chosen.jobs, chosen.every)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(url: str, folder: Path, jobs: int, every: int) -> None:
    """People here, the machine's share in a process of its own."""
    settings = Settings.from_env(
        {"XIEBAN_HOME": str(folder / "home"), "XIEBAN_LANG": "en", "XIEBAN_ISOLATE": "yes"}, database=url
    )
    Runtime.create(settings).close()
    here, there = multiprocessing.get_context("spawn").Pipe()
    worker = multiprocessing.get_context("spawn").Process(target=work, args=(there, url, str(folder / "home"), every))
    worker.start()
    with Runtime.open(settings, dispatch=Waiting()) as runtime:
        runtime.import_organisation(ORGANISATION.read_bytes(), actor=SYSTEM)
        runtime.deploy(gather(REVIEW), actor=SYSTEM)
        print(f"{'jobs':>8}{'RSS':>12}{'handlers':>12}{'seconds':>10}", flush=True)
        done, case = 0, 0
        while done < jobs:
            for _each in range(25):
                case += 1
                finish(runtime, case)
            here.send("more")
            done = here.recv()
        here.send(None)
        worker.join()


def finish(runtime: Runtime, number: int) -> None:
    """A case whose people have done everything: what is left is the machine's."""
    born = date(2015, 1, 1) + timedelta(days=number // 400)
    resident = identifiers.new_resident_id("990101", born, 2 * (number % 400))
    known = {**CHILD, "resident_id": resident, "birth_date": born.isoformat()}
    child = runtime.register_subject("child", known, actor=SYSTEM, region="990101", standings=STANDINGS)
    case = runtime.start_case("review", child, actor=SYSTEM).case.number
    directory = runtime.organisation(actor=SYSTEM)
    (county, *_rest) = directory.clerks_of("cwi-qingxi.social_work", runtime._today())
    (checks, approves, *_rest) = directory.clerks_of("cab-qingxi.child_welfare", runtime._today())
    for clerk, entries in (
        (county, {"summary": "一册", "pages": 3}),
        (checks, {"opinion": "齐全"}),
        (approves, dict[str, object]()),
    ):
        (item,) = runtime.case(case, actor=SYSTEM).items
        runtime.complete(item.id, entries, actor=runtime.actor(clerk.id))


def work(pipe: Connection, url: str, home: str, every: int) -> None:
    """Do what is ready whenever told, and say how many jobs that were; print the size each `every`."""
    settings = Settings.from_env({"XIEBAN_HOME": home, "XIEBAN_LANG": "en", "XIEBAN_ISOLATE": "yes"}, database=url)
    done, told, began = 0, 0, time.perf_counter()
    with Runtime.open(settings, dispatch=Waiting()) as runtime:
        while pipe.recv() is not None:
            while ready := runtime.ready_jobs(100):
                done += sum(runtime.run_job(id) for id, _priority in ready)
                if done - told >= every:
                    told = done
                    own, child = size(os.getpid()), sum(map(size, children()))
                    seconds = time.perf_counter() - began
                    print(f"{done:8}{own:9.1f} MB{child:9.1f} MB{seconds:10.0f}", flush=True)
            pipe.send(done)


def size(process: int) -> float:
    """What a process holds, in megabytes."""
    status = Path(f"/proc/{process}/status").read_text()
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")), 0) / 1024


def children() -> list[int]:
    """The processes that this one started."""
    own = Path(f"/proc/{os.getpid()}/task")
    return [int(one) for task in own.iterdir() for one in (task / "children").read_text().split()]


if __name__ == "__main__":
    main()
