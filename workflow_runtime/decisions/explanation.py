"""Why a decision came out as it did: rule by rule, input by input, to be read by people in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workflow_runtime.feel import Value
from workflow_runtime.feel.operations import text_of
from workflow_runtime.i18n import of_data, of_feel

_POLICIES = {
    "U": ("唯一", "unique"),
    "F": ("首条", "first"),
    "P": ("优先级", "priority"),
    "A": ("任意（须一致）", "any (all alike)"),
    "C": ("汇集", "collect"),
    "C+": ("求和", "collect, sum"),
    "C<": ("最小", "collect, least"),
    "C>": ("最大", "collect, greatest"),
    "C#": ("计数", "collect, number"),
    "R": ("按规则顺序", "rule order"),
    "O": ("按输出顺序", "output order"),
}


def shown(value: Value) -> str:
    """A value as an owner writes it."""
    return text_of(value, quoted=True) or "null"


@dataclass(frozen=True, slots=True)
class CellTrace:
    """One input against one cell."""

    label: str
    expression: str
    value: Value
    test: str
    matched: bool


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """One rule: its cells, and whether it matched. `number` counts from 1."""

    number: int
    id: str
    cells: tuple[CellTrace, ...]
    matched: bool
    outputs: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class TableTrace:
    """One decision table passed through."""

    decision: str
    policy: str
    rules: tuple[RuleTrace, ...]
    outputs: tuple[str, ...]
    value: Value = None

    @property
    def hits(self) -> tuple[int, ...]:
        """The numbers of the rules that matched."""
        return tuple(rule.number for rule in self.rules if rule.matched)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer of a decision with everything that led to it.

    `values` are the inputs used and the results of the decisions passed through, by name; `tables` the decision tables,
    in the order they were answered. `sha256` is that of the file that answered.
    """

    decision: str
    id: str
    value: Value
    inputs: dict[str, Value]
    values: dict[str, Value]
    tables: tuple[TableTrace, ...]
    error: str | None = None
    sha256: str = ""

    @property
    def hits(self) -> tuple[int, ...]:
        """The rules hit in the decision's own table; empty if it has none."""
        return next((table.hits for table in reversed(self.tables) if table.decision == self.decision), ())

    def text(self, language: str = "zh") -> str:
        """The whole explanation in `zh` or `en`; what the table itself says, in the language in use."""
        zh = language == "zh"
        lines = [f"{'决策' if zh else 'Decision'} {of_data(self.decision)}"]
        for name, value in self.inputs.items():
            lines.append(f"  {'输入' if zh else 'input'} {name} = {shown(value)}")
        for table in self.tables:
            lines += self._table(table, zh)
        if self.error is not None:
            lines.append(f"{'错误' if zh else 'error'}: {self.error}")
        else:
            lines.append(f"{'结果' if zh else 'result'}: {of_feel(shown(self.value))}")
        return "\n".join(lines)

    def _table(self, table: TableTrace, zh: bool) -> list[str]:
        policy = _POLICIES[table.policy][0 if zh else 1]
        lines = [f"  {'决策表' if zh else 'table'} {of_data(table.decision)} [{table.policy} {policy}]"]
        for rule in table.rules:
            verdict = ("✓ 命中" if zh else "✓ matched") if rule.matched else ("✗ 未命中" if zh else "✗ not matched")
            lines.append(f"    {'规则' if zh else 'rule'} {rule.number} {verdict}")
            for cell in rule.cells:
                sign = "✓" if cell.matched else "✗"
                lines.append(
                    f"      {sign} {of_data(cell.label) or cell.expression} = {shown(cell.value)}  {cell.test}"
                )
            if rule.matched:
                lines.append(f"      → {', '.join(map(of_feel, rule.outputs))}")
                lines += [f"      {'依据' if zh else 'note'} {of_data(note)}" for note in dict.fromkeys(rule.notes)]
        if not table.hits:
            lines.append(f"    {'没有规则命中' if zh else 'no rule matched'}")
        return lines

    def record(self) -> dict[str, Any]:
        """What the history of a case keeps, as plain JSON: decision, hash of its file, inputs, rules hit, answer."""
        rows = [rule for table in self.tables for rule in table.rules[:1]]
        asked = {cell.expression: cell.value for rule in rows for cell in rule.cells}
        return {
            "decision": self.id,
            "sha256": self.sha256,
            "inputs": {name: shown(value) for name, value in (self.inputs or asked).items()},
            "rules": {table.decision: list(table.hits) for table in self.tables},
            "value": {name: shown(value) for name, value in self.value.items()}
            if isinstance(self.value, dict)
            else shown(self.value),
        }
