"""An office that is attacked: its procedure, its people, and the journeys they make.

A journey is a list of deeds. Every deed may be asked for twice (keys, ids that the caller chose), so a fresh process
carries on after a death by asking for everything again, as a clerk would who got no answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import handlers  # noqa: F401  (registers the machine steps)
from tests.conftest import Clock
from workflow_runtime import engine, identifiers, queries, store
from workflow_runtime.errors import AlreadyDone, RuleBroken
from workflow_runtime.mending import Mending
from workflow_runtime.model import SYSTEM, Actor, CaseState, ItemView
from workflow_runtime.procedures import gather
from workflow_runtime.reckoning import Reckoning
from workflow_runtime.repairs import Repairs
from workflow_runtime.runtime import Runtime
from workflow_runtime.scenarios import small_pdf
from workflow_runtime.settings import Settings
from workflow_runtime.succession import Succession

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PROFILE = (ROOT / "bpmn" / "profiles" / "GX.yaml").read_text(encoding="utf-8")
#: In the profile: after how many working days somebody is reminded.
REMINDER = "title: 回执催办间隔\n    value: {days}\n"
MORNING = datetime(2024, 3, 4, 1, 0, tzinfo=UTC)

#: What the handover sheet prints, known from the start of the case.
SHEET: Mapping[str, Any] = {
    "handed_over_at": datetime(2024, 9, 1, 2, 30, tzinfo=UTC),
    "handed_over_place": "南屏市儿童福利院",
    "identity_checked": True,
    "body_check": "未见损伤。",
    "property_total": 0,
    "sending_staff": [{"name": "罗敏"}, {"name": "韦秀兰"}],
    "receiving_staff": [{"name": "黄丽萍"}, {"name": "梁昇"}],
}

#: What clerks enter, by step.
ENTRIES: Mapping[str, Mapping[str, Any]] = {
    "prepare": {"summary": "档案一册", "pages": 12},
    "mend": {"summary": "档案一册，补体检报告", "pages": 13},
    "check": {"opinion": "齐全"},
    "file_paper": {"d15_number": "南民协〔2024〕7号", "d15_date": "2024-08-20"},
    "sign": {"opinion": "同意"},
    "review": {"opinion": "继续安置"},
}


def open_office(settings: Settings, clock: Clock) -> Runtime:
    """A new office with organisation and procedure."""
    runtime = Runtime.create(settings, clock=clock)
    runtime.import_organisation((ROOT / "bpmn" / "demo" / "organisation.yaml").read_bytes(), actor=SYSTEM)
    runtime.deploy(gather(HERE / "placing"), actor=SYSTEM)
    clock.advance(days=30)  # the day to which `month` goes: what is done once a day is done, for every run alike
    runtime.daily()
    clock.advance(days=-30)
    return runtime


def clerks(runtime: Runtime, department: str) -> list[Actor]:
    """The clerks of a department, as actors."""
    directory = runtime.organisation(actor=SYSTEM)
    return [runtime.actor(one.id) for one in directory.clerks_of(department, date(2024, 3, 4))]


@dataclass
class Deeds:
    """One child on its way. `tell` hears of every answer that a person got."""

    runtime: Runtime
    clock: Clock
    run: int
    people: Mapping[str, Actor]
    tell: Callable[[str, Any], None] = lambda _what, _facts: None
    subject: str = ""
    number: str = ""
    round: dict[str, int] = field(default_factory=dict)

    def register(self) -> None:
        """The child has one file, however often somebody tries."""
        born = date(2010, 1, 1) + timedelta(days=self.run // 400)
        known = {
            "name": f"蓝小禾{self.run}",
            "sex": "male",
            "birth_date": born.isoformat(),
            "birth_date_basis": "hukou",
            "resident_id": identifiers.new_resident_id("990101", born, 2 * (self.run % 400) + 1),
            "category": ["orphan"],
            "region": "990101",
            "hukou_status": "registered_here",
        }
        holders = {
            "custodian": {"party": "CWI.CNTY@990101", "since": "2019-03-18"},
            "guardian": {"party": "CAB.CNTY@990101", "since": "2019-03-18"},
        }
        try:
            self.subject = self.runtime.register_subject(
                "child", known, actor=SYSTEM, region="990101", standings=holders
            )
        except RuleBroken:
            self.subject = subject_number(self.runtime, str(known["name"]))
        self.tell("registered", self.subject)

    def start(self) -> None:
        """The case begins."""
        if not self.subject:
            self.register()
        page = self.runtime.start_case(
            "placing",
            self.subject,
            actor=SYSTEM,
            data=SHEET,
            jurisdiction="GX",
            key=f"start-{self.run}",
            regions={"sending_county": "990101", "receiving_city": "990100"},
        )
        self.number = page.case.number
        self.tell("started", self.number)

    def item(self, element: str) -> ItemView | None:
        """The open item of a step."""
        items = self.runtime.case(self.number, actor=SYSTEM).items
        return next((one for one in items if one.element == element), None)

    def claim(self, element: str) -> None:
        """Take an item, give it back, take it again."""
        item = self.item(element)
        if item is None:
            return
        actor = self.people[element]
        if item.state == "ready":
            self.runtime.claim(item.id, actor=actor)
            self.tell("claimed", item.id)
        self.runtime.release(item.id, actor=actor)
        self.runtime.claim(item.id, actor=actor)
        self.tell("claimed", item.id)

    def complete(self, element: str, outcome: str = "done", **more: Any) -> None:
        """Finish the open item of a step."""
        item = self.item(element)
        if item is None:
            return
        reason = "缺体检报告" if outcome == "returned" else None
        entries = {} if outcome == "returned" else {**ENTRIES[element], **more}
        done = self.runtime.complete(
            item.id, entries, actor=self.people[element], outcome=outcome, reason=reason, key=f"complete-{item.id}"
        )
        self.tell("completed", item.id)
        again = self.runtime.complete(
            item.id, entries, actor=self.people[element], outcome=outcome, reason=reason, key=f"complete-{item.id}"
        )
        assert again.repeated and again.item.id == done.item.id

    def with_scan(self) -> None:
        """Complete the first step with a file."""
        scan = self.runtime.store_file("扫描件.pdf", small_pdf(f"scan {self.run}"), actor=self.people["prepare"])
        self.tell("filed", scan["sha256"])
        self.complete("prepare", scan=[scan])

    def paper(self) -> None:
        """A paper arrives from outside; its sender repeats it until it is taken."""
        sent = self.runtime.deliver_message(
            "PaperArrived", self.number, {"place": "南屏"}, sender="post", id=f"paper-{self.run}", actor=SYSTEM
        )
        self.tell("sent", sent)

    def month(self) -> None:
        """A month goes by, and the machine does what fell due."""
        self.clock.advance(days=30)
        if self.runtime.sweep().timers:
            self.tell("fired", self.number)

    def adult(self) -> None:
        """The child turns eighteen: every open case hears of it."""
        reached = self.runtime.signal_subject(self.subject, "CHILD_TURNED_18", actor=SYSTEM)
        self.tell("signalled", list(reached))

    def withdraw(self) -> None:
        """Somebody gives the matter up."""
        try:
            self.runtime.withdraw(self.number, reason="误立案", actor=self.people["prepare"])
        except AlreadyDone:
            return
        self.tell("withdrawn", self.number)

    def hold(self) -> None:
        """The case stands still for a week."""
        kit = Repairs(self.runtime)
        if self.state() == CaseState.OPEN:
            kit.suspend(self.number, reason="停电", actor=SYSTEM)
            self.tell("mended", [self.number, "suspended"])
        self.clock.advance(days=7)
        kit.resume(self.number, reason="来电", actor=SYSTEM)
        self.tell("mended", [self.number, "resumed"])
        self.check_clocks()

    def recount(self) -> None:
        """A table of holidays is published, and every open deadline counted again by it."""
        notice = f"year: 2027\nsource: 第{self.run}号通知\ndays: [{{date: 2027-01-01, kind: holiday, name: 元旦}}]\n"
        reckoning = Reckoning(self.runtime)
        reckoning.import_year(notice.encode(), actor=SYSTEM)
        assert not [line for line in reckoning.apply_calendar(actor=SYSTEM) if line.state == "failed"]
        self.tell("mended", [self.number, "calendar_changed"])
        self.check_clocks()

    def revalue(self) -> None:
        """The profile changes, and open cases follow it."""
        text = PROFILE.replace('version: "1"', f'version: "r{self.run}"')
        text = text.replace(REMINDER.format(days=5), REMINDER.format(days=6 + self.run % 2))  # never as it was
        reckoning = Reckoning(self.runtime)
        reckoning.import_profile(text.encode(), actor=SYSTEM)
        lines = reckoning.apply_profile("GX", reason="延长", actor=SYSTEM)
        assert not [line for line in lines if line.state == "failed"]
        self.tell("mended", [self.number, "profile_applied"])
        self.check_clocks()

    def migrate(self) -> None:
        """The case follows the other version of its procedure that is deployed."""
        lines = Succession(self.runtime).migrate("placing", version=1, case=self.number, reason="更正", actor=SYSTEM)
        assert not [line for line in lines if line.state == "failed"]
        assert self.history().count("migrated") == 1
        assert self.runtime.case(self.number, actor=SYSTEM).case.version == 1
        self.tell("mended", [self.number, "migrated"])
        self.check_clocks()

    def extend(self) -> None:
        """A supervisor gives the first step more time."""
        item = self.item("prepare")
        if item is not None and "extended" not in self.history():
            head = replace(self.people["prepare"], supervises=frozenset({item.department}))
            try:
                Reckoning(self.runtime).extend(item.id, value=5, unit="WD", ground="材料不齐", actor=head)
            except RuleBroken as refused:
                if "the deadline has passed" not in str(refused):  # while nobody was there to ask again
                    raise
                return
        assert self.history().count("extended") == 1
        self.tell("mended", [self.number, "extended"])
        self.check_clocks()

    def take_both(self) -> None:
        """One clerk holds the first step and what the eighteenth birthday opened."""
        for element in ("prepare", "review"):
            item = self.item(element)
            if item is not None and item.clerk is None:
                self.runtime.claim(item.id, actor=self.people["prepare"])

    def hand_over(self) -> None:
        """All that the clerk holds goes to a colleague, and back."""
        clerk = self.people["prepare"]
        (colleague, *_rest) = [
            one for one in clerks(self.runtime, "cwi-qingxi.social_work") if one.clerk != clerk.clerk
        ]
        for holder, taker in ((clerk, colleague), (colleague, clerk)):
            lines = list(self.runtime.reassign_all(holder.clerk, taker.clerk, actor=clerk, reason="外出"))
            assert not [line for line in lines if line.state == "failed"]
            held = [item.clerk for item in self.runtime.case(self.number, actor=SYSTEM).items]
            assert holder.clerk not in held
        self.tell("mended", [self.number, "reassigned"])

    def stumble(self) -> None:
        """Two letters of the case could not be written, five times each."""
        if "incident_opened" in self.history():
            return
        with self.runtime._database.begin() as tx:
            hand = self.runtime._lock(tx, self.number, SYSTEM)
            for _each in range(2):
                hand.notify("cab-qingxi.child_welfare", "reminder", self.number)
            hand.save()
        for _each in range(2):
            with self.runtime._database.begin() as tx:
                claim = self.runtime._claim(tx, case_id=hand.row.id)
            assert claim is not None
            self.runtime._give_up(claim, f"stumbled-{self.run}", "no such folder")

    def retry(self) -> None:
        """Whoever mended the folder lets all of them be tried again."""
        code = f"stumbled-{self.run}"
        for line in Repairs(self.runtime).retry_all(reason="文件夹已修复", actor=SYSTEM, code=code):
            assert line.state == "done", line
        assert self.history().count("incident_retried") == 2
        assert not Repairs(self.runtime).incidents(actor=SYSTEM, case=self.number)
        self.tell("mended", [self.number, "incident_retried"])

    def history(self) -> list[str]:
        """Kinds of what the case's history tells."""
        return [line.kind for line in self.runtime.history(self.number, actor=SYSTEM)]

    def move(self) -> None:
        """Somebody takes the case on by hand."""
        if self.item("check") is not None:
            Mending(self.runtime).move(self.number, "check", "mend", reason="须补材料", actor=SYSTEM)
        self.tell("mended", [self.number, "moved"])
        self.check_clocks()

    def reopen(self) -> None:
        """One owner asks to open the withdrawn case again, another confirms it."""
        mending = Mending(self.runtime)
        if self.state() == CaseState.CANCELLED:
            waiting = [one.id for one in mending.repairs(actor=SYSTEM, case=self.number) if one.state == "asked"]
            asked = waiting[0] if waiting else mending.reopen(self.number, reason="误撤", actor=SYSTEM)[1]
            assert asked is not None
            self.tell("mended", [self.number, "repair_asked"])
            mending.confirm(asked, actor=self.runtime.actor("root"))
        self.tell("mended", [self.number, "reopened"])

    def state(self) -> CaseState:
        """The state of the case."""
        return self.runtime.case(self.number, actor=SYSTEM).case.state

    def check_clocks(self) -> None:
        """What the rows say of timers is what the engine will fire."""
        with self.runtime._database.read() as tx:
            row = store.case_of_number(tx, self.number)
            assert row is not None
            hand = self.runtime._take(tx, row, SYSTEM)
            rows = {one.id: one.due_at for one in queries.timers(tx, row.id)}
            step = engine.apply(
                hand.procedure.compiled, hand.snapshot, engine.MoveTimers({}), hand.data(), now=hand.now
            )
        assert {one.id: one.due for one in step.timers} == rows

    def finish(self) -> CaseState:
        """Whatever is open is done until the case ends; dead workers' leases run out meanwhile."""
        for _round in range(12):
            self.clock.advance(minutes=5)
            while self.runtime.sweep():
                self.clock.advance(minutes=1)
            page = self.runtime.case(self.number, actor=SYSTEM)
            if page.case.state != CaseState.OPEN:
                return page.case.state
            for item in page.items:
                self.complete(item.element)
            if any(wait.kind == "message" for wait in page.waits):
                self.paper()
        return self.runtime.case(self.number, actor=SYSTEM).case.state


