from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.simulate import sound
from softacd.simulate.sound import RATE, WINDOW


@pytest.mark.parametrize("signature", range(sound.SIGNATURES))
def test_every_bell_is_told_from_all_others(signature: int) -> None:
    bell = sound.bell(signature)
    windows = [bell[start : start + WINDOW] for start in range(0, len(bell) - WINDOW, 400)]
    assert {sound.recognise(window) for window in windows} == {signature}


@given(st.integers(0, 29), st.floats(0.02, 0.9), st.integers(0, 2**32 - 1))
def test_a_bell_is_recognised_at_any_loudness_over_a_little_noise(signature: int, loud: float, seed: int) -> None:
    bell = sound.bell(signature, 0.3, loud)[400 : 400 + WINDOW].astype(float)
    noise = np.random.default_rng(seed).normal(0, 0.1 * np.sqrt(np.mean(bell**2)), WINDOW)
    assert sound.recognise((bell + noise).astype(np.int16)) == signature


def test_neither_silence_nor_tempered_chords_nor_noise_is_anybody() -> None:
    at = np.arange(WINDOW) / RATE
    chord = 5000 * np.sin(2 * np.pi * np.outer((440.0, 554.4, 659.3), at)).sum(axis=0)
    single = np.sin(2 * np.pi * 880.0 * at) * 8000
    assert sound.recognise(sound.silence(0.2)) is None
    assert sound.recognise(chord.astype(np.int16)) is None
    assert sound.recognise(single.astype(np.int16)) is None
    assert sound.recognise(np.random.default_rng(1).normal(0, 3000, WINDOW).astype(np.int16)) is None


def test_two_bells_at_once_are_nobody() -> None:
    both = sound.bell(3)[:WINDOW] + sound.bell(9)[:WINDOW]
    assert sound.recognise(both) is None


def test_a_window_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="1600"):
        sound.recognise(sound.silence(0.1))


@pytest.mark.parametrize("signature", [-1, sound.SIGNATURES])
def test_a_signature_outside_the_range_is_refused(signature: int) -> None:
    with pytest.raises(ValueError, match=str(signature)):
        sound.bell(signature)


@given(st.integers(0, 3 * RATE), st.integers(0, 2**32 - 1))
def test_a_clip_is_found_where_it_lies(start: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    clip = random.normal(0, 2000, RATE // 2).astype(np.int16)
    heard = random.normal(0, 200, 4 * RATE).astype(np.int16)
    heard[start : start + len(clip)] = clip
    found = sound.find(clip, heard)
    assert found is not None
    assert round(found.at * RATE) == start
    assert found.likeness > 0.95


def test_a_clip_that_was_not_played_is_unlike_anything_heard() -> None:
    random = np.random.default_rng(7)
    found = sound.find(random.normal(0, 2000, RATE).astype(np.int16), random.normal(0, 2000, 4 * RATE).astype(np.int16))
    assert found is None or found.likeness < 0.2


def test_nothing_is_found_in_silence_or_in_too_little() -> None:
    clip = sound.bell(4)
    assert sound.find(clip, sound.silence(3)) is None
    assert sound.find(clip, clip[:-1]) is None


def test_a_file_is_read_back_as_written(tmp_path: Path) -> None:
    sound.write_wav(tmp_path / "bell.wav", sound.bell(5))
    assert np.array_equal(sound.read_clip(tmp_path / "bell.wav"), sound.bell(5))


def test_a_file_that_is_no_sound_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_bytes(b"RIFF")
    with pytest.raises(sound.SoundError, match=r"x\.wav"):
        sound.read_clip(tmp_path / "x.wav")
    with pytest.raises(sound.SoundError, match="missing"):
        sound.read_clip(tmp_path / "missing.wav")


def test_loudness_is_the_root_mean_square_of_full_scale() -> None:
    assert sound.loudness(np.full(100, 32767, dtype=np.int16)) == pytest.approx(1.0)
    assert sound.loudness(sound.silence(1)) == 0
    assert sound.loudness(sound.silence(0)) == 0
