"""The types of FEEL: a lattice from Null to Any, and which value conforms to which type."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any as AnyValue

from workflow_runtime.feel.signatures import Builtin
from workflow_runtime.feel.values import Function, Months, Range
from workflow_runtime.feel.wide import WideDate, WideDateTime, WideDuration, WideTime


@dataclass(frozen=True, slots=True)
class Type:
    """A simple type, known by its name."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ListType(Type):
    """list<item>"""

    item: Type

    def __init__(self, item: Type) -> None:
        object.__setattr__(self, "name", "list")
        object.__setattr__(self, "item", item)

    def __str__(self) -> str:
        return f"list<{self.item}>"


@dataclass(frozen=True, slots=True)
class RangeType(Type):
    """range<endpoint>"""

    endpoint: Type

    def __init__(self, endpoint: Type) -> None:
        object.__setattr__(self, "name", "range")
        object.__setattr__(self, "endpoint", endpoint)

    def __str__(self) -> str:
        return f"range<{self.endpoint}>"


@dataclass(frozen=True, slots=True)
class ContextType(Type):
    """context<key: type, …>"""

    entries: Mapping[str, Type] = field(hash=False)

    def __init__(self, entries: Mapping[str, Type]) -> None:
        object.__setattr__(self, "name", "context")
        object.__setattr__(self, "entries", dict(entries))

    def __str__(self) -> str:
        return f"context<{', '.join(f'{key}: {value}' for key, value in self.entries.items())}>"


@dataclass(frozen=True, slots=True)
class FunctionType(Type):
    """function<parameter, …> -> result"""

    parameters: tuple[Type, ...]
    result: Type

    def __init__(self, parameters: tuple[Type, ...], result: Type) -> None:
        object.__setattr__(self, "name", "function")
        object.__setattr__(self, "parameters", parameters)
        object.__setattr__(self, "result", result)

    def __str__(self) -> str:
        return f"function<{', '.join(map(str, self.parameters))}> -> {self.result}"


@dataclass(frozen=True, slots=True)
class EnumerationType(Type):
    """A simple type whose values are listed: what `check` needs to notice a misspelt one."""

    base: Type
    values: tuple[AnyValue, ...]

    def __init__(self, base: Type, values: tuple[AnyValue, ...]) -> None:
        object.__setattr__(self, "name", base.name)
        object.__setattr__(self, "base", base)
        object.__setattr__(self, "values", values)


@dataclass(frozen=True, slots=True)
class NamedType(Type):
    """A type written by a name this package does not know, such as an item definition of a decision model."""


ANY = Type("Any")
NULL = Type("Null")
NUMBER = Type("number")
STRING = Type("string")
BOOLEAN = Type("boolean")
DATE = Type("date")
TIME = Type("time")
DATE_TIME = Type("date and time")
DAYS = Type("days and time duration")
MONTHS = Type("years and months duration")
FUNCTION = Type("function")  #: any function at all

#: every type that is written by one name; the names with a space in them first, as the parser tries them
SIMPLE = {kind.name: kind for kind in (MONTHS, DAYS, DATE_TIME, DATE, TIME, NUMBER, STRING, BOOLEAN, ANY, NULL)}
#: compound types of which no more is said
OPEN: dict[str, Type] = {
    "list": ListType(ANY),
    "context": ContextType({}),
    "range": RangeType(ANY),
    "function": FUNCTION,
}
SIMPLE |= {"dateTime": DATE_TIME, "dayTimeDuration": DAYS, "yearMonthDuration": MONTHS}

OF_VALUE: dict[type, Type] = {
    type(None): NULL,
    Decimal: NUMBER,
    int: NUMBER,
    str: STRING,
    bool: BOOLEAN,
    dt.date: DATE,
    WideDate: DATE,
    dt.time: TIME,
    WideTime: TIME,
    dt.datetime: DATE_TIME,
    WideDateTime: DATE_TIME,
    dt.timedelta: DAYS,
    WideDuration: DAYS,
    Months: MONTHS,
}


def type_of(value: AnyValue) -> Type:
    """The type of a value: lists by what their items have in common, contexts by their entries."""
    simple = OF_VALUE.get(type(value))
    if simple is not None:
        return simple
    if isinstance(value, list):
        kinds = [type_of(item) for item in value]
        return ListType(common(kinds))
    if isinstance(value, dict):
        return ContextType({key: type_of(item) for key, item in value.items()})
    if isinstance(value, Range):
        return RangeType(common([type_of(end) for end in (value.start, value.end) if end is not None]))
    if isinstance(value, Function):
        result = value.result() if callable(value.result) else value.result
        inputs = value.types or (ANY,) * len(value.parameters)
        return FunctionType(tuple(inputs), result if isinstance(result, Type) else ANY)
    if isinstance(value, Builtin):
        inputs = tuple(SIMPLE.get(parameter.type, ANY) for parameter in value.signatures[0].parameters)
        return FunctionType(inputs, SIMPLE.get(value.result, ANY))
    return ANY


