"""Modules that are loaded when something of theirs is first used: reading a case needs no engine (decision 27).

if TYPE_CHECKING:
    from workflow_runtime import engine
else:
    engine = when_used("workflow_runtime.engine")
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


class _Unloaded:
    """Stands for a module by its name; the interpreter's own import lock makes the first use safe in every thread."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name), attribute)


def when_used(name: str) -> Any:
    """What behaves like the module `name`, and loads it when the first attribute is asked for."""
    return _Unloaded(name)
