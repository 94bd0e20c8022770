"""An activity starts with at least one token and gives at least one (EXT.037, EXT.038)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.model import ACTIVITIES
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for activity in sheet.all(*sorted(ACTIVITIES)):
        for attribute, constraint in (("startQuantity", "EXT.037"), ("completionQuantity", "EXT.038")):
            value = activity.get(attribute)
            if value is not None and not re.fullmatch(r"\s*\+?0*[1-9]\d*\s*", value):
                yield Problem(
                    activity,
                    _("{attribute} of {node} is {value}; it must be 1 or more.").format(
                        attribute=attribute, node=named(activity), value=value
                    ),
                    _("Remove the attribute."),
                    constraint,
                )
