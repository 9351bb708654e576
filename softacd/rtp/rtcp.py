"""RTCP (RFC 3550 section 6): compound packets taken apart and put together.

Every compound packet sent is a sender or receiver report, the CNAME, and at the end of the stream a BYE.
"""

import struct
from typing import NamedTuple

SENDER_REPORT = 200
RECEIVER_REPORT = 201
SOURCE_DESCRIPTION = 202
GOODBYE = 203
CNAME = 1

NTP_EPOCH = 2_208_988_800
"""Seconds from 1900 (NTP) to 1970 (Unix)."""

_HEAD = struct.Struct("!BBH")
_SENDER = struct.Struct("!IIIII")
_BLOCK = struct.Struct("!IIIIII")


class RtcpError(ValueError):
    """The datagram is not a compound RTCP packet (RFC 3550 appendix A.2). It is dropped and counted."""


class ReportBlock(NamedTuple):
    """What one receiver saw of the source `ssrc` (section 6.4.1). Jitter in timestamp units."""

    ssrc: int
    fraction_lost: int
    lost: int
    highest_sequence: int
    jitter: int
    last_report: int
    """Middle 32 bits of the NTP time of the last SR received from that source; 0: none."""
    delay: int
    """Time since that SR, in 1/65536 s."""


class SenderInfo(NamedTuple):
    """Sender's half of an SR: 64-bit NTP time, the RTP timestamp of that instant, packets and octets sent."""

    ntp: int
    timestamp: int
    packets: int
    octets: int


class Report(NamedTuple):
    """An SR (`sender` given) or RR of `ssrc`."""

    ssrc: int
    sender: SenderInfo | None
    blocks: tuple[ReportBlock, ...]


class Compound(NamedTuple):
    """What matters of one compound packet."""

    reports: tuple[Report, ...]
    cnames: dict[int, str]
    goodbyes: tuple[int, ...]


def ntp_time(wall: float) -> int:
    """64-bit NTP timestamp of `wall`, seconds since 1970 (section 4)."""
    seconds = int(wall)
    return (seconds + NTP_EPOCH & 0xFFFF_FFFF) << 32 | int((wall - seconds) * 0x1_0000_0000)


def middle(ntp: int) -> int:
    """The middle 32 bits of a 64-bit NTP timestamp: seconds and 1/65536 s (section 4)."""
    return ntp >> 16 & 0xFFFF_FFFF


def round_trip_ms(block: ReportBlock, arrival: int) -> float | None:
    """Round trip by a report block that came at `arrival` (middle NTP bits); None when it cannot be told.

    Section 6.4.1: arrival - LSR - DLSR. A negative result (clocks stepped) is not a measurement.
    """
    if not block.last_report:
        return None
    units = (arrival - block.last_report - block.delay) & 0xFFFF_FFFF
    return units * 1000 / 65536 if units < 0x8000_0000 else None


