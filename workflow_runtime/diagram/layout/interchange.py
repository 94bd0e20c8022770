"""Writes a drawing into the file: BPMN DI shapes, edges and labels."""

from __future__ import annotations

from lxml import etree

from workflow_runtime.diagram.layout.scene import Box, Scene
from workflow_runtime.diagram.layout.sizes import Drawing, Rectangle, label_place, port_label_place, port_place
from workflow_runtime.diagram.model import NS, SUBPROCESSES

_DI, _DC, _DD = f"{{{NS['bpmndi']}}}", f"{{{NS['dc']}}}", f"{{{NS['di']}}}"
MARGIN = 40.0


def number(value: float) -> str:
    """A coordinate as short as it can be written."""
    return f"{value:.1f}".removesuffix(".0")


class Interchange:
    """The BPMNDiagram elements of one file."""

    def __init__(self, root: etree._Element) -> None:
        self._root = root
        for old in list(root.iterchildren(f"{_DI}BPMNDiagram")):
            root.remove(old)
        self._pages = 0

    def page(self, element: str, drawing: Drawing) -> None:
        """Add one drawing as a plane of its own."""
        self._pages += 1
        suffix = "" if self._pages == 1 else f"_{self._pages}"
        holder = etree.SubElement(
            self._root, f"{_DI}BPMNDiagram", id=f"BPMNDiagram{suffix}", nsmap=_prefixes(self._root)
        )
        plane = etree.SubElement(holder, f"{_DI}BPMNPlane", id=f"BPMNPlane{suffix}", bpmnElement=element)
        drawing.scene.shift(MARGIN, MARGIN)
        for frame in drawing.frames:
            shape = self._shape(plane, frame.id, (frame.x + MARGIN, frame.y + MARGIN, frame.w, frame.h))
            shape.set("isHorizontal", "true")
        for id, members in drawing.scene.groups:
            self._shape(plane, id, _around(drawing.scene, members))
        self._scene(plane, drawing.scene)
        etree.indent(holder, level=1)  # a shape or flow that moved is a line of a difference
        before = holder.getprevious()
        if before is not None:
            before.tail = "\n  "
        holder.tail = "\n"

    def _scene(self, plane: etree._Element, scene: Scene) -> None:
        for box in scene.boxes.values():
            self._box(plane, box)
        for link in scene.links:
            if len(link.points) < 2:
                continue
            edge = etree.SubElement(plane, f"{_DI}BPMNEdge", id=f"{link.id}_di", bpmnElement=link.id)
            for x, y in link.points:
                etree.SubElement(edge, f"{_DD}waypoint", x=number(x), y=number(y))
            if link.label and link.label_at is not None:
                self._label(edge, (*link.label_at, *link.label_size))

    def _box(self, plane: etree._Element, box: Box) -> None:
        shape = self._shape(plane, box.id, (box.x, box.y, box.w, box.h))
        if box.kind == "pool":
            shape.set("isHorizontal", "true")
        if box.kind in SUBPROCESSES:
            shape.set("isExpanded", "true" if box.inner is not None else "false")
        if box.kind == "exclusiveGateway":
            shape.set("isMarkerVisible", "true")
        if box.label:
            self._label(shape, label_place(box))
        if box.inner is not None:
            self._scene(plane, box.inner)
        for port in box.ports:
            shape = self._shape(plane, port.id, port_place(box, port))
            if port.label:
                self._label(shape, port_label_place(box, port))

    def _shape(self, plane: etree._Element, id: str, bounds: Rectangle) -> etree._Element:
        shape = etree.SubElement(plane, f"{_DI}BPMNShape", id=f"{id}_di", bpmnElement=id)
        self._bounds(shape, bounds)
        return shape

    def _label(self, owner: etree._Element, bounds: Rectangle) -> None:
        self._bounds(etree.SubElement(owner, f"{_DI}BPMNLabel"), bounds)

    def _bounds(self, owner: etree._Element, bounds: Rectangle) -> None:
        x, y, w, h = bounds
        etree.SubElement(
            owner, f"{_DC}Bounds", x=number(x), y=number(y), width=number(max(w, 1.0)), height=number(max(h, 1.0))
        )


def _prefixes(root: etree._Element) -> dict[str, str]:
    known = set(root.nsmap.values())
    return {prefix: NS[prefix] for prefix in ("bpmndi", "dc", "di") if NS[prefix] not in known}


def _around(scene: Scene, members: list[str]) -> Rectangle:
    boxes = [scene.boxes[id] for id in members if id in scene.boxes]
    if not boxes:
        return (MARGIN, MARGIN + scene.height + 30, 140.0, 60.0)
    x, y = min(box.x for box in boxes) - 12, min(box.y for box in boxes) - 22
    right, bottom = max(box.x + box.w for box in boxes) + 12, max(box.y + box.below + box.h / 2 for box in boxes) + 12
    return (x, y, right - x, bottom - y)
