"""A figure of a progress report leads back, from the command line, to the list it counts and to the children on it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli import main
from tests.procedures.conftest import office_of, story
from workflow_runtime import scenarios
from workflow_runtime.errors import NotFound
from workflow_runtime.model import SYSTEM
from workflow_runtime.procedures import find_folder
from workflow_runtime.reports import Reports

KEY = "plan-progress-reporting"
STORY = story(find_folder(KEY) / "scenarios" / "inconsistent-and-same-person.yaml")


def test_a_figure_is_traced_to_whom_it_counts_by_those_who_may_see_the_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    office = office_of(KEY, tmp_path, database=f"sqlite:///{tmp_path / 'office.db'}")
    clock = scenarios.ScenarioClock(scenarios._instant(STORY["clock"]))
    with office.open(clock) as runtime:
        run = scenarios.ScenarioRun(runtime, office.procedure, STORY, clock)
        assert run.run().problems == ()
        reports = Reports(runtime)
        taken = {one.list: one for one in reports.figures(run.case, actor=runtime.actor("lin-lan"))}
        filed = reports.filed(run.case, "S-04", actor=runtime.actor("lin-lan"))

        assert (taken["S-01"].number, taken["S-04"].number, taken["S-17"].number) == (1, 1, 0)
        assert filed.figure == taken["S-04"] and [row[0] for row in filed.rows] == ["C-990101-2025-000003"]
        with pytest.raises(NotFound, match=r"S-99.*S-01"):
            reports.filed(run.case, "S-99", actor=SYSTEM)
        with pytest.raises(NotFound):
            reports.figures(run.case, actor=runtime.actor("tang-yi"))

        monkeypatch.setenv("XIEBAN_HOME", str(runtime._settings.home))
        asked = ["--lang", "zh", "--db", runtime._settings.database, "--as", "lin-lan", "--json"]
        with pytest.raises(SystemExit) as ended:
            main([*asked, "report", "figures", run.case, "S-01"])
        told = json.loads(capsys.readouterr().out)
        assert (ended.value.code, [row["编号"] for row in told["rows"]]) == (0, ["C-990101-2025-000003"])
