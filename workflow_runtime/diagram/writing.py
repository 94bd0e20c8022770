"""From a `Diagram` back to the bytes of a BPMN file."""

from __future__ import annotations

from lxml import etree

from workflow_runtime.diagram.markup import children, is_bpmn, local_name, namespace_of, reference, text_of
from workflow_runtime.diagram.model import Diagram


def write(diagram: Diagram) -> bytes:
    """The diagram as BPMN 2.0 XML in UTF-8: every element, attribute, extension and shape that was read."""
    return etree.tostring(diagram.tree, xml_declaration=True, encoding="UTF-8")


#: what the schema lets stand in a node before the flows it lists
_BEFORE_FLOWS = ("documentation", "extensionElements", "auditing", "monitoring", "categoryValueRef")


def list_flows(root: etree._Element) -> None:
    """Let every node list the flows that leave and enter it, as modelling tools write it; what it lists stays."""
    nodes = {element.get("id"): element for element in root.iter() if is_bpmn(element) and element.get("id")}
    listed: dict[tuple[str, str], set[str | None]] = {}
    for flow in [element for element in root.iter() if is_bpmn(element) and local_name(element) == "sequenceFlow"]:
        for end, name in (("targetRef", "incoming"), ("sourceRef", "outgoing")):
            node = nodes.get(reference(flow, flow.get(end)))
            if node is None or not flow.get("id"):
                continue
            known = listed.get((str(node.get("id")), name))
            if known is None:
                known = {reference(part, text_of(part)) for part in children(node, name)}
                listed[str(node.get("id")), name] = known
            if flow.get("id") not in known:
                known.add(flow.get("id"))
                _list(node, name, str(flow.get("id")))


def _list(node: etree._Element, name: str, flow: str) -> None:
    """Add a flow behind those that are listed, where the schema wants it."""
    before = (*_BEFORE_FLOWS, "incoming", *(("outgoing",) if name == "outgoing" else ()))
    position = 0
    for number, part in enumerate(node, 1):
        if is_bpmn(part) and local_name(part) in before:
            position = number
    added = etree.Element(f"{{{namespace_of(node)}}}{name}")
    added.text = flow
    node.insert(position, added)
    if position:
        ahead = node[position - 1]
        added.tail, ahead.tail = ahead.tail, node.text
    elif len(node) > 1:
        added.tail = node.text
    else:
        before_node, holder = node.getprevious(), node.getparent()
        outside = (before_node.tail if before_node is not None else holder.text if holder is not None else None) or ""
        node.text, added.tail = (outside + "  ", outside) if "\n" in outside else (None, None)
