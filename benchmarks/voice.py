"""What the suites that measure work on the sound itself share: packets, CPU times, and the profile that explains them.

The yardstick is what numpy needs merely to decode and encode the same packets one by one. All in one thread, without
sockets.
"""

import cProfile
import pstats
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.harness import Figures, figure
from softacd.rtp.g711 import decode, encode
from softacd.rtp.vocabulary import Codec

CODEC = Codec("PCMA", 8)
ONE_BY_ONE = "numpy, packet by packet"
REPEATS = 5
PACKETS = 50
"""A second and stream."""
SHOWN = 5
"""Functions of a profile that are named."""


def cpu_per_packet(work: Callable[[], object], packets: int) -> float:
    """Microseconds of CPU a packet, best of several."""
    work()
    best = float("inf")
    for _ in range(REPEATS):
        began = time.thread_time()
        work()
        best = min(best, time.thread_time() - began)
    return best / packets * 1e6


def spoken(number: int) -> bytes:
    """20 ms of noise in A-law, another for each number."""
    chance = np.random.default_rng(number)
    return encode("PCMA", chance.normal(0, 3000, 160).astype(np.int16))


def one_by_one(streams: int, rounds: int) -> float:
    """Microseconds of CPU a packet of the yardstick."""
    payload = spoken(1)

    def work() -> None:
        for _ in range(streams * rounds):
            encode("PCMA", decode("PCMA", payload))

    return cpu_per_packet(work, streams * rounds)


def profile(work: Callable[[], object]) -> Figures:
    """Where the time of `work` goes: the functions with the largest shares of their own, and the rest.

    A profiler makes calls dearer than work inside of numpy: the shares tell an order, not the cost.
    """
    profiler = cProfile.Profile(time.thread_time)
    profiler.runcall(work)
    stats = pstats.Stats(profiler).stats  # type: ignore[attr-defined]  # missing in typeshed
    own = sorted(((each[2], place) for place, each in stats.items()), reverse=True)
    whole = sum(seconds for seconds, _ in own)
    named = {f"profile: {_named(*place)}": 100 * seconds / whole for seconds, place in own[:SHOWN]}
    named["profile: everything else"] = 100 - sum(named.values())
    return {name: figure(share, "%") for name, share in named.items()}


def _named(file: str, line: int, function: str) -> str:
    del line
    return function.strip("<>") if file == "~" else f"{Path(file).stem}.{function}"
