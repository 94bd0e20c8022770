"""`xieban doctor`: what is wrong, in words; the exit code is for monitoring."""

from __future__ import annotations

import click

from cli.app import NO, Command
from cli.session import Session, pass_session
from workflow_runtime.escaping import safe
from workflow_runtime.i18n import _


@click.command(cls=Command, help=_("What is wrong, in words. Exit code 0: well; 1: somebody should look."))
@click.option("--metrics", is_flag=True, help=_("Figures in Prometheus' text format instead."))
@pass_session
def doctor(session: Session, metrics: bool) -> int:
    from workflow_runtime import doctor as medicine
    from workflow_runtime import startup
    from workflow_runtime.database import Database
    from workflow_runtime.machine import utc_now

    if metrics:
        database = Database(session.settings.database)
        try:
            startup.refuse_schema(database)
            session.output.line(medicine.prometheus(medicine.measure(database, utc_now())).rstrip())
        finally:
            database.close()
        return 0
    signs = medicine.examine(session.settings)
    if session.as_json:
        session.output.json(signs)
    else:
        marks = {"well": "✔", "warning": "!", "ill": "✖"}
        for sign in signs:
            session.output.wrapped(safe(sign.text), f"{marks[sign.health.value]} ", "  ")
            if sign.remedy:
                session.output.wrapped(safe(sign.remedy), "  → ")
    return 0 if all(sign.health == "well" for sign in signs) else NO
