"""Numbers, places and waiting times, as the clips a caller would hear one after another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.calls import words
from softacd.calls.prompts import Prompt, clip
from softacd.calls.words import Language, Noun, NounSlot, NumberSlot, Numeral, Plural, Scale


def said(clips: tuple[str, ...], language: str = "en") -> str:
    """The clips as one line, without the folder they must all be in."""
    folder = f"prompts/{language}/"
    assert all(name.startswith(folder) for name in clips)
    return " ".join(name.removeprefix(folder).removeprefix("digits/") for name in clips)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0"),
        (7, "7"),
        (19, "19"),
        (20, "20"),
        (21, "20 1"),
        (90, "90"),
        (99, "90 9"),
        (100, "1 hundred"),
        (101, "1 hundred 1"),
        (110, "1 hundred 10"),
        (342, "3 hundred 40 2"),
        (1_000, "1 thousand"),
        (1_001, "1 thousand 1"),
        (12_000, "12 thousand"),
        (999_999, "9 hundred 90 9 thousand 9 hundred 90 9"),
    ],
)
def test_a_number_is_said_as_english_says_it(value: int, expected: str) -> None:
    assert said(words.number(value)) == expected


@given(st.integers(min_value=0, max_value=999_999))
def test_what_is_said_is_the_number(value: int) -> None:
    total = group = 0
    for word in said(words.number(value)).split():
        if word == "thousand":
            total, group = group * 1_000, 0
        elif word == "hundred":
            assert 1 <= group <= 9
            group *= 100
        else:
            assert int(word) > 0 or value == 0
            # A part may only fill a place that is still empty: "40 2" but never "2 40" or "10 3".
            place = 1 if int(word) < 10 else 100 if int(word) < 20 else 10
            assert group % (100 if place > 1 else 10) == 0
            assert not (place == 1 and group % 100 == 10)
            group += int(word)
    assert total + group == value


@pytest.mark.parametrize("value", [-1, 1_000_000])
def test_a_number_that_cannot_be_said_is_refused(value: int) -> None:
    with pytest.raises(ValueError, match=r"is not a number from 0 to 999999"):
        words.number(value)


def test_digits_are_said_one_by_one() -> None:
    assert said(words.digits("+373 (22) 10-05")) == "plus 3 7 3 2 2 1 0 0 5"
    assert said(words.digits("*42#")) == "star 4 2 pound"
    assert words.digits("") == ()


@pytest.mark.parametrize("keys", ["12a", "1,2", "\u0664"])
def test_a_key_no_telephone_has_is_refused(keys: str) -> None:
    with pytest.raises(ValueError, match="is not a key of a telephone"):
        words.digits(keys)


@given(st.text(alphabet="0123456789*#+", max_size=20))
def test_every_key_is_said_in_its_place(keys: str) -> None:
    key = {"star": "*", "pound": "#", "plus": "+"}
    assert "".join(key.get(word, word) for word in said(words.digits(keys)).split()) == keys


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (1, "you-are-next"),
        (2, "you-are-number 2 in-line"),
        (21, "you-are-number 20 1 in-line"),
        (100, "you-are-number 1 hundred in-line"),
    ],
)
def test_the_place_in_the_line(place: int, expected: str) -> None:
    assert said(words.position(place)) == expected


@pytest.mark.parametrize("place", [0, -3])
def test_nobody_stands_before_the_first(place: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        words.position(place)


@pytest.mark.parametrize(
    ("low", "high", "less", "expected"),
    [
        (0, 1, True, "expected-wait less-than-a-minute"),
        (1, 1, True, "expected-wait less-than-a-minute"),
        (0, 0, False, "expected-wait less-than-a-minute"),
        (0, 1, False, "expected-wait less-than-a-minute"),
        (0, 4, False, "expected-wait less-than 4 minutes"),
        (1, 1, False, "expected-wait about 1 minute"),
        (2, 2, False, "expected-wait about 2 minutes"),
        (2, 4, False, "expected-wait between 2 and 4 minutes"),
        (1, 2, False, "expected-wait between 1 and 2 minutes"),
        (20, 25, False, "expected-wait between 20 and 20 5 minutes"),
    ],
)
def test_the_waiting_time(low: int, high: int, less: bool, expected: str) -> None:
    assert said(words.wait(low, high, less)) == expected


@pytest.mark.parametrize(("low", "high"), [(-1, 2), (4, 2)])
def test_no_such_range_of_minutes(low: int, high: int) -> None:
    with pytest.raises(ValueError, match="no range of minutes"):
        words.wait(low, high)


def test_an_unknown_language_names_the_known_ones() -> None:
    with pytest.raises(words.UnknownLanguageError, match="'tlh'; there are: en"):
        words.position(2, "tlh")


def test_a_prompt_becomes_a_clip_of_its_language() -> None:
    assert clip(Prompt.WELCOME) == "prompts/en/welcome"
    assert clip("digits/5", "ru") == "prompts/ru/digits/5"


# --- the tables carry the grammar of other languages --------------------------------------------------------------


def slavic_plural(count: int) -> Plural:
    """CLDR, Russian and Ukrainian."""
    if count % 10 == 1 and count % 100 != 11:
        return Plural.ONE
    if 2 <= count % 10 <= 4 and not 12 <= count % 100 <= 14:
        return Plural.FEW
    return Plural.MANY


def romanian_plural(count: int) -> Plural:
    """CLDR, Romanian: from 20 on the noun takes "de"."""
    if count == 1:
        return Plural.ONE
    return Plural.FEW if count == 0 or 1 <= count % 100 <= 19 else Plural.OTHER


ATOMS = {value: str(value) for value in (*range(20), *range(20, 100, 10))}
NOTHING = dict.fromkeys(("next_in_line", "wait_less_than_a_minute", "wait_less_than", "wait_between"), ())


@pytest.fixture
def russian(monkeypatch: pytest.MonkeyPatch) -> str:
    hundreds = {value: str(value) for value in range(100, 1000, 100)}
    feminine = Numeral(clips={**ATOMS, **hundreds, 1: "odna", 2: "dve"})
    thousand = Noun({Plural.ONE: "tysiacha", Plural.FEW: "tysiachi", Plural.MANY: "tysiach"})
    scales = (Scale(1000, thousand, counted_by=feminine, silent_one=True),)
    masculine = Numeral(clips={**ATOMS, **hundreds}, scales=scales)
    minute = Noun({Plural.ONE: "minutu", Plural.FEW: "minuty", Plural.MANY: "minut"})
    table = Language(
        tag="ru",
        plural=slavic_plural,
        numeral=masculine,
        key_clips={},
        place_in_line=("vash-nomer", NumberSlot("place", masculine)),
        wait_about=("primerno", NumberSlot("high", feminine), NounSlot("high", minute)),
        **NOTHING,
    )
    monkeypatch.setitem(words.LANGUAGES, "ru", table)
    return "ru"


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (1, "primerno odna minutu"),
        (2, "primerno dve minuty"),
        (5, "primerno 5 minut"),
        (11, "primerno 11 minut"),
        (21, "primerno 20 odna minutu"),
        (22, "primerno 20 dve minuty"),
    ],
)
def test_three_plural_forms_and_a_feminine_noun(russian: str, minutes: int, expected: str) -> None:
    assert said(words.wait(minutes, minutes, language=russian), russian) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2, "2"),
        (101, "100 1"),
        (240, "200 40"),
        (1_000, "tysiacha"),
        (2_002, "dve tysiachi 2"),
        (21_000, "20 odna tysiacha"),
        (512_000, "500 12 tysiach"),
    ],
)
def test_a_scale_of_its_own_gender(russian: str, value: int, expected: str) -> None:
    assert said(words.number(value, russian), russian) == expected


@pytest.fixture
def romanian(monkeypatch: pytest.MonkeyPatch) -> str:
    feminine = Numeral(clips={**ATOMS, 1: "o", 2: "doua"}, joint="si")
    hundred = Noun({Plural.ONE: "suta", Plural.FEW: "sute", Plural.OTHER: "de-sute"})
    thousand = Noun({Plural.ONE: "mie", Plural.FEW: "mii", Plural.OTHER: "de-mii"})
    below_thousand = Numeral(clips=feminine.clips, joint="si", scales=(Scale(100, hundred, counted_by=feminine),))
    scales = (Scale(1000, thousand, counted_by=below_thousand), Scale(100, hundred, counted_by=feminine))
    minute = Noun({Plural.ONE: "minut", Plural.FEW: "minute", Plural.OTHER: "de-minute"})
    table = Language(
        tag="ro",
        plural=romanian_plural,
        numeral=Numeral(clips=ATOMS, scales=scales, joint="si"),
        key_clips={},
        place_in_line=(),
        wait_about=("cam", NumberSlot("high", feminine), NounSlot("high", minute)),
        **NOTHING,
    )
    monkeypatch.setitem(words.LANGUAGES, "ro", table)
    return "ro"


def test_a_joint_and_a_preposition(romanian: str) -> None:
    assert said(words.number(21, romanian), romanian) == "20 si 1"
    assert said(words.number(20, romanian), romanian) == "20"
    assert said(words.number(2_342, romanian), romanian) == "doua mii 3 sute 40 si 2"
    assert said(words.number(22_000, romanian), romanian) == "20 si doua de-mii"
    assert said(words.wait(2, 2, language=romanian), romanian) == "cam doua minute"
    assert said(words.wait(25, 25, language=romanian), romanian) == "cam 20 si 5 de-minute"
