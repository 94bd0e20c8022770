"""A procedure that starts on a day of somebody's life: for everybody it should, once, whatever the machine missed."""

from __future__ import annotations

import json
import re
from collections import namedtuple
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as proof
from hypothesis import strategies as st
from sqlalchemy import update

from benchmarks import coming_of_age
from tests.conftest import Clock
from tests.journeys.conftest import CHILD, HERE, ORGANISATION
from workflow_runtime import casefile, casework, directory, subjects
from workflow_runtime import tables as t
from workflow_runtime.feel.government import OF_DATES, add_months, age_on
from workflow_runtime.model import SYSTEM, CaseView
from workflow_runtime.procedures import Procedure, find_folder, gather, shipped_library
from workflow_runtime.reports import Reports
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

ZONE = ZoneInfo("Asia/Shanghai")
PLAN = "adult-orphan-resettlement"
IN_CARE = {
    "custodian": {"party": "CWI.CITY@990100", "since": "2019-03-18"},
    "guardian": {"party": "CAB.CITY@990100", "since": "2019-03-18"},
    "payer": {"party": "CAB.CITY@990100", "since": "2019-03-18"},
}


def plan(folder: Path) -> Path:
    """A procedure of that name with one step: what P36 does is not asked here."""
    made = folder / PLAN
    made.mkdir()
    source = (HERE / "review" / "review.bpmn").read_text(encoding="utf-8")
    source = source.replace('id="review"', f'id="{PLAN}"').replace('processRef="review"', f'processRef="{PLAN}"')
    source = source.replace('"P16"', '"P36"').replace("CWI.CNTY", "CWI.CITY").replace("CAB.CNTY", "CAB.CITY")
    source = source.replace("sending_county", "receiving_city").replace('"transfer_plan"', '"resettlement_plan"')
    (made / f"{PLAN}.bpmn").write_text(source, encoding="utf-8")
    for form in (HERE / "review").glob("*.form"):
        (made / form.name).write_bytes(form.read_bytes())
    return made


@pytest.fixture
def office(settings: Settings, clock: Clock, tmp_path: Path) -> Iterator[Runtime]:
    with Runtime.create(settings, clock=clock) as runtime:
        runtime.import_organisation(ORGANISATION.read_bytes(), actor=SYSTEM)
        runtime.deploy(gather(plan(tmp_path)), actor=SYSTEM)
        yield runtime


def person(runtime: Runtime, birth_date: str, number: int = 1, **more: Any) -> str:
    facts = {key: value for key, value in CHILD.items() if key != "resident_id"}
    facts |= {"hukou_status": "none", "temp_person_no": str(number), "birth_date": birth_date}
    standings = more.pop("standings", IN_CARE)
    return runtime.register_subject("child", facts | more, actor=SYSTEM, region="990101", standings=standings)


def asked(runtime: Runtime, subject: str) -> list[CaseView]:
    return [one for one in runtime.cases(actor=SYSTEM, procedure=PLAN, subject=subject, limit=10)]


def at(clock: Clock, day: str) -> None:
    clock.set(datetime.combine(date.fromisoformat(day), time(9), ZONE))


@pytest.mark.parametrize(
    ("born", "eve", "day"),
    [
        ("2007-09-10", "2024-09-09", "2024-09-10"),
        ("2008-02-29", "2025-02-27", "2025-02-28"),  # 18 on 2026-02-28: 2026 has no 29th (Civil Code, 202)
        ("2008-03-01", "2025-02-28", "2025-03-01"),
    ],
    ids=["plain", "leap-day", "day-after"],
)
def test_a_year_before_majority_the_city_institution_is_asked_once(
    office: Runtime, clock: Clock, born: str, eve: str, day: str
) -> None:
    at(clock, "2024-03-04")
    subject = person(office, born)

    at(clock, eve)
    office.sweep()
    assert asked(office, subject) == []
    at(clock, day)
    office.sweep()
    at(clock, "2027-01-04")
    office.sweep()

    (one,) = asked(office, subject)
    (item,) = office.case(one.number, actor=SYSTEM).items
    assert (one.started_at.astimezone(ZONE).date().isoformat(), item.department) == (day, "cwi-nanping.social_work")


