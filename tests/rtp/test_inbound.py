"""What a stream receives: counting by RFC 3550 appendix A, and the relay's rewriting."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from softacd.rtp.g711 import TRANSCODE
from softacd.rtp.inbound import Inbound
from softacd.rtp.outbound import Outbound
from softacd.rtp.packet import Packet, parse
from softacd.rtp.vocabulary import AnyEvent, DigitPressed

SOURCE = 0xABCD


class Wire:
    """One stream's receiving side, bridged to a sink; packets are numbered from 0, 20 ms apart."""

    def __init__(self, *, first: int = 65_530, sink_event: int | None = 101) -> None:
        self.events: list[AnyEvent] = []
        self.inbound = Inbound(1, self.events)
        self.inbound.agree(8, 8000, (101,), wanted=True)
        self.sink = Outbound(0x7777, 500, 90_000)
        self.sink.payload_type, self.sink.telephone_event = 8, sink_event
        self.inbound.relay_to(self.sink)
        self.first = first
        self.buffer = bytearray(2048)

    def packet(self, number: int, **changes: object) -> Packet:
        packet = Packet(8, (self.first + number) & 0xFFFF, (number * 160 - 320) & 0xFFFF_FFFF, SOURCE, bytes([7]) * 160)
        return packet._replace(**changes)

    def feed(self, packet: Packet, now: float) -> Packet | None:
        return self.feed_bytes(packet.build(), now)

    def feed_bytes(self, data: bytes, now: float) -> Packet | None:
        self.buffer[: len(data)] = data
        length = self.inbound.receive(self.buffer, len(data), now)
        return parse(bytes(self.buffer[:length])) if length else None

    def run(self, *numbers: int) -> list[Packet]:
        """Packets by number, each at its due time; what was relayed."""
        relayed = [self.feed(self.packet(number), number * 0.02) for number in numbers]
        return [packet for packet in relayed if packet is not None]


def numbers(packets: list[Packet]) -> list[int]:
    """Sequence numbers relative to the first."""
    return [((packet.sequence - packets[0].sequence + 0x8000) & 0xFFFF) - 0x8000 for packet in packets]


def test_packets_are_renumbered_into_the_sinks_run_and_both_wrap() -> None:
    wire = Wire()
    relayed = wire.run(*range(20))
    assert [packet.sequence for packet in relayed] == list(range(501, 521))
    assert [packet.timestamp for packet in relayed] == [90_000 + 160 * number for number in range(20)]
    assert {packet.ssrc for packet in relayed} == {0x7777}
    assert [packet.marker for packet in relayed] == [True] + [False] * 19
    assert (wire.inbound.received, wire.inbound.lost, wire.sink.sent, wire.sink.octets) == (20, 0, 20, 3200)


def test_losses_are_relayed_as_losses() -> None:
    wire = Wire()
    assert numbers(wire.run(0, 1, 2, 6, 7)) == [0, 1, 2, 6, 7]
    assert (wire.inbound.lost, wire.inbound.received) == (3, 5)


def test_reordered_packets_keep_their_places() -> None:
    wire = Wire()
    assert numbers(wire.run(0, 1, 3, 2, 4)) == [0, 1, 3, 2, 4]
    assert (wire.inbound.lost, wire.inbound.received) == (0, 5)
    assert wire.sink.sequence == 505  # the highest, not the last


def test_duplicates_are_counted_and_not_relayed() -> None:
    """Appendix A.3: the cumulative number of packets lost may be negative."""
    wire = Wire()
    assert numbers(wire.run(0, 1, 1, 2)) == [0, 1, 2]
    assert (wire.inbound.lost, wire.inbound.received) == (-1, 4)


def test_a_large_jump_is_believed_at_the_second_packet() -> None:
    wire = Wire()
    wire.run(0, 1)
    assert wire.feed(wire.packet(2, sequence=30_000), 0.04) is None
    relayed = wire.feed(wire.packet(3, sequence=30_001), 0.06)
    assert relayed is not None
    assert relayed.sequence == 503  # and the sink sees no jump
    assert (wire.inbound.lost, wire.inbound.received) == (0, 3)


def test_one_stray_number_is_ignored() -> None:
    wire = Wire()
    wire.run(0, 1)
    assert wire.feed(wire.packet(2, sequence=30_000), 0.04) is None
    assert numbers(wire.run(2, 3)) == [0, 1]
    assert wire.inbound.lost == 0


def test_a_new_source_behind_the_same_address_goes_on_in_the_same_run() -> None:
    wire = Wire()
    before = wire.run(0, 1, 2)
    after = wire.feed(wire.packet(3, ssrc=99, sequence=7, timestamp=123_456), 0.06)
    assert after is not None
    assert (after.sequence, after.timestamp, after.marker) == (
        before[-1].sequence + 1,
        before[-1].timestamp + 160,
        True,
    )
    assert (wire.inbound.lost, wire.inbound.received) == (0, 4)


