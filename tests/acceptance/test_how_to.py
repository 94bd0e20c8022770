"""The how-tos, followed word by word: their files are written, their commands pasted, their answers compared."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from .conftest import CHECKOUT, COMMAND, Desk

#: in the checkout, or beside the tests where the wheel is tried
PAGES = Path(CHECKOUT) / "docs" / "how-to" if CHECKOUT else Path(__file__).resolve().parents[1] / "how-to"
#: a file with its name in bold above it, commands, or what the commands before must have answered
_BLOCK = re.compile(r"(?:\*\*`(?P<name>[^`]+)`\*\*\n\n)?```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL)


class Reader:
    """Somebody who does what the page says, and fills in what only the answers tell."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._said = ""
        self._names: dict[str, str] = {}
        script = desk.write("xieban", f'#!/bin/sh\nexec {shlex.join(COMMAND)} "$@"\n')
        script.chmod(0o755)

    def follow(self, page: str, names: dict[str, str]) -> None:
        self._names = names
        for block in _BLOCK.finditer(page):
            if block["name"]:
                target = self._desk.folder / block["name"]
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(block["text"], encoding="utf-8")
            elif block["kind"] == "sh":
                self._said = "".join(self._paste(line) for line in block["text"].splitlines() if line)
            elif block["kind"] == "text":
                self._compare(block["text"])

    def _paste(self, line: str) -> str:
        for name, value in self._names.items():
            line = re.sub(rf"\b{name}\b", value, line)
        answer = self._desk.paste(f"PATH=.:$PATH; {line}")
        said = answer.out + answer.err
        assert answer.code in (0, 1) and "✖" not in said, f"$ {line}\n{said}"
        if found := re.search(r"\b(C-\d{6}-\d{4}-\d+)\b", said):
            self._names.setdefault("SUBJECT", found[1])
        if "work list" in line:
            self._names["ITEM"] = re.findall(r"^([0-9a-f]{8})\b", said, re.MULTILINE)[0]
        return said

    def _compare(self, expected: str) -> None:
        said = " ".join(self._said.split())
        for line in expected.splitlines():
            assert " ".join(line.split()) in said, f"{line!r} is not in\n{self._said}"


def test_somebody_draws_a_procedure_and_completes_its_first_item(empty: Desk) -> None:
    page = (PAGES / "draw-a-procedure.md").read_text(encoding="utf-8")

    Reader(empty).follow(page, {"CLERK": "wu-wen"})

    assert "医护" in empty("diagram", "outline", "short-leave", "--lang", "zh").out
    assert (empty.folder / "short-leave.svg").read_bytes().startswith(b"<svg")
    assert (empty.folder / "element-templates" / "xieban.json").exists()


def test_somebody_adds_a_jurisdiction_and_changes_its_law(empty: Desk) -> None:
    page = (PAGES / "add-a-jurisdiction.md").read_text(encoding="utf-8")

    Reader(empty).follow(page, {})

    shown = empty("profile", "show", "YX", "--procedure", "P16", "--limit", 200).out
    assert "consult_child" in shown and "7 working days" in shown
