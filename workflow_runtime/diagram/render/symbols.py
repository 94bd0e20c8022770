"""The signs of BPMN, drawn around (0, 0). Each is a list of pieces: SVG path data and whether it is filled."""

from __future__ import annotations

import math
from functools import cache

Sign = tuple[tuple[str, bool], ...]


def _circle(r: float, cx: float = 0.0, cy: float = 0.0) -> str:
    return f"M{cx - r:g},{cy:g}a{r:g},{r:g} 0 1 0 {2 * r:g},0a{r:g},{r:g} 0 1 0 {-2 * r:g},0z"


def _polygon(corners: int, r: float, turn: float = -90.0) -> str:
    points = [
        (r * math.cos(math.radians(turn + 360 * n / corners)), r * math.sin(math.radians(turn + 360 * n / corners)))
        for n in range(corners)
    ]
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in points) + "z"


def _gear(r: float, teeth: int = 8) -> str:
    points = []
    for tooth in range(teeth):
        for step, radius in ((-0.30, r * 0.72), (-0.20, r), (0.20, r), (0.30, r * 0.72)):
            angle = 2 * math.pi * (tooth + step) / teeth
            points.append(f"{radius * math.cos(angle):.1f},{radius * math.sin(angle):.1f}")
    return "M" + "L".join(points) + "z" + _circle(r * 0.33)


def _plus(r: float, thick: float) -> str:
    a, b = f"{r:g}", f"{thick:g}"
    return f"M-{b},-{a}H{b}V-{b}H{a}V{b}H{b}V{a}H-{b}V{b}H-{a}V-{b}H-{b}z"


_ENVELOPE = "M-10,-6.5H10V6.5H-10z"
_ENVELOPE_FLAP = "M-10,-6.5L0,1L10,-6.5"
_ENVELOPE_FULL = "M-10,-7H10L0,0.2zM-10,-5.2L0,2L10,-5.2V7H-10z"
_DIAGONAL = "M-8.5,-5.5L-5.5,-8.5L0,-3L5.5,-8.5L8.5,-5.5L3,0L8.5,5.5L5.5,8.5L0,3L-5.5,8.5L-8.5,5.5L-3,0z"


@cache
def event(kind: str, throwing: bool) -> Sign:
    """The sign inside an event."""
    match kind:
        case "message":
            return ((_ENVELOPE_FULL, True),) if throwing else ((_ENVELOPE, False), (_ENVELOPE_FLAP, False))
        case "timer":
            ticks = "".join(
                f"M{8.6 * math.cos(a):.1f},{8.6 * math.sin(a):.1f}L{10.6 * math.cos(a):.1f},{10.6 * math.sin(a):.1f}"
                for a in (math.radians(30 * n) for n in range(12))
            )
            return ((_circle(10.8), False), (ticks, False), ("M1.5,-7.5L0,0.5L5,2.5", False))
        case "signal":
            return (("M0,-11.7L10,6.3H-10z", throwing),)
        case "error":
            return (("M-11,8.5L-6,-9L1.5,1.5L9,-11.5L5,7L-2.5,-2z", throwing),)
        case "escalation":
            return (("M0,-9.5L7.5,8.5L0,1.5L-7.5,8.5z", throwing),)
        case "compensate":
            return (("M-0.5,-7V7L-9.5,0zM8.5,-7V7L-0.5,0z", throwing),)
        case "conditional":
            return (("M-7.5,-9H7.5V9H-7.5z", False), ("M-5,-5.5H5M-5,-2H5M-5,1.5H5M-5,5H5", False))
        case "link":
            return (("M-9.5,-3.5H2V-8L10,0L2,8V3.5H-9.5z", throwing),)
        case "terminate":
            return ((_circle(10), True),)
        case "cancel":
            return ((_DIAGONAL, throwing),)
        case "parallel":
            return ((_plus(9, 3), False),)
        case _:
            return ((_polygon(5, 10), throwing),)


