"""Worked cases as data, run through the real runtime: `xieban procedure test` and the test suite.

The format is described in docs/procedures/scenario-format.md. A run reports the first difference of every
expectation, and which flows were taken, so that the flows that no scenario takes can be named.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self
from zoneinfo import ZoneInfo

import yaml

from workflow_runtime import calendars, feel, sources
from workflow_runtime.casefile import typed_equal
from workflow_runtime.casework import resolve_party
from workflow_runtime.database import Database, copy, remove
from workflow_runtime.documents.renderer import Renderer
from workflow_runtime.errors import BadInput, FormError, NotFound, XiebanError
from workflow_runtime.i18n import _, language, use_language
from workflow_runtime.library import Library
from workflow_runtime.model import SYSTEM, Actor, HistoryView, ItemView
from workflow_runtime.procedures import Procedure, calls, find_folder, gather
from workflow_runtime.repairs import Repairs
from workflow_runtime.reports import Reports
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

ZONE = ZoneInfo("Asia/Shanghai")
_VERBS = ("complete", "fire", "signal", "message", "withdraw", "check")


class ScenarioClock:
    """A clock that only the scenario moves."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True, slots=True)
class Result:
    """What a run of one scenario showed. `taken`: (process id, flow id); `entered`: (process id, element id); `hit`:
    (name of a decision, number of a rule, from 1)."""

    scenario: str
    title: str
    problems: tuple[str, ...]
    steps: int = 0
    case: str | None = None
    taken: frozenset[tuple[str, str]] = frozenset()
    entered: frozenset[tuple[str, str]] = frozenset()
    hit: frozenset[tuple[str, int]] = frozenset()

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.problems


class Office:
    """A prepared office (organisation imported, procedure deployed) from which every scenario starts afresh.

    `folder` takes its files; `database` is the URL of an empty store (default: a SQLite file in `folder`). `renderer`
    prints its documents: one that is lent, or its own, which ends with `close`.
    """

    def __init__(
        self,
        bundle: Mapping[str, bytes],
        organisation: bytes,
        folder: Path,
        *,
        database: str | None = None,
        renderer: Renderer | None = None,
    ) -> None:
        self._folder = folder
        self._renderer = renderer or Renderer()
        self._lent = renderer is not None
        self._runs = 0
        self._library = Library()  # every copy holds the same rows, so what was parsed once serves all
        self._base = self._settings("base", database or str(folder / "base.db"))
        runtime = Runtime.create(self._base)
        runtime.import_organisation(organisation, actor=SYSTEM)
        self.version = runtime.deploy(bundle, actor=SYSTEM)
        self.procedure = runtime.parsed(self.version.key)
        runtime.close()

    def close(self) -> None:
        """Let the child go that prints documents."""
        if not self._lent:
            self._renderer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _settings(self, name: str, database: str) -> Settings:
        return Settings.from_env({"XIEBAN_HOME": str(self._folder / name)}, database=database)

    @contextmanager
    def open(self, clock: Callable[[], datetime]) -> Iterator[Runtime]:
        """A fresh copy of the office under the scenario's clock; it is gone when the block ends."""
        self._runs += 1
        name = f"{self._folder.name.replace('-', '_')}_run{self._runs}"
        settings = self._settings(name, copy(self._base.database, name))
        database = Database(settings.database, lasting=False)
        runtime = Runtime(database, settings, clock=clock, library=self._library, renderer=self._renderer)
        try:
            yield runtime
        finally:
            runtime.close()
            remove(settings.database)


def read(source: bytes, *, name: str) -> dict[str, Any]:
    """A scenario file. Raises BadInput naming the file and the line."""
    try:
        loaded = sources.load(source)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise BadInput(
            _("{file}{line}: not YAML: {reason}").format(file=name, line=line, reason=getattr(error, "problem", error))
        ) from error
    if not isinstance(loaded, dict) or not {"scenario", "procedure", "clock", "subject", "steps", "expect"} <= set(
        loaded
    ):
        raise BadInput(
            _("{file}: a scenario needs scenario, procedure, clock, subject, steps and expect").format(file=name)
        )
    return loaded


