"""Bridges between streams whose codecs or packet times differ: each hears the other, in its own way."""

import itertools

import numpy as np
import pytest

from softacd.rtp.codec import Decoder, Encoder
from softacd.rtp.g711 import Samples, decode, encode
from softacd.rtp.packet import Packet
from softacd.rtp.vocabulary import Bridge, Codec, MixJoin, Play, StartRecording, StopRecording, Unbridge
from softacd.runtime.media.codecs import WIDE
from tests.rtp.studio import G722, OPUS, PCMA, PCMU, Studio

PRESSED = b"\x05\x0a\x00\xa0"
"""The first packet of key 5."""


class Voice:
    """One peer: speaks a tone in its codec, and decodes what it gets."""

    def __init__(self, studio: Studio, stream: int, codec: Codec, frequency: int) -> None:
        self.studio, self.stream, self.codec = studio, stream, codec
        self.rate = 16_000 if codec.name in WIDE else 8000
        at = np.arange(self.rate * 20) / self.rate
        self.line = (6000 * np.sin(2 * np.pi * frequency * at)).astype(np.int16)
        self.spoken = 0
        self.encoder: Encoder | None = WIDE[codec.name].encoder() if codec.name in WIDE else None
        self.decoder: Decoder | None = WIDE[codec.name].decoder() if codec.name in WIDE else None
        self.packets: list[Packet] = []
        studio.stream(stream, codec)

    def speak(self) -> list[Packet]:
        """20 ms; what is relayed of it at once."""
        step = self.rate // 50
        part = self.line[self.spoken : self.spoken + step]
        self.spoken += step
        payload = self.encoder.encode(part) if self.encoder is not None else encode(self.codec.name, part)
        now = self.studio.now
        relayed = self.studio.hear(self.stream, payload)
        self.studio.now = now
        return relayed

    @property
    def heard(self) -> Samples:
        parts = [
            self.decoder.decode(packet.payload) if self.decoder else decode(self.codec.name, packet.payload)
            for packet in self.packets
            if packet.payload_type == self.codec.payload_type
        ]
        return np.concatenate(parts)

    def purity(self, frequency: int) -> float:
        line = self.heard[-self.rate // 2 :].astype(np.float64)
        at = np.arange(len(line)) / self.rate
        found = abs(np.sum(line * np.exp(-2j * np.pi * frequency * at))) ** 2
        return float(2 * found / (len(line) * np.sum(np.square(line)) + 1e-9))


def talk(studio: Studio, *voices: Voice, frames: int = 60) -> list[Packet]:
    """Everybody speaks; what was relayed packet by packet."""
    relayed = []
    for _ in range(frames):
        for voice in voices:
            relayed += voice.speak()
        for stream, packets in studio.wait(0.02).items():
            for voice in voices:
                if voice.stream == stream:
                    voice.packets += packets
    return relayed


def pair(one: Codec, other: Codec) -> tuple[Studio, Voice, Voice]:
    studio = Studio()
    return studio, Voice(studio, 1, one, 600), Voice(studio, 2, other, 1100)


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations([PCMA, PCMU, G722, OPUS], 2)))
def test_any_two_codecs_hear_each_other(one: Codec, other: Codec) -> None:
    studio, caller, agent = pair(one, other)
    studio.do(Bridge(1, 2))
    relayed = talk(studio, caller, agent)
    if {one, other} == {PCMA, PCMU}:
        assert len(relayed) == 120
        return
    assert not relayed
    assert caller.purity(1100) > 0.95
    assert agent.purity(600) > 0.95


def test_two_wide_phones_hear_what_a_telephone_line_does_not_carry() -> None:
    studio = Studio()
    caller, agent = Voice(studio, 1, G722, 5500), Voice(studio, 2, OPUS, 6000)
    studio.do(Bridge(1, 2))
    talk(studio, caller, agent)
    assert caller.purity(6000) > 0.9
    assert agent.purity(5500) > 0.9


@pytest.mark.parametrize("codec", [G722, OPUS])
def test_the_same_codec_is_relayed_as_it_is(codec: Codec) -> None:
    studio, caller, agent = pair(codec, codec)
    studio.do(Bridge(1, 2))
    relayed = talk(studio, caller, agent, frames=10)
    assert len(relayed) == 20
    assert studio.core.sessions[1].seat is None


