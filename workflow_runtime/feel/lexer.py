"""Text → tokens. The parser decides what belongs to a name; here a name is one word of it."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from workflow_runtime.feel import limits
from workflow_runtime.feel.errors import FULL_WIDTH, FeelError


class Kind(StrEnum):
    """What a token is."""

    NAME = "name"
    KEYWORD = "keyword"
    NUMBER = "number"
    STRING = "string"
    SYMBOL = "symbol"
    OTHER = "other"  #: a character that may only stand inside a known name, such as ’
    END = "end"


class Token(NamedTuple):
    """A word, number, string or symbol with its place; `value` is the string's content."""

    kind: Kind
    text: str
    start: int
    end: int
    value: str = ""


KEYWORDS = frozenset("and or between in if then else for return some every satisfies true false null function".split())

#: the standard's characters, but for the full-width punctuation that is typed by mistake for FEEL's own
_START = (
    r"?A-Z_a-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u167F\u1681-\u180D\u180F-\u1FFF"
    r"\u200C-\u200D\u2070-\u218F\u2C00-\u2FEF\u3001\u3003-\uD7FF\uF900-\uFDCF\uFDF0-\uFEFE"
    r"\uFF02-\uFF07\uFF10-\uFF19\uFF1F-\uFF3A\uFF3C\uFF3E-\uFF5A\uFF5C\uFF5E-\uFFFD\U00010000-\U000EFFFF"
)
_SPACE = r"[\t-\r \u0085\u00A0\u1680\u180E\u2000-\u200B\u2028\u2029\u202F\u205F\u3000\uFEFF]"
_TOKEN = re.compile(
    rf"""(?P<space>{_SPACE}+|//[^\n\r]*|/\*(?:[^*]|\*(?!/))*\*/)
    |(?P<name>[{_START}][{_START}0-9\u00B7\u0300-\u036F\u203F-\u2040]*)
    |(?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<string>"(?:[^"\\]|\\.)*")
    |(?P<symbol>\*\*|\.\.|<=|>=|!=|->|[-+*/=<>()\[\]{{}},:.@])
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{6})|(.))", re.DOTALL)
_PLAIN_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\"}


@lru_cache(maxsize=64)
def tokens(text: str) -> tuple[Token, ...]:
    """All tokens of a text, ending with one END token."""
    if len(text) > limits.TEXT:
        raise FeelError("too-long", text[:200], 0, 1, {"found": len(text), "limit": limits.TEXT})
    result: list[Token] = []
    for found in _TOKEN.finditer(text):
        group, word = found.lastgroup, found.group()
        if group == "space":
            continue
        start, end = found.span()
        if len(result) >= limits.TOKENS:
            raise FeelError("too-many-words", text, start, end, {"limit": limits.TOKENS})
        if group == "name":
            result.append(Token(Kind.KEYWORD if word in KEYWORDS else Kind.NAME, word, start, end))
        elif group == "number":
            result.append(Token(Kind.NUMBER, word, start, end))
        elif group == "string":
            result.append(Token(Kind.STRING, word, start, end, unescaped(word[1:-1])))
        elif group == "symbol":
            if word == "/" and text.startswith("/*", start):
                raise FeelError("open-comment", text, start, start + 2)
            result.append(Token(Kind.SYMBOL, word, start, end))
        elif word == '"':
            raise FeelError("open-string", text, start, len(text))
        else:
            result.append(Token(Kind.OTHER, word, start, end))
    result.append(Token(Kind.END, "", len(text), len(text)))
    return tuple(result)


def unescaped(text: str) -> str:
    r"""The content of a string literal. An escape the standard does not know stays, so that "\d" is a pattern."""
    if "\\" not in text:
        return text
    plain = _ESCAPE.sub(_unescape, text)
    if any("\ud800" <= character <= "\udfff" for character in plain):  # \uD83D\uDCA9 is one character, in two halves
        plain = plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return plain


def _unescape(found: re.Match[str]) -> str:
    short, long, plain = found.groups()
    if plain is not None:
        return _PLAIN_ESCAPES.get(plain, f"\\{plain}")
    point = int(short or long, 16)
    return chr(point) if point <= 0x10FFFF else found.group()


def unknown(text: str, token: Token) -> FeelError:
    """The error for a character that belongs nowhere; full-width punctuation gets its own sentence."""
    if token.text in FULL_WIDTH:
        facts = {"found": token.text, "ascii": FULL_WIDTH[token.text]}
        return FeelError("full-width", text, token.start, token.end, facts)
    return FeelError("unknown-character", text, token.start, token.end, {"found": token.text})
