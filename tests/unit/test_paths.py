"""Rules about every path, as the subject file says them: each drawing is a story that must never be lived."""

from __future__ import annotations

import pytest

from tests.unit.drawn import HEAD, TIMER, border, inside, job, process, properties, sub
from workflow_runtime import subjects
from workflow_runtime.diagram import Diagram, read
from workflow_runtime.diagram.paths import BrokenPath, broken, way_to
from workflow_runtime.procedures import find_folder

RULES = {rule.id: rule for rule in subjects.shipped()["child"].path_rules}
CHANGES = '=[{kind: "custodian", party: x}]'
SWITCH = f"serviceTask switch “hand over care” {job('switch_standings', CHANGES)}"
SHEET = f"serviceTask sheet “issue the handover sheet” {properties(document='D16')}"
ASK = (
    '<callActivity id="ask" name="ask the child"><extensionElements>'
    '<zeebe:calledElement processId="consult-child"/></extensionElements></callActivity>'
)
PAY = f"userTask pay “pay” {properties(act='payment')}"
TREAT = f"userTask treat “treat” {properties(act='treatment')}"
PLACE = f"userTask place “place the child” {properties(act='placement')}"
PAPER = f"userTask paper “wait for the certificate” {properties(receives='D17')}"


def told(rule: str, diagram: Diagram, **processes: Diagram) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.element, one.told) for one in paths(rule, diagram, **processes)]


def paths(rule: str, diagram: Diagram, **processes: Diagram) -> list[BrokenPath]:
    return list(broken(diagram, "p", RULES[rule], processes, 20_000))


def test_no_treatment_waits_for_a_payment() -> None:
    wrong = process("startEvent s", PAY, TREAT, "endEvent e", "s > pay > treat > e")
    right = process(
        "startEvent s", "parallelGateway f", "parallelGateway j", PAY, TREAT, "endEvent e",
        "s > f > pay > j > e", "f > treat > j",
    )  # fmt: skip

    assert told("treatment-before-payment", wrong) == [("treat", ("pay", "treat"))]
    assert told("treatment-before-payment", right) == []


def test_no_placement_waits_for_a_paper_also_inside_a_sub_process() -> None:
    wrong = process(
        "startEvent s",
        sub("prepare", "startEvent is", PAPER, PLACE, "endEvent ie", "is > paper > place > ie"),
        "endEvent e",
        "s > prepare > e",
    )

    assert told("safety-before-paper", wrong) == [("place", ("wait for the certificate", "place the child"))]


def test_the_emergency_response_could_not_be_drawn_so_that_a_child_waits_for_a_paper() -> None:
    key = "emergency-response-handover"
    as_shipped = (find_folder(key) / f"{key}.bpmn").read_bytes()
    deadline = b'<zeebe:property name="xb:deadline" value="assign_place"/>'
    waiting = as_shipped.replace(deadline, deadline + b'<zeebe:property name="xb:receives" value="D06"/>')
    rule = RULES["safety-before-paper"]

    refused = {one.element: one.told for one in broken(read(waiting), key, rule, {}, 20_000)}

    assert "安排照料机构" in refused["receive_child"] and refused["receive_child"][-1] == "接收儿童"
    assert list(broken(read(as_shipped), key, rule, {}, 20_000)) == []


def test_the_child_is_asked_before_any_move() -> None:
    wrong = process(
        "startEvent s", "exclusiveGateway x", ASK, "exclusiveGateway y", SWITCH, "endEvent e",
        "s > x > ask > y > switch > e", "x > y",
    )  # fmt: skip
    right = process("startEvent s", ASK, SWITCH, "endEvent e", "s > ask > switch > e")

    assert told("consulted-before-move", wrong) == [("switch", ("s", "x [x_y]", "hand over care"))]
    assert told("consulted-before-move", right) == []


