"""The garbage collector, kept from pausing calls.

Hot code makes no reference cycles, so nearly all memory is freed when the last reference goes, without the collector.
Its automatic runs, which look at ever more objects the more calls live, are switched off. Instead `turn` looks through
what was made in the last moments, a few hundred objects, and then has the collector forget them (`gc.freeze`); `rest`
looks through everything when hardly any call lives, so that cycles which did outlast a turn are found in the end.
"""

import gc
import time
from typing import Any

TURN_SECONDS = 0.02
REST_SECONDS = 300.0
"""Everything is looked through at most this often, and only when the house is quiet."""
LONGEST_UNREST = 86_400.0
"""In a house that is never quiet, everything is looked through once a day all the same."""


class Collector:
    """Runs the collector of this process. `pauses` and `longest` tell of all collections, whoever asked for them."""

    def __init__(self) -> None:
        self.collections = 0
        self.longest = 0.0
        """Seconds of the longest collection since the start, those of `rest` left out."""
        self.hardest = 0.0
        """Processor seconds of the one that took most: on a busy machine others make a pause longer."""
        self.longest_rest = 0.0
        """Seconds of the longest look through everything."""
        self._began = self._worked = 0.0
        self._turn_at = 0.0
        self._rested_at = 0.0
        self._resting = False

    def start(self, now: float) -> None:
        """Take over, when everything that stays is loaded."""
        gc.collect()
        gc.freeze()
        gc.disable()
        self._rested_at = now
        gc.callbacks.append(self._observe)

    def stop(self) -> None:
        """Leave the collector as it was found."""
        gc.callbacks.remove(self._observe)
        gc.unfreeze()
        gc.enable()

    def turn(self, now: float) -> None:
        """Called after every input: collect what is young, when it is time."""
        if now >= self._turn_at:
            self._turn_at = now + TURN_SECONDS
            gc.collect(0)
            gc.freeze()

    def rest(self, now: float, *, quiet: bool) -> None:
        """Called now and then: look through everything, when it is time and nobody is kept waiting by it."""
        since = now - self._rested_at
        if since < REST_SECONDS or not (quiet or since >= LONGEST_UNREST):
            return
        self._resting = True
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        self._resting = False
        self._rested_at = now

    def _observe(self, phase: str, info: dict[str, Any]) -> None:
        del info
        if phase == "start":
            self._began, self._worked = time.perf_counter(), time.thread_time()
            return
        took, worked = time.perf_counter() - self._began, time.thread_time() - self._worked
        self.collections += 1
        if self._resting:
            self.longest_rest = max(self.longest_rest, took)
        else:
            self.longest = max(self.longest, took)
            self.hardest = max(self.hardest, worked)
