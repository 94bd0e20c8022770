"""One call of the program: who asks, of which store, in which language and form."""

from __future__ import annotations

import gettext
import os
import pwd
import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module, resources
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.output import Output
from workflow_runtime.errors import BadInput, NotADatabase, NotFound
from workflow_runtime.i18n import LANGUAGES, _, use_language, use_program
from workflow_runtime.settings import Settings, sqlite_path

if TYPE_CHECKING:
    from workflow_runtime.model import Actor, Swept
    from workflow_runtime.runtime import Runtime


def program(user: str | None = None, database: str | None = None) -> str:
    """How this program is called here, so that what it prints can be pasted; with the global options given."""
    options = (("--as", user), ("--db", database))
    return " ".join([_name(), *(f"{option} {shlex.quote(value)}" for option, value in options if value)])


def _name() -> str:
    """The settings' word (`run` says how it was called itself), else the script, as short as the shell finds it."""
    called = Path(sys.argv[0])
    if (settled := Settings.from_env().program) is not None:
        return settled
    if called.name == "__main__.py":
        return f"{Path(sys.executable).name} -m {called.parent.name}"
    found = shutil.which(called.name)
    return called.name if found and Path(found).samefile(called) else shlex.quote(sys.argv[0])


def choose_language(arguments: Sequence[str]) -> None:
    """Speak the language of `--lang`, else of the settings; click's own words come from our catalogue too."""
    wanted = Settings.from_env().language
    for word, following in zip_longest(arguments, arguments[1:], fillvalue=""):
        if word == "--":
            break
        if word == "--lang" or word.startswith("--lang="):
            wanted = following if word == "--lang" else word.partition("=")[2]
    speak(wanted if wanted in LANGUAGES else "en")


def speak(code: str) -> None:
    """Use one language from here on, for our words and for click's."""
    use_language(code)
    os.environ["LANGUAGE"] = code
    gettext.bindtextdomain("xieban", str(resources.files("workflow_runtime") / "locale"))
    gettext.textdomain("xieban")


def name_program(user: str | None = None, database: str | None = None) -> None:
    """From here on every command in a message is written as it is typed here (see i18n)."""
    use_program(program(user, database))


def runtime_class() -> type[Runtime]:
    """The runtime, knowing the machine steps of this installation. Imports all that is heavy: call it late."""
    from workflow_runtime.runtime import Runtime

    for module in Settings.from_env().handlers:  # each registers itself by name; the runtime knows none of them
        import_module(module)
    return Runtime


@dataclass(slots=True)
class Session:
    """What the global options said, and what follows from it. Made once, handed to every command."""

    user: str | None = None
    absent: str | None = None
    database: str | None = None
    language: str | None = None
    as_json: bool = False
    debug: bool = False
    _settings: Settings | None = None
    _runtime: Runtime | None = field(default=None, repr=False)
    _output: Output | None = None

    @property
    def settings(self) -> Settings:
        if self._settings is None:
            found = Settings.from_env(database=self.database, language=self.language)
            kind = found.database.partition("://")[0].partition("+")[0]
            if kind not in ("sqlite", "postgresql"):
                raise BadInput(
                    _("{kind} is no database for us: name a SQLite file or postgresql://…").format(kind=kind)
                )
            self._settings = found
        return self._settings

    @property
    def output(self) -> Output:
        if self._output is None:
            terminal = sys.stdout.isatty()
            self._output = Output(
                zone=self.settings.zone,
                as_json=self.as_json,
                colour=terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb",
                columns=terminal_columns(),
            )
        return self._output

    @property
    def has_store(self) -> bool:
        """Whether there is a database to ask; what is shipped can be asked without one."""
        path = sqlite_path(self.settings.database)
        return path == Path() or path.exists()

    @property
    def runtime(self) -> Runtime:
        """The opened store. SQLAlchemy is imported here and not before."""
        if self._runtime is None:
            path = sqlite_path(self.settings.database)
            if path != Path() and not path.exists():
                text = _("there is no database {where}; make one with “xieban init”, or look around with “xieban demo”")
                raise NotADatabase(text.format(where=path))
            self._runtime = runtime_class().open(self.settings)
        return self._runtime

    @property
    def actor(self) -> Actor:
        """The clerk who asks. On a shared database that is the person logged in, whatever `--as` says."""
        actor = self.runtime.actor(self.who(), acting_for=self.absent)
        name_program(self.user, self.database)  # only now: who is unknown shall not be told to ask again as the same
        return actor

    @property
    def administrator(self) -> Actor:
        """Who asks where nobody need be named: `root` on an embedded database, and on a shared one that knows nobody
        yet; else the person logged in."""
        if self.settings.database.startswith("sqlite") and not self.user:
            return self.runtime.actor("root")
        try:
            return self.actor
        except NotFound:
            if self.runtime.has_organisation:
                raise
            return self.runtime.actor("root")

    def who(self) -> str:
        if not self.settings.database.startswith("sqlite"):
            if self.user:
                raise BadInput(_("--as works on an embedded database only; here you are who you logged in as"))
            return pwd.getpwuid(os.getuid()).pw_name  # not $LOGNAME, which anybody may set
        if not self.user:
            raise BadInput(_("say who you are: “xieban --as USER …”; “xieban org show --clerks” lists the clerks"))
        return self.user

    def close(self) -> None:
        if self._runtime is not None:
            swept = self._runtime.last_sweep
            if swept:
                self.output.note(_("First, what had fallen due: {what}.").format(what=sweep_text(swept)))
            self._runtime.close()
            self._runtime = None


def terminal_columns() -> int:
    """How wide the screen is; 80 where there is none."""
    return max(min(shutil.get_terminal_size((80, 24)).columns, 160), 40)


def sweep_text(swept: Swept) -> str:
    """What a sweep did, in words."""
    text = _("{timers} timers fired, {jobs} machine steps run, {reminders} reminders sent")
    return text.format(timers=swept.timers, jobs=swept.jobs, reminders=swept.reminders)


pass_session = click.make_pass_decorator(Session)
