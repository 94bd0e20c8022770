"""Ways through the grid: for each link the cheapest path along gutters and free cells, then a track of its own.

A path costs its bends most, then crossings, then length. Two links may lie on one another only where they leave the
same step or enter the same one; everywhere else each has its own track in the gutter, ordered so that few cross.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from workflow_runtime.diagram.layout.grid import Grid
from workflow_runtime.diagram.layout.scene import Box, Link, Scene
from workflow_runtime.diagram.model import EVENTS, GATEWAYS

Point = tuple[int, int]
State = tuple[int, int, int]  #: a point and the way a path runs through it

RIGHT, DOWN, LEFT, UP = range(4)
STEP = ((1, 0), (0, 1), (-1, 0), (0, -1))
#: who finds a way first; of two that clash, the later one yields
RANK = {"sequence": 0, "data": 2, "association": 2, "message": 3}
ASIDE = 16.0  #: how far beside the middle of a side a line docks when the middle is taken
BEND, CROSSING, SHUN = 1.0, 0.9, 6.0
#: how much a search leans towards its goal, and after how many points it gives up and a hastier one follows
HASTE = ((1.0, 2_500), (2.0, 3_000), (5.0, 6_000), (16.0, 200_000))
#: after so many points for one drawing every search is hasty: a tangle is drawn soon rather than well
CARE = 600_000
MESSAGE_HASTE = ((2.0, 3_000), (5.0, 6_000), (16.0, 200_000))


def route(scene: Scene, grid: Grid) -> list[Wire]:
    """Find a path for every link, then tracks for all; the wires are what lies on each line of the grid."""
    finder = _Finder(scene, grid)
    boxes = scene.boxes

    def far(link: Link) -> int:
        a, b = boxes.get(link.outer_source), boxes.get(link.outer_target)
        return abs(a.col - b.col) + abs(a.row - b.row) if a is not None and b is not None else 0

    for link in sorted(
        scene.links, key=lambda link: (RANK[link.kind] + link.back, not link.main, far(link), link.order)
    ):
        finder.find(link)
    wires = _tracks(scene)
    shunned: dict[Link, frozenset[Point]] = {}
    for turn in range(6):
        # two docked flows may want the same stretch from both sides; then one of them takes another way
        clashes = _clashes(wires)
        if not clashes:
            break
        for link, points in clashes.items():
            finder.forget(link)
            if turn > 2 and link.kind != "sequence":
                # every side of the step is taken: it docks beside the middle of one
                link.aside = ASIDE
                finder.find(link)
                continue
            # and does not come back to where it was sent away from before
            shunned[link] = shunned.get(link, frozenset()) | points
            finder.find(link, shunned=shunned[link])
        wires = _tracks(scene)
    return wires


# --- paths --------------------------------------------------------------------------------------------------------


class _Finder:
    def __init__(self, scene: Scene, grid: Grid) -> None:
        self._scene = scene
        self._grid = grid
        # points are numbered line by line; one more column, always taken, ends each line
        self._stride = grid.width + 1
        points = self._stride * len(grid.kinds)
        self._step = tuple(dx + dy * self._stride for dx, dy in STEP)
        self._across = [0] * points  #: how many links run sideways through a point
        self._along = [0] * points  #: how many run up or down through it
        self._spent = 0  #: points looked at so far, for all links
        self._occupied = bytearray(points)
        self._on_border = bytearray(points)
        for y, kind in enumerate(grid.kinds):
            self._occupied[(y + 1) * self._stride - 1] = 1
            if kind == "border":
                self._on_border[y * self._stride : (y + 1) * self._stride] = b"\1" * self._stride
        for x, y in grid.occupied:
            self._occupied[y * self._stride + x] = 1
        #: what is on the grid already, by kind, "out" or "in", and box: point → how many run across it, and along it
        self._sisters: dict[tuple[str, str, str], dict[int, list[int]]] = {}
        self._out: dict[tuple[str, int], list[Link]] = {}
        self._in: dict[tuple[str, int], list[Link]] = {}
        self._rows: dict[str, tuple[int, int]] = {}
        self._pool_of_band: dict[int, str] = {}
        for pool in scene.pools:
            lines = [n for n, band in enumerate(grid.bands) if band in pool.bands and grid.kinds[n] != "border"]
            if lines:
                self._rows[pool.id] = (lines[0], lines[-1])
            for band in pool.bands:
                self._pool_of_band[band] = pool.id

    def forget(self, link: Link) -> None:
        """Take a link off the grid again."""
        self._count(link, -1)
        for passing in itertools.chain(self._out.values(), self._in.values()):
            while link in passing:
                passing.remove(link)
        link.path = []

    def find(self, link: Link, *, shunned: frozenset[tuple[int, int]] = frozenset()) -> None:
        """Find the cheapest path; points in `shunned` cost as much as six bends."""
        boxes = self._scene.boxes
        source, target = boxes.get(link.outer_source), boxes.get(link.outer_target)
        if link.source not in (link.outer_source, link.port.id if link.port else "") or (
            link.target != link.outer_target and not self._is_port(link)
        ):
            # an end inside a sub-process: drawn when everything has its place
            return
        starts = self._starts(link, source)
        goals = self._goals(link, target)
        if source is not None and source is target:
            starts = [start for start in starts if start[0][2] == RIGHT] if not link.port else starts
            goals = {key: value for key, value in goals.items() if key[2] in (UP, DOWN)}
        low, high = 0, len(self._grid.kinds) - 1
        if link.kind == "sequence" and source is not None and target is not None:
            a, b = self._pool_of_band.get(source.band), self._pool_of_band.get(target.band)
            if a is not None and a == b:
                low, high = self._rows[a]
        # a long way is found sooner when the search leans towards its goal; it may then have a bend too many
        tries = MESSAGE_HASTE if link.kind == "message" else HASTE
        for haste, patience in tries if self._spent < CARE else tries[-1:]:
            path = self._search(link, starts, goals, low, high, shunned, haste, patience)
            if path is not None:
                break
        if path is None:
            return
        self._note(link, path, source, target)

    def _is_port(self, link: Link) -> bool:
        target = self._scene.boxes.get(link.outer_target)
        return target is not None and any(port.id == link.target for port in target.ports)

    def _starts(self, link: Link, source: Box | None) -> list[tuple[tuple[int, int, int], float, tuple[int, int]]]:
        """State outside the box, cost of leaving that way, and the point on the box."""
        if source is None:
            return [((x, y, way), 0.0, (x, y - 2 * STEP[way][1])) for x, y, way in self._around_pool(link.outer_source)]
        if source.kind == "pool":
            return [((x, y, way), 0.0, (x, source.row)) for x, y, way in self._around_closed(source)]
        if link.port is not None:
            x = link.port.line
            return [((x, source.row + 1, DOWN), 0.0, (x, source.row))]
        found = []
        gateway, event = source.kind in GATEWAYS, source.kind in EVENTS
        side = 0.35 if gateway else 1.4 if event else 1.7
        if link.kind == "sequence":
            prices = (
                {RIGHT: 1.0, DOWN: 0.2, UP: 0.8, LEFT: 3.0}
                if link.back
                else {RIGHT: 0.0, DOWN: side, UP: side + 0.1, LEFT: 4.0}
            )
        elif link.kind == "message":
            prices = {DOWN: 0.0, UP: 0.0, RIGHT: 2.5, LEFT: 3.0}
        else:
            prices = {DOWN: 0.0, UP: 0.0, RIGHT: 0.6, LEFT: 0.6}
        for way, price in prices.items():
            x, y = _beside(source, way)
            others = self._out.get((source.id, way), [])
            if link.kind == "sequence":
                price += (0.6 if gateway else 0.25) * len(others)
            else:
                price += sum(_company(link, other) for other in others)
            if link.kind != "sequence":
                price += sum(_company(link, other) for other in self._in.get((source.id, way), ()))
            price += 1.6 * any(not other.back or way in (LEFT, RIGHT) for other in self._in.get((source.id, way), ()))
            price += 0.8 if self._in.get((source.id, way)) else 0.0
            if way == DOWN and source.ports:
                price += 1.2
            origin = (x, source.row) if way in (UP, DOWN) else (x - STEP[way][0], source.row)
            found.append(((x, y, way), price, origin))
        return found

    def _goals(self, link: Link, target: Box | None) -> dict[tuple[int, int, int], tuple[float, tuple[int, int]]]:
        """State just before the box is entered → cost of entering that way, and the point on the box."""
        if target is None:
            return {
                (x, y, (way + 2) % 4): (0.0, (x, y - 2 * STEP[way][1]))
                for x, y, way in self._around_pool(link.outer_target)
            }
        if target.kind == "pool":
            return {(x, y, (way + 2) % 4): (0.0, (x, target.row)) for x, y, way in self._around_closed(target)}
        gateway, event = target.kind in GATEWAYS, target.kind in EVENTS
        side = 0.35 if gateway else 1.2 if event else 1.3
        if link.kind == "sequence":
            prices = (
                {DOWN: 0.1, UP: 0.6, LEFT: 1.2, RIGHT: 3.0}
                if link.back
                else {LEFT: 0.0, DOWN: side, UP: side + 0.1, RIGHT: 4.0}
            )
        elif link.kind == "message":
            prices = {DOWN: 0.0, UP: 0.0, RIGHT: 3.0, LEFT: 2.5}
        else:
            prices = {DOWN: 0.0, UP: 0.0, RIGHT: 0.6, LEFT: 0.6}
        found = {}
        for way, price in prices.items():
            x, y = _beside(target, way)
            price += 1.8 if self._out.get((target.id, way)) else 0.0
            if link.kind != "sequence":
                price += sum(_company(link, other) for other in self._out.get((target.id, way), ()))
            if link.kind != "sequence":
                price += sum(_company(link, other) for other in self._in.get((target.id, way), ()))
            if way == DOWN and target.ports:
                price += 1.2
            origin = (x, target.row) if way in (UP, DOWN) else (x - STEP[way][0], target.row)
            found[x, y, (way + 2) % 4] = (price, origin)
        return found

    def _around_closed(self, pool: Box) -> list[tuple[int, int, int]]:
        lines = range(2 * pool.col + 1, 2 * (pool.col + pool.span))
        return [(x, pool.row + 1, DOWN) for x in lines] + [(x, pool.row - 1, UP) for x in lines]

    def _around_pool(self, id: str) -> list[tuple[int, int, int]]:
        top, bottom = self._rows[id]
        lines = range(self._grid.width)
        return [(x, bottom + 2, DOWN) for x in lines] + [(x, top - 2, UP) for x in lines]

    def _search(
        self,
        link: Link,
        starts: list[tuple[State, float, Point]],
        goals: dict[State, tuple[float, Point]],
        low: int,
        high: int,
        shunned: frozenset[Point],
        haste: float,
        patience: int,
    ) -> list[Point] | None:
        """The cheapest path between lines `low` and `high`, or none within `patience` points.

        A state is one number, `point * 4 + way`; a point is `y * stride + x`.
        """
        stride, step = self._stride, self._step
        occupied, on_border = self._occupied, self._on_border
        across, along = self._across, self._along
        leaving = self._sisters.get((link.kind, "out", link.outer_source), {})
        entering = self._sisters.get((link.kind, "in", link.outer_target), {})
        avoided = {y * stride + x for x, y in shunned}
        ends = {(y * stride + x) * 4 + way: price for (x, y, way), (price, _point) in goals.items()}
        ahead = _ahead(goals, 0.1 * haste)
        # a message crosses the whole picture anyway: counting its crossings as dearly would search everywhere
        crossing = CROSSING if link.kind != "message" else 0.25
        first, last = low * stride, (high + 1) * stride
        queue: list[tuple[float, int, float, int, int]] = []
        tie = 0
        came: dict[int, int] = {}
        origin: dict[int, Point] = {}
        for (x, y, way), price, point in starts:
            here = y * stride + x
            if 0 <= x < self._grid.width and first <= here < last and not occupied[here]:
                price += SHUN if here in avoided else 0.0
                tie -= 1
                origin[here * 4 + way] = point
                heapq.heappush(queue, (price + ahead(x, y, way), tie, price, here * 4 + way, -1))
        end, final = -1, float("inf")
        push, pop = heapq.heappush, heapq.heappop
        while queue:
            guess, _tie, cost, state, previous = pop(queue)
            if guess >= final:
                break
            if state in came:
                continue
            came[state] = previous
            if len(came) > patience:
                break
            here, way = state >> 2, state & 3
            for turn in (0, 1, 3):
                new = (way + turn) & 3
                so_far = cost + BEND if turn else cost
                price = ends.get(here * 4 + new, -1.0)
                if price >= 0 and so_far + price < final:
                    final = so_far + price
                    end = here * 4 + new
                    if turn:
                        came.setdefault(end, state)
                upright = new & 1
                if not upright and on_border[here]:
                    continue
                there = here + step[new]
                if not first <= there < last or occupied[there]:
                    continue
                next_ = there * 4 + new
                if next_ in came:
                    continue
                same, other = (along, across) if upright else (across, along)
                beside, crossed = same[there], other[there]
                met = 0
                if beside or crossed:
                    for ours in (leaving.get(there), entering.get(there)):
                        if ours is not None:
                            met += ours[upright]
                            crossed -= ours[1 - upright]
                    beside -= met
                if crossed > 0:
                    so_far += crossing * crossed
                y, x = divmod(there, stride)
                if beside > 0:
                    so_far += beside * (0.5 if (x if upright else y) & 1 else 0.06)
                if there in avoided:
                    so_far += SHUN
                # flows that part later, or have met before, look calmer on one line
                if met:
                    so_far += -0.33 if turn else 0.07
                else:
                    so_far += 0.1
                tie -= 1
                push(queue, (so_far + ahead(x, y, new), tie, so_far, next_, state))
        self._spent += len(came)
        if end < 0:
            return None
        at = end
        path = [goals[at // 4 % stride, at // 4 // stride, at & 3][1]]
        while at >= 0:
            y, x = divmod(at >> 2, stride)
            if (x, y) != path[-1]:
                path.append((x, y))
            start, at = at, came[at]
        if origin[start] != path[-1]:
            path.append(origin[start])
        path.reverse()
        return path

    def _count(self, link: Link, by: int) -> None:
        """Count a link in, or out again, at every point it runs through."""
        leaving = self._sisters.setdefault((link.kind, "out", link.outer_source), {})
        entering = self._sisters.setdefault((link.kind, "in", link.outer_target), {})
        for point, upright in _points_of(link, self._stride):
            (self._along if upright else self._across)[point] += by
            leaving.setdefault(point, [0, 0])[upright] += by
            entering.setdefault(point, [0, 0])[upright] += by

    def _note(self, link: Link, path: list[tuple[int, int]], source: Box | None, target: Box | None) -> None:
        corners = [path[0]]
        for before, here, after in zip(path, path[1:], path[2:], strict=False):
            if (before[0] == here[0]) != (here[0] == after[0]):
                corners.append(here)
        corners.append(path[-1])
        link.path = corners
        self._count(link, 1)
        if source is not None and link.port is None:
            self._out.setdefault((source.id, _way(corners[0], corners[1])), []).append(link)
        if target is not None:
            self._in.setdefault((target.id, (_way(corners[-2], corners[-1]) + 2) % 4), []).append(link)


def _points_of(link: Link, stride: int) -> Iterator[tuple[int, int]]:
    """Every point a link's path runs through, with 1 where it runs up or down and 0 where it runs sideways."""
    for (x1, y1), (x2, y2) in itertools.pairwise(link.path):
        if y1 == y2:
            for x in range(min(x1, x2), max(x1, x2) + 1):
                yield y1 * stride + x, 0
        else:
            for y in range(min(y1, y2), max(y1, y2) + 1):
                yield y * stride + x1, 1


