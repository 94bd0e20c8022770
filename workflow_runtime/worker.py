"""The cluster: Celery hears the bell and lends its processes; what is to be done stands in the database.

A bell carries an id. It is acknowledged at once, has no answer, no delay and no retry of its own: claims, leases,
attempts and retries are rows (store.claim_job), and a poller in every `xieban worker` finds what no bell told of. So a
broker may lose, repeat or reorder what it likes, or be away: that costs time and nothing else.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from celery import Celery
from celery.signals import setup_logging, worker_init, worker_process_init, worker_process_shutdown
from kombu import Exchange, Queue

from workflow_runtime.dispatch import BATCH, URGENT, Bell
from workflow_runtime.errors import StoreError, WrongClock
from workflow_runtime.settings import Settings, shown

if TYPE_CHECKING:
    from workflow_runtime.runtime import Runtime

#: In this order: people before timers before batch.
QUEUES = ("people", "timers", "batch")
#: A ready job that is rung for and still lies there after so many seconds: the workers are deaf.
DEAF_AFTER = 60.0
#: How many due timers or ready jobs a poller rings for at a time.
WINDOW = 500

_log = logging.getLogger("xieban.worker")


def _made(broker: str) -> Celery:
    """The Celery application for a broker: json only, early acknowledgement, no results, no prefetched backlog."""
    made = Celery("xieban", broker=broker, set_as_current=False)
    quorum = {"x-queue-type": "quorum"} if broker.startswith(("amqp", "pyamqp")) else {}
    made.conf.update(
        task_queues=[
            Queue(f"xieban.{name}", Exchange(f"xieban.{name}"), f"xieban.{name}", queue_arguments=quorum)
            for name in QUEUES
        ],
        task_default_queue="xieban.people",
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        result_backend=None,
        task_acks_late=False,
        task_publish_retry=False,
        worker_prefetch_multiplier=1,
        worker_max_tasks_per_child=2000,
        worker_max_memory_per_child=500_000,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=2,
        broker_transport_options={
            "queue_order_strategy": "priority",
            "socket_connect_timeout": 2,
            "socket_timeout": 5,
            "socket_keepalive": True,
        }
        if broker.startswith(("redis", "rediss"))
        else {},
        enable_utc=True,
    )
    return made


app = _made(os.environ.get("XIEBAN_BROKER", "memory://"))
_apps = {str(app.conf.broker_url): app}
_office: list[Runtime] = []
_looked_at_clock = -60.0


def publish(broker: str, task: str, id: str | int, queue: str) -> None:
    """Ring: put the id into a queue. Raises whatever the broker's client raises; tries once."""
    ringer = _apps.get(broker) or _apps.setdefault(broker, _made(broker))
    ringer.send_task(task, args=(id,), queue=f"xieban.{queue}", ignore_result=True, retry=False)


def office() -> Runtime:
    """The runtime of this process, opened when first needed (never before the process was forked)."""
    if not _office:
        from workflow_runtime.runtime import Runtime

        settings = Settings.from_env()
        for module in settings.handlers:
            import_module(module)
        _office.append(Runtime.open(settings))
    return _office[0]


def trusted() -> Runtime | None:
    """The same; None while the clock of this machine has run away: what a bell tells of is left to others then."""
    global _looked_at_clock
    runtime = office()
    if time.monotonic() - _looked_at_clock >= 5:
        try:
            runtime.refuse_wrong_clock()
        except WrongClock:
            _log.warning("the clock of this machine is wrong: a bell was not answered")
            return None
        _looked_at_clock = time.monotonic()
    return runtime


# --- the tasks: an id in, the runtime called, nothing out --------------------------------------------------------
@app.task(name="xieban.job")
def job(id: str) -> None:
    """Do the job of that id, if it is still to be done."""
    runtime = trusted()
    if runtime is not None:
        runtime.run_job(id)


@app.task(name="xieban.case")
def case(id: int) -> None:
    """Let the due timers of that case take effect; whatever people wait for goes first."""
    runtime = trusted()
    if runtime is not None:
        while runtime.run_urgent(URGENT):
            pass
        runtime.fire_case(id)


@app.task(name="xieban.timers")
def timers(token: str) -> None:
    """Let the due timers of that batch take effect, if it is still ours; whatever people wait for goes first."""
    for id in office().claimed_cases(token):
        case(id)


@worker_process_init.connect
def _forked(**_facts: object) -> None:
    _office.clear()


@worker_process_shutdown.connect
def _leaving(**_facts: object) -> None:
    while _office:
        _office.pop().close()


@worker_init.connect
def _end_with_parent(**_facts: object) -> None:
    """Whoever started these processes watches them; when it is killed, they end too, and another worker takes over."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.killpg(os.getpgid(0), signal.SIGKILL)

    if os.environ.get("XIEBAN_WATCHED"):
        threading.Thread(target=watch, daemon=True).start()


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, who says it, what. Never the words of an exception: they may hold data."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage() if record.exc_info is None else record.msg.split("%")[0].strip(),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line, ensure_ascii=False)


@setup_logging.connect
def log_as_json(loglevel: int | str | None = None, **_facts: object) -> None:
    """Everything that is logged, as JSON lines on the error stream."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(loglevel if isinstance(loglevel, int) else logging.WARNING)
    logging.getLogger("xieban").setLevel(logging.INFO)
    logging.getLogger("celery.app.trace").setLevel(logging.WARNING)


