"""An id names one element: in the file, and among imported files of the same namespace (EXT.002)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import BPMN
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
    for each in (sheet, *sheet.imported):
        yield from _beyond_comparison(each)


def _beyond_comparison(sheet: Sheet) -> Iterator[Problem]:
    """An import that shares the namespace of its importer, and lies where nobody looks: uniqueness cannot be shown."""
    for element in sheet.all("import"):
        location = element.get("location") or ""
        shared = element.get("namespace") == sheet.target_namespace and element.get("importType") == BPMN
        if shared and "://" in location and sheet.import_kinds.get(location) is None:
            yield Problem(
                sheet.root,
                _(
                    "The ids of this file cannot be held against those of {location}, which shares its namespace: "
                    "nothing is fetched from the network."
                ).format(location=location),
                _("Put the file beside the diagram, or give each file a namespace of its own."),
                "EXT.002",
                (sheet.location,) if sheet.location else (),
            )
