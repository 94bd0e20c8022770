"""A call hands over and takes back exactly what the called process declares (EXT.063)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import children, local_name
from workflow_runtime.diagram.sheet import (
    GLOBAL_TASKS,
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _

COUNTED = (("dataInput", None), ("dataOutput", None), ("inputSet", "dataInputRefs"), ("outputSet", "dataOutputRefs"))


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for call in sheet.all("callActivity"):
        called = sheet.attribute(call, "calledElement")
        if called is None or (local_name(called) != "process" and local_name(called) not in GLOBAL_TASKS):
            continue
        ours, theirs = sheet.specification(call), sheet.specification(called)
        if _counts(ours) != _counts(theirs):
            yield Problem(
                call,
                _("{node} does not hand over the same number of inputs and outputs as {called} declares.").format(
                    node=named(call), called=named(called)
                ),
                _("Give the call an ioSpecification like that of the called process."),
                "EXT.063",
            )
        elif ours is not None and theirs is not None:
            yield from _types(sheet, ours, theirs)


def _counts(specification: etree._Element | None) -> list[tuple[int, int]]:
    if specification is None:
        return [(0, 0)] * len(COUNTED)
    found = []
    for kind, refs in COUNTED:
        parts = list(children(specification, kind))
        found.append((len(parts), sum(1 for part in parts for _ref in children(part, refs)) if refs else 0))
    return found


def _structure(sheet: Sheet, data: etree._Element) -> str | None:
    item = sheet.item(data)
    return None if item is None else item.get("structureRef")


def _types(sheet: Sheet, ours: etree._Element, theirs: etree._Element) -> Iterator[Problem]:
    remedy = _("Give the data the item definition of the called process.")
    for kind in ("dataInput", "dataOutput"):
        known = {_structure(sheet, data) for data in children(theirs, kind)}
        for data in children(ours, kind):
            if sheet.item(data) is not None and _structure(sheet, data) not in known:
                message = _("{node} has a type that the called process does not declare.").format(node=named(data))
                yield Problem(data, message, remedy, "EXT.063")
    for kind, refs in (("inputSet", "dataInputRefs"), ("outputSet", "dataOutputRefs")):
        contents = [_content(sheet, each, refs) for each in children(theirs, kind)]
        for each in children(ours, kind):
            content = _content(sheet, each, refs)
            if content and content not in contents:
                message = _("{node} lists types that no set of the called process lists.").format(node=named(each))
                yield Problem(each, message, remedy, "EXT.063")


def _content(sheet: Sheet, each: etree._Element, refs: str) -> list[str]:
    return sorted(_structure(sheet, data) or "" for data in sheet.named_in(each, refs))
