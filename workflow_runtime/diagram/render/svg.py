"""Writes pages as one SVG: plain shapes and text, no script, no link, readable aloud in the order of the story."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence

from workflow_runtime.diagram import glyphs
from workflow_runtime.diagram.layout.scene import SMALL, TEXT
from workflow_runtime.diagram.model import ACTIVITIES, EVENTS, GATEWAYS, SUBPROCESSES, Diagram, Element, Flow, FlowNode
from workflow_runtime.diagram.outline.words import called, kind_word, one_line, place_word
from workflow_runtime.diagram.reading import children, text_of
from workflow_runtime.diagram.render import symbols
from workflow_runtime.diagram.render.page import Edge, Page, Point, Rectangle, Shape, reading_order
from workflow_runtime.diagram.render.themes import Mark, MarkState, Theme
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.i18n import _, language, ngettext, of_data

MARGIN = 20.0
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
_UNSHOWABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_PLACE = re.compile(r"[^A-Za-z0-9_.\-]")


def escaped(text: str) -> str:
    """`text` as character data or attribute value."""
    return _UNSHOWABLE.sub("", text).translate(_ESCAPES)


def _n(value: float) -> str:
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


class Picture:
    """One SVG file in the making."""

    def __init__(
        self,
        diagram: Diagram,
        theme: Theme,
        marks: Mapping[str, Mark],
        findings: Sequence[Finding],
        classes: Mapping[str, str],
        title: str | None,
        name: str = "",
    ) -> None:
        self._diagram = diagram
        self._name = name  #: stands before every id, so that several pictures fit into one page
        self._theme = theme
        self._marks = marks
        self._classes = classes
        self._findings: dict[str, list[Finding]] = {}
        pools = {getattr(diagram.elements[id], "process", None): id for id in diagram.participants}
        for finding in findings:
            if finding.element:
                # what is said of a process stands on its pool
                self._findings.setdefault(pools.get(finding.element, finding.element), []).append(finding)
        self._ways = frozenset(id for finding in findings for id in finding.path)  #: the way into what was found
        self._given_title = title
        self._out: list[str] = []
        self._prefix = f"{name}e-"

    def svg(self, pages: Sequence[Page], extents: Sequence[Rectangle] = ()) -> str:
        """The picture of all pages, one under the other; `extents` are what each is to show, if not all of it."""
        boxes = [*extents, *(extent(page) for page in pages[len(extents) :])]
        width = max((w for _x, _y, w, _h in boxes), default=0.0) + 2 * MARGIN
        height = sum(h + (30 if number else 0) for number, (_x, _y, _w, h) in enumerate(boxes)) + 2 * MARGIN
        y = MARGIN
        body = self._out
        for number, (page, (left, top, _w, h)) in enumerate(zip(pages, boxes, strict=True)):
            if number:
                element = self._diagram.elements.get(page.element)
                name = called(element) if element is not None else ""
                body.append(f'<text class="tt" x="{_n(MARGIN)}" y="{_n(y + 16)}">{escaped(name)}</text>')
                y += 30
            self._prefix = f"{self._name}e-" if not number else f"{self._name}e{number + 1}-"
            body.append(f'<g class="plane" transform="translate({_n(MARGIN - left)},{_n(y - top)})">')
            self._page(page)
            body.append("</g>")
            y += h
        title, description = self._title(), self._description(pages)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width)}" height="{_n(height)}" '
            f'viewBox="0 0 {_n(width)} {_n(height)}" lang="{"zh-CN" if language() == "zh" else "en"}" '
            f'role="graphics-document document" aria-labelledby="{self._name}title" '
            f'aria-describedby="{self._name}description">'
            f'<title id="{self._name}title">{escaped(title)}</title>'
            f'<desc id="{self._name}description">{escaped(description)}</desc>'
            f"<style>{self._style()}</style>{_defs(self._theme, self._name)}"
            f'<rect class="page" width="{_n(width)}" height="{_n(height)}"/>'
        )
        return head + "".join(body) + "</svg>"

    # --- the whole

    def _title(self) -> str:
        if self._given_title is not None:
            return self._given_title
        for id in self._diagram.processes:
            if name := self._diagram.elements[id].name:
                return of_data(one_line(name))
        for id in self._diagram.participants:
            if name := self._diagram.elements[id].name:
                return of_data(one_line(name))
        return _("Diagram of a procedure")

    def _description(self, pages: Sequence[Page]) -> str:
        nodes = [s.element for page in pages for s in page.shapes if isinstance(s.element, FlowNode)]
        lanes = sum(1 for page in pages for s in page.shapes if s.element.kind == "lane")
        parts = [
            _("BPMN diagram with {steps} steps, {choices} gateways, {events} events and {lanes} lanes.").format(
                steps=sum(node.kind in ACTIVITIES for node in nodes),
                choices=sum(node.kind in GATEWAYS for node in nodes),
                events=sum(node.kind in EVENTS for node in nodes),
                lanes=lanes,
            )
        ]
        states = [mark.state for mark in self._marks.values()]
        if states:
            parts.append(
                _("In this case {done} are done, {active} active, {skipped} skipped, {failed} failed.").format(
                    **{state.value: states.count(state) for state in MarkState}
                )
            )
        count = sum(map(len, self._findings.values()))
        if count:
            text = ngettext("{count} finding is marked.", "{count} findings are marked.", count)
            parts.append(text.format(count=count))
        return " ".join(parts)

    def _style(self) -> str:
        t = self._theme
        rules = [
            f".page{{fill:{t.page}}}",
            f"text{{font-family:{glyphs.FAMILY};font-size:{TEXT}px;fill:{t.text};text-anchor:middle}}",
            f".s{{font-size:{SMALL}px}}.tt{{text-anchor:start;font-size:14px;font-weight:bold}}.l{{text-anchor:start}}",
            f".b{{fill:{t.fill};stroke:{t.ink};stroke-width:{_n(t.width)}}}",
            f".p{{fill:{t.page};stroke:{t.ink};stroke-width:1.5}}.h{{fill:{t.lane};stroke:{t.ink};stroke-width:1.5}}",
            f".th{{stroke-width:{_n(t.width + 2.5)}}}.no{{fill:none}}.n1{{stroke-width:{_n(max(1.2, t.width - 0.5))}}}",
            f".i{{fill:none;stroke:{t.ink};stroke-width:1.3;stroke-linejoin:round;stroke-linecap:round}}",
            f".f{{fill:{t.ink};stroke:none}}",
            f".e{{fill:none;stroke:{t.ink};stroke-width:{_n(max(1.5, t.width - 0.5))};stroke-linejoin:round}}",
            ".d{stroke-dasharray:7 5}.o{stroke-dasharray:1 4;stroke-linecap:round}.g{stroke-dasharray:9 4 1 4}",
            f".q{{fill:none;stroke:{t.soft};stroke-width:1.5}}",
            "g:focus{outline:2px solid}",
        ]
        for state, (line, fill) in t.states.items():
            dash = ";stroke-dasharray:4 3" if state is MarkState.SKIPPED else ""
            wide = t.width + (1.2 if state in (MarkState.ACTIVE, MarkState.FAILED) else 0)
            rules.append(f".{state} .b{{stroke:{line};fill:{fill};stroke-width:{_n(wide)}{dash}}}")
            rules.append(f".{state} .th{{stroke-width:{_n(t.width + 2.5)}}}")
            rules.append(f".{state} .i,.{state}.e{{stroke:{line}}}.{state} .f,.k-{state}{{fill:{line}}}")
            if state is MarkState.SKIPPED:
                rules.append(f".{state} text{{fill:{line}}}")
            if state is MarkState.DONE:
                rules.append(f".{state}.e{{stroke-width:{_n(t.width + 1)}}}")
        rules.append(
            f".kt{{font-size:10px;fill:{t.page};font-weight:bold}}.ks{{stroke:{t.page};stroke-width:1.8;fill:none}}"
        )
        rules.append(f".w-error{{fill:{t.severe}}}.w-warning,.w-info{{fill:{t.mild}}}")
        rules += [
            f".{name} .b,.{name}.e,.{name} .p{{{rule}}}"
            for name, rule in _CHANGES.items()
            if name in self._classes.values()
        ]
        if self._ways:
            rules.append(f".e.way{{stroke:{t.severe};stroke-width:{_n(t.width + 1)};stroke-dasharray:9 3}}")
        return "".join(rules)

    # --- one page

    def _page(self, page: Page) -> None:
        order = reading_order(self._diagram, page)
        shapes = sorted(page.shapes, key=lambda shape: order[shape.element.id])
        frames = [s for s in shapes if s.element.kind in ("participant", "lane")]
        closed = [s for s in frames if s.element.kind == "participant" and getattr(s.element, "process", None) is None]
        for shape in frames:
            if shape not in closed:
                self._frame(shape)
        groups = [s for s in shapes if s.element.kind == "group"]
        holders = [s for s in shapes if s.element.kind in SUBPROCESSES and s.expanded and s.element.id != page.element]
        # the larger lies under the smaller, whatever the order of telling
        for shape in sorted(holders, key=lambda shape: -shape.bounds[2] * shape.bounds[3]):
            self._backdrop(shape)
        for edge in page.edges:
            if (
                not isinstance(self._diagram.elements.get(edge.element.id), type(None))
                and edge.element.kind != "messageFlow"
            ):
                self._edge(edge)
        for shape in shapes:
            if shape.element.id == page.element and shape.element.kind in SUBPROCESSES:
                continue
            if shape in closed:
                self._frame(shape)
            elif shape.element.kind not in ("participant", "lane", "group"):
                self._shape(shape, drawn=shape in holders)
        for edge in page.edges:
            if edge.element.kind == "messageFlow":
                self._edge(edge)
        for shape in groups:
            self._group(shape)
        for shape in shapes:
            self._badges(shape)

    def _open(self, element: Element, role: str, detail: str = "", *, focus: bool = True) -> None:
        mark = self._marks.get(element.id)
        names = [name for name in (mark.state.value if mark else "", self._classes.get(element.id, "")) if name]
        label = self._aloud(element, mark)
        tab = ' tabindex="0"' if focus else ""
        kind = escaped(kind_word(element))
        self._out.append(
            f'<g id="{self._prefix}{_PLACE.sub("_", element.id)[:200]}" class="{" ".join(names)}" role="{role}" '
            f'aria-roledescription="{kind}" aria-label="{escaped(label)}"{tab}>'
            f"<title>{escaped(label)}{escaped(detail)}</title>"
        )

    def _aloud(self, element: Element, mark: Mark | None) -> str:
        """What a screen reader says: kind, name, lane, where it leads, how it stands."""
        parts = [
            f"{kind_word(element)}{_(': ')}{of_data(one_line(element.name))}" if element.name else kind_word(element)
        ]
        if isinstance(element, FlowNode):
            place = place_word(self._diagram, element)
            if place:
                parts.append(place)
            onward = []
            for id in element.outgoing:
                flow = self._diagram.elements.get(id)
                target = self._diagram.elements.get(flow.target) if isinstance(flow, Flow) else None
                if isinstance(flow, Flow) and target is not None:
                    onward.append(
                        f"{of_data(one_line(flow.name, 60))}{_(': ')}{called(target)}" if flow.name else called(target)
                    )
            if onward:
                parts.append(_("leads to {targets}").format(targets=_(", ").join(onward[:12])))
        if mark is not None:
            parts.append(state_word(mark.state) + (f" ({one_line(mark.note, 120)})" if mark.note else ""))
        for finding in self._findings.get(element.id, ())[:5]:
            parts.append(one_line(finding.message, 200))
        return _("; ").join(parts)

    # --- pools and lanes

    def _frame(self, shape: Shape) -> None:
        x, y, w, h = shape.bounds
        element = shape.element
        closed = element.kind == "participant" and getattr(element, "process", None) is None
        self._open(element, "graphics-object group", focus=closed)
        out = self._out
        out.append(f'<rect class="p" x="{_n(x)}" y="{_n(y)}" width="{_n(w)}" height="{_n(h)}"/>')
        name = of_data(one_line(element.name))
        if closed:
            self._text(name, (x, y, w, h), TEXT, middle=True)
            if _multiple(element):
                self._sign(symbols.marker("parallel"), x + w / 2, y + h - 8)
        elif shape.horizontal:
            strip = min(30.0, w)
            out.append(f'<rect class="h" x="{_n(x)}" y="{_n(y)}" width="{_n(strip)}" height="{_n(h)}"/>')
            lines = glyphs.wrap(name, max(20.0, h - 10), TEXT, 2 if strip >= 28 else 1)
            middle = x + strip / 2 - (len(lines) - 1) * TEXT * glyphs.LINE / 2
            for number, line in enumerate(lines):
                cx, cy = middle + number * TEXT * glyphs.LINE, y + h / 2
                out.append(
                    f'<text transform="translate({_n(cx + TEXT * 0.36)},{_n(cy)}) rotate(-90)">{escaped(line)}</text>'
                )
        else:
            strip = min(30.0, h)
            out.append(f'<rect class="h" x="{_n(x)}" y="{_n(y)}" width="{_n(w)}" height="{_n(strip)}"/>')
            self._text(name, (x, y, w, strip), TEXT, middle=True)
        out.append("</g>")

    def _group(self, shape: Shape) -> None:
        x, y, w, h = shape.bounds
        self._open(shape.element, "graphics-object group", focus=False)
        self._out.append(f'<rect class="q g" x="{_n(x)}" y="{_n(y)}" width="{_n(w)}" height="{_n(h)}" rx="10"/>')
        self._text(_group_name(self._diagram, shape.element), (x, y - 3, w, 20), SMALL)
        self._out.append("</g>")

    # --- shapes

    def _backdrop(self, shape: Shape) -> None:
        mark = self._marks.get(shape.element.id)
        names = [name for name in (mark.state.value if mark else "", self._classes.get(shape.element.id, "")) if name]
        self._out.append(f'<g class="{" ".join(names)}" aria-hidden="true">')
        self._activity_outline(shape)
        self._out.append("</g>")

    def _shape(self, shape: Shape, *, drawn: bool) -> None:
        element = shape.element
        if element.kind in EVENTS and isinstance(element, FlowNode):
            self._event(shape, element)
        elif element.kind in GATEWAYS and isinstance(element, FlowNode):
            self._gateway(shape, element)
        elif element.kind in ACTIVITIES and isinstance(element, FlowNode):
            self._activity(shape, element, drawn=drawn)
        elif element.kind in ("dataObjectReference", "dataObject", "dataInput", "dataOutput"):
            self._data(shape)
        elif element.kind == "dataStoreReference":
            self._store(shape)
        elif element.kind == "textAnnotation":
            self._note(shape)
        else:
            # something the standard or a vendor may draw and we do not know: its place and name
            self._open(element, "graphics-symbol img")
            x, y, w, h = shape.bounds
            self._out.append(f'<rect class="b d" x="{_n(x)}" y="{_n(y)}" width="{_n(w)}" height="{_n(h)}"/>')
            self._text(called(element), shape.bounds, TEXT, middle=True)
            self._out.append("</g>")

    def _paint(self, shape: Shape) -> str:
        """Colours the file gives, where the theme takes them over and no mark says more."""
        if not self._theme.coloured or shape.element.id in self._marks or shape.element.id in self._classes:
            return ""
        style = (f"fill:{shape.fill};" if shape.fill else "") + (f"stroke:{shape.stroke};" if shape.stroke else "")
        return f' style="{style}"' if style else ""

    def _event(self, shape: Shape, node: FlowNode) -> None:
        x, y, w, h = shape.bounds
        cx, cy, r = x + w / 2, y + h / 2, min(w, h) / 2
        self._open(node, "graphics-symbol img")
        paint = self._paint(shape)
        dashed = " d" if not node.interrupting else ""
        thick = " th" if node.kind == "endEvent" else ""
        inner = node.kind in ("intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent")
        thin = " n1" if inner else ""
        self._out.append(f'<circle class="b{thick}{dashed}{thin}" cx="{_n(cx)}" cy="{_n(cy)}" r="{_n(r)}"{paint}/>')
        if inner:
            self._out.append(
                f'<circle class="b no{dashed}{thin}" cx="{_n(cx)}" '
                f'cy="{_n(cy)}" r="{_n(max(1.0, r - 3 - self._theme.width / 4))}" '
                f'style="fill:none"/>'
            )
        throwing = node.kind in ("endEvent", "intermediateThrowEvent")
        if len(node.events) > 1:
            sign = symbols.event("parallel" if node.parallel_multiple else "multiple", throwing)
        else:
            sign = symbols.event(node.events[0].kind, throwing) if node.events else ()
        self._sign(sign, cx, cy, r / 18 * 0.9)
        self._beside(shape)
        self._out.append("</g>")

    def _gateway(self, shape: Shape, node: FlowNode) -> None:
        x, y, w, h = shape.bounds
        cx, cy = x + w / 2, y + h / 2
        self._open(node, "graphics-symbol img")
        self._out.append(
            f'<path class="b" d="M{_n(cx)},{_n(y)}L{_n(x + w)},{_n(cy)}L{_n(cx)},'
            f'{_n(y + h)}L{_n(x)},{_n(cy)}z"{self._paint(shape)}/>'
        )
        if node.kind != "exclusiveGateway" or shape.marker:
            parallel = node.xml is not None and node.xml.get("eventGatewayType") == "Parallel"
            self._sign(symbols.gateway(node.kind, node.instantiate, parallel), cx, cy, min(w, h) / 50)
        self._beside(shape)
        self._out.append("</g>")

    def _activity_outline(self, shape: Shape) -> None:
        x, y, w, h = shape.bounds
        node = shape.element
        paint = self._paint(shape)
        thick = " th" if node.kind == "callActivity" else ""
        dotted = " o" if getattr(node, "event_subprocess", False) else ""
        r = min(10.0, w / 4, h / 4)
        box = f'x="{_n(x)}" y="{_n(y)}" width="{_n(w)}" height="{_n(h)}" rx="{_n(r)}"'
        self._out.append(f'<rect class="b{thick}{dotted}" {box}{paint}/>')
        if node.kind == "transaction":
            d = 3 + self._theme.width / 2
            if w > 2 * d and h > 2 * d:
                self._out.append(
                    f'<rect class="b no n1" x="{_n(x + d)}" y="{_n(y + d)}" '
                    f'width="{_n(w - 2 * d)}" height="{_n(h - 2 * d)}" '
                    f'rx="{_n(max(1.0, r - 3))}" style="fill:none"/>'
                )

    def _activity(self, shape: Shape, node: FlowNode, *, drawn: bool) -> None:
        x, y, w, h = shape.bounds
        self._open(node, "graphics-symbol img" if not drawn else "graphics-object group")
        if not drawn:
            self._activity_outline(shape)
        sign = symbols.activity(node.kind, node.instantiate)
        if sign and w >= 40 and h >= 36:
            at_x, at_y = symbols.ACTIVITY_AT[node.kind] if not node.instantiate else (14, 14)
            self._sign(sign, x + at_x, y + at_y)
        if node.event_subprocess and not shape.expanded:
            self._trigger(node, x + 11, y + 11)
        markers = self._markers(shape, node)
        name = of_data(one_line(node.name, 2000))
        if drawn:
            self._text(name, (x + 5, y + 6, w - 10, 20), TEXT, most=1)
        else:
            low = y + h - (22 if markers else 5)
            room = (x + 5, y + 5, w - 10, low - y - 5)
            lines = glyphs.wrap(name, max(8.0, w - 12), TEXT, max(1, int((low - y - 3) // (TEXT * glyphs.LINE))))
            tall = len(lines) * TEXT * glyphs.LINE
            # centred in the whole shape, as everywhere, unless a marker or sign needs the room
            middle = y + h / 2
            if markers and middle + tall / 2 > low:
                middle = max(y + 4 + tall / 2, low - tall / 2)
            if sign and middle - tall / 2 < y + 26 and lines and glyphs.width(lines[0], TEXT) > w - 56:
                middle = min(max(middle, y + 26 + tall / 2), max(middle, low - tall / 2))
            self._lines(lines, room[0] + room[2] / 2, middle, TEXT)
        for kind, dx in markers:
            self._sign(symbols.marker(kind), x + w / 2 + dx, y + h - 13)
        self._out.append("</g>")

    def _markers(self, shape: Shape, node: FlowNode) -> list[tuple[str, float]]:
        """Markers at the lower edge, side by side: undoing, repetition, what is inside."""
        kinds = []
        if node.for_compensation:
            kinds.append("compensate")
        if node.loop is not None:
            kinds.append({"standard": "loop"}.get(node.loop.kind, node.loop.kind))
        if (node.kind in SUBPROCESSES and not shape.expanded) or node.kind == "callActivity":
            kinds.append("collapsed")
        if node.kind == "adHocSubProcess":
            kinds.append("adHoc")
        # in the middle what is inside, else the repetition; the others to its left and right
        middle = next((number for number, kind in enumerate(kinds) if kind == "collapsed"), None)
        if middle is None:
            middle = 1 if len(kinds) > 1 and kinds[0] == "compensate" else 0
        return [(kind, (number - middle) * 17.5) for number, kind in enumerate(kinds)]

    def _trigger(self, node: FlowNode, cx: float, cy: float) -> None:
        """What starts an event sub-process that shows no inside, small in its corner."""
        inside = (self._diagram.elements.get(id) for id in self._diagram.scope(node.id).nodes)
        start = next((one for one in inside if isinstance(one, FlowNode) and one.kind == "startEvent"), None)
        if start is not None and start.events:
            dashed = "" if start.interrupting else " d"
            self._out.append(f'<circle class="i{dashed}" cx="{_n(cx)}" cy="{_n(cy)}" r="10"/>')
            kind = "multiple" if len(start.events) > 1 else start.events[0].kind
            self._sign(symbols.event(kind, False), cx, cy, 0.5)

    def _data(self, shape: Shape) -> None:
        x, y, w, h = shape.bounds
        fold = min(12.0, w / 3)
        self._open(shape.element, "graphics-symbol img")
        self._out.append(
            f'<path class="b" d="M{_n(x)},{_n(y)}H{_n(x + w - fold)}L{_n(x + w)},{_n(y + fold)}V{_n(y + h)}H{_n(x)}z'
            f'M{_n(x + w - fold)},{_n(y)}V{_n(y + fold)}H{_n(x + w)}"{self._paint(shape)}/>'
        )
        if shape.element.kind in ("dataInput", "dataOutput"):
            arrow = "M-6,-2.5H1V-6L7,0L1,6V2.5H-6z"
            self._sign(((arrow, shape.element.kind == "dataOutput"),), x + 12, y + 11)
        if _is_collection(self._diagram, shape.element):
            self._sign(symbols.marker("collection"), x + w / 2, y + h - 11)
        self._beside(shape)
        self._out.append("</g>")

    def _store(self, shape: Shape) -> None:
        x, y, w, h = shape.bounds
        bow = min(h / 5, 10.0)
        # a curve reaches three quarters of the way to its control points
        top, bottom, right = y + 0.75 * bow, y + h - 0.75 * bow, x + w
        rings = "".join(
            f"M{_n(x)},{_n(top + step)}C{_n(x)},{_n(top + step + bow)} "
            f"{_n(right)},{_n(top + step + bow)} {_n(right)},{_n(top + step)}"
            for step in (0.0, bow * 0.6, bow * 1.2)
        )
        self._open(shape.element, "graphics-symbol img")
        self._out.append(
            f'<path class="b" d="M{_n(x)},{_n(top)}C{_n(x)},{_n(top - bow)} '
            f"{_n(right)},{_n(top - bow)} {_n(right)},{_n(top)}"
            f"V{_n(bottom)}C{_n(right)},{_n(bottom + bow)} {_n(x)},"
            f'{_n(bottom + bow)} {_n(x)},{_n(bottom)}z"{self._paint(shape)}/>'
            f'<path class="b no n1" style="fill:none" d="{rings}"/>'
        )
        self._beside(shape)
        self._out.append("</g>")

    def _note(self, shape: Shape) -> None:
        x, y, w, h = shape.bounds
        self._open(shape.element, "graphics-object group")
        self._out.append(f'<path class="e" d="M{_n(x + 10)},{_n(y)}H{_n(x)}V{_n(y + h)}H{_n(x + 10)}"/>')
        xml = shape.element.xml
        text = "" if xml is None else next((text_of(part) or "" for part in children(xml, "text")), "")
        lines = glyphs.wrap(
            of_data(one_line(text, 2000)), max(20.0, w - 10), TEXT, max(1, int(h // (TEXT * glyphs.LINE)))
        )
        self._lines(lines, x + 6, y + 5 + len(lines) * TEXT * glyphs.LINE / 2, TEXT, "l")
        self._out.append("</g>")

    # --- edges

    def _edge(self, edge: Edge) -> None:
        element = edge.element
        mark = self._marks.get(element.id)
        names = [name for name in (mark.state.value if mark else "", self._classes.get(element.id, "")) if name]
        if element.id in self._ways:
            names.append("way")
        stroke = f' style="stroke:{edge.stroke}"' if edge.stroke and self._theme.coloured and not names else ""
        state = (
            ("-" + mark.state.value) if mark is not None and mark.state in (MarkState.DONE, MarkState.SKIPPED) else ""
        )
        name = of_data(one_line(element.name))
        points = edge.points
        kind = element.kind
        title = escaped(f"{kind_word(element)}{_(': ')}{name}" if name else kind_word(element))
        place = _PLACE.sub("_", element.id)[:200]
        self._out.append(f'<g id="{self._prefix}{place}" aria-hidden="true"><title>{title}</title>')
        line = f'class="e {" ".join(names)}'
        path = f'd="{_rounded(points)}"{stroke}'
        if kind == "sequenceFlow":
            self._out.append(f'<path {line}" {path} marker-end="url(#{self._name}arrow{state})"/>')
            self._start_of_flow(element, points)
        elif kind == "messageFlow":
            self._out.append(
                f'<path {line} d" {path} marker-start="url(#{self._name}ring)" marker-end="url(#{self._name}open)"/>'
            )
            if edge.message in ("initiating", "non_initiating") or getattr(element, "message", None):
                (mx, my), _level = _middle(points)
                fill = "h" if edge.message == "non_initiating" else "b"
                self._out.append(
                    f'<rect class="{fill} n1" x="{_n(mx - 12)}" y="{_n(my - 8.5)}" width="24" height="17"/>'
                )
                self._sign(((symbols._ENVELOPE_FLAP, False),), mx, my)
        else:
            ends = ""
            direction = element.xml.get("associationDirection", "None") if element.xml is not None else "None"
            if kind in ("dataInputAssociation", "dataOutputAssociation") or direction in ("One", "Both"):
                ends += f' marker-end="url(#{self._name}thin)"'
            if direction == "Both":
                ends += f' marker-start="url(#{self._name}thin)"'
            self._out.append(f'<path {line} o" {path}{ends}/>')
        if name:
            self._flow_label(edge, name)
        self._out.append("</g>")
        if element.id in self._findings:
            (mx, my), _level = _middle(points)
            self._warn(element.id, mx, my - 2, 0.7)

    def _start_of_flow(self, element: Element, points: list[Point]) -> None:
        if not isinstance(element, Flow):
            return
        source = self._diagram.elements.get(element.source)
        if not isinstance(source, FlowNode):
            return
        (x1, y1), (x2, y2) = points[0], points[1]
        length = math.hypot(x2 - x1, y2 - y1) or 1.0
        dx, dy = (x2 - x1) / length, (y2 - y1) / length
        if source.default == element.id:
            mx, my = x1 + dx * 11, y1 + dy * 11
            # a stroke across the line: its left end points back to the step
            ax, ay = -dx * 3 + dy * 5, -dy * 3 - dx * 5
            self._out.append(f'<path class="e" d="M{_n(mx + ax)},{_n(my + ay)}L{_n(mx - ax)},{_n(my - ay)}"/>')
        elif element.condition is not None and source.kind in ACTIVITIES:
            tip, side = (x1 + dx * 16, y1 + dy * 16), (x1 + dx * 8, y1 + dy * 8)
            self._out.append(
                f'<path class="b n1" d="M{_n(x1)},{_n(y1)}L{_n(side[0] - dy * 4.5)},'
                f"{_n(side[1] + dx * 4.5)}L{_n(tip[0])},{_n(tip[1])}"
                f'L{_n(side[0] + dy * 4.5)},{_n(side[1] - dx * 4.5)}z"/>'
            )

    def _flow_label(self, edge: Edge, name: str) -> None:
        if edge.label is not None:
            x, y, w, _h = edge.label
            lines = glyphs.wrap(name, max(w + 1, 30.0), SMALL, 8)
            self._lines(lines, x + w / 2, y - 0.5 + len(lines) * SMALL * glyphs.LINE / 2, SMALL)
            return
        lines = glyphs.wrap(name, 100, SMALL, 5)
        wide, high = glyphs.extent(lines, SMALL)
        (mx, my), level = _middle(edge.points)
        if level:
            self._lines(lines, mx, my - max(25.0, high + 4) + high / 2, SMALL)
        else:
            self._lines(lines, mx + max(15.0, wide / 2 + 4), my - 10 + high / 2, SMALL)

    # --- text and signs

    def _beside(self, shape: Shape) -> None:
        """The label of an event, gateway or document: where the file puts it, else under the shape."""
        name = of_data(one_line(shape.element.name, 2000))
        if not name:
            return
        x, y, w, h = shape.bounds
        if shape.label is not None and shape.label[2] >= 4:
            lx, ly, lw, _lh = shape.label
            lines = glyphs.wrap(name, max(lw + 1, 24.0), SMALL, 12)
            self._lines(lines, lx + lw / 2, ly - 0.5 + len(lines) * SMALL * glyphs.LINE / 2, SMALL)
            return
        lines = glyphs.wrap(name, 90.0, SMALL, 12)
        self._lines(lines, x + w / 2, y + h + 0.5 + len(lines) * SMALL * glyphs.LINE / 2, SMALL)

    def _text(self, text: str, room: Rectangle, size: int, *, middle: bool = False, most: int = 0) -> None:
        x, y, w, h = room
        lines = glyphs.wrap(text, max(8.0, w - 6), size, most or max(1, int(h // (size * glyphs.LINE))))
        tall = len(lines) * size * glyphs.LINE
        self._lines(lines, x + w / 2, y + (h / 2 if middle else tall / 2 + 2), size)

    def _lines(self, lines: Sequence[str], cx: float, cy: float, size: int, more: str = "") -> None:
        """Lines of text around a middle."""
        if not lines:
            return
        names = " ".join(name for name in ("s" if size == SMALL else "", more) if name)
        step = size * glyphs.LINE
        first = cy - (len(lines) - 1) * step / 2 + size * 0.36
        classed = f' class="{names}"' if names else ""
        if len(lines) == 1:
            self._out.append(f'<text{classed} x="{_n(cx)}" y="{_n(first)}">{escaped(lines[0])}</text>')
            return
        spans = "".join(
            f'<tspan x="{_n(cx)}" y="{_n(first + number * step)}">{escaped(line)}</tspan>'
            for number, line in enumerate(lines)
        )
        self._out.append(f"<text{classed}>{spans}</text>")

    def _sign(self, sign: symbols.Sign, cx: float, cy: float, scale: float = 1.0) -> None:
        if not sign:
            return
        size = f" scale({scale:.2f})" if abs(scale - 1) > 0.02 else ""
        paths = "".join(f'<path class="{"f" if filled else "i"}" d="{d}"/>' for d, filled in sign)
        self._out.append(f'<g transform="translate({_n(cx)},{_n(cy)}){size}">{paths}</g>')

    # --- what a case or a check adds

    def _badges(self, shape: Shape) -> None:
        x, y, w, _h = shape.bounds
        mark = self._marks.get(shape.element.id)
        if mark is not None and isinstance(shape.element, FlowNode):
            # on the upper right edge; beside a gateway's corner rather than on its tip
            small = w <= 60
            bx, by = x + w - (2 if small else 4), y + (6 if small else 0)
            out = self._out
            size = " scale(0.75)" if small else ""
            out.append(
                f'<g aria-hidden="true"><circle class="k-{mark.state}" '
                f'cx="{_n(bx)}" cy="{_n(by)}" r="{7 if small else 9}"/>'
                f'<path class="ks" transform="translate({_n(bx)},{_n(by)}){size}" d="{_STATE_SIGNS[mark.state]}"/>'
            )
            if mark.note and not small:
                note = one_line(mark.note, 24)
                wide = glyphs.width(note, 10) + 10
                left = max(x - 10, bx - 12 - wide)
                out.append(
                    f'<rect class="k-{mark.state}" x="{_n(left)}" '
                    f'y="{_n(by - 8)}" width="{_n(wide)}" height="16" rx="8"/>'
                    f'<text class="kt" x="{_n(left + wide / 2)}" y="{_n(by + 3.6)}">{escaped(note)}</text>'
                )
            out.append("</g>")
        if shape.element.id in self._findings:
            self._warn(shape.element.id, x + (0 if w > 60 else 4), y - 3)

    def _warn(self, id: str, x: float, y: float, scale: float = 1.0) -> None:
        """A triangle for what a check found on an element, with how many there are."""
        findings = self._findings[id]
        worst = min(findings, key=lambda finding: list(Severity).index(finding.severity)).severity
        said = escaped(_("; ").join(one_line(finding.message, 300) for finding in findings[:5]))
        size = f" scale({scale:g})" if scale != 1.0 else ""
        self._out.append(
            f'<g aria-hidden="true" transform="translate({_n(x)},{_n(y)}){size}"><title>{said}</title>'
            f'<path class="w-{worst}" d="M0,-11L12,9H-12z"/><text class="kt" x="0" y="6">'
            f"{len(findings) if len(findings) > 1 else '!'}</text></g>"
        )


_STATE_SIGNS = {
    MarkState.DONE: "M-4.5,0.5L-1.2,3.8L4.5,-3.2",
    MarkState.ACTIVE: "M-2.5,-4.2L4,0L-2.5,4.2z",
    MarkState.SKIPPED: "M-4,0H4",
    MarkState.FAILED: "M-3.5,-3.5L3.5,3.5M3.5,-3.5L-3.5,3.5",
}
#: looks of the difference view
_CHANGES = {
    "added": "stroke:#1a7f37;stroke-width:4",
    "removed": "stroke:#cf222e;stroke-width:4;stroke-dasharray:6 3",
    "changed": "stroke:#9a6700;stroke-width:4",
    "moved": "stroke:#0550ae;stroke-width:3",
}


def state_word(state: MarkState) -> str:
    """A state in words."""
    return {
        MarkState.DONE: _("done"),
        MarkState.ACTIVE: _("being worked on"),
        MarkState.SKIPPED: _("skipped"),
        MarkState.FAILED: _("failed"),
    }[state]


def _defs(theme: Theme, prefix: str) -> str:
    done, skipped = theme.states[MarkState.DONE][0], theme.states[MarkState.SKIPPED][0]

    def arrow(name: str, colour: str) -> str:
        return (
            f'<marker id="{prefix}{name}" viewBox="0 0 12 12" refX="11" refY="6" markerWidth="10" markerHeight="10" '
            f'markerUnits="userSpaceOnUse" orient="auto"><path d="M0.5,1L11,6L0.5,11z" fill="{colour}"/></marker>'
        )

    return (
        "<defs>"
        + arrow("arrow", theme.ink)
        + arrow("arrow-done", done)
        + arrow("arrow-skipped", skipped)
        + f'<marker id="{prefix}open" viewBox="0 0 12 12" refX="11" refY="6" markerWidth="11" markerHeight="11" '
        + 'markerUnits="userSpaceOnUse" orient="auto">'
        + f'<path d="M1,1.5L11,6L1,10.5z" fill="{theme.page}" stroke="{theme.ink}" stroke-width="1.2"/></marker>'
        + f'<marker id="{prefix}ring" viewBox="0 0 12 12" refX="6" refY="6" markerWidth="11" markerHeight="11" '
        + 'markerUnits="userSpaceOnUse">'
        + f'<circle cx="6" cy="6" r="4" fill="{theme.page}" stroke="{theme.ink}" stroke-width="1.2"/></marker>'
        + f'<marker id="{prefix}thin" viewBox="0 0 12 12" refX="10.5" refY="6" markerWidth="11" markerHeight="11" '
        + 'markerUnits="userSpaceOnUse" orient="auto-start-reverse">'
        + f'<path d="M3,1.5L10.5,6L3,10.5" fill="none" stroke="{theme.ink}" stroke-width="1.3"/></marker>'
        + "</defs>"
    )


def _rounded(points: list[Point]) -> str:
    """A line with corners rounded by up to five pixels."""
    parts = [f"M{_n(points[0][0])},{_n(points[0][1])}"]
    for (x0, y0), (x1, y1), (x2, y2) in zip(points, points[1:], points[2:], strict=False):
        before, after = math.hypot(x1 - x0, y1 - y0), math.hypot(x2 - x1, y2 - y1)
        r = min(5.0, before / 2, after / 2)
        if r < 0.5:
            parts.append(f"L{_n(x1)},{_n(y1)}")
            continue
        ax, ay = x1 - (x1 - x0) / before * r, y1 - (y1 - y0) / before * r
        bx, by = x1 + (x2 - x1) / after * r, y1 + (y2 - y1) / after * r
        parts.append(f"L{_n(ax)},{_n(ay)}Q{_n(x1)},{_n(y1)} {_n(bx)},{_n(by)}")
    parts.append(f"L{_n(points[-1][0])},{_n(points[-1][1])}")
    return "".join(parts)


def _middle(points: list[Point]) -> tuple[Point, bool]:
    """The point half way along a line, and whether the line runs rather sideways there."""
    total = sum(math.hypot(b[0] - a[0], b[1] - a[1]) for a, b in itertools.pairwise(points))
    left = total / 2
    for a, b in itertools.pairwise(points):
        length = math.hypot(b[0] - a[0], b[1] - a[1])
        if length >= left and length:
            share = left / length
            level = abs(b[0] - a[0]) > abs(b[1] - a[1])
            return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share), level
        left -= length
    return points[-1], True


def extent(page: Page) -> Rectangle:
    """Everything that is drawn, labels included."""
    rectangles = [shape.bounds for shape in page.shapes]
    rectangles += [shape.label for shape in page.shapes if shape.label is not None]
    rectangles += [edge.label for edge in page.edges if edge.label is not None]
    for shape in page.shapes:
        if shape.label is None and shape.element.name and shape.element.kind in EVENTS | GATEWAYS:
            x, y, w, h = shape.bounds
            rectangles.append((x + w / 2 - 45, y + h, 90, 30))
    for edge in page.edges:
        rectangles += [(x, y, 0.0, 0.0) for x, y in edge.points]
    if not rectangles:
        return (0.0, 0.0, 100.0, 60.0)
    left, top = min(r[0] for r in rectangles), min(r[1] for r in rectangles) - 12
    right, bottom = max(r[0] + r[2] for r in rectangles), max(r[1] + r[3] for r in rectangles)
    return (left, top, right - left, bottom - top)


def _multiple(element: Element) -> bool:
    return element.xml is not None and any(True for _part in children(element.xml, "participantMultiplicity"))


def _is_collection(diagram: Diagram, element: Element) -> bool:
    if element.xml is None:
        return False
    meant = diagram.elements.get(element.xml.get("dataObjectRef") or "")
    return "true" in (
        element.xml.get("isCollection"),
        meant.xml.get("isCollection") if meant and meant.xml is not None else "",
    )


def _group_name(diagram: Diagram, element: Element) -> str:
    value = element.xml.get("categoryValueRef") if element.xml is not None else None
    meant = diagram.elements.get((value or "").rpartition(":")[2])
    text = meant.xml.get("value") if meant is not None and meant.xml is not None else None
    return of_data(one_line(text or element.name))