def run(office: Office, scenario: Mapping[str, Any]) -> Result:
    """Run one scenario from a fresh office and compare it with what it expects."""
    clock = ScenarioClock(_instant(scenario["clock"]))
    with office.open(clock) as runtime:
        for key in scenario.get("also") or ():
            runtime.deploy(gather(find_folder(str(key))), actor=SYSTEM)
        return ScenarioRun(runtime, office.procedure, scenario, clock).run()


def not_taken(
    procedure: Procedure, results: Sequence[Result], *, everything: bool = False
) -> list[tuple[str, str, str]]:
    """Flows, and events that nothing entered: (process, id, words), over all results together.

    Called processes that may also be started alone have worked cases of their own and answer for themselves; with
    `everything` they are asked here as well.
    """
    taken = frozenset[tuple[str, str]]().union(*(result.taken for result in results))
    entered = frozenset[tuple[str, str]]().union(*(result.entered for result in results))
    found = []
    for process in [procedure.key, *(id for id in procedure.diagrams if id != procedure.key)]:
        one = procedure.diagrams[process]
        if not everything and process != procedure.key and one.scopes[process].properties.get("xb:kind", "C") != "C":
            continue
        for flow in one.flows():
            if _process_of_scope(one, flow.scope) == process and (process, flow.id) not in taken:
                source, target = one.elements[flow.source], one.elements[flow.target]
                label = f"{flow.name}: " if flow.name else ""
                found.append((process, flow.id, f"{source.name or source.id} → {label}{target.name or target.id}"))
        for node in one.nodes():
            if node.kind == "boundaryEvent" and one.process_of(node) == process and (process, node.id) not in entered:
                found.append((process, node.id, node.name or node.id))
    return found


def _process_of_scope(one: Any, scope: str) -> str:
    at = one.scopes[scope]
    while at.parent is not None:
        at = one.scopes[at.parent]
    return str(at.id)


