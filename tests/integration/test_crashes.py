"""The machine dies, at every place where it can: a fresh one finds everything that was promised, and goes on.

`--long` strikes at every statement instead of every write, and 10,000 times at random.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.integration import crashes
from tests.integration.crashes import ForkServer
from tests.integration.office import JOURNEYS
from workflow_runtime.i18n import use_language
from workflow_runtime.settings import Settings

#: The store under attack lies in memory where there is such a place: a killed process loses nothing it has written.
MEMORY = Path("/dev/shm")


@pytest.fixture(scope="module")
def server(store: str, request: pytest.FixtureRequest) -> Iterator[ForkServer]:
    """A warm office that forks."""
    folder = Path(tempfile.mkdtemp(prefix="xieban-crash-", dir=MEMORY if MEMORY.is_dir() else None))
    url, name = f"sqlite:///{folder / 'xieban.db'}", f"crash{uuid4().hex}"
    if store == "postgresql":
        postgresql = request.getfixturevalue("postgresql")
        postgresql.psql(f"CREATE DATABASE {name};")
        url = postgresql.get_uri(name)
    use_language("en")
    settings = Settings.from_env({"XIEBAN_HOME": str(folder / "home"), "XIEBAN_LANG": "en"}, database=url)
    warm = ForkServer(settings, every=bool(request.config.getoption("--long")))
    try:
        yield warm
    finally:
        warm.runtime.close()
        use_language("zh")
        shutil.rmtree(folder, ignore_errors=True)
        if store == "postgresql":
            postgresql.psql(f"DROP DATABASE {name} WITH (FORCE);")


@pytest.mark.parametrize("journey", JOURNEYS)
def test_a_journey_that_is_cut_anywhere_is_continued(server: ForkServer, store: str, journey: str, long: bool) -> None:
    longer = {
        "document": 3,
        **dict.fromkeys(("hold", "recount", "revalue", "reopen", "extend", "reassign", "retry"), 2),
    }
    stride = 1 if long else (1 if store == "sqlite" else 3) * longer.get(journey, 1)

    points, struck, wrong = crashes.enumerated(server, journey, stride=stride)

    assert wrong == []
    assert struck == len(range(0, points, stride)) > 0


def test_a_journey_that_is_cut_at_any_time_is_continued(server: ForkServer, store: str, long: bool) -> None:
    kills = 10_000 if long else 100 if store == "sqlite" else 50

    struck, wrong = crashes.at_random(server, kills=kills, seed=20240304)

    assert wrong == []
    assert struck > kills / 5  # about half, on a machine whose pace is steady
