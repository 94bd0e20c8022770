"""When the rules by which open deadlines were counted change: a table of holidays, a profile, an extension.

Everything that moves a deadline takes the same way (recounting.py). Work on many cases goes case by case, each in a
transaction of its own: stopped anywhere, it is simply begun again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from workflow_runtime import calendars, deadlines, profiles, queries, store
from workflow_runtime.calendars import Calendar, amount, spoken
from workflow_runtime.casework import CaseInHand
from workflow_runtime.deadlines import Longer, Moved, Note, Stop
from workflow_runtime.errors import BadInput, NotAllowed, NotFound, RuleBroken, XiebanError
from workflow_runtime.i18n import _, of_data
from workflow_runtime.model import Actor, CaseState, ItemState, ItemView, Line, Shift
from workflow_runtime.profiles import Profile, State
from workflow_runtime.recounting import recount
from workflow_runtime.runtime import CALENDAR, Runtime

#: Cases that are looked up at a time.
_BATCH = 200


@dataclass(frozen=True, slots=True)
class YearView:
    """A published year of a calendar."""

    year: int
    source: str
    holidays: int
    workdays: int


# --- one case ----------------------------------------------------------------------------------------------------
def resumed(hand: CaseInHand, stop: Stop, content: Mapping[str, Any]) -> tuple[Shift, ...]:
    """The clocks of a case go on after a suspension: each deadline as its clause says."""

    def change(_row: Row[Any], note: Note, due: datetime) -> tuple[Note, datetime]:
        return deadlines.stopped(note, due, stop, hand.calendar, zone=hand.zone)

    return recount(hand, change, "resumed", content, why=_("the case stood still: {reason}").format(reason=stop.reason))


def shift_line(shift: Shift, zone: str) -> str:
    """A moved deadline in words."""
    name, was, now = of_data(shift.name), spoken(shift.was, zone), spoken(shift.now, zone)
    if shift.was == shift.now:
        text = _("{name}: {now}, certain now") if shift.certain else _("{name}: {now}, unchanged")
        return text.format(name=name, now=now)
    text = _("{name}: {was} → {now}").format(name=name, was=was, now=now)
    return f"{text} ({shift.why})" if shift.why else text


class Reckoning:
    """Calendars, profiles and extensions of a runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._database = runtime._database
        self._zone = runtime._settings.zone

    # --- calendars -----------------------------------------------------------------------------------------------
    def years(self) -> tuple[YearView, ...]:
        """The published years of the calendar in force."""
        with self._database.read() as tx:
            years = _years(queries.calendar_years(tx, self._newest(tx)))
        return tuple(
            YearView(
                year.number,
                year.source,
                sum(not day.working for day in year.days.values()),
                sum(day.working for day in year.days.values()),
            )
            for _number, year in sorted(years.items())
        )

    def year(self, number: int) -> calendars.Year:
        """The published table of a year. Raises NotFound."""
        with self._database.read() as tx:
            years = _years(queries.calendar_years(tx, self._newest(tx)))
        if number not in years:
            raise NotFound(
                _("the holidays of {year} are not published here; there are {known}").format(
                    year=number, known=", ".join(map(str, sorted(years)))
                )
            )
        return years[number]

    def import_year(self, source: bytes, *, actor: Actor, name: str = "") -> tuple[int, bool]:
        """Keep the published table of a year; returns the year, and whether anything changed.

        Open cases keep counting by the tables they know until `apply_calendar`. Raises ProfileError with all findings.
        """
        self._runtime._owner_only(actor)
        year = calendars.read(source, name=name)
        with self._database.begin() as tx:
            newest = self._newest(tx)
            years = {**queries.calendar_years(tx, newest), year.number: source}
            kept = store.insert_calendar(
                tx, name=CALENDAR, sha256=calendars.digest(years), years=years, now=self._runtime._clock()
            )
            if kept != self._newest(tx):  # the tables are as they were once before
                store.renew_calendar(tx, CALENDAR, kept, self._runtime._clock())
        return year.number, kept != newest

    def apply_calendar(
        self, *, actor: Actor, dry_run: bool = False, extra: bytes | None = None, case: str | None = None
    ) -> Iterator[Line]:
        """Count the deadlines of every open case again by the newest tables; a line for each case.

        `extra`: with `dry_run`, the table of a year that is not kept yet. Safe to begin again: a case that was done
        is not among those any more.
        """
        self._runtime._owner_only(actor)
        with self._database.read() as tx:
            goal = self._newest(tx)
            stored = queries.calendar_years(tx, goal)
            if extra is not None:
                year = calendars.read(extra)
                stored = {**stored, year.number: extra}
            calendar = Calendar(CALENDAR, _years(stored), calendars.digest(stored))
        unknown = None if extra is not None else goal
        for case_id, number in self._cases(lambda tx, after: queries.cases_to_recount(tx, CALENDAR, unknown, after)):
            if case in (None, number):
                pin = ("calendar_id", goal)
                yield self._one(
                    case_id, number, actor, dry_run, pin, lambda hand: self._by(hand, calendar, goal, dry_run)
                )

    def _by(self, hand: CaseInHand, calendar: Calendar, goal: int, dry: bool) -> tuple[Shift, ...]:
        why = _changed_years(hand.calendar, calendar)

        def change(_row: Row[Any], note: Note, due: datetime) -> tuple[Note, datetime]:
            return _again(note, due, calendar, hand, deadlines.CALENDAR, why)

        hand.repinned["calendar_id"] = goal
        return recount(hand, change, "calendar_changed", {"calendar": calendar.version, "why": why}, dry=dry, why=why)

    # --- profiles ------------------------------------------------------------------------------------------------
    def apply_profile(
        self,
        jurisdiction: str,
        *,
        reason: str,
        actor: Actor,
        dry_run: bool = False,
        profile: Profile | None = None,
        case: str | None = None,
    ) -> Iterator[Line]:
        """Move every open case of a jurisdiction to the newest values of its profile; a line for each case.

        `profile`: with `dry_run`, one that is not kept yet. Raises NotFound, BadInput.
        """
        self._runtime._owner_only(actor)
        if not reason.strip() and not dry_run:
            raise BadInput(_("a reason is needed: --reason TEXT"))
        with self._database.read() as tx:
            goal = self._runtime._profile_id(tx, jurisdiction)
            target = profile or self._runtime._library.profile(tx, goal)
        known = None if profile is not None else goal
        for case_id, number in self._cases(lambda tx, after: queries.cases_to_move(tx, jurisdiction, known, after)):
            if case in (None, number):
                pin = ("profile_id", goal)
                yield self._one(
                    case_id, number, actor, dry_run, pin, lambda hand: self._under(hand, target, goal, reason, dry_run)
                )

    def _under(self, hand: CaseInHand, profile: Profile, goal: int, reason: str, dry: bool) -> tuple[Shift, ...]:
        state = profile.procedure_state(hand.procedure.code)
        if state.state is State.OFF:
            raise RuleBroken(
                _("the new profile does not run {procedure}: {reason}").format(
                    procedure=of_data(hand.procedure.name), reason=of_data(state.reason)
                )
            )
        hand.profile = profile

        def change(_row: Row[Any], note: Note, due: datetime) -> tuple[Note, datetime]:
            if not note.name:
                return note, due
            fresh = note.of_parameter(hand.parameter(note.name))
            if fresh == note:
                return note, due
            said = _("{old} → {new}; {reason}").format(old=note.amount, new=fresh.amount, reason=reason)
            return _again(fresh, due, hand.calendar, hand, deadlines.PROFILE, said)

        hand.repinned["profile_id"] = goal
        content = {"profile": profile.hash, "version": profile.version, "reason": reason}
        return recount(hand, change, "profile_applied", content, dry=dry, why=reason)

    def versions(self, jurisdiction: str) -> tuple[Profile, ...]:
        """Every kept version of a jurisdiction's profile, the newest first. Raises NotFound."""
        with self._database.read() as tx:
            self._runtime._profile_id(tx, jurisdiction)
            return tuple(
                self._runtime._library.profile(tx, row.id) for row in queries.profile_versions(tx, jurisdiction)
            )

    def profile_source(self, jurisdiction: str) -> bytes:
        """The newest kept file of a jurisdiction, byte for byte. Raises NotFound."""
        with self._database.read() as tx:
            return bytes(queries.profile_by_id(tx, self._runtime._profile_id(tx, jurisdiction)).content)

    def import_profile(self, source: bytes, *, actor: Actor, name: str = "") -> Profile:
        """Keep a new version of a profile; new cases run by it, open ones when it is applied.

        Raises ProfileError with all findings, RuleBroken when other content is kept under the same version.
        """
        self._runtime._owner_only(actor)
        profile = profiles.read(source, name=name)
        with self._database.begin() as tx:
            for row in queries.profile_versions(tx, profile.jurisdiction):
                if row.sha256 == hashlib.sha256(source).hexdigest():
                    continue
                if self._runtime._library.profile(tx, row.id).version == profile.version:
                    raise RuleBroken(
                        _(
                            "{jurisdiction} has another profile of version {version}; give this one a new version"
                        ).format(jurisdiction=profile.jurisdiction, version=profile.version)
                    )
            self._runtime._keep_profile(tx, source, name or "profile", self._runtime._clock())
        return profile

    # --- extension -----------------------------------------------------------------------------------------------
    def extend(self, id: str, *, value: int, unit: str, ground: str, actor: Actor) -> ItemView:
        """Give an open item more time, within what the profile allows; every department of the case is told.

        Raises NotFound, NotAllowed (who may), BadInput (no ground), RuleBroken (the limit, with rule and source).
        """
        if not ground.strip():
            raise BadInput(_("an extension needs a ground: --ground TEXT"))
        runtime = self._runtime
        with runtime._writing() as tx:
            hand, row = runtime._hold(tx, id, actor)
            if row.state not in (ItemState.READY, ItemState.RESERVED):
                runtime._refuse_move(tx, row.id, actor)
            if hand.state != CaseState.OPEN:
                raise NotAllowed(_("case {number} is {state}").format(number=row.case_number, state=hand.state))
            if row.due is None:
                raise RuleBroken(_("“{name}” has no deadline to extend").format(name=of_data(row.name)))
            note = deadlines.read(row.due)
            if note.held is not None:
                text = _("the deadline of “{name}” stands still until “{step}” is done; extend it afterwards")
                raise RuleBroken(text.format(name=of_data(row.name), step=of_data(note.held.by)))
            self._may_extend(hand, row, note, value, unit, actor)
            longer = Longer(value, unit, ground, actor.clerk, hand.now)

            def change(other_row: Row[Any], other: Note, due: datetime) -> tuple[Note, datetime]:
                if other_row.id != row.id and not self._goes_with(hand, row, note, other_row, other):
                    return other, due
                fresh = replace(other, longer=(*other.longer, longer))
                found = deadlines.count(fresh, hand.calendar, zone=hand.zone)
                return replace(fresh, provisional=found.provisional), found.at

            content = {"item": row.id, "value": value, "unit": unit, "reason": ground}
            shifts = recount(hand, change, "extended", content, why=ground)
            self._tell_parties(hand, row, shifts, ground)
            hand.save()
        runtime._after_commit()
        return runtime._item(row.id, actor)

    def _goes_with(self, hand: CaseInHand, item: Row[Any], note: Note, timer: Row[Any], other: Note) -> bool:
        """Whether a timer is drawn on the item's step and watches the same deadline."""
        if other.name != note.name or timer.path != item.path:
            return False
        node = hand.procedure.diagrams[item.process].elements.get(timer.element)
        return bool(getattr(node, "attached_to", None) == item.element)

    def _may_extend(self, hand: CaseInHand, row: Row[Any], note: Note, value: int, unit: str, actor: Actor) -> None:
        parameter = hand.parameter(note.name)
        rule = parameter.extension
        title = of_data(parameter.title)
        if rule is None:
            raise RuleBroken(
                _("profile {profile} allows no extension of “{title}” ({standing})").format(
                    profile=hand.profile.jurisdiction, title=title, standing=parameter.standing_text
                )
            )
        own = row.department_id in actor.departments and rule.by == "department"
        if not own and row.department_id not in actor.supervises:
            who = (
                _("its department or a supervisor") if rule.by == "department" else _("a supervisor of its department")
            )
            raise NotAllowed(
                _("“{title}” is extended by {who} ({standing})").format(
                    title=title, who=who, standing=rule.standing_text
                )
            )
        granted = len(note.longer)
        limit = _("“{title}” may be extended {times} time(s), each by at most {amount} ({standing})").format(
            title=title, times=rule.times, amount=amount(rule.value, rule.unit), standing=rule.standing_text
        )
        if granted >= rule.times:
            raise RuleBroken(_("it was extended {count} time(s) already; {limit}").format(count=granted, limit=limit))
        if unit != rule.unit or not 0 < value <= rule.value:
            asked = amount(value, unit)
            raise RuleBroken(
                _("{asked} is more than allowed, or in another unit; {limit}").format(asked=asked, limit=limit)
            )
        if row.due_at <= hand.now:
            raise RuleBroken(_("the deadline has passed; only one that still runs can be extended"))

    def _tell_parties(self, hand: CaseInHand, row: Row[Any], shifts: tuple[Shift, ...], ground: str) -> None:
        moved = "; ".join(shift_line(replace(one, why=""), hand.zone) for one in shifts)
        for department in sorted({party.department_id for party in queries.parties(hand.tx, hand.row.id)}):
            if department != row.department_id:  # that one was told of the new date
                hand.notify(department, "extension", f"{hand.row.number} {moved} — {ground}")

    # --- one of many ---------------------------------------------------------------------------------------------
    def _cases(self, page: Callable[[Connection, int], list[tuple[int, str]]]) -> Iterator[tuple[int, str]]:
        after = 0
        while True:
            with self._database.read() as tx:
                found = page(tx, after)
            yield from found
            if len(found) < _BATCH:
                return
            after = found[-1][0]

    def _one(
        self,
        case_id: int,
        number: str,
        actor: Actor,
        dry: bool,
        pin: tuple[str, int],
        work: Callable[[CaseInHand], tuple[Shift, ...]],
        *,
        changes: bool = False,
    ) -> Line:
        """One case; one that is pinned to the goal already was done meanwhile, by somebody else or before a kill.

        `changes`: it is another afterwards though no deadline moves.
        """
        column, goal = pin
        try:
            if dry:
                with self._database.read() as tx:
                    row = store.case_by_id(tx, case_id)
                    assert row is not None
                    return Line(number, "would", shifts=work(self._runtime._take(tx, row, actor)))
            with self._database.begin() as tx:
                row = store.lock_case_by_id(tx, case_id)
                assert row is not None
                if row.state in (CaseState.COMPLETED, CaseState.CANCELLED) or getattr(row, column) == goal:
                    return Line(number, "unchanged")
                hand = self._runtime._take(tx, row, actor)
                shifts = work(hand)
                hand.save()
            return Line(number, "done" if shifts or changes else "unchanged", shifts=shifts)
        except XiebanError as error:
            return Line(number, "failed", str(error))

    def _newest(self, tx: Connection) -> int:
        found = queries.newest_calendar(tx, CALENDAR)
        if found is None:
            raise NotFound(_("there is no calendar; run “xieban init”"))
        return found


def _again(
    note: Note, due: datetime, calendar: Calendar, hand: CaseInHand, cause: str, why: str
) -> tuple[Note, datetime]:
    """A period counted again, with what moved it kept beside it."""
    if not note.counts:
        return note, due
    found = deadlines.count(note, calendar, zone=hand.zone)
    fresh = replace(note, provisional=found.provisional)
    if found.at != due:
        fresh = replace(fresh, moved=(*note.moved, Moved(due, hand.now, cause, why)))
    return fresh, found.at


def _years(stored: Mapping[int, bytes]) -> dict[int, calendars.Year]:
    return {number: calendars.read(source, name=str(number)) for number, source in stored.items()}


def _changed_years(old: Calendar, new: Calendar) -> str:
    """Which years are known now that were not, or otherwise, each with the notice that says so."""
    said = []
    for number in sorted(new.years):
        before, year = old.years.get(number), new.years[number]
        if before is None or before.hash != year.hash:
            said.append(f"{number}: {year.source}")
    return "; ".join(said)
