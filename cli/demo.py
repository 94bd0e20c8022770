"""`xieban demo`: a fictional office with forty cases at all stages, made before your eyes."""

from __future__ import annotations

import heapq
import os
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click
import yaml

from cli.app import Command
from cli.output import Output
from cli.rehearsal import Child, Office, Step, Story, scenario, story
from cli.session import Session, pass_session, program, runtime_class
from workflow_runtime.errors import BadInput
from workflow_runtime.escaping import safe
from workflow_runtime.i18n import _, of_data
from workflow_runtime.identifiers import new_resident_id
from workflow_runtime.model import SYSTEM, CaseState
from workflow_runtime.settings import Settings, sqlite_path

if TYPE_CHECKING:
    from workflow_runtime.runtime import Runtime

PROCEDURE = "county-city-transfer"
PROFILE = "GX"
ROOT = "root"

#: Which worked case is played, how many days ago it began, and after how many steps its clerks stop (None: never).
CASES: tuple[tuple[str, int, int | None], ...] = (
    ("hukou-moves", 134, None),  # finished; the one that is shown while it happens
    ("hukou-moves", 1, None),
    ("hukou-moves", 2, None),
    ("hukou-moves", 3, None),
    ("hukou-moves", 4, None),
    ("hukou-moves", 5, None),
    ("hukou-moves", 6, None),
    ("hukou-moves", 8, None),
    ("hukou-moves", 10, None),
    ("hukou-moves", 11, None),
    ("hukou-moves", 13, None),
    ("hukou-moves", 15, None),
    ("hukou-moves", 17, None),
    ("hukou-moves", 19, None),
    ("hukou-moves", 22, None),
    ("hukou-moves", 24, None),
    ("hukou-moves", 30, None),
    ("hukou-moves", 36, None),
    ("hukou-moves", 44, None),
    ("hukou-moves", 60, None),
    ("hukou-moves", 20, 1),  # late: nobody updated the assessment
    ("hukou-moves", 27, 2),  # late: no plan
    ("hukou-moves", 34, 9),  # late: preparation has not begun
    ("hukou-moves", 42, 13),
    ("hukou-moves", 55, 16),
    ("hukou-moves", 65, 23),
    ("hukou-stays", 133, None),
    ("hukou-stays", 16, None),
    ("hukou-stays", 25, None),
    ("hukou-stays", 44, None),
    ("papers-returned", 8, 7),  # returned: the plan
    ("papers-returned", 22, 23),  # returned: the agreement
    ("papers-returned", 28, None),
    ("not-ready-then-ready", 12, None),
    ("not-ready-then-ready", 26, None),
    ("refused-on-the-day", 35, None),
    ("ill-on-the-day", 39, None),
    ("reclaimed-before-handover", 90, None),
    ("entrusted-care-instead", 75, None),
    ("child-adopted", 100, None),
)
FAMILY = "蓝韦包罗谭覃莫农陆苏蒙梁"
GIVEN = "小雨 星晨 春生 小禾 明远 静姝 可心 子安 若水 云帆 安然 一诺 小满 向阳 思源 晓棠 知行 念慈 语桐 景行".split()
COUNTIES = {
    "990101": {},
    "990102": {"青溪": "云岭", "青福": "云福", "青民": "云民", "青公": "云公", "990101": "990102"},
}


@dataclass(slots=True)
class Clock:
    """The office's time while the demo is made."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@click.command(
    cls=Command, help=_("A fictional office with 40 cases, to look around in. Running it again changes nothing.")
)
@pass_session
def demo(session: Session) -> None:
    settings, output = session.settings, session.output
    path = sqlite_path(settings.database)
    if path == Path():
        raise BadInput(_("the demo is made on an embedded database; name a SQLite file with --db"))
    if path.exists():
        _tell_again(session, path)
        return
    began = time.monotonic()
    today = datetime.now(ZoneInfo(settings.zone))
    with TemporaryDirectory(prefix="xieban-demo-", dir=_quick_folder()) as folder:
        scratch = replace(settings, database=f"sqlite:///{folder}/xieban.db", home=Path(folder))
        clock = Clock(today)
        with runtime_class().create(scratch, clock=clock) as runtime:
            shown = _fill(runtime, clock, today, output)
            _name_documents(scratch, settings, shown, output)
        _put_in_place(scratch, settings)
    _sum_up(session, path, time.monotonic() - began)


def _quick_folder() -> str | None:
    """Memory, where there is some: a demo that is not finished need not survive, so nothing need wait for a disk."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 500_000_000
    return str(memory) if roomy else None


