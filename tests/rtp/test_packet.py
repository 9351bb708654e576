"""RTP packets, taken apart and put together; and those that are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.rtp.packet import Packet, PacketError, parse

GOLDEN = [
    (
        Packet(0, 17_920, 0x02468ACE, 0xDEADBEEF, b"voice"),
        bytes.fromhex("80004600 02468ace deadbeef") + b"voice",
    ),
    (
        Packet(101, 65_535, 0xFFFF_FFFF, 0, b"\x05\x0a\x00\xa0", marker=True),
        bytes.fromhex("80e5ffff ffffffff 00000000 050a00a0"),
    ),
    (
        Packet(8, 1, 2, 3, b"x", contributing=(7, 8), extension=(0xBEDE, b"\x10\xaa\x00\x00")),
        bytes.fromhex("92080001 00000002 00000003 00000007 00000008 bede0001 10aa0000") + b"x",
    ),
]


@pytest.mark.parametrize(("packet", "wire"), GOLDEN)
def test_both_ways(packet: Packet, wire: bytes) -> None:
    assert packet.build() == wire
    assert parse(wire) == packet


def test_padding_is_taken_off() -> None:
    assert parse(bytes.fromhex("a0000001 00000002 00000003") + b"voice\0\0\x03").payload == b"voice"


@pytest.mark.parametrize(
    ("wire", "complaint"),
    [
        ("", "shorter than an RTP header"),
        ("80000001 00000002 000000", "shorter than an RTP header"),
        ("40000001 00000002 00000003", "version 1"),
        ("81000001 00000002 00000003", "longer than the packet"),
        ("90000001 00000002 00000003", "extension beyond"),
        ("90000001 00000002 00000003 bede0002 00000000", "longer than the packet"),
        ("a0000001 00000002 00000003 00000000", "padding of no bytes"),
        ("a0000001 00000002 00000003 00000005", "longer than the packet"),
    ],
)
def test_malformed(wire: str, complaint: str) -> None:
    with pytest.raises(PacketError, match=complaint):
        parse(bytes.fromhex(wire))


@pytest.mark.parametrize(
    ("packet", "complaint"),
    [
        (Packet(128, 0, 0, 0, b""), "payload type 128"),
        (Packet(0, 65_536, 0, 0, b""), "out of range"),
        (Packet(0, 0, -1, 0, b""), "out of range"),
        (Packet(0, 0, 0, 0, b"", contributing=(1,) * 16), "at most 15"),
        (Packet(0, 0, 0, 0, b"", extension=(1, b"odd")), "32-bit words"),
    ],
)
def test_fields_out_of_range_are_not_built(packet: Packet, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        packet.build()


@given(st.binary(max_size=64))
def test_any_bytes_parse_or_raise_packet_error(wire: bytes) -> None:
    try:
        packet = parse(wire)
    except PacketError:
        return
    assert parse(packet.build()) == packet
