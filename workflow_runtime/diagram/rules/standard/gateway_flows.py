"""A gateway splits or joins (EXT.135)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.model import GATEWAYS
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for gateway in sheet.all(*sorted(GATEWAYS)):
        if len(sheet.incoming(gateway)) < 2 and len(sheet.outgoing(gateway)) < 2:
            yield Problem(
                gateway,
                _("The gateway {node} neither splits nor joins.").format(node=named(gateway)),
                _("Remove it, or draw the missing flows."),
                "EXT.135",
            )
