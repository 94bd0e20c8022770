"""Every name that an expression uses is set somewhere: by a form, a mapping, a decision, a script, a loop."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from workflow_runtime.diagram.context import CheckContext, FieldLike
from workflow_runtime.diagram.expressions import expressions
from workflow_runtime.diagram.model import Diagram
from workflow_runtime.diagram.sheet import Problem, Sheet, called
from workflow_runtime.findings import Severity
from workflow_runtime.i18n import _

SEVERITY = Severity.WARNING
#: what every expression sees without anybody setting it
GIVEN = frozenset({"subject", "case", "item", "profile", "loopCounter"})


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    if context.names is None or context.forms is None:
        return
    known = GIVEN | {key for form in context.forms.values() for key in _keys(form.fields)}
    for diagram in {id(each): each for each in (sheet.diagram, *context.processes.values())}.values():
        known |= set(_set_by(diagram))
    for each in expressions(sheet):
        # What a handler, a message or a called process gives back, only they know.
        if each.place.startswith("output ") and each.element.kind != "businessRuleTask":
            continue
        try:
            used = context.names(each.text)
        except context.feel_errors:
            continue
        for name in sorted(used):
            if name not in known and not re.search(rf"{re.escape(name)}\s*\(", each.text):
                yield Problem(
                    sheet.xml(each.element),
                    _("{node}, {place}: nothing sets “{name}”.").format(
                        node=called(each.element), place=each.place, name=name
                    ),
                    _("Correct the name, or let a form, a mapping or a decision before it set it."),
                    path=(each.place, name),
                )


def _keys(fields: Sequence[FieldLike]) -> Iterator[str]:
    """The keys of fields and of the columns of their lists."""
    for field in fields:
        yield field.key
        yield from _keys(field.fields)


def _set_by(diagram: Diagram) -> Iterator[str]:
    """The names that the steps of a diagram set."""
    for node in diagram.nodes():
        for mapped in (*node.inputs, *node.outputs):
            yield mapped.target.partition(".")[0]
        if node.result:
            yield node.result
        if node.loop is not None:
            yield from filter(None, (node.loop.item, node.loop.output_collection))
