"""Regular expressions in linear time: XPath's dialect, translated for the RE2 engine.

RE2 never backtracks, so no pattern can make it slow. What XPath has and RE2 has not is translated (class subtraction,
\\i and \\c) or refused (back-references); what RE2 has and XPath has not is refused. Refused means null, as the
standard says of every faulty pattern. docs/feel.md lists the differences.
"""

from __future__ import annotations

import re
from typing import Any

LONGEST = 1000  #: characters of a pattern

_ALLOWED_ESCAPES = frozenset("nrt\\|.-^?*+{}()[]$sSdDwWpPiIcC")
_NAME_START = r"\p{L}\p{Nl}:_"
_NAME_PART = _NAME_START + r"\p{Nd}\p{Mn}\p{Mc}\p{Pc}.\-·"
_CLASSES = {"i": _NAME_START, "c": _NAME_PART, "d": r"\p{Nd}", "w": r"\p{L}\p{M}\p{N}\p{S}", "s": r" \t\n\r"}
_TIMES = re.compile(r"\{\d+(?:,\d*)?\}")
_PROPERTY = re.compile(r"\{(Is)?([A-Za-z0-9-]+)\}")
_REPLACEMENT = re.compile(r"\\([\\$])|\$(\d+)|([\\$])|([^\\$]+)")


def _blocks(table: str) -> dict[str, tuple[int, int]]:
    lines = (line.split() for line in table.strip().splitlines())
    return {name: (int(first, 16), int(last, 16)) for name, first, last in lines}


#: the blocks of Unicode under the names that XPath gives them: first and last code point
BLOCKS = _blocks(
    """
    BasicLatin 0 7F
    Latin-1Supplement 80 FF
    LatinExtended-A 100 17F
    LatinExtended-B 180 24F
    IPAExtensions 250 2AF
    SpacingModifierLetters 2B0 2FF
    CombiningDiacriticalMarks 300 36F
    Greek 370 3FF
    GreekandCoptic 370 3FF
    Cyrillic 400 4FF
    CyrillicSupplement 500 52F
    Armenian 530 58F
    Hebrew 590 5FF
    Arabic 600 6FF
    Syriac 700 74F
    Thaana 780 7BF
    Devanagari 900 97F
    Bengali 980 9FF
    Gurmukhi A00 A7F
    Gujarati A80 AFF
    Oriya B00 B7F
    Tamil B80 BFF
    Telugu C00 C7F
    Kannada C80 CFF
    Malayalam D00 D7F
    Sinhala D80 DFF
    Thai E00 E7F
    Lao E80 EFF
    Tibetan F00 FFF
    Myanmar 1000 109F
    Georgian 10A0 10FF
    HangulJamo 1100 11FF
    Ethiopic 1200 137F
    Cherokee 13A0 13FF
    Khmer 1780 17FF
    Mongolian 1800 18AF
    LatinExtendedAdditional 1E00 1EFF
    GreekExtended 1F00 1FFF
    GeneralPunctuation 2000 206F
    SuperscriptsandSubscripts 2070 209F
    CurrencySymbols 20A0 20CF
    CombiningMarksforSymbols 20D0 20FF
    CombiningDiacriticalMarksforSymbols 20D0 20FF
    LetterlikeSymbols 2100 214F
    NumberForms 2150 218F
    Arrows 2190 21FF
    MathematicalOperators 2200 22FF
    MiscellaneousTechnical 2300 23FF
    ControlPictures 2400 243F
    OpticalCharacterRecognition 2440 245F
    EnclosedAlphanumerics 2460 24FF
    BoxDrawing 2500 257F
    BlockElements 2580 259F
    GeometricShapes 25A0 25FF
    MiscellaneousSymbols 2600 26FF
    Dingbats 2700 27BF
    BraillePatterns 2800 28FF
    CJKRadicalsSupplement 2E80 2EFF
    KangxiRadicals 2F00 2FDF
    IdeographicDescriptionCharacters 2FF0 2FFF
    CJKSymbolsandPunctuation 3000 303F
    Hiragana 3040 309F
    Katakana 30A0 30FF
    Bopomofo 3100 312F
    HangulCompatibilityJamo 3130 318F
    EnclosedCJKLettersandMonths 3200 32FF
    CJKCompatibility 3300 33FF
    CJKUnifiedIdeographsExtensionA 3400 4DBF
    CJKUnifiedIdeographs 4E00 9FFF
    YiSyllables A000 A48F
    YiRadicals A490 A4CF
    HangulSyllables AC00 D7AF
    PrivateUse E000 F8FF
    PrivateUseArea E000 F8FF
    CJKCompatibilityIdeographs F900 FAFF
    AlphabeticPresentationForms FB00 FB4F
    ArabicPresentationForms-A FB50 FDFF
    CombiningHalfMarks FE20 FE2F
    CJKCompatibilityForms FE30 FE4F
    SmallFormVariants FE50 FE6F
    ArabicPresentationForms-B FE70 FEFF
    HalfwidthandFullwidthForms FF00 FFEF
    Specials FFF0 FFFF
    MathematicalAlphanumericSymbols 1D400 1D7FF
    CJKUnifiedIdeographsExtensionB 20000 2A6DF
    """
)

