"""What the schema of BPMN 2.0.2 lets every element hold: a table, one line an element.

Read a line as: element, (what it builds on), the children and attributes it adds. `?` at most one, `*` any number,
`+` at least one, `{2}` at least two, nothing: exactly one. `@name` is an attribute that must be there,
`@name=A|B` one that may say only that, `@name=yes` a boolean, `@name=number` a whole number.
The order of children is not in the table: tools differ in it, and nothing depends on it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_TABLE = """
base                       documentation* extensionElements?
root                       (base)
expressionType             (base)
definitions                (base) import* extension* ROOT* relationship* @targetNamespace
                           BPMNDiagram*
import                     @namespace @location @importType
extension                  documentation* @mustUnderstand=yes
relationship               (base) source+ target+ @type @direction=None|Forward|Backward|Both

flowElement                (base) auditing? monitoring? categoryValueRef*
flowNode                   (flowElement) incoming* outgoing*
activity                   (flowNode) ioSpecification? property* dataInputAssociation* dataOutputAssociation* ROLE*
                           LOOP? @isForCompensation=yes
task                       (activity)
userTask                   (task) rendering*
manualTask                 (task)
serviceTask                (task)
sendTask                   (task)
receiveTask                (task) @instantiate=yes
scriptTask                 (task) script?
businessRuleTask           (task)
callActivity               (activity)
subProcess                 (activity) laneSet* FLOWELEMENT* ARTIFACT* @triggeredByEvent=yes
transaction                (subProcess)
adHocSubProcess            (subProcess) completionCondition? @cancelRemainingInstances=yes @ordering=Parallel|Sequential

gateway                    (flowNode) @gatewayDirection=Unspecified|Converging|Diverging|Mixed
exclusiveGateway           (gateway)
inclusiveGateway           (gateway)
parallelGateway            (gateway)
complexGateway             (gateway) activationCondition?
eventBasedGateway          (gateway) @instantiate=yes @eventGatewayType=Exclusive|Parallel

event                      (flowNode) property*
catching                   (event) dataOutput* dataOutputAssociation* outputSet? EVENTDEFINITION* eventDefinitionRef*
                           @parallelMultiple=yes
throwing                   (event) dataInput* dataInputAssociation* inputSet? EVENTDEFINITION* eventDefinitionRef*
startEvent                 (catching) @isInterrupting=yes
intermediateCatchEvent     (catching)
boundaryEvent              (catching) @attachedToRef @cancelActivity=yes
endEvent                   (throwing)
intermediateThrowEvent     (throwing)
implicitThrowEvent         (throwing)

cancelEventDefinition      (root)
terminateEventDefinition   (root)
compensateEventDefinition  (root) @waitForCompletion=yes
conditionalEventDefinition (root) condition
errorEventDefinition       (root)
escalationEventDefinition  (root)
signalEventDefinition      (root)
messageEventDefinition     (root) operationRef?
linkEventDefinition        (root) source* target? @name
timerEventDefinition       (root) timeDate? timeDuration? timeCycle?

sequenceFlow               (flowElement) conditionExpression? @sourceRef @targetRef @isImmediate=yes
dataObject                 (flowElement) dataState? @isCollection=yes
dataObjectReference        (flowElement) dataState?
dataStoreReference         (flowElement) dataState?
dataStore                  (root) dataState? @capacity=number @isUnlimited=yes
dataState                  (base)
property                   (base) dataState?
dataInput                  (base) dataState? @isCollection=yes
dataOutput                 (base) dataState? @isCollection=yes
inputDataItem              (dataInput)
outputDataItem             (dataOutput)
ioSpecification            (base) dataInput* dataOutput* inputSet+ outputSet+
inputSet                   (base) dataInputRefs* optionalInputRefs* whileExecutingInputRefs* outputSetRefs*
outputSet                  (base) dataOutputRefs* optionalOutputRefs* whileExecutingOutputRefs* inputSetRefs*
ioBinding                  (base) @operationRef @inputDataRef @outputDataRef
dataInputAssociation       (base) sourceRef* targetRef transformation? assignment*
dataOutputAssociation      (base) sourceRef* targetRef transformation? assignment*
assignment                 (base) from to

