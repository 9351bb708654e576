"""A long run: thousands of calls that stand at once, and a hundred thousand one after another. Nothing may be left.

`python -m benchmarks.endurance [--live 6000] [--calls 100000] [--rate 300]`: ten minutes with these. A call that stands
holds four sockets: where a process may not open so many, the voice is spread over workers.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.harness import Figures, Progress, figure, table
from benchmarks.load import RATE
from benchmarks.sides import SoftacdSide, own_core
from benchmarks.sipp import require
from benchmarks.standing import stand

PHONES = 100
MEDIA = (8_000, 32_700)
"""Ports for the voice: below those the kernel gives out, enough for six thousand calls."""
SOCKETS_OF_A_CALL = 4
WARM_SHARE = 5
"""Memory is first looked at after a fifth of the calls: then what 64*T1 of them hold has been held once."""
TIMERS_SECONDS = 40.0
"""After so long no transaction is left (64*T1 and more)."""
LEFT = ("sip_client_transactions", "sip_server_transactions", "sip_dialogs", "media_streams", "calls", "call_deadlines")


def run(live: int, calls: int, rate: int, progress: Progress) -> Figures:
    """Measure. Raises Skipped without SIPp."""
    require()
    prefix = own_core()
    figures: Figures = {}
    with tempfile.TemporaryDirectory(prefix="softacd-endurance-") as name:
        if live:
            with SoftacdSide(Path(name) / "live", PHONES, prefix, media=MEDIA, workers=_workers(live)) as side:
                progress(f"{live} calls stand")
                standing = stand(side, live, 2 * RATE)
            figures["memory_per_standing_call"] = figure(standing.kibibytes, "KiB", goal=40)
            figures["longest_collector_pause"] = figure(standing.longest_pause_ms, "ms", goal=5)
            figures["collector_pause_of_most_work"] = figure(standing.hardest_pause_ms, "ms", goal=5)
        if calls:
            with SoftacdSide(Path(name) / "long", PHONES, prefix, media=MEDIA) as side:
                figures |= _grow(side, calls, rate, progress)
    return figures


def _workers(live: int) -> int:
    """Processes for the voice of so many calls; 0: one thread can hold all sockets."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1] * 0.8
    wanted = live * SOCKETS_OF_A_CALL
    return 0 if wanted < limit else int(wanted / limit) + 1


def _grow(side: SoftacdSide, calls: int, rate: int, progress: Progress) -> Figures:
    first = calls // WARM_SHARE
    progress(f"the first {first} calls")
    side.load(rate, first / rate)
    time.sleep(TIMERS_SECONDS)
    before = side.resident_megabytes()
    progress(f"{calls - first} calls more")
    load = side.load(rate, (calls - first) / rate)
    time.sleep(TIMERS_SECONDS)
    figures = side.figures()
    left = sum(figures.get(f"softacd_{name}", 0.0) for name in LEFT)
    return {
        "failed": figure(load.callers.failed, "calls", goal=0),
        "memory_after_a_fifth": figure(before, "MB"),
        "memory_growth_since": figure(side.resident_megabytes() - before, "MB", goal=5),
        "objects_left": figure(left, "objects", goal=0),
        "retransmissions": figure(load.retransmissions, "messages", goal=0),
        "longest_collector_pause_with_calls_coming": figure(
            figures.get("softacd_collector_longest_pause_seconds", 0.0) * 1000, "ms", goal=5
        ),
        "cpu_per_call": figure(load.cpu_ms, "ms"),
    }


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--live", type=int, default=6000)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--rate", type=int, default=300)
    asked = parser.parse_args()
    cores = os.sched_getaffinity(0)
    print(table(run(asked.live, asked.calls, asked.rate, lambda text: print(text, file=sys.stderr))))
    os.sched_setaffinity(0, cores)
    return 0


if __name__ == "__main__":
    sys.exit(main())
