"""A reference to a data object is called like the object and its state: “plan [approved]” (EXT.076)."""

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


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for reference in sheet.all("dataObjectReference"):
        data, state = sheet.attribute(reference, "dataObjectRef"), child(reference, "dataState")
        if data is None or not reference.get("name") or not data.get("name"):
            continue
        wanted = data.get("name") or ""
        if state is not None and state.get("name"):
            wanted += f" [{state.get('name')}]"
        if reference.get("name") != wanted:
            yield Problem(
                reference,
                _("{node} refers to the data object {data} by another name.").format(
                    node=named(reference), data=named(data)
                ),
                _("Call it “{name}”.").format(name=wanted),
                "EXT.076",
            )
