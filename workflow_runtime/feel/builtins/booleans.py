"""The boolean function."""

from __future__ import annotations

from workflow_runtime.feel.signatures import builtin


@builtin("not", "negand: boolean", "boolean")
def not_(negand: bool) -> bool:
    return not negand
