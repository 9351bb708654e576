"""What it costs to search voices for keys pressed as tones, all streams of a packet time in one matrix product.

Only streams whose peers agreed to no other way are searched. `python -m benchmarks.dtmf [streams] [rounds]`
"""

import sys

from benchmarks.harness import Figures, figure, table
from benchmarks.voice import ONE_BY_ONE, PACKETS, cpu_per_packet, one_by_one, profile, spoken
from softacd.rtp.g711 import SILENCE, encode
from softacd.rtp.tone_detection import Listener, detect
from softacd.rtp.tones import dtmf

KEY = "5"


class Listeners:
    """`streams` voices that are searched."""

    def __init__(self, streams: int, rounds: int) -> None:
        self.found = 0
        self._listeners = [Listener(number) for number in range(streams)]
        self._payload = spoken(1)
        self._rounds = rounds

    def work(self) -> None:
        """Some packet times of noise, in which there is nothing."""
        for _ in range(self._rounds):
            self.hear(self._payload)

    def hear(self, payload: bytes) -> None:
        """Everybody says this; keys found are counted."""
        for listener in self._listeners:
            listener.hear("PCMA", 0, payload, 0.0)
        self.found += sum(len(keys) for _, keys in detect(self._listeners))


def run(streams: int = 300, rounds: int = 20) -> Figures:
    """Measure `streams` streams for `rounds` packet times; then let everybody press a key."""
    floor = one_by_one(streams, rounds)
    listeners = Listeners(streams, rounds)
    each = cpu_per_packet(listeners.work, streams * rounds)
    shares = profile(listeners.work)
    wrong = listeners.found
    sound = encode("PCMA", dtmf(KEY, 100))
    sound += SILENCE["PCMA"] * (-len(sound) % 160 + 1600)
    for at in range(0, len(sound), 160):
        listeners.hear(sound[at : at + 160])
    return {
        "dtmf_cpu_per_packet": figure(each, "us", beside=floor, ratio_to=ONE_BY_ONE),
        "dtmf_cpu_per_call_second": figure(each * PACKETS / 1000, "ms"),
        "dtmf_calls_per_core": figure(1e6 / PACKETS / each, "calls", better="higher"),
        "dtmf_keys_missed": figure(streams - (listeners.found - wrong), "keys", goal=0),
        "dtmf_keys_found_in_noise": figure(wrong, "keys", goal=0),
        "decode_and_encode_one_by_one": figure(floor, "us"),
        **shares,
    }


if __name__ == "__main__":
    print(table(run(*map(int, sys.argv[1:]))))
