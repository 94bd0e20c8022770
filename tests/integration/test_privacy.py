"""What the machine writes about its own work names cases and steps, never people."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from tests.conftest import Clock
from tests.integration.office import Deeds, clerks, open_office
from workflow_runtime import tables as t
from workflow_runtime.handling import Effects, ServiceJob, _handlers
from workflow_runtime.i18n import use_language
from workflow_runtime.model import SYSTEM
from workflow_runtime.settings import Settings

NAME, PAPER, NUMBER = "蓝小禾1", "南民协〔2024〕7号", "990101201001010017"


@pytest.fixture
def deeds(settings: Settings, clock: Clock) -> Iterator[Deeds]:
    use_language("en")
    with open_office(settings, clock) as runtime:
        people = {
            step: clerks(runtime, department)[0]
            for step, department in {
                "prepare": "cwi-qingxi.social_work",
                "mend": "cwi-qingxi.social_work",
                "check": "cab-qingxi.child_welfare",
                "sign": "cab-qingxi.child_welfare",
                "file_paper": "cwi-nanping.social_work",
            }.items()
        }
        deeds = Deeds(runtime, clock, 1, people)
        deeds.start()
        deeds.complete("prepare")
        yield deeds
    use_language("zh")


def test_a_failing_handler_leaves_no_name_in_job_incident_or_history(
    deeds: Deeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    def clumsy(job: ServiceJob) -> Effects:
        raise ValueError(f"cannot place {job.subject['name']} with {NUMBER}")

    monkeypatch.setitem(_handlers, "issue_document", clumsy)
    deeds.complete("check")
    deeds.paper()
    deeds.complete("file_paper")
    deeds.complete("sign")
    for _round in range(8):
        deeds.clock.advance(hours=1)
        deeds.runtime.sweep()

    with deeds.runtime._database.read() as tx:
        written = [
            *tx.execute(select(t.job.c.last_error).where(t.job.c.last_error.is_not(None))).scalars(),
            *tx.execute(select(t.incident.c.message)).scalars(),
            *tx.execute(
                select(t.history_content.c.content)
                .join(
                    t.history,
                    (t.history.c.case_id == t.history_content.c.case_id)
                    & (t.history.c.sequence == t.history_content.c.sequence),
                )
                .where(t.history.c.kind == "incident_opened")
            ).scalars(),
        ]
    assert any("ValueError" in one for one in written)
    assert [one for one in written if NAME in one or NUMBER in one] == []


def test_notifications_name_the_case_and_the_step_and_nobody(deeds: Deeds) -> None:
    item = deeds.item("check")
    assert item is not None
    deeds.runtime.remind(item.id, actor=deeds.people["check"], text=f"{NAME}今天要走，{NUMBER}")
    deeds.clock.advance(days=60)
    deeds.runtime.sweep()
    deeds.complete("check")
    deeds.paper()
    deeds.finish()

    letters = [json.loads(path.read_text()) for path in deeds.runtime._settings.outbox.glob("*.json")]
    kinds = {one["kind"] for one in letters}
    assert {"overdue", "notice", "reminder"} <= kinds
    said = [one.content.get("text") for one in deeds.runtime.history(deeds.number, actor=SYSTEM)]
    assert f"{NAME}今天要走，{NUMBER}" in said  # who may see the case reads it there
    for letter in letters:
        assert letter["text"].startswith(deeds.number) or letter["case"] is None  # of a list: its own name
        assert not [one for one in (NAME, NUMBER, PAPER) if one in letter["text"]]
        assert deeds.subject not in letter["text"] or letter["case"] is None  # a list names whom it is about, by number
