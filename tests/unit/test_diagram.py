"""Reading and writing diagrams: everything comes in, everything goes out again, nothing hostile gets near a parser."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from tests.unit.effort import least_effort
from workflow_runtime.diagram import read, write
from workflow_runtime.errors import DiagramError

SHARED = Path(__file__).parents[3] / "shared" / "conformance"
HEAD = '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="urn:test"'
ZEEBE = 'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"'

ORDER = f"""<?xml version="1.0" encoding="UTF-8"?>
{HEAD} {ZEEBE}>
  <message id="m" name="协议已签"><extensionElements><zeebe:subscription correlationKey="=case.number"/>
  </extensionElements></message>
  <process id="p" isExecutable="true">
    <extensionElements><zeebe:properties><zeebe:property name="xb:code" value="P1"/></zeebe:properties>
    </extensionElements>
    <laneSet id="ls"><lane id="outer" name="福利院"><extensionElements><zeebe:properties>
      <zeebe:property name="xb:agency" value="CWI.CITY"/></zeebe:properties></extensionElements>
      <flowNodeRef>plan</flowNodeRef>
      <childLaneSet><lane id="inner" name="社工科"><flowNodeRef>plan</flowNodeRef></lane></childLaneSet>
    </lane></laneSet>
    <startEvent id="s"><outgoing>f1</outgoing></startEvent>
    <userTask id="plan" name="制订方案">
      <extensionElements><zeebe:formDefinition formId="plan"/>
        <zeebe:ioMapping><zeebe:input source="=a" target="b"/><zeebe:output source="=c" target="d"/></zeebe:ioMapping>
        <zeebe:assignmentDefinition candidateGroups="drafter"/></extensionElements>
      <incoming>f1</incoming><outgoing>f2</outgoing>
      <multiInstanceLoopCharacteristics isSequential="true"><extensionElements>
        <zeebe:loopCharacteristics inputCollection="=children" inputElement="child"/></extensionElements>
      </multiInstanceLoopCharacteristics>
    </userTask>
    <intermediateCatchEvent id="wait"><incoming>f2</incoming><outgoing>f3</outgoing>
      <messageEventDefinition messageRef="m"/></intermediateCatchEvent>
    <boundaryEvent id="late" attachedToRef="plan" cancelActivity="false"><outgoing>f4</outgoing>
      <timerEventDefinition><timeDuration>P10D</timeDuration></timerEventDefinition></boundaryEvent>
    <endEvent id="e"><incoming>f3</incoming><incoming>f4</incoming></endEvent>
    <sequenceFlow id="f1" sourceRef="s" targetRef="plan"/>
    <sequenceFlow id="f2" sourceRef="plan" targetRef="wait"/>
    <sequenceFlow id="f3" sourceRef="wait" targetRef="e"/>
    <sequenceFlow id="f4" sourceRef="late" targetRef="e"/>
  </process>
