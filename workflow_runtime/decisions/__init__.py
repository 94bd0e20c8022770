"""Decision models of the standard (DMN 1.3 to 1.5): read, evaluated, explained, checked.

model = read(path.read_bytes())
model.evaluate("Hearing", {"amount": 250000})
print(model.explain("Hearing", {"amount": 250000}).text("zh"))
"""

from __future__ import annotations

from workflow_runtime.decisions.explanation import CellTrace, Explanation, RuleTrace, TableTrace
from workflow_runtime.decisions.model import Model, read
from workflow_runtime.errors import DecisionError

__all__ = ["CellTrace", "DecisionError", "Explanation", "Model", "RuleTrace", "TableTrace", "read"]