def test_a_jump_of_the_timestamps_is_smoothed_out() -> None:
    """A PBX that splices sources under one SSRC: sequence numbers go on, timestamps do not."""
    wire = Wire()
    before = wire.run(0, 1, 2)
    after = wire.feed(wire.packet(3, timestamp=0x4000_0000), 0.06)
    assert after is not None
    assert (after.timestamp - before[-1].timestamp, after.marker) == (160, True)
    following = wire.feed(wire.packet(4, timestamp=0x4000_0000 + 160), 0.08)
    assert following is not None
    assert following.timestamp - after.timestamp == 160


def test_after_a_pause_the_timestamps_have_moved_with_time() -> None:
    wire = Wire()
    before = wire.run(0)
    other = Wire()
    other.inbound.relay_to(wire.sink)
    after = other.feed(other.packet(0), 1.5)
    assert after is not None
    assert (after.sequence, after.timestamp - before[0].timestamp) == (502, 12_000)


def test_packets_that_waited_at_a_splice_do_not_run_ahead_of_time() -> None:
    wire = Wire()
    wire.inbound.relay_to(None)
    wire.run(*range(10))
    wire.sink.packet(b"x" * 160, 0.2, fresh=True)  # music, up to the moment the machine stood still
    wire.inbound.relay_to(wire.sink)
    burst = [wire.feed(wire.packet(number), 0.5) for number in range(11, 26)]
    after = wire.feed(wire.packet(26), 0.52)
    steps = [(packet.timestamp - 90_000) / 160 for packet in (*burst, after) if packet is not None]
    assert steps == list(range(1, 17)), "0.32 s after the music, as by the clock"
    assert burst[0] is not None
    assert burst[0].marker


def test_jitter_is_that_of_the_rfc() -> None:
    """Appendix A.8, recomputed here sample by sample."""
    arrivals = [0.0, 0.021, 0.04, 0.066, 0.08, 0.1005, 0.12]
    wire = Wire()
    jitter, before = 0.0, None
    for number, arrival in enumerate(arrivals):
        wire.feed(wire.packet(number), arrival)
        transit = arrival * 8000 - (number * 160 - 320)
        if before is not None:
            jitter += (abs(transit - before) - jitter) / 16
        before = transit
    # The wrap of the timestamp at the third packet must not show.
    assert wire.inbound.jitter == pytest.approx(jitter)


def test_a_table_is_applied_to_voice_and_only_to_voice() -> None:
    wire = Wire()
    wire.inbound.relay_to(None)
    wire.inbound.relay_to(wire.sink, TRANSCODE["PCMA", "PCMU"])
    wire.sink.payload_type = 0
    relayed = wire.run(0, 1)
    assert [packet.payload for packet in relayed] == [(bytes([7]) * 160).translate(TRANSCODE["PCMA", "PCMU"])] * 2
    assert {packet.payload_type for packet in relayed} == {0}
    event = wire.feed(wire.packet(2, payload_type=101, payload=b"\x01\x0a\x00\xa0"), 0.04)
    assert event is not None
    assert (event.payload_type, event.payload) == (101, b"\x01\x0a\x00\xa0")
    assert wire.events == [DigitPressed(1, "1")]


def test_what_the_sink_cannot_understand_leaves_no_gap() -> None:
    wire = Wire(sink_event=None)
    relayed = [wire.feed(wire.packet(0), 0.0)]
    for number in (1, 2, 3):
        wire.feed(wire.packet(number, payload_type=101, timestamp=0, payload=b"\x01\x0a\x00\xa0"), number * 0.02)
    wire.feed(wire.packet(4, payload_type=13, payload=b"\x40"), 0.08)  # comfort noise, not agreed
    relayed += [wire.feed(wire.packet(5), 0.1), wire.feed(wire.packet(6), 0.12)]
    assert [packet and packet.sequence for packet in relayed] == [501, 502, 503]
    assert wire.events == [DigitPressed(1, "1")]
    assert (wire.inbound.lost, wire.inbound.received) == (0, 7)


def test_options_of_the_header_stay_on_their_leg() -> None:
    wire = Wire()
    wire.run(0)
    packet = wire.packet(1, contributing=(1, 2), extension=(0xBEDE, b"\0\0\0\0"), payload=b"voice")
    relayed = wire.feed(packet, 0.02)
    assert relayed is not None
    assert (relayed.payload, relayed.contributing, relayed.extension) == (b"voice", (), None)


def test_unwanted_packets_are_dropped_and_not_missed() -> None:
    """The direction says that nothing is to come; what comes all the same is nothing."""
    wire = Wire()
    wire.run(0, 1)
    wire.inbound.agree(8, 8000, (101,), wanted=False)
    assert wire.run(2, 3) == []
    assert wire.inbound.received == 2


