"""FEEL, the expression language of DMN 1.5: read once into a syntax tree, compiled to closures, safe in any hands.

    evaluate("amount > 100000 and days <= 5", {"amount": 250000, "days": 3})  → True

Nothing in here reads a file, a clock, an attribute or an environment; the clock and all functions beyond the standard's
own are handed in. This package imports nothing of the rest of the programme.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workflow_runtime.feel.checker import Finding, check, check_tests, type_in
    from workflow_runtime.feel.errors import FeelError
    from workflow_runtime.feel.expression import Expression, UnaryTests, compile, evaluate, unary
    from workflow_runtime.feel.types import Type
    from workflow_runtime.feel.values import Function, Months, Range, Value

#: Where each name lives; its module is loaded when the name is first used.
_WHERE = {
    "Expression": "expression",
    "FeelError": "errors",
    "Finding": "checker",
    "Function": "values",
    "Months": "values",
    "Range": "values",
    "Type": "types",
    "UnaryTests": "expression",
    "Value": "values",
    "check": "checker",
    "check_tests": "checker",
    "compile": "expression",
    "evaluate": "expression",
    "type_in": "checker",
    "unary": "expression",
}

__all__ = [
    "Expression",
    "FeelError",
    "Finding",
    "Function",
    "Months",
    "Range",
    "Type",
    "UnaryTests",
    "Value",
    "check",
    "check_tests",
    "compile",
    "evaluate",
    "type_in",
    "unary",
]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        found = globals()[name] = getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)  # asked only once
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
