"""A finding: one thing that is wrong with something an author wrote, said so that it can be mended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"  #: refuses the deployment
    WARNING = "warning"  #: deploys, and says so
    INFO = "info"  #: worth knowing


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem, where it is, and what to do about it.

    `message` and `remedy` are in the language of the current user. `path` tells the way to the problem
    (file, element ids, field) from the outside in. `excerpt` shows the place, where it is one of an expression: its
    line and, below, signs under the fragment, for a font of fixed width.
    """

    rule: str
    severity: Severity
    element: str | None
    line: int | None
    message: str
    remedy: str
    constraint: str | None = None
    path: tuple[str, ...] = ()
    excerpt: str = ""
