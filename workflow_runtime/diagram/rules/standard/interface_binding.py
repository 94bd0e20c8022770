"""A process that offers an interface binds its operations to its data (EXT.064, EXT.065)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import child, children
from workflow_runtime.diagram.sheet import (
    GLOBAL_TASKS,
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for callable_element in sheet.all("process", *sorted(GLOBAL_TASKS)):
        if child(callable_element, "supportedInterfaceRef") is None:
            continue
        bindings = list(children(callable_element, "ioBinding"))
        if not bindings:
            yield Problem(
                callable_element,
                _("{node} offers an interface, but binds none of its operations.").format(node=named(callable_element)),
                _("Add an ioBinding, or remove the interface."),
                "EXT.064",
            )
        for binding in bindings:
            operation = sheet.attribute(binding, "operationRef")
            if operation is None:
                continue
            for data, message in (("inputDataRef", "inMessageRef"), ("outputDataRef", "outMessageRef")):
                bound = sheet.attribute(binding, data)
                sent = next(iter(sheet.named_in(operation, message)), None)
                if bound is not None and sent is not None and not sheet.same_type(sheet.item(bound), sheet.item(sent)):
                    yield Problem(
                        callable_element,
                        _("The data {data} has another type than the message {message} of the operation.").format(
                            data=named(bound), message=named(sent)
                        ),
                        _("Give both the same item definition."),
                        "EXT.065",
                    )
