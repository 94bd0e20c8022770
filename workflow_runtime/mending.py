"""Putting a case back on its way by hand: moved to another step, or opened again after its end.

Both leave a mark on the case for ever. What would skip or repeat something of legal effect, what the search cannot
prove to end well, and what the profile lists under `second_person`, waits for another process owner: it is asked for
by one and confirmed by another, and looked at afresh when it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row

from workflow_runtime import engine, queries, store
from workflow_runtime import tables as t
from workflow_runtime.casework import CaseInHand
from workflow_runtime.diagram.model import FlowNode
from workflow_runtime.errors import AlreadyDone, BadInput, FourEyes, NotAllowed, NotFound, NotOpen, RuleBroken
from workflow_runtime.i18n import _, of_data
from workflow_runtime.model import Actor, CaseState
from workflow_runtime.runtime import Runtime

#: Machine steps that change nothing outside the office.
_HARMLESS = frozenset({"notify", "update_ledger"})


@dataclass(frozen=True, slots=True)
class Plan:
    """What a repair would do. `second`: why another person must confirm it; empty when nobody need."""

    case: str
    kind: str  #: move or reopen
    at: tuple[str, ...]  #: where the case goes on
    closes: tuple[str, ...]  #: names of the steps that are cancelled
    opens: tuple[str, ...]  #: names of the people's steps that open
    passed: tuple[str, ...]  #: names of what is skipped, or may happen again, and has legal effect
    back: bool
    second: tuple[str, ...] = ()
    named: tuple[str, ...] = ()  #: `at`, by their names


@dataclass(frozen=True, slots=True)
class RepairView:
    """A repair that was asked for."""

    id: int
    case: str
    kind: str
    state: str  #: asked, done or refused
    reason: str
    at: tuple[str, ...]
    asked_by: str
    asked_at: datetime
    answered_by: str | None
    answered_at: datetime | None
    answer: str | None


class Mending:
    """Moving and reopening cases of a runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._database = runtime._database

    # --- asking --------------------------------------------------------------------------------------------------
    def move(self, number: str, source: str, target: str, *, reason: str, actor: Actor) -> tuple[Plan, int | None]:
        """Take the token at `source` to `target`; both are elements, with their call path in front (`call.step`).

        Returns what was done, and the number of the request when a second person must confirm it first.
        Raises NotFound, NotAllowed, RuleBroken when the case could not finish from there.
        """
        return self._ask(number, "move", {"from": source, "to": target}, reason, actor)

    def reopen(self, number: str, *, reason: str, actor: Actor, at: Sequence[str] = ()) -> tuple[Plan, int | None]:
        """Open a finished or withdrawn case again at these steps: by default where it was withdrawn, or at the last
        step that a person completed. Documents, numbers and standings stay as they are.

        Raises NotFound, NotAllowed, RuleBroken.
        """
        return self._ask(number, "reopen", {"at": list(at)}, reason, actor)

    def preview(self, number: str, kind: str, content: Mapping[str, Any], *, actor: Actor) -> Plan:
        """What a repair would do; nothing is changed. Raises as the repair would."""
        self._runtime._owner_only(actor)
        with self._database.read() as tx:
            row = store.case_of_number(tx, number)
            if row is None:
                raise NotFound(_("there is no case {number}, or not for you").format(number=number))
            return self._plan(self._runtime._take(tx, row, actor), kind, content)[1]

    def _ask(
        self, number: str, kind: str, content: Mapping[str, Any], reason: str, actor: Actor
    ) -> tuple[Plan, int | None]:
        self._runtime._owner_only(actor)
        if not reason.strip():
            raise BadInput(_("a reason is needed: --reason TEXT"))
        with self._runtime._writing() as tx:
            hand = self._runtime._lock(tx, number, actor)
            command, plan = self._plan(hand, kind, content)
            asked = None
            if plan.second:
                waiting = [one for one in queries.repair_rows(tx, case=number) if one.state == "asked"]
                if waiting:
                    raise AlreadyDone(
                        _("repair {id} of case {number} waits for a second person already").format(
                            id=waiting[0].id, number=number
                        )
                    )
                asked = store.insert_repair(
                    tx,
                    case_id=hand.row.id,
                    kind=kind,
                    content=json.dumps({**content, "at": plan.at}, ensure_ascii=False),
                    reason=reason,
                    asked_by=actor.clerk,
                    asked_at=hand.now,
                )
                told = {"repair": asked, "action": kind, "at": list(plan.at), "reason": reason}
                hand.history.add("repair_asked", actor=actor, at=hand.now, content=told)
            else:
                self._carry_out(hand, command, plan, {"reason": reason})
            hand.save()
        self._runtime._after_commit()
        return plan, asked

    # --- the second person ---------------------------------------------------------------------------------------
    def repairs(self, *, actor: Actor, case: str | None = None) -> tuple[RepairView, ...]:
        """Repairs that were asked for, the newest first."""
        self._runtime._owner_only(actor)
        with self._database.read() as tx:
            return tuple(map(_view, queries.repair_rows(tx, case=case)))

    def confirm(self, id: int, *, actor: Actor) -> tuple[RepairView, Plan]:
        """Carry out a repair that another person asked for, as the case stands now.

        Raises NotFound, FourEyes, AlreadyDone, RuleBroken when it is no longer possible.
        """
        self._runtime._owner_only(actor)
        with self._runtime._writing() as tx:
            hand, row = self._hold(tx, id, actor)
            if row.asked_by in actor.people:
                raise FourEyes(
                    _("repair {id} must be confirmed by somebody else than {who}").format(id=id, who=row.asked_by)
                )
            command, plan = self._plan(hand, row.kind, json.loads(row.content))
            if not store.move(
                tx, t.repair, {"id": id}, "confirm_repair", answered_by=actor.clerk, answered_at=hand.now
            ):
                raise AlreadyDone(_("repair {id} is {state}").format(id=id, state=row.state))
            self._carry_out(hand, command, plan, {"reason": row.reason, "repair": id, "asked_by": row.asked_by})
            hand.save()
        self._runtime._after_commit()
        return self._one(id), plan

    def refuse(self, id: int, *, reason: str, actor: Actor) -> RepairView:
        """Do not carry out a repair; whoever asked may take it back this way. Raises NotFound, AlreadyDone."""
        self._runtime._owner_only(actor)
        if not reason.strip():
            raise BadInput(_("a reason is needed: --reason TEXT"))
        with self._database.begin() as tx:
            hand, row = self._hold(tx, id, actor)
            if not store.move(
                tx, t.repair, {"id": id}, "refuse_repair", answered_by=actor.clerk, answered_at=hand.now, answer=reason
            ):
                raise AlreadyDone(_("repair {id} is {state}").format(id=id, state=row.state))
            hand.history.add("repair_refused", actor=actor, at=hand.now, content={"repair": id, "reason": reason})
            hand.save()
        return self._one(id)

    def _hold(self, tx: Connection, id: int, actor: Actor) -> tuple[CaseInHand, Row[Any]]:
        row = queries.repair_row(tx, id)
        locked = store.lock_case_by_id(tx, row.case_id) if row is not None else None
        row = queries.repair_row(tx, id) if locked is not None else None  # again, under the lock
        if row is None or locked is None:
            raise NotFound(_("there is no repair {id}").format(id=id))
        return self._runtime._take(tx, locked, actor), row

    def _one(self, id: int) -> RepairView:
        with self._database.read() as tx:
            row = queries.repair_row(tx, id)
            assert row is not None
            return _view(row)

    # --- what it means -------------------------------------------------------------------------------------------
    def _plan(self, hand: CaseInHand, kind: str, content: Mapping[str, Any]) -> tuple[engine.Command, Plan]:
        if kind == "move":
            command, at, crossed, back = self._moving(hand, str(content["from"]), str(content["to"]))
        else:
            command, at, crossed, back = self._reopening(hand, tuple(content.get("at") or ()))
        compiled = hand.procedure.compiled
        try:
            step = engine.apply(
                compiled, hand.snapshot, command, hand.data(), now=hand.now, functions=hand.functions(),
                zone=ZoneInfo(hand.zone),
            )  # fmt: skip
        except NotOpen as error:
            raise RuleBroken(str(error)) from error
        if step.incident is not None:
            raise RuleBroken(_("the case cannot go on from there: {reason}").format(reason=step.incident.message))
        prospect = engine.prospect(compiled, step.snapshot, now=hand.now)
        if prospect.faults:
            raise RuleBroken(_("the case cannot go on from there: {reason}").format(reason="; ".join(prospect.faults)))
        partners = _partners(hand)
        passed = tuple(_named(node) for node in crossed if legal_effect(node) or node.id in partners)
        second = []
        if kind in hand.data()["profile"].get("second_person", ()):
            second.append(_("the profile asks for a second person"))
        if passed:
            second.append(
                _("something of legal effect may happen again") if back else _("something of legal effect is skipped")
            )
        if not prospect.decided:
            second.append(_("it could not be proved that the case can finish"))
        cancelled = [one for one in step.history if one.what == "cancelled"]
        closes = tuple(
            _named(hand.procedure.node(hand.procedure.process_at(one.path), one.element)) for one in cancelled
        )
        opens = tuple(_named(hand.procedure.node(one.process, one.element)) for one in step.opened)
        named = tuple(_named(_node_at(hand, one)) for one in at)
        return command, Plan(hand.row.number, kind, at, closes, opens, passed, back, tuple(second), named)

    def _moving(
        self, hand: CaseInHand, source: str, target: str
    ) -> tuple[engine.Command, tuple[str, ...], list[FlowNode], bool]:
        if hand.state not in (CaseState.OPEN, CaseState.INCIDENT):
            raise NotAllowed(_("case {number} is {state}").format(number=hand.row.number, state=hand.state))
        (*path, begin), (*other, end) = source.split("."), target.split(".")
        if other and other != path:
            raise RuleBroken(_("a token cannot leave its process: name two elements of one"))
        where = tuple(path)
        nodes = self._elements(hand, where)
        for element in (begin, end):
            if element not in nodes:
                raise NotFound(
                    _("{procedure} has no element {element} there").format(
                        procedure=of_data(hand.procedure.name), element=element
                    )
                )
        crossed, back = engine.between(hand.procedure.compiled, begin, end, where)
        at = (".".join((*where, end)),)
        return engine.MoveToken(begin, end, where), at, [nodes[id] for id in crossed if id in nodes], back

    def _reopening(
        self, hand: CaseInHand, at: tuple[str, ...]
    ) -> tuple[engine.Command, tuple[str, ...], list[FlowNode], bool]:
        if hand.state not in (CaseState.COMPLETED, CaseState.CANCELLED):
            raise NotAllowed(
                _("case {number} is {state}; only a case that has ended is opened again").format(
                    number=hand.row.number, state=hand.state
                )
            )
        if hand.row.subject_number:
            self._runtime._alone(hand.tx, hand.procedure, hand.row.subject_number, hand.actor)
        nodes = self._elements(hand, ())
        steps = at or self._left(hand, nodes)
        for element in steps:
            if element not in nodes:
                raise NotFound(
                    _("{procedure} has no element {element} there").format(
                        procedure=of_data(hand.procedure.name), element=element
                    )
                )
        if not steps:
            raise BadInput(_("name the step at which the case goes on: --at ELEMENT"))
        again = {id for element in steps for id in engine.following(hand.procedure.compiled, element)}
        done = {line[1] for line in _passed_lines(hand) if line[0] == "c"}
        crossed = [nodes[id] for id in nodes if id in again and id in done]
        return engine.Reopen(tuple(steps)), tuple(steps), crossed, True

    def _left(self, hand: CaseInHand, nodes: Mapping[str, FlowNode]) -> tuple[str, ...]:
        """Where a case stood when it ended: what its withdrawal cancelled, or the last step of a person."""
        lines = _passed_lines(hand)
        if hand.state == CaseState.CANCELLED:
            last: list[str] = []
            for entry in queries.history_rows(hand.tx, hand.row.id):
                if entry.kind in ("withdrawn", "signal_received") and entry.content:
                    last = [line[1] for line in json.loads(entry.content).get("passed", ()) if line[0] == "x"]
            outer = dict.fromkeys(one.split(".")[0] for one in last)
            return tuple(id for id in outer if id in nodes and nodes[id].kind != "boundaryEvent")
        people = [line[1].split(".")[0] for line in lines if line[0] == "c"]
        kinds = ("userTask", "manualTask", "callActivity")
        return next(((id,) for id in reversed(people) if id in nodes and nodes[id].kind in kinds), ())

    def _elements(self, hand: CaseInHand, path: tuple[str, ...]) -> dict[str, FlowNode]:
        try:
            drawing = hand.procedure.diagrams[hand.procedure.process_at(path)]
        except KeyError as error:
            raise NotFound(_("there is no called process at {path}").format(path=".".join(path))) from error
        return {id: node for id, node in drawing.elements.items() if isinstance(node, FlowNode)}

    def _carry_out(self, hand: CaseInHand, command: engine.Command, plan: Plan, content: Mapping[str, Any]) -> None:
        kind = {"move": "moved", "reopen": "reopened"}[plan.kind]
        if isinstance(command, engine.MoveToken):
            source = ".".join((*command.path, command.source))
            content = {**content, "from": source, "to": plan.at[0]}
            self._past_incidents(hand, source, str(content["reason"]))
        else:
            content = {**content, "at": list(plan.at)}
        hand.state = CaseState.OPEN if hand.state != CaseState.INCIDENT else hand.state
        hand.apply(command, kind, content=content)
        hand.mark(kind)

    def _past_incidents(self, hand: CaseInHand, source: str, reason: str) -> None:
        """An incident at the step that is left is dealt with by leaving it."""
        left = []
        for incident in queries.open_incidents(hand.tx, hand.row.id):
            if incident.element == source or incident.element.startswith(f"{source}."):
                resolution = _("the case was moved on: {reason}").format(reason=reason)
                store.close_incident(hand.tx, incident.id, now=hand.now, resolution=resolution)
            else:
                left.append(incident.id)
        if hand.state == CaseState.INCIDENT and not left:
            hand.state = CaseState.OPEN


