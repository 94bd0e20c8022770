"""The procedures of care outside the county institution in one office: each begins the next, for the right child."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest
from sqlalchemy import event

import handlers  # noqa: F401  (registers the machine steps)
from tests.integration.test_begun_about_others import child, surveyed
from tests.procedures.conftest import story
from workflow_runtime import scenarios
from workflow_runtime.database import Database
from workflow_runtime.dispatch import Inline
from workflow_runtime.machine import Machine
from workflow_runtime.model import SYSTEM, CasePage, CaseState
from workflow_runtime.procedures import find_folder, gather, shipped_library
from workflow_runtime.repairs import Repairs
from workflow_runtime.reports import Reports
from workflow_runtime.runtime import Runtime

TOGETHER = (
    "transfer-base-survey",
    "transfer-follow-up",
    "county-city-transfer",
    "entrusted-care-agreement",
    "child-comprehensive-assessment",
    "family-foster-care",
    "family-style-care",
    "kinship-care",
    "emergency-response-handover",
    "temporary-guardianship",
)
_DAY = re.compile(r"^202[4-9]-\d{2}-\d{2}(T|$)")


def shifted(value: Any, days: int) -> Any:
    """Entries of a worked case, so many days later; what was long before it stays."""
    if isinstance(value, Mapping):
        return {key: shifted(one, days) for key, one in value.items()}
    if isinstance(value, list):
        return [shifted(one, days) for one in value]
    if isinstance(value, date):  # a moment is a date as well
        return value + timedelta(days=days) if value.year >= 2024 else value
    if isinstance(value, str) and _DAY.match(value):
        later = datetime.fromisoformat(value) + timedelta(days=days)
        return later.isoformat() if "T" in value else later.date().isoformat()
    return value


class Town:
    """An office in which all of them are deployed, and its clock."""

    def __init__(self, runtime: Runtime, clock: scenarios.ScenarioClock) -> None:
        self.runtime = runtime
        self.clock = clock

    def case(self, number: str) -> CasePage:
        return self.runtime.case(number, actor=SYSTEM)

    def begun_with(self, number: str) -> tuple[str, Any]:
        """The profile of a case, and the regions bound when it began."""
        (begun,) = [one for one in self.runtime.history(number, actor=SYSTEM) if one.kind == "case_started"]
        return number.partition("-")[0], begun.content["regions"]

    def open_cases(self, subject: str) -> dict[str, str]:
        """Procedures of the open cases about somebody, and the numbers of these."""
        return {
            one.procedure: one.number
            for one in self.runtime.subject(subject, actor=SYSTEM).cases
            if one.state == CaseState.OPEN
        }

    def take_up(self, number: str, name: str) -> scenarios.ScenarioRun:
        """A worked case of the procedure, to be played in a case that something else began."""
        page = self.case(number)
        told = story(find_folder(page.case.procedure) / "scenarios" / f"{name}.yaml")
        assert page.case.subject is not None
        run = scenarios.ScenarioRun(self.runtime, self.runtime.parsed(page.case.procedure), told, self.clock)
        run.case, run.number = number, page.case.subject.number
        return run

    def unheard(self) -> list[str]:
        """Messages that began nothing, and why; incidents."""
        kit = Repairs(self.runtime)
        return [
            *(f"{one.name}: {one.state} {one.reason}" for one in kit.messages(actor=SYSTEM) if one.state == "dead"),
            *(f"{one.code}: {one.reason}" for one in kit.incidents(actor=SYSTEM)),
        ]


def play(run: scenarios.ScenarioRun, steps: list[Mapping[str, Any]]) -> None:
    for number, step in enumerate(steps, start=1):
        run.step(number, step)
        assert run.problems == []


def after(clock: scenarios.ScenarioClock, steps: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The steps that were not refused, from now on, on the same days of the week as in the worked case."""
    first = next(scenarios._instant(step["at"]) for step in steps if "at" in step)
    weeks = max(0, -((first - clock.now).days // 7))
    return [one for one in shifted(steps, 7 * weeks) if "refused" not in one]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[scenarios.Office]:
    organisation = (shipped_library() / "demo" / "organisation.yaml").read_bytes()
    bundle = gather(find_folder(TOGETHER[0]))
    with scenarios.Office(bundle, organisation, tmp_path_factory.mktemp("together")) as made:
        with Runtime(Database(made._base.database), made._base, library=made._library) as runtime:
            for key in TOGETHER[1:]:
                runtime.deploy(gather(find_folder(key)), actor=SYSTEM)
        yield made


@pytest.fixture
def town(office: scenarios.Office) -> Iterator[Town]:
    clock = scenarios.ScenarioClock(datetime(2024, 7, 29, 1, 0, tzinfo=UTC))
    with office.open(clock) as runtime:
        yield Town(runtime, clock)


def test_the_survey_begins_what_each_child_needs_and_entrusted_care_ends_in_a_transfer(town: Town) -> None:
    children = [child(town.runtime, at) for at in range(4)]
    survey = surveyed(town.runtime, children)
    town.runtime.sweep()

    assert town.unheard() == []
    urgent, waiting, entrusted, moving = (town.open_cases(one) for one in children)
    assert set(urgent) == set(moving) == {"county-city-transfer"}
    assert set(waiting) == {"transfer-follow-up"}
    assert set(entrusted) == {"transfer-follow-up", "entrusted-care-agreement"}
    for one, batch, escort in ((urgent, "急", "甲、乙"), (moving, "一", "甲、乙")):
        page = town.case(one["county-city-transfer"])
        assert (page.fields["batch_no"], page.fields["escort"], page.fields["base_case"]) == (batch, escort, survey)
        assert town.begun_with(page.case.number) == ("GX", {"sending_county": "990101", "receiving_city": "990100"})
    assert str(town.case(moving["county-city-transfer"]).fields["transfer_date"]) == "2025-03-03"

    care = town.take_up(entrusted["entrusted-care-agreement"], "transfer-tells-its-effect")
    assert town.begun_with(care.case) == ("GX", {"sending_county": "990101", "receiving_city": "990100"})
    told = care.scenario["steps"]
    ordered = next(at for at, step in enumerate(told) if step.get("message") == "GuardianshipTransferConfirmed")
    play(care, told[:ordered])
    assert town.unheard() == []

    begun = town.open_cases(children[2])["county-city-transfer"]
    page = town.case(begun)
    assert page.fields["from_entrusted_care"] is True
    assert page.fields["entrusted_care_case"] == care.case
    transfer = town.take_up(begun, "entrusted-child-transferred")
    assert town.case(care.case).case.milestone == "转入移交（P16），代养至移交生效时止"
    play(transfer, after(town.clock, transfer.scenario["steps"]))

    # the agreement of entrusted care is over at the moment of the handover; what is left are its last fees
    assert town.unheard() == []
    over, moved = town.case(care.case), town.case(begun)
    assert over.fields["care_ended_at"] == moved.fields["handed_over_at"]
    assert over.fields["transfer_agreement_number"] == moved.fields["d15_number"]
    assert [item.element for item in over.items] == ["state_fee"]
    assert {one.kind: one.case for one in moved.standings if one.valid_to is None}["guardian"] == begun

    # a reception that is refused stands on the list with its reason, for as long as it is
    refused = town.take_up(moving["county-city-transfer"], "not-ready-then-ready")
    steps = after(town.clock, refused.scenario["steps"])
    told = next(at for at, step in enumerate(steps) if "not_ready_reason" in step.get("data", {}))
    play(refused, steps[: told + 1])
    listed = {row[0]: row[3:5] for row in Reports(town.runtime).rows("S-03", actor=SYSTEM).rows}
    assert listed == {children[3]: ("接收方暂不具备条件", "护理人员尚未到岗。")}


class UntilOrdered(Inline):
    """Works after each commit, until the survey has written its orders: those are left to whoever comes next."""

    def after_commit(self, machine: Machine, opened: list[str] | None) -> None:
        kit = Repairs(cast(Runtime, machine))
        while not kit.messages(actor=SYSTEM, name="TransferFollowUp") and machine.run_ready_jobs(1, opened):
            pass


def struck(runtime: Runtime, clock: scenarios.ScenarioClock, at: int) -> bool:
    """Another process sweeps, and is killed at its `at`-th commit, before or after it; whether it was."""
    child = os.fork()
    if child == 0:
        database = Database(runtime._settings.database, lasting=False)
        passed = iter(range(at))

        def pass_by(*_facts: Any) -> None:
            if next(passed, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            with Runtime(database, runtime._settings, clock=clock, library=runtime._library) as other:
                event.listen(database._writing, "commit", pass_by)
                event.listen(database._writing, "checkin", pass_by)
                other.sweep()
        except BaseException:
            os._exit(1)
        os._exit(0)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def test_a_machine_killed_while_the_survey_orders_begins_each_case_once(office: scenarios.Office) -> None:
    clock = scenarios.ScenarioClock(datetime(2024, 7, 29, 1, 0, tzinfo=UTC))
    with office.open(clock) as runtime:
        runtime._dispatch = UntilOrdered()
        children = [child(runtime, at) for at in range(6)]
        surveyed(runtime, children)
        assert [len(runtime.subject(one, actor=SYSTEM).cases) for one in children] == [1, *5 * [0]]  # one is urgent
        runtime._database.close()
        strikes = 0
        while struck(runtime, clock, 2 + strikes % 5):
            strikes += 1
            clock.now += timedelta(minutes=3)  # past the lease of the one that died

        begun = [[one.procedure for one in runtime.subject(each, actor=SYSTEM).cases] for each in children]
        both = {"entrusted-care-agreement", "transfer-follow-up"}
        assert begun[1] == ["transfer-follow-up"]
        assert len(begun[2]) == 2 and set(begun[2]) == both
        assert [begun[at] for at in (0, 3, 4, 5)] == [["county-city-transfer"]] * 4
        assert strikes > 6


def decide(town: Town, number: str, mode: str) -> None:
    """Play an assessment as far as the decision on placement."""
    run = town.take_up(number, "asked-again-relatives")
    steps = [
        {**step, "data": {**step["data"], "placement_mode": mode}} if step["complete"] == "decide_placement" else step
        for step in run.scenario["steps"]
    ]
    play(run, [{key: value for key, value in step.items() if key != "expect"} for step in after(town.clock, steps)])


def assessed(town: Town, subject: str) -> str:
    """A whole assessment of somebody, begun by hand."""
    return town.runtime.start_case(
        "child-comprehensive-assessment",
        subject,
        actor=SYSTEM,
        data={"extent": "full"},
        regions={"receiving_city": "990100"},
        jurisdiction="GX",
    ).case.number


def held(town: Town, region: str, custodian: str, guardian: str) -> str:
    """A child that these have."""
    since = datetime(2024, 5, 2, tzinfo=UTC)
    return town.runtime.register_subject(
        "child",
        {
            "name": "莫小宁",
            "sex": "female",
            "birth_date": date(2014, 3, 1),
            "temp_person_no": f"L-{region}",
            "category": ["orphan"],
            "birth_date_basis": "medical_estimate",
            "hukou_status": "registered_here",
            "region": region,
        },
        actor=SYSTEM,
        region=region,
        standings={
            kind: {"party": party, "since": since}
            for kind, party in (("custodian", custodian), ("guardian", guardian), ("payer", guardian))
        },
    )


def test_a_relative_far_away_cares_for_a_child_of_the_city_and_breaks_down(town: Town) -> None:
    """The city is the guardian, the relative's village visits, the county where the child is takes it in."""
    subject = held(town, "990100", "CWI.CITY@990100", "CAB.CITY@990100")
    decide(town, assessed(town, subject), "KIN")
    assert town.unheard() == []
    care = town.take_up(town.open_cases(subject)["kinship-care"], "harm-on-a-visit")
    lead, village = "民政部门（监护人）", "村（居）民委员会儿童主任"
    assert town.case(care.case).parties == dict.fromkeys((lead, village), "南屏市民政局 儿童福利科")
    told = after(town.clock, care.scenario["steps"])
    play(care, [{name: value for name, value in one.items() if "fire" not in one or name != "at"} for one in told])
    assert town.case(care.case).parties[lead] == "南屏市民政局 儿童福利科"
    assert town.case(care.case).parties[village] == "青溪县榕江镇榕树村村民委员会 村民委员会"
    assert town.unheard() == []
    begun = town.open_cases(subject)["temporary-guardianship"]
    assert town.begun_with(begun) == ("GX", {"place": "990101"})
    assert "region" not in town.case(begun).fields


@pytest.mark.parametrize("mode, key", [("FAMILY_FOSTER", "family-foster-care"), ("FAMILY_STYLE", "family-style-care")])
def test_a_child_of_the_county_is_assessed_and_placed_by_its_own_institution(town: Town, mode: str, key: str) -> None:
    subject = held(town, "990101", "CWI.CNTY@990101", "CAB.CNTY@990101")
    number = assessed(town, subject)
    begun = [number]
    decide(town, number, mode)
    assert town.unheard() == []
    begun += town.open_cases(subject).values()
    assert set(town.open_cases(subject)) == {key}
    for one in begun:
        places = {name: place.partition(" ")[0] for name, place in town.case(one).parties.items()}
        filing = next(name for name in places if "民政部门" in name)
        assert places.pop(filing) == "青溪县民政局"
        assert set(places.values()) == {"青溪县儿童福利院"}


@pytest.mark.parametrize(
    "key, data, who",
    [
        ("emergency-response-handover", {}, ("公安局", "公安局", "民政局", "未成年人救助保护中心")),
        ("temporary-guardianship", {"reason": "院内受到侵害，须立即离开"}, ("民政局", "未成年人救助保护中心")),
    ],
)
def test_where_no_county_stands_between_the_city_itself_comes_to_the_child(
    town: Town, key: str, data: dict[str, Any], who: tuple[str, ...]
) -> None:
    """A child in the city's own institution, which lies in no county."""
    subject = held(town, "990100", "CWI.CITY@990100", "CAB.CITY@990100")

    number = town.runtime.start_case(
        key, subject, actor=SYSTEM, data=data, regions={"place": "990100"}, jurisdiction="GX"
    ).case.number

    parties = [place.partition(" ")[0] for place in town.case(number).parties.values()]
    assert sorted(parties) == sorted(f"南屏市{one}" for one in who)


def test_a_placement_that_ends_is_decided_again_until_one_holds(town: Town) -> None:
    told = story(find_folder("child-comprehensive-assessment") / "scenarios" / "asked-again-relatives.yaml")
    register = scenarios.ScenarioRun(town.runtime, town.runtime.parsed("kinship-care"), told, town.clock)
    subject = register._register({**told["subject"], "region": "990101"})
    number = assessed(town, subject)
    for mode, key, name in (
        ("KIN", "kinship-care", "no-relative"),
        ("FAMILY_FOSTER", "family-foster-care", "not-suited"),
        ("FAMILY_STYLE", "family-style-care", "sisters-together"),
    ):
        decide(town, number, mode)
        assert town.unheard() == []
        assert set(town.open_cases(subject)) == {key}
        care = town.take_up(town.open_cases(subject)[key], name)
        begun_with = {"placement_reference" if key == "family-foster-care" else "d36_number"}
        assert begun_with <= set(town.case(care.case).fields)
        play(care, after(town.clock, care.scenario["steps"][-16:]))
        assert town.unheard() == []
        assert set(town.open_cases(subject)) == {"child-comprehensive-assessment"}
        number = town.open_cases(subject)["child-comprehensive-assessment"]
        assert town.case(number).fields["extent"] == "full"
