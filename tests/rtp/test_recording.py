"""A recording's time line: every packet in its place, whatever the network does."""

import numpy as np

from softacd.rtp.g711 import SILENCE, decode
from softacd.rtp.recording import HOLD, MARK, Piece, Recording, Track
from softacd.rtp.vocabulary import (
    Bridge,
    PauseRecording,
    Play,
    RecordingQuiet,
    ResumeRecording,
    StartRecording,
    StopRecording,
)
from tests.rtp.studio import PCMA, Studio, sound

QUIET = SILENCE["PCMA"]


def voice(number: int) -> bytes:
    return bytes([number]) * 160


def test_late_lost_and_doubled_packets_find_their_place() -> None:
    track = Track()
    for number in (0, 2, 1, 1, 4):
        track.put("PCMA", 5000 + 160 * number, voice(number), 100 + 160 * number)
    taken = track.take(100 + 5 * 160)
    assert taken == QUIET * 100 + voice(0) + voice(1) + voice(2) + QUIET * 160 + voice(4)
    assert track.take(1000) == QUIET * 100


def test_timestamps_wrap_without_a_seam() -> None:
    track = Track()
    for number in range(4):
        track.put("PCMA", 0xFFFF_FFFF - 200 + 160 * number & 0xFFFF_FFFF, voice(number), 160 * number)
    assert track.take(640) == b"".join(map(voice, range(4)))


def test_a_source_that_restarts_goes_on_where_the_clock_is() -> None:
    track = Track()
    track.put("PCMA", 1000, voice(1), 0)
    track.put("PCMA", 900_000, voice(2), 320)
    assert track.take(480) == voice(1) + QUIET * 160 + voice(2)


def test_what_comes_too_late_never_moves_what_follows() -> None:
    track = Track()
    track.put("PCMA", 0, voice(1), 0)
    assert track.take(240) == voice(1) + QUIET * 80
    track.put("PCMA", 160, voice(2), 250)
    assert track.take(320) == voice(2)[80:]


def test_another_codec_is_turned_into_the_first() -> None:
    track = Track()
    track.put("PCMU", 0, b"\x80" * 160, 0)  # the loudest sample
    track.put("PCMA", 160, b"\xaa" * 160, 160)  # as loud in the other law
    samples = decode("PCMU", track.take(320))
    assert track.codec == "PCMU"
    assert np.ptp(samples) < 1000


def test_a_pause_is_left_out_and_marked() -> None:
    recording = Recording(1, 7, "a.wav", 10.0)
    recording.said("PCMA", 0, voice(1), 10.0)
    assert recording.piece(10.2) is None  # nothing has settled
    before = recording.pause(10.02)
    assert before is not None
    assert (before.left, before.right) == (voice(1), QUIET * 160)
    recording.said("PCMA", 160, voice(9), 10.02)
    assert recording.pause(11.0) is None
    assert recording.piece(20.0) is None
    mark = recording.resume(30.0)
    assert mark is not None
    assert (mark.mark, mark.left) == (True, b"")
    assert recording.resume(30.0) is None
    recording.said("PCMA", 320, voice(3), 30.0)
    end = recording.end(30.02)
    assert (end.left, end.last) == (voice(3), True)


def gathered(studio: Studio) -> tuple[bytes, bytes]:
    pieces: list[Piece] = studio.core.recorded
    assert {piece.recording for piece in pieces} == {7}
    return b"".join(piece.left for piece in pieces), b"".join(piece.right for piece in pieces)


def test_left_is_what_the_peer_says_and_right_what_it_hears() -> None:
    studio = Studio()
    studio.stream(1, PCMA)
    studio.stream(2, PCMA)
    studio.do(StartRecording(1, 7, "/r/a.wav"), Bridge(1, 2))
    began = studio.now
    studio.hear(1, voice(1), count=5)
    studio.hear(2, voice(2), count=5)
    studio.wait(2.0)
    studio.do(StopRecording(1))
    left, right = gathered(studio)
    assert len(left) == len(right) == round((studio.now - began) * 8000)
    assert left.startswith(voice(1) * 5 + QUIET)
    assert right.strip(QUIET) == voice(2) * 5
    assert [piece.last for piece in studio.core.recorded][-2:] == [False, True]
    settled = sum(len(piece.left) for piece in studio.core.recorded[:-1])
    assert HOLD <= len(left) - settled <= HOLD + 8000


def test_prompts_are_on_the_right_and_the_end_of_the_stream_ends_it() -> None:
    studio = Studio()
    studio.stream(1, PCMA)
    studio.do(StartRecording(1, 7, "/r/a.wav"), Play(1, 1, ("hello",)))
    studio.wait(0.5)
    studio.do(PauseRecording(1))
    studio.wait(1.0)
    studio.do(ResumeRecording(1))
    studio.core.close(1, studio.now, studio.now)
    left, right = gathered(studio)
    assert set(left) == {QUIET[0]}
    assert right.strip(QUIET) == sound("hello", "PCMA")
    assert [piece.mark for piece in studio.core.recorded] == [False, True, False]
    assert len(right) == 4000
    assert MARK == 3200
    assert studio.core.sessions == {}


def test_a_recording_survives_another_codec_and_replaces_the_one_before() -> None:
    studio = Studio()
    studio.stream(1, PCMA)
    studio.do(StartRecording(1, 6, "/r/a.wav"))
    studio.do(StartRecording(1, 7, "/r/b.wav"))
    assert [(piece.recording, piece.last) for piece in studio.core.recorded] == [(6, True)]
    studio.agree(1)
    studio.hear(1, b"\x80" * 160, count=3)
    studio.do(StopRecording(1), StopRecording(1))
    last = studio.core.recorded[-1]
    assert (last.recording, last.last, last.left_codec) == (7, True, "PCMU")
    assert last.left == b"\x80" * 480


def test_a_message_is_what_its_peer_says_and_tells_once_when_he_has_fallen_silent() -> None:
    loud, recording = b"\xaa" * 160, Recording(1, 5, "m.wav", 0.0, mono=True, silence_seconds=2.0)
    now, told = 0.0, []
    for number in range(400):  # two seconds of voice, then four of silence, in both of which something is heard
        now += 0.02
        recording.said("PCMA", 160 * number, loud if number < 100 or number > 300 else QUIET * 160, now)
        recording.heard("PCMA", 160 * number, loud, now)
        if number in (150, 198, 202, 250, 299, 350):
            told.append(recording.fell_silent(now) > 0)
    assert told == [False, False, True, False, False, False]
    last = recording.end(now)
    assert (last.mono, last.right) == (True, b"")
    assert last.left[160:16160] == loud * 100
    assert 3.9 < last.voiced < 4.1


def test_the_engine_tells_of_silence_where_it_was_asked_to() -> None:
    studio = Studio()
    studio.stream(1, PCMA)
    studio.do(StartRecording(1, 9, "m.wav", mono=True, silence_seconds=1.5))
    studio.wait(3.5)
    quiet = [event for event in studio.events() if isinstance(event, RecordingQuiet)]
    assert [(event.stream, event.recording) for event in quiet] == [(1, 9)]
    assert 1.5 <= quiet[0].seconds <= 2.6
