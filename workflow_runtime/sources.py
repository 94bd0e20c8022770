"""YAML files that people write, read so that every mistake can be named with its file, line and field.

`Source` reads one file and collects findings; its methods take a value out of a table, and note what is wrong
with it instead of raising, so that an author sees everything at once. PyYAML's plain scalars, and nothing more: no
anchors (a file of 300 bytes could describe a billion entries), no tags, no key twice.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, TypeVar

import yaml

from workflow_runtime import feel
from workflow_runtime.errors import BadInput
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.fragments import fault
from workflow_runtime.i18n import _

MAX_BYTES = 5_000_000
MAX_DEPTH = 32
_Error = TypeVar("_Error", bound=BadInput)


class Table(dict[str, Any]):
    """A mapping that knows the line it begins on, and the line of each of its keys."""

    line: int
    lines: dict[str, int]


class _Refused(yaml.YAMLError):
    """What YAML allows and we do not."""

    def __init__(self, problem: str, line: int) -> None:
        super().__init__(problem)
        self.problem, self.line = problem, line


#: libyaml where PyYAML was built with it: five times as fast, the same events.
_Events = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SCALARS = yaml.SafeLoader("")
_PLAIN = frozenset(f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "timestamp"))


def load(text: str | bytes) -> Any:
    """The document in a file that came along with the program; raises yaml.YAMLError."""
    return parse(text if isinstance(text, str) else text.decode("utf-8"))


def parse(text: str) -> Any:
    """The document in `text` (mappings are `Table`s); raises yaml.YAMLError.

    Built from parser events on a stack of its own, so that no depth can exhaust Python's.
    """
    events = _Events(text)
    open_: list[_Open] = []
    documents: list[Any] = []
    while True:
        event = events.get_event()
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.StreamEndEvent):
            return documents[0] if len(documents) == 1 else None
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _Refused(_("anchors and aliases are not accepted"), line)
        if isinstance(event, yaml.ScalarEvent):
            value, done = _scalar(event, line), True
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            if len(open_) >= MAX_DEPTH:
                raise _Refused(_("the file is nested too deeply"), line)
            open_.append(_Open(line, mapping=isinstance(event, yaml.MappingStartEvent)))
            continue
        else:
            done = isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent)
            value = open_.pop().value if done else None
        if done and open_:
            open_[-1].add(value, line)
        elif done:
            documents.append(value)


class _Open:
    """A mapping or a list that is still being read."""

    def __init__(self, line: int, *, mapping: bool) -> None:
        self.value: Any = _empty(line) if mapping else []
        self.key: str | None = None

    def add(self, value: Any, line: int) -> None:
        if isinstance(self.value, list):
            self.value.append(value)
        elif self.key is not None:
            self.value[self.key] = value
            self.key = None
        else:
            key = value if isinstance(value, str) else str(value)
            if isinstance(value, list | dict) or value is None or not key:
                raise _Refused(_("a key must be a plain word"), line)
            if key in self.value.lines:
                raise _Refused(_("the key {key!r} appears twice").format(key=key), line)
            self.value.lines[key] = line
            self.key = key


def _scalar(event: yaml.ScalarEvent, line: int) -> Any:
    if event.tag not in (None, "!"):
        raise _Refused(_("the tag {tag} is not accepted").format(tag=event.tag), line)
    return _meaning(event.value) if event.implicit[0] else event.value


@lru_cache(maxsize=4096)
def _meaning(text: str) -> Any:
    """A word without quotation marks: a number, a date, true, nothing, or just a word."""
    tag = _SCALARS.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    if tag not in _PLAIN:
        return text
    try:
        return _SCALARS.construct_object(yaml.ScalarNode(tag, text))
    except ValueError:
        # 2025-13-01 stays text: the reader of the field says what is wrong with it, and goes on.
        return text


class Source:
    """One YAML file, and everything found wrong in it so far."""

    def __init__(self, data: bytes, *, name: str, rule: str) -> None:
        self.name = name
        self.rule = rule
        self.findings: list[Finding] = []
        self.root = self._read(data)

    def _read(self, data: bytes) -> Table:
        if len(data) > MAX_BYTES:
            self.wrong(None, _("the file is larger than {limit} bytes").format(limit=MAX_BYTES), _("split it"))
            return _empty()
        try:
            text = unicodedata.normalize("NFC", data.decode("utf-8-sig"))
            document = parse(text)
        except UnicodeDecodeError:
            self.wrong(None, _("the file is not UTF-8 text"), _("save it as UTF-8"))
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            self.wrong(
                mark.line + 1 if mark else getattr(error, "line", None),
                _("the file is not YAML: {problem}").format(problem=getattr(error, "problem", None) or error),
                _("mend it at that line"),
            )
        else:
            if isinstance(document, Table):
                return document
            self.wrong(None, _("the file holds no table of keys"), _("begin it with a key, as name: …"))
        return _empty()

    def wrong(
        self, line: int | None, message: str, remedy: str, *, field: str | None = None, excerpt: str = ""
    ) -> None:
        """Note a problem."""
        place = f"{self.name}:{line}" if line else self.name
        path = (self.name, field) if field else (self.name,)
        text = f"{place}: {field}: {message}" if field else f"{place}: {message}"
        self.findings.append(Finding(self.rule, Severity.ERROR, field, line, text, remedy, path=path, excerpt=excerpt))

    def raise_if_wrong(self, error: type[_Error]) -> None:
        """Refuse the file with everything that was noted."""
        if self.findings:
            raise error(findings=self.findings)

    # -- values of a table --

    def line(self, table: Table, key: str) -> int:
        """The line of `key`, or of the table that lacks it."""
        return table.lines.get(key, table.line)

    def only(self, table: Table, keys: Collection[str]) -> None:
        """Note every key that means nothing here: most are misspelt."""
        for key in table:
            if key not in keys:
                self.wrong(
                    table.lines[key],
                    _("there is no such key"),
                    _("keys here: {keys}").format(keys=", ".join(keys)),
                    field=key,
                )

    def text(self, table: Table, key: str, *, default: str | None = None) -> str:
        """A text; without `default` it must be there and not be empty."""
        value = table.get(key)
        if value is None and default is not None:
            return default
        if isinstance(value, bool | list | dict | float) or value is None or not str(value).strip():
            self.wrong(self.line(table, key), _("a text is missing"), _("write {key}: …").format(key=key), field=key)
            return default or ""
        return str(value).strip()

    def feel(self, table: Table, key: str) -> feel.Expression:
        """A FEEL expression; one that cannot be read is noted, and stands for null."""
        try:
            return feel.compile(self.text(table, key) or "null")
        except feel.FeelError as error:
            found = fault(error)
            self.wrong(self.line(table, key), found.message, _("mend the expression"), field=key, excerpt=found.excerpt)
            return feel.compile("null")

    def choice(self, table: Table, key: str, choices: Collection[str], *, default: str | None = None) -> str:
        """One of `choices`."""
        value = table.get(key, default)
        # YAML reads a bare on or off as true or false; the author meant the word.
        if isinstance(value, bool) and {"on", "off"} <= set(choices):
            value = "on" if value else "off"
        if not isinstance(value, str) or value not in choices:
            self.wrong(
                self.line(table, key),
                _("{value!r} is not possible").format(value=value),
                _("write one of {choices}").format(choices=", ".join(choices)),
                field=key,
            )
            return default or next(iter(choices))
        return value

    def day(self, table: Table, key: str, *, optional: bool = True) -> date | None:
        """A date."""
        value = table.get(key)
        if value is None and optional:
            return None
        if not isinstance(value, date) or isinstance(value, datetime):
            self.wrong(
                self.line(table, key),
                _("{value!r} is not a date").format(value=value),
                _("write it as 2024-09-01"),
                field=key,
            )
            return None
        return value

    def flag(self, table: Table, key: str, *, default: bool = False) -> bool:
        """True or false."""
        value = table.get(key, default)
        if not isinstance(value, bool):
            self.wrong(
                self.line(table, key),
                _("{value!r} is not possible").format(value=value),
                _("write true or false"),
                field=key,
            )
            return default
        return value

    def texts(self, table: Table, key: str, *, optional: bool = True) -> tuple[str, ...]:
        """A list of texts; one text alone is a list of one."""
        value = table.get(key)
        if value is None and optional:
            return ()
        entries = [value] if isinstance(value, str) else value
        if not isinstance(entries, list) or any(isinstance(entry, list | dict | bool) for entry in entries):
            self.wrong(self.line(table, key), _("a list of texts is missing"), "[a, b]", field=key)
            return ()
        return tuple(str(entry) for entry in entries)

    def tables(self, table: Table, key: str, *, optional: bool = True) -> Sequence[Table]:
        """A list of tables."""
        value = table.get(key)
        if value is None and optional:
            return ()
        if not isinstance(value, list) or not all(isinstance(entry, Table) for entry in value):
            self.wrong(
                self.line(table, key),
                _("a list of entries is missing"),
                _("begin each entry with a dash, as - name: …"),
                field=key,
            )
            return tuple(entry for entry in value if isinstance(entry, Table)) if isinstance(value, list) else ()
        return value

    def table(self, table: Table, key: str) -> Table:
        """A table inside a table; empty when it is not there."""
        value = table.get(key)
        if value is None:
            return _empty(table.line)
        if not isinstance(value, Table):
            self.wrong(self.line(table, key), _("a table of keys is missing"), f"{key}:\n  …", field=key)
            return _empty(table.line)
        return value

    def unique(self, entries: Sequence[tuple[str, Table]], what: str) -> None:
        """Note every id that is used again."""
        seen: dict[str, int] = {}
        for identity, table in entries:
            if identity and identity in seen:
                self.wrong(
                    table.line,
                    _("{what} {id} stands in the file twice (first in line {line})").format(
                        what=what, id=identity, line=seen[identity]
                    ),
                    _("give one of them another id"),
                    field=identity,
                )
            seen.setdefault(identity, table.line)


def _empty(line: int = 0) -> Table:
    table = Table()
    table.line = line
    table.lines = {}
    return table
