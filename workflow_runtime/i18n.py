"""Languages: one translation function for every string a person reads.

Source strings in Python code are English; the catalogue `locale/zh/LC_MESSAGES/xieban.mo` makes them Chinese.
Diagram, form and profile strings are Chinese; the catalogue `en` of the data folders makes them English.

A command in a message is written “xieban …”, in these quotation marks; it comes out as the program is called here, so
that it can be pasted.
"""

from __future__ import annotations

import errno
import gettext
import os
import re
from contextvars import ContextVar
from functools import cache
from importlib import resources
from pathlib import Path

LANGUAGES = ("zh", "en")
PROGRAM = "xieban"
FEEL_STRING = re.compile(r'"([^"]*)"')  #: a string literal without quotes in it
_language: ContextVar[str] = ContextVar("language", default="zh")
_program: ContextVar[str] = ContextVar("program", default=PROGRAM)


def use_language(code: str) -> None:
    """Speak `zh` or `en` from here on, in this thread of work."""
    if code not in LANGUAGES:
        raise ValueError(f"language must be one of {', '.join(LANGUAGES)}, not {code!r}")
    _language.set(code)


def language() -> str:
    """The language in use: `zh` or `en`."""
    return _language.get()


def use_program(name: str) -> None:
    """Call the program `name` in every command that a message names, in this thread of work."""
    _program.set(name)


@cache
def _catalogue(package: str, domain: str, code: str) -> gettext.NullTranslations:
    folder = Path(str(resources.files(package))) / "locale"
    return gettext.translation(domain, folder, languages=[code], fallback=True)


def _(text: str) -> str:
    """`text` (English source) in the language in use."""
    return _pasteable(_catalogue("workflow_runtime", "xieban", _language.get()).gettext(text))


def ngettext(one: str, many: str, number: int) -> str:
    """The form of an English source string that fits `number`, in the language in use."""
    return _pasteable(_catalogue("workflow_runtime", "xieban", _language.get()).ngettext(one, many, number))


def _pasteable(text: str) -> str:
    """`text` with every command as it is typed here. A brace in the name is doubled: the text is a format yet."""
    name = _program.get()
    if name == PROGRAM or f"“{PROGRAM} " not in text:
        return text
    return text.replace(f"“{PROGRAM} ", "“{} ".format(name.replace("{", "{{").replace("}", "}}")))


def of_data(text: str) -> str:
    """A string of a diagram, form or profile (Chinese source) in the language in use."""
    return _catalogue("bpmn", "procedures", _language.get()).gettext(text) if text else text


def of_feel(text: str) -> str:
    """FEEL text of a decision table, its string literals in the language in use."""
    return FEEL_STRING.sub(lambda found: f'"{of_data(found[1])}"', text)


def os_reason(error: OSError) -> str:
    """Why the operating system refused, in the language in use; its own words for what is rare."""
    known = {
        errno.EACCES: _("permission denied"),
        errno.EEXIST: _("it exists already"),
        errno.EFBIG: _("the file grows too large"),
        errno.EIO: _("the disk cannot be read or written"),
        errno.EISDIR: _("it is a folder"),
        errno.ENAMETOOLONG: _("the name is too long"),
        errno.ENOENT: _("there is no such file or folder"),
        errno.ENOSPC: _("the disk is full"),
        errno.ENOTDIR: _("it is no folder"),
        errno.EPERM: _("not permitted"),
        errno.EROFS: _("the disk is read-only"),
    }
    number = error.errno or 0
    return known.get(number) or error.strerror or (os.strerror(number) if number else str(error))
