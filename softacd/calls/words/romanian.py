"""Romanian: two genders of one, two and twelve; "de" before what is counted from twenty on."""

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
    Plural,
    Scale,
    day_and_month,
    noun,
    small_numbers,
)

FORMS = (Plural.ONE, Plural.FEW, Plural.OTHER)
_AND = "digits/and"


def plural(count: int) -> Plural:
    """CLDR, Romanian, whole numbers: the form for 20 and more ("other") carries the preposition "de"."""
    if count == 1:
        return Plural.ONE
    return Plural.FEW if count == 0 or 1 <= count % 100 <= 19 else Plural.OTHER


_FEMININE = small_numbers({1: "digits/1-feminine", 2: "digits/2-feminine", 12: "digits/12-feminine"})
_A_FEMININE = {1: "digits/one-feminine"}
_HUNDREDS = Scale(100, noun("digits/hundred", *FORMS[:2]), Numeral(_FEMININE, joint=_AND, alone=_A_FEMININE))
_THOUSANDS = Scale(
    1000, noun("digits/thousand", *FORMS), Numeral(_FEMININE, (_HUNDREDS,), joint=_AND, alone=_A_FEMININE)
)
_SCALES = (_THOUSANDS, _HUNDREDS)

BARE = Numeral(small_numbers(), _SCALES, joint=_AND)
"""Counting without a noun: "unu, doi"."""
MASCULINE = Numeral(small_numbers(), _SCALES, joint=_AND, alone={1: "digits/one-masculine"})
FEMININE = Numeral(_FEMININE, _SCALES, joint=_AND, alone=_A_FEMININE)
HOUR = Numeral(_FEMININE, _SCALES, joint=_AND)
"""An hour of the day: "ora una"."""

# A minute is neuter: it goes with "un" and, from two on, with the feminine ("două minute").
_LOW = Numeral(_FEMININE | {1: "digits/1"}, _SCALES, joint=_AND)
MINUTES = Counted(noun("minutes", *FORMS), Numeral(_LOW.clips, _SCALES, joint=_AND, alone=MASCULINE.alone))


def time_of_day(hour: int, minute: int) -> tuple[Part, ...]:
    """The hour, then the minutes: "ora paisprezece și cinci minute"."""
    minutes: tuple[Part, ...] = ()
    if minute:
        minutes = (_AND, (MINUTES.numeral, minute), (MINUTES.noun, minute))
    return ("time/hour", (HOUR, hour), *minutes)


def _currency(code: str, unit: Numeral, hundredth: Numeral) -> Currency:
    name = f"money/{code.lower()}"
    return Currency(Counted(noun(name, *FORMS), unit), Counted(noun(f"{name}-hundredth", *FORMS), hundredth))


def _minutes(of: Noun) -> tuple[NumberSlot, NounSlot]:
    return NumberSlot("high", MINUTES.numeral), NounSlot("high", of)


ROMANIAN = Language(
    tag="ro",
    plural=plural,
    numeral=BARE,
    key_clips=DIGIT_KEYS,
    next_in_line=(Prompt.YOU_ARE_NEXT,),
    place_in_line=(Prompt.YOU_ARE_NUMBER, NumberSlot("place", BARE), Prompt.IN_LINE),
    wait_less_than_a_minute=(Prompt.EXPECTED_WAIT, Prompt.LESS_THAN_A_MINUTE),
    wait_less_than=(Prompt.EXPECTED_WAIT, Prompt.LESS_THAN, *_minutes(MINUTES.noun)),
    wait_about=(Prompt.EXPECTED_WAIT, Prompt.ABOUT, *_minutes(MINUTES.noun)),
    wait_between=(
        Prompt.EXPECTED_WAIT,
        Prompt.BETWEEN,
        NumberSlot("low", _LOW),
        Prompt.AND,
        *_minutes(MINUTES.noun),
    ),
    new_messages=Counted(noun("new-messages", *FORMS), MINUTES.numeral),
    minus=Prompt.MINUS,
    joins_parts=_AND,
    currencies={
        "UAH": _currency("UAH", FEMININE, FEMININE),
        "MDL": _currency("MDL", MASCULINE, MASCULINE),
        "RON": _currency("RON", MASCULINE, MASCULINE),
        "RUB": _currency("RUB", FEMININE, FEMININE),
        "EUR": _currency("EUR", MASCULINE, MASCULINE),
        "USD": _currency("USD", MASCULINE, MASCULINE),
    },
    time_of_day=time_of_day,
    date=day_and_month,
)
