"""Builds the message catalogues from their parts; `python -m workflow_runtime.locale.build`.

`workflow_runtime/locale/zh/parts/*.po` (English source → Chinese) become `zh/LC_MESSAGES/xieban.po` and `.mo`;
`bpmn/locale/en/parts/*.po` (Chinese source → English) and the titles of documents become
`en/LC_MESSAGES/procedures.po` and `.mo`.
The results are committed, so that a checkout speaks both languages without a build. Needs the development packages.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from pathlib import Path

import yaml
from babel.messages.pofile import PoFileError, read_po
from lxml import etree

from workflow_runtime import clauses
from workflow_runtime.i18n import FEEL_STRING
from workflow_runtime.sources import load as load_yaml

ROOT = Path(__file__).resolve().parents[2]
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")

_PLURAL = {"zh": "nplurals=1; plural=0;", "en": "nplurals=2; plural=(n != 1);"}
_HEADER = "Language: {language}\nContent-Type: text/plain; charset=UTF-8\nPlural-Forms: {plural}\n"

#: one message, or its translation: a text, or a text and its plural
Message = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Built:
    """One catalogue: where it stands, what it says, and what is wrong with its parts."""

    language: str
    po: Path
    messages: Mapping[Message, Message]
    findings: tuple[str, ...]

    @property
    def mo(self) -> Path:
        return self.po.with_suffix(".mo")

    def rendered(self) -> tuple[bytes, bytes]:
        """The text and the compiled form, the same bytes for the same parts."""
        po, pairs = [], []
        header = (("",), (_HEADER.format(language=self.language, plural=_PLURAL[self.language]),))
        for sources, translations in [header, *sorted(self.messages.items())]:
            po.append(_entry(sources, translations))
            pairs.append(("\0".join(sources).encode(), "\0".join(translations).encode()))
        return "\n".join(po).encode(), _compiled(sorted(pairs))


def _entry(sources: tuple[str, ...], translations: tuple[str, ...]) -> str:
    """One message in the words of a .po file."""
    lines = [f"{word} {_quoted(text)}\n" for word, text in zip(("msgid", "msgid_plural"), sources, strict=False)]
    if len(sources) == 1:
        return "".join([*lines, f"msgstr {_quoted(translations[0])}\n"])
    return "".join(lines + [f"msgstr[{number}] {_quoted(text)}\n" for number, text in enumerate(translations)])


def _quoted(text: str) -> str:
    escaped = [
        '"' + line.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t").replace("\n", "\\n") + '"'
        for line in text.splitlines(keepends=True)
    ] or ['""']
    return escaped[0] if len(escaped) == 1 else "\n".join(['""', *escaped])


def _compiled(pairs: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The binary form that `gettext` reads: a header, two tables of (length, offset), the texts."""
    size = len(pairs)
    tables, texts = [array("I"), array("I")], b""
    for column in (0, 1):
        for pair in pairs:
            tables[column].extend((len(pair[column]), 28 + 16 * size + len(texts)))
            texts += pair[column] + b"\0"
    head = array("I", [0x950412DE, 0, size, 28, 28 + 8 * size, 0, 28 + 16 * size])
    parts = [head, *tables]
    if sys.byteorder == "big":
        for part in parts:
            part.byteswap()
    return b"".join(part.tobytes() for part in parts) + texts


def program() -> Built:
    """What the program says, in Chinese."""
    return _merge(ROOT / "workflow_runtime" / "locale" / "zh", "zh", "xieban.po")


def procedures() -> Built:
    """What diagrams, forms and profiles say, in English; documents carry their English titles with them."""
    built = _merge(ROOT / "bpmn" / "locale" / "en", "en", "procedures.po")
    return replace(built, messages={**dict(_titles_of_documents()), **dict(_clauses_of_diagrams()), **built.messages})


def _clauses_of_diagrams() -> Iterator[tuple[Message, Message]]:
    """What steps rest on; the clauses carry their English with them."""
    known = clauses.shipped()
    for path in sorted((ROOT / "bpmn").rglob("*.bpmn")):
        for found in _CLAUSE.findall(path.read_text(encoding="utf-8")):
            english = known.english(found)
            if english and _CHINESE.search(found):
                yield (found,), (english,)


