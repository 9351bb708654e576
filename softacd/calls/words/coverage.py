"""Every clip the words of a language can ask for: what a pack of prompts must have."""

from datetime import date as day
from datetime import timedelta
from decimal import Decimal

from softacd.calls.words.grammar import CURRENCIES
from softacd.calls.words.say import date, digits, money, new_messages, number, position, time_of_day, wait


def every_clip(language: str) -> set[str]:
    """All clips, by their names ("prompts/en/digits/5"). Raises UnknownLanguageError."""
    values = (*range(1_000), 1_000, 2_000, 5_000, 20_000, 999_999)
    said = {name for value in values for name in number(value, language)}
    said.update(digits("0123456789*#+", language))
    said.update(name for place in (1, 2, 117) for name in position(place, language))
    for low in range(61):
        for high in range(low, 61):
            said.update(wait(low, high, False, language))
    said.update(wait(0, 1, True, language))
    said.update(name for value in range(1_002) for name in wait(value, value + 1, False, language))
    said.update(name for value in (2_000, 5_000) for name in wait(value, value, False, language))
    said.update(name for value in (1_000, 2_000) for name in wait(value, value * 5, False, language))
    for currency in CURRENCIES:
        for hundredths in (*range(100, 12_000, 100), *range(100)):
            said.update(money(Decimal(hundredths) / 100, currency, language))
    said.update(money(Decimal("-1.05"), "EUR", language))
    said.update(name for count in (0, 1, 2, 5, 21) for name in new_messages(count, language))
    said.update(name for minute in range(24 * 60) for name in time_of_day(*divmod(minute, 60), language))
    said.update(name for offset in range(366) for name in date(day(2024, 1, 1) + timedelta(offset), language))
    return said
