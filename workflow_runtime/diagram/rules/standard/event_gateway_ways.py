"""An event gateway waits for the first of several events (EXT.136–141)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.markup import child, local_name
from workflow_runtime.diagram.sheet import (
    Problem,
    Sheet,
    named,
)
from workflow_runtime.i18n import _

EVENTS_BEHIND = frozenset({"message", "signal", "timer", "conditional"})


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    hosts = {sheet.attribute(event, "attachedToRef") for event in sheet.all("boundaryEvent")}
    for gateway in sheet.all("eventBasedGateway"):
        if len(sheet.outgoing(gateway)) < 2:
            yield Problem(
                gateway,
                _("The event gateway {node} waits for fewer than two events.").format(node=named(gateway)),
                _("Draw a second event (a timer, for instance), or use a single catching event."),
                "EXT.136",
            )
        targets = []
        for flow in sheet.flows_from(gateway):
            target = sheet.attribute(flow, "targetRef")
            if child(flow, "conditionExpression") is not None:
                yield Problem(
                    flow,
                    _("The flow {flow} leaves an event gateway and has a condition.").format(flow=named(flow)),
                    _("Remove the condition: what happens first decides."),
                    "EXT.137",
                )
            if target is None:
                continue
            targets.append(target)
            if not _may_follow(sheet, target):
                yield Problem(
                    flow,
                    _("{node} cannot stand behind an event gateway.").format(node=named(target)),
                    _("Put a message, signal, timer or conditional catching event or a receive task there."),
                    "EXT.138",
                )
        yield from _about_targets(sheet, gateway, targets, hosts)


def _may_follow(sheet: Sheet, target: etree._Element) -> bool:
    if local_name(target) == "receiveTask":
        return True
    kinds = set(sheet.definition_kinds(target))
    return local_name(target) == "intermediateCatchEvent" and bool(kinds) and kinds <= EVENTS_BEHIND


def _about_targets(
    sheet: Sheet, gateway: etree._Element, targets: list[etree._Element], hosts: set[etree._Element | None]
) -> Iterator[Problem]:
    """`hosts`: the activities that have an event on their border."""
    tasks = [target for target in targets if local_name(target) == "receiveTask"]
    if tasks and any(
        "message" in sheet.definition_kinds(target) for target in targets if local_name(target) != "receiveTask"
    ):
        yield Problem(
            gateway,
            _("The event gateway {node} mixes receive tasks and message events.").format(node=named(gateway)),
            _("Use one of the two for all messages behind it."),
            "EXT.139",
        )
    for task in tasks:
        if task in hosts:
            yield Problem(
                task,
                _("The receive task {node} behind an event gateway has a boundary event.").format(node=named(task)),
                _("Draw that event as another way out of the gateway."),
                "EXT.140",
            )
    for target in targets:
        if len(sheet.incoming(target)) > 1:
            yield Problem(
                target,
                _("{node} stands behind an event gateway and has another way in.").format(node=named(target)),
                _("Draw a second event for the other way."),
                "EXT.141",
            )
