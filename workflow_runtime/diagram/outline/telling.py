"""Tells a diagram as numbered lines: who does what, what it leads to, by when, with which papers.

Steps, waits and decisions have numbers; a choice right behind a step is told with it. Meeting points are not told:
what leads to them is said to lead to what comes after.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypedDict

from workflow_runtime.diagram.model import GATEWAYS, Diagram, Event, Flow, FlowNode
from workflow_runtime.diagram.outline.story import Story, story
from workflow_runtime.diagram.outline.words import called, event_word, kind_word, one_line, place_word
from workflow_runtime.diagram.reading import children, reference, text_of
from workflow_runtime.diagram.render.themes import Mark, MarkState
from workflow_runtime.i18n import _, of_data, use_language
from workflow_runtime.i18n import language as spoken

_LITERAL = re.compile(r'^=?\s*"([^"]*)"\s*$')


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an outline; `depth` is how far it is indented."""

    text: str
    depth: int = 0
    number: str = ""  #: of a step: "3", "2.1", "A.1"; "-" when steps are told by name
    element: str | None = None
    mark: Mark | None = None
    head: str = ""  #: what is read before the text: "Step 3 of 17, "


class Known(TypedDict, total=False):
    """What `outline` may be told of titles, as keywords."""

    forms: Mapping[str, str]
    deadlines: Mapping[str, str]
    documents: Mapping[str, str]
    procedures: Mapping[str, str]
    decisions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Titles:
    """What ids and codes are called, where the reader of a diagram alone could not know."""

    forms: Mapping[str, str]
    deadlines: Mapping[str, str]
    documents: Mapping[str, str]
    procedures: Mapping[str, str]
    decisions: Mapping[str, str]


@contextmanager
def _speaking(language: str | None) -> Iterator[None]:
    before = spoken()
    if language is not None:
        use_language(language)
    try:
        yield
    finally:
        use_language(before)


def outline(
    diagram: Diagram,
    *,
    language: str | None = None,
    marks: Mapping[str, Mark] | None = None,
    forms: Mapping[str, str] | None = None,
    deadlines: Mapping[str, str] | None = None,
    documents: Mapping[str, str] | None = None,
    procedures: Mapping[str, str] | None = None,
    decisions: Mapping[str, str] | None = None,
    lanes: frozenset[str] | None = None,
    numbered: bool = True,
) -> tuple[Line, ...]:
    """The procedure in words, line by line; the same lines for the same diagram, always.

    `forms`, `deadlines`, `documents`, `procedures` and `decisions` give titles for ids. `lanes` tells only the steps
    that stand in those lanes (or lanes inside them). Without `numbered`, steps are told by name, so that adding one
    does not change the lines of the others: what version control wants.
    """
    titles = Titles(forms or {}, deadlines or {}, documents or {}, procedures or {}, decisions or {})
    with _speaking(language):
        return tuple(_Teller(diagram, marks or {}, titles, lanes, numbered).lines())


_SIGNS = {MarkState.DONE: "✔", MarkState.ACTIVE: "▶", MarkState.SKIPPED: "–", MarkState.FAILED: "✖"}
OPEN = "○"


def as_text(lines: tuple[Line, ...], *, marked: bool | None = None) -> str:
    """Lines as plain text for a terminal or a file; with a sign before each step when there are marks."""
    if marked is None:
        marked = any(line.mark is not None for line in lines)
    written = []
    for line in lines:
        sign = ""
        if marked and line.number:
            sign = (_SIGNS[line.mark.state] if line.mark is not None else OPEN) + " "
        note = f"  [{line.mark.note}]" if line.mark is not None and line.mark.note else ""
        written.append(f"{'    ' * line.depth}{sign}{line.head}{line.text}{note}".rstrip())
    return "\n".join(written) + "\n" if written else ""


