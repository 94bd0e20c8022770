"""The rules of the office (catalogue, 6): each is broken here once, and whoever breaks it reads which rule and why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from tests.unit.drawn import job, process, properties
from tests.unit.test_paths import ASK, CHANGES, told
from workflow_runtime import calendars, feel, profiles, reports, subjects
from workflow_runtime.decisions import read as read_decisions
from workflow_runtime.feel import government
from workflow_runtime.i18n import of_data, use_language
from workflow_runtime.procedures import Procedure, find_folder, gather

TODAY = date(2024, 8, 5)
NOW = datetime(2024, 8, 5, 2, tzinfo=UTC)


@cache
def procedure(key: str) -> Procedure:
    return Procedure.parse(gather(find_folder(key)))


def refusals(
    key: str, form: str, answers: Mapping[str, Any], file: Mapping[str, Any] | None = None
) -> dict[str, list[str]]:
    """What is said to who fills a form so, by field: the words in Chinese and those in English."""
    of = procedure(key)
    profile, calendar = profiles.shipped()["HB"], calendars.shipped("CN")

    def deadline(name: str, start: Any = None) -> datetime:
        one = profile.parameter(of.code, name, TODAY, called=of.called_codes)
        return calendars.due(start or NOW, one.value, one.unit, calendar).at

    def evaluate(text: str, context: Mapping[str, Any]) -> Any:
        return feel.evaluate(text, context, now=NOW, functions={**government.OF_DATES, "deadline": deadline})

    said: dict[str, list[str]] = {}
    for language in ("zh", "en"):
        use_language(language)
        context = {"profile": profile.values(of.code, TODAY, called=of.called_codes)}
        _values, findings = of.forms[form].validate(answers, evaluate=evaluate, today=TODAY, context=context)
        for one in findings:
            said.setdefault(str(one.element), []).append(f"{one.message} {one.remedy}")
    use_language("en")
    return said


def names(said: list[str], rule: str, source: str) -> bool:
    """Whether the Chinese and the English words name the rule and where it comes from."""
    chinese, english = said
    return (
        all(rule in one and source in one for one in said)
        and re.search(r"[一-鿿]", chinese) is not None
        and re.search(r"[一-鿿]", english) is None
    )


def path_rule(rule: str, source: str) -> None:
    """The rule of every path says itself, its source and its number in both languages."""
    [one] = [one for one in subjects.shipped()["child"].path_rules if rule in one.source]
    for language in ("zh", "en"):
        use_language(language)
        assert rule in of_data(one.source) and of_data(one.text)
        assert source in of_data(one.source)
    assert re.search(r"[一-鿿]", of_data(one.text)) is None
    use_language("en")


def test_r_03_a_registration_may_stay_and_its_reasons_are_written_down() -> None:
    said = refusals("household-registration", "stay-facts", {"harm_reason": "land_contract"})

    for field in ("harm_facts", "harm_evidence"):
        assert names(said[field], "R-03", "S001 2(1)1"), field


def test_r_03_rights_at_the_old_place_let_the_registration_stay_and_nothing_then_asks_for_d19() -> None:
    transfer = procedure("county-city-transfer")
    [table] = [content for path, content in transfer.files.items() if path.endswith("hukou_migration.dmn")]
    model = read_decisions(table)

    inputs = {one.target: False for one in transfer.main.node("decide_hukou").inputs}
    first = next(iter(inputs))
    decided = model.evaluate("hukou_migration", {**inputs, first: True}, now=NOW)

    assert "DO_NOT_MOVE" in str(decided)
    required = {code: [one.code for one in of.related if one.required] for code, of in transfer.templates.items()}
    assert [code for code, papers in required.items() if "D19" in papers] == []


def test_r_04_not_to_receive_needs_a_reason_and_stands_on_a_list_that_tells_itself() -> None:
    said = refusals("county-city-transfer", "readiness", {"ready": False, "not_ready_way": "wait"})

    assert names(said["not_ready_reason"], "R-04", "S004")
    for one in (reports.shipped()["S-02"], reports.shipped()["S-03"]):
        assert "R-04" in one.source and one.escalates == ("CAB.CITY", "CAB.PROV")


def test_r_06_a_transfer_after_the_end_of_the_programme_needs_a_reason_and_an_approval() -> None:
    said = refusals("county-city-transfer", "late-transfer", {})

    assert names(said["late_reason"], "R-06", "S004")
    assert names(said["late_approved_by"], "R-06", "S004")
    ways = {one.id: one for one in procedure("county-city-transfer").main.flows()}
    assert "programme_end" in str(ways["within_programme_to_justify_late_transfer"].condition)


@pytest.mark.parametrize("paper", ["D23", None])
def test_r_07_entrusted_care_moves_no_guardianship(paper: str | None) -> None:
    switch = (
        f"serviceTask switch “change the guardian” {job('switch_standings', CHANGES.replace('custodian', 'guardian'))}"
    )
    before = f"serviceTask paper “issue” {properties(document=paper)}" if paper else "userTask paper “decide”"
    right = f"serviceTask paper “issue” {properties(document='D15')}"

    assert told(
        "guardianship-by-agreement", process("startEvent s", before, switch, "endEvent e", "s > paper > switch > e")
    )
    assert not told(
        "guardianship-by-agreement", process("startEvent s", right, switch, "endEvent e", "s > paper > switch > e")
    )
    path_rule("R-07", "R-07")


def test_r_11_a_cent_too_much_and_a_cost_of_care_are_refused_in_the_property_statement() -> None:
    rows = [{"purpose": "care_fee", "amount": "1.00", "voucher": "1"}]
    said = refusals("child-property-handover", "property-statement", {"property_expenses": rows})

    assert names(said["purpose"], "R-11", "S004")
    rows = [{"purpose": "personal", "amount": "1.00", "voucher": "1"}]
    for wrong in ("0.99", "1.01"):
        said = refusals(
            "child-property-handover", "property-statement", {"property_expenses": rows, "property_expenditure": wrong}
        )
        assert names(said["property_expenditure"], "R-11", "S004"), wrong


@pytest.mark.parametrize(
    ("items", "books", "answer"),
    [("0.00", "0.00", "BALANCED"), ("0.01", "0.00", "ITEMS_DIFFER"), ("0.00", "-0.01", "BOOKS_DIFFER")],
)
def test_r_11_property_balances_to_the_cent(items: str, books: str, answer: str) -> None:
    [table] = [one for path, one in procedure("child-property-handover").files.items() if path.endswith(".dmn")]

    inputs = {"items_difference": Decimal(items), "book_difference": Decimal(books)}
    explained = read_decisions(table).explain("property_balance", inputs, now=NOW)

    assert answer in str(explained.value) and b"R-11" in table


def test_r_12_no_placement_without_a_plan_of_the_childs_own() -> None:
    said = refusals("child-comprehensive-assessment", "growth-plan", {"growth_goals": []})

    assert names(said["growth_goals"], "R-12", "S001 2(1)2")
    decide, plan = (
        f"serviceTask {id} “issue” {properties(document=code)}" for id, code in (("d", "D36"), ("p", "D35"))
    )
    assert told("growth-plan-before-placement", process("startEvent s", decide, "endEvent e", "s > d > e"))
    assert not told(
        "growth-plan-before-placement", process("startEvent s", plan, decide, "endEvent e", "s > p > d > e")
    )
    path_rule("R-12", "2(1)2")


def test_r_18_a_child_who_can_say_what_it_wants_is_asked() -> None:
    said = refusals("county-city-transfer", "child-interview", {"can_express": True, "wish_followed": True})

    assert names(said["wish"], "R-18", "S003 IV(2)")
    switch = f"serviceTask switch “hand over care” {job('switch_standings', CHANGES)}"
    assert told("consulted-before-move", process("startEvent s", switch, "endEvent e", "s > switch > e"))
    assert not told("consulted-before-move", process("startEvent s", ASK, switch, "endEvent e", "s > ask > switch > e"))
    path_rule("R-18", "R-18")


def test_r_20_every_handover_is_in_writing() -> None:
    said = refusals("county-city-transfer", "handover", {"sending_staff": [{"name": "覃文"}], "receiving_staff": []})

    assert names(said["sending_staff"], "R-20", "S003 IV(2)")
    assert names(said["receiving_staff"], "R-20", "S003 IV(2)")
    assert names(
        refusals("county-city-transfer", "handover-sheet-filing", {})["handover_signatures"], "R-20", "S003 IV(2)"
    )
    switch = f"serviceTask switch “hand over care” {job('switch_standings', CHANGES)}"
    assert told("written-handover", process("startEvent s", ASK, switch, "endEvent e", "s > ask > switch > e"))


def test_r_38_the_child_is_counselled_before_and_after_the_transfer() -> None:
    before = refusals("county-city-transfer", "transfer-plan", {"risk_class": "ordinary"})
    after = refusals("county-city-transfer", "adaptation-visit", {})

    assert names(before["counselling_plan"], "R-38", "S001 3(3)")
    assert names(after["adaptation"], "R-38", "S001 3(3)")


@pytest.mark.parametrize("risk", ["severe_illness", "severe_disability"])
def test_r_39_severe_illness_and_disability_are_one_case_each(risk: str) -> None:
    said = refusals("county-city-transfer", "transfer-plan", {"risk_class": risk})

    assert names(said["risk_measures"], "R-39", "S001 3(3)")
    assert names(said["medical_care_during"], "R-39", "S001 3(3)")
    agreement = f"serviceTask a “sign” {properties(document='D15')}"
    assert told("plan-before-agreement", process("startEvent s", agreement, "endEvent e", "s > a > e"))
    path_rule("R-39", "3(3)")