def build(report: Report, cname: str, *, goodbye: bool = False) -> bytes:
    """A compound packet: `report`, the SDES item CNAME (section 6.5.1), and BYE when the source leaves."""
    blocks = b"".join(_build_block(block) for block in report.blocks)
    head = len(report.blocks) | 0x80
    own = report.ssrc.to_bytes(4, "big")
    if report.sender is not None:
        sender = report.sender
        info = _SENDER.pack(
            sender.ntp >> 32,
            sender.ntp & 0xFFFF_FFFF,
            sender.timestamp,
            sender.packets & 0xFFFF_FFFF,
            sender.octets & 0xFFFF_FFFF,
        )
        first = _HEAD.pack(head, SENDER_REPORT, 6 + len(blocks) // 4) + own + info + blocks
    else:
        first = _HEAD.pack(head, RECEIVER_REPORT, 1 + len(blocks) // 4) + own + blocks
    text = cname.encode()[:255]
    # Section 6.5: the items of a chunk end with at least one zero octet, up to a 32-bit boundary.
    chunk = own + bytes((CNAME, len(text))) + text
    chunk += b"\0" * (4 - len(chunk) % 4)
    packet = first + _HEAD.pack(0x81, SOURCE_DESCRIPTION, len(chunk) // 4) + chunk
    if goodbye:
        packet += _HEAD.pack(0x81, GOODBYE, 1) + own
    return packet


def parse(data: bytes) -> Compound:
    """The compound packet `data`. Raises RtcpError."""
    reports: list[Report] = []
    cnames: dict[int, str] = {}
    goodbyes: list[int] = []
    at = 0
    if len(data) < 8:
        raise RtcpError(f"{len(data)} bytes are shorter than an RTCP packet")
    while at < len(data):
        if at + 4 > len(data):
            raise RtcpError("bytes left over after the last packet")
        head, kind, words = _HEAD.unpack_from(data, at)
        end = at + 4 + 4 * words
        # Appendix A.2: version 2 throughout, lengths that add up, a report first and without padding.
        if head >> 6 != 2:
            raise RtcpError(f"RTCP version {head >> 6}")
        if end > len(data):
            raise RtcpError("packet longer than the datagram")
        if at == 0 and (kind not in {SENDER_REPORT, RECEIVER_REPORT} or head & 0x20):
            raise RtcpError("compound packet does not begin with a report")
        count = head & 0x1F
        body = data[at + 4 : end]
        if head & 0x20:
            padding = body[-1] if body else 0
            if not padding or padding > len(body):
                raise RtcpError("padding longer than the packet")
            body = body[: len(body) - padding]
        if kind in {SENDER_REPORT, RECEIVER_REPORT}:
            reports.append(_parse_report(body, count, sender=kind == SENDER_REPORT))
        elif kind == SOURCE_DESCRIPTION:
            cnames.update(_parse_cnames(body, count))
        elif kind == GOODBYE:
            if len(body) < 4 * count:
                raise RtcpError("BYE shorter than its count of sources")
            goodbyes += struct.unpack_from(f"!{count}I", body)
        at = end
    return Compound(tuple(reports), cnames, tuple(goodbyes))


def _build_block(block: ReportBlock) -> bytes:
    lost = min(max(block.lost, -0x80_0000), 0x7F_FFFF) & 0xFF_FFFF  # 24 bits, signed (section 6.4.1)
    return _BLOCK.pack(
        block.ssrc,
        (block.fraction_lost & 0xFF) << 24 | lost,
        block.highest_sequence & 0xFFFF_FFFF,
        block.jitter & 0xFFFF_FFFF,
        block.last_report,
        block.delay & 0xFFFF_FFFF,
    )


def _parse_report(body: bytes, count: int, *, sender: bool) -> Report:
    at = 24 if sender else 4
    if len(body) < at + 24 * count:
        raise RtcpError("report shorter than its count of blocks")
    info = None
    if sender:
        high, low, timestamp, packets, octets = _SENDER.unpack_from(body, 4)
        info = SenderInfo(high << 32 | low, timestamp, packets, octets)
    blocks = []
    for index in range(count):
        ssrc, loss, highest, jitter, last, delay = _BLOCK.unpack_from(body, at + 24 * index)
        lost = loss & 0xFF_FFFF
        blocks.append(
            ReportBlock(ssrc, loss >> 24, lost - 0x100_0000 if lost & 0x80_0000 else lost, highest, jitter, last, delay)
        )
    return Report(int.from_bytes(body[:4], "big"), info, tuple(blocks))


def _parse_cnames(body: bytes, count: int) -> dict[int, str]:
    names: dict[int, str] = {}
    at = 0
    for _ in range(count):
        if at + 4 > len(body):
            raise RtcpError("SDES shorter than its count of chunks")
        ssrc = int.from_bytes(body[at : at + 4], "big")
        at += 4
        while at < len(body) and body[at]:
            if at + 2 > len(body) or at + 2 + body[at + 1] > len(body):
                raise RtcpError("SDES item beyond the end of its packet")
            if body[at] == CNAME:
                names[ssrc] = body[at + 2 : at + 2 + body[at + 1]].decode("utf-8", "replace")
            at += 2 + body[at + 1]
        at += 4 - at % 4
    return names
