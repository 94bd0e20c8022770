"""Numbers and verification codes as text. Which number comes next is the database's to say.

Agreements, lists, forms and records count per issuer, document code and year: `990201-D15-2024-3`.
Letters count per issuer's letter word and year, in the manner of official letters: `甲民函〔2024〕3号`.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from enum import StrEnum

from workflow_runtime.errors import BadInput
from workflow_runtime.i18n import _


class SeriesKind(StrEnum):
    """The two manners of counting."""

    FORM = "form"  #: {issuer}-{code}-{year}-{n}
    LETTER = "letter"  #: 机关代字〔year〕n号


@dataclass(frozen=True, slots=True)
class Series:
    """One row of numbers without gaps. `issuer` is the issuer's code, or its letter word (机关代字)."""

    issuer: str
    kind: str
    year: int

    def text(self, number: int) -> str:
        """The number as it is printed."""
        if number < 1:
            raise ValueError(f"numbers of a series begin at 1, not {number}")
        if self.kind == SeriesKind.LETTER:
            return f"{self.issuer}〔{self.year}〕{number}号"
        return f"{self.issuer}-{self.kind}-{self.year}-{number}"


def series(kind: SeriesKind, *, code: str, issuer: str, letter_word: str = "", year: int) -> Series:
    """The series a document is numbered in; `letter_word` is needed for letters only."""
    if kind is SeriesKind.LETTER:
        if not letter_word:
            raise BadInput(
                _(
                    "{issuer} has no letter word (机关代字): letters cannot be numbered. Add it to the organisation."
                ).format(issuer=issuer)
            )
        return Series(letter_word, SeriesKind.LETTER, year)
    return Series(issuer, code, year)


_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHECKS = _ALPHABET + "*~$=U"
_LENGTH = 12
_READ_AS = str.maketrans("OIL", "011")


def verification_code(entropy: bytes) -> str:
    """A code to verify a document by, from at least 8 random bytes: `7M3K-9QXR-T2WD-5`.

    Twelve characters of Crockford's base 32 and one to check them: nobody guesses it, a slip of the pen is noticed.
    """
    if len(entropy) < 8:
        raise ValueError("a verification code needs at least 8 random bytes")
    value = int.from_bytes(entropy[:8], "big") >> 4
    characters = [_ALPHABET[value >> 5 * place & 31] for place in reversed(range(_LENGTH))]
    return _grouped("".join(characters) + _CHECKS[value % 37])


def read_verification_code(text: str) -> str:
    """A code as a person typed it, in its one proper writing; refused when its check character does not fit."""
    plain = "".join(text.split()).replace("-", "").upper()
    body, check = plain[:_LENGTH].translate(_READ_AS), plain[_LENGTH:]
    check = check if check == "U" else check.translate(_READ_AS)
    if len(plain) != _LENGTH + 1 or any(character not in _ALPHABET for character in body) or check not in _CHECKS:
        raise BadInput(
            _("“{code}” is not a verification code: it has 12 letters or digits and a check character.").format(
                code=text
            )
        )
    value = 0
    for character in body:
        value = value * 32 + _ALPHABET.index(character)
    if _CHECKS[value % 37] != check:
        raise BadInput(
            _("The verification code “{code}” is mistyped: its check character does not fit.").format(code=text)
        )
    return _grouped(body + check)


def _grouped(plain: str) -> str:
    return "-".join(plain[at : at + 4] for at in range(0, len(plain), 4))


def qr_svg(verification: str) -> bytes:
    """The QR code of a verification code: the code alone, no name, no number of a person."""
    import segno

    out = io.BytesIO()
    segno.make("XIEBAN:" + verification, error="m", micro=False).save(
        out, kind="svg", border=0, xmldecl=False, nl=False, svgclass=None, lineclass=None
    )
    return out.getvalue()
