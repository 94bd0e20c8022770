"""One command over many: a preview, a question, a line for each, and an exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import click

from cli.app import NO
from cli.session import Session
from workflow_runtime.escaping import safe
from workflow_runtime.i18n import _, ngettext
from workflow_runtime.model import Line, Shift

#: Lines of a preview that are shown before the question.
_SHOWN = 20


def over_many(session: Session, lines: Callable[[bool], Iterable[Line]], *, dry_run: bool, yes: bool) -> int:
    """Preview and ask, unless told not to; then do each and report it. `lines` takes whether it is only a preview."""
    if not dry_run and not yes and not session.as_json:
        confirm(session, list(lines(True)))
    return show_lines(session, lines(dry_run))


def confirm(session: Session, preview: Sequence[Line]) -> None:
    """Show what would happen and ask; nothing is asked when there is nothing to do."""
    if not preview:
        return
    for line in preview[:_SHOWN]:
        _show(session, line)
    if len(preview) > _SHOWN:
        session.output.line(_("… and {count} more").format(count=len(preview) - _SHOWN))
    text = ngettext("Do this to {n} case or item?", "Do this to {n} cases or items?", len(preview))
    click.confirm(text.format(n=len(preview)), abort=True)


def show_lines(session: Session, lines: Iterable[Line]) -> int:
    """Report each as it is done; the exit code is 1 when one of them failed."""
    done = []
    for line in lines:
        done.append(line)
        if not session.as_json:
            _show(session, line)
    counts = {state: sum(line.state == state for line in done) for state in ("done", "unchanged", "would", "failed")}
    if session.as_json:
        session.output.json(done)
    elif not done:
        session.output.wrapped(_("There is nothing to do."), "✔ ")
    elif counts["would"]:
        text = _("{would} would be done, {failed} would fail; nothing was changed")
        session.output.wrapped(text.format(**counts), "· ")
    else:
        sign = "✖ " if counts["failed"] else "✔ "
        session.output.wrapped(_("{done} done, {unchanged} unchanged, {failed} failed").format(**counts), sign)
    return NO if counts["failed"] else 0


def _show(session: Session, line: Line) -> None:
    sign = {"done": "✔ ", "unchanged": "· ", "would": "→ ", "failed": "✖ "}[line.state]
    session.output.wrapped(f"{safe(line.what)}  {safe(line.text)}".rstrip(), sign)
    show_shifts(session, line.shifts)


def show_shifts(session: Session, shifts: Iterable[Shift]) -> None:
    """Deadlines that moved, each with where it stood and why."""
    from workflow_runtime.reckoning import shift_line

    for shift in shifts:
        session.output.wrapped(safe(shift_line(shift, session.output.zone)), "    ", "      ")
