"""A property belongs to a process, an activity or an event (EXT.078)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import local_name
from workflow_runtime.diagram.model import ACTIVITIES, EVENTS
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for element in sheet.all("property"):
        parent = element.getparent()
        if parent is not None and local_name(parent) not in ACTIVITIES | EVENTS | {"process"}:
            yield Problem(
                element,
                _("The property {node} stands in <{parent}>.").format(node=named(element), parent=local_name(parent)),
                _("Move it into the process, activity or event that it belongs to."),
                "EXT.078",
            )
