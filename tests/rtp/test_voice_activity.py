"""Somebody speaks, or the line only hums: told by loudness against the noise of the line."""

import numpy as np
import pytest

from softacd.rtp.g711 import SILENCE, encode
from softacd.rtp.voice_activity import VoiceActivity

FRAME = 160


def packet(rms: float, codec: str = "PCMA", seed: int = 1) -> bytes:
    return encode(codec, np.random.default_rng(seed).normal(0, rms, FRAME).astype(np.int16))


def after(*stretches: tuple[float, float], codec: str = "PCMA") -> tuple[VoiceActivity, float]:
    """An ear that heard stretches of (rms, seconds), and the moment they were over."""
    ear, now = VoiceActivity(0.0), 0.0
    for rms, seconds in stretches:
        for number in range(round(seconds * 50)):
            now += 0.02
            ear.hear(codec, packet(rms, codec, number) if rms else SILENCE[codec] * FRAME, now)
    return ear, now


@pytest.mark.parametrize("codec", ["PCMA", "PCMU"])
def test_silence_is_counted_from_the_last_word(codec: str) -> None:
    ear, now = after((0, 1.0), (2000, 2.0), (0, 1.5), codec=codec)
    assert ear.quiet(now) == pytest.approx(1.5, abs=0.03)
    assert ear.voiced == pytest.approx(2.0, abs=0.05)


def test_the_noise_of_a_line_is_no_voice_but_a_quiet_caller_is() -> None:
    ear, now = after((60, 5.0))
    assert (ear.voiced, ear.quiet(now)) == (0, pytest.approx(now))
    ear, now = after((60, 1.0), (400, 1.0))
    assert ear.voiced == pytest.approx(1.0, abs=0.1)


def test_a_noisy_line_ends_in_silence_once_its_noise_is_known() -> None:
    ear, now = after((250, 30.0))
    assert ear.quiet(now) > 20, "the noise was learned within some seconds"
    ear, now = after((250, 10.0), (3000, 2.0), (250, 4.0))
    assert ear.quiet(now) == pytest.approx(4.0, abs=0.1)


def test_a_click_is_no_word_and_what_does_not_come_is_silence() -> None:
    ear, now = after((0, 1.0), (8000, 0.02), (0, 1.0))
    assert ear.voiced == 0
    assert ear.quiet(now + 5) == pytest.approx(now + 5)
    ear.hear("PCMA", b"", now)
    assert ear.voiced == 0


def test_somebody_who_does_not_stop_is_heard_to_the_end() -> None:
    ear, now = after((5000, 60.0))
    assert ear.quiet(now) < 0.1
    assert ear.voiced == pytest.approx(60, abs=0.1)
