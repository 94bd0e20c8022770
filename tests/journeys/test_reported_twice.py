"""What is asked for or reported once more about one child goes into the open case, and one case goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from tests.journeys.conftest import ORGANISATION
from workflow_runtime.errors import FormError
from workflow_runtime.model import SYSTEM, CaseView, ItemView
from workflow_runtime.procedures import find_folder, gather
from workflow_runtime.repairs import Repairs
from workflow_runtime.runtime import Runtime
from workflow_runtime.scenarios import ScenarioClock, ScenarioRun
from workflow_runtime.settings import Settings

ALARM, EMERGENCY, CARE = "mandatory-report", "emergency-response-handover", "temporary-guardianship"


class Desk:
    """The office, the child of a worked case, and its clock."""

    def __init__(self, runtime: Runtime, clock: ScenarioClock, key: str, name: str) -> None:
        path = Path(str(find_folder(key))) / "scenarios" / f"{name}.yaml"
        self.told: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        self.runtime, self.clock = runtime, clock
        clock.now = datetime.fromisoformat(str(self.told["clock"])).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
        self.run = ScenarioRun(runtime, runtime.parsed(key), self.told, clock)
        assert self.run.begin()
        self.first = self.run.case

    def again(self, key: str, data: Mapping[str, Any]) -> str:
        page = self.runtime.start_case(
            key, self.run.number, actor=SYSTEM, regions=self.run.regions, data=data, jurisdiction=self.told["profile"]
        )
        return page.case.number

    def complete(self, case: str, element: str, data: Mapping[str, Any], *, position: int = 1) -> None:
        self.run.case = case
        self.run.step(position, {"complete": element, "data": data})
        assert not self.run.problems, self.run.problems
        self.runtime.sweep()

    def entered(self, element: str) -> dict[str, Any]:
        return next(dict(one["data"]) for one in self.told["steps"] if one.get("complete") == element)

    def file(self, case: str) -> Mapping[str, Any]:
        return self.runtime.case(case, actor=SYSTEM).fields

    def cases(self, key: str) -> list[CaseView]:
        return list(self.runtime.cases(actor=SYSTEM, procedure=key, subject=self.run.number, limit=10))

    def items(self, case: str) -> dict[str, ItemView]:
        return {one.element: one for one in self.runtime.case(case, actor=SYSTEM).items}


@pytest.fixture(scope="module")
def clock() -> ScenarioClock:
    return ScenarioClock(datetime(2024, 3, 4, 9, 40, tzinfo=ZoneInfo("Asia/Shanghai")))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, clock: ScenarioClock) -> Iterator[Runtime]:
    folder = tmp_path_factory.mktemp("twice")
    settings = Settings.from_env({"XIEBAN_HOME": str(folder)}, database=f"sqlite:///{folder / 'twice.db'}")
    with Runtime.create(settings, clock=clock) as runtime:
        runtime.import_organisation(ORGANISATION.read_bytes(), actor=SYSTEM)
        for key in (ALARM, EMERGENCY, CARE):
            runtime.deploy(gather(find_folder(key)), actor=SYSTEM)
        yield runtime


def test_a_more_dangerous_second_report_goes_into_the_first_case_and_calls_the_police(
    office: Runtime, clock: ScenarioClock
) -> None:
    desk = Desk(office, clock, ALARM, "village-reports-late")
    desk.complete(desk.first, "receive_by_township", desk.entered("receive_by_township"))
    assert desk.file(desk.first)["route"] == "ASSESSMENT"
    opening = {
        **desk.told["start"]["data"],
        "addressee": "police",
        "reporter_name": "程晓",
        "risk_facts": "双臂有新伤。",
    }
    second = desk.again(ALARM, opening)
    receipt = {
        **desk.entered("receive_by_township"),
        "immediate_danger": True,
        "infringement_suspected": True,
        "police_receipt_no": "青公接-0305",
        "police_officer": "覃刚",
    }

    item = desk.items(second)["receive_by_police"]
    with pytest.raises(FormError, match="duplicate_of_case"):  # said to be the same matter, or another
        office.complete(item.id, receipt, actor=office.actor("qin-gang"))
    desk.complete(second, "receive_by_police", {**receipt, "duplicate_of_case": desk.first})

    [further] = desk.file(desk.first)["further_reports"]
    assert (further["case_no"], further["reporter_name"], further["risk_facts"]) == (second, "程晓", "双臂有新伤。")
    assert further["found_at"] and further["received_at"]
    receipts = [(one.code, one.case) for one in office.documents(actor=SYSTEM, limit=10) if one.code == "D74"]
    assert sorted(receipts) == [("D74", desk.first), ("D74", second)]
    [emergency] = desk.cases(EMERGENCY)
    [order] = [one for one in Repairs(office).messages(actor=SYSTEM) if one.name == "EmergencyOrder"]
    assert (order.sender, order.case) == (desk.first, emergency.number)


def test_care_asked_for_once_more_reaches_the_open_care_and_leaves_its_clock(
    office: Runtime, clock: ScenarioClock
) -> None:
    desk = Desk(office, clock, CARE, "harmed-welfare")
    admitted = desk.file(desk.first)["admitted_at"]
    asked = {"ground": "guardian_unable", "reason": "乡镇再次报告", "admitted_at": "2024-03-09T08:00:00+08:00"}

    key = f"DL-P01-2024-000099/{desk.run.number}"  # the number of who asks, not of the open care
    office.deliver_message("TempCareRequest", key, asked, sender="DL-P01-2024-000099", actor=SYSTEM)
    office.sweep()

    [care] = desk.cases(CARE)
    told = [one for one in Repairs(office).messages(actor=SYSTEM) if one.correlation == key]
    assert [(one.state, one.case) for one in told] == [("consumed", care.number)]
    [further] = desk.file(care.number)["further_requests"]
    assert (further["reason"], desk.file(care.number)["admitted_at"]) == ("乡镇再次报告", admitted)
    assert "heed_request" in desk.items(care.number)
