"""Kinds of subject are data: numbers, standings, signals, path rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from workflow_runtime import i18n, subjects
from workflow_runtime.errors import ProfileError
from workflow_runtime.subjects import Holder, ReactionKind

CHILD = subjects.shipped()["child"]
FOLDER = Path(__file__).parents[2] / "bpmn" / "subjects"


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    i18n.use_language("en")
    yield
    i18n.use_language("zh")


def test_a_child_gets_a_number_by_region_year_and_sequence() -> None:
    assert CHILD.number("990101", 2024, 7) == "C-990101-2024-000007"


def test_every_field_of_the_file_is_in_the_registration_form() -> None:
    assert CHILD.form is not None
    assert set(CHILD.fields) <= set(CHILD.form.keys)


def test_there_are_four_standings_and_the_custodian_is_never_nobody() -> None:
    assert [one.code for one in CHILD.standings] == ["custodian", "guardian", "payer", "hukou"]
    assert CHILD.standing("hukou").holder is Holder.PLACE

    findings = CHILD.check_standings({"custodian": "cwi-qingxi"}, {"custodian": None})

    assert [one.element for one in findings] == ["custodian"]


def test_custody_moves_in_one_change_and_the_household_may_stay() -> None:
    before = {"custodian": "cwi-qingxi", "guardian": "cab-qingxi", "payer": "cab-qingxi", "hukou": "990101"}

    assert CHILD.check_standings(before, {"custodian": "cwi-nanping", "guardian": "cab-nanping"}) == ()
    assert CHILD.check_standings(before, {"hukou": None}) == ()


def test_two_custodians_or_an_unknown_standing_are_refused() -> None:
    found = CHILD.check_standings({"custodian": "a"}, {"custodian": ["a", "b"], "landlord": "c"})

    assert {one.element for one in found} == {"custodian", "landlord"}


@pytest.mark.parametrize(
    ("signal", "procedure", "kind"),
    [
        ("CHILD_DIED", "P16", ReactionKind.STOP),
        ("CHILD_DIED", "P30", ReactionKind.CONTINUE),
        ("CHILD_RECLAIMED", "P16", ReactionKind.STOP),
        ("CHILD_MISSING", "P16", ReactionKind.SUSPEND),
        ("CHILD_TURNED_18", "P16", ReactionKind.REDIRECT),
        ("COURT_ORDER", "P16", ReactionKind.SUSPEND),
        ("CHILD_ADOPTED", "P16", ReactionKind.STOP),
    ],
)
def test_what_happens_to_the_child_reaches_every_case(signal: str, procedure: str, kind: ReactionKind) -> None:
    reaction = CHILD.reaction(signal, procedure)

    assert reaction is not None
    assert reaction.kind is kind


def test_a_signal_that_does_not_concern_a_procedure_does_nothing() -> None:
    assert CHILD.reaction("TRANSFER_DECIDED", "P16") is None
    assert CHILD.reaction("NO_SUCH_SIGNAL", "P16") is None


def test_a_child_becomes_only_what_the_state_table_allows() -> None:
    assert CHILD.may_become("reported", "interim")
    assert CHILD.may_become("foster", "missing")
    assert not CHILD.may_become("reported", "adopted")


def test_path_rules_name_their_source() -> None:
    rules = {rule.id: rule for rule in CHILD.path_rules}

    assert {"safety-before-paper", "consulted-before-move"} <= set(rules)
    assert all(rule.source and rule.before and rule.after for rule in rules.values())


def test_a_kind_with_mistakes_is_refused_with_all_of_them() -> None:
    source = (FOLDER / "child.yaml").read_text(encoding="utf-8")
    broken = (
        source.replace("C-{region}-{yyyy}-{seq}", "C-{region}-{name}")
        .replace("  - ethnicity", "  - ethnic")
        .replace("holder: place", "holder: house")
        .replace("kind: suspend, text: 暂停送养", "kind: pause, text: 暂停送养")
        .replace("code: payer", "code: guardian")
    )

    with pytest.raises(ProfileError) as refused:
        subjects.read(broken.encode(), name="child.yaml", form=(FOLDER / "child.form").read_bytes())

    said = " ".join(finding.message for finding in refused.value.findings)
    for part in ("name cannot stand in a number", "ethnic", "house", "pause", "guardian"):
        assert part in said


def test_a_broken_registration_form_is_reported_with_the_kind() -> None:
    with pytest.raises(ProfileError, match=r"child\.form"):
        subjects.read((FOLDER / "child.yaml").read_bytes(), name="child.yaml", form=b'{"type": "default"}')
