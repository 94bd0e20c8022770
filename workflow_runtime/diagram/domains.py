"""The values a name can have when a gateway asks for it, as far as forms and steps before it say."""

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
    domains: dict[str, tuple[Any, ...]] = {}
    text = " ; ".join(conditions)
    for name in sorted(set(_WORD.findall(_TEXT.sub(" ", text))) - _FEEL):
        if name == "item.outcome":
            values: tuple[Any, ...] = tuple(_outcomes(gateway, diagram))
        elif name in fields:
            values = tuple(_values(fields[name], text))
        else:
            return []
        if not values:
            return []
        domains[name] = values
    size = 1
    for values in domains.values():
        size *= len(values)
    if not domains or size > MOST_COMBINATIONS:
        return []
    found = [_context(dict(zip(domains, chosen, strict=True))) for chosen in product(*domains.values())]
    return [case for case in found if not _impossible(case, fields, context)]


def _impossible(case: Mapping[str, Any], fields: Mapping[str, FieldLike], context: CheckContext) -> bool:
    """Whether a field has a value although the form does not show it, or has none although it must have one."""
    for name, value in case.items():
        field = fields.get(name)
        if field is not None and field.hide and context.evaluate is not None:
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
            parts.extend(f'{name}.{inner} = "{each}"' for inner, each in value.items())
        elif value is None or isinstance(value, bool):
            parts.append(f"{name} = {'null' if value is None else str(value).lower()}")
        else:
            parts.append(f'{name} = "{value}"' if isinstance(value, str) else f"{name} = {value}")
    return ", ".join(parts)


def _context(case: dict[str, Any]) -> dict[str, Any]:
    """The names as FEEL sees them: item.outcome is a field of item."""
    outcome = case.pop("item.outcome", None)
    return case if outcome is None else {**case, "item": {"outcome": outcome}}


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
    """The values of a field that can make a difference to conditions with this text."""
    if field.required is not True or field.hide:
        yield None
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
