"""A timer has one form, and a constant in it is written in ISO 8601 (EXT.131–134)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import child, children, text_of
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
)
from workflow_runtime.i18n import _

DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d(:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d(:?\d\d)?)?)?(\[[^\]]+\]|@\S+)?")
#: WD counts working days: a literal of ours beside those of ISO 8601
DURATION = re.compile(r"-?P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+(WD|D))?(T(?=\d)(\d+H)?(\d+M)?(\d+([.,]\d+)?S)?)?")
CYCLE = re.compile(r"R-?\d*(/[^/\s]+){1,2}")
CRON = re.compile(r"\S+(\s+\S+){4,6}|@(yearly|annually|monthly|weekly|daily|midnight|hourly)")
FORMS = (("timeDate", "EXT.132"), ("timeCycle", "EXT.133"), ("timeDuration", "EXT.134"))


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for definition in sheet.all("timerEventDefinition"):
        forms = list(children(definition, *(form for form, _constraint in FORMS)))
        if len(forms) > 1:
            yield Problem(
                definition,
                _("The timer has {number} forms instead of one.").format(number=len(forms)),
                _("Keep a date, a duration or a cycle."),
                "EXT.131",
            )
        for form, constraint in FORMS:
            text = text_of(child(definition, form))
            if text is not None and not _computed(text) and not _fits(form, text):
                yield Problem(
                    definition,
                    _("“{text}” is no {form} of ISO 8601.").format(text=text, form=form),
                    _("Write 2026-05-01T09:00:00+08:00, P10D or R/P5D, or an expression that begins with =."),
                    constraint,
                )


def _computed(text: str) -> bool:
    """Whether it is an expression of any language, not a constant."""
    return text.startswith("=") or any(mark in text for mark in ("${", "#{", "("))


def _fits(form: str, text: str) -> bool:
    if form == "timeDate":
        return DATE.fullmatch(text) is not None
    if form == "timeDuration":
        return DURATION.fullmatch(text) is not None
    return CRON.fullmatch(text) is not None or (
        CYCLE.fullmatch(text) is not None
        and all(DURATION.fullmatch(part) or DATE.fullmatch(part) for part in text.split("/")[1:])
    )
