"""What Russian and Ukrainian have in common: three plural forms, gender of one and two, numerals in the genitive."""

from collections.abc import Callable
from typing import Literal

import msgspec

from softacd.calls.prompts import Prompt
from softacd.calls.words.grammar import (
    DIGIT_KEYS,
    Counted,
    Currency,
    Language,
    Noun,
    NounSlot,
    NumberSlot,
    Numeral,
    Part,
    Pattern,
    Plural,
    Scale,
    day_and_month,
    noun,
    small_numbers,
)

FORMS = (Plural.ONE, Plural.FEW, Plural.MANY)

Gender = Literal["masculine", "feminine"]


def plural(count: int) -> Plural:
    """CLDR, Russian and Ukrainian, whole numbers: 1, 21; 2 to 4, 22; 0, 5 to 20."""
    if count % 10 == 1 and count % 100 != 11:
        return Plural.ONE
    return Plural.FEW if 2 <= count % 10 <= 4 and not 12 <= count % 100 <= 14 else Plural.MANY


class Numerals(msgspec.Struct, frozen=True):
    """The numerals that our sentences ask for. "Of" is the genitive, feminine: "от двух до пяти минут"."""

    masculine: Numeral
    feminine: Numeral
    neuter: Numeral
    of: Numeral

    def counted(self, folder: str, gender: Gender) -> Counted:
        """A noun of this gender with the clips `folder`-one, -few and -many."""
        return Counted(noun(folder, *FORMS), self.masculine if gender == "masculine" else self.feminine)


def numerals() -> Numerals:
    """Both languages name the clips alike. A thousand needs no "one" before it."""
    changed = {1: "digits/1-feminine", 2: "digits/2-feminine"}
    feminine = small_numbers(changed, hundreds=True)
    thousands = Scale(1000, noun("digits/thousand", *FORMS), counted_by=Numeral(feminine), silent_one=True)
    of = {value: name for value, name in small_numbers(hundreds=True, suffix="-of").items() if value}
    of_thousands = Scale(
        1000, Noun(dict.fromkeys(FORMS, "digits/thousands-of") | {Plural.ONE: "digits/thousand-of"}), Numeral(of), True
    )
    return Numerals(
        Numeral(small_numbers(hundreds=True), (thousands,)),
        Numeral(feminine, (thousands,)),
        Numeral(small_numbers({1: "digits/1-neuter"}, hundreds=True), (thousands,)),
        Numeral(of, (of_thousands,)),
    )


NUMERALS = numerals()
MINUTES = NUMERALS.counted("minutes", "feminine")
NEW_MESSAGES = Counted(noun("new-messages", *FORMS), NUMERALS.neuter)
"""Neuter: "одно новое сообщение"."""
_OF_MINUTES = Noun(dict.fromkeys(FORMS, "minutes-many") | {Plural.ONE: "minutes-few"})
"""The genitive: of one "минуты", of any more "минут"; the same words as two of the plural forms."""

PLACE: Pattern = (Prompt.YOU_ARE_NUMBER, NumberSlot("place", NUMERALS.masculine), Prompt.IN_LINE)
LESS_THAN_A_MINUTE: Pattern = (Prompt.EXPECTED_WAIT, Prompt.LESS_THAN_A_MINUTE)
LESS_THAN: Pattern = (
    Prompt.EXPECTED_WAIT,
    Prompt.LESS_THAN,
    NumberSlot("high", NUMERALS.of),
    NounSlot("high", _OF_MINUTES),
)
ABOUT: Pattern = (
    Prompt.EXPECTED_WAIT,
    Prompt.ABOUT,
    NumberSlot("high", MINUTES.numeral),
    NounSlot("high", MINUTES.noun),
)
BETWEEN: Pattern = (
    Prompt.EXPECTED_WAIT,
    Prompt.BETWEEN,
    NumberSlot("low", NUMERALS.of),
    Prompt.AND,
    NumberSlot("high", NUMERALS.of),
    NounSlot("high", _OF_MINUTES),
)


def _currency(code: str, whole: Gender, part: Gender) -> Currency:
    name = f"money/{code.lower()}"
    return Currency(NUMERALS.counted(name, whole), NUMERALS.counted(f"{name}-hundredth", part))


CURRENCIES = {
    "UAH": _currency("UAH", "feminine", "feminine"),
    "MDL": _currency("MDL", "masculine", "masculine"),
    "RON": _currency("RON", "masculine", "masculine"),
    "RUB": _currency("RUB", "masculine", "feminine"),
    "EUR": _currency("EUR", "masculine", "masculine"),
    "USD": _currency("USD", "masculine", "masculine"),
}


def language(tag: str, time_of_day: Callable[[int, int], tuple[Part, ...]]) -> Language:
    """A language of the two: they differ in their words and in how they say a time of day."""
    return Language(
        tag=tag,
        plural=plural,
        numeral=NUMERALS.masculine,
        key_clips=DIGIT_KEYS,
        next_in_line=(Prompt.YOU_ARE_NEXT,),
        place_in_line=PLACE,
        wait_less_than_a_minute=LESS_THAN_A_MINUTE,
        wait_less_than=LESS_THAN,
        wait_about=ABOUT,
        wait_between=BETWEEN,
        new_messages=NEW_MESSAGES,
        minus=Prompt.MINUS,
        joins_parts="",
        currencies=CURRENCIES,
        time_of_day=time_of_day,
        date=day_and_month,
    )
