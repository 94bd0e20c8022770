"""A formal expression has a text (EXT.013)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import children, local_name, text_of
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
)
from workflow_runtime.i18n import _

ALWAYS_FORMAL = (
    ("complexBehaviorDefinition", "condition"),
    ("correlationPropertyBinding", "dataPath"),
    ("correlationPropertyRetrievalExpression", "messagePath"),
    ("dataInputAssociation", "transformation"),
    ("dataOutputAssociation", "transformation"),
)


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    always = {id(part) for owner, name in ALWAYS_FORMAL for each in sheet.all(owner) for part in children(each, name)}
    for element in sheet.elements:
        if (sheet.formal(element) or id(element) in always) and text_of(element) is None:
            yield Problem(
                element,
                _("The expression {name} is empty.").format(name=local_name(element)),
                _("Write the expression, or remove the element."),
                "EXT.013",
            )
