"""From the bytes of a file to an XML tree, past a guard.

What could hurt us is refused before a parser sees it, where that is possible: document types, stylesheets, encodings
that hide text from the guard; and right after it: XInclude, files too deep, too big, with too much in them.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from workflow_runtime.diagram.markup import line_of, local_name, namespace_of
from workflow_runtime.errors import DiagramError
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.i18n import _

XINCLUDE = "http://www.w3.org/2001/XInclude"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a file is read before it is refused."""

    bytes: int = 5_000_000
    depth: int = 100
    elements: int = 20_000  #: outside extensionElements
    all_elements: int = 200_000
    attribute: int = 65_536  #: characters of one attribute, outside extensionElements
    attributes: int = 1_000  #: attributes of one element


#: encodings a modelling tool may write; everything else (UTF-7 above all) hides text from the guard
_ENCODINGS = re.compile(
    r"utf-?8|utf-?16(-?(le|be))?|us-ascii|ascii|iso-?8859-\d+|windows-125\d|cp125\d|gb2312|gbk|gb18030|big5|euc-(jp|kr)|shift_jis",
    re.IGNORECASE,
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_DECLARED = re.compile(r"""^<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_ATTRIBUTE = re.compile(r"""[^\s=<>"']\s*=\s*["']""")
_PROLOG_PIECE = re.compile(r"\s+|<!--.*?-->|<\?(?P<instruction>[^\s?]+).*?\?>", re.DOTALL)


def guarded_tree(source: bytes, limits: Limits = Limits()) -> etree._ElementTree:
    """The XML tree of `source`, or DiagramError. No entity, network or file is ever touched."""
    if len(source) > limits.bytes:
        raise refusal(
            "too-large",
            _("The file has {size} bytes; at most {limit} are read.").format(size=len(source), limit=limits.bytes),
            _("Remove embedded pictures, or split the diagram into called processes."),
        )
    text = _decoded(source).removeprefix("\ufeff").lstrip()
    _refuse_hostile_prolog(text)
    _refuse_crowds(text, limits)
    # The parser gets the very text the guard has seen, so the two cannot disagree about the encoding.
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        strip_cdata=False,
        encoding="utf-8",
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise DiagramError(findings=_syntax_findings(parser, error)) from error
    if findings := list(_findings_about_size(root, limits)):
        raise DiagramError(findings=findings)
    return root.getroottree()


def _decoded(source: bytes) -> str:
    """The file as text, in the encoding an XML parser would use."""
    if not source.strip():
        raise refusal("empty", _("The file is empty."), _("Export the diagram again."))
    encoding = next((encoding for mark, encoding in _MARKS if source.startswith(mark)), None)
    if encoding is None:
        declared = _DECLARED.match(source[:200].lstrip().decode("latin-1"))
        encoding = declared.group(1) if declared else "utf-8"
        if encoding.lower().startswith("utf-16"):
            encoding = "utf-8"  # the declaration itself was read byte by byte, so it cannot be true
    if not _ENCODINGS.fullmatch(encoding.removesuffix("-sig")):
        raise refusal(
            "encoding",
            _("The file is written in the encoding {encoding}, which is not read.").format(encoding=encoding),
            _("Save it as UTF-8."),
        )
    try:
        return source.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise refusal(
            "encoding",
            _("The file says its encoding is {encoding}, but its bytes are not: {error}").format(
                encoding=encoding, error=error
            ),
            _("Save it as UTF-8."),
        ) from error


def _refuse_hostile_prolog(text: str) -> None:
    """Stop at a document type or a stylesheet: they can only stand before the root element."""
    position = 0
    while piece := _PROLOG_PIECE.match(text, position):
        if (piece["instruction"] or "").lower() == "xml-stylesheet":
            raise refusal(
                "stylesheet",
                _("The file names a stylesheet (<?xml-stylesheet …?>)."),
                _("Remove that line; a diagram needs none."),
                text.count("\n", 0, position) + 1,
            )
        position = piece.end()
    if text[position : position + 9].upper() == "<!DOCTYPE" or text[position : position + 8].upper() == "<!ENTITY":
        raise refusal(
            "doctype",
            _("The file has a document type (<!DOCTYPE …>); such files are never read."),
            _("Remove it; BPMN 2.0 has none."),
            text.count("\n", 0, position) + 1,
        )


def _refuse_crowds(text: str, limits: Limits) -> None:
    """Stop at what a parser would choke on before it could be counted: a million tags, or attributes of one tag."""
    if text.count("<") > 2 * limits.all_elements:
        raise refusal(
            "too-many",
            _("The file has more than {limit} elements.").format(limit=limits.all_elements),
            _("Split the diagram into called processes."),
        )
    for tag in text.split("<"):
        if len(tag) > 4 * limits.attributes and len(_ATTRIBUTE.findall(tag)) > limits.attributes:
            raise refusal(
                "too-many",
                _("An element has more than {limit} attributes.").format(limit=limits.attributes),
                _("Move lists into a form, a table or a template."),
            )


def _findings_about_size(root: etree._Element, limits: Limits) -> Iterator[Finding]:
    counted = everything = 0
    stack: list[tuple[etree._Element, int, bool]] = [(root, 1, False)]
    reported: set[str] = set()

    def once(rule: str, message: str, remedy: str, line: int | None) -> Iterator[Finding]:
        if rule not in reported:
            reported.add(rule)
            yield _finding(rule, message, remedy, line)

    while stack:
        element, depth, foreign = stack.pop()
        everything += 1
        if not local_name(element):
            continue
        if namespace_of(element) == XINCLUDE:
            yield from once(
                "xinclude",
                _("The file includes another one (XInclude); such files are never read."),
                _("Put everything into one file."),
                line_of(element),
            )
        if depth > limits.depth:
            yield from once(
                "too-deep",
                _("Elements are nested deeper than {limit} levels.").format(limit=limits.depth),
                _("Turn inner sub-processes into called processes."),
                line_of(element),
            )
            continue
        if not foreign:
            counted += 1
            if any(len(str(value)) > limits.attribute for value in element.attrib.values()):
                yield from once(
                    "too-long",
                    _("An attribute is longer than {limit} characters.").format(limit=limits.attribute),
                    _("Move long texts into documentation, a form or a template."),
                    line_of(element),
                )
        if everything > limits.all_elements:
            break
        foreign = foreign or local_name(element) == "extensionElements"
        stack.extend((child, depth + 1, foreign) for child in element)
    if counted > limits.elements or everything > limits.all_elements:
        yield _finding(
            "too-many",
            _("The file has more than {limit} elements.").format(
                limit=limits.elements if counted > limits.elements else limits.all_elements
            ),
            _("Split the diagram into called processes."),
            None,
        )


def _syntax_findings(parser: etree.XMLParser, error: Exception) -> list[Finding]:
    remedy = _("Repair the file, or export it again from the modelling tool.")
    found = [
        _finding("xml", _("Not well-formed XML: {error}").format(error=entry.message), remedy, entry.line)
        for entry in list(parser.error_log)[:20]
    ]
    return found or [_finding("xml", _("Not well-formed XML: {error}").format(error=error), remedy, None)]


def _finding(rule: str, message: str, remedy: str, line: int | None = None) -> Finding:
    return Finding(f"file/{rule}", Severity.ERROR, None, line, message, remedy)


def refusal(rule: str, message: str, remedy: str, line: int | None = None) -> DiagramError:
    """The error that says why a file is not read."""
    return DiagramError(findings=[_finding(rule, message, remedy, line)])
