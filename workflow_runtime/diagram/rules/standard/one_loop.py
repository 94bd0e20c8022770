"""An activity repeats in one way: as a loop or for many items (EXT.041; on sub-processes EXT.054, 055)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import children, local_name
from workflow_runtime.diagram.model import ACTIVITIES, SUBPROCESSES
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _

LOOPS = ("standardLoopCharacteristics", "multiInstanceLoopCharacteristics")


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for activity in sheet.all(*sorted(ACTIVITIES)):
        if len(list(children(activity, *LOOPS))) > 1:
            yield Problem(
                activity,
                _("{node} has more than one loop marker.").format(node=named(activity)),
                _("Keep one marker; for both, put the activity into a sub-process that repeats."),
                "EXT.054" if local_name(activity) in SUBPROCESSES else "EXT.041",
            )
