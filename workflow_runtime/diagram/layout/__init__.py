"""Draws a diagram that has no drawing, or a poor one: `layout(diagram)` gives it back with BPMN DI.

The story reads from left to right. The main path is straight, what branches off goes below it, rework runs back
underneath. Pools, nested lanes, sub-processes, boundary events, data and notes have their places; every flow runs in
right angles on a track of its own, and no label lies on anything else.
"""

from __future__ import annotations

import copy
from dataclasses import replace

from workflow_runtime.diagram.layout.interchange import Interchange
from workflow_runtime.diagram.layout.keeping import completed
from workflow_runtime.diagram.layout.scene import Reader
from workflow_runtime.diagram.layout.sizes import draw
from workflow_runtime.diagram.model import Diagram
from workflow_runtime.diagram.writing import list_flows
from workflow_runtime.errors import DiagramError
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.i18n import _

__all__ = ["layout"]


#: above this many steps in one file a picture helps nobody, and would take minutes
MOST_STEPS = 2_500


def layout(diagram: Diagram, *, keep: bool = False) -> Diagram:
    """The diagram with a new drawing; with `keep`, what a person has placed stays and only the rest is added."""
    steps = sum(1 for _node in diagram.nodes())
    if steps > MOST_STEPS:
        raise DiagramError(
            findings=[
                Finding(
                    "layout/too-many",
                    Severity.ERROR,
                    None,
                    None,
                    _("The diagram has {count} steps; at most {most} are laid out.").format(
                        count=steps, most=MOST_STEPS
                    ),
                    _("Split it into called procedures, or draw it in a modelling tool."),
                )
            ]
        )
    if keep and (kept := completed(diagram)) is not None:
        return replace(diagram, tree=kept.getroottree())
    pages = [(page.element, draw(page.scene, diagram)) for page in Reader(diagram).pages()]
    root = copy.deepcopy(diagram.tree.getroot())
    list_flows(root)
    interchange = Interchange(root)
    for element, drawing in pages:
        interchange.page(element, drawing)
    return replace(diagram, tree=root.getroottree())
