"""Numbers that name people, organisations, places and accounts: checked, normalised, masked.

Every check returns findings (empty when all is well), each saying what is wrong and how to mend it. Sources:
GB 11643 (resident identity numbers), GB 32100 (unified social credit codes), GB/T 2260 (regions), ISO/IEC 7812
(bank cards). The region table of the real country comes with python-stdnum; fictional regions pass only where
the caller names them in `regions`.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

from stdnum import luhn, numdb
from stdnum.cn import ric, uscc
from stdnum.exceptions import InvalidChecksum, InvalidFormat, InvalidLength, ValidationError

from workflow_runtime.errors import BadInput
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.i18n import _

MALE: Final = "male"
FEMALE: Final = "female"
_MOBILE = re.compile(r"(?:\+?86)?(1[3-9][0-9]{9})")
_LANDLINE = re.compile(r"0[1-9][0-9]{9,10}")
_SERVICE = re.compile(r"(?:400|800)[0-9]{7}|1[0-9]{4}|95[0-9]{3,4}|110|119|120")


@dataclass(frozen=True, slots=True)
class ResidentId:
    """What a resident identity number says: where it was issued, and the holder's birth date and sex."""

    text: str
    region: str
    birth_date: date
    sex: str


def normal(text: str) -> str:
    """`text` as it is stored: half-width, upper case, without blanks and dashes."""
    return re.sub(r"[\s\-\u2010-\u2015\u2212]", "", unicodedata.normalize("NFKC", text)).upper()


def resident_id(text: str) -> ResidentId:
    """The parts of a well-formed number; its region is not looked up."""
    findings = _form_of_resident_id(number := normal(text))
    if findings:
        raise BadInput(findings=findings)
    return _parts(number)


def check_resident_id(
    text: str,
    *,
    regions: Collection[str] = (),
    birth_date: date | None = None,
    sex: str | None = None,
    today: date | None = None,
) -> tuple[Finding, ...]:
    """Everything wrong with a resident identity number, alone and beside the declared birth date and sex.

    The date in it is looked at before the check digit: an impossible date needs no arithmetic. `regions` names
    region codes (or beginnings of codes) that pass although the real table does not know them.
    """
    number = normal(text)
    findings = _form_of_resident_id(number)
    if findings:
        return findings
    parts = _parts(number)
    found: list[Finding] = []
    if not known_region(parts.region, regions=regions):
        found.append(
            _finding(
                "resident-id.region",
                _("the first six digits {region} of the identity number are no region").format(region=parts.region),
                _("compare them with the card; for test data, name the region in the organisation file"),
            )
        )
    if today is not None and parts.birth_date > today:
        found.append(
            _finding(
                "resident-id.future",
                _("the birth date {date} in the identity number lies in the future").format(date=parts.birth_date),
                _("compare digits 7 to 14 with the card"),
            )
        )
    if birth_date is not None and parts.birth_date != birth_date:
        found.append(
            _finding(
                "resident-id.birth-date",
                _("digits 7 to 14 of the identity number say born on {there}, the form says {here}").format(
                    there=parts.birth_date, here=birth_date
                ),
                _("correct the one that differs from the household register"),
            )
        )
    if sex in (MALE, FEMALE) and parts.sex != sex:
        found.append(
            _finding(
                "resident-id.sex",
                _("digit 17 of the identity number says {there}, the form says {here}").format(
                    there=_sex_word(parts.sex), here=_sex_word(sex or "")
                ),
                _("correct the one that differs from the household register"),
            )
        )
    return tuple(found)


def _form_of_resident_id(number: str) -> tuple[Finding, ...]:
    if re.fullmatch(r"[0-9]{17}[0-9X]", number) is None:
        return (
            _finding(
                "resident-id.form",
                _("an identity number has 18 places: 17 digits and a digit or X; this one has {count}").format(
                    count=len(number)
                ),
                _("type all 18 places as on the card"),
            ),
        )
    try:
        ric.get_birth_date(number)
    except (ValidationError, ValueError):
        return (
            _finding(
                "resident-id.date",
                _("digits 7 to 14 of the identity number ({digits}) are no date").format(digits=number[6:14]),
                _("compare digits 7 to 14 with the card"),
            ),
        )
    if ric.calc_check_digit(number) != number[-1]:
        return (
            _finding(
                "resident-id.check-digit",
                _("the check digit {digit} of the identity number does not fit its other digits").format(
                    digit=number[-1]
                ),
                _("compare the number with the card place by place; one is mistyped"),
            ),
        )
    return ()


def _parts(number: str) -> ResidentId:
    return ResidentId(number, number[:6], ric.get_birth_date(number), MALE if int(number[16]) % 2 else FEMALE)


def _sex_word(sex: str) -> str:
    return _("male") if sex == MALE else _("female")


