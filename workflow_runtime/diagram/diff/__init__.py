"""What a change changes: diagrams by element, decision tables by rule, forms by field.

    difference = diff(read(old), read(new))
    print(difference.in_words())

`diff_page` shows it in a browser, `text_for_git` is what `git config diff.bpmn.textconv` wants.
"""

from __future__ import annotations

from workflow_runtime.diagram.diff.changes import Affected, Change, ChangeKind, Difference, affected
from workflow_runtime.diagram.diff.diagrams import diff
from workflow_runtime.diagram.diff.forms import diff_forms, form_text
from workflow_runtime.diagram.diff.tables import diff_tables, table_text
from workflow_runtime.diagram.diff.web import diff_page, text_page
from workflow_runtime.diagram.outline import as_text, outline
from workflow_runtime.diagram.reading import read

__all__ = [
    "Affected",
    "Change",
    "ChangeKind",
    "Difference",
    "affected",
    "diff",
    "diff_files",
    "diff_forms",
    "diff_page",
    "diff_tables",
    "text_for_git",
    "text_page",
]


def diff_files(before: bytes, after: bytes, name: str) -> Difference:
    """The difference of two versions of a file, by what its name says it is: .bpmn, .dmn or .form."""
    if name.endswith(".dmn"):
        return diff_tables(before, after)
    if name.endswith(".form"):
        return diff_forms(before, after)
    return diff(read(before), read(after))


def text_for_git(source: bytes, name: str) -> str:
    """A file as text that changes only where its meaning changes: for `git diff` through textconv."""
    if name.endswith(".dmn"):
        return table_text(source)
    if name.endswith(".form"):
        return form_text(source)
    return as_text(outline(read(source), numbered=False))
