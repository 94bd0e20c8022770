"""`xieban init`, `xieban late`, `xieban worker`: the office as a whole."""

from __future__ import annotations

import signal
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import FrameType

import click

from cli.app import Command
from cli.options import filters, sheets
from cli.output import Column, Listing, days_left
from cli.session import Session, pass_session, runtime_class, sweep_text
from workflow_runtime.escaping import safe
from workflow_runtime.i18n import _, of_data
from workflow_runtime.model import LateRow, Swept
from workflow_runtime.settings import shown, sqlite_path


@click.command(cls=Command, help=_("Make a new database with the shipped profiles and calendars."))
@pass_session
def init(session: Session) -> None:
    path = sqlite_path(session.settings.database)
    if path != Path():
        path.parent.mkdir(parents=True, exist_ok=True)
    runtime_class().create(session.settings).close()
    where = str(path) if path != Path() else shown(session.settings.database)
    if session.as_json:
        session.output.json({"database": where})
        return
    session.output.wrapped(_("{where} is ready.").format(where=where), "✔ ")
    session.output.wrapped(_("Next: “xieban org import demo”, then “xieban --as USER procedure deploy KEY”"))


@click.command(cls=Command, help=_("What is overdue, by department, longest first."))
@filters("department", "agency")
@sheets
@click.option("--limit", type=click.IntRange(1, 100_000), default=1000, help=_("Rows at most."))
@pass_session
def late(
    session: Session, department: str | None, agency: str | None, as_csv: bool, xlsx: Path | None, limit: int
) -> None:
    rows = session.runtime.late(actor=session.actor, department=department, agency=agency)
    output = session.output
    columns: list[Column[LateRow]] = [
        Column(_("Agency"), lambda row: of_data(row.agency), least=8),
        Column(_("Department"), lambda row: of_data(row.department), least=8),
        Column(_("Item"), lambda row: row.item.id[:8]),
        Column(_("What"), lambda row: of_data(row.item.name), least=10),
        Column(_("Case"), lambda row: row.item.case, least=9),
        Column(_("Held by"), lambda row: row.item.clerk_name, least=6),
        Column(_("Due"), lambda row: output.last_day(row.item.due.at) if row.item.due else None),
        Column(_("Working days late"), lambda row: row.working_days_late, right=True, style=lambda row: "red"),
    ]
    if session.as_json or as_csv or xlsx is not None:
        Listing(output, columns, rows, 1, limit, "", as_csv, xlsx).show()
        return
    if not rows:
        output.line(_("Nothing is late."))
        return
    groups: dict[tuple[str, str], list[LateRow]] = {}
    for row in rows[:limit]:
        groups.setdefault((row.agency, row.department), []).append(row)
    for number, ((agency_name, department_name), items) in enumerate(groups.items()):
        if number:
            output.line()
        title = f"{safe(of_data(agency_name))} / {safe(of_data(department_name))}"
        output.heading(f"{title}  {len(items)}  {_('longest')}: {days_left(-max(r.working_days_late for r in items))}")
        output.table(
            [
                Column(_("Item"), lambda row: row.item.id[:8]),
                Column(_("What"), lambda row: of_data(row.item.name), least=14),
                Column(_("Case"), lambda row: row.item.case),
                Column(_("Subject"), lambda row: row.item.subject.name, least=6),
                Column(_("Held by"), lambda row: row.item.clerk_name, least=6, once=True),
                Column(_("Due"), lambda row: output.last_day(row.item.due.at) if row.item.due else ""),
                Column(_("Late"), lambda row: row.working_days_late, right=True, style=lambda row: "red"),
            ],
            items,
        )


@click.command(
    cls=Command,
    help=_(
        "Fire due timers and run machine steps until stopped: here, or in a pool of processes where a broker is named."
    ),
)
@click.option("--inline", is_flag=True, help=_("Work in this process, also where a broker is named."))
@click.option("--once", is_flag=True, help=_("Do what is due now, then stop."))
@click.option(
    "--processes", type=click.IntRange(1, 64), default=2, show_default=True, help=_("How many, with a broker.")
)
@click.option(
    "--poll", type=click.FloatRange(0.1, 3600), default=1.0, show_default=True, help=_("Seconds between looks.")
)
@click.option(
    "--watch",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help=_("Also take in what agencies lay into this folder; also XIEBAN_INBOX."),
)
@click.option(
    "--out",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help=_("Also lay what cases say to agencies outside into this folder; also XIEBAN_OUTBOX."),
)
@pass_session
def worker(
    session: Session, inline: bool, once: bool, processes: int, poll: float, watch: Path | None, out: Path | None
) -> None:
    from workflow_runtime.inbox import watching
    from workflow_runtime.outbox import both, carrying

    output = session.output
    settings = replace(
        session.settings, inbox=watch or session.settings.inbox, outgoing=out or session.settings.outgoing
    )
    if once:
        watching(session.runtime, settings.inbox)()
        _tell(session, _swept_clean(session))
        carrying(session.runtime, settings.outgoing)()
        return
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if session.settings.broker and not inline:
        from workflow_runtime import worker as cluster

        runtime_class()
        output.note(_("The worker listens to {broker}; Ctrl-C stops it.").format(broker=shown(session.settings.broker)))
        cluster.work(settings, stop=stopping, processes=processes, poll=poll)
    else:
        runtime = session.runtime
        output.note(_("The worker looks for due timers and machine steps; Ctrl-C stops it."))
        runtime.work(
            stop=stopping.is_set,
            poll=poll,
            on_swept=lambda swept: _tell(session, swept),
            besides=both(watching(runtime, settings.inbox), carrying(runtime, settings.outgoing)),
            on_trouble=lambda error: output.note(str(error)),
        )
    output.note(_("The worker has stopped."))


def _swept_clean(session: Session) -> Swept:
    """Sweep until nothing is due; what was done altogether."""
    done = Swept()
    while swept := session.runtime.sweep():
        done = Swept(done.timers + swept.timers, done.jobs + swept.jobs, done.reminders + swept.reminders, swept.left)
    return done


def _tell(session: Session, swept: Swept) -> None:
    if session.as_json:
        session.output.json(swept)
        return
    session.output.line(f"{time.strftime('%H:%M:%S')}  {sweep_text(swept)}")
