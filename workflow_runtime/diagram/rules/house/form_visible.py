"""The department that fills a form may see what it asks for."""

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
    for node in sheet.steps("userTask"):
        form = (context.forms or {}).get(node.form or "")
        lane = sheet.diagram.lane_of(node)
        if form is None or lane is None:
            continue
        text = sheet.diagram.lane_property(lane, "xb:sees") or ""
        seen = {part.strip() for part in text.split(",")} | {"general"}
        hidden = [field for field in form.fields if field.field_class not in seen]
        if "*" not in seen and hidden:
            yield Problem(
                sheet.xml(node),
                _("{node}: the lane {lane} may not see {fields}.").format(
                    node=called(node),
                    lane=called(lane),
                    fields=", ".join(f"{field.key} ({field.field_class})" for field in hidden),
                ),
                _("Add the class to xb:sees of the lane, or leave the field to another step."),
                path=(node.form or "", *(field.key for field in hidden)),
            )
