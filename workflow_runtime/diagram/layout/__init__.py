"""Draws a diagram that has no drawing, or a poor one: `layout(diagram)` gives it back with BPMN DI.

The story reads from left to right. The main path is straight, what branches off goes below it, rework runs back
underneath. Pools, nested lanes, sub-processes, boundary events, data and notes have their places; every flow runs in
right angles on a track of its own, and no label lies on anything else.
"""

from __future__ import annotations

import copy

from lxml import etree

from workflow_runtime.diagram.layout.interchange import Interchange
from workflow_runtime.diagram.layout.keeping import completed
from workflow_runtime.diagram.layout.scene import Reader
from workflow_runtime.diagram.layout.sizes import draw
from workflow_runtime.diagram.model import Diagram
from workflow_runtime.diagram.reading import read

__all__ = ["layout"]


def layout(diagram: Diagram, *, keep: bool = False) -> Diagram:
    """The diagram with a new drawing; with `keep`, what a person has placed stays and only the rest is added."""
    if keep and (kept := completed(diagram)) is not None:
        return read(etree.tostring(kept, xml_declaration=True, encoding="UTF-8"))
    pages = [(page.element, draw(page.scene, diagram)) for page in Reader(diagram).pages()]
    root = copy.deepcopy(diagram.tree.getroot())
    interchange = Interchange(root)
    for element, drawing in pages:
        interchange.page(element, drawing)
    return read(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