def _ahead(goals: Mapping[State, tuple[float, Point]], each: float) -> Callable[[int, int, int], float]:
    """The least a path from a point, running some way, can still cost: its length, and the bends it needs."""
    if len(goals) > 6:
        x_low, x_high = min(goal[0] for goal in goals), max(goal[0] for goal in goals)
        y_low, y_high = min(goal[1] for goal in goals), max(goal[1] for goal in goals)

        def to_a_side(x: int, y: int, way: int) -> float:
            dx = x_low - x if x < x_low else x - x_high if x > x_high else 0
            dy = y_low - y if y < y_low else y - y_high if y > y_high else 0
            return each * (dx + dy)

        return to_a_side
    few = [(x, y, way, price) for (x, y, way), (price, _point) in goals.items()]

    def to_a_box(x: int, y: int, way: int) -> float:
        least = 1e9
        step_x, step_y = STEP[way]
        for gx, gy, enter, price in few:
            dx, dy = gx - x, gy - y
            guess = each * (abs(dx) + abs(dy)) + price
            if guess >= least:
                continue
            if way == enter:
                straight = (dy == 0 and dx * step_x >= 0) if step_x else (dx == 0 and dy * step_y >= 0)
                guess += 0.0 if straight else 2.0
            elif (way + enter) & 1 == 0:
                guess += 2.0
            else:
                # one turn is enough when the goal lies ahead and is entered in the direction it lies
                enter_x, enter_y = STEP[enter]
                fits = dx * step_x >= 0 and dy * enter_y >= 0 if step_x else dy * step_y >= 0 and dx * enter_x >= 0
                guess += 1.0 if fits else 3.0
            if guess < least:
                least = guess
        return least

    return to_a_box