def common(kinds: list[Type]) -> Type:
    """The narrowest type that all of them conform to; Null for none."""
    result = NULL
    for kind in kinds:
        if conforms(kind, result):
            continue
        if conforms(result, kind):
            result = kind
            continue
        return ANY
    return result


def conforms(kind: Type, wanted: Type) -> bool:
    """Whether a value of type `kind` may stand wherever `wanted` is expected (`kind <: wanted`)."""
    if wanted.name == "Any" or kind.name == "Null":
        return True
    if wanted is FUNCTION:
        return kind.name == "function"
    if isinstance(wanted, EnumerationType):
        wanted = wanted.base
    if isinstance(kind, EnumerationType):
        kind = kind.base
    if isinstance(kind, ListType) and isinstance(wanted, ListType):
        return conforms(kind.item, wanted.item)
    if isinstance(kind, RangeType) and isinstance(wanted, RangeType):
        return conforms(kind.endpoint, wanted.endpoint)
    if isinstance(kind, ContextType) and isinstance(wanted, ContextType):
        return all(key in kind.entries and conforms(kind.entries[key], item) for key, item in wanted.entries.items())
    if isinstance(kind, FunctionType) and isinstance(wanted, FunctionType):
        return (
            len(kind.parameters) == len(wanted.parameters)
            and all(conforms(w, k) for k, w in zip(kind.parameters, wanted.parameters, strict=True))
            and conforms(kind.result, wanted.result)
        )
    return type(kind) is type(wanted) and kind.name == wanted.name and type(kind) is Type


def is_instance(value: AnyValue, kind: Type) -> bool | None:
    """`value instance of kind`: null when the type does not exist, and null is an instance of Null alone."""
    if not known(kind):
        return None
    if value is None:
        return kind.name == "Null"
    return conforms(type_of(value), kind)


def known(kind: Type) -> bool:
    """Whether every name inside the type is the name of a type."""
    match kind:
        case NamedType():
            return False
        case ListType(item=item):
            return known(item)
        case RangeType(endpoint=endpoint):
            return known(endpoint)
        case ContextType(entries=entries):
            return all(known(item) for item in entries.values())
        case FunctionType(parameters=parameters, result=result):
            return all(known(item) for item in parameters) and known(result)
    return True


def coerced(value: AnyValue, wanted: Type) -> tuple[bool, AnyValue]:
    """The value as the wanted type, by the standard's implicit conversions; False if there is none.

    A list of one becomes its item, an item a list of one, a date the midnight UTC that begins it.
    """
    if value is None or wanted.name == "Any":
        return True, value
    if isinstance(wanted, EnumerationType):
        wanted = wanted.base
    if conforms(type_of(value), wanted):
        return True, value
    if isinstance(wanted, ListType):
        if not isinstance(value, list):
            fits, item = coerced(value, wanted.item)
            return fits, [item]
        return False, None
    if isinstance(value, list) and len(value) == 1:
        return coerced(value[0], wanted)
    if wanted is DATE_TIME and type_of(value) is DATE:
        from workflow_runtime.feel import temporal

        return True, temporal.date_time_of(temporal.number_of(value), 0, dt.UTC)
    return False, None


def resolved(kind: Type, find: AnyValue) -> Type | None:
    """The type with every name in it looked up by `find`; None if one of them names nothing."""
    match kind:
        case NamedType(name=name):
            found = find(name)
            return found if isinstance(found, Type) else None
        case ListType(item=item):
            inner = resolved(item, find)
            return None if inner is None else ListType(inner)
        case RangeType(endpoint=endpoint):
            inner = resolved(endpoint, find)
            return None if inner is None else RangeType(inner)
        case ContextType(entries=entries):
            members = {key: resolved(item, find) for key, item in entries.items()}
            return None if None in members.values() else ContextType(members)  # type: ignore[arg-type]
        case FunctionType(parameters=parameters, result=result):
            inputs = [resolved(item, find) for item in parameters]
            output = resolved(result, find)
            if output is None or None in inputs:
                return None
            return FunctionType(tuple(inputs), output)  # type: ignore[arg-type]
    return kind
