"""When each speaking stream's next packet is due: a wheel of 5 ms sub-ticks.

Streams that start at different moments share few sub-ticks, so the packets of thousands of listeners are spread over
the 20 ms instead of leaving in one burst, and a stream that starts to play begins within one sub-tick.
"""

from typing import Generic, TypeVar

SUB_TICK = 0.005
SLOTS = 16
"""Sub-ticks the wheel holds: above the longest packet time, 60 ms."""

LATE_LIMIT = 0.1
"""Ticks missed by more than this (the machine stood still) are not made up for: that would be one long burst. See
`Pacer.forgive`."""

Stream = TypeVar("Stream")


class Pacer(Generic[Stream]):
    """The wheel. A stream is in at most one slot; the owner re-enters it for each further packet."""

    __slots__ = ("_count", "_next", "_slots", "_turn")

    def __init__(self) -> None:
        self._slots: list[list[Stream]] = [[] for _ in range(SLOTS)]
        self._turn = 0
        self._next = 0.0
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def next_deadline(self) -> float | None:
        return self._next if self._count else None

    def join(self, stream: Stream, now: float) -> None:
        """Make `stream` due at the next sub-tick."""
        if not self._count:
            self._next = now
        self._count += 1
        self._slots[self._turn].append(stream)

    def forgive(self, now: float) -> list[Stream]:
        """Begin anew when more than `LATE_LIMIT` was missed; everybody held, whose time has not run on meanwhile.

        Empty in any other case. To be called before the first `turn` of a tick.
        """
        if not self._count or now - self._next <= LATE_LIMIT:
            return []
        self._next = now
        return [stream for slot in self._slots for stream in slot]

    def turn(self, now: float) -> list[Stream]:
        """Streams of the oldest sub-tick not yet taken that was due by `now`; empty when it held none.

        Call while `next_deadline` is not later than `now`; re-enter each stream that speaks on with `again`.
        """
        if not self._count or self._next > now:
            return []
        slot = self._turn
        due = self._slots[slot]
        self._slots[slot] = []
        self._turn = (slot + 1) % SLOTS
        self._next += SUB_TICK
        self._count -= len(due)
        return due

    def after(self, packet_ms: int) -> int:
        """The slot one packet time after the one just taken."""
        return (self._turn - 1 + packet_ms // 5) % SLOTS

    def again(self, stream: Stream, packet_ms: int) -> int:
        """Make `stream`, just taken by `turn`, due again one packet time after it was due; its slot."""
        slot = self.after(packet_ms)
        self.put(stream, slot)
        return slot

    def put(self, stream: Stream, slot: int) -> None:
        """Make `stream` due with the others of `slot`."""
        self._count += 1
        self._slots[slot].append(stream)
