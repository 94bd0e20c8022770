"""What has to be placed: boxes with their sizes, links between them, and the bands (lanes) they stand in.

One `Scene` is one drawing surface with its own grid: the page, the inside of an expanded sub-process (which then is
one box of the scene around it), or the page of a collapsed one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from lxml import etree

from workflow_runtime.diagram import glyphs
from workflow_runtime.diagram.model import ACTIVITIES, EVENTS, GATEWAYS, SUBPROCESSES, Diagram, Element, Flow, FlowNode
from workflow_runtime.diagram.reading import children, local_name, reference, text_of

TEXT = 12  #: font size inside shapes
SMALL = 11  #: font size of labels beside shapes and flows
EVENT, GATEWAY = 36.0, 50.0
TASK_WIDTH, TASK_HEIGHT = 100.0, 80.0
LABEL_ROOM = 90.0  #: widest label under an event or gateway
FLOW_LABEL_ROOM = 92.0
HEADER = 30.0  #: title strip of a pool or lane
ARTIFACTS = frozenset({"dataObjectReference", "dataStoreReference", "textAnnotation", "dataInput", "dataOutput"})


@dataclass(slots=True)
class Port:
    """A boundary event: where on the lower edge of its host it sits."""

    id: str
    label: tuple[str, ...]
    line: int = 0  #: grid line its outgoing flow goes down on
    offset: float = 0.0  #: from that line, to the right
    x: float = 0.0  #: its middle on the page
    clear: bool = False  #: its label keeps clear of a line from the middle of the host's lower edge


@dataclass(slots=True, eq=False)
class Box:
    """One thing with a rectangle."""

    id: str
    kind: str
    order: int
    w: float = 0.0
    h: float = 0.0
    band: int = 0
    label: tuple[str, ...] = ()
    label_size: tuple[float, float] = (0.0, 0.0)
    label_above: bool = False
    label_aside: bool = False  #: above, and to the left of a flow that leaves upwards
    ports: list[Port] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)  #: of an artifact: what it belongs to
    inner: Scene | None = None
    col: int = 0
    span: int = 1
    row: int = 0
    x: float = 0.0
    y: float = 0.0

    @property
    def above(self) -> float:
        """Room needed above the middle line."""
        return self.h / 2 + (self.label_size[1] + 6 if self.label and self.label_above else 0)

    @property
    def below(self) -> float:
        """Room needed below the middle line."""
        room = self.h / 2
        if self.label and not self.label_above:
            room += self.label_size[1] + 6
        if self.ports:
            room += EVENT / 2 + 4
            lines = max(len(port.label) for port in self.ports)
            room = max(room, self.h / 2 + 4 + lines * SMALL * glyphs.LINE)
        return room

    @property
    def cx(self) -> float:
        """Middle, from the left."""
        return self.x + self.w / 2

    @property
    def cy(self) -> float:
        """Middle, from the top."""
        return self.y + self.h / 2


@dataclass(slots=True, eq=False)
class Link:
    """One line between two boxes."""

    id: str
    kind: str  #: sequence, message, data, association
    source: str
    target: str
    order: int
    label: tuple[str, ...] = ()
    label_size: tuple[float, float] = (0.0, 0.0)
    port: Port | None = None  #: leaves from a boundary event
    slashed: bool = False  #: carries the stroke of a default flow (or the diamond of a condition) at its start
    back: bool = False  #: rework: leads back in the story
    main: bool = False  #: on the straight path
    path: list[tuple[int, int]] = field(default_factory=list)
    points: list[tuple[float, float]] = field(default_factory=list)
    label_at: tuple[float, float] | None = None
    aside: float = 0.0  #: how far beside the middle of its steps it docks, where it comes from above or below
    outer_source: str = ""  #: the box of this scene that holds the source
    outer_target: str = ""


@dataclass(slots=True)
class Band:
    """A horizontal strip of the grid: a leaf lane, a pool without lanes, or the space between pools."""

    pool: int | None
    lane: str | None = None
    first: int = 0  #: number of its first row in the scene, once rows are numbered
    rows: int = 0


@dataclass(slots=True)
class Pool:
    """A pool (or a process that has none: then `header` is False)."""

    id: str
    process: str | None
    header: bool
    bands: list[int] = field(default_factory=list)
    depth: int = 0  #: levels of lanes


@dataclass(slots=True, eq=False)
class Scene:
    """One grid and what stands in it."""

    boxes: dict[str, Box] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    bands: list[Band] = field(default_factory=list)
    pools: list[Pool] = field(default_factory=list)
    groups: list[tuple[str, list[str]]] = field(default_factory=list)
    width: float = 0.0
    height: float = 0.0

    def shift(self, dx: float, dy: float) -> None:
        """Move everything, also what is inside sub-processes."""
        for box in self.boxes.values():
            box.x += dx
            box.y += dy
            for port in box.ports:
                port.x += dx
            if box.inner is not None:
                box.inner.shift(dx, dy)
        for link in self.links:
            link.points = [(x + dx, y + dy) for x, y in link.points]
            if link.label_at is not None:
                link.label_at = (link.label_at[0] + dx, link.label_at[1] + dy)


@dataclass(slots=True)
class Page:
    """One BPMNPlane: the element it shows and its scene."""

    element: str
    scene: Scene


class Reader:
    """Turns a diagram into pages of boxes and links."""

    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram
        self._order = {id: number for number, id in enumerate(diagram.elements)}
        self.collapsed: list[str] = []
        self._boundary: dict[str, list[FlowNode]] = {}
        for node in diagram.nodes():
            if node.kind == "boundaryEvent" and node.attached_to:
                self._boundary.setdefault(node.attached_to, []).append(node)
        self._holder: dict[str, str] = {}  #: box id → scope id, for nodes, boundary events and artifacts
        self._below: dict[str, list[Element]] = {}
        self._artifacts()

    def _artifacts(self) -> None:
        for element in self.diagram.elements.values():
            if element.kind in ARTIFACTS or element.kind in ("group", "association"):
                self._below.setdefault(self._scope_of(element), []).append(element)

    def _scope_of(self, element: Element) -> str:
        xml = element.xml
        while xml is not None:
            xml = xml.getparent()
            if xml is not None and (id := xml.get("id") or "") in self.diagram.scopes:
                return id
        return ""

    @cached_property
    def expanded(self) -> dict[str, bool]:
        """What an existing drawing says about sub-processes: expanded or not."""
        said: dict[str, bool] = {}
        for shape in self.diagram.tree.getroot().iter("{*}BPMNShape"):
            id, value = shape.get("bpmnElement"), shape.get("isExpanded")
            if id and value:
                said[id] = value == "true"
        return said

    def is_expanded(self, node: FlowNode) -> bool:
        """Whether a sub-process shows its inside: as drawn before, else when it has one."""
        if node.kind not in SUBPROCESSES:
            return False
        return self.expanded.get(node.id, True) and bool(self.diagram.scope(node.id).nodes)

    def pages(self) -> list[Page]:
        """The main page, then one page for each collapsed sub-process that has an inside."""
        diagram = self.diagram
        root = next((e.id for e in diagram.elements.values() if e.kind == "collaboration"), None)
        if root is None:
            root = diagram.processes[0] if diagram.processes else ""
        pages = [Page(root, self._main(root))]
        done = 0
        while done < len(self.collapsed):
            id = self.collapsed[done]
            pages.append(Page(id, self._inside(id)))
            done += 1
        return pages

    def _main(self, root: str) -> Scene:
        scene = Scene()
        diagram = self.diagram
        shown: set[str] = set()
        for id in diagram.participants:
            participant = diagram.elements[id]
            process: str | None = getattr(participant, "process", None)
            if process is not None and process in diagram.scopes and process not in shown:
                shown.add(process)
                scene.pools.append(self._pool(scene, id, process, header=True))
            else:
                scene.pools.append(Pool(id, None, True))
        for process in diagram.processes:
            if process not in shown:
                scene.pools.append(self._pool(scene, process, process, header=False))
        for pool in scene.pools:
            if pool.process is not None:
                self._fill(scene, pool.process, pool)
        collapsed = [pool for pool in scene.pools if pool.process is None]
        for pool in collapsed:
            name = glyphs.wrap(diagram.elements[pool.id].name, 300, TEXT, 2)
            box = Box(pool.id, "pool", self._order[pool.id], w=160.0, h=60.0, band=-1)
            box.w = max(box.w, glyphs.extent(name, TEXT)[0] + 40)
            scene.boxes[pool.id] = box
        if not scene.bands:
            # only closed pools: documents and notes between them need a place too
            scene.pools.append(Pool("", None, False, [0]))
            scene.bands.append(Band(len(scene.pools) - 1))
        self._artifacts_of(scene, "", None)
        self._links(scene, None)
        return scene

    def _pool(self, scene: Scene, id: str, process: str, *, header: bool) -> Pool:
        pool = Pool(id, process, header)
        number = len(scene.pools)
        lanes = self.diagram.scope(process).lanes
        inside: dict[str | None, list[str]] = {}
        for lane in lanes:
            inside.setdefault(self.diagram.lanes[lane].parent, []).append(lane)

        def walk(parent: str | None, depth: int) -> None:
            pool.depth = max(pool.depth, depth)
            for lane in inside.get(parent, ()):
                if lane in inside:
                    walk(lane, depth + 1)
                else:
                    pool.depth = max(pool.depth, depth + 1)
                    pool.bands.append(len(scene.bands))
                    scene.bands.append(Band(number, lane))

        walk(None, 0)
        if not pool.bands:
            pool.bands.append(len(scene.bands))
            scene.bands.append(Band(number))
        return pool

    def _inside(self, scope: str) -> Scene:
        scene = Scene(bands=[Band(0)], pools=[Pool(scope, scope, False, [0])])
        self._fill(scene, scope, scene.pools[0])
        self._artifacts_of(scene, scope, scene.pools[0])
        self._links(scene, scope)
        return scene

    def _fill(self, scene: Scene, scope: str, pool: Pool) -> None:
        diagram = self.diagram
        bands = {scene.bands[band].lane: band for band in pool.bands}
        here = diagram.scope(scope)
        floating: list[Box] = []
        for id in here.nodes:
            node = diagram.elements[id]
            if not isinstance(node, FlowNode) or (node.xml is not None and not node.xml.get("id")):
                continue
            if node.kind == "boundaryEvent" and node.attached_to in here.nodes and node.attached_to != node.id:
                continue
            box = self._box(node)
            scene.boxes[id] = box
            if len(bands) == 1:
                box.band = pool.bands[0]
            elif node.lane in bands:
                box.band = bands[node.lane]
            else:
                box.band = self._first_band(node.lane, bands, pool)
                if node.lane is None:
                    floating.append(box)
        for box in floating:
            # a node that no lane names stands where the step before it (or after it) stands
            beside = diagram.elements[box.id]
            assert isinstance(beside, FlowNode)
            for flow in (*beside.incoming, *beside.outgoing):
                for end in (diagram.flow(flow).source, diagram.flow(flow).target):
                    if end != box.id and end in scene.boxes and scene.boxes[end] not in floating:
                        box.band = scene.boxes[end].band
        if scope in diagram.processes:
            self._artifacts_of(scene, scope, pool)

    def _first_band(self, lane: str | None, bands: dict[str | None, int], pool: Pool) -> int:
        """Band for a node named by an outer lane: the first lane inside it."""
        for inner, band in bands.items():
            above = inner
            while above is not None:
                if above == lane:
                    return band
                above = self.diagram.lanes[above].parent
        return pool.bands[0]

    def _box(self, node: FlowNode) -> Box:
        box = Box(node.id, node.kind, self._order[node.id])
        if node.kind in EVENTS:
            box.w = box.h = EVENT
            self._label(box, node.name, LABEL_ROOM)
        elif node.kind in GATEWAYS:
            box.w = box.h = GATEWAY
            self._label(box, node.name, LABEL_ROOM)
            box.label_above = True
        elif self.is_expanded(node):
            box.inner = self._inside(node.id)
        else:
            if node.kind in SUBPROCESSES and self.diagram.scope(node.id).nodes:
                self.collapsed.append(node.id)
            box.w, box.h = task_size(node.name, bool(node.loop) or node.kind in SUBPROCESSES)
        for event in self._boundary.get(node.id, ()):
            if event.xml is None or event.xml.get("id"):
                word = max((glyphs.width(word, SMALL) for word in event.name.split()), default=0.0)
                room = 58.0 if len(self._boundary[node.id]) == 1 else 48.0
                room = max(room, min(word, 80.0)) if event.name.isascii() else room
                box.ports.append(Port(event.id, glyphs.wrap(event.name, room, SMALL, 6)))
        if box.inner is None and len(box.ports) > 1:
            box.w = max(box.w, sum(map(port_slot, box.ports)))
        return box

    def _label(self, box: Box, name: str, room: float) -> None:
        box.label = glyphs.wrap(name, room, SMALL, 6)
        box.label_size = label_extent(box.label)

    def _artifacts_of(self, scene: Scene, scope: str, pool: Pool | None) -> None:
        associations = self._associated()
        for element in self._below.get(scope, ()):
            if element.kind == "group":
                scene.groups.append((element.id, self._members(element)))
            if element.kind not in ARTIFACTS or element.id in scene.boxes:
                continue
            beside = associations.get(element.id, [])
            if element.kind in ("dataInput", "dataOutput") and not beside:
                continue
            box = Box(element.id, element.kind, self._order[element.id], anchors=beside)
            if element.kind == "textAnnotation":
                text = (
                    next((text_of(part) or "" for part in children(element.xml, "text")), "")
                    if element.xml is not None
                    else ""
                )
                lines = glyphs.wrap(text, 150, TEXT, 12)
                wide, high = glyphs.extent(lines, TEXT)
                box.w, box.h = max(60.0, wide + 16), max(30.0, high + 10)
            else:
                box.w, box.h = (50.0, 50.0) if element.kind == "dataStoreReference" else (36.0, 50.0)
                self._label(box, element.name, LABEL_ROOM)
            band = next((scene.boxes[a].band for a in beside if a in scene.boxes), None)
            if band is None:
                band = pool.bands[0] if pool is not None else next((p.bands[0] for p in scene.pools if p.bands), 0)
            box.band = band
            scene.boxes[element.id] = box

    def _associated(self) -> dict[str, list[str]]:
        """Artifact → the nodes it is connected to."""
        found: dict[str, list[str]] = {}
        for _id, _kind, source, target, _order in self.data_links():
            found.setdefault(source, []).append(self._host(target))
            found.setdefault(target, []).append(self._host(source))
        return found

    def _host(self, id: str) -> str:
        node = self.diagram.elements.get(id)
        if isinstance(node, FlowNode) and node.kind == "boundaryEvent" and node.attached_to:
            return node.attached_to
        return id

    def data_links(self) -> Iterator[tuple[str, str, str, str, int]]:
        """Associations and data associations: id, kind, source, target, order."""
        yield from self._data_links

    @cached_property
    def _data_links(self) -> list[tuple[str, str, str, str, int]]:
        found: list[tuple[str, str, str, str, int]] = []
        for element in self.diagram.elements.values():
            xml = element.xml
            if xml is None or element.kind not in ("association", "dataInputAssociation", "dataOutputAssociation"):
                continue
            if element.kind == "association":
                source, target = xml.get("sourceRef"), xml.get("targetRef")
                kind = "association"
            else:
                source = next((reference(part, text_of(part)) for part in children(xml, "sourceRef")), None)
                target = next((reference(part, text_of(part)) for part in children(xml, "targetRef")), None)
                owner = self._owner(xml)
                if element.kind == "dataInputAssociation":
                    target = owner
                else:
                    source = owner
                kind = "data"
            if source and target:
                found.append((element.id, kind, source, target, self._order[element.id]))
        return found

    def _owner(self, xml: etree._Element) -> str | None:
        above = xml.getparent()
        while above is not None:
            if isinstance(self.diagram.elements.get(above.get("id") or ""), FlowNode):
                return above.get("id")
            above = above.getparent()
        return None

    def _members(self, group: Element) -> list[str]:
        """What a group names by category, or surrounded in the drawing it had."""
        assert group.xml is not None
        value = group.xml.get("categoryValueRef")
        named = [
            node.id
            for node in self.diagram.nodes()
            if node.xml is not None
            and value
            and any(reference(part, text_of(part)) == value for part in children(node.xml, "categoryValueRef"))
        ]
        if named:
            return named
        area = self.drawn.get(group.id)
        if area is None:
            return []
        x, y, w, h = area
        return [
            id
            for id, (bx, by, bw, bh) in self.drawn.items()
            if isinstance(self.diagram.elements.get(id), FlowNode)
            and x <= bx + bw / 2 <= x + w
            and y <= by + bh / 2 <= y + h
        ]

    @cached_property
    def drawn(self) -> dict[str, tuple[float, float, float, float]]:
        """Usable rectangles of the drawing the file came with."""
        return drawn_bounds(self.diagram)

    def _links(self, scene: Scene, scope: str | None) -> None:
        """Links both of whose ends stand in this scene or inside its boxes, and in no smaller scene."""
        where = _holders(scene)
        diagram = self.diagram
        inner = {box.id: box.inner for box in scene.boxes.values() if box.inner is not None}
        ports = {port.id: (box.id, port) for box in scene.boxes.values() for port in box.ports}
        pools = {pool.id for pool in scene.pools}

        def add(id: str, kind: str, source: str, target: str, order: int, name: str = "") -> None:
            port = None
            a, b = where.get(source, ""), where.get(target, "")
            if source in ports:
                a, port = ports[source]
            if target in ports:
                b = ports[target][0]
            if kind != "sequence":
                a = a or (source if source in pools else "")
                b = b or (target if target in pools else "")
            if not a or not b or (a == b and a in inner and not (source == a and target == a)):
                return
            label = glyphs.wrap(name, FLOW_LABEL_ROOM, SMALL, 5)
            link = Link(id, kind, source, target, order, label, label_extent(label), port)
            link.outer_source, link.outer_target = a, b
            scene.links.append(link)

        scopes = [scope] if scope else [pool.process for pool in scene.pools if pool.process]
        for here in scopes:
            for id in diagram.scope(here).flows:
                flow = diagram.flow(id)
                if flow.xml is None or flow.xml.get("id"):
                    add(id, "sequence", flow.source, flow.target, self._order[id], flow.name)
                    if scene.links and scene.links[-1].id == id:
                        scene.links[-1].slashed = self._slashed(flow)
        for id, kind, source, target, order in self.data_links():
            add(id, kind, source, target, order)
        if scope is None:
            for id in diagram.message_flows:
                message = diagram.elements[id]
                add(id, "message", message.source, message.target, self._order[id], message.name)  # type: ignore[attr-defined]

    def _slashed(self, flow: Flow) -> bool:
        source = self.diagram.elements.get(flow.source)
        if not isinstance(source, FlowNode):
            return False
        return source.default == flow.id or (flow.condition is not None and source.kind in ACTIVITIES)


def _holders(scene: Scene) -> dict[str, str]:
    """Every box id in the scene and inside its boxes → the box of the scene that holds it."""
    where: dict[str, str] = {}

    def note(inner: Scene, outer: str) -> None:
        for box in inner.boxes.values():
            where[box.id] = outer
            for port in box.ports:
                where[port.id] = outer
            if box.inner is not None:
                note(box.inner, outer)

    for box in scene.boxes.values():
        where[box.id] = box.id
        if box.inner is not None:
            note(box.inner, box.id)
    return where


def label_extent(lines: tuple[str, ...]) -> tuple[float, float]:
    """Size of a label, a little wider than our face needs: other tools break lines with a face of their own."""
    wide, high = glyphs.extent(lines, SMALL)
    return (wide * 1.06 + 5, high) if lines else (0.0, 0.0)


def port_slot(port: Port) -> float:
    """How much of its host's lower edge a boundary event takes, with its label on the left."""
    return max(label_extent(port.label)[0], 12.0) + EVENT + 8