def test_a_move_that_a_signal_begins_needs_its_own_consultation() -> None:
    reaction = sub(
        "react", "startEvent rs <signalEventDefinition/>", SWITCH, "endEvent re", "rs > switch > re",
        attributes='triggeredByEvent="true"',
    )  # fmt: skip
    diagram = process("startEvent s", ASK, "endEvent e", "s > ask > e", reaction)

    assert [element for element, _story in told("consulted-before-move", diagram)] == ["switch"]


def test_asking_and_moving_inside_one_sub_process_in_the_right_order_is_right() -> None:
    def drawn(*order: str) -> Diagram:
        held = sub("both", "startEvent is", ASK, SWITCH, "endEvent ie", " > ".join(("is", *order, "ie")))
        return process("startEvent s", held, "endEvent e", "s > both > e")

    assert told("consulted-before-move", drawn("ask", "switch")) == []
    assert [element for element, _story in told("consulted-before-move", drawn("switch", "ask"))] == ["switch"]


@pytest.mark.parametrize(
    ("lines", "story"),
    [
        (("s > sheet > switch > e",), None),
        (("exclusiveGateway x", "exclusiveGateway y", "s > sheet > x > y > switch > e", "x > y"), None),
        (("parallelGateway f", "userTask t", "endEvent e2", "s > sheet > f > switch > e", "f > t > e2"), None),
        (("userTask t", "s > sheet > t > switch > e"), ("issue the handover sheet", "t")),
        (("exclusiveGateway x", "s > sheet > x > switch > e", "x > e"), ("issue the handover sheet", "x", "e")),
        ((f"intermediateCatchEvent c {TIMER}", "s > sheet > c > switch > e"), ("issue the handover sheet", "c")),
        (("s > switch > sheet > e",), ("issue the handover sheet", "e")),
    ],
)  # fmt: skip
def test_a_child_has_a_custodian_at_every_moment(lines: tuple[str, ...], story: tuple[str, ...] | None) -> None:
    diagram = process("startEvent s", SHEET, SWITCH, "endEvent e", *lines)

    assert told("custodian-at-every-moment", diagram) == ([("sheet", story)] if story else [])


def test_the_moment_of_handing_over_is_followed_out_of_a_sub_process_and_into_a_called_one() -> None:
    def called(*order: str) -> Diagram:
        lines = ("startEvent is", SWITCH, "userTask it", "endEvent ie", " > ".join(("is", *order, "ie")))
        return read(f'{HEAD}<process id="care" isExecutable="true">{inside(*lines)}</process></definitions>'.encode())

    diagram = process(
        "startEvent s",
        sub("leave", "startEvent ls", SHEET, "endEvent le", "ls > sheet > le"),
        '<callActivity id="go"><extensionElements><zeebe:calledElement processId="care"/></extensionElements>'
        "</callActivity>",
        "endEvent e",
        "s > leave > go > e",
    )

    assert told("custodian-at-every-moment", diagram, care=called("switch", "it")) == []
    assert told("custodian-at-every-moment", diagram, care=called("it", "switch")) == [
        ("sheet", ("issue the handover sheet", "le", "go", "it"))
    ]


def test_what_has_too_many_states_is_not_decided_and_says_so() -> None:
    branches = [f"userTask t{n}" for n in range(12)]
    flows = [f"f > t{n} > j" for n in range(12)]
    diagram = process(
        "startEvent s", "parallelGateway f", *branches, "parallelGateway j", ASK, SWITCH, "endEvent e",
        "s > f", *flows, "j > ask > switch > e",
    )  # fmt: skip

    (undecided,) = broken(diagram, "p", RULES["consulted-before-move"], {}, 100)

    assert not undecided.decided


def test_the_way_to_a_step_is_the_shortest_as_drawn() -> None:
    diagram = process(
        "startEvent s", "exclusiveGateway x", "userTask a", "userTask b", border("late", "a", TIMER), "endEvent e",
        "s > x > a > b > e", "x > a", "late > b",
    )  # fmt: skip

    assert [node.id for node in way_to(diagram, diagram.node("b"))] == ["s", "x", "a", "b"]
