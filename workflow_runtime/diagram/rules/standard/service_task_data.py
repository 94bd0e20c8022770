"""A service task that names an operation hands over what the operation takes and gives (EXT.042–045)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import children
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for task in sheet.all("serviceTask"):
        if task.get("operationRef") is None:
            continue
        specification = sheet.specification(task)
        yield from _sets(task, specification)
        operation = sheet.attribute(task, "operationRef")
        if operation is None:
            continue
        remedy = _("Give the data the item definition of the operation's message.")
        inputs = [] if specification is None else list(children(specification, "dataInput"))
        outputs = [] if specification is None else list(children(specification, "dataOutput"))
        message = next(iter(sheet.named_in(operation, "inMessageRef")), None)
        if inputs and not any(sheet.same_type(sheet.item(part), sheet.item(message)) for part in inputs):
            text = _("The data input of {node} has another type than the operation's incoming message.")
            yield Problem(task, text.format(node=named(task)), remedy, "EXT.044")
        for answer in sheet.named_in(operation, "outMessageRef"):
            if not any(sheet.same_type(sheet.item(part), sheet.item(answer)) for part in outputs):
                text = _("{node} has no data output of the type of the operation's outgoing message.")
                yield Problem(task, text.format(node=named(task)), remedy, "EXT.045")


def _sets(task: etree._Element, specification: etree._Element | None) -> Iterator[Problem]:
    inputs = [] if specification is None else list(children(specification, "inputSet"))
    outputs = [] if specification is None else list(children(specification, "outputSet"))
    if len(inputs) != 1:
        yield Problem(
            task,
            _("{node} calls an operation and has {number} input sets; one is needed.").format(
                node=named(task), number=len(inputs)
            ),
            _("Give it an ioSpecification with exactly one input set."),
            "EXT.042",
        )
    if len(outputs) > 1:
        yield Problem(
            task,
            _("{node} calls an operation and has {number} output sets; at most one is allowed.").format(
                node=named(task), number=len(outputs)
            ),
            _("Keep one output set."),
            "EXT.043",
        )
