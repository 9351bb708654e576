"""Clips and positions in them."""

import numpy as np
import pytest

from softacd.rtp.clips import Clip, ClipError, Playout, from_samples, join


def ramp(name: str, first: int, samples: int) -> Clip:
    """A clip whose bytes count up from `first`."""
    data = bytes((first + number) % 256 for number in range(samples))
    return Clip(name, {"PCMU": data, "PCMA": data[::-1]})


def played(playout: Playout, samples: int, packets: int) -> list[bytes]:
    assert playout.speak("PCMU")
    return [playout.next_payload(samples) for _ in range(packets)]


def test_the_end_is_filled_with_silence_and_then_it_is_over() -> None:
    assert played(Playout(1, ramp("a", 0, 5)), 4, 3) == [b"\0\1\2\3", b"\4\xff\xff\xff", b""]


def test_a_loop_has_no_seam() -> None:
    sound = b"".join(played(Playout(1, ramp("a", 0, 10), loop=True), 4, 6))
    assert sound == bytes(range(10)) * 2 + bytes(range(4))


def test_a_loop_shorter_than_a_packet() -> None:
    assert played(Playout(1, ramp("a", 0, 3), loop=True), 8, 3) == [
        b"\0\1\2\0\1\2\0\1",
        b"\2\0\1\2\0\1\2\0",
        b"\1\2\0\1\2\0\1\2",
    ]


def test_a_change_of_codec_keeps_the_position() -> None:
    playout = Playout(1, ramp("a", 0, 6))
    assert played(playout, 2, 1) == [b"\0\1"]
    assert playout.speak("PCMA")
    assert playout.next_payload(2) == b"\3\2"
    assert not playout.speak("OPUS")


def test_clips_are_joined_without_a_gap() -> None:
    joined = join([ramp("a", 0, 3), ramp("b", 10, 2)])
    assert joined.encoded["PCMU"] == b"\0\1\2\x0a\x0b"
    assert joined.samples == 5


def test_empty_sound_is_no_clip() -> None:
    with pytest.raises(ClipError, match="empty"):
        from_samples("x", np.zeros(0, np.int16))
