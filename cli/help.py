"""Help texts in columns, with Chinese two columns wide and every placeholder in the language in use."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import click

from cli.text import indented, pad, width
from workflow_runtime.i18n import _

_WORD = re.compile(r"(?<![A-Z_])(?:KEY=VALUE|[A-Z]+(?: RANGE)?)(?![A-Z_])")


def placeholders(text: str) -> str:
    """`text` with the words that stand for what the user writes (ITEM, FILE …) in the language in use."""
    known = {
        "ABSENT": _("ABSENT"),
        "AFTER": _("AFTER"),
        "ARGS": _("ARGS"),
        "BEFORE": _("BEFORE"),
        "CLERK": _("CLERK"),
        "CODE": _("CODE"),
        "COMMAND": _("COMMAND"),
        "DATE": _("DATE"),
        "DECISION": _("DECISION"),
        "FILE": _("FILE"),
        "FLOAT RANGE": _("COUNT"),
        "FOLDER": _("FOLDER"),
        "ID": _("ID"),
        "INTEGER": _("COUNT"),
        "INTEGER RANGE": _("COUNT"),
        "ITEM": _("ITEM"),
        "JURISDICTION": _("JURISDICTION"),
        "KEY": _("KEY"),
        "KEY=VALUE": _("KEY=VALUE"),
        "KIND": _("KIND"),
        "NAME": _("NAME"),
        "CLAUSE": _("CLAUSE"),
        "NUMBER": _("NUMBER"),
        "OPTIONS": _("OPTIONS"),
        "PARTY": _("PARTY"),
        "PATH": _("PATH"),
        "PROCEDURE": _("PROCEDURE"),
        "SHELL": _("SHELL"),
        "SIGNAL": _("SIGNAL"),
        "SUBJECT": _("SUBJECT"),
        "SUBSTITUTE": _("SUBSTITUTE"),
        "TARGET": _("TARGET"),
        "TEXT": _("TEXT"),
        "USER": _("USER"),
        "VERSION": _("VERSION"),
    }
    return _WORD.sub(lambda word: known.get(word[0], word[0]), text)


class Formatter(click.HelpFormatter):
    """Click's formatter, measuring columns instead of characters."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        head = f"{_('Usage:') if prefix is None else prefix} {prog} "
        for line in indented(placeholders(args), self.width, head, "    "):
            self.write(line + "\n")

    def write_heading(self, heading: str) -> None:
        self.write(" " * self.current_indent + _("{heading}:").format(heading=heading) + "\n")

    def write_text(self, text: str) -> None:
        for paragraph in text.split("\n\n"):
            for line in indented(" ".join(paragraph.split()), self.width, " " * self.current_indent):
                self.write(line + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        rows = [(placeholders(term), text) for term, text in rows]
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
