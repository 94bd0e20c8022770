"""`xieban db`: the database: upgrade, check, back up, restore, and move to another store."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cli.app import NO, Group
from cli.session import Session, pass_session, runtime_class
from workflow_runtime.escaping import safe
from workflow_runtime.i18n import _
from workflow_runtime.settings import shown


@click.group(cls=Group, help=_("The database: upgrade, check, back up, restore, move."))
def db() -> None:
    pass


@db.command(help=_("Bring the schema to this version of the program; running cases keep everything."))
@pass_session
def upgrade(session: Session) -> None:
    runtime_class().create(session.settings).close()
    session.output.wrapped(_("{where} is ready.").format(where=safe(shown(session.settings.database))), "✔ ")


@db.command(help=_("Verify the history of every case. Exit code 1 when one does not verify."))
@pass_session
def check(session: Session) -> int:
    from workflow_runtime.moving import broken_histories

    with session.runtime._database.read() as tx:
        broken = broken_histories(tx)
    if session.as_json:
        session.output.json({"broken": broken})
    elif broken:
        session.output.wrapped(_("These histories were changed: {cases}").format(cases=", ".join(broken)), "✖ ")
    else:
        session.output.wrapped(_("Every history is whole."), "✔ ")
    return NO if broken else 0


@db.command(help=_("Everything as it is now, as one FILE and the folder FILE.files; work goes on meanwhile."))
@click.argument("file", type=click.Path(path_type=Path))
@pass_session
def backup(session: Session, file: Path) -> None:
    from workflow_runtime.moving import backup as back_up

    moved = back_up(session.settings, file, progress=_progress)
    _done(session, moved.rows, moved.cases, moved.files)


@db.command(help=_("A backup into an empty database; from SQLite to PostgreSQL: back up there, restore here."))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@pass_session
def restore(session: Session, file: Path) -> None:
    from workflow_runtime.moving import restore as bring_back

    moved = bring_back(file, session.settings, progress=_progress)
    _done(session, moved.rows, moved.cases, moved.files)


def _progress(what: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{what} {done}/{total}", err=True, nl=False)


def _done(session: Session, rows: int, cases: int, files: int) -> None:
    if sys.stderr.isatty():
        click.echo("\r\033[K", err=True, nl=False)
    if session.as_json:
        session.output.json({"rows": rows, "cases": cases, "files": files})
        return
    text = _("{cases} cases, {rows} rows, {files} files; every history verified.")
    session.output.wrapped(text.format(cases=cases, rows=rows, files=files), "✔ ")
