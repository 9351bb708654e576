"""Each language's grammar: sentences as a speaker would write them, and other people's rules as the judges."""

from datetime import date
from decimal import Decimal

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from softacd.calls import words
from tests.calls.words.texts import spoken

LANGUAGES = sorted(words.LANGUAGES)
VALUES = st.integers(min_value=0, max_value=words.LARGEST)
JUDGES = {language: Locale.parse(language).plural_form for language in LANGUAGES}
"""Read before the first example: the tables come from files, and an example is timed."""
for _language in ("en", "ru", "uk"):
    num2words(0, lang=_language)  # likewise


@pytest.mark.parametrize("language", LANGUAGES)
@given(value=VALUES)
def test_plural_forms_are_those_of_unicode(language: str, value: int) -> None:
    assert words.find(language).plural(value) == JUDGES[language](value)


def plain(text: str) -> str:
    """Without what is written but not said, or written in two ways."""
    return " ".join(text.replace("-", " ").replace(",", "").replace(" and ", " ").replace("'", "’").split())


@pytest.mark.parametrize("language", ["en", "ru", "uk"])
@given(value=VALUES)
def test_a_number_is_said_as_another_library_writes_it(language: str, value: int) -> None:
    expected = plain(num2words(value, lang=language))
    for one in ("одна тысяча", "одна тисяча"):  # ours leaves the one out, as people do
        expected = expected.replace(f"{one[5:]}", one[5:]) if not expected.startswith(one) else expected[5:]
    said = plain(spoken(words.number(value, language), language))
    assert said.replace("ё", "е") == expected.replace("ё", "е")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "zero"),
        (1, "unu"),
        (2, "doi"),
        (12, "doisprezece"),
        (20, "douăzeci"),
        (21, "douăzeci și unu"),
        (100, "o sută"),
        (101, "o sută unu"),
        (222, "două sute douăzeci și doi"),
        (1_000, "o mie"),
        (2_342, "două mii trei sute patruzeci și doi"),
        (12_000, "douăsprezece mii"),
        (21_000, "douăzeci și una de mii"),
        (100_000, "o sută de mii"),
        (999_999, "nouă sute nouăzeci și nouă de mii nouă sute nouăzeci și nouă"),
    ],
)
def test_romanian_numbers(value: int, expected: str) -> None:
    assert spoken(words.number(value, "ro"), "ro") == expected


@pytest.mark.parametrize(
    ("language", "place", "expected"),
    [
        ("ru", 1, "Вы следующий в очереди."),
        ("ru", 22, "Вы номер двадцать два в очереди."),
        ("uk", 5, "Ви номер п’ять у черзі."),
        ("ro", 21, "Sunteți numărul douăzeci și unu în așteptare."),
    ],
)
def test_the_place_in_the_line(language: str, place: int, expected: str) -> None:
    assert spoken(words.position(place, language), language) == expected


@pytest.mark.parametrize(
    ("language", "low", "high", "expected"),
    [
        ("ru", 0, 1, "Время ожидания менее минуты."),
        ("ru", 1, 1, "Время ожидания примерно одна минута."),
        ("ru", 2, 2, "Время ожидания примерно две минуты."),
        ("ru", 5, 5, "Время ожидания примерно пять минут."),
        ("ru", 21, 21, "Время ожидания примерно двадцать одна минута."),
        ("ru", 0, 4, "Время ожидания менее четырёх минут."),
        ("ru", 2, 4, "Время ожидания от двух до четырёх минут."),
        ("ru", 1, 21, "Время ожидания от одной до двадцати одной минуты."),
        ("uk", 2, 2, "Час очікування приблизно дві хвилини."),
        ("uk", 2, 5, "Час очікування від двох до п’яти хвилин."),
        ("uk", 1, 2, "Час очікування від однієї до двох хвилин."),
        ("ro", 1, 1, "Timpul de așteptare este de aproximativ un minut."),
        ("ro", 2, 2, "Timpul de așteptare este de aproximativ două minute."),
        ("ro", 2, 4, "Timpul de așteptare este de între două și patru minute."),
        ("ro", 20, 25, "Timpul de așteptare este de între douăzeci și douăzeci și cinci de minute."),
    ],
)
def test_the_waiting_time(language: str, low: int, high: int, expected: str) -> None:
    assert spoken(words.wait(low, high, language=language), language) == expected


@pytest.mark.parametrize(
    ("language", "amount", "currency", "expected"),
    [
        ("ru", "50", "UAH", "пятьдесят гривен"),
        ("ru", "1", "UAH", "одна гривна"),
        ("ru", "2.02", "RUB", "два рубля две копейки"),
        ("ru", "1001", "EUR", "тысяча один евро"),
        ("uk", "50", "UAH", "п’ятдесят гривень"),
        ("uk", "22.01", "UAH", "двадцять дві гривні одна копійка"),
        ("uk", "3", "USD", "три долари"),
        ("ro", "1", "MDL", "un leu moldovenesc"),
        ("ro", "50", "UAH", "cincizeci de grivne"),
        ("ro", "2.21", "RON", "doi lei românești și douăzeci și unu de bani"),
        ("ro", "1", "UAH", "o grivnă"),
        ("ro", "21", "UAH", "douăzeci și una de grivne"),
    ],
)
def test_money(language: str, amount: str, currency: str, expected: str) -> None:
    assert spoken(words.money(Decimal(amount), currency, language), language) == expected


@pytest.mark.parametrize(
    ("language", "hour", "minute", "expected"),
    [
        ("ru", 14, 5, "четырнадцать часов пять минут."),
        ("ru", 21, 22, "двадцать один час двадцать две минуты."),
        ("ru", 0, 0, "ноль часов"),
        ("uk", 14, 5, "чотирнадцята година п’ять хвилин."),
        ("uk", 21, 0, "двадцять перша година"),
        ("ro", 1, 0, "ora una"),
        ("ro", 14, 5, "ora paisprezece și cinci minute."),
        ("ro", 22, 21, "ora douăzeci și două și douăzeci și unu de minute."),
    ],
)
def test_a_time_of_day(language: str, hour: int, minute: int, expected: str) -> None:
    assert spoken(words.time_of_day(hour, minute, language), language) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [("ru", "двадцать седьмое ноября"), ("uk", "двадцять сьоме листопада"), ("ro", "douăzeci și șapte noiembrie")],
)
def test_a_date(language: str, expected: str) -> None:
    assert spoken(words.date(date(2026, 11, 27), language), language) == expected


@pytest.mark.parametrize(
    ("language", "count", "expected"),
    [
        ("ru", 1, "одно новое сообщение."),
        ("ru", 2, "два новых сообщения."),
        ("ru", 5, "пять новых сообщений."),
        ("uk", 1, "одне нове повідомлення."),
        ("uk", 3, "три нові повідомлення."),
        ("ro", 1, "un mesaj nou."),
        ("ro", 2, "două mesaje noi."),
        ("ro", 20, "douăzeci de mesaje noi."),
    ],
)
def test_new_messages(language: str, count: int, expected: str) -> None:
    assert spoken(words.new_messages(count, language), language) == expected
