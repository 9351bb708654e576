"""Every prompt is there, says what the catalogue says it does, and sounds like its neighbours."""

import tomllib
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from softacd.calls import words
from softacd.calls.prompts import Prompt, clip
from tests.media.clips import MEDIA, RATE, clips, decibels, loudness, read

LANGUAGES = sorted(words.LANGUAGES)


def catalogue_of(language: str) -> dict[str, dict[str, Any]]:
    """The prompts of a language, as its catalogue names them."""
    with (MEDIA / "prompts" / language / "catalogue.toml").open("rb") as file:
        prompts: dict[str, dict[str, Any]] = tomllib.load(file)["prompts"]
    return prompts


CATALOGUES = {language: catalogue_of(language) for language in LANGUAGES}
EVERY = sorted((language, name) for language, catalogue in CATALOGUES.items() for name in catalogue)
COMPOSED = ("digits/", "money/", "time/", "dates/", "minutes-", "new-messages-")
ENGLISH_NOUNS = {
    Prompt.MINUTE,
    Prompt.MINUTES,
    Prompt.NEW_MESSAGE,
    Prompt.NEW_MESSAGES,
    Prompt.OH,
    Prompt.OCLOCK,
    Prompt.AM,
    Prompt.PM,
}
"""Parts of sentences that other languages have in forms of their own."""

QUIET = 10 ** (-45 / 20)


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogue_and_folder_name_the_same_clips(language: str) -> None:
    folder = f"prompts/{language}/"
    recorded = {name.removeprefix(folder) for name in clips() if name.startswith(folder)}
    assert recorded == set(CATALOGUES[language])


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogue_and_code_name_the_same_prompts(language: str) -> None:
    expected = set(Prompt) if language == "en" else set(Prompt) - ENGLISH_NOUNS
    assert {name for name in CATALOGUES[language] if not name.startswith(COMPOSED)} == expected


def test_every_entry_has_a_text_and_no_unknown_key() -> None:
    for language, name in EVERY:
        entry = CATALOGUES[language][name]
        assert entry["text"].strip(), name
        assert set(entry) <= {"text", "spoken", "take"}, name


def everything(language: str) -> set[str]:
    """Every clip that the words of a language can ask for."""
    values = (*range(1_000), 1_000, 2_000, 5_000, 20_000, 999_999)
    said = {name for value in values for name in words.number(value, language)}
    said.update(words.digits("0123456789*#+", language))
    said.update(name for place in (1, 2, 117) for name in words.position(place, language))
    for low in range(61):
        for high in range(low, 61):
            said.update(words.wait(low, high, False, language))
    said.update(words.wait(0, 1, True, language))
    said.update(name for value in range(1_002) for name in words.wait(value, value + 1, False, language))
    said.update(name for value in (2_000, 5_000) for name in words.wait(value, value, False, language))
    said.update(name for value in (1_000, 2_000) for name in words.wait(value, value * 5, False, language))
    for currency in words.CURRENCIES:
        for hundredths in (*range(100, 12_000, 100), *range(100)):
            said.update(words.money(Decimal(hundredths) / 100, currency, language))
    said.update(words.money(Decimal("-1.05"), "EUR", language))
    said.update(name for count in (0, 1, 2, 5, 21) for name in words.new_messages(count, language))
    said.update(name for minute in range(24 * 60) for name in words.time_of_day(*divmod(minute, 60), language))
    said.update(name for day in range(366) for name in words.date(date(2024, 1, 1) + timedelta(day), language))
    return said


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_can_be_said_is_recorded_and_nothing_else(language: str) -> None:
    said, recorded = everything(language), {clip(name, language) for name in CATALOGUES[language]}
    assert said <= recorded
    never = {name for name in recorded - said if name.removeprefix(f"prompts/{language}/").startswith(COMPOSED)}
    assert never == set()


@pytest.mark.parametrize(("language", "name"), EVERY)
def test_a_prompt_is_level_trimmed_and_whole(language: str, name: str) -> None:
    samples = read(clip(name, language))
    text = CATALOGUES[language][name]["text"]
    assert abs(loudness(samples) - -20) < 1
    assert decibels(float(np.abs(samples).max())) < -3
    assert abs(float(samples.mean())) < 0.001

    heard = np.flatnonzero(np.abs(samples) > QUIET)
    assert heard[0] <= 0.06 * RATE, "silence before the first sound"
    silence = (len(samples) - heard[-1]) / RATE
    if text[-1] in ".?!":
        assert 0.2 < silence < 0.4, "a sentence is followed by a short pause"
    else:
        assert silence < 0.1, "a part of a sentence joins the next clip"
    assert abs(samples[0]) < 0.005
    assert abs(samples[-1]) < 0.005

    # A rendering that swallowed words or ran on would leave the pace at which people speak.
    letters = sum(c.isalnum() for c in text)
    pace = letters / ((heard[-1] - heard[0]) / RATE)
    assert (2 if letters < 3 else 5) < pace < 22  # a letter said by its name takes long


def test_a_finished_prompt_is_level_and_closed_with_a_pause(recipe: Callable[[str], Any]) -> None:
    """A loud burst inside a second of quiet becomes a level clip without the quiet."""
    build = recipe("build_prompts")
    time = np.arange(RATE // 2) / RATE
    burst = np.sin(2 * np.pi * 440 * time) * (0.2 + 0.8 * np.sin(2 * np.pi * 3 * time) ** 2)
    rendered = np.pad(burst, (RATE // 2, RATE // 2))
    whole, part = build.finish(rendered, closes=True), build.finish(rendered, closes=False)
    for finished, seconds in ((whole, 0.8), (part, 0.57)):
        assert len(finished) % 160 == 0
        assert abs(len(finished) / RATE - seconds) < 0.05
        assert abs(loudness(finished) - -20) < 0.5


def test_the_limiter_holds_its_ceiling(recipe: Callable[[str], Any]) -> None:
    sound = recipe("sound")
    noise = np.random.default_rng(7).standard_normal(RATE) * 0.4
    noise[::997] = 3.0
    limited = sound.limit(noise, 0.5)
    assert np.abs(limited).max() <= 0.5 + 1e-9
    # Where nothing is near the ceiling, nothing changes.
    quiet = np.random.default_rng(7).uniform(-0.4, 0.4, RATE)
    assert np.array_equal(sound.limit(quiet, 0.5), quiet)
