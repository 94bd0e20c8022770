"""`xieban document`: what was issued and received, opened, tried out and verified."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from cli.app import NO, Group
from cli.case import document_state
from cli.completion import procedures
from cli.filling import read_bytes
from cli.options import filters, listing, paging
from cli.output import Column, write_file
from cli.session import Session, pass_session
from workflow_runtime.escaping import display_name, safe
from workflow_runtime.i18n import _, language, of_data
from workflow_runtime.model import DocumentView


@click.group(cls=Group, help=_("Documents: list, open, preview, verify."))
def document() -> None:
    pass


@document.command("list", help=_("Documents of the cases you may see, newest first."))
@filters("case")
@click.option("--code", metavar="CODE", help=_("Only this kind, e.g. D15."))
@paging
@pass_session
def list_documents(
    session: Session,
    case: str | None,
    code: str | None,
    limit: int,
    page: int,
    as_csv: bool,
    xlsx: Path | None,
) -> None:
    def fetch(number: int, offset: int) -> Any:
        return session.runtime.documents(actor=session.actor, case=case, code=code, limit=number, offset=offset)

    columns: list[Column[DocumentView]] = [
        Column(_("Code"), lambda row: row.code),
        Column(_("Title"), lambda row: of_data(row.title), least=12),
        Column(_("Number"), lambda row: row.number or "—", least=18),
        Column(_("Case"), lambda row: row.case, least=9, once=True),
        Column(_("State"), document_state),
        Column(_("Issued"), lambda row: row.issued_at),
    ]
    nothing = _("There is no such document, or none you may see.")
    listing(session, columns, fetch, nothing=nothing, limit=limit, page=page, as_csv=as_csv, xlsx=xlsx)


@document.command("open", help=_("Write a document's PDF to var/documents and show it."))
@click.argument("number")
@click.option("-o", "--to", "target", type=click.Path(), help=_("Write it here (a file or a folder)."))
@click.option("--reading-copy", is_flag=True, help=_("An English reading copy, marked as such."))
@pass_session
def open_document(session: Session, number: str, target: str | None, reading_copy: bool) -> None:
    language = "en" if reading_copy else "zh"
    name, content = session.runtime.document_pdf(number, actor=session.actor, language=language)
    path = _written(session, target, name, content)
    if session.as_json:
        session.output.json({"path": str(path), "bytes": len(content)})
        return
    session.output.line(str(path))
    viewer = shutil.which("open" if sys.platform == "darwin" else "xdg-open")
    if target is None and viewer and sys.stdout.isatty():
        subprocess.Popen([viewer, str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _written(session: Session, target: str | None, name: str, content: bytes) -> Path:
    folder = session.settings.documents if target is None else Path(target)
    named = target is not None and not target.endswith(("/", os.sep)) and not folder.is_dir()
    path = folder if named else folder / display_name(name)
    write_file(path, content)
    return path


@document.command(help=_("Try a document's template, as its files are now, with its sample data."))
@click.argument("procedure", shell_complete=procedures)
@click.argument("code")
@click.option(
    "--sample", type=click.Choice(["full", "sparse"]), default="full", show_default=True, help=_("Which data.")
)
@click.option("-o", "--to", "target", type=click.Path(), help=_("Write it here (a file or a folder)."))
@pass_session
def preview(session: Session, procedure: str, code: str, sample: str, target: str | None) -> None:
    from workflow_runtime import documents
    from workflow_runtime.procedures import Procedure, bundle_of

    template = Procedure(bundle_of(procedure)).template(code)  # as its files are now: nothing need be deployed for it
    data = "sample.json" if sample == "full" else "sparse.json"
    content = documents.preview(template, sample=data, draft=True, language=language()).pdf
    path = _written(session, target, f"{code}-{sample}.pdf", content)
    if session.as_json:
        session.output.json({"path": str(path), "bytes": len(content)})
        return
    session.output.line(str(path))


@document.command(help=_("Is a paper ours, and unchanged? CODE stands at its head; FILE is compared by its hash."))
@click.argument("code")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@pass_session
def verify(session: Session, code: str, file: Path | None) -> int:
    answer = session.runtime.verify(code, read_bytes(file) if file is not None else None)
    good = answer.found and answer.hash_matches is not False
    if session.as_json:
        session.output.json(answer)
    else:
        session.output.wrapped(safe(answer.text), "✔ " if good else "✖ ")
        if answer.document is not None:
            one = answer.document
            session.output.facts(
                [
                    ("  " + _("Document"), f"{one.code}  {safe(of_data(one.title))}"),
                    ("  " + _("Number"), safe(one.number or "")),
                    ("  " + _("Issued"), f"{session.output.day(one.issued_at)}  {safe(of_data(one.issuer))}"),
                    ("  " + _("State"), document_state(one)),
                ]
            )
    return 0 if good else NO
