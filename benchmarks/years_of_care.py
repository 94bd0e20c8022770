"""Years of care: entrusted and foster cases in which no visit, fee or renewal is missed, and no step grows dearer.

    python3 -m benchmarks.years_of_care            300 cases (200 entrusted, 100 in families), five years each
    python3 -m benchmarks.years_of_care 30 2 7     30 cases, two years each, from another seed

Every simulated day the machine does what it does once a day, and every clerk whose day it is does what is on the
worklist, through the runtime, as anybody would. Outages of one to forty days fall anywhere: nothing is swept and nobody
works. Clerks are late, some by weeks. Terms are renewed, agreements amended, breaches put right or not, the gap closes.

What is due is counted here by hand, apart from the program: days from days, money from days and rates. Documents are
numbered and registered but not printed, and everything lies in memory where there is some: neither is measured here.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time as watch
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from itertools import zip_longest
from pathlib import Path
from statistics import median
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from sqlalchemy import event, func, select

import handlers  # noqa: F401  (registers the machine steps)
from workflow_runtime import scenarios
from workflow_runtime import tables as t
from workflow_runtime.documents import Rendered
from workflow_runtime.errors import AlreadyDone, NotAllowed, XiebanError
from workflow_runtime.identifiers import new_resident_id
from workflow_runtime.model import SYSTEM, CaseState
from workflow_runtime.procedures import calls, find_folder, gather, shipped_library
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

ZONE = ZoneInfo("Asia/Shanghai")
CARE, FOSTER = "entrusted-care-agreement", "family-foster-care"
FIRST = date(2022, 1, 4)
DAY = timedelta(days=1)
#: Tables that are never looked through: they hold a row for everything that ever happened.
GROWING = frozenset({"job", "work_item", "document", "document_event", "history", "history_content", "notification"})
#: The longest row of days on which no office is open, with the weekend that touches it: so much later a day may fall.
CLOSED = timedelta(days=12)
CYCLES = {"month": 1, "quarter": 3, "half_year": 6}
RATE = Decimal("85.50")
PAY_DAY, PAYMENT_DAYS = 10, 15  #: of the month, to a family; after a statement was checked, between institutions
#: Steps whose cost is compared between years: each comes many times in every year.
MEASURED = frozenset({
    "visit_child", "confirm_visit", "settle_fees/state_fee", "settle_fees/check_fee", "settle_fees/pay_fee",
    "review_gap", "visit_family", "pay_allowance",
})  # fmt: skip


def plus_months(day: date, months: int) -> date:
    """So many months on; a day that the month does not have is its last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = (date(year, month + 1, 28) + timedelta(days=4)).replace(day=1) - DAY
    return last.replace(day=min(day.day, last.day))


def born(index: int) -> date:
    """The birthday of a child, from two to nine years old when the years begin."""
    return date(2012 + index % 8, 1 + index % 12, 1 + index % 28)


@dataclass(slots=True)
class Row:
    """What comes again and again in one case, one after the other: visits, statements, renewals."""

    due: date  #: the day from which the next is right
    free: date  #: the day on which the one before was over
    busy: bool = False  #: while it is not
    count: int = 0

    def over(self, day: date) -> None:
        """What was in hand is done."""
        self.free, self.busy = day, False


@dataclass(slots=True)
class Life:
    """One case: what was agreed in it, and what happened."""

    index: int
    variant: str
    begins: date
    subject: str = ""
    number: str = ""
    since: date | None = None  #: the day of the handover
    left: date | None = None  #: the last day of care
    over: bool = False
    ends_on: date = FIRST  #: the term as agreed
    cycle: str = "quarter"
    interval: int | None = None
    family: str = ""
    rates: list[tuple[date, Decimal]] = field(default_factory=list)
    known: int = 0  #: so many of them were agreed when the statement in hand was asked for
    fee_from: date = FIRST
    fee_to: date = FIRST
    stated: Decimal = Decimal(0)
    unpaid: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    due: Decimal = Decimal(0)  #: what the periods came to when they were stated
    plans: list[tuple[date, str, str]] = field(default_factory=list)  #: from which day, at which step, what happens
    happening: dict[str, str] = field(default_factory=dict)  #: at which standing step what is being seen to
    amended: tuple[date, Decimal] | None = None
    ground: str = "expiry"
    closing: date | None = None  #: from that day a review finds the gap closed
    leaving: date | None = None  #: from that day nobody renews
    rows: dict[str, Row] = field(default_factory=dict)
    waits: dict[str, date] = field(default_factory=dict)  #: since when a step that is chased stands open
    chased: Counter[str] = field(default_factory=Counter)  #: how often at least, and at most, somebody must be told
    done: Counter[str] = field(default_factory=Counter)
    weighed: int = 0

    def year(self, day: date) -> int:
        """Which year of care a day belongs to, from 1; 0 before."""
        return 0 if self.since is None else (day - self.since).days // 365 + 1

    def owed(self, start: date, end: date, rates: list[tuple[date, Decimal]]) -> Decimal:
        """What the days of a period come to, each by itself."""
        days = [start + number * DAY for number in range((end - start).days + 1)]
        return sum((next(rate for since, rate in reversed(rates) if since <= day) for day in days), Decimal(0))


