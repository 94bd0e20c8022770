"""Figures that can be traced: how many entries control lists have today, and the lists themselves, filed."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from workflow_runtime import Effects, FileToKeep, JobRefused, ServiceJob, handler
from workflow_runtime.escaping import cell


@handler("take_figures")
def take_figures(job: ServiceJob) -> Effects:
    """Count the entries of each list that the step's header `lists` names; answers `figures` (list, title, number,
    parts, taken_on, file, sha256) and `figure_lists`, the files."""
    if not job.lists:
        raise JobRefused("NO_LISTS", "the step's header `lists` must name at least one control list, as in S-01,S-04")
    day = job.now.astimezone(ZoneInfo("Asia/Shanghai")).date()
    figures, files = [], []
    for id, found in job.lists.items():
        text, name = _csv(found), f"{id}-{day}.csv"
        files.append(FileToKeep("figure_lists", name, text))
        figures.append(
            {
                "list": id,
                "title": str(found["title"]),
                "number": len(found["rows"]),
                "parts": "；".join(f"{one['title']} {_shown(one['value'])}" for one in found["totals"] if one["value"]),
                "taken_on": day,
                "file": name,
                "sha256": hashlib.sha256(text.encode()).hexdigest(),
            }
        )
    return Effects(patch={"figures": figures}, files=tuple(files))


def _csv(found: Mapping[str, Any]) -> str:
    """A list as a table that every office opens; nothing in it is taken for a formula."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(found["columns"])
    table.writerows([_cell(value) for value in row] for row in found["rows"])
    return "\ufeff" + text.getvalue()


def _cell(value: Any) -> str:
    return str(cell(_shown(value)))


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{value['what']} {value['number']}"
    return "" if value is None else "、".join(map(_shown, value)) if isinstance(value, list) else str(value)
