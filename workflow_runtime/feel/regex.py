"""Regular expressions in linear time: XPath's dialect, translated for the RE2 engine.

RE2 never backtracks, so no pattern can make it slow. What XPath has and RE2 has not is translated (class subtraction,
\\i and \\c) or refused (back-references); what RE2 has and XPath has not is refused. Refused means null, as the
standard says of every faulty pattern. docs/feel.md lists the differences.
"""

from __future__ import annotations

import re
from typing import Any

LONGEST = 2000  #: characters of a pattern

_ALLOWED_ESCAPES = frozenset("nrt\\|.-^?*+{}()[]$sSdDwWpPiIcC")
_NAME_START = r"\p{L}\p{Nl}:_"
_NAME_PART = _NAME_START + r"\p{Nd}\p{Mn}\p{Mc}\p{Pc}.\-·"
_CLASSES = {"i": _NAME_START, "c": _NAME_PART, "d": r"\p{Nd}", "w": r"\p{L}\p{M}\p{N}\p{S}", "s": r" \t\n\r"}
_REPLACEMENT = re.compile(r"\\([\\$])|\$(\d)|([\\$])|([^\\$]+)")


#: what a class subtraction is worked out over
_CHARACTERS = "".join(map(chr, range(1, 0x3000)))


class BadPattern(ValueError):
    """The pattern or its flags are not of the dialect."""


_compiled: dict[tuple[str, str], Any] = {}


def known(pattern: str, flags: str) -> bool:
    """Whether a pattern has been compiled before."""
    return (pattern, flags) in _compiled


def compiled(pattern: str, flags: str = "") -> Any:
    """The engine's form of a pattern, from the cache where it can; raises BadPattern."""
    if (pattern, flags) not in _compiled:
        if len(_compiled) >= 512:
            _compiled.clear()
        _compiled[pattern, flags] = _compile(pattern, flags)
    return _compiled[pattern, flags]


def _compile(pattern: str, flags: str) -> Any:
    import re2  # heavy, and most expressions have no pattern

    if len(pattern) > LONGEST or not set(flags) <= set("smixq"):
        raise BadPattern(pattern)
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    options.case_sensitive = "i" not in flags
    if "x" in flags and "q" not in flags:
        pattern = _without_spaces(pattern)
    text = re2.escape(pattern) if "q" in flags else _translated(pattern)
    inline = "".join(flag for flag in "sm" if flag in flags)
    try:
        return re2.compile(f"(?{inline}){text}" if inline else text, options)
    except (re2.error, OverflowError, UnicodeError) as error:
        raise BadPattern(pattern) from error


def _without_spaces(pattern: str) -> str:
    """The pattern as flag x reads it: white space counts only inside a character class."""
    return re.sub(r"(\[(?:[^\]\\]|\\.)*\])|[ \t\r\n]+", lambda found: found.group(1) or "", pattern)


def _translated(pattern: str) -> str:
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
        elif character == ".":
            result.append(".")
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
        found = re.compile(r"\{(Is)?([A-Za-z0-9-]+)\}").match(pattern, at + 2)
        if not found or found.group(1):  # blocks such as \p{IsCyrillic} have no counterpart
            raise BadPattern(pattern)
        return f"\\{letter}{found.group()}", found.end()
    if letter.lower() in _CLASSES:
        members = _CLASSES[letter.lower()]
        if letter == "w":
            return (members if in_class else f"[{members}]"), at + 2
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
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        outer = re2.compile(f"[{'^' if negated else ''}{body}]", options).findall(_CHARACTERS)
        without = set(re2.compile(inner, options).findall(_CHARACTERS))
    except re2.error as error:
        raise BadPattern(body) from error
    points = [ord(character) for character in outer if character not in without]
    if not points:
        raise BadPattern(body)
    spans: list[list[int]] = []
    for point in points:
        if spans and spans[-1][1] == point - 1:
            spans[-1][1] = point
        else:
            spans.append([point, point])
    return "[" + "".join(f"\\x{{{low:x}}}-\\x{{{high:x}}}" for low, high in spans) + "]"


def replacement(text: str) -> list[str | int]:
    """A replacement string as literal pieces and group numbers; raises BadPattern."""
    pieces: list[str | int] = []
    for found in _REPLACEMENT.finditer(text):
        escaped, group, wrong, literal = found.groups()
        if wrong:
            raise BadPattern(text)
        pieces.append(int(group) if group else escaped or literal)
    return pieces
