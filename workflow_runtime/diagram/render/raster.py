"""From SVG to PNG and PDF, with the fonts of the house and without a browser."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

#: a PNG has at most this many pixels; larger pictures come out smaller, not cut
MOST_PIXELS = 48_000_000
_SIZE = re.compile(r'width="([\d.]+)" height="([\d.]+)"')
_lock = threading.Lock()


@cache
def _compiler() -> Any:
    import typst

    fonts = Path(str(resources.files("templates"))) / "_house" / "fonts"
    loaded = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(fonts)] if fonts.is_dir() else []
    )
    return typst.Compiler(font_paths=loaded)


def picture_size(svg: str) -> tuple[float, float]:
    """Width and height of one of our pictures."""
    size = _SIZE.search(svg)
    return (float(size[1]), float(size[2])) if size else (100.0, 100.0)


def compiled(source: str, files: Mapping[str, bytes]) -> bytes:
    """A PDF from a typesetter's source and the pictures it names."""
    with _lock:
        return bytes(_compiler().compile(input={"main": source.encode(), **files}, format="pdf"))


def convert(svg: str, format: str, *, scale: float = 2.0, title: str = "") -> bytes:
    """The picture as `png` or `pdf`."""
    width, height = picture_size(svg)
    # PDF readers refuse pages above 14,400 points
    shrink = min(1.0, 14_000 / max(width, height))
    text = title.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    source = (
        f'#set document(title: "{text}", date: none)\n'
        f"#set page(width: {width * shrink:.2f}pt, height: {height * shrink:.2f}pt, margin: 0pt)\n"
        f'#image("picture.svg", width: {width * shrink:.2f}pt, height: {height * shrink:.2f}pt, alt: "{text}")\n'
    )
    files = {"main": source.encode(), "picture.svg": svg.encode()}
    with _lock:
        compiler = _compiler()
        if format == "pdf":
            return bytes(compiler.compile(input=files, format="pdf"))
        pixels = min(scale, (MOST_PIXELS / (width * shrink * height * shrink)) ** 0.5)
        return bytes(compiler.compile(input=files, format="png", ppi=72 * pixels))
