"""Machine steps in a process of their own, with limits of processor time, memory and waiting.

A handler is code that somebody else may have written: it can hang, eat memory, leave by SystemExit or answer nonsense.
In a child process none of that harms the worker. The child knows no database and no password; a job goes in and an
answer comes out as JSON. It stays warm between jobs and is replaced after it was stopped.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass
from importlib import import_module
from typing import Any, TypeVar

from workflow_runtime import casefile
from workflow_runtime.errors import BadInput, NotFound, RuleBroken, XiebanError
from workflow_runtime.handling import (
    DocumentEvent,
    DocumentToIssue,
    Effects,
    FileToKeep,
    JobRefused,
    MessageToSend,
    Notice,
    ServiceJob,
    StandingChange,
    registered,
)
from workflow_runtime.i18n import _, language, use_language

Kind = TypeVar("Kind")

#: No answer of a handler is longer.
LONGEST_ANSWER = 4 * 1024 * 1024
#: How many seconds a child that has closed its end may take to die, so that it says itself what it died of.
DYING = 10.0
#: What a handler needs of the surroundings of the worker; above all not its database.
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "HOME", "SSL_CERT_FILE", "LANGUAGE")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may use: seconds of processor time, bytes of memory, seconds until the answer."""

    processor: int = 20
    memory: int = 1024 * 1024 * 1024
    patience: float = 40.0


class HandlerFailed(XiebanError):
    """The handler came to nothing this time; it may be tried again."""