def task_size(name: str, marked: bool = False) -> tuple[float, float]:
    """Width and height of an activity that shows its whole name, or as much as twelve lines hold."""
    room = TASK_HEIGHT - (22 if marked else 12)
    for wide in (TASK_WIDTH, 120.0, 140.0, 160.0):
        lines = glyphs.wrap(name, wide - 14, TEXT)
        high = len(lines) * TEXT * glyphs.LINE
        if high <= room - 8:
            return wide, TASK_HEIGHT
    lines = glyphs.wrap(name, 200 - 14, TEXT, 12)
    high = len(lines) * TEXT * glyphs.LINE
    return 200.0, max(TASK_HEIGHT, 10.0 * round((high + (34 if marked else 24)) / 10))


def drawn_bounds(diagram: Diagram) -> dict[str, tuple[float, float, float, float]]:
    """Rectangles of a file's own drawing that can be used: finite, positive, of a size people draw."""
    found: dict[str, tuple[float, float, float, float]] = {}
    for shape in diagram.tree.getroot().iter("{*}BPMNShape"):
        id = shape.get("bpmnElement")
        if id and id not in found and (bounds := bounds_of(shape, 1e6)) is not None:
            found[reference(shape, id) or id] = bounds
    return found


def farthest(plane: etree._Element) -> float:
    """The largest coordinate that makes sense: larger than any wall a diagram is pinned to, more for a long story."""
    return max(200_000.0, 400.0 * len(plane))


def bounds_of(part: etree._Element, far: float) -> tuple[float, float, float, float] | None:
    """The rectangle of a shape or label of a drawing, if it makes sense."""
    bounds = next((child for child in part if local_name(child) == "Bounds"), None)
    if bounds is None:
        return None
    values = [number(bounds.get(name)) for name in ("x", "y", "width", "height")]
    if any(value is None or abs(value) > far for value in values):
        return None
    x, y, w, h = (value or 0.0 for value in values)
    return (x, y, w, h) if w > 0 and h > 0 else None


def corners_of(edge: etree._Element, far: float = 1e6) -> list[tuple[float, float]]:
    """The points of a line of a drawing; none if one of them makes no sense."""
    points = []
    for part in edge:
        if local_name(part) == "waypoint":
            x, y = number(part.get("x")), number(part.get("y"))
            if x is None or y is None or abs(x) > far or abs(y) > far:
                return []
            points.append((x, y))
    return points


def number(text: str | None) -> float | None:
    """A coordinate, if it is one: finite and within a million."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if -1e6 <= value <= 1e6 else None


__all__ = ["ACTIVITIES", "Band", "Box", "Link", "Page", "Pool", "Port", "Reader", "Scene", "task_size"]
