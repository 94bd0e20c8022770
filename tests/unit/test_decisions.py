"""Decision models: tables with every hit policy, boxed expressions, services, imports; and what is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest

from workflow_runtime import decisions, i18n
from workflow_runtime.decisions import DecisionError
from workflow_runtime.errors import DecisionFileError

DMN = "https://www.omg.org/spec/DMN/20230324/MODEL/"


def model_file(body: str, namespace: str = "office", **attributes: str) -> bytes:
    extra = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    return (
        f'<definitions xmlns="{DMN}" namespace="{namespace}" name="office" id="o"{extra}>{body}</definitions>'.encode()
    )


def decision(name: str, logic: str, requires: str = "", type: str | None = None) -> str:
    kind = f' typeRef="{type}"' if type else ""
    return f'<decision id="d_{name}" name="{name}"><variable name="{name}"{kind}/>{requires}{logic}</decision>'


def text(expression: str) -> str:
    return f"<literalExpression><text>{escape(expression)}</text></literalExpression>"


def given(*inputs: str) -> str:
    """Input data, written `name: type`, and the requirements that point to it."""
    return "".join(
        f'<informationRequirement><requiredInput href="#i_{name}"/></informationRequirement>'
        for name in (pair.split(":")[0] for pair in inputs)
    )


def inputs(*pairs: str) -> str:
    found = [(name, kind.strip()) for name, _, kind in (pair.partition(":") for pair in pairs)]
    return "".join(
        f'<inputData id="i_{name}" name="{name}"><variable name="{name}" typeRef="{kind}"/></inputData>'
        for name, kind in found
    )


def table(
    columns: Sequence[str],
    rules: Sequence[Sequence[str]],
    policy: str = "UNIQUE",
    outputs: Sequence[str] = ("out",),
    values: str = "",
    default: str = "",
    more: str = "",
) -> str:
    parts = [f'<decisionTable hitPolicy="{policy}"{more}>']
    parts += [f"<input><inputExpression><text>{escape(column)}</text></inputExpression></input>" for column in columns]
    for output in outputs:
        listed = f"<outputValues><text>{escape(values)}</text></outputValues>" if values else ""
        otherwise = f"<defaultOutputEntry><text>{escape(default)}</text></defaultOutputEntry>" if default else ""
        parts.append(f'<output name="{output}">{listed}{otherwise}</output>')
    for rule in rules:
        cells = [f"<inputEntry><text>{escape(cell)}</text></inputEntry>" for cell in rule[: len(columns)]]
        cells += [f"<outputEntry><text>{escape(cell)}</text></outputEntry>" for cell in rule[len(columns) :]]
        parts.append(f"<rule>{''.join(cells)}</rule>")
    return "".join([*parts, "</decisionTable>"])


def fee(logic: str) -> decisions.Model:
    pairs = ("amount: number", "kind: string")
    return decisions.read(model_file(inputs(*pairs) + decision("Fee", logic, given(*pairs))))


def ask(model: decisions.Model, amount: Any, kind: Any = None) -> Any:
    return model.evaluate("Fee", {"amount": amount, "kind": kind})


STEPS = [["< 10", '"low"'], ["[5..20]", '"middle"'], ["> 15", '"high"']]
RANKED = '"high", "middle", "low"'


@pytest.mark.parametrize(
    ("policy", "more", "amount", "answer"),
    [
        ("FIRST", "", 7, "low"),
        ("PRIORITY", "", 7, "middle"),
        ("PRIORITY", "", 17, "high"),
        ("RULE ORDER", "", 7, ["low", "middle"]),
        ("OUTPUT ORDER", "", 7, ["middle", "low"]),
        ("COLLECT", "", 17, ["middle", "high"]),
        ("COLLECT", ' aggregation="COUNT"', 17, Decimal(2)),
        ("COLLECT", ' aggregation="MIN"', 17, "high"),
        ("COLLECT", ' aggregation="MAX"', 17, "middle"),
        ("UNIQUE", "", 3, "low"),
        ("UNIQUE", "", 30, "high"),
    ],
)
def test_a_hit_policy_says_which_rules_answer(policy: str, more: str, amount: int, answer: Any) -> None:
    model = fee(table(["amount"], STEPS, policy, values=RANKED, more=more))

    assert ask(model, amount) == answer


def test_sums_are_collected() -> None:
    model = fee(table(["amount"], [["> 1", "10"], ["> 2", "20.5"]], "COLLECT", more=' aggregation="SUM"'))

    assert ask(model, 3) == Decimal("30.5")
    assert ask(model, 0) is None


def test_two_rules_of_a_unique_table_are_an_error_that_names_them() -> None:
    model = fee(table(["amount"], STEPS))

    with pytest.raises(DecisionError) as contradiction:
        ask(model, 7)

    assert contradiction.value.rules == (1, 2)
    assert "Fee" in str(contradiction.value)


def test_rules_of_an_any_table_have_to_agree() -> None:
    agreed = fee(table(["amount"], [["< 10", "1"], ["< 20", "1.0"]], "ANY"))
    divided = fee(table(["amount"], [["< 10", "1"], ["< 20", "2"]], "ANY"))

    assert ask(agreed, 7) == 1
    with pytest.raises(DecisionError) as contradiction:
        ask(divided, 7)
    assert contradiction.value.rules == (1, 2)


def test_no_match_is_null_or_the_default() -> None:
    assert ask(fee(table(["amount"], [["< 0", '"x"']])), 5) is None
    assert ask(fee(table(["amount"], [["< 0", '"x"']], default='"none"')), 5) == "none"


def test_several_outputs_are_one_context() -> None:
    model = fee(table(["amount", "kind"], [["> 0", '"a", "b"', "1", "2"]], outputs=["one", "two"]))

    assert ask(model, 5, "b") == {"one": 1, "two": 2}


def test_a_table_drawn_without_inputs_sees_what_is_handed_in() -> None:
    """Editors make such tables by default."""
    model = decisions.read(model_file(decision("Fee", table(["amount"], [["> 1", '"yes"'], ["-", '"no"']], "FIRST"))))

    assert ask(model, 2) == "yes"
    assert model.explain("Fee", {"amount": 2}).inputs == {"amount": 2}


def test_a_decision_sees_its_requirements_and_nothing_else() -> None:
    pairs = ("amount: number", "kind: string")
    body = inputs(*pairs) + decision("Fee", text("if kind = null then amount else 0"), given("amount: number"))
    model = decisions.read(model_file(body))

    assert ask(model, 5, "x") == 5


def test_decisions_are_asked_in_the_order_they_need() -> None:
    requires = '<informationRequirement><requiredDecision href="#d_Base"/></informationRequirement>'
    body = inputs("amount: number") + decision("Base", text("amount * 2"), given("amount: number"))
    model = decisions.read(model_file(body + decision("Total", text("Base + 1"), requires)))

    assert model.evaluate("Total", {"amount": 4}) == 9
    assert model.evaluate("d_Base", {"amount": 4}) == 8
    assert model.decisions == {"d_Base": "Base", "d_Total": "Total"}


def test_boxed_expressions_of_every_kind() -> None:
    context = (
        "<context>"
        f'<contextEntry><variable name="base"/>{text("10")}</contextEntry>'
        '<contextEntry><variable name="twice"/><functionDefinition><formalParameter name="n" typeRef="number"/>'
        f"{text('n * 2')}</functionDefinition></contextEntry>"
        f"<contextEntry><invocation>{text('twice')}<binding><parameter name='n'/>{text('base')}</binding></invocation>"
        "</contextEntry></context>"
    )
    relation = (
        '<relation><column name="a"/><column name="b"/>'
        f"<row>{text('1')}{text('2')}</row><row>{text('3')}{text('4')}</row></relation>"
    )
    asked = {
        "Context": (context, Decimal(20)),
        "Relation": (relation, [{"a": 1, "b": 2}, {"a": 3, "b": 4}]),
        "List": (f"<list>{text('1')}{text('2')}</list>", [1, 2]),
        "Conditional": (
            f"<conditional><if>{text('true')}</if><then>{text('1')}</then><else>{text('2')}</else></conditional>",
            1,
        ),
        "Filter": (f"<filter><in>{text('[1,2,3]')}</in><match>{text('item > 1')}</match></filter>", [2, 3]),
        "For": (f'<for iteratorVariable="i"><in>{text("1..3")}</in><return>{text("i * i")}</return></for>', [1, 4, 9]),
        "Some": (
            f'<some iteratorVariable="i"><in>{text("[1,2]")}</in><satisfies>{text("i > 1")}</satisfies></some>',
            True,
        ),
        "Every": (
            f'<every iteratorVariable="i"><in>{text("[1,2]")}</in><satisfies>{text("i > 1")}</satisfies></every>',
            False,
        ),
    }
    model = decisions.read(model_file("".join(decision(name, logic) for name, (logic, _answer) in asked.items())))

    assert {name: model.evaluate(name, {}) for name in asked} == {name: answer for name, (_, answer) in asked.items()}


def test_knowledge_models_and_services_are_functions() -> None:
    body = (
        '<businessKnowledgeModel id="k" name="pay of"><variable name="pay of"/><encapsulatedLogic>'
        '<formalParameter name="grade" typeRef="number"/>'
        f"{text('grade * 1000')}</encapsulatedLogic></businessKnowledgeModel>"
        + inputs("grade: number")
        + decision(
            "Pay",
            text("pay of(grade: grade)"),
            given("grade: number") + '<knowledgeRequirement><requiredKnowledge href="#k"/></knowledgeRequirement>',
        )
        + '<decisionService id="s" name="Pay service"><variable name="Pay service"/>'
        '<outputDecision href="#d_Pay"/><inputData href="#i_grade"/></decisionService>'
        + decision(
            "Double",
            text("Pay service(3) * 2"),
            '<knowledgeRequirement><requiredKnowledge href="#s"/></knowledgeRequirement>',
        )
    )
    model = decisions.read(model_file(body))

    assert model.evaluate("Pay", {"grade": 2}) == 2000
    assert model.evaluate("Pay service", {"grade": 5}) == 5000
    assert model.evaluate("pay of", {"grade": 1}) == 1000
    assert model.evaluate("Double", {}) == 6000


def test_a_knowledge_model_may_call_itself() -> None:
    body = (
        '<businessKnowledgeModel id="k" name="factorial"><variable name="factorial"/><encapsulatedLogic>'
        '<formalParameter name="n" typeRef="number"/>'
        f"{text('if n = 0 then 1 else n * factorial(n - 1)')}</encapsulatedLogic>"
        '<knowledgeRequirement><requiredKnowledge href="#k"/></knowledgeRequirement></businessKnowledgeModel>'
    )

    assert decisions.read(model_file(body)).evaluate("factorial", {"n": 5}) == 120


def test_item_definitions_convert_or_refuse() -> None:
    items = (
        '<itemDefinition name="tCity"><typeRef>string</typeRef>'
        '<allowedValues><text>"江川", "云河"</text></allowedValues></itemDefinition>'
        '<itemDefinition name="tCities" isCollection="true"><typeRef>tCity</typeRef></itemDefinition>'
        '<itemDefinition name="tPerson"><itemComponent name="name"><typeRef>string</typeRef></itemComponent>'
        '<itemComponent name="city"><typeRef>tCity</typeRef></itemComponent></itemDefinition>'
    )
    body = items + inputs("person: tPerson", "cities: tCities")
    body += decision("City", text("person.city"), given("person: tPerson"), "tCity")
    body += decision("Count", text("count(cities)"), given("cities: tCities"))
    body += decision("Wrong", text('"5"'), type="number")
    model = decisions.read(model_file(body))

    assert model.evaluate("City", {"person": {"name": "甲", "city": "江川"}}) == "江川"
    assert model.evaluate("City", {"person": {"name": "甲", "city": "海城"}}) is None
    assert model.evaluate("City", {"person": {"name": "甲"}}) is None
    assert model.evaluate("Count", {"cities": "江川"}) == 1
    assert model.evaluate("Wrong", {}) is None


def test_models_import_one_another_by_namespace() -> None:
    shared = model_file(
        '<itemDefinition name="tCity"><typeRef>string</typeRef></itemDefinition>'
        + inputs("amount: number")
        + decision("Base", text("amount * 2"), given("amount: number")),
        namespace="shared",
    )
    requires = '<informationRequirement><requiredDecision href="shared#d_Base"/></informationRequirement>'
    imports = f'<import name="sh" namespace="shared" importType="{DMN}"/>'
    model = decisions.read(
        model_file(imports + decision("Total", text("sh.Base + 1"), requires)), imports={"x": shared}
    )

    assert model.evaluate("Total", {"amount": 4}) == 9
    assert model.evaluate("Total", {"sh": {"amount": 5}}) == 11


def test_an_explanation_names_every_rule_and_input_in_both_languages() -> None:
    model = fee(table(["amount", "kind"], [["< 10", '"a"', '"low"'], ["-", '"b"', '"b"']]))

    why = model.explain("Fee", {"amount": 5, "kind": "a"})

    assert why.value == "low"
    assert why.hits == (1,)
    assert [[cell.matched for cell in rule.cells] for rule in why.tables[0].rules] == [[True, True], [True, False]]
    assert "规则 1 ✓ 命中" in why.text("zh")
    assert "rule 2 ✗ not matched" in why.text("en")
    assert why.record() == {
        "sha256": model.sha256,
        "decision": "d_Fee",
        "inputs": {"amount": "5", "kind": '"a"'},
        "rules": {"Fee": [1]},
        "value": '"low"',
    }


def test_a_record_names_the_file_that_answered() -> None:
    files = [fee(table(["amount"], [["-", f'"{answer}"']])) for answer in ("low", "high")]

    low, high = (model.explain("Fee", {"amount": 1}).record() for model in files)

    assert (low["sha256"], high["sha256"]) == (files[0].sha256, files[1].sha256)
    assert low["sha256"] != high["sha256"]
    assert {"decision", "inputs", "rules", "value"} <= low.keys()


def test_an_explanation_tells_a_contradiction_instead_of_raising_it() -> None:
    why = fee(table(["amount"], STEPS)).explain("Fee", {"amount": 7})

    assert why.error is not None
    assert why.tables[0].hits == (1, 2)


def test_the_clock_of_a_decision_is_handed_in() -> None:
    model = decisions.read(model_file(decision("Today", text("today()"))))

    assert model.evaluate("Today", {}, now=dt.datetime(2024, 5, 1, tzinfo=dt.UTC)) == dt.date(2024, 5, 1)


def test_an_unknown_decision_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(DecisionError, match="Fee"):
        fee(table(["amount"], STEPS)).evaluate("Fees", {})


REFUSED = {
    "a document type": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + model_file(""),
    "no XML": b"decision table",
    "another XML": b"<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'/>",
    "an encoding with zero bytes": model_file("").decode().encode("utf-16"),
    "too deep": model_file("<context>" * 300 + "</context>" * 300),
    "a strange hit policy": model_file(decision("Fee", table(["a"], [["1", "2"]], "COLLECT;DROP"))),
    "too many rules": model_file(decision("Fee", table(["a"], [["1", "2"]] * 20_000))),
    "a foreign cell": model_file(decision("Fee", table(["a"], [["? > open('/etc/passwd')", "2"]]))),
    "a crooked rule": model_file(decision("Fee", table(["a"], [["1"]]))),
    "another language": model_file(decision("Fee", text("1").replace("<text", '<text expressionLanguage="juel"', 1))),
    "one id twice": model_file(decision("Fee", text("1")) * 2),
}


@pytest.mark.parametrize("source", REFUSED.values(), ids=REFUSED.keys())
def test_a_file_in_bad_faith_is_refused(source: bytes) -> None:
    with pytest.raises(DecisionFileError) as refused:
        decisions.read(source)

    assert refused.value.findings


def test_a_foreign_cell_is_named() -> None:
    i18n.use_language("en")
    try:
        with pytest.raises(DecisionFileError) as refused:
            decisions.read(REFUSED["a foreign cell"])
    finally:
        i18n.use_language("zh")

    assert "“Fee”, rule 1, input a" in refused.value.findings[0].message


def test_a_decision_that_costs_too_much_is_an_error() -> None:
    model = decisions.read(model_file(decision("Fee", text("some a in 1..1000000 satisfies a < 0"))))

    with pytest.raises(DecisionError, match="Fee"):
        model.evaluate("Fee", {})


def test_decisions_that_go_in_circles_end() -> None:
    def needs(name: str) -> str:
        return f'<informationRequirement><requiredDecision href="#d_{name}"/></informationRequirement>'

    model = decisions.read(model_file(decision("A", text("B"), needs("B")) + decision("B", text("A"), needs("A"))))

    assert model.evaluate("A", {}) is None
    assert "dmn-circle" in {finding.rule for finding in model.check()}
