"""Pictures of a diagram, made without a browser: `render(diagram, format="svg")`.

BPMN as the standard draws it, in four themes; with `marks`, how a running case stands, with `findings`, what a check
found. The SVG can be read aloud: every step has a name, a lane and where it leads to, in the order of the story.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workflow_runtime.diagram.model import Diagram
from workflow_runtime.diagram.render.marking import case_marks
from workflow_runtime.diagram.render.themes import THEMES, Mark, MarkState
from workflow_runtime.findings import Finding

__all__ = ["FORMATS", "THEMES", "Mark", "MarkState", "case_marks", "render"]

FORMATS = ("svg", "png", "pdf")


def render(
    diagram: Diagram,
    *,
    format: str = "svg",
    theme: str = "light",
    marks: Mapping[str, Mark] | None = None,
    findings: Sequence[Finding] = (),
    classes: Mapping[str, str] | None = None,
    title: str | None = None,
    scale: float = 2.0,
) -> bytes:
    """The picture of a diagram as `svg`, `png` or `pdf`.

    A diagram without a complete drawing is laid out first, keeping what is there. `marks` and `classes` go by element
    id (`classes` are the looks of a difference: added, removed, changed, moved). `scale` is pixels of a PNG per unit.
    """
    if format not in FORMATS:
        raise ValueError(f"format must be one of {', '.join(FORMATS)}, not {format!r}")
    if theme not in THEMES:
        raise ValueError(f"theme must be one of {', '.join(THEMES)}, not {theme!r}")
    # Imported here: who only speaks of marks, as the outline does, needs no pictures.
    from workflow_runtime.diagram.layout import layout
    from workflow_runtime.diagram.render.page import missing, pages
    from workflow_runtime.diagram.render.raster import convert
    from workflow_runtime.diagram.render.svg import Picture

    found = pages(diagram)
    if not found or missing(diagram, found):
        diagram = layout(diagram, keep=True)
        found = pages(diagram)
    picture = Picture(diagram, THEMES[theme], marks or {}, findings, classes or {}, title)
    text = picture.svg([page for page in found if page.complete] or found[:1])
    if format == "svg":
        return text.encode()
    return convert(text, format, scale=scale, title=title or "")
