"""A line between two rectangles on a page where everything else already has its place.

For what the grid cannot know: a message that starts inside a sub-process, or a flow a person's drawing lacks.
"""

from __future__ import annotations

import heapq
import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

Rectangle = tuple[float, float, float, float]
Point = tuple[float, float]
AWAY = 12.0
_STEP = ((1, 0), (0, 1), (-1, 0), (0, -1))
#: only what lies this near to the two ends is gone around
_REACH = 260.0
_PATIENCE = 40_000


def connect(
    start: Rectangle,
    end: Rectangle,
    obstacles: Iterable[Rectangle],
    lines: Sequence[Sequence[Point]] = (),
    *,
    upright: bool = False,
    below: bool = False,
) -> list[Point]:
    """Corner points from the edge of `start` to the edge of `end`, around `obstacles`, with few bends and crossings.

    `upright` prefers to leave and enter at the top or bottom, as messages do; `below` leaves only at the bottom, as
    flows of boundary events do. When nothing is free the two are joined by the plainest line there is.
    """
    left, top = min(start[0], end[0]) - _REACH, min(start[1], end[1]) - _REACH
    right = max(start[0] + start[2], end[0] + end[2]) + _REACH
    bottom = max(start[1] + start[3], end[1] + end[3]) + _REACH
    around = [r for r in obstacles if r[0] < right and r[0] + r[2] > left and r[1] < bottom and r[1] + r[3] > top]
    around += [start, end]
    (ax, ay), (bx, by) = _facing(start, end)
    xs = sorted({ax, bx, *(v for x, _y, w, _h in around for v in (x - AWAY, x + w / 2, x + w + AWAY))})
    ys = sorted({ay, by, *(v for _x, y, _w, h in around for v in (y - AWAY, y + h / 2, y + h + AWAY))})
    blocked: set[tuple[int, int]] = set()
    for x, y, w, h in around:
        for column in range(bisect_right(xs, x - 5), bisect_left(xs, x + w + 5)):
            for row in range(bisect_right(ys, y - 5), bisect_left(ys, y + h + 5)):
                blocked.add((column, row))
    level: dict[float, list[tuple[float, float]]] = {}
    plumb: dict[float, list[tuple[float, float]]] = {}
    for line in lines:
        for (x1, y1), (x2, y2) in itertools.pairwise(line):
            if y1 == y2:
                level.setdefault(y1, []).append((min(x1, x2), max(x1, x2)))
            elif x1 == x2:
                plumb.setdefault(x1, []).append((min(y1, y2), max(y1, y2)))
    level_at, plumb_at = sorted(level), sorted(plumb)

    def price(x1: float, y1: float, x2: float, y2: float) -> float:
        """Crossings and shared stretches of one step."""
        total = 0.0
        if y1 == y2:
            low, high = min(x1, x2), max(x1, x2)
            for x in plumb_at[bisect_right(plumb_at, low) : bisect_left(plumb_at, high)]:
                total += 0.9 * sum(a < y1 < b for a, b in plumb[x])
            for y in level_at[bisect_left(level_at, y1 - 5) : bisect_right(level_at, y1 + 5)]:
                total += 3 * any(a < high and low < b for a, b in level[y])
        else:
            low, high = min(y1, y2), max(y1, y2)
            for y in level_at[bisect_right(level_at, low) : bisect_left(level_at, high)]:
                total += 0.9 * sum(a < x1 < b for a, b in level[y])
            for x in plumb_at[bisect_left(plumb_at, x1 - 5) : bisect_right(plumb_at, x1 + 5)]:
                total += 3 * any(a < high and low < b for a, b in plumb[x])
        return total

    starts = {}
    for way, (x, y), cost in _doors(start, ax, ay, upright, leaving=True):
        if not below or way == 1:
            starts[xs.index(x), ys.index(y), way] = cost
    goals = {}
    for way, (x, y), cost in _doors(end, bx, by, upright, leaving=False):
        goals[xs.index(x), ys.index(y), (way + 2) % 4] = cost
    found = _search(xs, ys, starts, goals, blocked, price)
    if found is None:
        return _plain(start, end, ax, ay, bx, by)
    points = [(xs[column], ys[row]) for column, row in found]
    first_way, last_way = found_ways(found, starts, goals)
    points.insert(0, _edge(start, points[0], first_way))
    points.append(_edge(end, points[-1], (last_way + 2) % 4))
    return _corners(points)