def _put_in_place(scratch: Settings, settings: Settings) -> None:
    """Files first, the database last and in one move: an interrupted demo leaves no database, and starts anew."""
    for folder in ("files", "documents", "outbox"):
        if (scratch.home / folder).exists():
            shutil.copytree(scratch.home / folder, settings.home / folder, dirs_exist_ok=True)
    path = sqlite_path(settings.database)
    path.parent.mkdir(parents=True, exist_ok=True)
    coming = path.with_name(f"{path.name}.coming")
    shutil.copyfile(sqlite_path(scratch.database), coming)
    with open(coming, "r+b") as file:
        os.fsync(file.fileno())
    coming.rename(path)


def _tell_again(session: Session, path: Path) -> None:
    """The demo was made before: say what is there, change nothing."""
    output = session.output
    output.wrapped(_("{path} is there already; nothing was changed. To begin anew, remove it.").format(path=path), "✔ ")
    _sum_up(session, path, None)


# --- making it ------------------------------------------------------------------------------------------------


def _fill(runtime: Runtime, clock: Clock, today: datetime, output: Output) -> str:
    """Organisation, procedure, children, and everything that happened; the number of the case that was shown."""
    root = runtime.actor(ROOT)
    organisation = (Path(str(resources.files("bpmn"))) / "demo" / "organisation.yaml").read_bytes()
    counts = runtime.import_organisation(organisation, actor=root)
    output.wrapped(
        _("A fictional city with its counties: {agencies} agencies, {departments} departments, {clerks} clerks").format(
            **counts
        ),
        "✔ ",
    )
    runtime.import_profile(_profile_of_today(today.date()), actor=root)
    from workflow_runtime import procedures

    clock.now = today - timedelta(days=max(days for _name, days, _steps in CASES) + 14)
    version = runtime.deploy(procedures.gather(procedures.find_folder(PROCEDURE)), actor=root)
    output.wrapped(_("Deployed: {name}, version {n}").format(name=of_data(version.name), n=version.version), "✔ ")
    return _play(runtime, clock, today, output)


def _profile_of_today(today: date) -> bytes:
    """The profile GX with one value overridden, and labelled so: the programme's end, which lies in the past (R-06)."""
    plain = yaml.safe_load((Path(str(resources.files("bpmn"))) / "profiles" / f"{PROFILE}.yaml").read_bytes())
    for parameter in plain["parameters"]:
        if parameter["name"] == "programme_end":
            parameter |= {
                "value": date(today.year + 1, 12, 31),
                "mark": "P",
                "title": f"{parameter['title']}(演示改期)",
                "note": f"演示改期:文件原定{parameter['value']}(R-06)",
            }
    plain["version"] = f"{plain['version']}-demo"
    return yaml.safe_dump(plain, allow_unicode=True, sort_keys=False).encode()


def _children(today: date) -> Iterator[Child]:
    for number in range(len(CASES)):
        birth = date(today.year - 4 - number % 11, 1 + number * 5 % 12, 1 + number * 7 % 28)
        sequence = 101 + 2 * number + number % 2
        name = FAMILY[number % len(FAMILY)] + GIVEN[number % len(GIVEN)]
        county = "990101" if number % 3 else "990102"
        yield Child(
            name=name,
            sex="male" if sequence % 2 else "female",
            birth_date=birth,
            resident_id=new_resident_id(county, birth, sequence),
            entry_date=min(birth + timedelta(days=400 + 30 * (number % 9)), today - timedelta(days=400)),
            categories=("abandoned_not_found", "disabled") if number % 2 else ("orphan",),
        )


def _stories(today: datetime, zone: ZoneInfo) -> Iterator[tuple[Story, int | None]]:
    for number, ((name, days, steps), child) in enumerate(zip(CASES, _children(today.date()), strict=True)):
        words = COUNTIES["990101" if number % 3 else "990102"]
        before = today.date() - timedelta(days=days)
        yield story(scenario(PROCEDURE, name), before=before, zone=zone, child=child, words=words), steps


