"""An office with a small procedure: the county institution prepares papers, the bureau checks and approves them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import handlers  # noqa: F401  (registers the machine steps)
from tests.conftest import Clock
from workflow_runtime.i18n import use_language
from workflow_runtime.model import SYSTEM, Actor, CasePage, ItemView
from workflow_runtime.procedures import gather
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

HERE = Path(__file__).parent
ORGANISATION = HERE.parent.parent / "bpmn" / "demo" / "organisation.yaml"
CHILD: Mapping[str, Any] = {
    "name": "蓝小禾",
    "sex": "female",
    "birth_date": "2017-04-12",
    "birth_date_basis": "hukou",
    "resident_id": "99010120170412002X",
    "category": ["orphan"],
    "region": "990101",
    "hukou_status": "registered_here",
}
STANDINGS = {
    "custodian": {"party": "CWI.CNTY@990101", "since": "2019-03-18"},
    "guardian": {"party": "CAB.CNTY@990101", "since": "2019-03-18"},
    "payer": {"party": "CAB.CNTY@990101", "since": "2019-03-18"},
    "hukou": {"party": "PSB@990101", "since": "2019-04-02"},
}


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh")


@pytest.fixture
def runtime(settings: Settings, clock: Clock) -> Iterator[Runtime]:
    """An office: organisation imported, the review procedure deployed."""
    with Runtime.create(settings, clock=clock) as office:
        office.import_organisation(ORGANISATION.read_bytes(), actor=SYSTEM)
        office.deploy(gather(HERE / "review"), actor=SYSTEM)
        yield office


@pytest.fixture
def child(runtime: Runtime) -> str:
    """A child in the county institution's care."""
    return runtime.register_subject("child", CHILD, actor=SYSTEM, region="990101", standings=STANDINGS)


@pytest.fixture
def case(runtime: Runtime, child: str) -> CasePage:
    """A case that has just started: its papers are to be prepared."""
    return runtime.start_case("review", child, actor=SYSTEM)


@pytest.fixture
def people(runtime: Runtime) -> Callable[[str], list[Actor]]:
    """The clerks of a department by its id, as actors."""

    def of(department: str) -> list[Actor]:
        directory = runtime.organisation(actor=SYSTEM)
        return [runtime.actor(one.id) for one in directory.clerks_of(department, runtime._today())]

    return of


def open_item(runtime: Runtime, case: CasePage, element: str) -> ItemView:
    """The open item of a step."""
    (found,) = [one for one in runtime.case(case.case.number, actor=SYSTEM).items if one.element == element]
    return found
