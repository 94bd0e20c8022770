"""Builders for the tests of pictures: a BPMN file from a few words, and what its drawing says."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from workflow_runtime.diagram import read
from workflow_runtime.diagram.model import Diagram

Rectangle = tuple[float, float, float, float]
HEAD = (
    "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' "
    "xmlns:zeebe='http://camunda.org/schema/zeebe/1.0' "
    "xmlns:bpmndi='http://www.omg.org/spec/BPMN/20100524/DI' xmlns:dc='http://www.omg.org/spec/DD/20100524/DC' "
    "xmlns:di='http://www.omg.org/spec/DD/20100524/DI' id='d' targetNamespace='t'>"
)


def flows(*pairs: str) -> str:
    """Sequence flows from "a>b" or "a>b:label"."""
    found = ""
    for pair in pairs:
        ends, _, label = pair.partition(":")
        source, target = ends.split(">")
        found += f"<sequenceFlow id='{source}_{target}' sourceRef='{source}' targetRef='{target}' name='{label}'/>"
    return found


def process(inside: str, more: str = "") -> Diagram:
    """A process without a pool."""
    return read(
        f"{HEAD}<process id='p' name='移交' isExecutable='true'>{inside}</process>{more}</definitions>".encode()
    )


def pooled(lanes: dict[str, str], inside: str, partners: str = "", more: str = "") -> Diagram:
    """A pool with lanes (name → ids of its nodes), and whatever else a collaboration holds."""
    drawn = "".join(
        f"<lane id='{name}' name='{name}'>{''.join(f'<flowNodeRef>{id}</flowNodeRef>' for id in ids.split())}</lane>"
        for name, ids in lanes.items()
    )
    return read(
        f"{HEAD}<collaboration id='c'><participant id='pool' name='民政局' processRef='p'/>{partners}</collaboration>"
        f"<process id='p' name='移交' isExecutable='true'><laneSet "
        f"id='ls'>{drawn}</laneSet>{inside}</process>{more}</definitions>".encode()
    )


STORY = (
    "<startEvent id='start' name='收到申请'/><userTask id='check' "
    "name='审核申请'/><exclusiveGateway id='ok' name='同意?' default='ok_stop'/>"
    "<userTask id='tell' name='通知儿童'/><endEvent id='end' name='办结'/>"
    "<userTask id='mend' name='补正材料'/><endEvent id='stop' name='终止'/>"
    + flows("start>check", "check>ok", "ok>tell:同意", "tell>end", "ok>mend:退回", "mend>check", "ok>stop:其他")
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """The drawing of one file."""

    shapes: dict[str, Rectangle]
    edges: dict[str, list[tuple[float, float]]]
    labels: dict[str, Rectangle]
    planes: list[str]


def drawing(diagram: Diagram) -> Drawn:
    """What the DI of a diagram says."""
    found = Drawn({}, {}, {}, [])
    root = diagram.tree.getroot()
    for plane in root.iter("{*}BPMNPlane"):
        found.planes.append(plane.get("bpmnElement") or "")
    for shape in root.iter("{*}BPMNShape", "{*}BPMNEdge"):
        id = shape.get("bpmnElement") or ""
        for part in shape:
            name = etree.QName(part).localname
            if name == "Bounds":
                found.shapes[id] = _bounds(part)
            elif name == "BPMNLabel" and len(part):
                found.labels[id] = _bounds(part[0])
            elif name == "waypoint":
                found.edges.setdefault(id, []).append((float(part.get("x", "")), float(part.get("y", ""))))
    return found


def _bounds(part: etree._Element) -> Rectangle:
    x, y, w, h = (float(part.get(name, "")) for name in ("x", "y", "width", "height"))
    return (x, y, w, h)


def middle(rectangle: Rectangle) -> tuple[float, float]:
    """The middle of a rectangle."""
    x, y, w, h = rectangle
    return (x + w / 2, y + h / 2)


def inside(inner: Rectangle, outer: Rectangle) -> bool:
    """Whether a rectangle lies in another; coordinates are rounded to tenths."""
    slack = 0.25
    return (
        outer[0] <= inner[0] + slack
        and outer[1] <= inner[1] + slack
        and inner[0] + inner[2] <= outer[0] + outer[2] + slack
        and inner[1] + inner[3] <= outer[1] + outer[3] + slack
    )
