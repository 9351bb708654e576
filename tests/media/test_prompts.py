"""Every prompt is there, says what the catalogue says it does, and sounds like its neighbours."""

import tomllib
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_can_be_said_is_recorded_and_nothing_else(language: str) -> None:
    said, recorded = words.every_clip(language), {clip(name, language) for name in CATALOGUES[language]}
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
