"""The one port to the machine: "after the commit, get this work done".

`Inline` is the embedded office: the process that wrote also does the machine's share, at once and bounded, and first
does what fell due while nobody was there. The second implementation rings a bell for workers (worker.py).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from workflow_runtime.errors import StoreError

if TYPE_CHECKING:
    from workflow_runtime.machine import Machine


class Dispatch(Protocol):
    """What a journey asks of whoever does the machine's share."""

    #: How much of what is due this process does before a person writes; nothing where others see to it.
    sweeps: int

    def after_commit(self, machine: Machine, opened: list[str] | None) -> None:
        """Rows were committed that may need machine work; ids of items that it opens are added to `opened`."""


class Inline:
    """Embedded: this process sweeps before it writes, so that nobody acts on a state that time has overtaken, and
    works afterwards."""

    def __init__(self, *, limit: int = 50) -> None:
        self.sweeps = limit

    def after_commit(self, machine: Machine, opened: list[str] | None) -> None:
        """Do the jobs that the commit left, and those that they leave.

        What the person did is committed: when the store fails now (busy, full), the jobs wait for the next sweep, and
        nobody is told that nothing was changed.
        """
        with suppress(StoreError):
            machine.run_ready_jobs(self.sweeps, opened)


class Waiting:
    """Nothing is done here: somebody else sweeps (tests that want to see each step, and workers)."""

    sweeps = 0

    def after_commit(self, machine: Machine, opened: list[str] | None) -> None:
        """Leave it to the others."""


def chosen(broker: str | None) -> Dispatch:
    """With a broker, workers do the machine's share; without, this process does."""
    return Bell(broker) if broker else Inline()


#: Due timers that one bell tells of: some tenths of a second of one process, so that many processes share them.
BATCH = 50
#: Which queue a job's bell is rung in, by its priority: people wait for the first, nobody for the last.
URGENT = 5


class Bell:
    """A cluster: after the commit a bell is rung, and workers look.

    The bell carries an id and nothing else. Whether it is heard, lost or heard twice changes no row: whoever hears it
    looks whether there is still something to do, and whoever polls finds what nobody heard (worker.py). So ringing
    never fails a commit, and a broker that is away is left alone for a while.
    """

    sweeps = 0

    def __init__(
        self, broker: str, *, again_after: float = 20.0, away: float = 10.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._broker = broker
        self._again_after = again_after
        self._away = away
        self._clock = clock
        self._rung: dict[str, float] = {}
        self._silent_until = 0.0
        self._one = threading.Lock()

    @property
    def heard(self) -> bool:
        """Whether the broker took the last bell, as far as we know."""
        return self._clock() >= self._silent_until

    def after_commit(self, machine: Machine, opened: list[str] | None) -> None:
        """Ring for jobs that may run now. Whatever goes wrong here, the rows are committed and will be found."""
        try:
            self.ring_jobs(machine, limit=20)
        except Exception as error:
            _log.warning("the bell could not be rung: %s", type(error).__name__)

    def ring_jobs(self, machine: Machine, *, limit: int) -> int:
        """Ring for ready jobs that nobody rang for lately; returns for how many."""
        if not self.heard:
            return 0
        rung = 0
        for id, priority in machine.ready_jobs(limit):
            rung += self.ring("xieban.job", id, "people" if priority <= URGENT else "batch")
        return rung

    def ring_timers(self, machine: Machine, *, limit: int) -> int:
        """Ring for due timers that nobody was told of, by the batch; returns for how many batches.

        A batch is claimed under a token for the time of a lease, and the bell carries the token: so pollers share what
        is due among them, twenty thousand timers are four hundred bells, and one that is lost is rung again.
        """
        rung = 0
        while self.heard and rung * BATCH < limit:
            token = machine.claim_timers(BATCH)
            if token is None:
                break
            if not self.ring("xieban.timers", token, "timers"):
                machine.free_timers(token)
                break
            rung += 1
        return rung

    def ring(self, task: str, id: str | int, queue: str) -> bool:
        """Ring once for an id; False when that was done lately or the broker is away."""
        key, now = f"{task}:{id}", self._clock()
        with self._one:
            if not self.heard or now - self._rung.get(key, -self._again_after) < self._again_after:
                return False
            if len(self._rung) > 20_000:
                self._rung = {one: at for one, at in self._rung.items() if now - at < self._again_after}
            self._rung[key] = now
        from workflow_runtime.worker import publish  # Celery is imported by those who ring

        try:
            publish(self._broker, task, id, queue)
        except Exception as error:  # a broker may fail in any way; none of them is the clerk's business
            _log.warning("the broker is away: %s; workers find the work by looking", type(error).__name__)
            with self._one:
                self._silent_until = now + self._away
                self._rung.pop(key, None)
            return False
        return True


_log = logging.getLogger("xieban.bell")
