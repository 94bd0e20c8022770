"""`xieban db`: the database: upgrade, check, back up, restore, and move to another store."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.app import NO, Group
from cli.session import Session, pass_session, runtime_class
from workflow_runtime.escaping import safe
from workflow_runtime.i18n import _
from workflow_runtime.settings import shown

if TYPE_CHECKING:
    from workflow_runtime.moving import Moved


@click.group(cls=Group, help=_("The database: upgrade, check, back up, restore, move."))
def db() -> None:
    pass


@db.command(help=_("Bring the schema to this version of the program; running cases keep everything."))
@pass_session
def upgrade(session: Session) -> None:
    runtime_class().create(session.settings, on_step=lambda step: _progress(step, 1, 1)).close()
    _clear()
    session.output.wrapped(_("{where} is ready.").format(where=safe(shown(session.settings.database))), "✔ ")


@db.command(help=_("Verify the history of every case. Exit code 1 when one does not verify."))
@pass_session
def check(session: Session) -> int:
    from workflow_runtime.moving import broken_histories

    with session.runtime._database.read() as tx:
        broken = broken_histories(tx, _progress)
    _clear()
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
def backup(session: Session, file: Path) -> int:
    from workflow_runtime import moving

    return _done(session, moving.backup(session.settings, file, progress=_progress))


@db.command(help=_("A backup into an empty database; from SQLite to PostgreSQL: back up there, restore here."))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@pass_session
def restore(session: Session, file: Path) -> int:
    from workflow_runtime import moving

    return _done(session, moving.restore(file, session.settings, progress=_progress), into=True)


@db.command(help=_("Everything as it is now, as one portable FILE (zip): rows as JSON lines, files, and their hashes."))
@click.argument("file", type=click.Path(path_type=Path))
@pass_session
def export(session: Session, file: Path) -> int:
    from workflow_runtime import moving

    return _done(session, moving.export(session.settings, file, progress=_progress))


@db.command("import", help=_("An exported FILE into an empty database, SQLite or PostgreSQL; every row is compared."))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--sha256", metavar="HEX", help=_("What “db export” said the file is; another file is refused."))
@pass_session
def bring_in(session: Session, file: Path, sha256: str | None) -> int:
    from workflow_runtime import moving

    return _done(session, moving.bring_in(file, session.settings, sha256=sha256, progress=_progress), into=True)


def _progress(what: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{what} {done}/{total}", err=True, nl=False)


def _clear() -> None:
    if sys.stderr.isatty():
        click.echo("\r\033[K", err=True, nl=False)


def _done(session: Session, moved: Moved, *, into: bool = False) -> int:
    """What was moved; exit code 1 when a case has a file that the source had lost before."""
    _clear()
    if session.as_json:
        session.output.json(moved)
        return NO if moved.missing else 0
    text = _("{cases} cases, {rows} rows, {files} files; every row compared, every history verified.")
    session.output.wrapped(text.format(cases=moved.cases, rows=moved.rows, files=moved.files), "✔ ")
    if moved.sha256:
        session.output.line(f"SHA-256 {moved.sha256}")
    if into and moved.until is not None:
        text = _(
            "The last entry is of {when}. What was done later is not here; numbers that stand on papers printed later "
            "are not given again as long as this is the folder they were printed in: {home}"
        )
        when = session.output.moment(moved.until)
        session.output.wrapped(text.format(when=when, home=session.settings.home), "! ")
    if moved.missing:
        text = _("{count} files were missing or changed in the file store before: {first} …; bring them from a backup.")
        session.output.wrapped(text.format(count=len(moved.missing), first=moved.missing[0][:12]), "✖ ")
    return NO if moved.missing else 0
