"""Every service step names an operation that somebody wrote."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    called,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for node in sheet.steps("serviceTask"):
        if node.job is None:
            yield Problem(
                sheet.xml(node),
                _("{node} does not say which operation does it.").format(node=called(node)),
                _("Name it: zeebe:taskDefinition type."),
            )
        elif context.handlers is not None and not node.job.startswith("=") and node.job not in context.handlers:
            yield Problem(
                sheet.xml(node),
                _("{node} asks for the operation {job}, which nobody wrote.").format(node=called(node), job=node.job),
                _("Operations there are: {jobs}.").format(jobs=", ".join(sorted(context.handlers)) or "-"),
            )