@dataclass(slots=True)
class Found:
    """What came of it."""

    cases: int = 0
    days: int = 0
    down: int = 0
    outages: int = 0
    completions: int = 0
    ended: int = 0
    kept: Counter[str] = field(default_factory=Counter)  #: of each row, how many came in time, once
    after_outage: int = 0
    documents: Counter[str] = field(default_factory=Counter)
    notices: Counter[str] = field(default_factory=Counter)
    paid: Decimal = Decimal(0)
    afterwards: Decimal = Decimal(0)  #: by rates that were signed only after their days had been settled
    wrong: list[str] = field(default_factory=list)
    cost: dict[str, dict[int, list[float]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    spoken: dict[str, dict[int, list[int]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    statements: int = 0
    said: dict[str, Any] = field(default_factory=dict)  #: every statement of the program, with what was given last
    looking: bool = False  #: while the benchmark itself asks
    weights: dict[int, dict[str, list[int]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    yards: list[float] = field(default_factory=list)
    seconds: float = 0.0
    swept: float = 0.0

    def measure(self) -> None:
        """How fast this machine is today, beside whatever else it does: what steps cost is counted in this measure."""
        began = watch.thread_time()
        for _turn in range(20):
            json.loads(json.dumps(_MEASURE))
        self.yards.append(watch.thread_time() - began)

    def grown(self) -> dict[str, tuple[float, float, float, float]]:
        """Of each step, in the first and in the last whole year: statements to the store, and milliseconds of CPU at
        the pace of the whole run."""
        found, pace = {}, median(self.yards) * 1000
        for step, years in sorted(self.cost.items()):
            whole = [year for year in sorted(years) if year > 0 and len(years[year]) >= 3]
            if len(whole) > 1:
                said = [median(self.spoken[step][year]) for year in (whole[0], whole[-1])]
                spent = [median(years[year]) * pace for year in (whole[0], whole[-1])]
                found[step] = (said[0], said[1], spent[0], spent[1])
        return found

    def count(self, _connection: Any, _cursor: Any, statement: str, given: Any, *_more: Any) -> None:
        """A statement went to the store."""
        self.statements += 1
        if not self.looking:
            self.said[statement] = given

    def plan(self, runtime: Runtime) -> None:
        """Which statements looked through the whole of a table that grows with the years."""
        self.looking = True
        with runtime._database.read() as tx:
            for statement, given in self.said.items():
                if isinstance(given, tuple) and statement.startswith(("SELECT", "UPDATE", "DELETE")):
                    for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given):
                        how = str(row[3]).split()
                        if how[0] == "SCAN" and how[1] in GROWING and "USING INDEX ix_" not in row[3]:
                            self.wrong.append(f"looks through all of {how[1]}: {' '.join(statement.split())[:300]}")


_MEASURE = {f"key {number}": [number, str(number), {"text": "委托代养" * 4}] for number in range(60)}


class Clock:
    """The office's time."""

    def __init__(self) -> None:
        self.set(FIRST)

    def __call__(self) -> datetime:
        return self.now

    def set(self, day: date) -> None:
        self.day, self.now = day, datetime.combine(day, time(9), ZONE).astimezone(UTC)


class Unprinted:
    """Stands where documents are printed."""

    def render(self, _template: Any, _context: Any, **_issue: Any) -> Rendered:
        return Rendered(b"%PDF-", "0" * 64, 1, ())

    def close(self) -> None:
        """Nothing to close."""


# --- the people ------------------------------------------------------------------------------------------------------
@cache
def entries(procedure: str) -> Mapping[str, Mapping[str, Any]]:
    """What a clerk enters at each step, from the first worked case that enters it; the ends of its path do as well."""
    found: dict[str, Mapping[str, Any]] = {}
    for path in sorted((find_folder(procedure) / "scenarios").glob("*.yaml")):
        for step in scenarios.read(path.read_bytes(), name=path.name)["steps"]:
            if "complete" in step and "refused" not in step and step.get("outcome", "done") == "done":
                name = str(step["complete"])
                while name:
                    found.setdefault(name, step.get("data") or {})
                    name = name.partition("/")[2]
    return found


class Desk(ABC):
    """Those who do the work of one procedure; a method named after a step says what they enter there."""

    procedure: ClassVar[str]
    #: Steps that stay on the worklist: done when something happens, otherwise never.
    standing: ClassVar[frozenset[str]]
    #: The first step of what comes again and again.
    rows: ClassVar[Mapping[str, str]]
    #: Steps that keep the next of a row waiting while they are in hand.
    keeps: ClassVar[Mapping[str, str]] = {}
    #: What is said when a step stands open for too long: the step, after how many days, and how often from there on.
    chasing: ClassVar[Mapping[str, tuple[str, int, int | None]]] = {}

    def __init__(self, runtime: Runtime, clock: Clock, found: Found) -> None:
        self.runtime, self.clock, self.found = runtime, clock, found
        self.directory = runtime.organisation(actor=SYSTEM)
        self.files = {
            "@scan": dict(runtime.store_file("scan.pdf", scenarios.small_pdf("scan"), actor=SYSTEM)),
            "@photo": dict(runtime.store_file("photo.png", scenarios.small_png("photo"), actor=SYSTEM)),
        }
        self.hands: dict[tuple[str, str], str] = {}
        self.actors: dict[str, Any] = {}

    @property
    def now(self) -> str:
        return self.clock.now.astimezone(ZONE).isoformat(timespec="minutes")

    def ready(self, life: Life, step: str) -> bool:
        """Whether there is anything to do at a step that stays on the worklist."""
        if step not in self.standing:
            return True
        plan = next((one for one in life.plans if one[1] == step and one[0] <= self.clock.day), None)
        if plan is None or life.left is not None:
            return False
        life.plans.remove(plan)
        life.happening[step.partition("/")[0]] = plan[2]
        return True

    def complete(self, life: Life, step: str, id: str, department: str) -> Any:
        """Do an item, as a clerk of its department who may."""
        known, name = entries(self.procedure), step.rpartition("/")[2]
        ways = (step, step.partition("/")[2], name)
        plain = {} if step in self.standing else next((known[way] for way in ways if way in known), {})
        own = getattr(self, name, None)
        data = {key: self._today(value) for key, value in plain.items()}
        data |= own(life, step) if own is not None else {}
        first = self.hands.get((department, step))
        clerks = [one.id for one in self.directory.clerks_of(department, self.clock.day)]
        for clerk in sorted(clerks, key=lambda one: one != first):
            if clerk not in self.actors:
                self.actors[clerk] = self.runtime.actor(clerk)
            said, began = self.found.statements, watch.thread_time()
            try:
                done = self.runtime.complete(id, data, actor=self.actors[clerk])
            except AlreadyDone:
                return None
            except NotAllowed:
                continue
            except XiebanError as error:
                self.found.wrong.append(f"{life.number} {step} on {self.clock.day}: {error}")
                return None
            if step in MEASURED:
                spent = (watch.thread_time() - began) / self.found.yards[-1]
                year = life.year(self.clock.day)
                self.found.cost[step][year].append(spent)
                self.found.spoken[step][year].append(self.found.statements - said)
            self.found.completions += 1
            self.hands[department, step] = clerk
            life.done[step] += 1
            self._chased(life, step)
            self.happened(life, step, data)
            return done
        self.found.wrong.append(f"{life.number} {step}: nobody in {department} may do it")
        return None

    def _today(self, value: Any) -> Any:
        """What a worked case says, on this day."""
        if isinstance(value, datetime) or (isinstance(value, str) and len(value) == 16 and value[10] == "T"):
            return self.now
        if isinstance(value, date):
            return self.clock.day.isoformat()
        if isinstance(value, str) and value in self.files:
            return [self.files[value]]
        if isinstance(value, Mapping):
            return {key: self._today(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self._today(one) for one in value]
        return str(value) if isinstance(value, float) else value

    # --- what is due ----------------------------------------------------------------------------------------------
    def comes(self, life: Life, step: str, up: date) -> None:
        """An item is on the worklist for the first time; `up` is the day before today on which anybody worked."""
        life.waits[step] = self.clock.day
        if step.endswith("/state_fee"):
            life.known = len(life.rates)
        if (name := self.rows.get(step)) is None:
            if (waiting := life.rows.get(self.keeps.get(step, ""))) is not None:
                waiting.busy = True
            return
        row, today = life.rows.get(name), self.clock.day
        if row is None or today < row.due:
            due = f"due on {row.due}" if row else "never due"
            self.found.wrong.append(f"{life.number} {step} on {today}: {due}")
            return
        latest = max(row.due + CLOSED, row.free + DAY)
        if row.busy or up >= latest:
            before = "the one before is open" if row.busy else f"free since {row.free}"
            self.found.wrong.append(f"{life.number} {step} on {today}: due on {row.due}, {before}")
        else:
            self.found.kept[name] += 1
            self.found.after_outage += up < row.due and today - up > 2 * DAY
        life.waits[step] = min(today, max(row.due, row.free))  # an item is open from when it was due
        row.count, row.busy = row.count + 1, True
        row.due = self.following(life, name, row.due)

    def _chased(self, life: Life, step: str) -> None:
        """A step is done: how often somebody was told of it. What falls due while nobody works is told once."""
        stood = (self.clock.day - life.waits.pop(step, self.clock.day)).days
        for text, (chased, after, again) in self.chasing.items():
            if chased != step.rpartition("/")[2]:
                continue
            life.chased[f"least {text}"] += stood - CLOSED.days > after + (again or 0)
            life.chased[f"most {text}"] += 1 if again is None else stood // again

    def missed(self, life: Life, up: date) -> None:
        """At the end: what should have come by `up` and did not."""
        last = min(up, life.left or up)
        for name, row in life.rows.items():
            if not row.busy and row.due + CLOSED < last and row.free + DAY < last:
                self.found.wrong.append(f"{life.number} {name}: not asked for since {row.due}")

    @abstractmethod
    def following(self, life: Life, name: str, due: date) -> date:
        """From which day the next of a row is right."""

    @abstractmethod
    def happened(self, life: Life, step: str, data: Mapping[str, Any]) -> None:
        """What a step changed."""

    @abstractmethod
    def begin(self, life: Life) -> None:
        """Register whom the case is about and start it."""

    def _child(self, life: Life, region: str, standings: Mapping[str, Any]) -> str:
        facts = {
            "name": "某某",
            "sex": "female",
            "birth_date": born(life.index).isoformat(),
            "birth_date_basis": "medical_estimate",
            "category": ["abandoned_not_found"],
            "region": region,
            "hukou_status": "none",
            "temp_person_no": f"L-{life.index:06}",
            "health_level": "healthy",
        }
        return self.runtime.register_subject("child", facts, actor=SYSTEM, region=region, standings=standings)


class Entrusted(Desk):
    """Entrusted care (P17)."""

    procedure = CARE
    standing = frozenset({"entruster_matter/give_notice", "carer_matter/give_notice"})
    rows: ClassVar[Mapping[str, str]] = {
        "visit_child": "visits",
        "settle_fees/state_fee": "fees",
        "decide_renewal": "renewals",
    }
    keeps: ClassVar[Mapping[str, str]] = {"review_gap": "renewals"}
    chasing: ClassVar[Mapping[str, tuple[str, int, int | None]]] = {
        "代养费用逾期未付": ("pay_fee", PAYMENT_DAYS, 7),
        "代养费用长期未付": ("pay_fee", PAYMENT_DAYS + 30, None),
        "定期探访逾期未进行": ("visit_child", 26, None),  # twenty working days
    }

    def begin(self, life: Life) -> None:
        region = "990200" if life.variant == "V3" else "990101"
        level = "CITY" if life.variant == "V3" else "CNTY"
        standings = {
            kind: {"party": f"{agency}.{level}@{region}", "since": "2020-06-01"}
            for kind, agency in (("custodian", "CWI"), ("guardian", "CAB"), ("payer", "CAB"))
        }
        life.subject = self._child(life, region, standings)
        page = self.runtime.start_case(
            CARE,
            life.subject,
            actor=SYSTEM,
            regions={"sending_county": region, "receiving_city": "990100"},
            data={"variant": life.variant},
            jurisdiction="BJ" if life.variant == "V1" else "GX",
        )
        life.number = page.case.number

    def following(self, life: Life, name: str, due: date) -> date:
        if name == "visits":
            return plus_months(due, 3) if life.interval is None else due + life.interval * DAY
        if name == "fees":
            return plus_months(due, CYCLES[life.cycle])
        return date.max - CLOSED  # until it is known for how long it is renewed

    def happened(self, life: Life, step: str, data: Mapping[str, Any]) -> None:
        today = self.clock.day
        if step == "receive_child":
            life.since = life.fee_from = today
            life.rates.append((today, RATE))
            for name in ("visits", "fees"):
                life.rows[name] = Row(self.following(life, name, today), today)
            life.rows["renewals"] = Row(life.ends_on - 30 * DAY, today)
        elif step.endswith("/state_fee"):
            life.due -= life.unpaid  # care ended over a statement that was not paid: its days are in this one
            life.stated = Decimal(data["fee_total"])
            life.fee_to = date.fromisoformat(data["fee_period_to"])
            life.due += life.owed(life.fee_from, life.fee_to, life.rates[: life.known])
            life.unpaid = life.stated
        elif step.endswith("/pay_fee"):
            life.paid += Decimal(data["fee_paid"])
            life.unpaid = Decimal(0)
            life.fee_from = life.fee_to + DAY
            life.rows["fees"].over(today)
        elif step == "check_rectification" or (step == "confirm_visit" and not self._deficient(life)):
            life.rows["visits"].over(today)
        elif step == "review_gap":
            life.rows["renewals"].over(today)
        elif step == "issue_renewal/collect_seals":
            life.rates.append((life.ends_on + DAY, life.rates[-1][1] + Decimal("3.25")))
            life.ends_on = plus_months(life.ends_on, 12)
            life.rows["renewals"] = Row(life.ends_on - 30 * DAY, today)
        elif step.endswith("issue_amendment/collect_seals") and life.amended is not None:
            life.rates.append(life.amended)
        elif step in ("hand_back_child", "note_transfer_effect"):
            life.left = today
        elif step == "arrange_new_place":
            life.rows.pop("renewals", None)

    # --- what is entered ------------------------------------------------------------------------------------------
    def request_care(self, life: Life, _step: str) -> dict[str, Any]:
        reason = {"V1": "no_institution", "V2": "city_funds_not_in_place", "V3": "few_children"}[life.variant]
        return {"entrust_reason": reason} | (
            {"children_long_term": 30, "region_approved": True} if life.variant == "V3" else {}
        )

    def answer_consultation(self, life: Life, _step: str) -> dict[str, Any]:
        return {"reply_agrees": True, "d27_number": f"南民函〔{self.clock.day.year}〕{life.index + 1}号"}

    def negotiate_terms(self, life: Life, _step: str) -> dict[str, Any]:
        life.ends_on = plus_months(self.clock.day, 12)
        terms = {
            "care_starts_on": self.clock.day.isoformat(),
            "care_ends_on": life.ends_on.isoformat(),
            "daily_rate": str(RATE),
            "settlement_cycle": life.cycle,
            "payment_days": PAYMENT_DAYS,
        }
        return terms | ({} if life.interval is None else {"visit_interval_days": life.interval})

    def visit_child(self, life: Life, _step: str) -> dict[str, Any]:
        if not self._deficient(life):
            return {}
        return {"deficiencies_found": True, "deficiencies": "房间通风不足。", "visit_measures": "改善通风。"}

    @staticmethod
    def _deficient(life: Life) -> bool:
        return life.rows["visits"].count % 7 == 3

    def state_fee(self, life: Life, _step: str) -> dict[str, Any]:
        start, end = life.fee_from, plus_months(life.fee_from, CYCLES[life.cycle]) - DAY
        end = life.left or end
        rates = life.rates[: life.known]
        split = next((since for since, _rate in rates if start < since <= end), None)
        days, care = (end - start).days + 1, life.owed(start, end, rates)
        new = 0 if split is None else (end - split).days + 1
        return {
            "fee_period_from": start.isoformat(),
            "fee_period_to": end.isoformat(),
            "fee_days_off": 0,
            "fee_days": days - new,
            "fee_care": str(care),
            "medical_items": [],
            "fee_medical": "0.00",
            "fee_total": str(care),
            "fee_vouchers": 0,
        } | ({"fee_days_new": new} if new else {})

    def pay_fee(self, life: Life, _step: str) -> dict[str, Any]:
        return {"fee_paid": str(life.stated), "fee_payment_no": f"F-{self.found.completions:06}"}

    def decide_renewal(self, life: Life, _step: str) -> dict[str, Any]:
        if life.leaving is not None and life.leaving <= self.clock.day:
            return {"renew": False, "no_renewal_reason": "本机构已恢复能力。"}
        rate = life.rates[-1][1] + Decimal("3.25")
        return {"renew": True, "new_ends_on": plus_months(life.ends_on, 12).isoformat(), "new_daily_rate": str(rate)}

    def review_gap(self, life: Life, _step: str) -> dict[str, Any]:
        closed = life.closing is not None and life.closing <= self.clock.day
        life.ground = "gap_closed" if closed else life.ground
        return {"gap_closed": closed}

    def give_notice(self, life: Life, step: str) -> dict[str, Any]:
        kind = life.happening[step.partition("/")[0]].partition("-")[0]
        told = {"matter_kind": kind, "matter_on": self.clock.day.isoformat(), "matter_facts": "说明事实和理由。"}
        if kind == "incident":
            return told | {
                "incident_kind": "illness",
                "incident_at": self.now,
                "incident_told_at": self.now,
                "incident_measures": "送医诊治。",
            }
        if kind == "amendment":
            life.amended = (self.clock.day + 120 * DAY, life.rates[-1][1] + Decimal("1.10"))
            return told | {
                "amended_terms": "调整代养费用标准。",
                "amended_daily_rate": str(life.amended[1]),
                "amended_from": life.amended[0].isoformat(),
            }
        return told

    def handle_incident(self, life: Life, step: str) -> dict[str, Any]:
        ends = life.happening[step.partition("/")[0]].endswith("-end")
        life.ground = "incident" if ends else life.ground
        return {"incident_decision": "end_care" if ends else "continue", "incident_answer": "已处理。"}

    def judge_remedy(self, life: Life, step: str) -> dict[str, Any]:
        ends = life.happening[step.partition("/")[0]].endswith("-end")
        life.ground = "breach" if ends else life.ground
        return {"breach_decision": "end_care" if ends else "remedied"}

    def arrange_new_place(self, life: Life, _step: str) -> dict[str, Any]:
        return {
            "end_ground": life.ground,
            "new_place_kind": "transfer" if life.ground == "gap_closed" else "entruster",
            "planned_end_on": (self.clock.day + 20 * DAY).isoformat(),
        }


class Foster(Desk):
    """Family foster care (P25)."""

    procedure = FOSTER
    standing = frozenset({"attend_family"})
    rows: ClassVar[Mapping[str, str]] = {
        "visit_family": "family visits",
        "pay_allowance": "allowances",
        "supervise_fostering": "supervisions",
        "assess_integration": "integrations",
        "decide_renewal": "family renewals",
    }
    _MONTHS: ClassVar[Mapping[str, int]] = {"family visits": 1, "supervisions": 12}
    _AHEAD = 7 * DAY  #: so long before the day of payment it is asked for

    def begin(self, life: Life) -> None:
        facts = {
            "name": "陆春华",
            "sex": "female",
            "birth_date": self._born(life).isoformat(),
            "resident_id": self._carer_id(life),
            "region": "990100",
            "address": f"南屏市东城区和平里{life.index + 1}栋",
            "phone": "13900990011",
        }
        manager = {"manager": {"party": "CWI.CITY@990100", "since": "2021-05-06"}}
        life.family = self.runtime.register_subject(
            "foster-family", facts, actor=SYSTEM, region="990100", standings=manager
        )
        standings = {
            kind: {"party": f"{agency}.CITY@990100", "since": "2020-06-01"}
            for kind, agency in (("custodian", "CWI"), ("guardian", "CAB"), ("payer", "CAB"))
        }
        life.subject = self._child(life, "990100", standings)
        page = self.runtime.start_case(
            FOSTER, life.subject, actor=SYSTEM, regions={"receiving_city": "990100"}, jurisdiction="GX"
        )
        life.number = page.case.number

    @staticmethod
    def _born(life: Life) -> date:
        return date(1980, 1, 1) + life.index * DAY

    def _carer_id(self, life: Life) -> str:
        return new_resident_id("990100", self._born(life), 2)

    def following(self, life: Life, name: str, due: date) -> date:
        if name == "allowances":
            return plus_months(due + self._AHEAD, 1) - self._AHEAD
        return plus_months(due, self._MONTHS[name]) if name in self._MONTHS else date.max - CLOSED

    def happened(self, life: Life, step: str, data: Mapping[str, Any]) -> None:
        today = self.clock.day
        if step == "hand_over_child":
            life.since = today
            for name, months in self._MONTHS.items():
                life.rows[name] = Row(plus_months(today, months), today)
            life.rows["integrations"] = Row(today + 60 * DAY, today)
            life.rows["allowances"] = Row(plus_months(today, 1).replace(day=PAY_DAY) - self._AHEAD, today)
        elif step == "help_family" or (step == "visit_family" and data["visit_result"] == "good"):
            life.rows["family visits"].over(today)
        elif step == "pay_allowance":
            life.paid += Decimal(data["allowance_paid"])
            life.rows["allowances"].over(today)
        elif step == "supervise_fostering":
            life.rows["supervisions"].over(today)
        elif step == "assess_integration":
            life.rows["family renewals"] = Row(life.ends_on - 30 * DAY, today)
        elif step == "sign_renewal/collect_seals":
            life.ends_on = plus_months(life.ends_on, 12)
            life.rows["family renewals"] = Row(life.ends_on - 30 * DAY, today)
        elif step == "attend_family" and data["change_kind"] == "relation_broken":
            life.left = today  # from here on nothing comes again: the end is seen to
        elif step == "decide_renewal" and data["renewal"] == "end":
            life.left = today

    # --- what is entered ------------------------------------------------------------------------------------------
    def register_application(self, life: Life, _step: str) -> dict[str, Any]:
        return {
            "family_number": life.family,
            "carer_birth_date": self._born(life).isoformat(),
            "carer_resident_id": self._carer_id(life),
            "family_members": [
                {
                    "member_name": "韦志强",
                    "member_relation": "配偶",
                    "member_birth_date": "1981-11-20",
                    "member_work": "公交司机",
                    "member_health": "健康",
                }
            ],
        }

    def agree_terms(self, life: Life, _step: str) -> dict[str, Any]:
        life.ends_on = plus_months(self.clock.day, 12)
        return {
            "agreement_from": self.clock.day.isoformat(),
            "agreement_ends_on": life.ends_on.isoformat(),
            "integration_days": 60,
            "living_allowance": "1500.00",
            "labour_allowance": "800.00",
            "pay_day": PAY_DAY,
        }

    def visit_family(self, life: Life, _step: str) -> dict[str, Any]:
        return {"visit_result": "concern" if life.rows["family visits"].count % 9 == 4 else "good"}

    def pay_allowance(self, life: Life, _step: str) -> dict[str, Any]:
        return {"allowance_paid": "2300.00", "allowance_voucher": f"寄养-{life.index}-{life.rows['allowances'].count}"}

    def supervise_fostering(self, _life: Life, _step: str) -> dict[str, Any]:
        return {"supervision_result": "good", "rectify_until": None}

    def assess_integration(self, _life: Life, _step: str) -> dict[str, Any]:
        return {"integration_result": "good"}

    def decide_renewal(self, life: Life, _step: str) -> dict[str, Any]:
        if life.leaving is not None and life.leaving <= self.clock.day:
            return {"renewal": "end", "new_ends_on": None}
        renewed = {"renewal": "renew", "new_ends_on": plus_months(life.ends_on, 12).isoformat()}
        if plus_months(born(life.index), 120) > life.ends_on + DAY:
            return renewed
        return renewed | {  # from ten years on the child is asked
            "consent_again_on": self.clock.day.isoformat(),
            "consent_again": "agreed",
            "consent_again_words": "我愿意留下。",
            "consent_again_scan": [self.files["@scan"]],
        }

    def attend_family(self, life: Life, step: str) -> dict[str, Any]:
        kind = life.happening[step]
        told = {"changed_on": self.clock.day.isoformat(), "change_kind": kind, "change_text": "家庭报告。"}
        return told | ({"still_fits": "yes"} if kind == "moved" else {})

    def arrange_short_care(self, _life: Life, _step: str) -> dict[str, Any]:
        return {"short_until": (self.clock.day + 20 * DAY).isoformat()}

    def assess_new_carer(self, life: Life, _step: str) -> dict[str, Any]:
        born = date(1985, 5, 1) + life.index * DAY
        return {
            "carer_change_agreed": "agree",
            "new_carer_birth_date": born.isoformat(),
            "new_carer_resident_id": new_resident_id("990100", born, 1),
        }

    def decide_end(self, life: Life, _step: str) -> dict[str, Any]:
        return {"end_ground": "relation_broken" if "attend_family" in life.happening else "term_over"}


# --- the years -------------------------------------------------------------------------------------------------------
#: What happens in an entrusted case besides: month of care, who tells, what; taken in turn.
ENTRUSTED = (
    ((2, "carer", "amendment"), (16, "entruster", "breach"), (30, "carer", "incident")),
    (),
    ((4, "entruster", "incident"), (26, "entruster", "amendment"), (28, "carer", "breach")),
    ((8, "", "gap closes"),),
    ((14, "", "not renewed"),),
    ((3, "carer", "incident"), (15, "carer", "amendment"), (39, "entruster", "incident")),
    ((29, "entruster", "breach-end"),),
    ((5, "entruster", "breach"), (40, "carer", "incident-end")),
    (),
    ((44, "", "gap closes"),),
)
#: And in a family.
IN_FAMILIES = (
    ((4, "short_care"), (14, "moved"), (27, "carer_change"), (41, "short_care")),
    (),
    ((7, "moved"), (33, "relation_broken")),
    ((26, "not renewed"),),
    ((9, "carer_change"), (50, "moved")),
    (),
)


def lives(cases: int, chance: random.Random) -> list[Life]:
    """So many cases, two entrusted for each in a family, begun over some months."""
    found = []
    for index in range(cases):
        begins = FIRST + timedelta(days=chance.randrange(min(cases, 90) + 1))
        number = index // 3 * 2 + index % 3
        if index % 3 == 2:
            life = Life(index, "family", begins)
            plans = [(months, "attend_family", what) for months, what in IN_FAMILIES[index // 3 % len(IN_FAMILIES)]]
        else:
            life = Life(index, ("V2", "V3", "V1", "V2", "V2")[number % 5], begins)
            life.interval = (None, None, 60)[number % 3]
            told = ENTRUSTED[number % len(ENTRUSTED)]
            amended = any(what == "amendment" for _months, _who, what in told)
            life.cycle = "quarter" if amended else ("month", "quarter", "half_year")[number % 3]
            plans = [(months, f"{who}_matter/give_notice" if who else "", what) for months, who, what in told]
        for months, step, what in plans:
            day = plus_months(begins, months + 1)
            if what == "not renewed":
                life.leaving = day
            elif what == "gap closes":
                life.closing = day
            else:
                life.plans.append((day, step, what))
        found.append(life)
    return found


def live(cases: int, years: int, *, seed: int, folder: Path, every: int = 1) -> Found:
    """Let the years go by, with somebody in the office `every` so many days; what was found."""
    began, chance, clock = watch.perf_counter(), random.Random(seed), Clock()
    found, outages = Found(cases=cases), random.Random(seed + 1)
    settings = Settings.from_env({"XIEBAN_HOME": str(folder / "home")}, database=f"sqlite:///{folder / 'care.db'}")
    with Runtime.create(settings, clock=clock) as runtime:
        runtime._renderer = Unprinted()  # type: ignore[assignment]
        for engine in {runtime._database._writing, runtime._database._reading}:
            event.listen(engine, "before_cursor_execute", found.count)
        organisation = (shipped_library() / "demo" / "organisation.yaml").read_bytes()
        runtime.import_organisation(organisation, actor=SYSTEM)
        for procedure in (CARE, FOSTER):
            runtime.deploy(gather(find_folder(procedure)), actor=SYSTEM)
        desks: dict[str, Desk] = {"family": Foster(runtime, clock, found)}
        entrusted = Entrusted(runtime, clock, found)
        everyone = lives(cases, chance)
        last = max(life.begins for life in everyone) + timedelta(days=365 * years + 120)
        coming, known = sorted(everyone, key=lambda life: life.begins), {}
        pending: dict[str, tuple[Life, str, str, date]] = {}
        up, up_again, day = FIRST, FIRST, FIRST
        while day < last:
            clock.set(day)
            found.days += 1
            if day < up_again:
                found.down += 1
                day += DAY
                continue
            found.measure()
            spent = watch.thread_time()
            while runtime.sweep(limit=500).left:
                continue
            found.swept += watch.thread_time() - spent
            while coming and coming[0].begins <= day:
                life = coming.pop(0)
                desks.get(life.variant, entrusted).begin(life)
                known[life.number] = life
            found.looking = True
            _look(runtime, known, pending, desks, entrusted, chance, day, up)
            found.looking = False
            _work(known, pending, desks, entrusted, chance, day)
            found.looking = True
            _weigh(runtime, known, found, day)
            found.looking = False
            up = day
            if (day.month, day.day) in ((1, 2), (7, 2)) and cases > 50:
                print(f"{day}: {found.completions:,} completions, {len(found.wrong)} wrong", file=sys.stderr)
            if outages.random() < 0.012 * every:
                found.outages += 1
                up_again = day + DAY * (1 + outages.choice((1, 2, 3, 5, 8, 15, 40)))
            day += every * DAY
        found.plan(runtime)
        _judge(runtime, everyone, found, desks, entrusted, up)
    found.seconds = watch.perf_counter() - began
    return found


def _delay(chance: random.Random) -> int:
    """After how many days somebody gets to it: mostly soon, sometimes in a fortnight, now and then much too late."""
    roll = chance.random()
    least, most = (0, 4) if roll < 0.8 else (5, 15) if roll < 0.96 else (20, 45)
    return chance.randint(least, most)


def _look(
    runtime: Runtime,
    known: Mapping[str, Life],
    pending: dict[str, tuple[Life, str, str, date]],
    desks: Mapping[str, Desk],
    entrusted: Desk,
    chance: random.Random,
    day: date,
    up: date,
) -> None:
    """What is on the worklists this morning."""
    item = t.work_item
    columns = (item.c.id, item.c.element, item.c.path, item.c.department_id, t.case.c.number)
    open_items = select(*columns).join(t.case).where(item.c.state.in_(("ready", "reserved")))
    with runtime._database.read() as tx:
        rows = {row.id: row for row in tx.execute(open_items)}
    for id in [id for id in pending if id not in rows]:
        del pending[id]
    for id, row in rows.items():
        if id not in pending:
            life = known[row.number]
            step = "/".join((*calls(tuple(row.path.split(".")) if row.path else ()), row.element))
            desks.get(life.variant, entrusted).comes(life, step, up)
            pending[id] = (life, step, row.department_id, day + DAY * _delay(chance))


def _work(
    known: Mapping[str, Life],
    pending: dict[str, tuple[Life, str, str, date]],
    desks: Mapping[str, Desk],
    entrusted: Desk,
    chance: random.Random,
    day: date,
) -> None:
    """Everybody does what they meant to do by today, and what it leads to."""
    todo = [id for id, one in pending.items() if one[3] <= day]
    while todo:
        id = todo.pop()
        life, step, department, _due = pending[id]
        desk = desks.get(life.variant, entrusted)
        if not desk.ready(life, step):
            continue
        done = desk.complete(life, step, id, department)
        if done is None:
            pending[id] = (life, step, department, day + 30 * DAY)  # what was wrong is noted
            continue
        del pending[id]
        if done.state is not CaseState.OPEN:
            life.over = True
            desk.found.ended += 1
        for one in done.opened:
            if one.case in known and one.id not in pending:
                step = "/".join((*calls(one.path), one.element))
                desk.comes(life, step, day)
                pending[one.id] = (life, step, one.department, day + DAY * _delay(chance))
                if pending[one.id][3] <= day:
                    todo.append(one.id)


def _weigh(runtime: Runtime, known: Mapping[str, Life], found: Found, day: date) -> None:
    """At the end of each year of a case: how big it is."""
    due = [life for life in known.values() if not life.over and life.since and life.year(day) - 1 > life.weighed]
    for life in due:
        life.weighed = life.year(day) - 1
        with runtime._database.read() as tx:
            row = tx.execute(
                select(t.case, t.case_file.c.document).join(t.case_file).where(t.case.c.number == life.number)
            ).one()
            waits = sum(
                tx.execute(select(func.count()).select_from(table).where(table.c.case_id == row.id)).scalar_one()
                for table in (t.timer, t.subscription)
            )
        weight = found.weights[life.weighed]
        weight["snapshot"].append(len(row.snapshot))
        weight["file"].append(len(row.document.encode()))
        weight["waits"].append(waits)
        weight["history"].append(row.history_length)


def _judge(
    runtime: Runtime, everyone: list[Life], found: Found, desks: Mapping[str, Desk], entrusted: Desk, up: date
) -> None:
    for life in everyone:
        if not life.number:
            continue
        desks.get(life.variant, entrusted).missed(life, up)
        found.paid += life.paid
        page = runtime.case(life.number, actor=SYSTEM, history=0)
        if page.incident:
            found.wrong.append(f"{life.number}: the machine stopped: {page.incident}")
        if life.variant == "family":
            continue
        if life.since is not None:
            if life.paid != life.due - life.unpaid:
                found.wrong.append(f"{life.number}: {life.paid} paid up to {life.fee_from - DAY}, {life.due} stated")
            found.afterwards += life.owed(life.since, life.fee_from - DAY, life.rates) - life.paid
        if life.over and life.left is not None and life.fee_from != life.left + DAY:
            found.wrong.append(f"{life.number}: care ended on {life.left}, settled up to {life.fee_from - DAY}")
        documents = Counter(one.code for one in runtime.documents(actor=SYSTEM, case=life.number))
        for code, steps in (
            ("D25", ("visit_child",)),
            ("D24", ("settle_fees/state_fee", "settle_last_fees/state_fee")),
        ):
            done = sum(life.done[step] for step in steps)
            if documents[code] != done:
                found.wrong.append(f"{life.number}: {documents[code]} of {code}, {done} were made")
        found.documents += documents
        with runtime._database.read() as tx:
            letter = t.notification.c
            told = (
                select(letter.text, letter.kind, letter.department_id)
                .join(t.case)
                .where(t.case.c.number == life.number)
            )
            letters = Counter(map(tuple, tx.execute(told).all()))
        for text, (step, _after, again) in entrusted.chasing.items():
            said = max((count for (one, *_whom), count in letters.items() if text in one), default=0)
            # one more where care ended over it, or it stands open now: how long it would have stood nobody knows
            cut = [(up - since).days for other, since in life.waits.items() if other.endswith(step)]
            most = life.chased[f"most {text}"] + sum(1 if again is None else days // again + 1 for days in cut)
            if not life.chased[f"least {text}"] <= said <= most:
                found.wrong.append(
                    f"{life.number}: {said} times {text}, should be {life.chased[f'least {text}']} to {most}"
                )
    with runtime._database.read() as tx:
        for kind, count in tx.execute(select(t.notification.c.kind, func.count()).group_by(t.notification.c.kind)):
            found.notices[kind] = count


def show(found: Found) -> None:
    """Print what the years showed."""
    for name in ("cases", "ended", "days", "outages", "down", "completions", "after_outage"):
        print(f"{name.replace('_', ' '):24}{getattr(found, name):>10,}")
    for name, count in sorted(found.kept.items()):
        print(f"{name:24}{count:>10,}   each in time, once")
    print(f"{'paid, yuan':24}{found.paid:>10,}")
    print(f"{'agreed afterwards, yuan':24}{found.afterwards:>10,}")
    print(f"{'notices':24}{'  '.join(f'{kind} {count:,}' for kind, count in sorted(found.notices.items()))}")
    for step, (said, says, first, then) in found.grown().items():
        change = f"{first:6.2f} ms of CPU in the first year, {then:6.2f} in the last: ×{then / first:.2f}"
        print(f"{step:24}{said:>4.0f} and {says:.0f} statements, {change}")
    for year, weight in sorted(found.weights.items()):
        sizes = "  ".join(f"{name} {median(of):,.0f}" for name, of in weight.items())
        print(f"{f'after year {year}':24}{len(weight['snapshot']):>10,} cases: {sizes}")
    print(f"{'a day of the machine':24}{found.swept / max(found.days - found.down, 1) * 1000:>10.0f} ms of CPU")
    print(f"{'wrong':24}{len(found.wrong):>10,}   {found.seconds:.0f} s")
    for line in found.wrong[:30]:
        print("  " + line)


def quick_folder() -> str | None:
    """Memory, where there is some."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and os.access(memory, os.W_OK) else None


def main() -> None:
    cases, years, seed = (int(given or usual) for given, usual in zip_longest(sys.argv[1:4], (300, 5, 8)))
    with tempfile.TemporaryDirectory(dir=quick_folder()) as folder:
        found = live(cases, years, seed=seed, folder=Path(folder))
    show(found)
    sys.exit(1 if found.wrong else 0)


if __name__ == "__main__":
    main()
