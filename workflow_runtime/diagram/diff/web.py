"""A difference as one page for a browser: words, both pictures side by side, and one over the other. No script."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from workflow_runtime.diagram.diff.changes import Affected, ChangeKind, Difference
from workflow_runtime.diagram.diff.diagrams import diff
from workflow_runtime.diagram.layout import layout
from workflow_runtime.diagram.model import Diagram
from workflow_runtime.diagram.render.page import Page, missing, pages
from workflow_runtime.diagram.render.svg import Picture, escaped, extent
from workflow_runtime.diagram.render.themes import THEMES
from workflow_runtime.i18n import _, language

_STYLE = """
body{margin:0;padding:1.5rem;font:16px/1.5 'Noto Sans SC','PingFang SC','Microsoft YaHei',sans-serif;
color:#16212b;background:#fff}
h1{font-size:1.4rem;margin:0 0 .5rem}h2{font-size:1.1rem;margin:1.5rem 0 .5rem}
ul{margin:.3rem 0;padding-left:1.4rem}li{margin:.15rem 0}
.added{color:#1a7f37}.removed{color:#cf222e}.changed,.renamed{color:#9a6700}.moved{color:#0550ae}
li a{color:inherit}
input.view{position:absolute;opacity:0}
label.view{display:inline-block;padding:.3rem .9rem;border:1px solid #8795a1;border-radius:.4rem;
margin:0 .4rem .6rem 0;cursor:pointer}
input.view:focus+label.view{outline:3px solid #0550ae}
#as-sides:checked+label,#as-overlay:checked+label{background:#16212b;color:#fff}
.sides,.overlay{display:none}
#as-sides:checked~.sides{display:grid;grid-template-columns:1fr 1fr;gap:1rem}
#as-overlay:checked~.overlay{display:block;position:relative}
figure{margin:0;overflow:auto;border:1px solid #c8d0d8;max-height:85vh}
figcaption{position:sticky;left:0;padding:.3rem .6rem;background:#f3f5f7}
.sides svg{max-width:none}
.overlay .over{position:absolute;top:0;left:0;mix-blend-mode:multiply}.overlay .sheet{position:relative}
:target>*{outline:4px solid #bf8700}
table{border-collapse:collapse;width:100%;table-layout:fixed}
th,td{border:1px solid #c8d0d8;padding:.2rem .5rem;text-align:left;vertical-align:top;white-space:pre-wrap;
overflow-wrap:anywhere}
td.added{background:#e6f4ea}td.removed{background:#fdecea}
@media print{input.view,label.view{display:none}.sides,.overlay{display:block!important}figure{max-height:none}}
"""


def diff_page(
    before: Diagram,
    after: Diagram,
    *,
    titles: tuple[str, str] = ("", ""),
    difference: Difference | None = None,
    affected: Affected | None = None,
) -> str:
    """One self-contained HTML page: what changed in words, the pictures side by side, the pictures overlaid."""
    if difference is None:
        difference = diff(before, after)
    old, new = _drawn(before), _drawn(after)
    looks_new: dict[str, str] = {}
    looks_old: dict[str, str] = {}
    for change in difference.changes:
        look = {ChangeKind.RENAMED: "changed"}.get(change.kind, change.kind.value)
        if change.kind is ChangeKind.REMOVED:
            looks_old[change.element] = "removed"
        else:
            if looks_new.get(change.element) != "added":
                looks_new[change.element] = look
            if change.kind is not ChangeKind.ADDED:
                looks_old[change.old_id or change.element] = look
    old_pages, new_pages = pages(old), pages(new)
    left_title = titles[0] or _("before")
    right_title = titles[1] or _("after")

    def picture(
        diagram: Diagram, shown: Sequence[Page], looks: dict[str, str], name: str, title: str, extents: bool
    ) -> str:
        area = [_union(extent(old_pages[0]), extent(new_pages[0]))] if extents and old_pages and new_pages else []
        return Picture(diagram, THEMES["light"], {}, (), looks, title, name).svg(shown[:1] if extents else shown, area)

    sides = (
        f"<figure><figcaption>{escaped(left_title)}</figcaption>"
        f"{picture(old, old_pages, looks_old, 'a-', left_title, False)}</figure>"
        f"<figure><figcaption>{escaped(right_title)}</figcaption>"
        f"{picture(new, new_pages, looks_new, 'b-', right_title, False)}</figure>"
    )
    overlay = (
        f'<figure><div class="sheet">{picture(old, old_pages, looks_old, "c-", left_title, True)}'
        f'<div class="over">{picture(new, new_pages, looks_new, "d-", right_title, True)}</div></div></figure>'
    )
    return _page(
        (left_title, right_title),
        difference,
        affected,
        f"<h2>{escaped(_('Pictures'))}</h2>"
        f'<input class="view" type="radio" name="view" id="as-sides" checked>'
        f'<label class="view" for="as-sides">{escaped(_("side by side"))}</label>'
        f'<input class="view" type="radio" name="view" id="as-overlay">'
        f'<label class="view" for="as-overlay">{escaped(_("one over the other"))}</label>'
        f'<div class="sides">{sides}</div><div class="overlay">{overlay}</div>',
    )


def text_page(texts: tuple[str, str], *, titles: tuple[str, str], difference: Difference) -> str:
    """The page of a table or form: what changed in words, then both as text side by side, changed lines coloured."""
    old, new = (text.splitlines() for text in texts)
    rows = []
    for what, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        for number in range(max(b - a, d - c)):
            left = old[a + number] if a + number < b else ""
            right = new[c + number] if c + number < d else ""
            looks = ("", "") if what == "equal" else ("removed" if left else "", "added" if right else "")
            rows.append(
                f'<tr><td class="{looks[0]}">{escaped(left)}</td><td class="{looks[1]}">{escaped(right)}</td></tr>'
            )
    heads = "".join(f'<th scope="col">{escaped(title)}</th>' for title in titles)
    return _page(
        titles, difference, None, f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _page(titles: tuple[str, str], difference: Difference, affected: Affected | None, body: str) -> str:
    title = _("What changed from {before} to {after}").format(before=titles[0], after=titles[1])
    case_line = f"<p><strong>{escaped(affected.sentence)}</strong></p>" if affected is not None else ""
    return (
        f'<!DOCTYPE html><html lang="{"zh-CN" if language() == "zh" else "en"}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{escaped(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escaped(title)}</h1>{case_line}{_words(difference)}"
        f"{body}</body></html>"
    )


def _drawn(diagram: Diagram) -> Diagram:
    found = pages(diagram)
    return layout(diagram, keep=True) if not found or missing(diagram, found) else diagram


def _union(
    a: tuple[float, float, float, float], b: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    left, top = min(a[0], b[0]), min(a[1], b[1])
    right, bottom = max(a[0] + a[2], b[0] + b[2]), max(a[1] + a[3], b[1] + b[3])
    return (left, top, right - left, bottom - top)


def _words(difference: Difference) -> str:
    if not difference:
        return f"<p>{escaped(_('No difference in meaning.'))}</p>"
    parts = []
    headings = {
        ChangeKind.ADDED: _("Added"),
        ChangeKind.REMOVED: _("Removed"),
        ChangeKind.MOVED: _("Moved"),
        ChangeKind.RENAMED: _("Renamed"),
        ChangeKind.CHANGED: _("Changed"),
    }
    for kind, heading in headings.items():
        changes = [change for change in difference.changes if change.kind is kind]
        if changes:
            items = "".join(f"<li>{escaped(change.sentence)}</li>" for change in changes)
            parts.append(f'<h2 class="{kind}">{escaped(heading)} ({len(changes)})</h2><ul class="{kind}">{items}</ul>')
    return "".join(parts)