def _company(link: Link, other: Link) -> float:
    """What it costs a message or document line to dock where another line is docked."""
    if other.kind != link.kind:
        return 2.5
    return 1.5 if link.kind == "message" else 0.3


def _beside(box: Box, way: int) -> tuple[int, int]:
    """The grid point next to a box on one of its sides."""
    if way == RIGHT:
        return 2 * (box.col + box.span), box.row
    if way == LEFT:
        return 2 * box.col, box.row
    middle = 2 * (box.col + box.span // 2) + 1
    return middle, box.row + (1 if way == DOWN else -1)


def _way(a: tuple[int, int], b: tuple[int, int]) -> int:
    if a[1] == b[1]:
        return RIGHT if b[0] > a[0] else LEFT
    return DOWN if b[1] > a[1] else UP


# --- tracks -------------------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Piece:
    """One straight piece of a link: the `number`th of its path."""

    link: Link
    number: int
    low: int
    high: int
    ends: list[tuple[int, int]]  #: position along the line, and the side (-1, +1) the link goes on to
    fixed: bool = False
    offset: float = 0.0


@dataclass(slots=True, eq=False)
class Wire:
    """Pieces that lie on one another: on one line of the grid, on one track of it."""

    sideways: bool
    line: int
    pieces: list[Piece] = field(default_factory=list)
    track: int = 0
    tracks: int = 1  #: how many the line has
    offset: float = 0.0

    @property
    def low(self) -> int:
        return min(piece.low for piece in self.pieces)

    @property
    def high(self) -> int:
        return max(piece.high for piece in self.pieces)


def _tracks(scene: Scene) -> list[Wire]:
    lines: dict[tuple[bool, int], list[Piece]] = {}
    for link in scene.links:
        corners = link.path
        last = len(corners) - 2
        for number, (a, b) in enumerate(itertools.pairwise(corners)):
            sideways = a[1] == b[1]
            line = a[1] if sideways else a[0]
            along = (a[0], b[0]) if sideways else (a[1], b[1])
            ends = []
            if number > 0:
                before = corners[number - 1]
                ends.append((along[0], 1 if (before[1] > a[1] if sideways else before[0] > a[0]) else -1))
            if number < last:
                after = corners[number + 2]
                ends.append((along[1], 1 if (after[1] > b[1] if sideways else after[0] > b[0]) else -1))
            piece = Piece(link, number, min(along), max(along), ends)
            at_box = (number == 0 and link.outer_source in scene.boxes) or (
                number == last and link.outer_target in scene.boxes
            )
            if at_box and line % 2:
                piece.fixed = True
                if number == 0 and link.port is not None:
                    piece.offset = link.port.offset
                elif link.aside and not sideways:
                    docked = scene.boxes.get(link.outer_source if number == 0 else link.outer_target)
                    piece.offset = link.aside if docked is not None and docked.w > 3 * ASIDE else 0.0
            lines.setdefault((sideways, line), []).append(piece)
    wires: list[Wire] = []
    for (sideways, line), pieces in sorted(lines.items()):
        here = _wires(sideways, line, pieces)
        if line % 2:
            _spread(here)
        else:
            _order(here)
        wires += here
    return wires


def _clashes(wires: list[Wire]) -> dict[Link, frozenset[tuple[int, int]]]:
    """Links that lie on a strange one along a line of cells → the grid points to shun."""
    place: dict[tuple[str, int], float] = {}
    for wire in wires:
        here = wire.line + (wire.track * 0.01 if wire.line % 2 == 0 else wire.offset * 0.001)
        for piece in wire.pieces:
            place[piece.link.id, piece.number] = here
    found: dict[Link, frozenset[tuple[int, int]]] = {}
    by_line: dict[tuple[bool, int], list[Wire]] = {}
    for wire in wires:
        if wire.line % 2:
            by_line.setdefault((wire.sideways, wire.line), []).append(wire)
    for (sideways, line), here_ in by_line.items():
        spans = []
        for wire in here_:
            for piece in wire.pieces:
                before = place.get((piece.link.id, piece.number - 1))
                after = place.get((piece.link.id, piece.number + 1))
                a, b = piece.link.path[piece.number], piece.link.path[piece.number + 1]
                axis = 0 if sideways else 1
                ends = (a[axis] if before is None else before, b[axis] if after is None else after)
                spans.append((min(ends), max(ends), wire.offset, piece.link))
        spans.sort(key=lambda span: (span[0], span[1], span[3].order))
        for number, (_low, high, offset, link) in enumerate(spans):
            for other_low, other_high, other_offset, other in spans[number + 1 :]:
                if other_low >= high:
                    break
                if link is other or abs(offset - other_offset) > 4 or _may_share(link, other):
                    continue
                if min(high, other_high) - other_low > 0.005:
                    weaker = max(link, other, key=lambda link: (RANK[link.kind], link.back, not link.main, link.order))
                    at = range(int(other_low), int(min(high, other_high)) + 1)
                    points = frozenset((at_, line) if sideways else (line, at_) for at_ in at)
                    found[weaker] = found.get(weaker, frozenset()) | points
    return found


def _may_share(a: Link, b: Link) -> bool:
    if a.kind != b.kind or a.kind == "message":
        return False
    return a.outer_target == b.outer_target or (a.outer_source == b.outer_source and a.port is b.port)


def _wires(sideways: bool, line: int, pieces: list[Piece]) -> list[Wire]:
    wires: list[Wire] = []
    at: dict[int, set[int]] = {}  #: position along the line → numbers of the wires there
    for piece in sorted(pieces, key=lambda piece: (not piece.fixed, piece.low, piece.link.order)):
        span = range(piece.low, piece.high + 1)
        for number in sorted(set().union(*(at.get(position, ()) for position in span))):
            wire = wires[number]
            if (
                any(other.low <= piece.high and piece.low <= other.high for other in wire.pieces)
                and all(_may_share(other.link, piece.link) for other in wire.pieces)
                and not (piece.fixed and any(other.fixed and other.offset != piece.offset for other in wire.pieces))
                and not (wire.pieces[0].fixed != piece.fixed and wire.pieces[0].offset)
            ):
                wire.pieces.append(piece)
                break
        else:
            number = len(wires)
            wires.append(Wire(sideways, line, [piece]))
        for position in span:
            at.setdefault(position, set()).add(number)
    return wires


def _spread(wires: list[Wire]) -> None:
    """On a line of cells: what is docked stays where it is, the rest makes way."""
    settled: list[Wire] = []
    for wire in sorted(wires, key=lambda wire: not any(piece.fixed for piece in wire.pieces)):
        fixed = [piece.offset for piece in wire.pieces if piece.fixed]
        if fixed:
            wire.offset = fixed[0]
        else:
            near = [other for other in settled if other.low <= wire.high and wire.low <= other.high]
            for offset in (0.0, 12.0, -12.0, 24.0, -24.0, 36.0, -36.0):
                wire.offset = offset
                if all(abs(other.offset - offset) >= 10 for other in near):
                    break
        settled.append(wire)


def _crossings(first: Wire, second: Wire) -> float:
    """What it costs to put `first` before (left of, above) `second` in a gutter."""
    total = 0.0
    low, high = second.low, second.high
    turned = {(position, side) for piece in second.pieces for position, side in piece.ends}
    for piece in first.pieces:
        for position, side in piece.ends:
            if side > 0 and low < position < high:
                total += 1
            if side > 0 and (position, -1) in turned:
                # the two would lie on one another between their tracks
                total += 6 if position % 2 else 0.8
    low, high = first.low, first.high
    for piece in second.pieces:
        for position, side in piece.ends:
            if side < 0 and low < position < high:
                total += 1
    return total


def _order(wires: list[Wire]) -> None:
    """Put the wires of a gutter in an order with few crossings, and on as few tracks as that needs."""
    wires.sort(key=lambda wire: (sum(side for piece in wire.pieces for _at, side in piece.ends), wire.low, wire.high))
    swapped, passes = True, 0
    while swapped and passes < len(wires) + 2:
        swapped, passes = False, passes + 1
        for number in range(len(wires) - 1):
            a, b = wires[number], wires[number + 1]
            if _crossings(b, a) < _crossings(a, b):
                wires[number], wires[number + 1] = b, a
                swapped = True
    for number, wire in enumerate(wires):
        below = [w.track for w in wires[:number] if w.low <= wire.high and wire.low <= w.high]
        wire.track = max(below, default=-1) + 1
    count = max((wire.track for wire in wires), default=0) + 1
    for wire in wires:
        wire.tracks = count
