"""Every step has somebody who may do it: a manned department, and two pairs of eyes where two are asked for.

Two pairs of eyes also while somebody is away: a substitute who is the only one left for both steps is one pair.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from lxml import etree

from workflow_runtime.diagram.context import CheckContext, SubstitutionLike
from workflow_runtime.diagram.model import Diagram, FlowNode
from workflow_runtime.diagram.parties import Party
from workflow_runtime.diagram.paths import way_to
from workflow_runtime.diagram.sheet import Problem, Sheet, called
from workflow_runtime.findings import Severity
from workflow_runtime.i18n import _


def check(sheet: Sheet, context: CheckContext) -> Iterator[Problem]:
    if context.directory is None or context.on is None:
        return
    for process in sheet.processes():
        yield from _in_process(sheet, context, sheet.diagram, process.id, {}, sheet.xml(process), ())
    for call in sheet.steps("callActivity"):
        diagram = context.processes.get(call.called or "")
        if diagram is not None and diagram is not sheet.diagram:
            parties = _bound(sheet.diagram, call)
            yield from _in_process(sheet, context, diagram, call.called or "", parties, sheet.xml(call), (call.id,))


LITERAL = re.compile(r'=?\s*"([^"]*)"')


def _bound(diagram: Diagram, call: FlowNode) -> dict[str, Party]:
    """Role → party as a call binds them; "" is the lane of the call itself."""
    own = _party_of_lane(diagram, call)
    bound = {} if own is None else {"": own}
    for mapped in call.inputs:
        literal = LITERAL.fullmatch(mapped.source.strip())
        if mapped.target.startswith("party.") and literal is not None:
            party = Party.parse(literal[1])
            if party is not None:
                bound[mapped.target.removeprefix("party.")] = party
    return bound


def _party_of_lane(diagram: Diagram, node: FlowNode) -> Party | None:
    lane = diagram.lane_of(node)
    agency = diagram.lane_property(lane, "xb:agency")
    return None if agency is None else Party(agency, diagram.lane_property(lane, "xb:department"))


def _in_process(
    sheet: Sheet,
    context: CheckContext,
    diagram: Diagram,
    process: str,
    bound: Mapping[str, Party],
    place: etree._Element,
    path: tuple[str, ...],
) -> Iterator[Problem]:
    steps: dict[str, Party] = {}
    for node in diagram.nodes():
        if node.kind == "userTask" and diagram.process_of(node) == process:
            role = diagram.lane_property(diagram.lane_of(node), "xb:role")
            party = _party_of_lane(diagram, node) if role is None else bound.get(role, bound.get(""))
            if party is not None:
                steps[node.id] = party

    def problem(node: FlowNode, message: str, remedy: str, weight: Severity | None = None) -> Problem:
        way = way_to(diagram, node)
        story = " → ".join(f"{number} {each.name or each.id}" for number, each in enumerate(way, 1))
        where = sheet.xml(node) if diagram is sheet.diagram else place
        told = _("{headline} The way there: {story}").format(headline=message, story=story)
        return Problem(where, told, remedy, path=(*path, *(each.id for each in way)), severity=weight)

    for id, party in steps.items():
        node = diagram.node(id)
        if any(not clerks for clerks in _clerks(context, party, node.groups)):
            yield problem(
                node,
                _("Nobody may do {node}: {party} has no one{role}.").format(
                    node=called(node), party=party.text, role=f" ({node.groups})" if node.groups else ""
                ),
                _("Add a clerk with that role to the organisation, or give the step to another department."),
            )
        for other in filter(None, (part.strip() for part in node.properties.get("xb:notSameAs", "").split(","))):
            if other in steps:
                pair = ((party, node.groups), (steps[other], diagram.node(other).groups))
                for message, remedy, weight in _four_eyes(context, node, diagram.node(other), pair):
                    yield problem(node, message, remedy, weight)


def _four_eyes(
    context: CheckContext,
    node: FlowNode,
    other: FlowNode,
    pair: tuple[tuple[Party, str | None], tuple[Party, str | None]],
) -> Iterator[tuple[str, str, Severity | None]]:
    """What is wrong with two steps that need two people: one person for both, always or while somebody is away."""
    mine, theirs = (list(_clerks(context, *step)) for step in pair)
    for ours, others in zip(mine, theirs, strict=False):
        if ours and len(ours | others) == 1:
            yield (
                _("{node} and {other} need two people, and only {clerk} may do them.").format(
                    node=called(node), other=called(other), clerk=next(iter(ours))
                ),
                _("Add a second clerk to the organisation, or give one of the steps to another department."),
                None,
            )
    for absence in _absences(context):
        day = max(absence.valid_from, context.on or absence.valid_from)
        then = [list(_clerks(context, *step, day=day)) for step in pair]
        for ours, others, before, others_before in zip(*then, mine, theirs, strict=False):
            if ours and len(ours | others) == 1 and len(before | others_before) > 1:
                yield (
                    _(
                        "From {day} {substitute} stands in for {absent}, and is then the only one for {node} and "
                        "{other}, which need two people."
                    ).format(
                        day=day.isoformat(),
                        substitute=absence.substitute,
                        absent=absence.absent,
                        node=called(node),
                        other=called(other),
                    ),
                    _("Let somebody else stand in who does neither of the two steps."),
                    Severity.WARNING,
                )


def _absences(context: CheckContext) -> list[SubstitutionLike]:
    """Who is away today or later."""
    directory, on = context.directory, context.on
    if directory is None or on is None:
        return []
    return [one for one in directory.substitutions if one.valid_to >= on]


def _clerks(context: CheckContext, party: Party, role: str | None, day: date | None = None) -> Iterator[frozenset[str]]:
    """Who may do a step, agency by agency of that code (one in each region); with `day`, who is there on that day."""
    directory, on = context.directory, context.on
    if directory is None or on is None:
        return
    away = [one for one in directory.substitutions if day is not None and one.valid_from <= day <= one.valid_to]
    for agency in directory.agencies:
        if agency.code != party.agency:
            continue
        departments = [one for one in agency.departments if one.code == party.department]
        if party.department is None:
            departments = [agency.main_department]
        for department in departments:
            group = None if role is None or role.startswith("=") else role
            clerks = {clerk.id for clerk in directory.clerks_of(department.id, day or on, group)}
            there = [one for one in away if one.absent in clerks and one.department in (None, department.id)]
            yield frozenset(clerks - {one.absent for one in there} | {one.substitute for one in there})
