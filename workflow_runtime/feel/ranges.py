"""range("[18..65)"): a range written as a string, with literal ends only; an end may be left out where it is open."""

from __future__ import annotations

from decimal import Decimal

from workflow_runtime.feel.errors import FeelError
from workflow_runtime.feel.operations import kind, less_or_equal
from workflow_runtime.feel.parser import parse
from workflow_runtime.feel.scope import Run, Scope
from workflow_runtime.feel.syntax import Call, Literal, Name, Negation, Node
from workflow_runtime.feel.values import Range, Value

_CONSTRUCTORS = frozenset(("date", "time", "date and time", "duration"))


def read_range(run: Run, text: str) -> Range | None:
    """The range, or null if it is not written as one."""
    text = text.strip()
    if len(text) < 4 or text[0] not in "[(]" or text[-1] not in "])[" or ".." not in text:
        return None
    low_text, _, high_text = text[1:-1].partition("..")
    start_included, end_included = text[0] == "[", text[-1] == "]"
    start, end = _end(run, low_text), _end(run, high_text)
    if start is None and (low_text.strip() or start_included):
        return None
    if end is None and (high_text.strip() or end_included):
        return None
    if start is None and end is None:
        return None
    if start is not None and end is not None and (kind(start) != kind(end) or less_or_equal(start, end) is not True):
        return None
    return Range(start, end, start_included, end_included)


def _end(run: Run, text: str) -> Value:
    try:
        node = parse(text) if text.strip() else None
    except FeelError:
        return None
    if node is None or not _constant(node):
        return None
    from workflow_runtime.feel.compiler import code_of

    value = code_of(node)(Scope({}, None, run))
    return value if isinstance(value, Decimal | str) or kind(value) not in ("boolean", "null") else None


def _constant(node: Node) -> bool:
    match node:
        case Literal():
            return True
        case Negation(operand=operand):
            return _constant(operand)
        case Call(function=Name(name=name), arguments=arguments):
            return name in _CONSTRUCTORS and all(isinstance(argument, Literal) for argument in arguments)
    return False
