"""The one port to the machine: "after the commit, get this work done".

`Inline` is the embedded office: the process that wrote also does the machine's share, at once and bounded, and first
does what fell due while nobody was there. The second implementation rings a bell for workers (worker.py).
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from workflow_runtime.errors import StoreError

if TYPE_CHECKING:
    from workflow_runtime.model import Swept
    from workflow_runtime.runtime import Runtime


class Dispatch(Protocol):
    """What the runtime asks of whoever carries its work on."""

    def before_writing(self, runtime: Runtime) -> None:
        """A person is about to write: let what is due happen first, if that is this process's business."""

    def after_commit(self, runtime: Runtime, opened: list[str] | None) -> None:
        """Rows were committed that may need machine work; ids of items that it opens are added to `opened`."""


class Inline:
    """Embedded: this process sweeps before it writes and works afterwards."""

    def __init__(self, *, limit: int = 50) -> None:
        self._limit = limit
        self.last_sweep: Swept | None = None

    def before_writing(self, runtime: Runtime) -> None:
        """Fire what is due, so that nobody acts on a state that time has overtaken."""
        self.last_sweep = runtime.sweep(limit=self._limit) if runtime.anything_due() else None

    def after_commit(self, runtime: Runtime, opened: list[str] | None) -> None:
        """Do the jobs that the commit left, and those that they leave.

        What the person did is committed: when the store fails now (busy, full), the jobs wait for the next sweep, and
        nobody is told that nothing was changed.
        """
        with suppress(StoreError):
            runtime.run_ready_jobs(self._limit, opened)


class Waiting:
    """Nothing is done here: somebody else sweeps (tests that want to see each step, and workers)."""

    def before_writing(self, runtime: Runtime) -> None:
        """Leave it to the others."""

    def after_commit(self, runtime: Runtime, opened: list[str] | None) -> None:
        """Leave it to the others."""
