"""The rules by which open deadlines were counted change: holidays, values, extensions, suspensions, outages."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from tests.conftest import Clock
from tests.journeys.conftest import HERE, ORGANISATION, open_item
from workflow_runtime import doctor
from workflow_runtime import tables as t
from workflow_runtime.errors import NotAllowed, ProfileError, RuleBroken
from workflow_runtime.model import SYSTEM, Actor, CasePage, Line
from workflow_runtime.procedures import gather
from workflow_runtime.reckoning import Reckoning
from workflow_runtime.repairs import Repairs
from workflow_runtime.runtime import Runtime

People = Callable[[str], list[Actor]]
COUNTY, BUREAU = "cwi-qingxi.social_work", "cab-qingxi.child_welfare"
PROFILE = (Path(__file__).parents[2] / "bpmn" / "profiles" / "GX.yaml").read_text(encoding="utf-8")
PAPERS = {"summary": "一册", "pages": 3}
#: A notice of an imaginary year: a holiday in the first week, paid for with a Saturday.
NOTICE = """
year: 2027
source: 关于2027年部分节假日安排的通知
days:
  - {date: 2027-01-01, kind: holiday, name: 元旦}
  - {date: 2027-01-04, kind: holiday, name: 元旦}
  - {date: 2027-01-09, kind: workday, name: 元旦}
