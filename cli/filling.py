"""Filling in a form: from a data file, from `--set`, or question by question on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli.options import pairs_to_mapping
from cli.session import Session
from workflow_runtime.casefile import read_json
from workflow_runtime.errors import BadInput
from workflow_runtime.escaping import safe
from workflow_runtime.i18n import _, of_data, os_reason

if TYPE_CHECKING:
    from workflow_runtime.forms import Form, Prompt

Submitted = TypeVar("Submitted")

MAX_FILE = 100_000_000  #: bytes; a form sets its own, smaller limits
_FILES = ("file", "files")


def fill(
    session: Session,
    form: Form | None,
    submit: Callable[[dict[str, Any]], Submitted],
    *,
    file: str | None,
    pairs: Sequence[str],
    values: Mapping[str, Any],
    context: Mapping[str, Any] | None = None,
    keep: Callable[[dict[str, Any]], None] | None = None,
) -> Submitted:
    """What `submit` makes of the clerk's answers to `form`.

    Asks only on a terminal, and only when no answer came with the command. What was typed is not lost when it is
    refused: the questions that were answered wrongly are asked again. `keep` gets the answers so far after each one.
    """
    given = answers(session, form, file=file, pairs=pairs)
    if given or file is not None or form is None or not sys.stdin.isatty() or session.as_json:
        return submit(given)
    known, only, said = dict(values), frozenset[str](), ""
    while True:
        asked = ask(session, form, {**known, **given}, context or {}, only=only, keep=keep)
        given = {**given, **asked} if only else asked
        try:
            return submit(given)
        except BadInput as error:
            wrong = _named(form, error)
            if not wrong:
                raise
            session.output.line()
            for finding in error.findings:
                session.output.wrapped(f"{safe(finding.message)} → {safe(finding.remedy)}", "  ✖ ")
            session.output.line()
            session.output.wrapped(_("Please answer again; what you have typed is kept."))
            # Refused twice in the same words, the mistake may stand in another field: go through all of them.
            only, said = frozenset() if str(error) == said else wrong, str(error)
            given = {key: value for key, value in given.items() if key not in wrong}


def _named(form: Form, error: BadInput) -> frozenset[str]:
    """The fields of the form that the refusal is about."""
    words = {word for finding in error.findings for word in (*finding.path, finding.element)}
    return frozenset(key for key in form.keys if key in words)


def answers(session: Session, form: Form | None, *, file: str | None, pairs: Sequence[str]) -> dict[str, Any]:
    """The answers that came with the command: from a data file and from `--set`."""
    given: dict[str, Any] = {}
    if file is not None:
        given |= _from_file(session, form, file)
    for key, text in pairs_to_mapping(pairs, "--set").items():
        given[key] = _from_text(session, form, key, text)
    return given


def _from_file(session: Session, form: Form | None, name: str) -> dict[str, Any]:
    if name == "-":
        content, folder, what = sys.stdin.buffer.read(), Path(), _("standard input")
    else:
        path = Path(name)
        content, folder, what = read_bytes(path), path.parent, str(path)
    document = read_json(content, what=what)
    if not isinstance(document, dict):
        raise BadInput(_("{what}: a JSON object is needed, with a value for each field").format(what=what))
    return {key: _attached(session, form, key, value, folder) for key, value in document.items()}


def _from_text(session: Session, form: Form | None, key: str, text: str) -> Any:
    field = _field(form, key)
    if text.startswith("@") and (field is None or field.type.value in _FILES):
        return _attached(session, form, key, text, Path())
    if form is not None and field is not None:
        from workflow_runtime.forms import prompts

        for prompt in prompts(form):
            if prompt.key == key:
                return prompt.parse(text)
    return text


def _field(form: Form | None, key: str) -> Any:
    return form.field(key) if form is not None and key in form.keys else None


def _attached(session: Session, form: Form | None, key: str, value: Any, folder: Path) -> Any:
    """`value` with every `@path` of a file field replaced by the stored file."""
    field = _field(form, key)
    if field is not None and field.type.value == "list" and isinstance(value, list):
        children = {child.key: child for child in field.fields}
        return [
            {name: _stored(session, children.get(name), part, folder) for name, part in row.items()}
            if isinstance(row, dict)
            else row
            for row in value
        ]
    return _stored(session, field, value, folder)


def _stored(session: Session, field: Any, value: Any, folder: Path) -> Any:
    if field is None or field.type.value not in _FILES:
        return value
    parts = value if isinstance(value, list) else [value]
    return [
        attach(session, folder / part[1:]) if isinstance(part, str) and part.startswith("@") else part for part in parts
    ]


def attach(session: Session, path: Path) -> Mapping[str, Any]:
    """Put a file into the store; what the file field then holds."""
    return session.runtime.store_file(path.name, read_bytes(path), actor=session.actor)


def read_bytes(path: Path) -> bytes:
    """A file's content; a missing, unreadable or huge file is named."""
    try:
        if path.stat().st_size > MAX_FILE:
            raise BadInput(_("{path} is larger than {limit} MB").format(path=path, limit=MAX_FILE // 1_000_000))
        return path.read_bytes()
    except OSError as error:
        text = _("{path} cannot be read: {reason}; check the path")
        raise BadInput(text.format(path=path, reason=os_reason(error))) from error
    except ValueError as error:  # a NUL in the path
        raise BadInput(_("{path!r} is not a path").format(path=str(path))) from error


# --- on the terminal ------------------------------------------------------------------------------------------


def ask(
    session: Session,
    form: Form,
    values: Mapping[str, Any],
    context: Mapping[str, Any],
    *,
    only: Collection[str] = frozenset(),
    keep: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Ask every visible question of the form, one after the other; or those named in `only`.

    `keep` gets all answers after each question: those of before that still hold, and the new ones.
    """
    from workflow_runtime.forms import prompts

    output = session.output
    given: dict[str, Any] = {}
    if keep is None:
        text = _("Enter accepts the value in brackets; “-” leaves a field empty; Ctrl-C stops, and nothing is kept.")
    else:
        text = _("Enter accepts the value in brackets; “-” leaves a field empty; Ctrl-C stops and keeps your answers.")
    output.wrapped(text)
    before = {key: value for key, value in values.items() if key in form.keys}
    section = ""
    for prompt in prompts(form, known=values):
        known = {**context, **values, **given}
        if (only and prompt.key not in only) or not prompt.visible(_feel, known):
            continue
        if prompt.section and prompt.section != section:
            section = prompt.section
            output.line()
            output.heading(safe(section))
        if prompt.intro:
            output.wrapped(safe(prompt.intro, lines=True))
        answer = _answer(session, prompt, known)
        if answer is not None:
            given[prompt.key] = answer
        else:
            before.pop(prompt.key, None)
        if keep is not None:
            keep({**before, **given})
    return given


def _feel(text: str, context: Mapping[str, Any]) -> Any:
    from workflow_runtime import feel

    return feel.evaluate(text, context)


def _answer(session: Session, prompt: Prompt, known: Mapping[str, Any], number: str = "") -> Any:
    output, kind, default = session.output, prompt.field.type.value, prompt.field.default
    needed = prompt.needed(_feel, known)
    output.line()
    output.line(output.bold(number + safe(prompt.label)) + (" *" if needed else ""))
    for remark in (prompt.hint, prompt.rule):
        if remark:
            output.wrapped(safe(remark), "  ")
    for position, option in enumerate(prompt.options, 1):
        label, value = safe(of_data(option.label)), safe(option.value)
        output.wrapped(label if label == value else f"{label}  ({value})", f"  {position}. ")
    if kind == "list":
        return _rows(session, prompt, default, known)
    shown = _as_typed(default)
    while True:
        text = click.prompt("  >", default=shown, show_default=bool(shown), prompt_suffix=" ").strip()
        if default is not None and text == shown:
            return default
        if text == "-" or (not text and not needed):
            return None
        try:
            if text and kind in _FILES:
                paths = [part.strip().removeprefix("@") for part in text.replace("，", ",").split(",")]
                return [attach(session, Path(path)) for path in paths if path]
            if text:
                return prompt.parse(text)
            output.wrapped(_("this must be filled in"), "  ✖ ")
        except BadInput as error:
            for finding in error.findings:
                output.wrapped(f"{safe(finding.message)} → {safe(finding.remedy)}", "  ✖ ")
            if not error.findings:
                output.wrapped(safe(error), "  ✖ ")


def _rows(session: Session, prompt: Prompt, default: Any, known: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """A list: row after row, until the clerk has no more."""
    rows: list[dict[str, Any]] = []
    if default:
        session.output.wrapped(session.output.value(default), "  ")
        if click.confirm("  " + _("Keep these rows?"), default=True):
            return list(default)
    while click.confirm("  " + _("Add row {number}?").format(number=len(rows) + 1), default=not rows):
        place = f"{len(rows) + 1}. "
        answered = {child.key: _answer(session, child, known, place) for child in prompt.fields}
        rows.append({key: value for key, value in answered.items() if value is not None})
    return rows or None


def _as_typed(value: Any) -> str:
    if value is None or isinstance(value, (list, dict)):
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)
