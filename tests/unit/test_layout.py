"""A diagram that is only written down comes back drawn, so that a person can read it."""

from __future__ import annotations

import unicodedata
from importlib import resources
from itertools import pairwise
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from lxml import etree

from benchmarks.diagrams import random_diagram, shipped
from tests.unit.picture_drawings import HEAD, STORY, drawing, flows, inside, middle, pooled, process
from workflow_runtime.diagram import glyphs, read, write
from workflow_runtime.diagram.layout import MOST_STEPS, layout
from workflow_runtime.diagram.layout.freehand import connect
from workflow_runtime.diagram.layout.quality import measure
from workflow_runtime.errors import DiagramError


class TestTheStory:
    def test_runs_from_left_to_right(self) -> None:
        diagram = process(STORY)

        shapes = drawing(layout(diagram)).shapes

        for flow in diagram.flows():
            if flow.id != "mend_check":
                assert shapes[flow.source][0] < shapes[flow.target][0]

    def test_keeps_its_main_path_straight(self) -> None:
        shapes = drawing(layout(process(STORY))).shapes

        assert len({middle(shapes[id])[1] for id in ("start", "check", "ok", "tell", "end")}) == 1

    def test_runs_back_underneath(self) -> None:
        drawn = drawing(layout(process(STORY)))

        back = drawn.edges["mend_check"]

        assert back[-1][0] == pytest.approx(middle(drawn.shapes["check"])[0])
        assert max(y for _x, y in back) > middle(drawn.shapes["check"])[1]

    def test_bends_only_in_right_angles(self) -> None:
        for points in drawing(layout(process(STORY))).edges.values():
            assert all(a[0] == b[0] or a[1] == b[1] for a, b in pairwise(points))

    def test_is_drawn_the_same_every_time(self) -> None:
        assert write(layout(process(STORY))) == write(layout(process(STORY)))

    def test_does_not_move_when_a_step_is_renamed(self) -> None:
        before = drawing(layout(process(STORY)))

        after = drawing(layout(process(STORY.replace("补正材料", "补齐材料"))))

        assert after == before

    def test_moves_only_what_follows_a_new_step(self) -> None:
        longer = STORY + "<userTask id='more' name='回访'/>" + flows("end>more")
        before, after = drawing(layout(process(STORY))).shapes, drawing(layout(process(longer))).shapes

        assert all(after[id] == before[id] for id in ("start", "check", "ok", "tell", "mend", "stop"))


class TestPoolsAndLanes:
    def test_every_step_stands_in_its_lane(self) -> None:
        diagram = pooled({"县": "start check ok", "市": "tell mend end stop"}, STORY)

        shapes = drawing(layout(diagram)).shapes

        for lane in diagram.lanes.values():
            assert all(inside(shapes[node], shapes[lane.id]) for node in lane.nodes)
            assert inside(shapes[lane.id], shapes["pool"])

    def test_nested_lanes_fill_the_lane_around_them(self) -> None:
        inner = (
            "<lane id='out' name='福利院'><childLaneSet id='cl'><lane "
            "id='a' name='养育'><flowNodeRef>start</flowNodeRef></lane>"
            "<lane id='b' name='财务'><flowNodeRef>end</flowNodeRef></lane></childLaneSet></lane>"
        )
        body = f"<laneSet id='l'>{inner}</laneSet><startEvent id='start'/><endEvent id='end'/>{flows('start>end')}"
        diagram = read(
            f"{HEAD}<collaboration id='c'><participant id='pool' processRef='p'/></collaboration>"
            f"<process id='p'>{body}</process></definitions>".encode()
        )

        shapes = drawing(layout(diagram)).shapes

        assert inside(shapes["a"], shapes["out"]) and inside(shapes["b"], shapes["out"])
        assert shapes["a"][1] + shapes["a"][3] == pytest.approx(shapes["b"][1])
        assert inside(shapes["start"], shapes["a"]) and inside(shapes["end"], shapes["b"])

    def test_closed_pools_stand_outside_and_messages_reach_them(self) -> None:
        partners = (
            "<participant id='court' name='人民法院'/><participant id='school' name='学校'/>"
            "<messageFlow id='m1' sourceRef='tell' targetRef='school' name='通知'/>"
            "<messageFlow id='m2' sourceRef='court' targetRef='check' name='裁判文书'/>"
        )
        diagram = pooled({"县": "start check ok tell mend end stop"}, STORY, partners)

        drawn = layout(diagram)

        assert measure(drawn).faults == 0
        found = drawing(drawn)
        x, y, w, h = found.shapes["school"]
        end = found.edges["m1"][-1]
        assert x <= end[0] <= x + w and (end[1] == pytest.approx(y) or end[1] == pytest.approx(y + h))

    def test_a_lane_without_steps_is_still_drawn(self) -> None:
        shapes = drawing(layout(pooled({"县": "start check ok tell mend end stop", "市": ""}, STORY))).shapes

        assert shapes["市"][3] >= 40


