"""Every case can finish: nothing gets stuck, runs twice unseen, goes round for ever, or is dead."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram import stories
from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.sheet import Problem, Sheet
from workflow_runtime.diagram.soundness import FaultKind, soundness
from workflow_runtime.findings import Severity
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    diagram = sheet.diagram
    for verdict in soundness(diagram, bound=context.state_bound, processes=context.processes):
        scope = sheet.xml(diagram.scopes[verdict.scope])
        if not verdict.decided:
            yield Problem(
                scope,
                _(
                    "{node} has more states than are searched ({bound}): whether every case can finish is not decided."
                ).format(node=verdict.scope, bound=context.state_bound),
                _("Split it into sub-processes or called processes."),
                severity=Severity.WARNING,
            )
        for fault in verdict.faults:
            element = diagram.elements.get(fault.element)
            yield Problem(
                scope if element is None else sheet.xml(element),
                stories.message(diagram, fault),
                stories.remedy(fault),
                path=stories.marks(fault),
                severity=Severity.WARNING if fault.kind is FaultKind.CUTS_OFF else None,
            )
