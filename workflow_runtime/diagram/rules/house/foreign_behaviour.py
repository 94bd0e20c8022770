"""No behaviour hides in extensions of other engines, which this one would silently leave out."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import local_name
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _

CAMUNDA = "{http://camunda.org/schema/1.0/bpmn}"
ZEEBE = "{http://camunda.org/schema/zeebe/1.0}"
ATTRIBUTES = (
    "class",
    "delegateExpression",
    "expression",
    "asyncBefore",
    "asyncAfter",
    "dueDate",
    "followUpDate",
    "assignee",
    "candidateUsers",
    "caseRef",
    "variableMappingClass",
)
ELEMENTS = {
    f"{CAMUNDA}{name}" for name in ("executionListener", "taskListener", "connector", "script", "in", "out")
} | {f"{ZEEBE}{name}" for name in ("executionListener", "taskListener", "adHoc", "conditionalFilter", "versionTag")}


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for process in sheet.processes():
        for part in sheet.xml(process).iter():
            found = [name for name in ATTRIBUTES if part.get(f"{CAMUNDA}{name}") is not None]
            if part.tag in ELEMENTS:
                found.append(local_name(part))
            for name in found:
                owner = next((above for above in (part, *part.iterancestors()) if above.get("id")), part)
                yield Problem(
                    owner,
                    _("{node} says {name}, which this engine does not do.").format(node=named(owner), name=name),
                    _("Draw it, or use the zeebe extensions described in the guide."),
                )
