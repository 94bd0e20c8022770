"""The values a name can have when a gateway asks for it, as far as forms, steps and decision tables say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

from workflow_runtime.diagram.context import CheckContext, FieldLike
from workflow_runtime.diagram.model import Diagram, FlowNode

#: More combinations of values than this are not tried.
MOST_COMBINATIONS = 2_000
_NUMBERS = frozenset({"number", "integer", "money"})
_NUMBER = re.compile(r"(?<![\w.\"])\d+(?:\.\d+)?(?![\w.\"])")
_DATE = re.compile(r'date\(\s*"(\d{4})-(\d\d)-(\d\d)"\s*\)')
_TEXT = re.compile(r'"[^"]*"')
_WORD = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
#: words of FEEL that are no names of data
_FEEL = frozenset(
    "and or not null true false if then else in between some every satisfies for return date time duration item".split()
)


def cases(
    conditions: Sequence[str], gateway: FlowNode, diagram: Diagram, context: CheckContext
) -> list[dict[str, Any]]:
    """Every combination of values worth trying; empty when a name is not known well enough to say."""
    fields = {field.key: field for form in (context.forms or {}).values() for field in form.fields}
    text = " ; ".join(conditions)
    names = sorted(_words(text))
    decided = _decided(names, gateway, diagram, context)
    axes: list[Sequence[Mapping[str, Any]]] = [rows for _names, rows in decided]
    known = {name for by_decision, _rows in decided for name in by_decision}
    for name in names:
        if name == "item.outcome":
            axes.append([{"item": {"outcome": outcome}} for outcome in _outcomes(gateway, diagram)])
        elif name in fields and name not in known:
            axes.append([{name: value} for value in _values(fields[name], text)])
        elif name in fields or name not in known:
            return []
    size = 1
    for axis in axes:
        size *= len(axis)
    if not axes or not 0 < size <= MOST_COMBINATIONS:
        return []
    found = [{name: value for part in chosen for name, value in part.items()} for chosen in product(*axes)]
    return [case for case in found if not _impossible(case, fields, context)]


def _decided(
    names: Sequence[str], gateway: FlowNode, diagram: Diagram, context: CheckContext
) -> list[tuple[list[str], list[dict[str, Any]]]]:
    """For each decision that sets some of the names: those names, and the values it gives them together, row by row."""
    found: list[tuple[list[str], list[dict[str, Any]]]] = []
    process = diagram.process_of(gateway)
    for step in diagram.nodes():
        if step.kind != "businessRuleTask" or diagram.process_of(step) != process or context.answers is None:
            continue
        answers = context.answers(step.decision or "")
        if answers is None or step.result is None:
            continue
        mapped = {line.target: line.source for line in step.outputs}
        own = [name for name in names if name in mapped or (not mapped and name.partition(".")[0] == step.result)]
        rows = [_set_by(step.result, mapped, answer, own, context) for answer in answers]
        if own and all(row is not None for row in rows):
            found.append((own, [row for row in rows if row is not None]))
    taken = [name for own, _rows in found for name in own]
    return [(own, rows) for own, rows in found if not any(taken.count(name) > 1 for name in own)]


def _set_by(
    result: str, mapped: Mapping[str, str], answer: Any, names: Sequence[str], context: CheckContext
) -> dict[str, Any] | None:
    """What one answer of a decision sets; None when its mapping asks for more than the answer."""
    row: dict[str, Any] = {}
    for name in names:
        if name not in mapped:
            inner = name.partition(".")[2]
            row[result] = {**row.get(result, {}), inner: answer.get(inner)} if inner else answer
            continue
        source = mapped[name]
        if context.evaluate is None or {root.partition(".")[0] for root in _words(source)} != {result}:
            return None
        try:
            row[name] = context.evaluate(source, {result: answer})
        except context.feel_errors:
            return None
    return row


def _words(text: str) -> set[str]:
    """The names of data in an expression."""
    return set(_WORD.findall(_TEXT.sub(" ", text))) - _FEEL


def _impossible(case: Mapping[str, Any], fields: Mapping[str, FieldLike], context: CheckContext) -> bool:
    """Whether a field has a value although the form does not show it, or has none although it must have one."""
    for name, value in case.items():
        field = fields.get(name)
        if field is not None and field.hide and context.evaluate is not None:
            if not all(_words(text) <= case.keys() for text in field.hide):
                continue  # what hides it is not asked here: it may be shown or not
            try:
                hidden = any(context.evaluate(text, case) is True for text in field.hide)
            except context.feel_errors:
                continue
            if hidden != (value is None) and (hidden or field.required is True):
                return True
    return False


def shown(case: Mapping[str, Any]) -> str:
    """An example as people read it: consent = "no", age = 12."""
    parts: list[str] = []
    for name, value in case.items():
        if isinstance(value, Mapping):
            parts.append(shown({f"{name}.{inner}": each for inner, each in value.items()}))
        elif value is None or isinstance(value, bool):
            parts.append(f"{name} = {'null' if value is None else str(value).lower()}")
        else:
            parts.append(f'{name} = "{value}"' if isinstance(value, str) else f"{name} = {value}")
    return ", ".join(parts)


def _outcomes(gateway: FlowNode, diagram: Diagram) -> Iterator[str]:
    seen: set[str] = set()
    for id in gateway.incoming:
        source = diagram.elements.get(diagram.flow(id).source)
        if not isinstance(source, FlowNode) or source.kind not in ("userTask", "manualTask"):
            return
        for outcome in source.properties.get("xb:outcomes", "done").split(","):
            if outcome.strip() not in seen:
                seen.add(outcome.strip())
                yield outcome.strip()


def _values(field: FieldLike, text: str) -> Iterator[Any]:
    """The values of a field that can make a difference to conditions with this text; none where its kind has no end."""
    values = list(_written(field, text))
    if values and (field.required is not True or field.hide):
        yield None
    yield from values


def _written(field: FieldLike, text: str) -> Iterator[Any]:
    """The values that somebody may enter into the field."""
    kind = str(field.type)
    if kind == "boolean":
        yield from (True, False)
    elif kind == "choice":
        yield from (option.value for option in field.options)
    elif kind in _NUMBERS:
        yield from _numbers(field, text)
    elif kind == "date":
        days = {date(int(y), int(m), int(d)) for y, m, d in _DATE.findall(text) if _is_date(y, m, d)}
        for day in sorted(days):
            yield from (day - timedelta(days=1), day, day + timedelta(days=1))


def _is_date(year: str, month: str, day: str) -> bool:
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def _numbers(field: FieldLike, text: str) -> Iterator[Decimal]:
    """Both sides of every number in the conditions, within the limits of the field."""
    limits = [
        Decimal(str(limit)) if isinstance(limit, (int, float, Decimal)) else None for limit in (field.min, field.max)
    ]
    marks = {Decimal(number) for number in _NUMBER.findall(_TEXT.sub(" ", text))}
    marks.update(limit for limit in limits if limit is not None)
    points = {mark + step for mark in marks for step in (Decimal(-1), Decimal(0), Decimal(1))}
    low, high = limits
    yield from sorted(p for p in points if (low is None or p >= low) and (high is None or p <= high))