@dataclass
class ScenarioRun:
    """One scenario on its way."""

    runtime: Runtime
    procedure: Procedure
    scenario: Mapping[str, Any]
    clock: ScenarioClock
    on_step: Callable[[int, Mapping[str, Any]], None] | None = None
    problems: list[str] = field(default_factory=list)
    number: str = ""
    case: str = ""
    fired: list[str] = field(default_factory=list)

    def run(self) -> Result:
        """Register, start, walk every step, compare the end."""
        steps = self.scenario["steps"]
        done = 0
        try:
            if self.begin():
                for done, step in enumerate(steps, start=1):
                    if self.on_step is not None:
                        self.on_step(done, step)
                    self.step(done, step)
                    if len(self.problems) > 10:
                        break
                self.compare(_("at the end"), self.scenario["expect"])
        except XiebanError as error:
            self.problems.append(_("step {step}: {error}").format(step=done, error=error))
        history = self.runtime.history(self.case, actor=SYSTEM) if self.case else ()
        return Result(
            scenario=str(self.scenario["scenario"]),
            title=str(self.scenario.get("title", "")),
            problems=tuple(self.problems),
            steps=done,
            case=self.case or None,
            taken=frozenset(self._place(at) for what, at, *_note in _passed(history) if what == "t"),
            entered=frozenset(self._place(at) for what, at, *_note in _passed(history) if what in ("c", "x")),
            hit=frozenset(
                (decision, int(rule))
                for entry in history
                for record in entry.content.get("decisions", ())
                for decision, rules in record["rules"].items()
                for rule in rules
            ),
        )

    # --- the start -----------------------------------------------------------------------------------------------
    def begin(self) -> bool:
        """Register the subject and start the case; False when that was refused, as the scenario wants."""
        for other in self.scenario.get("others") or ():
            self._register(other)  # whom the case refers to
        self.number = self._register(self.scenario["subject"])
        refused = (self.scenario.get("start") or {}).get("refused")
        try:
            self.case = self._start()
        except XiebanError as error:
            if refused is None:
                raise
            if not self._said(str(refused), error, self._start_again):
                text = _("{where}: refused, but with other words than {wanted!r}: {error}")
                self.problems.append(text.format(where=_("at the start"), wanted=refused, error=_words(error)))
            return False
        if refused is not None:
            text = _("{where}: {element} should have been refused ({wanted})")
            self.problems.append(text.format(where=_("at the start"), element=self.procedure.key, wanted=refused))
        return True

    def _register(self, subject: Mapping[str, Any]) -> str:
        directory = self.runtime.organisation(actor=SYSTEM)
        regions = self.regions
        standings = {}
        for kind, one in (subject.get("standings") or {}).items():
            known = dict(one)
            known["since"] = _instant(one["since"])
            if known.get("party"):
                department = resolve_party(directory, known["party"], regions)
                agency = directory.agency(department.agency)
                known["party"] = f"{agency.code}/{department.code}@{agency.region}"
            standings[kind] = known
        return self.runtime.register_subject(
            subject["kind"],
            _jsonlike(subject["facts"]),
            actor=SYSTEM,
            region=subject.get("region") or regions.get("sending_county") or next(iter(regions.values()), ""),
            number=subject.get("number"),
            standings=standings,
        )

    def _start(self) -> str:
        start = self.scenario.get("start") or {}
        page = self.runtime.start_case(
            self.scenario["procedure"],
            self.number,
            actor=SYSTEM,
            regions=self.regions,
            data=self._data("start", start.get("data") or {}),
            jurisdiction=self.scenario.get("profile"),
            message=start.get("message"),
        )
        return page.case.number

    def _start_again(self) -> XiebanError | None:
        try:
            self._start()
        except XiebanError as error:
            return error
        return None

    @property
    def regions(self) -> dict[str, str]:
        """Region bindings of the case."""
        return {name: str(code) for name, code in (self.scenario.get("regions") or {}).items()}

    # --- steps ---------------------------------------------------------------------------------------------------
    def step(self, index: int, step: Mapping[str, Any]) -> None:
        """One step: move the clock, do it, compare."""
        verb = next((one for one in _VERBS if one in step), None)
        where = _("step {step}").format(step=index)
        if verb is None:
            self.problems.append(_("{where}: none of the verbs {verbs}").format(where=where, verbs=", ".join(_VERBS)))
            return
        if verb == "fire":
            self._fire(where, step)
        else:
            self._move(where, step)
            getattr(self, f"_{verb}")(where, step)
        if "expect" in step:
            self.compare(where, step["expect"])
        self._gap_free(where)

    def _target(self, step: Mapping[str, Any]) -> datetime:
        if "at" in step:
            return _instant(step["at"])
        if "after" in step:
            calendar = calendars.shipped("CN")
            return (
                calendars.due_after(self.clock.now, str(step["after"]), calendar).at
                if "WD" in str(step["after"])
                else (self.clock.now + _span(str(step["after"])))
            )
        return self.clock.now

    def _move(self, where: str, step: Mapping[str, Any]) -> None:
        target = self._target(step)
        if target < self.clock.now:
            self.problems.append(_("{where}: the clock cannot run back to {at}").format(where=where, at=target))
            return
        if target > self.clock.now:
            self._leave_receipts()
        allowed = [str(one) for one in step.get("fires") or ()]
        if target > self.clock.now or self.runtime.anything_due():
            self._pass_time(where, target, allowed)
        if allowed:
            self.problems.append(
                _("{where}: {timers} should have fired on the way").format(where=where, timers=", ".join(allowed))
            )

    def _pass_time(self, where: str, target: datetime, allowed: list[str]) -> None:
        """Let fire what is due on the way; those that were `allowed` are taken off the list."""
        for _round in range(200):
            due = self._timers(until=target)
            if not due:
                break
            at = due[0][0]
            self.clock.now = max(self.clock.now, at)
            self.runtime.sweep()
            for element in (element for instant, element in due if instant == at):  # one sweep fires all of an instant
                if element in allowed:
                    allowed.remove(element)
                else:
                    self.problems.append(
                        _("{where}: the timer {timer} fired on the way, at {at}").format(
                            where=where, timer=element, at=_local(at)
                        )
                    )
        self.clock.now = max(self.clock.now, target)
        self.runtime.sweep()

    def _leave_receipts(self) -> None:
        """Agencies outside leave a receipt for what they were sent, as they do where nothing is wrong."""
        repairs = Repairs(self.runtime)
        for one in repairs.messages(actor=SYSTEM, state="waiting"):
            if one.receiver is not None:
                repairs.acknowledge(one.id, taken=True, text="")

    def _timers(self, *, until: datetime) -> list[tuple[datetime, str]]:
        waits = self.runtime.why(self.case, actor=SYSTEM)
        return sorted(
            (one.due, one.element.replace(".", "/"))
            for one in waits
            if one.kind == "timer" and one.due is not None and one.due <= until
        )

    def _fire(self, where: str, step: Mapping[str, Any]) -> None:
        wanted = str(step["fire"])
        running = [one for one in self._timers(until=datetime.max.replace(tzinfo=ZONE)) if one[1] == wanted]
        if not running:
            self.problems.append(
                _("{where}: no timer {timer} is running; running are {known}").format(
                    where=where,
                    timer=wanted,
                    known=", ".join(one[1] for one in self._timers(until=datetime.max.replace(tzinfo=ZONE))) or "-",
                )
            )
            return
        at = running[0][0]
        if "at" in step and not _same_time(step["at"], at):
            self.problems.append(
                _("{where}: {timer} is due at {found}, expected {wanted}").format(
                    where=where, timer=wanted, found=_local(at), wanted=step["at"]
                )
            )
        self._move(where, {"at": at.astimezone(ZONE).isoformat(), "fires": [wanted, *(step.get("fires") or ())]})

    def _complete(self, where: str, step: Mapping[str, Any]) -> None:
        element = str(step["complete"]).replace("/", ".")
        theirs = self.runtime.worklist(actor=SYSTEM, subject=self.number, limit=500)
        opened = [one for one in theirs if one.case == self.case]
        items = [one for one in opened if ".".join((*one.path, one.element)) == element] or [
            one for one in opened if ".".join((*calls(one.path), one.element)) == element
        ]  # of the instances of a repeated call the oldest is meant
        if not items:
            open_now = ", ".join("/".join((*one.path, one.element)) for one in opened)
            self.problems.append(
                _("{where}: {element} is not open; open are {open}").format(
                    where=where, element=step["complete"], open=open_now or "-"
                )
            )
            return
        item = min(items, key=lambda one: one.opened_at)
        if "due" in step and (item.due is None or not _same_day(step["due"], item.due.at)):
            self.problems.append(
                _("{where}: {element} is due {found}, expected {wanted}").format(
                    where=where, element=step["complete"], found=item.due.shown if item.due else "-", wanted=step["due"]
                )
            )
        given = step.get("data") or {}
        context = self._context(item) if _computed(given) else {}
        data = self._data(f"{where}/{step['complete']}", given, context)
        refused = step.get("refused")
        try:
            self.runtime.complete(
                item.id,
                data,
                actor=self._clerk(item, step.get("by")),
                outcome=str(step.get("outcome") or "done"),
                reason=step.get("reason"),
            )
        except XiebanError as error:
            if refused is None:
                self.problems.append(
                    _("{where}: {element} was refused: {error}").format(
                        where=where, element=step["complete"], error=_words(error)
                    )
                )
            elif not self._said(str(refused), error, lambda: self._try_again(item, step, data)):
                self.problems.append(
                    _("{where}: refused, but with other words than {wanted!r}: {error}").format(
                        where=where, wanted=refused, error=_words(error)
                    )
                )
        else:
            if refused is not None:
                self.problems.append(
                    _("{where}: {element} should have been refused ({wanted})").format(
                        where=where, element=step["complete"], wanted=refused
                    )
                )

    def _try_again(self, item: ItemView, step: Mapping[str, Any], data: Mapping[str, Any]) -> XiebanError | None:
        try:
            self.runtime.complete(
                item.id,
                data,
                actor=self._clerk(item, step.get("by")),
                outcome=str(step.get("outcome") or "done"),
                reason=step.get("reason"),
            )
        except XiebanError as error:
            return error
        return None

    def _said(self, wanted: str, error: XiebanError, again: Callable[[], XiebanError | None]) -> bool:
        if wanted in _words(error):
            return True
        spoken = language()
        try:
            use_language("en" if spoken == "zh" else "zh")
            other = again()
        finally:
            use_language(spoken)
        return other is not None and wanted in _words(other)

    def _signal(self, where: str, step: Mapping[str, Any]) -> None:
        self.runtime.signal_subject(
            self.number, str(step["signal"]), actor=SYSTEM, payload=_jsonlike(step.get("data") or {})
        )

    def _message(self, where: str, step: Mapping[str, Any]) -> None:
        key = str(step.get("key") or f"{self.case}/{self.number}")
        self.runtime.deliver_message(
            str(step["message"]), key, _jsonlike(step.get("data") or {}), sender="scenario", actor=SYSTEM
        )

    def _withdraw(self, where: str, step: Mapping[str, Any]) -> None:
        self.runtime.withdraw(self.case, reason=str(step["withdraw"]), actor=SYSTEM)

    def _check(self, where: str, step: Mapping[str, Any]) -> None:
        """Only the expectations of the step."""

    def _clerk(self, item: ItemView, by: str | None) -> Actor:
        if by is not None:
            return self.runtime.actor(by)
        directory = self.runtime.organisation(actor=SYSTEM)
        today = self.clock.now.astimezone(ZONE).date()
        node = self.procedure.node(self._process(item), item.element)
        clerks = directory.clerks_of(item.department, today, node.groups)
        if not clerks:
            raise NotFound(
                _("nobody in {department} may do {element}").format(department=item.department, element=item.element)
            )
        others = self._must_differ(item)
        return self.runtime.actor(next((one.id for one in clerks if one.id not in others), clerks[0].id))

    def _process(self, item: ItemView) -> str:
        return self.procedure.process_at(item.path)

    def _must_differ(self, item: ItemView) -> set[str]:
        node = self.procedure.node(self._process(item), item.element)
        others = {part.strip() for part in node.properties.get("xb:notSameAs", "").split(",") if part.strip()}
        if not others:
            return set()
        prefix = ".".join(item.path)
        return {
            line.actor
            for line in self.runtime.history(self.case, actor=SYSTEM)
            if line.kind == "completed" and line.element in {f"{prefix}.{one}" if prefix else one for one in others}
        }

    # --- values --------------------------------------------------------------------------------------------------
    def _data(
        self, where: str, data: Mapping[str, Any], context: Mapping[str, Any] = MappingProxyType({})
    ) -> dict[str, Any]:
        return {key: self._value(f"{where}/{key}", value, context) for key, value in data.items()}

    def _context(self, item: ItemView) -> dict[str, Any]:
        page = self.runtime.case(self.case, actor=SYSTEM, history=1)
        prefix = ".".join(item.path)
        scope = {
            key[len(prefix) + 1 :] if prefix and key.startswith(prefix + ".") else key: value
            for key, value in page.fields.items()
        }
        return {**scope, "subject": dict(page.subject), "case": {"number": self.case}}

    def _value(self, where: str, value: Any, context: Mapping[str, Any]) -> Any:
        if isinstance(value, str):
            if value.startswith(("==", "@@")):
                return value[1:]
            if value.startswith("="):
                return _jsonlike(feel.evaluate(value[1:], context, now=self.clock.now))
            if value.startswith("@"):
                name, content = self._file(where, value[1:])
                return [dict(self.runtime.store_file(name, content, actor=SYSTEM))]
            return value
        if isinstance(value, Mapping):
            return {key: self._value(f"{where}/{key}", one, context) for key, one in value.items()}
        if isinstance(value, list):
            flat: list[Any] = []
            for index, one in enumerate(value):
                made = self._value(f"{where}/{index}", one, context)
                flat += made if isinstance(one, str) and one.startswith("@") and isinstance(made, list) else [made]
            return flat
        return _jsonlike(value)

    def _file(self, where: str, name: str) -> tuple[str, bytes]:
        if name == "scan":
            return "scan.pdf", small_pdf(f"{self.scenario['scenario']} {where}")
        if name == "photo":
            return "photo.png", small_png(f"{self.scenario['scenario']} {where}")
        raise NotFound(
            _("{where}: files beside a scenario are @scan and @photo, not @{name}").format(where=where, name=name)
        )

    # --- expectations --------------------------------------------------------------------------------------------
    def compare(self, where: str, expected: Mapping[str, Any]) -> None:
        """Compare the case with what is expected; every difference is a problem."""
        page = self.runtime.case(self.case, actor=SYSTEM, history=1)
        history = self.runtime.history(self.case, actor=SYSTEM)
        passed = _passed(history)
        completed = [at.replace(".", "/") for what, at, *_note in passed if what == "c"]
        if page.incident:
            self.problems.append(
                _("{where}: the machine stopped: {incident}").format(where=where, incident=page.incident)
            )
        self._equal(where, "state", expected, str(page.case.state))
        self._equal(where, "status", expected, page.case.milestone)
        if "end" in expected:
            ends = [at for at in completed if "/" not in at and self._kind(at) == "endEvent"]
            self._equal(where, "end", expected, ends[-1] if ends else None)
        if "open" in expected:
            found = sorted("/".join((*one.path, one.element)) for one in page.items)
            self._same(where, "open", sorted(str(one) for one in expected["open"] or ()), found)
        if "path" in expected:
            self._path(where, expected["path"], completed)
        touched = {at.replace(".", "/") for what, at, *_note in passed if what in ("c", "x")} | {
            "/".join((*one.path, one.element)) for one in page.items
        }
        for element in expected.get("never") or ():
            if str(element) in touched:
                self.problems.append(
                    _("{where}: {element} should never have been entered").format(where=where, element=element)
                )
        for element, wanted in (expected.get("decisions") or {}).items():
            self._decision(where, str(element), wanted, history)
        if "documents" in expected:
            self._documents(where, expected["documents"])
        if "standings" in expected:
            self._standings(where, expected["standings"], page.standings)
        if expected.get("file"):
            self._values(where, expected["file"], page.fields)
        if expected.get("subject"):
            self._values(where, expected["subject"], self.runtime.subject(self.number, actor=SYSTEM).fields)
        for id, wanted in (expected.get("lists") or {}).items():
            self._list(where, str(id), wanted)
        if "messages" in expected:
            wanted = list(expected["messages"] or ())
            sent = [one for one in self.runtime.messages(self.case, actor=SYSTEM) if one["name"] != "LedgerUpdated"]
            keyed = {str(one["name"]) for one in wanted if isinstance(one, Mapping)}  # {name, key}: to whom, too
            found = [_addressed(one["name"], one["correlation"] if one["name"] in keyed else None) for one in sent]
            names = [_addressed(one["name"], one["key"]) if isinstance(one, Mapping) else str(one) for one in wanted]
            self._same(where, "messages", names, found)

    def _values(self, where: str, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> None:
        for key, value in wanted.items():
            if not _like(value, found.get(str(key))):
                self.problems.append(
                    _("{where}: {key} is {found!r}, expected {wanted!r}").format(
                        where=where, key=key, found=found.get(str(key)), wanted=value
                    )
                )

    def _list(self, where: str, id: str, wanted: Mapping[str, Any]) -> None:
        """A control list as it is now: its entries by the titles of its columns, and its figures."""
        reports = Reports(self.runtime)
        titles = [column.title for column in reports.report(id).columns]
        rows = [dict(zip(titles, row, strict=True)) for row in reports.rows(id, actor=SYSTEM).rows]
        entries = list(wanted.get("rows") or ())
        if len(rows) != len(entries):
            self._same(where, id, len(entries), len(rows))
            return
        for entry, row in zip(entries, rows, strict=True):
            self._values(f"{where}: {id}", entry, row)
        if wanted.get("totals"):
            self._values(f"{where}: {id}", wanted["totals"], dict(reports.totals(id, actor=SYSTEM)))

    def _kind(self, element: str) -> str | None:
        found = self.procedure.main.elements.get(element)
        return found.kind if found is not None else None

    def _equal(self, where: str, key: str, expected: Mapping[str, Any], found: Any) -> None:
        if key in expected and expected[key] != found:
            self._same(where, key, expected[key], found)

    def _same(self, where: str, what: str, wanted: Any, found: Any) -> None:
        if wanted != found:
            self.problems.append(
                _("{where}: {what} is {found}, expected {wanted}").format(
                    where=where, what=what, found=found, wanted=wanted
                )
            )

    def _path(self, where: str, wanted: Sequence[Any], completed: Sequence[str]) -> None:
        at = 0
        for one in wanted:
            group = [str(each) for each in one["any_order"]] if isinstance(one, Mapping) else [str(one)]
            last = at
            for element in group:
                try:
                    last = max(last, completed.index(element, at) + 1)
                except ValueError:
                    self.problems.append(
                        _("{where}: the path should pass {element} after {before}").format(
                            where=where, element=element, before=completed[at - 1] if at else "-"
                        )
                    )
                    return
            at = last

    def _decision(self, where: str, element: str, wanted: Mapping[str, Any], history: Sequence[HistoryView]) -> None:
        """Compare with what the history says of the decision: its answer and the rules that were hit."""
        at = element.replace("/", ".")
        records = [one for line in history for one in line.content.get("decisions", ()) if one["at"] == at]
        if not records:
            self._same(where, f"decision {element}", dict(wanted), None)
            return
        said, hits = records[-1]["value"], [rule for rules in records[-1]["rules"].values() for rule in rules]
        if isinstance(said, Mapping):  # what a decision said is kept as FEEL
            answer: Any = {key: feel.evaluate(str(one), {}) for key, one in said.items()}
        else:
            answer = feel.evaluate(str(said), {})
        for key, value in wanted.items():
            if key in ("file", "procedure"):  # which table of which version answered
                found = records[-1][key]
            else:
                found = hits if key == "rules" else answer.get(key) if isinstance(answer, Mapping) else answer
            if (key == "rules" and not set(value) <= set(hits)) or (key != "rules" and not _like(value, found)):
                self.problems.append(
                    _("{where}: {element} decided {found!r}, expected {wanted!r}").format(
                        where=where, element=element, found=found, wanted=value
                    )
                )

    def _documents(self, where: str, wanted: Mapping[str, Any]) -> None:
        documents = self.runtime.documents(actor=SYSTEM, case=self.case)
        directory = self.runtime.organisation(actor=SYSTEM)
        for origin in ("issued", "received"):
            if origin not in wanted:
                continue
            found = [one for one in documents if one.origin == origin]
            self._same(
                where,
                f"documents {origin}",
                [str(one["code"]) for one in wanted[origin] or ()],
                [one.code for one in found],
            )
            for expected, one in zip(wanted[origin] or (), found, strict=False):
                day = one.issued_at.astimezone(ZONE).date() if one.issued_at else None
                for key in ("on", "date"):
                    if key in expected and _day(expected[key]) != day:
                        self._same(where, f"{one.code} {key}", str(expected[key]), str(day))
                if "state" in expected:
                    self._same(where, f"{one.code} state", str(expected["state"]), str(one.state))
                if "number" in expected:
                    self._same(where, f"{one.code} number", str(expected["number"]), one.number)
                if expected.get("issuer"):
                    agency = directory.agency(
                        resolve_party(directory, str(expected["issuer"]), self.regions).agency
                    ).name
                    self._same(where, f"{one.code} issuer", agency, one.issuer)
        for code in wanted.get("absent") or ():
            if any(one.code == str(code) for one in documents):
                self.problems.append(_("{where}: {code} should not exist").format(where=where, code=code))

    def _standings(self, where: str, wanted: Mapping[str, Any], found: Sequence[Any]) -> None:
        directory = self.runtime.organisation(actor=SYSTEM)
        for kind, rows in wanted.items():
            life = [one for one in found if one.kind == kind]
            if len(life) != len(rows):
                self._same(
                    where, f"standing {kind}", f"{len(rows)} intervals", f"{len(life)}: {[one.holder for one in life]}"
                )
                continue
            for expected, one in zip(rows, life, strict=True):
                holder = str(expected.get("holder") or "")
                if expected.get("party"):
                    holder = directory.agency(
                        resolve_party(directory, str(expected["party"]), self.regions).agency
                    ).name
                self._same(where, f"standing {kind} holder", holder, one.holder)
                for key, at in (("since", one.valid_from), ("until", one.valid_to)):
                    if key in expected and (at is None or not _same_time(expected[key], at)):
                        self._same(where, f"standing {kind} {key}", str(expected[key]), _local(at) if at else "open")
                if "until" not in expected and one.valid_to is not None:
                    self._same(where, f"standing {kind} until", "open", _local(one.valid_to))
                if "basis" in expected and str(expected["basis"]) not in one.basis:
                    self._same(where, f"standing {kind} basis", str(expected["basis"]), one.basis)

    def _gap_free(self, where: str) -> None:
        if self.scenario["expect"].get("gap_free", True) is False or self.procedure.subject_kind is None:
            return
        held = self.runtime.held(self.number, actor=SYSTEM)
        for kind in self.procedure.subject_kind.standings:
            if kind.required and held[kind.code] != 1:
                text = _("{where}: {kind} has {count} holders")
                self.problems.append(text.format(where=where, kind=kind.name, count=held[kind.code]))

    def _place(self, at: str) -> tuple[str, str]:
        path, _dot, element = at.rpartition(".")
        return self.procedure.process_at(tuple(path.split(".")) if path else ()), element


def _computed(value: Any) -> bool:
    """Whether something in the data of a step is FEEL about the case."""
    if isinstance(value, Mapping):
        return any(map(_computed, value.values()))
    if isinstance(value, list):
        return any(map(_computed, value))
    return isinstance(value, str) and value.startswith("=") and not value.startswith("==")


def _passed(history: Sequence[HistoryView]) -> list[Sequence[str]]:
    return [line for entry in history for line in entry.content.get("passed", ())]


def _words(error: XiebanError) -> str:
    if isinstance(error, FormError | BadInput) and error.findings:
        return "; ".join(f"{finding.element or ''} {finding.message} {finding.remedy}" for finding in error.findings)
    return str(error)


def _jsonlike(value: Any) -> Any:
    """A YAML value as a form or file takes it: dates as ISO text, numbers as Decimal."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, Mapping):
        return {str(key): _jsonlike(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_jsonlike(one) for one in value]
    return value


def _instant(value: Any) -> datetime:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else value.replace(tzinfo=ZONE)
    if isinstance(value, date):
        return datetime.combine(value, time(), ZONE)
    raise BadInput(_("{value!r} is neither a date nor a time").format(value=value))


def _day(value: Any) -> date:
    return _instant(value).astimezone(ZONE).date()


def _same_day(wanted: Any, at: datetime) -> bool:
    if _is_day(wanted):
        return _instant(wanted).date() == calendars.last_day(at, "Asia/Shanghai")
    return abs((_instant(wanted) - at).total_seconds()) < 60


def _same_time(wanted: Any, at: datetime) -> bool:
    if _is_day(wanted):
        local = at.astimezone(ZONE)
        return _instant(wanted).date() in (local.date(), calendars.last_day(at, "Asia/Shanghai"))
    return abs((_instant(wanted) - at).total_seconds()) < 60


def _is_day(value: Any) -> bool:
    return (isinstance(value, date) and not isinstance(value, datetime)) or (
        isinstance(value, str) and len(value) == 10
    )


def _span(text: str) -> timedelta:
    value = feel.evaluate(f'duration("{text}")', {})
    if not isinstance(value, timedelta):
        raise BadInput(_("{text!r} is not a duration of days and hours").format(text=text))
    return value


def _local(at: datetime) -> str:
    return at.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M")


def _addressed(name: object, key: object) -> str:
    return str(name) if key is None else f"{name} → {key}"


def _like(wanted: Any, found: Any) -> bool:
    if isinstance(found, Decimal | int) and not isinstance(found, bool) and isinstance(wanted, str | int | float):
        try:
            return Decimal(str(wanted)) == Decimal(found)
        except ArithmeticError:
            return False
    if isinstance(found, datetime) and not isinstance(wanted, Mapping):
        return _same_time(wanted, found)
    if isinstance(found, date) and not isinstance(wanted, Mapping):
        return str(wanted) == found.isoformat()
    return typed_equal(_jsonlike(wanted), _jsonlike(found))


def small_pdf(text: str) -> bytes:
    """A valid one-page PDF whose content is `text`: stands for a scan, and differs with its text."""
    mark = hashlib.sha256(text.encode()).hexdigest()
    stream = f"BT /F1 10 Tf 40 800 Td ({mark}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length " + str(len(stream)).encode() + b" >>\nstream\n" + stream + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{offset:010} 00000 n \n".encode() for offset in offsets)
    return out + f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()


def small_png(text: str) -> bytes:
    """A valid 16 by 16 PNG drawn from `text`: stands for a photograph, and differs with its text."""
    seed = hashlib.sha256(text.encode()).digest()
    rows = b"".join(b"\0" + bytes(seed[(row * 16 + column) % 32] for column in range(16)) for row in range(16))

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 16, 16, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
