"""Brokers for the whole run: started when a test first asks, on free ports; without them such tests are skipped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.cluster import PATIENCE, rabbit_server, redis_server


@pytest.fixture(scope="session", autouse=True)
def _patient() -> Iterator[None]:
    """Many write at once here; on a busy machine one may wait for long until it is its turn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workflow_runtime.database.WAIT", PATIENCE)
        yield


@pytest.fixture(scope="session")
def redis() -> Iterator[str]:
    with redis_server() as url:
        yield url


@pytest.fixture(scope="session")
def rabbit() -> Iterator[str]:
    with rabbit_server() as url:
        yield url


@pytest.fixture(params=["redis", "rabbit"])
def broker(request: pytest.FixtureRequest) -> str:
    """The URL of a broker: each test that asks for it runs on both."""
    return str(request.getfixturevalue(request.param))
