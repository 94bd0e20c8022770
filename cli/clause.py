"""`xieban clause`: the clauses of policies and laws, and what rests on each: impact before a text changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from cli.app import Group
from cli.completion import clauses as references
from cli.options import listing, paging
from cli.output import Column
from cli.profile import procedures_at_hand
from cli.session import Session, pass_session
from workflow_runtime import basis
from workflow_runtime.clauses import Book, Clause, LegalDocument, shipped
from workflow_runtime.errors import NotFound, XiebanError
from workflow_runtime.escaping import safe
from workflow_runtime.i18n import _
from workflow_runtime.profiles import shipped as shipped_profiles

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group(cls=Group, help=_("Clauses of policies and laws, and what rests on each."))
def clause() -> None:
    pass


@clause.command("list", help=_("The clauses there are, and how much rests on each."))
@click.option("--document", metavar="CODE", help=_("Only clauses of this document, e.g. S004."))
@click.option("--search", metavar="TEXT", help=_("Part of the number, the title or the gist."))
@click.option("--on", "day", type=DAY, metavar="DATE", help=_("Only clauses that are in force on this day."))
@click.option("--unused", is_flag=True, help=_("Only clauses on which nothing rests."))
@paging
@pass_session
def list_clauses(
    session: Session,
    document: str | None,
    search: str | None,
    day: datetime | None,
    unused: bool,
    limit: int,
    page: int,
    as_csv: bool,
    xlsx: Path | None,
) -> None:
    book = shipped()
    wanted = _document(book, document).clauses if document is not None else book.clauses
    rests = _resting(session, book)
    rows = [
        one
        for one in wanted
        if (search is None or search.lower() in _all_words(one))
        and (day is None or one.holds(day.date()))
        and not (unused and rests.get(one.ref))
    ]
    start = (page - 1) * limit
    if session.as_json:
        session.output.json([_told(one, len(rests.get(one.ref, ()))) for one in rows[start : start + limit]])
        return
    columns: list[Column[Clause]] = [
        Column(_("Clause"), lambda row: row.ref),
        Column(_("Title"), lambda row: row.said, least=8),
        Column(_("Gist"), lambda row: row.gist_said, least=12),
        Column(_("In force"), _validity, least=4),
        Column(_("Rests on it"), lambda row: len(rests.get(row.ref, ())), right=True),
    ]
    if not as_csv and xlsx is None and rows:
        names = {one.code: one.said for one in book.documents}
        for code in dict.fromkeys(one.document for one in rows[start : start + limit]):
            session.output.wrapped(safe(names[code]), f"{safe(code)}  ")
        session.output.line()
    nothing = _("There is no such clause.")
    listing(session, columns, _fetch(rows), nothing=nothing, limit=limit, page=page, as_csv=as_csv, xlsx=xlsx)


@clause.command(help=_("What rests on CLAUSE: steps, gateways, deadlines, documents, parameters, rules, open cases."))
@click.argument("clause", shell_complete=references)
@paging
@pass_session
def impact(session: Session, clause: str, limit: int, page: int, as_csv: bool, xlsx: Path | None) -> None:
    book = shipped()
    found = book.clause(clause)
    rests = [*_resting(session, book).get(found.ref, ()), *_open_cases(session, book, found)]
    if session.as_json:
        start = (page - 1) * limit
        rows = [
            {"kind": one.kind, "place": one.place, "id": one.id, "name": one.said}
            for one in rests[start : start + limit]
        ]
        session.output.json({**_told(found, len(rests)), "rests": rows})
        return
    columns: list[Column[basis.Rest]] = [
        Column(_("Kind"), lambda row: _KIND[row.kind]()),
        Column(_("Where"), lambda row: row.place, least=8),
        Column(_("Id"), lambda row: row.id, least=8),
        Column(_("Name"), lambda row: row.said, least=12),
    ]
    if not as_csv and xlsx is None:
        output = session.output
        document = next(one for one in book.documents if one.code == found.document)
        output.heading(f"{safe(found.ref)}  {safe(found.said)}")
        output.wrapped(safe(document.said))
        output.wrapped(safe(found.gist_said))
        if _validity(found):
            output.wrapped(_validity(found), _("In force: "))
        output.line()
    nothing = _("Nothing rests on it: nothing implements this clause.")
    listing(session, columns, _fetch(rests), nothing=nothing, limit=limit, page=page, as_csv=as_csv, xlsx=xlsx)


def _fetch(rows: list[Any]) -> Callable[[int, int], list[Any]]:
    return lambda number, offset: rows[offset : offset + number]


def _all_words(row: Clause) -> str:
    return " ".join((row.ref, row.title, row.gist, row.title_en, row.gist_en)).lower()


def _document(book: Book, name: str) -> LegalDocument:
    """The document of that code or name. Raises NotFound with those there are."""
    for one in book.documents:
        if name in (one.code, one.title, one.title_en, *one.also):
            return one
    known = ", ".join(one.code for one in book.documents)
    raise NotFound(_("there is no document {name}; there are {known}").format(name=name, known=known))


def _resting(session: Session, book: Book) -> Mapping[str, tuple[basis.Rest, ...]]:
    """What rests on each clause: of the procedures and profiles of the store, or of those that are shipped."""
    procedures = procedures_at_hand(session)
    profiles = session.runtime.profiles() if session.has_store else tuple(shipped_profiles().values())
    return basis.resting(book, procedures, profiles)


def _open_cases(session: Session, book: Book, clause: Clause) -> list[basis.Rest]:
    """Open cases, as far as they are the asker's, whose version names the clause."""
    if not session.has_store:
        return []
    try:
        actor = session.actor
    except XiebanError:  # nobody says who asks: then no case is shown
        return []
    found: list[basis.Rest] = []
    for version in session.runtime.procedures():
        if not basis.rests_on(session.runtime.parsed(version.key, version.version), clause, book):
            continue
        offset = 0
        while rows := session.runtime.cases(actor=actor, procedure=version.key, state="open", limit=500, offset=offset):
            offset += len(rows)
            found += [
                basis.Rest("open case", one.procedure, one.number, one.milestone or "")
                for one in rows
                if one.version == version.version
            ]
    return found


def _validity(row: Clause) -> str:
    if row.valid_from is None and row.valid_to is None:
        return ""
    return f"{row.valid_from or ''} – {row.valid_to or ''}".strip()


def _told(row: Clause, rests: int) -> dict[str, object]:
    def day(value: date | None) -> str | None:
        return value.isoformat() if value is not None else None

    return {
        "clause": row.ref,
        "document": row.document,
        "id": row.id,
        "title": row.said,
        "gist": row.gist_said,
        "valid_from": day(row.valid_from),
        "valid_to": day(row.valid_to),
        "rests_on_it": rests,
    }


_KIND: Mapping[str, Callable[[], str]] = {
    "procedure": lambda: _("procedure"),
    "step": lambda: _("step"),
    "gateway": lambda: _("gateway"),
    "event": lambda: _("event"),
    "way": lambda: _("way"),
    "deadline": lambda: _("deadline"),
    "parameter": lambda: _("parameter"),
    "document": lambda: _("document"),
    "decision rule": lambda: _("decision rule"),
    "field": lambda: _("field"),
    "path rule": lambda: _("path rule"),
    "list": lambda: _("list"),
    "open case": lambda: _("open case"),
}
