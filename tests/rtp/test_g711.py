"""G.711 against the figures of the standard and against itself."""

import numpy as np
import pytest

from softacd.rtp.g711 import CODECS, SILENCE, TRANSCODE, decode, encode


@pytest.mark.parametrize(
    ("codec", "code", "value"),
    [
        # ITU-T G.711, tables 1 and 2, scaled to 16 bits: ends and neighbours of zero of both laws.
        ("PCMU", 0x80, 32_124),
        ("PCMU", 0x00, -32_124),
        ("PCMU", 0xFF, 0),
        ("PCMU", 0x7F, 0),
        ("PCMU", 0xFE, 8),
        ("PCMU", 0xEF, 132),
        ("PCMA", 0xAA, 32_256),
        ("PCMA", 0x2A, -32_256),
        ("PCMA", 0xD5, 8),
        ("PCMA", 0x55, -8),
        ("PCMA", 0xD4, 24),
    ],
)
def test_known_codes(codec: str, code: int, value: int) -> None:
    assert decode(codec, bytes([code])).tolist() == [value]


@pytest.mark.parametrize("codec", CODECS)
def test_every_code_survives_decoding_and_encoding(codec: str) -> None:
    codes = bytes(range(256))
    values = decode(codec, codes)
    assert decode(codec, encode(codec, values)).tolist() == values.tolist()


@pytest.mark.parametrize("codec", CODECS)
def test_every_sample_gets_the_nearest_code(codec: str) -> None:
    samples = np.arange(-32_768, 32_768, dtype=np.int32).astype(np.int16)
    levels = np.unique(decode(codec, bytes(range(256))).astype(np.int32))
    error = np.abs(decode(codec, encode(codec, samples)).astype(np.int32) - samples)
    step = np.diff(levels).max() // 2
    assert error[np.abs(samples.astype(np.int32)) < levels[-1]].max() <= step
    nearest = np.abs(levels[None, :] - samples[::97, None].astype(np.int32)).min(axis=1)
    assert (error[::97] == nearest).all()


def test_silence_is_the_code_of_nothing() -> None:
    assert encode("PCMU", np.zeros(1, np.int16)) == SILENCE["PCMU"]
    assert encode("PCMA", np.zeros(1, np.int16)) == SILENCE["PCMA"]


@pytest.mark.parametrize(("source", "target"), list(TRANSCODE))
def test_transcoding_is_decoding_and_encoding(source: str, target: str) -> None:
    codes = bytes(range(256))
    assert codes.translate(TRANSCODE[source, target]) == encode(target, decode(source, codes))