standardLoopCharacteristics (base) loopCondition? @testBefore=yes @loopMaximum=number
multiInstanceLoopCharacteristics (base) loopCardinality? loopDataInputRef? loopDataOutputRef? inputDataItem?
                           outputDataItem? complexBehaviorDefinition* completionCondition?
                           @isSequential=yes @behavior=None|One|All|Complex
complexBehaviorDefinition  (base) condition event?

callable                   (root) supportedInterfaceRef* ioSpecification? ioBinding*
process                    (callable) auditing? monitoring? property* laneSet* FLOWELEMENT* ARTIFACT* ROLE*
                           correlationSubscription* supports*
                           @processType=None|Public|Private @isClosed=yes @isExecutable=yes
globalTask                 (callable) ROLE*
globalUserTask             (globalTask) rendering*
globalManualTask           (globalTask)
globalScriptTask           (globalTask) script?
globalBusinessRuleTask     (globalTask)
laneSet                    (base) lane*
childLaneSet               (laneSet)
lane                       (base) partitionElement? flowNodeRef* childLaneSet?

resource                   (root) resourceParameter* @name
resourceParameter          (base) @isRequired=yes
resourceRole               (base) resourceRef? resourceParameterBinding* resourceAssignmentExpression?
performer                  (resourceRole)
humanPerformer             (resourceRole)
potentialOwner             (resourceRole)
resourceParameterBinding   (base) EXPRESSION @parameterRef
resourceAssignmentExpression (base) EXPRESSION

collaboration              (root) participant* messageFlow* ARTIFACT* CONVERSATION* conversationAssociation*
                           participantAssociation* messageFlowAssociation* correlationKey* choreographyRef*
                           conversationLink* @isClosed=yes
choreography               (collaboration) FLOWELEMENT*
globalChoreographyTask     (choreography)
globalConversation         (collaboration)
participant                (base) interfaceRef* endPointRef* participantMultiplicity?
participantMultiplicity    (base) @minimum=number @maximum=number
messageFlow                (base) @sourceRef @targetRef
conversationNode           (base) participantRef* messageFlowRef* correlationKey*
conversation               (conversationNode)
subConversation            (conversationNode) CONVERSATION*
callConversation           (conversationNode) participantAssociation*
conversationLink           (base) @sourceRef @targetRef
conversationAssociation    (base) @innerConversationNodeRef @outerConversationNodeRef
participantAssociation     (base) innerParticipantRef outerParticipantRef
messageFlowAssociation     (base) @innerMessageFlowRef @outerMessageFlowRef
choreographyActivity       (flowNode) participantRef{2} correlationKey* @initiatingParticipantRef
                           @loopType=None|Standard|MultiInstanceSequential|MultiInstanceParallel
choreographyTask           (choreographyActivity) messageFlowRef+
callChoreography           (choreographyActivity) participantAssociation*
subChoreography            (choreographyActivity) FLOWELEMENT* ARTIFACT*
correlationKey             (base) correlationPropertyRef*
correlationProperty        (root) correlationPropertyRetrievalExpression+
correlationPropertyRetrievalExpression (base) messagePath @messageRef
correlationSubscription    (base) correlationPropertyBinding* @correlationKeyRef
correlationPropertyBinding (base) dataPath @correlationPropertyRef

