"""A resource role is found by reference or by expression, not by both (EXT.039, EXT.040)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import child
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _

ROLES = ("resourceRole", "performer", "humanPerformer", "potentialOwner")


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for role in sheet.all(*ROLES):
        by_reference = child(role, "resourceRef") is not None
        remedy = _("Keep the reference to the resource, or the expression, and remove the other.")
        if by_reference and child(role, "resourceAssignmentExpression") is not None:
            message = _("{node} names a resource and computes one as well.").format(node=named(role))
            yield Problem(role, message, remedy, "EXT.039")
        if not by_reference and child(role, "resourceParameterBinding") is not None:
            message = _("{node} binds parameters of a resource that it does not name.").format(node=named(role))
            yield Problem(role, message, remedy, "EXT.040")
