"""Which words form one name.

A name of the standard may hold spaces, operators and keywords ("date and time", "a-b", "Profit and loss"), so only the
names in scope tell where it ends; the longest one wins. Words that merely follow one another are always one name,
because no operator stands between them; only the other names ("odd" ones) have to be known in advance.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from workflow_runtime.feel.errors import FeelError
from workflow_runtime.feel.lexer import KEYWORDS, Kind, tokens

#: first word → (the words, the name as its owner writes it), longest first
OddNames = dict[str, tuple[tuple[tuple[str, ...], str], ...]]

#: names of functions and types in the standard that hold a keyword
STANDARD = ("date and time", "years and months duration", "days and time duration")

#: types of values that hold no names
_LEAVES = frozenset((str, bool, int, float, Decimal, dt.date, dt.datetime, dt.time, dt.timedelta, type(None)))


@lru_cache(maxsize=4096)
def words(name: str) -> tuple[str, ...]:
    """The tokens of a name; empty if it cannot be one."""
    try:
        return tuple(token.text for token in tokens(name)[:-1])
    except FeelError:
        return ()


@lru_cache(maxsize=4096)
def is_plain(name: str) -> bool:
    """Whether the parser finds this name without knowing it."""
    if name.isascii() and name.isidentifier():
        return name not in KEYWORDS
    try:
        found = tokens(name)[:-1]
    except FeelError:
        return True  # it cannot be written in an expression at all
    if not found or " ".join(token.text for token in found) != name:
        return not found
    return found[0].kind is Kind.NAME and all(token.kind in (Kind.NAME, Kind.NUMBER) for token in found[1:])


def odd(names: Iterable[str]) -> frozenset[str]:
    """Those names that have to be known."""
    return frozenset(name for name in names if not is_plain(name))


def odd_in(value: Any, depth: int = 4) -> frozenset[str]:
    """The odd keys of a context and of the contexts inside it."""
    found: set[str] = set()
    _note_odd(value, depth, found)
    return frozenset(found)


def _note_odd(value: Any, depth: int, found: set[str]) -> None:
    if isinstance(value, list):
        inner: Iterable[Any] = value[:1]
    elif isinstance(value, Mapping):
        found.update(key for key in value if isinstance(key, str) and not is_plain(key))
        inner = value.values()
    else:
        return
    if depth:
        for item in inner:
            if type(item) not in _LEAVES:
                _note_odd(item, depth - 1, found)


def index(names: Iterable[str], before: OddNames | None = None) -> OddNames:
    """The names, ready for matching."""
    result: dict[str, list[tuple[tuple[str, ...], str]]] = {key: list(value) for key, value in (before or {}).items()}
    for name in names:
        if parts := words(name):
            result.setdefault(parts[0], []).append((parts, name))
    return {first: tuple(sorted(found, key=lambda entry: -len(entry[0]))) for first, found in result.items()}
