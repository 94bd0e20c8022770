"""How much an expression may ask for. Every limit ends in a FeelError that names it."""

from __future__ import annotations

TEXT = 65_536  #: characters of one expression
TOKENS = 5_000  #: words, numbers and symbols of one expression
DEPTH = 64  #: levels of nesting in the text
OPERATIONS = 100_000  #: steps of one evaluation
CALLS = 48  #: user-defined functions inside one another
LIST = 10_000  #: items of one list
STRING = 65_536  #: characters of one string
EXPONENT = 999_999_999  #: largest exponent of `**`, as the standard says
YEAR = 999_999_999  #: largest year, as the standard says
WEIGHT = 50_000  #: values inside one value, counted as often as they appear
