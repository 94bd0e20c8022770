"""How many participants there are is a range: 0 ≤ minimum ≤ maximum, 1 ≤ maximum (EXT.029, EXT.030)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for element in sheet.all("participantMultiplicity"):
        minimum, maximum = _number(element.get("minimum"), 0), _number(element.get("maximum"), 1)
        remedy = _("Write a minimum of 0 or more and a maximum of at least 1 and not below it.")
        if minimum < 0:
            message = _("The smallest number of participants is {number}.").format(number=minimum)
            yield Problem(element, message, remedy, "EXT.029")
        if maximum < 1 or maximum < minimum:
            message = _("The largest number of participants is {number}.").format(number=maximum)
            yield Problem(element, message, remedy, "EXT.030")


def _number(text: str | None, default: int) -> int:
    return int(text) if text is not None and re.fullmatch(r"\s*-?\d{1,9}\s*", text) else default
