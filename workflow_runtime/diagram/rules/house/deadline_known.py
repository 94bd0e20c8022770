"""Every deadline that is named is one of the profile's parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.expressions import expressions
from workflow_runtime.diagram.model import Element
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    called,
)
from workflow_runtime.i18n import _

NAMED = re.compile(r'\b(?:deadline|cycle)\(\s*"([^"]*)"\s*[,)]')


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for node in sheet.steps():
        for agreed in filter(None, (node.properties.get(one) for one in ("xb:due", "xb:dueFrom"))):
            if "xb:deadline" in node.properties and agreed in {one.target for one in node.inputs}:
                continue
            yield Problem(
                sheet.xml(node),
                _("{node} is due on {name}, which is no input of the step, or has no deadline beside it.").format(
                    node=called(node), name=agreed
                ),
                _("Give the step an input of that name, a date, and xb:deadline for when there is none."),
            )
    if context.parameters is None:
        return
    named_by: list[tuple[Element, str]] = [
        (node, node.properties["xb:deadline"]) for node in sheet.steps() if "xb:deadline" in node.properties
    ]
    for each in expressions(sheet):
        named_by.extend((each.element, name) for name in NAMED.findall(each.text))
    for element, name in named_by:
        if name not in context.parameters:
            yield Problem(
                sheet.xml(element),
                _("{node} names the deadline {name}, which the profile does not have.").format(
                    node=called(element), name=name
                ),
                _("Add it to the profile with its value, unit and source, or correct the name."),
            )
