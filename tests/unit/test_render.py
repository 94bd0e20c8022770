"""A picture shows what the file says, can be read aloud, and carries nothing that acts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from benchmarks.diagrams import random_diagram
from tests.unit.picture_drawings import HEAD, STORY, Drawn, drawing, flows, middle, pooled, process
from workflow_runtime.diagram import read, write
from workflow_runtime.diagram.layout import layout
from workflow_runtime.diagram.model import ACTIVITIES, EVENTS, GATEWAYS, Diagram, FlowNode
from workflow_runtime.diagram.render import FORMATS, THEMES, Mark, MarkState, case_marks, render, symbols
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.i18n import language, use_language

REFERENCE = Path(__file__).parents[3] / "shared" / "conformance" / "import"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def languages() -> Iterator[None]:
    before = language()
    yield
    use_language(before)


def picture(diagram: Diagram, **options: object) -> etree._Element:
    """The SVG of a diagram, parsed."""
    return etree.fromstring(render(diagram, **options))  # type: ignore[arg-type]


def groups(svg: etree._Element) -> dict[str, etree._Element]:
    """Groups of elements by the id of the element."""
    return {str(g.get("id"))[2:]: g for g in svg.iter(f"{SVG}g") if str(g.get("id", "")).startswith("e-")}


def placed(svg: etree._Element, group: etree._Element) -> tuple[float, float]:
    """The middle of the first outline in a group."""
    shift = svg.find(f"{SVG}g")
    assert shift is not None
    dx, dy = map(float, re.findall(r"-?[\d.]+", str(shift.get("transform"))))
    for part in group:
        if part.tag == f"{SVG}rect":
            x, y, w, h = (float(part.get(name, "")) for name in ("x", "y", "width", "height"))
            return x + w / 2 + dx, y + h / 2 + dy
        if part.tag == f"{SVG}circle":
            return float(part.get("cx", "")) + dx, float(part.get("cy", "")) + dy
        if part.tag == f"{SVG}path":
            numbers = list(map(float, re.findall(r"-?[\d.]+", str(part.get("d"))[:80])))
            xs, ys = numbers[0:8:2], numbers[1:8:2]
            return (min(xs) + max(xs)) / 2 + dx, (min(ys) + max(ys)) / 2 + dy
    raise AssertionError("no outline")


class TestPositions:
    @pytest.mark.parametrize("name", ["A.1.0", "A.2.0", "A.2.1", "A.3.0", "A.4.0", "A.4.1"])
    def test_of_reference_diagrams_are_those_of_the_file(self, name: str) -> None:
        path = REFERENCE / f"{name}.bpmn"
        if not path.exists():
            pytest.skip("the reference diagrams are not beside the checkout")
        diagram = read(path.read_bytes())
        said: Drawn = drawing(diagram)

        svg = picture(diagram)

        shown = groups(svg)
        first = next(node for node in diagram.nodes() if node.id in said.shapes and node.kind in EVENTS)
        zero = placed(svg, shown[first.id])
        origin = middle(said.shapes[first.id])
        for node in diagram.nodes():
            if (
                node.id in said.shapes
                and (node.kind in EVENTS or node.kind in ACTIVITIES)
                and node.id not in diagram.scopes
            ):
                here, there = placed(svg, shown[node.id]), middle(said.shapes[node.id])
                assert abs((here[0] - zero[0]) - (there[0] - origin[0])) < 1
                assert abs((here[1] - zero[1]) - (there[1] - origin[1])) < 1

    def test_come_from_a_layout_where_the_file_has_none(self) -> None:
        shown = groups(picture(process(STORY)))

        assert {"start", "check", "ok", "tell", "end", "ok_tell"} <= set(shown)

    @pytest.mark.parametrize("value", ["NaN", "-1e400", "1000000000", "", "abc"])
    def test_without_sense_are_replaced(self, value: str) -> None:
        drawn = layout(process(STORY))
        for bounds in drawn.tree.getroot().iter("{*}Bounds"):
            bounds.set("x", value)

        svg = picture(read(write(drawn)))

        assert "check" in groups(svg)
        assert float(svg.get("width", "")) < 3000


class TestNotation:
    @pytest.mark.parametrize("throwing", [False, True])
    def test_every_event_has_its_own_sign(self, throwing: bool) -> None:
        kinds = "message timer signal error escalation compensate conditional link terminate cancel multiple parallel"

        signs = {symbols.event(kind, throwing) for kind in kinds.split()}

        assert len(signs) == len(kinds.split())

    def test_every_task_and_gateway_has_its_own_sign(self) -> None:
        tasks = "userTask manualTask serviceTask sendTask receiveTask scriptTask businessRuleTask".split()

        assert len({symbols.activity(kind) for kind in tasks}) == len(tasks)
        assert len({symbols.gateway(kind) for kind in GATEWAYS}) == len(GATEWAYS)

    def test_an_end_is_thick_and_a_boundary_event_double(self) -> None:
        body = STORY + (
            "<boundaryEvent id='late' attachedToRef='check' "
            "cancelActivity='false'><timerEventDefinition/></boundaryEvent>"
        )
        shown = groups(picture(process(body)))

        assert "th" in str(shown["end"].find(f"{SVG}circle").get("class")).split()  # type: ignore[union-attr]
        circles = shown["late"].findall(f"{SVG}circle")
        assert len(circles) == 2 and all("d" in str(c.get("class")).split() for c in circles)

    def test_markers_say_how_often_and_what_is_inside(self) -> None:
        body = (
            "<subProcess id='sub' name='逐一评估'><multiInstanceLoopCharacteristics isSequential='true'/></subProcess>"
            "<callActivity id='call' name='制发'/><task id='undo' isForCompensation='true'/>"
        )
        svg = render(process(body)).decode()

        for kind in ("sequential", "collapsed", "compensate"):
            assert symbols.marker(kind)[0][0] in svg

    def test_a_default_flow_has_its_stroke_and_a_condition_its_diamond(self) -> None:
        body = (
            "<task id='a' default='a_b'/><task id='b'/><task id='c'/>"
            + flows("a>b")
            + "<sequenceFlow id='a_c' sourceRef='a' targetRef='c'>"
            "<conditionExpression>x</conditionExpression></sequenceFlow>"
        )
        shown = groups(picture(process(body)))

        assert len(shown["a_b"].findall(f"{SVG}path")) == 2
        assert "z" in str(shown["a_c"].findall(f"{SVG}path")[1].get("d"))


class TestReadAloud:
    def test_every_step_has_a_name_a_lane_and_where_it_leads(self) -> None:
        use_language("en")
        diagram = pooled({"县": "start check ok", "市": "tell mend end stop"}, STORY)

        shown = groups(picture(diagram))

        assert shown["check"].get("aria-label") == "work of a person: 审核申请; 县; leads to 同意?"
        for node in diagram.nodes():
            assert (
                shown[node.id].get("role")
                and shown[node.id].get("aria-label")
                and shown[node.id].get("tabindex") == "0"
            )

    def test_the_order_is_that_of_the_story(self) -> None:
        diagram = process(STORY)

        order = [id for id in groups(picture(diagram)) if isinstance(diagram.elements.get(id), FlowNode)]

        assert (
            order.index("start") < order.index("check") < order.index("ok") < order.index("tell") < order.index("end")
        )

    def test_the_picture_has_a_title_and_a_description(self) -> None:
        svg = picture(process(STORY))

        assert svg.findtext(f"{SVG}title") == "移交"
        assert "3" in str(svg.findtext(f"{SVG}desc"))
        assert svg.get("role") == "graphics-document document"

    def test_chinese_is_the_language_unless_another_is_asked_for(self) -> None:
        use_language("zh")

        assert picture(process(STORY)).get("lang") == "zh-CN"


class TestACase:
    def test_shows_what_is_done_who_has_it_and_how_long(self) -> None:
        marks = {
            "check": Mark(MarkState.DONE),
            "tell": Mark(MarkState.ACTIVE, "王敏", "3 个工作日"),
            "mend": Mark(MarkState.SKIPPED),
        }

        svg = picture(process(STORY), marks=marks)

        shown = groups(svg)
        assert shown["check"].get("class") == "done"
        assert "王敏" in str(shown["tell"].get("aria-label"))
        assert "王敏 · 3 个工作日" in "".join(map(str, svg.itertext()))

    def test_says_what_can_no_longer_be_reached_and_which_way_it_came(self) -> None:
        marks = case_marks(
            process(STORY),
            {"start": "done", "check": "done", "ok": "done", "tell": "active"},
            {"tell": ("王敏", "3 天")},
        )

        assert marks["tell"] == Mark(MarkState.ACTIVE, "王敏", "3 天")
        assert marks["mend"].state is MarkState.SKIPPED and "end" not in marks
        assert marks["check_ok"].state is marks["ok_tell"].state is MarkState.DONE
        assert "ok_mend" not in marks

    def test_shows_findings_on_their_elements(self) -> None:
        finding = Finding("x", Severity.ERROR, "tell", 1, "没有表单", "指定一个表单")

        svg = render(process(STORY), findings=[finding]).decode()

        assert svg.count("没有表单") >= 2 and 'class="w-error"' in svg

    def test_shows_findings_on_flows_and_the_way_into_a_fault(self) -> None:
        fault = Finding(
            "house/soundness", Severity.ERROR, "ok", 1, "卡住", "改", path=("start", "start_check", "check")
        )
        unnamed = Finding("house/names", Severity.WARNING, "ok_tell", 1, "没有名称", "写上")

        text = render(process(STORY), findings=[fault, unnamed]).decode()

        shown = groups(etree.fromstring(text.encode()))
        assert ' class="e way"' in text and text.count('class="e way"') == 1
        assert "way" in str(shown["start_check"].find(f"{SVG}path").get("class"))  # type: ignore[union-attr]
        assert text.count('class="w-error"') == 1 and text.count('class="w-warning"') == 1

    @pytest.mark.parametrize("theme", THEMES)
    def test_can_be_read_in_every_theme(self, theme: str) -> None:
        chosen = THEMES[theme]

        assert _contrast(chosen.text, chosen.fill) >= 4.5
        assert _contrast(chosen.ink, chosen.page) >= 4.5
        for line, fill in chosen.states.values():
            assert _contrast(line, fill) >= 4.5
            assert _contrast(chosen.page, line) >= 3
        assert render(process(STORY), theme=theme).startswith(b"<svg")


class TestBadFaith:
    def test_markup_in_names_stays_text(self) -> None:
        nasty = "&lt;script&gt;alert(1)&lt;/script&gt; &quot; onload=&quot;x() ]]&gt; &amp;amp;"

        text = render(process(f"<task id='a' name=\"{nasty}\"/>")).decode()

        svg = etree.fromstring(text.encode())
        assert "<script" not in text and "<!" not in text
        assert all(not str(name).startswith("on") for part in svg.iter() for name in part.attrib)
        assert (
            "<script>alert(1)</script>" in "".join(map(str, svg.itertext())).replace(" ", "").replace("…", "")
            or "alert" in text
        )

    def test_colours_of_the_file_cannot_carry_style(self) -> None:
        drawn = write(layout(process("<task id='a' name='a'/>"))).decode()
        nasty = drawn.replace(
            "<bpmndi:BPMNShape ",
            "<bpmndi:BPMNShape xmlns:color='http://www.omg.org/spec/BPMN/non-normative/color/1.0' "
            "color:background-color='red;background:url(http://x)' ",
        )

        assert "url(http" not in render(read(nasty.encode())).decode()

    def test_a_name_of_ten_thousand_characters_is_cut(self) -> None:
        svg = render(process(f"<task id='a' name='{'很长的名称' * 2000}'/>"))

        assert len(svg) < 30_000 and "…" in svg.decode()

    def test_other_directions_and_combining_marks_survive(self) -> None:
        svg = render(process("<task id='a' name='مرحبا e\u0301 \u202e倒\u200d'/>")).decode()

        assert "مرحبا" in svg
        etree.fromstring(svg.encode())

    def test_an_id_that_is_no_id_does_not_leave_its_attribute(self) -> None:
        svg = picture(
            read(
                f"{HEAD}<process id='p'><task id='a\"&gt;&lt;x' name='a'/></process></definitions>".replace(
                    "id='a\"", "id='a"
                ).encode()
            )
        )

        assert svg.find(f".//{SVG}x") is None

    def test_the_picture_asks_for_nothing_from_outside(self) -> None:
        text = render(random_diagram(5, 40)).decode()

        assert not re.findall(r"(?:href|src)=|@import|javascript:|url\((?!#)", text)
        assert re.findall(r"https?://[^\"]+", text) == ["http://www.w3.org/2000/svg"]


class TestFormats:
    def test_png_and_pdf_begin_as_they_must(self) -> None:
        diagram = layout(process(STORY))

        assert render(diagram, format="png", scale=1)[:8] == b"\x89PNG\r\n\x1a\n"
        assert render(diagram, format="pdf")[:5] == b"%PDF-"

    def test_the_same_diagram_gives_the_same_bytes(self) -> None:
        diagram = layout(process(STORY))

        assert all(render(diagram, format=form) == render(diagram, format=form) for form in FORMATS)

    def test_an_unknown_format_or_theme_is_refused(self) -> None:
        with pytest.raises(ValueError, match="format"):
            render(process(STORY), format="gif")
        with pytest.raises(ValueError, match="theme"):
            render(process(STORY), theme="pink")


def _contrast(a: str, b: str) -> float:
    """Contrast ratio as WCAG counts it."""

    def light(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(a), light(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)
