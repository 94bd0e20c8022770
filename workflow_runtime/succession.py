"""Running cases under a newer version of their procedure, case by case, like those that move to a newer profile.

A case stays on the version on which it began until somebody moves it (architecture.md, invariant 10). It is moved when
what it stands at is drawn alike in the new version, its profile has what that asks for, and it can finish from there;
any other stays as it is and is named, with what stands in the way.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from workflow_runtime import casework, engine, queries, store
from workflow_runtime.casework import CaseInHand
from workflow_runtime.errors import BadInput, NotFound, NotOpen, RuleBroken
from workflow_runtime.i18n import _
from workflow_runtime.model import Actor, CaseState, Line, ProcedureVersion, Shift
from workflow_runtime.procedures import Procedure, lacking
from workflow_runtime.reckoning import Reckoning


class Succession(Reckoning):
    """Moving cases of a runtime to another version of their procedure."""

    def migrate(
        self,
        procedure: str | None = None,
        *,
        reason: str,
        actor: Actor,
        version: int | None = None,
        case: str | None = None,
        dry_run: bool = False,
    ) -> Iterator[Line]:
        """Move every open case of a procedure, or one `case`, to a version, by default the newest; a line for each.

        Begun again, it goes on where it was cut short. Raises NotFound, BadInput.
        """
        self._runtime._owner_only(actor)
        if not reason.strip():
            raise BadInput(_("a reason is needed: --reason TEXT"))
        with self._database.read() as tx:
            goal = self._runtime._version(tx, procedure or self._procedure_of(tx, case), version)
            target = self._runtime._library.procedure(tx, goal.id)
        for case_id, number in self._cases(lambda tx, after: queries.cases_to_migrate(tx, goal.key, goal.id, after)):
            if case in (None, number):
                yield self._one(
                    case_id,
                    number,
                    actor,
                    dry_run,
                    ("version_id", goal.id),
                    lambda hand: self._under_version(hand, goal, target, reason, dry_run),
                    changes=True,
                )

    def _procedure_of(self, tx: Connection, case: str | None) -> str:
        key = queries.procedure_of(tx, case) if case is not None else None
        if key is None:
            raise NotFound(_("there is no case {number}, or not for you").format(number=case))
        return key

    def _under_version(
        self, hand: CaseInHand, goal: ProcedureVersion, target: Procedure, reason: str, dry: bool
    ) -> tuple[Shift, ...]:
        if hand.state not in (CaseState.OPEN, CaseState.SUSPENDED):
            raise RuleBroken(_("case {number} is {state}").format(number=hand.row.number, state=hand.state))
        if queries.machine_at_work(hand.tx, hand.row.id):
            raise RuleBroken(_("a machine step or a document of the case is under way; try again when it is done"))
        missing = lacking(hand.profile, target)
        if missing:
            raise RuleBroken(
                _("the profile of the case lacks {names}: move it to a newer profile first").format(
                    names=", ".join(missing)
                )
            )
        old = hand.procedure
        try:
            snapshot = engine.carried(old.compiled, target.compiled, hand.snapshot, now=hand.now)
        except NotOpen as error:
            raise RuleBroken(str(error)) from error
        prospect = engine.prospect(target.compiled, snapshot, now=hand.now)
        if prospect.faults:
            raise RuleBroken(_("the case cannot go on from there: {reason}").format(reason="; ".join(prospect.faults)))
        if not prospect.decided:
            raise RuleBroken(_("it could not be proved that the case can finish"))
        parties = casework.bind_lanes(target, hand.directory, hand.regions, hand.file)
        if not dry:
            store.add_parties(hand.tx, hand.row.id, parties)
            hand.procedure, hand.snapshot = target, snapshot
            hand.repinned["version_id"] = goal.id
            before = queries.version_number(hand.tx, hand.row.version_id)
            content = {"from": before, "to": goal.version, "reason": reason}
            hand.history.add("migrated", actor=hand.actor, at=hand.now, content=content)
            hand.mark("migrated")
        return ()