message                    (root)
signal                     (root)
error                      (root)
escalation                 (root)
itemDefinition             (root) @isCollection=yes @itemKind=Information|Physical
interface                  (root) operation+ @name
operation                  (base) inMessageRef outMessageRef? errorRef* @name
endPoint                   (root)
partnerEntity              (root) participantRef*
partnerRole                (root) participantRef*
category                   (root) categoryValue*
categoryValue              (base)
association                (base) @sourceRef @targetRef @associationDirection=None|One|Both
group                      (base)
textAnnotation             (base) text?
auditing                   (base)
monitoring                 (base)
rendering                  (base)
"""

#: families: any of them may stand where the table names the family
FAMILIES: Mapping[str, frozenset[str]] = {
    name: frozenset(members.split())
    for name, members in {
        "EVENTDEFINITION": "cancelEventDefinition terminateEventDefinition compensateEventDefinition "
        "conditionalEventDefinition errorEventDefinition escalationEventDefinition signalEventDefinition "
        "messageEventDefinition linkEventDefinition timerEventDefinition",
        "FLOWELEMENT": "task userTask manualTask serviceTask sendTask receiveTask scriptTask businessRuleTask "
        "callActivity subProcess transaction adHocSubProcess exclusiveGateway inclusiveGateway parallelGateway "
        "complexGateway eventBasedGateway startEvent endEvent intermediateCatchEvent intermediateThrowEvent "
        "implicitThrowEvent boundaryEvent sequenceFlow dataObject dataObjectReference dataStoreReference "
        "choreographyTask callChoreography subChoreography",
        "ARTIFACT": "association group textAnnotation",
        "ROLE": "resourceRole performer humanPerformer potentialOwner",
        "LOOP": "standardLoopCharacteristics multiInstanceLoopCharacteristics",
        "CONVERSATION": "conversation subConversation callConversation",
        "EXPRESSION": "expression formalExpression",
        "ROOT": "process globalTask globalUserTask globalManualTask globalScriptTask globalBusinessRuleTask "
        "collaboration choreography globalChoreographyTask globalConversation message signal error escalation "
        "itemDefinition interface endPoint partnerEntity partnerRole category dataStore resource correlationProperty "
        "cancelEventDefinition terminateEventDefinition compensateEventDefinition conditionalEventDefinition "
        "errorEventDefinition escalationEventDefinition signalEventDefinition messageEventDefinition "
        "linkEventDefinition timerEventDefinition",
    }.items()
}
FORMS: Mapping[str, str] = {"yes": "true|false|1|0", "number": r"[-+]?\d+"}
_CHILD = re.compile(r"(?P<name>\w+?)(?P<often>[?*+]|\{2\})?")
_OFTEN: Mapping[str | None, tuple[int, int | None]] = {
    None: (1, 1),
    "?": (0, 1),
    "*": (0, None),
    "+": (1, None),
    "{2}": (2, None),
}


@dataclass(slots=True)
class Shape:
    """What an element may hold. `children`: name of element or family → least and most; None: any number."""

    children: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    values: dict[str, str] = field(default_factory=dict)  #: attribute → pattern of what it may say

    def slot(self, name: str) -> str | None:
        """Under which name of the table a child stands: its own or its family's; None when it may not stand here."""
        if name in self.children:
            return name
        families = (family for family, members in FAMILIES.items() if family in self.children and name in members)
        return next(families, None)


def _shapes() -> dict[str, Shape]:
    found: dict[str, Shape] = {}
    shape = Shape()
    for line in _TABLE.splitlines():
        if not line.strip():
            continue
        words = line.split()
        if not line.startswith(" "):
            shape = found[words.pop(0)] = Shape()
        for word in words:
            if word.startswith("@"):
                name, _equals, values = word[1:].partition("=")
                if values:
                    shape.values[name] = FORMS.get(values, values)
                else:
                    shape.required.add(name)
            elif word.startswith("("):
                above = found[word[1:-1]]
                shape.children |= above.children
                shape.required |= above.required
                shape.values |= above.values
            else:
                part = _CHILD.fullmatch(word)
                assert part is not None, word
                shape.children[part["name"]] = _OFTEN[part["often"]]
    return found


SHAPES: Mapping[str, Shape] = _shapes()
#: elements that hold text or anything else
FREE = frozenset("documentation text script extensionElements".split())
#: elements with the type of an expression, or with the id of another element as their text
PLAIN = frozenset(
    name
    for shape in SHAPES.values()
    for name in shape.children
    if name not in SHAPES and name not in FREE and name not in FAMILIES and name != "BPMNDiagram"
)
