"""What an evaluation stands on: the scopes with their names, and the run with its fuel, clock and functions."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable, Hashable, Mapping, Sequence
from decimal import Decimal
from types import FunctionType
from typing import Any

from workflow_runtime.feel import limits
from workflow_runtime.feel.errors import FeelError
from workflow_runtime.feel.operations import KINDS
from workflow_runtime.feel.values import Function, Value, measure, weight

MISSING: Any = object()
#: types of values that may enter as they are; lists and contexts are looked into first
READY = frozenset(KINDS) - {list, dict}


class Run:
    """One evaluation: its fuel, its clock, the functions handed in."""

    # defaults of the class, because most runs are over before they need their own
    fuel = limits.OPERATIONS
    calls = 0
    imported: dict[Hashable, Value] | None = None
    met: set[object] | None = None

    def __init__(self, now: dt.datetime | None, functions: Mapping[str, Callable[..., Any]]) -> None:
        self.now = now
        self.functions = functions

    def spend(self, steps: int) -> None:
        """Take this many steps of fuel."""
        self.fuel -= steps
        if self.fuel < 0:
            raise limit("too-many-operations", limits.OPERATIONS)

    def weigh(self, value: Value) -> None:
        """Pay for a value that is about to be walked through."""
        if isinstance(value, list | dict):
            self.spend(2 * min(weight(value), limits.OPERATIONS))
        elif isinstance(value, str):
            self.spend(len(value) >> 6)

    def meets(self, *what: object) -> bool:
        """Whether this evaluation meets something for the first time."""
        if self.met is None:
            self.met = set()
        first = what not in self.met
        self.met.add(what)
        return first

    def function(self, name: str) -> Function | None:
        """A function that was handed in, by name."""
        found = self.functions.get(name)
        if found is None or isinstance(found, Function):
            return found
        return wrapped(name, found)

    def enter(self) -> None:
        """Step into a user-defined function."""
        self.calls += 1
        if self.calls > limits.CALLS:
            raise limit("too-many-calls", limits.CALLS)

    def leave(self) -> None:
        self.calls -= 1


class Scope:
    """Names that an expression sees, in front of the names further out."""

    __slots__ = ("names", "outer", "run")

    def __init__(self, names: Mapping[str, Value], outer: Scope | None, run: Run) -> None:
        self.names = names
        self.outer = outer
        self.run = run

    def ready(self, place: Hashable, value: Value) -> Value:
        """A value of this scope as the evaluation may use it; `place` is its name, or the path to it."""
        return value


class Outside(Scope):
    """The scope handed in by the caller: its values are looked at, and lists and contexts are copied, once a run."""

    __slots__ = ()

    def ready(self, place: Hashable, value: Value) -> Value:
        run = self.run
        if run.imported is None:
            run.imported = {}
        if place not in run.imported:
            run.imported[place] = native(value, ".".join(place) if isinstance(place, tuple) else str(place))
        return run.imported[place]


def limit(code: str, most: int) -> FeelError:
    """The error for a limit reached while evaluating; the expression adds its text."""
    return FeelError(code, "", 0, 0, {"limit": most})


def bounded(value: Value) -> Value:
    """A value that may leave the evaluation: not larger than anybody outside could bear."""
    if isinstance(value, list | dict):
        total, depth = measure(value)
        if total > limits.WEIGHT:
            raise limit("value-too-large", limits.WEIGHT)
        if depth > limits.DEPTH:
            raise limit("value-too-deep", limits.DEPTH)
    return value


def native(value: Any, name: str = "?", depth: int = 0) -> Value:
    """A value from outside as FEEL sees it: numbers become Decimal, sequences lists, mappings contexts."""
    kind = type(value)
    if kind in READY:
        return value
    if kind is int:
        return Decimal(value) if value.bit_length() < 20_000 else None
    if kind is float:
        return Decimal(repr(value)) if value - value == 0 else None
    if depth > limits.DEPTH:
        raise FeelError("too-deep", "", 0, 0, {"limit": limits.DEPTH})
    if isinstance(value, Mapping):
        return {str(key): native(item, name, depth + 1) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        return [native(item, name, depth + 1) for item in value]
    for base in (str, Decimal, dt.datetime, dt.date, dt.time, dt.timedelta, bool, int):  # an enumeration, a subclass
        if isinstance(value, base):
            return _as(base, value)
    if callable(value):
        return wrapped(name, value)
    raise FeelError("bad-value", "", 0, 0, {"name": name, "found": kind.__name__})


def _as(base: type, value: Any) -> Value:
    if base is str:
        return str.__str__(value)
    if base is int:
        return Decimal(int(value))
    if base is dt.datetime:
        return dt.datetime.combine(value.date(), value.timetz())
    if base is dt.date:
        return dt.date(value.year, value.month, value.day)
    if base is dt.timedelta:
        return dt.timedelta(value.days, value.seconds, value.microseconds)
    return Decimal(value) if base is Decimal else value


HANDED_IN = 100  #: steps of calling a function that was handed in and says nothing of its price


class Priced:
    """A function to be handed in that tells, from its arguments, how many steps a call takes."""

    __slots__ = ("call", "cost")

    def __init__(self, call: Callable[..., Any], cost: Callable[..., int]) -> None:
        self.call = call
        self.cost = cost

    def __call__(self, *arguments: Any) -> Any:
        return self.call(*arguments)


def wrapped(name: str, call: Callable[..., Any]) -> Function:
    """A Python function as a FEEL function. Its parameters may be named with spaces for their underscores."""
    cost = call.cost if isinstance(call, Priced) else None
    call = call.call if isinstance(call, Priced) else call
    names, required, variadic = _shape(call)
    parameters = tuple(parameter.replace("_", " ").strip() for parameter in names)

    def invoke(run: Run, arguments: list[Value]) -> Value:
        if not variadic and not required <= len(arguments) <= len(parameters):
            return None
        run.spend(HANDED_IN if cost is None else cost(*arguments))
        return native(call(*map(bounded, arguments)), name)

    return Function(name, parameters, invoke, variadic=True)


_MANY = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS


def _shape(call: Callable[..., Any]) -> tuple[Sequence[str], int, bool]:
    """Names of the parameters of a function, how many must be given, and whether it takes any number."""
    if type(call) is FunctionType:  # what is nearly always handed in says it at once
        code = call.__code__
        if not code.co_flags & _MANY and not code.co_kwonlyargcount and not hasattr(call, "__wrapped__"):
            names = code.co_varnames[: code.co_argcount]
            return names, len(names) - len(call.__defaults__ or ()), False
    try:
        found = tuple(inspect.signature(call).parameters.values())
    except (TypeError, ValueError):
        return (), 0, False
    variadic = any(one.kind is one.VAR_POSITIONAL for one in found)
    given = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    required = sum(1 for one in found if one.default is one.empty and one.kind in given)
    return [one.name for one in found], required, variadic
