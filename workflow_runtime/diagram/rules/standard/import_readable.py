"""What a file imports can be read, and is what the import says it is (EXT.001)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
)
from workflow_runtime.i18n import _

#: import type → word in the namespace of the root element, names the root may have
READABLE = {
    "http://www.omg.org/spec/BPMN/20100524/MODEL": ("BPMN", frozenset({"definitions"})),
    "http://www.w3.org/TR/wsdl20": ("wsdl", frozenset({"description", "definitions"})),
    "http://www.w3.org/2001/XMLSchema": ("XMLSchema", frozenset({"schema"})),
}


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    if context.imports is None:
        return
    for each in (sheet, *sheet.imported):
        for element in each.all("import"):
            location = element.get("location") or ""
            wanted = READABLE.get((element.get("importType") or "").strip().rstrip("/"))
            root = each.import_kinds.get(location)
            # An address on the network is never fetched: without a copy nothing is known of the file.
            if wanted is None or (root is None and "://" in location):
                continue
            if root is None or wanted[0] not in root[0] or root[1] not in wanted[1]:
                yield Problem(
                    element,
                    _("The imported file {location} cannot be read as {kind}.").format(
                        location=location or "?", kind=wanted[0]
                    ),
                    _("Put the file beside the diagram, or remove the import."),
                    "EXT.001",
                    (each.location,) if each.location else (),
                )
