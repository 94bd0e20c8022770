"""A case between two commands, as bytes: its live tokens and nothing else.

Small on purpose (a row per token or listener) and flat in the length of the case. The case file is not in it; only
what belongs to a token is: the answer of the last person's step, the item of a loop, the inputs of a sub-process.
"""

from __future__ import annotations

import json
from typing import Any

from SpiffWorkflow.util.task import TaskState

from workflow_runtime import casefile
from workflow_runtime.engine.compiled import Compiled
from workflow_runtime.engine.steps import CaseState
from workflow_runtime.engine.workflow import CaseWorkflow, Token, Turn
from workflow_runtime.errors import BrokenSnapshot
from workflow_runtime.i18n import _

VERSION = 1


def dumped(wf: CaseWorkflow, compiled: Compiled, state: CaseState) -> bytes:
    """The live tokens, parents first, in order of arrival."""
    positions: dict[Any, int] = {wf.task_tree.id: -1}
    rows: list[list[Any]] = []
    for task in wf.live():
        positions[task.id] = len(rows)
        row: list[Any] = [task.id, positions[task._parent], _short(task.task_spec.name, compiled.main), task._state]
        if task.data or task.internal_data:
            row.append(task.internal_data or 0)
        if task.data:
            row.append(task.data)
        rows.append(row)
    document = {"v": VERSION, "k": compiled.key, "s": state.value, "n": wf.serial, "t": rows}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=_typed).encode()


def _short(name: str, main: str) -> str:
    """The name of a spec; elements of the main process go without its id."""
    return name[len(main) :] if name.startswith(f"{main}/") else name


def _typed(value: Any) -> Any:
    return {casefile.TAG: casefile.literal(value)}


def loaded(snapshot: bytes, compiled: Compiled, turn: Turn) -> CaseWorkflow:
    """The workflow a snapshot was taken of. Raises BrokenSnapshot."""
    try:
        document = json.loads(snapshot, object_hook=_untyped)
        version, key = document["v"], document["k"]
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenSnapshot(_("The stored state of the case cannot be read: {error}").format(error=error)) from error
    if version != VERSION or key != compiled.key:
        raise BrokenSnapshot(
            _("The stored state belongs to another version of the procedure ({found}, not {wanted}).").format(
                found=f"{version}/{key}", wanted=f"{VERSION}/{compiled.key}"
            )
        )
    wf = CaseWorkflow(compiled.spec, turn)
    try:
        _fill(wf, document, compiled.main)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise BrokenSnapshot(_("The stored state of the case cannot be read: {error!r}").format(error=error)) from error
    return wf


def _fill(wf: CaseWorkflow, document: dict[str, Any], main: str) -> None:
    wf.task_tree._state = TaskState.COMPLETED
    wf.case_state = CaseState(document["s"])
    wf.completed = wf.case_state is not CaseState.OPEN
    wf.serial = document["n"]
    specs = wf.spec.task_specs
    tasks: list[Token] = []
    for id, parent, name, state, *more in document["t"]:
        spec = specs[main + name if name.startswith("/") else name]
        task = Token(wf, spec, tasks[parent] if parent >= 0 else wf.task_tree, state=state, id=id)
        task.internal_data = (more[0] or {}) if more else {}
        task.data = more[1] if len(more) > 1 else {}
        tasks.append(task)


def _untyped(found: dict[str, Any]) -> Any:
    return casefile.loads(json.dumps(found)) if casefile.TAG in found else found