@pytest.mark.parametrize("packet_ms", [10, 30, 40, 60])
@pytest.mark.parametrize("name", ["PCMA", "G722"])
def test_each_gets_packets_as_long_as_it_wants(name: str, packet_ms: int) -> None:
    number = {"PCMA": 8, "G722": 9}[name]
    studio, caller, agent = pair(PCMU, Codec(name, number, 8000, packet_ms))
    studio.do(Bridge(1, 2))
    talk(studio, caller, agent, frames=120)
    assert {len(packet.payload) for packet in agent.packets} == {8 * packet_ms}
    steps = {(after.timestamp - before.timestamp) & 0xFFFF_FFFF for before, after in itertools.pairwise(agent.packets)}
    assert steps == {8 * packet_ms}
    assert agent.purity(600) > 0.95
    assert {len(packet.payload) for packet in caller.packets} == {160}
    assert caller.purity(1100) > 0.95


def test_the_timestamps_of_opus_run_at_48_khz_whatever_it_plays() -> None:
    studio, caller, agent = pair(PCMA, OPUS)
    studio.do(Play(2, 1, ("hello",), loop=True))
    played = studio.wait(0.2)[2]
    studio.do(Bridge(1, 2))
    talk(studio, caller, agent, frames=20)
    packets = [*played, *agent.packets]
    assert len(played) == 11
    assert {(b.timestamp - a.timestamp) & 0xFFFF_FFFF for a, b in itertools.pairwise(played)} == {960}
    assert {(b.timestamp - a.timestamp) & 0xFFFF_FFFF for a, b in itertools.pairwise(agent.packets)} == {960}
    assert [packet.sequence for packet in packets] == [
        (packets[0].sequence + number) & 0xFFFF for number in range(len(packets))
    ]
    assert len({packet.ssrc for packet in packets}) == 1


def test_keys_are_pressed_anew_for_the_other_party() -> None:
    studio, caller, agent = pair(PCMA, OPUS)
    studio.do(Bridge(1, 2))
    talk(studio, caller, agent, frames=10)
    session = studio.core.sessions[1]
    packet = Packet(101, session.inbound.extended + 1, 999, 5, PRESSED, marker=True).build()
    session.inbound.receive(bytearray(packet.ljust(64)), len(packet), studio.now)
    pressed = [packet for packet in studio.wait(0.4)[2] if packet.payload_type == 101]
    assert len({packet.timestamp for packet in pressed}) == 1
    assert pressed[0].marker
    assert sum(packet.payload[1] >> 7 for packet in pressed) == 3
    assert {packet.payload[0] for packet in pressed} == {5}


def test_a_codec_agreed_anew_changes_the_way_back_and_forth() -> None:
    studio, caller, agent = pair(PCMA, OPUS)
    studio.do(Bridge(1, 2))
    talk(studio, caller, agent, frames=10)
    studio.agree(2, PCMA)
    assert studio.core.sessions[1].seat is studio.core.sessions[2].seat is None
    relayed = talk(studio, caller, frames=5)
    assert len(relayed) == 5
    studio.agree(2, G722)
    assert not talk(studio, caller, frames=1)
    studio.do(Unbridge(1))
    assert studio.core.sessions[1].seat is studio.core.sessions[2].seat is None


def test_a_room_mixes_wide_and_narrow_and_one_in_it_leaves_its_bridge() -> None:
    studio = Studio()
    voices = [Voice(studio, 1, PCMA, 600), Voice(studio, 2, OPUS, 1100), Voice(studio, 3, G722, 1900)]
    studio.do(Bridge(1, 2))
    talk(studio, *voices, frames=10)
    studio.do(*(MixJoin(stream, 7) for stream in (1, 2, 3)))
    assert studio.core.sessions[1].other is None
    talk(studio, *voices)
    for voice, others in zip(voices, ((1100, 1900), (600, 1900), (600, 1100)), strict=True):
        for frequency in others:
            assert voice.purity(frequency) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("codec", [G722, OPUS])
def test_a_recording_hears_wide_codecs(codec: Codec) -> None:
    studio, caller, agent = pair(codec, PCMA)
    studio.do(StartRecording(1, 9, "a.wav"), Bridge(1, 2))
    talk(studio, caller, agent)
    studio.do(StopRecording(1))
    for side, name, frequency in (("left", "left_codec", 600), ("right", "right_codec", 1100)):
        coded = b"".join(getattr(piece, side) for piece in studio.core.recorded)
        line = decode(getattr(studio.core.recorded[-1], name), coded).astype(np.float64)[4000:7200]
        found = abs(np.sum(line * np.exp(-2j * np.pi * frequency * np.arange(len(line)) / 8000))) ** 2
        assert 2 * found / (len(line) * np.sum(np.square(line))) > 0.95