""".encode()


@pytest.fixture
def late_december(clock: Clock) -> Clock:
    """A time whose deadlines end in a year without a published table."""
    clock.set(datetime(2026, 12, 24, 2, tzinfo=UTC))
    return clock


def edited(**values: Any) -> bytes:
    """The profile of GX, version 2, with other values for some of its parameters."""
    text = PROFILE.replace('version: "1"', 'version: "2"')
    for name, lines in values.items():
        old = (
            rf"(    name: {name}\n    title: .*\n)    value: .*\n    unit: .*\n(    mark: .*\n)(?:    extension: .*\n)?"
        )
        text, count = re.subn(old, rf"\1{lines}\2", text)
        assert count == 1, name
    return text.encode()


def under(runtime: Runtime, child: str, **values: Any) -> CasePage:
    """A case that started under a changed profile."""
    Reckoning(runtime).import_profile(edited(**values), actor=SYSTEM)
    return runtime.start_case("review", child, actor=SYSTEM)


def due(runtime: Runtime, case: CasePage, element: str = "prepare") -> str:
    found = open_item(runtime, case, element).due
    assert found is not None
    return found.shown


def kinds(runtime: Runtime, case: CasePage) -> list[str]:
    return [line.kind for line in runtime.history(case.case.number, actor=SYSTEM)]


# --- calendars ---------------------------------------------------------------------------------------------------
def test_a_published_year_makes_provisional_dates_certain_and_says_which_moved_and_why(
    late_december: Clock, runtime: Runtime, child: str, people: People
) -> None:
    case = runtime.start_case("review", child, actor=SYSTEM)
    item = open_item(runtime, case, "prepare")
    assert item.due is not None and item.due.provisional and item.due.shown == "2027-01-08 24:00"
    reckoning = Reckoning(runtime)

    preview = list(reckoning.apply_calendar(actor=SYSTEM, dry_run=True, extra=NOTICE))
    before = due(runtime, case)
    year, fresh = reckoning.import_year(NOTICE, actor=SYSTEM)
    cut_short = doctor.measure(runtime._database, late_december())["xieban_cases_by_old_holidays"]
    (line,) = reckoning.apply_calendar(actor=SYSTEM)
    assert (cut_short, doctor.measure(runtime._database, late_december())["xieban_cases_by_old_holidays"]) == (1, 0)
    again = list(reckoning.apply_calendar(actor=SYSTEM))

    assert before == "2027-01-08 24:00" and [one.state for one in preview] == ["would"]
    assert (year, fresh, line.state, again) == (2027, True, "done", [])
    (shift,) = line.shifts
    assert shift.certain and "2027年部分节假日" in shift.why
    moved = open_item(runtime, case, "prepare").due
    assert moved is not None and not moved.provisional and moved.shown == "2027-01-09 24:00"
    told = "\n".join(moved.explanation)
    assert "2027-01-04" in told and "it stood at 2027-01-08 24:00" in told
    assert "calendar_changed" in kinds(runtime, case)
    assert runtime.verify_history(case.case.number, actor=SYSTEM) is None


def test_a_corrected_table_moves_the_timers_that_are_drawn_too(
    late_december: Clock, runtime: Runtime, child: str, people: People
) -> None:
    (worker, *_rest) = people(COUNTY)
    reckoning = Reckoning(runtime)
    reckoning.import_year(NOTICE, actor=SYSTEM)
    case = runtime.start_case("review", child, actor=SYSTEM)
    late_december.set(datetime(2026, 12, 31, 2, tzinfo=UTC))
    runtime.complete(open_item(runtime, case, "prepare").id, PAPERS, actor=worker)
    (before,) = [one.due for one in runtime.why(case.case.number, actor=SYSTEM) if one.kind == "timer"]

    late_december.advance(hours=1)
    reckoning.import_year(NOTICE.replace(b"2027-01-09", b"2027-01-10"), actor=SYSTEM)
    (line,) = reckoning.apply_calendar(actor=SYSTEM)

    (after,) = [one.due for one in runtime.why(case.case.number, actor=SYSTEM) if one.kind == "timer"]
    assert before == datetime(2027, 1, 9, 16, tzinfo=UTC) and after == datetime(2027, 1, 10, 16, tzinfo=UTC)
    assert "remind" in {shift.element for shift in line.shifts}
    late_december.set(datetime(2027, 1, 10, 15, 59, tzinfo=UTC))
    assert runtime.sweep().timers == 0
    late_december.advance(minutes=1)
    assert runtime.sweep().timers == 1


def test_going_back_to_the_table_before_is_a_change_like_any_other(
    late_december: Clock, runtime: Runtime, child: str
) -> None:
    reckoning = Reckoning(runtime)
    case = runtime.start_case("review", child, actor=SYSTEM)
    for source, wanted in (
        (NOTICE, "2027-01-09 24:00"),
        (NOTICE.replace(b"2027-01-09", b"2027-01-10"), "2027-01-10 24:00"),
        (NOTICE, "2027-01-09 24:00"),
    ):
        late_december.advance(minutes=1)
        assert reckoning.import_year(source, actor=SYSTEM) == (2027, True)
        assert [line.state for line in reckoning.apply_calendar(actor=SYSTEM)] == ["done"]
        assert due(runtime, case) == wanted
    late_december.advance(minutes=1)
    assert reckoning.import_year(NOTICE, actor=SYSTEM) == (2027, False)


def test_a_table_with_mistakes_is_refused_whole(runtime: Runtime) -> None:
    wrong = NOTICE.replace(b"2027-01-09", b"2027-01-06").replace(b"2027-01-01", b"2026-01-01")

    with pytest.raises(ProfileError) as refused:
        Reckoning(runtime).import_year(wrong, actor=SYSTEM)

    assert len(refused.value.findings) == 2
    assert 2027 not in {one.year for one in Reckoning(runtime).years()}


def test_an_imported_year_outlives_the_next_installation(runtime: Runtime, clock: Clock) -> None:
    clock.advance(minutes=1)
    Reckoning(runtime).import_year(NOTICE, actor=SYSTEM)
    clock.advance(minutes=1)

    Runtime.create(runtime._settings, clock=clock).close()

    assert 2027 in {one.year for one in Reckoning(runtime).years()}


@pytest.mark.parametrize(("own", "stands"), [(True, "一处自订"), (False, "新版所带")])
def test_a_profile_of_the_office_stands_whatever_a_release_brings(
    runtime: Runtime, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: bool, stands: str
) -> None:
    shipped = (ORGANISATION.parents[1] / "profiles" / "GX.yaml").read_text(encoding="utf-8")
    if own:
        ours = shipped.replace("name: 广西壮族自治区", "name: 一处自订", 1).replace('version: "1"', 'version: "own"', 1)
        Reckoning(runtime).import_profile(ours.encode(), actor=SYSTEM)
    release = tmp_path / "release"
    shutil.copytree(ORGANISATION.parents[1] / "calendars", release / "calendars")
    (release / "profiles").mkdir()
    (release / "profiles" / "GX.yaml").write_text(
        shipped.replace("name: 广西壮族自治区", "name: 新版所带", 1), encoding="utf-8"
    )
    monkeypatch.setattr("workflow_runtime.runtime.shipped_library", lambda: release)

    Runtime.create(runtime._settings, clock=clock).close()

    assert runtime.profile("GX").name == stands


def test_two_who_apply_a_table_at_once_move_each_case_once(late_december: Clock, runtime: Runtime, child: str) -> None:
    cases = [runtime.start_case("review", child, actor=SYSTEM) for _each in range(2)]
    reckoning = Reckoning(runtime)
    reckoning.import_year(NOTICE, actor=SYSTEM)

    mine = reckoning.apply_calendar(actor=SYSTEM)
    first = next(mine)
    others = list(reckoning.apply_calendar(actor=SYSTEM))
    rest = list(mine)

    assert [first.state, *(line.state for line in others), *(line.state for line in rest)] == [
        "done",
        "done",
        "unchanged",
    ]
    assert [kinds(runtime, case).count("calendar_changed") for case in cases] == [1, 1]


# --- profiles ----------------------------------------------------------------------------------------------------
def test_open_cases_move_to_new_values_with_the_reason(
    runtime: Runtime, case: CasePage, people: People, clock: Clock
) -> None:
    reckoning, before = Reckoning(runtime), due(runtime, case)
    reckoning.import_profile(edited(transfer_plan="    value: 15\n    unit: WD\n"), actor=SYSTEM)

    (preview,) = reckoning.apply_profile("GX", reason="", actor=SYSTEM, dry_run=True)
    assert due(runtime, case) == before
    (line,) = reckoning.apply_profile("GX", reason="厅里统一延长", actor=SYSTEM)
    again: list[Line] = list(reckoning.apply_profile("GX", reason="厅里统一延长", actor=SYSTEM))

    assert [shift.now for shift in preview.shifts] == [shift.now for shift in line.shifts]
    assert line.state == "done" and again == [] and due(runtime, case) > before
    item = open_item(runtime, case, "prepare")
    assert item.due is not None and item.due.value == "15 working days" and "default" in item.due.standing
    assert any("10 working days → 15 working days" in text and "厅里" in text for text in item.due.explanation)
    (worker, *_rest) = people(COUNTY)
    runtime.complete(item.id, PAPERS, actor=worker)  # and the case goes on by the new profile
    check = open_item(runtime, case, "check").due
    assert check is not None and check.value == "15 working days"
    assert runtime.verify_history(case.case.number, actor=SYSTEM) is None


def test_a_case_that_the_new_profile_cannot_serve_stays_as_it_is_and_is_named(
    runtime: Runtime, case: CasePage, clock: Clock
) -> None:
    reckoning, before = Reckoning(runtime), due(runtime, case)
    text = edited().decode().replace("name: transfer_plan", "name: transfer_plan_new")
    reckoning.import_profile(text.encode(), actor=SYSTEM)

    (line,) = reckoning.apply_profile("GX", reason="新版", actor=SYSTEM)

    assert line.state == "failed" and "transfer_plan" in line.text and line.what == case.case.number
    assert due(runtime, case) == before and "profile_applied" not in kinds(runtime, case)


def test_two_contents_never_share_a_version(runtime: Runtime) -> None:
    reckoning = Reckoning(runtime)
    reckoning.import_profile(edited(), actor=SYSTEM)

    with pytest.raises(RuleBroken, match="new version"):
        reckoning.import_profile(edited(transfer_plan="    value: 15\n    unit: WD\n"), actor=SYSTEM)

    assert [one.version for one in reckoning.versions("GX")] == ["2", "1"]


# --- what stands still, and what does not ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("clause", "moves"),
    [
        ("    value: 10\n    unit: D\n", True),
        ("    value: 30\n    unit: H\n", True),
        ("    value: 10\n    unit: WD\n    suspension: {shifts: false, mark: X, source: 某法}\n", False),
        ("    value: 2024-10-31\n    unit: DATE\n", False),
    ],
)
def test_a_suspension_moves_what_its_clause_says(
    runtime: Runtime, child: str, clock: Clock, clause: str, moves: bool
) -> None:
    case = under(runtime, child, transfer_plan=clause)
    before = open_item(runtime, case, "prepare").due
    clock.advance(hours=26)

    Repairs(runtime).suspend(case.case.number, reason="等待法院", actor=SYSTEM)
    clock.advance(days=7)
    shifts = Repairs(runtime).resume(case.case.number, reason="已判", actor=SYSTEM)

    after = open_item(runtime, case, "prepare").due
    assert before is not None and after is not None
    assert (after.at - before.at).days == (7 if moves else 0)
    assert [shift.element for shift in shifts] == (["prepare"] if moves else [])
    assert any("等待法院" in text for text in after.explanation) == moves


@pytest.mark.parametrize("forgotten", [False, True])
def test_a_timer_that_an_earlier_program_armed_is_counted_as_its_drawing_says(
    runtime: Runtime, case: CasePage, people: People, clock: Clock, forgotten: bool
) -> None:
    (worker, *_rest) = people(COUNTY)
    runtime.complete(open_item(runtime, case, "prepare").id, PAPERS, actor=worker)
    if forgotten:  # before schema 0004 nothing was kept beside the instant
        with runtime._database.begin() as tx:
            tx.execute(update(t.timer).values(due=None))
    clock.advance(hours=26)

    Repairs(runtime).suspend(case.case.number, reason="停电", actor=SYSTEM)
    clock.advance(days=3, hours=5)
    shifts = Repairs(runtime).resume(case.case.number, reason="来电", actor=SYSTEM)

    (shift,) = [one for one in shifts if one.element == "remind"]
    assert shift.was == datetime(2024, 3, 11, 16, tzinfo=UTC) and shift.now == datetime(2024, 3, 14, 16, tzinfo=UTC)


def test_a_period_that_had_ended_before_the_suspension_stays_late(
    runtime: Runtime, case: CasePage, clock: Clock
) -> None:
    clock.advance(days=60)
    before = due(runtime, case)

    Repairs(runtime).suspend(case.case.number, reason="x", actor=SYSTEM)
    clock.advance(days=7)

    assert Repairs(runtime).resume(case.case.number, reason="y", actor=SYSTEM) == ()
    assert due(runtime, case) == before


# --- extension ---------------------------------------------------------------------------------------------------
EXTENSIBLE = (
    "    value: 10\n    unit: WD\n"
    "    extension: {value: 5, unit: WD, times: 1, by: department, mark: X, source: 办案规则, section: 第八条}\n"
)


def test_an_extension_has_a_ground_a_limit_and_a_notice(
    runtime: Runtime, child: str, people: People, clock: Clock
) -> None:
    case = under(runtime, child, transfer_plan=EXTENSIBLE)
    (worker, *_rest), (other, *_more) = people(COUNTY), people(BUREAU)
    item, reckoning = open_item(runtime, case, "prepare"), Reckoning(runtime)

    with pytest.raises(RuleBroken, match=r"at most 5 working days.*办案规则"):
        reckoning.extend(item.id, value=6, unit="WD", ground="材料不齐", actor=worker)
    with pytest.raises(NotAllowed):
        reckoning.extend(item.id, value=5, unit="WD", ground="材料不齐", actor=other)
    extended = reckoning.extend(item.id, value=5, unit="WD", ground="材料不齐", actor=worker)
    with pytest.raises(RuleBroken, match=r"1 time.*already.*Art. 8"):
        reckoning.extend(item.id, value=1, unit="WD", ground="还是不齐", actor=worker)

    assert item.due is not None and extended.due is not None
    assert extended.due.at > item.due.at
    assert any("extended by 5 working days" in text and "材料不齐" in text for text in extended.due.explanation)
    letters = [path.read_text(encoding="utf-8") for path in runtime._settings.outbox.glob("*.json")]
    assert any('"extension"' in text and "材料不齐" in text for text in letters)
    assert kinds(runtime, case).count("extended") == 1
    assert runtime.verify_history(case.case.number, actor=SYSTEM) is None


def test_only_what_the_profile_allows_is_extended(runtime: Runtime, child: str, people: People) -> None:
    case = under(runtime, child, transfer_plan="    value: 10\n    unit: WD\n")
    (worker, *_rest) = people(COUNTY)
    item = open_item(runtime, case, "prepare")

    with pytest.raises(RuleBroken, match=r"no extension.*default of this system"):
        Reckoning(runtime).extend(item.id, value=1, unit="WD", ground="忙", actor=worker)


def test_a_deadline_that_has_passed_is_not_extended(runtime: Runtime, child: str, people: People, clock: Clock) -> None:
    case = under(runtime, child, transfer_plan=EXTENSIBLE)
    (worker, *_rest) = people(COUNTY)
    clock.advance(days=90)

    with pytest.raises(RuleBroken, match="passed"):
        Reckoning(runtime).extend(open_item(runtime, case, "prepare").id, value=5, unit="WD", ground="忙", actor=worker)


# --- outages -----------------------------------------------------------------------------------------------------
def redrawn(runtime: Runtime, *changes: tuple[str, str]) -> None:
    """Deploy the review with some of its drawing changed."""
    files = dict(gather(HERE / "review"))
    (path,) = [one for one in files if one.endswith("review.bpmn")]
    text = files[path].decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    runtime.deploy({**files, path: text.encode()}, actor=SYSTEM)


CYCLE = (
    '<bpmn:timeDate xsi:type="bpmn:tFormalExpression">=deadline("receipt_reminder")</bpmn:timeDate>',
    '<bpmn:timeCycle xsi:type="bpmn:tFormalExpression">=cycle("receipt_reminder")</bpmn:timeCycle>',
)
BORDER = 'cancelActivity="false" attachedToRef="check">'
ONCE = (
    BORDER,
    BORDER + '<bpmn:extensionElements><zeebe:properties><zeebe:property name="xb:missed" value="once" />'
    "</zeebe:properties></bpmn:extensionElements>",
)


@pytest.mark.parametrize(("drawn", "reminders"), [((CYCLE,), 3), ((CYCLE, ONCE), 1)])
def test_an_outage_over_three_turns_reminds_as_often_as_the_diagram_says(
    runtime: Runtime, child: str, people: People, clock: Clock, drawn: Any, reminders: int
) -> None:
    redrawn(runtime, *drawn)
    (worker, *_rest) = people(COUNTY)
    case = runtime.start_case("review", child, actor=SYSTEM)
    clock.set(datetime(2024, 9, 2, 2, tzinfo=UTC))
    runtime.complete(open_item(runtime, case, "prepare").id, PAPERS, actor=worker)

    clock.set(datetime(2024, 9, 27, 2, tzinfo=UTC))  # turns of 5 working days ended on 9, 14 (worked) and 23 September
    runtime.sweep()

    assert runtime.sweep().timers == 0
    passed = [
        line
        for entry in runtime.history(case.case.number, actor=SYSTEM)
        for line in entry.content.get("passed", ())
        if line[:2] == ["c", "reminded"]
    ]
    assert len(passed) == reminders
    (following,) = [one.due for one in runtime.why(case.case.number, actor=SYSTEM) if one.kind == "timer"]
    assert following is not None and following > clock()


def test_what_a_timer_opens_counts_from_when_the_timer_was_due_however_late_it_is_noticed(
    runtime: Runtime, child: str, people: People, clock: Clock
) -> None:
    redrawn(
        runtime,
        (BORDER, 'attachedToRef="check">'),
        ('targetRef="reminded" />', 'targetRef="prepare" />'),
        ("<bpmn:flowNodeRef>reminded</bpmn:flowNodeRef>", ""),
        ('<bpmn:endEvent id="reminded" name="已催办"><bpmn:incoming>f_remind</bpmn:incoming></bpmn:endEvent>', ""),
        (
            "<bpmn:incoming>f_back</bpmn:incoming>",
            "<bpmn:incoming>f_back</bpmn:incoming><bpmn:incoming>f_remind</bpmn:incoming>",
        ),
    )
    (worker, *_rest) = people(COUNTY)
    found = []
    for noticed in (datetime(2024, 9, 9, 16, tzinfo=UTC), datetime(2024, 9, 12, 3, tzinfo=UTC)):
        clock.set(datetime(2024, 9, 2, 2, tzinfo=UTC))
        case = runtime.start_case("review", child, actor=SYSTEM)
        runtime.complete(open_item(runtime, case, "prepare").id, PAPERS, actor=worker)
        clock.set(noticed)  # due 2024-09-09 24:00: noticed on the stroke, or on the third day
        runtime.sweep()
        item = open_item(runtime, case, "prepare")
        assert item.opened_at == noticed and item.due is not None
        assert "begins 2024-09-09" in item.due.explanation[0]
        found.append(item.due.shown)

    assert found == ["2024-09-24 24:00"] * 2  # ten working days from the 10th, the 14th worked, the 16th and 17th off
