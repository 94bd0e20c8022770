"""Where things stand before anything is measured: a column for each step of the story, a row inside its lane.

Columns follow the longest way from the start, so that every flow that is not rework leads to the right. Rows keep the
main path of a lane on one line; what branches off finds the nearest free line below.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from workflow_runtime.diagram.layout.scene import Band, Box, Link, Scene

PITCH = 145.0  #: usual distance of two columns, for guessing how many a wide box takes


@dataclass(slots=True)
class Grid:
    """Lines of the grid: odd numbers are columns and rows with boxes, even numbers the gutters between them."""

    columns: int
    kinds: list[str] = field(default_factory=list)  #: of each horizontal line: "row", "channel" or "border"
    bands: list[int] = field(default_factory=list)  #: band of each horizontal line
    occupied: dict[tuple[int, int], Box] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """Number of vertical lines."""
        return 2 * self.columns + 1


def arrange(scene: Scene) -> Grid:
    """Give every box of the scene a column and a row, and draw up the grid."""
    flows = [link for link in scene.links if link.kind == "sequence" and link.outer_source != link.outer_target]
    _mark_rework(scene, flows)
    _set_columns(scene, flows)
    _choose_main_paths(scene, flows)
    rows = _Rows(scene, flows)
    rows.fill()
    _place_collapsed_pools(scene)
    return _grid(scene)


# --- columns ------------------------------------------------------------------------------------------------------


def _mark_rework(scene: Scene, flows: list[Link]) -> None:
    """A flow is rework when it leads to a step the story has come through on the way here."""
    leaving: dict[str, list[Link]] = {}
    entered: set[str] = set()
    for link in sorted(flows, key=lambda link: link.order):
        leaving.setdefault(link.outer_source, []).append(link)
        entered.add(link.outer_target)
    boxes = sorted(scene.boxes.values(), key=lambda box: (box.id in entered, box.kind != "startEvent", box.order))
    open_, done = set(), set()
    for root in boxes:
        if root.id in done:
            continue
        stack: list[tuple[str, int]] = [(root.id, 0)]
        open_.add(root.id)
        while stack:
            id, number = stack.pop()
            links = leaving.get(id, [])
            if number == len(links):
                open_.discard(id)
                done.add(id)
                continue
            stack.append((id, number + 1))
            link = links[number]
            if link.outer_target in open_:
                link.back = True
            elif link.outer_target not in done:
                open_.add(link.outer_target)
                stack.append((link.outer_target, 0))


def _set_columns(scene: Scene, flows: list[Link]) -> None:
    for box in scene.boxes.values():
        if box.inner is not None:
            box.span = max(1, round((box.w + 40) / PITCH))
    forward: dict[str, list[tuple[str, bool]]] = {}
    waiting = dict.fromkeys(scene.boxes, 0)
    for link in flows:
        if not link.back:
            forward.setdefault(link.outer_source, []).append((link.outer_target, True))
            waiting[link.outer_target] += 1
    for link in scene.links:
        a, b = scene.boxes.get(link.outer_source), scene.boxes.get(link.outer_target)
        if link.kind != "message" or a is None or b is None or "pool" in (a.kind, b.kind) or a is b:
            continue
        # what is sent is drawn no further left than where it comes from, unless the pools wait for each other
        if not _reaches(forward, b.id, a.id):
            forward.setdefault(a.id, []).append((b.id, False))
            waiting[b.id] += 1
    ready = [(box.order, id) for id, box in scene.boxes.items() if not waiting[id]]
    heapq.heapify(ready)
    order: list[str] = []
    while ready:
        _, id = heapq.heappop(ready)
        order.append(id)
        box = scene.boxes[id]
        for target, after in forward.get(id, ()):
            next_ = scene.boxes[target]
            next_.col = max(next_.col, box.col + (box.span if after else 0))
            waiting[target] -= 1
            if not waiting[target]:
                heapq.heappush(ready, (next_.order, target))
    entering: dict[str, int] = {}
    for targets in forward.values():
        for target, _after in targets:
            entering[target] = entering.get(target, 0) + 1
    for id in reversed(order):
        outs = forward.get(id, [])
        box = scene.boxes[id]
        if outs and len(outs) > entering.get(id, 0):
            # a step that starts a side branch stands close to what it leads to
            latest = min(scene.boxes[target].col - (box.span if after else 0) for target, after in outs)
            box.col = max(box.col, latest)


def _reaches(forward: dict[str, list[tuple[str, bool]]], start: str, goal: str) -> bool:
    seen, stack = {start}, [start]
    while stack:
        id = stack.pop()
        if id == goal:
            return True
        for target, _after in forward.get(id, ()):
            if target not in seen:
                seen.add(target)
                stack.append(target)
    return False


def _choose_main_paths(scene: Scene, flows: list[Link]) -> None:
    """The straight path of each pool: the longest way from its first start event."""
    leaving: dict[str, list[Link]] = {}
    entered: set[str] = set()
    for link in sorted(flows, key=lambda link: link.order):
        if not link.back:
            leaving.setdefault(link.outer_source, []).append(link)
            entered.add(link.outer_target)
    length: dict[str, float] = {}
    for id in sorted(scene.boxes, key=lambda id: -scene.boxes[id].col):
        # ways that begin at a boundary event are exceptions, however long
        length[id] = 1 + max(
            (length.get(link.outer_target, 0) * (0.3 if link.port else 1) for link in leaving.get(id, ())), default=0
        )
    for pool in scene.pools:
        bands = set(pool.bands)
        roots = [
            box for box in scene.boxes.values() if box.band in bands and box.id not in entered and box.id in leaving
        ]
        if not roots:
            continue
        roots.sort(key=lambda box: (box.kind != "startEvent", -length[box.id], box.order))
        id = roots[0].id
        while leaving.get(id):
            link = max(
                leaving[id], key=lambda link: (length[link.outer_target] * (0.3 if link.port else 1), -link.order)
            )
            link.main = True
            id = link.outer_target


# --- rows ---------------------------------------------------------------------------------------------------------


_NONE: set[int] = set()


class _Rows:
    """Lines inside each band; numbers may be negative until `number` counts them from the top."""

    def __init__(self, scene: Scene, flows: list[Link]) -> None:
        self._scene = scene
        self._taken: dict[int, dict[int, set[int]]] = {}
        self._placed: set[str] = set()
        self._next: dict[str, list[Link]] = {}
        self._before: dict[str, list[Link]] = {}
        for link in flows:
            if not link.back:
                self._next.setdefault(link.outer_source, []).append(link)
                self._before.setdefault(link.outer_target, []).append(link)

    def fill(self) -> None:
        scene = self._scene
        steps = [box for box in scene.boxes.values() if box.band >= 0 and not box.anchors and box.kind != "pool"]
        linked = [box for box in steps if box.id in self._next or box.id in self._before]
        main = {end for link in scene.links if link.main for end in (link.outer_source, link.outer_target)}
        for box in linked:
            if box.id in main:
                self._put(box, 0)
        for box in sorted(linked, key=lambda box: (box.col, box.order)):
            if box.id not in self._placed:
                self._put_chain(self._chain(box))
        for box in sorted((box for box in steps if box.id not in self._placed), key=lambda box: box.order):
            self._put_alone(box)
        for box in sorted((box for box in scene.boxes.values() if box.anchors), key=lambda box: box.order):
            self._put_beside(box)
        for band, lines in self._taken.items():
            first = min((row for row, cells in lines.items() if cells), default=0)
            for box in scene.boxes.values():
                if box.band == band:
                    box.row -= first
            scene.bands[band].rows = max((row for row, cells in lines.items() if cells), default=-1) - first + 1

    def _cells(self, band: int, row: int) -> set[int]:
        return self._taken.get(band, {}).get(row, _NONE)

    def _take(self, band: int, row: int, columns: Iterable[int]) -> None:
        self._taken.setdefault(band, {}).setdefault(row, set()).update(columns)

    def _put(self, box: Box, row: int) -> None:
        box.row = row
        self._take(box.band, row, range(box.col, box.col + box.span))
        self._placed.add(box.id)

    def _chain(self, first: Box) -> list[Box]:
        """The unplaced steps that follow in the same band without leaving it."""
        chain = [first]
        while True:
            last = chain[-1]
            following = [
                self._scene.boxes[link.outer_target]
                for link in self._next.get(last.id, ())
                if link.outer_target not in self._placed and self._scene.boxes[link.outer_target].band == first.band
            ]
            following = [box for box in following if box not in chain]
            if not following:
                return chain
            chain.append(min(following, key=lambda box: (len(self._before.get(box.id, ())) > 1, box.order)))

    def _put_chain(self, chain: list[Box]) -> None:
        boxes = self._scene.boxes
        band = chain[0].band
        span = set(range(chain[0].col, chain[-1].col + chain[-1].span))
        before = [(boxes[link.outer_source], link) for link in self._before.get(chain[0].id, ())]
        before = [(box, link) for box, link in before if box.id in self._placed]
        after = [boxes[link.outer_target] for link in self._next.get(chain[-1].id, ())]
        after = [box for box in after if box.id in self._placed]
        lines = self._taken.get(band, {})
        low, high = min(lines, default=0), max(lines, default=-1)

        def cost(row: int) -> float:
            total = 0.0
            if row > high or row < low:
                total += 0.8
            if row < 0:
                total += 1.1
            for box, link in before:
                if box.band == band:
                    total += abs(row - box.row)
                    between = range(box.col + box.span, chain[0].col)
                    if row == box.row:
                        total += 1.5 * any(col in self._cells(band, row) for col in between)
                        # a boundary event sits below its host: its way goes down, not straight on
                        total += 2.5 if link.port else 0
                        total += 0 if not any(other.main for other in self._next[box.id]) else 0.6
                    else:
                        down = range(min(row, box.row) + 1, max(row, box.row))
                        total += 0.7 * sum(box.col in self._cells(band, line) for line in down)
                        total += 1.5 if link.port and row < box.row else 0
                else:
                    total += 0.3 * (abs(row - low) if box.band < band else abs(high - row))
            for box in after:
                if box.band == band:
                    total += 0.5 * abs(row - box.row)
                else:
                    total += 0.15 * (abs(row - low) if box.band < band else abs(high - row))
            return total

        free = [row for row in range(low - 1, high + 2) if not span & self._cells(band, row)]
        row = min(free, key=lambda row: (cost(row), row))
        for box in chain:
            self._put(box, row)
        # keep the line between the steps of the chain to itself
        self._take(band, row, span)

    def _put_alone(self, box: Box) -> None:
        """A step without flows, an event sub-process above all: below the rest of its lane, side by side."""
        lines = self._taken.get(box.band, {})
        columns = max((other.col + other.span for other in self._scene.boxes.values()), default=1)
        used = {
            other.row
            for other in self._scene.boxes.values()
            if other.id in self._placed
            and other.band == box.band
            and (other.id in self._next or other.id in self._before)
        }
        row = max(used, default=-1) + 1
        while True:
            cells = lines.get(row, set())
            start = max(cells, default=-1) + 1
            if not cells or start + box.span <= columns:
                box.col = start
                self._put(box, row)
                return
            row += 1

    def _put_beside(self, box: Box) -> None:
        """An artifact: in the nearest free cell above (a note) or below (data) what it belongs to."""
        boxes = self._scene.boxes
        anchors = [boxes[id] for id in box.anchors if id in boxes and id in self._placed and boxes[id].band == box.band]
        if not anchors:
            self._put_alone(box)
            return
        anchor = anchors[0]
        if len(anchors) > 1 and box.kind != "textAnnotation":
            box.col = sum(other.col for other in anchors) // len(anchors)
        else:
            box.col = anchor.col
        lines = self._taken.get(box.band, {})
        low, high = min(lines, default=0), max(lines, default=0)
        up = box.kind == "textAnnotation"
        best = None
        for row in range(low - 1, high + 2):
            if box.col in self._cells(box.band, row):
                continue
            away = row - anchor.row
            cost = abs(away) + (0.4 if (away < 0) != up else 0.0) + (0.5 if row < low or row > high else 0.0)
            cost += (
                0.8
                if any(
                    cells
                    for line, cells in lines.items()
                    if min(row, anchor.row) < line < max(row, anchor.row) and box.col in cells
                )
                else 0
            )
            if best is None or cost < best[0]:
                best = (cost, row)
        assert best is not None
        self._put(box, best[1])


# --- pools that show no inside ------------------------------------------------------------------------------------


def _place_collapsed_pools(scene: Scene) -> None:
    """Above or below the open pools, over the columns they exchange messages with, side by side where they can."""
    closed = [box for box in scene.boxes.values() if box.kind == "pool"]
    columns = max((box.col + box.span for box in scene.boxes.values() if box.kind != "pool"), default=4)
    count = len(scene.bands)
    sides: dict[bool, list[tuple[Box, list[int]]]] = {True: [], False: []}
    for box in sorted(closed, key=lambda box: box.order):
        partners = [
            scene.boxes[end]
            for link in scene.links
            if link.kind == "message" and box.id in (link.outer_source, link.outer_target)
            for end in (link.outer_source, link.outer_target)
            if end != box.id and end in scene.boxes and scene.boxes[end].kind != "pool"
        ]
        middle = sum(p.band + 0.5 for p in partners) / len(partners) if partners else count / 2
        cols = sorted(p.col + p.span // 2 for p in partners)
        # near what it speaks with; but two pools over the same columns rather stand on either side
        away = {True: middle / count, False: 1 - middle / count} if count > 1 else {True: 0.0, False: 0.0}
        crowd = {above: sum(_overlap(cols, other) for _box, other in group) for above, group in sides.items()}
        above = away[True] + crowd[True] < away[False] + crowd[False] or (
            away[True] + crowd[True] == away[False] + crowd[False] and len(sides[True]) <= len(sides[False])
        )
        sides[above].append((box, cols))
    for above, group in sides.items():
        for box, first, wide, row, rows in _strips(group, columns):
            box.col, box.span = first, wide
            box.row = rows - 1 - row if above else row
            box.band = -1 if above else -2


def _overlap(a: list[int], b: list[int]) -> float:
    """Which share of the narrower range the two have in common; some even when neither says where it stands."""
    if not a or not b:
        return 0.5
    common = min(a[-1], b[-1]) - max(a[0], b[0]) + 1
    return max(0.0, common / (1 + min(a[-1] - a[0], b[-1] - b[0])))


def _strips(group: list[tuple[Box, list[int]]], columns: int) -> Iterator[tuple[Box, int, int, int, int]]:
    """Pools on one side, in as few rows as hold them: pool, first column, columns, row (0 = nearest), rows.

    A pool in a second row is reached around those in the first: so the first is shared out while it lasts.
    """
    needs = {box.id: min(columns, max(1, round(box.w / PITCH + 0.4))) for box, _cols in group}
    group = sorted(group, key=lambda entry: (entry[1][len(entry[1]) // 2] if entry[1] else columns, entry[0].order))
    rows: list[list[tuple[Box, list[int]]]] = []
    for entry in group:
        room = columns - sum(needs[box.id] + 1 for box, _cols in rows[-1]) if rows else -1
        if room >= needs[entry[0].id]:
            rows[-1].append(entry)
        else:
            rows.append([entry])
    for number, row in enumerate(rows):
        if len(group) == 1:
            yield row[0][0], 0, columns, 0, 1
            return
        low = 0
        for place, (box, cols) in enumerate(row):
            need = needs[box.id]
            after = row[place + 1 :]
            high = columns - sum(needs[other.id] + 1 for other, _cols in after)
            if after and cols and after[0][1]:
                # up to half way to what the next one speaks with
                half = (cols[len(cols) // 2] + after[0][1][len(after[0][1]) // 2]) // 2
                high = max(low + need, min(high, max(half, cols[-1] + 1 if cols[-1] < after[0][1][0] else half)))
            want = (cols[0], cols[-1] + 1) if cols else (low, low + need)
            if want[1] - want[0] < need:
                middle = (want[0] + want[1]) // 2
                want = (middle - need // 2, middle - need // 2 + need)
            first = min(max(low, want[0]), high - need)
            end = max(first + need, min(high, want[1]))
            yield box, first, end - first, number, len(rows)
            low = end + 1


# --- the grid -----------------------------------------------------------------------------------------------------


def _grid(scene: Scene) -> Grid:
    columns = max((box.col + box.span for box in scene.boxes.values()), default=1)
    grid = Grid(columns)
    lines: dict[tuple[int, int], int] = {}

    def add(band: int, rows: int) -> None:
        if grid.kinds:
            # a border between bands: flows cross it, none runs along it; rows keep odd numbers
            grid.kinds.append("border")
            grid.bands.append(band)
        grid.kinds.append("channel")
        grid.bands.append(band)
        for row in range(rows):
            lines[band, row] = len(grid.kinds)
            grid.kinds += ["row", "channel"]
            grid.bands += [band, band]

    def outside(key: int) -> None:
        boxes = [box for box in scene.boxes.values() if box.kind == "pool" and box.band == key]
        scene.bands.append(Band(None))
        band = len(scene.bands) - 1
        scene.bands[band].rows = max((box.row for box in boxes), default=-1) + 1
        for box in boxes:
            box.band = band
        add(band, scene.bands[band].rows)

    outside(-1)
    open_ = [pool for pool in scene.pools if pool.bands]
    for number, pool in enumerate(open_):
        if number:
            scene.bands.append(Band(None))
            add(len(scene.bands) - 1, 0)
        for band in pool.bands:
            # an empty lane still shows as a lane
            scene.bands[band].rows = max(1, scene.bands[band].rows)
            add(band, scene.bands[band].rows)
    outside(-2)
    for box in scene.boxes.values():
        box.row = lines[box.band, box.row]
        for line in range(2 * box.col + 1, 2 * (box.col + box.span)):
            grid.occupied[line, box.row] = box
    return grid
