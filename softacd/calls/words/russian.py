"""Russian."""

from softacd.calls.words import slavic
from softacd.calls.words.grammar import Part

HOURS = slavic.NUMERALS.counted("time/hours", "masculine")


def time_of_day(hour: int, minute: int) -> tuple[Part, ...]:
    """Hours and minutes, each counted: "четырнадцать часов пять минут"."""
    minutes: tuple[Part, ...] = ()
    if minute:
        minutes = ((slavic.MINUTES.numeral, minute), (slavic.MINUTES.noun, minute))
    return ((HOURS.numeral, hour), (HOURS.noun, hour), *minutes)


RUSSIAN = slavic.language("ru", time_of_day)
