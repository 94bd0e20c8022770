"""A process that offers an interface binds its operations to its data (EXT.064, EXT.065)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import child, children, local_name
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
                if bound is None or sent is None:
                    continue
                if not any(sheet.same_type(sheet.item(part), sheet.item(sent)) for part in _data(sheet, bound)):
                    yield Problem(
                        callable_element,
                        _("The data {data} has another type than the message {message} of the operation.").format(
                            data=named(bound), message=named(sent)
                        ),
                        _("Give both the same item definition."),
                        "EXT.065",
                    )


def _data(sheet: Sheet, bound: etree._Element) -> list[etree._Element]:
    """The data that a binding names: a data element, or what a set lists (the schema says set, its text data)."""
    members = [part for name in ("dataInputRefs", "dataOutputRefs") for part in sheet.named_in(bound, name)]
    return members if local_name(bound) in ("inputSet", "outputSet") else [bound]
