"""The slots calls are parked in. Who parks by an attended transfer hears the slot first: it is kept for that phone."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from softacd.calls.parked import Parked

RESERVED_SECONDS = 30.0
"""How long a slot that was told to a phone is kept for it."""


class ParkingLot:
    """Slot -> the call that waits in it."""

    def __init__(self) -> None:
        self._slots: tuple[str, ...] = ()
        self._parked: dict[str, Parked] = {}
        self._reserved: dict[str, tuple[str, float]] = {}

    def configure(self, slots: Sequence[str]) -> None:
        """Take new slots; calls in slots that are gone stay where they are until fetched or recalled."""
        self._slots = tuple(slots)

    def find(self, slot: str) -> "Parked | None":
        """The call in a slot."""
        return self._parked.get(slot)

    def reserve(self, extension: str, now: float) -> str:
        """The slot the next call this phone parks will get; "" when all are taken."""
        for slot, (owner, until) in list(self._reserved.items()):
            if owner == extension or until <= now:
                del self._reserved[slot]
        for slot in self._slots:
            if slot not in self._parked and slot not in self._reserved:
                self._reserved[slot] = (extension, now + RESERVED_SECONDS)
                return slot
        return ""

    def take(self, extension: str, now: float) -> str:
        """A slot for a call this phone parks now: the one it was told, else a free one; "" when all are taken."""
        for slot, (owner, until) in self._reserved.items():
            if owner == extension and until > now and slot not in self._parked:
                del self._reserved[slot]
                return slot
        slot = self.reserve(extension, now)
        self._reserved.pop(slot, None)
        return slot

    def put(self, slot: str, parked: "Parked") -> None:
        """A call waits in a slot."""
        self._parked[slot] = parked

    def clear(self, slot: str) -> None:
        """The slot is free."""
        self._parked.pop(slot, None)
