"""The child process that renders: it holds the fonts and the compiled templates, and nothing else of ours.

It reads requests from standard input and answers on standard output, one at a time. It may use so much memory and, for
each request, so much processor time; it runs in an empty folder, and its way to any network leads nowhere. What it
cannot do, a template cannot do.
"""

from __future__ import annotations

import json
import math
import os
import re
import resource
import struct
import sys
import traceback
from collections import OrderedDict
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Protocol

from workflow_runtime.documents import fonts

_MAIN_LINE = re.compile(r"[/\\ ]main:(\d+):\d+")
_PAGES = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_KEPT_PROGRAMS = 32


class Source(Protocol):
    """Where messages are read from."""

    def read(self, size: int, /) -> bytes:
        """That many bytes, fewer when the other side has gone."""
        ...


def encode(value: Any) -> Any:
    """A plain value as JSON that keeps dates and decimals apart from text."""
    if isinstance(value, dict):
        return {"d": {key: encode(one) for key, one in value.items()}}
    if isinstance(value, list):
        return {"l": [encode(one) for one in value]}
    if isinstance(value, datetime):
        return {"m": value.isoformat()}
    if isinstance(value, date):
        return {"t": value.isoformat()}
    if isinstance(value, Decimal):
        return {"n": str(value)}
    return value


def decode(value: Any) -> Any:
    """The value again."""
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "d":
        return {key: decode(one) for key, one in content.items()}
    if kind == "l":
        return [decode(one) for one in content]
    if kind == "n":
        return Decimal(content)
    return datetime.fromisoformat(content) if kind == "m" else date.fromisoformat(content)


def send(stream: IO[bytes], head: dict[str, Any], *bodies: bytes) -> None:
    """One message: a JSON head and any number of byte strings."""
    data = json.dumps({**head, "bodies": len(bodies)}, ensure_ascii=True).encode()
    for part in (data, *bodies):
        stream.write(struct.pack(">I", len(part)))
        stream.write(part)
    stream.flush()


def receive(stream: Source) -> tuple[dict[str, Any], list[bytes]] | None:
    """The next message, or None when the other side has gone."""
    data = _part(stream)
    if data is None:
        return None
    head: dict[str, Any] = json.loads(data)
    bodies = [_part(stream) for _number in range(head["bodies"])]
    if any(body is None for body in bodies):
        return None
    return head, [body for body in bodies if body is not None]


def _part(stream: Source) -> bytes | None:
    size = stream.read(4)
    if len(size) < 4:
        return None
    (length,) = struct.unpack(">I", size)
    body = stream.read(length)
    return body if len(body) == length else None


