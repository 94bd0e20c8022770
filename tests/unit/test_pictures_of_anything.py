"""Whatever a file holds, there is a picture or a clear refusal, and nothing in any output acts."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree, html

from benchmarks.diagrams import edited, places, random_diagram
from tests.unit.picture_drawings import HEAD, STORY, drawing, flows, pooled, process
from workflow_runtime.diagram import read, write
from workflow_runtime.diagram.diff import diff, diff_page
from workflow_runtime.diagram.layout import layout
from workflow_runtime.diagram.layout.quality import measure
from workflow_runtime.diagram.model import Diagram
from workflow_runtime.diagram.outline import as_text, outline
from workflow_runtime.diagram.render import render
from workflow_runtime.errors import DiagramError

LONG = "很长的名称 and more " * 700  # over ten thousand bytes
NASTY = "&lt;script&gt;alert(1)&lt;/script&gt;&amp;lt;!ENTITY x&gt; &quot; onload=&quot;x() ]]&gt; javascript:x()"
TURNED = "مرحبا \u202eשלום\u202c e\u0301\u0323\u20dd \u200d\u2066x\u2069 a\u0300\u0301\u0302\u0303\u0304"


def named(name: str) -> Diagram:
    """A pool in which everything that can have a name has this one."""
    body = (
        f"<startEvent id='s' name='{name}'/><userTask id='t' name='{name}'/><exclusiveGateway id='g' name='{name}'/>"
        f"<subProcess id='u' name='{name}'><task id='i' name='{name}'/></subProcess><endEvent id='e' name='{name}'/>"
        f"<boundaryEvent id='b' name='{name}' attachedToRef='t'><timerEventDefinition/></boundaryEvent>"
        f"<dataObject id='o'/><dataObjectReference id='d' name='{name}' dataObjectRef='o'/>"
        f"<textAnnotation id='n'><text>{name}</text></textAnnotation><association id='a' sourceRef='t' targetRef='n'/>"
        f"<sequenceFlow id='f' name='{name}' sourceRef='g' targetRef='u'/>" + flows("s>t", "t>g", "u>e", "b>e")
    )
    closed = f"<participant id='x' name='{name}'/><messageFlow id='m' name='{name}' sourceRef='t' targetRef='x'/>"
    return pooled({name[:400] if "&" not in name else "县": "s t g u e b"}, body, closed)


def outputs(diagram: Diagram) -> dict[str, str]:
    """Everything we make of a diagram, as text."""
    return {
        "svg": render(diagram).decode(),
        "file": write(layout(diagram)).decode(),
        "outline": as_text(outline(diagram)),
        "page": diff_page(diagram, process(STORY)),
        "words": diff(process(STORY), diagram).in_words(),
    }


@pytest.mark.parametrize("name", [LONG, NASTY, TURNED], ids=["ten thousand", "markup", "turned"])
def test_a_strange_name_of_anything_is_drawn_told_and_compared(name: str) -> None:
    made = outputs(named(name))

    assert len(made["svg"]) < 120_000 and len(made["outline"]) < 60_000
    for text in (made["svg"], made["page"].partition(">")[2]):
        assert not re.search(r"<script|<!ENTITY|<!\[CDATA|<foreignObject|<iframe|<object", text)
    for parsed in (etree.fromstring(made["svg"].encode()), html.fromstring(made["page"])):
        attributes = {str(one).lower() for part in parsed.iter(etree.Element) for one in part.attrib}
        assert not [one for one in attributes if one.startswith("on") or one in ("href", "src", "xlink:href")]
    file = etree.fromstring(made["file"].encode())
    assert not [part for part in file.iter(etree.Element) if etree.QName(part).localname == "script"]


@pytest.mark.parametrize("name", [LONG, TURNED], ids=["ten thousand", "turned"])
def test_a_strange_name_covers_nothing_else(name: str) -> None:
    quality = measure(layout(named(name)))

    assert quality.shapes == quality.labels == quality.through == quality.missing == 0


@pytest.mark.parametrize(
    ("what", "value"),
    list(
        product(
            ("x", "y", "width", "height"), ("NaN", "-Infinity", "1000000000", "-1e9", "1e400", "-5", "0", "", "1,5")
        )
    ),
)
def test_a_place_without_sense_is_drawn_anew(what: str, value: str) -> None:
    drawn = layout(pooled({"县": "start check ok", "市": "tell mend end stop"}, STORY))
    (shape,) = (part for part in drawn.tree.getroot().iter("{*}BPMNShape") if part.get("bpmnElement") == "check")
    shape[0].set(what, value)

    svg = etree.fromstring(render(read(write(drawn))))

    assert float(svg.get("width", "")) < 4_000 and float(svg.get("height", "")) < 4_000
    assert b"NaN" not in etree.tostring(svg) and b"Infinity" not in etree.tostring(svg)
    assert svg.find(".//*[@id='e-check']") is not None


@pytest.mark.parametrize("value", ["NaN", "1000000000", "-1e9", ""])
def test_a_corner_without_sense_is_drawn_anew(value: str) -> None:
    drawn = layout(process(STORY))
    for point in list(drawn.tree.getroot().iter("{*}waypoint"))[::3]:
        point.set("x", value)

    svg = etree.fromstring(render(read(write(drawn))))

    assert float(svg.get("width", "")) < 4_000
    assert svg.find(".//*[@id='e-ok_tell']") is not None


@pytest.mark.parametrize("left_out", range(1, 9))
def test_half_a_drawing_is_completed_and_the_rest_stays(left_out: int) -> None:
    drawn = layout(pooled({"县": "start check ok", "市": "tell mend end stop"}, STORY))
    before = drawing(drawn).shapes
    for number, part in enumerate(list(drawn.tree.getroot().iter("{*}BPMNShape", "{*}BPMNEdge"))):
        if number % 9 == left_out and (plane := part.getparent()) is not None:
            plane.remove(part)

    after = drawing(layout(read(write(drawn)), keep=True))

    assert set(before) <= set(after.shapes)
    assert b"e-ok_mend" in render(read(write(drawn)))


def _chain(count: int) -> Diagram:
    body = "".join(f"<task id='t{n}' name='步骤{n}'/>" for n in range(count))
    return process(body + flows(*(f"t{n}>t{n + 1}" for n in range(count - 1))))


def test_five_thousand_elements_in_a_row_are_drawn() -> None:
    drawn = layout(_chain(2_500))

    assert measure(drawn).faults == 0
    assert render(drawn).count(b'role="graphics-symbol') == 2_500


@pytest.mark.parametrize("use", [layout, render, lambda diagram: render(diagram, format="png")])
def test_five_thousand_steps_are_refused_in_words(use: Callable[[Diagram], object]) -> None:
    with pytest.raises(DiagramError) as refused:
        use(_chain(5_000))

    assert "5000" in str(refused.value.findings[0].message) and refused.value.findings[0].remedy


def test_five_thousand_steps_that_have_a_drawing_are_shown() -> None:
    shapes = "".join(
        f"<bpmndi:BPMNShape id='d{n}' bpmnElement='t{n}'><dc:Bounds x='{n % 100 * 120}' y='{n // 100 * 100}' "
        "width='100' height='80'/></bpmndi:BPMNShape>"
        for n in range(5_000)
    )
    steps = "".join(f"<task id='t{n}' name='步骤{n}'/>" for n in range(5_000))
    di = f"<bpmndi:BPMNDiagram><bpmndi:BPMNPlane bpmnElement='p'>{shapes}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>"

    assert render(process(steps, di)).count(b'id="e-t') == 5_000


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.integers(3, 45))
def test_nothing_lies_on_anything_in_any_drawing(seed: int, size: int) -> None:
    quality = measure(layout(random_diagram(seed, size)))

    assert quality.shapes == quality.labels == quality.struck == quality.missing == quality.slanted == 0


@pytest.mark.parametrize(("edit", "seed"), list(product(("rename", "add", "remove"), (2, 9, 23, 40))))
def test_a_small_edit_moves_little_and_with_keep_nothing(edit: str, seed: int) -> None:
    before = layout(random_diagram(seed, 20 + seed))
    beside = layout(edited(before, edit, seed), keep=True)
    old, kept = places(before), places(beside)

    assert measure(beside).faults == 0
    assert all(kept[id] == place for id, place in old.items() if id in kept)
    if edit == "rename":
        assert places(layout(edited(before, edit, seed))) == old


class TestOtherTools:
    """Habits of modelling tools, each a small file of our own."""

    TASKS = "<task id='a' name='甲'/><task id='b' name='乙'/>" + flows("a>b")
    SHAPES = (
        "<{s} id='a_di' bpmnElement='{q}a'><{b} x='10' y='20' width='100' height='80'/></{s}>"
        "<{s} id='b_di' bpmnElement='{q}b'><{b} x='210' y='20' width='100' height='80'/></{s}>"
        "<{e} id='f_di' bpmnElement='{q}a_b' sourceElement='a_di'><{w} x='110' y='60'/><{w} x='210' y='60'/></{e}>"
    )

    def test_prefixes_are_what_the_file_says(self) -> None:
        shapes = self.SHAPES.format(s="z:BPMNShape", e="z:BPMNEdge", b="k:Bounds", w="w:waypoint", q="m:")
        source = (
            "<m:definitions xmlns:m='http://www.omg.org/spec/BPMN/20100524/MODEL' "
            "xmlns:z='http://www.omg.org/spec/BPMN/20100524/DI' xmlns:k='http://www.omg.org/spec/DD/20100524/DC' "
            "xmlns:w='http://www.omg.org/spec/DD/20100524/DI' id='d' targetNamespace='t'>"
            + f"<m:process id='p'>{self.TASKS}</m:process>".replace("<task", "<m:task").replace("<seq", "<m:seq")
            + f"<z:BPMNDiagram><z:BPMNPlane bpmnElement='m:p'>{shapes}</z:BPMNPlane></z:BPMNDiagram></m:definitions>"
        )
        diagram = read(source.encode())

        assert b'id="e-a"' in render(diagram) and b'id="e-a_b"' in render(diagram)
        assert write(layout(diagram, keep=True)) == write(diagram)

    def test_a_pool_of_upright_lanes_keeps_its_lanes_upright(self) -> None:
        frames = "".join(
            f"<bpmndi:BPMNShape bpmnElement='{id}' isHorizontal='false'>"
            f"<dc:Bounds x='{x}' y='{y}' width='{w}' height='{h}'/></bpmndi:BPMNShape>"
            for id, x, y, w, h in (("pool", 0, 0, 400, 600), ("县", 0, 30, 200, 570), ("市", 200, 30, 200, 570))
        )
        upright = (
            f"<bpmndi:BPMNDiagram><bpmndi:BPMNPlane bpmnElement='c'>{frames}"
            + self.SHAPES.format(s="bpmndi:BPMNShape", e="bpmndi:BPMNEdge", b="dc:Bounds", w="di:waypoint", q="")
            + "</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>"
        )
        svg = render(pooled({"县": "a", "市": "b"}, self.TASKS, more=upright)).decode()

        assert "rotate(-90)" not in svg and 'id="e-b"' in svg

    def test_every_sub_process_page_is_shown_under_the_main_one(self) -> None:
        drawn = write(layout(process("<subProcess id='u' name='评估'><task id='i' name='写'/></subProcess>"))).decode()
        folded = layout(read(drawn.replace('isExpanded="true"', 'isExpanded="false"').encode()))

        svg = render(folded).decode()

        assert len(drawing(folded).planes) == 2
        assert 'id="e-u"' in svg and 'id="e2-i"' in svg and svg.index('id="e-u"') < svg.index('id="e2-i"')

    def test_edges_without_corners_and_labels_without_a_place_are_drawn(self) -> None:
        drawn = write(layout(process(STORY))).decode()
        bare = re.sub(r"<bpmndi:BPMNLabel>.*?</bpmndi:BPMNLabel>", "<bpmndi:BPMNLabel/>", drawn, flags=re.DOTALL)
        bare = re.sub(r"<di:waypoint [^>]*/>", "", bare)

        svg = render(read(bare.encode())).decode()

        assert all(f'id="e-{id}"' in svg for id in ("start_check", "ok_tell", "mend_check")) and ">同意<" in svg

    def test_shapes_of_what_is_not_there_and_shapes_drawn_twice_do_not_disturb(self) -> None:
        drawn = write(layout(process(STORY))).decode()
        bounds = "<dc:Bounds x='1' y='1' width='9' height='9'/>"
        ghost = f"<bpmndi:BPMNShape id='gh' bpmnElement='gone'>{bounds}</bpmndi:BPMNShape>"
        twice = ghost.replace("'gh'", "'tw'").replace("'gone'", "'check'")
        svg = render(
            read(drawn.replace("</bpmndi:BPMNPlane>", ghost + twice + "</bpmndi:BPMNPlane>").encode())
        ).decode()

        assert svg.count('id="e-check"') == 1 and "gone" not in svg

    def test_places_left_of_and_above_zero_are_places(self) -> None:
        shapes = self.SHAPES.format(s="bpmndi:BPMNShape", e="bpmndi:BPMNEdge", b="dc:Bounds", w="di:waypoint", q="")
        di = f"<bpmndi:BPMNDiagram><bpmndi:BPMNPlane bpmnElement='p'>{shapes}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>"
        moved = re.sub(r"([xy])='(\d+)'", lambda found: f"{found[1]}='{int(found[2]) - 1500}.5'", di)

        svg = etree.fromstring(render(process(self.TASKS, moved)))

        assert float(svg.get("width", "")) < 500

    def test_a_file_whose_root_says_nothing_of_a_diagram_is_laid_out(self) -> None:
        source = f"{HEAD}<process id='p'>{self.TASKS}</process></definitions>"

        assert b'id="e-a_b"' in render(read(source.encode()))
