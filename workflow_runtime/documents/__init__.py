"""Documents: a template and a case become a PDF, with its number, verification code and places for seals.

Pure but for the child process that prints: no database, no clock, no network. See `docs/documents.md`.
"""

from __future__ import annotations

from workflow_runtime.documents.numbering import (
    Series,
    SeriesKind,
    qr_svg,
    read_verification_code,
    series,
    verification_code,
)
from workflow_runtime.documents.reading import inspect, load
from workflow_runtime.documents.renderer import (
    Limits,
    Rendered,
    Renderer,
    preview,
    preview_pictures,
    proofread,
    render,
    shared,
)
from workflow_runtime.documents.template import Field, FieldType, Kind, Template, codes, folder, house, read_folder
from workflow_runtime.documents.values import check, check_context

__all__ = [
    "Field",
    "FieldType",
    "Kind",
    "Limits",
    "Rendered",
    "Renderer",
    "Series",
    "SeriesKind",
    "Template",
    "check",
    "check_context",
    "codes",
    "folder",
    "house",
    "inspect",
    "load",
    "preview",
    "preview_pictures",
    "proofread",
    "qr_svg",
    "read_folder",
    "read_verification_code",
    "render",
    "series",
    "shared",
    "verification_code",
]
