"""Adds to a drawing what it lacks, and leaves alone what a person has placed.

New steps stand behind the step they follow, in the nearest free place of their lane; a lane without room grows
downwards. Flows are drawn anew only where one of their ends is new or they had no usable line.
"""

from __future__ import annotations

import copy
import itertools

from lxml import etree

from workflow_runtime.diagram import glyphs
from workflow_runtime.diagram.layout.freehand import Point, Rectangle, connect
from workflow_runtime.diagram.layout.interchange import number as written
from workflow_runtime.diagram.layout.scene import (
    EVENT,
    FLOW_LABEL_ROOM,
    HEADER,
    SMALL,
    Box,
    Link,
    Reader,
    Scene,
    bounds_of,
    corners_of,
    farthest,
    label_extent,
    number,
)
from workflow_runtime.diagram.layout.sizes import draw, overlap, places
from workflow_runtime.diagram.model import (
    EVENTS,
    GATEWAYS,
    NS,
    Diagram,
    Element,
    Flow,
    FlowNode,
    MessageFlow,
    Participant,
)
from workflow_runtime.diagram.reading import local_name, reference

_DI, _DC, _DD = f"{{{NS['bpmndi']}}}", f"{{{NS['dc']}}}", f"{{{NS['di']}}}"
#: with fewer of the steps drawn than this, the drawing is not worth keeping
ENOUGH = 0.5


def completed(diagram: Diagram) -> etree._Element | None:
    """A copy of the tree with its drawing completed; None when there is too little to keep."""
    keeper = _Keeper(diagram)
    return keeper.root if keeper.complete() else None