class HandlerUnfit(XiebanError):
    """The handler cannot do it, however often it is tried: a person must mend it. `code` names the reason."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Bench:
    """Where handlers work: one warm child process, one job at a time. Thread-safe."""

    def __init__(self, modules: Sequence[str], limits: Limits | None = None) -> None:
        self._modules = tuple(modules)
        self._limits = limits or Limits()
        self._child: subprocess.Popen[bytes] | None = None
        self._answers = -1
        self._one = threading.Lock()

    def run(self, job: ServiceJob) -> Effects:
        """What the handler of the job answers.

        Raises JobRefused (the procedure knows the reason), HandlerFailed (try again), HandlerUnfit, BadInput,
        RuleBroken or NotFound (do not).
        """
        with self._one:
            answer = self._ask(casefile.dumps(asdict(job)).encode() + b"\n")
        return _understood(answer, job.type)

    def close(self) -> None:
        """Let the child go."""
        with self._one:
            self._stop()

    def _ask(self, question: bytes) -> Mapping[str, Any]:
        child = self._child if self._child is not None and self._child.poll() is None else self._start()
        assert child.stdin is not None
        try:
            child.stdin.write(question)
            child.stdin.flush()
        except BrokenPipeError:
            pass  # it died between two jobs; how is said below
        line = self._line(time.monotonic() + self._limits.patience)
        if line is None:
            self._stop()
            raise HandlerFailed(
                _("the handler gave no answer within {seconds:g} seconds and was stopped").format(
                    seconds=self._limits.patience
                )
            )
        if not line.endswith(b"\n"):
            code = self._stop()
            raise HandlerFailed(_cause_of_death(code, self._limits))
        answer: Mapping[str, Any] = casefile.loads(line)
        if answer.get("memory"):
            self._stop()  # what is left of it is not to be trusted
            raise HandlerFailed(
                _("the handler wanted more than {megabytes} MB of memory").format(
                    megabytes=self._limits.memory // 1024 // 1024
                )
            )
        return answer

    def _line(self, until: float) -> bytes | None:
        """The next line of the child; without its end when the child died, None when time ran out."""
        found = b""
        while not found.endswith(b"\n"):
            ready, _writable, _broken = select.select([self._answers], [], [], max(0.0, until - time.monotonic()))
            if not ready or len(found) > LONGEST_ANSWER:
                return None
            part = os.read(self._answers, 65536)
            if not part:
                return found
            found += part
        return found

    def _start(self) -> subprocess.Popen[bytes]:
        self._stop()
        self._answers, theirs = os.pipe()
        limits = self._limits
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join(part for part in sys.path if part)
        told = [str(theirs), str(limits.processor), str(limits.memory), str(int(limits.patience) + 5), language()]
        self._child = subprocess.Popen(
            [sys.executable, "-m", "workflow_runtime.isolation", *told, *self._modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(theirs,),
            env=environment,
            start_new_session=True,
        )
        os.close(theirs)
        return self._child

    def _stop(self) -> int | None:
        """End the child with all that it started; returns how it ended."""
        child, self._child = self._child, None
        if child is None:
            return None
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(DYING if child.poll() is None and self._ended() else 0)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        code = child.wait()
        if child.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                child.stdin.close()
        os.close(self._answers)
        return code

    def _ended(self) -> bool:
        """Whether the child has closed its end: it is dying of itself."""
        ready, _writable, _broken = select.select([self._answers], [], [], 0)
        return bool(ready)


def _cause_of_death(code: int | None, limits: Limits) -> str:
    if code == -signal.SIGXCPU or (code == -signal.SIGKILL and limits.processor <= limits.patience):
        return _("the handler used more than {seconds} seconds of processor time, or was killed").format(
            seconds=limits.processor
        )
    if code is not None and code < 0:
        return _("the handler's process was ended by {signal}").format(signal=signal.Signals(-code).name)
    return _("the handler's process ended without an answer (code {code})").format(code=code)


def _understood(answer: Mapping[str, Any], handler: str) -> Effects:
    """Effects out of an answer, or the error that it tells of."""
    if "effects" in answer:
        given = answer["effects"]
        return Effects(
            patch=given["patch"],
            standings=_many(StandingChange, given["standings"]),
            messages=_many(MessageToSend, given["messages"]),
            documents=_many(DocumentToIssue, given["documents"]),
            document_events=_many(DocumentEvent, given["document_events"]),
            notices=_many(Notice, given["notices"]),
            facts=given["facts"],
            basis=given["basis"],
            files=_many(FileToKeep, given["files"]),
        )
    kind, text = str(answer.get("kind")), str(answer.get("text"))
    if kind == "refused":
        raise JobRefused(str(answer["code"]), text)
    if kind in ("no_handler", "nonsense"):
        raise HandlerUnfit(kind, text)
    for known in (BadInput, RuleBroken, NotFound):
        if kind == known.__name__:
            raise known(text)
    raise HandlerFailed(_("the handler {name} failed: {reason}").format(name=handler, reason=f"{kind} ({text})"))


def _many(kind: type[Kind], given: Sequence[Mapping[str, Any]]) -> tuple[Kind, ...]:
    return tuple(kind(**one) for one in given)


# --- the child ---------------------------------------------------------------------------------------------------
def _serve(answers: int, processor: int, memory: int, patience: int, modules: Sequence[str]) -> None:
    """Answer jobs line by line until the parent goes away."""
    for module in modules:
        import_module(module)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with open(answers, "wb", closefd=True) as out:
        for line in sys.stdin.buffer:
            used = resource.getrusage(resource.RUSAGE_SELF)
            soft = int(used.ru_utime + used.ru_stime) + processor
            resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))
            signal.alarm(patience)  # should the parent be gone, nobody else would stop us
            answer = _answer(line)
            signal.alarm(0)
            out.write(answer + b"\n")
            out.flush()
            if answer == _OUT_OF_MEMORY:
                return


_OUT_OF_MEMORY = json.dumps({"memory": True}).encode()


def _answer(line: bytes) -> bytes:
    try:
        given = casefile.loads(line)
        job = ServiceJob(**{**given, "path": tuple(given["path"])})
        handler = registered().get(job.type)
        if handler is None:
            return _failed("no_handler", _("there is no handler {name!r}").format(name=job.type))
        effects = handler(job)
        wrong = _nonsense(effects)
        if wrong:
            return _failed("nonsense", _("the handler {name} answered {what}").format(name=job.type, what=wrong))
        return casefile.dumps({"effects": _plain(effects)}).encode()
    except JobRefused as refusal:
        return json.dumps({"kind": "refused", "code": refusal.code, "text": str(refusal)}).encode()
    except MemoryError:
        return _OUT_OF_MEMORY
    except BadInput as error:
        return _failed("BadInput", str(error))
    except RuleBroken as error:
        return _failed("RuleBroken", str(error))
    except BaseException as error:  # SystemExit too: a handler does not end the worker
        return _failed(type(error).__name__, _where(error))


def _where(error: BaseException) -> str:
    """The place in the code; the words of an exception may hold data of a case."""
    places = traceback.extract_tb(error.__traceback__)
    return f"{os.path.basename(places[-1].filename)}:{places[-1].lineno}" if places else "?"


def _failed(kind: str, text: str) -> bytes:
    return json.dumps({"kind": kind, "text": text}).encode()


def _nonsense(effects: object) -> str:
    """What is wrong with an answer, in words; empty when it is well formed."""
    if not isinstance(effects, Effects):
        return _("{kind} instead of Effects").format(kind=type(effects).__name__)
    patch: object = effects.patch
    if not isinstance(patch, Mapping) or not all(isinstance(key, str) for key in patch):
        return _("a patch that is no mapping of names to values")
    facts: object = effects.facts
    if not isinstance(facts, Mapping) or not all(isinstance(key, str) for key in facts):
        return _("facts that are no mapping of names to values")
    kinds = {
        "standings": StandingChange,
        "messages": MessageToSend,
        "documents": DocumentToIssue,
        "document_events": DocumentEvent,
        "notices": Notice,
        "files": FileToKeep,
    }
    for name, kind in kinds.items():
        values = getattr(effects, name)
        if not isinstance(values, tuple | list) or not all(isinstance(one, kind) for one in values):
            return _("{name} that are not all {kind}").format(name=name, kind=kind.__name__)
    try:
        casefile.dumps(_plain(effects))
    except (XiebanError, TypeError, ValueError) as error:
        return _("values that no case file can hold: {reason}").format(reason=error)
    return ""


def _plain(value: Any) -> Any:
    """Dataclasses as mappings, one level after the other (asdict copies what it does not know)."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return dict(value) if isinstance(value, Mapping) else value


if __name__ == "__main__":
    answering, seconds, most, patient = map(int, sys.argv[1:5])
    use_language(sys.argv[5])
    _serve(answering, seconds, most, patient, sys.argv[6:])