#: what a class subtraction is worked out over
_CHARACTERS = "".join(map(chr, range(1, 0x3000)))


class BadPattern(ValueError):
    """The pattern or its flags are not of the dialect."""


#: (pattern, flags) → the engine's form, None for a bad one
_compiled: dict[tuple[str, str], Any] = {}


def compiled(pattern: str, flags: str = "") -> Any:
    """The engine's form of a pattern, from the cache where it can; None if it is none of the dialect."""
    if (pattern, flags) not in _compiled:
        if len(_compiled) >= 512:
            _compiled.clear()
        try:
            _compiled[pattern, flags] = _compile(pattern, flags)
        except BadPattern:
            _compiled[pattern, flags] = None
    return _compiled[pattern, flags]


def _compile(pattern: str, flags: str) -> Any:
    import re2

    if len(pattern) > LONGEST or not set(flags) <= set("smixq"):
        raise BadPattern(pattern)
    options = _options()
    options.case_sensitive = "i" not in flags
    if "x" in flags and "q" not in flags:
        pattern = _without_spaces(pattern)
    text = re2.escape(pattern) if "q" in flags else _translated(pattern, dot="." if "s" in flags else r"[^\n\r]")
    inline = "".join(flag for flag in "sm" if flag in flags)
    try:
        return re2.compile(f"(?{inline}){text}" if inline else text, options)
    except (re2.error, OverflowError, UnicodeError) as error:
        raise BadPattern(pattern) from error


def _options() -> Any:
    import re2  # heavy, and most expressions have no pattern

    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    return options


def _without_spaces(pattern: str) -> str:
    """The pattern as flag x reads it: white space counts only inside a character class."""
    return re.sub(r"(\[(?:[^\]\\]|\\.)*\])|[ \t\r\n]+", lambda found: found.group(1) or "", pattern)


def _translated(pattern: str, dot: str) -> str:
    result: list[str] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        if character == "\\":
            text, at = _escape(pattern, at, False)
            result.append(text)
        elif character == "[":
            text, at = _class(pattern, at)
            result.append(text)
        elif pattern.startswith("(?", at):
            if not pattern.startswith("(?:", at):
                raise BadPattern(pattern)
            result.append("(?:")
            at += 3
        elif pattern[at : at + 2] in ("*+", "++", "?+"):
            raise BadPattern(pattern)
        elif character == "{":
            times = _TIMES.match(pattern, at)
            if not times:
                raise BadPattern(pattern)
            result.append(times.group())
            at = times.end()
        elif character in "]}":
            raise BadPattern(pattern)
        elif character == ".":
            result.append(dot)
            at += 1
        else:
            result.append(character)
            at += 1
    return "".join(result)