def legal_effect(node: FlowNode) -> bool:
    """Whether a step issues or receives a paper, changes a register, pays, is checked by a second person, or tells
    somebody outside: what must not be skipped or done twice by one person alone."""
    marked = any(name in node.properties for name in ("xb:document", "xb:receives", "xb:notSameAs", "xb:act"))
    machine = node.kind == "serviceTask" and node.job not in _HARMLESS
    said = node.kind in ("sendTask", "intermediateThrowEvent", "endEvent") and (
        node.kind == "sendTask" or any(event.kind == "message" for event in node.events)
    )
    return marked or machine or said


def _partners(hand: CaseInHand) -> frozenset[str]:
    """Steps that another step looks at to be done by a second person: without them it has nobody to compare with."""
    return frozenset(
        part.strip()
        for _process, node in hand.procedure.steps()
        for part in node.properties.get("xb:notSameAs", "").split(",")
    )


def _node_at(hand: CaseInHand, where: str) -> FlowNode:
    (*path, element) = where.split(".")
    return hand.procedure.node(hand.procedure.process_at(tuple(path)), element)


def _named(node: FlowNode) -> str:
    return of_data(node.name or node.id)


def _passed_lines(hand: CaseInHand) -> list[list[str]]:
    return [
        line
        for entry in queries.history_rows(hand.tx, hand.row.id)
        if entry.content
        for line in json.loads(entry.content).get("passed", ())
    ]


def _view(row: Row[Any]) -> RepairView:
    return RepairView(
        id=row.id,
        case=row.number,
        kind=row.kind,
        state=row.state,
        reason=row.reason,
        at=tuple(json.loads(row.content).get("at") or ()),
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        answered_by=row.answered_by,
        answered_at=row.answered_at,
        answer=row.answer,
    )
