"""The rules of the subject hold on every path: what must come first comes first, what must never wait never does."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext, PathRuleLike
from workflow_runtime.diagram.paths import BrokenPath, broken
from workflow_runtime.diagram.sheet import Problem, Sheet, called
from workflow_runtime.findings import Severity
from workflow_runtime.i18n import _, of_data


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for rule in context.subject_kind.path_rules if context.subject_kind is not None else ():
        for process in sheet.processes():
            for fault in broken(sheet.diagram, process.id, rule, context.processes, context.state_bound):
                yield _problem(sheet, rule, fault)


def _problem(sheet: Sheet, rule: PathRuleLike, fault: BrokenPath) -> Problem:
    element = sheet.diagram.elements[fault.element]
    if not fault.decided:
        return Problem(
            sheet.xml(element),
            _("Not decided whether “{title}” holds in {node}: it has too many states.").format(
                title=of_data(rule.title), node=called(element)
            ),
            _("Move a part of it into a called process."),
            severity=Severity.WARNING,
        )
    match rule.rule:
        case "require":
            message = _("“{title}” is broken: {node} can be reached without {before}. The way there: {story}")
            remedy = _("Draw the missing step in front of it. Rule: {rule}, {source}.")
        case "forbid":
            message = _("“{title}” is broken: {node} has to wait for {before}. The way there: {story}")
            remedy = _("Do both in parallel branches, so that neither waits. Rule: {rule}, {source}.")
        case _:
            message = _("“{title}” is broken: {after} does not follow {node} at once. The way: {story}")
            remedy = _("Draw it right behind, before anything that waits and before every end. Rule: {rule}, {source}.")
    if rule.unless:
        remedy += " " + _("Does not apply if: {unless}.").format(unless=rule.unless)
    return Problem(
        sheet.xml(element),
        message.format(
            title=of_data(rule.title),
            node=called(element),
            before=", ".join(rule.before),
            after=", ".join(rule.after),
            story=" → ".join(f"{number} {line}" for number, line in enumerate(fault.told, 1)),
        ),
        remedy.format(rule=rule.id, source=of_data(rule.source)),
        path=(rule.id, *fault.marks),
        severity=Severity.WARNING if rule.unless else Severity.ERROR,
    )
