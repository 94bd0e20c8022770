"""Where things stand in a picture, read from its SVG: shapes, signs and lines in the coordinates of the file."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Iterator

from lxml import etree

SVG = "{http://www.w3.org/2000/svg}"
Point = tuple[float, float]
Rectangle = tuple[float, float, float, float]  #: left, top, width, height
_TOKEN = re.compile(r"[A-Za-z]|-?\d*\.?\d+(?:e-?\d+)?")
_NUMBERS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "Q": 4, "A": 7, "Z": 0}


def _steps(path: str) -> Iterator[tuple[str, list[float]]]:
    tokens = _TOKEN.findall(path)
    command, at = "", 0
    while at < len(tokens):
        if tokens[at].isalpha():
            command, at = tokens[at], at + 1
        count = _NUMBERS[command.upper()]
        yield command, [float(token) for token in tokens[at : at + count]]
        at += count
        command = {"M": "L", "m": "l"}.get(command, command)


def path_points(path: str) -> list[Point]:
    """Points a path runs through; curves and arcs by twenty points each."""
    points: list[Point] = []
    x = y = start_x = start_y = 0.0
    for command, numbers in _steps(path):
        base_x, base_y = (x, y) if command.islower() else (0.0, 0.0)
        match command.upper():
            case "M":
                x, y = base_x + numbers[0], base_y + numbers[1]
                start_x, start_y = x, y
            case "L":
                x, y = base_x + numbers[0], base_y + numbers[1]
            case "H":
                x = base_x + numbers[0]
            case "V":
                y = base_y + numbers[0]
            case "Z":
                x, y = start_x, start_y
            case "C" | "Q":
                pairs = [(base_x + a, base_y + b) for a, b in zip(numbers[::2], numbers[1::2], strict=True)]
                points += [_curve([(x, y), *pairs], step / 20) for step in range(1, 20)]
                x, y = pairs[-1]
            case "A":
                end = (base_x + numbers[5], base_y + numbers[6])
                points += _arc((x, y), numbers[0], bool(numbers[3]), bool(numbers[4]), end)
                x, y = end
        points.append((x, y))
    return points


def _curve(points: list[Point], at: float) -> Point:
    while len(points) > 1:
        points = [(a[0] + (b[0] - a[0]) * at, a[1] + (b[1] - a[1]) * at) for a, b in itertools.pairwise(points)]
    return points[0]


def _arc(start: Point, radius: float, large: bool, sweep: bool, end: Point) -> list[Point]:
    """Points of an arc of a circle."""
    (x1, y1), (x2, y2) = start, end
    half = math.hypot(x2 - x1, y2 - y1) / 2
    radius = max(radius, half)
    height = math.sqrt(max(0.0, radius**2 - half**2)) * (-1 if large == sweep else 1)
    cx = (x1 + x2) / 2 - height * (y2 - y1) / (2 * half or 1)
    cy = (y1 + y2) / 2 + height * (x2 - x1) / (2 * half or 1)
    first, last = math.atan2(y1 - cy, x1 - cx), math.atan2(y2 - cy, x2 - cx)
    if sweep and last < first:
        last += 2 * math.pi
    if not sweep and last > first:
        last -= 2 * math.pi
    return [
        (
            cx + radius * math.cos(first + (last - first) * n / 20),
            cy + radius * math.sin(first + (last - first) * n / 20),
        )
        for n in range(21)
    ]


def around(points: Iterable[Point]) -> Rectangle:
    """The rectangle around points."""
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)


def union(rectangles: Iterable[Rectangle]) -> Rectangle:
    """The rectangle around rectangles."""
    return around(corner for x, y, w, h in rectangles for corner in ((x, y), (x + w, y + h)))


def place(part: etree._Element) -> Rectangle | None:
    """The rectangle of one drawn part, in the coordinates of the page it stands on; None for text."""
    value = {name: float(part.get(name, "0")) for name in ("x", "y", "width", "height", "cx", "cy", "r")}
    if part.tag == f"{SVG}rect":
        found = (value["x"], value["y"], value["width"], value["height"])
    elif part.tag == f"{SVG}circle":
        found = (value["cx"] - value["r"], value["cy"] - value["r"], 2 * value["r"], 2 * value["r"])
    elif part.tag == f"{SVG}path":
        found = around(path_points(part.get("d", "")))
    else:
        return None
    above = part.getparent()
    while above is not None and above.get("class") != "plane":
        found = _moved(found, above.get("transform", ""))
        above = above.getparent()
    return found


def _moved(rectangle: Rectangle, transform: str) -> Rectangle:
    x, y, w, h = rectangle
    if scale := re.search(r"scale\(([-\d.]+)\)", transform):
        x, y, w, h = (number * float(scale[1]) for number in (x, y, w, h))
    if shift := re.search(r"translate\(([-\d.]+),([-\d.]+)\)", transform):
        x, y = x + float(shift[1]), y + float(shift[2])
    return x, y, w, h


def parts(group: etree._Element) -> list[etree._Element]:
    """Everything drawn in a group, in order."""
    return [part for part in group.iter(f"{SVG}rect", f"{SVG}circle", f"{SVG}path")]
