"""Gateways asked for every value that the forms and the decision tables before them allow."""

from __future__ import annotations

from tests.unit.drawn import process
from tests.unit.rule_world import WORLD, Choice, Question, Sheet
from workflow_runtime import decisions
from workflow_runtime.diagram import CheckContext, Diagram, check
from workflow_runtime.findings import Finding

TABLE = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" name="m" namespace="urn:m" id="m">
<decision id="place" name="place"><variable name="place"/><decisionTable hitPolicy="FIRST">
<input id="i"><inputExpression><text>age</text></inputExpression></input>
<output id="o1" name="where"/><output id="o2" name="approval"/>{rules}</decisionTable></decision></definitions>"""
ROWS = (("< 3", '"foster"', "true"), ("< 14", '"home"', "false"), ("-", '"school"', "false"))


def table(*rows: tuple[str, str, str]) -> decisions.Model:
    rules = "".join(
        f'<rule id="r{n}"><inputEntry><text>{test.replace("<", "&lt;")}</text></inputEntry>'
        f"<outputEntry><text>{where}</text></outputEntry><outputEntry><text>{approval}</text></outputEntry></rule>"
        for n, (test, where, approval) in enumerate(rows)
    )
    return decisions.read(TABLE.format(rules=rules).encode())


def drawing(*conditions: str, outputs: str = "", default: str = "") -> Diagram:
    """A decision table, and a gateway that asks for what it answers; each condition leads to an end of its own."""
    mapping = f"<zeebe:ioMapping>{outputs}</zeebe:ioMapping>" if outputs else ""
    flows = [
        f'<sequenceFlow id="f{n}" sourceRef="g" targetRef="e{n}"><conditionExpression>{text}</conditionExpression>'
        "</sequenceFlow>"
        for n, text in enumerate(conditions)
    ]
    return process(
        "startEvent s",
        '<businessRuleTask id="t"><extensionElements><zeebe:calledDecision decisionId="place" resultVariable="place"/>'
        f"{mapping}</extensionElements></businessRuleTask>",
        f'<exclusiveGateway id="g" {default}/>',
        *(f"endEvent e{n}" for n in range(len(conditions))),
        "s > t > g",
        *flows,
    )


def said(diagram: Diagram, *rows: tuple[str, str, str]) -> list[Finding]:
    model = table(*(rows or ROWS))
    context = CheckContext(
        forms={}, evaluate=WORLD.evaluate, feel_errors=WORLD.feel_errors, answers=lambda id: model.possible(id)
    )
    findings = check(diagram, rules="house", context=context)
    return [finding for finding in findings if finding.rule == "house/decision-complete"]


def test_an_answer_of_the_table_that_no_way_out_takes_is_named() -> None:
    (finding,) = said(drawing('=place.where = "foster"', '=place.where = "home"'))

    assert finding.element == "g"
    assert 'place.where = "school"' in finding.message


def test_answers_that_are_all_taken_are_right() -> None:
    assert not said(drawing('=place.where = "foster"', '=place.where = "home"', '=place.where = "school"'))


def test_values_of_one_row_stay_together() -> None:
    home_with_approval = '=place.where = "home" and place.approval'

    (finding,) = said(drawing(home_with_approval, '=place.where != "nowhere"'))

    assert finding.element == "f0"


def test_two_ways_for_one_answer_are_told_with_the_answer() -> None:
    (finding,) = said(drawing('=place.where = "foster"', "=place.approval", "=not(place.approval)"))

    assert 'place.where = "foster"' in finding.message
    assert "place.approval = true" in finding.message


def test_a_name_that_the_table_sets_by_a_mapping_is_known() -> None:
    mapping = '<zeebe:output source="=place.where" target="home_of_the_child"/>'

    (finding,) = said(drawing('=home_of_the_child = "foster"', '=home_of_the_child = "home"', outputs=mapping))

    assert 'home_of_the_child = "school"' in finding.message


def test_a_table_that_computes_its_answers_says_nothing_of_them() -> None:
    computed = (("-", "string(age)", "true"),)

    assert table(*computed).possible("place") is None
    assert not said(drawing('=place.where = "foster"', '=place.where = "home"'), *computed)


def test_conditions_behind_an_event_gateway_must_not_all_stay_false() -> None:
    def event(id: str, text: str) -> str:
        condition = f"<conditionalEventDefinition><condition>{text}</condition></conditionalEventDefinition>"
        return f"intermediateCatchEvent {id} {condition}"

    def waiting(one: str, other: str) -> list[Finding]:
        diagram = process(
            "startEvent s", "eventBasedGateway g", event("a", one), event("b", other), "endEvent e", "endEvent e2",
            "s > g > a > e", "g > b > e2",
        )  # fmt: skip
        findings = check(diagram, rules="house", context=WORLD)
        return [each for each in findings if each.rule == "house/decision-complete"]

    (never,) = waiting('=route = "home"', '=route = "city"')
    assert 'route = "wait"' in never.message
    (both,) = waiting('=route != "city"', '=route != "wait"')
    assert 'route = "home"' in both.message
    assert {each.element for each in waiting('=route != "city"', '=route = "moon"')} == {"g", "b"}


def gateway_faults(condition: str, *questions: Question) -> list[Finding]:
    """What is said of a gateway with one condition and a default, behind a form with those questions."""
    diagram = process(
        "startEvent s",
        '<exclusiveGateway id="g" default="f1"/>',
        "endEvent e0",
        "endEvent e1",
        "s > g",
        f'<sequenceFlow id="f0" sourceRef="g" targetRef="e0"><conditionExpression>{condition}</conditionExpression>'
        "</sequenceFlow>",
        '<sequenceFlow id="f1" sourceRef="g" targetRef="e1"/>',
    )
    context = CheckContext(forms={"f": Sheet(questions)}, evaluate=WORLD.evaluate, feel_errors=WORLD.feel_errors)
    findings = check(diagram, rules="house", context=context)
    return [finding for finding in findings if finding.rule == "house/decision-complete"]


def test_a_text_that_may_stay_empty_can_also_be_there() -> None:
    assert gateway_faults("=other_case != null", Question("other_case", "text", required=False)) == []


def test_a_choice_that_another_answer_may_hide_can_still_be_made() -> None:
    options = (Choice("office"), Choice("family"))
    hidden = Question("new_guardian", "choice", options=options, hide=("=revoked != true",))

    assert gateway_faults('=new_guardian = "office"', Question("revoked", "boolean"), hidden) == []