def _facing(start: Rectangle, end: Rectangle) -> tuple[Point, Point]:
    """Where on each rectangle a line docks: the middle, or for a long one, beside the middle of the other."""
    ax, ay = start[0] + start[2] / 2, start[1] + start[3] / 2
    bx, by = end[0] + end[2] / 2, end[1] + end[3] / 2
    if start[2] > 3 * end[2] and start[2] > 250:
        ax = min(max(bx, start[0] + 15), start[0] + start[2] - 15)
    elif end[2] > 3 * start[2] and end[2] > 250:
        bx = min(max(ax, end[0] + 15), end[0] + end[2] - 15)
    return (ax, ay), (bx, by)


def _doors(r: Rectangle, cx: float, cy: float, upright: bool, *, leaving: bool) -> list[tuple[int, Point, float]]:
    x, y, w, h = r
    sides = (2.5, 0.0, 2.5, 0.0) if upright else (0.0, 1.2, 4.0, 1.3) if leaving else (4.0, 1.2, 0.0, 1.3)
    return [
        (0, (x + w + AWAY, y + h / 2), sides[0]),
        (1, (cx, y + h + AWAY), sides[1]),
        (2, (x - AWAY, y + h / 2), sides[2]),
        (3, (cx, y - AWAY), sides[3]),
    ]


def _search(
    xs: list[float],
    ys: list[float],
    starts: dict[tuple[int, int, int], float],
    goals: dict[tuple[int, int, int], float],
    blocked: set[tuple[int, int]],
    price: object,
) -> list[tuple[int, int]] | None:
    queue: list[tuple[float, tuple[int, int, int], tuple[int, int, int] | None]] = [
        (cost, state, None) for state, cost in starts.items() if state[:2] not in blocked
    ]
    heapq.heapify(queue)
    came: dict[tuple[int, int, int], tuple[int, int, int] | None] = {}
    best: tuple[float, tuple[int, int, int]] | None = None
    while queue and len(came) < _PATIENCE:
        cost, state, before = heapq.heappop(queue)
        if best is not None and cost >= best[0]:
            break
        if state in came:
            continue
        came[state] = before
        if state in goals and (best is None or cost + goals[state] < best[0]):
            best = (cost + goals[state], state)
        column, row, way = state
        for turn in (0, 1, 3):
            new = (way + turn) % 4
            if turn:
                next_, more = (column, row, new), 1.0
                if next_ not in came:
                    heapq.heappush(queue, (cost + more, next_, state))
                continue
            dx, dy = _STEP[new]
            c, r = column + dx, row + dy
            if 0 <= c < len(xs) and 0 <= r < len(ys) and (c, r) not in blocked and (c, r, new) not in came:
                long = abs(xs[c] - xs[column]) + abs(ys[r] - ys[row])
                more = long / 700 + price(xs[column], ys[row], xs[c], ys[r])  # type: ignore[operator]
                heapq.heappush(queue, (cost + more, (c, r, new), state))
    if best is None:
        return None
    path: list[tuple[int, int]] = []
    at: tuple[int, int, int] | None = best[1]
    while at is not None:
        if not path or path[-1] != at[:2]:
            path.append(at[:2])
        at = came[at]
    path.reverse()
    return path


def found_ways(
    path: list[tuple[int, int]],
    starts: dict[tuple[int, int, int], float],
    goals: dict[tuple[int, int, int], float],
) -> tuple[int, int]:
    """Which side the path leaves by, and which way it enters."""
    first = next(way for column, row, way in starts if (column, row) == path[0])
    last = next(way for column, row, way in goals if (column, row) == path[-1])
    return first, last


def _edge(r: Rectangle, point: Point, way: int) -> Point:
    x, y, w, h = r
    return {0: (x + w, point[1]), 1: (point[0], y + h), 2: (x, point[1]), 3: (point[0], y)}[way]


def _corners(points: list[Point]) -> list[Point]:
    kept: list[Point] = []
    for point in points:
        if kept and point == kept[-1]:
            continue
        if len(kept) > 1 and (kept[-2][0] == kept[-1][0] == point[0] or kept[-2][1] == kept[-1][1] == point[1]):
            kept[-1] = point
        else:
            kept.append(point)
    return [(round(x, 1), round(y, 1)) for x, y in kept]


def _plain(start: Rectangle, end: Rectangle, ax: float, ay: float, bx: float, by: float) -> list[Point]:
    """Straight across: the last resort, still in right angles."""
    x1 = start[0] + start[2] if bx >= ax else start[0]
    x2 = end[0] if bx >= ax else end[0] + end[2]
    middle = (x1 + x2) / 2
    return _corners([(x1, ay), (middle, ay), (middle, by), (x2, by)])
