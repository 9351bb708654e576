"""Key presses on a real network: lost, late, repeated, split and by senders who read the RFC differently."""

import pytest

from softacd.rtp.telephone_event import EventPacket, EventReceiver, EventSender

Sent = tuple[int, int, bool, int]


def heard(*packets: Sent) -> str:
    """Digits reported for packets of (RTP timestamp, event, end, duration)."""
    receiver = EventReceiver()
    return "".join(
        receiver.receive(bytes((event, 0x8A if end else 0x0A)) + duration.to_bytes(2, "big"), timestamp)
        for timestamp, event, end, duration in packets
    )


def press(timestamp: int, event: int) -> list[Sent]:
    return [
        (timestamp, event, False, 160),
        (timestamp, event, False, 320),
        (timestamp, event, True, 480),
        (timestamp, event, True, 480),
        (timestamp, event, True, 480),
    ]


def test_one_press_is_one_digit() -> None:
    assert heard(*press(1000, 5)) == "5"


def test_the_same_key_twice_is_two_digits() -> None:
    assert heard(*press(1000, 5), *press(2000, 5)) == "55"


@pytest.mark.parametrize("kept", [[0], [1], [4], [2, 3], [0, 4]])
def test_losses_change_nothing(kept: list[int]) -> None:
    packets = press(1000, 11)
    assert heard(*(packets[number] for number in kept)) == "#"


def test_the_same_key_twice_with_all_ends_lost() -> None:
    assert heard(*press(1000, 5)[:2], *press(2000, 5)) == "55"


def test_a_late_end_does_not_press_again() -> None:
    first, second = press(1000, 1), press(2000, 2)
    assert heard(*first[:4], *second[:2], first[4], *second[2:]) == "12"


def test_all_keys_and_no_others() -> None:
    assert "".join(heard((1, event, False, 160)) for event in range(256)) == "0123456789*#ABCD"


def test_a_long_press_comes_in_segments() -> None:
    """RFC 4733 section 2.5.1.3: at 0xFFFF a new timestamp, without an end before it."""
    segment = [(0, 7, False, 160), (0, 7, False, 0xFFFF), (0xFFFF, 7, False, 160), (0xFFFF, 7, True, 800)]
    assert heard(*segment) == "7"


def test_a_sender_that_moves_the_timestamp_with_every_packet() -> None:
    assert heard((0, 3, False, 160), (160, 3, False, 320), (320, 3, False, 480), (480, 3, True, 640)) == "3"


def test_timestamps_wrap() -> None:
    assert heard(*press(0xFFFF_FF00, 1), *press(0x100, 2)) == "12"


def test_short_packets_are_ignored() -> None:
    assert EventReceiver().receive(b"\x05\x0a", 0) == ""


def sent(digits: str, duration_ms: int) -> list[EventPacket | None]:
    sender = EventSender()
    sender.press(digits, duration_ms)
    packets = []
    while sender.busy:
        packets.append(sender.next_packet())
    return packets


def test_what_we_send_is_heard_by_ourselves() -> None:
    receiver = EventReceiver()
    digits, timestamp = "", 0
    for number, packet in enumerate(sent("0123456789*#ABCD", 100)):
        if packet is not None:
            timestamp = number * 160 if packet.begins else timestamp
            digits += receiver.receive(packet.payload, timestamp)
    assert digits == "0123456789*#ABCD"


def test_start_updates_three_ends_and_a_pause() -> None:
    packets = sent("1", 80)
    durations = [packet and int.from_bytes(packet.payload[2:], "big") for packet in packets]
    assert durations == [160, 320, 480, 640, 640, 640, None, None, None]
    assert [packet.payload[1] >> 7 for packet in packets if packet] == [0, 0, 0, 1, 1, 1]
    assert [packet.begins for packet in packets if packet] == [True] + [False] * 5


def test_no_key_no_press() -> None:
    with pytest.raises(ValueError, match="'X' is not a DTMF digit"):
        EventSender().press("1x", 100)
