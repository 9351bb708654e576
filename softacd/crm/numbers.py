"""Telephone numbers as E.164: every spelling of a number, a carrier's or an owner's, becomes one key."""

import re
from functools import lru_cache

import phonenumbers

MOST_DIGITS = 15
"""ITU-T E.164 section 6.2.1: no international number is longer."""
_DIGITS = re.compile(r"[0-9]{5,17}")


@lru_cache(maxsize=8192)
def canonical(text: str, country: str) -> str | None:
    """The E.164 spelling ("+37369123456"), None when `text` is no telephone number.

    `country` (ISO 3166 alpha-2, "" for none) is whose dialling rules apply to a number without its country code.
    Carriers leave out the "+" or write "00" for it: a number that is valid only so is read so.
    """
    text = text.strip()
    if text.startswith("00"):
        text = "+" + text[2:]
    national = _parse(text, country)
    if text.startswith("+"):  # nothing to guess
        return _written(national) if national is not None and phonenumbers.is_possible_number(national) else None
    if national is not None and phonenumbers.is_valid_number(national):
        return _written(national)
    if _DIGITS.fullmatch(text):
        international = _parse("+" + text, "")
        if international is not None and phonenumbers.is_valid_number(international):
            return _written(international)
    # Numbering plans change faster than libraries: what has a possible length is taken, too.
    if national is not None and phonenumbers.is_possible_number(national):
        return _written(national)
    return None


def key_of(number: str) -> int:
    """The digits of an E.164 spelling as a number: the key of tables and of the index."""
    return int(number[1:])


def spelled(key: int) -> str:
    """The reverse of `key_of`."""
    return f"+{key}"


def _parse(text: str, country: str) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return None
    # An extension behind a switchboard or letters ("1-800-FLOWERS") is no caller's number.
    return None if number.extension else number


def _written(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
