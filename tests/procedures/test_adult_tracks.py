"""The tracks of an adult orphan (P37 to P41): where they are on, and what they give back to whoever calls them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.procedures.conftest import office_of, story
from workflow_runtime import profiles, scenarios
from workflow_runtime.errors import FormError
from workflow_runtime.model import SYSTEM
from workflow_runtime.procedures import Procedure, find_folder, gather

TRACKS = {
    "P37": "adult-return-to-community",
    "P38": "adult-employment-support",
    "P39": "adult-housing-priority",
    "P40": "destitute-support-transfer",
    "P41": "conscription-referral",
}
ON = {"GX": set(TRACKS), "HB": set(TRACKS) - {"P37"}, "BJ": set(TRACKS) - {"P37"}, "DL": set()}


@pytest.mark.parametrize("code", ON)
def test_a_track_is_on_where_a_text_speaks_of_it_and_off_with_a_reason(code: str) -> None:
    states = profiles.shipped()[code].procedures

    assert {one for one in TRACKS if states[one].state == "on"} == ON[code]
    assert [one for one in TRACKS if states[one].state == "off" and not states[one].reason] == []


@pytest.mark.parametrize("key", TRACKS.values())
def test_every_end_of_a_track_comes_after_its_result_and_reason(key: str) -> None:
    procedure = Procedure.parse(gather(find_folder(key))).main
    sources = {flow.target: procedure.node(flow.source) for flow in procedure.flows()}
    ends = [node for node in procedure.nodes() if node.kind == "endEvent" and node.properties.get("xb:outcome")]

    assert {node.properties["xb:outcome"] for node in ends} <= {"done", "refused", "failed"}
    for end in ends:
        assert {one.target for one in sources[end.id].outputs} == {"track_result", "track_reason"}, end.id


@pytest.mark.parametrize("key", ["adult-employment-support", "adult-housing-priority", "destitute-support-transfer"])
def test_the_same_help_is_not_asked_for_twice_at_once(key: str, tmp_path: Path) -> None:
    worked = story(next(one for one in (find_folder(key) / "scenarios").glob("*-not-wanted.yaml")))
    office = office_of(key, tmp_path, database=f"sqlite:///{tmp_path / 'office.db'}")
    clock = scenarios.ScenarioClock(scenarios._instant(worked["clock"]))
    with office.open(clock) as runtime:
        run = scenarios.ScenarioRun(runtime, office.procedure, worked, clock)
        assert run.begin()

        with pytest.raises(FormError) as refused:
            runtime.start_case(
                key,
                run.number,
                actor=SYSTEM,
                regions=run.regions,
                data=dict(worked["start"]["data"]),
                jurisdiction=worked["profile"],
            )
        assert "不得重复办理" in str(refused.value.findings)
