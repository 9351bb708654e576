"""Calls that stand: what memory each takes of the process that serves them, and how long its collector pauses."""

import time

import msgspec

from benchmarks.load import RATE
from benchmarks.sides import Side

LEAST_SHARE = 0.9
"""Of the calls wanted; on a slow machine a peer may not set all of them up."""
HOLD_SECONDS = 4.0
"""How long all of them stand together."""


class Standing(msgspec.Struct, frozen=True):
    """What was seen of them."""

    calls: int
    """So many were wanted at once."""
    kibibytes: float
    """Memory of the process for each."""
    longest_pause_ms: float
    """Of the collector, since the process started; 0 where there is none."""
    hardest_pause_ms: float
    """Processor time of the one that took most."""


def stand(side: Side, calls: int, rate: int) -> Standing:
    """Set up `calls` calls at `rate`, look when they stand, let them end. Raises RuntimeError when many do not."""
    side.load(RATE // 2, 2.0)
    before = side.resident_megabytes()
    setting_up = calls / rate
    with (
        side.phones(),
        side.callers(calls, rate, round((setting_up + HOLD_SECONDS) * 1000), calls + 10) as callers,
    ):
        deadline = time.monotonic() + setting_up + HOLD_SECONDS - 0.5
        time.sleep(setting_up + 1.0)
        while (standing := callers.living()) < calls and time.monotonic() < deadline:
            time.sleep(0.2)
        memory = side.resident_megabytes() - before
        figures = side.figures()
        counted = callers.wait(setting_up + HOLD_SECONDS * 3 + 30)
    if standing < calls * LEAST_SHARE:
        raise RuntimeError(f"{standing} of {calls} calls stood, {counted.failed} failed")
    return Standing(
        calls=calls,
        kibibytes=memory * 1e6 / 1024 / standing,
        longest_pause_ms=figures.get("softacd_collector_longest_pause_seconds", 0.0) * 1000,
        hardest_pause_ms=figures.get("softacd_collector_hardest_pause_seconds", 0.0) * 1000,
    )
