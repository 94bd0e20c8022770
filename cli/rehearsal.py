"""Worked cases replayed: the steps of a scenario, moved to other days and other (fictional) children."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from workflow_runtime.errors import NotAllowed
from workflow_runtime.model import SYSTEM, Actor, CasePage, ItemView

if TYPE_CHECKING:
    from workflow_runtime.runtime import Runtime

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2})?")


@dataclass(frozen=True, slots=True)
class Child:
    """A fictional child."""

    name: str
    sex: str
    birth_date: date
    resident_id: str
    entry_date: date
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens in a case, and when."""

    at: datetime
    verb: str
    what: str
    data: Mapping[str, Any] = field(default_factory=dict)
    outcome: str = "done"
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """A scenario, moved: who the child is, where it plays, what happens."""

    procedure: str
    profile: str
    regions: Mapping[str, str]
    facts: Mapping[str, Any]
    standings: Mapping[str, Mapping[str, Any]]
    begins: datetime
    steps: tuple[Step, ...]


@cache
def scenario(procedure: str, name: str) -> Mapping[str, Any]:
    """A shipped scenario, read once."""
    from workflow_runtime import procedures, scenarios

    path = procedures.find_folder(procedure) / "scenarios" / f"{name}.yaml"
    return scenarios.read(path.read_bytes(), name=path.name)


def story(
    plain: Mapping[str, Any],
    *,
    before: date,
    zone: ZoneInfo,
    child: Child | None = None,
    words: Mapping[str, str] | None = None,
) -> Story:
    """A scenario as if it had begun on `before`, or up to six days earlier: on the weekday on which it does begin, so
    that offices are open. It is about `child`, and `words` are replaced in its texts."""
    began = _instant(plain["clock"], zone)
    day = before - timedelta(days=(before - began.date()).days % 7)
    days = (day - began.date()).days
    facts = dict(plain["subject"]["facts"])
    replaced: dict[str, str] = {}
    if child is not None:
        replaced |= {facts["name"]: child.name, str(facts.get("resident_id") or "no id"): child.resident_id}
    replaced |= words or {}  # after the whole identity number, which begins with the region's code
    moved = _Mover(days, f"{began.year}", f"{day.year}", replaced)
    facts = moved(facts)
    if child is not None:
        facts |= {
            "name": child.name,
            "sex": child.sex,
            "birth_date": child.birth_date.isoformat(),
            "resident_id": child.resident_id,
            "entry_date": child.entry_date.isoformat(),
            "birth_date_basis": facts.get("birth_date_basis", "medical_estimate"),
            "hukou_status": facts.get("hukou_status", "registered_here"),
            "category": list(child.categories),
        }
    standings = moved(plain["subject"]["standings"])
    if child is not None:
        standings = {kind: {**one, "since": child.entry_date.isoformat()} for kind, one in standings.items()}
    return Story(
        procedure=plain["procedure"],
        profile=plain["profile"],
        regions=moved(plain["regions"]),
        facts=facts,
        standings=standings,
        begins=began + timedelta(days=days),
        steps=tuple(_steps(plain["steps"], moved, days, began, zone)),
    )


def _steps(rows: list[dict[str, Any]], moved: _Mover, days: int, began: datetime, zone: ZoneInfo) -> Iterator[Step]:
    clock = began
    for row in rows:
        if "at" in row:
            clock = _instant(row["at"], zone)
        verb = next((one for one in ("complete", "signal", "message", "withdraw") if one in row), "")
        if verb and "refused" not in row:
            yield Step(
                at=clock + timedelta(days=days),
                verb=verb,
                what=str(row[verb]),
                data=moved(row.get("data") or {}),
                outcome=row.get("outcome", "done"),
                reason=moved(row["reason"]) if row.get("reason") else None,
            )


def _instant(value: Any, zone: ZoneInfo) -> datetime:
    if isinstance(value, datetime):
        return value.replace(tzinfo=zone) if value.tzinfo is None else value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=zone)
    return datetime.fromisoformat(str(value)).replace(tzinfo=zone)


@dataclass(frozen=True, slots=True)
class _Mover:
    """Dates by so many days, years in file numbers, words: in every value of a mapping."""

    days: int
    year: str
    new_year: str
    words: Mapping[str, str]

    def __call__(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: self(part) for key, part in value.items()}
        if isinstance(value, list):
            return [self(part) for part in value]
        if isinstance(value, datetime):
            return (value + timedelta(days=self.days)).isoformat(timespec="minutes")
        if isinstance(value, date):
            return (value + timedelta(days=self.days)).isoformat()
        if isinstance(value, float):
            return Decimal(str(value))
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        if _DAY.fullmatch(text):
            return self(datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text))  # type: ignore[no-any-return]
        for old, new in self.words.items():
            text = text.replace(old, new)
        return text if text.isdigit() else text.replace(self.year, self.new_year)


