"""Every business rule step names a decision that exists, and where its answer goes."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    called,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for node in sheet.steps("businessRuleTask"):
        if node.decision is None and node.job is None:
            yield Problem(
                sheet.xml(node),
                _("{node} does not say which decision it takes.").format(node=called(node)),
                _("Name it: zeebe:calledDecision decisionId."),
            )
            continue
        if node.decision is not None and node.result is None:
            yield Problem(
                sheet.xml(node),
                _("{node} does not say where its answer goes.").format(node=called(node)),
                _("Add resultVariable to zeebe:calledDecision."),
            )
        if context.decisions is None or node.decision is None or node.decision.startswith("="):
            continue
        if node.decision not in context.decisions:
            yield Problem(
                sheet.xml(node),
                _("{node} asks for the decision {decision}, which does not exist.").format(
                    node=called(node), decision=node.decision
                ),
                _("Put its table beside the diagram, or correct the name."),
            )
