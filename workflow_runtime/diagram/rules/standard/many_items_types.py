"""The single item has the type of the list it comes from or goes to (EXT.069, EXT.070)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import child, text_of
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
    yes,
)
from workflow_runtime.i18n import _

SIDES = (("loopDataOutputRef", "outputDataItem", "EXT.069"), ("loopDataInputRef", "inputDataItem", "EXT.070"))


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for loop in sheet.all("multiInstanceLoopCharacteristics"):
        if not sheet.executable(loop):
            continue
        for ref, single, constraint in SIDES:
            data, item = child(loop, ref), child(loop, single)
            if data is None or item is None:
                continue
            of_list, of_item = sheet.item(sheet.resolve(data, text_of(data))), sheet.item(item)
            collection = of_item is not None and yes(of_item, "isCollection")
            if of_list is None or of_item is None or collection or not _equal(of_list, of_item):
                yield Problem(
                    loop,
                    _("The single item {item} does not have the type of its list.").format(item=named(item)),
                    _("Give it an item definition with the structure of the list that is no collection itself."),
                    constraint,
                )


def _equal(one: etree._Element, other: etree._Element) -> bool:
    return one.get("structureRef") is not None and one.get("structureRef") == other.get("structureRef")