class TestParts:
    def test_a_boundary_event_sits_on_the_edge_of_its_step(self) -> None:
        body = (
            STORY
            + "<boundaryEvent id='late' name='超期' attachedToRef='check'><timerEventDefinition/></boundaryEvent>"
            + "<endEvent id='gone'/>"
            + flows("late>gone")
        )

        drawn = layout(process(body))

        shapes = drawing(drawn).shapes
        x, y, w, h = shapes["check"]
        assert middle(shapes["late"])[1] == pytest.approx(y + h)
        assert x < middle(shapes["late"])[0] < x + w
        assert measure(drawn).faults == 0

    def test_an_expanded_sub_process_holds_its_steps(self) -> None:
        body = (
            "<startEvent id='s'/><subProcess id='sub' name='评估'>"
            "<startEvent id='s2'/><userTask id='t2' name='听取意见'/>"
            f"<endEvent id='e2'/>{flows('s2>t2', 't2>e2')}</subProcess><endEvent id='e'/>" + flows("s>sub", "sub>e")
        )

        shapes = drawing(layout(process(body))).shapes

        assert all(inside(shapes[id], shapes["sub"]) for id in ("s2", "t2", "e2"))

    def test_a_collapsed_sub_process_gets_a_page_of_its_own(self) -> None:
        body = (
            "<startEvent id='s'/><subProcess id='sub' name='评估'><startEvent id='s2'/><endEvent id='e2'/>"
            f"{flows('s2>e2')}</subProcess><endEvent id='e'/>" + flows("s>sub", "sub>e")
        )
        shape = (
            "<bpmndi:BPMNShape id='x' bpmnElement='sub' isExpanded='false'>"
            "<dc:Bounds x='0' y='0' width='100' height='80'/></bpmndi:BPMNShape>"
        )
        more = f"<bpmndi:BPMNDiagram><bpmndi:BPMNPlane bpmnElement='p'>{shape}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>"

        drawn = drawing(layout(process(body, more)))

        assert drawn.planes == ["p", "sub"]
        assert drawn.shapes["sub"][2:] == (100.0, 80.0)

    def test_documents_notes_and_groups_find_a_place(self) -> None:
        body = STORY.replace(
            "<userTask id='tell' name='通知儿童'/>",
            "<userTask id='tell' name='通知儿童'><dataOutputAssociation id='w'>"
            "<targetRef>doc</targetRef></dataOutputAssociation></userTask>",
        )
        body += (
            "<dataObject id='o'/><dataObjectReference id='doc' name='通知书' dataObjectRef='o'/>"
            "<textAnnotation id='note'><text>依据第三条</text></textAnnotation>"
            "<association id='as' sourceRef='check' targetRef='note'/>"
            "<group id='g'/>"
        )

        drawn = layout(process(body))

        found = drawing(drawn)
        assert {"doc", "note", "g"} <= set(found.shapes)
        assert {"w", "as"} <= set(found.edges)
        assert measure(drawn).faults == 0

    def test_labels_are_as_wide_as_their_text(self) -> None:
        found = drawing(layout(process(STORY)))

        assert found.labels["start"][2] >= glyphs.width("收到申请", 11)
        assert found.labels["ok_tell"][2] >= glyphs.width("同意", 11)

    def test_an_event_sub_process_stands_free(self) -> None:
        body = (
            STORY + "<subProcess id='died' name='儿童死亡' triggeredByEvent='true'>"
            "<startEvent id='sig'><signalEventDefinition/></startEvent>"
            + f"<endEvent id='over'/>{flows('sig>over')}</subProcess>"
        )

        assert measure(layout(process(body))).faults == 0


