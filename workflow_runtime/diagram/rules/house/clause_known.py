"""What a step rests on is a clause of a policy or law that there is."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.model import Element
from workflow_runtime.diagram.sheet import Problem, Sheet, called
from workflow_runtime.findings import Severity
from workflow_runtime.i18n import _

SEVERITY = Severity.WARNING


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    if context.clauses is None:
        return
    elements: list[Element] = [*sheet.processes(), *sheet.steps(), *sheet.flows()]
    for element in elements:
        for unknown in context.clauses(element.properties.get("xb:clause", "")):
            yield Problem(
                sheet.xml(element),
                _("{node} rests on {clause}, which no clause is called.").format(node=called(element), clause=unknown),
                _("Name it as “xieban clause list” does: S004 三(一); several with a semicolon between."),
            )
