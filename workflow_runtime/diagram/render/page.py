"""The drawing a file carries, read with care: shapes and edges with usable coordinates, in the order of the story."""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from workflow_runtime.diagram.layout.scene import bounds_of, corners_of, farthest
from workflow_runtime.diagram.model import Diagram, Element, Flow, FlowNode, MessageFlow, Participant
from workflow_runtime.diagram.outline.story import story
from workflow_runtime.diagram.reading import local_name, reference

Rectangle = tuple[float, float, float, float]
Point = tuple[float, float]


@dataclass(slots=True)
class Shape:
    """A BPMNShape of an element we know."""

    element: Element
    bounds: Rectangle
    label: Rectangle | None = None
    expanded: bool = True
    horizontal: bool = True
    marker: bool = False  #: an exclusive gateway shows its X
    fill: str | None = None
    stroke: str | None = None


@dataclass(slots=True)
class Edge:
    """A BPMNEdge of an element we know."""

    element: Element
    points: list[Point]
    label: Rectangle | None = None
    message: str | None = None  #: how a message flow shows its message: initiating, non_initiating
    stroke: str | None = None


@dataclass(slots=True)
class Page:
    """One plane."""

    element: str
    shapes: list[Shape] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether there is anything to see."""
        return bool(self.shapes)


def pages(diagram: Diagram) -> list[Page]:
    """All planes of a file, each with what can be drawn of it."""
    found = []
    for plane in diagram.tree.getroot().iter("{*}BPMNPlane"):
        page = Page(reference(plane, plane.get("bpmnElement")) or "")
        seen: set[str] = set()
        far = farthest(plane)
        for part in plane:
            kind = local_name(part)
            id = reference(part, part.get("bpmnElement")) or ""
            element = diagram.elements.get(id)
            if element is None or id in seen:
                continue
            if kind == "BPMNShape" and (bounds := bounds_of(part, far)) is not None:
                seen.add(id)
                page.shapes.append(
                    Shape(
                        element,
                        bounds,
                        _label(part, far),
                        part.get("isExpanded") != "false",
                        part.get("isHorizontal") != "false",
                        part.get("isMarkerVisible") == "true",
                        _colour(part, "background-color", "fill"),
                        _colour(part, "border-color", "stroke"),
                    )
                )
            elif kind == "BPMNEdge" and len(points := corners_of(part, far)[:400]) > 1:
                seen.add(id)
                page.edges.append(
                    Edge(
                        element,
                        points,
                        _label(part, far),
                        part.get("messageVisibleKind"),
                        _colour(part, "border-color", "stroke"),
                    )
                )
        found.append(page)
    return found


def missing(diagram: Diagram, found: list[Page]) -> bool:
    """Whether a step, flow or pool that should show has no place in the drawing."""
    shown = {shape.element.id for page in found for shape in page.shapes}
    shown |= {edge.element.id for page in found for edge in page.edges}
    closed = {shape.element.id for page in found for shape in page.shapes if not shape.expanded}
    planes = {page.element for page in found}

    def hidden(scope: str | None) -> bool:
        """Inside a collapsed sub-process without a page of its own."""
        while scope is not None and scope in diagram.scopes:
            if scope in closed and scope not in planes:
                return True
            scope = diagram.scope(scope).parent
        return False

    for element in diagram.elements.values():
        if element.id in shown or element.id.startswith("~"):
            continue
        if isinstance(element, (FlowNode, Flow)):
            ends = (element.source, element.target) if isinstance(element, Flow) else ()
            if not hidden(element.scope) and all(end in diagram.elements for end in ends):
                return True
        elif isinstance(element, Participant):
            return True
        elif isinstance(element, MessageFlow) and element.source in shown and element.target in shown:
            return True
    return False


def reading_order(diagram: Diagram, page: Page) -> dict[str, int]:
    """Position of every element of the page when the procedure is read aloud."""
    order: dict[str, int] = {}

    def tell(scope: str) -> None:
        for id in story(diagram, scope).order:
            order[id] = len(order)
            if id in diagram.scopes:
                tell(id)

    for participant in diagram.participants:
        order[participant] = len(order)
        shown: str = getattr(diagram.elements[participant], "process", None) or ""
        if shown in diagram.scopes:
            for lane in diagram.scope(shown).lanes:
                order[lane] = len(order)
            tell(shown)
    for process in diagram.processes:
        if not any(getattr(diagram.elements[p], "process", None) == process for p in diagram.participants):
            for lane in diagram.scope(process).lanes:
                order[lane] = len(order)
            tell(process)
    for item in page.shapes:
        order.setdefault(item.element.id, len(order))
    return order


def _label(part: etree._Element, far: float) -> Rectangle | None:
    label = next((child for child in part if local_name(child) == "BPMNLabel"), None)
    return None if label is None else bounds_of(label, far)


def _colour(part: etree._Element, *names: str) -> str | None:
    """A colour from the drawing, when it is plainly one."""
    for name, value in part.attrib.items():
        text = str(value)
        if str(name).rpartition("}")[2] in names and "}" in str(name) and len(text) in (4, 7) and text[0] == "#":
            if all(character in "0123456789abcdefABCDEF" for character in text[1:]):
                return text
    return None
