"""Control lists: nobody who should have moved is forgotten, and nobody reads of a child that is not theirs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time

import pytest

from tests.conftest import Clock
from tests.journeys.conftest import CHILD, STANDINGS, open_item
from workflow_runtime import reports, store
from workflow_runtime.errors import NotFound, ProfileError
from workflow_runtime.model import SYSTEM, Actor, CasePage
from workflow_runtime.reports import Reports
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings


@pytest.fixture
def lists(runtime: Runtime) -> Reports:
    return Reports(runtime)


def letters(settings: Settings) -> list[dict[str, str]]:
    return [json.loads(path.read_bytes()) for path in sorted(settings.outbox.glob("*.json"))]


def test_a_child_left_in_the_county_stands_on_the_list_of_both_levels_and_of_no_other_county(
    runtime: Runtime, lists: Reports, child: str
) -> None:
    seen = {who: lists.rows("S-02", actor=runtime.actor(who)).rows for who in ("zhou-lan", "tang-yi", "qin-hai")}

    assert [(row[0], row[4]) for row in seen["zhou-lan"]] == [(child, "未启动移交")]
    assert seen["tang-yi"] == seen["zhou-lan"]
    assert seen["qin-hai"] == ()


@pytest.mark.parametrize(("days", "listed"), [(59, 0), (60, 0), (61, 1)])
def test_a_transfer_may_be_begun_within_the_time_that_the_profile_gives(
    runtime: Runtime, lists: Reports, clock: Clock, days: int, listed: int
) -> None:
    since = {kind: {**held, "since": "2024-01-01"} for kind, held in STANDINGS.items()}
    runtime.register_subject("child", CHILD, actor=SYSTEM, region="990101", standings=since)

    clock.set(datetime(2024, 1, 1, 1, tzinfo=UTC))
    clock.advance(days=days)

    assert len(lists.rows("S-02", actor=SYSTEM).rows) == listed


def test_an_entry_is_told_by_itself_once_a_week_and_names_no_person(
    runtime: Runtime, settings: Settings, child: str, clock: Clock
) -> None:
    for _day in range(9):  # a Monday to the Tuesday after it
        runtime.sweep()
        runtime.sweep()
        clock.advance(days=1)
    runtime.sweep()

    told = [one for one in letters(settings) if one["kind"] == "escalation"]
    assert [(one["department"], one["text"]) for one in told] == [
        ("cab-nanping.child_welfare", f"S-02 应移交未移交 {child}")
    ] * 2


def test_two_workers_tell_an_entry_once(settings: Settings, runtime: Runtime, child: str, clock: Clock) -> None:
    with Runtime.open(settings, clock=clock) as beside:
        told = Reports(runtime).escalate() + Reports(beside).escalate()

    assert told == 1


def test_a_child_without_a_guardian_is_inconsistent(runtime: Runtime, lists: Reports) -> None:
    held = {kind: STANDINGS[kind] for kind in ("custodian", "payer")}
    number = runtime.register_subject("child", CHILD, actor=SYSTEM, region="990101", standings=held)

    (row,) = lists.rows("S-04", actor=SYSTEM).rows
    assert row[0] == number and row[3] == []
    (file,) = lists.rows("S-16", actor=SYSTEM).rows
    assert file[2] == "红" and "监护人" in file[4]


def test_the_board_shows_every_deadline_with_its_mark_and_never_a_default_as_law(
    runtime: Runtime, lists: Reports, case: CasePage
) -> None:
    item = open_item(runtime, case, "prepare")

    (row,) = lists.rows("S-23", actor=SYSTEM).rows
    assert item.due is not None
    assert row[2:4] == (item.name, case.case.number) and row[5] == "P"
    assert "not set by law" in row[6]


def test_pages_of_a_list_follow_each_other(runtime: Runtime, lists: Reports) -> None:
    unregistered = {key: value for key, value in CHILD.items() if key not in ("resident_id", "hukou_status")}
    numbers = []
    for word in "甲乙丙":
        child = {**unregistered, "name": f"蓝{word}", "hukou_status": "none", "temp_person_no": word}
        numbers.append(runtime.register_subject("child", child, actor=SYSTEM, region="990101", standings=STANDINGS))

    pages = [lists.rows("S-02", actor=SYSTEM, limit=2, offset=offset).rows for offset in (0, 2)]

    assert [row[0] for page in pages for row in page] == numbers


def test_an_unknown_list_is_answered_with_those_there_are(lists: Reports) -> None:
    with pytest.raises(NotFound, match=r"S-99.*S-02, S-03"):
        lists.rows("S-99", actor=SYSTEM)


def test_a_list_that_cannot_be_read_is_refused_with_every_fault() -> None:
    source = """reports:
  - id: s2
    title: 清单
    over: planet
    where: count(
    each: [{name: one, value: cases}, {name: other, value: cases}]
    columns: [{title: 编号, value: subject.number, width: 3}]
"""
    with pytest.raises(ProfileError) as refused:
        reports.read(source.encode(), name="mine.yaml")

    assert [(one.line, one.element) for one in refused.value.findings] == [
        (2, "id"),
        (6, "each"),
        (7, "width"),
        (4, "over"),
        (5, "where"),
    ]


def test_every_shipped_list_answers_about_a_full_office(runtime: Runtime, lists: Reports, case: CasePage) -> None:
    for one in lists.all():
        found = lists.rows(one.id, actor=SYSTEM)
        assert len(found.columns) == len(one.columns)


def test_the_life_of_a_subject_runs_over_all_its_cases(
    runtime: Runtime, case: CasePage, people: Callable[[str], list[Actor]], clock: Clock
) -> None:
    (social_worker, *_) = people("cwi-qingxi.social_work")
    clock.advance(days=2)
    runtime.withdraw(case.case.number, actor=social_worker, reason="资料有误")
    clock.advance(days=1)
    again = runtime.start_case("review", case.case.subject.number, actor=SYSTEM)

    life = runtime.subject(case.case.subject.number, actor=SYSTEM).life

    assert [event.kind for event in life][:4] == ["standing"] * 4
    told = [(event.kind, event.case) for event in life if event.case]
    assert told == [
        ("case_started", case.case.number),
        ("case_ended", case.case.number),
        ("case_started", again.case.number),
    ]
    assert [event.at for event in life] == sorted(event.at for event in life)


def test_the_lists_of_the_catalogue_that_rest_on_what_is_drawn_are_shipped() -> None:
    assert list(reports.shipped()) == [
        "S-01", "S-02", "S-03", "S-04", "S-05", "S-06", "S-07", "S-08", "S-09", "S-10", "S-11", "S-11-FAMILY", "S-12",
        "S-13", "S-14", "S-15", "S-15-WAIT", "S-16", "S-17", "S-18", "S-23",
    ]  # fmt: skip


@pytest.mark.parametrize(("day", "listed"), [(date(2024, 4, 30), 0), (date(2024, 5, 1), 0), (date(2024, 5, 2), 1)])
def test_a_stay_in_a_protection_institution_is_listed_from_the_day_after_three_months(
    runtime: Runtime, lists: Reports, clock: Clock, day: date, listed: int
) -> None:
    held = {**STANDINGS, "custodian": {"party": "MPI.CNTY@990101", "since": "2024-02-01"}}
    runtime.register_subject("child", CHILD, actor=SYSTEM, region="990101", standings=held)

    clock.set(datetime.combine(day, time(2), UTC))

    assert len(lists.rows("S-06", actor=SYSTEM).rows) == listed
    assert dict(lists.totals("S-06", actor=SYSTEM))["儿童数"] == listed


def test_what_only_a_holder_may_see_is_not_shown_to_others(runtime: Runtime, lists: Reports, child: str) -> None:
    (mine,) = lists.rows("S-13", actor=runtime.actor("tang-yi")).rows
    assert (mine[0], mine[4]) == (child, "没有就学登记")
    assert lists.rows("S-13", actor=runtime.actor("qin-hai")).rows == ()


@pytest.mark.parametrize(
    ("statement", "today", "said"),
    [
        (None, date(2024, 9, 2), "正在办理"),
        (date(2024, 9, 2), date(2025, 9, 1), "有情况说明"),
        (date(2024, 9, 2), date(2025, 9, 2), "有情况说明"),
        (date(2024, 9, 2), date(2025, 9, 3), "情况说明满期未复核"),
    ],
)
def test_a_registration_left_behind_is_listed_until_it_has_a_statement_that_is_reviewed(
    runtime: Runtime, lists: Reports, case: CasePage, clock: Clock, statement: date | None, today: date, said: str
) -> None:
    moved = datetime(2024, 9, 1, 2, tzinfo=UTC)
    with runtime._database.begin() as tx:
        row = store.lock_case(tx, case.case.number)
        assert row is not None
        papers = {"D16": moved, **({"D20": datetime.combine(statement, time(2), UTC)} if statement else {})}
        for code, at in papers.items():
            store.insert_document(
                tx, id=code, case_id=row.id, subject_id=row.subject_id, code=code, title=code, origin="issued",
                state="issued", number=f"1-{code}", issuer="x", issuer_name="x", issued_at=at,
            )  # fmt: skip
        for kind, holder, agency in (("custodian", "南屏市儿童福利院", "cwi-nanping"), ("hukou", "青溪县集体户", None)):
            when = moved if kind == "custodian" else datetime(2024, 8, 1, tzinfo=UTC)
            store.switch_standing(
                tx, row.subject_id, kind, holder=holder, holder_agency=agency, at=when, basis="D16", case_number=None
            )
    clock.set(datetime.combine(today, time(2), UTC))

    (found,) = lists.rows("S-05", actor=SYSTEM).rows

    assert found[-1] == said


def test_a_list_that_names_the_documents_it_reads_names_all_that_it_looks_at(lists: Reports) -> None:
    for one in lists.all():
        read = [one.where, *(value for _name, value in one.values), *(column.value for column in one.columns)]
        read += [one.each[1]] if one.each is not None else []
        looked_at = {code for expression in read for code in re.findall(r'"(D\d+)"', expression.text)}
        if one.documents or (one.escalates and one.asks_for("documents")):  # years of papers are not read every day
            assert set(one.documents) == looked_at, one.id
