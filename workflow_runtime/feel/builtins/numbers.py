"""Numeric functions, each exact to the 34 digits of the standard."""

from __future__ import annotations

from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
)

from workflow_runtime.feel import temporal
from workflow_runtime.feel.numbers import NUMBERS, finite
from workflow_runtime.feel.operations import negate
from workflow_runtime.feel.signatures import builtin
from workflow_runtime.feel.values import Months, Value


def _rounded(number: Decimal, scale: Decimal, rounding: str) -> Value:
    if not -6111 <= scale <= 6176:
        return None
    if number.adjusted() + scale >= 33:
        return number  # its 34 digits end before this place
    context = Context(prec=40, rounding=rounding, Emin=-6300, Emax=6300, traps=[])
    return finite(NUMBERS.plus(context.quantize(number, Decimal((0, (1,), -int(scale))))))


def _rounding(name: str, rounding: str) -> None:
    builtin(name, "n: number, scale: integer", "number", cost=16)(lambda n, scale: _rounded(n, scale, rounding))


builtin("floor", "n: number", "number")(lambda n: _rounded(n, Decimal(0), ROUND_FLOOR))
builtin("ceiling", "n: number", "number")(lambda n: _rounded(n, Decimal(0), ROUND_CEILING))
for _name, _mode in {
    "decimal": ROUND_HALF_EVEN,
    "floor": ROUND_FLOOR,
    "ceiling": ROUND_CEILING,
    "round up": ROUND_UP,
    "round down": ROUND_DOWN,
    "round half up": ROUND_HALF_UP,
    "round half down": ROUND_HALF_DOWN,
}.items():
    _rounding(_name, _mode)


@builtin("abs", "n: number", "number")
@builtin("abs", "n: duration", "duration")
def abs_(value: Value) -> Value:
    if isinstance(value, Decimal):
        return NUMBERS.abs(value)  # Python's own would round to 28 digits
    smaller = value.months < 0 if isinstance(value, Months) else temporal.nanoseconds_in(value) < 0
    return negate(value) if smaller else value


@builtin("modulo", "dividend: number, divisor: number", "number")
def modulo(dividend: Decimal, divisor: Decimal) -> Value:
    """dividend - divisor * floor(dividend / divisor), worked out on whole numbers: no quotient is too long for it."""
    if not divisor:
        return None
    (number, power), (modulus, other) = map(_whole, (dividend, divisor))
    if other - power > 100:  # the divisor is larger by far
        return dividend if not dividend or (dividend < 0) == (divisor < 0) else finite(NUMBERS.add(dividend, divisor))
    least = min(power, other)
    modulus *= 10 ** (other - least)
    rest = number * pow(10, power - least, abs(modulus)) % modulus
    return finite(NUMBERS.create_decimal(f"{rest}E{least}"))


def _whole(number: Decimal) -> tuple[int, int]:
    """A whole number and the power of ten that it is to be multiplied with."""
    sign, digits, exponent = number.as_tuple()
    whole = int("".join(map(str, digits)))
    return -whole if sign else whole, int(exponent)


@builtin("sqrt", "number: number", "number", cost=20)
def sqrt(number: Decimal) -> Value:
    return finite(NUMBERS.sqrt(number)) if number >= 0 else None


@builtin("log", "number: number", "number", cost=120)
def log(number: Decimal) -> Value:
    return finite(NUMBERS.ln(number)) if number > 0 else None


@builtin("exp", "number: number", "number", cost=80)
def exp(number: Decimal) -> Value:
    return finite(NUMBERS.exp(number))


@builtin("odd", "number: number", "boolean")
def odd(number: Decimal) -> Value:
    return _parity(number, True)


@builtin("even", "number: number", "boolean")
def even(number: Decimal) -> Value:
    return _parity(number, False)


def _parity(number: Decimal, is_odd: bool) -> bool | None:
    _sign, digits, exponent = number.as_tuple()
    if number != number.to_integral_value() or not isinstance(exponent, int):
        return None
    if exponent > 0:
        return not is_odd
    last = digits[exponent - 1] if exponent - 1 >= -len(digits) else 0
    return (last % 2 == 1) == is_odd
