"""The open deadlines of one case, counted again: for another calendar or profile, for more time, or for a standstill.

Everything that moves a deadline takes the same way: the note of each open item and timer is changed, the due instant is
counted again from it, the engine's timers follow, and the history says what moved and why. A step that holds others
back (`xb:holds`) stops their clocks while it is open: what is held has no due date, and gets its days back afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row

from workflow_runtime import deadlines, engine, queries, store
from workflow_runtime.calendars import Span, Unit, spoken
from workflow_runtime.deadlines import Note
from workflow_runtime.i18n import _, of_data
from workflow_runtime.model import NEVER, CaseState, Shift

if TYPE_CHECKING:
    from workflow_runtime.casework import CaseInHand

#: A timer that is drawn as nothing but a deadline of the profile, counted from the beginning of its step.
_NAMED = re.compile(r'\s*=\s*deadline\(\s*"([^"]+)"\s*\)\s*')
#: From the row of an item or timer, what is kept of its deadline, and when it is due, to what both are now.
Change = Callable[[Row[Any], Note, datetime], tuple[Note, datetime]]


def recount(
    hand: CaseInHand, change: Change, kind: str, content: Mapping[str, Any], *, dry: bool = False, why: str = ""
) -> tuple[Shift, ...]:
    """Change every open deadline of a case; with `dry`, only say what would change. The caller saves the case."""
    shifts: list[Shift] = []
    told: list[list[Any]] = []
    for item in store.open_due_items(hand.tx, hand.row.id):
        note = deadlines.read(item.due)
        fresh, due = change(item, note, item.due_at)
        if (fresh, due) == (note, item.due_at):
            continue
        shifts.append(_shift(item, note, fresh, item.due_at, due, why))
        told.append([_at(item), item.due_at.isoformat(), due.isoformat()])
        if not dry:
            store.move_due(hand.tx, item.id, due_at=due, due=deadlines.stored(fresh))
            if due != item.due_at:
                text = f"{hand.row.number} {item.name}: {spoken(item.due_at, hand.zone)} → {spoken(due, hand.zone)}"
                hand.notify(item.department_id, "deadline", text)
    to: dict[str, datetime] = {}
    every: dict[str, str] = {}
    for timer in queries.timers(hand.tx, hand.row.id):
        note = _note_of(hand, timer)
        if note.held is not None:
            continue  # it is counted when it goes on
        fresh, due = change(timer, note, timer.due_at)
        if (fresh, due) == (note, timer.due_at):
            continue
        shifts.append(_shift(timer, note, fresh, timer.due_at, due, why))
        told.append([_at(timer), timer.due_at.isoformat(), due.isoformat()])
        if not dry:
            store.move_timer(hand.tx, hand.row.id, timer.id, due_at=due, due=deadlines.stored(fresh))
        if due != timer.due_at:
            to[timer.id] = due
        if fresh.how == "cycle" and (fresh.value, fresh.unit) != (note.value, note.unit):
            every[timer.id] = str(Span(((int(fresh.value), Unit(fresh.unit)),)))
    if dry:
        return tuple(shifts)
    content = {**content, "moved": told}
    if (to or every) and hand.state not in (CaseState.COMPLETED, CaseState.CANCELLED):
        hand.apply(engine.MoveTimers(to, every), kind, content=content)
    else:
        hand.history.add(kind, actor=hand.actor, at=hand.now, content=content)
    return tuple(shifts)


def _shift(row: Row[Any], note: Note, fresh: Note, was: datetime, now: datetime, why: str) -> Shift:
    name = getattr(row, "name", None) or fresh.title or row.element
    said = why
    if fresh.name and (note.value, note.unit) != (fresh.value, fresh.unit):
        said = _("{title}: {old} → {new}").format(title=of_data(fresh.title), old=note.amount, new=fresh.amount)
    return Shift(_at(row), name, was, now, note.provisional and not fresh.provisional, said)


def _at(row: Row[Any]) -> str:
    return f"{row.path}.{row.element}" if row.path else str(row.element)


def _note_of(hand: CaseInHand, timer: Row[Any]) -> Note:
    """How a timer was counted. A program that did not keep it (before schema 0004) armed it as the drawing says, if
    counting so leads to when it is due; else it is a plain length of time."""
    if timer.due:
        return deadlines.read(timer.due)
    plain = Note(timer.opened_at, how="duration")
    process = hand.procedure.process_at(tuple(timer.path.split(".")) if timer.path else ())
    for event in hand.procedure.node(process, timer.element).events:
        named = _NAMED.fullmatch(event.expression or "") if event.kind == "timer" else None
        if named is not None:
            note = replace(plain, how="date").of_parameter(hand.parameter(named[1]))
            if deadlines.count(note, hand.calendar, zone=hand.zone).at == timer.due_at:
                return note
    return plain


# --- what another step holds back --------------------------------------------------------------------------------
def stand_still(hand: CaseInHand) -> None:
    """Stop the clocks of what is held back now, and let go on what was. The caller saves the case."""
    open_items = store.open_items(hand.tx, hand.row.id)
    names = {one.element: one.name for one in open_items if not one.path and one.element in hand.procedure.holders}
    timers = queries.timers(hand.tx, hand.row.id)
    held: list[list[Any]] = []
    freed: list[list[Any]] = []
    to: dict[str, datetime] = {}
    for row in (*open_items, *timers):
        timer = not hasattr(row, "department_id")
        if not timer and row.due is None:
            continue
        note = _note_of(hand, row) if timer else deadlines.read(row.due)
        path = tuple(row.path.split(".")) if row.path else ()
        by = next((names[one] for one in hand.procedure.holders_of(row.element, path) if one in names), None)
        if by is not None and note.held is None:
            kept, due = deadlines.hold(note, row.due_at, hand.now, by), None
            if kept is not None:
                held.append([_at(row), row.due_at.isoformat()])
        elif by is None and note.held is not None:
            was = note.held
            if note.name:
                note = note.of_parameter(hand.parameter(note.name))  # a profile may have been applied meanwhile
            kept, due = deadlines.released(note, hand.now, hand.calendar, zone=hand.zone)
            freed.append([_at(row), was.due.isoformat(), due.isoformat(), was.by])
        else:
            continue
        if kept is None:
            continue
        if timer:
            to[row.id] = due or NEVER
            store.move_timer(hand.tx, hand.row.id, row.id, due_at=due or NEVER, due=deadlines.stored(kept))
        else:
            store.move_due(hand.tx, row.id, due_at=due, due=deadlines.stored(kept))
            if due is not None:
                hand.notify(row.department_id, "deadline", f"{hand.row.number} {row.name}: {spoken(due, hand.zone)}")
    entries: list[tuple[str, list[list[Any]], dict[str, Any]]] = [
        ("clocks_stopped", held, {"by": "、".join(sorted(names.values()))}),
        ("clocks_restarted", freed, {}),
    ]
    entries = [one for one in entries if one[1]]
    for number, (kind, moved, how) in enumerate(entries, 1):
        content = {**how, "moved": moved}
        if to and number == len(entries):
            hand.apply(engine.MoveTimers(to), kind, content=content)
        else:
            hand.history.add(kind, actor=hand.actor, at=hand.now, content=content)
