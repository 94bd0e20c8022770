"""Make the house's font subsets again from their sources: `python build.py SERIF SERIF_BLACK SANS KAI FOLDER`.

Run by hand, when a source font has a new version. Needs fontTools, which nothing else of the product needs.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont


def gb2312() -> set[int]:
    """Every code point of GB 2312."""
    found = set()
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                found.add(ord(bytes([high, low]).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    return found


LATIN = {*range(0x20, 0x7F), *range(0xA0, 0x180)}
SIGNS = {
    *range(0x2010, 0x2060),
    *range(0x2100, 0x2150),
    *range(0x2160, 0x2180),
    *range(0x2190, 0x219A),
    *range(0x2200, 0x2270),
    *range(0x2460, 0x2670),
    *range(0x3000, 0x3040),
    *range(0xFF00, 0xFFF0),
    0x2713,
    0x2714,
}


def is_han(code: int) -> bool:
    """Whether a code point is a Han character."""
    return 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or code >= 0x20000 or code == 0x3007


def build(source: Path, target: Path, family: str, wanted: set[int]) -> None:
    """Write the subset of `source` that holds `wanted`, under a family name of its own."""
    options = subset.Options()
    options.layout_features = ["kern", "locl", "halt", "ccmp"]
    options.hinting = False
    options.glyph_names = False
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.drop_tables += ["DSIG", "vhea", "vmtx", "VORG", "BASE", "GDEF", "meta", "STAT"]
    font = subset.load_font(str(source), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted & set(font.getBestCmap()))
    subsetter.subset(font)
    names = font["name"]
    notice = names.getDebugName(0)
    names.names = [record for record in names.names if record.platformID == 3 and record.langID == 0x409]
    postscript = family.replace(" ", "") + "-Regular"
    for number, text in {0: notice, 1: family, 2: "Regular", 3: family, 4: family, 6: postscript}.items():
        names.setName(text, number, 3, 1, 0x409)
    font["OS/2"].usWeightClass = 400
    font["OS/2"].fsSelection = (font["OS/2"].fsSelection & ~0x21) | 0x40
    font["head"].macStyle = 0
    font.recalcTimestamp = False
    font.save(str(target))


def main() -> None:
    """Build the five files."""
    serif, black, sans, kai, folder = (Path(argument) for argument in sys.argv[1:6])
    core = gb2312() | LATIN | SIGNS
    wide = {code for code in TTFont(str(serif)).getBestCmap() if is_han(code)} - core
    build(serif, folder / "XiebanSong.ttf", "Xieban Song", core)
    build(serif, folder / "XiebanSongWide.ttf", "Xieban Song Wide", wide)
    build(black, folder / "XiebanTitle.ttf", "Xieban Title", core)
    build(sans, folder / "XiebanHei.ttf", "Xieban Hei", core)
    build(kai, folder / "XiebanKai.ttf", "Xieban Kai", core)


if __name__ == "__main__":
    main()
