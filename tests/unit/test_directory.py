"""The organisation: who answers for a lane, who works where, who stands in for whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from workflow_runtime import directory, i18n
from workflow_runtime.errors import DirectoryError, NotFound
from workflow_runtime.identifiers import check_uscc

SOURCE = (Path(__file__).parents[2] / "bpmn" / "demo" / "organisation.yaml").read_bytes()
DEMO = directory.read(SOURCE, name="organisation.yaml")
TODAY = date(2024, 9, 2)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    i18n.use_language("en")
    yield
    i18n.use_language("zh")


def test_a_lane_finds_the_agency_of_its_county() -> None:
    assert DEMO.party("CWI.CNTY", "990101", "social_work").id == "cwi-qingxi.social_work"
    assert DEMO.party("CWI.CNTY", "990102", "social_work").id == "cwi-yunling.social_work"


def test_the_closest_region_answers_and_the_city_for_all_others() -> None:
    assert DEMO.party("PSB", "990101001002").agency == "psb-qingxi"
    assert DEMO.party("PSB", "990103").agency == "psb-nanping"
    assert DEMO.party("PSB", "990100").agency == "psb-nanping"


def test_a_lane_that_names_no_department_gets_the_main_one() -> None:
    assert DEMO.party("CAB.CITY", "990100").code == "child_welfare"
    assert DEMO.party("EDU", "990101").code == "student_status"


@pytest.mark.parametrize(
    ("code", "region", "department", "answer"),
    [
        ("COURT", None, None, "CWI.CNTY"),
        ("CAB.CNTY", None, None, "needs a region.*青溪县民政局"),
        ("CAB.CNTY", "880101", None, "no CAB.CNTY answers for region 880101"),
        ("CAB.CITY", "990100", "care", "has no department care; it has child_welfare"),
    ],
)
def test_a_lane_that_nobody_answers_is_told_what_there_is(
    code: str, region: str | None, department: str | None, answer: str
) -> None:
    with pytest.raises(NotFound, match=answer):
        DEMO.party(code, region, department)


def test_four_eyes_are_possible_in_every_department() -> None:
    for department in DEMO.departments:
        for role in ("handler", "checker", "signatory"):
            people = {clerk.id for clerk in DEMO.clerks_of(department.id, TODAY, role)}
            assert len(people) >= 2, (department.id, role)


def test_the_demonstration_is_fictional_and_holds_together() -> None:
    assert all(region.startswith("99") for region in DEMO.regions)
    assert all(check_uscc(agency.uscc) == () for agency in DEMO.agencies)
    assert max(Counter(clerk.name for clerk in DEMO.clerks).values()) == 1


@pytest.mark.parametrize("code", ["CAB.CITY", "CWI.CITY", "CAB.CNTY", "CWI.CNTY", "PSB", "EDU", "MIB"])
def test_every_agency_of_the_transfer_is_there(code: str) -> None:
    assert DEMO.parties(code)


def test_people_work_where_they_work_on_that_day() -> None:
    moved = directory.read(_small(memberships="[{department: a.x, roles: [h], to: 2024-08-31}]"))

    assert moved.clerks_of("a.x", date(2024, 8, 31))
    assert not moved.clerks_of("a.x", TODAY)
    assert moved.memberships("li", TODAY) == ()
    with pytest.raises(NotFound):
        moved.memberships("nobody", TODAY)


def test_a_substitute_acts_in_the_time_named_and_passes_nothing_on() -> None:
    (first, second) = DEMO.substitutions

    assert DEMO.may_act_for(first.substitute, first.absent, TODAY)
    assert not DEMO.may_act_for(first.substitute, first.absent, date(2024, 9, 7))
    assert not DEMO.may_act_for(first.absent, first.substitute, TODAY)
    assert DEMO.acting_for(first.substitute, TODAY) == (first,)
    assert not DEMO.may_act_for(second.substitute, second.absent, second.valid_from, "cwi-nanping.archive")
    assert DEMO.may_act_for(second.substitute, second.absent, second.valid_from, "cwi-nanping.care")


def test_a_supervisor_sees_the_departments_of_the_regions() -> None:
    assert len(DEMO.supervised("zhou-lan")) == len([one for one in DEMO.departments if "xiping" not in one.id])
    assert all("qingxi" in department for department in DEMO.supervised("tang-yi"))
    assert DEMO.supervised("he-yun") == ()


def test_what_is_not_there_is_not_found() -> None:
    for look in (DEMO.agency, DEMO.department, DEMO.clerk):
        with pytest.raises(NotFound):
            look("nothing")
    assert DEMO.agency("cwi-qingxi").parent == "cab-qingxi"
    assert DEMO.department("cwi-qingxi.care").name == "养育科"
    assert DEMO.clerk(DEMO.clerks[0].id).name


def _small(memberships: str = "[{department: a.x, roles: [h]}]", more: str = "") -> bytes:
    return (
        "name: 试\nregions: {'990100': 市}\nroles: {h: 经办}\nagencies:\n"
        "  - {id: a, code: CAB.CITY, name: 局, region: '990100', departments: [{code: x, name: 科}]}\n"
        f"clerks:\n  - {{id: li, name: 李, memberships: {memberships}}}\n{more}"
    ).encode()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (_small("[{department: a.y, roles: [h]}]"), "there is no department a.y"),
        (_small("[{department: a.x, roles: [boss]}]"), "there is no role boss"),
        (_small("[{department: a.x, roles: [h], from: 2024-02-01, to: 2024-01-01}]"), "ends before it begins"),
        (_small(more="supervisors: [{id: li, name: 王, regions: ['990100']}]\n"), "person li stands in the file twice"),
        (_small(more="substitutions: [{absent: li, substitute: li, from: 2024-01-01, to: 2024-02-01}]\n"), "himself"),
        (_small(more="substitutions: [{absent: li, substitute: wu}]\n"), "there is no clerk wu"),
        (_small().replace(b"name: \xe5\xb1\x80, region", b"uscc: 12345, name: x, region"), "18 places"),
        (_small().replace(b"region: '990100', dep", b"region: '990101', dep"), "has no name in this file"),
        (_small().replace(b"id: li", "id: lі".encode()), "cannot be an id"),  # a Cyrillic letter
        (
            _small()
            .replace(b"clerks:\n", b"clerks:\n  - {id: wu, name: x, memberships: []}\n")
            .replace(b"a.x, r", b"a.z, r"),
            "nobody works in a.x",
        ),
        (SOURCE.replace(b'region: "990102"', b'region: "990101"'), "nobody could say which one answers"),
        (b"name: x", "agencies"),
    ],
)
def test_an_organisation_that_does_not_hold_together_is_refused_by_line(source: bytes, said: str) -> None:
    with pytest.raises(DirectoryError, match=said) as refused:
        directory.read(source, name="o.yaml")

    assert all(finding.remedy for finding in refused.value.findings)
