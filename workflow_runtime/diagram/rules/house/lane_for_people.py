"""Every step of a person stands in a lane: the lane says whose worklist it is."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.model import FlowNode
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    called,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for node in sheet.steps("userTask", "manualTask"):
        if sheet.diagram.lane_of(node) is None and not _takes_lane_of_call(sheet, node):
            yield Problem(
                sheet.xml(node),
                _("{node} stands in no lane, so nobody would see it.").format(node=called(node)),
                _("Put it into the lane of the department that does it."),
            )


def _takes_lane_of_call(sheet: Sheet, node: FlowNode) -> bool:
    """A called process without any lane works in the lane of the step that calls it."""
    process = sheet.diagram.scopes[sheet.diagram.process_of(node)]
    return not process.lanes and "C" in process.properties.get("xb:kind", "")
