"""`xieban calendar`: the published tables of holidays, and counting open deadlines by them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.app import Group
from cli.bulk import confirm, over_many, show_lines
from cli.output import Column, Listing
from cli.session import Session, pass_session
from workflow_runtime.errors import NotFound
from workflow_runtime.escaping import safe
from workflow_runtime.i18n import _, of_data
from workflow_runtime.loading import when_used

if TYPE_CHECKING:
    from workflow_runtime import reckoning as reckonings
else:
    reckonings = when_used("workflow_runtime.reckoning")


@click.group(cls=Group, help=_("Working days: published tables of holidays, and what hangs on them."))
def calendar() -> None:
    pass


@calendar.command("list", help=_("The years whose holidays are known."))
@pass_session
def list_years(session: Session) -> None:
    columns: list[Column[Any]] = [
        Column(_("Year"), lambda row: row.year),
        Column(_("Days off"), lambda row: row.holidays, right=True),
        Column(_("Worked"), lambda row: row.workdays, right=True),
        Column(_("Source"), lambda row: of_data(row.source), least=12),
    ]
    years = reckonings.Reckoning(session.runtime).years()
    Listing(session.output, columns, years, 1, 1000, _("No year is known.")).show()


@calendar.command(help=_("The days off and the days worked of a YEAR."))
@click.argument("year", type=int)
@pass_session
def show(session: Session, year: int) -> None:
    table = reckonings.Reckoning(session.runtime).year(year)
    if not session.as_json:
        session.output.heading(f"{table.number}  {safe(of_data(table.source))}")
    columns: list[Column[Any]] = [
        Column(_("Date"), lambda day: day.date.isoformat()),
        Column(_("What"), lambda day: _("worked") if day.working else _("day off")),
        Column(_("Name"), lambda day: of_data(day.name), least=6),
    ]
    days = tuple(sorted(table.days.values(), key=lambda day: day.date))
    Listing(session.output, columns, days, 1, 1000, _("Only weekends are off in that year.")).show()


@calendar.command("import", help=_("Keep the published table FILE of a year, and count every open deadline again."))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help=_("Only show what would happen."))
@click.option("--yes", is_flag=True, help=_("Do not ask."))
@pass_session
def import_year(session: Session, file: Path, dry_run: bool, yes: bool) -> int:
    if not file.is_file():
        raise NotFound(_("there is no file {path}").format(path=file))
    source, reckoning = file.read_bytes(), reckonings.Reckoning(session.runtime)
    if dry_run:
        return show_lines(session, reckoning.apply_calendar(actor=session.actor, dry_run=True, extra=source))
    if not yes and not session.as_json:
        confirm(session, list(reckoning.apply_calendar(actor=session.actor, dry_run=True, extra=source)))
    year, fresh = reckoning.import_year(source, actor=session.actor, name=file.name)
    if not session.as_json:
        text = _("The table of {year} is kept.") if fresh else _("The table of {year} was known already.")
        session.output.wrapped(text.format(year=year), "✔ ")
    return show_lines(session, reckoning.apply_calendar(actor=session.actor))


@calendar.command(help=_("Count every open deadline again by the newest tables (after an import that was cut short)."))
@click.option("--case", "number", metavar="NUMBER", help=_("Only this case (its number)."))
@click.option("--dry-run", is_flag=True, help=_("Only show what would happen."))
@click.option("--yes", is_flag=True, help=_("Do not ask."))
@pass_session
def apply(session: Session, number: str | None, dry_run: bool, yes: bool) -> int:
    reckoning = reckonings.Reckoning(session.runtime)
    return over_many(
        session,
        lambda dry: reckoning.apply_calendar(actor=session.actor, dry_run=dry, case=number),
        dry_run=dry_run,
        yes=yes,
    )
