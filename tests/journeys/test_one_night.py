"""One night from the first alarm to the court and the register: each procedure begins the next, about the same child,
where it happened.

The entries are those of the shipped worked cases, so that they stay true when a form changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from tests.journeys.conftest import ORGANISATION
from workflow_runtime.errors import NotAllowed, NotFound, RuleBroken
from workflow_runtime.model import SYSTEM, Actor, CaseView
from workflow_runtime.procedures import find_folder, gather
from workflow_runtime.repairs import Repairs
from workflow_runtime.runtime import Runtime
from workflow_runtime.scenarios import ScenarioClock, ScenarioRun
from workflow_runtime.settings import Settings

ZONE = ZoneInfo("Asia/Shanghai")
ALARM, EMERGENCY, CARE = "mandatory-report", "emergency-response-handover", "temporary-guardianship"
INTERVENTION, REVOCATION = "guardianship-intervention", "guardianship-revocation"
ADMISSION, REGISTRATION = "long-term-guardianship-admission", "household-registration"
NIGHT = {
    ALARM: "in-danger",
    EMERGENCY: "to-the-institution",
    CARE: "harmed-welfare",
    INTERVENTION: "suspected-crime",
    REVOCATION: "civil-affairs-must",
    ADMISSION: "court-designated",
}
STRANGERS = ("su-lan", "he-fan")  #: civil affairs of another county, the education bureau of the city


def story(key: str) -> dict[str, Any]:
    path = Path(str(find_folder(key))) / "scenarios" / f"{NIGHT[key]}.yaml"
    return dict(yaml.safe_load(path.read_text(encoding="utf-8").replace("方兰", "陆明")))


class Night:
    """The office, the clock, and the child, while the night goes on."""

    def __init__(self, runtime: Runtime, clock: ScenarioClock) -> None:
        self.runtime, self.clock = runtime, clock
        first = story(ALARM)
        run = ScenarioRun(runtime, runtime.parsed(ALARM), first, clock)
        assert run.begin()
        self.child = run.number

    def cases(self, key: str) -> list[CaseView]:
        return list(self.runtime.cases(actor=SYSTEM, procedure=key, subject=self.child, limit=10))

    def case(self, key: str) -> CaseView:
        [one] = self.cases(key)
        return one

    def play(self, *keys: str, until: str | None = None, without: tuple[str, ...] = ()) -> None:
        """What the clerks of these procedures enter, at its hour or when it is their turn, until a step, without some
        days."""
        runs: dict[str, ScenarioRun] = {}
        for at, key, position, step in sorted(entries(keys, until, without), key=lambda one: one[0]):
            self.clock.now = max(self.clock.now, at)
            self.runtime.sweep()
            if key not in runs:
                runs[key] = ScenarioRun(
                    self.runtime, self.runtime.parsed(key), story(key), self.clock, number=self.child
                )
                runs[key].case = self.case(key).number
            runs[key].step(
                position, {name: value for name, value in step.items() if name not in ("at", "due", "fires")}
            )
        self.runtime.sweep()
        problems = [one for run in runs.values() for one in run.problems]
        assert not problems, problems

    def enter(self, key: str, step: str, data: dict[str, Any]) -> None:
        """What a clerk enters beside the worked case."""
        run = ScenarioRun(self.runtime, self.runtime.parsed(key), story(key), self.clock, number=self.child)
        run.case = self.case(key).number
        run.step(1, {"complete": step, "data": data})
        self.runtime.sweep()
        assert not run.problems, run.problems


def entries(
    keys: tuple[str, ...], until: str | None, without: tuple[str, ...]
) -> Iterator[tuple[datetime, str, int, dict[str, Any]]]:
    for key in keys:
        for position, step in enumerate(story(key)["steps"], start=1):
            if step.get("complete") == until and until is not None:
                break
            if "complete" in step and "refused" not in step and str(step["at"])[:10] not in without:
                yield moment(step["at"]), key, position, step


def moment(said: Any) -> datetime:
    at = said if isinstance(said, datetime) else datetime.fromisoformat(str(said))
    return at if at.tzinfo is not None else at.replace(tzinfo=ZONE)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """The night, played to the register. Tests read it and change nothing."""
    folder = tmp_path_factory.mktemp("night")
    clock = ScenarioClock(datetime(2024, 3, 4, 9, 40, tzinfo=ZONE))
    settings = Settings.from_env({"XIEBAN_HOME": str(folder)}, database=f"sqlite:///{folder / 'night.db'}")
    with Runtime.create(settings, clock=clock) as runtime:
        runtime.import_organisation(ORGANISATION.read_bytes(), actor=SYSTEM)
        for key in (*NIGHT, REGISTRATION):
            runtime.deploy(gather(find_folder(key)), actor=SYSTEM)
        played = Night(runtime, clock)
        played.play(ALARM, EMERGENCY, CARE, until="review_care")
        played.play(INTERVENTION)
        played.play(
            REVOCATION, until="support_duty", without=("2024-08-14", "2024-08-15")
        )  # the court asks for nothing more
        played.play(ADMISSION, until="plan_follow_ups")
        played.enter(ADMISSION, "plan_follow_ups", {"follow_ups": ["hukou", "insurance"]})
        yield played


def test_each_procedure_begins_the_next_about_the_same_child_where_it_happened(night: Night) -> None:
    begun = {key: night.case(key) for key in (*NIGHT, REGISTRATION)}
    of = {one.number: key for key, one in begun.items()}

    pages = {key: night.runtime.case(one.number, actor=SYSTEM) for key, one in begun.items()}
    told = Repairs(night.runtime).messages(actor=SYSTEM)

    assert {(one.name, of[one.sender], of[one.case]) for one in told if one.case is not None} == {
        ("EmergencyOrder", ALARM, EMERGENCY),
        ("TempCareRequest", EMERGENCY, CARE),
        ("InterventionFile", EMERGENCY, INTERVENTION),
        ("RevocationGround", INTERVENTION, REVOCATION),
        ("GuardianDesignated", REVOCATION, ADMISSION),
        ("HukouRequest", ADMISSION, REGISTRATION),
    }
    # nobody asks for the care that the child already has
    assert [one.name for one in told if one.state == "dead"] == []
    assert {key: page.case.subject.number for key, page in pages.items()} == dict.fromkeys(begun, night.child)
    register = pages.pop(REGISTRATION)
    assert {key: page.regions["place"] for key, page in pages.items()} == dict.fromkeys(NIGHT, "990101")
    # the institution that received the child applies: the district's own, as the profile of Beijing says
    assert [item.agency_name for item in register.items] == ["青溪县儿童福利院"]


def test_who_sends_what_nobody_here_takes_is_told(night: Night) -> None:
    history = night.runtime.history(night.case(ADMISSION).number, actor=SYSTEM)

    told = [one.content["name"] for one in history if one.kind == "message_unreceived"]

    assert told == ["PreEnrolRequest"]


def test_the_night_goes_hour_by_hour_safety_first_and_papers_after(night: Night) -> None:
    told = [
        (line.at.astimezone(ZONE), line.element)
        for key in (ALARM, EMERGENCY, CARE)
        for line in night.runtime.history(night.case(key).number, actor=SYSTEM)
        if line.kind == "completed"
    ]

    hours = [(f"{at:%d %H:%M}", element) for at, element in sorted(told) if at.day < 7 and at.month == 3]

    assert hours == [
        ("04 09:41", "receive_by_police"),
        ("04 09:45", "dispatch_officers"),
        ("04 09:50", "tell_reporter_by_police"),
        ("04 10:00", "confirm_follow_on"),
        ("04 10:05", "check_on_site"),
        ("04 10:20", "ask_child"),
        ("04 11:00", "contact_carers"),
        ("04 12:00", "contact_carers"),
        ("04 12:30", "contact_carers"),
        ("04 13:00", "assign_place"),
        ("04 15:40", "receive_child"),
        ("04 16:30", "establish_ground"),
        ("04 17:00", "fix_evidence"),
        ("05 09:00", "tell_guardian"),
        ("05 10:00", "file_handover"),
        ("05 18:00", "sign_record"),
        ("06 09:00", "plan_care"),
    ]


def test_the_child_is_in_care_before_the_papers_are_signed_and_in_guardianship_by_the_judgment(night: Night) -> None:
    page = night.runtime.case(night.case(REVOCATION).number, actor=SYSTEM)

    held = [(one.kind, one.holder, one.valid_from.astimezone(ZONE)) for one in page.standings]
    told = [one.name for one in Repairs(night.runtime).messages(actor=SYSTEM) if one.sender == page.case.number]

    assert ("custodian", "青溪县未成年人救助保护中心", datetime(2024, 3, 4, 15, 30, tzinfo=ZONE)) in held
    assert ("guardian", "青溪县民政局", datetime(2024, 9, 10, 10, tzinfo=ZONE)) in held
    assert told[0] == "GuardianDesignated"


@pytest.mark.parametrize("stranger", STRANGERS)
def test_to_those_outside_none_of_it_exists(night: Night, stranger: str) -> None:
    runtime, actor = night.runtime, night.runtime.actor(stranger)
    numbers = {one.number: one.number.replace("000001", "000009") for one in (night.case(key) for key in NIGHT)}
    asked: list[tuple[Callable[..., Any], str, str]] = [(runtime.case, one, none) for one, none in numbers.items()]
    asked += [(runtime.messages, one, none) for one, none in numbers.items()]
    asked += [(runtime.subject, night.child, night.child.replace("000041", "000049"))]

    answers = [(words(ask, real, actor), words(ask, none, actor), real, none) for ask, real, none in asked]

    assert [said.replace(real, none) for said, _none, real, none in answers] == [said for _said, said, *_ in answers]
    assert runtime.cases(actor=actor, limit=10) == () == runtime.subjects(actor=actor, limit=10)
    assert runtime.documents(actor=actor) == () == runtime.worklist(actor=actor, state=None, subject=night.child)
    with pytest.raises(NotAllowed):  # all messages of the office are for its owner alone
        Repairs(runtime).messages(actor=actor)


def test_those_outside_learn_nothing_by_beginning_what_is_open_already(night: Night) -> None:
    stranger, clerk = night.runtime.actor(STRANGERS[0]), night.runtime.actor("lu-chen")
    none = night.child.replace("000041", "000049")

    def begin(number: str, *, actor: Actor) -> None:
        night.runtime.start_case(CARE, number, actor=actor, data={"reason": "护送来院的儿童"}, jurisdiction="DL")

    assert words(begin, night.child, stranger).replace(night.child, none) == words(begin, none, stranger)
    with pytest.raises(RuleBroken, match=night.case(CARE).number):  # who may see it is told which
        begin(night.child, actor=clerk)


def test_a_clock_that_runs_says_its_name_its_rule_and_how_it_is_counted(night: Night) -> None:
    waits = {one.element: one for one in night.runtime.why(night.case(CARE).number, actor=SYSTEM)}

    year = waits["a_year"]

    assert (year.name, year.due) == ("A year", datetime(2025, 3, 5, tzinfo=ZONE))
    assert "1 year" in year.rule and "24" in year.rule
    assert any("2024-03-04" in line for line in year.explanation)
    assert not {"further_request_comes", "force_reported"} & set(waits)  # what may happen at any time is not waited for


def test_those_who_act_in_it_find_it(night: Night) -> None:
    clerk = night.runtime.actor("lu-chen")  # civil affairs of the county

    found = {one.procedure for one in night.runtime.cases(actor=clerk, limit=10)}

    assert found >= {CARE, INTERVENTION, REVOCATION}


def words(ask: Callable[..., Any], number: str, actor: Actor) -> str:
    with pytest.raises(NotFound) as refusal:
        ask(number, actor=actor)
    return str(refusal.value)