#: name → (what has happened before, what the office is doing when it is struck)
JOURNEYS: Mapping[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    "register": ((), ("register",)),
    "start": (("register",), ("start",)),
    "claim": (("start",), (("claim", "prepare"),)),
    "complete": (("start",), (("complete", "prepare"),)),
    "file": (("start",), ("with_scan",)),
    "return": (
        (("start"), ("complete", "prepare")),
        (("complete", "check", "returned"), ("complete", "mend"), ("complete", "check")),
    ),
    "timer": (("start", ("complete", "prepare")), ("month",)),
    "message": (("start", ("complete", "prepare")), ("paper", ("complete", "file_paper"))),
    "signal": (("start",), ("adult", ("complete", "review"))),
    "withdraw": (("start", ("complete", "prepare")), ("withdraw",)),
    "hold": (("start", ("complete", "prepare")), ("hold",)),
    "recount": (("start", ("complete", "prepare")), ("recount",)),
    "revalue": (("start", ("complete", "prepare")), ("revalue",)),
    "migrate": (("start", ("complete", "prepare")), ("migrate",)),
    "extend": (("start",), ("extend",)),
    "reassign": (("start", "adult", "take_both"), ("hand_over",)),
    "retry": (("start", "stumble"), ("retry",)),
    "move": (("start", ("complete", "prepare")), ("move",)),
    "reopen": (("start", ("complete", "prepare"), "withdraw"), ("reopen",)),
    "document": (
        ("start", ("complete", "prepare"), ("complete", "check"), "paper", ("complete", "file_paper")),
        (("complete", "sign"),),
    ),
}


def do(deeds: Deeds, plan: tuple[Any, ...]) -> None:
    """Carry out a plan."""
    for deed in plan:
        name, *arguments = (deed,) if isinstance(deed, str) else deed
        getattr(deeds, name)(*arguments)


def subject_number(runtime: Runtime, name: str) -> str:
    """The number of the child of that name."""
    from sqlalchemy import select

    from workflow_runtime import tables as t

    with runtime._database.read() as tx:
        return str(tx.execute(select(t.subject.c.number).where(t.subject.c.name == name)).scalar_one())


def plain(value: Any) -> str:
    """One line of JSON."""
    return json.dumps(value, ensure_ascii=False, default=str) + "\n"
