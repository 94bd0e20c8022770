"""The program as a person meets it: a command, a folder, what it prints, how it leaves.

`XIEBAN_COMMAND` names the program to test (the wheel's own script); without it, the checkout is tested.
Nothing here imports the program.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

COMMAND = shlex.split(os.environ.get("XIEBAN_COMMAND", "")) or [sys.executable, "-m", "cli"]
CHECKOUT = None if os.environ.get("XIEBAN_COMMAND") else str(Path(__file__).resolve().parents[2])


#: The program's own Python, and the program on a machine where somebody else is logged in: tests have one account.
PYTHON = str(Path(COMMAND[0]).with_name("python")) if len(COMMAND) == 1 else sys.executable
LOGGED_IN = """
import pwd, sys, types
account = sys.argv.pop(1)
pwd.getpwuid = lambda uid: types.SimpleNamespace(pw_name=account)
from cli import main
main()
"""


@dataclass(frozen=True)
class Answer:
    """What a call printed and how it ended."""

    code: int
    out: str
    err: str


class Desk:
    """A folder with an office in it, and the program at hand. `url`: the office's store, if it is not in the folder."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        self.folder = folder
        self.url = url

    def __call__(self, *arguments: object, given: str | None = None, **variables: str) -> Answer:
        """Call the program in this folder; `given` is its standard input.

        On a shared store nobody is whoever `--as` says: there the person sits at a machine and is logged in.
        """
        words = [str(argument) for argument in arguments]
        if self.url is None:
            return self._run([*COMMAND, *words], given, variables)
        account, words = (words[1], words[2:]) if words[:1] == ["--as"] else ("he-yun", words)
        return self._run([PYTHON, "-c", LOGGED_IN, account, *words], given, variables)

    def paste(self, line: str) -> Answer:
        """What a shell in this folder makes of a line that was printed; `python` is the one that runs the tests."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        return self._run(["sh", "-c", line], None, {"PATH": path})

    def _run(self, command: list[str], given: str | None, variables: Mapping[str, str]) -> Answer:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment(variables),
            input=given if given is not None else "",
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Answer(done.returncode, done.stdout, done.stderr)

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("XIEBAN_")}
        path = {"PYTHONPATH": CHECKOUT} if CHECKOUT else {}
        store = {"XIEBAN_DB": self.url, "XIEBAN_HOME": "var"} if self.url else {}
        return {**kept, **path, **store, "XIEBAN_LANG": "en", "PYTHONUTF8": "1", "COLUMNS": "80", **more}

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    @property
    def database(self) -> Path:
        return self.folder / "var" / "xieban.db"


@pytest.fixture
def empty(tmp_path: Path) -> Desk:
    """An empty folder."""
    return Desk(tmp_path)


@dataclass(frozen=True)
class Made:
    """The demo, made once, and what it said."""

    desk: Desk
    said: Answer


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The demo in a folder of its own. Tests read it, and change only copies."""
    desk = Desk(tmp_path_factory.mktemp("demo"))
    said = desk("demo")
    assert said.code == 0, said.err
    return Made(desk, said)


@pytest.fixture(scope="session")
def moved(made: Made, postgresql: Any, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The demo, carried to PostgreSQL with the program's own commands. A template: nobody works there."""
    postgresql.psql("CREATE DATABASE demo;")
    desk = Desk(tmp_path_factory.mktemp("moved"), postgresql.get_uri("demo"))
    carried = desk.folder / "demo.zip"
    for answer in (made.desk("db", "export", carried), desk("db", "import", carried)):
        assert answer.code == 0, answer.err
    return desk


@pytest.fixture
def any_office(store: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """A copy of the demo that a test may change, on SQLite and on PostgreSQL."""
    if store == "sqlite":
        yield request.getfixturevalue("office")
        return
    moved, server = request.getfixturevalue("moved"), request.getfixturevalue("postgresql")
    name = f"t{uuid4().hex}"
    server.psql(f"CREATE DATABASE {name} TEMPLATE demo;")
    shutil.copytree(moved.folder / "var", tmp_path / "var", copy_function=os.link)
    yield Desk(tmp_path, server.get_uri(name))
    server.psql(f"DROP DATABASE {name} WITH (FORCE);")


@pytest.fixture
def office(made: Made, tmp_path: Path) -> Desk:
    """A copy of the demo that a test may change."""
    (tmp_path / "var").mkdir()
    shutil.copy(made.desk.database, tmp_path / "var")
    for folder in ("files", "documents"):  # never changed once written, so a link does
        shutil.copytree(made.desk.folder / "var" / folder, tmp_path / "var" / folder, copy_function=os.link)
    return Desk(tmp_path)
