"""Every element, in the position where it stands, is one that the engine runs."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import children, local_name
from workflow_runtime.diagram.model import EVENTS, FlowNode
from workflow_runtime.diagram.sheet import (
    FLOW_NODES,
    Problem,
    Sheet,
    named,
)
from workflow_runtime.diagram.supported import ELEMENTS, INSTEAD, REPEATABLE, position
from workflow_runtime.diagram.supported import EVENTS as ALLOWED
from workflow_runtime.i18n import _

#: what a process may hold besides flow nodes: it is drawn, it does not run
DRAWN_ONLY = frozenset(
    """
    documentation extensionElements laneSet sequenceFlow dataObject dataObjectReference dataStoreReference property
    ioSpecification textAnnotation association group auditing monitoring incoming outgoing artifact
    multiInstanceLoopCharacteristics standardLoopCharacteristics supportedInterfaceRef ioBinding
    dataInputAssociation dataOutputAssociation correlationSubscription
    """.split()
)


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for scope in sheet.diagram.scopes.values():
        if not any(process.id == _root(sheet, scope.id) for process in sheet.processes()):
            continue
        for part in children(sheet.xml(scope)):
            if local_name(part) not in FLOW_NODES | DRAWN_ONLY and not local_name(part).endswith("ompletionCondition"):
                yield _refused(part, local_name(part), INSTEAD.get(local_name(part)))
    for node in sheet.steps():
        if node.kind not in ELEMENTS:
            yield _refused(sheet.xml(node), node.kind, INSTEAD.get(node.kind))
        elif node.kind in EVENTS:
            yield from _event(sheet, node)
        else:
            yield from _activity(sheet, node)


def _root(sheet: Sheet, scope: str) -> str:
    while (parent := sheet.diagram.scopes[scope].parent) is not None:
        scope = parent
    return scope


def _event(sheet: Sheet, node: FlowNode) -> Iterator[Problem]:
    where = position(node, sheet.diagram.scopes[node.scope])
    kinds = [event.kind for event in node.events] or ["none"]
    if len(kinds) > 1 or node.parallel_multiple:
        yield _refused(sheet.xml(node), " + ".join(kinds), INSTEAD["several"], _(where))
    for kind in kinds:
        if kind not in ALLOWED[where]:
            yield _refused(sheet.xml(node), f"{kind} event", INSTEAD.get(kind), _(where))


def _activity(sheet: Sheet, node: FlowNode) -> Iterator[Problem]:
    xml = sheet.xml(node)
    if node.for_compensation:
        yield _refused(xml, "isForCompensation", INSTEAD["for compensation"])
    if node.instantiate:
        yield _refused(xml, "instantiate", INSTEAD["instantiate"])
    if node.loop is not None and (node.kind not in REPEATABLE or node.event_subprocess):
        yield _refused(xml, f"{node.kind} + {node.loop.kind}", None)
    if {xml.get("startQuantity", "1"), xml.get("completionQuantity", "1")} != {"1"}:
        yield _refused(xml, "startQuantity/completionQuantity", INSTEAD["quantity"])


def _refused(element: etree._Element, what: str, instead: str | None, where: str = "") -> Problem:
    message = _("{node}: {what} is not supported.").format(node=named(element), what=what)
    if where:
        message = _("{node}: {what} is not supported here ({where}).").format(
            node=named(element), what=what, where=where
        )
    remedy = _("Draw instead: {instead}.").format(instead=_(instead)) if instead else _("Remove it.")
    return Problem(element, message, remedy)
