"""A process owner looks at drawings: what a change changes, in a terminal, in git and for running cases."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

from .conftest import COMMAND, Desk

PROCESS = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t">
<process id="visit" name="回访" isExecutable="true">
<startEvent id="start" name="收到"/><userTask id="visit_child" name="回访儿童"/>
<userTask id="report" name="写报告"/><endEvent id="end" name="办结"/>
<sequenceFlow id="a" sourceRef="start" targetRef="visit_child"/>
<sequenceFlow id="b" sourceRef="visit_child" targetRef="report"/>
<sequenceFlow id="c" sourceRef="report" targetRef="end"/></process></definitions>
"""
RENAMED = PROCESS.replace("写报告", "写回访报告")
TABLE = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">
<decision id="fee" name="费用"><decisionTable id="t"><input id="i" label="年龄"><inputExpression id="e"><text>age</text>
</inputExpression></input><output id="o" name="amount"/>
<rule id="r1"><inputEntry id="x"><text>&lt; 8</text></inputEntry>
<outputEntry id="y"><text>100</text></outputEntry></rule></decisionTable></decision></definitions>
"""


def git(office: Desk, *words: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=何芸", "-c", "user.email=he@example.org", *words],
        cwd=office.folder,
        env=office.environment({"GIT_CONFIG_NOSYSTEM": "1", "HOME": str(office.folder)}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def changed_lines(shown: str) -> list[str]:
    return [line for line in shown.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def test_git_shows_drawings_and_tables_in_words(empty: Desk) -> None:
    program = shlex.join(COMMAND)
    git(empty, "init", "-q")
    git(empty, "config", "diff.xieban.textconv", f"{program} diagram outline --by-name")
    git(empty, "config", "difftool.xieban.cmd", f'{program} diagram diff "$LOCAL" "$REMOTE"')
    empty.write(".gitattributes", "*.bpmn diff=xieban\n*.dmn diff=xieban\n")
    empty.write("visit.bpmn", PROCESS)
    git(empty, "add", "-A")
    git(empty, "commit", "-qm", "回访流程")
    empty.write("visit.bpmn", RENAMED)
    empty.write("fee.dmn", TABLE)
    git(empty, "add", "-A")

    lines = changed_lines(git(empty, "diff", "--cached", "--unified=0", "visit.bpmn"))
    told = git(empty, "difftool", "--cached", "--no-prompt", "--tool=xieban")

    assert lines and all("报告" in line for line in lines)
    assert "Renamed: work of a person “写报告” is now “写回访报告”" in told
    assert "Added: decision “费用”" in told or "Added" in told


def test_a_difference_counts_the_running_cases_one_may_see(office: Desk) -> None:
    exported = office("procedure", "export", "county-city-transfer", "p16")
    assert exported.code == 0, exported.err
    drawn = next(office.folder.rglob("county-city-transfer.bpmn"))
    held = json.loads(office("--as", "zhou-lan", "case", "list", "--json").out)
    without = drawn.read_text().replace('"list_archive"', '"sort_archive"').replace(">list_archive<", ">sort_archive<")
    office.write("new.bpmn", without)

    words = office("--as", "zhou-lan", "diagram", "diff", "county-city-transfer@1", "new.bpmn")
    told = json.loads(office("--as", "zhou-lan", "diagram", "diff", "county-city-transfer@1", "new.bpmn", "--json").out)

    assert held and len(told["affected"]["cases"]) >= len(told["affected"]["on_removed"]) >= 1
    count, standing = len(told["affected"]["cases"]), len(told["affected"]["on_removed"])
    assert f"Affects {count} running cases: {standing} stand" in " ".join(words.out.split())
    assert "Affects" not in office("diagram", "diff", str(drawn), "new.bpmn").out


def test_a_picture_marks_what_a_check_finds(empty: Desk) -> None:
    stuck = PROCESS.replace('<endEvent id="end" name="办结"/>', "").replace(
        '<sequenceFlow id="c" sourceRef="report" targetRef="end"/>',
        '<sequenceFlow id="c" sourceRef="report" targetRef="visit_child"/>',
    )
    empty.write("visit.bpmn", stuck)

    plain, marked = (
        empty("diagram", "render", "visit.bpmn", "--to", name, *more)
        for name, more in (("plain.svg", ()), ("marked.svg", ("--findings",)))
    )

    assert plain.code == marked.code == 0, marked.err
    assert "marked." in marked.out
    assert 'class="w-error"' in _text(empty, "marked.svg") and 'class="w-error"' not in _text(empty, "plain.svg")


def _text(office: Desk, name: str) -> str:
    return (Path(office.folder) / name).read_text()


def test_a_case_is_seen_in_its_drawing_and_in_its_words(office: Desk) -> None:
    (first, *_more) = json.loads(office("--as", "zhou-lan", "case", "list", "--json").out)
    number = first["number"]

    drawn = office("--as", "zhou-lan", "diagram", "render", "-", "--case", number, "--to", "case.svg")
    told = office("--as", "zhou-lan", "diagram", "outline", "-", "--case", number)
    shown = office("--as", "zhou-lan", "case", "show", number)

    svg = _text(office, "case.svg")
    assert drawn.code == told.code == shown.code == 0, drawn.err + told.err
    assert 'class="done"' in svg and 'class="active"' in svg and "In this case" in svg
    assert "✔ Step 1 of" in told.out and "● Step" in told.out
    assert "  ✔   1 " in shown.out and all(len(line) <= 80 for line in told.out.splitlines())


def test_a_diagram_is_laid_out_into_a_file_or_into_a_pipe(empty: Desk) -> None:
    shipped = empty("diagram", "layout", "consult-child")

    assert shipped.code == 0 and "BPMNShape" in shipped.out and shipped.out.startswith("<?xml")
    empty.write("piped.bpmn", shipped.out)
    assert empty("diagram", "layout", "piped.bpmn", "-o", "again.bpmn").code == 0
    assert empty("diagram", "render", "again.bpmn", "-o", "again.svg").code == 0
    assert (empty.folder / "again.svg").read_bytes().startswith(b"<svg")
