"""What comes from outside: answers of agencies that are not on the platform, handed in as a file or laid into a folder.

Every file ends in one of two folders, with a receipt; every message ends consumed, expired or dead. The folder may be
shared by many workers, watched all the time, and written to by anybody: a file is claimed by renaming it, read only
when it is whole, and whoever dies with a file in hand leaves it for the next.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workflow_runtime import casefile, queries
from workflow_runtime.casework import TIME_TO_LIVE
from workflow_runtime.errors import BadInput, NotFound, StoreError, XiebanError
from workflow_runtime.files import write_durably
from workflow_runtime.i18n import _, os_reason
from workflow_runtime.model import SYSTEM, Actor
from workflow_runtime.repairs import MessageView, Repairs
from workflow_runtime.runtime import Runtime

#: No answer of an agency is longer.
LONGEST_MESSAGE = 1024 * 1024
#: A file that does not read as a message may still be written to; after so many seconds of rest it is not.
SETTLED = 30.0
#: Whoever has not finished with a file after so many seconds has died.
ABANDONED = 60.0
#: Files at a look.
WINDOW = 200
#: What a message may be, in characters: the columns it is kept in.
LENGTHS = {"name": 100, "correlation": 200, "sender": 200, "id": 1000}
#: What the outbox of another xieban says besides (outbox.py): it has brought the message here.
_FOR_THE_CARRIER = ("receiver", "sent_at")
#: Ends of names under which programs write what is not whole yet.
_UNFINISHED = (".part", ".partial", ".tmp", ".filepart", ".crdownload", "~")

_log = logging.getLogger("xieban.inbox")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a file that was handed in."""

    file: str
    message: str | None
    state: str  #: accepted, repeated, late or refused
    text: str


