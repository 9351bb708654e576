"""The jitter buffer of packets that must be decoded in order: disorder, loss, lateness, lengths, clocks."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softacd.rtp.codec import WIDE_FRAME, CodecError
from softacd.rtp.g711 import Samples
from softacd.rtp.jitter import MOST, SETTLED
from softacd.rtp.packet_jitter import LONGEST_GAP, PacketBuffer

RATE = 48_000
STEP = 960


class Teller:
    """A decoder whose payload is a number and a length in milliseconds; what is lost is -1."""

    def __init__(self) -> None:
        self.told: list[int] = []

    def decode(self, payload: bytes) -> Samples:
        if len(payload) != 2:
            raise CodecError("not mine")
        self.told.append(payload[0])
        return np.full(payload[1] * 16, payload[0], np.int16)

    def conceal(self, samples: int) -> Samples:
        self.told.append(-1)
        return np.full(samples, -1, np.int16)


def voice(number: int, length: int = 20) -> bytes:
    return bytes([number % 200 + 1, length])


def filled(*numbers: int, held: int = 2) -> tuple[PacketBuffer, Teller]:
    teller = Teller()
    buffer = PacketBuffer(teller, RATE, held)
    for number in numbers:
        buffer.put(1000 + STEP * number, voice(number))
    return buffer, teller


def played(buffer: PacketBuffer, frames: int) -> list[int | None]:
    """The last sample of each frame."""
    return [None if (frame := buffer.take()) is None else int(frame[-1]) for _ in range(frames)]


def test_it_is_silent_before_anything_came_and_holds_back_two_frames() -> None:
    buffer, _ = filled()
    assert played(buffer, 1) == [None]
    buffer.put(0, voice(0))
    assert played(buffer, 1) == [None]
    buffer.put(STEP, voice(1))
    assert played(buffer, 2) == [1, 2]


def test_disorder_and_doubles_are_decoded_once_and_in_order() -> None:
    buffer, teller = filled(1, 0, 3, 2, 2, 4)
    assert played(buffer, 5) == [1, 2, 3, 4, 5]
    assert teller.told == [1, 2, 3, 4, 5]


def test_packets_of_any_length_come_out_as_twenty_milliseconds() -> None:
    buffer, _ = filled()
    buffer.put(0, voice(0, 60))
    buffer.put(3 * STEP, voice(1, 10))
    buffer.put(3 * STEP + STEP // 2, voice(2, 10))
    buffer.put(4 * STEP, voice(3, 40))
    frames = [buffer.take() for _ in range(6)]
    assert all(frame is not None and len(frame) == WIDE_FRAME for frame in frames)
    assert [int(frame[-1]) for frame in frames if frame is not None] == [1, 1, 1, 3, 4, 4]


def test_a_gap_is_bridged_by_the_decoder_and_then_silent() -> None:
    buffer, teller = filled(0, 1, 9, 10)
    assert played(buffer, 2) == [1, 2]
    assert played(buffer, 7) == [-1] * LONGEST_GAP + [0, 0]
    assert played(buffer, 2) == [10, 11]
    assert buffer.concealed == 7
    assert teller.told.count(-1) == LONGEST_GAP


def test_a_packet_that_cannot_be_decoded_is_a_lost_one() -> None:
    buffer, _ = filled(0)
    buffer.put(1000 + STEP, b"?")
    buffer.put(1000 + 2 * STEP, voice(2))
    assert played(buffer, 3) == [1, -1, 3]


def test_late_packets_are_dropped_and_make_it_hold_back_more() -> None:
    buffer, _ = filled(0, 1, 3)
    played(buffer, 3)
    buffer.put(1000 + 2 * STEP, voice(2))
    assert (buffer.depth.late, buffer.depth.held) == (1, 3)
    assert buffer.depth.held <= MOST


def test_a_jump_is_a_new_beginning_and_timestamps_wrap() -> None:
    buffer, _ = filled(0, 1)
    assert played(buffer, 2) == [1, 2]
    buffer.put(90_000, voice(8))
    buffer.put(90_000 + STEP, voice(9))
    assert played(buffer, 2) == [9, 10]
    buffer, _ = filled()
    start = 0xFFFF_FF00
    for number in range(4):
        buffer.put((start + STEP * number) & 0xFFFF_FFFF, voice(number + 20))
    assert played(buffer, 4) == [21, 22, 23, 24]


@pytest.mark.parametrize("factor", [1.002, 0.998])
def test_a_clock_that_runs_otherwise_is_taken_up(factor: float) -> None:
    buffer, _ = filled()
    sent = 0
    for tick in range(20 * SETTLED):
        while sent <= tick * factor:
            buffer.put(STEP * sent, voice(sent))
            sent += 1
        buffer.take()
    assert len(buffer) <= 6
    assert buffer.concealed < 20 * SETTLED * 0.002 * 4 + 4


def test_forty_milliseconds_of_jitter_are_soon_taken_up() -> None:
    chance = random.Random(5)
    buffer, _ = filled()
    arrivals = sorted((number * 0.02 + chance.uniform(0, 0.04), number) for number in range(3000))
    at = 0
    missing = 0
    for tick in range(2900):
        while at < len(arrivals) and arrivals[at][0] <= tick * 0.02:
            buffer.put(STEP * arrivals[at][1], voice(arrivals[at][1]))
            at += 1
        frame = buffer.take()
        missing += tick > 500 and (frame is None or int(frame[-1]) <= 0)
    assert missing < 24


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.binary(max_size=2)), max_size=40), st.booleans())
def test_whatever_comes_it_gives_frames_or_nothing(packets: list[tuple[int, bytes]], near: bool) -> None:
    buffer, _ = filled()
    for timestamp, payload in packets:
        buffer.put(timestamp % 20_000 if near else timestamp, payload)
        frame = buffer.take()
        assert frame is None or len(frame) == WIDE_FRAME
    assert played(buffer, 200)[-1] is None
