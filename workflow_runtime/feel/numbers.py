"""Decimal arithmetic as the standard wants it: IEEE 754-2008 Decimal128, 34 digits, ties to even."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal

#: nothing is trapped: what is not finite becomes null
NUMBERS = Context(prec=34, rounding=ROUND_HALF_EVEN, Emin=-6143, Emax=6144, traps=[])


def finite(number: Decimal) -> Decimal | None:
    """The number, or null where the standard's range ends."""
    return number if number.is_finite() else None


def number_text(number: Decimal) -> str:
    """A number without exponent and without idle zeros."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
