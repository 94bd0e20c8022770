"""A conditional event has a condition that can be computed (EXT.123)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import child, text_of
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for definition in sheet.all("conditionalEventDefinition"):
        condition = child(definition, "condition")
        if sheet.executable(definition) and (not sheet.formal(condition) or text_of(condition) is None):
            yield Problem(
                definition,
                _("A conditional event has no formal condition."),
                _('Write the condition with xsi:type="bpmn:tFormalExpression".'),
                "EXT.123",
            )
