"""Hostile diagrams: each is refused with the element named, fast, and never by a traceback (H19 to H36)."""

from __future__ import annotations

import pytest

from tests.unit.effort import least_effort
from tests.unit.rule_world import WORLD
from workflow_runtime.diagram import CheckContext, check, read
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.fragments import faults

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="urn:hostile">'
)


def process(inside: str, before: str = "") -> bytes:
    """Start → step `t` → end, with whatever stands inside."""
    return (
        f'{HEAD}{before}<process id="p" isExecutable="true">'
        '<startEvent id="s"><outgoing>a</outgoing></startEvent>'
        f"{inside}"
        '<endEvent id="e"><incoming>b</incoming></endEvent>'
        '<sequenceFlow id="a" sourceRef="s" targetRef="t"/><sequenceFlow id="b" sourceRef="t" targetRef="e"/>'
        "</process></definitions>"
    ).encode()


def step(kind: str, inside: str = "", attributes: str = "") -> str:
    return f'<{kind} id="t" {attributes}>{inside}<incoming>a</incoming><outgoing>b</outgoing></{kind}>'


def timer(form: str, text: str) -> bytes:
    return process(
        '<intermediateCatchEvent id="t"><incoming>a</incoming><outgoing>b</outgoing><timerEventDefinition>'
        f"<{form}>{text}</{form}></timerEventDefinition></intermediateCatchEvent>"
    )


def script(expression: str) -> bytes:
    return process(
        step(
            "scriptTask",
            f'<extensionElements><zeebe:script expression="{expression}" resultVariable="r"/></extensionElements>',
        )
    )


def many(number: str) -> bytes:
    cardinality = f"<loopCardinality>{number}</loopCardinality>"
    loop = f"<multiInstanceLoopCharacteristics>{cardinality}</multiInstanceLoopCharacteristics>"
    return process(f'<task id="t"><incoming>a</incoming><outgoing>b</outgoing>{loop}</task>')


CALL = '<extensionElements><zeebe:calledElement processId="p"/></extensionElements>'
TWO_STARTS = (
    '<message id="m" name="paper"/>',
    '<startEvent id="s1"><outgoing>c</outgoing><messageEventDefinition messageRef="m"/></startEvent>'
    '<startEvent id="s2"><outgoing>d</outgoing><messageEventDefinition messageRef="m"/></startEvent>'
    '<sequenceFlow id="c" sourceRef="s1" targetRef="t"/><sequenceFlow id="d" sourceRef="s2" targetRef="t"/>'
    '<task id="t"><incoming>a</incoming><incoming>c</incoming><incoming>d</incoming><outgoing>b</outgoing></task>',
)
CASES = {
    "H01 python": (
        process(step("scriptTask", "<script>1</script>", 'scriptFormat="python"')),
        "house/expressions",
        "t",
    ),
    "H02 attribute walk": (script("().__class__.__base__"), "house/expressions", "t"),
    "H19 JUEL": (script("${''.getClass()}"), "house/expressions", "t"),
    "H20 SpEL": (
        process(step("task", attributes='xmlns:x="urn:x" x:listener="#{T(java.lang.Runtime)}"')),
        "house/expressions",
        "t",
    ),
    "H21 ten million years": (timer("timeDuration", "P9999999Y"), "house/timer-legal", "t"),
    "H22 no pause": (timer("timeCycle", "R/PT0S"), "house/timer-legal", "t"),
    "H23 every second for ever": (timer("timeCycle", "R99999999999/PT1S"), "house/timer-legal", "t"),
    "H24 thirtieth of February": (timer("timeDate", "2026-02-30"), "house/timer-legal", "t"),
    "H26 calls itself": (process(step("callActivity", CALL)), "house/called-process", "t"),
    "H28 10^8 items": (many("100000000"), "house/sizes", "t"),
    "H29 loops on itself": (
        process(
            '<scriptTask id="t" scriptFormat="feel"><incoming>a</incoming><incoming>c</incoming><outgoing>b</outgoing>'
            '<outgoing>c</outgoing><script>1</script></scriptTask><sequenceFlow id="c" sourceRef="t" targetRef="t"/>'
        ),
        "house/endless-loop",
        "t",
    ),
    "H32 one id twice": (process(step("task") + '<task id="t"/>'), "standard/unique-id", "t"),
    "H33 dangling flow": (
        process(step("task") + '<sequenceFlow id="f" sourceRef="t" targetRef="nowhere"/>'),
        "standard/references",
        "f",
    ),
    "H34 join after choice": (
        process(
            '<exclusiveGateway id="t"><incoming>a</incoming><outgoing>c</outgoing><outgoing>d</outgoing>'
            '</exclusiveGateway><parallelGateway id="j"><incoming>c</incoming><incoming>d</incoming>'
            "<outgoing>b</outgoing></parallelGateway>"
            '<sequenceFlow id="c" sourceRef="t" targetRef="j"/><sequenceFlow id="d" sourceRef="t" targetRef="j"/>'
        ).replace(b'id="b" sourceRef="t"', b'id="b" sourceRef="j"'),
        "house/soundness",
        "j",
    ),
    "H35 message without key": (
        process(step("receiveTask", attributes='messageRef="m"'), '<message id="m" name="paper"/>'),
        "house/message-key",
        "t",
    ),
    "H36 two starts, one message": (process(TWO_STARTS[1], TWO_STARTS[0]), "house/starts", "s2"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_diagram_is_refused_by_name(name: str) -> None:
    source, rule, element = CASES[name]
    found: set[tuple[str, str | None]] = set()

    def refuse() -> None:
        findings = check(read(source), rules="house", context=CheckContext(feel=faults))
        found.update((f.rule, f.element) for f in findings if f.severity is Severity.ERROR)

    assert least_effort(refuse, within=2) < 2
    assert (rule, element) in found


def test_a_ring_of_calls_is_found_through_other_files() -> None:
    one = process(step("callActivity", CALL.replace('"p"', '"q"')))
    other = one.replace(b'<process id="p"', b'<process id="q"').replace(b'processId="q"', b'processId="p"')
    context = CheckContext(processes={"q": read(other)})

    (finding,) = rings(check(read(one), rules="house", context=context))

    assert finding.path == ("p", "q", "p")


def rings(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.rule == "house/called-process"]


def test_a_date_without_offset_is_a_date_in_the_zone_of_the_case() -> None:
    findings = check(read(timer("timeDate", "2026-02-03T09:00:00")), rules="house", context=WORLD)

    assert "house/timer-legal" not in {finding.rule for finding in findings}


def crowd(number: int, each: str) -> bytes:
    """A process with so many of one thing; `{i}` counts them."""
    inside = "".join(each.replace("{i}", str(index)) for index in range(number))
    return f'{HEAD}<process id="p" isExecutable="true"><userTask id="t"/>{inside}</process></definitions>'.encode()


CROWDS = {
    "one id 10,000 times": crowd(10_000, '<task id="x"/>'),
    "flows between everything": crowd(9_000, '<sequenceFlow id="f{i}" sourceRef="t" targetRef="t"/>'),
    "events on one border": crowd(
        5_000, '<boundaryEvent id="b{i}" attachedToRef="t"><compensateEventDefinition/></boundaryEvent>'
    ),
    "associations": crowd(8_000, '<association id="a{i}" sourceRef="t" targetRef="t"/>'),
    "events behind one gateway": crowd(
        3_000, '<receiveTask id="r{i}"/><sequenceFlow id="f{i}" sourceRef="t" targetRef="r{i}"/>'
    ),
}
