"""What an operator is told: signs in words, figures for Prometheus, and lines of a log that name nobody."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update

from cli.app import run
from tests.conftest import Clock
from tests.integration.test_cluster import REVIEW, approved
from tests.journeys.conftest import ORGANISATION
from workflow_runtime import doctor
from workflow_runtime import tables as t
from workflow_runtime.database import Database
from workflow_runtime.dispatch import Waiting
from workflow_runtime.i18n import use_language
from workflow_runtime.model import SYSTEM
from workflow_runtime.procedures import gather
from workflow_runtime.reckoning import Reckoning
from workflow_runtime.repairs import Repairs
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings
from workflow_runtime.worker import JsonLines

pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture
def office(settings: Settings, clock: Clock) -> Iterator[Runtime]:
    """An office whose machine work nobody does."""
    Runtime.create(settings, clock=clock).close()
    with Runtime.open(settings, clock=clock, dispatch=Waiting()) as runtime:
        runtime.import_organisation(ORGANISATION.read_bytes(), actor=SYSTEM)
        runtime.deploy(gather(REVIEW), actor=SYSTEM)
        yield runtime


def signs(settings: Settings, clock: Clock) -> dict[str, doctor.Sign]:
    return {sign.name: sign for sign in doctor.examine(settings, clock=clock)}


def figures(settings: Settings, clock: Clock) -> dict[str, float]:
    database = Database(settings.database)
    found = doctor.measure(database, clock())
    database.close()
    return found


def test_a_step_that_waits_is_a_backlog_and_one_of_a_held_case_is_not(
    office: Runtime, settings: Settings, clock: Clock
) -> None:
    case = approved(office)
    clock.advance(minutes=11)
    assert figures(settings, clock)["xieban_oldest_ready_job_seconds"] == 660
    assert signs(settings, clock)["backlog"].health == "ill"

    Repairs(office).suspend(case.case.number, reason="strike", actor=SYSTEM)
    clock.advance(days=3)
    with office._database.begin() as tx:  # letters wait for nobody
        tx.execute(update(t.job).where(t.job.c.kind == "notify").values(state="done"))

    assert figures(settings, clock)["xieban_ready_jobs"] == 0
    assert signs(settings, clock)["backlog"].health == "well"


def test_a_worker_that_died_with_a_job_leaves_it_in_the_backlog(
    office: Runtime, clock: Clock, settings: Settings
) -> None:
    approved(office)
    with office._database.begin() as tx:
        lost = {"state": "running", "lease_until": clock.now, "lease_owner": "gone"}
        tx.execute(update(t.job).where(t.job.c.kind == "service").values(**lost))
    clock.advance(minutes=11)

    assert figures(settings, clock)["xieban_oldest_ready_job_seconds"] >= 600


def test_figures_are_exact_and_of_the_form_that_prometheus_reads() -> None:
    said = doctor.prometheus({'xieban_cases{state="open"}': 12345678, "xieban_ready_jobs": 0.25})

    assert 'xieban_cases{state="open"} 12345678\n' in said and "xieban_ready_jobs 0.25\n" in said
    assert all(re.fullmatch(r'# TYPE \w+ gauge|\w+(\{\w+="\w+"\})? [0-9.e+-]+', line) for line in said.splitlines())


@pytest.mark.parametrize("arguments", [("doctor",), ("doctor", "--metrics")])
def test_exit_codes_are_for_monitoring(
    office: Runtime, settings: Settings, clock: Clock, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    approved(office)

    code = run(["--db", settings.database, *arguments])

    said = capsys.readouterr().out
    if "--metrics" in arguments:
        assert code == 0 and "xieban_ready_jobs" in said
    else:
        assert code == 1 and "the oldest for" in said  # the clock of this office stands in 2024: the backlog is old


def test_figures_of_another_schema_are_refused_in_words(
    office: Runtime, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with office._database.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '0001'"))

    assert run(["--db", settings.database, "doctor", "--metrics"]) == 2

    assert "db upgrade" in "".join(capsys.readouterr().err)


def test_the_folder_of_answers_is_looked_at(settings: Settings, clock: Clock, tmp_path: Path, office: Runtime) -> None:
    folder = tmp_path / "in"
    watched = replace(settings, inbox=folder)
    assert signs(watched, clock)["inbox"].health == "ill"

    folder.mkdir()
    assert signs(watched, clock)["inbox"].health == "well"
    (folder / "a.json").write_text("{}")
    os.utime(folder / "a.json", (1, 1))

    assert signs(watched, clock)["inbox"].health == "warning"


def test_a_line_of_the_log_names_the_kind_of_an_error_and_none_of_its_words() -> None:
    try:
        raise ValueError("蓝小禾 990101201704120021")
    except ValueError as error:
        record = logging.LogRecord(
            "celery.app.trace", logging.ERROR, "x.py", 1, "Task %s raised: %r", ("a", error), (ValueError, error, None)
        )

    line = JsonLines().format(record)

    assert "蓝小禾" not in line and "990101" not in line
    found = json.loads(line)
    assert found["error"] == "ValueError" and found["level"] == "error" and found["at"].endswith("Z")
    assert "\n" not in line


# --- every finding ----------------------------------------------------------------------------------------------
def provoked(office: Runtime, settings: Settings, clock: Clock, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An office in which everything is wrong at once, and what else can be wrong instead: the signs that tell of it."""
    case = approved(office)
    with office._database.begin() as tx:
        hand = office._lock(tx, case.case.number, SYSTEM)
        office._note_incident(hand, "disk", "蓝小禾")
        hand.send("InquiryAsked", "x", {"name": "蓝小禾"}, outside=("医疗机构",))
        hand.save()
        tx.execute(update(t.calendar).values(imported_at=clock.now - timedelta(days=1)))
    office.deliver_message("PaperArrived", "nobody", {}, sender="post", expires_at=clock.now, actor=SYSTEM)
    notice = "year: 2027\nsource: 通知\ndays: [{date: 2027-01-01, kind: holiday, name: 元旦}]\n"
    Reckoning(office).import_year(notice.encode(), actor=SYSTEM)
    clock.advance(minutes=11)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Namespace(free=100 * 1024**2))
    away = replace(
        settings, broker="redis://user:secret@127.0.0.1:1/0", inbox=folder / "no-in", outgoing=folder / "no-out"
    )
    everything = doctor.examine(away, clock=clock)
    office.beat("host-1", 0)
    deaf = doctor.examine(away, clock=clock)
    for name in ("in", "out"):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "a.json").write_text("{}")
        os.utime(folder / name / "a.json", (1, 1))
    lying = doctor.examine(replace(settings, inbox=folder / "in", outgoing=folder / "out"), clock=clock)
    missing = doctor.examine(replace(settings, database=f"sqlite:///{folder / 'none.db'}"), clock=clock)
    clock_of_yesterday = Clock(clock.now - timedelta(days=1))
    wrong = doctor.examine(settings, clock=clock_of_yesterday)
    with office._database.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    older = doctor.examine(settings, clock=clock)
    nowhere = replace(settings, database="postgresql+psycopg://clerk:secret@127.0.0.1:1/xieban")
    return everything, deaf, lying, missing, wrong, older, doctor.examine(nowhere, clock=clock)


