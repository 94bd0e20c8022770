"""An office for every shipped procedure, and what its worked cases show there: each runs once, when asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pytest

import handlers  # noqa: F401  (importing registers the handlers)
from tests.conftest import empty_database
from workflow_runtime import scenarios
from workflow_runtime.documents import Renderer
from workflow_runtime.procedures import Procedure, find_folder, gather, shipped_library


def stories(key: str) -> list[Path]:
    """The worked cases of a procedure."""
    return sorted((find_folder(key) / "scenarios").glob("*.yaml"))


def story(path: Path) -> dict[str, Any]:
    return scenarios.read(path.read_bytes(), name=path.name)


def office_of(key: str, folder: Path, **others: Any) -> scenarios.Office:
    """The fictional office of the demo with one shipped procedure; what else it takes is `scenarios.Office`'s."""
    organisation = (shipped_library() / "demo" / "organisation.yaml").read_bytes()
    return scenarios.Office(gather(find_folder(key)), organisation, folder, **others)


#: What the proofs about all worked cases together look at.
SHOWN = ("taken", "entered", "hit")


class Rehearsals:
    """The worked cases of one procedure in an office where it is deployed."""

    def __init__(self, key: str, folder: Path, database: Callable[[], str], shared: Path, renderer: Renderer) -> None:
        self._key = key
        self._folder = folder
        self._database = database
        self._shared = shared
        self._renderer = renderer

    @cached_property
    def office(self) -> scenarios.Office:
        return office_of(self._key, self._folder, database=self._database(), renderer=self._renderer)

    @cached_property
    def procedure(self) -> Procedure:
        return Procedure.parse(gather(find_folder(self._key)))

    def __getitem__(self, path: Path) -> scenarios.Result:
        """What a worked case shows when it is run here and now."""
        result = scenarios.run(self.office, story(path))
        kept = self._shared / f"{self._key}.{path.stem}"
        written = kept.with_name(f"{kept.name}.{os.getpid()}")
        told = {name: sorted(getattr(result, name)) for name in SHOWN}
        written.write_text(json.dumps(told), encoding="utf-8")
        written.replace(kept)
        return result

    def __iter__(self) -> Iterator[scenarios.Result]:
        """What every worked case showed, in whichever process of this test run; what none has run is run."""
        for path in stories(self._key):
            kept = self._shared / f"{self._key}.{path.stem}"
            if not kept.exists():
                yield self[path]
                continue
            told = json.loads(kept.read_text(encoding="utf-8"))
            shown: dict[str, Any] = {name: frozenset(tuple(one) for one in told[name]) for name in SHOWN}
            yield scenarios.Result(path.stem, "", (), **shown)


class Playhouse:
    """The rehearsals of every procedure, each in a store of its own."""

    def __init__(self, folder: Path, database: Callable[[Path], str], shared: Path, renderer: Renderer) -> None:
        self._folder = folder
        self._database = database
        self._shared = shared
        self._renderer = renderer
        self._rehearsals: dict[str, Rehearsals] = {}

    def __getitem__(self, key: str) -> Rehearsals:
        if key not in self._rehearsals:
            folder = self._folder / key
            folder.mkdir()
            database = partial(self._database, folder)
            self._rehearsals[key] = Rehearsals(key, folder, database, self._shared, self._renderer)
        return self._rehearsals[key]


@pytest.fixture(scope="module")
def playhouse(
    store: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Playhouse]:
    """The rehearsals, on SQLite and on PostgreSQL."""
    run = tmp_path_factory.getbasetemp()
    shared = (run.parent if "PYTEST_XDIST_WORKER" in os.environ else run) / "shown" / store
    shared.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stores, Renderer() as renderer:
        yield Playhouse(
            tmp_path_factory.mktemp("offices"),
            lambda folder: stores.enter_context(empty_database(store, request, folder)),
            shared,
            renderer,
        )
