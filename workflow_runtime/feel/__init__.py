"""FEEL, the expression language of DMN 1.5: read once into a syntax tree, compiled to closures, safe in any hands.

    evaluate("amount > 100000 and days <= 5", {"amount": 250000, "days": 3})  → True

Nothing in here reads a file, a clock, an attribute or an environment; the clock and all functions beyond the standard's
own are handed in. This package imports nothing of the rest of the programme.
"""

from __future__ import annotations

from workflow_runtime.feel.checker import Finding, check, check_tests, type_in
from workflow_runtime.feel.errors import FeelError
from workflow_runtime.feel.expression import Expression, UnaryTests, compile, evaluate, unary
from workflow_runtime.feel.types import Type
from workflow_runtime.feel.values import Function, Months, Range, Value

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
