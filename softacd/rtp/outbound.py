"""What one stream sends: one SSRC, one run of sequence numbers and timestamps, whatever the sound comes from.

The peer of a stream hears a prompt, then music, then an agent, then another agent. Its receiver must see one source
(RFC 3550 section 5.1): the SSRC never changes, sequence numbers go up by one, timestamps run with time.
"""

from collections.abc import Callable

from softacd.rtp.packet import HEADER, MARKER, PLAIN

Tap = Callable[[int, bytes, float], None]
"""Takes each packet of voice: RTP timestamp, payload, `now`."""


class Outbound:
    """Sending side of a stream. The relay writes `sequence`, `timestamp`, `sent_at` and the counts directly."""

    __slots__ = (
        "_lead",
        "clock_rate",
        "comfort_noise",
        "octets",
        "payload_type",
        "samples",
        "sent",
        "sent_at",
        "sequence",
        "ssrc",
        "tap",
        "telephone_event",
        "timestamp",
    )

    def __init__(self, ssrc: int, sequence: int, timestamp: int) -> None:
        # RFC 3550 section 5.1: SSRC, first sequence number and first timestamp are random; given by the caller.
        self.ssrc = ssrc
        self.sequence = sequence
        self.timestamp = timestamp
        self.payload_type = 0
        self.telephone_event: int | None = None
        self.comfort_noise: int | None = None
        self.clock_rate = 8000
        self.samples = 160
        self.sent = 0
        self.octets = 0
        self.sent_at = 0.0
        self._lead = 0  # units the timestamps run ahead of time, because splices came sooner than a packet's length
        self.tap: Tap | None = None
        """Who listens to what this stream's peer hears."""

    def anchor(self, now: float) -> tuple[int, int]:
        """Sequence number and timestamp for the first packet of a new source of sound, which must be sent.

        The timestamp moves by the time that has passed, one packet at least, as if the stream had been silent
        meanwhile (RFC 3550 section 5.1: it advances also while nothing is sent). What it runs ahead of time by that
        least step is taken back at later splices: it would add up over a call of many.
        """
        if not self.sent:
            return (self.sequence + 1) & 0xFFFF, self.timestamp
        passed = max(round((now - self.sent_at) * self.clock_rate), 0)
        step = max(passed - self._lead, self.samples)
        self._lead += step - passed
        return (self.sequence + 1) & 0xFFFF, (self.timestamp + step) & 0xFFFF_FFFF

    def packet(self, payload: bytes, now: float, *, fresh: bool) -> bytes:
        """The next packet of sound made here; `fresh` begins a talkspurt (RFC 3551 section 4.1: marker)."""
        if fresh:
            sequence, timestamp = self.anchor(now)
            second = self.payload_type | MARKER
        else:
            sequence = (self.sequence + 1) & 0xFFFF
            timestamp = (self.timestamp + self.samples) & 0xFFFF_FFFF
            second = self.payload_type
        self.sequence = sequence
        self.timestamp = timestamp
        self.sent_at = now
        self.sent += 1
        self.octets += len(payload)
        if self.tap is not None:
            self.tap(timestamp, payload, now)
        return HEADER.pack(PLAIN, second, sequence, timestamp, self.ssrc) + payload

    def event(self, payload: bytes, now: float, *, begins: bool) -> bytes:
        """The next telephone-event packet. `timestamp` and `sent_at` stay those of the start of the event."""
        sequence = (self.sequence + 1) & 0xFFFF
        second = self.telephone_event or 0
        if begins:
            sequence, self.timestamp = self.anchor(now)
            self.sent_at = now
            second |= MARKER
        self.sequence = sequence
        self.sent += 1
        self.octets += len(payload)
        return HEADER.pack(PLAIN, second, sequence, self.timestamp, self.ssrc) + payload
