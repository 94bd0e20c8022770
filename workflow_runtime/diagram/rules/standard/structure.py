"""Every element stands where the schema lets it stand, with all it must have and nothing too often.

Findings carry no id of the catalogue: there each of these is a rule of the schema.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from lxml import etree

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.grammar import FREE, PLAIN, SHAPES, Shape
from workflow_runtime.diagram.markup import BPMN, children, local_name, namespace_of
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for element in sheet.elements:
        kind, parent = local_name(element), element.getparent()
        if namespace_of(element) != BPMN or (parent is not None and local_name(parent) in FREE):
            continue  # a draft of the standard, or content of a text
        shape = SHAPES.get(kind)
        if shape is not None:
            yield from _parts(element, shape)
            yield from _attributes(element, shape)
        elif kind not in PLAIN and kind not in FREE and not _stands_well(element):
            yield Problem(
                element,
                _("There is no element <{kind}> in BPMN 2.0.").format(kind=kind),
                _("Remove it, or put what a tool needs of its own into extensionElements."),
            )


def _stands_well(element: etree._Element) -> bool:
    """Whether the table names the element as a child of the one around it."""
    parent = element.getparent()
    shape = SHAPES.get(local_name(parent)) if parent is not None else None
    return shape is not None and shape.slot(local_name(element)) is not None


def _parts(element: etree._Element, shape: Shape) -> Iterator[Problem]:
    held = Counter[str]()
    for part in children(element):
        slot = shape.slot(local_name(part))
        if slot is not None:
            held[slot] += 1
        elif local_name(part) in SHAPES or local_name(part) in PLAIN or local_name(part) in FREE:
            yield Problem(
                part,
                _("<{part}> may not stand in {node}, a <{kind}>.").format(
                    part=local_name(part), node=named(element), kind=local_name(element)
                ),
                _("Move it to where it belongs, or remove it."),
            )
    for name, (least, most) in shape.children.items():
        number = held[name]
        if number < least or (most is not None and number > most):
            wanted = _("at most {number}")
            if least:
                wanted = _("at least {number}") if most is None else _("exactly {number}")
            yield Problem(
                element,
                _("{node}, a <{kind}>, has {number} × <{part}>; it must have {wanted}.").format(
                    node=named(element),
                    kind=local_name(element),
                    number=number,
                    part=_SPOKEN.get(name, name),
                    wanted=wanted.format(number=least or most),
                ),
                _("Add what is missing, or remove what is too much."),
            )


#: how a family of the table is called in a message
_SPOKEN = {"LOOP": "loopCharacteristics", "EXPRESSION": "expression"}


def _attributes(element: etree._Element, shape: Shape) -> Iterator[Problem]:
    for name in sorted(shape.required - {str(each) for each in element.attrib}):
        yield Problem(
            element,
            _("{node}, a <{kind}>, lacks the attribute {name}.").format(
                node=named(element), kind=local_name(element), name=name
            ),
            _("Add the attribute, or draw the element again."),
        )
    for name, pattern in shape.values.items():
        value = element.get(name)
        if value is not None and not re.fullmatch(pattern, value.strip()):
            yield Problem(
                element,
                _("{name} of {node} is “{value}”; it may only be {allowed}.").format(
                    name=name, node=named(element), value=value, allowed=_allowed(pattern)
                ),
                _("Correct the attribute, or remove it."),
            )


def _allowed(pattern: str) -> str:
    return _("a whole number") if "\\d" in pattern else ", ".join(pattern.split("|"))
