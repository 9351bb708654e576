"""Lanes: what the way of a plain relayed packet needs to know, 64 bytes a stream, side by side in one table.

Thousands of streams take turns packet by packet, and each finds its objects gone from the processor's caches: touching
two dozen of them costs more than the work. A stream that is merely relayed therefore lends its state to a row of this
table, which is one cache line, and takes it back before anybody else looks at it (`Inbound.lend`, `Inbound.take_back`).
Whoever owns the sockets follows the rule of `Inbound.receive` for plain packets on the row:

    word == expected, ssrc as in the row, longer than a header, transit less than a jump from the last:
    rewrite the header, send, and move expected, timestamp, transit, jitter and octets on.

Anything else is taken back and goes the usual way. `expected` carries its sequence number beyond 65,535 into the bits
above: the next packet then does not match, which is right, because the row is written anew.
"""

import struct
from typing import Final

MOVING: Final = struct.Struct("=IIddQ")
"""expected (first 32 bits of the next packet), timestamp of the last, its transit, jitter, octets of packets since
taken back."""
ROW: Final = struct.Struct("=IIddQIIIIHff")
"""MOVING, then: SSRC; first 32 bits of what is sent, without sequence number; SSRC sent; what is added to the
timestamp and to the sequence number; clock rate; steps of the transit from this on are jumps (timestamp units)."""
ROW_SIZE: Final = 64
HEADER: Final = struct.Struct("!III")
"""An RTP header as three words: version to sequence number, timestamp, SSRC (RFC 3550 section 5.1)."""
JUMP_SECONDS: Final = 5.0
"""A step of the timestamp against the clock larger than this is a new source behind the same SSRC."""


class Lanes:
    """The table and its free rows. `rows` never moves while a view of it is held; `offset` of a row is in octets."""

    def __init__(self, size: int) -> None:
        self.rows = bytearray(size * ROW_SIZE)
        self._free = list(range((size - 1) * ROW_SIZE, -1, -ROW_SIZE))

    def take(self) -> int:
        """The offset of a free row, -1 when there is none."""
        return self._free.pop() if self._free else -1

    def give_back(self, offset: int) -> None:
        """A row nobody uses any longer."""
        self._free.append(offset)
