"""Text in columns: how wide it is, where it may break, and how it is cut, with Chinese two columns wide."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from wcwidth import wcswidth, wcwidth

ELLIPSIS = "…"
_PIECE = re.compile(r"[!-~¡-⺀]+\s*|\s+|.", re.DOTALL)  # a word with the blank behind it, or one wide character
_COMMAND = re.compile(r"(“[!-~][^“”]*”\s*)")  # a quoted command: broken over two lines it could not be pasted
_NOT_FIRST = "，。、；：？！）】》」』”’％…—,.;:?!)]}"  # signs that do not begin a line
_NOT_LAST = "（【《「『“‘([{"  # signs that do not end one


def width(text: str) -> int:
    """The columns that `text` takes on a terminal."""
    if text.isascii():
        return len(text)
    return max(wcswidth(text), 0)


def clip(text: str, columns: int) -> str:
    """`text` in at most `columns`, with … where something is missing."""
    if width(text) <= columns:
        return text
    kept, used = "", 0
    for character in text:
        used += max(wcwidth(character), 0)
        if used > columns - 1:
            break
        kept += character
    return kept.rstrip() + ELLIPSIS if columns > 0 else ""


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """`text` filled up with blanks to `columns`; `right` puts the blanks in front."""
    blanks = " " * max(columns - width(text), 0)
    return blanks + text if right else text + blanks


def wrap(text: str, columns: int) -> list[str]:
    """`text` in lines of at most `columns`, broken between words and between Chinese characters."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines += list(_wrapped(paragraph.rstrip(), max(columns, 8)))
    return lines


def _wrapped(paragraph: str, columns: int) -> Iterator[str]:
    line = ""
    for piece in _unbreakable(_pieces(paragraph, columns)):
        if line and width(line) + width(piece.rstrip()) > columns:
            yield line.rstrip()
            line = piece.lstrip()
        else:
            line += piece
        while width(line) > columns and not line.isspace():
            head = clip(f"{line} ", columns + 1).rstrip(ELLIPSIS)  # the blank: also a line one too long is cut
            if not head or len(head) >= len(line.rstrip()):
                break
            yield head
            line = line[len(head) :]
    yield line.rstrip()


def _pieces(paragraph: str, columns: int) -> Iterator[str]:
    """Words and wide characters; a quoted command that fits a line is one word."""
    for part in _COMMAND.split(paragraph):
        if _COMMAND.fullmatch(part) and width(part.rstrip()) < columns:
            yield part
        else:
            yield from _PIECE.findall(part)


def _unbreakable(pieces: Iterable[str]) -> Iterator[str]:
    """Pieces joined where a line may not break: before a closing sign, behind an opening one."""
    held = ""
    for piece in pieces:
        if held and (piece[0] in _NOT_FIRST or held.rstrip()[-1:] in _NOT_LAST):
            held += piece
            continue
        if held:
            yield held
        held = piece
    if held:
        yield held


def indented(text: str, columns: int, first: str, rest: str | None = None) -> list[str]:
    """`text` wrapped to `columns`, its first line behind `first`, the others behind `rest` (default: blanks)."""
    rest = " " * width(first) if rest is None else rest
    lines = wrap(text, columns - max(width(first), width(rest)))
    return [(first if number == 0 else rest) + line for number, line in enumerate(lines)]
