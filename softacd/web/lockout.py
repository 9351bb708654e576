"""How long somebody must wait after failing to sign in: longer with every failure. No clock: `now` is an argument."""

from collections import OrderedDict

MOST_KNOWN = 10_000
"""Names or addresses remembered at once."""


class Lockout:
    """Failures by name (or by address). `free` failures cost nothing; the next locks for `first` seconds, and each
    further one for twice as long, at most `longest`. A failure is forgotten after `memory` seconds without another.
    """

    __slots__ = ("_failures", "_first", "_free", "_longest", "_memory")

    def __init__(self, *, free: int = 5, first: float = 2.0, longest: float = 900.0, memory: float = 3600.0) -> None:
        self._free = free
        self._first = first
        self._longest = longest
        self._memory = memory
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()  # -> how many, when the last one was

    def seconds_left(self, name: str, now: float) -> float:
        """How long this name is locked still."""
        failures, last = self._known(name, now)
        if failures <= self._free:
            return 0.0
        delay = min(self._longest, self._first * 2.0 ** min(failures - self._free - 1, 32))
        return max(0.0, last + delay - now)

    def begun(self, name: str, now: float) -> None:
        """Count an attempt as failed before it is judged: attempts made together do not outrun the lock."""
        failures, _ = self._known(name, now)
        self._failures[name] = (failures + 1, now)
        self._failures.move_to_end(name)
        if len(self._failures) > MOST_KNOWN:
            self._failures.popitem(last=False)

    def succeeded(self, name: str) -> None:
        """It was right after all: nothing is held against the name."""
        self._failures.pop(name, None)

    def forgive(self, name: str, now: float) -> None:
        """Take one failure back: of an address, where others fail too."""
        failures, last = self._known(name, now)
        if failures > 1:
            self._failures[name] = (failures - 1, last)
        else:
            self._failures.pop(name, None)

    def _known(self, name: str, now: float) -> tuple[int, float]:
        failures, last = self._failures.get(name, (0, now))
        return (0, now) if now - last > self._memory else (failures, last)
