"""Ukrainian."""

from softacd.calls.prompts import Prompt
from softacd.calls.words import slavic
from softacd.calls.words.grammar import DIGIT_KEYS, Language, Part, day_and_month


def time_of_day(hour: int, minute: int) -> tuple[Part, ...]:
    """The hour as an ordinal, a clip each, then the minutes: "чотирнадцята година п'ять хвилин"."""
    minutes: tuple[Part, ...] = ()
    if minute:
        minutes = ((slavic.MINUTES.numeral, minute), (slavic.MINUTES.noun, minute))
    return (f"time/hour-{hour}", *minutes)


UKRAINIAN = Language(
    tag="uk",
    plural=slavic.plural,
    numeral=slavic.NUMERALS.masculine,
    key_clips=DIGIT_KEYS,
    next_in_line=(Prompt.YOU_ARE_NEXT,),
    place_in_line=slavic.PLACE,
    wait_less_than_a_minute=slavic.LESS_THAN_A_MINUTE,
    wait_less_than=slavic.LESS_THAN,
    wait_about=slavic.ABOUT,
    wait_between=slavic.BETWEEN,
    new_messages=slavic.NEW_MESSAGES,
    minus=Prompt.MINUS,
    joins_parts="",
    currencies=slavic.currencies(
        {
            "UAH": ("feminine", "feminine"),
            "MDL": ("masculine", "masculine"),
            "RON": ("masculine", "masculine"),
            "RUB": ("masculine", "feminine"),
            "EUR": ("masculine", "masculine"),
            "USD": ("masculine", "masculine"),
        }
    ),
    time_of_day=time_of_day,
    date=day_and_month,
)
