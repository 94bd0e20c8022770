"""Every reference leads to an element of the right kind (REF)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lxml import etree

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import local_name, text_of
from workflow_runtime.diagram.model import ACTIVITIES, EVENTS
from workflow_runtime.diagram.sheet import (
    ARTIFACTS,
    CHOREOGRAPHY_ACTIVITIES,
    FLOW_NODES,
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _

ANY = frozenset({"*"})
DATA = frozenset({"dataObject", "dataObjectReference", "dataStoreReference", "dataInput", "dataOutput", "property"})
DEFINITIONS = frozenset(
    f"{kind}EventDefinition"
    for kind in "message timer signal error escalation compensate conditional link terminate cancel".split()
)
ENDS = {
    "sequenceFlow": FLOW_NODES | CHOREOGRAPHY_ACTIVITIES,
    "messageFlow": ACTIVITIES | EVENTS | {"participant"} | ARTIFACTS,
    "association": ANY,
    "linkEventDefinition": frozenset({"linkEventDefinition"}),
    "relationship": ANY,
    "conversationLink": ANY,
    "dataInputAssociation": DATA,
    "dataOutputAssociation": DATA,
}
#: attribute or child element → kinds it may lead to; None asks ENDS about the element that holds it
KINDS: Mapping[str, frozenset[str] | None] = {
    "sourceRef": None,
    "targetRef": None,
    "messageRef": frozenset({"message"}),
    "itemRef": frozenset({"itemDefinition"}),
    "itemSubjectRef": frozenset({"itemDefinition"}),
    "default": frozenset({"sequenceFlow"}),
    "attachedToRef": frozenset(ACTIVITIES),
    "operationRef": frozenset({"operation"}),
    "errorRef": frozenset({"error"}),
    "escalationRef": frozenset({"escalation"}),
    "signalRef": frozenset({"signal"}),
    "processRef": frozenset({"process"}),
    "dataObjectRef": frozenset({"dataObject"}),
    "dataStoreRef": frozenset({"dataStore"}),
    "definitionalCollaborationRef": frozenset({"collaboration"}),
    "categoryValueRef": frozenset({"categoryValue"}),
    "choreographyRef": frozenset({"choreography", "globalChoreographyTask"}),
    "inMessageRef": frozenset({"message"}),
    "outMessageRef": frozenset({"message"}),
    "interfaceRef": frozenset({"interface"}),
    "supportedInterfaceRef": frozenset({"interface"}),
    "participantRef": frozenset({"participant"}),
    "innerParticipantRef": frozenset({"participant"}),
    "outerParticipantRef": frozenset({"participant"}),
    "flowNodeRef": FLOW_NODES,
    "dataInputRefs": frozenset({"dataInput"}),
    "optionalInputRefs": frozenset({"dataInput"}),
    "whileExecutingInputRefs": frozenset({"dataInput"}),
    "dataOutputRefs": frozenset({"dataOutput"}),
    "optionalOutputRefs": frozenset({"dataOutput"}),
    "whileExecutingOutputRefs": frozenset({"dataOutput"}),
    "inputSetRefs": frozenset({"inputSet"}),
    "outputSetRefs": frozenset({"outputSet"}),
    "inputDataRef": frozenset({"dataInput", "inputSet"}),
    "outputDataRef": frozenset({"dataOutput", "outputSet"}),
    "loopDataInputRef": DATA,
    "loopDataOutputRef": DATA,
    "eventDefinitionRef": DEFINITIONS,
    "activityRef": frozenset(ACTIVITIES),
    "incoming": frozenset({"sequenceFlow"}),
    "outgoing": frozenset({"sequenceFlow"}),
    "source": None,
    "target": None,
    "correlationPropertyRef": frozenset({"correlationProperty"}),
    "correlationKeyRef": frozenset({"correlationKey"}),
    "messageFlowRef": frozenset({"messageFlow"}),
    "resourceRef": frozenset({"resource"}),
    "parameterRef": frozenset({"resourceParameter"}),
}


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for element in sheet.elements:
        kind = local_name(element)
        for name, value in element.attrib.items():
            if str(name) in KINDS:
                yield from _about(sheet, element, element, str(name), str(value), kind)
        if kind in KINDS and not element.attrib.keys() and (parent := element.getparent()) is not None:
            yield from _about(sheet, element, parent, kind, text_of(element) or "", local_name(parent))


def _about(
    sheet: Sheet, place: etree._Element, holder: etree._Element, name: str, text: str, holder_kind: str
) -> Iterator[Problem]:
    allowed = KINDS[name] or ENDS.get(holder_kind, ANY)
    if not sheet.knows_namespace_of(place, text):
        return
    meant = sheet.resolve(place, text)
    if meant is not None and (allowed is ANY or local_name(meant) in allowed):
        return
    if meant is None:
        message = _("{name} of {node} leads to “{text}”, which does not exist.")
    else:
        message = _("{name} of {node} leads to “{text}”, which is of the wrong kind.")
    yield Problem(
        holder,
        message.format(name=name, node=named(holder), text=text),
        _("Remove the reference, or draw what it should lead to."),
        "REF",
    )
