"""A compensation event is joined to the activity that compensates (EXT.143, EXT.144)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import local_name
from workflow_runtime.diagram.model import ACTIVITIES
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
    yes,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    leads_to: dict[etree._Element, list[etree._Element | None]] = {}
    for association in sheet.all("association"):
        source = sheet.attribute(association, "sourceRef")
        if source is not None:
            leads_to.setdefault(source, []).append(sheet.attribute(association, "targetRef"))
    for event, kinds in sheet.events("boundaryEvent"):
        if "compensate" not in kinds:
            continue
        targets = leads_to.get(event, [])
        remedy = _("Draw an association from the event to an activity that is for compensation.")
        if not targets:
            message = _("The compensation event {node} is joined to nothing.").format(node=named(event))
            yield Problem(event, message, remedy, "EXT.143")
        good = [
            target is not None and local_name(target) in ACTIVITIES and yes(target, "isForCompensation")
            for target in targets
        ]
        if not targets or not all(good):
            message = _("The compensation event {node} leads to no compensation activity.").format(node=named(event))
            yield Problem(event, message, remedy, "EXT.144")
