"""Every prompt is there, says what the catalogue says it does, and sounds like its neighbours."""

import tomllib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from softacd.calls import words
from softacd.calls.prompts import Prompt, clip
from tests.media.clips import MEDIA, RATE, clips, decibels, loudness, read

with (MEDIA / "prompts/en/catalogue.toml").open("rb") as _file:
    CATALOGUE: dict[str, dict[str, Any]] = tomllib.load(_file)["prompts"]

QUIET = 10 ** (-45 / 20)


def test_catalogue_and_folder_name_the_same_clips() -> None:
    recorded = {name.removeprefix("prompts/en/") for name in clips() if name.startswith("prompts/en/")}
    assert recorded == set(CATALOGUE)


def test_catalogue_and_code_name_the_same_prompts() -> None:
    assert {name for name in CATALOGUE if not name.startswith("digits/")} == set(Prompt)


def test_every_entry_has_a_text_and_no_unknown_key() -> None:
    for name, entry in CATALOGUE.items():
        assert entry["text"].strip(), name
        assert set(entry) <= {"text", "spoken", "take"}, name


def test_everything_that_can_be_said_is_recorded() -> None:
    said = {name for value in (*range(1_000), 1_000, 20_000, 999_999) for name in words.number(value)}
    said.update(words.digits("0123456789*#+"))
    said.update(name for place in (1, 2, 117) for name in words.position(place))
    for low, high, less in ((0, 1, True), (0, 3, False), (1, 1, False), (5, 5, False), (2, 4, False)):
        said.update(words.wait(low, high, less))
    assert said <= {clip(name) for name in CATALOGUE}


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_a_prompt_is_level_trimmed_and_whole(name: str) -> None:
    samples = read(clip(name))
    text = CATALOGUE[name]["text"]
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
    assert 5 < pace < 22


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
