"""When two spellings of a telephone number are the same number: "+37369123456", "0037369123456", "069123456"."""

import re

import phonenumbers

KEY_DIGITS = 7
"""Digits every spelling of one number shares at its end; shorter numbers (extensions) are compared whole."""

_NOT_DIGITS = re.compile(r"[^0-9]+")
_SAME = frozenset(
    {
        phonenumbers.MatchType.EXACT_MATCH,
        phonenumbers.MatchType.NSN_MATCH,
        phonenumbers.MatchType.SHORT_NSN_MATCH,
    }
)


def number_key(number: str) -> str:
    """Return the last 7 digits of `number`, all of them when it is shorter, "" when it has none ("anonymous")."""
    return _NOT_DIGITS.sub("", number)[-KEY_DIGITS:]


def same_number(one: str, other: str) -> bool:
    """Tell whether two spellings mean one subscriber. Withheld numbers (no digits) are the same as none."""
    key = number_key(one)
    if not key or key != number_key(other):
        return False
    if one == other:
        return True
    if len(key) < KEY_DIGITS:
        return False
    return phonenumbers.is_number_match(_with_plus(one), _with_plus(other)) in _SAME


def _with_plus(number: str) -> str:
    """Write the international prefix of ITU-T E.164 countries that dial "00" as "+"."""
    return "+" + number[2:] if number.startswith("00") else number