def test_the_machine_that_is_up_again_the_day_after_asks_then(office: Runtime, clock: Clock) -> None:
    at(clock, "2024-03-04")
    subject = person(office, "2007-09-10")

    at(clock, "2024-09-11")
    office.sweep()
    office.sweep()

    (one,) = asked(office, subject)
    assert one.started_at.astimezone(ZONE).date().isoformat() == "2024-09-11"


REGIONS = {"receiving_city": "990101"}  # what is bound where no agency cares: the region of the subject
CITY, COUNTY, OTHER, MPI = "cwi-nanping", "cwi-qingxi", "cwi-xiping", "mpi-qingxi"
CAB_CITY, CAB_COUNTY = "cab-nanping", "cab-qingxi"
Held = namedtuple("Held", ["kind", "holder_agency"])
CARE = {  # custodian, guardian; who asks, who decides
    "in-the-city": (CITY, CAB_CITY, "cwi-nanping.social_work", "cab-nanping.child_welfare"),
    "in-the-county": (COUNTY, CAB_COUNTY, "cwi-qingxi.social_work", "cab-qingxi.child_welfare"),
    "entrusted-by-the-county": (CITY, CAB_COUNTY, "cwi-nanping.social_work", "cab-qingxi.child_welfare"),
    "entrusted-by-another-city": (OTHER, CAB_CITY, "cwi-xiping.social_work", "cab-nanping.child_welfare"),
    "in-temporary-care": (MPI, None, "cwi-nanping.social_work", "cab-nanping.child_welfare"),
    "in-a-foster-family": (None, CAB_CITY, "cwi-nanping.social_work", "cab-nanping.child_welfare"),
}


@cache
def resettlement() -> tuple[directory.Directory, Procedure]:
    return directory.read(ORGANISATION.read_bytes()), Procedure.parse(gather(find_folder(PLAN)))


@pytest.mark.parametrize(("custodian", "guardian", "asks", "decides"), CARE.values(), ids=CARE)
def test_whoever_cares_asks_and_whoever_is_guardian_decides(
    custodian: str | None, guardian: str | None, asks: str, decides: str
) -> None:
    office, procedure = resettlement()
    held = [Held("custodian", custodian), Held("guardian", guardian)]

    data = casework.with_roles(procedure, office, REGIONS, {}, lambda: held, dict)
    bound = {row["lane"]: row["department_id"] for row in casework.bind_lanes(procedure, office, REGIONS, data)}

    assert (bound["institution"], bound["civil_affairs"]) == (asks, decides)


def test_an_outage_over_the_birthday_itself_loses_nobody(office: Runtime, settings: Settings, clock: Clock) -> None:
    at(clock, "2024-03-04")
    subject = person(office, "2007-03-10")

    at(clock, "2026-06-01")  # 19 by now
    for _worker in range(2):
        with Runtime.open(settings, clock=clock) as beside:
            beside.sweep()

    assert len(asked(office, subject)) == 1


def test_who_is_registered_after_the_day_is_asked_and_an_adult_is_not(office: Runtime, clock: Clock) -> None:
    at(clock, "2024-03-04")
    late, adult = person(office, "2006-06-01", 1), person(office, "2006-03-04", 2)

    office.sweep()

    assert (len(asked(office, late)), asked(office, adult)) == (1, [])


@pytest.mark.parametrize("basis", ["medical_estimate", "declared"])
def test_an_estimated_birth_date_counts_like_any_other(office: Runtime, clock: Clock, basis: str) -> None:
    at(clock, "2024-03-04")
    subject = person(office, "2007-03-05", birth_date_basis=basis)

    office.sweep()
    assert asked(office, subject) == []
    at(clock, "2024-03-05")
    office.sweep()

    assert len(asked(office, subject)) == 1


def correct(runtime: Runtime, subject: str, birth_date: str) -> None:
    with runtime._database.begin() as tx:
        row = runtime._subject_row(tx, subject, SYSTEM)
        facts = dict(casefile.loads(row.document)) | {"birth_date": date.fromisoformat(birth_date)}
        tx.execute(update(t.subject).where(t.subject.c.id == row.id).values(document=casefile.dumps(facts)))


