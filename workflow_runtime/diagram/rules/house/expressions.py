"""Every expression is FEEL and parses; no other language hides anywhere (H01, H02, H19, H20)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.expressions import expressions
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    called,
    named,
)
from workflow_runtime.i18n import _

FOREIGN = re.compile(r"[$#]\{")


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for process in sheet.processes():
        for part in sheet.xml(process).iter():
            for name, value in part.attrib.items():
                if FOREIGN.search(str(value)) and str(name) != "name":
                    yield _foreign(part, str(value))
    for node in sheet.steps("scriptTask"):
        if (node.script_format or "feel").strip().lower() != "feel":
            yield Problem(
                sheet.xml(node),
                _("The script of {node} is written in {language}.").format(
                    node=called(node), language=node.script_format
                ),
                _("Write it in FEEL: zeebe:script expression and resultVariable."),
            )
        elif not node.script:
            yield Problem(
                sheet.xml(node),
                _("{node} has no script.").format(node=called(node)),
                _("Write it in FEEL: zeebe:script expression and resultVariable."),
            )
    for each in expressions(sheet):
        if FOREIGN.search(each.text):
            yield _foreign(sheet.xml(each.element), each.text)
            continue
        for fault in context.feel(each.text) if context.feel is not None else ():
            yield Problem(
                sheet.xml(each.element),
                _("{node}, {place}: {fault}").format(node=called(each.element), place=each.place, fault=fault.message),
                _("Correct the expression: {text}").format(text=each.text[:200]),
                path=(each.place,),
                excerpt=getattr(fault, "excerpt", ""),
            )


def _foreign(element: etree._Element, text: str) -> Problem:
    return Problem(
        element,
        _("{node}: “{text}” is not FEEL.").format(node=named(element), text=text[:200]),
        _("Write it in FEEL, with a leading =."),
    )
