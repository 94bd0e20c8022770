"""Bad input: a clear message that names the place and the remedy, exit code 2, nothing changed, never a traceback."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from .conftest import Desk, Made
from .test_demo import read, supervisor

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
DRAWINGS = {
    "not XML at all": "hello",
    "cut off": f'<definitions xmlns="{BPMN}"><process id="p">',
    "an external entity": (
        f'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><definitions xmlns="{BPMN}">&x;</definitions>'
    ),
    "a laugh": f'<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><definitions xmlns="{BPMN}">&b;</definitions>',
    "another language": "<html><body/></html>",
    "a deep nest": f'<definitions xmlns="{BPMN}">' + "<process>" * 3000 + "</process>" * 3000 + "</definitions>",
    "a script": (
        f'<definitions xmlns="{BPMN}" id="d" targetNamespace="t">'
        '<process id="p" isExecutable="true"><startEvent id="s"/>'
        '<scriptTask id="t" scriptFormat="python"><script>print(1)</script></scriptTask>'
        '<sequenceFlow id="f" sourceRef="s" targetRef="t"/></process></definitions>'
    ),
}


@pytest.mark.parametrize("what", DRAWINGS)
def test_a_drawing_that_cannot_be_used_is_refused(empty: Desk, what: str) -> None:
    empty.write("bad.bpmn", DRAWINGS[what])

    answer = empty("procedure", "check", "bad.bpmn")

    assert answer.code == 2, answer
    assert answer.out + answer.err
    assert "root:" not in answer.out + answer.err


def test_a_file_that_is_named_is_what_is_checked(empty: Desk) -> None:
    empty.write("a-good.form", json.dumps({"type": "default", "id": "a-good", "components": []}))
    empty.write("b-bad.bpmn", DRAWINGS["cut off"])
    empty.write("c-bad.form", "{")

    good = empty("procedure", "check", "a-good.form")
    all_of_them = empty("procedure", "check", "a-good.form", "b-bad.bpmn", "c-bad.form")
    folder = empty("procedure", "check", ".")

    assert good.code == 0, good.err
    assert all_of_them.code == folder.code == 2
    assert "b-bad.bpmn" in all_of_them.out and "c-bad.form" in all_of_them.out
    assert "a-good" not in all_of_them.out
    assert "b-bad.bpmn" in folder.out and "c-bad.form" in folder.out


NAMELESS = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="urn:t"
 xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"><process id="quiet" isExecutable="true">
<startEvent id="s"><outgoing>a</outgoing></startEvent><serviceTask id="t"><extensionElements>
<zeebe:taskDefinition type="notify"/><zeebe:ioMapping><zeebe:input source="=&quot;CWI.CITY&quot;" target="party"/>
</zeebe:ioMapping></extensionElements><incoming>a</incoming><outgoing>b</outgoing></serviceTask>
<endEvent id="e"><incoming>b</incoming></endEvent><sequenceFlow id="a" sourceRef="s" targetRef="t"/>
<sequenceFlow id="b" sourceRef="t" targetRef="e"/></process></definitions>"""


def test_warnings_alone_have_an_exit_code_of_their_own_and_weigh_what_the_house_says(empty: Desk) -> None:
    empty.write("quiet.bpmn", NAMELESS)
    (empty.folder / "home").mkdir()
    empty.write("home/severities.yaml", "house/names: error\n")

    codes = [
        empty("procedure", "check", "quiet.bpmn", XIEBAN_HOME=str(empty.folder / home)).code
        for home in ("none", "home")
    ]
    empty.write("severities.yaml", "house/names: off\n")
    codes.append(empty("procedure", "check", ".", XIEBAN_HOME=str(empty.folder / "home")).code)

    assert codes == [1, 2, 0]


FORMS = {
    "not JSON": "{",
    "a key twice": '{"notice_on": "2024-07-29", "notice_on": "2024-07-30"}',
    "not a number": '{"notice_on": NaN}',
    "nested": "[" * 5000 + "]" * 5000,
    "half a character": '{"notice_on": "\\ud800"}',
    "a list": "[]",
    "a field nobody asked for": '{"assignee": "me"}',
}


def an_item(office: Desk, made: Made, state: str = "ready") -> dict[str, Any]:
    items = read(office("--as", supervisor(made), "work", "list", "--state", state, "--limit", 500, "--json"))
    return next(item for item in items if item["outcomes"] and not item["path"])  # any handler may take it


def clerks_of(office: Desk, department: str) -> list[str]:
    directory = read(office("org", "show", "--json"))
    return [
        clerk["id"]
        for clerk in directory["clerks"]
        if any(one["department"] == department for one in clerk["memberships"])
    ]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("what", FORMS)
def test_fields_that_cannot_be_used_are_refused_and_nothing_changes(office: Desk, made: Made, what: str) -> None:
    item = an_item(office, made)
    clerk = clerks_of(office, item["department"])[0]
    office("worker", "--once")
    before = digest(office.database)
    office.write("data.json", FORMS[what])

    answer = office("--as", clerk, "work", "complete", item["id"], "--data", "data.json")

    assert answer.code == 2, answer
    assert answer.err.strip()
    assert digest(office.database) == before


