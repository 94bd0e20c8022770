"""Profiles: what a jurisdiction runs, and where each value comes from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from workflow_runtime import calendars, i18n, profiles
from workflow_runtime.errors import NotFound, ProfileError
from workflow_runtime.procedures import (
    Procedure,
    check_profile,
    find_folder,
    gather,
    shipped_library,
    shipped_procedures,
)
from workflow_runtime.profiles import Mark, State

TODAY = date(2024, 9, 1)
GX = profiles.shipped()["GX"]


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    i18n.use_language("en")
    yield
    i18n.use_language("zh")


def test_four_jurisdictions_are_shipped() -> None:
    assert set(profiles.shipped()) == {"BJ", "DL", "GX", "HB"}


@pytest.mark.parametrize("jurisdiction", ["GX", "HB"])
def test_the_transfer_runs_where_the_policy_asks_for_it(jurisdiction: str) -> None:
    assert profiles.shipped()[jurisdiction].procedure_state("P16").state is State.ON


@pytest.mark.parametrize("jurisdiction", ["BJ", "DL"])
def test_a_jurisdiction_that_does_not_run_the_transfer_says_why(jurisdiction: str) -> None:
    state = profiles.shipped()[jurisdiction].procedure_state("P16")

    assert state.state is State.OFF
    assert len(state.reason) > 20


@pytest.mark.parametrize("jurisdiction", ["BJ", "DL", "GX", "HB"])
def test_every_procedure_of_the_catalogue_is_on_off_or_generic_with_a_reason(jurisdiction: str) -> None:
    profile = profiles.shipped()[jurisdiction]

    assert len(profile.procedures) == 49
    assert all(one.reason for one in profile.procedures.values() if one.state is not State.ON)


def test_a_procedure_the_profile_does_not_name_does_not_run() -> None:
    assert GX.procedure_state("P99").state is State.OFF


@pytest.mark.parametrize("jurisdiction", ["BJ", "DL", "GX", "HB"])
def test_every_deadline_can_be_counted_and_shows_its_standing(jurisdiction: str) -> None:
    start = datetime(2024, 9, 2, 9, tzinfo=UTC)
    for one in profiles.shipped()[jurisdiction].parameters:
        assert one.standing_text and one.value_text
        if one.is_deadline:
            found = calendars.due(start, one.value, one.unit, calendars.shipped(one.calendar))
            assert found.explain()


def test_a_proposal_is_never_shown_as_law() -> None:
    proposed = [one for one in GX.parameters if one.mark is Mark.PROPOSED]

    assert proposed
    assert all("not set by law" in one.standing_text and not one.is_law for one in proposed)


def test_the_end_of_the_programme_is_said_by_the_policy_itself() -> None:
    end = GX.parameter("P16", "programme_end", TODAY)

    assert (end.value, end.mark) == (date(2025, 12, 31), Mark.SOURCE)
    assert "I(2)" in end.standing_text
    assert end.is_law


def test_a_procedure_falls_back_to_the_shared_values() -> None:
    assert GX.parameter("P16", "receipt_reminder", TODAY).procedure == "*"
    assert GX.values("P16", TODAY)["handover_after_agreement"] == 15
    assert "D15" in GX.values("P16", TODAY)["four_eyes"]


def test_a_name_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(NotFound, match="handover_after_agreement"):
        GX.parameter("P16", "handover", TODAY)


def test_a_value_holds_for_its_time_only() -> None:
    profile = profiles.read(
        "jurisdiction: XX\nname: 试\nversion: '2'\nprocedures: [{code: P16, state: on}]\nparameters:\n"
        "  - {procedure: P16, name: wait, title: 等待, value: 10, unit: D, mark: P, valid_to: 2024-08-31}\n"
        "  - {procedure: P16, name: wait, title: 等待, value: 5, unit: WD, mark: P, valid_from: 2024-09-01}\n"
        "  - {procedure: '*', name: wait, title: 等待, value: 1, unit: D, mark: P}\n".encode()
    )

    assert profile.parameter("P16", "wait", date(2024, 8, 31)).value == 10
    assert profile.parameter("P16", "wait", date(2024, 9, 1)).unit == "WD"
    assert profile.parameter("P17", "wait", TODAY).value == 1


def test_one_value_can_be_changed_by_decision_and_is_then_a_proposal_with_its_reason() -> None:
    changed = GX.overridden("P16", "programme_end", date(2027, 12, 31), reason="演示", on=TODAY)

    end = changed.parameter("P16", "programme_end", TODAY)
    assert (end.value, end.mark, end.note) == (date(2027, 12, 31), Mark.PROPOSED, "演示")
    assert changed.hash != GX.hash
    assert GX.parameter("P16", "programme_end", TODAY).value == date(2025, 12, 31)


def test_amounts_keep_their_places() -> None:
    profile = profiles.read(
        b"jurisdiction: XX\nname: x\nversion: '1'\nprocedures: [{code: P16, state: on}]\nparameters:\n"
        b"  - {procedure: P16, name: rate, title: t, value: 0.1, unit: MONEY, mark: P}\n"
    )

    assert profile.parameter("P16", "rate", TODAY).value == Decimal("0.1")


def test_a_profile_with_mistakes_is_refused_with_all_of_them() -> None:
    source = """
