"""Years of many lives: everybody in state care is asked about life after 18 in time and once, whatever goes wrong.

    python3 -m benchmarks.coming_of_age            ten years of 1,000 subjects
    python3 -m benchmarks.coming_of_age 100 3      three years of 100

Every simulated day the machine does what it does once a day, unless it is down that day: outages of one to forty days
fall anywhere, over birthdays and plan days too. Some days two workers do it. Subjects are born on leap days, have
estimated birth dates, are registered late, have birth dates corrected to earlier and later days.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time as watch
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

import handlers  # noqa: F401  (registers the machine steps)
from workflow_runtime import casefile, queries
from workflow_runtime import tables as t
from workflow_runtime.model import SYSTEM
from workflow_runtime.occasions import Occasions
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

ZONE = ZoneInfo("Asia/Shanghai")
PLAN = "adult-orphan-resettlement"
AHEAD = 12  #: months, as the profiles say
_IN_CARE = {
    "custodian": {"party": "CWI.CITY@990100", "since": "2014-01-01"},
    "guardian": {"party": "CAB.CITY@990100", "since": "2014-01-01"},
    "payer": {"party": "CAB.CITY@990100", "since": "2014-01-01"},
}


def plan_day(born: date) -> date:
    """Counted here by hand, apart from the program: 18 years on, a leap day becoming 28 February, and months back."""
    eighteen = date(born.year + 18, born.month, min(born.day, _last(born.year + 18, born.month)))
    months = eighteen.year * 12 + eighteen.month - 1 - AHEAD
    year, month = divmod(months, 12)
    return date(year, month + 1, min(eighteen.day, _last(year, month + 1)))


def _last(year: int, month: int) -> int:
    return ((date(year, month, 28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)).day


def _years_on(born: date, years: int) -> date:
    return date(born.year + years, born.month, min(born.day, _last(born.year + years, born.month)))


@dataclass(slots=True)
class Life:
    """One subject: born when by what is known on a day, registered when, and since when it should have been asked."""

    number: str
    born: date
    registered: date
    basis: str
    asked_from: date | None = None  #: the first day on which it was right to ask
    corrected_to: tuple[date, date] | None = None  #: on that day, to that birth date


@dataclass(slots=True)
class Found:
    """What came of it."""

    subjects: int = 0
    days: int = 0
    down: int = 0
    due: int = 0
    leap: int = 0
    estimated: int = 0
    corrected: int = 0
    late_registered: int = 0
    over_outage: int = 0
    two_workers: int = 0
    birthdays: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0


class _Clock:
    def __init__(self) -> None:
        self.now = datetime(2015, 1, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def set(self, day: date) -> None:
        self.now = datetime.combine(day, time(9), ZONE).astimezone(UTC)


def live(subjects: int, years: int, *, seed: int, bundle: dict[str, bytes], organisation: bytes, folder: Path) -> Found:
    """Let the years go by; what was found."""
    began, chance, clock = watch.perf_counter(), random.Random(seed), _Clock()
    first = date(2015, 1, 1)
    last = date(first.year + years, 1, 1)
    found = Found(subjects=subjects)
    settings = Settings.from_env({"XIEBAN_HOME": str(folder / "home")}, database=f"sqlite:///{folder / 'years.db'}")
    with Runtime.create(settings, clock=clock) as one, Runtime.open(settings, clock=clock) as other:
        one.import_organisation(organisation, actor=SYSTEM)
        one.deploy(bundle, actor=SYSTEM)
        lives = [_register(one, clock, chance, first, last, number) for number in range(subjects)]
        coming = sorted(lives, key=lambda life: life.registered)
        waiting = [life for life in coming if life.registered > first]
        day, up_again = first, first
        while day < last:
            clock.set(day)
            while waiting and waiting[0].registered <= day:
                _write(one, waiting.pop(0), day)
            for life in lives:
                if life.corrected_to is not None and life.corrected_to[0] == day and life.registered <= day:
                    life.born = life.corrected_to[1]
                    _correct(one, life)
                    found.corrected += 1
                if life.registered <= day and life.asked_from is None and _should(life, day):
                    life.asked_from = day
            if day < up_again:
                found.down += 1
            else:
                if chance.random() < 0.02:
                    found.two_workers += 1
                    Occasions(other).give()
                Occasions(one).give()
                if chance.random() < 0.02:
                    up_again = day + timedelta(days=chance.choice((2, 3, 8, 41)))
            found.days += 1
            day += timedelta(days=1)
        clock.set(last)
        Occasions(one).give()  # the machine is up again after the last day
        _judge(one, lives, found, last)
    found.seconds = watch.perf_counter() - began
    return found


def _register(runtime: Runtime, clock: _Clock, chance: random.Random, first: date, last: date, number: int) -> Life:
    days = (last - first).days
    born = _years_on(first, -18) + timedelta(days=chance.randrange(days + 6 * 365))
    if chance.random() < 0.08:
        born = date(chance.choice([year for year in range(born.year - 3, born.year + 4) if year % 4 == 0]), 2, 29)
        born = max(born, date(2000, 2, 29))
    registered = first if chance.random() < 0.8 else first + timedelta(days=chance.randrange(days))
    registered = min(max(registered, born + timedelta(days=1)), max(first, _years_on(born, 24)))
    basis = "medical_estimate" if chance.random() < 0.3 else "certificate"
    life = Life(f"C-990101-2015-{number + 1:06}", born, registered, basis)
    if basis == "medical_estimate" and chance.random() < 0.3:
        on = registered + timedelta(days=1 + chance.randrange(days))
        life.corrected_to = (
            on,
            max(date(1990, 1, 1), min(born + timedelta(days=chance.randint(-700, 700)), registered)),
        )
    if registered <= first:
        clock.set(first)
        _write(runtime, life, first)
    return life


def _write(runtime: Runtime, life: Life, _day: date) -> None:
    facts = {
        "name": "某某",
        "sex": "male",
        "birth_date": life.born,
        "birth_date_basis": life.basis,
        "category": ["orphan"],
        "region": "990101",
        "hukou_status": "none",
        "temp_person_no": life.number[-6:],
    }
    runtime.register_subject("child", facts, actor=SYSTEM, number=life.number, region="990101", standings=_IN_CARE)


def _correct(runtime: Runtime, life: Life) -> None:
    with runtime._database.begin() as tx:
        row = queries.subject(tx, life.number)
        assert row is not None
        facts = dict(casefile.loads(row.document)) | {"birth_date": life.born}
        tx.execute(update(t.subject).where(t.subject.c.id == row.id).values(document=casefile.dumps(facts)))


def _should(life: Life, day: date) -> bool:
    return day >= plan_day(life.born) and life.registered < _years_on(life.born, 18)


def _judge(runtime: Runtime, lives: list[Life], found: Found, last: date) -> None:
    up = last
    given: dict[str, int] = {}
    with runtime._database.read() as tx:
        for row in tx.execute(select(t.signal.c.id).where(t.signal.c.name == "CHILD_TURNED_18")):
            given[row.id.split(" ")[1]] = given.get(row.id.split(" ")[1], 0) + 1
    for life in lives:
        came = life.registered < _years_on(life.born, 18) <= last
        if life.corrected_to is None and given.get(life.number, 0) != came:
            found.wrong.append(f"{life.number} born {life.born}: {given.get(life.number, 0)} signals of majority")
        found.birthdays += came
        if life.registered > last:
            continue
        cases = runtime.cases(actor=SYSTEM, procedure=PLAN, subject=life.number, limit=10)
        days = [one.started_at.astimezone(ZONE).date() for one in cases]
        if life.asked_from is None and not _should(life, up):
            if days:
                found.wrong.append(f"{life.number} born {life.born}: asked on {days}, nobody should have")
            continue
        found.due += 1
        found.leap += (life.born.month, life.born.day) == (2, 29)
        found.estimated += life.basis == "medical_estimate"
        found.late_registered += life.registered > date(2015, 1, 1)
        if len(days) != 1:
            found.wrong.append(f"{life.number} born {life.born}: asked {len(days)} times: {days}")
        elif life.asked_from is not None and not 0 <= (days[0] - life.asked_from).days <= 41:
            found.wrong.append(f"{life.number} born {life.born}: asked on {days[0]}, due on {life.asked_from}")
        elif life.asked_from is not None:
            found.over_outage += days[0] > life.asked_from


def main() -> None:
    """Print what the years showed."""
    from workflow_runtime.procedures import find_folder, gather, shipped_library

    subjects, years = (int(sys.argv[1]), int(sys.argv[2])) if len(sys.argv) == 3 else (1000, 10)
    with tempfile.TemporaryDirectory() as folder:
        found = live(
            subjects,
            years,
            seed=18,
            bundle=gather(find_folder(PLAN)),
            organisation=(shipped_library() / "demo" / "organisation.yaml").read_bytes(),
            folder=Path(folder),
        )
    for name in ("subjects", "days", "down", "due", "leap", "estimated", "late_registered", "corrected", "birthdays"):
        print(f"{name.replace('_', ' '):20}{getattr(found, name):>8,}")
    print(f"{'asked after outage':20}{found.over_outage:>8,}")
    print(f"{'days of two workers':20}{found.two_workers:>8,}")
    print(f"{'wrong':20}{len(found.wrong):>8,}   {found.seconds:.0f} s")
    for line in found.wrong[:20]:
        print("  " + line)
    sys.exit(1 if found.wrong else 0)


if __name__ == "__main__":
    main()