class _Keeper:
    def __init__(self, diagram: Diagram) -> None:
        self._diagram = diagram
        self.root = copy.deepcopy(diagram.tree.getroot())
        self._planes: dict[str, etree._Element] = {}
        self._shapes: dict[str, etree._Element] = {}
        self._bounds: dict[str, Rectangle] = {}
        self._plane_of: dict[str, etree._Element] = {}
        self._edges: dict[str, etree._Element] = {}
        self._labels: dict[str, Rectangle] = {}
        self._fresh: set[str] = set()
        self._boundary: dict[str, list[FlowNode]] = {}
        for node in diagram.nodes():
            if node.kind == "boundaryEvent" and node.attached_to and not node.id.startswith("~"):
                self._boundary.setdefault(node.attached_to, []).append(node)
        self._read()

    def _read(self) -> None:
        for plane in self.root.iter("{*}BPMNPlane"):
            self._planes[reference(plane, plane.get("bpmnElement")) or ""] = plane
            far = farthest(plane)
            for part in list(plane):
                kind = local_name(part)
                if kind not in ("BPMNShape", "BPMNEdge"):
                    continue
                id = reference(part, part.get("bpmnElement")) or ""
                known = id in self._diagram.elements and id not in self._shapes and id not in self._edges
                if kind == "BPMNShape":
                    bounds = bounds_of(part, far)
                    if known and bounds is not None:
                        self._shapes[id], self._bounds[id], self._plane_of[id] = part, bounds, plane
                        label = next((child for child in part if local_name(child) == "BPMNLabel"), None)
                        if label is not None and (place := bounds_of(label, far)) is not None:
                            self._labels[id] = place
                        continue
                elif known and len(corners_of(part, far)) > 1:
                    self._edges[id] = part
                    label = next((child for child in part if local_name(child) == "BPMNLabel"), None)
                    if label is not None and (place := bounds_of(label, far)) is not None:
                        self._labels[id] = place
                    continue
                # drawn twice, drawn nowhere, or of something that is gone
                plane.remove(part)

    def complete(self) -> bool:
        diagram = self._diagram
        nodes = [node for node in diagram.nodes() if not node.id.startswith("~")]
        pages = Reader(diagram).pages()
        wanted: dict[str, tuple[Box, str]] = {}
        for page in pages:
            draw(page.scene, diagram)
            _boxes(page.scene, page.element, wanted)
        placed = sum(node.id in self._bounds for node in nodes)
        if not self._planes or not nodes or placed < ENOUGH * len(nodes):
            return False
        if any(p.process is not None and p.id not in self._bounds for p in self._participants()):
            return False
        self._add_lanes()
        order = sorted(wanted.items(), key=lambda item: (item[1][0].col, item[1][0].order))
        for id, (box, plane) in order:
            if id not in self._bounds:
                if plane not in self._planes:
                    return False
                self._place(id, box, self._planes[plane])
            self._place_boundaries(id)
        self._add_edges()
        return True

    def _participants(self) -> list[Participant]:
        elements = (self._diagram.elements[id] for id in self._diagram.participants)
        return [element for element in elements if isinstance(element, Participant)]

    # --- shapes

    def _add_lanes(self) -> None:
        """A new lane goes below its sisters."""
        for lane in self._diagram.lanes.values():
            if lane.id in self._bounds or lane.id.startswith("~"):
                continue
            holder = lane.parent or next((p.id for p in self._participants() if p.process == lane.process), None)
            sisters = [
                self._bounds[other.id]
                for other in self._diagram.lanes.values()
                if other.process == lane.process and other.parent == lane.parent and other.id in self._bounds
            ]
            if holder not in self._bounds:
                continue
            x, y, w, h = self._bounds[holder]
            plane = self._plane_of[holder]
            if not sisters:
                self._add_shape(lane.id, (x + HEADER, y, w - HEADER, h), plane, lane)
                continue
            left, bottom = sisters[0][0], max(s[1] + s[3] for s in sisters)
            self._push_down(bottom, 120.0)
            self._add_shape(lane.id, (left, bottom, sisters[0][2], 120.0), plane, lane)

    def _place(self, id: str, box: Box, plane: etree._Element) -> None:
        element = self._diagram.elements[id]
        if isinstance(element, Participant):
            self._place_pool(element, plane)
            return
        room = self._room(element)
        start = self._beside(element, box, room)
        solid = [
            r for other, r in self._bounds.items() if not self._holds(other, id) and self._plane_of[other] is plane
        ]
        solid += self._labels.values()
        solid += self._lines(plane)
        place = _free(start, (box.w, box.h), solid, room)
        if place is None and room is not None:
            # the lane has no room: it grows at its lower edge
            bottom = room[1] + room[3]
            more = box.h + 40.0
            self._push_down(bottom - 0.5, more)
            place = (max(start[0], room[0] + 40), bottom + 10)
        elif place is None:
            place = (start[0], max((r[1] + r[3] for r in solid), default=0.0) + 40)
        bounds = (place[0], place[1], box.w, box.h)
        self._add_shape(id, bounds, plane, element, expanded=box.inner is not None)
        self._widen(id, bounds)
        if box.inner is not None:
            box.inner.shift(place[0] - box.x, place[1] - box.y)
            self._add_inside(box.inner, plane)

    def _add_inside(self, scene: Scene, plane: etree._Element) -> None:
        for box in scene.boxes.values():
            if box.id not in self._bounds:
                inner = box.inner is not None
                self._add_shape(
                    box.id, (box.x, box.y, box.w, box.h), plane, self._diagram.elements[box.id], expanded=inner
                )
            if box.inner is not None:
                self._add_inside(box.inner, plane)

    def _lines(self, plane: etree._Element) -> list[Rectangle]:
        """The flows that are drawn, as thin rectangles: new steps do not stand on them."""
        found = []
        for edge in self._edges.values():
            if edge.getparent() is plane:
                points = corners_of(edge)
                for (x1, y1), (x2, y2) in itertools.pairwise(points):
                    found.append((min(x1, x2), min(y1, y2), max(abs(x2 - x1), 1.0), max(abs(y2 - y1), 1.0)))
        return found

    def _room(self, element: Element) -> Rectangle | None:
        """Where an element may stand: its sub-process, lane or pool."""
        if isinstance(element, FlowNode):
            scope = self._diagram.scopes[element.scope]
            if scope.parent is not None and scope.id in self._bounds:
                x, y, w, h = self._bounds[scope.id]
                return (x, y + 20, w, h - 20)
            lane = self._diagram.lane_of(element)
            while lane is not None:
                if lane.id in self._bounds:
                    x, y, w, h = self._bounds[lane.id]
                    return (x + HEADER, y, w - HEADER, h)
                lane = self._diagram.lanes.get(lane.parent) if lane.parent else None
            process = self._diagram.process_of(element)
            for participant in self._participants():
                if participant.process == process and participant.id in self._bounds:
                    x, y, w, h = self._bounds[participant.id]
                    return (x + HEADER, y, w - HEADER, h)
        return None

    def _beside(self, element: Element, box: Box, room: Rectangle | None) -> Point:
        """Right of the step before, else left of the step after, else beside what it is connected to."""
        ends: list[tuple[str, bool]] = []
        if isinstance(element, FlowNode):
            for flow in element.incoming:
                if isinstance(other := self._diagram.elements.get(flow), Flow):
                    ends.append((other.source, True))
            for flow in element.outgoing:
                if isinstance(other := self._diagram.elements.get(flow), Flow):
                    ends.append((other.target, False))
        ends += [(anchor, True) for anchor in box.anchors]
        for end, before in ends:
            node = self._diagram.elements.get(end)
            if isinstance(node, FlowNode) and node.attached_to in self._bounds:
                # below the step whose boundary event leads here
                x, y, w, h = self._bounds[node.attached_to]
                return x + w + 50, y + h + 15
            if end in self._bounds:
                x, y, w, h = self._bounds[end]
                left = x + w + 50 if before else x - 50 - box.w
                top = y + h / 2 - box.h / 2
                if room is not None:
                    left = max(left, room[0] + 15)
                    if not room[1] <= top + box.h / 2 <= room[1] + room[3]:
                        top = room[1] + room[3] / 2 - box.h / 2
                return left, top
        if room is not None:
            return room[0] + 40, room[1] + 20
        right = max((r[0] for r in self._bounds.values()), default=160.0)
        bottom = max((r[1] + r[3] for r in self._bounds.values()), default=80.0)
        return min(right, 160.0), bottom + 40

    def _place_pool(self, pool: Participant, plane: etree._Element) -> None:
        others = [self._bounds[p.id] for p in self._participants() if p.id in self._bounds]
        left = min((r[0] for r in others), default=160.0)
        wide = max((r[2] for r in others), default=600.0)
        bottom = max((r[1] + r[3] for r in self._bounds.values()), default=40.0)
        self._add_shape(pool.id, (left, bottom + 50, wide, 60.0), plane, pool)

    def _place_boundaries(self, host: str) -> None:
        for node in self._boundary.get(host, ()):
            if node.id not in self._bounds and host in self._bounds:
                self._place_boundary(node)

    def _place_boundary(self, node: FlowNode) -> None:
        host = node.attached_to or ""
        x, y, w, h = self._bounds[host]
        taken = [self._bounds[e.id][0] for e in self._boundary[host] if e.id in self._bounds]
        left = x + w - EVENT - 4
        while any(abs(left - other) < EVENT + 2 for other in taken) and left > x - EVENT:
            left -= EVENT + 6
        self._add_shape(node.id, (left, y + h - EVENT / 2, EVENT, EVENT), self._plane_of[host], node)

    def _add_shape(
        self, id: str, bounds: Rectangle, plane: etree._Element, element: Element, *, expanded: bool = False
    ) -> None:
        shape = etree.SubElement(plane, f"{_DI}BPMNShape", id=f"{id}_di", bpmnElement=id)
        if element.kind in ("participant", "lane"):
            shape.set("isHorizontal", "true")
        if id in self._diagram.scopes:
            shape.set("isExpanded", "true" if expanded else "false")
        if element.kind == "exclusiveGateway":
            shape.set("isMarkerVisible", "true")
        _write_bounds(shape, bounds)
        named = element.kind in EVENTS | GATEWAYS or element.kind.startswith("data")
        if named and element.name:
            w, h = glyphs.extent(glyphs.wrap(element.name, 90, SMALL, 6), SMALL)
            x, y, width, height = bounds
            label = (x + width / 2 - w / 2 - 3, y + height + 4, w + 6, h)
            if element.kind == "boundaryEvent":
                # left of the event: its flow goes down
                label = (x - w - 9, y + height / 2 + 4, w + 6, h)
            _write_bounds(etree.SubElement(shape, f"{_DI}BPMNLabel"), label)
            self._labels[id] = label
        self._shapes[id], self._bounds[id], self._plane_of[id] = shape, bounds, plane
        self._fresh.add(id)

    def _holds(self, outer: str, inner: str) -> bool:
        """Whether `outer` is a frame or sub-process around `inner`, which then may stand on it."""
        element = self._diagram.elements.get(outer)
        if element is None or element.kind in ("lane", "group"):
            return True
        if isinstance(element, Participant):
            return element.process is not None
        node = self._diagram.elements.get(inner)
        scope = node.scope if isinstance(node, FlowNode) else None
        while scope is not None:
            if scope == outer:
                return True
            scope = self._diagram.scopes[scope].parent
        return False

    # --- making room

    def _push_down(self, y: float, by: float) -> None:
        """Everything that begins below `y` moves down; what reaches across grows."""
        for id, (left, top, w, h) in list(self._bounds.items()):
            if top >= y:
                self._move(id, (left, top + by, w, h))
            elif top + h >= y and self._is_frame(id):
                self._move(id, (left, top, w, h + by))
        for id, (left, top, w, h) in list(self._labels.items()):
            if top >= y:
                self._labels[id] = (left, top + by, w, h)
        for edge in self._edges.values():
            for part in edge.iter("{*}waypoint"):
                value = number(part.get("y"))
                if value is not None and value >= y:
                    part.set("y", written(value + by))
            for part in edge.iter("{*}Bounds"):
                value = number(part.get("y"))
                if value is not None and value >= y:
                    part.set("y", written(value + by))

    def _is_frame(self, id: str) -> bool:
        element = self._diagram.elements[id]
        return isinstance(element, Participant) or element.kind in ("lane", "group") or id in self._diagram.scopes

    def _move(self, id: str, bounds: Rectangle) -> None:
        before = self._bounds[id]
        self._bounds[id] = bounds
        shape = self._shapes[id]
        for part in shape:
            if local_name(part) == "Bounds":
                for name, value in zip(("x", "y", "width", "height"), bounds, strict=True):
                    part.set(name, written(value))
            elif local_name(part) == "BPMNLabel":
                for inner in part.iter("{*}Bounds"):
                    x, y = number(inner.get("x")), number(inner.get("y"))
                    if x is not None and y is not None:
                        inner.set("x", written(x + bounds[0] - before[0]))
                        inner.set("y", written(y + bounds[1] - before[1]))

    def _widen(self, id: str, bounds: Rectangle) -> None:
        """Frames around a new shape reach at least to its right and lower edges."""
        right, bottom = bounds[0] + bounds[2] + 25, bounds[1] + bounds[3] + 12
        node = self._diagram.elements[id]
        if not isinstance(node, FlowNode):
            return
        around = {node.scope}
        scope = self._diagram.scopes[node.scope]
        while scope.parent is not None:
            around.add(scope.parent)
            scope = self._diagram.scopes[scope.parent]
        for pool in self._participants():
            if pool.process == scope.id:
                around.add(pool.id)
        wide = [lane.id for lane in self._diagram.lanes.values() if lane.process == scope.id]
        for frame in sorted(around | set(wide)):
            if frame in self._bounds and self._is_frame(frame):
                x, y, w, h = self._bounds[frame]
                taller = max(h, bottom - y) if frame in around else h
                if right > x + w or taller > h:
                    self._move(frame, (x, y, max(w, right - x), taller))

    # --- edges

    def _add_edges(self) -> None:
        lines = {id: corners_of(edge) for id, edge in self._edges.items()}
        links: list[tuple[str, str, str, bool]] = []
        for element in self._diagram.elements.values():
            if isinstance(element, (Flow, MessageFlow)) and not element.id.startswith("~"):
                links.append((element.id, element.source, element.target, isinstance(element, MessageFlow)))
        for id, _kind, source, target, _order in Reader(self._diagram).data_links():
            links.append((id, source, target, True))
        for id, source, target, upright in links:
            if source not in self._bounds or target not in self._bounds:
                continue
            if id in self._edges and not {source, target} & self._fresh:
                continue
            if id in self._edges:
                old = self._edges.pop(id)
                self._labels.pop(id, None)
                lines.pop(id, None)
                parent = old.getparent()
                if parent is not None:
                    parent.remove(old)
            if self._plane_of[source] is not self._plane_of[target]:
                continue
            around = {source, target}
            solid = [
                r
                for other, r in self._bounds.items()
                if other not in around
                and self._plane_of[other] is self._plane_of[source]
                and not self._holds(other, source)
                and not self._holds(other, target)
                and not self._touches(other, around)
            ]
            solid += self._labels.values()
            start = self._diagram.elements.get(source)
            points = connect(
                self._bounds[source],
                self._bounds[target],
                solid,
                list(lines.values()),
                upright=upright,
                below=start is not None and start.kind == "boundaryEvent",
            )
            lines[id] = points
            self._write_edge(id, points, self._plane_of[source])

    def _touches(self, other: str, ends: set[str]) -> bool:
        """The host of a boundary event that is an end is not in the way."""
        return any(getattr(self._diagram.elements.get(end), "attached_to", None) == other for end in ends)

    def _write_edge(self, id: str, points: list[Point], plane: etree._Element) -> None:
        edge = etree.SubElement(plane, f"{_DI}BPMNEdge", id=f"{id}_di", bpmnElement=id)
        for x, y in points:
            etree.SubElement(edge, f"{_DD}waypoint", x=written(x), y=written(y))
        name = self._diagram.elements[id].name
        if name:
            self._labels[id] = label = self._beside_line(id, name, points, plane)
            _write_bounds(etree.SubElement(edge, f"{_DI}BPMNLabel"), label)
        self._edges[id] = edge

    def _beside_line(self, id: str, name: str, points: list[Point], plane: etree._Element) -> Rectangle:
        """Where the label of a flow lies on nothing else, near its start."""
        lines = glyphs.wrap(name, FLOW_LABEL_ROOM, SMALL, 5)
        link = Link(id, "sequence", "", "", 0, lines, label_extent(lines), points=points)
        near = [r for other, r in self._bounds.items() if self._plane_of[other] is plane and not self._is_frame(other)]
        near += self._labels.values()
        near += self._lines(plane)
        return (
            min(
                (
                    (cost + 40 * sum(overlap((x, y, *link.label_size), r) for r in near), x, y)
                    for cost, x, y in places(link)
                ),
            )[1:]
            + link.label_size
        )


