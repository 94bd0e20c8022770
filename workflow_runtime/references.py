"""A case that names another subject than its own: a child's case the family that takes the child in.

A form's field says of what kind the subject is (`refers`); the kind says what must hold (`references` in its file). It
is asked in the transaction that writes the answer, with the subject's row locked, so that two cases cannot both count
before either is counted. A case counts as long as it is open and its field names the subject.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from workflow_runtime import casefile, queries, store, subjects
from workflow_runtime.errors import FormError
from workflow_runtime.feel.errors import FeelError
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.i18n import _, of_data

if TYPE_CHECKING:
    from workflow_runtime.casework import CaseInHand
    from workflow_runtime.forms import Field, Form


def take(hand: CaseInHand, form: Form, patch: Mapping[str, Any]) -> None:
    """Hold what the answers to `form` refer to. Raises FormError, at the field, when one is unknown or full."""
    named = sorted(
        ((str(patch[one.key] or ""), one) for one in form.fields if one.refers and one.key in patch),
        key=lambda pair: pair[0],  # everybody locks in the same order
    )
    findings: list[Finding] = []
    for number, one in named:
        if not number:
            store.refer(hand.tx, hand.row.id, one.key, None)
            continue
        row = store.lock_subject(hand.tx, number)
        kind = subjects.shipped().get(one.refers)
        if row is None or kind is None or row.kind != one.refers:
            findings.append(_unknown(one, number))
            continue
        findings += _broken(hand, one, kind, row, patch)
        store.refer(hand.tx, hand.row.id, one.key, row.id)
    findings += _in_lists(hand, form, patch)
    if findings:
        raise FormError(findings=findings)


def _in_lists(hand: CaseInHand, form: Form, patch: Mapping[str, Any]) -> list[Finding]:
    """A finding for every entry of a list that names nobody: a list holds nothing, however many it names."""
    findings: list[Finding] = []
    for each in form.fields:
        for one in each.fields:
            rows = patch.get(each.key) if one.refers else None
            for at, row in enumerate(rows or (), start=1):
                number = row.get(one.key)
                found = queries.subject(hand.tx, str(number)) if number else None
                if number and (found is None or found.kind != one.refers):
                    findings.append(_unknown(one, str(number), (each.key, f"#{at}")))
    return findings


def _unknown(one: Field, number: str, path: tuple[str, ...] = ()) -> Finding:
    kind = subjects.shipped().get(one.refers)
    return _wrong(
        one,
        "form.refers",
        _("{number} is no registered number of: {kind}").format(
            number=number, kind=of_data(kind.name) if kind is not None else one.refers
        ),
        _("look it up with “xieban subject list”, or register it first"),
        path,
    )


def _broken(
    hand: CaseInHand, one: Field, kind: subjects.SubjectKind, row: Any, patch: Mapping[str, Any]
) -> list[Finding]:
    """A finding for every limit that does not hold."""
    if not kind.limits:
        return []
    data = hand.data()
    others = [
        {
            **{key: value for key, value in casefile.loads(other.document).items() if key in kind.reads},
            **casefile.loads(other.facts),
            "number": other.number,
            "name": other.name,
        }
        for other in queries.referring(hand.tx, row.id, hand.row.id)
    ]
    here = {**hand.file, **patch}
    scope = {
        **casefile.loads(row.document),
        "number": row.number,
        "today": hand.today,
        "profile": data["profile"],
        "joining": {**{key: here.get(key) for key in kind.reads}, **hand.subject},
        "others": others,
    }
    return [
        _wrong(one, f"form.{limit.id}", _told(limit, scope, hand), f"{of_data(limit.source)} — {of_data(limit.remedy)}")
        for limit in kind.limits
        if not _holds(limit, scope, hand)
    ]


def _holds(limit: subjects.Limit, scope: Mapping[str, Any], hand: CaseInHand) -> bool:
    try:
        return limit.holds(scope, functions=hand.functions()) is True
    except FeelError:  # what cannot be computed does not hold
        return False


def _told(limit: subjects.Limit, scope: Mapping[str, Any], hand: CaseInHand) -> str:
    """The limit, and what was found."""
    found = limit.found(scope, functions=hand.functions())
    return _("{limit}; found: {found}").format(limit=of_data(limit.text), found=found)


def _wrong(one: Field, rule: str, message: str, remedy: str, path: tuple[str, ...] = ()) -> Finding:
    named = _("{title} ({key})").format(title=one.title, key=one.key) if one.title != one.key else one.key
    where = "".join(f" {part}" for part in path if part.startswith("#"))
    return Finding(rule, Severity.ERROR, one.key, None, f"{named}{where}: {message}", remedy, path=(*path, one.key))
