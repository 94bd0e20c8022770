"""Four ways to colour a picture. State is never said by colour alone: every mark has a sign and a line of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class MarkState(StrEnum):
    """What a running case has made of a step."""

    DONE = "done"  #: passed
    ACTIVE = "active"  #: being worked on now
    SKIPPED = "skipped"  #: can no longer be reached
    FAILED = "failed"  #: stopped by an incident


@dataclass(frozen=True, slots=True)
class Mark:
    """How one element stands in a case, in the words of the reader: who has it, for how long."""

    state: MarkState
    who: str = ""
    since: str = ""

    @property
    def note(self) -> str:
        """Who and how long, on one line."""
        return " · ".join(part for part in (self.who, self.since) if part)


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours by use."""

    name: str
    page: str
    ink: str
    soft: str  #: lanes, groups, what stands back
    fill: str  #: inside of shapes
    lane: str  #: title strips
    text: str
    width: float = 2.0  #: of outlines
    states: Mapping[MarkState, tuple[str, str]] = field(default_factory=dict)  #: line, fill
    severe: str = "#b3261e"
    mild: str = "#8a5a00"
    coloured: bool = True  #: takes over colours from the file


THEMES: Mapping[str, Theme] = {
    "light": Theme(
        "light", "#ffffff", "#22303c", "#8795a1", "#ffffff", "#f3f5f7", "#16212b",
        states={
            MarkState.DONE: ("#1f7a4d", "#e6f4ec"), MarkState.ACTIVE: ("#a84a06", "#fff1d6"),
            MarkState.SKIPPED: ("#66727e", "#f5f6f7"), MarkState.FAILED: ("#b3261e", "#fdeceb"),
        },
    ),
    "dark": Theme(
        "dark", "#14191f", "#d5dde5", "#7d8a97", "#1e262e", "#1a2129", "#eef2f6",
        states={
            MarkState.DONE: ("#5fd39a", "#17352a"), MarkState.ACTIVE: ("#ffb454", "#3d2c12"),
            MarkState.SKIPPED: ("#93a0ad", "#1a2027"), MarkState.FAILED: ("#ff8a80", "#43201e"),
        },
        severe="#ff8a80", mild="#ffcf70", coloured=False,
    ),
    "print": Theme(
        "print", "#ffffff", "#000000", "#555555", "#ffffff", "#ffffff", "#000000", 1.5,
        states={
            MarkState.DONE: ("#000000", "#e3e3e3"), MarkState.ACTIVE: ("#000000", "#ffffff"),
            MarkState.SKIPPED: ("#666666", "#ffffff"), MarkState.FAILED: ("#000000", "#ffffff"),
        },
        severe="#000000", mild="#000000", coloured=False,
    ),
    "contrast": Theme(
        "contrast", "#000000", "#ffffff", "#ffffff", "#000000", "#000000", "#ffffff", 3.0,
        states={
            MarkState.DONE: ("#7dff9b", "#000000"), MarkState.ACTIVE: ("#ffff00", "#000000"),
            MarkState.SKIPPED: ("#c8c8c8", "#000000"), MarkState.FAILED: ("#ff9d9d", "#000000"),
        },
        severe="#ff9d9d", mild="#ffff00", coloured=False,
    ),
}  # fmt: skip
