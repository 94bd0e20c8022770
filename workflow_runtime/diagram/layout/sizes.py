"""From grid lines to coordinates: how wide each column and gutter must be, and where every label goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from workflow_runtime.diagram import glyphs
from workflow_runtime.diagram.layout.freehand import connect
from workflow_runtime.diagram.layout.grid import Grid, arrange
from workflow_runtime.diagram.layout.routes import DOWN, RIGHT, UP, Wire, _way, route
from workflow_runtime.diagram.layout.scene import (
    EVENT,
    HEADER,
    LABEL_ROOM,
    SMALL,
    TEXT,
    Box,
    Link,
    Port,
    Scene,
    label_extent,
    port_slot,
)
from workflow_runtime.diagram.model import EVENTS, GATEWAYS, Diagram

GUTTER, CHANNEL, TRACK = 38.0, 24.0, 13.0
INSIDE = (20.0, 34.0, 24.0)  #: room inside an expanded sub-process: at the sides, above, below


@dataclass(slots=True)
class Frame:
    """A pool or lane with its rectangle."""

    id: str
    x: float
    y: float
    w: float
    h: float


@dataclass(slots=True)
class Drawing:
    """A scene with coordinates."""

    scene: Scene
    frames: list[Frame] = field(default_factory=list)


def draw(scene: Scene, diagram: Diagram) -> Drawing:
    """Lay out a scene and everything inside its boxes; the upper left corner is (0, 0)."""
    for box in scene.boxes.values():
        if box.inner is not None:
            draw(box.inner, diagram)
            side, above, below = INSIDE
            marked = getattr(diagram.elements[box.id], "loop", None) is not None or box.kind == "adHocSubProcess"
            name = glyphs.width(diagram.elements[box.id].name, TEXT) + 40
            box.w = max(box.inner.width + 2 * side, min(name, 400.0), 140.0)
            box.h = box.inner.height + above + below + (14 if marked else 0)
    grid = arrange(scene)
    _place_ports(scene)
    wires = route(scene, grid)
    _settle_labels(scene)
    return _Measure(scene, diagram, grid, wires).drawing()


def _place_ports(scene: Scene) -> None:
    for box in scene.boxes.values():
        count = len(box.ports)
        for number, port in enumerate(box.ports):
            if box.span == 1:
                port.line = 2 * box.col + 1
                slots = [port_slot(other) for other in box.ports]
                port.offset = 28.0 if count == 1 else sum(slots[: number + 1]) - 22.0 - sum(slots) / 2
            else:
                column = box.col + number * box.span // count if count <= box.span else box.col + number % box.span
                port.line = 2 * column + 1
                port.offset = 0.0 if count <= box.span else (number // box.span) * 50.0 - 25.0


def _settle_labels(scene: Scene) -> None:
    """Labels of gateways and events stand on a side where no flow leaves or comes in."""
    used: dict[str, set[int]] = {}
    for link in scene.links:
        if len(link.path) > 1:
            if link.port is None:
                used.setdefault(link.outer_source, set()).add(_way(link.path[0], link.path[1]))
            used.setdefault(link.outer_target, set()).add((_way(link.path[-2], link.path[-1]) + 2) % 4)
    for box in scene.boxes.values():
        for port in box.ports:
            port.clear = DOWN in used.get(box.id, set())
        if not box.label:
            continue
        sides = used.get(box.id, set())
        box.label_above = box.kind in GATEWAYS
        if box.label_above and UP in sides and DOWN not in sides:
            box.label_above = False
        elif not box.label_above and DOWN in sides and UP not in sides:
            box.label_above = True
        elif UP in sides and DOWN in sides:
            box.label_above = box.label_aside = True
            name = "".join(box.label) if all(ord(line[-1]) > 0x2E80 for line in box.label) else " ".join(box.label)
            box.label = glyphs.wrap(name, 66.0, SMALL, 6)
            box.label_size = label_extent(box.label)


class _Measure:
    def __init__(self, scene: Scene, diagram: Diagram, grid: Grid, wires: list[Wire]) -> None:
        self._scene = scene
        self._diagram = diagram
        self._grid = grid
        self._wires = {(piece.link.id, piece.number): wire for wire in wires for piece in wire.pieces}
        self._tracks: dict[tuple[bool, int], int] = {}
        for wire in wires:
            if wire.line % 2 == 0:
                self._tracks[wire.sideways, wire.line] = wire.tracks
        self._x = [0.0] * grid.width  #: of a column its middle, of a gutter its first track
        self._y = [0.0] * len(grid.kinds)
        self._left: list[float] = []
        self._wide: list[float] = []

    def drawing(self) -> Drawing:
        drawing = Drawing(self._scene)
        left = self._header_width()
        self._set_columns(left)
        frames = self._set_rows()
        for box in self._scene.boxes.values():
            self._place(box)
        right = self._right
        for pool in self._scene.pools:
            if pool.header or pool.depth:
                drawing.frames += self._frames(pool.id, frames, right, left)
        for box in self._scene.boxes.values():
            if box.kind == "pool" and box.span == self._grid.columns:
                box.x, box.w = 0.0, right
        self._frame_of = {frame.id: frame for frame in drawing.frames}
        for link in self._scene.links:
            if link.path:
                link.points = self._points(link)
        self._draw_across_borders(drawing)
        _label_flows(self._scene)
        self._scene.width, self._scene.height = right, self._bottom
        return drawing

    # --- columns

    def _header_width(self) -> float:
        return max(
            (HEADER * ((1 if pool.header else 0) + pool.depth) for pool in self._scene.pools if pool.bands), default=0.0
        )

    def _set_columns(self, left: float) -> None:
        scene, grid = self._scene, self._grid
        wide = [36.0] * grid.columns
        gutter_left = [0.0] * (grid.columns + 1)  #: room needed before the first track
        for box in scene.boxes.values():
            if box.kind == "pool":
                continue
            if box.span == 1:
                wide[box.col] = max(wide[box.col], box.w)
                if box.label:
                    label = 2 * box.label_size[0] - 10 if box.label_aside else box.label_size[0]
                    wide[box.col] = max(wide[box.col], label)
        for link in scene.links:
            source = scene.boxes.get(link.outer_source)
            if not link.label or link.kind != "sequence" or len(link.path) < 2 or source is None:
                continue
            room = link.label_size[0] + (27 if link.slashed else 14)
            last = source.col + source.span - 1
            if _way(link.path[0], link.path[1]) == RIGHT:
                slack = (wide[last] - source.w) / 2 if source.span == 1 else 0.0
                target = scene.boxes.get(link.outer_target)
                if len(link.path) == 2 and target is not None:
                    if target.col > last + 1:
                        continue
                    if (False, 2 * last + 2) not in self._tracks:
                        # nothing crosses: the label may reach over the empty half of the next column
                        slack += (wide[target.col] - target.w) / 2 if target.span == 1 else 0.0
                    room += 10
                gutter_left[last + 1] = max(gutter_left[last + 1], room - slack)
            elif link.path[0][0] % 2 and source.span == 1:
                column = link.path[0][0] // 2
                # right of the flow that goes up or down; half of it may stand in the gutter
                wide[column] = max(wide[column], 2 * (room - 22 + (link.port.offset if link.port else 0)))
        x = left
        starts: list[float] = []
        gutters: list[tuple[float, float]] = []
        for gutter in range(grid.columns + 1):
            tracks = self._tracks.get((False, 2 * gutter), 0)
            edge = gutter in (0, grid.columns)
            room = max(GUTTER if not edge else 22.0, gutter_left[gutter] + (0 if tracks else 8))
            before = max(16.0, gutter_left[gutter])
            if tracks:
                room = max(room, before + (tracks - 1) * TRACK + 22.0)
                if not gutter_left[gutter]:
                    before = (room - (tracks - 1) * TRACK) / 2 - 2
            self._x[2 * gutter] = x + before
            gutters.append((x, room))
            x += room
            if gutter < grid.columns:
                starts.append(x)
                x += wide[gutter]
        # boxes over several columns push their columns apart until they fit
        for box in sorted(scene.boxes.values(), key=lambda box: box.col):
            if box.span > 1 and box.kind != "pool":
                have = starts[box.col + box.span - 1] + wide[box.col + box.span - 1] - starts[box.col]
                if have < box.w:
                    more = (box.w - have) / box.span
                    shift = 0.0
                    for column in range(grid.columns):
                        starts[column] += shift
                        if box.col <= column < box.col + box.span:
                            wide[column] += more
                            shift += more
                        gx, room = gutters[column + 1]
                        gutters[column + 1] = (gx + shift, room)
                        self._x[2 * column + 2] += shift
        for column in range(grid.columns):
            self._x[2 * column + 1] = starts[column] + wide[column] / 2
        self._left, self._wide = starts, wide
        self._right = gutters[-1][0] + gutters[-1][1]

    # --- rows

    def _set_rows(self) -> dict[int, tuple[float, float]]:
        """Coordinates of the horizontal lines; gives the top and bottom of each band."""
        scene, grid = self._scene, self._grid
        above: dict[int, float] = {}
        below: dict[int, float] = {}
        leaving: dict[str, list[Link]] = {}
        for link in scene.links:
            leaving.setdefault(link.outer_source, []).append(link)
        for box in scene.boxes.values():
            up, down = box.above, box.below
            for link in leaving.get(box.id, ()):
                if link.label and link.port is None and len(link.path) > 1 and link.kind == "sequence":
                    way = _way(link.path[0], link.path[1])
                    if way == DOWN:
                        down = max(down, box.h / 2 + link.label_size[1] + 4)
                    elif way == UP:
                        up = max(up, box.h / 2 + link.label_size[1] + 4)
            above[box.row] = max(above.get(box.row, 0.0), up)
            below[box.row] = max(below.get(box.row, 0.0), down)
        labelled: dict[int, float] = {}
        for (id, _number), wire in self._wires.items():
            if wire.sideways and wire.line % 2 == 0:
                link = next(piece.link for piece in wire.pieces if piece.link.id == id)
                if link.label and _way(link.path[0], link.path[1]) not in (UP, DOWN):
                    labelled[wire.line] = max(labelled.get(wire.line, 0.0), link.label_size[1])
        bands: dict[int, tuple[float, float]] = {}
        y = 0.0
        last = len(grid.kinds) - 1
        for line, kind in enumerate(grid.kinds):
            band = grid.bands[line]
            outside = scene.bands[band].pool is None
            if kind == "border":
                self._y[line] = y
                continue
            if kind == "row":
                up, down = above.get(line, 30.0), below.get(line, 30.0)
                self._y[line] = y + up
                y += up + down
            else:
                tracks = self._tracks.get((True, line), 0)
                room = CHANNEL if not outside else 26.0
                if outside and line in (0, last) and scene.bands[band].rows == 0:
                    room = 0.0 if not tracks else 20.0
                elif outside and line in (0, last) and not tracks:
                    room = 0.0
                elif outside and scene.bands[band].rows == 0:
                    room = 50.0
                elif outside:
                    room = 44.0
                if tracks:
                    room = max(room, 15.0 + (tracks - 1) * TRACK + 15.0 + labelled.get(line, 0.0))
                self._y[line] = (
                    y + labelled.get(line, 0.0) + (room - labelled.get(line, 0.0) - (tracks - 1) * TRACK) / 2
                    if tracks
                    else y + room / 2
                )
                y += room
            start = bands.get(band, (y, y))[0] if band in bands else (y - (room if kind == "channel" else 0))
            bands[band] = (start, y)
            ends_band = line == last or grid.kinds[line + 1] == "border"
            if ends_band and not outside:
                short = self._least_height(band) - (y - start)
                if short > 0:
                    self._move_lines(line, band, short / 2)
                    y += short
                    bands[band] = (start, y)
        self._bottom = y
        return bands

    def _move_lines(self, last: int, band: int, dy: float) -> None:
        for line in range(last + 1):
            if self._grid.bands[line] == band:
                self._y[line] += dy

    def _least_height(self, band: int) -> float:
        """So that the names of the lane and of what surrounds it can be read in their title strips."""
        scene = self._scene
        pool = scene.pools[scene.bands[band].pool or 0]
        lane = scene.bands[band].lane
        need = 60.0
        if lane is None:
            return max(need, self._name_height(pool.id)) if pool.header else 0.0
        need = max(need, self._name_height(lane))
        above = self._diagram.lanes[lane].parent
        while above is not None:
            inside = [b for b in pool.bands if self._within(scene.bands[b].lane, above)]
            need = max(need, self._name_height(above) / len(inside))
            above = self._diagram.lanes[above].parent
        return max(need, self._name_height(pool.id) / len(pool.bands)) if pool.header else need

    def _within(self, lane: str | None, outer: str) -> bool:
        while lane is not None:
            if lane == outer:
                return True
            lane = self._diagram.lanes[lane].parent
        return False

    def _name_height(self, id: str) -> float:
        name = self._diagram.elements[id].name[:80]
        return min(glyphs.width(name, TEXT) + 16, 110.0 + glyphs.width(name, TEXT) / 3)

    # --- things

    def _place(self, box: Box) -> None:
        if box.kind == "pool":
            left, right = self._left[box.col], self._left[box.col + box.span - 1] + self._wide[box.col + box.span - 1]
            if right - left < box.w:
                left -= (box.w - (right - left)) / 2
                right = left + box.w
            box.x, box.w = left, right - left
        elif box.span == 1:
            box.x = self._x[2 * box.col + 1] - box.w / 2
        else:
            last = box.col + box.span - 1
            have = self._left[last] + self._wide[last] - self._left[box.col]
            box.w = max(box.w, have)
            box.x = self._left[box.col]
        box.y = self._y[box.row] - box.h / 2
        for port in box.ports:
            port.x = self._x[port.line] + port.offset
        if box.inner is not None:
            side, above, _below = INSIDE
            box.inner.shift(box.x + side + (box.w - 2 * side - box.inner.width) / 2, box.y + above)

    def _frames(self, pool_id: str, bands: dict[int, tuple[float, float]], right: float, left: float) -> list[Frame]:
        scene = self._scene
        pool = next(pool for pool in scene.pools if pool.id == pool_id)
        if not pool.bands:
            return []
        frames = []
        top, bottom = bands[pool.bands[0]][0], bands[pool.bands[-1]][1]
        start = left - HEADER * ((1 if pool.header else 0) + pool.depth)
        if pool.header:
            frames.append(Frame(pool.id, 0.0, top, right, bottom - top))
            start = 0.0
        for lane in self._diagram.scope(pool.process or "").lanes:
            inside = [band for band in pool.bands if self._within(scene.bands[band].lane, lane)]
            if not inside:
                continue
            depth, above = 0, self._diagram.lanes[lane].parent
            while above is not None:
                depth, above = depth + 1, self._diagram.lanes[above].parent
            x = start + HEADER * (depth + (1 if pool.header else 0))
            y = bands[inside[0]][0]
            frames.append(Frame(lane, x, y, right - x, bands[inside[-1]][1] - y))
        return frames

    # --- links

    def _draw_across_borders(self, drawing: Drawing) -> None:
        """Links that start or end inside a sub-process of this scene, and any the grid had no way for."""
        waiting = [link for link in self._scene.links if not link.path]
        if not waiting:
            return
        places: dict[str, Rectangle] = {frame.id: (frame.x, frame.y, frame.w, frame.h) for frame in drawing.frames}
        solid: dict[str, Rectangle] = {}
        holders: dict[str, list[str]] = {}
        lines = list(_everything(self._scene, [], places, solid, holders))
        for link in waiting:
            if link.source not in places or link.target not in places:
                continue
            around = {*holders.get(link.source, ()), *holders.get(link.target, ()), link.source, link.target}
            link.points = connect(
                places[link.source],
                places[link.target],
                [place for id, place in solid.items() if id not in around],
                lines,
                upright=link.kind == "message",
                below=link.port is not None,
            )
            lines.append(link.points)

    def _points(self, link: Link) -> list[tuple[float, float]]:
        corners = link.path
        boxes = self._scene.boxes
        at: list[list[float]] = [[self._x[x], self._y[y]] for x, y in corners]
        for number in range(len(corners) - 1):
            wire = self._wires[link.id, number]
            axis = 1 if wire.sideways else 0
            value = (self._y if wire.sideways else self._x)[wire.line]
            value += wire.track * TRACK if wire.line % 2 == 0 else wire.offset
            at[number][axis] = at[number + 1][axis] = value
        for end, beside, box in (
            (0, 1, boxes.get(link.outer_source)),
            (-1, -2, boxes.get(link.outer_target)),
        ):
            way = _way(corners[end], corners[beside])
            frame = self._frame_of.get(link.outer_source if end == 0 else link.outer_target)
            if box is not None:
                x, y, w, h = box.x, box.y, box.w, box.h
            elif frame is not None:
                x, y, w, h = frame.x, frame.y, frame.w, frame.h
            else:
                continue
            if way in (UP, DOWN):
                at[end][1] = y if way == UP else y + h
                if end == 0 and link.port is not None:
                    at[end][1] += EVENT / 2
            else:
                at[end][0] = x + w if way == RIGHT else x
        points: list[tuple[float, float]] = []
        for x, y in at:
            point = (round(x, 1), round(y, 1))
            if not points or point != points[-1]:
                points.append(point)
        return points


def _everything(
    scene: Scene,
    inside: list[str],
    places: dict[str, Rectangle],
    solid: dict[str, Rectangle],
    holders: dict[str, list[str]],
) -> Iterator[list[tuple[float, float]]]:
    """Note every rectangle of a scene and of the scenes inside it; gives the lines that are drawn already."""
    for box in scene.boxes.values():
        places[box.id] = solid[box.id] = (box.x, box.y, box.w, box.h)
        holders[box.id] = inside
        for number, rectangle in enumerate(box_labels(box)):
            solid[f"{box.id} label {number}"] = rectangle
        for port in box.ports:
            places[port.id] = port_place(box, port)
            holders[port.id] = [*inside, box.id]
        if box.inner is not None:
            yield from _everything(box.inner, [*inside, box.id], places, solid, holders)
    for link in scene.links:
        if link.points:
            yield link.points


# --- labels of flows ----------------------------------------------------------------------------------------------

Rectangle = tuple[float, float, float, float]


def _label_flows(scene: Scene) -> None:
    """Put each flow's label beside it, near its start, where nothing else is."""
    cells = _Cells()
    for box in scene.boxes.values():
        cells.add((box.x, box.y, box.w, box.h), "box", box.id)
        for rectangle in box_labels(box):
            cells.add(rectangle, "label", box.id)
    for link in scene.links:
        for (x1, y1), (x2, y2) in zip(link.points, link.points[1:], strict=False):
            cells.add((min(x1, x2), min(y1, y2), abs(x2 - x1), abs(y2 - y1)), "line", link.id)
    sisters: dict[tuple[str, str], list[Link]] = {}
    for link in scene.links:
        sisters.setdefault(("out", link.outer_source), []).append(link)
        sisters.setdefault(("in", link.outer_target), []).append(link)
    for link in sorted(scene.links, key=lambda link: link.order):
        if not link.label or len(link.points) < 2:
            continue
        best: tuple[float, float, float] | None = None
        for cost, x, y in places(link):
            rectangle = (x, y, link.label_size[0], link.label_size[1])
            for kind, _id, other in cells.near(rectangle):
                if overlap(rectangle, other):
                    cost += 40 if kind == "box" else 50 if kind == "label" else 12
            cost += 2.0 * _ambiguous(sisters, link, rectangle)
            if best is None or cost < best[0]:
                best = (cost, x, y)
            if best[0] < 0.5:
                break
        assert best is not None
        link.label_at = (round(best[1], 1), round(best[2], 1))
        cells.add((best[1], best[2], *link.label_size), "label", link.id)


