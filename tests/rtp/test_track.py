"""Clips in codecs that remember: whoever comes along hears the clip, wherever it begins, and it is encoded once."""

import numpy as np
import pytest

from softacd.rtp.clips import Clip, Playout, from_samples, join
from softacd.rtp.g711 import Samples
from softacd.rtp.track import WideTrack
from softacd.runtime.media.codecs import WIDE


def tone(frequency: int, samples: int, rate: int = 8000) -> Samples:
    return (8000 * np.sin(2 * np.pi * frequency * np.arange(samples) / rate)).astype(np.int16)


def purity(samples: Samples, frequency: int) -> float:
    line = samples.astype(np.float64)
    found = abs(np.sum(line * np.exp(-2j * np.pi * frequency * np.arange(len(line)) / 16_000))) ** 2
    return float(2 * found / (len(line) * np.sum(np.square(line)) + 1e-9))


def played(clip: Clip, codec: str, packets: int, samples: int = 160, **options: int) -> Samples:
    playout = Playout(1, clip, wide=WIDE, **options)  # type: ignore[arg-type]  # loop is a bool
    assert playout.speak(codec)
    decoder = WIDE[codec].decoder()
    return np.concatenate(
        [decoder.decode(payload) for _ in range(packets) if (payload := playout.next_payload(samples))]
    )


@pytest.mark.parametrize("codec", WIDE)
def test_a_narrow_clip_is_heard_in_a_wide_codec(codec: str) -> None:
    heard = played(from_samples("a", tone(700, 8000)), codec, 60)
    assert len(heard) == 16_000
    assert purity(heard[4000:], 700) > 0.95


@pytest.mark.parametrize("codec", WIDE)
def test_a_wide_source_is_heard_with_all_it_has(codec: str) -> None:
    clip = from_samples("a", tone(700, 8000), tone(5000, 16_000, 16_000))
    assert purity(played(clip, codec, 50)[4000:], 5000) > 0.9


@pytest.mark.parametrize("codec", WIDE)
def test_listeners_at_different_places_disturb_nobody(codec: str) -> None:
    clip = from_samples("a", tone(700, 80_000))
    one, other = (Playout(1, clip, position=at, wide=WIDE) for at in (0, 40_000))
    decoders = [WIDE[codec].decoder() for _ in range(2)]
    heard: list[list[Samples]] = [[], []]
    for playout in (one, other):
        assert playout.speak(codec)
    for _ in range(50):
        for index, playout in enumerate((one, other)):
            heard[index].append(decoders[index].decode(playout.next_payload(160)))
    for line in heard:
        assert purity(np.concatenate(line)[4000:], 700) > 0.9


def test_it_is_encoded_once() -> None:
    track = WideTrack(WIDE["OPUS"], tone(700, 1600), wide=False)
    first = [track.frame(number) for number in range(track.frames)]
    assert [track.cut(160 * number, 160) for number in range(track.frames)] == first
    assert track.cut(1600, 160) == b""


def test_g722_is_cut_at_any_packet_time_and_loops_without_a_seam() -> None:
    clip = from_samples("a", tone(500, 8000))
    for samples in (80, 240, 480):
        heard = played(clip, "G722", 4 * 8000 // samples, samples, loop=True)
        assert len(heard) == 4 * 8000 // samples * samples * 2
        assert purity(heard[4000:], 500) > 0.95


def test_clips_are_joined_in_the_wide_too() -> None:
    clip = join([from_samples(name, tone(hertz, 8000)) for name, hertz in (("a", 500), ("b", 900))])
    heard = played(clip, "OPUS", 100)
    assert purity(heard[4000:15_000], 500) > 0.95
    assert purity(heard[20_000:], 900) > 0.95
