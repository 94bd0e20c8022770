"""A call binds the lanes of the called process to parties that exist."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.model import Diagram
from workflow_runtime.diagram.parties import Party
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    called,
)
from workflow_runtime.i18n import _

LITERAL = re.compile(r'=?\s*"([^"]*)"')


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for node in sheet.steps("callActivity"):
        process = context.processes.get(node.called or "")
        roles = _roles(process, node.called or "") if process is not None else None
        for mapped in node.inputs:
            if not mapped.target.startswith("party."):
                continue
            role = mapped.target.removeprefix("party.")
            if roles is not None and role not in roles:
                yield Problem(
                    sheet.xml(node),
                    _("{node} binds the role {role}, but {process} has no such lane.").format(
                        node=called(node), role=role, process=node.called
                    ),
                    _("Roles of that process: {roles}.").format(roles=", ".join(sorted(roles)) or "-"),
                )
            literal = LITERAL.fullmatch(mapped.source.strip())
            if literal is None:
                continue
            if literal[1].startswith("role:"):
                own = _roles(sheet.diagram, sheet.diagram.process_of(node))
                if literal[1].removeprefix("role:") not in own:
                    yield Problem(
                        sheet.xml(node),
                        _("{node} passes on the role {role}, but this process has no such lane.").format(
                            node=called(node), role=literal[1].removeprefix("role:")
                        ),
                        _("Roles of this process: {roles}.").format(roles=", ".join(sorted(own)) or "-"),
                    )
                continue
            party = Party.parse(literal[1])
            if party is None:
                yield Problem(
                    sheet.xml(node),
                    _("{node}: “{text}” is no party.").format(node=called(node), text=literal[1]),
                    _("Write AGENCY, AGENCY/department or AGENCY/department@region."),
                )
                continue
            for message, remedy in party.faults(context):
                yield Problem(sheet.xml(node), message, remedy)


def _roles(diagram: Diagram, process: str) -> frozenset[str]:
    return frozenset(
        lane.properties["xb:role"]
        for lane in diagram.lanes.values()
        if lane.process == process and "xb:role" in lane.properties
    )
