"""What a command shows: tables, pages, CSV and JSON. Every text from a case goes through `escaping.safe`."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any, Generic, TypeGuard, TypeVar
from zoneinfo import ZoneInfo

import click

from cli.text import clip, indented, pad, width
from workflow_runtime.errors import BadInput
from workflow_runtime.escaping import cell, safe
from workflow_runtime.i18n import _, ngettext, os_reason
from workflow_runtime.model import DueDate

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column of a list: its title, its value for a row, and how far it may shrink."""

    title: str
    value: Callable[[Row], object]
    least: int = 0  #: columns it keeps when room is short; 0: it never shrinks
    right: bool = False
    style: Callable[[Row], str | None] | None = None
    shown: Callable[[Row], str] | None = None  #: for the screen, where CSV shows `value`
    once: bool = False  #: on the screen: said above the table where every row has the same, left out where none has


@dataclass(slots=True)
class Output:
    """Where a command writes to, and how: for a person, as JSON, or as a spreadsheet."""

    zone: str = "Asia/Shanghai"
    as_json: bool = False
    colour: bool = False
    columns: int = 80

    def line(self, text: str = "") -> None:
        click.echo(text, color=self.colour)

    def lines(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.line(text)

    def note(self, text: str) -> None:
        """A remark beside the answer; goes to the error stream, so that pipes stay clean."""
        click.echo(text, err=True, color=self.colour)

    def heading(self, text: str) -> None:
        self.line(self.bold(text))

    def wrapped(self, text: str, first: str = "", rest: str | None = None) -> None:
        self.lines(indented(text, self.columns, first, rest))

    def bold(self, text: str) -> str:
        return self.styled(text, "bold")

    def styled(self, text: str, style: str | None) -> str:
        if not self.colour or not style:
            return text
        return click.style(text, bold=True) if style == "bold" else click.style(text, fg=style, bold=style == "red")

    # --- values --------------------------------------------------------------------------------------------

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(ZoneInfo(self.zone))

    def moment(self, moment: datetime | None) -> str:
        return "" if moment is None else f"{self.local(moment):%Y-%m-%d %H:%M}"

    def day(self, moment: datetime | None) -> str:
        return "" if moment is None else f"{self.local(moment):%Y-%m-%d}"

    def instant(self, at: datetime | None) -> str:
        """When something is due: a day that is due whole ends at 24:00."""
        if at is None:
            return ""
        return f"{self.last_day(at)} 24:00" if self.is_whole_day(at) else self.moment(at)

    def is_whole_day(self, at: datetime) -> bool:
        """Whether a period that ends at `at` ends with a day, and not by the hour."""
        local = self.local(at)
        return (local.hour, local.minute, local.second) == (0, 0, 0)

    def last_day(self, at: datetime | None) -> str:
        """The last day of a period that ends at `at`: a period ends at 24:00, which is 00:00 of the next day."""
        return "" if at is None else f"{self.local(at) - timedelta(microseconds=1):%Y-%m-%d}"

    def due_in_short(self, due: DueDate | None) -> str:
        """A due date for a narrow column: the day, without this year, and the working days left; by the minute what
        is counted by the hour."""
        if due is None:
            return ""
        this_year = f"{self.local(datetime.now(UTC)):%Y-}"
        if self.is_whole_day(due.at):
            when, left = self.last_day(due.at), days_left(due.working_days_left, short=True)
        else:
            when, left = self.moment(due.at), hours_left(due.at - datetime.now(UTC), short=True)
        return f"{when.removeprefix(this_year)}  {left}".rstrip()

    def due(self, due: DueDate | None) -> str:
        """A due date with the working days left; by the minute what is counted by the hour."""
        if due is None:
            return ""
        if not self.is_whole_day(due.at):
            return f"{self.moment(due.at)}{_(' ({left})').format(left=hours_left(due.at - datetime.now(UTC)))}"
        left = days_left(due.working_days_left)
        return f"{self.last_day(due.at)}{_(' ({left})').format(left=left) if left else ''}"

    def value(self, value: object) -> str:
        """A value of a case file, for a person."""
        if value is None or value == "":
            return "—"
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, datetime):
            return self.moment(value) if value.tzinfo else f"{value:%Y-%m-%d %H:%M}"
        if isinstance(value, Mapping):
            if "sha256" in value:
                return safe(value.get("name") or str(value["sha256"])[:12])
            return _("; ").join(f"{safe(key)}: {self.value(part)}" for key, part in value.items())
        if isinstance(value, (list, tuple)):
            return _("; ").join(self.value(part) for part in value)
        return safe(value, limit=2000)

    # --- documents -----------------------------------------------------------------------------------------

    def json(self, answer: object) -> None:
        click.echo(json.dumps(plain(answer), ensure_ascii=False, indent=2))

    def facts(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Label and text, the labels in one column; a label too long for it has a line of its own."""
        kept = [(label, text) for label, text in pairs if text]
        room = min(max((width(label) for label, _text in kept), default=0), self.columns * 2 // 5)
        for label, text in kept:
            head = pad(label, room) + "  "
            if width(label) > room:
                self.lines(indented(label, self.columns, ""))
                head = " " * (room + 2)
            self.lines(indented(text, self.columns, head, " " * (room + 2)))

    def table(self, columns: Sequence[Column[Row]], rows: Sequence[Row]) -> None:
        """Rows under their titles, never wider than the screen."""
        columns = self._worth_showing(columns, rows)
        texts = [[self._cell(column, row) for column in columns] for row in rows]
        widths = _fitted(
            [max([width(column.title), *(width(line[n]) for line in texts)]) for n, column in enumerate(columns)],
            [column.least for column in columns],
            self.columns - 2 * (len(columns) - 1),
        )
        titles = [pad(clip(c.title, w), w, right=c.right) for c, w in zip(columns, widths, strict=True)]
        self.line(self.bold("  ".join(titles).rstrip()))
        for row, line in zip(rows, texts, strict=True):
            parts = []
            for column, room, text in zip(columns, widths, line, strict=True):
                part = pad(clip(text, room), room, right=column.right)
                parts.append(self.styled(part, column.style(row) if column.style else None))
            self.line("  ".join(parts).rstrip())

    def _worth_showing(self, columns: Sequence[Column[Row]], rows: Sequence[Row]) -> list[Column[Row]]:
        """Without empty columns; what is the same in every row is said once, above."""
        kept = []
        for column in columns:
            values = {self._cell(column, row) for row in rows}
            if column.once and len(values) == 1 and len(rows) > 1 and values != {""}:
                self.line(f"{column.title}: {values.pop()}")
            elif values != {""} or not column.once:
                kept.append(column)
        return kept

    def _cell(self, column: Column[Row], row: Row) -> str:
        if column.shown is not None:
            return column.shown(row)
        value = column.value(row)
        if value is None:
            return ""
        return self.day(value) if isinstance(value, datetime) else safe(value, limit=400)


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """A page of a list, shown in whichever form was asked for."""

    output: Output
    columns: Sequence[Column[Row]]
    rows: Sequence[Row]
    page: int
    limit: int
    nothing: str
    as_csv: bool = False
    xlsx: Path | None = None

    @cached_property
    def _shown(self) -> Sequence[Row]:
        return self.rows[: self.limit]

    def show(self) -> None:
        if self.xlsx is not None:
            write_xlsx(self.xlsx, [column.title for column in self.columns], self._values())
            self.output.note(_("written: {path}").format(path=self.xlsx))
        elif self.output.as_json:
            self.output.json(self._shown)
        elif self.as_csv:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow([column.title for column in self.columns])
            writer.writerows(
                [[value if _number(value) else cell(plain(value)) for value in line] for line in self._values()]
            )
        elif not self._shown:
            self.output.line(self.nothing)
        else:
            self.output.table(self.columns, self._shown)
            if len(self.rows) > self.limit:
                more = _("There are more: --page {page}").format(page=self.page + 1)
                self.output.line(more)
            elif self.page > 1 or len(self._shown) > 5:
                count = ngettext("{count} row on this page", "{count} rows on this page", len(self._shown))
                self.output.line(count.format(count=len(self._shown)))

    def _values(self) -> list[list[object]]:
        def written(value: object) -> object:
            return self.output.moment(value) if isinstance(value, datetime) else value

        return [[written(column.value(row)) for column in self.columns] for row in self._shown]


def _number(value: object) -> TypeGuard[int | float | Decimal]:
    """A value that no spreadsheet takes for a formula, whatever its sign."""
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def write_xlsx(path: Path, titles: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A sheet in which no text can act as a formula."""
    import xlsxwriter

    content = BytesIO()
    with xlsxwriter.Workbook(content, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        for column, title in enumerate(titles):
            sheet.write_string(0, column, title)
        for number, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                if _number(value):
                    sheet.write_number(number, column, float(value))
                elif value is not None:
                    sheet.write_string(number, column, str(cell(plain(value))))
    write_file(path, content.getvalue())


def write_file(path: Path, content: bytes) -> None:
    """A file of an answer. Raises BadInput when it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        text = _("{path} cannot be written: {reason}")
        raise BadInput(text.format(path=path, reason=os_reason(error))) from error


def days_left(count: int | None, *, short: bool = False) -> str:
    """Working days until a due date, in words; `short` for a narrow column."""
    if count is None:
        return ""
    if short:
        text = _("today") if count == 0 else _("{count} d late") if count < 0 else _("{count} d")
        return text.format(count=abs(count))
    if count == 0:
        return _("due today")
    if count < 0:
        late = ngettext("{count} working day late", "{count} working days late", -count)
        return late.format(count=-count)
    return ngettext("{count} working day left", "{count} working days left", count).format(count=count)


def hours_left(left: timedelta, *, short: bool = False) -> str:
    """Hours until something is due by the hour, in words; minutes within the last; `short` for a narrow column."""
    minutes, late = int(abs(left).total_seconds() // 60), left < timedelta(0)
    count, in_hours = (minutes // 60, True) if minutes >= 60 else (minutes, False)
    if short:
        if in_hours:
            return (_("{count} h late") if late else _("{count} h")).format(count=count)
        return (_("{count} min late") if late else _("{count} min")).format(count=count)
    if in_hours:
        text = (
            ngettext("{count} hour late", "{count} hours late", count)
            if late
            else ngettext("{count} hour left", "{count} hours left", count)
        )
    else:
        text = (
            ngettext("{count} minute late", "{count} minutes late", count)
            if late
            else ngettext("{count} minute left", "{count} minutes left", count)
        )
    return text.format(count=count)


def urgency(due: DueDate | None) -> str | None:
    """The colour of a due date: red when late, yellow when close."""
    if due is not None and due.at < datetime.now(UTC):
        return "red"
    if due is None or due.working_days_left is None:
        return None
    return "red" if due.working_days_left < 0 else "yellow" if due.working_days_left <= 2 else None


def plain(value: Any) -> Any:
    """`value` in the types that JSON knows: money and other decimals as text, times with their offset."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        parts = [plain(part) for part in value]
        return sorted(parts, key=str) if isinstance(value, (set, frozenset)) else parts
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return str(value)


def _fitted(natural: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Column widths that fit into `room`: the widest that may shrink gives way first."""
    widths = list(natural)
    while sum(widths) > room:
        candidates = [n for n, size in enumerate(widths) if least[n] and size > least[n]]
        if not candidates:
            break
        widths[max(candidates, key=lambda n: widths[n])] -= 1
    return widths
