"""The RTP data packet (RFC 3550 section 5.1): taken apart and put together.

The relay does not come through here for plain packets (`inbound` rewrites their header in place); this is the way of
everything unusual, and of every packet made here.
"""

import struct
from typing import NamedTuple

HEADER = struct.Struct("!BBHII")
HEADER_SIZE = HEADER.size
MARKER = 0x80
PLAIN = 0x80
"""First byte of a packet of version 2 without padding, extension and contributing sources."""


class PacketError(ValueError):
    """The datagram is not an RTP packet of version 2. It is dropped and counted; RTP has no error answer."""


class Packet(NamedTuple):
    """One RTP packet. `payload` is without padding; CSRC list and extension are given only for inspection."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    marker: bool = False
    contributing: tuple[int, ...] = ()
    extension: tuple[int, bytes] | None = None
    """Profile number and data of the header extension (RFC 3550 section 5.3.1)."""

    def build(self) -> bytes:
        """The packet as bytes. Raises ValueError for a field out of range."""
        if len(self.contributing) > 15:
            raise ValueError("an RTP packet carries at most 15 contributing sources")
        first = 0x80 | len(self.contributing)
        tail = b"".join(source.to_bytes(4, "big") for source in self.contributing)
        if self.extension is not None:
            profile, data = self.extension
            if len(data) % 4:
                raise ValueError("the data of a header extension is a whole number of 32-bit words")
            first |= 0x10
            tail += struct.pack("!HH", profile, len(data) // 4) + data
        if not 0 <= self.payload_type < 128:
            raise ValueError(f"payload type {self.payload_type} is not 0 to 127")
        second = self.payload_type | (MARKER if self.marker else 0)
        try:
            head = HEADER.pack(first, second, self.sequence, self.timestamp, self.ssrc)
        except struct.error as error:
            raise ValueError(f"RTP header field out of range: {error}") from None
        return head + tail + self.payload


def payload_bounds(data: bytes | bytearray | memoryview, length: int) -> tuple[int, int]:
    """Start and end of the payload in the first `length` bytes of `data`. Raises PacketError.

    RFC 3550 appendix A.1: version 2, a padding count that fits, and a length that agrees with CC and the extension.
    """
    if length < HEADER_SIZE:
        raise PacketError(f"{length} bytes are shorter than an RTP header")
    first = data[0]
    if first >> 6 != 2:
        raise PacketError(f"RTP version {first >> 6}")
    start = HEADER_SIZE + 4 * (first & 0x0F)
    if first & 0x10:
        if start + 4 > length:
            raise PacketError("header extension beyond the end of the packet")
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    end = length
    if first & 0x20:
        padding = data[length - 1]
        if not padding:
            raise PacketError("padding of no bytes")
        end -= padding
    if start > end:
        raise PacketError("header and padding are longer than the packet")
    return start, end


def parse(data: bytes) -> Packet:
    """`data` as a packet. Raises PacketError."""
    start, end = payload_bounds(data, len(data))
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(data)
    sources = first & 0x0F
    contributing = struct.unpack_from(f"!{sources}I", data, HEADER_SIZE)
    extension = None
    if first & 0x10:
        at = HEADER_SIZE + 4 * sources
        extension = (int.from_bytes(data[at : at + 2], "big"), data[at + 4 : start])
    return Packet(
        second & 0x7F, sequence, timestamp, ssrc, data[start:end], bool(second & MARKER), contributing, extension
    )
