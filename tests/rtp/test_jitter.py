"""The jitter buffer: order, loss, lateness, and clocks that do not agree."""

import random

from hypothesis import given
from hypothesis import strategies as st

from softacd.rtp.jitter import FADE, LEAST, MOST, SETTLED, Frame, JitterBuffer

QUIET = "PCMA"


def voice(number: int) -> bytes:
    return bytes([number % 200]) * 160


def filled(*numbers: int, held: int = 2) -> JitterBuffer:
    buffer = JitterBuffer(QUIET, held)
    for number in numbers:
        buffer.put(1000 + 160 * number, voice(number))
    return buffer


def played(buffer: JitterBuffer, frames: int) -> list[Frame | None]:
    return [buffer.take() for _ in range(frames)]


def test_it_is_silent_before_anything_came_and_holds_back_two_frames() -> None:
    buffer = JitterBuffer(QUIET)
    assert buffer.take() is None
    buffer.put(0, voice(1))
    assert buffer.take() is None
    buffer.put(160, voice(2))
    assert buffer.take() == Frame(voice(1), 1.0)


def test_disorder_and_doubles_are_put_right() -> None:
    buffer = filled(1, 0, 3, 2, 2, 4)
    assert played(buffer, 5) == [Frame(voice(number), 1.0) for number in range(5)]


def test_packets_of_any_size_come_out_as_twenty_milliseconds() -> None:
    buffer = JitterBuffer(QUIET)
    buffer.put(0, voice(0) + voice(1) + voice(2))
    buffer.put(480, voice(3)[:80])
    buffer.put(560, voice(3)[80:])
    assert played(buffer, 4) == [Frame(voice(number), 1.0) for number in range(4)]


def test_what_is_lost_is_bridged_for_sixty_milliseconds_and_then_silent() -> None:
    buffer = filled(0, 1, 6, 7)
    assert played(buffer, 2) == [Frame(voice(0), 1.0), Frame(voice(1), 1.0)]
    assert played(buffer, 4) == [*(Frame(voice(1), gain) for gain in FADE), None]
    assert played(buffer, 2) == [Frame(voice(6), 1.0), Frame(voice(7), 1.0)]
    assert buffer.concealed == len(FADE)


def test_after_silence_it_begins_anew_wherever_the_timestamps_are() -> None:
    buffer = filled(0, 1)
    played(buffer, 10)
    buffer.put(5_000_000, voice(9))
    buffer.put(5_000_160, voice(8))
    assert played(buffer, 2) == [Frame(voice(9), 1.0), Frame(voice(8), 1.0)]


def test_a_source_that_jumps_begins_anew() -> None:
    buffer = filled(0, 1, 2)
    assert buffer.take() == Frame(voice(0), 1.0)
    buffer.put(90_000, voice(5))
    buffer.put(90_160, voice(6))
    assert played(buffer, 2) == [Frame(voice(5), 1.0), Frame(voice(6), 1.0)]


def test_timestamps_wrap() -> None:
    buffer = JitterBuffer(QUIET)
    for number in range(4):
        buffer.put((0xFFFF_FF00 + 160 * number) & 0xFFFF_FFFF, voice(number))
    assert played(buffer, 4) == [Frame(voice(number), 1.0) for number in range(4)]


def test_late_packets_make_it_hold_back_more() -> None:
    buffer = filled(0, 1, 3)
    played(buffer, 3)
    buffer.put(1000 + 320, voice(2))
    assert (buffer.depth.late, buffer.depth.held) == (1, 3)
    for _ in range(2 * MOST):
        buffer.put(1000, voice(0))
    assert buffer.depth.held <= MOST


def test_a_calm_network_makes_it_hold_back_less() -> None:
    buffer = filled(*range(6), held=5)
    number = 6
    for _ in range(8 * SETTLED):
        buffer.take()
        buffer.put(1000 + 160 * number, voice(number))
        number += 1
    assert buffer.depth.held == LEAST
    assert len(buffer) <= 3 * 160


def _run_with_clock(factor: float, seconds: int) -> JitterBuffer:
    """A peer whose clock runs at `factor` of ours."""
    buffer = JitterBuffer(QUIET)
    sent = 0
    for tick in range(seconds * 50):
        while sent <= tick * factor:
            buffer.put(160 * sent, voice(sent))
            sent += 1
        buffer.take()
    return buffer


def test_a_faster_clock_does_not_pile_up() -> None:
    assert len(_run_with_clock(1.001, 600)) <= 5 * 160


def test_a_slower_clock_costs_a_frame_now_and_then() -> None:
    buffer = _run_with_clock(0.999, 600)
    assert len(buffer) <= 5 * 160
    assert buffer.concealed <= 600 * 50 * 0.001 * 4 + 4


def test_forty_milliseconds_of_jitter_are_soon_taken_up() -> None:
    chance = random.Random(5)
    buffer = JitterBuffer(QUIET)
    arrivals = sorted((number * 0.02 + chance.uniform(0, 0.04), number) for number in range(3000))
    at = 0
    missing = 0
    for tick in range(2900):
        while at < len(arrivals) and arrivals[at][0] <= tick * 0.02:
            buffer.put(160 * arrivals[at][1], voice(arrivals[at][1]))
            at += 1
        frame = buffer.take()
        missing += tick > 500 and (frame is None or frame.gain < 1)
    assert missing < 24  # one in a hundred
    assert buffer.depth.held <= 4


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.binary(max_size=500)), max_size=30))
def test_nothing_a_peer_sends_breaks_it(packets: list[tuple[int, bytes]]) -> None:
    buffer = JitterBuffer(QUIET)
    for timestamp, payload in packets:
        buffer.put(timestamp, payload)
        frame = buffer.take()
        assert frame is None or len(frame.payload) == 160
        assert len(buffer) < 9000
