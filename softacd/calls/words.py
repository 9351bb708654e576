"""Numbers, places in the line and waiting times as sequences of clips for `Play`.

A language is data: its numerals (which numbers have a clip of their own, which scales compose the rest), its plural
forms and its sentence patterns, each a row of clips and slots. One small algorithm reads them all. English stands at
the foot of this module; a language with genders has one `Numeral` for each, one with three plural forms gives its
nouns three clips.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Literal

import msgspec

from softacd.calls.prompts import Prompt, clip

LARGEST = 999_999
"""The largest number that can be said; larger ones (telephone numbers, codes) are said digit by digit."""


class Plural(StrEnum):
    """The plural category of a number, as in Unicode CLDR (UTS 35 part 3, language plural rules)."""

    ONE = "one"
    FEW = "few"
    MANY = "many"
    OTHER = "other"


class Noun(msgspec.Struct, frozen=True):
    """What is counted, as one clip per plural category that the language has."""

    forms: Mapping[Plural, str]


class Scale(msgspec.Struct, frozen=True):
    """A power of ten above the numbers that have their own clips: "hundred", "thousand".

    `counted_by` says how many of them (thousands are feminine in Russian, whatever the thousands are of); None uses
    the numeral itself. `silent_one` drops the count of one ("тысяча", "o mie" as a clip of its own).
    """

    value: int
    noun: Noun
    counted_by: "Numeral | None" = None
    silent_one: bool = False


class Numeral(msgspec.Struct, frozen=True):
    """How numbers are said in one gender and case.

    `clips` names the numbers that have a clip of their own: 0 to 19, the tens and, where hundreds are not composed,
    the hundreds. `scales` go from the largest down. `joint` is said between tens and units ("douăzeci și unu").
    """

    clips: Mapping[int, str]
    scales: tuple[Scale, ...] = ()
    joint: str | None = None


Quantity = Literal["place", "low", "high"]
"""Which number fills a slot: the place in the line, or an end of the range of minutes."""


class NumberSlot(msgspec.Struct, frozen=True):
    """Here the number is said, by this numeral."""

    of: Quantity
    numeral: Numeral


class NounSlot(msgspec.Struct, frozen=True):
    """Here the noun is said, in the plural category of the number."""

    of: Quantity
    noun: Noun


Pattern = tuple[str | NumberSlot | NounSlot, ...]
"""A sentence: prompts (by catalogue name) and slots, in the order they are said."""


class Language(msgspec.Struct, frozen=True):
    """Everything the announcements need to know of one language. `tag` names its folder below media/prompts/.

    `numeral` counts without a noun; `key_clips` are the keys of a telephone and "+", for `digits`. The patterns are
    sentences: `next_in_line` has no slot, `place_in_line` has "place", `wait_about` and `wait_less_than` have "high",
    `wait_between` has "low" and "high".
    """

    tag: str
    plural: Callable[[int], Plural]
    numeral: Numeral
    key_clips: Mapping[str, str]
    next_in_line: Pattern
    place_in_line: Pattern
    wait_less_than_a_minute: Pattern
    wait_less_than: Pattern
    wait_about: Pattern
    wait_between: Pattern


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
    """The clips that say `value` (0 to 999,999): 42 is "forty", "two". Raises ValueError outside that range."""
    spoken = find(language)
    return _clips(spoken, _number(value, spoken.numeral, spoken))


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
    if value in numeral.clips:
        if value or not said:
            said.append(numeral.clips[value])
    else:
        units = value % 10
        said.append(numeral.clips[value - units])
        if numeral.joint:
            said.append(numeral.joint)
        said.append(numeral.clips[units])
    return said


# --- English ------------------------------------------------------------------------------------------------------


def one_or_other(count: int) -> Plural:
    """English: "one" for 1 alone."""
    return Plural.ONE if count == 1 else Plural.OTHER


_NUMBERS = Numeral(
    clips={value: f"digits/{value}" for value in (*range(20), *range(20, 100, 10))},
    scales=(
        Scale(1000, Noun(dict.fromkeys((Plural.ONE, Plural.OTHER), "digits/thousand"))),
        Scale(100, Noun(dict.fromkeys((Plural.ONE, Plural.OTHER), "digits/hundred"))),
    ),
)
_MINUTES = Noun({Plural.ONE: Prompt.MINUTE, Plural.OTHER: Prompt.MINUTES})

ENGLISH = Language(
    tag="en",
    plural=one_or_other,
    numeral=_NUMBERS,
    key_clips={
        **{digit: f"digits/{digit}" for digit in "0123456789"},
        "*": "digits/star",
        "#": "digits/pound",
        "+": "digits/plus",
    },
    next_in_line=(Prompt.YOU_ARE_NEXT,),
    place_in_line=(Prompt.YOU_ARE_NUMBER, NumberSlot("place", _NUMBERS), Prompt.IN_LINE),
    wait_less_than_a_minute=(Prompt.EXPECTED_WAIT, Prompt.LESS_THAN_A_MINUTE),
    wait_less_than=(
        Prompt.EXPECTED_WAIT,
        Prompt.LESS_THAN,
        NumberSlot("high", _NUMBERS),
        NounSlot("high", _MINUTES),
    ),
    wait_about=(Prompt.EXPECTED_WAIT, Prompt.ABOUT, NumberSlot("high", _NUMBERS), NounSlot("high", _MINUTES)),
    wait_between=(
        Prompt.EXPECTED_WAIT,
        Prompt.BETWEEN,
        NumberSlot("low", _NUMBERS),
        Prompt.AND,
        NumberSlot("high", _NUMBERS),
        NounSlot("high", _MINUTES),
    ),
)

LANGUAGES: dict[str, Language] = {ENGLISH.tag: ENGLISH}
"""Every language that can be announced, by tag."""
