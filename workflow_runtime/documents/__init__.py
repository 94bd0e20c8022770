"""Documents: a template and a case become a PDF, with its number, verification code and places for seals.

Pure but for the child process that prints: no database, no clock, no network. See `docs/documents.md`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

#: Where each name lives; its module is loaded when the name is first used.
_WHERE = {
    "Field": "template",
    "FieldType": "template",
    "Kind": "template",
    "Limits": "renderer",
    "Rendered": "renderer",
    "Renderer": "renderer",
    "Series": "numbering",
    "SeriesKind": "numbering",
    "Template": "template",
    "check": "values",
    "check_context": "values",
    "codes": "template",
    "folder": "template",
    "house": "template",
    "inspect": "reading",
    "load": "reading",
    "preview": "renderer",
    "preview_pictures": "renderer",
    "proofread": "renderer",
    "qr_svg": "numbering",
    "read_folder": "template",
    "read_verification_code": "numbering",
    "render": "renderer",
    "series": "numbering",
    "shared": "renderer",
    "verification_code": "numbering",
}

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


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
