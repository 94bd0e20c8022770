"""What changed between two versions of a decision model (.dmn), rule by rule."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

from lxml import etree

from workflow_runtime.diagram.diff.changes import Change, ChangeKind, Difference
from workflow_runtime.diagram.outline.words import one_line
from workflow_runtime.diagram.reading import local_name
from workflow_runtime.errors import DecisionFileError
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.i18n import _, of_data, of_feel


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: its conditions, then its results, then its remark."""

    id: str
    cells: tuple[str, ...]
    remark: str


@dataclass(frozen=True, slots=True)
class Table:
    """One decision."""

    id: str
    name: str
    policy: str
    columns: tuple[str, ...]
    rules: tuple[Rule, ...]
    literal: str = ""  #: the expression of a decision that is no table
    needs: tuple[str, ...] = ()


def tables(source: bytes) -> dict[str, Table]:
    """The decisions of a DMN file by id. Raises DecisionFileError when it cannot be read."""
    if b"<!DOCTYPE" in source[:4096].upper() or b"<!ENTITY" in source.upper():
        raise _unreadable(_("The file has a document type (<!DOCTYPE …>); such files are never read."))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(source, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _unreadable(_("Not well-formed XML: {error}").format(error=error)) from error
    if local_name(root) != "definitions":
        raise _unreadable(_("The root element is <{tag}>, not <definitions> of DMN.").format(tag=local_name(root)))
    found = {}
    for element in root:
        if local_name(element) == "decision":
            table = _table(element)
            found[table.id] = table
    return found


def _unreadable(message: str) -> DecisionFileError:
    remedy = _("Export the decision table again.")
    return DecisionFileError(findings=[Finding("file/dmn", Severity.ERROR, None, None, message, remedy)])


def _texts(element: etree._Element, name: str) -> list[str]:
    return [_text(part) for part in element if local_name(part) == name]


def _text(element: etree._Element) -> str:
    inner = next((part for part in element.iter() if local_name(part) == "text"), None)
    return " ".join((inner.text or "").split()) if inner is not None else ""


def _table(decision: etree._Element) -> Table:
    id = decision.get("id") or decision.get("name") or ""
    name = (decision.get("name") or "").strip()
    needs = tuple(
        sorted(
            (part.get("href") or "").lstrip("#") for part in decision.iter() if local_name(part).startswith("required")
        )
    )
    table = next((part for part in decision if local_name(part) == "decisionTable"), None)
    if table is None:
        literal = next((_text(part) for part in decision if local_name(part) == "literalExpression"), "")
        return Table(id, name, "", (), (), literal, needs)
    columns = []
    for part in table:
        if local_name(part) == "input":
            columns.append(part.get("label") or _text(part))
        elif local_name(part) == "output":
            columns.append(part.get("label") or part.get("name") or "")
    rules = []
    for part in table:
        if local_name(part) == "rule":
            cells = tuple(_texts(part, "inputEntry") + _texts(part, "outputEntry"))
            remark = " ".join(dict.fromkeys(_texts(part, "annotationEntry") + _description(part)))
            rules.append(Rule(part.get("id") or "", cells, remark))
    policy = " ".join(value for value in (table.get("hitPolicy") or "UNIQUE", table.get("aggregation")) if value)
    return Table(id, name, policy, tuple(columns), tuple(rules), "", needs)


def _description(rule: etree._Element) -> list[str]:
    return [" ".join((part.text or "").split()) for part in rule if local_name(part) == "description"]


def diff_tables(before: bytes, after: bytes) -> Difference:
    """Every change of a decision model: decisions, columns, hit policies, rules added, removed, moved, changed."""
    old, new = tables(before), tables(after)
    changes: list[Change] = []
    for id, table in new.items():
        if id not in old:
            changes.append(Change(ChangeKind.ADDED, id, _("decision table"), of_data(table.name or id)))
        else:
            changes += _compared(old[id], table)
    for id, table in old.items():
        if id not in new:
            changes.append(Change(ChangeKind.REMOVED, id, _("decision table"), of_data(table.name or id)))
    return Difference(tuple(changes))


def _compared(old: Table, new: Table) -> list[Change]:
    what, name = _("decision table"), of_data(new.name or new.id)
    found: list[Change] = []
    if old.name != new.name:
        found.append(Change(ChangeKind.RENAMED, new.id, what, name, _("name"), of_data(old.name), of_data(new.name)))
    for label, before, after in (
        (_("hit policy"), old.policy, new.policy),
        (_("columns"), " | ".join(old.columns), " | ".join(new.columns)),
        (_("expression"), old.literal, new.literal),
        (_("needs"), ", ".join(old.needs), ", ".join(new.needs)),
    ):
        if before != after:
            found.append(Change(ChangeKind.CHANGED, new.id, what, name, label, one_line(before), one_line(after)))
    found += _rules(old, new, name)
    return found


def _rules(old: Table, new: Table, name: str) -> list[Change]:
    """Rules pair by id, then by equal cells, then in order between what is paired."""
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    by_id = {rule.id: number for number, rule in enumerate(old.rules) if rule.id}
    for number, rule in enumerate(new.rules):
        if rule.id in by_id and by_id[rule.id] not in taken:
            pairs[number] = by_id[rule.id]
            taken.add(by_id[rule.id])
    rest_old = [n for n in range(len(old.rules)) if n not in taken]
    rest_new = [n for n in range(len(new.rules)) if n not in pairs]
    matcher = SequenceMatcher(
        None, [old.rules[n].cells for n in rest_old], [new.rules[n].cells for n in rest_new], autojunk=False
    )
    for tag, a1, a2, b1, b2 in matcher.get_opcodes():
        if tag == "equal":
            pairs.update(zip(rest_new[b1:b2], rest_old[a1:a2], strict=True))
        elif tag == "replace" and a2 - a1 == b2 - b1:
            for fresh, gone in zip(rest_new[b1:b2], rest_old[a1:a2], strict=True):
                if _alike(old.rules[gone], new.rules[fresh]):
                    pairs[fresh] = gone
    found = []
    for number, rule in enumerate(new.rules):
        what = _("rule {number} of").format(number=number + 1)
        if number not in pairs:
            found.append(Change(ChangeKind.ADDED, new.id, what, name, after=_row(rule)))
            continue
        before = old.rules[pairs[number]]
        for column, (a, b) in enumerate(_cells(before, rule)):
            if a != b:
                label = new.columns[column] if column < len(new.columns) else _("column {n}").format(n=column + 1)
                found.append(Change(ChangeKind.CHANGED, new.id, what, name, of_data(label), of_feel(a), of_feel(b)))
        if before.remark != rule.remark:
            found.append(Change(ChangeKind.CHANGED, new.id, what, name, _("remark"), before.remark, rule.remark))
    kept = [pairs[number] for number in sorted(pairs)]
    strayed = _out_of_order(kept)
    for number in sorted(pairs):
        if pairs[number] in strayed:
            what = _("rule {number} of").format(number=number + 1)
            was, now = _("place {n}").format(n=pairs[number] + 1), _("place {n}").format(n=number + 1)
            found.append(Change(ChangeKind.MOVED, new.id, what, name, _("place"), was, now))
    for number, rule in enumerate(old.rules):
        if number not in pairs.values():
            what = _("rule {number} of").format(number=number + 1)
            found.append(Change(ChangeKind.REMOVED, new.id, what, name, before=_row(rule)))
    return found


def _alike(old: Rule, new: Rule) -> bool:
    """Whether a rule in the place of another is that rule, changed: it has no id to tell, or a cell in common."""
    if not old.id or not new.id:
        return True
    return any(a == b and a not in ("", "-") for a, b in zip(old.cells, new.cells, strict=False))


def _out_of_order(kept: list[int]) -> set[int]:
    """What is left when the longest run that kept its order is taken out."""
    best: list[list[int]] = []
    for value in kept:
        before = max((run for run in best if run[-1] < value), key=len, default=[])
        best.append([*before, value])
    longest = max(best, key=len, default=[])
    return set(kept) - set(longest)


def _cells(old: Rule, new: Rule) -> list[tuple[str, str]]:
    most = max(len(old.cells), len(new.cells))
    return [
        (old.cells[n] if n < len(old.cells) else "", new.cells[n] if n < len(new.cells) else "") for n in range(most)
    ]


def _row(rule: Rule) -> str:
    return " | ".join(of_feel(cell) or "-" for cell in rule.cells)


def table_text(source: bytes) -> str:
    """A decision model as text, one line a rule, for version control."""
    lines = []
    for table in tables(source).values():
        lines.append(f"{of_data(table.name or table.id)} [{table.id}] {table.policy}".rstrip())
        if table.literal:
            lines.append(f"    = {table.literal}")
        if table.columns:
            lines.append("    " + " | ".join(map(of_data, table.columns)))
        lines += [
            f"    - {_row(rule)}" + (f"  ({of_data(rule.remark)})" if rule.remark else "") for rule in table.rules
        ]
    return "\n".join(lines) + "\n"
