"""Household registration (P22): a stay is looked at again every year, after the matter that decided it is done."""

from __future__ import annotations

from tests.procedures.conftest import Playhouse, stories, story
from workflow_runtime import scenarios
from workflow_runtime.model import SYSTEM

KEY = "household-registration"


def test_the_yearly_review_of_a_stay_goes_on_in_a_case_of_its_own(playhouse: Playhouse) -> None:
    office = playhouse[KEY].office
    [path] = [one for one in stories(KEY) if one.stem == "stay-handed-on"]
    scenario = story(path)
    clock = scenarios.ScenarioClock(scenarios._instant(scenario["clock"]))

    with office.open(clock) as runtime:
        run = scenarios.ScenarioRun(runtime, office.procedure, scenario, clock)
        assert run.run().problems == ()

        ended, begun = sorted(runtime.cases(actor=SYSTEM), key=lambda one: one.number)
        page = runtime.case(begun.number, actor=SYSTEM)

    assert (ended.state, begun.state) == ("completed", "open")
    assert [
        (wait.element, wait.due.astimezone(scenarios.ZONE).date().isoformat()) for wait in page.waits if wait.due
    ] == [("review_day", "2025-08-01")]
    assert page.fields["d20_number"] == "青农函-12"
