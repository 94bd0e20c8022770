"""How good a drawing is, in numbers: what lies on what, how often lines cross and bend, how long they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workflow_runtime.diagram.layout.scene import number
from workflow_runtime.diagram.model import SUBPROCESSES, Diagram, Flow, FlowNode, MessageFlow, Participant
from workflow_runtime.diagram.reading import local_name

Rectangle = tuple[float, float, float, float]
Piece = tuple[float, float, float, float]
_HOLDERS = SUBPROCESSES | {"lane", "participant", "group"}


@dataclass(frozen=True, slots=True)
class Quality:
    """Measures of one drawing. The first five are faults and should be 0."""

    missing: int  #: nodes and flows without a place
    shapes: int  #: pairs of shapes that lie on one another
    labels: int  #: labels that lie on a shape or another label
    struck: int  #: labels that a line runs through
    through: int  #: flows that run through a shape they do not belong to
    shared: int  #: pairs of flows of different steps that lie on one another
    slanted: int  #: pieces of flows that are neither level nor upright
    crossings: int
    bends: int
    flows: int
    length: float  #: of all flows, in pixels
    width: float
    height: float

    @property
    def faults(self) -> int:
        """What no drawing of ours may have."""
        return self.missing + self.shapes + self.labels + self.struck + self.through + self.shared + self.slanted

    @property
    def aspect(self) -> float:
        """Width by height."""
        return self.width / self.height if self.height else 0.0


@dataclass(frozen=True, slots=True)
class _Line:
    id: str
    source: str
    target: str
    points: tuple[tuple[float, float], ...]

    def pieces(self) -> Iterator[Piece]:
        for (x1, y1), (x2, y2) in zip(self.points, self.points[1:], strict=False):
            yield (x1, y1, x2, y2)


def measure(diagram: Diagram) -> Quality:
    """Measure the drawing a diagram carries, page by page, all pages added up."""
    totals = [0] * 10
    length = width = height = 0.0
    shown: set[str] = set()
    planes = list(diagram.tree.getroot().iter("{*}BPMNPlane"))
    for plane in planes:
        shapes: dict[str, Rectangle] = {}
        labels: list[tuple[str, Rectangle]] = []
        lines: list[_Line] = []
        for part in plane:
            id = part.get("bpmnElement") or ""
            bounds = next((_rectangle(child) for child in part if local_name(child) == "Bounds"), None)
            if bounds is not None:
                shapes[id] = bounds
            for child in part:
                if local_name(child) == "BPMNLabel":
                    labels += [(id, place) for inner in child if (place := _rectangle(inner)) is not None]
            if local_name(part) == "BPMNEdge":
                points = tuple(
                    (number(child.get("x")) or 0.0, number(child.get("y")) or 0.0)
                    for child in part
                    if local_name(child) == "waypoint"
                )
                lines.append(_Line(id, *_ends(diagram, id), points))
        shown |= set(shapes) | {line.id for line in lines}
        _add(totals, _faults(diagram, shapes, labels, lines))
        for line in lines:
            totals[8] += max(0, len(line.points) - 2)
            length += sum(abs(x2 - x1) + abs(y2 - y1) for x1, y1, x2, y2 in line.pieces())
        totals[9] += len(lines)
        if shapes:
            width = max(width, max(x + w for x, _y, w, _h in shapes.values()) - min(s[0] for s in shapes.values()))
            height += max(y + h for _x, y, _w, h in shapes.values()) - min(s[1] for s in shapes.values())
    totals[0] += sum(
        1
        for element in diagram.elements.values()
        if isinstance(element, (FlowNode, Flow, MessageFlow, Participant)) and element.id not in shown
    )
    missing, shapes_, labels_, struck, through, shared, slanted, crossings, bends, flows = totals
    return Quality(
        missing, shapes_, labels_, struck, through, shared, slanted, crossings, bends, flows, length, width, height
    )


def _add(totals: list[int], more: tuple[int, ...]) -> None:
    for position, value in enumerate(more, start=1):
        totals[position] += value


def _ends(diagram: Diagram, id: str) -> tuple[str, str]:
    element = diagram.elements.get(id)
    if isinstance(element, (Flow, MessageFlow)):
        return element.source, element.target
    return "", ""


def _rectangle(bounds: object) -> Rectangle | None:
    values = [number(bounds.get(name)) for name in ("x", "y", "width", "height")]  # type: ignore[attr-defined]
    if any(value is None for value in values):
        return None
    x, y, w, h = (value or 0.0 for value in values)
    return (x, y, w, h)


def _faults(
    diagram: Diagram, shapes: dict[str, Rectangle], labels: list[tuple[str, Rectangle]], lines: list[_Line]
) -> tuple[int, int, int, int, int, int, int]:
    solid = {
        id: place
        for id, place in shapes.items()
        if _kind(diagram, id) not in _HOLDERS or _is_closed(diagram, id, shapes)
    }
    near = _Squares()
    for id, place in solid.items():
        near.add(place, ("shape", id, place))
    for id, place in labels:
        near.add(place, ("label", id, place))
    over = on_label = struck = through = shared = slanted = crossings = 0
    for id, place in solid.items():
        for kind, other, there in near.around(place):
            if kind == "shape" and id < other and _overlap(place, there) and not _belong(diagram, id, other):
                over += 1
    for number_, (id, place) in enumerate(labels):
        for kind, other, there in near.around(place):
            if not _overlap(place, there):
                continue
            if kind == "shape" and not (other == id or (_kind(diagram, other) in _HOLDERS and _inside(place, there))):
                on_label += 1
            elif (
                kind == "label"
                and other != id
                and number_ < next(n for n, (i, p) in enumerate(labels) if i == other and p == there)
            ):
                on_label += 1
    pieces = _Squares()
    for line in lines:
        for piece in line.pieces():
            x1, y1, x2, y2 = piece
            slanted += x1 != x2 and y1 != y2
            place = (min(x1, x2), min(y1, y2), abs(x2 - x1), abs(y2 - y1))
            hit = set()
            for kind, id, there in near.around(place):
                if (kind, id) in hit or not _overlap(place, _shrunk(there, 1.5)):
                    continue
                if kind == "label":
                    hit.add((kind, id))
                    struck += 1
                elif id not in (line.source, line.target) and not _holds(diagram, id, line):
                    hit.add((kind, id))
                    through += 1
            for _line, other, _place in pieces.around(place):
                if _line is line:
                    continue
                if _cross(piece, other):
                    crossings += not (_line.source == line.source or _line.target == line.target)
                elif _together(piece, other) and not (_line.source == line.source or _line.target == line.target):
                    shared += 1
            pieces.add(place, (line, piece, place))
    return over, on_label, struck, through, shared, slanted, crossings


def _kind(diagram: Diagram, id: str) -> str:
    element = diagram.elements.get(id)
    return element.kind if element is not None else ""


def _is_closed(diagram: Diagram, id: str, shapes: dict[str, Rectangle]) -> bool:
    """A pool without inside, or a sub-process none of whose steps is on this page."""
    element = diagram.elements.get(id)
    if isinstance(element, Participant):
        return element.process is None
    return id in diagram.scopes and not any(node in shapes for node in diagram.scope(id).nodes)


def _belong(diagram: Diagram, a: str, b: str) -> bool:
    first, second = diagram.elements.get(a), diagram.elements.get(b)
    return getattr(first, "attached_to", None) == b or getattr(second, "attached_to", None) == a


def _holds(diagram: Diagram, id: str, line: _Line) -> bool:
    """Whether `id` is the host of a boundary event the line starts or ends at."""
    return any(getattr(diagram.elements.get(end), "attached_to", None) == id for end in (line.source, line.target))


def _overlap(a: Rectangle, b: Rectangle) -> bool:
    slack = 0.6
    return (
        a[0] + slack < b[0] + b[2]
        and b[0] + slack < a[0] + max(a[2], 2 * slack)
        and a[1] + slack < b[1] + b[3]
        and b[1] + slack < a[1] + max(a[3], 2 * slack)
    )


def _inside(a: Rectangle, b: Rectangle) -> bool:
    return b[0] <= a[0] and b[1] <= a[1] and a[0] + a[2] <= b[0] + b[2] and a[1] + a[3] <= b[1] + b[3]


def _shrunk(place: Rectangle, by: float) -> Rectangle:
    x, y, w, h = place
    return (x + by, y + by, w - 2 * by, h - 2 * by)


def _cross(a: Piece, b: Piece) -> bool:
    if (a[0] == a[2]) == (b[0] == b[2]):
        return False
    upright, level = (a, b) if a[0] == a[2] else (b, a)
    x, y = upright[0], level[1]
    return min(level[0], level[2]) < x < max(level[0], level[2]) and min(upright[1], upright[3]) < y < max(
        upright[1], upright[3]
    )


def _together(a: Piece, b: Piece) -> bool:
    """Whether two pieces lie on one another for more than a touch."""
    if a[0] == a[2] == b[0] == b[2]:
        return min(max(a[1], a[3]), max(b[1], b[3])) - max(min(a[1], a[3]), min(b[1], b[3])) > 3
    if a[1] == a[3] == b[1] == b[3]:
        return min(max(a[0], a[2]), max(b[0], b[2])) - max(min(a[0], a[2]), min(b[0], b[2])) > 3
    return False


class _Squares:
    """Things by the squares of the page they touch."""

    SIZE = 150.0

    def __init__(self) -> None:
        self._squares: dict[tuple[int, int], list[tuple]] = {}  # type: ignore[type-arg]

    def _of(self, place: Rectangle) -> Iterator[tuple[int, int]]:
        x, y, w, h = place
        for column in range(int(x // self.SIZE), int((x + w) // self.SIZE) + 1):
            for row in range(int(y // self.SIZE), int((y + h) // self.SIZE) + 1):
                yield column, row

    def add(self, place: Rectangle, thing: tuple) -> None:  # type: ignore[type-arg]
        for square in self._of(place):
            self._squares.setdefault(square, []).append(thing)

    def around(self, place: Rectangle) -> list[tuple]:  # type: ignore[type-arg]
        seen: dict[int, tuple] = {}  # type: ignore[type-arg]
        for square in self._of(place):
            for thing in self._squares.get(square, ()):
                seen[id(thing)] = thing
        return list(seen.values())
