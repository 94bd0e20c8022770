"""What a difference consists of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from workflow_runtime.i18n import _, ngettext


class ChangeKind(StrEnum):
    """What happened to an element."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"  #: to another lane, sub-process or step
    RENAMED = "renamed"
    CHANGED = "changed"  #: a property


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one element. `what` is its kind in words, `name` what it is called now (or was called)."""

    kind: ChangeKind
    element: str
    what: str
    name: str
    aspect: str = ""
    before: str = ""
    after: str = ""
    old_id: str = ""  #: its id before, where that changed too

    @property
    def sentence(self) -> str:
        """The change in words."""
        thing = (
            _("{what} “{name}”").format(what=self.what, name=self.name) if self.name else f"{self.what} {self.element}"
        )
        match self.kind:
            case ChangeKind.ADDED:
                place = _(" in {place}").format(place=self.after) if self.after else ""
                return _("Added: {thing}").format(thing=thing) + place
            case ChangeKind.REMOVED:
                place = _(" from {place}").format(place=self.before) if self.before else ""
                return _("Removed: {thing}").format(thing=thing) + place
            case ChangeKind.RENAMED:
                return _("Renamed: {what} “{before}” is now “{after}”").format(
                    what=self.what, before=self.before or _("(no name)"), after=self.after or _("(no name)")
                )
            case ChangeKind.MOVED:
                return _("Moved: {thing} from {before} to {after}").format(
                    thing=thing, before=self.before or _("(nowhere)"), after=self.after or _("(nowhere)")
                )
            case _:
                return _("Changed: {thing}, {property}: {before} → {after}").format(
                    thing=thing,
                    property=self.aspect,
                    before=self.before or _("(none)"),
                    after=self.after or _("(none)"),
                )


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes from one version to another. `redrawn` counts shapes and lines that only look different."""

    changes: tuple[Change, ...]
    redrawn: int = 0

    def __bool__(self) -> bool:
        return bool(self.changes)

    def of(self, element: str) -> tuple[Change, ...]:
        """The changes of one element, by its id now or before."""
        return tuple(change for change in self.changes if element in (change.element, change.old_id))

    @property
    def removed(self) -> frozenset[str]:
        """Ids of what is no longer there."""
        return frozenset(change.element for change in self.changes if change.kind is ChangeKind.REMOVED) | frozenset(
            change.old_id for change in self.changes if change.old_id
        )

    def in_words(self) -> str:
        """One line for each change, and what stayed out of it."""
        lines = [change.sentence for change in self.changes]
        if not lines:
            lines = [_("No difference in meaning.")]
        if self.redrawn:
            lines.append(
                ngettext(
                    "{count} shape or line only looks different.",
                    "{count} shapes and lines only look different.",
                    self.redrawn,
                ).format(count=self.redrawn)
            )
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Affected:
    """What a difference means for cases that are running."""

    cases: tuple[str, ...]  #: stand on the procedure at all
    on_removed: tuple[str, ...]  #: stand on a step that is gone
    on_changed: tuple[str, ...]  #: stand on a step that changed

    @property
    def sentence(self) -> str:
        """In words: how many, and how many stand on a step that is gone or changed."""
        cases, removed, changed = len(self.cases), len(self.on_removed), len(self.on_changed)
        affects = ngettext("Affects {count} running case", "Affects {count} running cases", cases)
        gone = ngettext("{count} stands on a removed step", "{count} stand on a removed step", removed)
        other = ngettext("{count} stands on a changed step", "{count} stand on a changed step", changed)
        return _("{affects}: {gone}, {other}.").format(
            affects=affects.format(count=cases), gone=gone.format(count=removed), other=other.format(count=changed)
        )


def affected(difference: Difference, standing: Mapping[str, Collection[str]]) -> Affected:
    """Which running cases a difference touches; `standing` is case number → ids of the elements it stands on."""
    removed = difference.removed
    changed = {change.element for change in difference.changes if change.kind is not ChangeKind.REMOVED}
    return Affected(
        tuple(sorted(standing)),
        tuple(sorted(case for case, elements in standing.items() if removed & set(elements))),
        tuple(sorted(case for case, elements in standing.items() if changed & set(elements))),
    )
