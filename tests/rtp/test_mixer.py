"""Rooms: everybody hears the others and never themselves; who listens is heard by nobody; a whisper by one."""

import itertools

import numpy as np
import pytest

from softacd.rtp.g711 import decode, encode
from softacd.rtp.packet import Packet
from softacd.rtp.vocabulary import Bridge, MixJoin, MixLeave, Play, SendDigits, StartRecording, StopRecording, Unbridge
from tests.rtp.studio import PCMA, PCMU, Studio

LEVELS = {1: 1000, 2: 2500, 3: 5000, 4: 9000}
"""Each party holds one note, so that a sum tells who is in it."""


class Room:
    """A studio whose peers all speak all the time, and what they hear."""

    def __init__(self, *streams: int) -> None:
        self.studio = Studio()
        self.sequence = 0
        for stream in streams:
            self.studio.stream(stream, PCMU if stream % 2 else PCMA)
        self.streams = streams
        self.heard: dict[int, list[Packet]] = {stream: [] for stream in streams}

    def run(self, frames: int = 10) -> dict[int, int]:
        """Everybody speaks for some frames; the level each heard last, 0 for silence, -1 for nothing."""
        for packets in self.heard.values():
            packets.clear()
        for _ in range(frames):
            for stream in self.streams:
                codec = self.studio.core.sessions[stream].codec
                assert codec is not None
                payload = encode(codec.name, np.full(160, LEVELS[stream], np.int16))
                now = self.studio.now
                self.studio.hear(stream, payload)
                self.studio.now = now
            for stream, packets in self.studio.wait(0.02).items():
                self.heard[stream] += packets
        return {stream: self.level(stream) for stream in self.streams}

    def level(self, stream: int) -> int:
        if not self.heard[stream]:
            return -1
        codec = self.studio.core.sessions[stream].codec
        assert codec is not None
        return int(np.median(decode(codec.name, self.heard[stream][-1].payload)))


def near(found: dict[int, int], **wanted: int) -> None:
    for name, level in wanted.items():
        stream = int(name[1:])
        assert found[stream] == pytest.approx(level, rel=0.05, abs=20), (stream, found)


def test_everybody_hears_the_others_whatever_their_codecs() -> None:
    room = Room(1, 2, 3)
    room.studio.do(*(MixJoin(stream, 7) for stream in (1, 2, 3)))
    near(room.run(), s1=7500, s2=6000, s3=3500)


def test_rooms_do_not_hear_each_other() -> None:
    room = Room(1, 2, 3, 4)
    room.studio.do(MixJoin(1, 7), MixJoin(2, 7), MixJoin(3, 8), MixJoin(4, 8))
    near(room.run(), s1=2500, s2=1000, s3=9000, s4=5000)


def test_listen_whisper_and_barge_are_switched_live() -> None:
    room = Room(1, 2, 3)
    room.studio.do(MixJoin(1, 7), MixJoin(2, 7), MixJoin(3, 7, ()))
    near(room.run(), s1=2500, s2=1000, s3=3500)
    room.studio.do(MixJoin(3, 7, (2,)))
    near(room.run(), s1=2500, s2=6000, s3=3500)
    room.studio.do(MixJoin(3, 7))
    near(room.run(), s1=7500, s2=6000, s3=3500)
    room.studio.do(MixLeave(3))
    near(room.run(), s1=2500, s2=1000, s3=-1)


def _clicks(sound: np.ndarray, frequency: float) -> int:
    """Samples of a tone that do not follow from the two before: x[n+1] = 2 cos(w) x[n] - x[n-1]."""
    foretold = 2 * np.cos(2 * np.pi * frequency / 8000) * sound[1:-1] - sound[:-2]
    return int(np.count_nonzero(np.abs(sound[2:] - foretold) > 0.1 * PEAK))


PEAK = 8000.0


def test_a_supervisor_s_voice_comes_and_goes_without_a_click() -> None:
    """Listen, whisper, barge, and back, by each way: in the middle of a tone none of the ears hears a click."""
    frequency = 431.0
    tone = PEAK * np.sin(2 * np.pi * frequency * np.arange(8000) / 8000)
    room = Room(1, 2, 3)
    studio = room.studio
    studio.do(MixJoin(1, 7), MixJoin(2, 7), MixJoin(3, 7, ()))
    heard: dict[int, list[np.ndarray]] = {1: [], 2: []}
    frames = 0
    loud: list[tuple[bool, bool]] = []
    for heard_by in ((), (2,), None, (2,), (), None, (), (1,), (2,), None, (1, 2), ()):
        studio.do(MixJoin(3, 7, heard_by))
        for _ in range(10):
            at = frames * 160 % 8000
            frames += 1
            for stream, said in ((1, np.zeros(160)), (2, np.zeros(160)), (3, tone[at : at + 160])):
                codec = studio.core.sessions[stream].codec
                assert codec is not None
                now = studio.now
                studio.hear(stream, encode(codec.name, said.astype(np.int16)))
                studio.now = now
            for stream, packets in studio.wait(0.02).items():
                if stream in heard:
                    law = "PCMU" if stream % 2 else "PCMA"
                    heard[stream] += [decode(law, packet.payload).astype(float) for packet in packets]
        loud.append((heard[1][-1].std() > 5000, heard[2][-1].std() > 5000))
    assert loud == [
        (False, False),
        (False, True),
        (True, True),
        (False, True),
        (False, False),
        (True, True),
        (False, False),
        (True, False),
        (False, True),
        (True, True),
        (True, True),
        (False, False),
    ]
    for parts in heard.values():
        assert _clicks(np.concatenate(parts), frequency) == 0


