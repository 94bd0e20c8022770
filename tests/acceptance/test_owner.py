"""A process owner keeps the rules and mends cases: holidays, profiles, moved and held cases, many at once."""

from __future__ import annotations

import json
import re

from .conftest import Desk

OWNER = ("--as", "he-yun")
NOTICE = """year: {year}
source: 国务院办公厅关于{year}年部分节假日安排的通知
days: [{{date: {year}-01-03, kind: holiday, name: 元旦}}]
"""


def some_case(office: Desk) -> str:
    """An open case of the demo."""
    rows = json.loads(office("--as", "zhou-lan", "case", "list", "--state", "open", "--limit", "1", "--json").out)
    return str(rows[0]["number"])


def test_a_year_of_holidays_is_previewed_kept_and_shown(office: Desk) -> None:
    office.write("CN-2030.yaml", NOTICE.format(year=2030))
    office.write("wrong.yaml", NOTICE.format(year=2030).replace("2030-01-03", "2031-01-03"))

    preview = office(*OWNER, "calendar", "import", "CN-2030.yaml", "--dry-run")
    refused = office(*OWNER, "calendar", "import", "wrong.yaml", "--yes")
    clerk = office("--as", "su-lan", "calendar", "import", "CN-2030.yaml", "--yes")
    kept = office(*OWNER, "calendar", "import", "CN-2030.yaml", "--yes")
    shown = office(*OWNER, "calendar", "show", "2030")
    again = office(*OWNER, "calendar", "apply", "--yes", "--lang", "zh")

    assert preview.code == 0 and "nothing was changed" in preview.out
    assert refused.code == clerk.code == 2
    assert "is not in 2030" in refused.err and "process owner" in clerk.err
    assert kept.code == 0 and "The table of 2030 is kept" in kept.out and "0 failed" in kept.out
    assert shown.code == 0 and "2030-01-03" in shown.out
    assert again.code == 0 and "没有需要办理的" in again.out


def test_a_profile_is_checked_compared_kept_and_applied(office: Desk) -> None:
    given = office(*OWNER, "profile", "export", "GX", "GX.yaml")
    assert given.code == 0, given.err
    text = re.sub(r"(?m)^version: .*", 'version: "2"', (office.folder / "GX.yaml").read_text(encoding="utf-8"))
    office.write("GX.yaml", text)
    office.write("lacks.yaml", text.replace("name: transfer_plan\n", "name: transfer_plans\n"))
    office.write("wrong.yaml", text.replace("unit: WD", "unit: WW", 1).replace("mark: P", "mark: S", 1))

    lacks, wrong = (office("profile", "check", name) for name in ("lacks.yaml", "wrong.yaml"))
    same = office("profile", "diff", "GX", "GX")
    differs = office("profile", "diff", "GX", "HB", "--limit", "100", "--lang", "zh")
    unknown = office("profile", "diff", "GX", "GX@7")
    office(*OWNER, "profile", "import", "GX.yaml")
    without = office(*OWNER, "profile", "apply", "GX", "--yes")
    applied = office(*OWNER, "profile", "apply", "GX", "--reason", "统一", "--yes", "--json")

    assert lacks.code == 1 and "transfer_plan, which the profile does not have" in " ".join(lacks.out.split())
    assert wrong.code == 1 and "WW" in wrong.out and "needs the text it comes from" in " ".join(wrong.out.split())
    assert (same.code, same.out.strip()) == (0, "They say the same.") and differs.code == 1 and "来源" in differs.out
    assert unknown.code == 2 and "no profile of version 7" in unknown.err
    assert without.code == 2 and "--reason" in without.err
    assert applied.code == 0 and {line["state"] for line in json.loads(applied.out)} <= {"done", "unchanged"}


def test_a_case_is_moved_by_two_and_carries_the_flag(office: Desk) -> None:
    number = some_case(office)
    stuck = office(*OWNER, "case", "move", number, "--from", "nowhere", "--to", "close", "--reason", "x", "--yes")
    held = office(*OWNER, "case", "suspend", number, "--reason", "停电")
    twice = office(*OWNER, "case", "suspend", number, "--reason", "停电")
    goes_on = office(*OWNER, "case", "resume", number, "--reason", "来电")
    page = office("--as", "zhou-lan", "case", "show", number, "--lang", "zh")
    both = office(*OWNER, "case", "suspend", number, "--procedure", "county-city-transfer", "--reason", "x")

    assert stuck.code == 2 and "no element nowhere" in stuck.err
    assert held.code == goes_on.code == 0 and twice.code == 2 and "suspended" in twice.err
    assert "⚑ 曾中止" in page.out and both.code == 2


def test_many_are_treated_at_once_and_each_is_reported(office: Desk) -> None:
    preview = office(*OWNER, "case", "suspend", "--procedure", "county-city-transfer", "--reason", "台风", "--dry-run")
    done = office(
        *OWNER, "case", "suspend", "--procedure", "county-city-transfer", "--reason", "台风", "--yes", "--json"
    )
    again = office(*OWNER, "case", "suspend", "--procedure", "county-city-transfer", "--reason", "台风", "--yes")
    back = office(
        *OWNER, "case", "resume", "--procedure", "county-city-transfer", "--reason", "风停", "--yes", "--json"
    )
    quiet = office(*OWNER, "incident", "retry", "--all", "--element", "none", "--reason", "x", "--yes")
    unclear = office(*OWNER, "incident", "retry", "--reason", "x")

    numbers = [line["what"] for line in json.loads(done.out)]
    assert preview.code == 0 and f"{len(numbers)} would be done" in preview.out and len(numbers) > 10
    assert "There is nothing to do" in again.out and [one["what"] for one in json.loads(back.out)] == numbers
    assert quiet.code == 0 and unclear.code == 2
