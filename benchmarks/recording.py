"""What a recording adds to a conversation: both sides laid on a time line as packets pass, pieces cut once a second.

Decoding and writing are another thread's. `python -m benchmarks.recording [streams] [rounds]`
"""

import sys

from benchmarks.harness import Figures, figure, table
from benchmarks.voice import ONE_BY_ONE, PACKETS, cpu_per_packet, one_by_one, spoken
from softacd.rtp.recording import Recording


class Recordings:
    """`streams` recordings under way."""

    def __init__(self, streams: int, rounds: int) -> None:
        self._recordings = [Recording(number, number, "bench.wav", 0.0) for number in range(streams)]
        self._rounds = rounds
        self._payload = spoken(1)
        self._now = 0.0

    def work(self) -> None:
        """Some packet times: what each peer says, and what it hears."""
        for _ in range(self._rounds):
            timestamp = round(self._now * 8000)
            for recording in self._recordings:
                recording.said("PCMA", timestamp, self._payload, self._now)
                recording.heard("PCMA", timestamp, self._payload, self._now)
            self._now += 0.02
        for recording in self._recordings:
            recording.piece(self._now)


def run(streams: int = 300, rounds: int = 20) -> Figures:
    """Measure `streams` recordings for `rounds` packet times."""
    floor = one_by_one(streams, rounds)
    each = cpu_per_packet(Recordings(streams, rounds).work, 2 * streams * rounds)
    call = 2 * PACKETS * each
    return {
        "recording_cpu_per_packet": figure(each, "us", beside=floor, ratio_to=ONE_BY_ONE),
        "recording_cpu_per_call_second": figure(call / 1000, "ms"),
        "recording_calls_per_core": figure(1e6 / call, "calls", better="higher"),
        "decode_and_encode_one_by_one": figure(floor, "us"),
    }


if __name__ == "__main__":
    print(table(run(*map(int, sys.argv[1:]))))
