"""`xieban clause`: what rests on a clause, with and without a store."""

from __future__ import annotations

import csv
import io
import json

from .conftest import Desk, Made
from .test_demo import supervisor


def test_what_rests_on_a_clause_is_told_with_the_open_cases_that_are_mine_to_see(made: Made) -> None:
    user = supervisor(made)
    told = json.loads(made.desk("--as", user, "clause", "impact", "S004 三（一）", "--limit", 1000, "--json").out)
    kinds = {one["kind"] for one in told["rests"]}

    assert told["clause"] == "S004 三(一)" and told["rests_on_it"] == len(told["rests"])
    assert {"procedure", "step", "gateway", "deadline", "parameter", "document", "decision rule", "open case"} <= kinds
    nobody = json.loads(made.desk("clause", "impact", "S004 三(一)", "--limit", 1000, "--json").out)
    assert "open case" not in {one["kind"] for one in nobody["rests"]}


def test_without_a_store_the_shipped_procedures_answer(empty: Desk) -> None:
    unused = list(
        csv.reader(io.StringIO(empty("clause", "list", "--document", "S004", "--unused", "--csv", "--lang", "en").out))
    )
    assert any(row[0] == "S004 二(七)" and row[-1] == "0" for row in unused)

    wrong = empty("clause", "impact", "S004 三(九)")
    assert wrong.code == 2 and "S004 三(三)" in wrong.err.replace("\n        ", " ")
