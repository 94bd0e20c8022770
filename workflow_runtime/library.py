"""Parsed things by their row: procedures, profiles, calendars, the directory. Immutable rows, so cached for ever."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from threading import Lock
from typing import Any, TypeVar

from sqlalchemy import Connection

from workflow_runtime import calendars, directory, profiles, queries
from workflow_runtime.errors import NotFound
from workflow_runtime.i18n import _
from workflow_runtime.model import VersionState
from workflow_runtime.procedures import Procedure

Parsed = TypeVar("Parsed")
_KEPT = 64


class _Years(dict[int, calendars.Year]):
    """Year tables that are read when a day of theirs is first looked at."""

    def __init__(self, stored: dict[int, bytes]) -> None:
        super().__init__()
        self._stored = stored

    def __contains__(self, year: object) -> bool:
        return year in self._stored

    def get(self, year: int, default: Any = None) -> Any:
        if year not in self._stored:
            return default
        if not super().__contains__(year):
            self[year] = calendars.read(self._stored[year], name=f"{year}")
        return self[year]


def _drawings(tx: Connection, version_id: int) -> bytes:
    bundle = queries.bundle(tx, version_id)
    return b"".join(content for path, content in bundle.items() if path.endswith(".bpmn"))


class Library:
    """Reads each stored file once per process and keeps what was parsed (least recently used goes first)."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int], object] = OrderedDict()
        self._values: dict[tuple[int, str, tuple[str, ...], date], dict[str, Any]] = {}
        self._lock = Lock()

    def procedure(self, tx: Connection, version_id: int) -> Procedure:
        """The parsed bundle of a deployed version."""
        return self._get("procedure", version_id, lambda: Procedure(queries.bundle(tx, version_id)))

    def begun_by(self, tx: Connection, message: str) -> str | None:
        """The key of the procedure whose newest active version begins by that message, if there is one."""
        drawn = (one for one in self._naming(tx, message) if message in one.compiled.message_starts)
        return next((one.key for one in drawn), None)

    def takes(self, tx: Connection, message: str) -> bool:
        """Whether some procedure here begins by that message, or waits for it at one of its steps."""
        drawn = (one.compiled for one in self._naming(tx, message))
        return any(message in one.message_starts or message in one.messages for one in drawn)

    def _naming(self, tx: Connection, message: str) -> Iterator[Procedure]:
        """The newest active version of every procedure whose drawings name that message."""
        seen: set[str] = set()
        for version in queries.versions(tx):
            if version.state != VersionState.ACTIVE or version.key in seen:
                continue
            seen.add(version.key)
            drawn = self._get("drawings", version.id, partial(_drawings, tx, version.id))
            if message.encode() in drawn:
                yield self.procedure(tx, version.id)

    def profile(self, tx: Connection, profile_id: int) -> profiles.Profile:
        """A profile version."""
        return self._get(
            "profile", profile_id, lambda: profiles.read(bytes(queries.profile_by_id(tx, profile_id).content))
        )

    def calendar(self, tx: Connection, calendar_id: int) -> calendars.Calendar:
        """A calendar version with all its years."""
        return self._get(
            "calendar",
            calendar_id,
            lambda: calendars.Calendar(
                f"{calendar_id}",
                _Years(queries.calendar_years(tx, calendar_id)),
                queries.calendar_version(tx, calendar_id),
            ),
        )

    def directory(self, tx: Connection, id: int | None = None) -> directory.Directory:
        """The organisation in force (`id`: which one, where that is known). Raises NotFound when there is none."""
        id = id or queries.current_organisation(tx)
        if id is None:
            raise NotFound(_("no organisation has been imported yet: run “xieban org import FILE”"))
        return self._get("directory", id, lambda: directory.read(queries.organisation_content(tx, id)))

    def profile_values(
        self, profile_id: int, profile: profiles.Profile, procedure: Procedure, on: date
    ) -> dict[str, Any]:
        """What expressions of a procedure and of the processes it calls see as `profile` on a day."""
        key = (profile_id, procedure.code, procedure.called_codes, on)
        if key not in self._values:
            if len(self._values) > _KEPT:
                self._values.clear()
            self._values[key] = profile.values(procedure.code, on, called=procedure.called_codes)
        return self._values[key]

    def _get(self, kind: str, id: int, parse: Callable[[], Parsed]) -> Parsed:
        key = (kind, id)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]  # type: ignore[return-value]  # the kind says the type
        parsed = parse()
        with self._lock:
            self._kept[key] = parsed
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return parsed
