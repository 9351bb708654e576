"""English."""

import datetime as dt

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
    small_numbers,
)


def one_or_other(count: int) -> Plural:
    """English: "one" for 1 alone."""
    return Plural.ONE if count == 1 else Plural.OTHER


_BOTH = (Plural.ONE, Plural.OTHER)
_NUMBERS = Numeral(
    clips=small_numbers(),
    scales=(
        Scale(1000, Noun(dict.fromkeys(_BOTH, "digits/thousand"))),
        Scale(100, Noun(dict.fromkeys(_BOTH, "digits/hundred"))),
    ),
)
_MINUTES = Noun({Plural.ONE: Prompt.MINUTE, Plural.OTHER: Prompt.MINUTES})


def _money(one: str, other: str) -> Counted:
    return Counted(Noun({Plural.ONE: f"money/{one}", Plural.OTHER: f"money/{other}"}), _NUMBERS)


_CENTS = _money("cent", "cents")


def time_of_day(hour: int, minute: int) -> tuple[Part, ...]:
    """Twelve hours and "A M" or "P M": "two oh five P M", "nine o'clock A M"."""
    if minute == 0:
        minutes: tuple[Part, ...] = (Prompt.OCLOCK,)
    else:
        minutes = (Prompt.OH, (_NUMBERS, minute)) if minute < 10 else ((_NUMBERS, minute),)
    return ((_NUMBERS, hour % 12 or 12), *minutes, Prompt.AM if hour < 12 else Prompt.PM)


def date(day: dt.date) -> tuple[str, ...]:
    """The month, then an ordinal: "November twenty seventh"."""
    tens, units = divmod(day.day, 10)
    ordinal = (f"dates/{day.day}",) if day.day <= 20 or not units else (f"digits/{tens * 10}", f"dates/{units}")
    return (f"dates/month-{day.month}", *ordinal)


ENGLISH = Language(
    tag="en",
    plural=one_or_other,
    numeral=_NUMBERS,
    key_clips=DIGIT_KEYS,
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
    new_messages=Counted(Noun({Plural.ONE: Prompt.NEW_MESSAGE, Plural.OTHER: Prompt.NEW_MESSAGES}), _NUMBERS),
    minus=Prompt.MINUS,
    joins_parts=Prompt.AND,
    currencies={
        "UAH": Currency(_money("hryvnia", "hryvnias"), _money("kopiyka", "kopiykas")),
        "MDL": Currency(_money("leu", "lei"), _money("ban", "bani")),
        "RON": Currency(_money("leu", "lei"), _money("ban", "bani")),
        "RUB": Currency(_money("ruble", "rubles"), _money("kopeck", "kopecks")),
        "EUR": Currency(_money("euro", "euros"), _CENTS),
        "USD": Currency(_money("dollar", "dollars"), _CENTS),
    },
    time_of_day=time_of_day,
    date=date,
)