def check_uscc(text: str) -> tuple[Finding, ...]:
    """Everything wrong with a unified social credit code."""
    try:
        uscc.validate(normal(text))
    except InvalidLength:
        problem = _("a unified social credit code has 18 places; this one has {count}").format(count=len(normal(text)))
    except InvalidFormat:
        problem = _("a unified social credit code has 8 digits, then digits and letters without I, O, S, V and Z")
    except InvalidChecksum:
        problem = _("the last place of the unified social credit code does not fit the others")
    else:
        return ()
    return (_finding("uscc", problem, _("compare it with the certificate place by place")),)


def check_phone(text: str) -> tuple[Finding, ...]:
    """Everything wrong with a telephone number of the mainland (mobile, land line with area code, service)."""
    number = re.sub(r"[()]", "", normal(text))
    if any(form.fullmatch(number) for form in (_MOBILE, _LANDLINE, _SERVICE)):
        return ()
    return (
        _finding(
            "phone",
            _("this is no telephone number"),
            _("give a mobile number of 11 digits (13… to 19…), or a land line with its area code, as 010-12345678"),
        ),
    )


def region_prefix(code: str) -> str:
    """The part of a region code that its members share: `990100` → `9901`, `990101001000` → `990101001`."""
    if len(code) > 9 and code[9:] == "0" * (len(code) - 9):
        code = code[:9]
    if len(code) == 9 and code[6:] == "000":
        code = code[:6]
    if len(code) == 6:
        code = code[:4] if code[4:] == "00" else code
        code = code[:2] if len(code) == 4 and code[2:] == "00" else code
    return code


def known_region(code: str, *, regions: Collection[str] = ()) -> bool:
    """Whether the real table (historic codes included) or `regions` knows the region."""
    return _is_real(code[:6]) or any(code.startswith(region_prefix(region)) for region in regions if region)


@cache
def _is_real(code: str) -> bool:
    return any("county" in properties for _part, properties in numdb.get("cn/loc").info(code))


def check_region(text: str, *, regions: Collection[str] = ()) -> tuple[Finding, ...]:
    """Everything wrong with a region code of 6 to 12 digits."""
    code = normal(text)
    if re.fullmatch(r"[0-9]{6}|[0-9]{9}|[0-9]{12}", code) is None:
        return (
            _finding(
                "region.form",
                _("a region code has 6, 9 or 12 digits"),
                _("take the code of the county (6), township (9) or village (12)"),
            ),
        )
    if not known_region(code, regions=regions):
        return (
            _finding(
                "region.unknown",
                _("no region has the code {code}").format(code=code),
                _("take the code from the region table; for test data, name the region in the organisation file"),
            ),
        )
    return ()


def check_account(text: str) -> tuple[Finding, ...]:
    """Everything wrong with a bank card number (12 to 19 digits, the last one by Luhn's rule)."""
    number = normal(text)
    if re.fullmatch(r"[0-9]{12,19}", number) is None:
        return (_finding("account.form", _("a card number has 12 to 19 digits"), _("type all digits as on the card")),)
    if not luhn.is_valid(number):
        return (
            _finding(
                "account.check-digit",
                _("the last digit of the card number does not fit the others"),
                _("compare the number with the card digit by digit"),
            ),
        )
    return ()


# --- made up, for tests and the demonstration --------------------------------------------------------------------


def new_resident_id(region: str, birth_date: date, sequence: int) -> str:
    """A number that passes every check but the region's; odd `sequence` for a male, even for a female."""
    body = f"{region:0<6}"[:6] + f"{birth_date:%Y%m%d}{sequence:03}"
    return body + ric.calc_check_digit(body + "0")


def new_uscc(body: str) -> str:
    """The 17 places of `body` with their check place."""
    return body + uscc.calc_check_digit(body)


# --- masked, for readers who need not know -----------------------------------------------------------------------


def digest(identity: object) -> str | None:
    """What is kept of an identity number to see that one person has one file; None where there is no number."""
    return hashlib.sha256(str(identity).encode()).hexdigest() if identity else None


def mask_resident_id(text: str) -> str:
    """Region and last four places stay: `990101********002X`."""
    return _mask(text, 6, 4) if len(text) >= 15 else "*" * len(text)


def mask_phone(text: str) -> str:
    """The first three and last four digits stay."""
    return _mask(text, 3, 4) if len(text) >= 9 else "*" * len(text)


def mask_account(text: str) -> str:
    """The last four digits stay."""
    return _mask(text, 0, 4) if len(text) >= 9 else "*" * len(text)


def mask_name(text: str) -> str:
    """The family name stays: 兰小荷 → 兰**."""
    return text[:1] + "*" * (len(text) - 1)


def _mask(text: str, head: int, tail: int) -> str:
    return text[:head] + "*" * (len(text) - head - tail) + text[len(text) - tail :]


def _finding(rule: str, message: str, remedy: str) -> Finding:
    return Finding(rule, Severity.ERROR, None, None, message, remedy)