@pytest.mark.parametrize("data", [b"", b"\x80\x08", b"hello, is this the time server?"])
def test_garbage_is_counted(data: bytes) -> None:
    wire = Wire()
    wire.run(0, 1)
    assert wire.feed_bytes(data, 0.04) is None
    assert wire.inbound.malformed == 1
    assert numbers(wire.run(2, 3)) == [0, 1]


def test_comfort_noise_goes_on_to_who_agreed_to_it_and_its_pause_counts() -> None:
    wire = Wire()
    wire.sink.comfort_noise = 13
    relayed = wire.run(0, 1)
    noise = wire.feed(wire.packet(2, payload_type=13, payload=bytes([60, 1, 2])), 0.04)
    assert noise is not None
    assert wire.inbound.quiet
    assert (noise.payload_type, noise.payload, noise.marker) == (13, bytes([60, 1, 2]), False)
    # a second of silence: the sequence numbers do not run on, the timestamps do (RFC 3550 section 5.1)
    after = wire.feed(wire.packet(3, timestamp=wire.packet(53).timestamp, marker=True), 1.06)
    plain = wire.feed(wire.packet(4, timestamp=wire.packet(54).timestamp), 1.08)
    assert after is not None
    assert plain is not None
    assert not wire.inbound.quiet
    assert after.marker
    run = [*relayed, noise, after, plain]
    assert numbers(run) == [0, 1, 2, 3, 4]
    assert [packet.timestamp - run[0].timestamp for packet in run] == [0, 160, 320, 160 * 53, 160 * 54]
    assert {packet.ssrc for packet in run} == {0x7777}


def test_comfort_noise_leaves_no_gap_where_it_is_not_agreed() -> None:
    wire = Wire()
    relayed = wire.run(0, 1)
    assert wire.feed(wire.packet(2, payload_type=13, payload=b"<"), 0.04) is None
    relayed += wire.run(3, 4)
    assert numbers(relayed) == [0, 1, 2, 3]
    assert wire.inbound.lost == 0


def test_late_packets_of_before_a_splice_are_not_relayed() -> None:
    wire = Wire()
    wire.run(0, 1, 2, 4)
    wire.inbound.relay_to(None)
    wire.inbound.relay_to(wire.sink)
    assert numbers(wire.run(5, 3, 6)) == [0, 1]


def test_loss_of_an_interval() -> None:
    wire = Wire()
    wire.run(0, 1, 3, 4)
    assert wire.inbound.loss_since_last_report() == (5, 1)
    wire.run(5, 6)
    assert wire.inbound.loss_since_last_report() == (2, 0)


def test_a_late_packet_of_an_event_is_not_passed_on_after_its_end() -> None:
    """To many a receiver it would be the key once more."""
    wire = Wire()
    (first,) = wire.run(0)
    packets = [
        wire.packet(number, payload_type=101, timestamp=160, payload=bytes([1, 10 | (number > 2) << 7, 0, 40 * number]))
        for number in range(1, 5)
    ]
    relayed = [wire.feed(packets[index], 0.02 * at) for at, index in enumerate((0, 2, 3, 1), 1)]
    assert [packet is not None for packet in relayed] == [True, True, True, False]
    assert wire.run(5)[0].sequence == first.sequence + 5
    assert wire.events == [DigitPressed(1, "1")]


def test_a_packet_overtaken_by_an_event_that_was_dropped() -> None:
    wire = Wire(sink_event=None)
    assert numbers(wire.run(2, 3)) == [0, 1]
    wire.feed(wire.packet(5, payload_type=101, payload=b"\x01\x0a\x00\xa0"), 0.1)
    assert wire.run(4) == []  # its number would have been that of packet 3
    assert wire.run(6)[0].sequence == 504  # 4 counts as lost to the sink


@example([(7, 8), (8, 101), (9, 8), (8, 8)])  # a number that was an event comes again as voice
@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from([8, 101, 13])), min_size=1, max_size=40))
@example([(3, 8), (4, 101), (5, 8), (4, 8)])
def test_whatever_comes_the_sinks_numbers_are_never_given_twice(packets: list[tuple[int, int]]) -> None:
    """Any order, loss and duplication within the window of misordering, any payload types."""
    wire = Wire(sink_event=None)
    seen: dict[int, int] = {}
    for step, (number, kind) in enumerate(packets):
        relayed = wire.feed(wire.packet(number, payload_type=kind), step * 0.02)
        if relayed is not None:
            # One number of the sink is one packet of the source, always the same.
            assert seen.setdefault(relayed.sequence, number) == number
    assert wire.inbound.received == len(packets)


@given(st.binary(max_size=40))
def test_any_bytes_are_survived(data: bytes) -> None:
    wire = Wire()
    wire.run(0, 1)
    wire.feed_bytes(data, 0.04)
    wire.feed_bytes(b"\x80\x65" + data, 0.06)
