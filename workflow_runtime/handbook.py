"""What a new clerk gets on the first day: one procedure as a book, in HTML or PDF.

    book = handbook(Procedure.parse(files), profile=profile, on=today)
    Path("p16.html").write_text(as_html(book))
    Path("p16.pdf").write_bytes(as_pdf(book))

Purpose, picture, deadlines with their sources, the steps of each department, forms, tables, documents and clauses.
Nothing in it is written by hand: it is the procedure, read aloud.
"""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from workflow_runtime import documents
from workflow_runtime.diagram.diff.tables import tables
from workflow_runtime.diagram.model import Diagram, FlowNode, Lane
from workflow_runtime.diagram.outline import Known, Line, outline
from workflow_runtime.diagram.outline.words import called, one_line
from workflow_runtime.diagram.render import render
from workflow_runtime.diagram.render.raster import compiled, picture_size
from workflow_runtime.diagram.render.svg import escaped
from workflow_runtime.documents import Template
from workflow_runtime.i18n import _, language, of_data, of_feel
from workflow_runtime.procedures import Procedure
from workflow_runtime.profiles import Parameter, Profile


@dataclass(frozen=True, slots=True)
class Table:
    """A table with headings."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Pages:
    """A printed document, page by page."""

    pictures: tuple[bytes, ...]  #: PNG


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the book: text, then lines of an outline, a picture, a table."""

    title: str
    level: int = 1
    text: str = ""
    lines: tuple[Line, ...] = ()
    picture: str = ""  #: SVG
    pages: Pages | None = None
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Handbook:
    """A procedure as a book."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]


def handbook(procedure: Procedure, *, profile: Profile | None = None, on: date | None = None) -> Handbook:
    """The book of a procedure, in the language in use; with a profile, deadlines have values and sources."""
    writer = _Writer(procedure, _parameters(procedure, profile, on))
    subtitle = " · ".join(
        part
        for part in (procedure.code, of_data(profile.name) if profile else "", profile.version if profile else "")
        if part
    )
    return Handbook(of_data(procedure.name), subtitle, tuple(writer.sections()))


def _parameters(procedure: Procedure, profile: Profile | None, on: date | None) -> dict[str, Parameter]:
    if profile is None or on is None:
        return {}
    found: dict[str, Parameter] = {}
    for parameter in profile.parameters:
        if parameter.procedure in (procedure.code, "*", "") and parameter.holds_on(on):
            found.setdefault(parameter.name, parameter)
    return found


class _Writer:
    def __init__(self, procedure: Procedure, parameters: Mapping[str, Parameter]) -> None:
        self._procedure = procedure
        self._diagram: Diagram = procedure.main
        self._parameters = parameters
        self._titles: Known = {
            **procedure.titles(),
            "deadlines": {name: f"{p.value_text}（{of_data(p.title)}）" for name, p in parameters.items()},
        }

    def sections(self) -> Iterator[Section]:
        scope = self._diagram.scopes[self._procedure.key]
        yield Section(_("Purpose"), text=of_data(scope.documentation) or of_data(self._procedure.name))
        yield Section(_("The procedure as a picture"), picture=render(self._diagram, theme="print").decode())
        yield from self._deadlines()
        yield from self._departments()
        yield Section(_("The whole course"), lines=self._told(None))
        yield from self._forms()
        yield from self._tables()
        yield from self._documents()
        yield from self._clauses()

    def _told(self, lanes: frozenset[str] | None) -> tuple[Line, ...]:
        # the title stands above already
        return outline(self._diagram, lanes=lanes, **self._titles)[1:]

    def _departments(self) -> Iterator[Section]:
        """For each department, its own steps."""
        yield Section(_("The steps of each department"))
        inner = {lane.parent for lane in self._diagram.lanes.values()}
        for lane in self._diagram.lanes.values():
            if lane.id not in inner and any(node in self._diagram.elements for node in lane.nodes):
                lines = self._told(frozenset({lane.id}))
                if lines:
                    yield Section(self._lane_name(lane), 2, lines=lines)

    def _lane_name(self, lane: Lane) -> str:
        names = [of_data(lane.name)]
        while lane.parent is not None:
            lane = self._diagram.lanes[lane.parent]
            names.insert(0, of_data(lane.name))
        return _(", ").join(names)

    def _steps(self) -> list[FlowNode]:
        return list(self._diagram.nodes())

    def _deadlines(self) -> Iterator[Section]:
        rows = []
        for name in sorted(
            {node.properties["xb:deadline"] for node in self._steps() if "xb:deadline" in node.properties}
        ):
            steps = [called(node) for node in self._steps() if node.properties.get("xb:deadline") == name]
            known = self._parameters.get(name)
            rows.append(
                (
                    of_data(known.title) if known else name,
                    known.value_text if known else _("set by the profile"),
                    known.standing_text if known else "",
                    _(", ").join(dict.fromkeys(steps)),
                )
            )
        if rows:
            heads = (_("Deadline"), _("Length"), _("Source"), _("Steps"))
            yield Section(_("Deadlines and where they come from"), table=Table(heads, tuple(rows)))

    def _forms(self) -> Iterator[Section]:
        used = dict.fromkeys(node.form for node in self._steps() if node.form)
        forms = [self._procedure.forms[id] for id in used if id in self._procedure.forms]
        if forms:
            yield Section(_("Forms"))
        for form in forms:
            rows = tuple(
                (
                    of_data(field.label) or field.key,
                    _("yes") if field.required is True else _("no") if not field.required else _("depends"),
                    of_data(one_line(field.hint, 200)),
                )
                for field in form.fields
            )
            title = of_data(form.title or form.name) or form.id
            yield Section(title, 2, table=Table((_("Field"), _("Required"), _("Remark")), rows))

    def _tables(self) -> Iterator[Section]:
        used = {node.decision for node in self._steps() if node.decision}
        found = []
        for path, content in sorted(self._procedure.files.items()):
            if path.endswith(".dmn"):
                found += [table for id, table in tables(content).items() if id in used and table.columns]
        if found:
            yield Section(_("Decision tables"))
        for table in found:
            heads = (*map(of_data, table.columns), _("Remark"))
            rows = tuple((*map(of_feel, rule.cells), of_data(rule.remark)) for rule in table.rules)
            text = _("Hit policy: {policy}").format(policy=table.policy)
            yield Section(of_data(table.name or table.id), 2, text=text, table=Table(heads, rows))

    def _documents(self) -> Iterator[Section]:
        rows = tuple(
            (
                template.code,
                template.title_en if language() == "en" else template.title,
                _(", ").join(of_data(party.role) for party in template.parties),
                str(template.copies),
                of_data(template.retention),
            )
            for template in self._procedure.templates.values()
        )
        if rows:
            heads = (_("Code"), _("Document"), _("Parties"), _("Copies"), _("Kept"))
            yield Section(_("Documents"), table=Table(heads, rows))
        for template in self._procedure.templates.values():
            title = template.title_en if language() == "en" else template.title
            yield Section(f"{template.code} {title}", 2, text=_("With invented particulars."), pages=_sample(template))

    def _clauses(self) -> Iterator[Section]:
        steps: dict[str, list[str]] = {}
        for node in self._steps():
            if clause := node.properties.get("xb:clause"):
                steps.setdefault(clause, []).append(called(node))
        if steps:
            rows = tuple(
                (of_data(clause), _(", ").join(dict.fromkeys(names))) for clause, names in sorted(steps.items())
            )
            yield Section(_("Clauses and the steps that rest on them"), table=Table((_("Clause"), _("Steps")), rows))


def _sample(template: Template) -> Pages:
    """A document with the particulars of its template's sample case, marked as a draft."""
    return Pages(tuple(documents.preview_pictures(template, draft=True, ppi=110)))


