"""Music on hold loops with no seam, stays level, and is what the recipe makes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from softacd.calls.prompts import MUSIC
from tests.media.clips import MEDIA, RATE, Samples, clips, decibels, loudness, read


@pytest.fixture(scope="module")
def music() -> Samples:
    return read(MUSIC)


def test_it_is_a_minute_or_so_in_whole_packets(music: Samples) -> None:
    assert 60 <= len(music) / RATE <= 90
    assert len(music) % 160 == 0


def test_it_lies_below_the_prompts_and_is_never_silent(music: Samples) -> None:
    assert abs(loudness(music) - -23) < 0.5
    assert decibels(float(np.abs(music).max())) < -3
    assert abs(float(music.mean())) < 0.001
    half_seconds = music[: len(music) // 4000 * 4000].reshape(-1, 4000)
    assert decibels(float(np.sqrt((half_seconds**2).mean(axis=1).min()))) > -40


def test_most_of_it_passes_a_telephone(music: Samples) -> None:
    power = np.abs(np.fft.rfft(music)) ** 2
    frequencies = np.fft.rfftfreq(len(music), 1 / RATE)
    band = (frequencies > 300) & (frequencies < 3400)
    assert power[band].sum() / power.sum() > 0.7
    assert power[frequencies > 3700].sum() / power.sum() < 1e-4


def roughness(samples: Samples) -> Samples:
    """Energy above 3.7 kHz, where the music has none, in 5 ms steps: a click fills it."""
    kernel = np.sinc(np.arange(-40, 41) * 3700 / 4000) * np.hamming(81)
    kernel /= kernel.sum()
    high = samples - np.convolve(samples, kernel, mode="same")
    high = high[80:-80]
    return np.asarray((high[: len(high) // 40 * 40].reshape(-1, 40) ** 2).mean(axis=1))


def test_the_end_runs_into_the_beginning(music: Samples) -> None:
    around = np.concatenate([music[-RATE:], music[:RATE]])
    seam = roughness(around)
    inside = roughness(music)
    assert seam.max() <= inside.max()
    # The measure itself hears a seam: a loop cut 30 ms short at full swing clicks.
    short = music[: -RATE // 30]
    cut = int(np.abs(short[-400:]).argmax()) + len(short) - 400
    clicked = np.concatenate([music[cut - RATE : cut], music[:RATE]])
    assert roughness(clicked).max() > 10 * inside.max()


def test_the_recipe_makes_this_very_file(recipe: Callable[[str], Any], music: Samples) -> None:
    made = recipe("build_music").music()
    assert np.abs(np.rint(made * 32767) - music * 32768).max() <= 1


def test_all_sound_together_stays_small_and_licensed() -> None:
    for pack in [*(MEDIA / "prompts").iterdir(), MEDIA / "music", MEDIA / "tones"]:
        assert sum(path.stat().st_size for path in pack.rglob("*.wav")) < 6_000_000, pack.name
    licences = (MEDIA / "LICENSES.md").read_text(encoding="utf-8")
    for folder in {
        "/".join(name.split("/")[:2] if name.startswith("prompts/") else name.split("/")[:1]) for name in clips()
    }:
        assert f"`{folder}/`" in licences
