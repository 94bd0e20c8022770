"""A diagram told in words: numbered, complete, the same every time."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.diagrams import random_diagram, shipped
from tests.unit.effort import least_effort
from tests.unit.picture_drawings import STORY, flows, pooled, process
from workflow_runtime.diagram import read
from workflow_runtime.diagram.model import Diagram
from workflow_runtime.diagram.outline import as_text, outline
from workflow_runtime.diagram.render import Mark, MarkState
from workflow_runtime.i18n import language


def told(diagram: Diagram, **options: object) -> str:
    """The English outline as text."""
    return as_text(outline(diagram, language="en", **options))  # type: ignore[arg-type]


def test_a_procedure_is_told_step_by_step() -> None:
    text = as_text(outline(pooled({"县": "start check ok", "市": "tell mend end stop"}, STORY), language="zh"))

    assert text.splitlines() == [
        "移交（共 3 步）",
        "开始：收到申请，县；然后：转到 1 审核申请",
        "第 1 步（共 3 步），县：审核申请",
        "    同意?",
        "        如 同意：转到 2 通知儿童",
        "        如 退回：转到 3 补正材料",
        "        如 其他（其他情况）：结束：终止",
        "第 2 步（共 3 步），市：通知儿童",
        "    然后：结束：办结",
        "第 3 步（共 3 步），市：补正材料",
        "    然后：回到 1 审核申请",
    ]


def test_it_speaks_the_language_it_is_asked_for_and_no_other_afterwards() -> None:
    before = language()

    text = as_text(outline(process(STORY), language="zh"))

    assert "第 1 步（共 3 步），审核申请" in text and "回到 1 审核申请" in text
    assert language() == before


def test_a_step_says_form_deadline_papers_basis_and_who_may_not() -> None:
    body = (
        "<userTask id='a' name='起草'/><userTask id='b' name='复核'>"
        "<extensionElements><zeebe:formDefinition formId='check'/>"
        "<zeebe:properties><zeebe:property name='xb:deadline' "
        "value='review'/><zeebe:property name='xb:clause' value='S004 三'/>"
        "<zeebe:property name='xb:receives' value='D17,D19'/>"
        "<zeebe:property name='xb:notSameAs' value='a'/></zeebe:properties>"
        "</extensionElements></userTask>" + flows("a>b")
    )

    text = told(
        process(body),
        forms={"check": "复核表"},
        deadlines={"review": "5 个工作日"},
        documents={"D17": "档案移交清单"},
    )

    for said in (
        "Form: 复核表",
        "Deadline: 5 个工作日",
        "Documents received: D17 档案移交清单, D19",
        "Basis: S004 三",
        "Not by the person who did 1 起草",
    ):
        assert said in text


def test_parallel_ways_are_told_and_their_meeting_waited_for() -> None:
    body = (
        "<startEvent id='s'/><parallelGateway id='f'/><userTask id='a' name='整理甲'/><userTask id='b' name='整理乙'/>"
        "<parallelGateway id='j'/><userTask id='c' name='签订'/>" + flows("s>f", "f>a", "f>b", "a>j", "b>j", "j>c")
    )

    text = told(process(body))

    assert "Start; then at the same time: go to 1 整理甲, go to 2 整理乙" in text
    assert "Begins when all of these are done: 1 整理甲, 2 整理乙" in text


def test_what_happens_at_the_edge_of_a_step_is_told_with_it() -> None:
    body = STORY + (
        "<boundaryEvent id='ill' name='儿童生病' attachedToRef='tell'><messageEventDefinition/></boundaryEvent>"
        "<boundaryEvent id='late' attachedToRef='tell' cancelActivity='false'>"
        "<timerEventDefinition><timeDuration>P10WD</timeDuration>"
        "</timerEventDefinition></boundaryEvent>" + flows("ill>mend", "late>stop")
    )

    text = told(process(body))

    assert "If 儿童生病 (message): the step ends; then: go to 3 补正材料" in text
    assert "If deadline (deadline: P10WD): the step stays open; then: end: " in text


def test_reactions_to_events_come_last_and_have_letters() -> None:
    body = STORY + (
        "<subProcess id='died' name='人已故' triggeredByEvent='true'>"
        "<startEvent id='sig'><signalEventDefinition/></startEvent>"
        f"<userTask id='settle' name='善后'/>{flows('sig>settle')}</subProcess>"
    )

    lines = outline(process(body), language="en")

    reaction = next(line for line in lines if line.element == "died")
    assert reaction.number == "A" and "ending everything else: 人已故" in reaction.text
    assert any(line.number == "A.1" for line in lines)


def test_a_running_case_marks_its_steps() -> None:
    marks = {"check": Mark(MarkState.DONE), "tell": Mark(MarkState.ACTIVE, "王敏", "3 days")}

    text = told(process(STORY), marks=marks)

    assert "✔ Step 1 of 3, 审核申请" in text
    assert "▶ Step 2 of 3, 通知儿童  [王敏 · 3 days]" in text
    assert "○ Step 3 of 3, 补正材料" in text


def test_told_by_name_a_new_step_leaves_the_other_lines_alone() -> None:
    longer = STORY + "<userTask id='new' name='回访'/>" + flows("tell>new")

    before = set(told(process(STORY), numbered=False).splitlines())
    after = set(told(process(longer), numbered=False).splitlines())

    assert len(before - after) <= 1
    assert any("[new]" in line for line in after - before)


def test_a_department_reads_its_own_steps() -> None:
    diagram = pooled({"县": "start check ok", "市": "tell mend end stop"}, STORY)

    text = told(diagram, lanes=frozenset({"市"}))

    assert "通知儿童" in text and "县: 审核申请" not in text


def test_sub_processes_and_repetition_are_told_inside() -> None:
    body = (
        "<subProcess id='sub' name='逐一评估'><multiInstanceLoopCharacteristics isSequential='true'>"
        "<extensionElements><zeebe:loopCharacteristics inputCollection='=children'/></extensionElements>"
        "</multiInstanceLoopCharacteristics><userTask id='one' name='试画的评估'/></subProcess>"
    )

    text = told(process(body))

    assert "Once for each of children, one after another" in text
    assert "Step 1.1 of 1, 试画的评估" in text


def test_names_stay_on_their_line() -> None:
    text = told(process("<task id='a' name='一&#10;二\u0085三'/>"))

    assert len(text.splitlines()) == 2


@pytest.mark.parametrize("seed", range(8))
def test_any_diagram_is_told_completely_and_alike(seed: int) -> None:
    diagram = random_diagram(seed, 40)

    lines = outline(diagram)

    assert lines == outline(diagram)
    elements = {line.element for line in lines}
    assert all(
        node.id in elements for node in diagram.nodes() if node.kind in ("userTask", "callActivity", "boundaryEvent")
    )


@pytest.mark.parametrize("path", shipped(), ids=lambda path: path.stem)
def test_what_we_ship_speaks_no_chinese_kinds_in_english(path: Path) -> None:
    text = told(read(path.read_bytes()))

    assert "（" not in text.splitlines()[0]
    assert len(text) > 100


def test_a_large_diagram_is_told_in_a_moment() -> None:
    diagram = random_diagram(3, 400)

    assert least_effort(lambda: outline(diagram), within=0.5) < 0.5
