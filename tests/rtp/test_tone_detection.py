"""Keys heard as tones: all of them found, nothing found in speech and music."""

import os
import re
import wave
from pathlib import Path

import numpy as np
import pytest

from softacd.rtp.g711 import Samples, encode
from softacd.rtp.tone_detection import HIGH, LOW, PAD, Listener, detect
from softacd.rtp.tones import dtmf
from softacd.rtp.vocabulary import Bridge, DigitPressed, Unbridge
from tests.rtp.studio import PCMA, PCMU, Studio

MEDIA = Path(__file__).parents[2] / "media"
RATE = 8000


def heard(samples: Samples, codec: str = "PCMA", packet: int = 160) -> str:
    listener = Listener(1)
    keys = ""
    for at in range(0, len(samples), packet):
        listener.hear(codec, 0, encode(codec, np.ascontiguousarray(samples[at : at + packet], np.int16)), 0.0)
        keys += "".join(found for _, found in detect([listener]))
    return keys


def pair(low: float, high: float, milliseconds: int, *, peak: float = 6000, twist_db: float = 0.0) -> Samples:
    at = np.arange(milliseconds * 8) / RATE
    wave_ = np.sin(2 * np.pi * low * at) + 10 ** (twist_db / 20) * np.sin(2 * np.pi * high * at)
    tone = (peak * wave_).astype(np.int16)
    return np.concatenate([np.zeros(400, np.int16), tone, np.zeros(800, np.int16)])


@pytest.mark.parametrize("codec", ["PCMA", "PCMU"])
@pytest.mark.parametrize("phase", [0, 23, 41, 79])
def test_every_key_of_forty_milliseconds_is_found_wherever_it_begins(codec: str, phase: int) -> None:
    silence = np.zeros(phase, np.int16)
    assert heard(np.concatenate([silence, dtmf(PAD, 40), np.zeros(400, np.int16)]), codec) == PAD


@pytest.mark.parametrize("packet", [80, 160, 240, 480])
def test_the_size_of_packets_does_not_matter(packet: int) -> None:
    assert heard(np.concatenate([dtmf("1590#", 50), np.zeros(480, np.int16)]), packet=packet) == "1590#"


def test_a_key_held_down_is_one_key_and_a_dropout_of_ten_milliseconds_makes_no_second() -> None:
    held = pair(LOW[1], HIGH[1], 2000)
    assert heard(held) == "5"
    held[4000:4080] = 0
    assert heard(held) == "5"


@pytest.mark.parametrize("factor", [0.985, 1.0, 1.015])
def test_frequencies_may_be_a_little_off(factor: float) -> None:
    assert heard(pair(LOW[0] * factor, HIGH[2] * factor, 60)) == "3"


def test_frequencies_far_off_are_no_key() -> None:
    assert heard(pair(LOW[0] * 1.05, HIGH[2] * 1.05, 200)) == ""


@pytest.mark.parametrize("twist", [-8, -4, 4, 8])
def test_one_tone_may_be_louder(twist: int) -> None:
    assert heard(pair(LOW[3], HIGH[0], 60, peak=2500, twist_db=twist)) == "*"


@pytest.mark.parametrize("peak", [120, 1000, 16000])
def test_from_minus_forty_decibels_to_clipping(peak: int) -> None:
    assert heard(pair(LOW[2], HIGH[1], 60, peak=peak)) == "8"


@pytest.mark.parametrize("single", [*LOW, *HIGH, 425.0, 1400.0])
def test_one_tone_is_no_key(single: float) -> None:
    assert heard(pair(single, single, 500)) == ""


def test_short_tones_are_no_keys() -> None:
    short = pair(LOW[1], HIGH[1], 20)
    assert heard(short) == ""


def test_keys_in_noise_ten_decibels_below() -> None:
    chance = np.random.default_rng(7)
    clean = np.concatenate([dtmf("9081726354", 100), np.zeros(400, np.int16)]).astype(np.float64)
    noise = chance.normal(0, 6000 / 10**0.5, len(clean))
    assert heard(np.clip(clean + noise, -32768, 32767).astype(np.int16)) == "9081726354"


def test_short_keys_in_noise_nearly_as_loud_as_they_are() -> None:
    chance = np.random.default_rng(3)
    found = 0
    for _ in range(50):
        clean = np.concatenate([np.zeros(400), pair(LOW[0], HIGH[2], 65).astype(np.float64), np.zeros(400)])
        noise = chance.normal(0, np.sqrt(np.mean(np.square(clean[400:920])) / 2.5), len(clean))
        found += heard(np.clip(clean + noise, -32768, 32767).astype(np.int16)) == "3"
    assert found >= 45


