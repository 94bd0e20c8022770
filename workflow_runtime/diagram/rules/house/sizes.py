"""A diagram stays within what people can read and the engine can carry (H28–H31)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.expressions import expressions
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    called,
)
from workflow_runtime.i18n import _

MOST_NODES = 1_000
MOST_WAYS = 100
MOST_FLOWS = 3_000
MOST_ITEMS = 1_000
DEEPEST = 10
LONGEST_NAME = 200
LONGEST_EXPRESSION = 10_000


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    diagram = sheet.diagram
    number = sum(1 for _node in sheet.steps())
    if number > MOST_NODES:
        yield Problem(
            sheet.root,
            _("The diagram has {number} steps; at most {limit} run.").format(number=number, limit=MOST_NODES),
            _("Split it into called processes."),
        )
    number = sum(1 for _flow in sheet.flows())
    if number > MOST_FLOWS:
        yield Problem(
            sheet.root,
            _("The diagram has {number} flows; at most {limit} run.").format(number=number, limit=MOST_FLOWS),
            _("Split it into called processes."),
        )
    for node in sheet.steps():
        ways = max(len(node.incoming), len(node.outgoing))
        if ways > MOST_WAYS:
            yield Problem(
                sheet.xml(node),
                _("{node} has {number} flows; at most {limit} run.").format(
                    node=called(node), number=ways, limit=MOST_WAYS
                ),
                _("Use a step for many items instead of one branch for each."),
            )
        if node.loop is not None:
            text = (node.loop.cardinality or "").removeprefix("=").strip()
            count = int(text) if text.isdigit() and len(text) < 18 else (MOST_ITEMS + 1 if text.isdigit() else 0)
            if max(count, node.loop.maximum or 0) > MOST_ITEMS:
                yield Problem(
                    sheet.xml(node),
                    _("{node} repeats {number} times; at most {limit} run.").format(
                        node=called(node), number=text or node.loop.maximum, limit=MOST_ITEMS
                    ),
                    _("Start a case for each subject instead."),
                )
        if len(node.name) > LONGEST_NAME:
            yield Problem(
                sheet.xml(node),
                _("The name of {node} is longer than {limit} characters.").format(node=node.id, limit=LONGEST_NAME),
                _("Shorten it; put the rest into the documentation."),
            )
    for scope in diagram.scopes.values():
        depth, above = 0, scope.parent
        while above is not None and depth <= DEEPEST:
            depth, above = depth + 1, diagram.scopes[above].parent
        if depth > DEEPEST:
            yield Problem(
                sheet.xml(scope),
                _("Sub-processes are nested deeper than {limit}.").format(limit=DEEPEST),
                _("Turn inner sub-processes into called processes."),
            )
    for each in expressions(sheet):
        if len(each.text) > LONGEST_EXPRESSION:
            yield Problem(
                sheet.xml(each.element),
                _("An expression of {node} is longer than {limit} characters.").format(
                    node=called(each.element), limit=LONGEST_EXPRESSION
                ),
                _("Move it into a decision table."),
            )
