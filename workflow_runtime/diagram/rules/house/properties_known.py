"""Our own properties (xb:…) are spelled as the engine reads them, and stand where it reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.properties import PROPERTIES
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    called,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for element in sheet.diagram.elements.values():
        for name, value in element.properties.items():
            if not name.startswith("xb:"):
                continue
            known = PROPERTIES.get(name)
            if known is None:
                yield Problem(
                    sheet.xml(element),
                    _("{node} has the property {name}, which nothing reads.").format(node=called(element), name=name),
                    _("Properties there are: {names}.").format(names=", ".join(sorted(PROPERTIES))),
                )
            elif element.kind not in known.where:
                yield Problem(
                    sheet.xml(element),
                    _("{node} has the property {name}, which is not read on this kind of element.").format(
                        node=called(element), name=name
                    ),
                    _("Put it on: {kinds}.").format(kinds=", ".join(sorted(known.where))),
                )
            elif not re.fullmatch(known.form, value.strip()):
                yield Problem(
                    sheet.xml(element),
                    _("{node}: “{value}” is no value of {name}.").format(
                        node=called(element), value=value[:100], name=name
                    ),
                    _("Write it like this: {example}").format(example=known.example),
                )