def test_a_birth_date_corrected_to_an_earlier_day_asks_at_once_and_to_a_later_one_not_again(
    office: Runtime, clock: Clock
) -> None:
    at(clock, "2024-03-04")
    younger, older = person(office, "2007-03-01", 1), person(office, "2010-03-01", 2)
    office.sweep()

    at(clock, "2024-03-05")
    correct(office, younger, "2009-07-01")  # asked already: its case goes on, and ends another day
    correct(office, older, "2006-12-01")
    office.sweep()
    at(clock, "2027-12-01")
    office.sweep()

    assert (len(asked(office, younger)), len(asked(office, older))) == (1, 1)


def test_a_signal_given_by_a_wrong_birth_date_is_given_again_on_the_right_day(office: Runtime, clock: Clock) -> None:
    at(clock, "2024-03-04")
    subject = person(office, "2006-03-06")
    case = asked(office, subject) or [office.start_case(PLAN, subject, actor=SYSTEM).case]

    heard = []
    for day in ("2024-03-06", "2024-03-07", "2025-03-05", "2025-03-06", "2025-03-07"):
        at(clock, day)
        if day == "2024-03-07":
            correct(office, subject, "2007-03-06")
        office.sweep()
        history = office.history(case[0].number, actor=SYSTEM)
        heard.append(sum(entry.kind == "signal_received" for entry in history))

    assert heard == [1, 1, 1, 2, 2]


