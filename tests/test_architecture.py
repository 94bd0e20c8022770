"""The house holds: import arrows, and constructions that the design rules out, checked on the source itself."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = ("workflow_runtime", "handlers", "cli", "bpmn", "templates", "web")
SOURCES = sorted(path for package in OURS for path in (ROOT / package).rglob("*.py"))

#: importer → what it must never import (prefixes of module names)
FORBIDDEN = {
    "workflow_runtime": ("handlers", "cli", "web", "bpmn", "templates"),
    "workflow_runtime.feel": ("workflow_runtime", "SpiffWorkflow", "sqlalchemy"),
    "workflow_runtime.decisions": (
        *(f"workflow_runtime.{name}" for name in ("engine", "runtime", "machine", "store")),
        "sqlalchemy",
    ),
    "workflow_runtime.diagram": (
        *(f"workflow_runtime.{name}" for name in ("engine", "runtime", "machine", "store", "queries", "dispatch")),
        "sqlalchemy",
    ),
    "workflow_runtime.engine": (
        *(f"workflow_runtime.{name}" for name in ("runtime", "machine", "store", "queries", "dispatch")),
        "sqlalchemy",
    ),
    "workflow_runtime.model": (
        *(f"workflow_runtime.{name}" for name in ("engine", "runtime", "machine", "store")),
        "sqlalchemy",
    ),
    "workflow_runtime.store": tuple(f"workflow_runtime.{name}" for name in ("runtime", "machine", "engine")),
    "workflow_runtime.queries": tuple(f"workflow_runtime.{name}" for name in ("runtime", "machine", "engine")),
    "workflow_runtime.machine": ("workflow_runtime.runtime", "workflow_runtime.pages"),
    "handlers": ("cli", "web", "workflow_runtime.store", "workflow_runtime.queries", "sqlalchemy"),
    "cli": ("web", "handlers", "workflow_runtime.store", "sqlalchemy", "SpiffWorkflow"),
}
#: a part of a package may import its own package
OWN = ("workflow_runtime.feel",)


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, f"{node.module}.{name.name}") for name in node.names)


def under(module: str, prefix: str) -> bool:
    return module == prefix or module.startswith(prefix + ".")


def test_the_arrows_hold() -> None:
    broken = [
        f"{path.relative_to(ROOT)}:{line} {module_of(path)} → {imported}"
        for path in SOURCES
        for importer, targets in FORBIDDEN.items()
        if under(module_of(path), importer)
        for line, imported in imports_of(path)
        if any(under(imported, target) for target in targets)
        and not any(under(importer, own) and under(imported, own) for own in OWN)
    ]

    assert broken == []


def test_only_the_engine_imports_spiffworkflow() -> None:
    elsewhere = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in SOURCES
        if not under(module_of(path), "workflow_runtime.engine")
        for line, imported in imports_of(path)
        if under(imported, "SpiffWorkflow")
    ]

    assert elsewhere == []


#: whose methods are use cases: of people, the machine, the administrator, the supervisor; and who copies a whole store
BEGINNING = ("runtime", "machine", "repairs", "reckoning", "mending", "reports", "absences", "moving")


def test_a_transaction_begins_in_the_runtime_layer_and_nowhere_else() -> None:
    begun = {
        module_of(path)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.With)
        for item in node.items
        if isinstance(item.context_expr, ast.Call)
        if isinstance(item.context_expr.func, ast.Attribute) and item.context_expr.func.attr == "begin"
    }

    assert begun == {"workflow_runtime.database", *(f"workflow_runtime.{name}" for name in BEGINNING)}


#: who speaks to the database: what is written, what is read, and who opens it
SPEAKING = ("store", "queries", "database", "migrations")


def test_sql_stands_in_the_store_and_the_queries_and_nowhere_else() -> None:
    speaking = {
        module_of(path)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr in ("execute", "exec_driver_sql")
    }

    allowed = {f"workflow_runtime.{name}" for name in SPEAKING}
    assert {one for one in speaking if not any(under(one, part) for part in allowed)} == set()


#: What a command that only reads has no use for: each costs its start-up a part of what a person waits (decision 27).
IDLE_WHEN_READING = (
    "SpiffWorkflow",
    "alembic",
    "celery",
    "sqlalchemy.orm",
    "sqlalchemy.dialects.postgresql",
    "workflow_runtime.casework",
    "workflow_runtime.decisions",
    "workflow_runtime.documents.renderer",
    "workflow_runtime.engine.steps",
    "workflow_runtime.feel.expression",
    "workflow_runtime.forms.answers",
    "workflow_runtime.isolation",
    "workflow_runtime.issuing",
    "workflow_runtime.reckoning",
)


def test_what_only_reads_loads_nothing_that_runs_a_case() -> None:
    code = "import sys, cli.case, cli.work, cli.session, workflow_runtime.runtime; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert [one for one in loaded.split() if any(under(one, idle) for idle in IDLE_WHEN_READING)] == []


RULED_OUT = {
    "code out of text": r"(?<![\w.])(eval|exec)\(",
    "pickle": r"\bpickle\b",
    "a YAML loader that builds objects": r"yaml\.(load|unsafe_load|full_load)\(",
    "a shell": r"shell\s*=\s*True|os\.system\(",
    "a timer inside the broker": r"\b(countdown|eta)\s*=",
    "an unfinished place": r"\b(TODO|FIXME|XXX)\b|\bNotImplementedError\b|# pragma: no cover",
    "a test that is switched off": r"pytest\.mark\.(skip|xfail)",
}


@pytest.mark.parametrize("what", RULED_OUT)
def test_the_source_holds_none_of_what_the_design_rules_out(what: str) -> None:
    pattern = re.compile(RULED_OUT[what])
    tests = sorted((ROOT / "tests").rglob("*.py"))

    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in [*SOURCES, *tests]
        if path != Path(__file__).resolve()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]

    assert found == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_is_pinned_hashed_and_tied_to_no_index(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    requirements = [line for line in text.splitlines() if line and not line[0].isspace()]

    assert "://" not in text
    assert all("==" in line for line in requirements)
    assert text.count("--hash=sha256:") >= len(requirements)


def test_both_locks_agree() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^[\w.-]+==\S+", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))

    assert pins("requirements.lock") <= pins("requirements-dev.lock")


def test_no_tracked_file_names_a_path_of_somebodys_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    home = re.compile(rf"{re.escape(str(ROOT.parent))}/|/(home|Users)/\w+/")

    found = [
        name
        for name in listed.stdout.split("\0")
        if name.endswith((".py", ".md", ".toml", ".lock", ".yaml", ".po", ".txt"))
        if (ROOT / name).exists() and home.search((ROOT / name).read_text(encoding="utf-8", errors="replace"))
    ]

    assert found == []


def test_every_catalogue_is_built_and_complete() -> None:
    from workflow_runtime.locale import build

    assert "\n".join(build.problems()) == ""


def test_each_step_of_the_schema_has_a_number_of_its_own_and_follows_the_one_before() -> None:
    """Two who add a step at the same time both take the next number: whoever comes second is told here."""
    from workflow_runtime.migrations import HEAD

    steps = sorted((ROOT / "workflow_runtime" / "migrations" / "versions").glob("[0-9]*.py"))
    said = [tuple(re.findall(r'^(?:down_)?revision = "?(\w+)"?$', step.read_text(), re.MULTILINE)) for step in steps]

    numbers = [step.name[:4] for step in steps]
    assert said == list(zip(numbers, ["None", *numbers[:-1]], strict=True)) and numbers[-1] == HEAD