class Poller:
    """Finds what no bell told of. While the broker is away it does the work itself; several pollers do no harm."""

    def __init__(
        self,
        runtime: Runtime,
        bell: Bell,
        *,
        name: str,
        besides: Callable[[], int] = lambda: 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runtime = runtime
        self._bell = bell
        self._name = name
        self._besides = besides
        self._clock = clock
        self._oldest: tuple[str, float] | None = None
        self._last_beat = -60.0
        self.done = 0

    def look(self) -> int:
        """One look: ring for what is ready or due, tell what is overdue, tidy messages; returns how much that was."""
        runtime = self._runtime
        if self._clock() - self._last_beat >= 5:
            runtime.refuse_wrong_clock()
            runtime.beat(self._name, self.done)
            self._last_beat = self._clock()
        found = self._besides() + runtime.tidy_messages() + runtime.tell_overdue(50) + runtime.daily()
        found += self._bell.ring_jobs(runtime, limit=WINDOW)
        found += BATCH * self._bell.ring_timers(runtime, limit=WINDOW)
        if not self._bell.heard:
            swept = runtime.sweep(limit=20)
            found += swept.timers + swept.jobs + swept.reminders
        self.done += found
        return found

    def deaf(self) -> bool:
        """Whether the same job has been ready for a minute although the broker takes bells: nobody is listening."""
        ready = self._runtime.ready_jobs(1)
        if not ready or not self._bell.heard:
            self._oldest = None
            return False
        if self._oldest is None or self._oldest[0] != ready[0][0]:
            self._oldest = (ready[0][0], self._clock())
        return self._clock() - self._oldest[1] > DEAF_AFTER


class Pool:
    """Celery's processes, as a child of ours: started, watched, replaced, ended."""

    def __init__(self, settings: Settings, *, name: str, processes: int) -> None:
        self._settings = settings
        self._name = name
        self._processes = processes
        self._child: subprocess.Popen[bytes] | None = None
        self._not_before = 0.0

    def keep(self) -> None:
        """Start the processes, or start them again when they are gone."""
        if self._child is not None and self._child.poll() is not None:
            _log.warning("the processes ended with code %s and are started again", self._child.returncode)
            self._child = None
        if self._child is None and time.monotonic() >= self._not_before:
            self._not_before = time.monotonic() + 5  # one that dies at once is not started in a circle
            self._child = self._started()

    def replace(self) -> None:
        """End the processes and start others: they hear nothing any more."""
        self.end(patience=5)
        self._not_before = 0.0
        self.keep()

    def end(self, *, patience: float = 15.0) -> None:
        """Ask the processes to finish what they do; whoever does not is killed, and its lease runs out."""
        child, self._child = self._child, None
        if child is None:
            return
        with suppress(ProcessLookupError):
            child.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            child.wait(patience)
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        settings = self._settings
        environment = os.environ | {
            "XIEBAN_DB": settings.database,
            "XIEBAN_HOME": str(settings.home),
            "XIEBAN_ZONE": settings.zone,
            "XIEBAN_LANG": settings.language,
            "XIEBAN_BROKER": settings.broker or "",
            "XIEBAN_HANDLERS": ",".join(settings.handlers),
            "XIEBAN_ISOLATE": "yes" if settings.isolate else "no",
            "XIEBAN_WATCHED": "yes",
            "PYTHONPATH": os.pathsep.join(part for part in sys.path if part),
        }
        queues = ",".join(f"xieban.{name}" for name in QUEUES)
        options = f"--pool=prefork --concurrency={self._processes} -Q {queues} -n {self._name}@%h --loglevel=WARNING"
        options += " --without-gossip --without-mingle --without-heartbeat"
        return subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "workflow_runtime.worker", "worker", *options.split()],
            env=environment,
            start_new_session=True,
        )


def work(
    settings: Settings,
    *,
    stop: threading.Event,
    processes: int = 2,
    poll: float = 1.0,
    on_look: Callable[[int], None] | None = None,
) -> None:
    """Run a worker of the cluster until `stop` is set: a pool of processes and a poller.

    A database that goes away is waited for. Raises StoreError when it cannot be used at the start.
    """
    from workflow_runtime.inbox import watching
    from workflow_runtime.outbox import both, carrying
    from workflow_runtime.runtime import Runtime

    assert settings.broker is not None
    log_as_json()
    name = f"{socket.gethostname()}-{secrets.token_hex(3)}"
    bell = Bell(settings.broker)
    runtime = Runtime.open(replace(settings, isolate=True), dispatch=bell)
    pool = Pool(settings, name=name, processes=processes)
    besides = both(watching(runtime, settings.inbox), carrying(runtime, settings.outgoing))
    poller = Poller(runtime, bell, name=name, besides=besides)
    _log.info("worker %s: %s processes, broker %s", name, processes, shown(settings.broker))
    try:
        while not stop.is_set():
            pool.keep()
            found = 0
            try:
                found = poller.look()
                if poller.deaf():
                    _log.warning("work is ready and nobody takes it: the processes are replaced")
                    pool.replace()
            except StoreError as error:
                _log.warning("the database cannot be used: %s; looking again", type(error).__name__)
            if on_look is not None and found:
                on_look(found)
            stop.wait(poll if found < WINDOW else poll / 5)
    finally:
        pool.end()
        runtime.close()
        _log.info("worker %s has stopped", name)