# --- as a page ----------------------------------------------------------------------------------------------------

_STYLE = """
body{margin:0 auto;max-width:60rem;padding:1.5rem;font:16px/1.6 'Noto Sans SC','PingFang SC',
'Microsoft YaHei',sans-serif}
h1{font-size:1.7rem;margin:0}h3{font-size:1.05rem}
h2{font-size:1.3rem;margin:2rem 0 .5rem;border-bottom:2px solid #22303c}
table{border-collapse:collapse;width:100%}
th,td{border:1px solid #8795a1;padding:.3rem .5rem;text-align:left;vertical-align:top}
th{background:#f3f5f7}figure{margin:0;overflow:auto;border:1px solid #c8d0d8}p.line{margin:.15rem 0}
nav ul{columns:2}.n{font-weight:bold}p.step{margin-top:.7rem;font-weight:bold}
img.sheet{width:100%;max-width:40rem;border:1px solid #c8d0d8;margin:.3rem 0}
"""


def as_html(book: Handbook) -> str:
    """The book as one self-contained page, without script."""
    parts = []
    contents = []
    for number, section in enumerate(book.sections):
        tag = "h2" if section.level == 1 else "h3"
        parts.append(f'<{tag} id="s{number}">{escaped(section.title)}</{tag}>')
        if section.level == 1:
            contents.append(f'<li><a href="#s{number}">{escaped(section.title)}</a></li>')
        if section.text:
            parts.append(f"<p>{escaped(section.text)}</p>")
        if section.picture:
            parts.append(f"<figure>{section.picture}</figure>")
        if section.pages is not None:
            for page, picture in enumerate(section.pages.pictures, start=1):
                alt = _("{title}, page {page}").format(title=section.title, page=page)
                data = base64.b64encode(picture).decode()
                parts.append(f'<img class="sheet" alt="{escaped(alt)}" src="data:image/png;base64,{data}">')
        for line in section.lines:
            head = f'<span class="n">{escaped(line.head)}</span>' if line.head else ""
            step = " step" if line.head and not line.depth else ""
            style = f"margin-left:{line.depth * 2}rem"
            parts.append(f'<p class="line{step}" style="{style}">{head}{escaped(line.text)}</p>')
        if section.table is not None:
            heads = "".join(f'<th scope="col">{escaped(head)}</th>' for head in section.table.heads)
            rows = "".join(
                "<tr>" + "".join(f"<td>{escaped(cell)}</td>" for cell in row) + "</tr>" for row in section.table.rows
            )
            parts.append(f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>")
    return (
        f'<!DOCTYPE html><html lang="{"zh-CN" if language() == "zh" else "en"}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{escaped(book.title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escaped(book.title)}</h1><p>{escaped(book.subtitle)}</p>"
        f"<nav><ul>{''.join(contents)}</ul></nav>{''.join(parts)}</body></html>"
    )


# --- as a PDF -----------------------------------------------------------------------------------------------------


def as_pdf(book: Handbook) -> bytes:
    """The book as PDF on A4: the picture on A3, first whole, then in parts that can be read."""
    files: dict[str, bytes] = {}
    body = [
        f"#set document(title: {_quoted(book.title)}, date: none)",
        '#set page(paper: "a4", margin: 20mm, numbering: "1")',
        f'#set text(font: ("Xieban Hei", "Xieban Song Wide"), size: 10pt, lang: "{language()}")',
        "#set par(leading: 0.7em)",
        # the faces of the house have one weight
        "#show strong: set text(stroke: 0.25pt + black)",
        "#show heading: set text(stroke: 0.25pt + black)",
        f"#text(size: 20pt, weight: 700)[#{_quoted(book.title)}]",
        f"#linebreak()#text(fill: luma(90))[#{_quoted(book.subtitle)}]",
        "#outline(depth: 1)",
    ]
    for number, section in enumerate(book.sections):
        heading = f"#heading(level: {section.level}, {_quoted(section.title)})"
        if section.picture:
            name = f"p{number}.svg"
            files[name] = section.picture.encode()
            body += _sheets(name, section.title, heading, *picture_size(section.picture))
            continue
        body.append(heading)
        if section.text:
            body.append(f"#par({_quoted(section.text)})")
        for line in section.lines:
            text = f"#{_quoted(line.text)}"
            if line.head:
                text = f"#strong({_quoted(line.head)})" + (text if line.depth else f"#strong({_quoted(line.text)})")
            above = ", top: 0.5em" if line.head and not line.depth else ""
            body.append(f"#pad(left: {line.depth * 1.6}em, bottom: -0.4em{above})[{text}]")
        if section.pages is not None:
            sheets = []
            for page, picture in enumerate(section.pages.pictures, start=1):
                name = f"d{number}-{page}.svg"
                files[name] = _as_svg(picture)
                alt = _quoted(_("{title}, page {page}").format(title=section.title, page=page))
                sheets.append(f'box(stroke: 0.5pt + luma(150), image("{name}", width: 100%, alt: {alt}))')
            body.append(f"#grid(columns: (1fr, 1fr), gutter: 4mm, {', '.join(sheets)})")
        if section.table is not None:
            columns = len(section.table.heads)
            heads = ", ".join(f"strong({_quoted(head)})" for head in section.table.heads)
            cells = ", ".join(_quoted(cell, breaking=True) for row in section.table.rows for cell in row)
            set_ = f"#table(columns: ({'1fr, ' * columns}), table.header({heads}), {cells})"
            if columns > 5:
                body.append(f"#page(flipped: true)[#set text(size: 8pt)\n{set_}]")
            else:
                body.append(f"#[#set text(size: 9pt)\n{set_}]")
    return compiled("\n".join(body), files)


_OVERLAP = 24.0  #: pixels that neighbouring parts of a picture share

#: a sheet of A3 across, and how small its picture may be printed: letters of twelve pixels at six points
_SHEET = (1190.55 - 60, 841.89 - 110)
_LEAST = 0.5


def _sheets(name: str, title: str, heading: str, width: float, height: float) -> Iterator[str]:
    """The picture on A3: whole, and when its letters would be too small, again in numbered parts that overlap a little.

    On every part the titles of the lanes stand at the left edge; the whole shows which part is where.
    """
    wide, high = _SHEET
    fit = min(1.0, wide / width, high / height)
    page = '#page(paper: "a3", flipped: true, margin: 30pt)'
    alt = _quoted(title)
    if fit >= _LEAST:
        yield f'{page}[{heading}\n#image("{name}", width: {width * fit:.0f}pt, alt: {alt})]'
        return
    strip = 112.0  #: titles of pool and lanes, with the margin of the picture
    across = math.ceil((width - strip) / (wide / _LEAST - strip - _OVERLAP))
    down = math.ceil(height / (high / _LEAST - _OVERLAP))
    step_x, step_y = (width - strip) / across, height / down
    scale = min(wide / (strip + step_x + _OVERLAP), high / (step_y + _OVERLAP))
    marks = "".join(
        f"#place(top + left, dx: {(strip + column * step_x) * fit:.1f}pt, dy: {row * step_y * fit:.1f}pt, rect(width: "
        f"{step_x * fit:.1f}pt, height: {step_y * fit:.1f}pt, stroke: 0.7pt + luma(110), "
        f"text(size: 16pt, fill: luma(110))[{row * across + column + 1}]))"
        for row in range(down)
        for column in range(across)
    )
    yield (
        f"{page}[{heading}\n#box(width: {width * fit:.1f}pt, height: {height * fit:.1f}pt)"
        f'[#place(top + left, image("{name}", width: {width * fit:.1f}pt, alt: {alt})){marks}]]'
    )

    def cut(left: float, top: float, w: float, h: float) -> str:
        picture = f'image("{name}", width: {width * scale:.1f}pt, height: {height * scale:.1f}pt, alt: {alt})'
        return (
            f"box(width: {w * scale:.1f}pt, height: {h * scale:.1f}pt, clip: true, "
            f"place(top + left, dx: {-left * scale:.1f}pt, dy: {-top * scale:.1f}pt, {picture}))"
        )

    for part in range(across * down):
        row, column = divmod(part, across)
        left, top = strip + column * step_x, row * step_y
        right, bottom = min(width, left + step_x + _OVERLAP), min(height, top + step_y + _OVERLAP)
        said = _quoted(_("{title}: part {part} of {parts}").format(title=title, part=part + 1, parts=across * down))
        lanes, here = cut(0, top, strip, bottom - top), cut(left, top, right - left, bottom - top)
        yield (
            f"{page}[#text(size: 11pt, weight: 700)[#{said}]\n\n"
            f"#box(stroke: 0.5pt + luma(150), stack(dir: ltr, {lanes}, {here}))]"
        )


def _as_svg(png: bytes) -> bytes:
    """A picture of points as the typesetter takes it: it is handed text only."""
    width, height = struct.unpack(">II", png[16:24])
    data = base64.b64encode(png).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{data}"/></svg>'
    ).encode()


def _quoted(text: str, *, breaking: bool = False) -> str:
    """A string of the typesetter: nothing in it is read as markup. `breaking` lets long code words end a line."""
    clean = "".join(character for character in text if character.isprintable())
    clean = clean.replace("\\", "\\\\").replace('"', '\\"')
    if breaking:
        clean = clean.replace("_", "_\u200b").replace("(", "(\u200b")
    return f'"{clean}"'
