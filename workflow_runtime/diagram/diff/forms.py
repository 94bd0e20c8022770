"""What changed between two versions of a form (.form), field by field."""

from __future__ import annotations

import json
from typing import Any

from workflow_runtime.diagram.diff.changes import Change, ChangeKind, Difference
from workflow_runtime.diagram.outline.words import one_line
from workflow_runtime.errors import FormError
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.i18n import _, of_data

#: what only says how a field looks or which tool wrote it
_LOOKS = frozenset(
    {"id", "key", "type", "label", "components", "layout", "appearance", "executionPlatform", "exporter"}
)


def fields(source: bytes) -> dict[str, dict[str, Any]]:
    """The components of a form by key, or by id where they have none. Raises FormError when it cannot be read."""
    try:
        schema = json.loads(source)
    except (ValueError, RecursionError) as error:
        raise _unreadable(str(error)) from error
    if not isinstance(schema, dict):
        raise _unreadable(_("it is not an object"))
    found: dict[str, dict[str, Any]] = {}

    def walk(components: object, path: str, depth: int) -> None:
        if not isinstance(components, list) or depth > 20:
            return
        for component in components:
            if not isinstance(component, dict):
                continue
            name = str(component.get("key") or component.get("path") or component.get("id") or f"#{len(found) + 1}")
            found[f"{path}{name}"] = component
            walk(component.get("components"), f"{path}{name}.", depth + 1)

    walk(schema.get("components"), "", 0)
    return found


def _unreadable(reason: str) -> FormError:
    message = _("The form cannot be read: {reason}").format(reason=reason)
    return FormError(findings=[Finding("file/form", Severity.ERROR, None, None, message, _("Export the form again."))])


def diff_forms(before: bytes, after: bytes) -> Difference:
    """Every change of a form: fields added, removed, moved, renamed; types, rules, choices, visibility."""
    old, new = fields(before), fields(after)
    changes: list[Change] = []
    for key, field in new.items():
        if key not in old:
            changes.append(Change(ChangeKind.ADDED, key, _kind(field), _label(key, field)))
            continue
        was = old[key]
        what, name = _kind(field), _label(key, field)
        if str(was.get("label", "")) != str(field.get("label", "")):
            changes.append(
                Change(
                    ChangeKind.RENAMED,
                    key,
                    what,
                    name,
                    _("label"),
                    of_data(str(was.get("label", ""))),
                    of_data(str(field.get("label", ""))),
                )
            )
        if was.get("type") != field.get("type"):
            changes.append(Change(ChangeKind.CHANGED, key, what, name, _("type"), _kind(was), what))
        for path, a, b in _leaves(was, field):
            changes.append(Change(ChangeKind.CHANGED, key, what, name, path, one_line(a), one_line(b)))
    for key, field in old.items():
        if key not in new:
            changes.append(Change(ChangeKind.REMOVED, key, _kind(field), _label(key, field)))
    both_old, both_new = [k for k in old if k in new], [k for k in new if k in old]
    if both_old != both_new:
        for key in both_new:
            a, b = _before(both_old, key), _before(both_new, key)
            if a != b:
                changes.append(
                    Change(
                        ChangeKind.MOVED,
                        key,
                        _kind(new[key]),
                        _label(key, new[key]),
                        _("place"),
                        _("after {field}").format(field=a) if a else _("the top"),
                        _("after {field}").format(field=b) if b else _("the top"),
                    )
                )
    return Difference(tuple(changes))


def _before(order: list[str], key: str) -> str:
    position = order.index(key)
    return order[position - 1] if position else ""


def _kind(field: dict[str, Any]) -> str:
    return _("field ({type})").format(type=field.get("type", "?"))


def _label(key: str, field: dict[str, Any]) -> str:
    label = of_data(one_line(str(field.get("label") or field.get("dateLabel") or field.get("text") or "")))
    return f"{label} [{key}]" if label else key


def _leaves(old: Any, new: Any, path: str = "") -> list[tuple[str, str, str]]:
    """Paths of values that differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        found = []
        for key in sorted({*old, *new}):
            if path or key not in _LOOKS:
                found += _leaves(old.get(key), new.get(key), f"{path}.{key}" if path else str(key))
        return found
    if old == new:
        return []
    return [(path, _shown(old), _shown(new))]


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def form_text(source: bytes) -> str:
    """A form as text, one line a field, for version control."""
    lines = []
    for key, field in fields(source).items():
        rest = {k: v for k, v in field.items() if k not in _LOOKS}
        more = " ".join(f"{path}={b}" for path, _a, b in _leaves({}, rest))
        lines.append(
            f"{key} {field.get('type', '')} "
            f"{one_line(str(field.get('label') or field.get('text') or ''))} {more}".rstrip()
        )
    return "\n".join(lines) + "\n"
