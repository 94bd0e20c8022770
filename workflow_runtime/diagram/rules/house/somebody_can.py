"""Every step has somebody who may do it: a manned department, and two pairs of eyes where two are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lxml import etree

from workflow_runtime.diagram.context import CheckContext
from workflow_runtime.diagram.model import Diagram, FlowNode
from workflow_runtime.diagram.parties import Party
from workflow_runtime.diagram.sheet import Problem, Sheet, called
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
    able: dict[str, list[frozenset[str]]] = {}
    for node in diagram.nodes():
        if node.kind != "userTask" or diagram.process_of(node) != process:
            continue
        role = diagram.lane_property(diagram.lane_of(node), "xb:role")
        party = _party_of_lane(diagram, node) if role is None else bound.get(role, bound.get(""))
        if party is None:
            continue
        able[node.id] = list(_clerks(context, party, node.groups))
        where = sheet.xml(node) if diagram is sheet.diagram else place
        if any(not clerks for clerks in able[node.id]):
            yield Problem(
                where,
                _("Nobody may do {node}: {party} has no one{role}.").format(
                    node=called(node), party=party.text, role=f" ({node.groups})" if node.groups else ""
                ),
                _("Add a clerk with that role to the organisation, or give the step to another department."),
                path=(*path, node.id),
            )
    for node_id, clerks in able.items():
        node = diagram.node(node_id)
        for other in filter(None, (part.strip() for part in node.properties.get("xb:notSameAs", "").split(","))):
            where = sheet.xml(node) if diagram is sheet.diagram else place
            for mine, theirs in zip(clerks, able.get(other, []), strict=False):
                if mine and len(mine | theirs) == 1:
                    yield Problem(
                        where,
                        _("{node} and {other} need two people, and only {clerk} may do them.").format(
                            node=called(node), other=other, clerk=next(iter(mine))
                        ),
                        _("Add a second clerk to the organisation, or give one of the steps to another department."),
                        path=(*path, node.id, other),
                    )


def _clerks(context: CheckContext, party: Party, role: str | None) -> Iterator[frozenset[str]]:
    """Who may do a step, agency by agency of that code (one in each region)."""
    directory, on = context.directory, context.on
    if directory is None or on is None:
        return
    for agency in directory.agencies:
        if agency.code != party.agency:
            continue
        departments = [one for one in agency.departments if one.code == party.department]
        if party.department is None:
            departments = [agency.main_department]
        for department in departments:
            group = None if role is None or role.startswith("=") else role
            yield frozenset(clerk.id for clerk in directory.clerks_of(department.id, on, group))