class _Teller:
    def __init__(
        self, diagram: Diagram, marks: Mapping[str, Mark], titles: Titles, lanes: frozenset[str] | None, numbered: bool
    ) -> None:
        self._diagram = diagram
        self._marks = marks
        self._titles = titles
        self._lanes = lanes
        self._numbered = numbered
        self._stories: dict[str, Story] = {}
        self._numbers: dict[str, str] = {}
        self._totals: dict[str, int] = {}
        self._edges: dict[str, list[FlowNode]] = {}
        self._data = _papers(diagram)
        for node in diagram.nodes():
            if node.kind == "boundaryEvent" and node.attached_to:
                self._edges.setdefault(node.attached_to, []).append(node)

    def lines(self) -> Iterator[Line]:
        diagram = self._diagram
        for process in diagram.processes:
            self._number(process, "")
        told: set[str] = set()
        for participant in diagram.participants:
            inside: str = getattr(diagram.elements[participant], "process", None) or ""
            if inside in diagram.scopes and inside not in told:
                told.add(inside)
                yield from self._procedure(inside, diagram.elements[participant].name)
        for process in diagram.processes:
            if process not in told:
                yield from self._procedure(process, "")
        closed = [
            called(diagram.elements[id])
            for id in diagram.participants
            if getattr(diagram.elements[id], "process", None) not in diagram.scopes
        ]
        if closed and self._lanes is None:
            yield Line(_("Other parties: {names}").format(names=_(", ").join(closed)))

    # --- numbers

    def _number(self, scope: str, prefix: str) -> None:
        told = self._stories[scope] = story(self._diagram, scope)
        count = letters = 0
        for id in told.order:
            node = self._diagram.node(id)
            if node.kind in ("startEvent", "endEvent", "boundaryEvent") or self._is_pass(node) or self._folds(node):
                continue
            if node.event_subprocess:
                number = f"{prefix}{chr(65 + letters % 26)}{letters // 26 or ''}"
                letters += 1
            else:
                count += 1
                number = f"{prefix}{count}"
            self._numbers[id] = number
            if id in self._diagram.scopes:
                self._number(id, f"{number}.")
        self._totals[scope] = count

    def _is_pass(self, node: FlowNode) -> bool:
        """A gateway that only joins, or a link: not told, passed through."""
        if node.kind in GATEWAYS:
            return len(node.outgoing) < 2
        return bool(node.event and node.event.kind == "link")

    def _folds(self, node: FlowNode) -> bool:
        """A gateway right behind a step, told together with it."""
        if node.kind not in GATEWAYS or len(node.incoming) != 1:
            return False
        flow = self._diagram.elements.get(node.incoming[0])
        source = self._diagram.elements.get(flow.source) if isinstance(flow, Flow) else None
        return isinstance(source, FlowNode) and source.kind not in GATEWAYS and len(source.outgoing) == 1

    # --- a procedure

    def _procedure(self, process: str, pool: str) -> Iterator[Line]:
        element = self._diagram.elements[process]
        name = of_data(one_line(element.name or pool)) or _("Procedure {id}").format(id=process)
        total = self._totals[process]
        if self._numbered:
            yield Line(_("{name} ({count} steps)").format(name=name, count=total), element=process)
        else:
            yield Line(f"{name} [{process}]", element=process)
        if element.documentation and self._lanes is None:
            yield Line(of_data(one_line(element.documentation, 600)))
        yield from self._scope(process, 0)

    def _scope(self, scope: str, depth: int) -> Iterator[Line]:
        reactions = []
        for id in self._stories[scope].order:
            node = self._diagram.node(id)
            if node.event_subprocess:
                reactions.append(node)
                continue
            if not self._shown(node):
                continue
            if node.kind == "startEvent":
                yield from self._start(node, depth)
            elif id in self._numbers:
                yield from self._step(node, scope, depth)
        for node in reactions:
            if self._shown(node):
                yield from self._reaction(node, depth)

    def _shown(self, node: FlowNode) -> bool:
        if self._lanes is None:
            return True
        lane = self._diagram.lane_of(node)
        while lane is not None:
            if lane.id in self._lanes:
                return True
            lane = self._diagram.lanes.get(lane.parent) if lane.parent else None
        return False

    def _start(self, node: FlowNode, depth: int) -> Iterator[Line]:
        kind = event_word(node)
        name = of_data(one_line(node.name))
        text = _("Start: {name}").format(name=name) if name else _("Start")
        if kind:
            text += _(" (on {event})").format(event=self._event_text(node, kind))
        place = place_word(self._diagram, node)
        if place:
            text += _(", {lane}").format(lane=place)
        yield Line(text + self._onward_text(node), depth, element=node.id, mark=self._marks.get(node.id))

    def _reaction(self, node: FlowNode, depth: int) -> Iterator[Line]:
        starts = [self._diagram.node(id) for id in self._diagram.scope(node.id).nodes]
        starts = [start for start in starts if start.kind == "startEvent"]
        stops = any(start.interrupting for start in starts)
        text = (
            _("At any time, ending everything else: {name}")
            if stops
            else _("At any time, beside everything else: {name}")
        ).format(name=called(node))
        number = self._numbers[node.id] if self._numbered else "-"
        head = f"{number}{_('. ')}" if self._numbered else "- "
        yield Line(text + self._id(node), depth, number, node.id, self._marks.get(node.id), head)
        yield from self._scope(node.id, depth + 1)

    def _step(self, node: FlowNode, scope: str, depth: int) -> Iterator[Line]:
        number = self._numbers[node.id] if self._numbered else "-"
        place = place_word(self._diagram, node)
        name = called(node)
        if node.kind in GATEWAYS:
            what = of_data(one_line(node.name)) or kind_word(node)
            name = (
                _("Decision: {question}").format(question=what) if node.kind != "parallelGateway" else kind_word(node)
            )
        elif node.kind not in ("userTask", "task", "manualTask"):
            name += _(" ({kind})").format(kind=kind_word(node)) if node.name else ""
        head = "- "
        if self._numbered:
            head = _("Step {number} of {total}, ").format(number=number, total=self._totals[scope])
        text = _("{lane}: {step}").format(lane=place, step=name) if place and depth == 0 else name
        yield Line(text + self._id(node), depth, number, node.id, self._marks.get(node.id), head)
        for detail in self._details(node):
            yield Line(detail, depth + 1, element=node.id)
        for edge in self._edges.get(node.id, ()):
            yield Line(self._edge_text(edge), depth + 1, element=edge.id, mark=self._marks.get(edge.id))
        yield from self._onward(node, depth + 1)
        if node.id in self._diagram.scopes:
            yield from self._scope(node.id, depth + 1)

    def _id(self, node: FlowNode) -> str:
        return "" if self._numbered else f" [{node.id}]"

    # --- what a step needs

    def _details(self, node: FlowNode) -> Iterator[str]:
        properties, titles = node.properties, self._titles
        joined = self._joins(node)
        if joined:
            yield joined
        if node.documentation:
            yield of_data(one_line(node.documentation, 400))
        if node.form:
            yield _("Form: {form}").format(form=of_data(titles.forms.get(node.form, node.form)))
        if deadline := properties.get("xb:deadline"):
            yield _("Deadline: {deadline}").format(deadline=of_data(titles.deadlines.get(deadline, deadline)))
        if node.kind == "intermediateCatchEvent" and (event := node.event) is not None:
            if text := self._expression_text(event):
                yield _("Until: {time}").format(time=text)
        papers = [self._document(code) for code in re.split(r"[,\s]+", properties.get("xb:receives", "")) if code]
        papers += self._data.get((node.id, "in"), [])
        if papers:
            yield _("Documents received: {documents}").format(documents=_(", ").join(papers))
        written = [self._document(code) for code in re.split(r"[,\s]+", properties.get("xb:document", "")) if code]
        for mapped in node.inputs:
            literal = _LITERAL.match(mapped.source)
            if mapped.target == "document" and literal:
                written.append(self._document(literal[1]))
        written += self._data.get((node.id, "out"), [])
        if written:
            yield _("Documents issued: {documents}").format(documents=_(", ").join(dict.fromkeys(written)))
        if node.called:
            yield _("Goes by the procedure {name}").format(
                name=of_data(titles.procedures.get(node.called, node.called))
            )
        if node.decision:
            yield _("Decided by the table {name}").format(
                name=of_data(titles.decisions.get(node.decision, node.decision))
            )
        if clause := properties.get("xb:clause"):
            yield _("Basis: {clause}").format(clause=of_data(clause))
        if other := properties.get("xb:notSameAs"):
            yield _("Not by the person who did {step}").format(step=self._reference(other))
        if held := properties.get("xb:holds"):
            steps = (_("all steps") if one.strip() == "*" else self._reference(one.strip()) for one in held.split(","))
            yield _("While it is open, these wait: {steps}").format(steps=_(", ").join(steps))
        if node.loop is not None:
            yield self._loop_text(node)
        yield from self._messages(node)

    def _document(self, code: str) -> str:
        title = self._titles.documents.get(code)
        return f"{code} {of_data(title)}" if title else code

    def _joins(self, node: FlowNode) -> str:
        """What a step waits for when a parallel meeting point stands before it."""
        for id in node.incoming:
            flow = self._diagram.elements.get(id)
            source = self._diagram.elements.get(flow.source) if isinstance(flow, Flow) else None
            if isinstance(source, FlowNode) and source.kind == "parallelGateway" and len(source.incoming) > 1:
                names = [self._came_from(flow_id) for flow_id in source.incoming]
                return _("Begins when all of these are done: {steps}").format(
                    steps=_(", ").join(dict.fromkeys(name for name in names if name))
                )
        return ""

    def _came_from(self, flow_id: str) -> str:
        seen: set[str] = set()
        while flow_id not in seen:
            seen.add(flow_id)
            flow = self._diagram.elements.get(flow_id)
            source = self._diagram.elements.get(flow.source) if isinstance(flow, Flow) else None
            if not isinstance(source, FlowNode):
                return ""
            if source.id in self._numbers or not source.incoming:
                return self._reference(source.id)
            flow_id = source.incoming[0]
        return ""

    def _loop_text(self, node: FlowNode) -> str:
        loop = node.loop
        assert loop is not None
        if loop.kind == "standard":
            return _("Repeated while: {condition}").format(
                condition=one_line((loop.condition or "").removeprefix("="), 120)
            )
        what = one_line((loop.collection or loop.cardinality or "").removeprefix("="), 120)
        if loop.kind == "sequential":
            return _("Once for each of {what}, one after another").format(what=what)
        return _("Once for each of {what}, at the same time").format(what=what)

    def _messages(self, node: FlowNode) -> Iterator[str]:
        for id in self._diagram.message_flows:
            message = self._diagram.elements[id]
            source, target = getattr(message, "source", ""), getattr(message, "target", "")
            if node.id not in (source, target):
                continue
            other = self._diagram.elements.get(target if source == node.id else source)
            if other is None:
                continue
            name = of_data(one_line(message.name))
            party = called(other)
            if source == node.id:
                yield _("Sends to {party}: {message}").format(party=party, message=name or _("message"))
            else:
                yield _("Receives from {party}: {message}").format(party=party, message=name or _("message"))

    # --- where it goes on

    def _edge_text(self, edge: FlowNode) -> str:
        kind = event_word(edge)
        name = of_data(one_line(edge.name)) or kind
        text = self._event_text(edge, kind)
        condition = f"{name} ({text})" if text and text != name else name
        if edge.interrupting:
            said = _("If {condition}: the step ends").format(condition=condition)
        else:
            said = _("If {condition}: the step stays open").format(condition=condition)
        return said + self._onward_text(edge)

    def _event_text(self, node: FlowNode, kind: str) -> str:
        event = node.event
        if event is None:
            return kind
        text = self._expression_text(event) or of_data(one_line(event.name or "", 100))
        return f"{kind}{_(': ')}{text}" if text else kind

    def _expression_text(self, event: Event) -> str:
        text = one_line((event.expression or "").removeprefix("=").strip(), 160)
        named = re.match(r'(?:deadline|cycle)\(\s*"([^"]+)"', text)
        if named and named[1] in self._titles.deadlines:
            return of_data(self._titles.deadlines[named[1]])
        return text

    def _onward(self, node: FlowNode, depth: int) -> Iterator[Line]:
        """Lines that say what follows, unless it is simply the next step."""
        ways = list(self._ways(node))
        if not ways:
            return
        gateway = self._split_behind(node)
        if gateway is None and len(ways) == 1 and not ways[0][0]:
            if not self._is_next(node, ways[0][1]):
                yield Line(_("Then: {target}").format(target=ways[0][1]), depth, element=node.id)
            return
        split = gateway or node
        parallel = split.kind == "parallelGateway" or (split.kind not in GATEWAYS and not any(c for c, _t in ways))
        if parallel:
            yield Line(
                _("Then at the same time: {targets}").format(targets=_(", ").join(target for _c, target in ways)),
                depth,
                element=split.id,
            )
            return
        if split.kind == "eventBasedGateway":
            yield Line(_("Then whatever happens first:"), depth, element=split.id)
        elif gateway is not None and gateway.name:
            yield Line(of_data(one_line(gateway.name)), depth, element=gateway.id, mark=self._marks.get(gateway.id))
        inner = depth + (1 if gateway is not None and (gateway.name or gateway.kind == "eventBasedGateway") else 0)
        for condition, target in ways:
            yield Line(
                _("If {condition}: {target}").format(condition=condition, target=target)
                if condition
                else _("Then: {target}").format(target=target),
                inner,
                element=split.id,
            )

    def _onward_text(self, node: FlowNode) -> str:
        ways = list(self._ways(node))
        if not ways:
            return ""
        split = self._split_behind(node) or node
        told = [f"{condition}{_(': ')}{target}" if condition else target for condition, target in ways]
        if len(ways) > 1 and (split.kind == "parallelGateway" or split.kind not in GATEWAYS):
            return _("; then at the same time: {targets}").format(targets=_(", ").join(told))
        return _("; then: {targets}").format(targets=_("; ").join(told))

    def _is_next(self, node: FlowNode, target: str) -> bool:
        order = [id for id in self._stories[node.scope].order if id in self._numbers]
        position = order.index(node.id) if node.id in order else -1
        return 0 <= position < len(order) - 1 and target == self._go_to(order[position + 1], back=False)

    def _split_behind(self, node: FlowNode) -> FlowNode | None:
        if node.kind in GATEWAYS or len(node.outgoing) != 1:
            return None
        flow = self._diagram.elements.get(node.outgoing[0])
        target = self._diagram.elements.get(flow.target) if isinstance(flow, Flow) else None
        return target if isinstance(target, FlowNode) and self._folds(target) and not self._is_pass(target) else None

    def _ways(self, node: FlowNode) -> Iterator[tuple[str, str]]:
        """Condition and goal of each way on."""
        split = self._split_behind(node) or node
        flows = [flow for id in split.outgoing if isinstance(flow := self._diagram.elements.get(id), Flow)]
        flows.sort(key=lambda flow: flow.id == split.default)
        for flow in flows:
            yield self._condition(flow, split), self._goal(flow)

    def _condition(self, flow: Flow, split: FlowNode) -> str:
        name = of_data(one_line(flow.name, 120))
        otherwise = flow.id == split.default
        if otherwise:
            return _("{name} (otherwise)").format(name=name) if name else _("otherwise")
        if name:
            return name
        if split.kind == "eventBasedGateway":
            target = self._diagram.elements.get(flow.target)
            return called(target) if target is not None else ""
        return one_line((flow.condition or "").removeprefix("=").strip(), 160)

    def _goal(self, flow: Flow) -> str:
        """Where a flow leads in the end, through whatever is not told."""
        seen: set[str] = set()
        back = False
        while True:
            story_ = self._stories.get(flow.scope)
            back = back or (story_ is not None and flow.id in story_.back)
            node = self._diagram.elements.get(flow.target)
            if not isinstance(node, FlowNode) or node.id in seen:
                return flow.target
            seen.add(node.id)
            if node.kind == "endEvent":
                kind = event_word(node)
                name = of_data(one_line(node.name))
                text = _("end: {name}").format(name=name) if name else _("end")
                return text + (f" ({kind})" if kind else "")
            if node.id in self._numbers:
                return self._go_to(node.id, back=back)
            onward = [f for id in node.outgoing if isinstance(f := self._diagram.elements.get(id), Flow)]
            if not onward:
                return called(node)
            flow = onward[0]

    def _go_to(self, id: str, *, back: bool) -> str:
        where = self._reference(id)
        return _("go back to {step}").format(step=where) if back else _("go to {step}").format(step=where)

    def _reference(self, id: str) -> str:
        node = self._diagram.elements.get(id)
        if not isinstance(node, FlowNode):
            return id
        if self._numbered and id in self._numbers:
            return _("{number} {name}").format(number=self._numbers[id], name=called(node))
        return called(node)


def _papers(diagram: Diagram) -> dict[tuple[str, str], list[str]]:
    """Documents drawn beside steps: (step, in or out) → names."""
    found: dict[tuple[str, str], list[str]] = {}
    for element in diagram.elements.values():
        if element.kind not in ("dataInputAssociation", "dataOutputAssociation") or element.xml is None:
            continue
        inward = element.kind == "dataInputAssociation"
        part = next(children(element.xml, "sourceRef" if inward else "targetRef"), None)
        data = diagram.elements.get(reference(part, text_of(part)) or "") if part is not None else None
        owner = element.xml.getparent()
        if data is not None and data.name and owner is not None:
            place = (owner.get("id") or "", "in" if inward else "out")
            found.setdefault(place, []).append(of_data(one_line(data.name)))
    return found
