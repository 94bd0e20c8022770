"""A case about many begins a case about each: the survey of children to be transferred, and what follows for each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest

from tests.conftest import Clock
from tests.journeys.conftest import ORGANISATION
from workflow_runtime import casefile, queries, store
from workflow_runtime.errors import NotInThisDepartment, RuleBroken
from workflow_runtime.model import SYSTEM
from workflow_runtime.procedures import find_folder, gather
from workflow_runtime.repairs import Repairs
from workflow_runtime.reports import Reports
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

pytestmark = pytest.mark.usefixtures("english")

LEAD = {"lead": {"party": "CAB.CITY@990100"}}
FACTS = {
    "name": "南屏市移交儿童摸底",
    "region": "990100",
    "basis": "南政办〔2022〕15号",
    "begins_on": "2024-07-01",
    "ends_on": "2025-12-31",
}


@pytest.fixture
def office(settings: Settings, clock: Clock) -> Iterator[Runtime]:
    with Runtime.create(settings, clock=clock) as runtime:
        runtime.import_organisation(ORGANISATION.read_bytes(), actor=SYSTEM)
        for key in ("transfer-base-survey", "transfer-follow-up"):
            runtime.deploy(gather(find_folder(key)), actor=SYSTEM)
        yield runtime


def child(runtime: Runtime, number: int) -> str:
    facts = {
        "name": f"蓝{number}",
        "temp_person_no": f"T-{number}",
        "name_is_assigned": True,
        "sex": "female",
        "birth_date": "2017-04-12",
        "birth_date_basis": "declared",
        "category": ["orphan"],
        "hukou_status": "none",
        "region": "990101",
    }
    standings = {
        kind: {"party": f"{code}@990101"}
        for kind, code in (("custodian", "CWI.CNTY"), ("guardian", "CAB.CNTY"), ("payer", "CAB.CNTY"))
    }
    return runtime.register_subject("child", facts, actor=SYSTEM, region="990101", standings=standings)


def row(number: str, at: int) -> dict[str, object]:
    """One child of the survey: one is urgent, one waits for an adopter, one has no bed, the others move."""
    needs = "severe_disability" if at == 2 else "ordinary"
    return {
        "child_no": number,
        "name": f"蓝{at}",
        "birth_date": "2017-04-12",
        "sex": "female",
        "guardian_ground": "not_found",
        "need_class": needs,
        "hukou_place": "集体户",
        "hukou_may_harm": "no",
        "transfer_readiness": "ready",
        "urgent_need": at == 0,
        "adopter_in_process": at == 1,
    }


def surveyed(runtime: Runtime, children: list[str]) -> str:
    """The survey of one county, as far as the orders; its case number."""
    programme = runtime.register_subject("programme", FACTS, actor=SYSTEM, region="990100", standings=LEAD)
    regions = {"receiving_city": "990100"}
    number = runtime.start_case(
        "transfer-base-survey", programme, actor=SYSTEM, regions=regions, jurisdiction="GX"
    ).case.number
    seals = {"seals": [{"party": "青溪县民政局", "persons": "甲、乙", "sealed_on": "2024-03-01"}]}

    def do(element: str, data: Mapping[str, object]) -> None:
        (item,) = runtime.case(number, actor=SYSTEM, history=1).items
        assert item.element == element
        people = runtime.organisation(actor=SYSTEM).clerks_of(item.department, runtime._today())
        actors = [runtime.actor(one.id) for one in people]
        for actor in actors:
            try:
                if element == "collect_seals":
                    scan = runtime.store_file("scan.pdf", b"%PDF-1.4\n%%EOF\n", actor=actor)
                    data = {**data, "stamped_scan": scan}
                runtime.complete(item.id, data, actor=actor)
                break
            except (RuleBroken, NotInThisDepartment):
                continue
        else:
            raise AssertionError(f"nobody can complete {element}")

    def issue() -> None:
        do("draft_document", {})
        do("sign_off_document", {"signed_by": "林月"})
        do("collect_seals", seals)

    do("order_survey", {"survey_order_no": "无", "survey_ordered_on": "2024-03-01", "counties": [{"county": "990101"}]})
    do("enter_rows", {"base_rows": [row(one, at) for at, one in enumerate(children)], "none_to_transfer": False})
    do(
        "confirm_rows",
        {"more_children": False, "good_facilities": False, "professional_staff": False, "confirm_note": "无误"},
    )
    issue()
    do(
        "state_capacity",
        {
            "capacity_beds": [{"need_class": "ordinary", "beds": 500}],
            "care_staff": 1,
            "professional_staff_number": 1,
            "funds_in_place": True,
            "staff_in_place": True,
            "urgent_escort": "甲、乙",
        },
    )
    batch = {"batch_no": "一", "county": "990101", "transfer_date": "2025-03-03", "escort": "甲、乙"}
    plan = dict.fromkeys(
        ("plan_hardware", "plan_software", "plan_funds", "plan_staff", "plan_risks", "plan_timetable"), "已安排妥当"
    )
    do("draft_plan", {**plan, "batches": [batch]})
    do("approve_plan", {"approval_note": "同意"})
    issue()
    return number


def test_every_child_of_the_survey_has_a_case_of_its_own_and_the_survey_shows_them(
    office: Runtime, clock: Clock
) -> None:
    children = [child(office, at) for at in range(4)]
    number = surveyed(office, children)

    begun = {one.subject.number: one for one in office.cases(actor=SYSTEM, begun_by=number)}
    assert {one: begun[one].milestone for one in begun} == {children[1]: "等待本地收养", children[2]: "委托代养"}
    assert office.case(number, actor=SYSTEM).begun == {"未移交儿童去向跟踪": 2}
    orders = {
        str(one.correlation).rpartition("/")[2]: one
        for one in Repairs(office).messages(actor=SYSTEM, name="TransferOrder")
    }
    with office._database.read() as tx:
        (order,) = [casefile.loads(queries.message(tx, orders[children[3]].id).payload)]
    assert (order["batch_no"], str(order["transfer_date"]), order["escort"]) == ("一", "2025-03-03", "甲、乙")
    assert set(orders) == {children[0], children[3]}

    # the lists of supervision know what becomes of each: who is followed up is not among those left untransferred
    base = {row[0]: row[4] for row in Reports(office).rows("S-01", actor=SYSTEM).rows}
    assert [base[one] for one in children] == ["去向未定", "等待本地收养", "委托代养", "去向未定"]
    clock.now += timedelta(days=61)
    left = {row[0] for row in Reports(office).rows("S-02", actor=SYSTEM).rows}
    assert left == {children[0], children[3]}

    # nobody asks for it: the list tells the city, and what the reconciliation finds is reminded of and told upward
    for _day in range(40):
        office.sweep()
        clock.now += timedelta(days=1)
    told = [json.loads(one.read_bytes()) for one in office._settings.outbox.glob("*.json")]
    escalated = {(one["department"], one["text"]) for one in told if one["kind"] == "escalation"}
    assert {("cab-nanping.child_welfare", f"S-02 应移交未移交 {children[at]}") for at in (0, 3)} <= escalated
    history = office.history(number, actor=SYSTEM)
    assert ("escalated", "settle_differences") in {(one.kind, one.element) for one in history}
    assert children[0] in str(office.case(number, actor=SYSTEM).fields["differences"])

    # who waits is not forgotten either: once the follow-up is late the child stands on the list
    clock.now += timedelta(days=200)
    office.sweep()
    clock.now += timedelta(days=40)
    found = {row[0]: row[4] for row in Reports(office).rows("S-02", actor=SYSTEM).rows}
    assert [found[one] for one in children] == ["未启动移交", "暂缓或者等待逾期", "暂缓或者等待逾期", "未启动移交"]

    # a case is about the kind of subject that its procedure names
    with pytest.raises(RuleBroken, match=r"专项工作|programme|Programme"):
        office.start_case("transfer-base-survey", children[0], actor=SYSTEM, regions={"receiving_city": "990100"})

    # a message about somebody who is not registered begins nothing, and is seen
    with office._database.begin() as tx:
        case = store.lock_case(tx, number)
        assert case is not None
        hand = office._take(tx, case, SYSTEM)
        hand.send("TransferFollowUp", f"{number}/C-990101-1999-000001", {}, element="begin_follow_ups")
        hand.save()
    office.sweep()

    (buried,) = [one for one in Repairs(office).messages(actor=SYSTEM, name="TransferFollowUp") if one.state == "dead"]
    assert "C-990101-1999-000001" in str(buried.reason)
    assert [one.element for one in Repairs(office).incidents(actor=SYSTEM, case=number)] == ["begin_follow_ups"]
