"""The method of a transaction is one the standard knows, or a URI (EXT.060)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
)
from workflow_runtime.i18n import _

KNOWN = frozenset({"##Compensate", "##Image", "##Store"})
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for transaction in sheet.all("transaction"):
        method = (transaction.get("method") or "##Compensate").strip()
        if method not in KNOWN and not URI.fullmatch(method):
            yield Problem(
                transaction,
                _("“{value}” is no transaction method.").format(value=method),
                _("Remove the attribute, or write ##Compensate."),
                "EXT.060",
            )