def _titles_of_documents() -> Iterator[tuple[Message, Message]]:
    known = load_yaml((ROOT / "bpmn" / "documents.yaml").read_bytes())["documents"].values()
    templates = (yaml.safe_load(path.read_bytes()) for path in sorted((ROOT / "templates").glob("*/document.yaml")))
    for one in (*known, *templates):
        if one.get("title_en"):
            yield (one["title"],), (one["title_en"],)


def _merge(folder: Path, language: str, name: str) -> Built:
    messages: dict[Message, Message] = {}
    findings: list[str] = []
    for part in sorted((folder / "parts").glob("*.po")):
        where = part.relative_to(ROOT)
        try:
            catalogue = read_po(BytesIO(part.read_bytes()), locale=language, abort_invalid=True)
        except (PoFileError, ValueError) as error:
            findings.append(f"{where}: cannot be read: {error}")
            continue
        for message in catalogue:
            source, translation = _tuple(message.id), _tuple(message.string or "")
            if not all(source) or not all(translation):
                continue
            said = messages.setdefault(source, translation)
            if said != translation:
                findings.append(f"{where}: {source[0]!r} is {said!r} in another part, {translation!r} here")
            if not _placeholders(translation) <= _placeholders(source):
                findings.append(f"{where}: {translation!r} names a placeholder that {source[0]!r} does not have")
    return Built(language, folder / "LC_MESSAGES" / name, messages, tuple(findings))


