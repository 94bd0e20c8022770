"""The bell: what Celery may do, what a message holds on the wire, and who keeps a job while its handler works."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection, Message, Queue
from sqlalchemy import select, update

from tests.conftest import Clock
from tests.integration.cluster import PATIENCE, until
from tests.integration.test_cluster import REVIEW, approved, notices, state
from tests.journeys.conftest import ORGANISATION
from workflow_runtime import tables as t
from workflow_runtime import worker
from workflow_runtime.dispatch import Waiting
from workflow_runtime.errors import StoreBusy, WrongClock
from workflow_runtime.handling import Effects, ServiceJob, _handlers
from workflow_runtime.machine import utc_now
from workflow_runtime.model import SYSTEM, CaseState, Swept
from workflow_runtime.procedures import gather
from workflow_runtime.repairs import Repairs
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

pytestmark = pytest.mark.usefixtures("english")

JOB = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("broker", ["redis://localhost/0", "amqp://localhost//"])
def test_celery_rings_and_remembers_nothing(broker: str) -> None:
    settings = worker._made(broker).conf

    assert settings.task_serializer == "json" and list(settings.accept_content) == ["json"]
    assert settings.task_acks_late is False and settings.task_publish_retry is False
    assert settings.result_backend is None and settings.task_ignore_result is True
    assert settings.worker_prefetch_multiplier == 1 and not settings.beat_schedule
    assert settings.worker_max_tasks_per_child and settings.worker_max_memory_per_child
    assert settings.worker_enable_remote_control is False and settings.worker_send_task_events is False
    assert [queue.name for queue in settings.task_queues] == ["xieban.people", "xieban.timers", "xieban.batch"]
    kinds = {(queue.queue_arguments or {}).get("x-queue-type") for queue in settings.task_queues}
    assert kinds == ({"quorum"} if broker.startswith("amqp") else {None})


def test_people_go_before_timers_and_timers_before_batch() -> None:
    redis_first = worker._made("redis://localhost/0").conf.broker_transport_options["queue_order_strategy"]

    assert redis_first == "priority" and worker.QUEUES == ("people", "timers", "batch")


def test_a_message_on_redis_holds_an_id_and_nothing_else(redis: str) -> None:
    ours = redis.removesuffix("/0") + "/1"  # where no worker and no other test ever rang
    worker.publish(ours, "xieban.job", JOB, "people")

    with Connection(ours) as connection:
        raw = connection.default_channel.client.rpop("xieban.people")

    envelope = json.loads(raw)
    assert envelope["content-type"] == "application/json"
    holds_an_id(base64.b64decode(envelope["body"]), envelope["headers"])


def test_a_message_on_rabbitmq_holds_an_id_and_lies_in_a_quorum_queue(rabbit: str) -> None:
    worker.publish(rabbit, "xieban.job", JOB, "batch")

    with Connection(rabbit) as connection, connection.channel() as channel:
        (queue,) = [one for one in worker._made(rabbit).conf.task_queues if one.name == "xieban.batch"]
        message = one_of(queue(channel))
        with pytest.raises(Exception, match="x-queue-type"):  # the broker itself says of what kind it is
            channel.queue_declare(
                "xieban.batch", durable=True, auto_delete=False, arguments={"x-queue-type": "classic"}
            )

    assert message.content_type == "application/json"
    holds_an_id(message.body if isinstance(message.body, bytes) else message.body.encode(), message.headers)


def one_of(queue: Queue) -> Message:
    """A quorum queue hands out what its members have agreed on: a moment after it was published, not at once."""
    found: list[Message] = []

    def look() -> bool:
        message = queue.get(no_ack=True)
        found.extend([message] if message is not None else [])
        return bool(found)

    until(look, "the queue hands out its message")
    return found[0]


def holds_an_id(body: bytes, headers: dict[str, Any]) -> None:
    """Positional: the id; named: nothing; no delay, no expiry, no retry, no other task behind it."""
    positional, named, behind = json.loads(body)
    assert positional == [JOB] and named == {}
    assert not any(behind.values())
    assert headers["task"] == "xieban.job" and headers["argsrepr"] == f"('{JOB}',)" and headers["kwargsrepr"] == "{}"
    assert not headers["eta"] and not headers["expires"] and not headers["retries"] and headers["ignore_result"] is True


# --- the lease ---------------------------------------------------------------------------------------------------
def test_a_handler_that_works_longer_than_a_lease_keeps_its_job(
    settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = timedelta(seconds=0.6)
    monkeypatch.setattr("workflow_runtime.machine.LEASE", lease)
    working, enough, taken = threading.Event(), threading.Event(), []
    proper = _handlers["notify"]

    def slow(job: ServiceJob) -> Effects:
        working.set()
        assert enough.wait(PATIENCE)
        return proper(job)

    monkeypatch.setitem(_handlers, "notify", slow)
    Runtime.create(settings, clock=clock).close()
    with (
        Runtime.open(settings, clock=clock, dispatch=Waiting()) as first,
        Runtime.open(settings, clock=clock, dispatch=Waiting()) as second,
    ):
        first.import_organisation(ORGANISATION.read_bytes(), actor=SYSTEM)
        first.deploy(gather(REVIEW), actor=SYSTEM)
        case = approved(first)
        with first._database.read() as tx:
            job_id = tx.execute(select(t.job.c.id).where(t.job.c.kind == "service")).scalar_one()

        def renewed() -> bool:
            with second._database.read() as tx:
                ends = tx.execute(select(t.job.c.lease_until).where(t.job.c.id == job_id)).scalar_one()
            return bool(ends >= clock() + lease)

        keeper = threading.Thread(target=first.run_job, args=(job_id,))
        keeper.start()
        assert working.wait(PATIENCE)
        for _most_of_a_lease in range(4):
            until(renewed, "the lease is renewed")
            clock.advance(seconds=0.5)
            taken.append(second.run_job(job_id))
        enough.set()
        keeper.join()

        assert not any(taken)
        assert state(first, case) == CaseState.COMPLETED and notices(first, case) == 1


@pytest.fixture
def left(settings: Settings, clock: Clock) -> Iterator[Runtime]:
    """A case whose people have done everything; the machine has done nothing yet."""
    Runtime.create(settings, clock=clock).close()
    with Runtime.open(settings, clock=clock, dispatch=Waiting()) as runtime:
        runtime.import_organisation(ORGANISATION.read_bytes(), actor=SYSTEM)
        runtime.deploy(gather(REVIEW), actor=SYSTEM)
        approved(runtime)
        yield runtime


def test_what_people_wait_for_is_done_before_letters(left: Runtime, clock: Clock) -> None:
    with left._database.begin() as tx:
        (case,) = tx.execute(select(t.case.c.number)).scalars()
        left._lock(tx, case, SYSTEM).notify("cab-qingxi.child_welfare", "notice", "a letter that was first")
    with left._database.begin() as tx:
        tx.execute(update(t.job).where(t.job.c.kind == "notify").values(run_at=clock() - timedelta(hours=1)))

    order = [priority for _id, priority in left.ready_jobs()]
    assert left.run_urgent(5) and not left.run_urgent(5)

    assert order == sorted(order) == [3, 8]
    with left._database.read() as tx:
        kinds = dict(tx.execute(select(t.job.c.kind, t.job.c.state)).all())
    assert kinds["service"] == "done" and kinds["notify"] == "pending"


def test_each_try_is_counted_first_and_waits_longer_than_the_last(
    left: Runtime, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []
    waits: list[float] = []

    def fail(job: ServiceJob) -> Effects:
        with left._database.read() as tx:  # what a worker that dies here would leave
            tries.append(tx.execute(select(t.job.c.attempts).where(t.job.c.id == job.id)).scalar_one())
        raise OSError("closed")

    monkeypatch.setitem(_handlers, "notify", fail)
    for _try in range(4):
        left.sweep()
        with left._database.read() as tx:
            at = tx.execute(select(t.job.c.run_at).where(t.job.c.kind == "service")).scalar_one()
        waits.append((at - clock()).total_seconds())
        clock.set(at)
    left.sweep()

    assert tries == [1, 2, 3, 4, 5]
    assert all(15 * 2**n * 0.75 <= wait <= 15 * 2**n * 1.25 for n, wait in enumerate(waits))
    assert len({wait / 2**n for n, wait in enumerate(waits)}) > 1  # not all at the same moment
    (incident,) = Repairs(left).incidents(actor=SYSTEM)
    assert incident.attempts == 5 and incident.element == "tell"


# --- a worker ----------------------------------------------------------------------------------------------------
def test_a_worker_whose_clock_runs_away_stops_looking(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("workflow_runtime.machine.utc_now", lambda: utc_now() - timedelta(hours=3))
    Runtime.create(settings).close()
    with Runtime.open(settings, dispatch=Waiting()) as runtime:
        runtime.import_organisation(ORGANISATION.read_bytes(), actor=SYSTEM)
        runtime.deploy(gather(REVIEW), actor=SYSTEM)
        approved(runtime)
        poller = worker.Poller(runtime, Waiting(), name="host-1")  # type: ignore[arg-type]

        with pytest.raises(WrongClock):
            poller.look()

        with runtime._database.read() as tx:
            assert tx.execute(select(t.worker.c.id)).all() == []


def test_a_process_whose_clock_runs_away_answers_no_bell(left: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    with left._database.read() as tx:
        job = tx.execute(select(t.job.c.id).where(t.job.c.kind == "service")).scalar_one()
    monkeypatch.setattr(worker, "_office", [left])
    monkeypatch.setattr(worker, "_looked_at_clock", -60.0)

    def runs_away() -> None:
        raise WrongClock("three hours")

    with monkeypatch.context() as patch:
        patch.setattr(left, "refuse_wrong_clock", runs_away)
        worker.job(job)
        assert job in [id for id, _priority in left.ready_jobs()]

    monkeypatch.setattr(left, "refuse_wrong_clock", lambda: None)
    worker.job(job)
    assert job not in [id for id, _priority in left.ready_jobs()]


def test_a_worker_of_one_process_waits_for_a_store_that_went_away(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    troubles: list[Any] = []
    looks: Iterator[StoreBusy | Swept] = iter([StoreBusy("busy"), StoreBusy("busy"), Swept(timers=1)])

    def sweep(**_limits: Any) -> Swept:
        found = next(looks)
        if isinstance(found, StoreBusy):
            raise found
        return found

    Runtime.create(settings).close()
    with Runtime.open(settings) as runtime:
        monkeypatch.setattr(runtime, "sweep", sweep)
        done: list[Swept] = []
        runtime.work(stop=lambda: bool(done), poll=0.01, on_swept=done.append, on_trouble=troubles.append)

    assert len(troubles) == 2 and done[0].timers == 1