class Inbox:
    """The door for messages from outside."""

    def __init__(self, runtime: Runtime, folder: Path | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self._runtime = runtime
        self._folder = folder
        self._clock = clock

    def send(self, content: bytes, *, actor: Actor, sender: str | None = None) -> tuple[MessageView, bool]:
        """A message from a file: name, correlation, payload, and as they are known id, sender, expires_at (JSON).

        Returns the message, and whether it was here before: the same file, or the same id of the same sender, changes
        nothing. One that comes after its time is kept as expired. Raises BadInput.
        """
        runtime = self._runtime
        runtime._owner_only(actor)
        given = read_message(content)
        sender = str(sender or given.get("sender") or actor.clerk)
        own = str(given["id"]) if given.get("id") else hashlib.sha256(content).hexdigest()
        id = hashlib.sha256(f"{sender}\n{own}".encode()).hexdigest()[:40]
        with runtime._database.read() as tx:
            known = queries.message_by_id(tx, id)
        if known is None:
            runtime.deliver_message(
                str(given["name"]),
                str(given["correlation"]),
                given.get("payload") or {},
                sender=sender,
                id=id,
                expires_at=self._instant(given.get("expires_at")) or runtime._clock() + TIME_TO_LIVE,
                actor=actor,
            )
        return Repairs(runtime).message(id, actor=actor), known is not None

    def collect(self, *, actor: Actor = SYSTEM) -> tuple[Receipt, ...]:
        """Take in what lies in the folder, the oldest first; each file gets a receipt. Safe beside others.

        A file that was taken goes to `taken/`, one that cannot be read to `refused/`; `receipts/NAME.receipt.json` says
        what became of it. Raises StoreError when the store or the folder cannot be used: the files stay where they are.
        """
        receipts = []
        for file in self._claimed(actor):
            try:
                receipts.append(self._taken(file, actor))
            except StoreError:
                self._given_back(file)
                raise
        return tuple(receipts)

    # --- one file ------------------------------------------------------------------------------------------------
    def _claimed(self, actor: Actor) -> Iterator[Path]:
        """Files that are whole, each in this process's hands alone: whoever renames it first has it."""
        assert self._folder is not None
        try:
            lying = sorted((one for one in os.scandir(self._folder) if _is_file(one)), key=_age)
            left = [one for one in _entries(self._folder / "taking") if self._rests(one, ABANDONED)]
        except OSError as error:
            raise StoreError(
                _("the folder {where} cannot be read: {reason}").format(where=self._folder, reason=os_reason(error))
            ) from error
        hand = self._folder / "taking"
        for entry in left[:WINDOW]:
            mine = hand / secrets.token_hex(6)
            if _renamed(Path(entry.path), mine):  # of one who died
                yield from (mine / name for name in os.listdir(mine))
        for entry in [one for one in lying if self._whole(one)][:WINDOW]:
            mine = hand / secrets.token_hex(6)
            mine.mkdir(parents=True)
            if _renamed(Path(entry.path), mine / entry.name):
                yield mine / entry.name
            else:
                mine.rmdir()

    def _whole(self, entry: os.DirEntry[str]) -> bool:
        """Whether nobody writes to the file any more: it reads as a message, or has been left alone for a while."""
        if entry.name.startswith(".") or entry.name.lower().endswith(_UNFINISHED):
            return False
        if self._rests(entry, SETTLED):
            return True
        try:
            self._read(_content(Path(entry.path)))
        except (BadInput, OSError):
            return False
        return entry.name.lower().endswith(".json")

    def _rests(self, entry: os.DirEntry[str], seconds: float) -> bool:
        """Whether its content has been left alone for so long."""
        try:
            return abs(self._clock() - entry.stat(follow_symlinks=False).st_mtime) > seconds
        except OSError:
            return False

    def _taken(self, file: Path, actor: Actor) -> Receipt:
        shown = os.fsencode(file.name).decode("utf-8", "replace")
        try:
            if not file.name.lower().endswith(".json"):
                raise BadInput(_("the name of an answer ends in .json"))
            receipt = Receipt(shown, *self._accept(_content(file), actor))
        except (BadInput, NotFound) as error:
            receipt = Receipt(shown, None, "refused", str(error))
        except OSError as error:
            receipt = Receipt(shown, None, "refused", _("it cannot be read: {reason}").format(reason=os_reason(error)))
        self._put_away(file, receipt)
        return receipt

    def _read(self, content: bytes) -> Mapping[str, Any]:
        """What a file says. Raises BadInput."""
        return read_message(content)

    def _accept(self, content: bytes, actor: Actor) -> tuple[str, str, str]:
        """Act upon what a file says: the message's id, what became of the file, and in words. Raises BadInput."""
        message, repeated = self.send(content, actor=actor)
        return message.id, *_outcome(message, repeated)

    def _put_away(self, file: Path, receipt: Receipt) -> None:
        """The receipt first, then the file: a death in between repeats both, and the message is known."""
        assert self._folder is not None
        folder = self._folder
        goal = _free(folder / ("refused" if receipt.state == "refused" else "taken"), file.name)
        answer = {
            "file": receipt.file,
            "kept_as": os.fsencode(f"{goal.parent.name}/{goal.name}").decode("utf-8", "replace"),
            "message": receipt.message,
            "state": receipt.state,
            "text": receipt.text,
            "at": self._runtime._clock().isoformat(),
        }
        name = _receipt_name(file.name)
        if (folder / "receipts" / name).exists():  # of an earlier file of that name
            _renamed(folder / "receipts" / name, _free(folder / "receipts", name))
        write_durably(folder / "receipts" / name, json.dumps(answer, ensure_ascii=False).encode())
        (folder / "receipts" / name).chmod(0o644)  # for whoever laid the answer there
        goal.parent.mkdir(exist_ok=True)
        file.replace(goal)
        file.parent.rmdir()

    def _given_back(self, file: Path) -> None:
        assert self._folder is not None
        goal = self._folder / file.name
        if not goal.exists() and _renamed(file, goal):
            file.parent.rmdir()

    def _instant(self, value: Any) -> datetime | None:
        try:
            at = self._runtime._instant(value)
            return at and at.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise BadInput(
                _("expires_at {value} is no time; write it like 2024-12-31T23:59:59+08:00").format(value=value)
            ) from error


def watching(runtime: Runtime, folder: Path | None) -> Callable[[], int]:
    """What a worker does besides: a look into the folder, if there is one; how many files were taken in.

    What is wrong with the folder is logged, and the other work goes on.
    """
    inbox = Inbox(runtime, folder)

    def look() -> int:
        try:
            receipts = inbox.collect() if folder is not None else ()
        except StoreError as error:
            _log.warning("the folder of answers cannot be used: %s", error)
            return 0
        for receipt in receipts:
            _log.info("an answer was %s: message %s", receipt.state, receipt.message or "-")
        return len(receipts)

    return look


def read_message(content: bytes) -> Mapping[str, Any]:
    """A message as an agency writes it. Raises BadInput with what is wrong."""
    try:
        given = casefile.read_json(content, what=_("the message"))
    except BadInput:
        raise
    except XiebanError as error:
        raise BadInput(str(error)) from error
    if not isinstance(given, Mapping):
        raise BadInput(_("the message is no JSON object with name, correlation and payload"))
    known = {"id", "name", "correlation", "payload", "sender", "expires_at"}
    given = {key: value for key, value in given.items() if key not in _FOR_THE_CARRIER}
    wrong = [key for key in given if key not in known]
    missing = [key for key in ("name", "correlation") if not isinstance(given.get(key), str) or not given[key]]
    if wrong or missing or not isinstance(given.get("payload", {}), Mapping):
        raise BadInput(
            _("the message needs {known}; missing: {missing}; unknown: {wrong}").format(
                known="name, correlation, payload [, id, sender, expires_at]",
                missing=", ".join(missing) or "-",
                wrong=", ".join(str(one)[:40] for one in wrong[:10]) or "-",
            )
        )
    for key, longest in LENGTHS.items():
        if len(str(given.get(key) or "")) > longest:
            raise BadInput(_("{key} is longer than {limit} characters").format(key=key, limit=longest))
    casefile.dumps(dict(given.get("payload") or {}))  # what no case file can hold is refused here
    return given


def _outcome(message: MessageView, repeated: bool) -> tuple[str, str]:
    if repeated:
        return "repeated", _("was here before; nothing was changed")
    if message.state == "expired":
        return "late", _("came after its time ({reason}); nobody takes it").format(reason=message.reason or "")
    return "accepted", _("taken; no case waits for it yet") if message.state == "waiting" else _("taken")


def _content(path: Path) -> bytes:
    """The bytes of a plain file, not of a pipe or of what a link points to. Raises BadInput, OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise BadInput(_("it is no file"))
        content = stream.read(LONGEST_MESSAGE + 1)
    if len(content) > LONGEST_MESSAGE:
        raise BadInput(_("the file is longer than {limit} bytes").format(limit=LONGEST_MESSAGE))
    return content


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        return sorted(os.scandir(folder), key=lambda one: one.name)
    except FileNotFoundError:
        return []


def _is_file(entry: os.DirEntry[str]) -> bool:
    return entry.is_file(follow_symlinks=False)


def _age(entry: os.DirEntry[str]) -> tuple[float, str]:
    try:
        return entry.stat(follow_symlinks=False).st_mtime, entry.name
    except OSError:  # another worker has it by now
        return 0.0, entry.name


def _renamed(source: Path, goal: Path) -> bool:
    try:
        source.rename(goal)
    except FileNotFoundError:
        return False
    return True


def _free(folder: Path, name: str) -> Path:
    """A name in a folder that nothing has yet: what came before is kept."""
    goal, stem, suffix = folder / name, Path(name).stem, Path(name).suffix
    for number in range(2, 1_000_000):
        if not goal.exists():
            break
        goal = folder / f"{stem[:60]}-{number}{suffix}"
    return goal


def _receipt_name(name: str) -> str:
    stem = name[: -len(".json")] if name.lower().endswith(".json") else name
    if len(os.fsencode(stem)) > 200:
        stem = hashlib.sha256(os.fsencode(name)).hexdigest()
    return f"{stem}.receipt.json"
