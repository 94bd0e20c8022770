"""Whoever reads English reads no Chinese of the procedures; a string without its English is found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from workflow_runtime import calendars, decisions, profiles, subjects
from workflow_runtime.i18n import language, of_data, use_language
from workflow_runtime.locale import build

ROOT = Path(__file__).resolve().parents[2]
CHINESE = re.compile(r"[\u4e00-\u9fff]+")
TABLE = ROOT / "bpmn" / "county-city-transfer" / "hukou_migration.dmn"
NEW = "从来没有说过的话"  #: what no catalogue knows
BPMN = 'xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"'
DMN = 'xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"'

#: a place where a person reads: the file, and what it says there
PLACES = {
    "bpmn/a/name.bpmn": f'<definitions {BPMN}><task name="{NEW}"/></definitions>',
    "bpmn/a/documentation.bpmn": f"<definitions {BPMN}><documentation>{NEW}</documentation></definitions>",
    "bpmn/a/annotation.bpmn": f"<definitions {BPMN}><textAnnotation><text>{NEW}</text></textAnnotation></definitions>",
    "bpmn/a/milestone.bpmn": f'<definitions {BPMN}><zeebe:property name="xb:milestone" value="{NEW}"/></definitions>',
    "bpmn/a/clause.bpmn": f'<definitions {BPMN}><zeebe:property name="xb:clause" value="{NEW}"/></definitions>',
    "bpmn/a/name.dmn": f'<definitions {DMN}><decision name="{NEW}"/></definitions>',
    "bpmn/a/label.dmn": f'<definitions {DMN}><input label="{NEW}"/></definitions>',
    "bpmn/a/description.dmn": f"<definitions {DMN}><description>{NEW}</description></definitions>",
    "bpmn/a/remark.dmn": f"<definitions {DMN}><annotationEntry><text>{NEW}</text></annotationEntry></definitions>",
    "bpmn/a/answer.dmn": f'<definitions {DMN}><outputEntry><text>"{NEW}"</text></outputEntry></definitions>',
    "bpmn/a/heading.form": f'{{"components": [{{"type": "text", "text": "# 姓名\\n{NEW}"}}]}}',
    "bpmn/a/label.form": f'{{"components": [{{"components": [{{"label": "{NEW}"}}]}}]}}',
    "bpmn/a/hint.form": f'{{"components": [{{"description": "{NEW}"}}]}}',
    "bpmn/a/date.form": f'{{"components": [{{"dateLabel": "{NEW}"}}]}}',
    "bpmn/a/time.form": f'{{"components": [{{"timeLabel": "{NEW}"}}]}}',
    "bpmn/a/option.form": f'{{"components": [{{"values": [{{"label": "{NEW}", "value": "a"}}]}}]}}',
    "bpmn/a/rule.form": f'{{"components": [{{"properties": {{"rule": "{NEW}"}}}}]}}',
    "bpmn/a/source.form": f'{{"components": [{{"properties": {{"source": "{NEW}"}}}}]}}',
    "bpmn/a/scenarios/a.yaml": f"title: {NEW}\n",
    "bpmn/a/a.examples.yaml": f"- case: {NEW}\n",
    "bpmn/profiles/reason.yaml": f"procedures: [{{code: P01, state: off, reason: {NEW}}}]\n",
    "bpmn/profiles/note.yaml": f"parameters: [{{name: a, note: {NEW}}}]\n",
    "bpmn/profiles/value.yaml": f"parameters: [{{name: a, value: [{NEW}]}}]\n",
    "bpmn/profiles/clause.yaml": f"parameters: [{{name: a, suspension: {{section: {NEW}}}}}]\n",
    "bpmn/subjects/signal.yaml": f"signals: [{{title: {NEW}}}]\n",
    "bpmn/subjects/reaction.yaml": f"signals: [{{title: 姓名, reactions: [{{text: {NEW}}}]}}]\n",
    "bpmn/subjects/rule.yaml": f"path_rules: [{{source: {NEW}}}]\n",
    "bpmn/subjects/occasion.yaml": f"occasions: [{{title: {NEW}}}]\n",
    "bpmn/calendars/a.yaml": f"source: {NEW}\n",
    "bpmn/calendars/day.yaml": f"days: [{{name: {NEW}}}]\n",
    "bpmn/reports/text.yaml": f"reports: [{{text: {NEW}}}]\n",
    "bpmn/reports/answer.yaml": f"reports: [{{columns: [{{value: 'if a then \"{NEW}\" else b'}}]}}]\n",
    "bpmn/documents.yaml": f"documents: {{D99: {{title: {NEW}}}}}\n",
    "templates/D99/draft.form": f'{{"components": [{{"label": "{NEW}"}}]}}',
    "templates/D99/document.yaml": f"title: 姓名\nparties: [{{role: {NEW}}}]\n",
}


@pytest.fixture
def in_english() -> Iterator[None]:
    before = language()
    use_language("en")
    yield
    use_language(before)


def test_a_string_without_its_english_is_found_wherever_it_is_said(tmp_path: Path) -> None:
    for name, content in PLACES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")

    found = build.missing(tmp_path)

    assert sorted(found) == sorted(f"{name}: no English for {NEW!r}" for name in PLACES)


def test_codes_formulas_and_what_belongs_to_a_paper_need_no_english(tmp_path: Path) -> None:
    (tmp_path / "bpmn" / "demo").mkdir(parents=True)
    (tmp_path / "bpmn" / "demo" / "organisation.yaml").write_text(f"name: {NEW}\n", encoding="utf-8")
    inside = (
        f'<zeebe:input source="=&quot;{NEW}&quot;" target="a"/><zeebe:property name="xb:department" value="{NEW}"/>'
    )
    (tmp_path / "bpmn" / "a.bpmn").write_text(f"<definitions {BPMN}>{inside}</definitions>", encoding="utf-8")

    assert build.missing(tmp_path) == []


def test_no_catalogue_answers_english_with_chinese() -> None:
    quoted = re.compile(r"“[^”]*”|无")  # an answer that has to be written as it stands

    said = [english for english, *_ in build.procedures().messages.values()]
    left = [english for english in said if CHINESE.search(quoted.sub("", english))]

    assert left == []


@pytest.mark.usefixtures("in_english")
def test_a_decision_explains_itself_in_english() -> None:
    model = decisions.read(TABLE.read_bytes())

    told = model.explain("户口是否迁移", {"old_place_rights": ["inheritance"], "other_harm": False}).text("en")

    assert not CHINESE.search(told), told
    assert of_data("在原户籍地有待办理的继承，迁移户口可能损害其合法权益") in told


@pytest.mark.usefixtures("in_english")
@pytest.mark.parametrize("path", sorted((ROOT / "bpmn" / "profiles").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_profile_says_its_values_reasons_and_sources_in_english(path: Path) -> None:
    profile = profiles.read(path.read_bytes(), name=path.name)
    said = [of_data(profile.name)]
    for one in profile.parameters:
        said += [of_data(one.title), one.value_text, one.standing_text, of_data(one.note)]
    for state in profile.procedures.values():
        said += [of_data(state.reason), of_data(state.source)]

    assert [text for text in said if CHINESE.search(text)] == []


@pytest.mark.usefixtures("in_english")
def test_a_calendar_and_a_kind_of_subject_speak_english() -> None:
    year = calendars.read((ROOT / "bpmn" / "calendars" / "CN-2026.yaml").read_bytes(), name="2026")
    child = subjects.shipped()["child"]
    said = [of_data(year.source), *(of_data(day.name) for day in year.days.values())]
    said += [of_data(reaction.text) for signal in child.signals for reaction in signal.reactions]
    said += [of_data(text) for rule in child.path_rules for text in (rule.title, rule.source)]

    assert [text for text in said if CHINESE.search(text)] == []
