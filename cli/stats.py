"""`xieban stats`: how many cases and items, how many late, how long a step takes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import click

from cli.app import Command
from cli.completion import procedures
from cli.options import sheets
from cli.output import Column, Listing
from cli.session import Session, pass_session
from workflow_runtime.errors import BadInput
from workflow_runtime.figures import BY, Figures, Office
from workflow_runtime.i18n import _

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command(cls=Command, help=_("Figures: cases and items, how many late, how many working days a step takes."))
@click.option("--by", type=click.Choice(BY), default="procedure", show_default=True, help=_("Grouped by what."))
@click.option("--procedure", metavar="KEY", shell_complete=procedures, help=_("Only this procedure (its key)."))
@click.option("--from", "first", type=DAY, metavar="DATE", help=_("The first day; default: a year ago."))
@click.option("--to", "last", type=DAY, metavar="DATE", help=_("The last day; default: today."))
@sheets
@pass_session
def stats(
    session: Session,
    by: str,
    procedure: str | None,
    first: datetime | None,
    last: datetime | None,
    as_csv: bool,
    xlsx: Path | None,
) -> None:
    until = last.date() if last else date.today()
    since = first.date() if first else until - timedelta(days=365)
    if until < since:
        raise BadInput(_("from {first} to {last}: the last day lies before the first").format(first=since, last=until))
    rows = Office(session.runtime).figures(by, since=since, until=until, actor=session.actor, procedure=procedure)
    columns: list[Column[Figures]] = [
        Column(_TITLES[by](), lambda row: row.group, least=12),
        Column(_("Cases"), lambda row: row.cases, right=True),
        Column(_("Running"), lambda row: row.running, right=True),
        Column(_("Open"), lambda row: row.open, right=True),
        Column(_("Late"), lambda row: row.late, right=True, style=lambda row: "red" if row.late else None),
        Column(_("Done"), lambda row: row.done, right=True),
        Column(_("Done late"), lambda row: row.done_late, right=True),
        Column(
            _("Days"), lambda row: row.days, right=True, shown=lambda row: "" if row.days is None else f"{row.days:g}"
        ),
    ]
    if by not in ("procedure", "month"):
        del columns[1:3]
    if not (session.as_json or as_csv or xlsx):
        text = _("From {first} to {last}. Days: the median of working days from opening an item to completing it.")
        session.output.wrapped(text.format(first=since, last=until))
        session.output.line()
    Listing(session.output, columns, rows, 1, len(rows) or 1, _("There is nothing to count."), as_csv, xlsx).show()


_TITLES = {
    "procedure": lambda: _("Procedure"),
    "month": lambda: _("Month"),
    "agency": lambda: _("Agency"),
    "department": lambda: _("Department"),
    "step": lambda: _("Step"),
}
