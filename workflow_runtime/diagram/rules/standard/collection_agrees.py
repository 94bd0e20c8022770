"""A data element is a collection exactly when its item definition is (EXT.020; also 077, 081, 083)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
    yes,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for data in sheet.all("dataObject", "dataInput", "dataOutput"):
        item = sheet.attribute(data, "itemSubjectRef")
        if item is not None and yes(data, "isCollection") != yes(item, "isCollection"):
            yield Problem(
                data,
                _("{node} and its item definition {item} disagree whether it is a collection.").format(
                    node=named(data), item=named(item)
                ),
                _("Make isCollection the same on both."),
                "EXT.020",
            )