</definitions>""".encode()


def test_what_an_owner_drew_is_found_again_in_the_index() -> None:
    diagram = read(ORDER)

    plan = diagram.node("plan")
    assert (plan.name, plan.form, plan.groups, plan.lane) == ("制订方案", "plan", "drafter", "inner")
    assert plan.loop is not None
    assert (plan.loop.kind, plan.loop.collection, plan.loop.item) == ("sequential", "=children", "child")
    assert [(mapped.source, mapped.target) for mapped in (*plan.inputs, *plan.outputs)] == [("=a", "b"), ("=c", "d")]
    assert diagram.lane_property(diagram.lane_of(plan), "xb:agency") == "CWI.CITY"


def test_events_bring_their_names_keys_and_times() -> None:
    diagram = read(ORDER)

    waiting, late = diagram.node("wait").event, diagram.node("late")
    assert waiting is not None
    assert (waiting.kind, waiting.name, waiting.key) == ("message", "协议已签", "=case.number")
    assert late.event is not None
    assert (late.attached_to, late.interrupting, late.event.timer, late.event.expression) == (
        "plan",
        False,
        "duration",
        "P10D",
    )


def test_reading_and_writing_keeps_every_element_and_attribute() -> None:
    for file in [ORDER, *(path.read_bytes() for path in sorted(SHARED.glob("import/*.bpmn")))]:
        written = write(read(file))

        assert canonical(written) == canonical(file)


def canonical(source: bytes) -> bytes:
    return etree.tostring(etree.fromstring(source), method="c14n")


def test_every_shared_diagram_can_be_read() -> None:
    files = sorted(SHARED.rglob("*.bpmn"))
    if not files:
        pytest.skip("the shared conformance files are not beside the repository")

    for file in files:
        assert read(file.read_bytes()).elements, file.name


def test_flows_without_ids_are_still_flows() -> None:
    diagram = read(
        f'{HEAD}><process id="p"><startEvent id="s"/><endEvent id="e"/>'
        '<sequenceFlow sourceRef="s" targetRef="e"/></process></definitions>'.encode()
    )

    assert [flow.target for flow in diagram.flows()] == ["e"]
    assert len(diagram.node("s").outgoing) == 1


BOMB = "".join(
    f'<!ENTITY l{n} "{"&l" + str(n - 1) + ";" if n else "ha"}{"" if not n else "&l" + str(n - 1) + ";"}">'
    for n in range(20)
)
CROWD = " ".join(f'a{n}="1"' for n in range(300_000))
HOSTILE = {
    "H37 external entity": (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "file/doctype"),
    "H38 metadata address": (b'<!DOCTYPE a SYSTEM "http://169.254.169.254/"><a/>', "file/doctype"),
    "H39 parameter entity": (b'<!-- x --><!DOCTYPE a [<!ENTITY % p SYSTEM "http://x/"> %p;]><a/>', "file/doctype"),
    "H40 laughs": (f"<!DOCTYPE a [{BOMB}]><a>&l19;</a>".encode(), "file/doctype"),
    "H41 quadratic": (
        b'<!DOCTYPE a [<!ENTITY x "' + b"y" * 50_000 + b'">]><a>' + b"&x;" * 2_000 + b"</a>",
        "file/doctype",
    ),
    "H42 depth": (b"<a>" * 100_000, "file/xml"),
    "H42 nested": (f"{HEAD}>{'<process>' * 150}{'</process>' * 150}</definitions>".encode(), "file/too-deep"),
    "H43 UTF-16": ("\ufeff<!DOCTYPE a><a/>".encode("utf-16-le"), "file/doctype"),
    "H43 UTF-16 unmarked": ("<!DOCTYPE a><a/>".encode("utf-16-be"), "file/doctype"),
    "H43 UTF-7": (b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a+AD4-<a/>', "file/encoding"),
    "H44 XInclude": (
        f'{HEAD} xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="/etc/passwd"/></definitions>'.encode(),
        "file/xinclude",
    ),
    "H45 stylesheet": (f'<?xml-stylesheet href="x.xsl"?>{HEAD}/>'.encode(), "file/stylesheet"),
    "too many": (f"{HEAD}>{'<process/>' * 30_000}</definitions>".encode(), "file/too-many"),
    "too large": (b" " * 5_000_001, "file/too-large"),
    "long attribute": (f'{HEAD} name="{"x" * 70_000}"/>'.encode(), "file/too-long"),
    "a million tags": (f"{HEAD}>{'<a/>' * 1_200_000}</definitions>".encode(), "file/too-many"),
    "attributes without end": (f"{HEAD} {CROWD}/>".encode(), "file/too-many"),
    "empty": (b"", "file/empty"),
    "not a diagram": (b"<html/>", "file/not-bpmn"),
    "not XML": (b"\x00\x01\x02", "file/xml"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_a_reason(name: str) -> None:
    source, rule = HOSTILE[name]
    answers: list[DiagramError] = []

    def refuse() -> None:
        with pytest.raises(DiagramError) as refused:
            read(source)
        answers.append(refused.value)

    assert least_effort(refuse, within=2) < 2
    assert answers[0].findings[0].rule == rule
    assert all(finding.remedy for finding in answers[0].findings)


def test_a_doctype_in_a_comment_or_a_text_is_only_a_text() -> None:
    source = f"<!-- <!DOCTYPE a> -->{HEAD}><documentation><![CDATA[<!DOCTYPE a>]]></documentation></definitions>"

    assert read(source.encode()).processes == ()
