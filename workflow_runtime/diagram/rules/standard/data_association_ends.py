"""A data association has one source, and ends of one type, unless it transforms (EXT.091, EXT.092)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import child, children
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for association in sheet.all("dataInputAssociation", "dataOutputAssociation"):
        if child(association, "transformation") is not None:
            continue
        number = len(list(children(association, "sourceRef")))
        if number != 1:
            yield Problem(
                association,
                _("The data association {node} has {number} sources and no transformation.").format(
                    node=named(association), number=number
                ),
                _("Keep one source, or say how several become one."),
                "EXT.092",
            )
        for source in sheet.named_in(association, "sourceRef"):
            for target in sheet.named_in(association, "targetRef"):
                one, other = sheet.item(source), sheet.item(target)
                if one is not None and other is not None and not sheet.same_type(one, other):
                    yield Problem(
                        association,
                        _("{source} and {target} have different types.").format(
                            source=named(source), target=named(target)
                        ),
                        _("Give both the same item definition, or add a transformation."),
                        "EXT.091",
                    )
