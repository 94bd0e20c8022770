"""The life of a subject as a picture in text: who held which standing when, which cases ran, what happened."""

from __future__ import annotations

from datetime import datetime, timedelta

from cli.case import case_state
from cli.output import Output
from cli.text import clip, pad, width
from cli.wording import standing_name
from workflow_runtime import subjects
from workflow_runtime.escaping import safe
from workflow_runtime.i18n import _, of_data
from workflow_runtime.model import CaseState, CaseView, LifeEvent, Standing, SubjectPage


def show_life(output: Output, page: SubjectPage, now: datetime) -> None:
    """Bars over time, then the events under them, oldest first."""
    held = [one.valid_from for one in page.standings]
    started = [one.started_at for one in page.cases]
    if not held and not started:
        return
    output.line()
    output.heading(_("Life over all cases"))
    ends = [at for at in (*(one.valid_to for one in page.standings), *(one.ended_at for one in page.cases)) if at]
    last = max([now, *held, *started, *ends])
    first = min([*held, *started])
    if started:  # years of quiet before the first case would leave no room for what happened since
        first = max(first, min(started) - max((last - min(started)) / 4, timedelta(days=7)))
    _bars(output, page, first, last)
    output.line()
    for event in page.life:
        output.wrapped(_told(page.kind, event), f"  {output.day(event.at)}  ")


def _bars(output: Output, page: SubjectPage, first: datetime, last: datetime) -> None:
    kinds = list(dict.fromkeys(one.kind for one in page.standings))
    rows: list[tuple[str, list[tuple[datetime, datetime, str]]]] = []
    for kind in kinds:
        held = [one for one in page.standings if one.kind == kind]
        rows.append((standing_name(page.kind, kind), [_held(one, last) for one in held]))
    rows += [(safe(one.number), [_ran(one, last)]) for one in sorted(page.cases, key=lambda one: one.started_at)]
    label = min(max(width(name) for name, _parts in rows), output.columns // 3)
    room = max(output.columns - label - 4, 20)
    whole = max((last - first).total_seconds(), 1)

    def place(at: datetime) -> int:
        return min(round(max(at - first, timedelta()).total_seconds() / whole * room), room)

    ends = output.day(first), output.day(last)
    output.line("  " + " " * (label + 2) + ends[0] + pad(ends[1], room - len(ends[0]), right=True))
    for name, parts in rows:
        line, used = "", 0
        for begin, end, text in parts:
            if end <= first and begin < first:
                continue
            start = max(place(begin), used)
            stop = max(place(end), start + 1)
            line += " " * (start - used) + _bar("▌" if begin >= first else "◂", text, stop - start)
            used = stop
        output.line(f"  {pad(clip(name, label), label)}  {line}".rstrip())


def _bar(mark: str, text: str, columns: int) -> str:
    """A bar that begins with a mark and carries as much of its text as fits."""
    inside = clip(text, columns - 1) if columns > 4 else ""
    return mark + inside + "─" * (columns - 1 - width(inside))


def _held(one: Standing, last: datetime) -> tuple[datetime, datetime, str]:
    return one.valid_from, one.valid_to or last, safe(of_data(one.holder))


def _ran(one: CaseView, last: datetime) -> tuple[datetime, datetime, str]:
    return one.started_at, one.ended_at or last, safe(of_data(one.procedure_name))


def _told(kind: str, event: LifeEvent) -> str:
    where = f"  {safe(event.case)}" if event.case else ""
    detail = f"  {safe(of_data(event.detail))}" if event.detail else ""
    if event.kind == "registered":
        return _("registered under {number}").format(number=safe(event.what))
    if event.kind == "standing":
        code, _blank, holder = event.what.partition(" ")
        told = f"{standing_name(kind, code)} → {safe(of_data(holder))}{detail}"
        return told if event.case == event.detail else told + where
    if event.kind == "case_started":
        return _("begins: {what}").format(what=safe(of_data(event.what))) + where
    if event.kind == "case_ended":
        ended = case_state(CaseState(event.detail))
        return _("ends ({how}): {what}").format(how=ended, what=safe(of_data(event.what))) + where
    if event.kind == "document":
        code, _blank, title = event.what.partition(" ")
        return f"{safe(code)} {safe(of_data(title))}{detail}{where}"
    if event.kind == "signal":
        known = subjects.shipped().get(kind)
        signal = known.signal(event.what) if known else None
        return _("signal: {what}").format(what=safe(of_data(signal.title) if signal else event.what)) + where
    return safe(of_data(event.what)) + where
