"""Running cases under a newer version: those that stand where it is drawn alike move, the others are named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from cli.app import run
from tests.conftest import Clock
from tests.journeys.conftest import HERE, open_item
from workflow_runtime import tables as t
from workflow_runtime.errors import BadInput, NotAllowed, NotFound
from workflow_runtime.model import SYSTEM, Actor, CasePage, CaseState, Line
from workflow_runtime.procedures import gather
from workflow_runtime.repairs import Repairs
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings
from workflow_runtime.succession import Succession

People = Callable[[str], list[Actor]]
COUNTY, BUREAU = "cwi-qingxi.social_work", "cab-qingxi.child_welfare"
PAPERS = {"summary": "一册", "pages": 3}

#: Between the check and the approval somebody looks once more.
ONCE_MORE = (
    (
        'id="f_ok" name="通过" sourceRef="decide" targetRef="approve"',
        'id="f_ok" name="通过" sourceRef="decide" targetRef="look"',
    ),
    (
        '    <bpmn:userTask id="approve"',
        '    <bpmn:userTask id="look" name="复核"><bpmn:extensionElements><zeebe:formDefinition formId="approve" />'
        "</bpmn:extensionElements><bpmn:incoming>f_ok</bpmn:incoming><bpmn:outgoing>f_look</bpmn:outgoing>"
        '</bpmn:userTask>\n    <bpmn:sequenceFlow id="f_look" sourceRef="look" targetRef="approve" />\n'
        '    <bpmn:userTask id="approve"',
    ),
    (
        "<bpmn:incoming>f_ok</bpmn:incoming><bpmn:outgoing>f4</bpmn:outgoing>",
        "<bpmn:incoming>f_look</bpmn:incoming><bpmn:outgoing>f4</bpmn:outgoing>",
    ),
    (
        "<bpmn:flowNodeRef>approve</bpmn:flowNodeRef>",
        "<bpmn:flowNodeRef>approve</bpmn:flowNodeRef><bpmn:flowNodeRef>look</bpmn:flowNodeRef>",
    ),
)
SOONER = (('deadline("receipt_reminder")', 'deadline("transfer_plan")'),)
ANOTHER_QUESTION = (
    ('"key": "opinion"', '"key": "opinion", "description": "逐项说明"'),
    ('"label": "审核意见"', '"label": "审核结论"'),
)


def deploy(runtime: Runtime, *changes: tuple[str, str], path: str = "review.bpmn") -> int:
    """Another version of the procedure; its number."""
    bundle = dict(gather(HERE / "review"))
    (name,) = [one for one in bundle if one.endswith(path)]
    text = bundle[name].decode()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return runtime.deploy(bundle | {name: text.encode()}, actor=SYSTEM).version


def moved(runtime: Runtime, **more: object) -> list[Line]:
    return list(Succession(runtime).migrate("review", reason="办法修订", actor=SYSTEM, **more))  # type: ignore[arg-type]


def version(runtime: Runtime, case: CasePage) -> int:
    return runtime.case(case.case.number, actor=SYSTEM).case.version


def test_a_case_follows_the_new_version_from_where_it_stands(
    runtime: Runtime, case: CasePage, people: People, clock: Clock
) -> None:
    (worker, *_rest), (checker, approver, *_more) = people(COUNTY), people(BUREAU)
    runtime.complete(open_item(runtime, case, "prepare").id, PAPERS, actor=worker)
    item = open_item(runtime, case, "check")
    (timer,) = [one.due for one in runtime.why(case.case.number, actor=SYSTEM) if one.kind == "timer"]
    assert deploy(runtime, *ONCE_MORE) == 2

    assert [line.state for line in moved(runtime, dry_run=True)] == ["would"] and version(runtime, case) == 1
    assert [line.state for line in moved(runtime)] == ["done"] and moved(runtime) == []

    assert version(runtime, case) == 2 and open_item(runtime, case, "check").id == item.id
    assert [one.due for one in runtime.why(case.case.number, actor=SYSTEM) if one.kind == "timer"] == [timer]
    page = runtime.case(case.case.number, actor=SYSTEM)
    assert page.case.marks == ("migrated",)
    assert "moved from version 1 to version 2 of its procedure — 办法修订" in [line.text for line in page.history]
    runtime.complete(item.id, {"opinion": "齐全"}, actor=checker)
    runtime.complete(open_item(runtime, case, "look").id, {}, actor=checker)
    runtime.complete(open_item(runtime, case, "approve").id, {}, actor=approver)
    assert runtime.case(case.case.number, actor=SYSTEM).case.state == CaseState.COMPLETED
    assert runtime.verify_history(case.case.number, actor=SYSTEM) is None


def test_a_form_that_was_changed_is_asked_from_then_on(runtime: Runtime, case: CasePage, people: People) -> None:
    (worker, *_rest), (checker, *_more) = people(COUNTY), people(BUREAU)
    runtime.complete(open_item(runtime, case, "prepare").id, PAPERS, actor=worker)
    deploy(runtime, *ANOTHER_QUESTION[1:], path="check.form")

    moved(runtime)

    page = runtime.work_item(open_item(runtime, case, "check").id, actor=checker)
    assert page.form is not None and "审核结论" in page.form.decode()


def test_a_case_that_stands_where_the_new_version_is_another_stays_and_is_named(
    runtime: Runtime, case: CasePage, child: str, people: People
) -> None:
    (worker, *_rest) = people(COUNTY)
    before = runtime.start_case("review", second(runtime), actor=SYSTEM)
    runtime.complete(open_item(runtime, case, "prepare").id, PAPERS, actor=worker)
    deploy(runtime, *SOONER)

    lines = {line.what: line for line in moved(runtime)}

    stays, goes = lines[case.case.number], lines[before.case.number]
    assert stays.state == "failed" and "[check]" in stays.text and "[remind]" in stays.text and goes.state == "done"
    assert version(runtime, case) == 1 and version(runtime, before) == 2
    runtime.complete(open_item(runtime, before, "prepare").id, PAPERS, actor=worker)
    (due,) = [one.due for one in runtime.why(before.case.number, actor=SYSTEM) if one.kind == "timer"]
    (old,) = [one.due for one in runtime.why(case.case.number, actor=SYSTEM) if one.kind == "timer"]
    assert due is not None and old is not None and due - old >= timedelta(days=4)


def second(runtime: Runtime) -> str:
    from tests.integration.test_cluster import child

    return child(runtime, 3)


def test_a_version_may_be_named_and_a_case_go_back(runtime: Runtime, case: CasePage) -> None:
    deploy(runtime, *ONCE_MORE)
    moved(runtime, case=case.case.number)

    assert [line.state for line in moved(runtime, version=1)] == ["done"]

    assert version(runtime, case) == 1
    with pytest.raises(NotFound, match="v7"):
        moved(runtime, version=7)


def test_a_held_case_moves_and_a_stopped_one_does_not(runtime: Runtime, case: CasePage, people: People) -> None:
    deploy(runtime, *ONCE_MORE)
    Repairs(runtime).suspend(case.case.number, reason="停电", actor=SYSTEM)
    assert [line.state for line in moved(runtime)] == ["done"]
    Repairs(runtime).resume(case.case.number, reason="来电", actor=SYSTEM)
    with runtime._database.begin() as tx:
        tx.execute(update(t.case).values(state="incident"))

    (line,) = moved(runtime, version=1)

    assert line.state == "failed" and "incident" in line.text


def test_nobody_moves_a_case_under_a_machine_at_work(runtime: Runtime, case: CasePage, clock: Clock) -> None:
    deploy(runtime, *ONCE_MORE)
    with runtime._database.begin() as tx:
        hand = runtime._lock(tx, case.case.number, SYSTEM)
        hand._enqueue("render", "pdf", inputs="{}")

    (line,) = moved(runtime)

    assert line.state == "failed" and "under way" in line.text


def test_a_reason_is_given_by_an_owner(runtime: Runtime, case: CasePage, people: People) -> None:
    (worker, *_rest) = people(COUNTY)

    with pytest.raises(BadInput, match="reason"):
        list(Succession(runtime).migrate("review", reason=" ", actor=SYSTEM))
    with pytest.raises(NotAllowed):
        list(Succession(runtime).migrate("review", reason="x", actor=replace(worker, process_owner=False)))


def test_the_command_moves_one_or_all(
    runtime: Runtime, case: CasePage, settings: Settings, store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if store != "sqlite":
        return  # `--as` is for one office alone
    deploy(runtime, *ONCE_MORE)
    base = ["--db", settings.database, "--lang", "en", "--as", "root", "case", "migrate"]

    assert run([*base, case.case.number, "--reason", "x", "--dry-run"]) == 0
    assert "1 would be done" in capsys.readouterr().out
    assert run([*base, "--procedure", "review", "--reason", "x", "--yes"]) == 0
    assert "1 done" in capsys.readouterr().out
    assert run([*base, "--reason", "x"]) == 2
