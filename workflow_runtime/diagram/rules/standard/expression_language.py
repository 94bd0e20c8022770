"""The language of a formal expression is named by a URI (EXT.014)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
)
from workflow_runtime.i18n import _

URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`%]+")


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for element in sheet.elements:
        language = element.get("language")
        if language is None or not sheet.formal(element):
            continue
        if not URI.fullmatch(language.strip()) and language.strip().lower() != "feel":
            yield Problem(
                element,
                _("“{value}” is not a URI, so it names no expression language.").format(value=language),
                _("Remove the attribute, or write https://www.omg.org/spec/DMN/20191111/FEEL/."),
                "EXT.014",
            )