def test_who_begins_to_speak_in_the_middle_of_a_tone_does_not_click() -> None:
    frequency = 431.0
    tone = PEAK * np.cos(2 * np.pi * frequency * np.arange(8000) / 8000)
    room = Room(1, 2)
    studio = room.studio
    studio.do(MixJoin(1, 7), MixJoin(2, 7))
    heard: list[np.ndarray] = []
    for frame in range(20):
        studio.hear(2, encode("PCMA", tone[frame * 160 : frame * 160 + 160].astype(np.int16)))
        studio.now -= 0.02
        heard += [decode("PCMU", packet.payload).astype(float) for packet in studio.wait(0.02).get(1, [])]
    assert heard[-1].std() > 5000
    assert _clicks(np.concatenate(heard), frequency) == 0


def test_the_stream_of_packets_to_a_peer_has_no_seam() -> None:
    """Bridged, then in a room, then bridged again: one source, no gap, time that runs with the clock."""
    room = Room(1, 2, 3)
    studio = room.studio
    studio.do(Bridge(1, 2))
    relayed = []
    for _ in range(5):
        relayed += studio.hear(2, encode("PCMA", np.full(160, 2500, np.int16)))
    studio.do(MixJoin(1, 7), MixJoin(2, 7), MixJoin(3, 7, ()))
    room.run()
    mixed = list(room.heard[1])
    studio.do(MixLeave(1), MixLeave(2), Bridge(1, 2))
    for _ in range(5):
        relayed += studio.hear(2, encode("PCMA", np.full(160, 2500, np.int16)))
    packets = [*relayed[:5], *mixed, *relayed[5:]]
    sequences = [packet.sequence for packet in packets]
    assert sequences == list(range(sequences[0], sequences[0] + len(packets)))
    assert len({packet.ssrc for packet in packets}) == 1
    steps = {(after.timestamp - before.timestamp) & 0xFFFF_FFFF for before, after in itertools.pairwise(mixed)}
    assert steps == {160}
    assert mixed[0].marker


def test_loud_voices_are_limited_and_do_not_wrap(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in (1, 2):
        monkeypatch.setitem(LEVELS, stream, 25_000)
    room = Room(1, 2, 3)
    room.studio.do(*(MixJoin(stream, 7) for stream in (1, 2, 3)))
    assert room.run()[3] > 30_000


def test_keys_and_prompts_come_before_the_room() -> None:
    room = Room(1, 2)
    studio = room.studio
    studio.do(MixJoin(1, 7), MixJoin(2, 7))
    room.run()
    studio.do(Play(1, 5, ("hello",)))
    during = room.run(4)
    assert during[1] == pytest.approx(500, rel=0.05)
    near(room.run(10), s1=2500)
    studio.do(SendDigits(1, "5"))
    room.run(4)
    assert {packet.payload_type for packet in room.heard[1]} == {101}


def test_a_silence_that_is_not_dead_is_heard_as_noise_of_its_level() -> None:
    """RFC 3389: packets of payload type 13 tell how loud the background is while nobody speaks."""
    room = Room(1, 2)
    studio = room.studio
    studio.do(MixJoin(1, 7), MixJoin(2, 7))
    room.run()
    inbound = studio.core.sessions[2].inbound
    packet = Packet(13, inbound.extended + 1 & 0xFFFF, 9, 5, bytes([50])).build()
    inbound.receive(bytearray(packet.ljust(64)), len(packet), studio.now)
    quiet = studio.wait(2.0)[1][20:]
    heard = np.concatenate([decode("PCMU", packet.payload) for packet in quiet]).astype(np.float64)
    assert np.sqrt(np.mean(np.square(heard))) == pytest.approx(32_768 * 10**-2.5, rel=0.1)
    assert len({packet.payload for packet in quiet}) == len(quiet), "no hum: the noise does not repeat"
    near(room.run(), s1=2500)


def test_a_bridge_ends_the_room_and_a_room_the_bridge() -> None:
    room = Room(1, 2)
    studio = room.studio
    studio.do(Bridge(1, 2), MixJoin(1, 7))
    assert studio.core.sessions[2].other is None
    studio.do(Bridge(1, 2))
    assert studio.core.sessions[1].seat is None
    studio.do(Unbridge(1))
    assert room.run()[1] == -1


def test_a_closed_stream_leaves_its_room_and_an_empty_mixer_needs_no_clock() -> None:
    room = Room(1, 2)
    studio = room.studio
    studio.do(MixJoin(1, 7), MixJoin(2, 7))
    studio.core.close(1, studio.now, studio.now)
    studio.core.close(2, studio.now, studio.now)
    studio.wait(0)
    assert studio.core.next_deadline() is None


def test_who_may_not_be_sent_to_hears_nothing_and_who_is_lost_is_silence() -> None:
    room = Room(1, 2)
    studio = room.studio
    studio.do(MixJoin(1, 7), MixJoin(2, 7))
    studio.agree(1, PCMU, send=False)
    assert room.run()[1] == -1
    studio.agree(1, PCMU)
    quiet = studio.wait(1.0)
    assert np.abs(decode("PCMU", quiet[1][-1].payload)).max() < 20


def test_a_recording_hears_the_room() -> None:
    room = Room(1, 2, 3)
    studio = room.studio
    studio.do(*(MixJoin(stream, 7) for stream in (1, 2, 3)), StartRecording(1, 9, "a.wav"))
    room.run(20)
    studio.do(StopRecording(1))
    piece = studio.core.recorded[-1]
    assert np.median(decode(piece.left_codec, piece.left[1600:2400])) == pytest.approx(1000, rel=0.05)
    assert np.median(decode(piece.right_codec, piece.right[1600:2400])) == pytest.approx(7500, rel=0.05)