class Press:
    """Prints documents: a compiler with its fonts, and the templates it has seen."""

    def __init__(self, font_folders: list[Path]) -> None:
        import typst

        files = fonts.font_files(font_folders)
        self.coverage = fonts.coverage(files)
        loaded = typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=[str(folder) for folder in font_folders],
        )
        self.families = loaded.families()
        self.error = typst.TypstError
        self.compiler = typst.Compiler(
            font_paths=loaded, root=os.getcwd(), package_path=os.getcwd(), package_cache_path=os.getcwd()
        )
        self.programs: OrderedDict[str, Any] = OrderedDict()

    def slots(self) -> dict[str, list[str]]:
        """The faces of each role, the site's own before the house's, the wide one last."""
        present = set(self.families)
        house = {
            "body": (fonts.BODY, "Xieban Song"),
            "title": (fonts.TITLE, "Xieban Title"),
            "hei": (fonts.HEI, "Xieban Hei"),
            "kai": (fonts.KAI, "Xieban Kai"),
            "song": ((), "Xieban Song"),
        }
        return {
            role: [*[family for family in own if family in present], ours, "Xieban Song", "Xieban Song Wide"]
            for role, (own, ours) in house.items()
        }

    def program(self, key: str, source: bytes) -> Any:
        """The compiled template, from the last time when it was seen before."""
        from workflow_runtime.documents import sandbox

        if key not in self.programs:
            self.programs[key] = sandbox.Program(source.decode("utf-8"))
            while len(self.programs) > _KEPT_PROGRAMS:
                self.programs.popitem(last=False)
        self.programs.move_to_end(key)
        return self.programs[key]

    def render(self, head: dict[str, Any], bodies: list[bytes]) -> tuple[dict[str, Any], list[bytes]]:
        """One document as PDF or as pictures of its pages, or what is wrong with it."""
        from jinja2.exceptions import TemplateError

        from workflow_runtime.documents import sandbox

        source, qr, *house = bodies
        context = decode(head["context"])
        try:
            program = self.program(head["program"], source)
            typst, origins, printed = program.render(context, head["labels"], head["titles"], head["language"])
        except (TemplateError, TypeError, ValueError, KeyError, AttributeError, RecursionError) as error:
            return {"wrong": "template", "line": _template_line(error), "why": str(error) or type(error).__name__}, []
        meta = {**head["meta"], "fonts": self.slots()}
        boxes = self._boxes(head, source, house, printed)
        if boxes:
            return {"wrong": "glyphs", "characters": boxes, "where": _where(boxes, context)}, []
        unsaid = _unsaid(head["clauses"], printed.clauses, typst)
        if unsaid:
            return {"wrong": "clauses", "clauses": unsaid}, []
        files = {
            "main": typst.encode(),
            "document.json": json.dumps(meta, ensure_ascii=False).encode(),
            "qr.svg": qr,
            **dict(zip(head["house"], house, strict=True)),
        }
        try:
            result, warnings = self.compiler.compile_with_warnings(
                input=files,  # type: ignore[type-var]  # files by name; the stub knows only one
                format=head["format"],
                ppi=head["ppi"],
                timestamp=datetime.fromtimestamp(head["issued"], UTC),
                pdf_standards=["a-2b"] if head["format"] == "pdf" else [],
            )
        except self.error as error:
            found = _MAIN_LINE.search(error.diagnostic)
            line = sandbox.template_line(origins, int(found[1])) if found else None
            return {"wrong": "typst", "line": line, "why": error.message, "hints": error.hints}, []
        pages = [result] if isinstance(result, bytes) else list(result or ())
        warned = [warning.message for warning in warnings]
        count = len(_PAGES.findall(result)) if isinstance(result, bytes) and head["format"] == "pdf" else len(pages)
        return {"pages": count, "warnings": warned}, pages

    def _boxes(self, head: dict[str, Any], source: bytes, house: list[bytes], printed: Any) -> list[str]:
        texts = [
            *printed.texts,
            *(str(value) for value in head["meta"].values()),
            *(file.decode() for file in [source, *house]),
        ]
        return self.coverage.missing("\n".join(texts).replace("\t", " "))


def _unsaid(clauses: list[dict[str, Any]], printed: list[str], typst: str) -> list[str]:
    text = re.sub(r"\s", "", typst)
    return [
        clause["id"]
        for clause in clauses
        if clause["id"] not in printed or any(re.sub(r"\s", "", words) not in text for words in clause["says"])
    ]


def _where(characters: list[str], value: Any, path: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    if isinstance(value, dict):
        for key, one in value.items():
            found = {**_where(characters, one, f"{path}.{key}" if path else str(key)), **found}
    elif isinstance(value, list):
        for number, one in enumerate(value, start=1):
            found = {**_where(characters, one, f"{path}[{number}]"), **found}
    elif isinstance(value, str):
        found = {character: path for character in characters if character in value}
    return found


def _template_line(error: BaseException) -> int | None:
    if getattr(error, "lineno", None):
        return int(error.lineno)  # type: ignore[attr-defined]
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in {"<template>", "<unknown>"}
    ]
    return frames[-1].lineno if frames else None


def _limit(what: int, most: int) -> None:
    _soft, hard = resource.getrlimit(what)
    resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _limit_processor(seconds: float) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime + seconds))


def main() -> None:
    """Serve until the other side closes its end."""
    settings = json.loads(sys.argv[2])
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints by mistake does not reach the answers
    _limit(resource.RLIMIT_CORE, 0)
    try:
        press = Press([Path(folder) for folder in settings["fonts"]])
    finally:
        os.rmdir(os.getcwd())  # empty it was, and gone it is emptier still: a template finds nothing there
    _limit(resource.RLIMIT_AS, settings["memory"])
    _limit(resource.RLIMIT_FSIZE, 0)
    while (message := receive(requests)) is not None:
        head, bodies = message
        _limit_processor(settings["seconds"])
        try:
            answer, parts = press.render(head, bodies)
        except MemoryError:
            answer, parts = {"wrong": "memory"}, []
        send(answers, answer, *parts)
