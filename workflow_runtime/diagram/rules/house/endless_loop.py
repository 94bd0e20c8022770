"""A loop waits for somebody or something; otherwise the machine runs in circles (H29)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workflow_runtime.diagram.behaviour import waits
from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.model import Diagram, FlowNode
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    diagram = sheet.diagram
    for scope in diagram.scopes.values():
        automatic = {node.id: node for node in diagram.nodes(scope.id) if not waits(node, diagram, context.processes)}
        running = {node.id for node in sheet.steps()}
        for ring in _rings(diagram, automatic):
            if ring[0] in running:
                yield Problem(
                    sheet.xml(automatic[ring[0]]),
                    _("These steps form a loop in which nothing waits: {steps}.").format(
                        steps=" → ".join((*ring, ring[0]))
                    ),
                    _("Let the loop pass a person's step, a timer or a message; or repeat one step with a limit."),
                    path=ring,
                )


def _rings(diagram: Diagram, nodes: Mapping[str, FlowNode]) -> Iterator[tuple[str, ...]]:
    """One ring for each strongly connected part: shortest way from its first node back to itself."""
    after = {
        id: [f.target for f in map(diagram.flow, node.outgoing) if f.target in nodes] for id, node in nodes.items()
    }
    covered: set[str] = set()
    for start in nodes:
        if start in covered:
            continue
        came_from: dict[str, str] = {}
        waiting = [start]
        while waiting and start not in came_from:
            here = waiting.pop(0)
            for there in after[here]:
                if there not in came_from:
                    came_from[there] = here
                    waiting.append(there)
        if start in came_from:
            ring = [came_from[start]]
            while ring[-1] != start:
                ring.append(came_from[ring[-1]])
            covered.update(ring)
            yield tuple(reversed(ring))
