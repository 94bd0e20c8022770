"""A collaboration is closed exactly when the choreography it refers to is (EXT.033)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
    yes,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for element in sheet.all("collaboration"):
        for meant in sheet.named_in(element, "choreographyRef"):
            if yes(element, "isClosed") != yes(meant, "isClosed"):
                yield Problem(
                    element,
                    _("{node} and its choreography {other} disagree whether they are closed.").format(
                        node=named(element), other=named(meant)
                    ),
                    _("Make isClosed the same on both."),
                    "EXT.033",
                )
