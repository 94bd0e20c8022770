"""Calling a function value, whether the standard's own, one handed in, or one that an expression made."""

from __future__ import annotations

from workflow_runtime.feel import types
from workflow_runtime.feel.scope import Run
from workflow_runtime.feel.signatures import Builtin
from workflow_runtime.feel.values import Function, Value


def invoke(run: Run, function: Function | Builtin, arguments: list[Value], names: tuple[str, ...] = ()) -> Value:
    """Call a function value; what does not fit its parameters is null."""
    run.spend(1)
    if isinstance(function, Builtin):
        return function.apply(run, arguments, names)
    if names:
        if len(set(names)) != len(names) or not set(names) <= set(function.parameters):
            return None
        given = dict(zip(names, arguments, strict=True))
        arguments = [given.get(parameter) for parameter in function.parameters]
    if not function.variadic and len(arguments) != len(function.parameters):
        return None
    if function.types and not function.checks_itself:
        coerced = []
        for argument in arguments:
            run.weigh(argument)
        for argument, wanted in zip(arguments, function.types, strict=False):
            fits, argument = types.coerced(argument, wanted)
            if not fits:
                return None
            coerced.append(argument)
        arguments = coerced
    run.enter()
    try:
        return function.call(run, arguments)
    finally:
        run.leave()


def called(run: Run, target: Value, arguments: list[Value], names: tuple[str, ...] = ()) -> Value:
    """Call whatever an expression gave; null if it is no function."""
    return invoke(run, target, arguments, names) if isinstance(target, Function | Builtin) else None
