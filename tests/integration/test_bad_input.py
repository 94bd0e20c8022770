"""Whatever is wrong with what a person gives: where, what, and what to do, in both languages; nothing is changed."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cli.app import run
from cli.session import choose_language
from tests.conftest import Clock
from tests.integration.office import HERE, Deeds, clerks, open_office
from workflow_runtime.i18n import use_language
from workflow_runtime.machine import utc_now
from workflow_runtime.settings import Settings

#: What is wrong with a drawing: the text that is replaced (None: the whole), what stands there, and what must be named.
DRAWINGS: Mapping[str, tuple[str | None, str, tuple[str, ...]]] = {
    "no XML": (None, "hello", ("placing.bpmn", "XML")),
    "XML that ends too early": ("</bpmn:definitions>", "", ("placing.bpmn",)),
    "an entity from outside": (
        "<bpmn:definitions",
        '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><bpmn:definitions',
        ("placing.bpmn", "DOCTYPE"),
    ),
    "an element nobody runs": (
        '<bpmn:userTask id="check"',
        '<bpmn:complexGateway id="tangle" /><bpmn:userTask id="check"',
        ("tangle",),
    ),
    "a lane no department answers": ('value="CAB.CNTY"', 'value="NO.SUCH"', ("NO.SUCH",)),
    "a form nobody wrote": ('formId="check"', 'formId="unwritten"', ("unwritten", "check")),
    "a handler nobody wrote": ('type="switch_standings"', 'type="make_coffee"', ("make_coffee",)),
    "an expression that is none": ('=item.outcome = "done"', "=item.outcome = (", ("item.outcome",)),
    "an unknown name": ('=item.outcome = "done"', '=nobody_asks_this = "done"', ("nobody_asks_this",)),
}

#: What is wrong with the entries of the step "prepare", and what must be named.
ENTRIES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "missing fields": ("{}", ("summary", "pages")),
    "an extra field": ('{"summary": "x", "pages": 1, "colour": "red"}', ("colour",)),
    "a wrong field": ('{"summary": "x", "pages": "many"}', ("pages",)),
    "no JSON": ("{", ("entries.json",)),
    "a file that is not there": ('{"summary": "x", "pages": 1, "scan": "@none.pdf"}', ("none.pdf",)),
}

PERSONS = (
    "another department's item",
    "an item that is taken",
    "an item that is done",
    "a version that is stale",
    "an outcome without its reason",
)
STORES = ("another program's database", "a newer program's database", "no database")


@dataclass
class Office:
    """A store with a case whose first step is ready, one where it is taken and one where it is done."""

    folder: Path
    items: dict[str, str] = field(default_factory=dict)
    clerk: str = ""
    colleague: tuple[str, str] = ("", "")
    stranger: str = ""
    year: str = ""

    @property
    def database(self) -> Path:
        return self.folder / "x.db"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Everybody may try; nobody may succeed."""
    folder = tmp_path_factory.mktemp("bad-input")
    found = Office(folder)
    settings = Settings.from_env({"XIEBAN_HOME": str(folder)}, database=str(found.database))
    clock = Clock(utc_now())
    with open_office(settings, clock) as runtime:
        mine, other, *_rest = clerks(runtime, "cwi-qingxi.social_work")
        found.clerk, found.colleague = mine.clerk, (other.clerk, other.name)
        found.year = str(runtime._today().year)
        found.stranger = clerks(runtime, "cab-qingxi.child_welfare")[0].clerk
        for number, state in enumerate(("ready", "taken", "done"), start=1):
            deeds = Deeds(runtime, clock, number, {"prepare": other})
            deeds.start()
            item = deeds.item("prepare")
            assert item is not None
            found.items[state] = item.id
            if state == "taken":
                runtime.claim(item.id, actor=other)
            elif state == "done":
                deeds.complete("prepare")
    return found


