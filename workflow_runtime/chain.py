"""The history chain (decision 13): tamper evidence that survives the erasure of contents.

Each entry's hash covers case, sequence, kind, element, actor, time, the previous hash and a salted commitment of
the content. The content itself stands in another table: erase it, and the chain still verifies.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime

ALGORITHM = "sha256"
GENESIS = f"{ALGORITHM}:{'0' * 64}"


def commitment(salt: str, content: str) -> str:
    """The salted hash of an entry's content."""
    return f"{ALGORITHM}:{hashlib.sha256(f'xieban.content.1|{salt}|{content}'.encode()).hexdigest()}"


def entry_hash(
    case: str, sequence: int, kind: str, element: str | None, actor: str, at: datetime, previous: str, committed: str
) -> str:
    """The hash of one entry, over everything that must not change."""
    at_text = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    canonical = json.dumps(
        ["xieban.history.1", case, sequence, kind, element, actor, at_text, previous, committed],
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return f"{ALGORITHM}:{hashlib.sha256(canonical.encode()).hexdigest()}"


def first_broken(
    case: str,
    entries: Sequence[tuple[int, str, str | None, str, datetime, str, str]],
    contents: dict[int, tuple[str, str]],
    head: tuple[int, str],
) -> int | None:
    """The sequence of the first entry that does not verify, or None when all do.

    `entries`: (sequence, kind, element, actor, at, commitment, hash) in order; `contents`: sequence → (salt, content),
    an erased one is simply absent; `head`: (length, hash) as the case row holds them.
    """
    previous, expected = GENESIS, 1
    for sequence, kind, element, actor, at, committed, stored in entries:
        if sequence != expected:
            return expected
        if sequence in contents and commitment(*contents[sequence]) != committed:
            return sequence
        if entry_hash(case, sequence, kind, element, actor, at, previous, committed) != stored:
            return sequence
        previous, expected = stored, expected + 1
    return None if head == (expected - 1, previous) else expected
