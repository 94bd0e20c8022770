"""On a terminal: questions with label, hint and rule; text from cases that cannot act; colours only where wanted."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from typing import Any

from .conftest import COMMAND, Desk, Made
from .test_demo import read, supervisor
from .test_refusals import an_item, clerks_of


def on_a_terminal(desk: Desk, *arguments: str, typed: str = "", seconds: float = 300, **variables: str) -> str:
    """What a person sees who calls the program on a terminal of 80 columns and types `typed`."""
    main, other = pty.openpty()
    environment = desk.environment({"TERM": "xterm", **variables})
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=desk.folder,
        env=environment,
        stdin=other,
        stdout=other,
        stderr=other,
        close_fds=True,
    )
    os.close(other)
    seen, until = b"", time.monotonic() + seconds
    if typed:
        os.write(main, typed.encode())
    while time.monotonic() < until:
        ready, _w, _x = select.select([main], [], [], 0.1)
        if ready:
            try:
                part = os.read(main, 65536)
            except OSError:  # the program has left
                break
            if not part:
                break
            seen += part
        elif process.poll() is not None:
            break
    process.kill()
    process.wait()
    os.close(main)
    return seen.decode(errors="replace").replace("\r\n", "\n")


def open_step(office: Desk, made: Made, element: str) -> dict[str, Any]:
    """An item of a step that nobody has taken."""
    items = read(office("--as", supervisor(made), "work", "list", "--state", "ready", "--limit", 500, "--json"))
    return next(item for item in items if item["element"] == element)


def test_a_form_is_asked_question_by_question(office: Desk, made: Made) -> None:
    item = open_step(office, made, "make_ready")
    clerk = clerks_of(office, item["department"])[0]

    seen = on_a_terminal(office, "--as", clerk, "work", "complete", item["id"], typed="\x04", NO_COLOR="1")

    assert " *" in seen, "a required field is marked"
    assert "  > " in seen, "it asks"
    assert "Stopped" in seen
    after = read(office("--as", clerk, "work", "show", item["id"], "--json"))
    assert after["item"]["state"] == item["state"]


def test_colours_stand_on_a_terminal_and_go_with_no_color(made: Made) -> None:
    who = supervisor(made)

    assert "\x1b[" in on_a_terminal(made.desk, "--as", who, "late")
    assert "\x1b[" not in on_a_terminal(made.desk, "--as", who, "late", NO_COLOR="1")


HOSTILE = {
    "title": "\x1b]0;pwn\x07\x1b[2J",
    "eight-bit control": "\x9b31m",
    "direction": "\u202etxt.exe",
    "markup": "[link=http://evil]x[/link]",
    "overwrite": "good\rbad",
    "clipboard": "\x1b]52;c;cm0gLXJmIC8=\x07",
}


def test_text_from_a_case_cannot_act_on_the_terminal(office: Desk, made: Made) -> None:
    item = an_item(office, made)
    clerk = clerks_of(office, item["department"])[0]

    for text in HOSTILE.values():
        assert office("--as", clerk, "work", "remind", item["id"], "--text", text).code == 0

    shown = office("--as", clerk, "case", "history", item["case"]).out
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", shown)
    assert "\\x1b]0;pwn\\x07" in shown
    assert "[link=http://evil]x[/link]" in shown.replace("\n", "")


def test_a_worker_stops_when_it_is_told(office: Desk) -> None:
    process = subprocess.Popen(
        [*COMMAND, "worker", "--inline", "--poll", "0.2"],
        cwd=office.folder,
        env=office.environment({}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert "Ctrl-C" in process.stderr.readline()

    process.terminate()

    assert process.wait(timeout=300) == 0
    assert "stopped" in process.stderr.read()
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        stream.close()


def test_a_form_that_was_left_is_gone_on_with_elsewhere(office: Desk, made: Made) -> None:
    item = open_step(office, made, "make_ready")
    clerk = clerks_of(office, item["department"])[0]
    command = ("--as", clerk, "work", "complete", item["id"])

    left = on_a_terminal(office, *command, typed="床位已经备好\n\x04", NO_COLOR="1")
    shown = office("--as", clerk, "work", "show", item["id"]).out
    again = on_a_terminal(office, *command, typed="\n\x04", NO_COLOR="1")

    assert "your answers are kept" in left
    assert "Draft" in shown and "1 answers are kept" in shown
    assert "You answered part of this" in again
    assert read(office("--as", clerk, "work", "show", item["id"], "--json"))["item"]["state"] == item["state"]
