"""All customers by number, in memory, compact: some 60 bytes a number, found in microseconds, no collector's work.

What was loaded lies in three flat blocks (sorted numbers, where each card begins, the cards packed one behind the
other); what changed since lies in a dictionary above it until the next load.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable

import msgspec


class Card(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a caller is recognised by."""

    customer: int
    name: str
    category: str
    manager: str
    language: str


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Card)


class Packed:
    """Cards that do not change, in the order of their numbers."""

    __slots__ = ("_cards", "_numbers", "_starts")

    def __init__(self, cards: Iterable[tuple[int, Card]] = ()) -> None:
        """`cards`: pairs of number (E.164 digits) and card, numbers ascending. Raises ValueError when they are not."""
        self._numbers = array("q")
        self._starts = array("q")
        self._cards = bytearray()
        packed, last = self._cards, -1
        for number, card in cards:
            if number <= last:
                raise ValueError(f"{number} comes after {last}")
            last = number
            self._numbers.append(number)
            self._starts.append(len(packed))
            _encoder.encode_into(card, packed, -1)
        self._starts.append(len(packed))

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def octets(self) -> int:
        """Memory it takes."""
        return 8 * (len(self._numbers) + len(self._starts)) + len(self._cards)

    def find(self, number: int) -> Card | None:
        """The card of a number."""
        place = bisect_left(self._numbers, number)
        if place == len(self._numbers) or self._numbers[place] != number:
            return None
        return _decoder.decode(memoryview(self._cards)[self._starts[place] : self._starts[place + 1]])


class Index:
    """The cards loaded, the changes since, and the blacklist.

    A reload happens elsewhere while this serves: `begin_reload` before the database is read, `end_reload` with what
    was read. Changes made meanwhile lie above it and stay.
    """

    LEAST_CHANGES = 20_000
    """Changes below this number are not worth a reload."""

    __slots__ = ("_blocked", "_changes", "_older", "_packed", "_reloading")

    def __init__(self, packed: Packed, blocked: dict[int, int]) -> None:
        """`blocked`: number -> when it is served again, wall-clock ms, 0 for never."""
        self._packed = packed
        self._blocked = blocked
        self._changes: dict[int, Card | None] = {}
        self._older: dict[int, Card | None] = {}
        self._reloading = False

    @property
    def empty(self) -> bool:
        """Whether nobody is known and nobody blocked."""
        return not (len(self) or self._blocked)

    def __len__(self) -> int:
        return len(self._packed) + len(self._changes) + len(self._older)

    def find(self, number: int) -> Card | None:
        """The card of a number, None when it is nobody's."""
        for changes in (self._changes, self._older):
            if number in changes:
                return changes[number]
        return self._packed.find(number)

    def blocked(self, number: int, wall: int) -> bool:
        """Whether a number is on the blacklist at this moment (wall-clock ms)."""
        until = self._blocked.get(number)
        return until is not None and (until == 0 or until > wall)

    def change(self, number: int, card: Card | None) -> None:
        """A number has another card from now on; None: it is nobody's."""
        self._changes[number] = card

    def block(self, number: int, until: int) -> None:
        """Put a number on the blacklist."""
        self._blocked[number] = until

    def unblock(self, number: int) -> None:
        """Take a number off the blacklist."""
        self._blocked.pop(number, None)

    @property
    def reload_due(self) -> bool:
        """So much has changed that loading again is cheaper than carrying it; grows with the size, so loads are few."""
        return not self._reloading and len(self._changes) > max(self.LEAST_CHANGES, len(self._packed) // 4)

    def begin_reload(self) -> None:
        """The database is about to be read: it holds every change made until now."""
        self._older = self._older | self._changes if self._older else self._changes
        self._changes = {}
        self._reloading = True

    def end_reload(self, packed: Packed | None) -> None:
        """The database has been read; None: it could not be, everything stays as it is."""
        if packed is not None:
            self._packed = packed
            self._older = {}
        self._reloading = False
