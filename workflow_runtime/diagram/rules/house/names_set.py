"""Every name that an expression uses is set somewhere: by a form, a mapping, a decision, a script, a loop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workflow_runtime.diagram.context import CheckContext, FieldLike
from workflow_runtime.diagram.expressions import GIVEN, expressions, set_by
from workflow_runtime.diagram.sheet import Problem, Sheet, called
from workflow_runtime.findings import Severity
from workflow_runtime.i18n import _

SEVERITY = Severity.WARNING


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    if context.unset is None or context.forms is None or _only_called(sheet, context):
        return
    known = GIVEN | {key for form in context.forms.values() for key in _keys(form.fields)}
    for diagram in {id(each): each for each in (sheet.diagram, *context.processes.values())}.values():
        known |= set(set_by(diagram))
    for each in expressions(sheet):
        # What a handler, a message or a called process gives back, only they know.
        if each.place.startswith("output ") and each.element.kind != "businessRuleTask":
            continue
        for fault in context.unset(each.text, known):
            yield Problem(
                sheet.xml(each.element),
                _("{node}, {place}: {fault}").format(node=called(each.element), place=each.place, fault=fault.message),
                _("Correct the name, or let a form, a mapping or a decision before it set it."),
                path=(each.place,),
                excerpt=fault.excerpt,
            )


def _only_called(sheet: Sheet, context: CheckContext) -> bool:
    """Whether it is a process that others call, and none of them is here: what they hand in, only they know."""
    called_here = {
        node.called for diagram in context.processes.values() for node in diagram.nodes() if node.kind == "callActivity"
    }
    processes = list(sheet.processes())
    return bool(processes) and all(
        process.properties.get("xb:kind") == "C" and process.id not in called_here for process in processes
    )


def _keys(fields: Sequence[FieldLike]) -> Iterator[str]:
    """The keys of fields and of the columns of their lists."""
    for field in fields:
        yield field.key
        yield from _keys(field.fields)
