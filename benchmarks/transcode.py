"""What it costs to transcode a conversation: between A-law and each other codec, and between A-law's own packet times.

Through jitter buffer, mixer and encoder, both ways. A-law and mu-law are left out: their packets are relayed through a
table of 256 octets. `python -m benchmarks.transcode [streams] [rounds]`
"""

import sys

import numpy as np

from benchmarks.harness import Figures, figure, table
from benchmarks.voice import CODEC, ONE_BY_ONE, PACKETS, cpu_per_packet, one_by_one, profile, spoken
from softacd.rtp.codec import WIDE_FRAME
from softacd.rtp.core import MediaCore
from softacd.rtp.model import MediaSettings
from softacd.rtp.vocabulary import Bridge, Codec, SetRemote
from softacd.runtime.media.clips import ClipLibrary
from softacd.runtime.media.codecs import WIDE

CLOCK = {"OPUS": 48_000}
OTHERS = {**dict.fromkeys(WIDE, 20), "PCMA": 40}
"""Codec towards A-law of 20 ms, and its packet time."""


class Conversations:
    """Bridges between A-law and codec `name`, half of the streams each."""

    def __init__(self, name: str, streams: int, rounds: int) -> None:
        self._core = MediaCore(MediaSettings(), ClipLibrary([]).get, lambda bits: 7, "bench@softacd", WIDE)
        clock = CLOCK.get(name, 8000)
        other = Codec(name, 96, clock, OTHERS[name])
        for stream in range(streams):
            self._core.open(stream, 0.0)
            codec = other if stream % 2 else CODEC
            self._core.set_remote(SetRemote(stream, "127.0.0.1", 9, 10, codec, 101), 0.0)
        for stream in range(0, streams, 2):
            self._core.handle(Bridge(stream, stream + 1), 0.0)
        if any(session.seat is None for session in self._core.sessions.values()):
            raise RuntimeError("the streams are relayed, not transcoded")
        chance = np.random.default_rng(1)
        narrow = [spoken(number) for number in range(8)]
        encoder = WIDE[name].encoder() if name in WIDE else None
        wide = [chance.normal(0, 3000, WIDE_FRAME).astype(np.int16) for _ in range(8)]
        self._payloads = [narrow, [encoder.encode(line) for line in wide] if encoder else narrow]
        self._steps = [160, clock // 50]
        self._timestamps = [0, 0]
        self._rounds = rounds
        self._now = 0.0

    def work(self) -> None:
        """Some packet times: a packet from everybody, and one to everybody."""
        for turn in range(self._rounds):
            for stream, session in self._core.sessions.items():
                if session.seat is not None and session.codec is not None:
                    side = stream % 2
                    payload = self._payloads[side][turn % 8]
                    session.seat.hear(session.codec.name, self._timestamps[side], payload, self._now)
            for side, step in enumerate(self._steps):
                self._timestamps[side] = self._timestamps[side] + step & 0xFFFF_FFFF
            self._now += 0.02
            self._core.tick(self._now)


def run(streams: int = 300, rounds: int = 20) -> Figures:
    """Measure `streams` streams, two a call, for `rounds` packet times."""
    floor = one_by_one(streams, rounds)
    figures: Figures = {}
    for name in OTHERS:
        conversations = Conversations(name, streams, rounds)
        each = cpu_per_packet(conversations.work, streams * rounds)
        call = 2 * PACKETS * each  # two streams
        scene = f"{name}, {OTHERS[name]} ms"
        figures |= {
            f"{scene}: cpu_per_packet": figure(each, "us", beside=floor, ratio_to=ONE_BY_ONE),
            f"{scene}: cpu_per_call_second": figure(call / 1000, "ms"),
            f"{scene}: calls_per_core": figure(1e6 / call, "calls", better="higher"),
        }
        shares = profile(conversations.work)
        figures |= {f"{scene}: {share.removeprefix('profile: ')}": value for share, value in shares.items()}
    return figures | {"decode_and_encode_one_by_one": figure(floor, "us")}


if __name__ == "__main__":
    print(table(run(*map(int, sys.argv[1:]))))
