"""Send and receive tasks carry one message: one set, one data element of its type (EXT.046–048, 050–052)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import children, local_name
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _

TASKS = (
    ("sendTask", "inputSet", "dataInput", ("EXT.046", "EXT.047", "EXT.048")),
    ("receiveTask", "outputSet", "dataOutput", ("EXT.050", "EXT.051", "EXT.052")),
)


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for kind, set_name, data_name, constraints in TASKS:
        for task in sheet.all(kind):
            specification = sheet.specification(task)
            if specification is None:
                continue
            data = list(children(specification, data_name))
            if task.get("messageRef") is not None:
                for found, constraint in (
                    (list(children(specification, set_name)), constraints[0]),
                    (data, constraints[1]),
                ):
                    if len(found) > 1:
                        yield Problem(
                            task,
                            _("{node} carries one message, but has {number} {kind}.").format(
                                node=named(task), number=len(found), kind=local_name(found[0])
                            ),
                            _("Keep one."),
                            constraint,
                        )
            message = sheet.attribute(task, "messageRef")
            if any(not sheet.same_type(sheet.item(part), sheet.item(message)) for part in data):
                yield Problem(
                    task,
                    _("The data of {node} has another type than its message.").format(node=named(task)),
                    _("Name a message, and give the data its item definition."),
                    constraints[2],
                )