jurisdiction: XX
name: 试
versoin: "1"
procedures:
  - {code: P16, state: on}
  - {code: P16, state: on}
  - {code: P17, state: "off"}
  - {code: P18, state: maybe}
parameters:
  - {procedure: P99, name: a, title: a, value: 1, unit: D, mark: P}
  - {procedure: P16, name: b, title: b, value: 1.5, unit: WD, mark: P}
  - {procedure: P16, name: c, title: c, value: 1, unit: D, mark: S}
  - {procedure: P16, name: d, title: d, value: 1, unit: DAYS, mark: P}
  - {procedure: P16, name: e, title: e, value: 2025-13-01, unit: DATE, mark: P}
  - {procedure: P16, name: f, title: f, value: 1, unit: D, mark: P}
  - {procedure: P16, name: f, title: f, value: 2, unit: D, mark: P}
""".encode()

    with pytest.raises(ProfileError) as refused:
        profiles.read(source, name="XX.yaml")

    lines = {finding.line for finding in refused.value.findings}
    assert lines >= {4, 7, 8, 9, 11, 12, 13, 14, 15, 17}
    assert all(finding.message.startswith("XX.yaml") and finding.remedy for finding in refused.value.findings)


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"[]",
        b"a: &x 1\nb: *x",
        b"a: !!python/object:os.system x",
        b"\xff\xfe",
        b"a: 1\na: 2",
        b"a: [" * 5000,
        b"{",
    ],
)
def test_hostile_yaml_is_refused(source: bytes) -> None:
    with pytest.raises(ProfileError) as refused:
        profiles.read(source, name="x.yaml")

    assert refused.value.findings


# --- what a suspension shifts, how much an extension may give ------------------------------------------------------
ONE = """
jurisdiction: GX
name: 广西
version: "1"
procedures: [{code: P16, state: "on"}]
parameters:
  - {procedure: P16, name: plan, title: 方案, value: 10, unit: WD, mark: P%s}
"""


def one(clause: str = "") -> profiles.Parameter:
    (parameter,) = profiles.read((ONE % clause).encode()).parameters
    return parameter


def test_a_clause_says_whether_a_suspension_shifts_and_nothing_said_is_no_law() -> None:
    assert one().stands_still
    assert not one(", suspension: {shifts: false, mark: X, source: 某法}").stands_still
    ends = next(parameter for parameter in GX.parameters if parameter.name == "programme_end")
    assert ends.unit == "DATE" and not ends.stands_still


@pytest.mark.parametrize(
    ("clause", "word"),
    [
        (", suspension: {shifts: false, mark: S}", "needs the text it comes from"),
        (", suspension: {mark: P}", "says of a length of time"),
        (", suspension: {shifts: maybe, mark: P}", "is not possible"),
        (", extension: {value: 5, unit: WD, mark: X}", "needs the text it comes from"),
        (", extension: {value: 0, unit: WD, mark: P}", "how much longer"),
        (", extension: {value: 5, unit: DATE, mark: P}", "is not possible"),
        (", extension: {value: 5, unit: WD, by: anybody, mark: P}", "is not possible"),
        (", extension: {value: 5, unit: WD, mark: P, forever: true}", "no such key"),
    ],
)
def test_a_clause_that_says_nothing_sure_is_refused(clause: str, word: str) -> None:
    with pytest.raises(ProfileError, match=word):
        one(clause)


def test_what_differs_is_told_by_value_source_and_clause() -> None:
    first = profiles.read((ONE % "").encode())
    second = profiles.read(
        (ONE.replace("value: 10", "value: 12") % ", extension: {value: 5, unit: WD, mark: P}").encode()
    )

    found = {(one.name, one.what): (one.first, one.second) for one in profiles.differences(first, second)}

    assert found[("plan", "value")] == ("10 working days", "12 working days")
    assert found[("plan", "extension")][1].startswith("1 × 5 working days; default of this system")
    assert profiles.differences(first, first) == ()
    assert any(one.what == "runs" for one in profiles.differences(GX, profiles.shipped()["BJ"]))


def test_a_profile_is_held_against_the_procedures_that_read_it() -> None:
    drawn = [Procedure(gather(find_folder("county-city-transfer")))]
    source = (shipped_library() / "profiles" / "GX.yaml").read_bytes()
    lacking = source.replace(b"name: transfer_plan\n", b"name: transfer_plans\n")

    severities = {(one.element, str(one.severity)) for one in check_profile(lacking, drawn)}

    assert ("transfer_plan", "error") in severities and ("transfer_plans", "warning") in severities
    assert not [one for one in check_profile(source, drawn) if str(one.severity) == "error"]
    assert {one.element for one in check_profile(source, drawn)}.isdisjoint({"adaptation_visit_2", "second_person"})


@pytest.fixture(scope="module")
def drawn() -> list[Procedure]:
    """Every procedure that is shipped."""
    return [Procedure(gather(find_folder(key))) for key in shipped_procedures()]


@pytest.mark.parametrize("jurisdiction", ["BJ", "DL", "GX", "HB"])
def test_nothing_is_missing_in_a_shipped_profile_and_no_proposal_is_read_by_nobody(
    jurisdiction: str, drawn: list[Procedure]
) -> None:
    source = (shipped_library() / "profiles" / f"{jurisdiction}.yaml").read_bytes()

    assert [one.message for one in check_profile(source, drawn)] == []