def _escape(pattern: str, at: int, in_class: bool) -> tuple[str, int]:
    letter = pattern[at + 1 : at + 2]
    if not letter or letter not in _ALLOWED_ESCAPES:
        raise BadPattern(pattern)
    if letter in "pP":
        found = _PROPERTY.match(pattern, at + 2)
        if not found:
            raise BadPattern(pattern)
        if not found[1]:
            return f"\\{letter}{found.group()}", found.end()
        if found[2] not in BLOCKS or (in_class and letter == "P"):
            raise BadPattern(pattern)
        first, last = BLOCKS[found[2]]
        span = f"\\x{{{first:x}}}-\\x{{{last:x}}}"
        return (span if in_class else f"[{'^' if letter == 'P' else ''}{span}]"), found.end()
    if letter.lower() in _CLASSES:
        members = _CLASSES[letter.lower()]
        if letter.islower():
            return (members if in_class else f"[{members}]"), at + 2
        if in_class:
            if letter not in "SDW":
                raise BadPattern(pattern)
            return {"S": r"\S", "D": r"\P{Nd}", "W": r"\p{P}\p{Z}\p{C}"}[letter], at + 2
        return f"[^{members}]", at + 2
    return f"\\{letter}", at + 2


def _class(pattern: str, at: int) -> tuple[str, int]:
    """A character class, with `[a-z-[aeiou]]` written out as the ranges that remain."""
    start = at
    at += 1
    negated = pattern.startswith("^", at)
    at += negated
    body: list[str] = []
    while at < len(pattern) and pattern[at] != "]":
        if pattern.startswith("-[", at):
            inner, at = _class(pattern, at + 1)
            if at >= len(pattern) or pattern[at] != "]":
                raise BadPattern(pattern)
            return _subtracted(negated, "".join(body), inner), at + 1
        if pattern[at] == "[":
            raise BadPattern(pattern)
        if pattern[at] == "\\":
            text, at = _escape(pattern, at, True)
            body.append(text)
        else:
            body.append(pattern[at])
            at += 1
    if at >= len(pattern) or at == start + 1 + negated:
        raise BadPattern(pattern)
    return f"[{'^' if negated else ''}{''.join(body)}]", at + 1


def _subtracted(negated: bool, body: str, inner: str) -> str:
    members = _others(inner) - _others(f"[{'^' if negated else ''}{body}]")
    if not members:
        raise BadPattern(body)
    spans: list[list[int]] = []
    for point in sorted(map(ord, members)):
        if spans and spans[-1][1] == point - 1:
            spans[-1][1] = point
        else:
            spans.append([point, point])
    return "[" + "".join(f"\\x{{{low:x}}}-\\x{{{high:x}}}" for low, high in spans) + "]"


def _others(character_class: str) -> set[str]:
    """The characters that are not in a class; the engine takes the others out at once."""
    import re2

    options = _options()
    options.max_mem = 8 << 20
    try:
        return set(re2.compile(f"(?:{character_class})+", options).sub("", _CHARACTERS))
    except re2.error as error:
        raise BadPattern(character_class) from error


def replacement(text: str, groups: int) -> list[str | int] | None:
    """A replacement string as literal pieces and numbers of groups, of which there are so many; None if it is none.

    `$12` is group 12 where there is one, else group 1 and a 2, as XPath reads it.
    """
    pieces: list[str | int] = []
    for found in _REPLACEMENT.finditer(text):
        escaped, digits, wrong, literal = found.groups()
        if wrong:
            return None
        if digits:
            length = next((n for n in range(len(digits), 1, -1) if int(digits[:n]) <= groups), 1)
            pieces.append(int(digits[:length]))
            literal = digits[length:]
        if escaped or literal:
            pieces.append(escaped or literal)
    return pieces
