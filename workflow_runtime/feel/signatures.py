"""How a function of the standard is declared and called.

A signature is written as in the standard's tables: `name: type`, `name?: type` for what may be left out,
`name...: type` for any number of them. Arguments that fit no signature, before or after the implicit conversions,
make the result null.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from typing import Any

from workflow_runtime.feel import limits
from workflow_runtime.feel.operations import DATE_TIMES, DATES, DURATIONS, kind
from workflow_runtime.feel.scope import Run, limit
from workflow_runtime.feel.values import Function, Months, Range, Value

#: steps of a call that does nothing dear; a step is about a third of a microsecond
CALL = 5


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a signature."""

    name: str
    type: str
    optional: bool
    many: bool


@dataclass(frozen=True, slots=True)
class Signature:
    """One way to call a function."""

    parameters: tuple[Parameter, ...]
    call: Callable[..., Value]
    with_run: bool
    cost: int = CALL

    def __str__(self) -> str:
        return ", ".join(f"{p.name}{'...' if p.many else '?' if p.optional else ''}: {p.type}" for p in self.parameters)

    def bound(self, arguments: list[Value]) -> list[Value] | None:
        """The positional arguments as this signature takes them; None if they do not fit."""
        result: list[Value] = []
        for position, parameter in enumerate(self.parameters):
            given = arguments[position:] if parameter.many else arguments[position : position + 1]
            if not given and not parameter.optional:
                return None
            for argument in given:
                fits, argument = _fitting(argument, parameter)
                if not fits:
                    return None
                result.append(argument)
            if parameter.many:
                return result
        return result if len(arguments) <= len(self.parameters) else None

    def named(self, arguments: dict[str, Value]) -> list[Value] | None:
        """Named arguments in the order of the parameters; None if a name is unknown or a needed one missing."""
        if not set(arguments) <= {parameter.name for parameter in self.parameters}:
            return None
        result: list[Value] = []
        for parameter in self.parameters:
            if parameter.many and parameter.name in arguments:
                value = arguments[parameter.name]
                result.extend(value if isinstance(value, list) else [value])
            elif parameter.name in arguments:
                result.append(arguments[parameter.name])
            elif parameter.optional:
                result.append(None)
            else:
                return None
        return result


@dataclass(frozen=True, slots=True, eq=False)
class Builtin:
    """A function of the standard."""

    name: str
    signatures: list[Signature] = field(default_factory=list)
    result: str = "Any"

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(parameter.name for parameter in self.signatures[0].parameters)

    def apply(self, run: Run, arguments: list[Value], names: tuple[str, ...] = ()) -> Value:
        """The result for these arguments; null when they fit no signature."""
        for signature in self.signatures:
            if names:
                given = (
                    signature.named(dict(zip(names, arguments, strict=True))) if len(set(names)) == len(names) else None
                )
                if given is None:
                    continue
                bound = signature.bound(given)
            else:
                bound = signature.bound(arguments)
            if bound is None:
                continue
            run.spend(signature.cost)
            for argument in bound:
                if isinstance(argument, str | list | dict):
                    run.spend(len(argument) >> 4)
            result = signature.call(run, *bound) if signature.with_run else signature.call(*bound)
            if isinstance(result, list):
                run.spend(len(result))
                if len(result) > limits.LIST:
                    raise limit("list-too-long", limits.LIST)
            elif isinstance(result, str):
                run.spend(len(result) >> 5)
                if len(result) > limits.STRING:
                    raise limit("string-too-long", limits.STRING)
            return result
        return None


BUILTINS: dict[str, Builtin] = {}
_PARAMETER = re.compile(r"([\w ]+?)(\?|\.\.\.)?: ([\w |]+)")


def _fitting(value: Value, parameter: Parameter) -> tuple[bool, Value]:
    wanted = parameter.type
    if wanted == "Any":
        return True, value
    if value is None:
        return parameter.optional, None
    accepts = _ACCEPTS[wanted]
    if accepts(value):
        return True, value.to_integral_value(ROUND_DOWN) if wanted == "integer" else value
    if wanted == "list":
        return True, [value]
    if isinstance(value, list) and len(value) == 1 and accepts(value[0]):
        return True, value[0]
    return False, None


def _point(value: Value) -> bool:
    return not isinstance(value, Range | list | dict | Function | Builtin)


_ACCEPTS: dict[str, Callable[[Value], bool]] = {
    "number": lambda value: isinstance(value, Decimal),
    "integer": lambda value: isinstance(value, Decimal) and value.adjusted() < 18,
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "list": lambda value: isinstance(value, list),
    "context": lambda value: isinstance(value, dict),
    "range": lambda value: isinstance(value, Range),
    "function": lambda value: isinstance(value, Function | Builtin),
    "point": _point,
    "date": lambda value: kind(value) == "date",
    "time": lambda value: kind(value) == "time",
    "date and time": lambda value: kind(value) == "date and time",
    "day": lambda value: isinstance(value, DATES + DATE_TIMES),
    "days and time duration": lambda value: isinstance(value, DURATIONS),
    "duration": lambda value: isinstance(value, (Months, *DURATIONS)),
}


def register(name: str, result: str, signature: Signature) -> None:
    """Add one signature to a function of the standard."""
    BUILTINS.setdefault(name, Builtin(name, result=result)).signatures.append(signature)


def builtin(
    name: str, parameters: str, result: str = "Any", with_run: bool = False, cost: int = CALL
) -> Callable[..., Any]:
    """Declare the decorated function as one signature of a function of the standard; `cost` is the price of a call."""
    read = tuple(
        Parameter(found[1], found[3], found[2] == "?", found[2] == "...")
        for part in parameters.split(", ")
        if part and (found := _PARAMETER.fullmatch(part))
    )

    def registered(call: Callable[..., Value]) -> Callable[..., Value]:
        register(name, result, Signature(read, call, with_run, cost))
        return call

    return registered
