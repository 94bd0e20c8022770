"""`xieban report`: the control lists: which subjects and items need somebody's eye."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.app import Group
from cli.completion import cases, lists
from cli.options import paging, sheets
from cli.output import Column, Listing
from cli.session import Session, pass_session
from workflow_runtime.i18n import _, of_data
from workflow_runtime.loading import when_used

if TYPE_CHECKING:
    from workflow_runtime import reports as reporting
    from workflow_runtime.reports import Figure, Report
else:
    reporting = when_used("workflow_runtime.reports")


@click.group(cls=Group, help=_("Control lists: what needs somebody's eye, with the rule behind it."))
def report() -> None:
    pass


@report.command("list", help=_("The lists there are."))
@sheets
@pass_session
def list_reports(session: Session, as_csv: bool, xlsx: Path | None) -> None:
    columns: list[Column[Report]] = [
        Column(_("List"), lambda one: one.id),
        Column(_("Title"), lambda one: of_data(one.title)),
        Column(_("What it shows"), lambda one: of_data(one.text), least=20),
        Column(_("For"), lambda one: of_data(one.audience), least=8),
        Column(_("How often"), lambda one: of_data(one.every), least=8),
        Column(_("Tells"), lambda one: _(", ").join(one.escalates), least=8),
    ]
    if session.as_json:
        told = [
            {"id": one.id, "title": of_data(one.title), "text": of_data(one.text)}
            | {"audience": of_data(one.audience), "every": of_data(one.every), "tells": list(one.escalates)}
            for one in reporting.shipped().values()
        ]
        session.output.json(told)
        return
    rows = list(reporting.shipped().values())
    Listing(session.output, columns, rows, 1, len(rows), _("There is no list."), as_csv, xlsx).show()


@report.command(help=_("The entries of one list, as far as they are yours to see."))
@click.argument("id", shell_complete=lists)
@paging
@pass_session
def show(session: Session, id: str, limit: int, page: int, as_csv: bool, xlsx: Path | None) -> None:
    reports = reporting.Reports(session.runtime)
    found = reports.rows(id, actor=session.actor, limit=limit + 1, offset=(page - 1) * limit)
    output = session.output
    if not (session.as_json or as_csv or xlsx):
        one = reports.report(id)
        output.heading(f"{one.id}  {found.title}")
        output.wrapped(of_data(one.text))
        if one.source:
            output.wrapped(of_data(one.source), _("Source: "), "  ")
        output.line()
    whole = bool(as_csv or xlsx)
    columns: list[Column[Any]] = [
        Column(title, _nth(number), least=0 if _short(found.rows, number) else 8)
        for number, title in enumerate(found.columns)
        if whole or not found.aside[number]
    ]
    nothing = _("Nothing stands on this list, or nothing you may see.")
    totals = () if whole else reports.totals(id, actor=session.actor)
    if session.as_json:
        rows = [dict(zip(found.columns, map(_translated, row), strict=True)) for row in found.rows[:limit]]
        figures = [{"title": of_data(title), "value": _translated(value)} for title, value in totals]
        output.json({"id": found.id, "title": found.title, "rows": rows, "totals": figures})
        return
    Listing(output, columns, found.rows, page, limit, nothing, as_csv, xlsx).show()
    if totals and found.rows:
        output.line()
        output.facts([(of_data(title), str(_said(value) if value is not None else "—")) for title, value in totals])


@report.command(
    help=_("The figures that a case's reports state; with LIST, the entries that the figure counts, as filed.")
)
@click.argument("case", shell_complete=cases)
@click.argument("list", required=False, shell_complete=lists)
@click.option("--of", "document", metavar="NUMBER", help=_("Of the report with this number; default: the last one."))
@sheets
@pass_session
def figures(
    session: Session, case: str, list: str | None, document: str | None, as_csv: bool, xlsx: Path | None
) -> None:
    reports = reporting.Reports(session.runtime)
    if list is None:
        every = [one for one in reports.figures(case, actor=session.actor) if document in (None, one.document)]
        columns: Sequence[Column[Figure]] = [
            Column(_("Report"), lambda one: one.document or "—", least=10, once=True),
            Column(_("Due"), lambda one: one.due, once=True),
            Column(_("List"), lambda one: one.list),
            Column(_("Title"), lambda one: of_data(one.title), least=8),
            Column(_("Number"), lambda one: one.number),
            Column(_("Corrected to"), lambda one: one.corrected),
            Column(_("Reason"), lambda one: one.reason, least=6),
            Column(_("Filed as"), lambda one: one.file),
        ]
        nothing = _("No figure was taken in this case, or none you may see.")
        Listing(session.output, columns, every, 1, max(1, len(every)), nothing, as_csv, xlsx).show()
        return
    filed = reports.filed(case, list, actor=session.actor, document=document)
    titles = [of_data(title) for title in filed.columns]
    output = session.output
    if session.as_json:
        rows = [dict(zip(titles, map(of_data, row), strict=True)) for row in filed.rows]
        output.json({"figure": filed.figure, "rows": rows})
        return
    if not (as_csv or xlsx):
        one = filed.figure
        output.heading(f"{one.list}  {of_data(one.title)}")
        text = _("Counted on {day} for {report}: {number}; filed as {file}, SHA-256 {hash}")
        parts = {"day": one.taken_on, "report": one.document or case, "number": one.number, "file": one.file}
        output.wrapped(text.format(**parts, hash=one.sha256[:12]))
        output.line()
    every_column: Sequence[Column[Any]] = [Column(title, _nth(number), least=6) for number, title in enumerate(titles)]
    nothing = _("The list was empty on that day.")
    Listing(output, every_column, filed.rows, 1, max(1, len(filed.rows)), nothing, as_csv, xlsx).show()


def _short(rows: Sequence[tuple[Any, ...]], number: int) -> bool:
    """Whether a column holds numbers and days only, of which nothing can be cut."""
    return all(str(row[number]).isascii() and len(str(row[number])) <= 20 for row in rows if row[number] is not None)


def _nth(number: int) -> Any:
    return lambda row: _said(row[number])


def _translated(value: Any) -> Any:
    """A value as it is, with words of the data in the language in use."""
    if isinstance(value, (list, tuple)):
        return [_translated(part) for part in value]
    if isinstance(value, Mapping):
        return {key: _translated(part) for key, part in value.items()}
    return of_data(value) if isinstance(value, str) else value


def _said(value: Any) -> Any:
    """A value for a cell: words of the data in the language in use, several of them in a row."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, (list, tuple)):
        return _("; ").join(str(_said(part)) for part in value)
    if isinstance(value, Mapping):
        return f"{_said(value['what'])} {value['number']}"
    return of_data(value) if isinstance(value, str) else value
