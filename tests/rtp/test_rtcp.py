"""RTCP compound packets and what is read from them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softacd.rtp import rtcp
from softacd.rtp.rtcp import Report, ReportBlock, RtcpError, SenderInfo

BLOCK = ReportBlock(
    ssrc=0x11,
    fraction_lost=64,
    lost=-3,
    highest_sequence=0x0001_FFFF,
    jitter=80,
    last_report=0xB710_8000,
    delay=0x5_4000,
)
SENDER = SenderInfo(ntp=0xB44D_B705_2000_0000, timestamp=160_000, packets=1000, octets=160_000)


@pytest.mark.parametrize(
    "report", [Report(1, SENDER, (BLOCK,)), Report(1, None, (BLOCK,)), Report(1, SENDER, ()), Report(1, None, ())]
)
@pytest.mark.parametrize("cname", ["a", "ab", "abc", "abcd", "engine@softacd"])
def test_both_ways(report: Report, cname: str) -> None:
    packet = rtcp.build(report, cname, goodbye=True)
    assert len(packet) % 4 == 0
    compound = rtcp.parse(packet)
    assert compound.reports == (report,)
    assert compound.cnames == {1: cname}
    assert compound.goodbyes == (1,)


def test_the_bytes_of_a_receiver_report() -> None:
    """RFC 3550 section 6.4.2."""
    packet = rtcp.build(Report(0xAABBCCDD, None, (BLOCK,)), "ab")
    assert packet.hex(" ", 4) == (
        "81c90007 aabbccdd 00000011 40fffffd 0001ffff 00000050 b7108000 00054000 81ca0003 aabbccdd 01026162 00000000"
    )


def test_the_round_trip_of_the_rfc() -> None:
    """RFC 3550 figure 2: sent at 0xb44db705:20000000, received back at 0xb710:8000, 5.25 s held."""
    block = BLOCK._replace(last_report=0xB705_2000, delay=0x0005_4000)
    assert rtcp.round_trip_ms(block, 0xB710_8000) == pytest.approx(6125)
    assert rtcp.round_trip_ms(block._replace(last_report=0), 0xB710_8000) is None
    assert rtcp.round_trip_ms(block, 0xB705_0000) is None


def test_ntp_time() -> None:
    assert rtcp.ntp_time(0.5) == 2_208_988_800 << 32 | 0x8000_0000
    assert rtcp.middle(0xB44D_B705_2000_0000) == 0xB705_2000


@pytest.mark.parametrize(
    ("wire", "complaint"),
    [
        ("", "shorter"),
        ("80c90001", "shorter"),
        ("40c90001 00000001", "version 1"),
        ("80c90002 00000001", "longer than the datagram"),
        ("81ca0001 00000001", "does not begin with a report"),
        ("a0c90001 00000001", "does not begin with a report"),
        ("81c90001 00000001", "shorter than its count"),
        ("80c90001 00000001 81cb0000", "BYE shorter"),
        ("80c90001 00000001 81ca0002 00000001 01ff6161", "item beyond"),
        ("80c90001 00000001 82ca0001 00000001", "shorter than its count of chunks"),
        ("80c90001 00000001 80", "left over"),
    ],
)
def test_malformed(wire: str, complaint: str) -> None:
    with pytest.raises(RtcpError, match=complaint):
        rtcp.parse(bytes.fromhex(wire))


@given(st.binary(max_size=80))
def test_any_bytes_parse_or_raise_rtcp_error(tail: bytes) -> None:
    for wire in (tail, bytes.fromhex("80c9000100000001") + tail):
        try:
            rtcp.parse(wire)
        except RtcpError:
            continue
