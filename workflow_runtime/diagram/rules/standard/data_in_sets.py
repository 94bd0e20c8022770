"""Sets list the data they are made of, and agree with each other (EXT.084–090)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import children, text_of
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _

SIDES = (
    ("dataInput", "inputSet", "Input", "EXT.084", "EXT.085", "EXT.086"),
    ("dataOutput", "outputSet", "Output", "EXT.088", "EXT.089", "EXT.090"),
)


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for kind, set_kind, word, listed, optional, executing in SIDES:
        listed_by = {
            (owner, data)
            for each in sheet.all(set_kind)
            if (owner := each.getparent()) is not None
            for data in sheet.named_in(each, f"data{word}Refs")
        }
        for data in sheet.all(kind):
            if (data.getparent(), data) not in listed_by:
                yield Problem(
                    data,
                    _("No set lists {node}.").format(node=named(data)),
                    _("Add it to the input or output set of its owner."),
                    listed,
                )
        for each in sheet.all(set_kind):
            whole = set(sheet.named_in(each, f"data{word}Refs"))
            for part, constraint in ((f"optional{word}Refs", optional), (f"whileExecuting{word}Refs", executing)):
                if any(data not in whole for data in sheet.named_in(each, part)):
                    yield Problem(
                        each,
                        _("{part} of {node} names data that the set does not list.").format(
                            part=part, node=named(each)
                        ),
                        _("Add it to the data of the set as well."),
                        constraint,
                    )
    yield from _pairs(sheet)


def _pairs(sheet: Sheet) -> Iterator[Problem]:
    for kind, forth, back in (
        ("inputSet", "outputSetRefs", "inputSetRefs"),
        ("outputSet", "inputSetRefs", "outputSetRefs"),
    ):
        for each in sheet.all(kind):
            for ref in children(each, forth):
                other = sheet.resolve(ref, text_of(ref))
                if other is None or each not in sheet.named_in(other, back):
                    yield Problem(
                        each,
                        _("{node} names a set that does not name it back.").format(node=named(each)),
                        _("Let input set and output set refer to each other."),
                        "EXT.087",
                    )
