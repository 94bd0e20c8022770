"""In an executable process, expressions are formal: xsi:type="tFormalExpression" (EXT.012)."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import child, children, local_name
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _

#: element that owns the expression → names of its expressions
EXPRESSIONS = {
    "sequenceFlow": ("conditionExpression",),
    "timerEventDefinition": ("timeDate", "timeDuration", "timeCycle"),
    "standardLoopCharacteristics": ("loopCondition",),
    "multiInstanceLoopCharacteristics": ("loopCardinality", "completionCondition"),
    "adHocSubProcess": ("completionCondition",),
    "complexGateway": ("activationCondition",),
    "assignment": ("from", "to"),
}


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for kind, names in EXPRESSIONS.items():
        for owner in sheet.all(kind):
            if not sheet.executable(owner):
                continue
            informal = [part for part in children(owner, *names) if not sheet.formal(part)]
            missing = [name for name in names if kind == "assignment" and child(owner, name) is None]
            if informal or missing:
                yield Problem(
                    owner,
                    _("{node} holds an expression that is not marked as formal: {names}.").format(
                        node=named(owner), names=", ".join([local_name(part) for part in informal] + missing)
                    ),
                    _('Write xsi:type="bpmn:tFormalExpression" on the expression.'),
                    "EXT.012",
                )
