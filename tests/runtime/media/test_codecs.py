"""G.722 and Opus: what goes in comes out, what is lost fades, what is no packet is refused."""

import contextlib
import time

import av
import numpy as np
import pytest

from softacd.rtp.codec import WIDE_FRAME, WIDE_RATE, CodecError
from softacd.rtp.g711 import Samples
from softacd.runtime.media.codecs import WIDE
from softacd.runtime.media.opus import OpusDecoder, OpusEncoder


def tone(frequency: int, seconds: float) -> Samples:
    at = np.arange(round(seconds * WIDE_RATE)) / WIDE_RATE
    return (8000 * np.sin(2 * np.pi * frequency * at)).astype(np.int16)


def frames(samples: Samples) -> list[Samples]:
    return [samples[at : at + WIDE_FRAME] for at in range(0, len(samples), WIDE_FRAME)]


def purity(samples: Samples, frequency: int) -> float:
    line = samples.astype(np.float64)
    at = np.arange(len(line)) / WIDE_RATE
    found = abs(np.sum(line * np.exp(-2j * np.pi * frequency * at))) ** 2
    return float(2 * found / (len(line) * np.sum(np.square(line))))


@pytest.mark.parametrize("name", WIDE)
@pytest.mark.parametrize("frequency", [440, 3000, 5500])
def test_a_tone_passes_also_above_what_a_telephone_line_carries(name: str, frequency: int) -> None:
    codec = WIDE[name]
    encoder, decoder = codec.encoder(), codec.decoder()
    heard = np.concatenate([decoder.decode(encoder.encode(frame)) for frame in frames(tone(frequency, 1.0))])
    assert len(heard) == WIDE_RATE
    assert purity(heard[WIDE_RATE // 2 :], frequency) > 0.95
    assert np.abs(heard[WIDE_RATE // 2 :]).max() == pytest.approx(8000, rel=0.2)


@pytest.mark.parametrize("name", WIDE)
def test_what_is_lost_goes_on_a_little_and_fades(name: str) -> None:
    codec = WIDE[name]
    encoder, decoder = codec.encoder(), codec.decoder()
    for frame in frames(tone(440, 0.5)):
        decoder.decode(encoder.encode(frame))
    lost = [decoder.conceal(WIDE_FRAME) for _ in range(15)]
    assert all(len(samples) == WIDE_FRAME for samples in lost)
    assert np.abs(lost[0]).max() > 2000
    assert np.abs(lost[-1]).max() < 200


def test_g722_is_one_octet_for_two_samples_and_may_be_cut_anywhere() -> None:
    codec = WIDE["G722"]
    assert codec.divisible
    encoder, whole, cut = codec.encoder(), codec.decoder(), codec.decoder()
    coded = b"".join(encoder.encode(frame) for frame in frames(tone(440, 0.1)))
    assert len(coded) == 800
    pieces = [cut.decode(coded[at : at + 240]) for at in range(0, 800, 240)]
    assert np.array_equal(np.concatenate(pieces), whole.decode(coded))


def test_opus_understands_what_ffmpeg_makes_and_the_other_way_round() -> None:
    context = av.CodecContext.create("libopus", "w")
    context.sample_rate, context.layout, context.format = 48_000, "stereo", "s16"  # type: ignore[attr-defined]
    at = np.arange(48_000) / 48_000
    stereo = np.repeat((8000 * np.sin(2 * np.pi * 600 * at)).astype(np.int16), 2).reshape(1, -1)
    decoder, heard = OpusDecoder(), []
    for begin in range(0, 96_000, 1920):
        frame = av.AudioFrame.from_ndarray(stereo[:, begin : begin + 1920].copy(), format="s16", layout="stereo")
        frame.sample_rate = 48_000
        heard += [decoder.decode(bytes(packet)) for packet in context.encode(frame)]  # type: ignore[attr-defined]
    assert purity(np.concatenate(heard)[8000:], 600) > 0.95
    encoder = OpusEncoder()
    reader = av.CodecContext.create("libopus", "r")
    samples = [
        decoded.to_ndarray().reshape(-1)[:: 3 * decoded.layout.nb_channels]
        for frame in frames(tone(600, 1.0))
        for decoded in reader.decode(av.Packet(encoder.encode(frame)))  # type: ignore[attr-defined]
    ]
    assert purity(np.concatenate(samples)[8000:], 600) > 0.9


@pytest.mark.parametrize("name", WIDE)
def test_nonsense_is_refused_or_made_into_some_sound_but_never_more(name: str) -> None:
    decoder = WIDE[name].decoder()
    with pytest.raises(CodecError):
        decoder.decode(b"")
    for payload in (b"\xff" * 3, b"\0", bytes(range(256)), b"\x03\xff\xff\xff"):
        with contextlib.suppress(CodecError):
            assert decoder.decode(payload).dtype == np.int16


@pytest.mark.parametrize("name", WIDE)
def test_states_are_given_back(name: str) -> None:
    codec = WIDE[name]

    def grown() -> int:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - not a file
            return int(file.read().split()[1])

    def make() -> None:
        for _ in range(200):
            codec.encoder().encode(np.zeros(WIDE_FRAME, np.int16))
            codec.decoder().conceal(WIDE_FRAME)

    make()
    before = grown()
    began = time.thread_time()
    make()
    assert (grown() - before) * 4096 < 4_000_000, "memory of encoders is not given back"
    assert time.thread_time() - began < 5
