"""Texts from cases, made safe for where they are shown: terminal, spreadsheet, file name.

What a person typed may hold characters that move the cursor, hide themselves, turn the writing direction round
or start a formula. Here they become visible, or harmless; the stored text is never changed.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

#: C0, DEL, C1; soft hyphen; Arabic letter mark; zero-width marks and direction marks; line and paragraph
#: separators; direction embeddings, overrides and isolates; invisible operators; fillers; byte order mark;
#: interlinear annotation; variation selectors and tags beyond the first plane; half surrogates.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_DEVICES: Final = frozenset(
    ["con", "prn", "aux", "nul", *(f"com{n}" for n in range(10)), *(f"lpt{n}" for n in range(10))]
)


def safe(text: object, *, lines: bool = False, limit: int | None = 10_000) -> str:
    """`text` for a terminal: nothing in it acts, everything in it shows.

    Control, direction, zero-width and separator characters appear as `\\x1b` or `\\u202e`. `lines` keeps line
    feeds (for text that may have several lines); longer than `limit` is cut and says how much is missing.
    Whoever hands the result to a renderer with a markup of its own must switch that markup off.
    """
    shown = str(text)
    cut = 0
    if limit is not None and len(shown) > limit:
        cut = len(shown) - limit
        shown = shown[:limit]
    if not (shown.isascii() and shown.isprintable()):
        shown = _UNSAFE.sub(lambda mark: mark[0] if lines and mark[0] == "\n" else _visible(mark[0]), shown)
    return f"{shown}… (+{cut})" if cut else shown


def _visible(mark: str) -> str:
    code = ord(mark)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def cell(value: object) -> object:
    """`value` for a spreadsheet: a text that a program could take for a formula begins with an apostrophe.

    Numbers and dates stay what they are. In XLSX write the result as a string as well: `write_string`.
    """
    if not isinstance(value, str):
        return value
    shown = _UNSAFE.sub(lambda mark: mark[0] if mark[0] in "\t\r\n" else _visible(mark[0]), value)
    if shown.lstrip(" \u3000\xa0").startswith(_FORMULA):
        return "'" + shown
    return shown


def display_name(name: str) -> str:
    """The name of an attachment for showing and for saving: no path, no control, no reserved name, not too long.

    The file itself is stored by its hash; this name never finds it.
    """
    plain = unicodedata.normalize("NFC", re.sub("[\ud800-\udfff]", "", name))
    plain = re.sub(r"%([0-9A-Fa-f]{2})", lambda code: chr(int(code[1], 16)) if int(code[1], 16) < 0x80 else "_", plain)
    plain = _UNSAFE.sub("", re.split(r"[/\\]", plain)[-1])
    plain = re.sub(r'[<>:"|?*]', "_", plain).strip(" .")
    stem, dot, ending = plain.rpartition(".")
    if not dot or len(ending) > 10:
        stem, ending = plain, ""
    stem = stem.strip(" .") or "file"
    if stem.partition(".")[0].casefold() in _DEVICES:
        stem = f"_{stem}"
    return _shorter(stem, 230 - len(ending.encode())) + (f".{ending}" if ending else "")


def _shorter(stem: str, limit: int) -> str:
    """At most 120 characters and `limit` bytes, whole characters only."""
    return stem[:120].encode()[:limit].decode(errors="ignore")