class TestAnyDiagram:
    @pytest.mark.parametrize("seed", [0, 3, 7, 17, 29, 50, 72, 84, 126, 180, 241])
    def test_has_no_fault(self, seed: int) -> None:
        drawn = layout(random_diagram(seed, 10 + seed % 90))

        quality = measure(drawn)

        assert quality.faults == 0, quality

    def test_a_step_whose_four_sides_are_taken_has_no_fault(self) -> None:
        assert measure(layout(random_diagram(50, 70))).faults == 0

    @pytest.mark.parametrize("path", shipped(), ids=lambda path: path.stem)
    def test_we_ship_has_no_fault(self, path: Path) -> None:
        assert measure(layout(read(path.read_bytes()))).faults == 0

    def test_without_anything_in_it_is_drawn_empty(self) -> None:
        assert drawing(layout(process(""))).shapes == {}

    def test_with_loops_and_dangling_flows_is_drawn(self) -> None:
        body = "<task id='a' name='a'/><task id='b' name='b'/>" + flows("a>b", "b>a", "a>a", "b>gone", "nowhere>a")

        assert {"a", "b"} <= set(drawing(layout(process(body))).shapes)

    def test_of_more_steps_than_anyone_reads_is_refused(self) -> None:
        body = "".join(f"<task id='t{n}'/>" for n in range(MOST_STEPS + 1))

        with pytest.raises(DiagramError) as refused:
            layout(process(body))

        assert refused.value.findings[0].rule == "layout/too-many"


class TestKeeping:
    def test_a_complete_drawing_stays_as_it_is(self) -> None:
        drawn = layout(process(STORY))

        assert write(layout(drawn, keep=True)) == write(drawn)

    def test_a_new_step_finds_a_free_place_in_its_lane(self) -> None:
        drawn = write(layout(pooled({"县": "start check ok mend", "市": "tell end stop"}, STORY))).decode()
        new = "<userTask id='new' name='复核'/>" + flows("check>new", "new>tell")
        edited = drawn.replace("</process>", f"{new}</process>").replace(
            "<flowNodeRef>mend</flowNodeRef>", "<flowNodeRef>mend</flowNodeRef><flowNodeRef>new</flowNodeRef>"
        )

        kept = layout(read(edited.encode()), keep=True)

        before, after = drawing(read(drawn.encode())), drawing(kept)
        assert all(after.shapes[id] == before.shapes[id] for id in ("start", "check", "ok", "mend"))
        assert inside(after.shapes["new"], after.shapes["县"])
        assert measure(kept).shapes == 0
        assert {"check_new", "new_tell"} <= set(after.edges)

    def test_a_new_boundary_event_goes_onto_its_step(self) -> None:
        drawn = write(layout(process(STORY))).decode()
        new = (
            "<boundaryEvent id='late' attachedToRef='check'>"
            "<timerEventDefinition/></boundaryEvent><endEvent id='gone'/>"
        )
        edited = drawn.replace("</process>", f"{new}{flows('late>gone')}</process>")

        after = drawing(layout(read(edited.encode()), keep=True))

        _x, y, _w, h = after.shapes["check"]
        assert middle(after.shapes["late"])[1] == pytest.approx(y + h)

    def test_a_shape_without_sense_is_drawn_anew(self) -> None:
        drawn = layout(process(STORY))
        for bounds in drawn.tree.getroot().iter("{*}BPMNShape"):
            if bounds.get("bpmnElement") == "tell":
                bounds[0].set("x", "NaN")
                bounds[0].set("width", "-10000000000")

        after = drawing(layout(read(write(drawn)), keep=True))

        assert after.shapes["tell"][2] == 100.0

    def test_what_is_gone_leaves_the_drawing(self) -> None:
        drawn = write(layout(process(STORY))).decode()
        start = drawn.index("<endEvent id='stop'" if "<endEvent id='stop'" in drawn else '<endEvent id="stop"')
        edited = drawn[:start] + drawn[drawn.index("/>", start) + 2 :]

        assert "stop" not in drawing(layout(read(edited.encode()), keep=True)).shapes


