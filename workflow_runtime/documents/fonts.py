"""Which characters the fonts can print.

A missing glyph prints as a box and nobody is warned, so every character is asked for here before a page is made.
Only the `cmap` table of a font is read: enough to answer, and quick enough to do at every start.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

BODY = ("FangSong_GB2312", "仿宋_GB2312", "FangSong", "仿宋", "Zhuque Fangsong (technical preview)", "FandolFang R")
TITLE = ("FZXiaoBiaoSong-B05S", "方正小标宋简体", "FZXiaoBiaoSong-B05", "方正小标宋_GBK")
HEI = ("SimHei", "黑体")
KAI = ("KaiTi_GB2312", "楷体_GB2312", "KaiTi", "楷体")

#: Characters that steer the text around them without being seen: they could turn a name or a number around.
STEERING = frozenset(
    code
    for first, last in (
        (0x00, 0x08), (0x0B, 0x1F), (0x7F, 0x9F), (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F),
        (0xD800, 0xDFFF), (0xFEFF, 0xFEFF), (0xFFF0, 0xFFFB), (0xE0000, 0xE007F),
    )
    for code in range(first, last + 1)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Coverage:
    """The characters that at least one of the fonts can print, and that do not steer the text; and the line end."""

    characters: frozenset[int]

    def missing(self, text: str) -> list[str]:
        """The characters of `text` that would print as a box or steer the text, each once, in order."""
        strange = {character for character in set(text) if ord(character) not in self.characters}
        return sorted(strange, key=text.index)


def coverage(files: Iterable[Path]) -> Coverage:
    """What these font files can print between them."""
    characters: set[int] = set()
    for file in files:
        data = file.read_bytes()
        for offset in _faces(data):
            characters |= _cmap(data, offset)
    return Coverage(frozenset(characters - STEERING | {0x0A}))


def font_files(folders: Sequence[Path]) -> list[Path]:
    """Every font file directly in these folders, in a stable order."""
    return [
        file
        for folder in folders
        for file in sorted(folder.iterdir())
        if file.suffix.lower() in {".ttf", ".otf", ".ttc", ".otc"}
    ]


def _faces(data: bytes) -> list[int]:
    if data[:4] == b"ttcf":
        (count,) = struct.unpack_from(">I", data, 8)
        return list(struct.unpack_from(f">{count}I", data, 12))
    return [0]


def _cmap(data: bytes, face: int) -> set[int]:
    (tables,) = struct.unpack_from(">H", data, face + 4)
    for number in range(tables):
        tag, _sum, start, _length = struct.unpack_from(">4sIII", data, face + 12 + 16 * number)
        if tag == b"cmap":
            break
    else:
        return set()
    (subtables,) = struct.unpack_from(">H", data, start + 2)
    characters: set[int] = set()
    for number in range(subtables):
        _platform, _encoding, offset = struct.unpack_from(">HHI", data, start + 4 + 8 * number)
        (format_,) = struct.unpack_from(">H", data, start + offset)
        if format_ == 12:
            characters |= _groups(data, start + offset)
        elif format_ == 4:
            characters |= _segments(data, start + offset)
    return characters


def _groups(data: bytes, at: int) -> set[int]:
    (count,) = struct.unpack_from(">I", data, at + 12)
    characters: set[int] = set()
    for first, last, _glyph in struct.iter_unpack(">III", data[at + 16 : at + 16 + 12 * count]):
        characters.update(range(first, last + 1))
    return characters


def _segments(data: bytes, at: int) -> set[int]:
    (doubled,) = struct.unpack_from(">H", data, at + 6)
    count = doubled // 2
    ends = struct.unpack_from(f">{count}H", data, at + 14)
    starts = struct.unpack_from(f">{count}H", data, at + 16 + doubled)
    deltas = struct.unpack_from(f">{count}H", data, at + 16 + 2 * doubled)
    ranges_at = at + 16 + 3 * doubled
    ranges = struct.unpack_from(f">{count}H", data, ranges_at)
    characters: set[int] = set()
    for index in range(count):
        for code in range(starts[index], min(ends[index], 0xFFFE) + 1):
            glyph = code
            if ranges[index]:
                where = ranges_at + 2 * index + ranges[index] + 2 * (code - starts[index])
                (glyph,) = struct.unpack_from(">H", data, where)
                if glyph == 0:
                    continue
            if (glyph + deltas[index]) & 0xFFFF:
                characters.add(code)
    return characters