def test_missing_fields_are_all_named_at_once(any_office: Desk, made: Made) -> None:
    items = read(any_office("--as", supervisor(made), "work", "list", "--state", "ready", "--limit", 500, "--json"))
    item = next(item for item in items if item["element"] in ("plan_assessment", "assess_health", "plan_transfer"))
    clerk = clerks_of(any_office, item["department"])[0]

    answer = any_office("--as", clerk, "--json", "work", "complete", item["id"], "--data", "-", given="{}")

    assert answer.code == 2, answer
    findings = json.loads(answer.err)["error"]["findings"]
    assert len(findings) > 1
    assert all(finding["message"] and finding["remedy"] for finding in findings)


def test_an_item_that_is_taken_names_who_has_it(any_office: Desk, made: Made) -> None:
    item = an_item(any_office, made)
    first, second, *_rest = clerks_of(any_office, item["department"])
    any_office("--as", first, "work", "claim", item["id"])

    answer = any_office("--as", second, "work", "claim", item["id"])

    name = read(any_office("--as", first, "work", "show", item["id"], "--json"))["item"]["clerk_name"]
    assert answer.code == 2
    assert name in answer.err


def test_another_departments_item_is_refused(any_office: Desk, made: Made) -> None:
    item = an_item(any_office, made)
    directory = read(any_office("org", "show", "--json"))
    stranger = next(
        clerk["id"]
        for clerk in directory["clerks"]
        if all(one["department"].split(".")[0] != item["agency"] for one in clerk["memberships"])
    )

    answer = any_office("--as", stranger, "work", "claim", item["id"])

    assert answer.code == 2
    assert answer.err.strip()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--as", "nobody", "work", "list"),
        ("work", "list"),
        ("--as", "he-yun", "work", "show", "ffffffff"),
        ("--as", "he-yun", "case", "show", "NO-SUCH-CASE"),
        ("--as", "he-yun", "case", "show", "\x1b]0;pwn\x07"),
        ("--as", "he-yun", "case", "start", "no-such-procedure", "C-1"),
        ("--as", "he-yun", "procedure", "deploy", "no-such-folder"),
        ("--as", "he-yun", "document", "open", "none"),
        ("--as", "he-yun", "profile", "show", "XX"),
        ("--as", "he-yun", "subject", "show", "C-0"),
        ("--as", "he-yun", "subject", "register", "--kind", "dragon", "--set", "name=x"),
        ("--as", "he-yun", "subject", "register", "--set", "nonsense"),
        ("org", "import", "missing.yaml"),
        ("decision", "test", "missing.dmn"),
        ("--db", "ftp://example/x", "--as", "he-yun", "case", "list"),
        ("--lang", "fr", "case", "list"),
    ],
)
def test_what_does_not_exist_is_said_plainly(office: Desk, arguments: tuple[str, ...]) -> None:
    answer = office(*arguments)

    assert answer.code == 2, answer
    assert answer.err.strip()
    assert not [c for c in answer.out + answer.err if ord(c) < 0x20 and c != "\n"]
    assert "should not have happened" not in answer.err


def test_a_file_that_is_no_database_is_left_alone(empty: Desk) -> None:
    (empty.folder / "var").mkdir()
    empty.database.write_bytes(b"This is a letter, not a database." * 100)
    before = digest(empty.database)

    for arguments in (("case", "list", "--as", "root"), ("init",)):
        answer = empty(*arguments)

        assert answer.code == 2, answer
        assert digest(empty.database) == before


def test_the_database_of_another_program_is_left_alone(empty: Desk) -> None:
    (empty.folder / "var").mkdir()
    with sqlite3.connect(empty.database) as connection:
        connection.execute("CREATE TABLE letters (text TEXT)")
    before = digest(empty.database)

    for arguments in (("case", "list", "--as", "root"), ("init",)):
        answer = empty(*arguments)

        assert answer.code == 2, answer
        assert digest(empty.database) == before


def test_a_newer_database_is_not_touched(office: Desk) -> None:
    with sqlite3.connect(office.database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999_of_tomorrow'")
    before = digest(office.database)

    answer = office("--as", "he-yun", "case", "list")

    assert answer.code == 2, answer
    assert digest(office.database) == before


def test_a_second_writer_waits_and_is_told(office: Desk, made: Made) -> None:
    item = an_item(office, made)
    clerk = clerks_of(office, item["department"])[0]
    with sqlite3.connect(office.database, isolation_level=None) as connection:
        connection.execute("BEGIN IMMEDIATE")

        answer = office("--as", clerk, "work", "claim", item["id"])

        connection.execute("ROLLBACK")
    assert answer.code == 2, answer
    assert "writing" in answer.err


def test_a_read_only_database_is_named(office: Desk, made: Made) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    item = an_item(office, made)
    clerk = clerks_of(office, item["department"])[0]
    office.database.chmod(0o444)
    office.database.parent.chmod(0o555)

    answer = office("--as", clerk, "work", "claim", item["id"])

    office.database.parent.chmod(0o755)
    assert answer.code == 2, answer
    assert "read-only" in answer.err


def test_a_full_disk_is_said_where_an_answer_is_written(made: Made) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")

    answer = made.desk("--as", supervisor(made), "late", "--xlsx", full)

    assert answer.code == 2, answer
    assert "/dev/full" in answer.err
