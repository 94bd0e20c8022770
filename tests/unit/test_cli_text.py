"""Text in columns, values in words, and a README that tells the truth about the commands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cli.app import build
from cli.output import Column, Listing, Output, days_left, hours_left, plain
from cli.text import clip, indented, pad, width, wrap
from cli.work import item_columns
from workflow_runtime.i18n import PROGRAM, _, language, use_language, use_program

ROOT = Path(__file__).resolve().parents[2]
TEXTS = st.text(alphabet=st.sampled_from("ab 儿童移交安置，。（）“”-1…é"), max_size=200)


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    before = language()
    use_language("en")
    yield
    use_language(before)
    use_program(PROGRAM)


@given(TEXTS, st.integers(8, 40))
@example("（111。。", 8)
def test_no_line_is_wider_than_the_screen_and_no_word_is_lost(text: str, columns: int) -> None:
    lines = wrap(text, columns)

    assert all(width(line) <= columns for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(TEXTS, st.integers(0, 40))
def test_a_cut_text_fits(text: str, columns: int) -> None:
    assert width(clip(text, columns)) <= max(columns, 0)


def test_a_line_does_not_begin_with_a_closing_sign() -> None:
    lines = wrap("设区市儿童福利机构，县级儿童福利机构。", 18)

    assert all(line[0] not in "，。" for line in lines)


def test_chinese_is_two_columns_wide() -> None:
    assert pad("儿童", 6) + "|" == "儿童  |"
    assert indented("儿童移交安置", 14, "  ● ") == ["  ● 儿童移交安", "    置"]


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "due today"), (1, "1 working day left"), (5, "5 working days left"), (-1, "1 working day late")],
)
def test_days_are_said_in_words(count: int, text: str) -> None:
    assert days_left(count) == text


@pytest.mark.parametrize(
    ("left", "text", "short"),
    [
        (timedelta(hours=24), "24 hours left", "24 h"),
        (timedelta(hours=1, seconds=-1), "59 minutes left", "59 min"),
        (timedelta(seconds=-60), "1 minute late", "1 min late"),
        (timedelta(hours=-2), "2 hours late", "2 h late"),
    ],
)
def test_what_is_due_by_the_hour_is_said_in_hours(left: timedelta, text: str, short: str) -> None:
    assert (hours_left(left), hours_left(left, short=True)) == (text, short)


def test_a_period_that_ends_at_midnight_ends_on_the_day_before() -> None:
    midnight = datetime(2026, 11, 26, 16, 0, tzinfo=UTC)  # 27 November, 00:00 in Beijing

    assert Output().last_day(midnight) == "2026-11-26"
    assert Output().instant(midnight) == "2026-11-26 24:00"


def test_json_keeps_money_and_days_exact() -> None:
    assert plain({"money": Decimal("12860.50"), "day": date(2026, 11, 26)}) == {
        "money": "12860.50",
        "day": "2026-11-26",
    }


def test_a_cell_of_a_list_cannot_act_as_a_formula(capsys: pytest.CaptureFixture[str]) -> None:
    columns: list[Column[str]] = [Column("Text", lambda row: row)]
    hostile = ["=HYPERLINK(1)", "@SUM", "＝cmd|x", "-2+3+cmd|' /C calc'!A0"]

    Listing(Output(), columns, hostile, 1, 10, "", as_csv=True).show()

    _title, *cells = capsys.readouterr().out.splitlines()
    assert all(cell.lstrip('"').startswith("'") for cell in cells)


def test_a_number_stays_a_number_in_a_spreadsheet(capsys: pytest.CaptureFixture[str]) -> None:
    columns: list[Column[Decimal]] = [Column("Workdays left", lambda row: row)]

    Listing(Output(), columns, [Decimal(-30), Decimal("0.10")], 1, 10, "", as_csv=True).show()

    assert capsys.readouterr().out.splitlines() == ["Workdays left", "-30", "0.10"]


def commands_under(group: click.Command, context: click.Context) -> Iterator[click.Command]:
    if not isinstance(group, click.Group):
        yield group
        return
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None
        yield from commands_under(found, context)


def test_no_command_calls_two_of_its_parameters_the_same() -> None:
    whole = build()
    named = {
        command.name: [one.name for one in command.params] for command in commands_under(whole, click.Context(whole))
    }

    assert {command for command, names in named.items() if len(names) != len(set(names))} == set()


def test_a_table_fits_and_says_once_what_is_common(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("移交儿童" * 10, "儿童福利科"), ("b" * 90, "儿童福利科")]
    columns: list[Column[tuple[str, str]]] = [
        Column("What", lambda row: row[0], least=10),
        Column("Department", lambda row: row[1], once=True),
    ]

    Output(columns=80).table(columns, rows)

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Department: 儿童福利科"
    assert all(width(line) <= 80 for line in lines)


def commands(group: click.Group, context: click.Context, path: tuple[str, ...] = ()) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, context, (*path, name))
        else:
            yield " ".join((*path, name))


@pytest.mark.usefixtures("english")
def test_work_of_last_year_that_is_months_late_fits_a_screen_of_eighty(capsys: pytest.CaptureFixture[str]) -> None:
    def late(id: str, department: str, clerk: str) -> SimpleNamespace:
        due = SimpleNamespace(at=datetime(2023, 11, 20, 16, tzinfo=UTC), working_days_left=-129)
        subject = SimpleNamespace(name="欧阳小满")
        return SimpleNamespace(
            id=id * 8, name="登记抵达", case="GX-P16-2023-000007", subject=subject, department_name=department,
            clerk_name=clerk, due=due,
        )  # fmt: skip

    output = Output()
    rows: list[Any] = [late("0", "儿童福利科", "林岚"), late("1", "社会工作科", "欧阳晓明")]
    Listing(output, item_columns(output), rows, 1, 10, "").show()

    shown = capsys.readouterr().out.splitlines()
    assert len(shown) >= 3 and max(width(line) for line in shown) <= 80
    assert "2023-11-20  129 d late" in shown[-1] and "GX-P16-2023-000007" in shown[-1]


def test_the_readme_names_every_command_and_no_other() -> None:
    table = re.findall(r"^\| `([^`]+)` \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    named = set()
    for entry in table:
        group, _blank, rest = entry.partition(" ")
        names = [part.split()[0] for part in rest.split(" · ")] if rest else []
        named |= {f"{group} {name}" for name in names if not name.startswith("--")} or {group}

    app = build()
    there = set(commands(app, click.Context(app)))

    assert named == there


NO_CONTEXT = click.Context(click.Command("nothing"))
A_COMMAND = re.compile(rf"(?<![$][(])\bxieban (?:--|(?:{'|'.join(build().list_commands(NO_CONTEXT))})\b|COMMAND|命令)")


def messages_with_commands() -> Iterator[tuple[Path, int, str, bool]]:
    """Every text in the sources that names a command of ours, and whether `_` or `ngettext` hands it to people."""
    for path in sorted(
        path for folder in ("cli", "workflow_runtime", "handlers") for path in ROOT.glob(f"{folder}/**/*.py")
    ):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        said = {
            id(part)
            for call in ast.walk(tree)
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ("_", "ngettext")
            for part in call.args
        }
        docstrings = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                if A_COMMAND.search(node.value):
                    yield path, node.lineno, node.value, id(node) in said


def the_command(words: str) -> click.Command:
    """The command that these words call; a failing assertion names the word that does not exist."""
    command: click.Command = build()
    for word in words.split():
        if isinstance(command, click.Group) and not word.startswith("-") and word not in ("USER", "用户", "…"):
            found = None if word in ("COMMAND", "命令") else command.get_command(NO_CONTEXT, word)
            assert found is not None or word in ("COMMAND", "命令"), words
            command = found or command
        elif word.startswith("--"):
            options = {name for parameter in command.params for name in parameter.opts} | {"--help"}
            assert word in options, words
    return command


@pytest.mark.parametrize("code", ["en", "zh"])
def test_every_command_in_a_message_is_written_as_the_program_is_called(code: str) -> None:
    use_language(code)
    use_program("python3 run xieban")
    found = list(messages_with_commands())

    assert len(found) > 15
    for path, line, text, said in found:
        assert said, f"{path}:{line}: a command is named in a message, or not at all: {text!r}"
        shown = _(text)
        commands = re.findall("“python3 run xieban ([^”]+)”", shown)
        assert len(A_COMMAND.findall(shown)) == len(commands) > 0, (path, shown)
        for words in commands:
            the_command(words)
