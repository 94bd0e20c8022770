"""Every step of a person stands in a lane: the lane says whose worklist it is."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    called,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for node in sheet.steps("userTask", "manualTask"):
        if sheet.diagram.lane_of(node) is None:
            yield Problem(
                sheet.xml(node),
                _("{node} stands in no lane, so nobody would see it.").format(node=called(node)),
                _("Put it into the lane of the department that does it."),
            )
