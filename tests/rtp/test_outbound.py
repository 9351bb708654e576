"""One source towards the peer, whatever speaks."""

from softacd.rtp.outbound import Outbound
from softacd.rtp.packet import parse


def test_the_first_packet_has_the_drawn_numbers() -> None:
    out = Outbound(7, 65_535, 0xFFFF_FFFF)
    packet = parse(out.packet(b"x" * 160, 5.0, fresh=True))
    assert (packet.ssrc, packet.sequence, packet.timestamp, packet.marker) == (7, 0, 0xFFFF_FFFF, True)
    packet = parse(out.packet(b"x" * 160, 5.02, fresh=False))
    assert (packet.sequence, packet.timestamp, packet.marker) == (1, 159, False)


def test_a_splice_moves_the_timestamp_by_the_time_passed_and_one_packet_at_least() -> None:
    out = Outbound(7, 0, 1000)
    out.packet(b"x" * 160, 5.0, fresh=True)
    assert out.anchor(6.0) == (2, 9000)
    out = Outbound(7, 0, 1000)
    out.packet(b"x" * 160, 5.0, fresh=True)
    assert out.anchor(5.001) == (2, 1160)


def test_many_quick_splices_do_not_let_timestamps_run_ahead_of_time() -> None:
    out = Outbound(7, 0, 0)
    out.packet(b"x" * 160, 0.0, fresh=True)
    for splice in range(1, 101):
        now = splice * 0.03 - 0.02 * (splice % 2)  # after 10 and 50 ms in turn
        out.packet(b"x" * 160, now, fresh=True)
        assert 0 <= out.timestamp - round(now * 8000) <= 80


def test_an_event_keeps_the_timestamp_of_its_start() -> None:
    out = Outbound(7, 0, 1000)
    out.telephone_event = 101
    out.packet(b"x" * 160, 5.0, fresh=True)
    events = [parse(out.event(b"\1\2\3\4", 5.02 + 0.02 * step, begins=step == 0)) for step in range(4)]
    assert [packet.timestamp for packet in events] == [1160] * 4
    assert [packet.sequence for packet in events] == [2, 3, 4, 5]
    assert [packet.marker for packet in events] == [True, False, False, False]
    voice = parse(out.packet(b"x" * 160, 5.1, fresh=True))
    assert (voice.sequence, voice.timestamp) == (6, 1160 + 640)
