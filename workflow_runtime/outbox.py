"""What cases say to agencies that are not on the platform, laid as files into a folder, and the receipts they leave.

The other side of inbox.py. A message whose flow is drawn to a collapsed pool has a receiver; it is laid out once, as
one file that appears whole, and ends consumed by its receipt, expired without one, or dead when it was refused. The
folder may be shared by many workers, and the file is visible once, whoever dies in between: each worker makes a file of
its own aside, the row says whose is the one (`handed_as`), and that one alone is renamed to where the agency looks.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from workflow_runtime import casefile, queries
from workflow_runtime.errors import BadInput, StoreError, XiebanError
from workflow_runtime.files import settle, write_durably
from workflow_runtime.i18n import _, os_reason
from workflow_runtime.inbox import ABANDONED, WINDOW, Inbox, Receipt
from workflow_runtime.model import SYSTEM, Actor
from workflow_runtime.repairs import Repairs
from workflow_runtime.runtime import Runtime

#: Where a file is made before the agency can see it.
_ASIDE = "laying"
#: What a receipt may say, and whether that means that the agency has the message.
_SAID = {"accepted": True, "repeated": True, "late": False, "refused": False}
_FILE = re.compile(r"(?P<at>\d{8}T\d{6})-(?P<id>[0-9a-f]{16,40})\.json")

_log = logging.getLogger("xieban.outbox")


@dataclass(frozen=True, slots=True)
class Handed:
    """A message that lies in the folder now."""

    file: str
    message: str
    name: str
    receiver: str
    case: str


class Outbox:
    """The door for messages to the outside."""

    def __init__(self, runtime: Runtime, folder: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._runtime = runtime
        self._repairs = Repairs(runtime)
        self._folder = folder
        self._clock = clock

    def hand_out(self, *, actor: Actor = SYSTEM) -> tuple[Handed, ...]:
        """Lay out what waits for agencies outside, the oldest first. Safe beside others.

        Raises StoreError when the store or the folder cannot be used: what was not laid out waits.
        """
        if actor != SYSTEM:
            self._runtime._owner_only(actor)
        try:
            return tuple(self._laid_out())
        except OSError as error:
            raise StoreError(
                _("the folder {where} cannot be used: {reason}").format(where=self._folder, reason=os_reason(error))
            ) from error

    def _laid_out(self) -> Iterator[Handed]:
        aside = self._folder / _ASIDE
        self._finish(aside)
        with self._runtime._database.read() as tx:
            waiting = queries.outgoing(tx, self._runtime._clock(), WINDOW)
        for row in waiting:
            token = secrets.token_hex(16)
            mine = aside / f"{token}.{_file_name(row)}"
            write_durably(mine, _envelope(row))
            if not self._repairs.hand_out(row.id, token):  # another worker was faster, or somebody gave the message up
                mine.unlink(missing_ok=True)
                continue
            self._show(mine)
            yield Handed(_file_name(row), row.id, row.name, row.receiver, row.sender)

    def _finish(self, aside: Path) -> None:
        """What somebody who died had made aside: shown when the row says that it is the one, taken away if not."""
        for path in sorted(aside.iterdir()) if aside.exists() else ():
            token, _dot, name = path.name.partition(".")
            found = _FILE.fullmatch(name)
            if found is None:
                if self._rests(path):
                    path.unlink(missing_ok=True)
                continue
            with self._runtime._database.read() as tx:
                row = queries.message_by_id(tx, found["id"])
            if row is not None and row.handed_as == token:
                self._show(path)
            elif self._rests(path):
                path.unlink(missing_ok=True)

    def _show(self, path: Path) -> None:
        """Rename a file to where the agency looks. Whoever comes second finds it gone: it is there once."""
        goal = self._folder / path.name.partition(".")[2]
        try:
            path.chmod(0o644)
            path.replace(goal)
        except FileNotFoundError:
            return
        settle(self._folder)

    def _rests(self, path: Path) -> bool:
        try:
            return abs(self._clock() - path.stat().st_mtime) > ABANDONED
        except FileNotFoundError:
            return False

    def collect(self, *, actor: Actor = SYSTEM) -> tuple[Receipt, ...]:
        """Take in the receipts that agencies have laid into `receipts/`; safe beside others. Raises StoreError."""
        folder = self._folder / "receipts"
        return _Receipts(self._runtime, folder, clock=self._clock).collect(actor=actor) if folder.is_dir() else ()


class _Receipts(Inbox):
    """Receipts of agencies: claimed, read and put away like answers."""

    def _read(self, content: bytes) -> Mapping[str, Any]:
        return read_receipt(content)

    def _accept(self, content: bytes, actor: Actor) -> tuple[str, str, str]:
        given = read_receipt(content)
        text = str(given.get("text") or "")[:1000]
        id, took = Repairs(self._runtime).acknowledge(
            _meant(given), taken=_SAID[given["state"]], text=text, actor=actor
        )
        return id, "accepted" if took else "repeated", _("taken") if took else _("was here before; nothing was changed")


def carrying(runtime: Runtime, folder: Path | None) -> Callable[[], int]:
    """What a worker does besides: lay out what waits, take in receipts, if there is a folder; how many that were.

    What is wrong with the folder is logged, and the other work goes on.
    """
    outbox = Outbox(runtime, folder) if folder is not None else None

    def look() -> int:
        if outbox is None:
            return 0
        try:
            handed, receipts = outbox.hand_out(), outbox.collect()
        except StoreError as error:
            _log.warning("the folder of messages to the outside cannot be used: %s", error)
            return 0
        for one in handed:
            _log.info("a message was laid out: %s", one.message)
        for receipt in receipts:
            _log.info("a receipt was %s: message %s", receipt.state, receipt.message or "-")
        return len(handed) + len(receipts)

    return look


def both(one: Callable[[], int], other: Callable[[], int]) -> Callable[[], int]:
    """Two looks as one."""
    return lambda: one() + other()


def read_receipt(content: bytes) -> Mapping[str, Any]:
    """A receipt as an agency writes it, or as the inbox of another xieban does. Raises BadInput with what is wrong."""
    try:
        given = casefile.read_json(content, what=_("the receipt"))
    except BadInput:
        raise
    except XiebanError as error:
        raise BadInput(str(error)) from error
    if not isinstance(given, Mapping) or given.get("state") not in _SAID or not _meant(given):
        raise BadInput(
            _("a receipt is a JSON object with message (the id) or file (its name), state ({states}) and text").format(
                states=", ".join(_SAID)
            )
        )
    return given


def _meant(given: Mapping[str, Any]) -> str:
    """The id of the message that a receipt is about: the file that it names says so, or the receipt itself."""
    found = _FILE.fullmatch(str(given.get("file") or ""))
    id = found["id"] if found is not None else str(given.get("message") or "")
    return id if re.fullmatch(r"[0-9a-f]{8,40}", id) else ""


def _file_name(row: Row[Any]) -> str:
    """When it was sent and its id: the name of a file names nobody."""
    at: datetime = row.sent_at
    return f"{at:%Y%m%dT%H%M%S}-{row.id}.json"


def _envelope(row: Row[Any]) -> bytes:
    """A message as an agency reads it; the inbox of another xieban takes it as it is."""
    envelope = {
        "id": row.id,
        "name": row.name,
        "correlation": row.correlation,
        "sender": row.sender,
        "receiver": row.receiver,
        "sent_at": row.sent_at.isoformat(),
        "expires_at": row.expires_at and row.expires_at.isoformat(),
        "payload": _plain(casefile.loads(row.payload)),
    }
    return json.dumps(envelope, ensure_ascii=False, indent=1).encode()


def _plain(value: Any) -> Any:
    """Values as any program reads them: dates, moments and decimal numbers are texts."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, str | int):
        return value
    return casefile.literal(value)
