import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.simulate import sound
from softacd.simulate.ear import Ear, Hearing
from softacd.simulate.mouth import Mouth, speech
from softacd.simulate.sound import FRAME, RATE, Samples


def frames(samples: Samples) -> list[Samples]:
    return [samples[start : start + FRAME] for start in range(0, len(samples) - FRAME + 1, FRAME)]


def test_what_is_said_is_heard_from_the_moment_it_came() -> None:
    ear, said = Ear(started=10.0), sound.bell(2)
    for number, frame in enumerate(frames(said)):
        ear.hear(frame, ssrc=1, sequence=number, timestamp=number * FRAME, now=10.5 + number * 0.02)
    assert np.array_equal(ear.samples[: RATE // 2], sound.silence(0.5))
    assert np.array_equal(ear.samples[RATE // 2 :], said)
    assert ear.report() == Hearing(packets=35, lost=0, late=0, sources=1, leaps=0, longest_gap=pytest.approx(0.02))  # type: ignore[arg-type]  # approx stands for a float


@given(st.permutations(range(10)), st.integers(0, 65535), st.integers(0, 2**32 - 1))
def test_order_and_wrapping_do_not_matter(order: list[int], sequence: int, timestamp: int) -> None:
    ear, said = Ear(started=0.0), frames(sound.bell(8, 0.2))
    for number in [0, *(number for number in order if number)]:
        ear.hear(
            said[number],
            ssrc=7,
            sequence=(sequence + number) % 65536,
            timestamp=(timestamp + number * FRAME) % 2**32,
            now=0.0,
        )
    assert np.array_equal(ear.samples, np.concatenate(said))
    assert ear.report().lost == 0


def test_a_lost_packet_leaves_its_silence_and_is_counted() -> None:
    ear, said = Ear(started=0.0), frames(sound.bell(8, 0.2))
    for number in [0, 1, 4, 5]:
        ear.hear(said[number], ssrc=7, sequence=number, timestamp=number * FRAME, now=number * 0.02)
    assert ear.report().lost == 2
    assert not ear.samples[2 * FRAME : 4 * FRAME].any()
    assert np.array_equal(ear.samples[4 * FRAME :], np.concatenate(said[4:6]))


def test_a_sender_whose_timestamps_leap_is_followed_and_noted() -> None:
    ear, said = Ear(started=0.0), frames(sound.bell(8, 0.2))
    ear.hear(said[0], ssrc=7, sequence=0, timestamp=0, now=0.0)
    ear.hear(said[1], ssrc=7, sequence=1, timestamp=900_000, now=0.02)
    ear.hear(said[2], ssrc=9, sequence=1, timestamp=5, now=0.04)
    assert np.array_equal(ear.samples, np.concatenate(said[:3]))
    assert (ear.report().leaps, ear.report().sources) == (1, 2)


def test_a_listener_that_was_slow_blames_nobody() -> None:
    ear, said = Ear(started=0.0), frames(sound.bell(8, 0.4))
    for number in range(10):
        ear.hear(said[number], ssrc=7, sequence=number, timestamp=number * FRAME, now=number * 0.02)
    for number in range(10, 20):  # all at once, 3 s late
        ear.hear(said[number], ssrc=7, sequence=number, timestamp=number * FRAME, now=3.2)
    assert np.array_equal(ear.samples, np.concatenate(said[:20]))
    assert (ear.report().leaps, ear.report().lost) == (0, 0)


def test_silence_between_two_talkspurts_keeps_its_length() -> None:
    ear, said = Ear(started=0.0), frames(sound.bell(8, 0.2))
    ear.hear(said[0], ssrc=7, sequence=0, timestamp=0, now=0.0)
    ear.hear(said[1], ssrc=7, sequence=1, timestamp=2 * RATE, now=2.01)
    assert len(ear.samples) == 2 * RATE + FRAME
    assert ear.report().leaps == 0


def test_the_ear_tells_who_spoke_and_when() -> None:
    ear = Ear(started=0.0)
    voice = np.concatenate((sound.silence(1), speech(3), sound.silence(1), speech(11)))
    for number, frame in enumerate(frames(voice)):
        ear.hear(frame, ssrc=1, sequence=number, timestamp=number * FRAME, now=number * 0.02)
        if number == 60:
            assert ear.speaker() == 3
    assert [speaker for _, speaker in ear.speakers()] == [3, 11]
    assert abs(ear.speakers()[0][0] - 1.0) < 0.2
    assert ear.speaker() is None


def test_a_mouth_repeats_its_script_in_whole_packets_and_is_silent_without() -> None:
    mouth = Mouth()
    assert not mouth.frame().any()
    script = np.arange(FRAME + 40, dtype=np.int16) + 1
    mouth.say(script)
    first, second, again = mouth.frame(), mouth.frame(), mouth.frame()
    assert np.array_equal(np.concatenate((first, second))[: len(script)], script)
    assert not second[40:].any()
    assert np.array_equal(again, first)