class Office:
    """All the clerks of an organisation at their desks: whoever may do a step does it."""

    def __init__(self, runtime: Runtime, today: date) -> None:
        self._runtime = runtime
        self._directory = runtime.organisation(actor=SYSTEM)
        self._today = today
        self._actors: dict[str, Actor] = {}

    def clerk(self, identity: str) -> Actor:
        if identity not in self._actors:
            self._actors[identity] = self._runtime.actor(identity)
        return self._actors[identity]

    def anyone_of(self, department: str) -> Actor:
        return self.clerk(self._directory.clerks_of(department, self._today)[0].id)

    def party(self, name: str, regions: Mapping[str, str]) -> str:
        """The department that `AGENCY[/department]@region` names."""
        agency, _at, region = name.partition("@")
        code, _slash, department = agency.partition("/")
        return self._directory.party(code, regions.get(region, region) or None, department or None).id

    def register(self, tale: Story) -> str:
        custodian = tale.standings["custodian"]["party"]
        standings = {
            kind: {**one, "party": self._placed(str(one["party"]), tale.regions)} if "party" in one else dict(one)
            for kind, one in tale.standings.items()
        }
        actor = self.anyone_of(self.party(str(custodian), tale.regions))
        return self._runtime.register_subject(
            "child", tale.facts, actor=actor, region=tale.regions["sending_county"], standings=standings
        )

    @staticmethod
    def _placed(party: str, regions: Mapping[str, str]) -> str:
        agency, _at, region = party.partition("@")
        return f"{agency}@{regions.get(region, region)}"

    def start(self, tale: Story, subject: str, key: str) -> CasePage:
        actor = self.anyone_of(self.party(str(tale.standings["custodian"]["party"]), tale.regions))
        return self._runtime.start_case(
            tale.procedure, subject, actor=actor, regions=tale.regions, jurisdiction=tale.profile, key=key
        )

    def take(self, step: Step, number: str, subject: str) -> ItemView | None:
        """Do a step; the item that was completed, if there was one to complete."""
        if step.verb == "signal":
            actor = self._holder_of(number)
            self._runtime.signal_subject(subject, step.what, actor=actor, payload=step.data)
            return None
        if step.verb == "message":
            self._runtime.deliver_message(
                step.what, f"{number}/{subject}", step.data, sender="demo", actor=self._holder_of(number)
            )
            return None
        if step.verb == "withdraw":
            self._runtime.withdraw(number, reason=step.what, actor=self._holder_of(number))
            return None
        return self._complete(step, number, subject)

    def _holder_of(self, number: str) -> Actor:
        items = self._runtime.case(number, actor=SYSTEM, history=0).items
        return self.anyone_of(items[0].department) if items else SYSTEM

    def _complete(self, step: Step, number: str, subject: str) -> ItemView | None:
        *path, element = step.what.split("/")
        items = [
            item
            for item in self._runtime.worklist(actor=SYSTEM, subject=subject)
            if item.case == number and item.element == element and list(item.path) == path
        ]
        if not items:
            return None
        refused: NotAllowed | None = None
        for clerk in self._directory.clerks_of(items[0].department, self._today):
            actor = self.clerk(clerk.id)
            try:
                data = {key: self._value(value, key, actor, number) for key, value in step.data.items()}
                done = self._runtime.complete(items[0].id, data, actor=actor, outcome=step.outcome, reason=step.reason)
                return done.item
            except NotAllowed as error:
                refused = error
        if refused is not None:
            raise refused
        return None

    def _value(self, value: Any, key: str, actor: Actor, number: str) -> Any:
        if isinstance(value, list):
            return [self._value(part, key, actor, number) for part in value]
        if isinstance(value, Mapping):
            return {name: self._value(part, name, actor, number) for name, part in value.items()}
        if not isinstance(value, str):
            return value
        if value.startswith("@"):
            from workflow_runtime.scenarios import small_pdf, small_png

        if value == "@scan":
            return [self._runtime.store_file(f"{key}.pdf", small_pdf(f"{number} {key}"), actor=actor)]
        if value == "@photo":
            return [self._runtime.store_file(f"{key}.png", small_png(f"{number} {key}"), actor=actor)]
        if value.startswith("=") and not value.startswith("=="):
            from workflow_runtime import feel

            page = self._runtime.case(number, actor=SYSTEM, history=0)
            return feel.evaluate(value, {**page.fields, "subject": dict(page.subject)})
        return value
