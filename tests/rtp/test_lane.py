"""Lanes: a stream that lends its state away ends up where it would have been had it kept it."""

from hypothesis import given
from hypothesis import strategies as st

from softacd.rtp.inbound import Inbound
from softacd.rtp.lane import HEADER, MOVING, ROW, ROW_SIZE, Lanes
from softacd.rtp.outbound import Outbound
from softacd.rtp.packet import Packet

Arrival = tuple[int, int, float, int]
"""Sequence number, timestamp, when, length of the payload."""


def relay() -> Inbound:
    inbound = Inbound(1, [])
    inbound.agree(8, 8000, (101,), wanted=True)
    inbound.relay_to(Outbound(77, 65_000, 0xFFFF_FF00))
    return inbound


def by_the_row(rows: bytearray, at: int, buffer: bytearray, length: int, now: float) -> bool:
    """The rule of lane.py; whether the packet was plain."""
    word, timestamp, ssrc = HEADER.unpack_from(buffer)
    expected, _, before, jitter, octets, known, first, sent_as, later, further, rate, jump = ROW.unpack_from(rows, at)
    transit = now * rate - timestamp
    change = transit - before
    if word != expected or ssrc != known or length <= HEADER.size or not abs(change) < jump:
        return False
    MOVING.pack_into(rows, at, word + 1, timestamp, transit, jitter + (abs(change) - jitter) * 0.0625, octets + length)
    HEADER.pack_into(buffer, 0, first | word + further & 0xFFFF, timestamp + later & 0xFFFF_FFFF, sent_as)
    return True


def state(inbound: Inbound) -> tuple[object, ...]:
    sink = inbound.sink
    assert sink is not None
    return (
        inbound.extended,
        inbound.lost,
        inbound.received,
        round(inbound.jitter, 6),
        sink.sequence,
        sink.timestamp,
        sink.sent,
        sink.octets,
        round(sink.sent_at, 6),
    )


def packet(sequence: int, timestamp: int, size: int) -> bytearray:
    built = Packet(8, sequence & 0xFFFF, timestamp & 0xFFFF_FFFF, 5, bytes(size)).build()
    return bytearray(built.ljust(400, b"\0"))


@given(
    st.integers(0, 0xFFFF),
    st.integers(0, 0xFFFF_FFFF),
    st.lists(st.sampled_from(["next", "next", "next", "late", "lost", "twice", "jump", "look"]), max_size=60),
)
def test_both_ways_give_the_same_packets_and_figures(sequence: int, timestamp: int, steps: list[str]) -> None:
    kept, lent = relay(), relay()
    lanes = Lanes(2)
    at = lanes.take()
    engaged = False
    now = 100.0

    def arrive(number: int, stamp: int, size: int = 160) -> None:
        nonlocal engaged
        one, other = packet(number, stamp, size), packet(number, stamp, size)
        length = kept.receive(one, 12 + size, now)
        if engaged and by_the_row(lanes.rows, at, other, 12 + size, now):
            assert length == 12 + size
        else:
            if engaged:
                lent.take_back(lanes.rows, at)
            assert lent.receive(other, 12 + size, now) == length
            engaged = bool(length) and lent.lend(lanes.rows, at)
        if length:
            assert one == other

    for step in ["next", "next", *steps, "next", "next"]:
        now += 0.0201
        match step:
            case "late":
                arrive(sequence - 2, timestamp - 320)
            case "twice":
                arrive(sequence - 1, timestamp - 160)
            case "look":
                if engaged:
                    lent.take_back(lanes.rows, at)
                assert state(kept) == state(lent)
            case _:
                sequence += 2 if step == "lost" else 1
                timestamp += 160 if step != "jump" else 1_000_000
                arrive(sequence, timestamp)
    if engaged:
        lent.take_back(lanes.rows, at)
    assert state(kept) == state(lent)


def test_who_is_not_merely_relayed_lends_nothing() -> None:
    rows = bytearray(ROW_SIZE)
    inbound = relay()
    assert not inbound.lend(rows, 0)  # no packet yet
    for number in range(2):
        assert inbound.receive(packet(number, 160 * number, 160), 172, 1.0 + 0.02 * number)
    assert inbound.lend(rows, 0)
    inbound.tap = lambda *_: None
    assert not inbound.lend(rows, 0)
    inbound.tap = None
    inbound.relay_to(None)
    assert not inbound.lend(rows, 0)


def test_rows_are_used_again() -> None:
    lanes = Lanes(2)
    first, second = lanes.take(), lanes.take()
    assert {first, second} == {0, ROW_SIZE}
    assert lanes.take() == -1
    lanes.give_back(first)
    assert lanes.take() == first
    assert ROW.size <= ROW_SIZE
