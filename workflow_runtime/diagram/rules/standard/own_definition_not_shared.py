"""A definition that a throwing event owns is not used by other events (EXT.095)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import local_name, text_of
from workflow_runtime.diagram.sheet import (
    THROWING,
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    shared = {
        meant: None
        for ref in sheet.all("eventDefinitionRef")
        if (meant := sheet.resolve(ref, text_of(ref))) is not None
    }
    for definition in shared:
        owner = definition.getparent()
        if owner is not None and local_name(owner) in THROWING:
            yield Problem(
                definition,
                _("Another event refers to the definition that {node} owns.").format(node=named(owner)),
                _("Move the definition to the top of the file, where it may be shared."),
                "EXT.095",
            )
