"""The rules of the subject hold on every path: what must come first comes first, what must never wait never does."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.paths import broken
from workflow_runtime.diagram.sheet import Problem, Sheet, called
from workflow_runtime.findings import Severity
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for rule in context.subject_kind.path_rules if context.subject_kind is not None else ():
        for process in sheet.processes():
            for fault in broken(sheet.diagram, process.id, rule, context.processes, context.state_bound):
                told = " → ".join(f"{n} {line}" for n, line in enumerate(fault.told, 1))
                if rule.rule == "require":
                    message = _("“{title}” is broken: {node} can be reached without {before}. The way there: {story}")
                else:
                    message = _("“{title}” is broken: {node} has to wait for {before}. The way there: {story}")
                remedy = _("Draw the missing step in front of it. Rule: {rule}, {source}.")
                if rule.rule != "require":
                    remedy = _("Do both in parallel branches, so that neither waits. Rule: {rule}, {source}.")
                if rule.unless:
                    remedy += " " + _("Does not apply if: {unless}.").format(unless=rule.unless)
                yield Problem(
                    sheet.xml(sheet.diagram.elements[fault.element]),
                    message.format(
                        title=rule.title,
                        node=called(sheet.diagram.elements[fault.element]),
                        before=", ".join(rule.before),
                        story=told,
                    ),
                    remedy.format(rule=rule.id, source=rule.source),
                    path=(rule.id, *fault.marks),
                    severity=Severity.WARNING if rule.unless else Severity.ERROR,
                )
