"""A procedure in a case of its own, begun by a message of another: neither case outlives the other unseen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, update

from tests.conftest import Clock
from tests.integration.office import clerks
from tests.integration.test_cluster import child
from tests.journeys.conftest import ORGANISATION
from workflow_runtime import tables as t
from workflow_runtime.dispatch import Waiting
from workflow_runtime.model import SYSTEM, CasePage, CaseState
from workflow_runtime.procedures import gather
from workflow_runtime.repairs import IncidentView, MessageView, Repairs
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

pytestmark = pytest.mark.usefixtures("english")

HERE = Path(__file__).parent


@pytest.fixture
def office(settings: Settings, clock: Clock) -> Iterator[Runtime]:
    with Runtime.create(settings, clock=clock) as runtime:
        runtime.import_organisation(ORGANISATION.read_bytes(), actor=SYSTEM)
        for procedure in ("asking", "inquiry"):
            runtime.deploy(gather(HERE / procedure), actor=SYSTEM)
        yield runtime


def begun(runtime: Runtime) -> tuple[CasePage, CasePage]:
    """A case, and the one that it began."""
    caller = runtime.start_case("asking", child(runtime, 1), actor=SYSTEM, jurisdiction="GX")
    (message,) = messages(runtime)
    assert message.state == "consumed" and message.case is not None
    return caller, runtime.case(message.case, actor=SYSTEM)


def messages(runtime: Runtime) -> tuple[MessageView, ...]:
    return Repairs(runtime).messages(actor=SYSTEM, name="InquiryAsked")


def incidents(runtime: Runtime, page: CasePage) -> list[IncidentView]:
    return list(Repairs(runtime).incidents(actor=SYSTEM, case=page.case.number))


def state(runtime: Runtime, page: CasePage) -> CaseState:
    return runtime.case(page.case.number, actor=SYSTEM).case.state


def orphans(runtime: Runtime) -> list[str]:
    """Open cases whose caller was cancelled, and nobody was told."""
    caller = t.case.alias()
    with runtime._database.read() as tx:
        told = select(t.incident.c.case_id).where(t.incident.c.resolved_at.is_(None))
        rows = tx.execute(
            select(t.case.c.number)
            .join(caller, caller.c.number == t.case.c.started_by)
            .where(caller.c.state == "cancelled", t.case.c.state.in_(("open", "suspended", "incident")))
            .where(t.case.c.id.not_in(told))
        )
        return [str(number) for number in rows.scalars()]


def withdraw(runtime: Runtime, page: CasePage) -> None:
    (worker, *_rest) = clerks(runtime, "cwi-qingxi.social_work")
    runtime.withdraw(page.case.number, reason="误立案", actor=worker)


def test_a_message_begins_the_procedure_in_a_case_of_its_own(office: Runtime) -> None:
    caller, called = begun(office)

    assert called.case.number != caller.case.number and called.case.subject == caller.case.subject
    assert called.case.procedure == "inquiry" and [item.element for item in called.items] == ["prepare"]
    assert "case_begun" in [line.kind for line in office.history(caller.case.number, actor=SYSTEM)]
    for page in (caller, called):
        assert office.verify_history(page.case.number, actor=SYSTEM) is None


def test_the_same_message_heard_twice_begins_one_case(office: Runtime) -> None:
    begun(office)
    with office._database.begin() as tx:
        office._carry(tx, messages(office)[0].id, "InquiryAsked", messages(office)[0].correlation)

    office.sweep()

    assert len(office.cases(actor=SYSTEM)) == 2


def test_a_cancelled_caller_leaves_no_orphan(office: Runtime) -> None:
    caller, called = begun(office)

    withdraw(office, caller)

    assert state(office, called) == CaseState.CANCELLED and orphans(office) == []
    lines = office.history(called.case.number, actor=SYSTEM)
    assert lines[-1].kind == "withdrawn" or "withdrawn" in [line.kind for line in lines]
    assert not office.case(called.case.number, actor=SYSTEM).items
    assert office.verify_history(called.case.number, actor=SYSTEM) is None


def test_a_worker_that_dies_between_the_two_leaves_the_rest_to_the_next(
    office: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller, called = begun(office)
    with monkeypatch.context() as patch:
        patch.setattr(office, "_after_commit", lambda *_arguments: None)  # it died after the commit
        withdraw(office, caller)
    assert state(office, called) == CaseState.OPEN

    office.sweep()

    assert state(office, called) == CaseState.CANCELLED and orphans(office) == []


@pytest.mark.parametrize("hold", ["suspend", "stop"])
def test_a_case_that_stands_still_is_cancelled_with_its_caller_too(office: Runtime, hold: str) -> None:
    caller, called = begun(office)
    if hold == "suspend":
        Repairs(office).suspend(called.case.number, reason="strike", actor=SYSTEM)
    else:
        with office._database.begin() as tx:
            tx.execute(update(t.case).where(t.case.c.number == called.case.number).values(state="incident"))

    withdraw(office, caller)

    assert state(office, called) == CaseState.CANCELLED and orphans(office) == []


def test_what_has_changed_who_is_responsible_is_not_undone_and_a_person_is_told(office: Runtime) -> None:
    caller, called = begun(office)
    with office._database.begin() as tx:
        (standing,) = tx.execute(select(t.standing).where(t.standing.c.kind == "payer").limit(1)).mappings()
        tx.execute(delete(t.standing).where(t.standing.c.id == standing["id"]))
        tx.execute(insert(t.standing).values(**{**standing, "case_number": called.case.number}))

    withdraw(office, caller)

    assert state(office, called) == CaseState.OPEN and orphans(office) == []
    (told,) = incidents(office, called)
    assert told.code == "caller_cancelled" and caller.case.number in told.reason and "already changed" in told.reason


def test_a_damaged_case_whose_caller_was_cancelled_becomes_an_incident(office: Runtime) -> None:
    caller, called = begun(office)
    with office._database.begin() as tx:
        tx.execute(update(t.case).where(t.case.c.number == called.case.number).values(snapshot=b"\x00nonsense"))

    withdraw(office, caller)

    assert orphans(office) == []
    assert [one.code for one in incidents(office, called)] == ["BrokenSnapshot"]


def test_a_caller_hears_when_what_it_began_was_cancelled(office: Runtime) -> None:
    caller, called = begun(office)

    withdraw(office, called)

    assert state(office, caller) == CaseState.OPEN
    (told,) = incidents(office, caller)
    assert told.code == "begun_case_cancelled" and told.element == "ask" and called.case.number in told.reason
    withdraw(office, caller)
    assert state(office, caller) == CaseState.CANCELLED


def test_what_cannot_begin_is_dead_with_the_reason_and_the_caller_has_an_incident(office: Runtime) -> None:
    alone = dict(gather(HERE / "inquiry"))
    (drawn,) = (path for path in alone if path.endswith(".bpmn"))
    rule = b'<zeebe:property name="xb:notWith" value="asking"/>'
    alone[drawn] = alone[drawn].replace(b'<zeebe:property name="xb:kind"', rule + b'<zeebe:property name="xb:kind"')
    office.deploy(alone, actor=SYSTEM)

    caller = office.start_case("asking", child(office, 1), actor=SYSTEM, jurisdiction="GX")

    (message,) = messages(office)
    assert message.state == "dead" and message.reason is not None and "cannot start beside it" in message.reason
    (told,) = incidents(office, caller)
    assert told.element == "ask" and "cannot start beside it" in told.reason
    assert state(office, caller) == CaseState.OPEN


def test_a_caller_that_is_cancelled_before_its_message_is_carried_begins_nothing(
    office: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(office, "_after_commit", lambda *_arguments: None)  # the worker is away
        caller = office.start_case("asking", child(office, 1), actor=SYSTEM, jurisdiction="GX")
        patch.setattr(office, "_dispatch", Waiting())
        withdraw(office, caller)

    office.sweep()

    (message,) = messages(office)
    assert message.state == "dead" and "was cancelled before" in str(message.reason) and orphans(office) == []


def test_a_letter_that_cannot_be_written_after_the_end_of_its_case_stops_nobody(office: Runtime, clock: Clock) -> None:
    caller, _called = begun(office)
    with office._database.begin() as tx:
        hand = office._lock(tx, caller.case.number, SYSTEM)
        hand.notify("cab-qingxi.child_welfare", "notice", "text")
    office._settings.outbox.parent.mkdir(parents=True, exist_ok=True)
    office._settings.outbox.write_text("a file where a folder should be")
    withdraw(office, caller)
    for _try in range(7):
        clock.advance(hours=1)
        office.sweep()

    assert state(office, caller) == CaseState.CANCELLED
    assert [one.code for one in incidents(office, caller)] == ["StoreFull"]
    assert office.verify_history(caller.case.number, actor=SYSTEM) is None