def _ambiguous(sisters: dict[tuple[str, str], list[Link]], link: Link, rectangle: Rectangle) -> int:
    """How many sisters (same start) pass right beside the label, so that it could be theirs."""
    x, y, w, h = rectangle
    near = (x - 5, y - 5, w + 10, h + 10)
    count = 0
    for other in dict.fromkeys([*sisters["out", link.outer_source], *sisters["in", link.outer_target]]):
        if other is link or other.kind != link.kind:
            continue
        for (x1, y1), (x2, y2) in zip(other.points, other.points[1:], strict=False):
            if overlap(near, (min(x1, x2), min(y1, y2), abs(x2 - x1), abs(y2 - y1))):
                count += 1
                break
    return count


def places(link: Link) -> list[tuple[float, float, float]]:
    """Candidate places: penalty, left, top. Beside each piece of the link, first pieces first."""
    w, h = link.label_size
    clear = 19 if link.slashed else 6
    found: list[tuple[float, float, float]] = []
    walked = 0.0
    for (x1, y1), (x2, y2) in zip(link.points, link.points[1:], strict=False):
        length = abs(x2 - x1) + abs(y2 - y1)
        away = walked / 150
        if y1 == y2:
            way = 1 if x2 > x1 else -1
            lack = max(0.0, w + 10 - length) / 10
            for share, extra in ((0.0, 0.0), (0.5, 0.15), (1.0, 0.6)):
                free = length - w
                start = (clear if not walked else 6) + share * max(0.0, free - 18)
                left = x1 + start if way > 0 else x1 - start - w
                found.append((away + lack + extra, left, y1 - h - 2))
                found.append((away + lack + extra + 0.3, left, y1 + 3))
        else:
            way = 1 if y2 > y1 else -1
            lack = max(0.0, h + 6 - length) / 10
            for share, extra in ((0.0, 0.1), (0.5, 0.25), (1.0, 0.7)):
                start = (clear if link.slashed and not walked else 3) + share * max(0.0, length - h - 12)
                top = y1 + start if way > 0 else y1 - start - h
                found.append((away + lack + extra, x1 + 8, top))
                found.append((away + lack + extra + 0.25, x1 - 8 - w, top))
        walked += length
    found.sort()
    return found


