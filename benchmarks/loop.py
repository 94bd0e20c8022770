"""A case that is sent back two hundred times: what a round costs at the beginning and at the end.

    python3 -m benchmarks.loop [--rounds 200]

CPU of whole completions on SQLite, history, worklist and all; the budget is ×1.3 between round 10 and round 200.
`benchmarks/engine.py` shows the same for the engine alone, beside SpiffWorkflow with its whole state.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median

from benchmarks.completion import ENTRIES, PROCEDURE, ROOT, start
from workflow_runtime.model import SYSTEM
from workflow_runtime.procedures import gather
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

NOW = datetime(2024, 3, 4, 1, tzinfo=UTC)


def main() -> None:
    """Print milliseconds of CPU per completion, by round."""
    parser = argparse.ArgumentParser(description="What a round costs.")
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    folder = Path(tempfile.mkdtemp(prefix="xieban-loop-"))
    try:
        costs, size = walk(folder, rounds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    early, late = median(costs[5:15]), median(costs[-10:])
    figures = f"round 10 {early:.2f} ms, round {rounds} {late:.2f} ms of CPU a completion"
    print(f"{figures}: ×{late / early:.2f}; {size / 1000:.1f} kB a round")


def walk(folder: Path, rounds: int) -> tuple[list[float], float]:
    """CPU per completion of every round, and bytes that a round leaves."""
    settings = Settings.from_env({"XIEBAN_HOME": str(folder)}, database=str(folder / "loop.db"))
    with Runtime.create(settings, clock=lambda: NOW) as runtime:
        runtime.import_organisation((ROOT / "bpmn" / "demo" / "organisation.yaml").read_bytes(), actor=SYSTEM)
        runtime.deploy(gather(PROCEDURE), actor=SYSTEM)
        directory = runtime.organisation(actor=SYSTEM)
        county, bureau = (
            runtime.actor(directory.clerks_of(department, date(2024, 3, 4))[0].id)
            for department in ("cwi-qingxi.social_work", "cab-qingxi.child_welfare")
        )
        (item,) = runtime.case(start(runtime, 0, {}), actor=SYSTEM).items
        before, costs = (folder / "loop.db").stat().st_size, []
        for _round in range(rounds):
            begun = time.process_time()
            (item,) = runtime.complete(item.id, ENTRIES["prepare"], actor=county).opened
            (item,) = runtime.complete(item.id, {}, actor=bureau, outcome="returned", reason="缺体检报告").opened
            costs.append((time.process_time() - begun) * 500)
    return costs, ((folder / "loop.db").stat().st_size - before) / rounds


if __name__ == "__main__":
    main()