#: name of the sign, how bad, and words of it in Chinese and in English
FINDINGS = (
    (0, "backlog", "ill", "到期", "are due, the oldest for 660 seconds"),
    (0, "workers", "ill", "从未见过", "no worker was ever seen"),
    (1, "workers", "ill", "但", "it is deaf"),
    (0, "incidents", "warning", "故障", "1 incidents wait for a person"),
    (0, "messages", "warning", "消息", "1 messages expired without a receiver"),
    (0, "outgoing", "warning", "平台外单位", "1 messages wait to be laid out"),
    (0, "deadlines", "warning", "节假日", "1 open cases count by tables of holidays that have been replaced"),
    (0, "broker", "warning", "消息代理", "is not there"),
    (0, "inbox", "ill", "不存在", "the folder of answers"),
    (0, "outbox", "ill", "不存在", "the folder of messages to agencies outside"),
    (0, "disk", "ill", "剩余空间", "0.1 GB are free"),
    (2, "inbox", "warning", "秒", "1 answers lie in"),
    (2, "outbox", "warning", "待取", "1 messages lie in"),
    (3, "database", "ill", "没有数据库", "there is no database"),
    (4, "clock", "ill", "时钟|时间", "clock"),
    (5, "schema", "ill", "0001", "0001"),
    (6, "database", "ill", "数据库", "cannot be reached"),
)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_each_finding_of_the_doctor_is_told_in_words_of_the_reader_and_names_nobody(
    office: Runtime, settings: Settings, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    use_language(language)

    looks = provoked(office, settings, clock, tmp_path, monkeypatch)

    for look, name, health, chinese, english in FINDINGS:
        (sign,) = [one for one in looks[look] if one.name == name]
        assert sign.health == health, (name, sign)
        assert re.search(chinese if language == "zh" else english, sign.text), (name, sign.text)
        said = f"{sign.text} {sign.remedy}".replace(str(tmp_path), "").replace(settings.database, "")
        assert bool(re.search("[\u4e00-\u9fff]", said)) == (language == "zh"), (name, said)
        assert sign.remedy, name
    told = "".join(f"{sign.text}{sign.remedy}" for look in looks for sign in look)
    assert "蓝小禾" not in told and "secret" not in told
