"""A machine step reads control lists: the figures of a report are counted from cases, and the lists are filed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Clock
from tests.journeys.conftest import ORGANISATION
from workflow_runtime import Effects, ServiceJob
from workflow_runtime.errors import NotFound
from workflow_runtime.handling import registered
from workflow_runtime.i18n import use_language
from workflow_runtime.isolation import Bench
from workflow_runtime.model import SYSTEM
from workflow_runtime.reports import Reports
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings


@pytest.fixture
def office(settings: Settings, clock: Clock) -> Iterator[Runtime]:
    use_language("en")
    with Runtime.create(settings, clock=clock) as runtime:
        runtime.import_organisation(ORGANISATION.read_bytes(), actor=SYSTEM)
        yield runtime
    use_language("zh")


def child(runtime: Runtime, name: str, region: str) -> str:
    facts = {
        "name": name,
        "temp_person_no": f"T-{name}",
        "name_is_assigned": True,
        "sex": "female",
        "birth_date": "2017-04-12",
        "birth_date_basis": "declared",
        "category": ["orphan"],
        "hukou_status": "none",
        "region": region,
    }
    standings = {
        kind: {"party": f"{code}@{region}"}
        for kind, code in (("custodian", "CWI.CNTY"), ("guardian", "CAB.CNTY"), ("payer", "CAB.CNTY"))
    }
    return runtime.register_subject("child", facts, actor=SYSTEM, region=region, standings=standings)


def job(runtime: Runtime, clock: Clock, agency: str) -> ServiceJob:
    return ServiceJob(
        id="1",
        type="take_figures",
        case="GX-P46-2024-000001",
        element="take_figures",
        path=(),
        inputs={},
        headers={"lists": "S-01"},
        subject={},
        regions={},
        now=clock(),
        lists={"S-01": runtime._list("S-01", agency)},
    )


def test_an_agency_sees_its_own_and_those_under_it_in_a_list_and_nobody_else(office: Runtime) -> None:
    ours, theirs = child(office, "蓝甲", "990101"), child(office, "蓝乙", "990102")
    reports = Reports(office)

    def numbers(agency: str) -> list[str]:
        return [row[0] for row in reports.whole("S-01", agency=agency)["rows"]]

    assert numbers("cab-nanping") == [ours, theirs]
    assert numbers("cab-qingxi") == [ours]
    assert numbers("edu-nanping") == []


def test_a_list_that_does_not_exist_is_refused_with_those_that_do(office: Runtime) -> None:
    with pytest.raises(NotFound, match=r"S-99.*S-01"):
        Reports(office).whole("S-99", agency="cab-nanping")


def test_figures_name_their_list_its_day_and_its_file_also_from_a_child_process(office: Runtime, clock: Clock) -> None:
    number = child(office, "=蓝甲", "990101")
    asked = job(office, clock, "cab-nanping")
    answered: Effects = registered()["take_figures"](asked)
    bench = Bench(("handlers",))
    try:
        apart = bench.run(asked)
    finally:
        bench.close()

    [figure] = answered.patch["figures"]
    [kept] = answered.files

    assert (figure["list"], figure["number"], figure["file"]) == ("S-01", 1, kept.name)
    assert kept.content.splitlines()[1].startswith(f"{number},'=蓝甲,")
    assert apart.files == answered.files
    assert apart.patch["figures"] == answered.patch["figures"]
