"""Every expression of a diagram, with the element it belongs to and the place where it stands; the names they see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workflow_runtime.diagram.model import Diagram, Element, FlowNode
from workflow_runtime.diagram.sheet import Sheet

#: what every expression sees without anybody setting it
GIVEN = frozenset({"subject", "case", "item", "profile", "loopCounter"})


@dataclass(frozen=True, slots=True)
class Expression:
    """One FEEL text. `place`: condition, timer, input x, …"""

    element: Element
    place: str
    text: str


def expressions(sheet: Sheet) -> Iterator[Expression]:
    """Every expression of the executable processes, in document order of nodes, then of flows."""
    for node in sheet.steps():
        yield from _of_node(node)
    for flow in sheet.flows():
        if flow.condition is not None:
            yield Expression(flow, "condition", flow.condition)


def _of_node(node: FlowNode) -> Iterator[Expression]:
    """The expressions of one node. In zeebe attributes a text without leading "=" is a constant."""
    for event in node.events:
        for place, text in (("timer", event.expression), ("correlation key", event.key)):
            if text is not None and (text.startswith("=") or event.kind == "conditional"):
                yield Expression(node, place, text)
    if node.loop is not None:
        loop = node.loop
        for place, text in (
            ("loop cardinality", loop.cardinality),
            ("input collection", loop.collection),
            ("output element", loop.output_element),
            ("loop condition", loop.condition),
        ):
            if text is not None:
                yield Expression(node, place, text)
    for direction, mapped in (*(("input", each) for each in node.inputs), *(("output", each) for each in node.outputs)):
        if mapped.source.startswith("="):
            yield Expression(node, f"{direction} {mapped.target}", mapped.source)
    if node.script is not None:
        yield Expression(node, "script", node.script)
    for place, text in (("form", node.form), ("decision", node.decision), ("groups", node.groups), ("job", node.job)):
        if text is not None and text.startswith("="):
            yield Expression(node, place, text)


def set_by(diagram: Diagram) -> Iterator[str]:
    """The names that the steps of a diagram set, apart from their forms."""
    for node in diagram.nodes():
        for mapped in (*node.inputs, *node.outputs):
            yield mapped.target.partition(".")[0]
        if node.result:
            yield node.result
        if node.loop is not None:
            yield from filter(None, (node.loop.item, node.loop.output_collection))
