"""DTMF as telephone-events (RFC 4733): what a peer pressed, and how we press.

A key press is one *event*: all its packets carry the RTP timestamp of its start, a growing duration, and the last
three the E bit. The receiver reports it once, at whatever packet of it arrives first.
"""

import struct
from collections import deque
from typing import NamedTuple

KEYS = "0123456789*#ABCD"
END = 0x80
VOLUME = 10
"""Power level we send, in -dBm0 (RFC 4733 section 2.3.2)."""
PACKET_MS = 20
PAUSE_PACKETS = 3
"""Packet times of silence between two digits we send: 60 ms, above the 40 ms receivers of tones need."""
MAX_DURATION = 0xFFFF

_PAYLOAD = struct.Struct("!BBH")
_HALF = 0x8000_0000
_MASK = 0xFFFF_FFFF


class EventReceiver:
    """Finds the key presses in one stream's event packets."""

    __slots__ = ("_duration", "_ended", "_event", "_timestamp")

    def __init__(self) -> None:
        self._event = -1
        self._timestamp = 0
        self._duration = 0
        self._ended = True

    def receive(self, payload: bytes | bytearray | memoryview, timestamp: int) -> str:
        """The digit that begins with this packet; "" when the packet goes on with one, is late, or is no digit.

        `timestamp` is the packet's RTP timestamp. A lost start is no matter: the first packet seen reports.
        """
        if len(payload) < _PAYLOAD.size:
            return ""
        event, flags, duration = _PAYLOAD.unpack_from(payload)
        ended = bool(flags & END)
        if self._event >= 0:
            age = (timestamp - self._timestamp) & _MASK
            if age == 0 and event == self._event:
                self._duration = max(self._duration, duration)
                self._ended = self._ended or ended
                return ""
            if age >= _HALF and _MASK + 1 - age < 80_000:
                return ""  # a retransmission of an event that is over, overtaken by a newer one
            if event == self._event and not self._ended and self._goes_on(age, duration):
                self._timestamp = timestamp
                self._duration = duration
                self._ended = ended
                return ""
        self._event, self._timestamp, self._duration, self._ended = event, timestamp, duration, ended
        return KEYS[event] if event < len(KEYS) else ""

    def _goes_on(self, age: int, duration: int) -> bool:
        """Whether a packet with a new timestamp, `age` after the last, still belongs to the event in progress.

        RFC 4733 section 2.5.1.3: an event longer than 0xFFFF units goes on in a new segment, whose timestamp is the
        end of the one before. And some senders move the timestamp with every packet: their duration still grows.
        """
        if abs(age - MAX_DURATION) <= 1000 and self._duration > MAX_DURATION - 2000:
            return True
        return duration > self._duration and age <= 2 * (duration - self._duration)


class EventPacket(NamedTuple):
    """One packet to send: its payload, whether it begins an event, and whether it sets the marker (it does then)."""

    payload: bytes
    begins: bool


class EventSender:
    """Turns digits into packets, one for each 20 ms; `None` is a packet time of silence."""

    __slots__ = ("_clock_rate", "_elapsed", "_ends", "_pause", "_queue")

    def __init__(self, clock_rate: int = 8000) -> None:
        self._clock_rate = clock_rate
        self._queue: deque[tuple[int, int]] = deque()
        self._elapsed = 0
        self._ends = 0
        self._pause = 0

    def press(self, digits: str, duration_ms: int) -> None:
        """Queue `digits` for `duration_ms` each (40 to 8000 ms are sent). Raises ValueError for what is no key."""
        for digit in digits.upper():
            if digit not in KEYS:
                raise ValueError(f"{digit!r} is not a DTMF digit (one of {KEYS})")
        # RFC 4733 section 2.5.2.3: at least one packet before the end; 16 bits hold 8.19 s at 8 kHz.
        duration = min(max(duration_ms, 40), 8000) * self._clock_rate // 1000
        self._queue.extend((KEYS.index(digit), min(duration, MAX_DURATION)) for digit in digits.upper())

    @property
    def busy(self) -> bool:
        return bool(self._queue) or self._pause > 0

    def next_packet(self) -> EventPacket | None:
        """The packet for this packet time, or None for silence between digits. Ask only while `busy`."""
        if self._pause:
            self._pause -= 1
            return None
        event, duration = self._queue[0]
        begins = self._elapsed == 0
        step = PACKET_MS * self._clock_rate // 1000
        self._elapsed = min(self._elapsed + step, duration)
        ending = self._elapsed == duration
        payload = _PAYLOAD.pack(event, VOLUME | (END if ending else 0), self._elapsed)
        if ending:
            # RFC 4733 section 2.5.1.4: the final packet is sent three times.
            self._ends += 1
            if self._ends == 3:
                self._queue.popleft()
                self._elapsed = self._ends = 0
                self._pause = PAUSE_PACKETS
        return EventPacket(payload, begins)
