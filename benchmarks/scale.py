"""What a page costs the database when there are a million cases: a worklist, a case's status, what is due.

    python3 -m benchmarks.scale [--cases 1000000] [--departments 500] [--store postgresql|sqlite] [--plans]

One case is started as ever; its rows are then multiplied by SQL, each copy with a subject, an open item of one of the
departments, a finished item, a timer and four lines of history. The runtime's own reading methods are called, and every
statement they send is sent once more under EXPLAIN. Read it so: `database` is what the statements of one page took in
the database together (the median of some runs, warm), `largest` the dearest of them, `rows` how many rows the page
holds, and `scans` names the big tables that were read from end to end: there should be none. The budget is 20 ms a
page (architecture.md §8). `--plans` prints the plan of the dearest statement.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import event

import handlers  # noqa: F401  (registers the machine steps)
from benchmarks.completion import ENTRIES, NOW, PROCEDURE, ROOT, database, padding, start
from workflow_runtime.database import Database
from workflow_runtime.dispatch import Waiting
from workflow_runtime.model import SYSTEM, Actor
from workflow_runtime.procedures import gather
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

#: Tables that grow with the cases; the others are small, and reading one whole is the cheapest way.
BIG = ("case", "case_file", "subject", "party", "work_item", "timer", "history", "history_content")
RUNS = 7
COUNT = {
    "postgresql": "generate_series(1, {count}) AS n",
    "sqlite": "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) SELECT n FROM s)",
}
#: What is multiplied: table → the columns that differ between the copies, as SQL over n (the first case has id 1).
COPIES = {
    "department": ("id = 'much.' || n", "code = 'd' || n", "region = '990101'"),
    "subject": ("id = 1 + n", "number = 'M-' || n", "identity_hash = NULL"),
    "case": ("id = 1 + n", "number = 'M-' || n", "subject_id = 1 + n"),
    "case_file": ("case_id = 1 + n",),
    "party": ("case_id = 1 + n", "department_id = 'much.' || (1 + n - n / {departments} * {departments})"),
    "work_item": (
        "id = 'openopenopenopenopenop' || (1000000000 + n)",
        "case_id = 1 + n",
        "department_id = 'much.' || (1 + n - n / {departments} * {departments})",
        "due_at = {due}",
    ),
    "timer": ("case_id = 1 + n", "due_at = {due}"),
    "history": ("case_id = 1 + n",),
    "history_content": ("case_id = 1 + n",),
}
DUE = {
    "postgresql": "timestamptz '2024-03-10' + (n - n / 200 * 200) * interval '1 day' + n * interval '1 second'",
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S.000000', '2024-03-10', (n - n / 200 * 200) || ' days')",
}


def main() -> None:
    """Fill, read, print."""
    parser = argparse.ArgumentParser(description="What a page costs at a million cases.")
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--departments", type=int, default=500)
    parser.add_argument("--store", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument("--plans", action="store_true", help="print the plan of the dearest statement of each page")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="xieban-scale-"))
    try:
        with database(chosen.store, folder) as urls:
            measure(next(urls), folder, chosen)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(url: str, folder: Path, chosen: argparse.Namespace) -> None:
    """The pages of an office with so many cases."""
    settings = Settings.from_env({"XIEBAN_HOME": str(folder / "home"), "XIEBAN_LANG": "en"}, database=url)
    Runtime.create(settings, clock=lambda: NOW).close()
    with Runtime(Database(url), settings, clock=lambda: NOW, dispatch=Waiting()) as runtime:
        runtime.import_organisation((ROOT / "bpmn" / "demo" / "organisation.yaml").read_bytes(), actor=SYSTEM)
        runtime.deploy(gather(PROCEDURE), actor=SYSTEM)
        first = runtime.case(start(runtime, 0, padding(2_000)), actor=SYSTEM)
        (one, *_rest) = runtime.organisation(actor=SYSTEM).clerks_of(first.items[0].department, NOW.date())
        runtime.complete(first.items[0].id, ENTRIES["prepare"], actor=runtime.actor(one.id))  # now a timer runs
        began = time.perf_counter()
        fill(runtime, chosen)
        print(
            f"{chosen.cases:,} cases, filled in {time.perf_counter() - began:.0f} s; {chosen.departments} departments"
        )
        clerk = Actor(clerk="much", name="much", departments=frozenset({"much.1"}))
        head = Actor(clerk="chief", name="chief", supervises=frozenset(f"much.{n}" for n in range(1, 21)))
        number = f"M-{chosen.departments}"  # of the department much.1
        item = runtime.worklist(actor=clerk, limit=1)[0].id
        pages: dict[str, Callable[[], Any]] = {
            "worklist, one department": lambda: runtime.worklist(actor=clerk),
            "worklist, its 10th page": lambda: runtime.worklist(actor=clerk, limit=50, offset=450),
            "worklist, 20 departments": lambda: runtime.worklist(actor=head),
            "an item": lambda: runtime.work_item(item, actor=clerk),
            "a case": lambda: runtime.case(number, actor=clerk),
            "why a case waits": lambda: runtime.why(number, actor=clerk),
            "whether anything is due": runtime.anything_due,
            "what is due": lambda: runtime.due_cases(100),
        }
        print(f"{'page':28}{'rows':>6}{'statements':>12}{'database':>12}{'largest':>10}  scans")
        for name, page in pages.items():
            print(line(runtime, name, page, plans=chosen.plans), flush=True)


def fill(runtime: Runtime, chosen: argparse.Namespace) -> None:
    """Multiply the rows of the one case there is."""
    kind = chosen.store
    with runtime._database.begin() as tx:
        if kind == "postgresql":
            tx.exec_driver_sql("SET LOCAL session_replication_role = replica")  # the references are right: no checks
        for table, changes in COPIES.items():
            count = chosen.departments if table == "department" else chosen.cases
            rest = {"departments": chosen.departments, "due": DUE[kind]}
            changed = dict(one.format(**rest).split(" = ", 1) for one in changes)
            names = [row[0] for row in tx.exec_driver_sql(_columns(kind, table))]
            values = ", ".join(changed.get(name, f'x."{name}"') for name in names)
            source = COUNT[kind].format(count=count)
            listed = ", ".join(f'"{name}"' for name in names)
            once = "WHERE state = 'ready'" if table == "work_item" else ""
            once += " LIMIT 1" if table in ("department", "party") else ""
            tx.exec_driver_sql(
                f'INSERT INTO "{table}" ({listed}) SELECT {values} FROM '
                f'(SELECT * FROM "{table}" {once}) AS x CROSS JOIN {source}'
            )
        names = [row[0] for row in tx.exec_driver_sql(_columns(kind, "work_item"))]
        done = {"id": "'done' || substr(id, 5)", "state": "'completed'", "completed_at": "opened_at"}
        tx.exec_driver_sql(
            f"INSERT INTO work_item ({', '.join(names)}) SELECT {', '.join(done.get(name, name) for name in names)} "
            "FROM work_item WHERE substr(id, 1, 4) = 'open'"
        )
    with runtime._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as tx:
        tx.exec_driver_sql("VACUUM ANALYZE" if kind == "postgresql" else "ANALYZE")


def _columns(kind: str, table: str) -> str:
    if kind == "sqlite":
        return f"SELECT name FROM pragma_table_info('{table}')"
    return f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}'"


def line(runtime: Runtime, name: str, page: Callable[[], Any], *, plans: bool) -> str:
    """What a page costs the database, as a row of the table."""
    sent: list[tuple[str, Any]] = []
    engines = {runtime._database._writing, runtime._database._reading}

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_facts: Any) -> None:
        sent.append((statement, parameters))

    answer = page()  # once before: what is parsed is kept
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    page()
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)
    statements = [(text, given) for text, given in sent if text.lstrip().upper().startswith("SELECT")]
    times, scans, plan = [], set(), ""
    with runtime._database.read() as tx:
        for text, given in statements:
            shown = _plan(tx, text, given)
            times.append(median(_milliseconds(tx, text, given) for _run in range(RUNS)))
            scans.update(_scanned(shown))
            if times[-1] == max(times):
                plan = "\n".join(shown)
    rows = len(answer) if isinstance(answer, Sequence) else 1
    told = f"{name:28}{rows:6}{len(statements):12}{sum(times):9.2f} ms{max(times):7.2f} ms  {', '.join(scans) or '-'}"
    return f"{told}\n{plan}\n" if plans else told


def _milliseconds(tx: Any, text: str, given: Any) -> float:
    """Planning and execution as PostgreSQL counts them; of SQLite, which runs in this process, the whole call."""
    if tx.dialect.name == "sqlite":
        began = time.perf_counter()
        tx.exec_driver_sql(text, given).all()
        return (time.perf_counter() - began) * 1000
    return sum(float(row.split(": ")[1].removesuffix(" ms")) for row in _plan(tx, text, given) if row.endswith(" ms"))


def _plan(tx: Any, text: str, given: Any) -> list[str]:
    if tx.dialect.name == "sqlite":
        return [row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", given)]
    return [row[0] for row in tx.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS) {text}", given)]


def _scanned(plan: Sequence[str]) -> set[str]:
    """Big tables that a plan reads from end to end."""
    found = set()
    for row in plan:
        for word in ("Seq Scan on ", "SCAN "):
            table = row.partition(word)[2].partition(" ")[0].strip('"')
            if table in BIG and "USING" not in row:
                found.add(table)
    return found


if __name__ == "__main__":
    main()
