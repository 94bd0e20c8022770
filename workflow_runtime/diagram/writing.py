"""From a `Diagram` back to the bytes of a BPMN file."""

from __future__ import annotations

from lxml import etree

from workflow_runtime.diagram.model import Diagram


def write(diagram: Diagram) -> bytes:
    """The diagram as BPMN 2.0 XML in UTF-8: every element, attribute, extension and shape that was read."""
    return etree.tostring(diagram.tree, xml_declaration=True, encoding="UTF-8")
