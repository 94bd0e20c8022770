"""What one asks of an XML element of a BPMN file: its name, its BPMN children, its text, what it refers to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from lxml import etree

from workflow_runtime.diagram.model import NS

BPMN = NS["bpmn"]
ZEEBE = NS["zeebe"]
CAMUNDA = "http://camunda.org/schema/1.0/bpmn"
#: namespaces of the drawing (shapes, edges, bounds)
DRAWING = frozenset({NS["bpmndi"], NS["dc"], NS["di"]})
#: the namespace of the standard, and that of its beta which some tools still write
BPMN_NAMESPACES = frozenset({BPMN, "http://schema.omg.org/spec/BPMN/2.0"})


@lru_cache(maxsize=4096)
def _split(tag: object) -> tuple[str, str]:
    """Namespace and local name of a tag; two empty strings for comments and processing instructions."""
    if not isinstance(tag, str):
        return "", ""
    namespace, _brace, name = tag.rpartition("}")
    return namespace.removeprefix("{"), name


def local_name(element: etree._Element) -> str:
    """The XML name without namespace; "" for comments and processing instructions."""
    return _split(element.tag)[1]


def namespace_of(element: etree._Element) -> str:
    """The namespace of an element; "" when it has none."""
    return _split(element.tag)[0]


def line_of(element: etree._Element) -> int | None:
    """The line of the file an element stands on."""
    line: object = element.sourceline
    return line if isinstance(line, int) else None


def is_bpmn(element: etree._Element) -> bool:
    """Whether the element belongs to the standard's own namespace."""
    return namespace_of(element) in BPMN_NAMESPACES


def children(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    """The BPMN children of those names, in document order; of any name when none is given."""
    for child in element:
        if is_bpmn(child) and (not names or local_name(child) in names):
            yield child


def child(element: etree._Element, name: str) -> etree._Element | None:
    """The first BPMN child of that name."""
    return next(children(element, name), None)


def text_of(element: etree._Element | None) -> str | None:
    """The text of an element, trimmed; None when there is none."""
    if element is None:
        return None
    return "".join(str(piece) for piece in element.itertext()).strip() or None


def reference(element: etree._Element, text: str | None) -> str | None:
    """The local id a qualified name in the file means: a prefix that is bound is taken off."""
    if text is None or not (text := text.strip()):
        return None
    prefix, colon, name = text.partition(":")
    return name if colon and prefix in element.nsmap else text


def extensions(element: etree._Element, name: str, namespace: str = ZEEBE) -> Iterator[etree._Element]:
    """The extension elements of that name directly under `extensionElements`."""
    for holder in children(element, "extensionElements"):
        yield from holder.iterchildren(f"{{{namespace}}}{name}")


def extension(element: etree._Element, name: str, namespace: str = ZEEBE) -> etree._Element | None:
    """The first extension element of that name."""
    return next(extensions(element, name, namespace), None)