def _clip(path: Path) -> Samples:
    with wave.open(str(path)) as sound:
        return np.frombuffer(sound.readframes(sound.getnframes()), "<i2").astype(np.int16)


def test_ten_minutes_of_speech_hold_no_key() -> None:
    spoken = np.concatenate([_clip(path) for path in sorted((MEDIA / "prompts").rglob("*.wav"))]).astype(np.float64)
    seconds = 0.0
    # The same words by taller and smaller speakers, softly and shouted, until ten minutes have been said.
    for speed, gain in ((1.0, 1.0), (0.85, 3.0), (0.92, 0.3), (1.1, 2.0), (1.25, 1.0), (0.97, 3.0)):
        said = np.interp(np.arange(0, len(spoken) - 1, speed), np.arange(len(spoken)), spoken) * gain
        assert heard(np.clip(said, -32768, 32767).astype(np.int16), packet=8000) == ""
        seconds += len(said) / RATE
    assert seconds > 600


def test_music_and_call_progress_tones_hold_no_key() -> None:
    for folder in ("music", "tones"):
        for path in sorted((MEDIA / folder).glob("*.wav")):
            assert heard(_clip(path), packet=8000) == "", path.name


CORPUS = os.environ.get("SOFTACD_DTMF_WAVS", "")
"""A directory of 8 kHz mono WAV files named by the keys they hold: `123.wav`, `none-jazz.wav`, `star-1.wav`."""


@pytest.mark.skipif(not CORPUS, reason="SOFTACD_DTMF_WAVS names no directory of sounds")
def test_a_corpus_of_recorded_keys() -> None:
    wrong = {}
    for path in sorted(Path(CORPUS).glob("*.wav")):
        wanted = re.sub(r"^none$", "", path.stem.partition("-")[0]).replace("s", "*").replace("p", "#")
        if (found := heard(_clip(path))) != wanted:
            wrong[path.name] = found
    assert wrong == {}


def test_all_streams_of_a_tick_are_judged_together_each_for_itself() -> None:
    listeners = [Listener(number) for number in range(200)]
    sounds = [pair(LOW[number % 4], HIGH[number // 4 % 4], 60) for number in range(200)]
    found: dict[int, str] = {}
    for at in range(0, len(sounds[0]), 160):
        for listener, sound in zip(listeners, sounds, strict=True):
            codec = "PCMU" if listener.stream % 2 else "PCMA"
            listener.hear(codec, 0, encode(codec, np.ascontiguousarray(sound[at : at + 160])), 0.0)
        for listener, keys in detect(listeners):
            found[listener.stream] = found.get(listener.stream, "") + keys
    assert found == {number: PAD[number % 4 * 4 + number // 4 % 4] for number in range(200)}


# --- in the core -------------------------------------------------------------------------------------------------


def press(studio: Studio, number: int, keys: str, codec: str) -> list[DigitPressed]:
    sound = np.concatenate([np.zeros(160, np.int16), dtmf(keys, 60), np.zeros(480, np.int16)])
    for at in range(0, len(sound) // 160 * 160, 160):
        studio.hear(number, encode(codec, sound[at : at + 160]))
        studio.wait(0)
    return [event for event in studio.events() if isinstance(event, DigitPressed)]


def test_a_peer_without_telephone_events_presses_keys_as_tones() -> None:
    studio = Studio()
    studio.stream(1, PCMA, event=None)
    assert press(studio, 1, "42#", "PCMA") == [DigitPressed(1, key, "inband") for key in "42#"]


def test_a_peer_with_telephone_events_is_not_listened_to() -> None:
    studio = Studio()
    studio.stream(1, PCMU)
    assert press(studio, 1, "42#", "PCMU") == []
    studio.agree(1, PCMU, event=None)
    assert press(studio, 1, "7", "PCMU") == [DigitPressed(1, "7", "inband")]
    studio.agree(1, PCMU)
    assert press(studio, 1, "8", "PCMU") == []


def test_peers_who_both_press_tones_hear_them_and_nobody_searches() -> None:
    studio = Studio()
    studio.stream(1, PCMU, event=None)
    studio.stream(2, PCMU, event=None)
    studio.do(Bridge(1, 2))
    assert press(studio, 1, "42", "PCMU") == []
    studio.agree(2, PCMU)  # the other one has events now, and must be told
    assert press(studio, 1, "7", "PCMU") == [DigitPressed(1, "7", "inband")]
    studio.agree(2, PCMU, event=None)
    studio.do(Unbridge(1))
    assert press(studio, 1, "9", "PCMU") == [DigitPressed(1, "9", "inband")]


def test_a_stream_that_ended_is_no_longer_searched() -> None:
    studio = Studio()
    studio.stream(1, PCMU, event=None)
    studio.core.close(1, studio.now, studio.now)
    assert studio.core.next_deadline() is None
