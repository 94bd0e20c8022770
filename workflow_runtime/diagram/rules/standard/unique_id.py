"""An id names one element: in the file, and among imported files of the same namespace (EXT.002)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    seen: dict[tuple[str, str], list[tuple[Sheet, etree._Element]]] = {}
    for each in (sheet, *sheet.imported):
        for id, elements in each.ids():
            seen.setdefault((each.target_namespace, id), []).extend((each, element) for element in elements)
    for (_namespace, id), found in seen.items():
        if len(found) < 2:
            continue
        for each, element in found:
            yield Problem(
                element,
                _("The id {id} is used more than once.").format(id=id),
                _("Give every element an id of its own."),
                "EXT.002",
                (each.location,) if each.location else (),
            )
