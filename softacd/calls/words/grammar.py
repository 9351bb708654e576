"""What a language is to the announcements: a few tables, read by one small algorithm (`say`).

Its numerals say which numbers have a clip of their own and which scales compose the rest; its plural forms choose the
clip of a noun; its sentence patterns are rows of clips and slots. A language with genders has one `Numeral` for each,
one with cases one for each case that a pattern asks for.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Literal

import msgspec


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
    `alone` replaces a clip where it is the whole number ("un minut", but "douăzeci și unu de minute").
    """

    clips: Mapping[int, str]
    scales: tuple[Scale, ...] = ()
    joint: str | None = None
    alone: Mapping[int, str] = msgspec.field(default_factory=dict)


class Counted(msgspec.Struct, frozen=True):
    """A noun and the numeral of its gender: what says "two hryvnias"."""

    noun: Noun
    numeral: Numeral


class Currency(msgspec.Struct, frozen=True):
    """A currency's unit and its hundredth."""

    whole: Counted
    part: Counted


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

Part = str | tuple[Numeral, int] | tuple[Noun, int]
"""A clip, a number to say, or a noun in the form of a number."""


class Language(msgspec.Struct, frozen=True):
    """Everything the announcements need to know of one language. `tag` names its folder below media/prompts/.

    `numeral` counts without a noun; `key_clips` are the keys of a telephone and "+", for `digits`. The patterns are
    sentences: `next_in_line` has no slot, `place_in_line` has "place", `wait_about` and `wait_less_than` have "high",
    `wait_between` has "low" and "high". `new_messages` is what a mailbox counts. `joins_parts`, where it is not
    empty, stands between the whole of an amount of money and its hundredths. `time_of_day` says an hour (0 to 23) and
    a minute, `date` a day of the year.
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
    new_messages: Counted
    minus: str
    joins_parts: str
    currencies: Mapping[str, Currency]
    time_of_day: Callable[[int, int], tuple[Part, ...]]
    date: Callable[[dt.date], tuple[str, ...]]


def small_numbers(
    changed: Mapping[int, str] | None = None, *, hundreds: bool = False, suffix: str = ""
) -> dict[int, str]:
    """The clips digits/0 to digits/19, the tens, and the hundreds if wanted; `changed` ones are named otherwise."""
    values = (*range(20), *range(20, 100, 10), *(range(100, 1000, 100) if hundreds else ()))
    return {value: f"digits/{value}{suffix}" for value in values} | dict(changed or {})


def noun(folder: str, *categories: Plural) -> Noun:
    """The noun whose clips are `folder`-one, `folder`-few and so on."""
    return Noun({category: f"{folder}-{category}" for category in categories})


DIGIT_KEYS = {
    **{digit: f"digits/{digit}" for digit in "0123456789"},
    "*": "digits/star",
    "#": "digits/pound",
    "+": "digits/plus",
}
"""The keys of a telephone, named alike in all our languages."""


def day_and_month(day: dt.date) -> tuple[str, ...]:
    """A date of a language that has a clip for each day of a month and says it first."""
    return (f"dates/day-{day.day}", f"dates/month-{day.month}")


CURRENCIES = ("UAH", "MDL", "RON", "RUB", "EUR", "USD")
"""ISO 4217 codes of the money that every language can say."""