def _tuple(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _placeholders(texts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(_PLACEHOLDER.findall(" ".join(texts)))


def said_by_the_program() -> Iterator[tuple[str, Message]]:
    """Every string the source hands to the translator, with file and line."""
    for package in ("workflow_runtime", "handlers", "cli"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                    continue
                wanted = {"_": 1, "N_": 1, "ngettext": 2}.get(node.func.id, 0)
                texts = tuple(part.value for part in node.args[:wanted] if isinstance(part, ast.Constant))
                if wanted and len(texts) == wanted and all(isinstance(text, str) and text for text in texts):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", tuple(map(str, texts))


def said_by_the_procedures(root: Path = ROOT) -> Iterator[tuple[str, str]]:
    """Every Chinese string that a shipped file of procedures shows to a person, with the file that says it.

    Diagrams, decision tables, forms, scenarios and examples, profiles, subjects, calendars, control lists, and what
    templates of documents say on the screen. Names in an organisation file are proper names and stay as they are; so do
    sentences that a diagram writes into a document or a form, for they belong to a Chinese paper.
    """
    readers: tuple[tuple[str, str, Callable[[bytes], Iterator[str]]], ...] = (
        ("bpmn", "*.bpmn", _diagram_strings),
        ("bpmn", "*.dmn", _table_strings),
        ("bpmn", "*.form", _form_strings),
        ("templates", "*.form", _form_strings),
        ("bpmn/profiles", "*.yaml", partial(_yaml_strings, _PROFILE)),
        ("bpmn/subjects", "*.yaml", partial(_yaml_strings, _SUBJECT)),
        ("bpmn/calendars", "*.yaml", partial(_yaml_strings, _CALENDAR)),
        ("bpmn/reports", "*.yaml", partial(_yaml_strings, _REPORT)),
        ("bpmn", "scenarios/*.yaml", _scenario_strings),
        ("bpmn", "*.examples.yaml", partial(_yaml_strings, _EXAMPLE)),
        ("bpmn", "documents.yaml", partial(_yaml_strings, _DOCUMENT)),
        ("templates", "document.yaml", _template_strings),
    )
    for folder, pattern, strings in readers:
        for path in sorted((root / folder).rglob(pattern)):
            for text in strings(path.read_bytes()):
                if _CHINESE.search(text):
                    yield str(path.relative_to(root)), text


#: what a person reads of each kind of file, by the names of its entries
_PROFILE = frozenset({"name", "title", "note", "source", "section", "reason", "value"})
_SUBJECT = frozenset({"name", "title", "text", "source", "remedy"})
_CALENDAR = frozenset({"name", "source"})
_REPORT = frozenset({"title", "text", "source", "audience", "every"})
_EXAMPLE = frozenset({"case"})
_DOCUMENT = frozenset({"title", "retention"})
_FORM = frozenset({"label", "description", "dateLabel", "timeLabel", "text", "rule", "source"})
#: properties of a diagram's element that are words for people, not codes
_WORDS = frozenset({"xb:milestone", "xb:clause"})
_CLAUSE = re.compile(r'name="xb:clause" value="([^"]+)"')
_HEADING = re.compile(r"^#+\s*")


def _diagram_strings(content: bytes) -> Iterator[str]:
    """Names, documentation and the properties that are words."""
    for element in etree.fromstring(content).iter(etree.Element):
        kind = etree.QName(element)
        if "zeebe" not in str(kind.namespace):
            yield element.get("name") or ""
        elif element.get("name") in _WORDS:
            yield element.get("value") or ""
        if kind.localname == "documentation":
            yield element.text or ""
        elif kind.localname == "text" and element.text:  # an annotation drawn beside the flow
            yield element.text


def _table_strings(content: bytes) -> Iterator[str]:
    """Names, labels, descriptions, remarks, and the strings that a rule may answer."""
    for element in etree.fromstring(content).iter(etree.Element):
        kind, above = etree.QName(element).localname, element.getparent()
        yield from (element.get("name") or "", element.get("label") or "")
        if kind == "description":
            yield element.text or ""
        elif kind == "text" and above is not None and etree.QName(above).localname == "annotationEntry":
            yield element.text or ""
        elif kind == "text":
            yield from FEEL_STRING.findall(element.text or "")


def _form_strings(content: bytes) -> Iterator[str]:
    """Labels, hints, rules, sources, and every line of a text between the questions."""
    for text in _valued(json.loads(content), _FORM):
        yield from (_HEADING.sub("", line).strip() for line in text.splitlines())


def _scenario_strings(content: bytes) -> Iterator[str]:
    """The title alone: the rest is what fictional clerks write."""
    yield load_yaml(content).get("title", "")


def _template_strings(content: bytes) -> Iterator[str]:
    """Title, parties and retention; what the page says has its English beside it."""
    file = yaml.safe_load(content)
    yield from (file["title"], str(file.get("retention", "")))
    yield from _valued(file.get("parties", ()), frozenset({"role"}))


def _yaml_strings(names: frozenset[str], content: bytes) -> Iterator[str]:
    """The entries of these names; of a control list also what its FEEL values may answer."""
    file = load_yaml(content)
    yield from _valued(file, names)
    if names is _REPORT:
        for text in _valued(file, frozenset({"value"})):
            yield from FEEL_STRING.findall(text)


def _valued(node: object, names: frozenset[str]) -> Iterator[str]:
    """Every string, or string of a list, that stands under one of these names."""
    if isinstance(node, list):
        for part in node:
            yield from _valued(part, names)
    elif isinstance(node, dict):
        for key, value in node.items():
            if isinstance(value, dict) or not isinstance(value, str | list) or key not in names:
                yield from _valued(value, names)
            elif isinstance(value, str):
                yield value
            else:
                yield from (part for part in value if isinstance(part, str))
                yield from _valued([part for part in value if not isinstance(part, str)], names)


def problems() -> list[str]:
    """Everything that keeps a catalogue from being complete, sound and built."""
    found: list[str] = []
    for built in (program(), procedures()):
        found += built.findings
        po, mo = built.rendered()
        for path, content in ((built.po, po), (built.mo, mo)):
            if not path.exists() or path.read_bytes() != content:
                found.append(f"{path.relative_to(ROOT)} is not what its parts say: build it again (see build.py)")
    return found + missing()


def missing(root: Path = ROOT) -> list[str]:
    """Strings without a translation, each with the place that says it; `root` holds the files of procedures."""
    chinese, english = program().messages, procedures().messages
    first = {source[0] for source in chinese}
    return [
        f"{where}: no Chinese for {text[0]!r}"
        for where, text in said_by_the_program()
        if text not in chinese and (len(text) > 1 or text[0] not in first)
    ] + [f"{where}: no English for {text!r}" for where, text in said_by_the_procedures(root) if (text,) not in english]


def main() -> int:
    for built in (program(), procedures()):
        built.po.parent.mkdir(parents=True, exist_ok=True)
        po, mo = built.rendered()
        built.po.write_bytes(po)
        built.mo.write_bytes(mo)
        print(f"{built.po.relative_to(ROOT)}: {len(built.messages)} messages")
    left = problems()
    print("\n".join(left))
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
