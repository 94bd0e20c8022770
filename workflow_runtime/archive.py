"""A whole store as one portable file: a zip archive of JSON lines, readable with any tool, in thirty years too.

    xieban.json           what this is: format, schema, when, and of every table the rows and the SHA-256 of its lines
    tables/NAME.jsonl     one row a line, in the order of its columns; moments in UTC, bytes as base64
    files/SHA256          the files of the cases, each under its own hash

The manifest is written last and read first; nothing is taken over that does not agree with it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Column, Table

from workflow_runtime import casefile, migrations
from workflow_runtime import tables as t
from workflow_runtime.database import Instant
from workflow_runtime.errors import NotADatabase, StoreError, StoreFull, XiebanError
from workflow_runtime.i18n import _, os_reason

FORMAT = 1
MANIFEST = "xieban.json"
BATCH = 500
_FILE = re.compile(r"files/([0-9a-f]{64})")

Rows = Iterable[Sequence[Mapping[str, Any]]]


class Writer:
    """An archive that is being written; it is one only after `finish`."""

    def __init__(self, path: Path, *, schema: str, at: datetime) -> None:
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, allowZip64=True)
        self._facts: dict[str, Any] = {"format": FORMAT, "schema": schema, "at": at.isoformat(), "tables": {}}
        self._files: list[str] = []

    def table(self, name: str, rows: Rows) -> None:
        """All rows of a table."""
        count, digest = 0, hashlib.sha256()
        with self._zip.open(f"tables/{name}.jsonl", "w", force_zip64=True) as out:
            for part in rows:
                block = b"".join(line(t.metadata.tables[name], row) for row in part)
                digest.update(block)
                out.write(block)
                count += len(part)
        self._facts["tables"][name] = {"rows": count, "sha256": digest.hexdigest()}

    def file(self, sha256: str, content: bytes) -> None:
        """A file of a case."""
        self._zip.writestr(f"files/{sha256}", content)
        self._files.append(sha256)

    def finish(self) -> None:
        """The manifest, and the end."""
        facts = self._facts | {"files": {"count": len(self._files), "sha256": _listed(self._files)}}
        self._zip.writestr(MANIFEST, json.dumps(facts, ensure_ascii=False, indent=1))
        self._zip.close()

    def abandon(self) -> None:
        """Let go of a file that will never be one."""
        if self._zip.fp is not None:
            with suppress(OSError):  # what is still buffered has no room either
                self._zip.fp.close()
            self._zip.fp = None


class Reader:
    """An archive that was written by `Writer`, or claims to be. Raises NotADatabase or StoreError."""

    def __init__(self, path: Path) -> None:
        self.where = str(path)
        with self._plainly():
            self._zip = zipfile.ZipFile(path)
            with self._zip.open(MANIFEST) as stream:
                facts = casefile.read_json(stream.read(casefile.MAX_TEXT), what=MANIFEST)
            if not isinstance(facts, Mapping) or facts.get("format") != FORMAT:
                raise NotADatabase(
                    _("{where} is no archive of this program, or of a newer one").format(where=self.where)
                )
            self.schema = str(facts["schema"])
            self._tables = {str(name): (int(one["rows"]), str(one["sha256"])) for name, one in facts["tables"].items()}
            names = [one.filename for one in self._zip.infolist()]
            self.files = tuple(sorted(found[1] for one in names if (found := _FILE.fullmatch(one))))
            if _listed(self.files) != facts["files"]["sha256"]:
                self._tampered("files")
            self._refuse_strangers(names)

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()

    def count(self, name: str) -> int:
        """How many rows a table has."""
        return self._tables[name][0]

    def rows(self, name: str) -> Iterator[list[dict[str, Any]]]:
        """The rows of a table. Raises StoreError, at the end of it, when they are not those that were written."""
        table, digest, count = t.metadata.tables[name], hashlib.sha256(), 0
        with self._plainly(), self._zip.open(f"tables/{name}.jsonl") as stream:
            for part in _parts(stream):
                for one in part:
                    digest.update(one)
                count += len(part)
                yield [row(table, one) for one in part]
        if (count, digest.hexdigest()) != self._tables[name]:
            self._tampered(f"tables/{name}.jsonl")

    def file(self, sha256: str) -> bytes:
        """The content of a file. Raises StoreError when it is not what its name says."""
        with self._plainly():
            content = self._zip.read(f"files/{sha256}")
        if hashlib.sha256(content).hexdigest() != sha256:
            self._tampered(f"files/{sha256}")
        return content

    def _refuse_strangers(self, names: Sequence[str]) -> None:
        """Every part is one that belongs here, and here once. Another schema has other tables: that is said first."""
        if {*self._tables} != {*t.metadata.tables} and self.schema == migrations.HEAD:
            self._tampered(MANIFEST)
        wanted = {MANIFEST, *(f"tables/{name}.jsonl" for name in self._tables), *(f"files/{one}" for one in self.files)}
        wrong = sorted({*wanted} ^ {*names}) or ([] if len(names) == len(wanted) else [MANIFEST])
        if wrong:
            self._tampered(wrong[0])

    def _tampered(self, part: str) -> None:
        raise StoreError(
            _("{where}: {part} is not what was written; nothing was kept. Fetch the archive again").format(
                where=self.where, part=part
            )
        )

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        try:
            yield
        except (XiebanError, OSError):
            raise
        except (zipfile.BadZipFile, AttributeError, EOFError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise NotADatabase(
                _("{where} is no archive of xieban, or is damaged ({reason})").format(
                    where=self.where, reason=type(error).__name__
                )
            ) from error


def _listed(files: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(files)).encode()).hexdigest()


def _parts(stream: IO[bytes]) -> Iterator[list[bytes]]:
    part: list[bytes] = []
    for one in stream:
        part.append(one)
        if len(part) == BATCH:
            yield part
            part = []
    if part:
        yield part


@contextmanager
def writing(target: Path, part: Path, *, schema: str, at: datetime) -> Iterator[Writer]:
    """An archive at `target`, whole or not at all. Raises StoreFull when it cannot be written."""
    writer: Writer | None = None
    try:
        writer = Writer(part, schema=schema, at=at)
        yield writer
        writer.finish()
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(target)
    except OSError as error:
        raise StoreFull(
            _("{where} cannot be written ({reason}); nothing was changed").format(where=target, reason=os_reason(error))
        ) from error
    finally:
        if writer is not None:
            writer.abandon()
        part.unlink(missing_ok=True)


# --- a row as a line ---------------------------------------------------------------------------------------------
def line(table: Table, values: Mapping[str, Any]) -> bytes:
    """A row, always as the same bytes."""
    plain = {column.name: _plain(values[column.name]) for column in table.columns}
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def row(table: Table, text: bytes) -> dict[str, Any]:
    """What `line` wrote. Raises ValueError, KeyError or TypeError when it is something else."""
    given = json.loads(text)
    if set(given) != {column.name for column in table.columns}:
        raise KeyError(table.name)
    return {
        column.name: None if given[column.name] is None else _typed(column)(given[column.name])
        for column in table.columns
    }


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _exactly(kind: type) -> Callable[[Any], Any]:
    def same(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(kind.__name__)
        return value

    return same


def _typed(column: Column[Any]) -> Callable[[Any], Any]:
    return _TYPED[datetime if isinstance(column.type, Instant) else column.type.python_type]


_TYPED: Mapping[type, Callable[[Any], Any]] = {
    bytes: lambda value: base64.b64decode(value, validate=True),
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    str: _exactly(str),
    int: _exactly(int),
    bool: _exactly(bool),
}
