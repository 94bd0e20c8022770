"""xieban's runtime: procedures that are drawn as BPMN diagrams, run through the departments of many agencies.

This is the public API, and nothing else. Names are imported when first used, so that a command that only reads
starts fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workflow_runtime.errors import XiebanError
    from workflow_runtime.handling import (
        DocumentEvent,
        DocumentToIssue,
        Effects,
        FileToKeep,
        JobRefused,
        MessageToSend,
        Notice,
        ServiceJob,
        StandingChange,
        handler,
    )
    from workflow_runtime.model import Actor
    from workflow_runtime.runtime import Runtime
    from workflow_runtime.settings import Settings

_WHERE = {
    "Actor": "model",
    "DocumentEvent": "handling",
    "DocumentToIssue": "handling",
    "Effects": "handling",
    "FileToKeep": "handling",
    "JobRefused": "handling",
    "MessageToSend": "handling",
    "Notice": "handling",
    "Runtime": "runtime",
    "ServiceJob": "handling",
    "Settings": "settings",
    "StandingChange": "handling",
    "XiebanError": "errors",
    "handler": "handling",
}

__all__ = [
    "Actor",
    "DocumentEvent",
    "DocumentToIssue",
    "Effects",
    "FileToKeep",
    "JobRefused",
    "MessageToSend",
    "Notice",
    "Runtime",
    "ServiceJob",
    "Settings",
    "StandingChange",
    "XiebanError",
    "handler",
]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"workflow_runtime.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
