"""Inside a process its inputs are only read and its outputs only written (EXT.080, EXT.082)."""

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


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for association in sheet.all("dataInputAssociation", "dataOutputAssociation"):
        for end, kind, constraint in (("targetRef", "dataInput", "EXT.080"), ("sourceRef", "dataOutput", "EXT.082")):
            for data in sheet.named_in(association, end):
                specification = data.getparent()
                owner = specification.getparent() if specification is not None else None
                if owner is None or local_name(data) != kind or local_name(owner) != "process":
                    continue
                if sheet.process(association) is owner:
                    yield Problem(
                        association,
                        _("The data {data} of the process is used against its direction.").format(data=named(data)),
                        _("Read from inputs, write to outputs; for anything else use a data object."),
                        constraint,
                    )