@pytest.fixture(params=["zh", "en"])
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Chinese, then English."""
    monkeypatch.setenv("LANGUAGE", "")
    yield str(request.param)
    use_language("zh")


def rows(database: Path) -> list[str]:
    """Every row of a SQLite file."""
    with closing(sqlite3.connect(database)) as connection:
        return list(connection.iterdump())


def lacking(names: Sequence[str], said: str) -> list[str]:
    """What is not named; a long path is broken where the line ends."""
    whole = "".join(said.split())
    return [name for name in names if "".join(name.split()) not in whole]


def refused(capsys: pytest.CaptureFixture[str], language: str, *arguments: str | Path) -> str:
    """What the program says when it refuses."""
    words = ["--lang", language, *map(str, arguments)]
    capsys.readouterr()
    choose_language(words)
    code = run(words)
    said = "".join(capsys.readouterr())
    assert code == 2, said
    assert "Traceback" not in said
    ours = re.sub(
        "“[^”]*”|XML：[^→]*", "", " ".join(said.split())
    )  # commands, and the words of the XML parser, stay English
    in_english = re.search(r"\b[a-z]+(?: [a-z]+){2}\b", ours)
    assert bool(in_english) == (language == "en"), said
    return said


@pytest.mark.parametrize("what", DRAWINGS)
def test_a_drawing_that_cannot_live_is_not_deployed(
    office: Office, language: str, what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(HERE / "placing", tmp_path / "placing")
    drawing = tmp_path / "placing" / "placing.bpmn"
    found, instead, names = DRAWINGS[what]
    right = drawing.read_text(encoding="utf-8")
    assert found is None or found in right
    drawing.write_text(instead if found is None else right.replace(found, instead), encoding="utf-8")
    before = rows(office.database)

    said = refused(capsys, language, "--db", office.database, "--as", "he-yun", "procedure", "deploy", drawing.parent)

    assert lacking(names, said) == [], said
    assert "→" in said, "what to do"
    assert rows(office.database) == before


@pytest.mark.parametrize("what", ENTRIES)
def test_entries_that_cannot_be_used_change_nothing(
    office: Office, language: str, what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries, names = ENTRIES[what]
    file = tmp_path / "entries.json"
    file.write_text(entries, encoding="utf-8")
    before = rows(office.database)

    who = ("--db", office.database, "--as", office.clerk)
    said = refused(capsys, language, *who, "work", "complete", office.items["ready"], "--data", file)

    assert lacking(names, said) == [], said
    assert rows(office.database) == before


@pytest.mark.parametrize("what", PERSONS)
def test_who_may_not_is_told_why(office: Office, language: str, what: str, capsys: pytest.CaptureFixture[str]) -> None:
    attempts: Mapping[str, tuple[str, str, tuple[str, ...], tuple[str, ...]]] = {
        "another department's item": (office.stranger, "ready", (), ("社会工作科",)),
        "an item that is taken": (office.clerk, "taken", (), (office.colleague[1], office.year)),
        "an item that is done": (office.clerk, "done", (), (office.colleague[1], office.year)),
        "a version that is stale": (office.clerk, "ready", ("--version", "7"), ("7", "1")),
        "an outcome without its reason": (office.clerk, "ready", ("--outcome", "returned"), ("returned",)),
    }
    who, item, more, names = attempts[what]
    before = rows(office.database)

    entries = ("--set", "summary=x", "--set", "pages=1")
    told: tuple[str | Path, ...] = (
        "--db",
        office.database,
        "--as",
        who,
        "work",
        "complete",
        office.items[item],
        *entries,
        *more,
    )
    said = refused(capsys, language, *told)

    assert lacking(names, said) == [], said
    assert rows(office.database) == before


@pytest.mark.parametrize("what", STORES)
def test_a_store_that_is_not_ours_is_left_alone(
    office: Office, language: str, what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "theirs.db"
    if what == "another program's database":
        with closing(sqlite3.connect(file)) as theirs:
            theirs.executescript("CREATE TABLE song(name TEXT); INSERT INTO song VALUES ('茉莉花');")
    elif what == "a newer program's database":
        shutil.copy(office.database, file)
        with closing(sqlite3.connect(file)) as newer:
            newer.executescript("UPDATE alembic_version SET version_num = '9999'")
    before = file.read_bytes() if file.exists() else None

    said = refused(capsys, language, "--db", file, "--as", "root", "case", "list")

    assert "theirs.db" in said
    assert (file.read_bytes() if file.exists() else None) == before
