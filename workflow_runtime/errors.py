"""Everything that can go wrong, as one tree.

XiebanError
├── BadInput                 what was handed in cannot be used; carries every finding
│   ├── DiagramError         a diagram that cannot be read, or may not be deployed
│   ├── DecisionFileError    a decision table that cannot be read
│   ├── FormError            fields that are missing, extra or wrong
│   ├── DirectoryError       an organisation file that does not hold together
│   ├── ProfileError         a jurisdiction profile or calendar that does not hold together
│   └── TemplateError        a document template that cannot be rendered
├── NotFound                 no such case, item, subject, document or procedure, or not for this actor
├── NotAllowed               the actor may not do this, or not now
│   ├── NotInThisDepartment  the item stands in another department's worklist
│   ├── ItemTaken            another clerk holds the item
│   ├── AlreadyDone          the item is completed or obsolete
│   ├── StaleVersion         the item changed since it was read
│   ├── FourEyes             the same person may not take both steps
│   └── RuleBroken           a rule of the procedure forbids it (names rule and source)
├── StoreError               the database cannot be used as it is
│   ├── NotADatabase         the file is something else, or belongs to another program
│   ├── WrongSchema          older or newer than this program
│   ├── WrongClock           this machine's time and the database's are too far apart
│   ├── UnsafeSQLite         this SQLite library could lose what it is given
│   ├── StoreBusy            another writer holds the database
│   └── StoreFull            disk full, read-only or failing
├── DecisionError            a decision has no answer: rules contradict one another, or a limit was reached
└── EngineError              the engine refused a command or its snapshot
    ├── NotOpen              the item, job or subscription is not open in this snapshot
    ├── CaseStopped          the machine cannot go on with this case; nothing was changed
    └── BrokenSnapshot       the bytes are not a snapshot of this procedure version

Messages are built from a translatable template and its facts (`_("...") .format(...)`), so that the
same error speaks Chinese and English. They say what was wanted, what was found, where, and what to do next.
"""

from __future__ import annotations

from collections.abc import Sequence

from workflow_runtime.findings import Finding


class XiebanError(Exception):
    """Root of every error that is meant for a person."""


class BadInput(XiebanError):
    """What was handed in cannot be used; nothing was changed.

    `findings` holds every problem, not only the first.
    """

    def __init__(self, message: str = "", findings: Sequence[Finding] = ()) -> None:
        self.findings: tuple[Finding, ...] = tuple(findings)
        super().__init__(message or "; ".join(finding.message for finding in self.findings))


class DiagramError(BadInput):
    """A diagram that cannot be read, compiled or deployed."""


class DecisionFileError(BadInput):
    """A decision model that cannot be read."""


class FormError(BadInput):
    """Fields that are missing, extra or wrong."""


class DirectoryError(BadInput):
    """An organisation file that does not hold together."""


class ProfileError(BadInput):
    """A profile or calendar that does not hold together."""


class TemplateError(BadInput):
    """A document template that cannot be rendered."""


class NotFound(XiebanError):
    """Nothing of that name exists, or it is not for this actor (both answers look the same)."""


class NotAllowed(XiebanError):
    """The actor may not do this, or not now."""


class NotInThisDepartment(NotAllowed):
    """The item stands in another department's worklist."""


class ItemTaken(NotAllowed):
    """Another clerk holds the item."""


class AlreadyDone(NotAllowed):
    """The item is completed or obsolete."""


class StaleVersion(NotAllowed):
    """The item changed since it was read."""


class FourEyes(NotAllowed):
    """The same person may not take both steps."""


class RuleBroken(NotAllowed):
    """A rule of the procedure forbids it; the message names the rule and its source."""


class StoreError(XiebanError):
    """The database cannot be used as it is."""


class NotADatabase(StoreError):
    """The file is something else, or belongs to another program."""


class WrongSchema(StoreError):
    """The schema is older or newer than this program."""


class WrongClock(StoreError):
    """This machine's time and the database's are too far apart to count deadlines by."""


class UnsafeSQLite(StoreError):
    """This SQLite library, or the mode the file is in, could lose what it is given (decision 17)."""


class StoreBusy(StoreError):
    """Another writer holds the database."""


class StoreFull(StoreError):
    """The disk is full, read-only or failing."""


class DecisionError(XiebanError):
    """A decision has no answer: its rules contradict one another, it does not exist, or it reached a limit."""

    def __init__(self, message: str, decision: str = "", rules: Sequence[int] = ()) -> None:
        self.decision = decision
        self.rules: tuple[int, ...] = tuple(rules)
        super().__init__(message)


class EngineError(XiebanError):
    """The engine refused a command or its snapshot."""


class NotOpen(EngineError):
    """The item, job or subscription is not open in this snapshot."""


class CaseStopped(EngineError):
    """The machine cannot go on with this case: the step was undone, and a person is needed."""

    def __init__(self, message: str, *, case_id: int, element: str, code: str) -> None:
        super().__init__(message)
        self.case_id = case_id
        self.element = element
        self.code = code


class BrokenSnapshot(EngineError):
    """The bytes are not a snapshot of this procedure version."""
