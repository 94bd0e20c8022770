"""The catalogue of constraints, one by one: variants that break each of them and variants that keep it.

Beside the drawings of each rule. `!` in front of a variant: it breaks the constraint, and the finding names it; without:
no finding names it. A variant is what stands inside an executable process `p` unless it begins with `#`: then it is
what stands beside it in the file.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.test_rules import SAME_AS
from workflow_runtime.diagram import CheckContext, check, read

DIAGRAMS = Path(__file__).parent / "diagrams"
CATALOGUE = Path(__file__).parents[3] / "shared" / "conformance" / "constraints.md"
BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
HEAD = (
    f'<definitions xmlns="{BPMN}" xmlns:b="{BPMN}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:t="urn:t" xmlns:other="urn:other" id="defs" targetNamespace="urn:t">'
    '<itemDefinition id="text" structureRef="string"/><itemDefinition id="text2" structureRef="string"/>'
    '<itemDefinition id="number" structureRef="decimal"/><itemDefinition id="bare"/>'
    '<itemDefinition id="texts" structureRef="string" isCollection="true"/>'
    '<message id="m" itemRef="t:text"/><message id="n" itemRef="number"/><message id="untyped"/>'
    '<signal id="sig" structureRef="text"/><error id="err" structureRef="text" errorCode="E"/>'
    '<escalation id="esc" structureRef="text" escalationCode="C"/><escalation id="nameless"/>'
    '<interface id="i" name="i"><operation id="op" name="op"><inMessageRef>m</inMessageRef></operation>'
    '<operation id="op2" name="op2"><inMessageRef>m</inMessageRef><outMessageRef>n</outMessageRef></operation>'
    "</interface>"
)
FORMAL = 'xsi:type="tFormalExpression"'


def file(variant: str) -> bytes:
    """The variant as a file; `~kind` stands for an empty definition of that event."""
    variant = re.sub(r"~(\w+)", r"<\1EventDefinition/>", variant)
    beside, process = (variant[1:], "") if variant.startswith("#") else ("", variant)
    if process:
        beside = f'<process id="p" isExecutable="true">{process}</process>'
    return f"{HEAD}{beside}</definitions>".encode()


def flow(id: str, source: str, target: str, inside: str = "", more: str = "") -> str:
    return f'<sequenceFlow id="{id}" sourceRef="{source}" targetRef="{target}" {more}>{inside}</sequenceFlow>'


def io(inputs: str = "", outputs: str = "", input_sets: str = "<inputSet/>", output_sets: str = "<outputSet/>") -> str:
    return f"<ioSpecification>{inputs}{outputs}{input_sets}{output_sets}</ioSpecification>"


def data(kind: str, id: str, item: str = "") -> str:
    return f'<data{kind} id="{id}"' + (f' itemSubjectRef="{item}"' if item else "") + "/>"


def within(kind: str, inside: str, more: str = "") -> str:
    return f'<{kind} id="box" {more}>{inside}</{kind}>'


IN, OUT = "<incoming>i1</incoming>", "<outgoing>o1</outgoing>"
TWO_IN, TWO_OUT = IN + "<incoming>i2</incoming>", OUT + "<outgoing>o2</outgoing>"
COND = f"<conditionExpression {FORMAL}>x</conditionExpression>"
POOLS = '<participant id="A" processRef="p1"/><participant id="B" processRef="p2"/>'


def pools(
    flow_source: str, flow_target: str, one: str = '<task id="a1"/><task id="a2"/>', two: str = '<task id="b1"/>'
) -> str:
    return (
        f'#<collaboration id="c">{POOLS}<messageFlow id="mf" sourceRef="{flow_source}" targetRef="{flow_target}"/>'
        f'</collaboration><process id="p1">{one}</process><process id="p2">{two}</process>'
    )


def behind(target: str, gateway: str = "", more: str = "") -> str:
    """An event gateway with two ways out, one to `target` (id x)."""
    return (
        f'<eventBasedGateway id="g" {gateway}>{TWO_OUT}</eventBasedGateway>{target}'
        '<intermediateCatchEvent id="y"><incoming>o2</incoming><timerEventDefinition/></intermediateCatchEvent>'
        f"{flow('o1', 'g', 'x', more)}{flow('o2', 'g', 'y')}"
    )


def link(throw: str, catch: str, between: str = "", where: str = "{}") -> str:
    return (
        f'<intermediateThrowEvent id="th">{IN}<linkEventDefinition id="a" name="l">{throw}</linkEventDefinition>'
        f"</intermediateThrowEvent>{between}"
        + where.format(
            f'<intermediateCatchEvent id="ca">{OUT}<linkEventDefinition id="z" name="l">{catch}</linkEventDefinition>'
            "</intermediateCatchEvent>"
        )
    )


def call(ours: str, theirs: str, kind: str = "process", start: str = '<startEvent id="qs"/>') -> str:
    held = start if kind == "process" else ""
    return (
        f'#<process id="p"><callActivity id="call" calledElement="t:q">{ours}</callActivity></process>'
        f'<{kind} id="q">{theirs}{held}</{kind}>'
    )


def loop(inside: str, spec: str = "", kind: str = "userTask") -> str:
    return f'<{kind} id="a">{spec}<multiInstanceLoopCharacteristics id="mi">{inside}</multiInstanceLoopCharacteristics></{kind}>'


SET_IN = "<inputSet><dataInputRefs>in</dataInputRefs></inputSet>"
SET_OUT = "<outputSet><dataOutputRefs>out</dataOutputRefs></outputSet>"
GATEWAYS = ("exclusiveGateway", "inclusiveGateway", "parallelGateway", "complexGateway", "eventBasedGateway")
TASKS = (
    "task userTask sendTask receiveTask serviceTask manualTask scriptTask businessRuleTask callActivity subProcess "
    "transaction adHocSubProcess"
).split()


def each(template: str, kinds: tuple[str, ...] | list[str]) -> list[str]:
    return [template.replace("KIND", kind) for kind in kinds]


VARIANTS: dict[str, list[str]] = {
    "EXT.011": [
        "!<endEvent id='x'>~escalation</endEvent>",
        "!<intermediateThrowEvent id='x'><escalationEventDefinition escalationRef='nameless'/></intermediateThrowEvent>",
        "!<subProcess id='s'><endEvent id='x'><escalationEventDefinition escalationRef='t:nameless'/></endEvent></subProcess>",
        "<endEvent id='x'><escalationEventDefinition escalationRef='t:esc'/></endEvent>",
        "<boundaryEvent id='x'><escalationEventDefinition escalationRef='nameless'/></boundaryEvent>",
        "#<process id='p' isExecutable='false'><endEvent id='x'>~escalation</endEvent></process>",
        "#<process id='p'><endEvent id='x'>~escalation</endEvent></process>",
    ],
    "EXT.012": [
        "!" + flow("f", "a", "b", "<conditionExpression>x</conditionExpression>"),
        "!" + flow("f", "a", "b", "<conditionExpression xsi:type='tExpression'>x</conditionExpression>"),
        *(f"!<startEvent id='x'><timerEventDefinition><{form}>x</{form}></timerEventDefinition></startEvent>"
          for form in ("timeDate", "timeDuration", "timeCycle")),
        "!<task id='a'><standardLoopCharacteristics><loopCondition>x</loopCondition></standardLoopCharacteristics></task>",
        "!" + loop("<loopCardinality>3</loopCardinality>"),
        "!" + loop(f"<loopCardinality {FORMAL}>3</loopCardinality><completionCondition>x</completionCondition>"),
        "!<adHocSubProcess id='a'><completionCondition>x</completionCondition></adHocSubProcess>",
        "!<complexGateway id='a'><activationCondition>x</activationCondition></complexGateway>",
        f"!<task id='a'><dataInputAssociation><targetRef>x</targetRef><assignment><from {FORMAL}>x</from></assignment>"
        "</dataInputAssociation></task>",
        "!<task id='a'><dataInputAssociation><targetRef>x</targetRef><assignment><from>x</from><to>y</to></assignment>"
        "</dataInputAssociation></task>",
        flow("f", "a", "b", "<conditionExpression xsi:type='b:tFormalExpression'>x</conditionExpression>"),
        "#<process id='p'>" + flow("f", "a", "b", "<conditionExpression>x</conditionExpression>") + "</process>",
    ],
    "EXT.013": [
        "!" + flow("f", "a", "b", f"<conditionExpression {FORMAL}/>"),
        "!" + flow("f", "a", "b", f"<conditionExpression {FORMAL}> \n </conditionExpression>"),
        "!" + flow("f", "a", "b", f"<conditionExpression {FORMAL}><!-- later --></conditionExpression>"),
        "!#<process id='p'>" + flow("f", "a", "b", "<conditionExpression xsi:type='b:tFormalExpression'/>") + "</process>",
        "!" + loop("<complexBehaviorDefinition><condition/></complexBehaviorDefinition>"),
        "!<correlationSubscription correlationKeyRef='k'><correlationPropertyBinding correlationPropertyRef='c'><dataPath/>"
        "</correlationPropertyBinding></correlationSubscription>",
        "!#<correlationProperty id='c'><correlationPropertyRetrievalExpression messageRef='m'><messagePath/>"
        "</correlationPropertyRetrievalExpression></correlationProperty>",
        "!<task id='a'><dataInputAssociation><targetRef>x</targetRef><transformation/></dataInputAssociation></task>",
        flow("f", "a", "b", f"<conditionExpression {FORMAL}><![CDATA[x]]></conditionExpression>"),
        flow("f", "a", "b", "<conditionExpression/>"),
    ],
    "EXT.017": [
        *each(f"!<KIND id='x' gatewayDirection='Converging'>{IN}{TWO_OUT}</KIND>", GATEWAYS),
        *each(f"<KIND id='x' gatewayDirection='Converging'>{IN}{OUT}</KIND>", GATEWAYS),
    ],
    "EXT.018": [
        *each(f"!<KIND id='x' gatewayDirection='Diverging'>{TWO_IN}{OUT}</KIND>", GATEWAYS),
        *each(f"<KIND id='x' gatewayDirection='Diverging'>{IN}{TWO_OUT}</KIND>", GATEWAYS),
        f"<exclusiveGateway id='x'>{TWO_IN}{TWO_OUT}</exclusiveGateway>",
    ],
    "EXT.019": [
        *each(f"!<KIND id='x' gatewayDirection='Mixed'>{TWO_IN}{OUT}</KIND>", GATEWAYS),
        *each(f"!<KIND id='x' gatewayDirection='Mixed'>{IN}{TWO_OUT}</KIND>", GATEWAYS),
        *each(f"<KIND id='x' gatewayDirection='Mixed'>{TWO_IN}{TWO_OUT}</KIND>", GATEWAYS),
    ],
    "EXT.020": [
        "!<dataObject id='x' itemSubjectRef='t:texts'/>",
        "!<dataObject id='x' itemSubjectRef='text' isCollection='true'/>",
        "!" + io("<dataInput id='x' itemSubjectRef='texts' isCollection='false'/>"),
        "!" + io("", "<dataOutput id='x' itemSubjectRef='text' isCollection='1'/>"),
        "<dataObject id='x' itemSubjectRef='texts' isCollection='true'/>",
        "<dataObject id='x' isCollection='true'/>",
        "<dataObject id='x' itemSubjectRef='other:unknown' isCollection='true'/>",
    ],
    "EXT.021": [
        f"!<task id='b'/><subProcess id='x' triggeredByEvent='true'/>{flow('f', 'x', 'b')}",
        f"!<dataObject id='x'/><task id='b'/>{flow('f', 'x', 'b')}",
        *each(f"<KIND id='x'/><task id='b'/>{flow('f', 'x', 'b')}", [*TASKS, *GATEWAYS]),
    ],
    "EXT.022": [
        f"!<task id='b'/><subProcess id='x' triggeredByEvent='true'/>{flow('f', 'b', 'x')}",
        f"!<dataStoreReference id='x'/><task id='b'/>{flow('f', 'b', 'x')}",
        *each(f"<KIND id='x'/><task id='b'/>{flow('f', 'b', 'x')}", [*TASKS, *GATEWAYS]),
        "#<choreography id='c'><choreographyTask id='a'/><choreographyTask id='b'/>" + flow("f", "a", "b") + "</choreography>",
    ],
    "EXT.023": [
        "!<task id='a'/><task id='b'><incoming>f</incoming></task>" + flow("f", "a", "b"),
        "!<task id='a'><outgoing>f</outgoing></task><task id='b'/>" + flow("f", "a", "b"),
        "!<task id='a'><outgoing>g</outgoing></task><task id='b'><incoming>f</incoming></task>" + flow("f", "a", "b"),
        "<task id='a'><outgoing>t:f</outgoing></task><task id='b'><incoming> f </incoming></task>" + flow("f", "a", "b"),
    ],
    "EXT.024": [
        "!" + flow("f", "a", "b", more="isImmediate='false'"),
        "!#<process id='p'>" + flow("f", "a", "b", more="isImmediate='false'") + "</process>",
        "!<subProcess id='s'>" + flow("f", "a", "b", more="isImmediate='0'") + "</subProcess>",
        "#<process id='p' isExecutable='false'>" + flow("f", "a", "b", more="isImmediate='false'") + "</process>",
        flow("f", "a", "b", more="isImmediate='true'"),
        flow("f", "a", "b"),
    ],
    "EXT.025": [
        "!<task id='a'><outgoing>f</outgoing></task><task id='b'/>" + flow("f", "a", "b", COND),
        "!<startEvent id='a'><outgoing>f</outgoing></startEvent><task id='b'/>" + flow("f", "a", "b", COND),
        "!<startEvent id='a'><outgoing>f</outgoing><outgoing>g</outgoing></startEvent><task id='b'/>" + flow("f", "a", "b", COND),
        "!<boundaryEvent id='a'><outgoing>f</outgoing></boundaryEvent><task id='b'/>" + flow("f", "a", "b", COND),
        "<subProcess id='a'><outgoing>f</outgoing><outgoing>g</outgoing></subProcess><task id='b'/>" + flow("f", "a", "b", COND),
        "<exclusiveGateway id='a'><outgoing>f</outgoing></exclusiveGateway><task id='b'/>" + flow("f", "a", "b", COND),
    ],
    "EXT.026": [
        *each("!<KIND id='x' default='f'/><task id='a'/>" + flow("f", "a", "x"), [*GATEWAYS[:4], *TASKS]),
        "!<exclusiveGateway id='x' default='gone'/>",
        "!<exclusiveGateway id='x' default='a'/><task id='a'/>",
        *each("<KIND id='x' default='f'/><task id='a'/>" + flow("f", "x", "a"), [*GATEWAYS[:4], *TASKS]),
    ],
    "EXT.027": [
        "!#<choreography id='x'><choreographyRef>x</choreographyRef></choreography>",
        "!#<globalConversation id='x'><choreographyRef>y</choreographyRef></globalConversation>",
        "#<collaboration id='x'><choreographyRef>y</choreographyRef></collaboration><choreography id='y'/>",
    ],
    "EXT.028": [
        "!#<process id='p1'><task id='a'/></process><process id='p2'><task id='b'/>" + flow("f", "a", "b") + "</process>",
        "!<task id='a'/><subProcess id='s'><task id='b'/></subProcess>" + flow("f", "a", "b"),
        "<task id='a'/><task id='b'/>" + flow("f", "a", "b"),
    ],
    "EXT.152": [
        "!<task id='a'/><subProcess id='s'><task id='b'/></subProcess>" + flow("f", "a", "b"),
        "!<subProcess id='s'><task id='a'/></subProcess><transaction id='s2'><task id='b'/></transaction>" + flow("f", "a", "b"),
        "<subProcess id='s'><task id='a'/><task id='b'/>" + flow("f", "a", "b") + "</subProcess>",
    ],
    "EXT.029": [
        "!#<collaboration id='c'><participant id='a'><participantMultiplicity minimum='-1'/></participant></collaboration>",
        "#<collaboration id='c'><participant id='a'><participantMultiplicity minimum='0'/></participant></collaboration>",
    ],
    "EXT.030": [
        *(f"!#<collaboration id='c'><participant id='a'><participantMultiplicity {values}/></participant></collaboration>"
          for values in ("maximum='0'", "minimum='2' maximum='1'", "minimum='2'", "maximum='-3'")),
        "#<collaboration id='c'><participant id='a'><participantMultiplicity/></participant></collaboration>",
        "#<collaboration id='c'><participant id='a'><participantMultiplicity minimum='3' maximum='3'/></participant></collaboration>",
    ],
    "EXT.031": [
        "!" + pools("A", "A"), "!" + pools("a1", "a1"), "!" + pools("a1", "a2"), "!" + pools("A", "a1"), "!" + pools("a1", "t:A"),
        "!" + pools("a1", "deep", one="<task id='a1'/><subProcess id='s'><task id='deep'/></subProcess>"),
        pools("A", "B"), pools("a1", "B"), pools("A", "b1"), pools("a1", "b1"),
    ],
    "EXT.032": [
        *each("!#<globalConversation id='x'><KIND id='y'/></globalConversation>",
              "conversation subConversation callConversation participantAssociation messageFlowAssociation "
              "conversationAssociation association group textAnnotation".split()),
        "#<globalConversation id='x'><participant id='y'/><messageFlow id='z'/></globalConversation>",
    ],
    "EXT.033": [
        "!#<collaboration id='x' isClosed='true'><choreographyRef>y</choreographyRef></collaboration><choreography id='y'/>",
        "!#<collaboration id='x'><choreographyRef>t:y</choreographyRef></collaboration><choreography id='y' isClosed='true'/>",
        "#<collaboration id='x' isClosed='false'><choreographyRef>y</choreographyRef></collaboration><choreography id='y'/>",
    ],
    "EXT.035": [
        "!#<process id='p' processType='Public' isExecutable='true'/>", "!#<process id='p' processType='Public'/>",
        "#<process id='p' processType='Public' isExecutable='false'/>", "#<process id='p' processType='Private'/>",
    ],
    "EXT.037": [*each("!<KIND id='x' startQuantity='0'/>", TASKS), *each("<KIND id='x' startQuantity='2'/>", TASKS),
                "!<task id='x' startQuantity='-1'/>"],
    "EXT.038": [*each("!<KIND id='x' completionQuantity='0'/>", TASKS), *each("<KIND id='x'/>", TASKS)],
    "EXT.042": [
        "!<serviceTask id='x' operationRef='op'/>",
        "!<serviceTask id='x' operationRef='op'>" + io(input_sets="<inputSet/><inputSet/>") + "</serviceTask>",
        "<serviceTask id='x' operationRef='op'>" + io() + "</serviceTask>", "<serviceTask id='x'/>",
    ],
    "EXT.043": [
        "!<serviceTask id='x' operationRef='op'>" + io(output_sets="<outputSet/><outputSet/>") + "</serviceTask>",
        "<serviceTask id='x' operationRef='op'>" + io() + "</serviceTask>",
        "<serviceTask id='x'>" + io(output_sets="<outputSet/><outputSet/>") + "</serviceTask>",
    ],
    "EXT.044": [
        *(f"!<serviceTask id='x' operationRef='op'>{io(data('Input', 'in', item), input_sets=SET_IN)}</serviceTask>"
          for item in ("number", "", "bare")),
        *(f"<serviceTask id='x' operationRef='t:op'>{io(data('Input', 'in', item), input_sets=SET_IN)}</serviceTask>"
          for item in ("text", "text2", "t:text")),
        "<serviceTask id='x' operationRef='op'>" + io() + "</serviceTask>",
    ],
    "EXT.045": [
        "!<serviceTask id='x' operationRef='op2'>" + io() + "</serviceTask>",
        "!<serviceTask id='x' operationRef='op2'>" + io("", data("Output", "out", "text"), output_sets=SET_OUT) + "</serviceTask>",
        "<serviceTask id='x' operationRef='op2'>" + io("", data("Output", "out", "number"), output_sets=SET_OUT) + "</serviceTask>",
        "<serviceTask id='x' operationRef='op'>" + io() + "</serviceTask>",
    ],
    "EXT.046": [
        "!<sendTask id='x' messageRef='m'>" + io(input_sets="<inputSet/><inputSet/>") + "</sendTask>",
        "<sendTask id='x' messageRef='m'>" + io() + "</sendTask>", "<sendTask id='x' messageRef='m'/>",
        "<sendTask id='x'>" + io(input_sets="<inputSet/><inputSet/>") + "</sendTask>",
    ],
    "EXT.047": [
        "!<sendTask id='x' messageRef='m'>" + io(data("Input", "in", "text") + data("Input", "in2", "text")) + "</sendTask>",
        "<sendTask id='x' messageRef='m'>" + io(data("Input", "in", "text"), input_sets=SET_IN) + "</sendTask>",
    ],
    "EXT.048": [
        "!<sendTask id='x'>" + io(data("Input", "in", "text")) + "</sendTask>",
        "!<sendTask id='x' messageRef='m'>" + io(data("Input", "in")) + "</sendTask>",
        "!<sendTask id='x' messageRef='n'>" + io(data("Input", "in", "text")) + "</sendTask>",
        "!<sendTask id='x' messageRef='untyped'>" + io(data("Input", "in", "text")) + "</sendTask>",
        "<sendTask id='x' messageRef='t:m'>" + io(data("Input", "in", "text2")) + "</sendTask>",
    ],
    "EXT.049": [f"!<receiveTask id='x' instantiate='true'>{IN}</receiveTask>", "<receiveTask id='x' instantiate='true'/>",
                f"<receiveTask id='x'>{IN}</receiveTask>"],
    "EXT.050": [
        "!<receiveTask id='x' messageRef='m'>" + io(output_sets="<outputSet/><outputSet/>") + "</receiveTask>",
        "<receiveTask id='x'>" + io(output_sets="<outputSet/><outputSet/>") + "</receiveTask>",
    ],
    "EXT.051": [
        "!<receiveTask id='x' messageRef='m'>" + io("", data("Output", "a", "text") + data("Output", "b", "text")) + "</receiveTask>",
        "<receiveTask id='x' messageRef='m'>" + io("", data("Output", "a", "text")) + "</receiveTask>",
    ],
    "EXT.052": [
        "!<receiveTask id='x'>" + io("", data("Output", "out", "text")) + "</receiveTask>",
        "!<receiveTask id='x' messageRef='n'>" + io("", data("Output", "out", "text")) + "</receiveTask>",
        "!<receiveTask id='x' messageRef='m'>" + io("", data("Output", "out")) + "</receiveTask>",
        "<receiveTask id='x' messageRef='n'>" + io("", data("Output", "out", "number")) + "</receiveTask>",
    ],
    "EXT.053": ["!<scriptTask id='x'><script>1</script></scriptTask>", "!<scriptTask id='x'><script/></scriptTask>",
                "!#<process id='p'><scriptTask id='x'><script>1</script></scriptTask></process>",
                "<scriptTask id='x' scriptFormat='feel'><script>1</script></scriptTask>", "<scriptTask id='x'/>"],
    "EXT.057": [f"!<subProcess id='x' triggeredByEvent='true'>{IN}</subProcess>",
                f"!<subProcess id='x' triggeredByEvent='true'>{OUT}</subProcess>", f"<subProcess id='x'>{IN}{OUT}</subProcess>"],
    "EXT.058": [
        "!<subProcess id='x' triggeredByEvent='true'/>",
        "!<subProcess id='x' triggeredByEvent='true'><startEvent id='a'>~message</startEvent><startEvent id='b'>~timer</startEvent></subProcess>",
        "!<subProcess id='x' triggeredByEvent='true'><subProcess id='y'><startEvent id='a'/></subProcess></subProcess>",
        "<subProcess id='x' triggeredByEvent='true'><startEvent id='a'>~message</startEvent></subProcess>",
    ],
    "EXT.059": [
        *each("!<subProcess id='x' triggeredByEvent='true'><startEvent id='a'>~KIND</startEvent></subProcess>", ["link", "cancel", "terminate"]),
        *each("!<subProcess id='x' triggeredByEvent='true'><startEvent id='a' isInterrupting='false'>~KIND</startEvent></subProcess>",
              ["error", "compensate", "cancel"]),
        "!<subProcess id='x' triggeredByEvent='true'><startEvent id='a'/></subProcess>",
        "!<subProcess id='x' triggeredByEvent='true'><startEvent id='a'>~message~link</startEvent></subProcess>",
        *each("<subProcess id='x' triggeredByEvent='true'><startEvent id='a'>~KIND</startEvent></subProcess>",
              "message timer escalation conditional signal error compensate".split()),
        *each("<subProcess id='x' triggeredByEvent='true'><startEvent id='a' isInterrupting='false'>~KIND</startEvent></subProcess>",
              "message timer escalation conditional signal".split()),
    ],
    "EXT.061": ["!<adHocSubProcess id='x'/>", "!<adHocSubProcess id='x'><exclusiveGateway id='g'/></adHocSubProcess>",
                *each("<adHocSubProcess id='x'><KIND id='y'/></adHocSubProcess>", TASKS[:-1])],
    "EXT.062": [*each("!<adHocSubProcess id='x'><task id='t'/><KIND id='y'/></adHocSubProcess>",
                      "startEvent endEvent choreographyTask callChoreography subChoreography".split()),
                "<adHocSubProcess id='x'><task id='t'/><intermediateThrowEvent id='y'/></adHocSubProcess>",
                "<adHocSubProcess id='x'><subProcess id='t'><startEvent id='s'/></subProcess></adHocSubProcess>"],
    "EXT.063": [
        "!" + call("", io(data("Input", "in", "text"), input_sets=SET_IN)),
        "!" + call(io(data("Input", "a", "text"), input_sets="<inputSet><dataInputRefs>a</dataInputRefs></inputSet>"), ""),
        "!" + call(io(data("Input", "a", "number"), input_sets="<inputSet><dataInputRefs>a</dataInputRefs></inputSet>"),
                   io(data("Input", "in", "text"), input_sets=SET_IN)),
        "!" + call(io(input_sets="<inputSet/><inputSet/>"), io(), "globalTask"),
        "!" + call(io(data("Input", "a", "text")), io(data("Input", "in", "text"), input_sets=SET_IN)),
        call(io(data("Input", "a", "text2"), input_sets="<inputSet><dataInputRefs>a</dataInputRefs></inputSet>"),
             io(data("Input", "in", "text"), input_sets=SET_IN)),
        call("", ""), call("", "", "globalUserTask"),
        "<callActivity id='call' calledElement='other:far'/>",
    ],
    "EXT.064": ["!#<process id='p'><supportedInterfaceRef>i</supportedInterfaceRef></process>",
                "!#<globalTask id='p'><supportedInterfaceRef>i</supportedInterfaceRef></globalTask>",
                "#<process id='p'><supportedInterfaceRef>i</supportedInterfaceRef><ioBinding operationRef='op'/></process>",
                "#<process id='p'/>"],
    "EXT.065": [
        "!#<process id='p'><supportedInterfaceRef>i</supportedInterfaceRef>" + io(data("Input", "in", "number"), input_sets=SET_IN)
        + "<ioBinding operationRef='op' inputDataRef='in'/></process>",
        "!#<process id='p'><supportedInterfaceRef>i</supportedInterfaceRef>" + io("", data("Output", "out", "text"), output_sets=SET_OUT)
        + "<ioBinding operationRef='op2' outputDataRef='out'/></process>",
        "#<process id='p'><supportedInterfaceRef>i</supportedInterfaceRef>" + io(data("Input", "in", "text"), data("Output", "out", "number"))
        + "<ioBinding operationRef='op2' inputDataRef='in' outputDataRef='out'/></process>",
        "#<process id='p'><supportedInterfaceRef>i</supportedInterfaceRef>"
        + io(data("Input", "in", "text"), input_sets="<inputSet id='set'><dataInputRefs>in</dataInputRefs></inputSet>")
        + "<ioBinding operationRef='op' inputDataRef='set'/></process>",
    ],
    "EXT.067": ["!" + loop(""), "!" + loop("", kind="subProcess"), loop(f"<loopCardinality {FORMAL}>3</loopCardinality>"),
                loop("<loopDataInputRef>in</loopDataInputRef>"),
                "#<process id='p'>" + loop("") + "</process>"],
    "EXT.068": [
        "!" + loop("<loopDataInputRef>do</loopDataInputRef>") + "<dataObject id='do'/>",
        "!" + loop("<loopDataInputRef>in</loopDataInputRef>") + "<task id='b'>" + io(data("Input", "in")) + "</task>",
        loop("<loopDataInputRef>in</loopDataInputRef>", io(data("Input", "in"))),
        loop("<loopDataInputRef>do</loopDataInputRef>", kind="subProcess") + "<dataObject id='do'/>",
    ],
    "EXT.069": [
        "!" + loop("<loopDataOutputRef>out</loopDataOutputRef><outputDataItem id='o' itemSubjectRef='number'/>",
                   io("", data("Output", "out", "texts"))),
        "!" + loop("<loopDataOutputRef>out</loopDataOutputRef><outputDataItem id='o' itemSubjectRef='texts'/>",
                   io("", data("Output", "out", "texts"))),
        loop("<loopDataOutputRef>out</loopDataOutputRef><outputDataItem id='o' itemSubjectRef='text'/>",
             io("", data("Output", "out", "texts"))),
    ],
    "EXT.070": [
        "!" + loop("<loopDataInputRef>in</loopDataInputRef><inputDataItem id='o' itemSubjectRef='number'/>", io(data("Input", "in", "texts"))),
        "!" + loop("<loopDataInputRef>in</loopDataInputRef><inputDataItem id='o' itemSubjectRef='texts'/>", io(data("Input", "in", "texts"))),
        loop("<loopDataInputRef>in</loopDataInputRef><inputDataItem id='o' itemSubjectRef='text'/>", io(data("Input", "in", "texts"))),
    ],
    "EXT.079": [*each("!<KIND id='x'>" + io() + "</KIND>", ["subProcess", "transaction", "adHocSubProcess"]),
                "<callActivity id='x'>" + io() + "</callActivity>"],
    "EXT.084": ["!<task id='x'>" + io(data("Input", "in")) + "</task>",
                "!<endEvent id='x'>" + data("Input", "in") + "</endEvent>", "!" + io(data("Input", "in")),
                "<task id='x'>" + io(data("Input", "in"), input_sets=SET_IN) + "</task>",
                "<endEvent id='x'>" + data("Input", "in") + SET_IN + "</endEvent>"],
    "EXT.088": ["!<task id='x'>" + io("", data("Output", "out")) + "</task>",
                "!<startEvent id='x'>" + data("Output", "out") + "</startEvent>",
                "!<task id='y'>" + io("", data("Output", "out")) + "</task><task id='x'>" + io(output_sets=SET_OUT) + "</task>",
                "<startEvent id='x'>" + data("Output", "out") + SET_OUT + "</startEvent>"],
    "EXT.085": ["!" + io(data("Input", "in"), input_sets="<inputSet id='x'><optionalInputRefs>in</optionalInputRefs></inputSet>"),
                io(data("Input", "in"), input_sets="<inputSet><dataInputRefs>in</dataInputRefs><optionalInputRefs>in</optionalInputRefs></inputSet>")],
    "EXT.086": ["!" + io(data("Input", "in"), input_sets="<inputSet id='x'><whileExecutingInputRefs>in</whileExecutingInputRefs></inputSet>"),
                io(data("Input", "in"), input_sets="<inputSet><dataInputRefs>in</dataInputRefs><whileExecutingInputRefs>in</whileExecutingInputRefs></inputSet>")],
    "EXT.089": ["!" + io("", data("Output", "o"), output_sets="<outputSet id='x'><optionalOutputRefs>o</optionalOutputRefs></outputSet>")],
    "EXT.090": ["!" + io("", data("Output", "o"), output_sets="<outputSet id='x'><whileExecutingOutputRefs>o</whileExecutingOutputRefs></outputSet>")],
    "EXT.087": [
        "!" + io(input_sets="<inputSet id='a'><outputSetRefs>b</outputSetRefs></inputSet>", output_sets="<outputSet id='b'/>"),
        "!" + io(input_sets="<inputSet id='a'/>", output_sets="<outputSet id='b'><inputSetRefs>a</inputSetRefs></outputSet>"),
        io(input_sets="<inputSet id='a'><outputSetRefs>b</outputSetRefs></inputSet>",
           output_sets="<outputSet id='b'><inputSetRefs>a</inputSetRefs></outputSet>"),
    ],
    "EXT.091": [
        "!<dataObject id='do' itemSubjectRef='number'/><task id='x'>" + io(data("Input", "in", "text"), input_sets=SET_IN)
        + "<dataInputAssociation><sourceRef>do</sourceRef><targetRef>in</targetRef></dataInputAssociation></task>",
        "!<dataObject id='do' itemSubjectRef='number'/><dataObjectReference id='r' dataObjectRef='do'/><task id='x'>"
        + io("", data("Output", "out", "text"), output_sets=SET_OUT)
        + "<dataOutputAssociation><sourceRef>out</sourceRef><targetRef>r</targetRef></dataOutputAssociation></task>",
        "<dataObject id='do'/><task id='x'>" + io(data("Input", "in", "text"), input_sets=SET_IN)
        + "<dataInputAssociation><sourceRef>do</sourceRef><targetRef>in</targetRef></dataInputAssociation></task>",
        "<dataObject id='do' itemSubjectRef='number'/><task id='x'>" + io(data("Input", "in", "text"), input_sets=SET_IN)
        + "<dataInputAssociation><sourceRef>do</sourceRef><targetRef>in</targetRef><transformation>x</transformation></dataInputAssociation></task>",
    ],
    "EXT.092": [
        "!<task id='x'><dataInputAssociation><targetRef>in</targetRef></dataInputAssociation></task>",
        "!<task id='x'><dataOutputAssociation><sourceRef>a</sourceRef><sourceRef>b</sourceRef><targetRef>in</targetRef></dataOutputAssociation></task>",
        "<task id='x'><dataInputAssociation><sourceRef>a</sourceRef><targetRef>in</targetRef></dataInputAssociation></task>",
        "<task id='x'><dataInputAssociation><sourceRef>a</sourceRef><sourceRef>b</sourceRef><targetRef>in</targetRef><transformation>x</transformation></dataInputAssociation></task>",
    ],
    "EXT.093": [
        "!<endEvent id='x'>" + data("Input", "in") + "</endEvent>",
        "!<startEvent id='x'>" + data("Output", "out") + "~message~signal</startEvent>",
        "!<boundaryEvent id='x'>" + data("Output", "a") + data("Output", "b") + "~message</boundaryEvent>",
        "<endEvent id='x'>~message~signal</endEvent>",
        "<intermediateThrowEvent id='x'>" + data("Input", "in") + "~message</intermediateThrowEvent>",
    ],
    "EXT.094": [
        *(f"!<endEvent id='x'>{data('Input', 'in', 'number')}<{kind}EventDefinition {kind}Ref='{ref}'/></endEvent>"
          for kind, ref in (("message", "m"), ("signal", "sig"), ("error", "err"), ("escalation", "esc"))),
        f"!<startEvent id='x'>{data('Output', 'a', 'text')}{data('Output', 'b', 'text')}<messageEventDefinition messageRef='m'/>"
        "<messageEventDefinition messageRef='n'/></startEvent>",
        *(f"<endEvent id='x'>{data('Input', 'in', 'text2')}<{kind}EventDefinition {kind}Ref='t:{ref}'/></endEvent>"
          for kind, ref in (("message", "m"), ("signal", "sig"), ("error", "err"), ("escalation", "esc"))),
        f"<endEvent id='x'>{data('Input', 'in', 'number')}~terminate</endEvent>",
    ],
    "EXT.095": [
        *each("!<KIND id='x'><signalEventDefinition id='d'/></KIND><startEvent id='s'><eventDefinitionRef>d</eventDefinitionRef></startEvent>",
              ["endEvent", "intermediateThrowEvent"]),
        "<startEvent id='x'><signalEventDefinition id='d'/></startEvent><startEvent id='s'><eventDefinitionRef>d</eventDefinitionRef></startEvent>",
    ],
    "EXT.096": [f"!<startEvent id='x'>{IN}{OUT}</startEvent>", f"<startEvent id='x'>{OUT}</startEvent>"],
    "EXT.097": ["!<endEvent id='x'/>", "!<subProcess id='s'><startEvent id='a'/></subProcess><endEvent id='x'/>",
                "!<startEvent id='a'/><subProcess id='s'><endEvent id='x'/></subProcess>",
                "<endEvent id='x'/><startEvent id='a'/>", "<endEvent id='x'/><receiveTask id='a' instantiate='true'/>"],
    "EXT.105": ["!<startEvent id='x'/>", "!<startEvent id='x'/><subProcess id='s'><endEvent id='a'/></subProcess>",
                "<endEvent id='x'/><startEvent id='a'/>"],
    "EXT.098": [*each("!<startEvent id='x'>~KIND</startEvent>", "link escalation error cancel compensate terminate".split()),
                "!<startEvent id='x'>~message~error</startEvent>",
                *each("<startEvent id='x'>~KIND</startEvent>", "message timer conditional signal".split()),
                "<startEvent id='x'>~message~timer</startEvent>", "<startEvent id='x'/>"],
    "EXT.099": ["!" + call("", "", start=""), "!" + call("", "", start="<startEvent id='qs'>~message</startEvent>"),
                call("", "", start="<startEvent id='a'>~message</startEvent><startEvent id='b'/>"), call("", "", "globalTask")],
    "EXT.100": [*each("!" + within("KIND", "<startEvent id='x'>~message</startEvent>"), ["subProcess", "transaction", "adHocSubProcess"]),
                "<subProcess id='s'><startEvent id='x'/></subProcess>",
                "<subProcess id='s' triggeredByEvent='true'><startEvent id='x'>~message</startEvent></subProcess>"],
    "EXT.101": ["!<startEvent id='x'/>", f"<startEvent id='x'>{OUT}</startEvent>"],
    "EXT.102": ["!" + pools("s1", "b1", one="<startEvent id='s1'/>"), pools("a1", "s2", two="<startEvent id='s2'>~message</startEvent>")],
    "EXT.103": ["!" + pools("a1", "s2", two="<startEvent id='s2'/>"), "!" + pools("A", "s2", two="<startEvent id='s2'>~timer</startEvent>"),
                pools("a1", "s2", two="<startEvent id='s2'>~timer~message</startEvent>")],
    "EXT.104": [f"!<endEvent id='x'>{IN}{OUT}</endEvent>", f"<endEvent id='x'>{IN}</endEvent>"],
    "EXT.106": ["!<endEvent id='x'>~cancel</endEvent>", "!<subProcess id='s'><endEvent id='x'>~cancel</endEvent></subProcess>",
                "<transaction id='s'><endEvent id='x'>~cancel</endEvent></transaction>",
                "<transaction id='s'><subProcess id='u'><endEvent id='x'>~cancel</endEvent></subProcess></transaction>"],
    "EXT.107": ["!<endEvent id='x'/>", f"<endEvent id='x'>{IN}</endEvent>"],
    "EXT.108": ["!" + pools("a1", "e2", two="<endEvent id='e2'>~message</endEvent>"), pools("a1", "b1")],
    "EXT.109": ["!" + pools("e1", "B", one="<endEvent id='e1'/>"), "!" + pools("e1", "b1", one="<endEvent id='e1'>~signal</endEvent>"),
                pools("e1", "B", one="<endEvent id='e1'>~message</endEvent>")],
    "EXT.110": [*each("!<boundaryEvent id='x'>~KIND</boundaryEvent>", ["link", "terminate"]), "!<boundaryEvent id='x'/>",
                *each("!<boundaryEvent id='x' cancelActivity='false'>~KIND</boundaryEvent>", ["error", "cancel", "compensate"]),
                *each("<boundaryEvent id='x'>~KIND</boundaryEvent>",
                      "message timer escalation error cancel compensate conditional signal".split()),
                *each("<boundaryEvent id='x' cancelActivity='false'>~KIND</boundaryEvent>",
                      "message timer escalation conditional signal".split())],
    "EXT.111": [*each("!<KIND id='a'/><boundaryEvent id='x' attachedToRef='a'>~cancel</boundaryEvent>", ["task", "subProcess", "callActivity"]),
                "<transaction id='a'/><boundaryEvent id='x' attachedToRef='t:a'>~cancel</boundaryEvent>"],
    "EXT.112": [f"!<boundaryEvent id='x'>{IN}~timer</boundaryEvent>", "<boundaryEvent id='x'>~timer</boundaryEvent>"],
    "EXT.113": ["!<boundaryEvent id='x'>~timer</boundaryEvent>", f"<boundaryEvent id='x'>{OUT}~timer</boundaryEvent>",
                "<boundaryEvent id='x'>~compensate</boundaryEvent>"],
    "EXT.114": [f"!<boundaryEvent id='x'>{OUT}~compensate</boundaryEvent>", "<boundaryEvent id='x'>~compensate</boundaryEvent>"],
    "EXT.115": [f"!<intermediateThrowEvent id='x'>{OUT}</intermediateThrowEvent>", f"!<intermediateCatchEvent id='x'>{OUT}~timer</intermediateCatchEvent>",
                "!<intermediateThrowEvent id='x'>~link</intermediateThrowEvent>", f"<intermediateCatchEvent id='x'>{OUT}~link</intermediateCatchEvent>"],
    "EXT.116": [f"!<intermediateCatchEvent id='x'>{IN}~link</intermediateCatchEvent>", f"!<intermediateThrowEvent id='x'>{IN}</intermediateThrowEvent>",
                f"<intermediateThrowEvent id='x'>{IN}~link</intermediateThrowEvent>"],
    "EXT.117": [f"!<intermediateThrowEvent id='x'>{IN}{OUT}~link</intermediateThrowEvent>",
                f"!<intermediateCatchEvent id='x'>{IN}{OUT}~link</intermediateCatchEvent>",
                f"<intermediateCatchEvent id='x'>{OUT}~link</intermediateCatchEvent>"],
    "EXT.118": ["!" + link("<target>gone</target>", ""), "!" + link("<target>z</target>", ""), "!" + link("<target>z</target>", "<source>other</source>"),
                link("<target>z</target>", "<source>a</source>"), link("<target>t:z</target>", "<source>b0</source><source>t:a</source>")],
    "EXT.124": ["!" + link("<target>z</target>", ""), link("<target>z</target>", "<source>a</source>")],
    "EXT.125": ["!" + link("", "<source>a</source>"), "!" + link("<target>z</target><target>z</target>", "<source>a</source>"),
                link("<target>z</target>", "<source>a</source>")],
    "EXT.126": ["!" + link("<target>z</target>", "<source>a</source>", where="<subProcess id='s'>{}</subProcess>"),
                link("<target>z</target>", "<source>a</source>")],
    "EXT.119": ["!" + pools("B", "x", one="<intermediateThrowEvent id='x'>~message</intermediateThrowEvent>"),
                "!" + pools("x", "B", one="<intermediateCatchEvent id='x'>~message</intermediateCatchEvent>"),
                pools("x", "B", one="<intermediateThrowEvent id='x'>~message</intermediateThrowEvent>"),
                pools("B", "x", one="<intermediateCatchEvent id='x'>~message</intermediateCatchEvent>")],
    "EXT.122": ["!<intermediateCatchEvent id='x'>~compensate</intermediateCatchEvent>", "<boundaryEvent id='x'>~compensate</boundaryEvent>"],
    "EXT.123": ["!<startEvent id='x'>~conditional</startEvent>",
                "!<startEvent id='x'><conditionalEventDefinition><condition>x</condition></conditionalEventDefinition></startEvent>",
                f"!<startEvent id='x'><conditionalEventDefinition><condition {FORMAL}/></conditionalEventDefinition></startEvent>",
                f"<startEvent id='x'><conditionalEventDefinition><condition {FORMAL}>x</condition></conditionalEventDefinition></startEvent>",
                "#<process id='p'><startEvent id='x'>~conditional</startEvent></process>"],
    "EXT.127": [*each("!<KIND id='x'>~message</KIND>", "startEvent endEvent intermediateCatchEvent intermediateThrowEvent boundaryEvent".split()),
                "<startEvent id='x'><messageEventDefinition messageRef='m'/></startEvent>", "#<process id='p'><startEvent id='x'>~message</startEvent></process>"],
    "EXT.128": [*each("!<KIND id='x'><messageEventDefinition messageRef='m'/></KIND>",
                      "startEvent endEvent intermediateCatchEvent intermediateThrowEvent boundaryEvent".split()),
                "<startEvent id='x'><messageEventDefinition><operationRef>op</operationRef></messageEventDefinition></startEvent>"],
    "EXT.135": [*each(f"!<KIND id='x'>{IN}{OUT}</KIND>", GATEWAYS), *each("!<KIND id='x'/>", GATEWAYS), *each(f"<KIND id='x'>{TWO_IN}{OUT}</KIND>", GATEWAYS)],
    "EXT.136": [f"!<eventBasedGateway id='x'>{TWO_IN}{OUT}</eventBasedGateway>", f"<eventBasedGateway id='x'>{IN}{TWO_OUT}</eventBasedGateway>"],
    "EXT.137": ["!" + behind("<receiveTask id='x'/>", more=COND), behind("<receiveTask id='x'/>")],
    "EXT.138": [*each("!" + behind("<intermediateCatchEvent id='x'>~KIND</intermediateCatchEvent>"), ["link", "error", "escalation"]),
                *each("!" + behind("<KIND id='x'/>"), "task userTask sendTask intermediateThrowEvent endEvent exclusiveGateway subProcess".split()),
                "!" + behind("<intermediateCatchEvent id='x'/>"),
                *each(behind("<intermediateCatchEvent id='x'>~KIND</intermediateCatchEvent>"), "message signal timer conditional".split())],
    "EXT.139": ["!" + behind("<receiveTask id='x'/>").replace("<timerEventDefinition/>", "<messageEventDefinition/>"), behind("<receiveTask id='x'/>")],
    "EXT.140": ["!" + behind("<receiveTask id='x'/><boundaryEvent id='be' attachedToRef='x'>~timer</boundaryEvent>"),
                behind("<receiveTask id='x'/><task id='z'/><boundaryEvent id='be' attachedToRef='z'>~timer</boundaryEvent>")],
    "EXT.141": ["!" + behind("<receiveTask id='x'><incoming>o1</incoming><incoming>o9</incoming></receiveTask>"),
                behind("<receiveTask id='x'><incoming>o1</incoming></receiveTask>")],
    "EXT.142": [f"!<eventBasedGateway id='x' instantiate='true'>{IN}{TWO_OUT}</eventBasedGateway>",
                f"<eventBasedGateway id='x' instantiate='true'>{TWO_OUT}</eventBasedGateway>"],
    "EXT.143": ["!<boundaryEvent id='x'>~compensate</boundaryEvent>",
                "!<boundaryEvent id='x'>~compensate</boundaryEvent><task id='a' isForCompensation='true'/><association id='s' sourceRef='a' targetRef='x'/>",
                "<boundaryEvent id='x'>~compensate</boundaryEvent><task id='a' isForCompensation='true'/><association id='s' sourceRef='x' targetRef='a'/>"],
    "EXT.144": ["!<boundaryEvent id='x'>~compensate</boundaryEvent>",
                "!<boundaryEvent id='x'>~compensate</boundaryEvent><task id='a'/><association id='s' sourceRef='x' targetRef='a'/>",
                "!<boundaryEvent id='x'>~compensate</boundaryEvent><textAnnotation id='a'/><association id='s' sourceRef='x' targetRef='a'/>",
                "<boundaryEvent id='x'>~compensate</boundaryEvent><subProcess id='a' isForCompensation='true'/><association id='s' sourceRef='t:x' targetRef='t:a'/>"],
    "EXT.146": [*each("!<endEvent id='x'>~KIND</endEvent>", ["link", "conditional", "timer"]), "!<endEvent id='x'>~message~timer</endEvent>",
                *each("<endEvent id='x'>~KIND</endEvent>", "message escalation error cancel compensate signal terminate".split()), "<endEvent id='x'/>"],
    "EXT.148": [*each("!<intermediateCatchEvent id='x'>~KIND</intermediateCatchEvent>", "escalation error cancel compensate terminate".split()),
                "!<intermediateCatchEvent id='x'/>", "!<intermediateCatchEvent id='x'>~message~error</intermediateCatchEvent>",
                *each("<intermediateCatchEvent id='x'>~KIND</intermediateCatchEvent>", "message timer signal conditional link".split())],
    "EXT.149": [*each("!<intermediateThrowEvent id='x'>~KIND</intermediateThrowEvent>", "timer error cancel conditional terminate".split()),
                *each("<intermediateThrowEvent id='x'>~KIND</intermediateThrowEvent>", "message signal escalation compensate link".split()),
                "<intermediateThrowEvent id='x'/>"],
    "EXT.150": [*each("!<startEvent id='s'/><KIND id='x'/>", [*TASKS, *GATEWAYS, "intermediateThrowEvent"]),
                "!<subProcess id='u'><startEvent id='s'/><task id='x'/></subProcess>",
                "<task id='x'/>", "<startEvent id='s'/><task id='x' isForCompensation='true'/>", "<startEvent id='s'/><receiveTask id='x' instantiate='true'/>",
                "<startEvent id='s'/><eventBasedGateway id='x' instantiate='true'/>", "<startEvent id='s'/><intermediateCatchEvent id='x'>~link</intermediateCatchEvent>",
                "<startEvent id='s'/><subProcess id='x' triggeredByEvent='true'/>", "<startEvent id='s'/><boundaryEvent id='x'>~timer</boundaryEvent>"],
    "EXT.151": [*each("!<endEvent id='s'/><KIND id='x'/>", [*TASKS, *GATEWAYS, "intermediateCatchEvent"]),
                "<task id='x'/>", "<endEvent id='s'/><task id='x' isForCompensation='true'/>", "<endEvent id='s'/><intermediateThrowEvent id='x'>~link</intermediateThrowEvent>",
                "<endEvent id='s'/><subProcess id='x' triggeredByEvent='true'/>"],
    # --- ids of the set of files to refuse that the table lacks ---------------------------------------------------
    "EXT.003": ["!<startEvent><outgoing>f</outgoing></startEvent>", "!<endEvent/>", "!<task><incoming>f</incoming></task>", "<task/>"],
    "EXT.004": ["!<documentation textFormat='plain'>x</documentation>", "!<documentation textFormat='wrong_type'/>",
                "<documentation textFormat='text/html'/>", "<documentation textFormat='text/plain; charset=utf-8'/>", "<documentation/>"],
    "EXT.006": [*each("!<task id='a'/><KIND id='x'/>" + flow("f", "a", "x"), ["association", "group", "textAnnotation"])],
    "EXT.007": [*each("!<task id='a'/><KIND id='x'/>" + flow("f", "x", "a"), ["association", "group", "textAnnotation"])],
    "EXT.008": ["!" + pools("a1", "note", two="<textAnnotation id='note'/>"), "!" + pools("a1", "grp", two="<group id='grp'/>"), pools("a1", "b1")],
    "EXT.009": ["!" + pools("note", "b1", one="<textAnnotation id='note'/>"), pools("a1", "b1")],
    "EXT.010": ["!<textAnnotation id='x' textFormat='html'/>", "<textAnnotation id='x' textFormat='text/html'/>"],
    "EXT.014": ["!" + flow("f", "a", "b", f"<conditionExpression {FORMAL} language='not a uri'>x</conditionExpression>"),
                "!" + flow("f", "a", "b", f"<conditionExpression {FORMAL} language='_invalid!$%'>x</conditionExpression>"),
                flow("f", "a", "b", f"<conditionExpression {FORMAL} language='http://www.w3.org/1999/XPath'>x</conditionExpression>"),
                flow("f", "a", "b", f"<conditionExpression {FORMAL} language='urn:x:y'>x</conditionExpression>")],
    "EXT.036": [*each("!<KIND id='x'/>", ["choreographyTask", "callChoreography", "subChoreography"])],
    "EXT.056": [*each("!<transaction id='s'><KIND id='x'/></transaction>", ["choreographyTask", "callChoreography", "subChoreography"]),
                "!<subProcess id='s'><choreographyTask id='x'/></subProcess>", "!<adHocSubProcess id='s'><choreographyTask id='x'/></adHocSubProcess>"],
    "EXT.039": ["!<userTask id='a'><potentialOwner id='x'><resourceRef>r</resourceRef><resourceAssignmentExpression/></potentialOwner></userTask>",
                "<userTask id='a'><performer id='x'><resourceRef>r</resourceRef></performer></userTask>"],
    "EXT.040": ["!<userTask id='a'><performer id='x'><resourceParameterBinding parameterRef='q'/></performer></userTask>",
                "<userTask id='a'><performer id='x'><resourceRef>r</resourceRef><resourceParameterBinding parameterRef='q'/></performer></userTask>"],
    "EXT.041": [*each("!<KIND id='x'><standardLoopCharacteristics/><multiInstanceLoopCharacteristics/></KIND>", TASKS[:-3]),
                "!<task id='x'><multiInstanceLoopCharacteristics/><multiInstanceLoopCharacteristics/></task>", "<task id='x'><standardLoopCharacteristics/></task>"],
    "EXT.054": [*each("!<KIND id='x'><standardLoopCharacteristics/><multiInstanceLoopCharacteristics/></KIND>", TASKS[-3:])],
    "EXT.060": ["!<transaction id='x' method='_invalid_URI!$%'/>", "!<transaction id='x' method='Compensate'/>",
                *each("<transaction id='x' method='KIND'/>", ["##Compensate", "##Image", "##Store", "http://office.example/method"]), "<transaction id='x'/>"],
    "EXT.071": ["!" + loop(f"<completionCondition {FORMAL}>5</completionCondition>"), loop(f"<completionCondition {FORMAL}>x &gt; 5</completionCondition>")],
    "EXT.072": ["!" + loop("<complexBehaviorDefinition><condition>1.5</condition></complexBehaviorDefinition>"),
                loop("<complexBehaviorDefinition><condition>done</condition></complexBehaviorDefinition>")],
    "EXT.076": ["!<dataObject id='d' name='plan'/><dataObjectReference id='x' name='paper' dataObjectRef='d'><dataState name='new'/></dataObjectReference>",
                "!<dataObject id='d' name='plan'/><dataObjectReference id='x' name='plan (new)' dataObjectRef='d'><dataState name='new'/></dataObjectReference>",
                "<dataObject id='d' name='plan'/><dataObjectReference id='x' name='plan [new]' dataObjectRef='d'><dataState name='new'/></dataObjectReference>",
                "<dataObject id='d' name='plan'/><dataObjectReference id='x' dataObjectRef='d'/>"],
    "EXT.078": ["!#<property id='x'/>", "!<laneSet id='l'><property id='x'/></laneSet>", "<property id='x'/>", "<task id='a'><property id='x'/></task>",
                "<startEvent id='a'><property id='x'/></startEvent>"],
    "EXT.080": ["!" + io(data("Input", "in"), input_sets=SET_IN)
                + "<task id='a'><dataOutputAssociation><sourceRef>o</sourceRef><targetRef>in</targetRef></dataOutputAssociation></task>",
                io(data("Input", "in"), input_sets=SET_IN)
                + "<task id='a'><dataInputAssociation><sourceRef>in</sourceRef><targetRef>o</targetRef></dataInputAssociation></task>"],
    "EXT.082": ["!" + io("", data("Output", "out"), output_sets=SET_OUT)
                + "<task id='a'><dataInputAssociation><sourceRef>out</sourceRef><targetRef>o</targetRef></dataInputAssociation></task>"],
    "EXT.131": ["!<startEvent id='x'><timerEventDefinition><timeDate>2026-01-01</timeDate><timeCycle>R/P1D</timeCycle></timerEventDefinition></startEvent>",
                "<startEvent id='x'><timerEventDefinition><timeDate>2026-01-01</timeDate></timerEventDefinition></startEvent>"],
    **{id: [*(f"!<startEvent id='x'><timerEventDefinition><{form} {FORMAL}>{text}</{form}></timerEventDefinition></startEvent>" for text in wrong),
            *(f"<startEvent id='x'><timerEventDefinition><{form} {FORMAL}>{text}</{form}></timerEventDefinition></startEvent>" for text in right)]
       for id, form, wrong, right in (
           ("EXT.132", "timeDate", ("INVALID", "P1D", "1.5.2026"), ("2026-05-01T09:00:00+08:00", "2026-05-01", "=due", "${due}", "date()")),
           ("EXT.133", "timeCycle", ("INVALID", "P1D", "every day"), ("R/P1D", "R3/2026-01-01T00:00:00Z/PT1H", "0 0 * * *", "=often")),
           ("EXT.134", "timeDuration", ("INVALID", "5 days", "P", "PT"), ("PT1S", "P1Y2M3DT4H5M6S", "P10WD", "P2W", "=period")),
       )},
    "EXT.145": ["!<scriptTask id='x' scriptFormat='wrong_mime_type'/>", "!<scriptTask id='x' scriptFormat='not a type'/>",
                "<scriptTask id='x' scriptFormat='text/javascript'/>", "<scriptTask id='x' scriptFormat='feel'/>"],
    "REF": [
        "!<receiveTask id='x' messageRef='gone'/>", "!<receiveTask id='x' messageRef='sig'/>", "!#<message id='q' itemRef='m'/>",
        "!<startEvent id='x'><messageEventDefinition messageRef='t:gone'/></startEvent>", "!<startEvent id='x'><signalEventDefinition signalRef='m'/></startEvent>",
        "!<endEvent id='x'><errorEventDefinition errorRef='esc'/></endEvent>", "!<boundaryEvent id='x' attachedToRef='gone'>~timer</boundaryEvent>",
        "!<exclusiveGateway id='a'/><boundaryEvent id='x' attachedToRef='a'>~timer</boundaryEvent>", "!<task id='a'><incoming>m</incoming></task>",
        "!<task id='a'><outgoing>gone</outgoing></task>", "!<task id='a' default='m'/>", "!<startEvent id='x'><eventDefinitionRef>m</eventDefinitionRef></startEvent>",
        "!<serviceTask id='x' operationRef='i'/>", "!<dataObject id='x' itemSubjectRef='m'/>", "!" + io(input_sets="<inputSet><dataInputRefs>m</dataInputRefs></inputSet>"),
        "!" + io(output_sets="<outputSet><dataOutputRefs>gone</dataOutputRefs></outputSet>"), "!<task id='a'/>" + flow("f", "a", "m"), "!<task id='a'/>" + flow("f", "gone", "a"),
        "!" + pools("a1", "gone"), "!" + pools("a1", "g", two="<exclusiveGateway id='g'/>"), "!#<process id='p' definitionalCollaborationRef='m'/>",
        "!#<collaboration id='c'><participant id='a'><interfaceRef>m</interfaceRef></participant></collaboration>",
        "!#<collaboration id='c'><conversation id='k'><participantRef>m</participantRef></conversation></collaboration>",
        "!#<collaboration id='c'><conversation id='k'><correlationKey id='q'><correlationPropertyRef>m</correlationPropertyRef></correlationKey></conversation></collaboration>",
        "!<task id='x'><dataInputAssociation><sourceRef>m</sourceRef><targetRef>gone</targetRef></dataInputAssociation></task>",
        "!<association id='x' sourceRef='gone' targetRef='gone'/>", "!<laneSet id='l'><lane id='x'><flowNodeRef>m</flowNodeRef></lane></laneSet>",
        "!<intermediateThrowEvent id='x'><linkEventDefinition name='l'><target>m</target></linkEventDefinition></intermediateThrowEvent>",
        "!#<collaboration id='c'><participant id='a' processRef='m'/></collaboration>", "!<dataObjectReference id='x' dataObjectRef='m'/>",
        "<receiveTask id='x' messageRef='t:m'/>", "<receiveTask id='x' messageRef='other:m'/>", "<receiveTask id='x' messageRef=' m '/>",
    ],
}  # fmt: skip


@pytest.mark.parametrize("constraint", VARIANTS)
def test_a_constraint_is_named_in_every_variant_that_breaks_it_and_in_no_other(constraint: str) -> None:
    wrong = []
    for variant in VARIANTS[constraint]:
        breaks = variant.startswith("!")
        findings = check(read(file(variant.removeprefix("!"))), context=CheckContext(imports=lambda _place: None))
        if breaks != (constraint in {finding.constraint for finding in findings}):
            wrong.append(variant)

    assert not wrong


def test_every_constraint_of_the_catalogue_has_variants_and_drawings() -> None:
    if not CATALOGUE.exists():
        pytest.skip("the shared conformance files are not beside the repository")
    ids = re.findall(r"^\| (EXT\.\d+) \|", CATALOGUE.read_text(), re.MULTILINE)
    more = set(re.findall(r"^- (EXT\.\d+|REF):", CATALOGUE.read_text(), re.MULTILINE)) - SAME_AS.keys()
    drawn: dict[str, set[str]] = {}
    for path in DIAGRAMS.rglob("invalid*.bpmn"):
        for id in re.findall(r"EXT\.\d+", (re.search(r"<!-- expect: (.*?) -->", path.read_text()) or [""])[0]):
            drawn.setdefault(id, set()).add(path.parent.name)

    print("\nconstraint  rule                              breaking  keeping")
    for id in ids:
        variants = {**VARIANTS, **IMPORTS}.get(id, [])
        breaking = sum(variant.startswith("!") for variant in variants)
        rules = ", ".join(sorted(drawn.get(id, ())))
        print(f"{id:10}  {rules:32}  {breaking:8}  {len(variants) - breaking:7}")

    assert len(ids) == 109
    assert not [id for id in ids if id not in drawn]
    assert set(ids) | more <= VARIANTS.keys() | IMPORTS.keys()


def bpmn(namespace: str, inside: str = "") -> bytes:
    return f'<definitions xmlns="{BPMN}" xmlns:o="urn:o" id="d{namespace}" targetNamespace="urn:{namespace}">{inside}</definitions>'.encode()


def importing(kind: str, location: str, namespace: str = "urn:o") -> str:
    return f'<import importType="{kind}" location="{location}" namespace="{namespace}"/>'


XSD, WSDL = "http://www.w3.org/2001/XMLSchema", "http://www.w3.org/TR/wsdl20/"
BESIDE = {
    "o.bpmn": bpmn("o", '<process id="q"><startEvent id="qs"/></process>'),
    "far/o.bpmn": bpmn("o", importing(BPMN, "deep.bpmn")),
    "far/deep.bpmn": bpmn("deep", importing(BPMN, "../gone.bpmn")),
    "back.bpmn": bpmn("o", importing(BPMN, "main.bpmn", "urn:t")),
    "same.bpmn": bpmn("t", '<message id="m"/>'),
    "other.bpmn": bpmn("o", '<message id="m"/>'),
    "s.xsd": f'<schema xmlns="{XSD}"/>'.encode(),
    "s.wsdl": b'<description xmlns="http://www.w3.org/ns/wsdl"/>',
    "broken.bpmn": b"<definitions",
    "text.bpmn": b"not XML",
    "http://office.example/copy.bpmn": bpmn("t", '<message id="m"/>'),
}
IMPORTS = {
    "EXT.001": [
        "!" + importing(BPMN, "gone.bpmn"), "!" + importing(BPMN, "broken.bpmn"), "!" + importing(BPMN, "text.bpmn"),
        "!" + importing(BPMN, "s.xsd"), "!" + importing(XSD, "o.bpmn"), "!" + importing(WSDL, "s.xsd"),
        "!" + importing(XSD, "gone.xsd"), "!" + importing(BPMN, ""), "!" + importing(BPMN, "far/o.bpmn"),
        importing(BPMN, "o.bpmn"), importing(XSD, "s.xsd"), importing(WSDL, "s.wsdl"), importing(BPMN, "./far/../o.bpmn"),
        importing("urn:a-kind-of-ours", "gone.txt"), importing(BPMN, "http://office.example/o.bpmn"),
    ],
    "EXT.002": [
        "!<message id='m'/><message id='m'/>", "!<message id='defs'/>", "!<message id='m'/>" + importing(BPMN, "same.bpmn", "urn:t"),
        "!" + importing(BPMN, "http://office.example/o.bpmn", "urn:t"),
        "!<message id='m'/>" + importing(BPMN, "http://office.example/copy.bpmn", "urn:t"),
        "<message id='m'/>" + importing(BPMN, "other.bpmn"), "<message id='m'/>" + importing(BPMN, "http://office.example/o.bpmn"),
        importing(BPMN, "same.bpmn", "urn:t"), importing(BPMN, "back.bpmn"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("constraint", IMPORTS)
def test_what_is_imported_is_read_and_shares_no_id(constraint: str) -> None:
    wrong = []
    for variant in IMPORTS[constraint]:
        breaks = variant.startswith("!")
        source = (
            f'<definitions xmlns="{BPMN}" id="defs" targetNamespace="urn:t">{variant.removeprefix("!")}</definitions>'
        )
        beside = {**BESIDE, "main.bpmn": source.encode()}
        findings = check(read(source.encode()), context=CheckContext(imports=beside.get))
        if breaks != (constraint in {finding.constraint for finding in findings}):
            wrong.append(variant)

    assert not wrong


def test_a_reference_in_an_imported_file_is_followed_from_there() -> None:
    other = bpmn("o", '<message id="theirs"/><process id="q"><startEvent id="qs"><messageEventDefinition messageRef="theirs"/>'
                 '</startEvent><startEvent id="plain"/></process>')  # fmt: skip
    main = (
        f'<definitions xmlns="{BPMN}" xmlns:o="urn:o" targetNamespace="urn:t">{importing(BPMN, "o.bpmn")}'
        '<process id="p"><callActivity id="c" calledElement="o:q"/><callActivity id="c2" calledElement="o:q"/></process>'
        "</definitions>"
    )

    findings = check(read(main.encode()), context=CheckContext(imports={"o.bpmn": other}.get))

    assert not findings
