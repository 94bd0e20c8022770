"""A called process exists, is one that may be called, and never calls itself, directly or not (H26, H27)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.model import Diagram
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    called,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    known = dict(context.processes)
    known.update({process: sheet.diagram for process in sheet.diagram.processes})
    for node in sheet.steps("callActivity"):
        if node.called is None:
            yield Problem(
                sheet.xml(node),
                _("{node} does not say which process it calls.").format(node=called(node)),
                _("Name it: zeebe:calledElement processId."),
            )
            continue
        if node.called.startswith("="):
            yield Problem(
                sheet.xml(node),
                _("{node} computes which process it calls, so nothing can be checked.").format(node=called(node)),
                _("Name the process; choose between several by a gateway."),
            )
            continue
        diagram = known.get(node.called)
        if diagram is None:
            if context.processes_complete:
                yield Problem(
                    sheet.xml(node),
                    _("{node} calls {process}, which does not exist.").format(node=called(node), process=node.called),
                    _("Deploy it together with this diagram, or correct the name."),
                )
            continue
        kind = diagram.scopes[node.called].properties.get("xb:kind", "C")
        if "C" not in kind and "S" not in kind:
            yield Problem(
                sheet.xml(node),
                _("{node} calls {process}, which is a main procedure.").format(node=called(node), process=node.called),
                _("A main procedure is started by a message, never called."),
            )
        ring = _ring(known, sheet.diagram.process_of(node), node.called)
        if ring:
            yield Problem(
                sheet.xml(node),
                _("{node} closes a ring of calls: {ring}.").format(node=called(node), ring=" → ".join(ring)),
                _("Draw the repetition as a loop inside one process."),
                path=ring,
            )


def _ring(known: Mapping[str, Diagram], home: str, start: str) -> tuple[str, ...]:
    """The calls that lead from `start` back to `home`; empty when none do."""
    came_from: dict[str, str | None] = {start: None}
    waiting = [start]
    while waiting:
        process = waiting.pop(0)
        if process == home:
            way: list[str] = []
            step: str | None = process
            while step is not None:
                way.append(step)
                step = came_from[step]
            return (home, *reversed(way))
        diagram = known.get(process)
        for node in diagram.nodes() if diagram is not None else ():
            if node.called and diagram is not None and diagram.process_of(node) == process:
                if node.called not in came_from:
                    came_from[node.called] = process
                    waiting.append(node.called)
    return ()
