"""The media core as a transcript: commands in, packets and events out, time as an argument."""

import itertools

import numpy as np
import pytest

from softacd.rtp import rtcp
from softacd.rtp.core import CHECK_SECONDS
from softacd.rtp.g711 import SILENCE, decode, encode
from softacd.rtp.packet import Packet
from softacd.rtp.session import Session
from softacd.rtp.tones import FREQUENCIES
from softacd.rtp.vocabulary import (
    Bridge,
    CloseStream,
    Codec,
    DigitPressed,
    Play,
    PlayEnded,
    SendDigits,
    SetRemote,
    StopPlay,
    StreamClosed,
    StreamDead,
    StreamReport,
    StreamSilent,
    StreamStarted,
    StreamStatistics,
    Unbridge,
)
from tests.rtp.studio import PCMA, PCMU, WALL, Studio, sound


def test_nothing_is_due_while_nothing_happens() -> None:
    studio = Studio()
    assert studio.core.next_deadline() is None
    studio.stream(1)
    assert studio.core.next_deadline() == pytest.approx(studio.now + CHECK_SECONDS)


def test_a_prompt_of_two_clips() -> None:
    studio = Studio()
    studio.stream(1)
    assert studio.do(Play(1, 9, ("a", "bb"))) == []
    heard = studio.wait(0.19)[1]
    assert b"".join(packet.payload for packet in heard) == sound("a") + sound("bb")
    assert [packet.marker for packet in heard] == [True] + [False] * 9
    assert studio.events() == []  # the last packet is still being heard
    assert studio.wait(0.02) == {}
    assert studio.events() == [PlayEnded(1, 9, finished=True)]


def test_packet_times_as_agreed() -> None:
    studio = Studio()
    studio.stream(1, Codec("PCMA", 8, packet_ms=30))
    studio.do(Play(1, 1, ("a",), loop=True))
    heard = studio.wait(0.295)[1]
    assert [len(packet.payload) for packet in heard] == [240] * 10
    steps = [after.timestamp - before.timestamp for before, after in itertools.pairwise(heard)]
    assert steps == [240] * 9


def test_every_play_ends_exactly_once() -> None:
    studio = Studio()
    studio.stream(1)
    studio.stream(2)
    assert studio.do(Play(1, 1, ("a",), loop=True)) == []
    assert studio.do(Play(1, 2, ("a",), loop=True)) == [PlayEnded(1, 1, finished=False)]
    assert studio.do(StopPlay(1)) == [PlayEnded(1, 2, finished=False)]
    assert studio.do(StopPlay(1)) == []
    assert studio.do(Play(1, 3, ("a",)), Play(2, 4, ("a",)), Bridge(1, 2)) == [
        PlayEnded(1, 3, finished=False),
        PlayEnded(2, 4, finished=False),
    ]
    assert studio.do(Play(1, 5, ("a", "none"))) == [PlayEnded(1, 5, finished=False, error="unknown clip: none")]
    assert studio.do(Play(1, 6, ())) == [PlayEnded(1, 6, finished=False, error="no clip to play")]
    studio.do(Play(1, 7, ("a",)))
    studio.core.close(1, studio.now, WALL)
    assert studio.events()[0] == PlayEnded(1, 7, finished=False)


def test_a_codec_without_sound_says_so() -> None:
    studio = Studio()
    studio.stream(1, Codec("G729", 18))
    assert studio.do(Play(1, 1, ("a",))) == [PlayEnded(1, 1, finished=False, error="no sound can be played in G729")]


def test_what_is_played_before_the_agreement_begins_with_it() -> None:
    studio = Studio()
    studio.core.open(1, studio.now)
    studio.do(Play(1, 1, ("a",)))
    assert studio.wait(0.5) == {}
    studio.agree(1)
    assert len(studio.wait(0.12)[1]) == 5
    assert PlayEnded(1, 1, finished=True) in studio.events()


def test_a_change_of_codec_in_the_middle() -> None:
    studio = Studio()
    studio.stream(1)
    studio.do(Play(1, 1, ("a",)))
    heard = studio.wait(0.03)[1]
    studio.agree(1, PCMA)
    heard += studio.wait(0.1)[1]
    assert [packet.payload_type for packet in heard] == [0, 0, 8, 8, 8]
    assert heard[-1].payload == sound("a", "PCMA")[-160:]


def test_comfort_noise_is_passed_on_where_both_agreed() -> None:
    studio = Studio()
    studio.stream(1)
    studio.stream(2)
    for stream in (1, 2):
        studio.agree(stream, comfort_noise=True)
    studio.do(Bridge(1, 2))
    relayed = studio.hear(1, count=2) + studio.hear(1, bytes([50]), payload_type=13) + studio.hear(1)
    assert [packet.payload_type for packet in relayed] == [0, 0, 13, 0]
    assert all(session.seat is None for session in studio.core.sessions.values())


