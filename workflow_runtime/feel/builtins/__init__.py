"""The functions of the standard, one module for each of its chapters.

`BUILTINS` has them by name; importing a chapter registers its functions there.
"""

from __future__ import annotations

from workflow_runtime.feel.builtins import booleans, contexts, conversion, dates, lists, numbers, ranges, strings
from workflow_runtime.feel.signatures import BUILTINS, Builtin, Parameter, Signature

__all__ = [
    "BUILTINS",
    "Builtin",
    "Parameter",
    "Signature",
    "booleans",
    "contexts",
    "conversion",
    "dates",
    "lists",
    "numbers",
    "ranges",
    "strings",
]
