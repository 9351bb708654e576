"""Numbers, places, waits, money, times and dates in the languages of callers, as clips.

A language is data (`grammar` has the shape, a module each the tables); `say` reads it.
"""

from softacd.calls.words.coverage import every_clip
from softacd.calls.words.grammar import CURRENCIES
from softacd.calls.words.say import (
    LANGUAGES,
    LARGEST,
    UnknownLanguageError,
    date,
    digits,
    find,
    money,
    new_messages,
    number,
    position,
    time_of_day,
    wait,
)

__all__ = [
    "CURRENCIES",
    "LANGUAGES",
    "LARGEST",
    "UnknownLanguageError",
    "date",
    "digits",
    "every_clip",
    "find",
    "money",
    "new_messages",
    "number",
    "position",
    "time_of_day",
    "wait",
]
