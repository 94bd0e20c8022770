"""A decision knows which way to go: conditions where they are read, nowhere else."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.model import ACTIVITIES
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    called,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    diagram = sheet.diagram
    for node in sheet.steps():
        flows = [diagram.flow(id) for id in node.outgoing]
        if node.kind in ("exclusiveGateway", "inclusiveGateway") and len(flows) > 1:
            for flow in flows:
                if flow.condition is None and flow.id != node.default:
                    yield Problem(
                        sheet.xml(flow),
                        _("The way {flow} out of {node} has neither condition nor is it the default.").format(
                            flow=called(flow), node=called(node)
                        ),
                        _("Write a condition, or make it the default flow of the gateway."),
                    )
                elif flow.condition is not None and flow.id == node.default:
                    yield Problem(
                        sheet.xml(flow),
                        _("The way {flow} is the default of {node} and has a condition, which is not read.").format(
                            flow=called(flow), node=called(node)
                        ),
                        _("Remove the condition, or the mark of the default."),
                    )
        elif node.kind not in ACTIVITIES:
            for flow in flows:
                if flow.condition is not None and node.kind not in ("exclusiveGateway", "inclusiveGateway"):
                    yield Problem(
                        sheet.xml(flow),
                        _("The flow {flow} leaves {node} and has a condition, which is not read.").format(
                            flow=called(flow), node=called(node)
                        ),
                        _("Use an exclusive or inclusive gateway, or remove the condition."),
                    )
