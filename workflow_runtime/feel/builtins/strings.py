"""String functions, regular expressions among them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from workflow_runtime.feel import limits, regex
from workflow_runtime.feel.scope import Run, limit
from workflow_runtime.feel.signatures import builtin
from workflow_runtime.feel.values import Value


@builtin("substring", "string: string, start position: integer, length?: integer", "string")
def substring(text: str, start: Decimal, length: Decimal | None = None) -> Value:
    if start == 0 or abs(start) > len(text) or (length is not None and length < 1):
        return None
    first = int(start) - 1 if start > 0 else len(text) + int(start)
    return text[first:] if length is None else text[first : first + int(length)]


@builtin("string length", "string: string", "number")
def string_length(text: str) -> Value:
    return Decimal(len(text))


@builtin("upper case", "string: string", "string")
def upper_case(text: str) -> str:
    return text.upper()


@builtin("lower case", "string: string", "string")
def lower_case(text: str) -> str:
    return text.lower()


@builtin("substring before", "string: string, match: string", "string")
def substring_before(text: str, match: str) -> str:
    before, found, _ = text.partition(match) if match else ("", "x", "")
    return before if found else ""


@builtin("substring after", "string: string, match: string", "string")
def substring_after(text: str, match: str) -> str:
    return text.partition(match)[2] if match else text


@builtin("contains", "string: string, match: string", "boolean")
def contains(text: str, match: str) -> bool:
    return match in text


@builtin("starts with", "string: string, match: string", "boolean")
def starts_with(text: str, match: str) -> bool:
    return text.startswith(match)


@builtin("ends with", "string: string, match: string", "boolean")
def ends_with(text: str, match: str) -> bool:
    return text.endswith(match)


def _pattern(run: Run, text: str, pattern: str, flags: str | None) -> Any:
    """A compiled pattern, or None where it is none; paid for are its reading, once an evaluation, and its run.

    The engine takes at most (size of the pattern × length of the text), whatever the pattern. That another evaluation
    may have read it before changes nothing: the same question always costs the same.
    """
    new = run.meets(pattern, flags)
    if new:
        run.spend(1_000 + 60 * len(pattern) + (40_000 if "-[" in pattern else 0))
    compiled = regex.compiled(pattern, flags or "")
    if new:
        run.spend(20_000 if compiled is None else compiled.programsize)
    if compiled is not None:
        run.spend(20 + compiled.programsize * (len(text) if text.isascii() else 3 * len(text)) // 100)
    return compiled


FOUND = 24  #: steps of one match of many


@builtin("matches", "input: string, pattern: string, flags?: string", "boolean", with_run=True)
def matches(run: Run, text: str, pattern: str, flags: str | None = None) -> Value:
    compiled = _pattern(run, text, pattern, flags)
    return None if compiled is None else compiled.search(text) is not None


@builtin("replace", "input: string, pattern: string, replacement: string, flags?: string", "string", with_run=True)
def replace(run: Run, text: str, pattern: str, replacement: str, flags: str | None = None) -> Value:
    compiled = _pattern(run, text, pattern, flags)
    if compiled is None or compiled.search("") is not None:
        return None  # XPath: a pattern that matches nothing at all cannot be replaced
    pieces = [replacement] if "q" in (flags or "") else regex.replacement(replacement, compiled.groups)
    if pieces is None:
        return None
    parts, last, length = [], 0, 0
    for found in compiled.finditer(text):
        run.spend(FOUND)
        groups = (found.group(), *found.groups())
        filled = "".join(piece if isinstance(piece, str) else _group(groups, piece) for piece in pieces)
        parts += [text[last : found.start()], filled]
        last = found.end()
        length += len(filled)
        if length > limits.STRING:
            raise limit("string-too-long", limits.STRING)
    return "".join([*parts, text[last:]])


def _group(groups: tuple[str | None, ...], number: int) -> str:
    return (groups[number] or "") if number < len(groups) else ""


@builtin("split", "string: string, delimiter: string", "list", with_run=True)
def split(run: Run, text: str, delimiter: str) -> Value:
    compiled = _pattern(run, text, delimiter, None)
    if compiled is None or compiled.search("") is not None:
        return list(text) if delimiter == "" else None
    pieces, last = [], 0
    for found in compiled.finditer(text):
        run.spend(FOUND)
        pieces.append(text[last : found.start()])
        if len(pieces) > limits.LIST:
            raise limit("list-too-long", limits.LIST)
        last = found.end()
    return [*pieces, text[last:]]


@builtin("string join", "list: list, delimiter?: string", "string")
def string_join(items: list[Value], delimiter: str | None = None) -> Value:
    kept = [item for item in items if item is not None]
    if not all(isinstance(item, str) for item in kept):
        return None
    if sum(map(len, kept)) + len(kept) * len(delimiter or "") > limits.STRING:
        raise limit("string-too-long", limits.STRING)
    return (delimiter or "").join(kept)
