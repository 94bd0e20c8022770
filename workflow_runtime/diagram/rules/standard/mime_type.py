"""Formats are written as MIME types: of documentation, notes and scripts (EXT.004, EXT.010, EXT.145)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _

PLACES = (
    ("documentation", "textFormat", "EXT.004"),
    ("textAnnotation", "textFormat", "EXT.010"),
    ("scriptTask", "scriptFormat", "EXT.145"),
)
MIME = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(\s*;.*)?")
#: a script language may go by its short name: feel, javascript, C#
SHORT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9+#.-]*")


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for kind, attribute, constraint in PLACES:
        for element in sheet.all(kind):
            value = element.get(attribute)
            if value is None or MIME.fullmatch(value.strip()):
                continue
            if kind == "scriptTask" and SHORT_NAME.fullmatch(value.strip()):
                continue
            yield Problem(
                element,
                _("{attribute} of {node} is “{value}”, not a MIME type such as text/plain.").format(
                    attribute=attribute, node=named(element), value=value
                ),
                _("Write type/subtype, or remove the attribute."),
                constraint,
            )
