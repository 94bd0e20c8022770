"""A link leads to its counterpart, which knows it (EXT.118, EXT.124, EXT.125, EXT.126)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import children, local_name, text_of
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    for definition in sheet.all("linkEventDefinition"):
        event = definition.getparent()
        if event is None:
            continue
        catches, throws = (local_name(event) == f"intermediate{way}Event" for way in ("Catch", "Throw"))
        targets, sources = list(children(definition, "target")), list(children(definition, "source"))
        if catches and not sources:
            yield Problem(
                definition,
                _("The catching link {node} names no source.").format(node=named(event)),
                _("Add a <source> for each throwing link that leads here."),
                "EXT.124",
            )
        if throws and len(targets) != 1:
            yield Problem(
                definition,
                _("The throwing link {node} names {number} targets instead of one.").format(
                    node=named(event), number=len(targets)
                ),
                _("Add a <target>: the definition of the catching link."),
                "EXT.125",
            )
        for ref in targets:
            yield from _counterpart(sheet, definition, event, sheet.resolve(ref, text_of(ref)), throws)


def _counterpart(
    sheet: Sheet, definition: etree._Element, event: etree._Element, meant: etree._Element | None, throws: bool
) -> Iterator[Problem]:
    if meant is None or definition not in sheet.named_in(meant, "source"):
        yield Problem(
            definition,
            _("The link {node} leads to a link that does not know it.").format(node=named(event)),
            _("Let <target> and <source> of the two links name each other."),
            "EXT.118",
        )
        return
    caught = meant.getparent()
    if throws and caught is not None and caught.getparent() is not event.getparent():
        yield Problem(
            definition,
            _("The link {node} leads across the border of a sub-process or pool.").format(node=named(event)),
            _("Draw both ends of a link on the same level."),
            "EXT.126",
        )
