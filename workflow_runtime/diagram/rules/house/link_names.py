"""A link that leads away comes back in: one catching link of its name on the same level."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.model import FlowNode
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    ends: dict[tuple[str, str | None], dict[str, list[FlowNode]]] = {}
    for node in sheet.steps("intermediateThrowEvent", "intermediateCatchEvent"):
        event = node.event
        if event is not None and event.kind == "link":
            ends.setdefault((node.scope, event.name), {}).setdefault(node.kind, []).append(node)
    for (_scope, name), found in ends.items():
        throwing = found.get("intermediateThrowEvent", [])
        catching = found.get("intermediateCatchEvent", [])
        if len(catching) == 1 and throwing:
            continue
        for node in throwing or catching:
            yield Problem(
                sheet.xml(node),
                _("The link “{name}” has {out} ends that lead away and {into} where it comes back in.").format(
                    name=name or "", out=len(throwing), into=len(catching)
                ),
                _("Draw exactly one catching link of that name on the same level."),
            )
