"""What a case says to an agency outside: laid out once, acknowledged, refused, or expired; never lost, never twice."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cli.app import run
from tests.conftest import Clock
from tests.integration.crashes import Points
from tests.integration.test_cluster import child
from tests.integration.test_inbox import files
from tests.journeys.conftest import ORGANISATION
from workflow_runtime import doctor
from workflow_runtime.errors import AlreadyDone, BadInput, StoreError
from workflow_runtime.i18n import of_data
from workflow_runtime.inbox import Inbox
from workflow_runtime.machine import utc_now
from workflow_runtime.model import SYSTEM
from workflow_runtime.outbox import Outbox, carrying
from workflow_runtime.procedures import gather
from workflow_runtime.repairs import MessageView, Repairs
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

pytestmark = pytest.mark.usefixtures("english")

HERE = Path(__file__).parent
#: The procedure `asking`, whose message goes to a hospital instead of another case.
POOL = '<bpmn:participant id="pool" name="申请" processRef="asking"/>'
DRAWN = (
    f'{POOL}<bpmn:participant id="hospital" name="医疗机构"/>'
    '<bpmn:messageFlow id="asked" name="请求调查" sourceRef="ask" targetRef="hospital"/>'
)


def opened(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Runtime:
    """An office whose procedure asks a hospital."""
    bundle = dict(gather(HERE / "asking"))
    (drawing,) = [path for path in bundle if path.endswith("asking.bpmn")]
    source = bundle[drawing].decode()
    assert POOL in source
    runtime = Runtime.create(settings, clock=clock)
    runtime.import_organisation(ORGANISATION.read_bytes(), actor=SYSTEM)
    runtime.deploy(bundle | {drawing: source.replace(POOL, DRAWN).encode()}, actor=SYSTEM)
    return runtime


@pytest.fixture
def office(settings: Settings, clock: Clock) -> Iterator[Runtime]:
    with opened(settings, clock) as runtime:
        yield runtime


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "out"
    (made / "receipts").mkdir(parents=True)
    return made


def asked(office: Runtime, number: int = 1) -> str:
    """A case that asks the hospital; its number."""
    return office.start_case("asking", child(office, number), actor=SYSTEM, jurisdiction="GX").case.number


def message(office: Runtime) -> MessageView:
    (one,) = Repairs(office).messages(actor=SYSTEM)
    return one


def answered(folder: Path, **receipt: Any) -> None:
    (folder / "receipts" / "r.json").write_text(json.dumps(receipt, ensure_ascii=False), encoding="utf-8")


def test_a_message_drawn_to_a_collapsed_pool_is_laid_out_once_as_a_file_that_names_nobody(
    office: Runtime, folder: Path
) -> None:
    case = asked(office)
    assert message(office).receiver == "医疗机构" and message(office).state == "waiting"

    (handed,) = Outbox(office, folder).hand_out()

    assert Outbox(office, folder).hand_out() == ()
    assert files(folder) == [handed.file, "laying", "receipts"] and files(folder / "laying") == []
    envelope = json.loads((folder / handed.file).read_text(encoding="utf-8"))
    subject = office.case(case, actor=SYSTEM).case.subject
    times = {key: envelope.pop(key)[:19] for key in ("sent_at", "expires_at")}
    assert times == {"sent_at": "2024-03-04T01:00:00", "expires_at": "2024-06-02T01:00:00"}
    assert envelope == {
        "id": handed.message,
        "name": "InquiryAsked",
        "correlation": f"{case}/{subject.number}",
        "sender": case,
        "receiver": "医疗机构",
        "payload": {},
    }
    assert subject.name not in handed.file and case not in handed.file
    assert message(office).handed_at is not None


@pytest.mark.parametrize("said", ["accepted", "refused"])
def test_a_receipt_ends_the_message(office: Runtime, folder: Path, said: str) -> None:
    case = asked(office)
    outbox = Outbox(office, folder)
    (handed,) = outbox.hand_out()
    answered(folder, file=handed.file, state=said, text="已登记 12 号")

    (receipt,) = outbox.collect()

    assert receipt.state == "accepted" and files(folder / "receipts" / "taken") == ["r.json"]
    found, incidents = message(office), Repairs(office).incidents(actor=SYSTEM, case=case)
    assert found.acknowledged_at is not None and found.reason == "已登记 12 号"
    if said == "accepted":
        assert found.state == "consumed" and not incidents
        last = office.history(case, actor=SYSTEM)[-1]
        assert last.text == "医疗机构 acknowledged the message InquiryAsked — 已登记 12 号"
    else:
        assert found.state == "dead" and incidents[0].code == "message_refused" and incidents[0].element == "ask"
        again = Repairs(office).redeliver(handed.message, reason="the hospital asks for it", actor=SYSTEM)
        assert again.state == "waiting" and again.handed_at is None and len(outbox.hand_out()) == 1
    assert office.verify_history(case, actor=SYSTEM) is None
    answered(folder, message=handed.message, state="accepted")
    assert outbox.collect()[0].state == ("repeated" if said == "accepted" else "accepted")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ('{"state": "accepted"}', "a receipt is a JSON object"),
        ('{"message": "0123456789abcdef", "state": "perhaps"}', "a receipt is a JSON object"),
        ('{"message": "0123456789abcdef", "state": "accepted"}', "there is no message"),
        ("nonsense", "is not JSON"),
    ],
)
def test_what_is_no_receipt_is_refused_in_words(office: Runtime, folder: Path, content: str, why: str) -> None:
    (folder / "receipts" / "r.json").write_text(content, encoding="utf-8")
    os.utime(folder / "receipts" / "r.json", (1, 1))

    (receipt,) = Outbox(office, folder).collect()

    assert receipt.state == "refused" and why in receipt.text and files(folder / "receipts" / "refused") == ["r.json"]


def test_without_a_receipt_it_expires_and_a_late_receipt_still_counts(
    office: Runtime, folder: Path, clock: Clock
) -> None:
    asked(office)
    (handed,) = Outbox(office, folder).hand_out()

    clock.advance(days=91)
    office.sweep()

    assert message(office).state == "expired" and "left no receipt" in (message(office).reason or "")
    told = [one.text for one in office.history(message(office).sender or "", actor=SYSTEM)]
    assert any("nobody took the message" in words for words in told)
    assert Repairs(office).acknowledge(handed.message[:12], taken=True, text="by telephone")[1]
    assert message(office).state == "consumed"
    with pytest.raises(AlreadyDone, match="医疗机构"):
        Repairs(office).redeliver(handed.message, reason="again", actor=SYSTEM)


def test_what_no_procedure_takes_is_told_to_the_department_that_sent_it(settings: Settings, clock: Clock) -> None:
    with Runtime.create(settings, clock=clock) as office:
        office.import_organisation(ORGANISATION.read_bytes(), actor=SYSTEM)
        office.deploy(gather(HERE / "asking"), actor=SYSTEM)

        number = asked(office)
        office.sweep()
        told = [json.loads(one.read_text(encoding="utf-8")) for one in settings.outbox.glob("*.json")]
        noted = [one.text for one in office.history(number, actor=SYSTEM) if one.kind == "message_unreceived"]

        clock.advance(days=91)
        office.sweep()

        assert [(one["kind"], one["case"]) for one in told] == [("unreceived", number)]
        assert len(noted) == 1 and "no procedure here takes the message" in noted[0]
        assert message(office).state == "expired"


def test_what_is_inside_the_platform_is_not_laid_out(office: Runtime, folder: Path) -> None:
    office.deploy(gather(HERE / "inquiry"), actor=SYSTEM)  # a procedure that begins by this message

    asked(office)

    assert Outbox(office, folder).hand_out() == () and message(office).state == "consumed"
    with pytest.raises(BadInput, match="nobody outside"):
        Repairs(office).acknowledge(message(office).id, taken=True, text="")


def test_another_office_takes_the_file_as_it_is_and_its_receipt_comes_back(office: Runtime, folder: Path) -> None:
    asked(office)
    outbox = Outbox(office, folder)
    (handed,) = outbox.hand_out()
    there = folder.parent / "in"
    there.mkdir()
    (folder / handed.file).rename(there / handed.file)

    (taken,) = Inbox(office, there).collect()  # the same office stands for the other

    assert taken.state == "accepted"
    (receipt,) = (there / "receipts").iterdir()
    receipt.rename(folder / "receipts" / receipt.name)
    assert outbox.collect()[0].message == handed.message
    states = {one.direction: one.state for one in Repairs(office).messages(actor=SYSTEM)}
    assert states == {"out": "consumed", "in": "waiting"}


# --- who dies, who comes second ----------------------------------------------------------------------------------
def test_many_workers_lay_out_each_message_once(office: Runtime, folder: Path) -> None:
    for number in range(1, 13):
        asked(office, number)
    found: list[str] = []

    def carry() -> None:
        for _look in range(2):
            found.extend(one.file for one in Outbox(office, folder).hand_out())

    workers = [threading.Thread(target=carry) for _each in range(4)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()

    lying = [name for name in files(folder) if name.endswith(".json")]
    assert len(lying) == 12 and sorted(found) == lying and files(folder / "laying") == []


def test_a_death_at_any_point_loses_nothing_and_lays_nothing_out_twice(
    office: Runtime, settings: Settings, folder: Path, clock: Clock
) -> None:
    """At every statement that writes, commit, fsync and rename of laying out, and of taking in the receipt."""
    point = 0
    while True:
        case = asked(office, point + 1)
        office._database.close()
        died = struck(partial(laid_out, settings, clock, folder, point))
        fetched = fetch(folder)

        Outbox(office, folder, clock=later).hand_out()
        fetched += fetch(folder)

        mine = [one for one in fetched if one["sender"] == case]
        assert len(mine) == 1, f"at point {point} it was laid out {len(mine)} times"
        assert files(folder / "laying") == [], f"something was left at point {point}"
        if not died:
            break
        point += 1
    assert point >= 8

    cuts = 0
    while True:
        answered(folder, message=mine[0]["id"], state="accepted", text="已收")
        office._database.close()
        died = struck(partial(taken_in, settings, clock, folder, cuts))
        Outbox(office, folder, clock=later).collect()
        history = [line.kind for line in office.history(case, actor=SYSTEM)]
        assert history.count("message_acknowledged") == 1, f"at point {cuts}"
        assert office.verify_history(case, actor=SYSTEM) is None
        if not died:
            break
        cuts += 1
        case = asked(office, point + 1 + cuts)
        Outbox(office, folder, clock=later).hand_out()
        mine = [one for one in fetch(folder) if one["sender"] == case]
    assert cuts >= 8


def later() -> float:
    """Long after whoever died."""
    return time.time() + 300


def fetch(folder: Path) -> list[dict[str, Any]]:
    """The agency takes away what it sees."""
    found = []
    for path in sorted(folder.glob("*.json")):
        found.append(json.loads(path.read_text(encoding="utf-8")))
        path.unlink()
    return found


def laid_out(settings: Settings, clock: Clock, folder: Path, at: int) -> None:
    with Runtime.open(settings, clock=clock) as runtime:
        Points(runtime, at, every=False).armed = True
        Outbox(runtime, folder).hand_out()


def taken_in(settings: Settings, clock: Clock, folder: Path, at: int) -> None:
    with Runtime.open(settings, clock=clock) as runtime:
        Points(runtime, at, every=False).armed = True
        Outbox(runtime, folder, clock=later).collect()


def struck(work: Callable[[], None]) -> bool:
    """Do it in a process of its own; whether that was killed."""
    process = os.fork()
    if process == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    _pid, status = os.waitpid(process, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


# --- who carries -------------------------------------------------------------------------------------------------
def test_a_folder_that_cannot_be_used_is_said_and_the_message_waits(office: Runtime, tmp_path: Path) -> None:
    asked(office)
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError):
        Outbox(office, tmp_path / "file").hand_out()

    assert carrying(office, tmp_path / "file")() == 0 and carrying(office, None)() == 0
    assert message(office).handed_at is None


def test_worker_and_commands_carry_messages_out(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = {"XIEBAN_HOME": str(tmp_path / "home"), "XIEBAN_LANG": "en"}
    settings = Settings.from_env(home, database=f"sqlite:///{tmp_path / 'xieban.db'}")
    with opened(settings) as today:  # commands go by the clock of this machine
        asked(today, 1)
    base = ["--db", settings.database, "--lang", "en", "--as", "root"]

    def said(*arguments: str, code: int = 0) -> str:
        assert run([*base, *arguments]) == code
        return " ".join(capsys.readouterr().out.split())

    assert "to be handed over" in said("message", "list")
    assert run([*base, "worker", "--once", "--out", str(folder)]) == 0
    (name,) = [one for one in files(folder) if one.endswith(".json")]
    assert "handed over" in said("message", "list") and of_data("医疗机构")[:3] in said("message", "list")
    assert "Nothing waits for an agency outside." in said("message", "export", str(folder))
    answered(folder, file=name, state="accepted", text="已收")
    assert "r.json accepted taken" in said("message", "export", str(folder))
    (first,) = json.loads(said("--json", "message", "list"))
    id = first["id"][:12]
    assert "acknowledged" in said("message", "show", id) and f"Receiver {of_data('医疗机构')}" in said(
        "message", "show", id
    )
    assert "nothing was changed" in said("message", "acknowledge", id, "--reason", "by telephone")
    assert '"handed": []' in said("--json", "message", "export", str(folder))
    with Runtime.open(settings) as today:
        asked(today, 2)
    (second,) = json.loads(said("--json", "message", "export", str(folder)))["handed"]
    assert "dead" in said("message", "acknowledge", second["message"], "--refused", "--reason", "not ours")


def test_the_doctor_says_that_nobody_carries_messages_out(
    office: Runtime, settings: Settings, folder: Path, clock: Clock
) -> None:
    asked(office)
    assert signs(settings, clock)["outgoing"].health == "well"

    clock.advance(minutes=2)

    assert "message export" in signs(settings, clock)["outgoing"].remedy
    watched = replace(settings, outgoing=folder)
    assert "worker" in signs(watched, clock)["outgoing"].remedy and signs(watched, clock)["outbox"].health == "well"
    (handed,) = Outbox(office, folder).hand_out()
    assert signs(watched, clock)["outgoing"].health == "well"
    os.utime(folder / handed.file, (1, 1))
    assert "nobody fetches them" in signs(watched, clock)["outbox"].remedy
    assert signs(replace(settings, outgoing=folder / "nowhere"), clock)["outbox"].health == "ill"


def signs(settings: Settings, clock: Clock) -> dict[str, doctor.Sign]:
    return {sign.name: sign for sign in doctor.examine(settings, clock=clock)}
