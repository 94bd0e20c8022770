"""The difference of two versions says what a change changes, not where lines of a file moved."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from benchmarks.diagrams import random_diagram
from tests.unit.effort import least_effort
from tests.unit.picture_drawings import STORY, flows, pooled, process
from workflow_runtime.diagram import read, write
from workflow_runtime.diagram.diff import (
    Change,
    ChangeKind,
    affected,
    diff,
    diff_files,
    diff_page,
    text_for_git,
)
from workflow_runtime.diagram.layout import layout
from workflow_runtime.diagram.model import Diagram
from workflow_runtime.errors import DecisionFileError, FormError
from workflow_runtime.i18n import language, use_language


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    before = language()
    use_language("en")
    yield
    use_language(before)


def changes(before: Diagram, after: Diagram) -> tuple[Change, ...]:
    return diff(before, after).changes


LANES = {"县": "start check ok", "市": "tell mend end stop"}


class TestDiagrams:
    def test_the_same_diagram_drawn_otherwise_means_the_same(self) -> None:
        drawn = layout(process(STORY))
        moved = read(write(drawn))
        next(moved.tree.getroot().iter("{*}Bounds")).set("x", "7")

        difference = diff(drawn, moved)

        assert not difference
        assert difference.redrawn > 0
        assert "No difference in meaning." in difference.in_words()

    def test_a_new_name_is_a_new_name(self) -> None:
        (change,) = changes(process(STORY), process(STORY.replace("补正材料", "补齐材料")))

        assert change.kind is ChangeKind.RENAMED
        assert change.sentence == "Renamed: work of a person “补正材料” is now “补齐材料”"

    def test_a_step_in_another_lane_has_moved(self) -> None:
        after = pooled({"县": "start check ok mend", "市": "tell end stop"}, STORY)

        (change,) = changes(pooled(LANES, STORY), after)

        assert (change.kind, change.element, change.before, change.after) == (ChangeKind.MOVED, "mend", "市", "县")

    def test_added_and_removed_are_said_with_their_lane(self) -> None:
        more = STORY + "<userTask id='new' name='新画的一步'/>" + flows("tell>new")
        old = pooled(LANES, STORY)
        new = pooled({"县": "start check ok", "市": "tell mend end stop new"}, more)

        added = {change.element: change for change in changes(old, new)}
        removed = {change.element: change for change in changes(new, old)}

        assert added["new"].sentence == "Added: work of a person “新画的一步” in 市"
        assert removed["new"].kind is ChangeKind.REMOVED

    def test_a_step_with_a_new_id_is_still_the_same_step(self) -> None:
        after = STORY.replace("'tell'", "'inform'").replace("ok_tell", "ok_inform").replace("tell_end", "inform_end")

        (change,) = changes(process(STORY), process(after))

        assert (change.element, change.old_id, change.aspect) == ("inform", "tell", "id")

    def test_a_flow_that_leads_elsewhere_is_one_change(self) -> None:
        before = STORY + flows("stop>end").replace("stop_end", "f")
        after = STORY + flows("stop>tell").replace("stop_tell", "f")

        (change,) = changes(process(before), process(after))

        assert (change.kind, change.aspect, change.before, change.after) == (
            ChangeKind.MOVED,
            "goal",
            "办结",
            "通知儿童",
        )

    @pytest.mark.parametrize(
        ("old", "new", "aspect"),
        [
            ("<zeebe:formDefinition formId='a'/>", "<zeebe:formDefinition formId='b'/>", "form"),
            (
                "<zeebe:properties><zeebe:property name='xb:deadline' value='a'/></zeebe:properties>",
                "<zeebe:properties><zeebe:property name='xb:deadline' value='b'/></zeebe:properties>",
                "deadline",
            ),
            (
                "<zeebe:properties><zeebe:property name='xb:document' value='D14'/></zeebe:properties>",
                "<zeebe:properties><zeebe:property name='xb:document' value='D15'/></zeebe:properties>",
                "document",
            ),
            ("<zeebe:assignmentDefinition candidateGroups='x'/>", "", "role"),
            ("", "<zeebe:ioMapping><zeebe:input source='=1' target='n'/></zeebe:ioMapping>", "inputs"),
        ],
    )
    def test_a_changed_property_says_which_and_how(self, old: str, new: str, aspect: str) -> None:
        def step(inside: str) -> Diagram:
            return process(f"<userTask id='a' name='起草'><extensionElements>{inside}</extensionElements></userTask>")

        (change,) = changes(step(old), step(new))

        assert (change.kind, change.element, change.aspect) == (ChangeKind.CHANGED, "a", aspect)

    def test_conditions_and_timers_are_compared(self) -> None:
        def drawn(condition: str, wait: str) -> Diagram:
            return process(
                f"<exclusiveGateway id='g'/><intermediateCatchEvent id='w'>"
                f"<timerEventDefinition><timeDuration>{wait}</timeDuration>"
                f"</timerEventDefinition></intermediateCatchEvent><sequenceFlow id='f' sourceRef='g' targetRef='w'>"
                f"<conditionExpression>{condition}</conditionExpression></sequenceFlow>"
            )

        found = {change.aspect for change in changes(drawn("a = 1", "P1D"), drawn("a = 2", "P2D"))}

        assert found == {"condition", "event"}

    def test_running_cases_that_stand_on_a_removed_step_are_named(self) -> None:
        shorter = STORY.replace("<userTask id='mend' name='补正材料'/>", "").replace(
            flows("ok>mend:退回", "mend>check"), ""
        )
        difference = diff(process(STORY), process(shorter))

        touched = affected(difference, {"A": {"mend"}, "B": {"tell"}, "C": {"check"}})

        assert touched.cases == ("A", "B", "C") and touched.on_removed == ("A",)
        assert "3 running cases: 1 stands on a removed step" in touched.sentence

    @pytest.mark.parametrize("seed", range(6))
    def test_a_diagram_does_not_differ_from_itself(self, seed: int) -> None:
        diagram = random_diagram(seed, 40)

        assert not diff(diagram, read(write(diagram)))

    def test_a_hundred_elements_take_no_time(self) -> None:
        before, after = random_diagram(1, 60), random_diagram(2, 60)

        assert least_effort(lambda: diff(before, after), within=0.1) < 0.1


class TestThePage:
    def test_holds_words_and_pictures_and_nothing_that_acts(self) -> None:
        page = diff_page(
            process(STORY), process(STORY.replace("补正材料", "<b>".replace("<", "&lt;"))), titles=("v1", "<v2>")
        )

        assert (
            "<b>" not in page
            and "<v2>" not in page
            and "<script" not in page
            and "http://" not in page.replace("http://www.w3.org/2000/svg", "")
        )
        assert page.count("<svg") == 4

    def test_can_be_parsed_and_has_no_id_twice(self) -> None:
        page = diff_page(process(STORY), process(STORY + "<task id='n' name='n'/>"))

        tree = etree.fromstring(page.encode(), etree.HTMLParser())

        ids = [str(part.get("id")) for part in tree.iter() if part.get("id")]
        assert len(ids) == len(set(ids))


def table(*rules: str, policy: str = "FIRST") -> bytes:
    rows = ""
    for rule in rules:
        id, _, cells = rule.partition(":")
        when, then = cells.split(">")
        rows += (
            f"<rule id='{id}'><inputEntry id='i{id}'><text>{when}</text></inputEntry>"
            f"<outputEntry id='o{id}'><text>{then}</text></outputEntry></rule>"
        )
    return (
        "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' "
        "id='d' name='d' namespace='n'><decision id='d1' name='迁不迁'>"
        f"<decisionTable hitPolicy='{policy}'><input id='i' label='类别'>"
        f"<inputExpression><text>category</text></inputExpression></input>"
        f"<output id='o' name='去留'/>{rows}</decisionTable></decision></definitions>"
    ).encode()


class TestTables:
    def test_are_compared_rule_by_rule(self) -> None:
        before = table('r1:1>"a"', 'r2:2>"b"', 'r3:3>"c"')
        after = table('r1:1>"a"', 'r3:3>"x"', 'r4:4>"d"', policy="UNIQUE")

        words = diff_files(before, after, "x.dmn").in_words().splitlines()

        assert words == [
            "Changed: decision table “迁不迁”, hit policy: FIRST → UNIQUE",
            'Changed: rule 2 of “迁不迁”, 去留: "c" → "x"',
            'Added: rule 3 of “迁不迁” in 4 | "d"',
            'Removed: rule 2 of “迁不迁” from 2 | "b"',
        ]

    def test_rules_without_ids_are_found_by_their_cells(self) -> None:
        before, after = table(":1>1", ":2>2", ":3>3"), table(":1>1", ":9>9", ":2>2", ":3>3")

        (change,) = diff_files(before, after, "x.dmn").changes

        assert change.kind is ChangeKind.ADDED

    def test_a_rule_in_another_place_has_moved(self) -> None:
        kinds = [
            change.kind
            for change in diff_files(
                table("a:1>1", "b:2>2", "c:3>3"), table("c:3>3", "a:1>1", "b:2>2"), "x.dmn"
            ).changes
        ]

        assert kinds == [ChangeKind.MOVED]

    @pytest.mark.parametrize("source", [b"", b"<x/>", b"<!DOCTYPE a [<!ENTITY x 'y'>]><definitions/>", b"\xff\xfe"])
    def test_that_cannot_be_read_are_refused(self, source: bytes) -> None:
        with pytest.raises(DecisionFileError):
            diff_files(source, source, "x.dmn")


class TestForms:
    def test_are_compared_field_by_field(self) -> None:
        def form(*fields: dict[str, object]) -> bytes:
            return json.dumps({"components": fields}).encode()

        before = form({"key": "name", "type": "textfield", "label": "姓名"}, {"key": "age", "type": "number"})
        after = form(
            {"key": "name", "type": "textfield", "label": "儿童姓名", "validate": {"required": True}},
            {"key": "sex", "type": "radio"},
        )

        kinds = [(change.kind, change.element) for change in diff_files(before, after, "x.form").changes]

        assert kinds == [
            (ChangeKind.RENAMED, "name"),
            (ChangeKind.CHANGED, "name"),
            (ChangeKind.ADDED, "sex"),
            (ChangeKind.REMOVED, "age"),
        ]

    @pytest.mark.parametrize("source", [b"", b"[]", b"{", b"[" * 5000])
    def test_that_cannot_be_read_are_refused(self, source: bytes) -> None:
        with pytest.raises(FormError):
            diff_files(source, source, "x.form")


class TestGit:
    def test_text_changes_only_where_meaning_changes(self) -> None:
        drawn = layout(process(STORY))

        assert text_for_git(write(drawn), "a.bpmn") == text_for_git(write(process(STORY)), "a.bpmn")

    def test_tables_and_forms_are_text_too(self) -> None:
        assert '- 1 | "a"' in text_for_git(table('r:1>"a"'), "a.dmn")
        assert "name textfield 姓名" in text_for_git(
            b'{"components":[{"key":"name","type":"textfield","label":"\xe5\xa7\x93\xe5\x90\x8d"}]}', "a.form"
        )

    def test_git_shows_it(self, tmp_path: Path) -> None:
        old, new = tmp_path / "a.txt", tmp_path / "b.txt"
        old.write_text(text_for_git(write(process(STORY)), "a.bpmn"))
        new.write_text(text_for_git(write(process(STORY.replace("补正材料", "补齐材料"))), "a.bpmn"))

        shown = subprocess.run(
            ["git", "diff", "--no-index", "--unified=0", str(old), str(new)],
            capture_output=True,
            text=True,
            check=False,
        ).stdout

        changed = [line for line in shown.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
        assert 2 <= len(changed) <= 4 and all("补" in line for line in changed)
