"""Help texts in columns, with Chinese two columns wide."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from cli.text import indented, pad, width


class Formatter(click.HelpFormatter):
    """Click's formatter, measuring columns instead of characters."""

    def write_text(self, text: str) -> None:
        for paragraph in text.split("\n\n"):
            for line in indented(" ".join(paragraph.split()), self.width, " " * self.current_indent):
                self.write(line + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        rows = list(rows)
        first = min(max((width(term) for term, _text in rows), default=0), col_max) + col_spacing
        left = " " * self.current_indent
        for term, text in rows:
            head = left + pad(term, first)
            if width(term) > first - col_spacing:
                self.write(left + term + "\n")
                head = left + " " * first
            for line in indented(text, self.width, head) if text else [head]:
                self.write(line.rstrip() + "\n")


class Context(click.Context):
    """A context whose help is written by our formatter."""

    formatter_class = Formatter

    def make_formatter(self) -> Any:
        return Formatter(width=min(self.terminal_width or 80, 100), max_width=100)
