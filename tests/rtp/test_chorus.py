"""Choruses: who hears music with others hears, packet by packet, what he would have heard alone."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from softacd.rtp.clips import Clip, from_samples
from softacd.rtp.core import MediaCore
from softacd.rtp.model import MediaSettings
from softacd.rtp.packet import Packet, parse
from softacd.rtp.vocabulary import (
    AnyStreamCommand,
    Bridge,
    Codec,
    Play,
    SendDigits,
    SetRemote,
    StartRecording,
    StopPlay,
    StopRecording,
)

PCMA = Codec("PCMA", 8)
MUSIC = from_samples("music", np.arange(-4000, 4000, dtype=np.int16) * 8)
"""A second in which no two packets are alike."""
PLAY = Play(0, 1, ("music",), loop=True)


def clip(name: str) -> Clip:
    return MUSIC if name == "music" else from_samples(name, np.full(800, 900, np.int16))


class Studio:
    """One core; `chorus` says whether listeners may be served together."""

    def __init__(self, *, chorus: bool) -> None:
        self.core = MediaCore(MediaSettings(), clip, lambda bits: 7, "me@softacd")
        if not chorus:
            self.core._join_chorus = lambda session: False  # type: ignore[method-assign]
        self.now = 50.0
        self.heard: dict[int, list[tuple[float, Packet]]] = {}

    def open(self, stream: int) -> None:
        self.core.open(stream, self.now)
        self.core.set_remote(SetRemote(stream, "192.0.2.1", 4000, 4001, PCMA, 101), self.now)

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while (deadline := self.core.next_deadline()) is not None and deadline <= end:
            self.now = max(deadline, self.now)
            for session, data in self.core.tick(self.now):
                self.heard.setdefault(session.stream, []).append((round(self.now, 4), parse(bytes(data))))
            self.core.check(self.now, 1e9)
        self.now = end


def test_many_listeners_are_served_together() -> None:
    studio = Studio(chorus=True)
    for stream in range(40):
        studio.open(stream)
        studio.core.handle(Play(stream, 1, ("music",), loop=True), studio.now)
        studio.wait(0.001)
    studio.wait(2.5)
    assert all(session.chorus is not None for session in studio.core.sessions.values())
    assert len({id(session.chorus) for session in studio.core.sessions.values()}) <= 4
    encoded = MUSIC.encoded["PCMA"]
    for heard in studio.heard.values():
        assert len(heard) >= 125
        whole = b"".join(packet.payload for _, packet in heard)
        assert whole == (encoded * 4)[: len(whole)], "not a sample is missing where the sound begins again"
        for (then, one), (now, other) in pairwise(heard):
            assert (other.sequence - one.sequence, other.timestamp - one.timestamp) == (1, 160)
            assert 0.0199 < now - then < 0.0201
    for session in studio.core.sessions.values():
        statistics = session.chorus.refresh(session) if session.chorus is not None else 0
        assert statistics % 160 == 0
        assert session.outbound.sent == len(studio.heard[session.stream])


def test_what_was_missed_is_made_up_for_packet_by_packet() -> None:
    studio = Studio(chorus=True)
    for stream in range(20):
        studio.open(stream)
        studio.core.handle(Play(stream, 1, ("music",), loop=True), studio.now)
    studio.wait(0.1)
    for pause in (0.065, 0.021, 0.09):
        studio.now += pause  # the machine stood still
        for session, data in studio.core.tick(studio.now):
            studio.heard[session.stream].append((studio.now, parse(bytes(data))))
    for heard in studio.heard.values():
        assert [packet.sequence for _, packet in heard] == list(range(8, 8 + len(heard)))
        whole = b"".join(packet.payload for _, packet in heard)
        assert whole == (MUSIC.encoded["PCMA"] * 2)[: len(whole)]
        assert len(heard) >= 5 + 8


def test_a_machine_that_stood_still_lets_timestamps_go_on_with_time() -> None:
    studio = Studio(chorus=True)
    for stream in range(20):
        studio.open(stream)
        studio.core.handle(Play(stream, 1, ("music",) if stream else ("hello",), loop=True), studio.now)
        studio.wait(0.003)
    studio.wait(0.2)
    for pause in (0.099, 0.13, 1.0, 0.05, 4.0):
        studio.now += pause
        studio.wait(0.1)
    for heard in studio.heard.values():
        began, first = heard[0]
        for (_, one), (now, other) in pairwise(heard):
            assert other.sequence - one.sequence == 1
            assert other.marker == (other.timestamp - one.timestamp != 160), "a gap is marked, and nothing else is"
            # as late as a tick may be that is made up for, and the sub-tick in which a listener's turn is
            assert -0.1 <= (other.timestamp - first.timestamp) / 8000 - (now - began) <= 0.02
        assert sum(packet.marker for _, packet in heard) == 4
    whole = b"".join(packet.payload for _, packet in studio.heard[7])
    assert whole == (MUSIC.encoded["PCMA"] * 2)[: len(whole)], "the music goes on where it stood"
    assert all(session.chorus is not None for session in list(studio.core.sessions.values())[1:])


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["play", "stop", "digits", "record", "still", "remote", "bridge", "prompt", "wait", "stall"]),
        st.integers(1, 4),
        st.integers(1, 60),
    ),
    max_size=25,
)


@settings(deadline=None, max_examples=60)
@given(STEPS)
def test_together_or_alone_everybody_hears_the_same(steps: list[tuple[str, int, int]]) -> None:
    studios = [Studio(chorus=True), Studio(chorus=False)]
    for studio in studios:
        for stream in range(1, 5):
            studio.open(stream)
            studio.core.handle(Play(stream, 1, ("music",), loop=True), studio.now)
        for what, stream, some in steps:
            commands: dict[str, AnyStreamCommand] = {
                "play": Play(stream, some, ("music",), loop=True),
                "stop": StopPlay(stream),
                "digits": SendDigits(stream, "5"),
                "record": StartRecording(stream, some, "a.wav"),
                "still": StopRecording(stream),
                "bridge": Bridge(stream, stream % 4 + 1),
                "prompt": Play(stream, some, ("hello",)),
            }
            if what == "remote":
                codec = PCMA if some % 2 else Codec("PCMU", 0)
                studio.core.set_remote(SetRemote(stream, "192.0.2.1", 4000, 4001, codec, 101), studio.now)
            elif what == "stall":
                studio.now += some / 200
            elif what in commands:
                studio.core.handle(commands[what], studio.now)
            studio.wait(some / 1000)
        for stream in range(1, 5):
            studio.core.close(stream, studio.now, 1e9)
    together, alone = studios
    assert together.heard == alone.heard
    assert together.core.events == alone.core.events
