"""A step for many items says how many there are, or over which list it goes (EXT.067, EXT.068)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import child, extension, local_name, text_of
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for loop in sheet.all("multiInstanceLoopCharacteristics"):
        if not sheet.executable(loop):
            continue
        listed = extension(loop, "loopCharacteristics")
        data = child(loop, "loopDataInputRef")
        if child(loop, "loopCardinality") is None and data is None and listed is None:
            yield Problem(
                loop,
                _("A step for many items does not say for which items."),
                _("Name an input collection (zeebe:loopCharacteristics) or a number (loopCardinality)."),
                "EXT.067",
            )
        activity = loop.getparent()
        if data is None or activity is None or local_name(activity) == "subProcess":
            continue
        meant = sheet.resolve(data, text_of(data))
        specification = sheet.specification(activity)
        if meant is None or local_name(meant) != "dataInput" or meant.getparent() is not specification:
            yield Problem(
                loop,
                _("The list that {node} goes over is not one of its own data inputs.").format(node=named(activity)),
                _("Declare the list as a data input of the activity."),
                "EXT.068",
            )
