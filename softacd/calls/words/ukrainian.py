"""Ukrainian."""

from softacd.calls.words import slavic
from softacd.calls.words.grammar import Part


def time_of_day(hour: int, minute: int) -> tuple[Part, ...]:
    """The hour as an ordinal, a clip each, then the minutes: "чотирнадцята година п'ять хвилин"."""
    minutes: tuple[Part, ...] = ()
    if minute:
        minutes = ((slavic.MINUTES.numeral, minute), (slavic.MINUTES.noun, minute))
    return (f"time/hour-{hour}", *minutes)


UKRAINIAN = slavic.language("uk", time_of_day)