def test_any_date_of_a_subject_can_be_the_day(office: Runtime, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shipped_library() / "subjects"
    wanted = "- {name: in-six-months, title: 入院, when: 'today >= add months(entry_date, 6)', start: %s}"
    text = (folder / "child.yaml").read_text(encoding="utf-8")
    text = text.replace("occasions:\n", f"occasions:\n  {wanted % PLAN}\n", 1)
    kind = subjects.read(text.encode(), form=(folder / "child.form").read_bytes())
    monkeypatch.setattr("workflow_runtime.occasions.shipped", lambda: {"child": kind})
    at(clock, "2024-02-01")
    subject = person(office, "2015-06-01", entry_date="2023-08-31")  # six months on there is no 31st

    started = []
    for day in ("2024-02-28", "2024-02-29", "2024-03-01"):
        at(clock, day)
        office.sweep()
        started.append(len(asked(office, subject)))

    assert started == [0, 1, 1]


def test_only_who_is_in_state_care_and_alive_is_asked(office: Runtime, clock: Clock) -> None:
    at(clock, "2024-03-04")
    village = {**IN_CARE, "guardian": {"holder": "祖父蓝山", "since": "2019-03-18"}}
    village["custodian"] = village["payer"] = village["guardian"]
    grandchild = person(office, "2006-06-01", 1, standings=village)
    dead = person(office, "2006-06-01", 2)
    office.signal_subject(dead, "CHILD_DIED", actor=SYSTEM)

    office.sweep()

    assert (asked(office, grandchild), asked(office, dead)) == ([], [])


def test_who_had_such_a_case_by_hand_is_not_asked_and_whose_case_was_withdrawn_is(
    office: Runtime, clock: Clock
) -> None:
    at(clock, "2024-03-04")
    running, withdrawn = person(office, "2006-06-01", 1), person(office, "2006-06-01", 2)
    office.start_case(PLAN, running, actor=SYSTEM)
    number = office.start_case(PLAN, withdrawn, actor=SYSTEM).case.number
    office.withdraw(number, reason="误办", actor=next(iter(_clerks(office))))

    office.sweep()

    assert len(asked(office, running)) == 1
    assert sorted(one.state for one in asked(office, withdrawn)) == ["cancelled", "open"]


def test_a_case_that_began_by_itself_and_is_withdrawn_begins_again_once(office: Runtime, clock: Clock) -> None:
    at(clock, "2024-03-04")
    subject = person(office, "2006-06-01")
    office.sweep()
    office.withdraw(asked(office, subject)[0].number, reason="移交", actor=next(iter(_clerks(office))))

    at(clock, "2024-03-05")
    office.sweep()
    at(clock, "2024-03-06")
    office.sweep()

    assert sorted(one.state for one in asked(office, subject)) == ["cancelled", "open"]


def _clerks(office: Runtime) -> Iterator[Any]:
    directory = office.organisation(actor=SYSTEM)
    for one in directory.clerks_of("cwi-nanping.social_work", office._today()):
        yield office.actor(one.id)


def test_who_has_a_case_and_is_not_asked_in_time_stands_on_the_list_until_asked(office: Runtime, clock: Clock) -> None:
    at(clock, "2024-03-04")
    subject = person(office, "2007-03-04")
    office.sweep()

    listed = []
    for day in ("2024-09-03", "2024-09-04"):
        at(clock, day)
        listed.append(office_rows(office))
    late = person(office, "2006-12-01", 2)  # registered three months before the birthday: a month to ask
    office.sweep()
    for day in ("2024-10-04", "2024-10-05"):
        at(clock, day)
        listed.append(office_rows(office))

    assert listed == [[], [subject], [subject], [subject, late]]


def test_what_cannot_start_is_told_and_starts_when_it_can(settings: Settings, clock: Clock, tmp_path: Path) -> None:
    at(clock, "2024-03-04")
    with Runtime.create(settings, clock=clock) as office:
        office.import_organisation(ORGANISATION.read_bytes(), actor=SYSTEM)
        subject = person(office, "2006-06-01")
        office.sweep()

        listed = office_rows(office)
        office.deploy(gather(plan(tmp_path)), actor=SYSTEM)
        at(clock, "2024-03-05")
        office.sweep()

        assert listed == [subject]
        assert (len(asked(office, subject)), office_rows(office)) == (1, [])


def test_where_the_profile_does_not_run_it_nobody_is_asked_and_civil_affairs_is_told(
    office: Runtime, settings: Settings, clock: Clock
) -> None:
    at(clock, "2024-03-04")
    subject = person(office, "2006-06-01")
    ours = (shipped_library() / "profiles" / "GX.yaml").read_text(encoding="utf-8")
    ours = ours.replace('version: "1"', 'version: "2"')
    off = re.sub(r"code: P36, state: \"on\",", 'code: P36, state: "off", reason: 本地不办理,', ours)
    office.import_profile(off.encode(), actor=SYSTEM)
    office.sweep()
    office.sweep()

    letters = [json.loads(path.read_bytes()) for path in sorted(settings.outbox.glob("*.json"))]
    assert asked(office, subject) == []
    assert [(one["department"], one["text"]) for one in letters if one["kind"] == "escalation"] == [
        ("cab-nanping.child_welfare", f"S-15-WAIT 应启动、征询而未办的成年安置 {subject}")
    ]


@proof(max_examples=300, deadline=None)
@given(
    st.dates(date(1990, 1, 1), date(2030, 12, 31)),
    st.integers(0, 36),
)
def test_the_plan_day_of_any_birth_date_is_counted_back_from_the_birthday(born: date, ahead: int) -> None:
    (occasion,) = [one for one in subjects.shipped()["child"].occasions if one.start == PLAN]

    def due(day: date) -> bool:
        scope = {
            "birth_date": born,
            "registered_on": born,
            "today": day,
            "standing": {"guardian": {"agency": "CAB.CITY"}},
            "signals": [],
            "profile": {"adult_plan_ahead": ahead},
        }
        return occasion.when(scope, functions=OF_DATES) is True

    eighteen = add_months(born, Decimal(216))
    assert eighteen is not None
    day = add_months(eighteen, Decimal(-ahead))
    assert day is not None
    assert age_on(born, eighteen) == 18 and age_on(born, eighteen - timedelta(days=1)) == 17
    assert due(day) and due(eighteen + timedelta(days=4000)) and not due(day - timedelta(days=1))


def test_years_of_lives_with_outages_ask_everybody_in_time_and_once(tmp_path: Path, long: bool) -> None:
    found = coming_of_age.live(
        *((1000, 10) if long else (12, 1)),
        seed=7,
        bundle=gather(plan(tmp_path)),
        organisation=ORGANISATION.read_bytes(),
        folder=tmp_path,
    )

    assert found.wrong == []
    assert found.due > 0 and found.down > 0


def test_who_turns_18_within_a_year_stands_on_the_list_of_resettlements_with_the_case(
    office: Runtime, clock: Clock
) -> None:
    at(clock, "2024-03-04")
    near, far = person(office, "2007-03-04", 1), person(office, "2007-03-05", 2)
    office.sweep()

    (row,) = Reports(office).rows("S-15", actor=SYSTEM).rows
    assert (row[0], row[2], row[3]) == (near, date(2025, 3, 4), asked(office, near)[0].number)
    assert asked(office, far) == []


def office_rows(office: Runtime) -> list[str]:
    return [str(row[0]) for row in Reports(office).rows("S-15-WAIT", actor=SYSTEM).rows]
