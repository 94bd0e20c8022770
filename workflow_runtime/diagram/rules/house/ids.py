"""Everything that runs has an id that history and links can use."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    called,
)
from workflow_runtime.i18n import _

GOOD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}")


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    elements = [*sheet.processes(), *sheet.steps(), *sheet.flows(), *sheet.diagram.lanes.values()]
    for element in elements:
        if not GOOD.fullmatch(element.id):
            yield Problem(
                sheet.xml(element),
                _("{node} has no id, or one with signs other than letters, digits, - and _.").format(
                    node=called(element)
                ),
                _("Give it a short id in Latin letters, for example plan_agreed."),
            )
