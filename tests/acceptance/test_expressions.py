"""A mistake in an expression is shown with the fragment underlined: the same in a check, a trial and a deployment."""

from __future__ import annotations

import json

import pytest

from .conftest import Desk

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"
TABLE = f"""<definitions xmlns="{DMN}" id="fees" name="fees" namespace="fees"><decision id="fee" name="费用档次">
<decisionTable><input label="金额"><inputExpression typeRef="number"><text>amount</text></inputExpression></input>
<input label="城市"><inputExpression typeRef="string"><text>city</text></inputExpression></input>
<output name="level" typeRef="string"/>
<rule><inputEntry><text>&lt; 100</text></inputEntry><inputEntry><text>"江川"</text></inputEntry>
<outputEntry><text>"低"</text></outputEntry></rule>
<rule><inputEntry><text>&gt;= 100</text></inputEntry><inputEntry><text>"江川"，"青溪"</text></inputEntry>
<outputEntry><text>"高"</text></outputEntry></rule></decisionTable></decision></definitions>"""
UNDERLINED = '      "江川"，"青溪"\n            ^~\n'
SAID = {"zh": "“，”是全角字符，请改用半角“,”", "en": "“，” is a full-width character; write “,”"}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("command", [("procedure", "check"), ("decision", "test")])
def test_a_mistake_in_a_table_is_underlined(empty: Desk, command: tuple[str, str], language: str) -> None:
    empty.write("fee.dmn", TABLE)

    answer = empty(*command, "fee.dmn", XIEBAN_LANG=language, COLUMNS="200")

    assert answer.code == 2
    assert UNDERLINED in answer.out + answer.err
    assert SAID[language] in answer.out + answer.err
    assert "\x1b" not in answer.out + answer.err


def test_a_mistake_in_a_form_is_underlined(empty: Desk) -> None:
    hidden = {"type": "textfield", "key": "why", "label": "原因", "conditional": {"hide": "=pages > （5"}}
    empty.write("fee.form", json.dumps({"type": "default", "id": "fee", "schemaVersion": 16, "components": [hidden]}))

    answer = empty("procedure", "check", "fee.form")

    assert answer.code == 2
    assert "      pages > （5\n              ^~\n" in answer.out


def test_a_mistake_in_a_diagram_is_underlined_when_it_is_deployed(office: Desk) -> None:
    folder = office.folder / "fee-notice"
    folder.mkdir()
    (folder / "fee-notice.bpmn").write_text(
        f"""<definitions xmlns="{BPMN}" id="d" targetNamespace="t"><process id="fee-notice" isExecutable="true">
        <startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="g"/><exclusiveGateway id="g" default="n"/>
        <sequenceFlow id="y" sourceRef="g" targetRef="e"><conditionExpression>=金额 &gt; (5 ）</conditionExpression>
        </sequenceFlow><sequenceFlow id="n" sourceRef="g" targetRef="e"/><endEvent id="e"/></process></definitions>""",
        "utf-8",
    )

    answer = office("--as", "he-yun", "procedure", "deploy", folder, "--json")

    shown = {finding["excerpt"] for finding in json.loads(answer.err)["error"]["findings"]}
    assert answer.code == 2
    assert "金额 > (5 ）\n          ^~" in shown


def test_values_on_the_command_line_are_read_as_the_table_needs_them(empty: Desk) -> None:
    empty.write("fee.dmn", TABLE.replace("，", ","))

    read = empty("decision", "test", "fee.dmn", "--set", "amount=250", "--set", "city=青溪", "--json")
    refused = empty("decision", "test", "fee.dmn", "--set", "amount=many", "--set", "city=青溪")
    strange = empty("decision", "test", "fee.dmn", "--set", "amount=250", "--set", "ctiy=青溪")

    assert json.loads(read.out)["value"] == "高"
    assert (refused.code, "number" in refused.err) == (2, True)
    assert "does not read ctiy" in strange.out


def test_a_table_without_values_answers_the_examples_beside_it(empty: Desk) -> None:
    empty.write("fee.dmn", TABLE.replace("，", ","))
    good = "- {case: 低档, given: {amount: 5, city: 江川}, expect: 低, rules: [1]}\n"

    empty.write("fee.examples.yaml", good)
    answered = empty("decision", "test", "fee.dmn")
    empty.write("fee.examples.yaml", good + "- {case: 高档, given: {amount: 500, city: 江川}, expect: 低}\n")
    other = empty("decision", "test", "fee.dmn")

    assert (answered.code, "✓ 低档" in answered.out) == (0, True)
    assert (other.code, "✖ 高档" in other.out, "rule 2 ✓ matched" in other.out) == (1, True, True)