def test_comfort_noise_is_made_for_who_cannot_be_told_of_it() -> None:
    studio = Studio()
    studio.stream(1)
    studio.stream(2, PCMA)
    studio.agree(1, comfort_noise=True)
    studio.do(Bridge(1, 2))
    parted: list[Session] = []
    studio.core.disengage = parted.append
    relayed = studio.hear(1, count=3)
    assert studio.hear(1, bytes([40]), payload_type=13) == []
    heard = studio.wait(1.0)[2]  # its peer says nothing more
    assert parted == [studio.core.sessions[1]], "whoever relays is told that it has another way now"
    assert 48 <= len(heard) <= 51
    run = relayed + heard
    assert {after.sequence - before.sequence for before, after in itertools.pairwise(run)} == {1}
    levels = [float(np.std(decode("PCMA", packet.payload))) for packet in heard[5:]]
    assert levels == pytest.approx([327.68] * len(levels), rel=0.3), "-40 dBov"
    spoken = encode("PCMU", np.full(160, 5000, np.int16))
    for _ in range(20):  # somebody speaks again
        studio.hear(1, spoken)
        studio.now -= 0.02
        heard = studio.wait(0.02)[2]
    assert np.median(decode("PCMA", heard[-1].payload)) == pytest.approx(5000, rel=0.05)
    studio.do(Unbridge(1), Bridge(1, 2))
    assert all(session.seat is None for session in studio.core.sessions.values()), "a new bridge begins as a relay"


def test_who_pauses_and_says_so_is_not_silent() -> None:
    studio = Studio(no_audio_seconds=2, rtp_timeout_seconds=3, dead_seconds=5)
    studio.stream(1)
    studio.agree(1, comfort_noise=True)
    studio.hear(1, bytes([60]), payload_type=13)
    assert [type(event) for event in studio.events()] == [StreamStarted], "comfort noise may be the first that comes"
    studio.wait(20.0)
    assert not [event for event in studio.events() if isinstance(event, StreamSilent | StreamDead)]
    studio.hear(1)
    studio.wait(7.0)
    told = [type(event) for event in studio.events() if isinstance(event, StreamSilent | StreamDead)]
    assert told == [StreamSilent, StreamDead]


def test_an_announcement_to_one_party_of_a_conversation() -> None:
    studio = Studio()
    studio.stream(1)
    studio.stream(2)
    studio.do(Bridge(1, 2))
    assert len(studio.hear(2, count=3)) == 3
    studio.do(Play(1, 1, ("a",)))
    assert studio.hear(2, count=3) == []  # the one who hears the announcement does not hear the other
    assert len(studio.hear(1, count=3)) == 3  # but is heard
    studio.wait(0.2)
    relayed = studio.hear(2, count=3)
    assert [packet.marker for packet in relayed] == [True, False, False]


def test_an_answer_cuts_the_announcement_at_that_instant_and_both_hear_each_other() -> None:
    studio = Studio()
    studio.stream(1)
    studio.stream(2)
    studio.do(Play(1, 1, ("a",) * 50))  # five seconds of a prompt, not music
    heard = studio.wait(0.055)[1]
    assert len(heard) == 3
    assert studio.do(Bridge(1, 2)) == [PlayEnded(1, 1, finished=False)]
    relayed = studio.hear(2, count=3)
    assert [packet.payload for packet in relayed] == [b"v" * 160] * 3
    assert [packet.sequence - heard[-1].sequence for packet in relayed] == [1, 2, 3]
    assert {packet.ssrc for packet in relayed} == {heard[0].ssrc}
    assert len(studio.hear(1, count=3)) == 3
    assert studio.wait(5.0) == {}, "nothing of the announcement comes after it"


def test_a_prompt_for_a_peer_on_hold_runs_unheard() -> None:
    studio = Studio()
    studio.stream(1)
    studio.agree(1, send=False)
    studio.do(Play(1, 1, ("a",)))
    assert studio.wait(0.2) == {}
    assert PlayEnded(1, 1, finished=True) in studio.events()


def test_digits_interrupt_music_which_then_goes_on() -> None:
    studio = Studio()
    studio.stream(1)
    studio.do(Play(1, 1, ("a",), loop=True))
    heard = studio.wait(0.05)[1]
    studio.do(SendDigits(1, "12", 40))
    heard += studio.wait(0.5)[1]
    kinds = [(kind, len(list(group))) for kind, group in itertools.groupby(packet.payload_type for packet in heard)]
    assert kinds[0] == (0, 3)
    assert kinds[1] == (101, 8)  # twice one update and three ends
    assert kinds[2][0] == 0
    events = [packet for packet in heard if packet.payload_type == 101]
    assert [packet.payload[0] for packet in events] == [1] * 4 + [2] * 4
    assert len({packet.timestamp for packet in events}) == 2
    sequences = [packet.sequence for packet in heard]
    assert sequences == list(range(sequences[0], sequences[0] + len(heard)))
    stamps = [packet.timestamp for packet in heard]
    assert stamps == sorted(stamps)
    assert heard[11].marker  # music again: a new talkspurt


