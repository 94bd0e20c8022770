"""What people type and files hold, as the values a decision asks for: `5` is a number where a number is needed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from workflow_runtime.errors import BadInput
from workflow_runtime.feel import FeelError, Value, compile, temporal, types
from workflow_runtime.feel.types import ContextType, EnumerationType, ListType, Type
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.i18n import _

_NUMERAL = re.compile(r"[+-]?(\d+(\.\d+)?|\.\d+)", re.ASCII)
_BOOLEANS = {"true": True, "false": False, "是": True, "否": False}
_TEMPORAL = frozenset((types.DATE, types.TIME, types.DATE_TIME, types.DAYS, types.MONTHS))


def inputs_of(needed: Mapping[str, Type], given: Mapping[str, Any]) -> dict[str, Value]:
    """The values given, each as the type that is needed; raises BadInput that names every one that is not.

    Text is read where another type is needed, and, where no type is known, if it is plainly a number, a date or a list.
    """
    found: dict[str, Value] = {}
    wrong: list[Finding] = []
    for name, value in given.items():
        kind = needed.get(name, types.ANY)
        try:
            found[name] = _as(kind.base if isinstance(kind, EnumerationType) else kind, value)
        except ValueError:
            message = _("{name} has to be a {wanted}; “{found}” is none.")
            text = message.format(name=name, wanted=_named(kind), found=value)
            wrong.append(Finding("dmn-input", Severity.ERROR, name, None, text, _("Give a value of this type.")))
    if wrong:
        raise BadInput(findings=wrong)
    return found


def _as(kind: Type, value: Any) -> Value:
    """The value as this type; raises ValueError."""
    if isinstance(kind, ListType) and isinstance(value, list):
        return [_as(kind.item, item) for item in value]
    if isinstance(kind, ContextType) and isinstance(value, Mapping):
        return {name: _as(kind.entries.get(name, types.ANY), item) for name, item in value.items()}
    if not isinstance(value, str) or kind is types.STRING:
        return value
    return _read(kind, value.strip(), value)


def _read(kind: Type, text: str, written: str) -> Value:
    open_kind = kind is types.ANY
    if (open_kind or kind is types.NUMBER) and _NUMERAL.fullmatch(text):
        return Decimal(text)
    if (open_kind or kind is types.BOOLEAN) and text in _BOOLEANS:
        return _BOOLEANS[text]
    if open_kind or kind in _TEMPORAL:
        moment = temporal.read_at(text)
        if moment is not None and (open_kind or types.type_of(moment) is kind):
            return moment
    if text[:1] in ("[", "{"):
        try:
            return _as(kind, compile(text)({}))
        except FeelError as error:
            raise ValueError(text) from error
    if open_kind:
        return written
    if isinstance(kind, ListType):
        return [_as(kind.item, written)]
    raise ValueError(text)


def _named(kind: Type) -> str:
    """What a type is called in the language in use."""
    return {
        "number": _("number"),
        "boolean": _("yes or no (true, false)"),
        "date": _("date (2024-05-01)"),
        "time": _("time (08:30:00)"),
        "date and time": _("date and time (2024-05-01T08:30:00)"),
        "days and time duration": _("duration (P3D, PT2H)"),
        "years and months duration": _("duration (P1Y2M)"),
        "list": _("list"),
        "context": _("group of values"),
    }.get(kind.name, str(kind))
