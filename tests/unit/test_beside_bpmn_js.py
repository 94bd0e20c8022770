"""Our pictures beside what bpmn-js draws of the same files, recorded in pictures/bpmn-js.json (see docs/diagrams.md).

The record holds ids and numbers: the outline of every shape, the signs in it, the corners of every flow, the labels
beside shapes. bpmn-js set its labels in Liberation Sans, ours are in Noto Sans SC: so only the middle of a label is
compared, and only of labels that both break into as many lines; Chinese ones are left out, since the browser had no
Chinese face.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from tests.unit.svg_places import SVG, Rectangle, parts, path_points, place, union
from workflow_runtime.diagram import read
from workflow_runtime.diagram.layout.scene import SMALL
from workflow_runtime.diagram.render import render

HERE = Path(__file__).parent / "pictures"
ROOT = Path(__file__).parents[2]
RECORD: dict[str, Any] = json.loads((HERE / "bpmn-js.json").read_text())
NAMES = [name for name in RECORD if name != "bpmn-js"]
NEAR = 2.0  #: pixels
LINE = 12.9  #: the height of a line of a label in bpmn-js, about
RINGED = ("intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent")


def source(name: str) -> bytes:
    """The recorded file, if it is there and still drawn as it was."""
    folders = (HERE, ROOT.parent / "shared" / "conformance" / "import", *(ROOT / "bpmn").rglob(name))
    for folder in (*folders, *(path.parent for path in (ROOT / "bpmn").rglob(f"{name}.bpmn"))):
        path = folder / f"{name}.bpmn"
        if path.exists():
            content = path.read_bytes()
            places = "\n".join(re.findall(r"(?:Bounds|waypoint)\s[^>]*>", content.decode("utf-8", "replace")))
            if hashlib.sha256(places.encode()).hexdigest()[:16] != RECORD[name]["places"]:
                pytest.skip(f"{name} was redrawn after the record was made")
            return content
    pytest.skip(f"{name} is not beside the checkout")


class Ours:
    """One of our pictures, by element."""

    def __init__(self, name: str) -> None:
        self.recorded: dict[str, Rectangle] = RECORD[name]["shapes"]
        self.diagram = read(source(name))
        svg = etree.fromstring(render(self.diagram))
        self.groups = {str(g.get("id"))[2:]: g for g in svg.iter(f"{SVG}g") if str(g.get("id", "")).startswith("e-")}
        self.notes = {id for id, one in self.diagram.elements.items() if one.kind == "textAnnotation"}
        # the outline of an expanded sub-process lies under the flows, in a group of its own
        self.under = [p for g in svg.iter(f"{SVG}g") if g.get("aria-hidden") and not g.get("id") for p in parts(g)]

    def outline(self, id: str) -> Rectangle:
        """The outer line of a shape."""
        drawn = parts(self.groups[id])
        if drawn and (found := place(drawn[0])) is not None and not drawn[0].get("class", "").startswith(("i", "f")):
            return found
        return min((place(part) or (0, 0, 0, 0) for part in self.under), key=lambda r: _away(r, self.recorded[id]))

    def signs(self, id: str) -> list[Rectangle]:
        """What is drawn inside a shape."""
        drawn = [place(part) for part in parts(self.groups[id]) if part.get("class", "").split()[0] in ("i", "f")]
        return [found for found in drawn if found is not None]


def _away(a: Rectangle, b: Rectangle) -> float:
    """The farthest any side of one lies from that of the other."""
    return max(abs(a[0] - b[0]), abs(a[1] - b[1]), abs(a[0] + a[2] - b[0] - b[2]), abs(a[1] + a[3] - b[1] - b[3]))


def _clusters(rectangles: list[Rectangle]) -> list[Rectangle]:
    """Rectangles that touch, as one: a sign of several strokes."""
    found: list[Rectangle] = []
    for rectangle in rectangles:
        while touching := [other for other in found if _touch(rectangle, other)]:
            found = [other for other in found if other not in touching]
            rectangle = union([rectangle, *touching])
        found.append(rectangle)
    return found


def _touch(a: Rectangle, b: Rectangle, gap: float = 2.5) -> bool:
    return (
        a[0] <= b[0] + b[2] + gap
        and b[0] <= a[0] + a[2] + gap
        and a[1] <= b[1] + b[3] + gap
        and b[1] <= a[1] + a[3] + gap
    )


def _middle(rectangle: Rectangle) -> tuple[float, float]:
    return rectangle[0] + rectangle[2] / 2, rectangle[1] + rectangle[3] / 2


@pytest.mark.parametrize("name", NAMES)
def test_every_shape_stands_where_bpmn_js_draws_it(name: str) -> None:
    ours, record = Ours(name), RECORD[name]

    # bpmn-js lays an invisible rectangle under a note; its bracket is compared with the signs
    shapes = {id: shape for id, shape in record["shapes"].items() if id not in ours.notes}
    away = {id: _away(ours.outline(id), shape) for id, shape in shapes.items()}

    assert {id: far for id, far in away.items() if far > NEAR} == {}


@pytest.mark.parametrize("name", NAMES)
def test_every_flow_turns_where_bpmn_js_turns_it(name: str) -> None:
    ours, record = Ours(name), RECORD[name]

    for id, corners in record["edges"].items():
        path = next(part for part in parts(ours.groups[id]) if "e" in part.get("class", "").split())
        line = path_points(path.get("d", ""))
        for x, y in (corners[0], corners[-1]):
            assert min(abs(px - x) + abs(py - y) for px, py in (line[0], line[-1])) <= NEAR, id
        # corners are rounded by a few pixels: each still lies within that of the line
        for x, y in corners[1:-1]:
            assert min(_distance((x, y), a, b) for a, b in itertools.pairwise(line)) <= NEAR, id


def _distance(point: tuple[float, float], a: tuple[float, float], b: tuple[float, float]) -> float:
    (x, y), (x1, y1), (x2, y2) = point, a, b
    length = (x2 - x1) ** 2 + (y2 - y1) ** 2
    at = max(0.0, min(1.0, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length)) if length else 0.0
    return float(((x - x1 - at * (x2 - x1)) ** 2 + (y - y1 - at * (y2 - y1)) ** 2) ** 0.5)


@pytest.mark.parametrize("name", NAMES)
def test_every_sign_stands_where_bpmn_js_draws_it(name: str) -> None:
    ours, record = Ours(name), RECORD[name]

    for id, signs in record["signs"].items():
        if ours.diagram.elements[id].kind in ("participant", "lane", "transaction"):
            # the strip of a pool, the inner line of a transaction: frames, not signs
            signs = [sign for sign in signs if sign[2] < 30 and sign[3] < 30 and min(sign[2:]) > 0]
        if ours.diagram.elements[id].kind in RINGED:
            # the inner ring belongs to the outline
            signs = signs[1:]
        if ours.diagram.elements[id].kind == "textAnnotation":
            assert _away(ours.outline(id), tuple(signs[0])) <= NEAR
            continue
        theirs, found = _clusters([tuple(sign) for sign in signs]), _clusters(ours.signs(id))
        for sign in theirs:
            x, y = _middle(sign)
            near = min((max(abs(a - x), abs(b - y)) for a, b in map(_middle, found)), default=99.0)
            assert near <= NEAR, (id, sign, found)
        assert len(found) == len(theirs), (id, theirs, found)


@pytest.mark.parametrize("name", NAMES)
def test_every_label_stands_where_bpmn_js_sets_it(name: str) -> None:
    ours, record = Ours(name), RECORD[name]

    for id, label in record["labels"].items():
        text = list(ours.groups[id].iter(f"{SVG}text"))[-1]
        lines = list(text.iter(f"{SVG}tspan")) or [text]
        if len(lines) != round(label[3] / LINE) or not ours.diagram.elements[id].name.isascii():
            continue
        x, y = _middle(label)
        baselines = [float(line.get("y", "nan")) for line in lines]
        assert abs(float(lines[0].get("x", "nan")) - x) <= NEAR, id
        assert abs((baselines[0] + baselines[-1]) / 2 - 0.36 * SMALL - y) <= NEAR, id
