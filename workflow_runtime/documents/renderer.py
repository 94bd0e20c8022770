"""From a template and a case to a PDF, by way of a warm child process.

The PDF depends on nothing but what is handed in: template, values, number, time of issue, verification code (and the
fonts of the installation). Rendered again from the same row it has the same bytes.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import IO, Any, NotRequired, TypedDict, Unpack

from workflow_runtime.documents import child, wording
from workflow_runtime.documents.numbering import qr_svg, verification_code
from workflow_runtime.documents.template import READING_COPY, SAMPLES, SOURCE, Template
from workflow_runtime.documents.values import check_context, complete, may_be_required
from workflow_runtime.errors import TemplateError
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.i18n import _

_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from workflow_runtime.documents.child import main; main()"
)
_NOWHERE = "http://127.0.0.1:9"
_KILLED: tuple[dict[str, Any], list[bytes]] = ({"wrong": "killed"}, [])


@dataclass(frozen=True, slots=True)
class Rendered:
    """A printed document. `warnings` are the typesetter's, for the template's owner."""

    pdf: bytes
    sha256: str
    pages: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may cost before it is stopped."""

    seconds: float = 5.0  #: processor time; by the clock as much more as a busy machine may need
    memory: int = 2 * 1024**3  #: address space of the child, in bytes
    renewed_after: int = 500  #: documents until the child is replaced, so that no cache grows for ever


class Issue(TypedDict):
    """What a document is issued with, beside what it says."""

    number: str | None
    issued_at: datetime
    verification: str | None
    draft: bool
    language: NotRequired[str]  #: Chinese, unless a reading copy in another language is wanted


class Renderer:
    """A warm child process that prints documents, one at a time. Close it when done; it starts again when needed.

    `fonts` is a folder of the site's own fonts: 仿宋, 小标宋, 黑体, 楷体 found there are used before the house's.
    """

    def __init__(self, *, fonts: Path | None = None, limits: Limits | None = None) -> None:
        self._folders = [*([fonts] if fonts else []), Path(str(resources.files("templates").joinpath("_house/fonts")))]
        self._limits = limits or Limits()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._inherited: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._owner = os.getpid()
        self._done = 0

    def __enter__(self) -> Renderer:
        return self

    def __exit__(self, *_details: object) -> None:
        self.close()

    def render(self, template: Template, context: Mapping[str, Any], **issue: Unpack[Issue]) -> Rendered:
        """The document as PDF/A-2b. A draft has no number and no code; a document of effect has both."""
        head, parts = self._ask(template, context, **issue)
        pdf = parts[0]
        return Rendered(pdf, hashlib.sha256(pdf).hexdigest(), head["pages"], tuple(head["warnings"]))

    def pictures(
        self, template: Template, context: Mapping[str, Any], *, ppi: int = 96, **issue: Unpack[Issue]
    ) -> list[bytes]:
        """The same pages as PNG, for the screen."""
        _head, parts = self._ask(template, context, format_="png", ppi=ppi, **issue)
        return parts

    @property
    def child(self) -> int | None:
        """The process number of the child, when one is running."""
        return self._process.pid if self._process is not None else None

    def close(self) -> None:
        """End the child process."""
        with self._lock:
            self._stop()

    def _ask(
        self,
        template: Template,
        context: Mapping[str, Any],
        *,
        number: str | None,
        issued_at: datetime,
        verification: str | None,
        draft: bool,
        language: str = "zh",
        format_: str = "pdf",
        ppi: int = 96,
    ) -> tuple[dict[str, Any], list[bytes]]:
        if draft != (number is None) or draft != (verification is None):
            raise ValueError("a draft has neither number nor verification code; a document of effect has both")
        if language not in template.languages:
            raise TemplateError(_("{code} has no reading copy in this language.").format(code=template.code))
        found = [one for one in check_context(template, context) if one.severity is Severity.ERROR]
        if found and not draft:
            raise TemplateError(findings=found)
        if draft and any(one.rule == "document-value" for one in found):
            raise TemplateError(findings=[one for one in found if one.rule == "document-value"])
        request, bodies = _request(template, context, number, issued_at, verification, draft, language)
        request.update(format=format_, ppi=float(ppi))
        with self._lock:
            head, parts = self._exchange(request, bodies)
        if "wrong" in head:
            raise TemplateError(findings=_findings(template, READING_COPY if language == "en" else SOURCE, head))
        return head, parts

    def _exchange(self, request: dict[str, Any], bodies: Sequence[bytes]) -> tuple[dict[str, Any], list[bytes]]:
        answer = self._try(request, bodies)
        if answer is _KILLED:
            # Somebody else ended the child, not a limit of ours: the document has done nothing wrong.
            answer = self._try(request, bodies)
        if answer is None or answer is _KILLED:
            return {"wrong": "limits"}, []
        if answer[0].get("wrong") == "failed":
            return answer
        self._done += 1
        if self._done >= self._limits.renewed_after or answer[0].get("wrong") == "memory":
            self._stop()
        return answer

    def _try(self, request: dict[str, Any], bodies: Sequence[bytes]) -> tuple[dict[str, Any], list[bytes]] | None:
        """The child's answer; None when a limit stopped it, and it is started anew for the next document."""
        process = self._running()
        assert process.stdin is not None and process.stdout is not None
        deadline = time.monotonic() + 6 * self._limits.seconds + 30
        try:
            child.send(process.stdin, request, *bodies)
            answer = child.receive(_Patient(process.stdout, deadline))
        except BrokenPipeError:
            answer = None
        except TimeoutError:
            self._stop()
            return None
        if answer is None:
            try:
                ended = process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                ended = 0
            why = self._last_words()
            self._stop()
            if ended > 0:
                return {"wrong": "failed", "why": why}, []
            return _KILLED if ended in (-signal.SIGKILL, -signal.SIGTERM) else None
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if self._owner != os.getpid():
            # A forked worker shares its parent's pipes: leave that child alone and start one of our own.
            self._inherited, self._process, self._errors, self._owner = self._process, None, None, os.getpid()
        if self._process is None or self._process.poll() is not None:
            self._stop()
            self._errors = tempfile.TemporaryFile()
            settings = {
                "fonts": [str(folder.resolve()) for folder in self._folders],
                "memory": self._limits.memory,
                "seconds": self._limits.seconds,
            }
            path = [entry or os.getcwd() for entry in sys.path]
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", _START, json.dumps(path), json.dumps(settings)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                cwd=tempfile.mkdtemp(prefix="xieban-press-"),  # the child takes it away when it has settled
                close_fds=True,
                env={"LANG": "C.UTF-8", "RAYON_NUM_THREADS": "2", "MALLOC_ARENA_MAX": "2"}
                | {
                    name: _NOWHERE
                    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
                },
            )
            self._done = 0
        return self._process

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None and self._owner == os.getpid():
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    _close(stream)
        if self._errors is not None:
            self._errors.close()
            self._errors = None

    def _last_words(self) -> str:
        assert self._errors is not None
        self._errors.seek(0)
        words = self._errors.read()[-2000:].decode("utf-8", "replace").strip().splitlines()
        return words[-1] if words else "?"


