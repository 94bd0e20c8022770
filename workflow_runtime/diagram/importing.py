"""The files a diagram imports, as far as the caller can supply them. Nothing is fetched here.

A file beside the diagram is asked for by its place, one on the network by its address: a caller that keeps copies may
have it. What nobody can supply stays unknown, and the rules say so where it matters.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from lxml import etree

from workflow_runtime.diagram.guarding import guarded_tree
from workflow_runtime.diagram.markup import local_name, namespace_of
from workflow_runtime.diagram.model import Diagram
from workflow_runtime.diagram.reading import read
from workflow_runtime.diagram.sheet import Sheet
from workflow_runtime.errors import DiagramError

MOST_FILES = 50


def sheet_with_imports(diagram: Diagram, fetch: Callable[[str], bytes | None] | None) -> Sheet:
    """The sheet of a diagram, with the sheets of everything it imports, directly or not."""
    sheet = Sheet(diagram)
    if fetch is None or next(sheet.all("import"), None) is None:
        return sheet
    found: dict[str, Sheet] = {}
    waiting, itself = [sheet], _content(sheet)
    while waiting and len(found) < MOST_FILES:
        importer = waiting.pop()
        for element in importer.all("import"):
            location = element.get("location") or ""
            place = _place(importer.location, location)
            source = fetch(place) if place else None
            importer.import_kinds[location] = _root(source)
            if source is not None and place not in found and importer.import_kinds[location] is not None:
                try:
                    other = Sheet(read(source), location=place)
                except DiagramError:
                    continue  # a schema or service description: its kind is all that counts
                if _content(other) != itself:  # files may import each other
                    found[place] = other
                    waiting.append(other)
    sheet.imported = tuple(found.values())
    return sheet


def _place(importer: str, location: str) -> str:
    """Where an imported file lies, seen from the file under inspection; an address on the network is its own place."""
    if not location or "://" in location:
        return location
    return posixpath.normpath(posixpath.join(posixpath.dirname(importer), location))


def _content(sheet: Sheet) -> bytes:
    content: bytes = etree.tostring(sheet.root, method="c14n")
    return content


def _root(source: bytes | None) -> tuple[str, str] | None:
    """Namespace and name of the root element; None when the file is missing or broken."""
    if source is None:
        return None
    try:
        root = guarded_tree(source).getroot()
    except DiagramError:
        return None
    return namespace_of(root), local_name(root)
