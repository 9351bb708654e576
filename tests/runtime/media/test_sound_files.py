"""Sound files of every format and rate owners have, and Asterisk's packs as they are."""

import wave
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from softacd.rtp.clips import ClipError
from softacd.rtp.g711 import Samples, encode
from softacd.runtime.media.clips import ClipLibrary
from softacd.runtime.media.codecs import WIDE
from softacd.runtime.media.sound_files import read
from softacd.runtime.media.sound_names import find

SECONDS = 1.0


def tone(frequency: int, rate: int) -> Samples:
    at = np.arange(round(SECONDS * rate)) / rate
    return (8000 * np.sin(2 * np.pi * frequency * at)).astype(np.int16)


def purity(samples: Samples, frequency: int, rate: int) -> float:
    line = samples.astype(np.float64)
    found = abs(np.sum(line * np.exp(-2j * np.pi * frequency * np.arange(len(line)) / rate))) ** 2
    return float(2 * found / (len(line) * np.sum(np.square(line)) + 1e-9))


def write(path: Path, samples: Samples, rate: int, codec: str, *, form: str | None = None) -> None:
    """`samples` as FFmpeg writes them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format=form) as container:
        stream: Any = container.add_stream(codec, rate=rate)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = rate
        resampler = av.AudioResampler(
            format=stream.format, layout="mono", rate=rate, frame_size=stream.frame_size or 960
        )
        for part in (frame, None):
            for made in resampler.resample(part):
                container.mux(stream.encode(made))
        container.mux(stream.encode(None))


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize(("suffix", "codec"), [("flac", "flac"), ("wav", "pcm_s24le"), ("wav", "pcm_alaw")])
def test_any_rate_and_width_is_heard_as_it_is(tmp_path: Path, suffix: str, codec: str, rate: int) -> None:
    write(tmp_path / f"a.{suffix}", tone(1000, rate), rate, codec)
    narrow, wide = read(tmp_path / f"a.{suffix}")
    assert len(narrow) == pytest.approx(8000, abs=2)
    assert purity(narrow, 1000, 8000) > 0.99
    if rate == 8000:
        assert wide is None
    else:
        assert wide is not None
        assert purity(wide, 1000, 16_000) > 0.99


@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_opus_files_keep_what_a_telephone_line_does_not_carry(tmp_path: Path, rate: int) -> None:
    write(tmp_path / "a.opus", tone(5000, rate), rate, "libopus")
    narrow, wide = read(tmp_path / "a.opus")
    assert wide is not None
    assert purity(wide[2000:14_000], 5000, 16_000) > 0.9
    assert np.abs(narrow[2000:6000]).max() < 200
    clip = ClipLibrary([tmp_path]).get("a")
    track = clip.track("OPUS", WIDE)
    assert track is not None
    decoder = WIDE["OPUS"].decoder()
    heard = np.concatenate([decoder.decode(track.frame(number)) for number in range(45)])
    assert purity(heard[4000:], 5000, 16_000) > 0.9


def test_an_asterisk_sound_pack_is_read_as_it_is(tmp_path: Path) -> None:
    pack = tmp_path / "sounds/ru"
    (pack / "digits").mkdir(parents=True)
    sound, wide = tone(1000, 8000), tone(1000, 16_000)
    encoder = WIDE["G722"].encoder()
    (pack / "digits/1.ulaw").write_bytes(encode("PCMU", sound))
    (pack / "digits/2.alaw").write_bytes(encode("PCMA", sound))
    (pack / "digits/3.sln").write_bytes(sound.astype("<i2").tobytes())
    (pack / "digits/4.sln16").write_bytes(wide.astype("<i2").tobytes())
    (pack / "digits/5.sln48").write_bytes(tone(1000, 48_000).astype("<i2").tobytes())
    (pack / "digits/6.g722").write_bytes(b"".join(encoder.encode(wide[at : at + 320]) for at in range(0, 16_000, 320)))
    with wave.open(str(pack / "queue-thereare.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(sound.tobytes())
    library = ClipLibrary([tmp_path / "sounds"])
    assert library.preload() == []
    assert len(library) == 7
    for name in (*(f"ru/digits/{number}" for number in range(1, 7)), "ru/queue-thereare"):
        clip = library.get(name)
        assert clip.samples == pytest.approx(8000, abs=8), name
        heard = np.frombuffer(clip.encoded["PCMU"], np.uint8)
        assert len(heard) == clip.samples
        narrow, _ = read(find(tmp_path / "sounds", name) or Path())
        assert purity(narrow, 1000, 8000) > 0.97, name


GSM_SILENCE = bytes.fromhex("d820a2e15a500049249249245000492492492450004924924924500049249249245000"[:66])
"""One frame of GSM 06.10: a 0xD nibble and 33 octets."""


def test_gsm_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "beep.gsm").write_bytes(GSM_SILENCE * 50)
    narrow, wide = read(tmp_path / "beep.gsm")
    assert (len(narrow), wide) == (8000, None)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.flac").write_bytes(b"fLaC but not really")
    with pytest.raises(ClipError, match=r"a\.flac: not a sound that can be read"):
        read(tmp_path / "a.flac")
    write(tmp_path / "b.wav", tone(1000, 8000), 8000, "pcm_s16le")
    with pytest.raises(ClipError, match=r"c\.wav"):
        read(tmp_path / "c.wav")


def test_the_first_format_of_a_name_wins_and_a_suffix_is_no_part_of_it(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", tone(1000, 8000), 8000, "pcm_s16le")
    (tmp_path / "a.ulaw").write_bytes(b"\xff" * 80)
    assert find(tmp_path, "a") == tmp_path / "a.wav"
    assert find(tmp_path, "a.wav") is None