def _close(stream: IO[bytes]) -> None:
    try:
        stream.close()
    except BrokenPipeError:
        return


class _Patient:
    """Reads from the child, and no longer than it is given."""

    def __init__(self, stream: IO[bytes], deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes, or fewer when the child has gone; TimeoutError when it takes too long."""
        found = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(self._stream, selectors.EVENT_READ)
            while len(found) < size:
                if not selector.select(max(self._deadline - time.monotonic(), 0)):
                    raise TimeoutError
                piece = os.read(self._stream.fileno(), min(size - len(found), 1 << 20))
                if not piece:
                    break
                found += piece
        return bytes(found)


def _request(
    template: Template,
    context: Mapping[str, Any],
    number: str | None,
    issued_at: datetime,
    verification: str | None,
    draft: bool,
    language: str,
) -> tuple[dict[str, Any], list[bytes]]:
    title = template.title if language == "zh" else template.title_en
    source = template.files[SOURCE if language == "zh" else READING_COPY]
    values = _draft_values(template, context) if draft else complete(template, context)
    given = context.get("document") or {}
    issued = wording.local(issued_at)
    values["document"] = {
        "code": template.code,
        "title": title,
        "number": number,
        "issued_on": issued.date(),
        "issued_at": issued,
        "issuer": given.get("issuer") or values["parties"][template.issuer]["name"],
        "copies": int(given.get("copies") or template.copies),
        "retention": template.retention,
        "verification": verification,
        "draft": draft,
        "supersedes": given.get("supersedes") or None,
    }
    english = language == "en"
    request = {
        "program": f"{template.hash}/{language}",
        "language": language,
        "issued": int(issued_at.astimezone(UTC).timestamp()),
        "context": child.encode(values),
        "labels": template.labels(language),
        "titles": {one.id: one.title_en if english else one.title for one in template.clauses},
        "clauses": [{"id": one.id, "says": [] if english else list(one.says)} for one in template.clauses],
        "meta": {
            "title": title,
            "code": template.code,
            "kind": template.kind,
            "number": number or "",
            "verification": verification or "",
            "draft": draft,
            "language": language,
            "issued": [issued.year, issued.month, issued.day],
        },
        "house": list(template.house),
    }
    return request, [source, b"" if verification is None else qr_svg(verification), *template.house.values()]


def _draft_values(template: Template, context: Mapping[str, Any]) -> dict[str, Any]:
    """A draft prints what there is; a blank to fill stands for what is still missing."""
    values = complete(template, context)
    entered = dict(values["fields"])
    for group, declared in (("fields", template.fields), ("subject", template.subject)):
        for one in declared:
            if values[group][one.key] is None and may_be_required(one, entered):
                values[group][one.key] = _BLANKS.get(one.type)
    for party in template.parties:
        values["parties"][party.key]["name"] = values["parties"][party.key]["name"] or _BLANK
    for cited in template.related:
        if may_be_required(cited, entered):
            values["related"][cited.code]["number"] = values["related"][cited.code]["number"] or _BLANK
    return values


_BLANK = "＿＿＿＿"
_BLANKS: dict[str, Any] = {
    "str": _BLANK,
    "text": _BLANK,
    "enum": _BLANK,
    "date": _BLANK,
    "datetime": _BLANK,
    "money": Decimal(0),
    "number": _BLANK,
    "int": 0,
    "bool": False,
}


def _findings(template: Template, file: str, head: Mapping[str, Any]) -> list[Finding]:
    def one(rule: str, message: str, remedy: str, line: int | None = None) -> Finding:
        return Finding(rule, Severity.ERROR, template.code, line, message, remedy, path=(template.code, file))

    if head["wrong"] == "template":
        return [
            one(
                "document-template",
                _("The template cannot be filled: {why}.").format(why=head["why"]),
                _("Mend the template at this line."),
                head["line"],
            )
        ]
    if head["wrong"] == "typst":
        why = "; ".join([head["why"], *head["hints"]])
        return [
            one(
                "document-typst",
                _("The page cannot be set: {why}.").format(why=why),
                _("Mend the Typst code at this line."),
                head["line"],
            )
        ]
    if head["wrong"] == "glyphs":
        return [
            one(
                "document-glyph",
                _("No font has the character “{character}” (U+{code:04X}), which stands in {where}.").format(
                    character=character if character.isprintable() else "?",
                    code=ord(character),
                    where=head["where"].get(character, file),
                ),
                _("Correct the text, or put a font that has the character into the site's font folder."),
            )
            for character in head["characters"]
        ]
    if head["wrong"] == "failed":
        return [
            one(
                "document-press",
                _("The printing process failed: {why}.").format(why=head["why"]),
                _("This is a fault of the installation or of the program, not of the document. Report it."),
            )
        ]
    if head["wrong"] == "clauses":
        titles = {clause.id: clause for clause in template.clauses}
        return [
            one(
                "document-clause",
                _("The mandatory clause “{id}” ({title}; {source}) is not printed here, or not in its words.").format(
                    id=id_, title=titles[id_].title, source=titles[id_].source
                ),
                _("Print it under every condition, in the words that document.yaml demands."),
            )
            for id_ in head["clauses"]
        ]
    return [
        one(
            "document-limits",
            _("The document was stopped: it needs more time or memory than a document may."),
            _("Look for repetitions within repetitions and for very large values."),
        )
    ]


_shared: Renderer | None = None


def shared() -> Renderer:
    """The one renderer of this process, closed when the process ends."""
    global _shared
    if _shared is None:
        _shared = Renderer()
        atexit.register(_shared.close)
    return _shared


def render(
    template: Template, context: Mapping[str, Any], *, renderer: Renderer | None = None, **issue: Unpack[Issue]
) -> Rendered:
    """The document as PDF; the bytes are the same whenever the arguments are."""
    return (renderer or shared()).render(template, context, **issue)


def proofread(template: Template, *, renderer: Renderer | None = None) -> list[Finding]:
    """Print both sample cases in every language, and the draft: everything that a case would meet, before it does."""
    found: list[Finding] = []
    for sample in SAMPLES:
        for language, draft in (*((language, False) for language in template.languages), ("zh", True)):
            try:
                preview(template, sample=sample, draft=draft, language=language, renderer=renderer)
            except TemplateError as error:
                found += [one for one in error.findings if one not in found]
    return found


def preview(
    template: Template,
    *,
    sample: str = "sample.json",
    draft: bool = False,
    language: str = "zh",
    renderer: Renderer | None = None,
) -> Rendered:
    """The template with one of its sample cases, as its owner wants to see it before a single case meets it."""
    return (renderer or shared()).render(template, template.sample(sample), **_of_a_sample(template, draft, language))


def preview_pictures(
    template: Template,
    *,
    sample: str = "sample.json",
    draft: bool = False,
    language: str = "zh",
    ppi: int = 96,
    renderer: Renderer | None = None,
) -> list[bytes]:
    """The same pages as PNG, for the screen."""
    return (renderer or shared()).pictures(
        template, template.sample(sample), ppi=ppi, **_of_a_sample(template, draft, language)
    )


def _of_a_sample(template: Template, draft: bool, language: str) -> Issue:
    return {
        "number": None if draft else f"990100-{template.code}-2024-1",
        "issued_at": datetime(2024, 8, 20, 9, 0, tzinfo=wording.BEIJING),
        "verification": None if draft else verification_code(bytes(range(8))),
        "draft": draft,
        "language": language,
    }
