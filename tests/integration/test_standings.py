"""The register of who holds what: four intervals of their own, nobody ever without a holder, all or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from tests.conftest import Clock
from tests.integration.test_cluster import child
from tests.journeys.conftest import ORGANISATION
from workflow_runtime import queries, store
from workflow_runtime import tables as t
from workflow_runtime.model import SYSTEM
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

WHEN = datetime(2024, 9, 1, 2, 30, tzinfo=UTC)
KINDS = ("custodian", "guardian", "hukou", "payer")


def held(runtime: Runtime, number: str) -> dict[str, str]:
    """Who holds what now."""
    with runtime._database.read() as tx:
        subject = queries.subject(tx, number)
        assert subject is not None
        return {row.kind: row.holder for row in store.open_standings(tx, subject.id)}


@pytest.fixture
def runtime(settings: Settings, clock: Clock) -> Iterator[Runtime]:
    with Runtime.create(settings, clock=clock) as office:
        office.import_organisation(ORGANISATION.read_bytes(), actor=SYSTEM)
        yield office


@pytest.fixture
def subject(runtime: Runtime) -> str:
    return child(runtime, 1)


def identity(runtime: Runtime, number: str) -> int:
    with runtime._database.read() as tx:
        found = queries.subject(tx, number)
        assert found is not None
        return int(found.id)


@pytest.mark.parametrize("kind", KINDS)
def test_a_standing_that_ends_without_another_that_begins_is_refused_by_the_store_itself(
    runtime: Runtime, subject: str, kind: str
) -> None:
    before = held(runtime, subject)

    with pytest.raises(IntegrityError), runtime._database.begin() as tx:
        tx.execute(
            update(t.standing)
            .where(t.standing.c.subject_id == identity(runtime, subject), t.standing.c.kind == kind)
            .values(valid_to=WHEN)
        )

    assert held(runtime, subject) == before


def test_two_custodians_at_once_are_refused_by_the_store_itself(runtime: Runtime, subject: str) -> None:
    row = {"subject_id": identity(runtime, subject), "kind": "custodian", "holder": "另一机构"}

    with pytest.raises(IntegrityError), runtime._database.begin() as tx:
        tx.execute(insert(t.standing).values(**row, valid_from=WHEN, basis="D16"))


def test_each_standing_moves_alone_and_keeps_what_it_rests_on(runtime: Runtime, subject: str) -> None:
    before = held(runtime, subject)

    with runtime._database.begin() as tx:
        store.switch_standing(
            tx,
            identity(runtime, subject),
            "custodian",
            holder="南屏市儿童福利院",
            holder_agency="cwi-nanping",
            at=WHEN,
            basis="D16 青福-D16-2024-1",
            case_number=None,
        )

    assert held(runtime, subject) == {**before, "custodian": "南屏市儿童福利院"}
    with runtime._database.read() as tx:
        rows = tx.execute(select(t.standing).where(t.standing.c.kind == "custodian").order_by(t.standing.c.id)).all()
    assert [(row.valid_to, row.basis) for row in rows][-2:] == [(WHEN, rows[0].basis), (None, "D16 青福-D16-2024-1")]