def test_digits_in_the_band_have_their_frequencies() -> None:
    studio = Studio()
    studio.stream(1, event=None)
    studio.do(SendDigits(1, "7", 100))
    heard = studio.wait(0.4)[1]
    samples = decode("PCMU", b"".join(packet.payload for packet in heard))[:800].astype(float)
    spectrum = np.abs(np.fft.rfft(samples))
    found = sorted(int(np.argsort(spectrum)[-number] * 10) for number in (1, 2))
    assert found == [round(frequency, -1) for frequency in FREQUENCIES["7"]]
    assert heard[-1].payload == SILENCE["PCMU"] * 160


def test_events_are_understood_in_both_numbers_and_sent_in_the_peers() -> None:
    studio = Studio()
    studio.stream(1)
    studio.stream(2)
    studio.core.set_remote(
        SetRemote(1, "10.0.0.1", 4002, 4003, PCMU, telephone_event=96, telephone_event_in=101), studio.now
    )
    studio.do(Bridge(1, 2))
    session = studio.core.sessions[1]
    for number, kind in ((1, 96), (2, 101)):
        packet = Packet(kind, number, 160 * number, 5, bytes((number, 0x0A, 0, 160))).build()
        studio.core.consider(session, ("10.0.0.1", 4002), bytearray(packet), len(packet), studio.now)
        assert session.inbound.receive(bytearray(packet.ljust(64)), len(packet), studio.now)
    assert [event.digit for event in studio.events() if isinstance(event, DigitPressed)] == ["1", "2"]
    studio.do(SendDigits(1, "5", 40))
    assert {packet.payload_type for packet in studio.wait(0.06)[1]} == {96}


def test_unbridged_streams_hear_nothing() -> None:
    studio = Studio()
    studio.stream(1)
    studio.stream(2)
    studio.do(Bridge(1, 2), Unbridge(2))
    assert studio.hear(1) == studio.hear(2) == []


def test_a_third_stream_takes_a_party_over() -> None:
    """Attended transfer: 1 talks to 2, then to 3."""
    studio = Studio()
    for number in (1, 2, 3):
        studio.stream(number)
    studio.do(Bridge(1, 2))
    before = studio.hear(2, count=2)
    studio.do(Bridge(1, 3))
    assert studio.hear(2) == []
    after = studio.hear(3, count=2)
    assert {packet.ssrc for packet in before + after} == {before[0].ssrc}
    assert [packet.sequence for packet in after] == [before[-1].sequence + 1, before[-1].sequence + 2]


def test_codecs_that_cannot_be_transcoded_are_not_mixed_up() -> None:
    studio = Studio()
    studio.stream(1, Codec("G722", 9))
    studio.stream(2, PCMU)
    studio.stream(3, Codec("G722", 9))
    studio.do(Bridge(1, 2))
    assert studio.hear(1) == []
    studio.do(Bridge(1, 3))
    assert len(studio.hear(1)) == 1


def test_the_first_packet_starts_the_stream() -> None:
    studio = Studio()
    studio.stream(1)
    studio.hear(1, count=2)
    assert studio.events() == [StreamStarted(1, "10.0.0.1", 4002)]


def test_reports_every_five_seconds() -> None:
    studio = Studio()
    studio.stream(1)
    studio.hear(1, count=10)
    studio.wait(21)
    reports = [event for event in studio.events() if isinstance(event, StreamReport)]
    assert 3 <= len(reports) <= 4
    assert reports[-1].statistics.received == 10


def test_closing_says_goodbye_to_those_who_were_spoken_to() -> None:
    studio = Studio()
    studio.stream(1)
    studio.stream(2)
    studio.do(Play(1, 1, ("a",)))
    studio.wait(0.5)
    studio.events()
    goodbye = rtcp.parse(studio.core.close(1, studio.now, WALL))
    assert goodbye.goodbyes == (goodbye.reports[0].ssrc,)
    assert studio.events() == [StreamClosed(1, StreamStatistics(sent=5, codec="PCMU"))]
    assert studio.core.close(2, studio.now, WALL) == b""
    assert studio.core.close(2, studio.now, WALL) == b""
    assert studio.core.unknown_streams == 1
    assert studio.core.next_deadline() is None


def test_a_stream_closed_while_it_plays_is_not_paced_any_more() -> None:
    studio = Studio()
    studio.stream(1)
    studio.do(Play(1, 1, ("a",), loop=True))
    studio.wait(0.05)
    studio.core.close(1, studio.now, WALL)
    assert studio.wait(1.0) == {}
    assert studio.core.next_deadline() is None


def test_commands_for_streams_that_are_not_there_are_counted() -> None:
    studio = Studio()
    studio.stream(1)
    studio.do(StopPlay(8), Bridge(1, 8), Bridge(1, 1))
    studio.agree(8)
    assert studio.core.unknown_streams == 4
    with pytest.raises(TypeError, match="CloseStream"):
        studio.core.handle(CloseStream(1), studio.now)
    with pytest.raises(ValueError, match="open already"):
        studio.core.open(1, studio.now)
