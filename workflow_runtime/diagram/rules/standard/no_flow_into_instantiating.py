"""What starts a process has no way in: a receive task or event gateway that instantiates (EXT.049, EXT.142)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
    yes,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for kind, constraint in (("receiveTask", "EXT.049"), ("eventBasedGateway", "EXT.142")):
        for node in sheet.all(kind):
            if yes(node, "instantiate") and sheet.incoming(node):
                yield Problem(
                    node,
                    _("{node} starts the process, but a flow leads to it.").format(node=named(node)),
                    _('Remove the flow, or remove instantiate="true".'),
                    constraint,
                )
