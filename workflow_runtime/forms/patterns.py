"""Patterns of text fields, run in linear time (RE2): no text a clerk types can make one hang."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import re2

from workflow_runtime.i18n import _

_LONGEST: Final = 1_000


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False  # a bad pattern is a finding, not a line on the error stream
    options.max_mem = 1 << 20
    return options


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> Any:
    return re2.compile(pattern, _options())


def problem(pattern: str) -> str:
    """Why the pattern cannot be used, or nothing."""
    if len(pattern) > _LONGEST:
        return _("it is longer than {limit} characters").format(limit=_LONGEST)
    try:
        _compiled(pattern)
    except re2.error as error:
        detail = error.args[0] if error.args else b""
        return detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)
    return ""


def fits(pattern: str, text: str) -> bool:
    """Whether the pattern is found in the text (as in a browser: anywhere, unless it is anchored)."""
    return _compiled(pattern).search(text) is not None
