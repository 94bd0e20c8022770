"""Every lane with work names an agency (or a role) that exists, in a region that the case knows."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.parties import Party
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    called,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    diagram = sheet.diagram
    used = {lane.id for node in sheet.steps() if (lane := diagram.lane_of(node)) is not None}
    for lane in diagram.lanes.values():
        if lane.id not in used:
            continue
        agency = diagram.lane_property(lane, "xb:agency")
        role = diagram.lane_property(lane, "xb:role")
        if agency is None and role is None:
            yield Problem(
                sheet.xml(lane),
                _("The lane {lane} does not say which agency it is.").format(lane=called(lane)),
                _("Add the property xb:agency, or xb:role in a called process."),
            )
        elif agency is not None:
            party = Party(
                agency, diagram.lane_property(lane, "xb:department"), diagram.lane_property(lane, "xb:region")
            )
            for message, remedy in party.faults(context):
                yield Problem(sheet.xml(lane), message, remedy)