def _boxes(scene: Scene, page: str, found: dict[str, tuple[Box, str]]) -> None:
    for box in scene.boxes.values():
        found[box.id] = (box, page)
        if box.inner is not None:
            _boxes(box.inner, page, found)


def _free(start: Point, size: tuple[float, float], solid: list[Rectangle], room: Rectangle | None) -> Point | None:
    """The place nearest to `start` where nothing is within 15 pixels, inside `room` from top to bottom."""
    w, h = size
    best: tuple[float, Point] | None = None
    for right in range(0, 1300, 50):
        for down in range(-600, 620, 20):
            x, y = start[0] + right, start[1] + down
            if room is not None and (y < room[1] + 10 or y + h > room[1] + room[3] - 10):
                continue
            cost = right * 0.8 + abs(down) + (10 if down < 0 else 0)
            if best is not None and cost >= best[0]:
                continue
            if not any(
                x - 15 < sx + sw and sx < x + w + 15 and y - 15 < sy + sh and sy < y + h + 15
                for sx, sy, sw, sh in solid
            ):
                best = (cost, (x, y))
    return best[1] if best is not None else None


def _write_bounds(owner: etree._Element, bounds: Rectangle) -> None:
    x, y, w, h = bounds
    etree.SubElement(owner, f"{_DC}Bounds", x=written(x), y=written(y), width=written(w), height=written(h))
