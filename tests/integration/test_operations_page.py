"""docs/operations.md, followed: each command that it shows exists with its options and runs, and its unit is one."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cli.app import build, run
from tests.conftest import Clock
from tests.integration.office import Deeds, clerks, open_office
from workflow_runtime.i18n import use_language
from workflow_runtime.machine import utc_now
from workflow_runtime.mending import Mending
from workflow_runtime.model import SYSTEM
from workflow_runtime.repairs import Repairs
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
_BLOCK = re.compile(r"^( *)```\w*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_OPTIONAL = re.compile(r"\[[^\]]*\]")


def shown() -> list[str]:
    """The commands of the blocks, as they stand there, without what is said beside them."""
    lines = [line.strip() for block in _BLOCK.finditer(PAGE) for line in block[2].splitlines()]
    return [re.split(r"\s+#", line)[0] for line in lines if line.startswith("xieban ")]


def spoken() -> list[str]:
    """Commands in running text."""
    return [one for one in re.findall(r"`([^`\n]+)`", PAGE) if one.startswith("xieban ")]


def meant(words: list[str]) -> click.Command:
    """The command that words lead to."""
    command: click.Command = build()
    for word in words:
        found = command.get_command(click.Context(command), word) if isinstance(command, click.Group) else None
        command = found or command
    return command


@pytest.mark.parametrize("line", dict.fromkeys([*shown(), *spoken()]))
def test_each_command_exists_with_its_options(line: str) -> None:
    words = shlex.split(re.sub(r"[\[\]|]", " ", line))[1:]
    command = meant(words)
    assert not isinstance(command, click.Group), f"{line}: there is no such command"
    known = {name for one in (*build().params, *command.params) for name in one.opts}

    assert [word for word in words if word.startswith("--") and word not in known] == []


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    (unit,) = [block[2] for block in _BLOCK.finditer(PAGE) if "[Service]" in block[2]]
    text = "\n".join(line.strip() for line in unit.splitlines())
    text = text.replace("/opt/xieban/bin/xieban", sys.executable).replace("User=xieban", "User=root")
    (tmp_path / "xieban.service").write_text(text + "\n", encoding="utf-8")

    checked = subprocess.run([analyze, "verify", str(tmp_path / "xieban.service")], capture_output=True, text=True)

    assert checked.returncode == 0 and "xieban" not in checked.stderr, checked.stderr


def test_the_settings_it_names_are_read(tmp_path: Path) -> None:
    settings = dict(re.findall(r"export (XIEBAN_\w+)=(\S+)", PAGE))
    table = set(re.findall(r"^\| `(XIEBAN_\w+)` ", PAGE, re.MULTILINE))
    read = set(re.findall(r"XIEBAN_[A-Z]+", (ROOT / "workflow_runtime" / "settings.py").read_text(encoding="utf-8")))

    assert set(settings) | table <= read
    found = Settings.from_env(settings)
    assert found.broker == "amqp://xieban:PASSWORD@mq//" and str(found.outgoing) == "/srv/xieban/out"


def test_each_test_that_the_page_on_reliability_names_is_there() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    named = [
        (file, name.removesuffix("…").removesuffix("_"))
        for file, names in re.findall(r"`(?:tests/\w+/)?(test_\w+\.py)`: ((?:`[\w…]+`(?:, )?)+)", page)
        for name in re.findall(r"`([\w…]+)`", names)
    ]
    sources = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")}

    assert len(named) > 30
    assert [(file, name) for file, name in named if f"def test_{name}" not in sources.get(file, "")] == []


class Office:
    """An office on this machine's clock, in which everything happens that the page speaks of."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.folder = folder
        self.names = {"OWNER": "root", "OTHER": "he-yun", "TEXT": "因故", "prepare": "mend", "KEY": "placing"}

    def prepare(self) -> None:
        """Cases that run, that were withdrawn, incidents, messages, files."""
        clock = Clock(utc_now())
        with open_office(self.settings, clock) as office:
            directory = {"prepare": "cwi-qingxi.social_work", "check": "cab-qingxi.child_welfare"}
            people = {step: clerks(office, one)[0] for step, one in directory.items()}
            first, second = (Deeds(office, clock, number, people) for number in (1, 2))
            for deeds in (first, second):
                deeds.start()
                deeds.complete("prepare")
            second.withdraw()
            with office._database.begin() as tx:
                hand = office._lock(tx, first.number, SYSTEM)
                for _each in range(2):
                    office._note_incident(hand, "disk", "the disk is full")
                hand.send("InquiryAsked", first.number, {}, element="check", outside=("医疗机构",))
                hand.save()
            self.incidents = [str(one.id) for one in Repairs(office).incidents(actor=SYSTEM)]
            (out,) = Repairs(office).messages(actor=SYSTEM, name="InquiryAsked")
            lost = office.deliver_message("PaperArrived", "nobody", {}, sender="post", actor=SYSTEM)
            Repairs(office).bury(lost, reason="x", actor=SYSTEM)
        self.number, self.withdrawn, self.out, self.lost = first.number, second.number, out.id, lost
        answer = {"name": "PaperArrived", "correlation": first.number, "payload": {"place": "南屏"}, "sender": "post"}
        (self.folder / "answer.json").write_text(json.dumps(answer), encoding="utf-8")
        profile = (ROOT / "bpmn" / "profiles" / "GX.yaml").read_text(encoding="utf-8")
        (self.folder / "GX.yaml").write_text(profile.replace('version: "1"', 'version: "2"'), encoding="utf-8")
        year = "year: 2027\nsource: 通知\ndays: [{date: 2027-01-01, kind: holiday, name: 元旦}]\n"
        (self.folder / "CN-2027.yaml").write_text(year, encoding="utf-8")
        for name in ("in", "out"):
            (self.folder / name).mkdir()

    def follow(self, line: str) -> tuple[int, list[str]]:
        """The command as somebody would type it here."""
        words = [word.replace("/srv/xieban/", f"{self.folder}/") for word in shlex.split(_OPTIONAL.sub("", line))[1:]]
        words = [self.names.get(word, word) for word in words]
        database, kind = self.settings.database, " ".join(words)
        for place, word in enumerate(words):
            if word == "NUMBER":
                words[place] = self.withdrawn if "reopen" in words else self.number
            elif word == "12":
                words[place] = self.incidents[1 if "resolve" in words else 0]
            elif word == "ID":
                words[place] = self.out if "acknowledge" in words else self.lost
            elif word == "7":
                with Runtime.open(self.settings) as office:
                    words[place] = str(Mending(office).repairs(actor=SYSTEM)[0].id)
            elif re.fullmatch(r"(?!/)\S+\.(json|yaml|zip|db)", word):
                words[place] = str(self.folder / word)
        if words[0] == "worker":
            words.append("--once")
        if kind.startswith(("db restore", "db import")):
            database = f"sqlite:///{self.folder / f'goal-{len(list(self.folder.iterdir()))}.db'}"
        if "--dry-run" not in words and any("--yes" in one.opts for one in meant(words).params):
            words.append("--yes")
        who = [] if "--as" in words else ["--as", "root"]
        return run(["--db", database, "--lang", "en", *who, *words]), words


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setenv("XIEBAN_HOME", str(tmp_path / "home"))
    settings = Settings.from_env(
        {"XIEBAN_HOME": str(tmp_path / "home"), "XIEBAN_LANG": "en"}, database=f"sqlite:///{tmp_path / 'xieban.db'}"
    )
    use_language("en")
    office = Office(settings, tmp_path)
    office.prepare()
    yield office
    use_language("zh")


#: No is an answer, not a failure: the profiles differ; the doctor sees incidents.
MAY_SAY_NO = ("profile diff", "doctor")


def test_each_command_runs_where_the_page_shows_it(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    for line in [*shown(), "xieban doctor", "xieban doctor --metrics"]:
        code, words = office.follow(line)
        said = capsys.readouterr()

        no = any(f"{name} " in f"{line} " for name in MAY_SAY_NO)
        assert code == 0 or (code == 1 and no), f"{line}\n{' '.join(words)}\n{said.out}{said.err}"
        assert "Traceback" not in said.err
