"""A message goes from one pool to another, never inside one (EXT.031)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lxml import etree

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import local_name
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    pool_of = {
        process: participant
        for participant in sheet.all("participant")
        if (process := sheet.attribute(participant, "processRef")) is not None
    }
    for flow in sheet.all("messageFlow"):
        source, target = sheet.attribute(flow, "sourceRef"), sheet.attribute(flow, "targetRef")
        if source is None or target is None:
            continue
        pools = [_pool(sheet, end, pool_of) for end in (source, target)]
        if pools[0] is not None and pools[0] is pools[1]:
            yield Problem(
                flow,
                _("The message flow {flow} stays inside one pool.").format(flow=named(flow)),
                _("Inside a pool draw a sequence flow: the next work item is the notice."),
                "EXT.031",
            )


def _pool(sheet: Sheet, end: etree._Element, pool_of: Mapping[etree._Element, etree._Element]) -> etree._Element | None:
    """The participant an end belongs to; the process itself when no participant stands for it."""
    if local_name(end) == "participant":
        return end
    process = sheet.process(end)
    return end if process is None else pool_of.get(process, process)
