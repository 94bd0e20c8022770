"""`xieban report`: the control lists: which subjects and items need somebody's eye."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from cli.app import Group
from cli.completion import lists
from cli.options import paging, sheets
from cli.output import Column, Listing
from cli.session import Session, pass_session
from workflow_runtime.i18n import _, of_data
from workflow_runtime.reports import Report, Reports, shipped


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
        Column(_("Tells"), lambda one: _(", ").join(one.escalates), least=8),
    ]
    if session.as_json:
        told = [{"id": one.id, "title": of_data(one.title), "text": of_data(one.text)} for one in shipped().values()]
        session.output.json(told)
        return
    rows = list(shipped().values())
    Listing(session.output, columns, rows, 1, len(rows), _("There is no list."), as_csv, xlsx).show()


@report.command(help=_("The entries of one list, as far as they are yours to see."))
@click.argument("id", shell_complete=lists)
@paging
@pass_session
def show(session: Session, id: str, limit: int, page: int, as_csv: bool, xlsx: Path | None) -> None:
    reports = Reports(session.runtime)
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
    if session.as_json:
        rows = [dict(zip(found.columns, map(_translated, row), strict=True)) for row in found.rows[:limit]]
        output.json({"id": found.id, "title": found.title, "rows": rows})
        return
    Listing(output, columns, found.rows, page, limit, nothing, as_csv, xlsx).show()


def _short(rows: Sequence[tuple[Any, ...]], number: int) -> bool:
    """Whether a column holds numbers and days only, of which nothing can be cut."""
    return all(str(row[number]).isascii() and len(str(row[number])) <= 20 for row in rows if row[number] is not None)


def _nth(number: int) -> Any:
    return lambda row: _said(row[number])


def _translated(value: Any) -> Any:
    """A value as it is, with words of the data in the language in use."""
    if isinstance(value, (list, tuple)):
        return [_translated(part) for part in value]
    return of_data(value) if isinstance(value, str) else value


def _said(value: Any) -> Any:
    """A value for a cell: words of the data in the language in use, several of them in a row."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, (list, tuple)):
        return _("; ").join(str(_said(part)) for part in value)
    return of_data(value) if isinstance(value, str) else value