def box_labels(box: Box) -> list[Rectangle]:
    """Rectangles of the labels that belong to a box: its own, and those of its boundary events with the events."""
    found: list[Rectangle] = []
    if box.label:
        found.append(label_place(box))
    for port in box.ports:
        found.append(port_place(box, port))
        if port.label:
            found.append(port_label_place(box, port))
    return found


def label_place(box: Box) -> Rectangle:
    """Where the label of an event, gateway or data object stands."""
    w, h = box.label_size
    if box.label_aside:
        return (box.cx - 7 - w, box.y - h + 10, w, h)
    y = box.y - h - 4 if box.label_above else box.y + box.h + 4
    return (box.cx - w / 2, y, w, h)


def port_place(box: Box, port: Port) -> Rectangle:
    """Where a boundary event stands: on the lower edge of its host."""
    return (port.x - EVENT / 2, box.y + box.h - EVENT / 2, EVENT, EVENT)


def port_label_place(box: Box, port: Port) -> Rectangle:
    """Where its label stands: under the host, left of the event, clear of the flow that goes down from it."""
    w, h = label_extent(port.label)
    right = port.x - EVENT / 2 - 3
    if port.clear and right - w < box.cx < right:
        right = box.cx - 4
    return (right - w, box.y + box.h + 4, w, h)


class _Cells:
    """Rectangles by the squares of the page they touch."""

    SIZE = 120.0

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], list[tuple[str, str, Rectangle]]] = {}

    def _squares(self, rectangle: Rectangle) -> list[tuple[int, int]]:
        x, y, w, h = rectangle
        size = self.SIZE
        return [
            (column, row)
            for column in range(int(x // size), int((x + w) // size) + 1)
            for row in range(int(y // size), int((y + h) // size) + 1)
        ]

    def add(self, rectangle: Rectangle, kind: str, id: str) -> None:
        for square in self._squares(rectangle):
            self._cells.setdefault(square, []).append((kind, id, rectangle))

    def near(self, rectangle: Rectangle) -> list[tuple[str, str, Rectangle]]:
        return [entry for square in self._squares(rectangle) for entry in self._cells.get(square, ())]


def overlap(a: Rectangle, b: Rectangle) -> bool:
    """Whether two rectangles lie on one another."""
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


__all__ = ["EVENTS", "LABEL_ROOM", "Drawing", "Frame", "draw"]
