"""What changed between two versions of a diagram, by id first, then by what elements are and where they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from workflow_runtime.diagram.diff.changes import Change, ChangeKind, Difference
from workflow_runtime.diagram.layout.scene import number
from workflow_runtime.diagram.model import (
    Diagram,
    Element,
    Event,
    Flow,
    FlowNode,
    Lane,
    Mapped,
    MessageFlow,
    Participant,
    Scope,
)
from workflow_runtime.diagram.outline.words import called, kind_word, one_line, place_word
from workflow_runtime.diagram.reading import children, local_name, text_of
from workflow_runtime.i18n import _, of_data

_PLAIN = frozenset(
    "message signal error escalation dataObject dataObjectReference dataStore dataStoreReference dataInput dataOutput "
    "textAnnotation association group dataInputAssociation dataOutputAssociation category categoryValue".split()
)


def diff(before: Diagram, after: Diagram) -> Difference:
    """Every change of meaning from `before` to `after`, in the order of the new diagram; drawing apart."""
    return Difference(tuple(_Comparison(before, after).changes()), _redrawn(before, after))


class _Comparison:
    def __init__(self, before: Diagram, after: Diagram) -> None:
        self._before = before
        self._after = after
        self._new: dict[str, str] = {}  #: id before → id after
        self._old: dict[str, str] = {}

    def changes(self) -> Iterator[Change]:
        before = [e for e in self._before.elements.values() if _is_compared(e)]
        after = [e for e in self._after.elements.values() if _is_compared(e)]
        self._pair(before, after)
        for element in after:
            old = self._old.get(element.id)
            if old is None:
                yield Change(
                    ChangeKind.ADDED, element.id, kind_word(element), _name(self._after, element),
                    after=_place(self._after, element),
                )  # fmt: skip
            else:
                yield from self._compared(self._before.elements[old], element)
        for element in before:
            if element.id not in self._new:
                yield Change(
                    ChangeKind.REMOVED, element.id, kind_word(element), _name(self._before, element),
                    before=_place(self._before, element),
                )  # fmt: skip

    # --- which is which

    def _pair(self, before: list[Element], after: list[Element]) -> None:
        kinds = {element.id: element for element in after}
        for element in before:
            other = kinds.get(element.id)
            if other is not None and type(other) is type(element):
                self._note(element.id, other.id)
        keys: tuple[Callable[[Diagram, Element], tuple[object, ...] | None], ...] = (
            _looks,
            _named_in_place,
            self._ends,
        )
        for key in keys:
            self._pair_by(key, before, after)
        # flows find each other by their ends, and steps by their flows: twice is as far as names carry
        self._pair_by(self._ends, before, after)
        self._pair_by(self._between, before, after)
        self._pair_by(self._ends, before, after)

    def _pair_by(
        self,
        key: Callable[[Diagram, Element], tuple[object, ...] | None],
        before: list[Element],
        after: list[Element],
    ) -> None:
        """Pair what has a key that nothing else on its side has."""
        sides: list[dict[tuple[object, ...], list[str]]] = []
        for diagram, elements, paired in ((self._before, before, self._new), (self._after, after, self._old)):
            side: dict[tuple[object, ...], list[str]] = {}
            for element in elements:
                if element.id not in paired and (value := key(diagram, element)) is not None:
                    side.setdefault(value, []).append(element.id)
            sides.append(side)
        for value, ids in sides[0].items():
            others = sides[1].get(value, [])
            if len(ids) == len(others) == 1:
                self._note(ids[0], others[0])

    def _note(self, old: str, new: str) -> None:
        self._new[old] = new
        self._old[new] = old

    def _ends(self, diagram: Diagram, element: Element) -> tuple[object, ...] | None:
        """Flows that join the same steps are the same."""
        if not isinstance(element, (Flow, MessageFlow)):
            return None
        source, target = element.source, element.target
        if diagram is self._before:
            if source not in self._new or target not in self._new:
                return None
            source, target = self._new[source], self._new[target]
        return (element.kind, source, target)

    def _between(self, diagram: Diagram, element: Element) -> tuple[object, ...] | None:
        """Nodes of one kind between the same neighbours are the same."""
        if not isinstance(element, FlowNode):
            return None
        ids: list[tuple[str, ...]] = []
        for flows, end in ((element.incoming, "source"), (element.outgoing, "target")):
            near = []
            for flow in flows:
                other = getattr(diagram.elements.get(flow), end, "")
                if diagram is self._before:
                    other = self._new.get(other, "")
                if not other:
                    return None
                near.append(other)
            ids.append(tuple(sorted(near)))
        return (element.kind, *ids) if any(ids) else None

    # --- what is different

    def _compared(self, old: Element, new: Element) -> Iterator[Change]:
        what = kind_word(new)
        name = _name(self._after, new)
        old_id = old.id if old.id != new.id else ""

        def changed(aspect: str, before: str, after: str, kind: ChangeKind = ChangeKind.CHANGED) -> Change:
            return Change(kind, new.id, what, name, aspect, _short(before), _short(after), old_id)

        if old_id and not isinstance(new, (Flow, MessageFlow)):
            # nothing refers to a flow from outside; of a step, cases, forms and history know the id
            yield changed(_("id"), old.id, new.id)
        if old.kind != new.kind:
            yield changed(_("kind"), kind_word(old), kind_word(new))
        if old.name != new.name:
            yield changed(_("name"), of_data(old.name), of_data(new.name), ChangeKind.RENAMED)
        if old.documentation != new.documentation:
            yield changed(_("description"), old.documentation, new.documentation)
        if isinstance(old, FlowNode) and isinstance(new, FlowNode):
            yield from self._moved(old, new, changed)
            for label, value in _node_properties().items():
                if value(old) != value(new):
                    yield changed(label, value(old), value(new))
            if self._mapped(old.default) != new.default:
                yield changed(
                    _("default way"),
                    self._flow_words(self._before, old.default),
                    self._flow_words(self._after, new.default),
                )
        elif isinstance(old, (Flow, MessageFlow)) and isinstance(new, (Flow, MessageFlow)):
            if self._mapped(old.source) != new.source:
                yield changed(_("start"), _of(self._before, old.source), _of(self._after, new.source), ChangeKind.MOVED)
            if self._mapped(old.target) != new.target:
                yield changed(_("goal"), _of(self._before, old.target), _of(self._after, new.target), ChangeKind.MOVED)
            if isinstance(old, Flow) and isinstance(new, Flow) and (old.condition or "") != (new.condition or ""):
                yield changed(_("condition"), old.condition or "", new.condition or "")
        elif isinstance(old, Lane) and isinstance(new, Lane):
            if self._mapped(old.parent) != new.parent:
                yield changed(_("lane"), _of(self._before, old.parent), _of(self._after, new.parent), ChangeKind.MOVED)
        elif isinstance(old, Participant) and isinstance(new, Participant):
            if (old.process is None) != (new.process is None):
                yield changed(_("shows its inside"), _yes(old.process is not None), _yes(new.process is not None))
        elif isinstance(old, Scope) and isinstance(new, Scope) and old.executable != new.executable:
            yield changed(_("executable"), _yes(old.executable), _yes(new.executable))
        elif new.kind in _PLAIN:
            yield from self._attributes(old, new, changed)
        for key in sorted({*old.properties, *new.properties}):
            if old.properties.get(key) != new.properties.get(key):
                yield changed(_property_word(key), old.properties.get(key, ""), new.properties.get(key, ""))

    def _moved(self, old: FlowNode, new: FlowNode, changed: Callable[..., Change]) -> Iterator[Change]:
        if self._mapped(old.lane) != new.lane:
            before, after = place_word(self._before, old), place_word(self._after, new)
            yield changed(_("lane"), before, after, ChangeKind.MOVED)
        if self._mapped(old.scope) != new.scope:
            yield changed(_("sub-process"), _of(self._before, old.scope), _of(self._after, new.scope), ChangeKind.MOVED)
        if self._mapped(old.attached_to) != new.attached_to:
            yield changed(
                _("step"), _of(self._before, old.attached_to), _of(self._after, new.attached_to), ChangeKind.MOVED
            )

    def _attributes(self, old: Element, new: Element, changed: Callable[..., Change]) -> Iterator[Change]:
        if old.xml is None or new.xml is None:
            return
        names = sorted({str(n) for n in (*old.xml.attrib, *new.xml.attrib)} - {"id", "name"})
        for name in names:
            before, after = old.xml.get(name) or "", new.xml.get(name) or ""
            if (self._mapped(before) or "") != after:
                yield changed(name.rpartition("}")[2], before, after)
        before, after = _inner_text(old), _inner_text(new)
        if before != after:
            yield changed(_("text"), before, after)

    def _mapped(self, id: str | None) -> str | None:
        """An id of the old diagram as it is called in the new one."""
        return self._new.get(id, id) if id is not None else None

    def _flow_words(self, diagram: Diagram, id: str | None) -> str:
        flow = diagram.elements.get(id or "")
        return _name(diagram, flow) if flow is not None else ""


def _is_compared(element: Element) -> bool:
    if isinstance(element, (FlowNode, Flow, MessageFlow, Lane, Participant)):
        return True
    if isinstance(element, Scope):
        return element.kind == "process"
    return element.kind in _PLAIN


def _looks(diagram: Diagram, element: Element) -> tuple[object, ...] | None:
    """Kind, name and work: enough when nothing else is like it."""
    if isinstance(element, (Flow, MessageFlow)) or not element.name:
        return None
    if isinstance(element, FlowNode):
        return (element.kind, element.name, element.form, element.called, element.job, element.decision)
    return (element.kind, element.name)


def _named_in_place(diagram: Diagram, element: Element) -> tuple[object, ...] | None:
    """Name and lane, whatever became of its kind."""
    if not isinstance(element, FlowNode) or not element.name:
        return None
    return (element.name, place_word(diagram, element))


def _name(diagram: Diagram, element: Element) -> str:
    if isinstance(element, (Flow, MessageFlow)):
        ends = _("{source} → {target}").format(source=_of(diagram, element.source), target=_of(diagram, element.target))
        return f"{of_data(one_line(element.name))} ({ends})" if element.name else ends
    return of_data(one_line(element.name))


def _of(diagram: Diagram, id: str | None) -> str:
    element = diagram.elements.get(id or "")
    if element is None:
        return id or ""
    return called(element) if element.name else f"{kind_word(element)} {element.id}"


def _place(diagram: Diagram, element: Element) -> str:
    return place_word(diagram, element) if isinstance(element, FlowNode) else ""


def _short(text: str) -> str:
    return one_line(text, 200)


def _yes(value: bool) -> str:
    return _("yes") if value else _("no")


def _inner_text(element: Element) -> str:
    if element.xml is None:
        return ""
    return " ".join(text_of(part) or "" for part in children(element.xml, "text", "sourceRef", "targetRef"))


def _event(event: Event) -> str:
    parts = (event.kind, event.timer, event.expression, event.name, event.key)
    return " ".join(part for part in parts if part)


def _maps(mapped: tuple[Mapped, ...]) -> str:
    return "; ".join(f"{one.target} = {one.source.removeprefix('=')}" for one in mapped)


def _pairs(values: Mapping[str, str]) -> str:
    return "; ".join(f"{key} = {value}" for key, value in values.items())


def _loop(node: FlowNode) -> str:
    if node.loop is None:
        return ""
    loop = node.loop
    parts = (loop.kind, loop.cardinality, loop.collection, loop.item, loop.output_collection, loop.output_element)
    more = (loop.condition, str(loop.maximum or ""), "before" if loop.test_before else "")
    return " ".join(part for part in (*parts, *more) if part)


def _node_properties() -> dict[str, Callable[[FlowNode], str]]:
    return {
        _("form"): lambda node: node.form or "",
        _("called procedure"): lambda node: node.called or "",
        _("decision table"): lambda node: node.decision or "",
        _("result"): lambda node: node.result or "",
        _("handler"): lambda node: node.job or "",
        _("role"): lambda node: node.groups or "",
        _("event"): lambda node: "; ".join(map(_event, node.events)),
        _("interrupting"): lambda node: _yes(node.interrupting) if node.kind in ("boundaryEvent", "startEvent") else "",
        _("repetition"): _loop,
        _("inputs"): lambda node: _maps(node.inputs),
        _("outputs"): lambda node: _maps(node.outputs),
        _("headers"): lambda node: _pairs(node.headers),
        _("calculation"): lambda node: node.script or "",
        _("undoing"): lambda node: _yes(node.for_compensation) if node.for_compensation else "",
    }


def _property_word(key: str) -> str:
    return {
        "xb:deadline": _("deadline"),
        "xb:due": _("agreed day"),
        "xb:dueFrom": _("counted from"),
        "xb:clause": _("basis"),
        "xb:document": _("document"),
        "xb:receives": _("documents received"),
        "xb:outcomes": _("outcomes"),
        "xb:notSameAs": _("not by the same person as"),
        "xb:holds": _("steps that it holds back"),
        "xb:sees": _("what the lane may see"),
        "xb:agency": _("agency"),
        "xb:region": _("region"),
        "xb:department": _("department"),
        "xb:role": _("role"),
    }.get(key, key)


def _redrawn(before: Diagram, after: Diagram) -> int:
    """How many shapes and lines that are in both have other coordinates."""
    old, new = _drawing(before), _drawing(after)
    return sum(1 for id, places in new.items() if id in old and old[id] != places)


def _drawing(diagram: Diagram) -> dict[str, tuple[object, ...]]:
    found: dict[str, tuple[object, ...]] = {}
    for part in diagram.tree.getroot().iter("{*}BPMNShape", "{*}BPMNEdge"):
        places = tuple(
            tuple(number(child.get(name)) for name in ("x", "y", "width", "height"))
            for child in part
            if local_name(child) in ("Bounds", "waypoint")
        )
        found[part.get("bpmnElement") or ""] = places
    return found
