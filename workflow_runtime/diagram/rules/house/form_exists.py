"""Every item a person fills has a form, and the form exists."""

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
    for node in sheet.steps("userTask", "startEvent"):
        if node.form is None and node.kind == "startEvent":
            continue
        if node.form is None:
            yield Problem(
                sheet.xml(node),
                _("{node} has no form.").format(node=called(node)),
                _("Name one (zeebe:formDefinition formId), even if it has a single field."),
            )
        elif context.forms is not None and not node.form.startswith("=") and node.form not in context.forms:
            yield Problem(
                sheet.xml(node),
                _("{node} asks for the form {form}, which does not exist.").format(node=called(node), form=node.form),
                _("Put {form}.form beside the diagram, or correct the name.").format(form=node.form),
            )
