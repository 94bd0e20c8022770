"""A split or a choice is drawn as a gateway, not hidden in a step with several ways out."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.model import ACTIVITIES
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    called,
)
from workflow_runtime.findings import Severity
from workflow_runtime.i18n import _

SEVERITY = Severity.WARNING


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for node in sheet.steps(*ACTIVITIES):
        if len(node.outgoing) > 1:
            yield Problem(
                sheet.xml(node),
                _("{node} has {number} ways out.").format(node=called(node), number=len(node.outgoing)),
                _("Draw a gateway behind it: parallel for all ways, exclusive for one."),
            )
