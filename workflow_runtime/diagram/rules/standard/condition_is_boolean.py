"""A condition answers yes or no, never a number or a text (EXT.071, EXT.072)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import child, text_of
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
)
from workflow_runtime.i18n import _

CONDITIONS = (
    ("multiInstanceLoopCharacteristics", "completionCondition", "EXT.071"),
    ("complexBehaviorDefinition", "condition", "EXT.072"),
)
LITERAL = re.compile(r"""=?\s*([-+]?\d+(\.\d+)?|"[^"]*"|'[^']*')\s*""")


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for kind, name, constraint in CONDITIONS:
        for owner in sheet.all(kind):
            text = text_of(child(owner, name))
            if text is not None and LITERAL.fullmatch(text):
                yield Problem(
                    owner,
                    _("The condition “{text}” is not a yes-or-no question.").format(text=text),
                    _("Write a comparison, for example = x > 1."),
                    constraint,
                )
