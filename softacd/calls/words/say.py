"""Numbers, places in the line, waiting times, money, times and dates as sequences of clips for `Play`."""

import datetime as dt
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from softacd.calls.prompts import clip
from softacd.calls.words.english import ENGLISH
from softacd.calls.words.grammar import Counted, Language, NumberSlot, Numeral, Pattern, Quantity
from softacd.calls.words.romanian import ROMANIAN
from softacd.calls.words.russian import RUSSIAN
from softacd.calls.words.ukrainian import UKRAINIAN

LARGEST = 999_999
"""The largest number that can be said; larger ones (telephone numbers, codes) are said digit by digit."""

LANGUAGES: dict[str, Language] = {language.tag: language for language in (ENGLISH, RUSSIAN, UKRAINIAN, ROMANIAN)}
"""Every language that can be announced, by tag."""


class UnknownLanguageError(LookupError):
    """No announcements exist in this language. The message names those that exist."""


def find(tag: str) -> Language:
    """The language of a configured tag ("en"). Raises UnknownLanguageError, as do all functions given a tag."""
    try:
        return LANGUAGES[tag]
    except KeyError:
        known = ", ".join(sorted(LANGUAGES))
        raise UnknownLanguageError(f"no announcements in language {tag!r}; there are: {known}") from None


def number(value: int, language: str = "en") -> tuple[str, ...]:
    """The clips that say `value`: 42 is "forty", "two". Raises ValueError beyond -999,999 to 999,999."""
    spoken = find(language)
    return _clips(spoken, ([spoken.minus] if value < 0 else []) + _number(abs(value), spoken.numeral, spoken))


def digits(keys: str, language: str = "en") -> tuple[str, ...]:
    """The clips that say `keys` one by one: 0 to 9, *, # and +. Separators people write in numbers are not said.

    Raises ValueError for any other character.
    """
    spoken = find(language)
    said: list[str] = []
    for key in keys:
        if key in " -.()/":
            continue
        try:
            said.append(spoken.key_clips[key])
        except KeyError:
            raise ValueError(f"{key!r} is not a key of a telephone") from None
    return _clips(spoken, said)


def position(place: int, language: str = "en") -> tuple[str, ...]:
    """Where a caller stands: 1 is "You are next in the line.", 5 "You are number five in the line."

    Raises ValueError below 1 and above 999,999.
    """
    if place < 1:
        raise ValueError(f"a place in the line is at least 1, not {place}")
    spoken = find(language)
    return _sentence(spoken, spoken.next_in_line if place == 1 else spoken.place_in_line, {"place": place})


def wait(
    minutes_low: int, minutes_high: int, less_than_a_minute: bool = False, language: str = "en"
) -> tuple[str, ...]:
    """The expected waiting time in whole minutes, from `minutes_low` to `minutes_high`.

    Two equal ends are said as "about two minutes", a range as "between two and four minutes", a range from nought as
    "less than four minutes". `less_than_a_minute`, or a range that ends at nought or runs from nought to one, is
    "less than a minute". Raises ValueError if low is negative, above high, or high above 999,999.
    """
    if not 0 <= minutes_low <= minutes_high:
        raise ValueError(f"no range of minutes: {minutes_low} to {minutes_high}")
    spoken = find(language)
    if less_than_a_minute or minutes_high == 0 or (minutes_low, minutes_high) == (0, 1):
        pattern = spoken.wait_less_than_a_minute
    elif minutes_low == 0:
        pattern = spoken.wait_less_than
    elif minutes_low == minutes_high:
        pattern = spoken.wait_about
    else:
        pattern = spoken.wait_between
    return _sentence(spoken, pattern, {"low": minutes_low, "high": minutes_high})


def money(amount: Decimal, currency: str, language: str = "en") -> tuple[str, ...]:
    """An amount, rounded to hundredths: 50 UAH is "fifty hryvnias", 1.05 EUR "one euro and five cents".

    Raises ValueError from a million on, LookupError for a currency (ISO 4217) the language has no words for.
    """
    spoken = find(language)
    try:
        known = spoken.currencies[currency]
    except KeyError:
        codes = ", ".join(sorted(spoken.currencies))
        raise LookupError(f"no words for the currency {currency!r}; there are: {codes}") from None
    hundredths = int((abs(amount) * 100).to_integral_value(ROUND_HALF_UP))
    whole, part = divmod(hundredths, 100)
    said = [spoken.minus] if amount < 0 and hundredths else []
    if whole or not part:
        said += _counted(whole, known.whole, spoken)
    if part:
        if whole and spoken.joins_parts:
            said.append(spoken.joins_parts)
        said += _counted(part, known.part, spoken)
    return _clips(spoken, said)


def time_of_day(hour: int, minute: int, language: str = "en") -> tuple[str, ...]:
    """A time of day, as people say it: 14:05 is "two oh five P M". Raises ValueError outside 0:00 to 23:59."""
    if not (0 <= hour < 24 and 0 <= minute < 60):
        raise ValueError(f"{hour}:{minute:02} is no time of day")
    spoken = find(language)
    said: list[str] = []
    for part in spoken.time_of_day(hour, minute):
        if isinstance(part, str):
            said.append(part)
        else:
            word, value = part
            said += _number(value, word, spoken) if isinstance(word, Numeral) else [word.forms[spoken.plural(value)]]
    return _clips(spoken, said)


def date(day: dt.date, language: str = "en") -> tuple[str, ...]:
    """A day of the year, without the year: "November twenty seventh"."""
    spoken = find(language)
    return _clips(spoken, list(spoken.date(day)))


def new_messages(count: int, language: str = "en") -> tuple[str, ...]:
    """How many new messages there are: "three new messages". Raises ValueError as `number` does."""
    spoken = find(language)
    return _clips(spoken, _counted(count, spoken.new_messages, spoken))


def _counted(value: int, counted: Counted, language: Language) -> list[str]:
    return [*_number(value, counted.numeral, language), counted.noun.forms[language.plural(value)]]


def _clips(language: Language, names: list[str]) -> tuple[str, ...]:
    return tuple(clip(name, language.tag) for name in names)


def _sentence(language: Language, pattern: Pattern, quantities: Mapping[Quantity, int]) -> tuple[str, ...]:
    said: list[str] = []
    for part in pattern:
        if isinstance(part, str):
            said.append(part)
        elif isinstance(part, NumberSlot):
            said += _number(quantities[part.of], part.numeral, language)
        else:
            said.append(part.noun.forms[language.plural(quantities[part.of])])
    return _clips(language, said)


def _number(value: int, numeral: Numeral, language: Language) -> list[str]:
    if not 0 <= value <= LARGEST:
        raise ValueError(f"{value} is not a number from 0 to {LARGEST}")
    if value in numeral.alone:
        return [numeral.alone[value]]
    said: list[str] = []
    for scale in numeral.scales:
        count, rest = divmod(value, scale.value)
        if count:
            if count > 1 or not scale.silent_one:
                said += _number(count, scale.counted_by or numeral, language)
            said.append(scale.noun.forms[language.plural(count)])
            value = rest
    if value >= 100:  # no scale for hundreds: each has a clip of its own
        said.append(numeral.clips[value // 100 * 100])
        value %= 100
    if value == 0 and said:
        return said
    if value in numeral.clips:
        said.append(numeral.clips[value])
    else:
        units = value % 10
        said.append(numeral.clips[value - units])
        if numeral.joint:
            said.append(numeral.joint)
        said.append(numeral.clips[units])
    return said
