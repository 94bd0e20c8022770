"""The tree of commands. A command's module is imported when the command is used, so that every start is quick."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from cli import __version__
from cli.help import Context, placeholders
from cli.output import plain
from cli.session import Session, name_program, program, speak, terminal_columns
from cli.text import indented
from workflow_runtime.errors import BadInput, XiebanError
from workflow_runtime.escaping import safe
from workflow_runtime.findings import Finding
from workflow_runtime.i18n import LANGUAGES, _, os_reason

COMPLETION = "_XIEBAN_COMPLETE"  #: the variable by which a shell asks for proposals
DONE, NO, REFUSED = 0, 1, 2  #: exit codes: done; the answer is no; not understood or refused, nothing changed


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value in (None, False):
        return
    session = context.ensure_object(Session)
    setattr(session, str(parameter.name), value)
    if parameter.name == "language":
        speak(value)
    if parameter.name == "database":
        name_program(database=value)


def global_options(*, hidden: bool) -> list[click.Option]:
    """The options that stand in front of the command, or behind it."""
    common: dict[str, Any] = {"expose_value": False, "callback": _remember, "hidden": hidden}
    clerk = _("The clerk you are (embedded database only); also XIEBAN_AS.")
    variable = None if hidden else "XIEBAN_AS"
    return [
        click.Option(["--as", "user"], metavar=_("USER"), help=clerk, envvar=variable, **common),
        click.Option(["--for", "absent"], metavar=_("USER"), help=_("The absent clerk you stand in for."), **common),
        click.Option(["--db", "database"], metavar="URL", help=_("The database; a path is a SQLite file."), **common),
        click.Option(["--lang", "language"], type=click.Choice(LANGUAGES), help=_("Chinese or English."), **common),
        click.Option(["--json", "as_json"], is_flag=True, help=_("Answer in JSON."), **common),
        click.Option(["--debug", "debug"], is_flag=True, **{**common, "hidden": True}),
    ]


class Command(click.Command):
    """A command that also takes the global options, wherever they stand."""

    context_class = Context

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params = [*self.params, *global_options(hidden=True)]


class Group(click.Group):
    """A group of such commands; `lazy` names commands by module:attribute with their one-line help."""

    command_class = Command
    context_class = Context

    def __init__(self, *args: Any, lazy: dict[str, tuple[str, str]] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = lazy or {}
        if not self._lazy:
            self.params = [*self.params, *global_options(hidden=True)]

    def list_commands(self, context: click.Context) -> list[str]:
        return list(self._lazy) or list(self.commands)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in self._lazy:
            return super().get_command(context, name)
        module, _colon, attribute = self._lazy[name][0].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        if not self._lazy:
            return super().format_commands(context, formatter)
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, text) for name, (_where, text) in self._lazy.items()])
        return None


Group.group_class = Group


def build() -> Group:
    """The whole tree, in the language in use."""
    lazy = {
        "demo": ("cli.demo:demo", _("A fictional office with 40 cases, to look around in")),
        "init": ("cli.office:init", _("Make a new database")),
        "org": ("cli.organisation:org", _("The organisation: agencies, departments, clerks")),
        "absence": ("cli.absence:absence", _("Who stands in for whom, and for how long")),
        "profile": ("cli.profile:profile", _("What a jurisdiction sets: deadlines, amounts, rules")),
        "calendar": ("cli.calendar:calendar", _("Working days: published holidays, and what hangs on them")),
        "procedure": ("cli.procedure:procedure", _("Procedures: check, try, deploy, list, show")),
        "diagram": ("cli.diagram:diagram", _("Diagrams: outline, picture, layout, difference")),
        "decision": ("cli.diagram:decision", _("Decision tables: try one with your own values")),
        "subject": ("cli.subject:subject", _("The persons that cases are about")),
        "case": ("cli.case:case", _("Cases: start, find, look, ask why, withdraw")),
        "work": ("cli.work:work", _("Work items: your list, claim, complete, pass on")),
        "document": ("cli.document:document", _("Documents: list, open, preview, verify")),
        "late": ("cli.office:late", _("What is overdue, by department and working days")),
        "stats": ("cli.stats:stats", _("Figures: cases, items, how many late, how long steps take")),
        "clause": ("cli.clause:clause", _("Clauses of policies and laws, and what rests on each")),
        "report": ("cli.report:report", _("Control lists: what needs somebody's eye, and by which rule")),
        "incident": ("cli.incident:incident", _("Where the machine stopped, and going on from there")),
        "message": ("cli.message:message", _("Messages between cases and with agencies outside")),
        "db": ("cli.db:db", _("The database: upgrade, check, back up, restore")),
        "doctor": ("cli.doctor:doctor", _("What is wrong, in words; the exit code is for monitoring")),
        "completion": ("cli.completion:completion", _("Completion of commands and numbers in bash and zsh")),
        "worker": ("cli.office:worker", _("Fire due timers and run machine steps until stopped")),
    }
    return Group(
        "xieban",
        invoke_without_command=True,
        callback=_help_alone,
        help=_("Xieban runs procedures between public bodies, drawn as BPMN diagrams."),
        epilog=_("Begin with “xieban demo”. “xieban COMMAND --help” explains a command."),
        params=[
            *global_options(hidden=False),
            click.Option(
                ["--version"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_version,
                help=_("Show the version and exit."),
            ),
        ],
        lazy=lazy,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )


@click.pass_context
def _help_alone(context: click.Context) -> None:
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def _version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        click.echo(f"xieban {__version__}")
        context.exit()


def run(arguments: Sequence[str]) -> int:
    """Run one command; every error becomes a message and an exit code, never a traceback."""
    session = Session(as_json="--json" in arguments)
    name_program()
    try:
        return _run(arguments, session)
    except (BrokenPipeError, SystemExit):  # the reader went away, e.g. `| head` (click leaves): nothing is wrong
        sys.stdout = open(os.devnull, "w")
        return DONE
    finally:
        session.close()


def _run(arguments: Sequence[str], session: Session) -> int:
    try:
        answer = build().main(
            list(arguments), prog_name=Path(program()).name, obj=session, standalone_mode=False, complete_var=COMPLETION
        )
        sys.stdout.flush()
        return answer if isinstance(answer, int) else DONE
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return REFUSED
    except click.ClickException as error:
        _refuse(session, type(error).__name__, placeholders(error.format_message()), (), usage=error)
        return REFUSED
    except click.Abort:
        click.echo("\n" + _("Stopped; nothing was changed by this command."), err=True)
        return 130
    except XiebanError as error:
        findings = error.findings if isinstance(error, BadInput) else ()
        _refuse(session, type(error).__name__, str(error), findings)
        return REFUSED
    except BrokenPipeError:
        raise
    except OSError as error:
        _give_up_on_a_full_output()
        name = f": {error.filename}" if error.filename else ""
        _refuse(session, "OSError", f"{os_reason(error)}{name}", ())
        return REFUSED
    except RecursionError:
        _refuse(session, "BadInput", _("the input is nested too deeply"), ())
        return REFUSED
    except Exception as error:
        if session.debug:
            traceback.print_exc()
        text = _("this should not have happened: {kind}: {text}. The command was rolled back; --debug shows more")
        _refuse(
            session,
            "Fault",
            text.format(kind=type(error).__name__, text=(str(error).splitlines() or [""])[0][:200]),
            (),
        )
        return NO


def _give_up_on_a_full_output() -> None:
    """What could not be written need not be tried again when the program leaves."""
    try:
        sys.stdout.flush()
    except OSError:
        sys.stdout = open(os.devnull, "w")


def _refuse(
    session: Session,
    kind: str,
    message: str,
    findings: Sequence[Finding],
    usage: click.ClickException | None = None,
) -> None:
    """Say on the error stream what was refused, with every finding and what to do about it."""
    if session.as_json:
        answer = {"error": {"kind": kind, "message": message, "findings": plain(tuple(findings))}}
        click.echo(json.dumps(answer, ensure_ascii=False, indent=2), err=True)
        return
    if isinstance(usage, click.UsageError) and usage.ctx is not None:
        click.echo(usage.ctx.get_usage(), err=True)
    columns = terminal_columns()
    said = {finding.message for finding in findings}
    if not findings or message not in ("; ".join(finding.message for finding in findings), *said):
        click.echo("\n".join(indented(safe(message, lines=True), columns, "xieban: ", "        ")), err=True)
    show_findings(findings, columns, err=True)


def show_findings(findings: Sequence[Finding], columns: int, *, err: bool = False) -> None:
    """Findings as a list: where, what, and the remedy below."""
    signs = {"error": "✖", "warning": "!", "info": "·"}
    for finding in findings:
        where = " › ".join(safe(part) for part in finding.path)
        if finding.element and finding.element not in finding.path:
            where = f"{where} › {safe(finding.element)}" if where else safe(finding.element)
        if finding.line:
            where += _(" (line {line})").format(line=finding.line)
        message = safe(finding.message, lines=True)
        said = f"{where}: {message}" if where else message
        click.echo("\n".join(indented(said, columns, f"  {signs[finding.severity.value]} ")), err=err)
        for line in finding.excerpt.splitlines():
            click.echo(f"      {safe(line)}".rstrip(), err=err)
        if finding.remedy:
            click.echo("\n".join(indented(safe(finding.remedy, lines=True), columns, "      → ")), err=err)
