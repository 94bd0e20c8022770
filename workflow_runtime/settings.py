"""Configuration: one frozen value, read once at the door. The only reader of the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Settings:
    """Where everything is.

    `database`: SQLAlchemy URL (`sqlite:///…` or `postgresql://…`). `home`: folder of the file store, the rendered
    documents and the notification drop. `zone`: the office's time zone. `language`: zh or en.
    `regions_strict`: refuse region codes that no region table knows (off: the fictional 99xxxx codes pass).
    `program`: how the program is called in the commands that it prints; none: it looks itself.
    `broker`: where bells are rung for workers (`redis://…`, `amqp://…`); none: one process does everything.
    `handlers`: modules that register machine steps. `isolate`: run them in a child process with limits.
    `clock_trusted`: open a store although this machine's clock seems wrong. `inbox`: the folder into which agencies lay
    their answers; `outgoing`: the folder in which they find what cases say to them; workers watch both.
    """

    database: str
    home: Path
    zone: str = "Asia/Shanghai"
    language: str = "zh"
    regions_strict: bool = False
    broker: str | None = None
    handlers: tuple[str, ...] = ("handlers",)
    isolate: bool = False
    clock_trusted: bool = False
    inbox: Path | None = None
    outgoing: Path | None = None
    program: str | None = None

    @property
    def files(self) -> Path:
        """The content-addressed file store."""
        return self.home / "files"

    @property
    def documents(self) -> Path:
        """Rendered documents under readable names."""
        return self.home / "documents"

    @property
    def papers(self) -> Path:
        """Marks of the numbers that stand on paper."""
        return self.home / "numbers"

    @property
    def outbox(self) -> Path:
        """Notifications waiting to be carried out of the house."""
        return self.home / "outbox"

    @property
    def severities(self) -> Path:
        """How much each rule of the check weighs in this installation; the file need not exist."""
        return self.home / "severities.yaml"

    @classmethod
    def from_env(
        cls, environ: Mapping[str, str] | None = None, *, database: str | None = None, language: str | None = None
    ) -> Settings:
        """Read XIEBAN_DB, XIEBAN_HOME, XIEBAN_ZONE, XIEBAN_LANG, XIEBAN_REGIONS, XIEBAN_BROKER, XIEBAN_HANDLERS,
        XIEBAN_ISOLATE (yes or no; yes with a broker), XIEBAN_CLOCK (trusted), XIEBAN_INBOX, XIEBAN_OUTBOX,
        XIEBAN_PROGRAM; arguments win.

        Without any of them: `sqlite:///var/xieban.db` below the current folder. A bare path is a SQLite file.
        """
        env = os.environ if environ is None else environ
        url = database or env.get("XIEBAN_DB") or "var/xieban.db"
        if "://" not in url:
            url = f"sqlite:///{url}"
        if url.startswith(("postgresql://", "postgres://")):
            url = "postgresql+psycopg://" + url.split("://", 1)[1]
        home = env.get("XIEBAN_HOME")
        if home is None:
            home = str(sqlite_path(url).parent) if sqlite_path(url) != Path() else "var"
        language = language or env.get("XIEBAN_LANG") or _locale_language(env)
        return cls(
            database=url,
            home=Path(home),
            zone=env.get("XIEBAN_ZONE") or "Asia/Shanghai",
            language=language,
            regions_strict=env.get("XIEBAN_REGIONS", "") == "strict",
            broker=env.get("XIEBAN_BROKER") or None,
            handlers=tuple(env.get("XIEBAN_HANDLERS", "handlers").split(",")),
            clock_trusted=env.get("XIEBAN_CLOCK", "") == "trusted",
            inbox=Path(env["XIEBAN_INBOX"]) if env.get("XIEBAN_INBOX") else None,
            outgoing=Path(env["XIEBAN_OUTBOX"]) if env.get("XIEBAN_OUTBOX") else None,
            isolate=(env.get("XIEBAN_ISOLATE") or ("yes" if env.get("XIEBAN_BROKER") else "no")) == "yes",
            program=env.get("XIEBAN_PROGRAM") or None,
        )


def sqlite_path(url: str) -> Path:
    """The file of a SQLite URL; an empty path for other stores and for memory."""
    if not url.startswith("sqlite"):
        return Path()
    path = url.split("://", 1)[1].removeprefix("/") if "://" in url else url
    path = path.split("?", 1)[0]
    return Path(path) if path and path != ":memory:" else Path()


def shown(url: str) -> str:
    """The store for messages: a SQLite file's path, or the URL without its password."""
    if sqlite_path(url) != Path():
        return str(sqlite_path(url))
    parts = urlsplit(url)
    return url.replace(f":{parts.password}@", ":***@") if parts.password else url


def _locale_language(env: Mapping[str, str]) -> str:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if env.get(name):
            return "en" if env[name].lower().startswith("en") else "zh"
    return "zh"