@cache
def activity(kind: str, instantiate: bool = False) -> Sign:
    """The sign in the upper left corner of a task."""
    match kind:
        case "userTask":
            return ((_circle(4, 0, -4.2), False), ("M-8,8.5V5.5C-8,1.5 -4,0.4 0,0.4C4,0.4 8,1.5 8,5.5V8.5z", False))
        case "manualTask":
            return (
                (
                    "M-9,0C-6,-4 -4,-7 -1,-7.5C0.5,-7.5 1,-6 0,-4.8L-2,-2.6H8C9.6,-2.6 9.6,-0.2 8,-0.2H2.5H9C10.4,-0.2 "
                    "10.4,2.2 9,2.2H2.5H8C9.4,2.2 9.4,4.5 8,4.5H2.5H6.5C7.8,4.5 7.8,6.7 6.5,6.7H-4C-6.5,6.7 -9,5 -9,3z",
                    False,
                ),
            )
        case "serviceTask":
            return ((_gear(9.5), False),)
        case "sendTask":
            return ((_ENVELOPE_FULL, True),)
        case "receiveTask":
            if instantiate:
                small = "M-5.5,-3.6H5.5V3.6H-5.5zM-5.5,-3.6L0,0.8L5.5,-3.6"
                return ((small, False), (_circle(10), False))
            return ((_ENVELOPE, False), (_ENVELOPE_FLAP, False))
        case "scriptTask":
            return (
                ("M-4,-9H8.5C3,-5 3.5,-2 5.5,0C8,3 7,6.5 4,9H-8.5C-4,6 -4.5,3 -6.5,0C-8.5,-3 -8,-6 -4,-9z", False),
                ("M-4.5,-5.5H2.5M-5,-2H2M-3.5,2H4M-3.5,5.5H4", False),
            )
        case "businessRuleTask":
            return (
                ("M-10,-7.5H10V7.5H-10z", False),
                ("M-10,-7.5H10V-3.2H-10z", True),
                ("M-10,2.2H10M-3.6,-3.2V7.5", False),
            )
        case _:
            return ()


#: the middle of a task's sign, from the task's upper left corner
ACTIVITY_AT = {
    "userTask": (13, 14),
    "manualTask": (15.5, 10.5),
    "serviceTask": (13.5, 13),
    "sendTask": (16.5, 12),
    "receiveTask": (16, 12),
    "scriptTask": (12.5, 13),
    "businessRuleTask": (17, 13.5),
}


@cache
def gateway(kind: str, instantiate: bool = False, parallel: bool = False) -> Sign:
    """The sign inside a gateway."""
    match kind:
        case "exclusiveGateway":
            return (("M-8.5,-10H-5L0,-2.6L5,-10H8.5L1.9,0L8.5,10H5L0,2.6L-5,10H-8.5L-1.9,0z", True),)
        case "parallelGateway":
            return ((_plus(11, 2.1), True),)
        case "inclusiveGateway":
            return ((_circle(11), False),)
        case "complexGateway":
            bar = "M-1.8,-11.5H1.8V11.5H-1.8z"
            side = "M-11.5,-1.8H11.5V1.8H-11.5z"
            cross = "M-8.9,-6.4L-6.4,-8.9L8.9,6.4L6.4,8.9zM8.9,-6.4L6.4,-8.9L-8.9,6.4L-6.4,8.9z"
            return ((bar + side, True), (cross, True))
        case "eventBasedGateway":
            rings: Sign = ((_circle(13.5), False),) if instantiate else ((_circle(13.5), False), (_circle(10.8), False))
            return (*rings, (_plus(8, 2.4) if parallel else _polygon(5, 7.5), False))
        case _:
            return ()


@cache
def marker(kind: str) -> Sign:
    """A marker at the lower edge of an activity, 14 pixels wide."""
    match kind:
        case "collapsed":
            return (("M-7,-7H7V7H-7z", False), ("M0,-5V5M-5,0H5", False))
        case "parallel":
            return (("M-4.5,-6V6M0,-6V6M4.5,-6V6", False),)
        case "sequential":
            return (("M-6,-4.5H6M-6,0H6M-6,4.5H6", False),)
        case "loop":
            return (("M-1.5,6A6.2,6.2 0 1 1 3,5.4", False), ("M-6,6H-1.5V1.5", False))
        case "compensate":
            return (("M0,-5.5V5.5L-7,0zM7,-5.5V5.5L0,0z", False),)
        case "adHoc":
            return (
                (
                    "M-7,1.5C-5.5,-4 -2.5,-4 0,-0.8C2.5,2.4 4.5,2 7,-3.2V0.2C5.5,5 2.5,5 0,1.8C-2.5,-1.4 -5,-1 -7,4z",
                    True,
                ),
            )
        case "collection":
            return (("M-4,-4.5V4.5M0,-4.5V4.5M4,-4.5V4.5", False),)
        case _:
            return ()