def _play(runtime: Runtime, clock: Clock, today: datetime, output: Output) -> str:
    """Everything that happened until today, in the order of time; what happens in the first case is shown."""
    events: list[tuple[datetime, int, int, Step | None]] = []
    tales: list[Story] = []
    for number, (tale, limit) in enumerate(_stories(today, ZoneInfo(output.zone))):
        tales.append(tale)
        heapq.heappush(events, (min(tale.begins, today), number, -1, None))
        for order, planned in enumerate(tale.steps[:limit]):
            if planned.at <= today:
                heapq.heappush(events, (planned.at, number, order, planned))
    clock.now = events[0][0]
    office = Office(runtime, today.date())
    numbers: dict[int, tuple[str, str]] = {}
    counter = Counter(output, len(events), len(tales))
    while events:
        at, number, _order, step = heapq.heappop(events)
        clock.now = max(clock.now, at)
        if step is None:
            subject = office.register(tales[number])
            page = office.start(tales[number], subject, key=f"demo-{number}")
            numbers[number] = (page.case.number, subject)
            if number == 0:
                counter.say(
                    _("{case} begins: {name}, {procedure}").format(
                        case=page.case.number,
                        name=safe(page.case.subject.name),
                        procedure=of_data(page.case.procedure_name),
                    )
                )
        else:
            item = office.take(step, *numbers[number])
            if number == 0 and item is not None:
                place = f"{of_data(item.agency_name)} / {of_data(item.department_name)}"
                counter.say(f"{output.moment(clock.now)}  {of_data(item.name)} — {place}")
        counter.advance(len(numbers))
    clock.now = today
    while runtime.sweep():
        continue
    counter.done()
    return numbers[0][0]


class Counter:
    """How far it is, on one line that is written over; on a pipe only what is worth a line."""

    def __init__(self, output: Output, events: int, cases: int) -> None:
        self._output, self._events, self._cases = output, events, cases
        self._done, self._live = 0, sys.stdout.isatty()

    def advance(self, begun: int) -> None:
        self._done += 1
        if self._live:
            text = _("{begun} of {cases} cases, {done} of {events} events").format(
                begun=begun, cases=self._cases, done=self._done, events=self._events
            )
            click.echo(f"\r\x1b[K… {text}", nl=False)

    def say(self, text: str) -> None:
        if self._live:
            click.echo("\r\x1b[K", nl=False)
        self._output.wrapped(text, "  ✔ ")

    def done(self) -> None:
        if self._live:
            click.echo("\r\x1b[K", nl=False)
        self._output.wrapped(
            _("{cases} cases, {events} things that clerks did").format(
                cases=self._cases, events=self._done - self._cases
            ),
            "✔ ",
        )


def _name_documents(scratch: Settings, settings: Settings, number: str, output: Output) -> None:
    """The papers of the case that was shown, where they will lie."""
    for path in sorted((scratch.documents / number).glob("*.pdf")):
        output.wrapped(str(settings.documents / number / path.name), "  ✔ ")


# --- what to do next ------------------------------------------------------------------------------------------


def _sum_up(session: Session, path: Path, seconds: float | None) -> None:
    """How many cases stand where, and five commands that work when pasted."""
    runtime, output = runtime_class().open(session.settings), session.output
    try:
        everyone = runtime.actor("zhou-lan")
        cases = runtime.cases(actor=SYSTEM, limit=1000)
        late = runtime.late(actor=everyone)
        if session.as_json:
            output.json({"database": str(path), "cases": len(cases), "late": len(late), "seconds": seconds})
            return
        states = {state: sum(case.state is state for case in cases) for state in CaseState}
        text = _("{path}: {cases} cases, {open} open ({late} items late), {finished} finished")
        output.wrapped(
            text.format(
                path=path,
                cases=len(cases),
                open=states[CaseState.OPEN] + states[CaseState.INCIDENT],
                late=len(late),
                finished=states[CaseState.COMPLETED] + states[CaseState.CANCELLED],
            ),
            "✔ ",
        )
        if seconds is not None:
            output.line("✔ " + _("Made in {seconds} seconds.").format(seconds=f"{seconds:.0f}"))
        output.line()
        output.heading(_("Try next:"))
        for command in _commands(runtime, everyone, late, session.database):
            output.line("  " + command)
    finally:
        runtime.close()


def _commands(runtime: Runtime, everyone: Any, late: Any, database: str | None) -> list[str]:
    items = runtime.worklist(actor=SYSTEM, state="ready", limit=1000) or runtime.worklist(actor=everyone, limit=1000)
    office = Office(runtime, datetime.now(UTC).date())
    clerk = office.anyone_of(items[0].department).clerk if items else "zhou-lan"
    case = late[0].item.case if late else (items[0].case if items else "")
    commands = [f"{program(clerk, database)} work list"]
    if items:
        commands.append(f"{program(clerk, database)} work show {items[0].id[:8]}")
    commands += [
        f"{program(everyone.clerk, database)} case show {case}",
        f"{program(everyone.clerk, database)} case why {case}",
        f"{program(everyone.clerk, database)} late",
    ]
    return commands
