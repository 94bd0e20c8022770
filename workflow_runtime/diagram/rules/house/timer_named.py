"""A period comes from the profile by its name, so that a new regulation needs no new drawing."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import extension
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    called,
)
from workflow_runtime.findings import Severity
from workflow_runtime.i18n import _

SEVERITY = Severity.WARNING


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for node in sheet.steps():
        for event in node.events:
            if event.kind == "timer" and event.expression and not event.expression.startswith("="):
                yield Problem(
                    sheet.xml(node),
                    _("The timer of {node} has the period {text} written into the drawing.").format(
                        node=called(node), text=event.expression
                    ),
                    _('Name a deadline of the profile: =deadline("name"), =cycle("name").'),
                )
        if extension(sheet.xml(node), "taskSchedule") is not None:
            yield Problem(
                sheet.xml(node),
                _("{node} has a task schedule, which is not read.").format(node=called(node)),
                _("Name its deadline: the property xb:deadline."),
            )
