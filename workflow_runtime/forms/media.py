"""Files by their content: the type is what the first bytes say, never what the name says."""

from __future__ import annotations

import re
from typing import Final

from workflow_runtime.forms.fields import Field

MEDIA: Final = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "gif": "image/gif",
    "bmp": "image/bmp",
    "webp": "image/webp",
    "heic": "image/heic",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ofd": "application/ofd",
    "zip": "application/zip",
    "txt": "text/plain",
    "csv": "text/plain",
    "mp4": "video/mp4",
    "mp3": "audio/mpeg",
}
#: A PDF or a picture of the paper.
DEFAULT_ACCEPT: Final = ("application/pdf", "image/jpeg", "image/png")

_MAGIC: Final = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"BM", "image/bmp"),
    (b"ID3", "audio/mpeg"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"MZ", "application/x-msdownload"),
    (b"\x7fELF", "application/x-executable"),
)
_ZIPPED: Final = (
    (b"vbaProject.bin", "application/vnd.ms-office.macro"),
    (b"word/document.xml", MEDIA["docx"]),
    (b"xl/workbook.xml", MEDIA["xlsx"]),
    (b"OFD.xml", MEDIA["ofd"]),
)


def sniff(data: bytes) -> str:
    """The media type of a file by its content, never by its name; `application/octet-stream` when unknown."""
    for magic, media_type in _MAGIC:
        if data.startswith(magic):
            return media_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp":
        return "image/heic" if data[8:12] in (b"heic", b"heix", b"mif1", b"hevc") else "video/mp4"
    if data.startswith(b"PK\x03\x04"):
        return next((media_type for name, media_type in _ZIPPED if name in data), "application/zip")
    return _text_type(data)


def _text_type(data: bytes) -> str:
    try:
        text = data[:65536].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(data[:65536]) - 4:  # a character cut at the end of the sample is still text
            return "application/octet-stream"
        text = data[: error.start].decode("utf-8-sig")
    if not text or re.search("[\x00-\x08\x0b\x0e-\x1f]", text):
        return "application/octet-stream"
    # Anything a browser would run is never plain text.
    return "text/html" if text.lstrip().startswith("<") else "text/plain"


def accepted_types(one: Field) -> str:
    """The file types a field takes, as people name them: `PDF, JPEG, PNG`."""
    names = {media: ending for ending, media in reversed(MEDIA.items())}
    return ", ".join(names.get(media, media).upper() for media in one.accept)
