"""What it costs to mix: conferences of three in G.711, everybody speaking.

A party of a conference is one stream: 50 packets a second in, through a jitter buffer, and as many out.
`python -m benchmarks.mix [streams] [rounds]`
"""

import sys

from benchmarks.harness import Figures, figure, table
from benchmarks.voice import CODEC, ONE_BY_ONE, PACKETS, cpu_per_packet, one_by_one, profile, spoken
from softacd.rtp.core import MediaCore
from softacd.rtp.mixer import Mixer
from softacd.rtp.model import MediaSettings
from softacd.rtp.vocabulary import SetRemote
from softacd.runtime.media.clips import ClipLibrary

ROOM = 3


class Conferences:
    """`streams` parties, three a room."""

    def __init__(self, streams: int, rounds: int) -> None:
        core = MediaCore(MediaSettings(), ClipLibrary([]).get, lambda bits: 7, "bench@softacd")
        self._mixer = Mixer()
        for stream in range(streams):
            core.open(stream, 0.0)
            core.set_remote(SetRemote(stream, "127.0.0.1", 9, 10, CODEC, 101), 0.0)
            self._mixer.join(core.sessions[stream], stream // ROOM, None)
        self._rounds = rounds
        self._payloads = [spoken(number) for number in range(8)]
        self._timestamp = 0

    def work(self) -> None:
        """Some packet times: a packet from everybody, and one to everybody."""
        for _ in range(self._rounds):
            payload = self._payloads[self._timestamp // 160 % 8]
            for seat in self._mixer:
                seat.hear("PCMA", self._timestamp, payload, 0.0)
            self._timestamp = self._timestamp + 160 & 0xFFFF_FFFF
            for session, mixed, fresh in self._mixer.tick():
                session.outbound.packet(mixed, 0.0, fresh=fresh)


def run(streams: int = 300, rounds: int = 20) -> Figures:
    """Measure `streams` parties for `rounds` packet times."""
    floor = one_by_one(streams, rounds)
    conferences = Conferences(streams, rounds)
    each = cpu_per_packet(conferences.work, streams * rounds)
    return {
        "mix_cpu_per_packet": figure(each, "us", beside=floor, ratio_to=ONE_BY_ONE),
        "mix_cpu_per_party_second": figure(each * PACKETS / 1000, "ms"),
        "mix_parties_per_core": figure(1e6 / PACKETS / each, "parties", better="higher"),
        "mix_conferences_of_three_per_core": figure(1e6 / PACKETS / each / ROOM, "rooms", better="higher"),
        "decode_and_encode_one_by_one": figure(floor, "us"),
        **profile(conferences.work),
    }


if __name__ == "__main__":
    print(table(run(*map(int, sys.argv[1:]))))
