"""A timer that is written out can be reached: neither nothing nor for ever (H21–H25)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.model import Event
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    called,
)
from workflow_runtime.i18n import _

UNITS = {"Y": 366.0, "M": 31.0, "W": 7.0, "WD": 3.0, "D": 1.0}
CLOCK = {"H": 1 / 24, "M": 1 / 1440, "S": 1 / 86400}
LONGEST = 100 * 366.0
SHORTEST_CYCLE = 1 / 1440
MOST_REPETITIONS = 10_000
DURATION = re.compile(r"P(?P<date>(\d+(\.\d+)?(Y|M|WD|W|D))*)(T(?P<time>(\d+(\.\d+)?[HMS])+))?")


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for node in sheet.steps():
        for event in node.events:
            if event.kind != "timer":
                continue
            text = event.expression
            fault = _("it says nothing") if text is None else None if text.startswith("=") else _fault(event, text)
            if fault:
                yield Problem(
                    sheet.xml(node),
                    _("The timer of {node} cannot work: {fault}.").format(node=called(node), fault=fault),
                    _('Name a deadline of the profile: =deadline("name"), =cycle("name").'),
                )


def _fault(event: Event, text: str) -> str | None:
    if event.timer == "date":
        return None if _day(text) else _("{text} is no date").format(text=text)
    if event.timer == "duration":
        return _length_fault(text)
    repeat, _slash, rest = text.partition("/")
    times = repeat.removeprefix("R")
    if not repeat.startswith("R") or not rest:
        return _("{text} is no cycle such as R/P5D").format(text=text)
    if times and (not times.isdigit() or int(times) > MOST_REPETITIONS or int(times) < 1):
        return _("it repeats {times} times").format(times=times)
    interval = rest.split("/")[-1] if rest.split("/")[-1].startswith("P") else rest.split("/")[0]
    return _length_fault(interval, SHORTEST_CYCLE)


def _day(text: str) -> bool:
    match = re.match(r"(\d{4})-(\d\d)-(\d\d)", text)
    if match is None:
        return False
    try:
        date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return False
    clock = re.match(r"T(\d\d):(\d\d)(?::(\d\d))?", text[10:])
    return not text[10:] or (
        clock is not None and int(clock[1]) < 24 and int(clock[2]) < 60 and int(clock[3] or 0) < 60
    )


def _length_fault(text: str, shortest: float = 0.0) -> str | None:
    days = _days(text)
    if days is None:
        return _("{text} is no duration such as P10D").format(text=text)
    if days <= 0 or days < shortest:
        return _("{text} is too short").format(text=text)
    return _("{text} is longer than a hundred years").format(text=text) if days > LONGEST else None


def _days(text: str) -> float | None:
    match = DURATION.fullmatch(text)
    if match is None or not (match["date"] or match["time"]) or len(text) > 60:
        return None
    days = sum(float(n) * UNITS[unit] for n, unit in re.findall(r"([\d.]+)(WD|[YMWD])", match["date"]))
    return days + sum(float(n) * CLOCK[unit] for n, unit in re.findall(r"([\d.]+)([HMS])", match["time"] or ""))
