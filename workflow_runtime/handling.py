"""The handler contract (decision 10): what machine work gets, and what it may answer.

A handler is a function named after its operation. It gets a `ServiceJob` and returns `Effects`; the runtime
applies them in the transaction that completes the job. It writes nothing itself and may run twice with the same
job id. A business refusal is `raise JobRefused(code, message)`: the diagram's error boundary event takes over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from workflow_runtime.errors import XiebanError


@dataclass(frozen=True, slots=True)
class ServiceJob:
    """One piece of machine work. `inputs` are what the diagram's ioMapping named, and nothing else; `lists` are the
    control lists that the step's header `lists` names, as far as the agency of its lane and those under it see them."""

    id: str
    type: str
    case: str  #: case number
    element: str
    path: tuple[str, ...]
    inputs: Mapping[str, Any]
    headers: Mapping[str, str]
    subject: Mapping[str, Any]
    regions: Mapping[str, str]
    now: datetime
    attempt: int = 1
    lists: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  #: by id: title, columns, rows


@dataclass(frozen=True, slots=True)
class StandingChange:
    """Close the open interval of `kind` at `at` and open one for `holder`. `party` (`AGENCY[/department]@region`) names
    an agency on the platform; `holder` text is for anybody else."""

    kind: str
    at: datetime
    basis: str
    party: str | None = None
    holder: str | None = None


@dataclass(frozen=True, slots=True)
class MessageToSend:
    """A message for another case or an outside party."""

    name: str
    correlation: str
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DocumentToIssue:
    """Sign-off: allot the number and freeze the text. `issuer` is a party reference, or empty for the party in
    whose lane the step stands; the result keys `document_id` and `document_number` are added to the job's patch."""

    code: str
    issuer: str
    beside: bool = False  #: one of the same code that stands goes on standing
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DocumentEvent:
    """Something that happened to an issued document: sealed, delivered, scanned, superseded, void."""

    document: str  #: id or number
    kind: str
    party: str
    content: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification to a department (party reference)."""

    party: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class FileToKeep:
    """A text that is filed with the case: `key` of the case file gets the list of all files with that key, each with
    name, sha256, size and media type, as a file field holds them."""

    key: str
    name: str
    content: str


@dataclass(frozen=True, slots=True)
class Effects:
    """Everything a handler wants done, applied in one transaction."""

    patch: Mapping[str, Any] = field(default_factory=dict)
    standings: tuple[StandingChange, ...] = ()
    messages: tuple[MessageToSend, ...] = ()
    documents: tuple[DocumentToIssue, ...] = ()
    document_events: tuple[DocumentEvent, ...] = ()
    notices: tuple[Notice, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)  #: what is from now on so about the subject; None takes away
    basis: str = ""  #: the paper that says so
    files: tuple[FileToKeep, ...] = ()


class JobRefused(XiebanError):
    """The work cannot be done for a reason that the procedure knows: its BPMN error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


Handler = Callable[[ServiceJob], Effects]
_handlers: dict[str, Handler] = {}


def handler(name: str) -> Callable[[Handler], Handler]:
    """Register a function as the handler of the service tasks of that type.

    Raises ValueError when the name is taken by another function.
    """

    def register(function: Handler) -> Handler:
        known = _handlers.get(name)
        if known is not None and (known.__module__, known.__qualname__) != (function.__module__, function.__qualname__):
            raise ValueError(f"handler {name!r} is already {known.__module__}.{known.__qualname__}")
        _handlers[name] = function
        return function

    return register


def registered() -> Mapping[str, Handler]:
    """All handlers by name."""
    return MappingProxyType(_handlers)
