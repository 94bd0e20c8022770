"""A person drives a case by hand: registers a child, starts, claims, fills in, returns, and is told what comes next."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from .conftest import Answer, Desk
from .test_demo import read

CHILD = {
    "name": "欧阳小满",
    "sex": "male",
    "birth_date": "2015-06-30",
    "birth_date_basis": "certificate",
    "resident_id": "990101201506300011",
    "category": ["orphan"],
    "hukou_status": "registered_here",
    "region": "990101",
    "entry_date": "2018-03-01",
}
NOTICE = {
    "order_number": "南民移〔2026〕99号",
    "notice_on": date.today().isoformat(),
    "transfer_basis": "南屏市实施方案",
    "guardianship_basis": "青溪县民政局收留抚养审批表",
    "sending_contact": "覃川",
    "sending_contact_phone": "13900000001",
    "receiving_contact": "何芳",
    "receiving_contact_phone": "13900000002",
}


@pytest.fixture
def office(any_office: Desk) -> Desk:
    """A case is driven the same way on SQLite and on PostgreSQL."""
    return any_office


PARTIES = ("custodian=CWI.CNTY", "guardian=CAB.CNTY", "payer=CAB.CNTY")


def registered(office: Desk) -> str:
    office.write("child.json", json.dumps(CHILD))
    standings = [word for party in PARTIES for word in ("--standing", party)]
    answer = office(
        "--as", "qin-chuan", "subject", "register", "--data", "child.json", "--region", "990101", *standings, "--json"
    )
    return str(read(answer)["number"])


def started(office: Desk, subject: str) -> dict[str, Any]:
    regions = ("--region", "sending_county=990101", "--region", "receiving_city=990100")
    arguments = ("case", "start", "county-city-transfer", subject, *regions, "--profile", "GX", "--json")
    page: dict[str, Any] = read(office("--as", "qin-chuan", *arguments))
    return page


TEAM = (("唐月", "医疗"), ("周安", "养育"), ("韦宁", "社会工作"))
INTERVIEW = {
    "explained": "说明了要去哪里、谁会陪着。",
    "method": "interview",
    "can_express": True,
    "wish": "想和周阿姨一起去。",
    "needs_support": False,
    "wish_followed": True,
    "interviewer": "韦宁",
    "consulted_on": date.today().isoformat(),
    "consulted_place": "活动室",
}
LATE = {
    "late_reason": "接收机构改造工程延期。",
    "late_approved_by": "林岚",
    "late_approved_on": date.today().isoformat(),
}


def complete(office: Desk, item: dict[str, Any], data: dict[str, Any], *more: str) -> Answer:
    clerks = read(office("org", "show", "--json"))["clerks"]
    clerk = next(
        one["id"] for one in clerks if any(part["department"] == item["department"] for part in one["memberships"])
    )
    office.write("data.json", json.dumps(data))
    return office("--as", clerk, "work", "complete", item["id"], "--data", "data.json", *more)


def test_a_child_is_registered_and_a_case_runs_to_its_first_papers(office: Desk) -> None:
    subject = registered(office)
    page = started(office, subject)

    notice = complete(office, page["items"][0], NOTICE)

    assert notice.code == 0, notice.err
    assert "Now open:" in notice.out
    shown = office("--as", "zhou-lan", "case", "show", page["case"]["number"])
    assert "欧阳小满" in shown.out
    assert subject in shown.out


def test_the_same_person_is_registered_once(office: Desk) -> None:
    registered(office)
    office.write("child.json", json.dumps(CHILD))
    standings = [word for party in PARTIES for word in ("--standing", party)]

    answer = office("--as", "qin-chuan", "subject", "register", "--data", "child.json", *standings)

    assert answer.code == 2
    assert "already" in answer.err


def test_a_wrong_identity_number_is_named(office: Desk) -> None:
    office.write("child.json", json.dumps({**CHILD, "resident_id": "990101201506300012"}))

    answer = office("--as", "qin-chuan", "subject", "register", "--data", "child.json", "--standing", PARTIES[0])

    assert answer.code == 2
    assert "resident_id" in answer.err


def test_a_paper_is_handed_in_with_its_file(office: Desk) -> None:
    page = started(office, registered(office))
    subject, today = page["case"]["subject"]["number"], date.today().isoformat()
    soon = (date.today() + timedelta(days=30)).isoformat()
    entries: dict[str, dict[str, Any]] = {
        "send_transfer_notice": NOTICE,
        "plan_assessment": {
            "assessment_team": [{"name": name, "field": field} for name, field in TEAM],
            "assessment_on": today,
        },
        "assess_health": {
            "health_check_on": today,
            "health_check_by": "青溪县人民医院",
            "health_level": "moderate",
            "disability_types": ["physical"],
            "health_summary": "可扶行。",
        },
        "assess_daily_life": {"adl_score": 60, "daily_habits": "午睡。", "behaviour": "安静。"},
        "assess_needs": {"psych_summary": "同伴相处融洽。", "identity_summary": "清楚。"},
        "draft_report": {
            "assessment_result": "可以移交。",
            "assessment_advice": "熟人陪伴。",
            "assessment_review_on": soon,
        },
        "plan_transfer": {
            "risk_class": "ordinary",
            "planned_handover_on": soon,
            "handover_place": "南屏市儿童福利院",
            "escort_staff": [
                {"name": "周安", "unit": "青溪县儿童福利院"},
                {"name": "唐月", "unit": "青溪县儿童福利院"},
            ],
            "transport": "car",
            "familiar_carer_stays_days": 3,
            "visit_before_move": False,
            "counselling_plan": "按期谈话。",
            "crisis_contact": "韦宁 13900000004",
        },
    }
    entries |= {"justify_late_transfer": LATE, "interview_child": INTERVIEW}
    for element, data in entries.items():
        items = read(office("--as", "zhou-lan", "work", "list", "--subject", subject, "--json"))
        found = [item for item in items if item["element"].rpartition(".")[2] == element]
        if not found and element == "justify_late_transfer":
            continue  # the programme runs on in this office
        done = complete(office, found[0], data)
        assert done.code == 0, (element, done.err)
    office.write("scan.pdf", b"%PDF-1.4\n1 0 obj\n<< >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n")

    items = read(office("--as", "zhou-lan", "work", "list", "--subject", subject, "--json"))
    record = next(item for item in items if item["element"].rpartition(".")[2] == "file_wish_record")
    signed = [
        {"party": party, "persons": name, "signed_on": today} for party, name in (("征询人", "韦宁"), ("儿童", "捺印"))
    ]

    missing = complete(office, record, {"wish_signatures": signed, "d77_scan": "@nowhere.pdf"})
    filed = complete(office, record, {"wish_signatures": signed, "d77_scan": "@scan.pdf"})

    assert missing.code == 2 and "nowhere.pdf" in missing.err
    assert filed.code == 0, filed.err
    documents = read(office("--as", "zhou-lan", "document", "list", "--case", page["case"]["number"], "--json"))
    assert [(one["code"], one["origin"]) for one in documents] == [("D34", "issued"), ("D77", "issued")]


def test_a_case_is_withdrawn_with_a_reason_and_its_items_end(office: Desk) -> None:
    page = started(office, registered(office))
    number = page["case"]["number"]

    without = office("--as", "qin-chuan", "case", "withdraw", number, "--yes")
    withdrawn = office("--as", "qin-chuan", "case", "withdraw", number, "--reason", "误立", "--yes")

    assert without.code == 2
    assert withdrawn.code == 0, withdrawn.err
    after = read(office("--as", "zhou-lan", "case", "show", number, "--json"))
    assert (after["case"]["state"], after["items"]) == ("cancelled", [])


def test_the_same_key_completes_once(office: Desk) -> None:
    page = started(office, registered(office))

    first = complete(office, page["items"][0], NOTICE, "--key", "k-1", "--json")
    second = complete(office, page["items"][0], NOTICE, "--key", "k-1", "--json")

    assert read(first)["item"]["state"] == "completed"
    assert read(second)["repeated"] is True


def test_whoever_sets_up_a_shared_store_reads_the_organisation_once(postgresql: Any, tmp_path: Path) -> None:
    postgresql.psql("CREATE DATABASE fresh;")
    fresh = Desk(tmp_path, postgresql.get_uri("fresh"))

    made = fresh("--as", "installer", "init")
    first = fresh("--as", "installer", "org", "import", "demo")
    again = fresh("--as", "installer", "org", "import", "demo")
    pretending = fresh("case", "list", "--as", "zhou-lan")

    assert made.code == 0, made.err
    assert first.code == 0, first.err
    assert again.code == 2 and "installer" in again.err
    assert pretending.code == 2 and "--as" in pretending.err
    postgresql.psql("DROP DATABASE fresh WITH (FORCE);")


def test_a_worker_does_what_is_due_and_leaves(office: Desk) -> None:
    answer = office("worker", "--inline", "--once")

    assert answer.code == 0, answer.err
