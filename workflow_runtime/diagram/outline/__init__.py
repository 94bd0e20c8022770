"""A diagram in words: `as_text(outline(diagram))`.

For a terminal, for a review, for ears, and for version control, which compares lines.
"""

from __future__ import annotations

from workflow_runtime.diagram.outline.telling import Known, Line, as_text, outline

__all__ = ["Known", "Line", "as_text", "outline"]
