"""An office for every shipped procedure, and what its worked cases show there: each runs once, when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cached_property
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


class Rehearsals:
    """The worked cases of one procedure in an office where it is deployed."""

    def __init__(self, key: str, folder: Path, database: str, renderer: Renderer) -> None:
        self._renderer = renderer
        self._key = key
        self._folder = folder
        self._database = database
        self._results: dict[Path, scenarios.Result] = {}

    @cached_property
    def office(self) -> scenarios.Office:
        organisation = (shipped_library() / "demo" / "organisation.yaml").read_bytes()
        bundle = gather(find_folder(self._key))
        return scenarios.Office(bundle, organisation, self._folder, database=self._database, renderer=self._renderer)

    @property
    def procedure(self) -> Procedure:
        return self.office.procedure

    def __getitem__(self, path: Path) -> scenarios.Result:
        if path not in self._results:
            self._results[path] = scenarios.run(self.office, story(path))
        return self._results[path]

    def __iter__(self) -> Iterator[scenarios.Result]:
        return (self[path] for path in stories(self._key))


class Playhouse:
    """The rehearsals of every procedure, each in a store of its own."""

    def __init__(self, folder: Path, database: Callable[[Path], str], renderer: Renderer) -> None:
        self._renderer = renderer
        self._folder = folder
        self._database = database
        self._rehearsals: dict[str, Rehearsals] = {}

    def __getitem__(self, key: str) -> Rehearsals:
        if key not in self._rehearsals:
            folder = self._folder / key
            folder.mkdir()
            self._rehearsals[key] = Rehearsals(key, folder, self._database(folder), self._renderer)
        return self._rehearsals[key]


@pytest.fixture(scope="module")
def playhouse(
    store: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Playhouse]:
    """The rehearsals, on SQLite and on PostgreSQL."""
    with ExitStack() as stores, Renderer() as renderer:
        yield Playhouse(
            tmp_path_factory.mktemp("offices"),
            lambda folder: stores.enter_context(empty_database(store, request, folder)),
            renderer,
        )