class TestText:
    def test_is_as_wide_as_its_glyphs(self) -> None:
        assert glyphs.width("中文", 10) == 20
        assert glyphs.width("iiii", 10) < glyphs.width("WWWW", 10)

    def test_every_glyph_is_as_wide_as_the_face_of_the_house_has_it(self) -> None:
        face = TTFont(str(resources.files("templates") / "_house" / "fonts" / "XiebanHei.ttf"))
        widths, per_em = face["hmtx"], face["head"].unitsPerEm

        wrong = {
            chr(code): widths[glyph][0] * 1000 / per_em
            for code, glyph in face.getBestCmap().items()
            if unicodedata.category(chr(code))[0] not in "MC"
            and abs(glyphs.width(chr(code), 1000) - widths[glyph][0] * 1000 / per_em) > 1
        }

        assert len(widths.metrics) > 5_000 and wrong == {}

    def test_does_not_begin_a_line_with_a_comma(self) -> None:
        for room in range(40, 120, 3):
            lines = glyphs.wrap("说明情况,听取意见。(八周岁以上)、签字;确认", room, 12)
            assert not any(line[0] in ",。)、;" for line in lines)

    def test_is_cut_with_an_ellipsis_when_there_is_no_room(self) -> None:
        assert glyphs.wrap("很长的名称" * 100, 60, 12, 3)[-1].endswith("…")

    def test_combining_marks_take_no_room(self) -> None:
        assert glyphs.width("e\u0301", 10) == glyphs.width("e", 10)


def test_a_line_drawn_by_hand_goes_around_what_stands_between() -> None:
    wall = (150.0, -50.0, 40.0, 200.0)

    points = connect((0.0, 0.0, 100.0, 80.0), (300.0, 0.0, 100.0, 80.0), [wall])

    for (x1, y1), (x2, y2) in pairwise(points):
        assert x1 == x2 or y1 == y2
        assert not (min(x1, x2) < 190 and max(x1, x2) > 150 and -50 < min(y1, y2) and max(y1, y2) < 150)


def test_the_drawing_is_bpmn_di() -> None:
    root = layout(process(STORY)).tree.getroot()

    kinds = {etree.QName(part).localname for part in root.iter("{http://www.omg.org/spec/BPMN/20100524/DI}*")}

    assert {"BPMNDiagram", "BPMNPlane", "BPMNShape", "BPMNEdge", "BPMNLabel"} == kinds


def test_what_no_standard_allows_is_still_drawn() -> None:
    to_a_pool = pooled({"县": "a"}, "<task id='a' name='a'/>" + flows("a>pool"))
    only_closed = read(
        f"{HEAD}<collaboration id='c'><participant id='x' name='学校'/><participant id='y' name='法院'/>"
        "<messageFlow id='m' sourceRef='x' targetRef='y'/><textAnnotation id='n'><text>函</text></textAnnotation>"
        "</collaboration></definitions>".encode()
    )

    assert "a" in drawing(layout(to_a_pool)).shapes
    assert {"x", "y", "n"} <= set(drawing(layout(only_closed)).shapes)


def test_every_place_of_a_new_drawing_is_a_line_of_its_own() -> None:
    written = write(layout(process(STORY))).decode()

    places = [line for line in written.splitlines() if "Bounds" in line or "waypoint" in line]
    assert len(places) > 10 and all(line.count("<") == 1 for line in places)
