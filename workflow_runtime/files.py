"""The file store: content-addressed by SHA-256, beside the database, in every backup (decision 18)."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from workflow_runtime.errors import NotFound, StoreFull
from workflow_runtime.i18n import _, os_reason


class FileStore:
    """Bytes by their SHA-256. Writing the same bytes twice is writing them once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Where the bytes of that hash are, or would be."""
        return self.folder / sha256[:2] / sha256

    def put(self, content: bytes) -> str:
        """Keep `content`; returns its SHA-256 in hex. Raises StoreFull when it cannot be written."""
        sha256 = hashlib.sha256(content).hexdigest()
        target = self.path(sha256)
        if not target.exists():
            write_durably(target, content)
        return sha256

    def get(self, sha256: str) -> bytes:
        """The bytes of that hash. Raises NotFound when absent or no longer what they were."""
        try:
            content = self.path(sha256).read_bytes()
        except FileNotFoundError as error:
            raise NotFound(_("the file {sha256} is not in the file store").format(sha256=sha256[:12])) from error
        if hashlib.sha256(content).hexdigest() != sha256:
            raise NotFound(
                _("the file {sha256} was changed in the file store; restore it from a backup").format(
                    sha256=sha256[:12]
                )
            )
        return content


class Papers:
    """Which numbers stand on paper, kept outside the database: what a restored backup does not know.

    A mark is made before a document's first print. A number with a mark and without a row in the database was given
    after the backup; it is not given again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mark(self, issuer: str, number: str, document_id: str) -> None:
        """The number of that issuer stands on the paper of that document. Raises StoreFull."""
        path = self._path(issuer, number)
        if not path.exists():
            write_durably(path, document_id.encode())

    def of(self, issuer: str, number: str) -> str | None:
        """The document on whose paper the number stands, if there is one."""
        path = self._path(issuer, number)
        return path.read_text() if path.exists() else None

    def _path(self, issuer: str, number: str) -> Path:
        name = hashlib.sha256(f"{issuer}\n{number}".encode()).hexdigest()
        return self.folder / name[:2] / name


def write_durably(target: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, also after a power cut. Raises StoreFull."""
    temporary: str | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".part-")
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, target)
        settle(target.parent)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        reason = os_reason(error)
        raise StoreFull(
            _("{where} cannot be written ({reason}); nothing was changed").format(where=target.parent, reason=reason)
        ) from error


def settle(folder: Path) -> None:
    """A new name is on the disk only when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
