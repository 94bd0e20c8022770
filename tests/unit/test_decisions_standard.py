"""Decision models against the standard: what types convert, what boxed expressions, tables and services answer."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.unit.test_decisions import DMN, decision, given, inputs, model_file, table, text
from workflow_runtime import decisions
from workflow_runtime.decisions import Model
from workflow_runtime.errors import DecisionError
from workflow_runtime.feel.operations import text_of


def item(name: str, kind: str, more: str = "", many: bool = False) -> str:
    collection = ' isCollection="true"' if many else ""
    return f'<itemDefinition name="{name}"{collection}><typeRef>{kind}</typeRef>{more}</itemDefinition>'


def boxed(tag: str, *parts: tuple[str, str], of: str = "") -> str:
    variable = f' iteratorVariable="{of}"' if of else ""
    return f"<{tag}{variable}>{''.join(f'<{name}>{text(inner)}</{name}>' for name, inner in parts)}</{tag}>"


def answer(model: Model, name: str, asked: dict[str, Any] | None = None) -> str | None:
    return text_of(model.evaluate(name, asked or {}), quoted=True)


ITEMS = (
    item("tNumbers", "number", many=True)
    + item("tMatrix", "tNumbers", many=True)
    + item("tSmall", "number", "<allowedValues><text>[0..10]</text></allowedValues>")
    + item("tConstrained", "number", "<typeConstraint><text>[0..10]</text></typeConstraint>")
    + item("tSmalls", "number", "<allowedValues><text>[0..10]</text></allowedValues>", many=True)
    + item("tFew", "number", "<typeConstraint><text>count(?) &lt; 3</text></typeConstraint>", many=True)
    + '<itemDefinition name="tPerson"><itemComponent name="name"><typeRef>string</typeRef></itemComponent>'
    '<itemComponent name="age"><typeRef>number</typeRef></itemComponent></itemDefinition>'
    '<itemDefinition name="tFunction"><functionItem outputTypeRef="number"><parameters name="a" typeRef="number"/>'
    "</functionItem></itemDefinition>"
)
TYPED = [  # expression, type of the decision, answer
    ("1", "string", "null"),
    ("[1]", "number", "1"),
    ("1", "tNumbers", "[1]"),
    ('["a", 1]', "tNumbers", "null"),
    ("[[1, 2], [3]]", "tMatrix", "[[1, 2], [3]]"),
    ('@"2020-01-01"', "date and time", "2020-01-01T00:00:00Z"),
    ('@"2020-01-01T10:00:00"', "date", "null"),
    ('{name: "a", age: 1}', "tPerson", '{name: "a", age: 1}'),
    ('{name: "a", age: 1, more: 2}', "tPerson", '{name: "a", age: 1, more: 2}'),
    ('{name: "a"}', "tPerson", "null"),
    ('{name: "a", age: "b"}', "tPerson", "null"),
    ('{name: "a", age: null}', "tPerson", '{name: "a", age: null}'),
    ('[{name: "a", age: 1}]', "tPerson", '{name: "a", age: 1}'),
    ("5", "tSmall", "5"),
    ("15", "tSmall", "null"),
    ("5", "tConstrained", "5"),
    ("15", "tConstrained", "null"),
    ("[1, 2]", "tSmalls", "[1, 2]"),
    ("[1, 20]", "tSmalls", "null"),
    ("[1, 2]", "tFew", "[1, 2]"),
    ("[1, 2, 3]", "tFew", "null"),
    ("1", "tFunction", "null"),
    ("5", "Any", "5"),
    ("5", "feel:number", "5"),
]


@pytest.mark.parametrize(("expression", "kind", "wanted"), TYPED)
def test_an_answer_is_fitted_to_its_type(expression: str, kind: str, wanted: str) -> None:
    model = decisions.read(model_file(ITEMS + decision("X", text(expression), type=kind)))

    assert answer(model, "X") == wanted


BOXED = [
    (boxed("conditional", ("if", "null"), ("then", "1"), ("else", "2")), "2"),
    (boxed("conditional", ("if", '"a"'), ("then", "1"), ("else", "2")), "2"),
    (boxed("conditional", ("if", "false"), ("then", "1")), "null"),
    (boxed("filter", ("in", "5"), ("match", "item > 1")), "[5]"),
    (boxed("filter", ("in", "null"), ("match", "item > 1")), "null"),
    (boxed("filter", ("in", "[{a: 1}, {a: 2}]"), ("match", "a = 2")), "[{a: 2}]"),
    (boxed("filter", ("in", "[1, 2]"), ("match", "null")), "[]"),
    (boxed("for", ("in", "null"), ("return", "i"), of="i"), "null"),
    (boxed("for", ("in", "5"), ("return", "i"), of="i"), "[5]"),
    (boxed("for", ("in", "1..4"), ("return", "count(partial)"), of="i"), "[0, 1, 2, 3]"),
    (boxed("for", ("in", "[1..4)"), ("return", "i"), of="i"), "[1, 2, 3]"),
    (boxed("some", ("in", "[1]"), ("satisfies", "i"), of="i"), "null"),
    (boxed("some", ("in", "[1, 2]"), ("satisfies", "i = 2"), of="i"), "true"),
    (boxed("every", ("in", "[1, 2]"), ("satisfies", "i > 0"), of="i"), "true"),
    (boxed("every", ("in", "[]"), ("satisfies", "i > 0"), of="i"), "true"),
    ("", "null"),
    (
        f'<context><contextEntry><variable name="a" typeRef="string"/>{text("1")}</contextEntry></context>',
        "{a: null}",
    ),
    (
        '<context><contextEntry><variable name="fact"/><functionDefinition><formalParameter name="n"/>'
        f"{text('if n = 0 then 1 else n * fact(n - 1)')}</functionDefinition></contextEntry>"
        f"<contextEntry>{text('fact(5)')}</contextEntry></context>",
        "120",
    ),
    (f"<invocation>{text('sum')}<binding><parameter name='list'/>{text('[1, 2]')}</binding></invocation>", "3"),
    (
        '<context><contextEntry><variable name="r"/><relation><column name="a b"/><column name="c"/>'
        f"<row>{text('1')}{text('2')}</row><row>{text('3')}{text('4')}</row></relation></contextEntry>"
        f"<contextEntry>{text('r[a b = 3].c[1]')}</contextEntry></context>",
        "4",
    ),
]


@pytest.mark.parametrize(("logic", "wanted"), BOXED)
def test_a_boxed_expression_answers_as_the_standard_says(logic: str, wanted: str) -> None:
    assert answer(decisions.read(model_file(decision("X", logic))), "X") == wanted


DURATIONS = [["> 0", '@"P1D"'], ["> 1", '@"P3D"']]
DATES = [["> 0", '@"2020-01-01"'], ["> 1", '@"2021-01-01"']]
PAIRS = [["> 0", "1", "10"], ["> 1", "2", "20"]]
COLLECTED = [  # rules, outputs, hit policy, aggregation, input, answer
    (DURATIONS, ("x",), "COLLECT", "SUM", 2, "P4D"),
    (DURATIONS, ("x",), "COLLECT", "MIN", 2, "P1D"),
    (DURATIONS, ("x",), "COLLECT", "MAX", 2, "P3D"),
    (DURATIONS, ("x",), "COLLECT", "COUNT", 2, "2"),
    (DATES, ("x",), "COLLECT", "MIN", 2, "2020-01-01"),
    (DATES, ("x",), "COLLECT", "MAX", 2, "2021-01-01"),
    (DATES, ("x",), "COLLECT", "SUM", 2, "null"),
    (PAIRS, ("x", "y"), "RULE ORDER", "", 2, "[{x: 1, y: 10}, {x: 2, y: 20}]"),
    (PAIRS, ("x", "y"), "OUTPUT ORDER", "", 2, "[{x: 1, y: 10}, {x: 2, y: 20}]"),
    (PAIRS, ("x", "y"), "COLLECT", "", 2, "[{x: 1, y: 10}, {x: 2, y: 20}]"),
    (PAIRS, ("x", "y"), "COLLECT", "SUM", 2, "{x: 3, y: 30}"),
    (PAIRS, ("x", "y"), "COLLECT", "COUNT", 2, "2"),
    (PAIRS, ("x", "y"), "FIRST", "", 2, "{x: 1, y: 10}"),
    (PAIRS, ("x", "y"), "UNIQUE", "", 1, "{x: 1, y: 10}"),
    (PAIRS, ("x", "y"), "UNIQUE", "", 0, "null"),
    (PAIRS, ("x", "y"), "COLLECT", "SUM", 0, "null"),
]


@pytest.mark.parametrize(("rules", "outputs", "policy", "aggregation", "asked", "wanted"), COLLECTED)
def test_a_hit_policy_makes_one_answer_of_many(
    rules: list[list[str]], outputs: tuple[str, ...], policy: str, aggregation: str, asked: int, wanted: str
) -> None:
    more = f' aggregation="{aggregation}"' if aggregation else ""
    drawn = table(["a"], rules, policy, outputs, more=more)
    model = decisions.read(model_file(inputs("a: Any") + decision("X", drawn, given("a: Any"))))

    assert answer(model, "X", {"a": asked}) == wanted


@pytest.mark.parametrize("policy", ["UNIQUE", "ANY"])
def test_rules_that_contradict_one_another_are_an_error(policy: str) -> None:
    drawn = table(["a"], PAIRS, policy, ("x", "y"))
    model = decisions.read(model_file(inputs("a: Any") + decision("X", drawn, given("a: Any"))))

    with pytest.raises(DecisionError):
        model.evaluate("X", {"a": 2})


CELLS = [  # test, input, whether it passes
    ('list contains(?, "x")', ["x"], True),
    ('["x", "y"]', ["x", "y"], True),
    ('"x"', ["x"], False),
    ("null", None, True),
    ("not(null)", None, False),
    ("? > 5 and ? < 10", 7, True),
    ("[1, 2, 3][item > 1]", 3, True),
    ('not("a", "b")', "c", True),
    ('< date("2020-01-01")', dt.date(2019, 5, 1), True),
    ('[date("2020-01-01")..date("2021-01-01")]', dt.date(2020, 5, 1), True),
    ('< @"P1D"', dt.timedelta(hours=2), True),
    ("-", None, True),
]


@pytest.mark.parametrize(("cell", "asked", "passes"), CELLS)
def test_a_cell_looks_at_every_kind_of_value(cell: str, asked: Any, passes: bool) -> None:
    drawn = table(["a"], [[cell, "true"], ["-", "false"]], "FIRST")
    model = decisions.read(model_file(inputs("a: Any") + decision("X", drawn, given("a: Any"))))

    assert model.evaluate("X", {"a": asked}) is passes


def test_functions_decisions_services_and_types_are_imported_through_files() -> None:
    function = (
        '<businessKnowledgeModel id="k" name="f"><variable name="f"/><encapsulatedLogic>'
        f'<formalParameter name="n" typeRef="number"/>{text("n * 2")}</encapsulatedLogic></businessKnowledgeModel>'
    )
    service = (
        '<decisionService id="s" name="svc"><variable name="svc"/><outputDecision href="#d_A"/>'
        '<inputData href="#i_x"/></decisionService>'
    )
    letters = item("tLetter", "string", '<allowedValues><text>"a","b"</text></allowedValues>')
    base = decision("A", text("x + 1"), given("x: number"))
    low = model_file(letters + function + inputs("x: number") + base + service, namespace="low")
    needs = '<knowledgeRequirement><requiredKnowledge href="low#{}"/></knowledgeRequirement>'
    uses = '<informationRequirement><requiredDecision href="{}"/></informationRequirement>'
    middle = model_file(
        f'<import name="low" namespace="low" importType="{DMN}"/>'
        + decision("M", text("low.f(3) + low.A"), needs.format("k") + uses.format("low#d_A")),
        namespace="middle",
    )
    top = model_file(
        f'<import name="the middle" namespace="middle" importType="{DMN}"/>'
        f'<import name="lo-w" namespace="low" importType="{DMN}"/>'
        + decision("Far", text("the middle.M * 10"), uses.format("middle#d_M"))
        + decision("Function", text("lo-w.f(4)"), needs.format("k"))
        + decision("Service", text("lo-w.svc(x: 4)"), needs.format("s"))
        + decision("Wrong", text('"c"'), type="lo-w.tLetter")
        + decision("Right", text('"a"'), type="lo-w.tLetter")
    )
    model = decisions.read(top, imports={"one": middle, "two": low})

    found = {name: answer(model, name, {"x": 1}) for name in ("Far", "Function", "Service", "Wrong", "Right")}

    assert found == {"Far": "80", "Function": "8", "Service": "5", "Wrong": "null", "Right": '"a"'}
    assert model.check() == []
