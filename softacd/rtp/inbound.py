"""What one stream receives: validation, statistics, key presses, and the relay to the stream it is bridged to.

`Inbound.receive` is the hottest function of the product: it runs once for every packet of every conversation. A plain
packet (version 2, no options, the agreed codec, no marker, the expected sequence number of the known source) is
counted and its header rewritten in place; everything else takes the slower way below it, which knows all the rules.
"""

from collections.abc import Callable
from math import nan

from softacd.rtp.lane import JUMP_SECONDS, MOVING, ROW
from softacd.rtp.outbound import Outbound, Tap
from softacd.rtp.packet import HEADER, HEADER_SIZE, MARKER, PLAIN, PacketError, payload_bounds
from softacd.rtp.telephone_event import EventReceiver
from softacd.rtp.vocabulary import AnyEvent, DigitPressed

COMFORT_NOISE = 13
"""Static payload type (RFC 3389 section 4); understood from those as well who send it without having agreed."""
MAX_DROPOUT = 3000
MAX_MISORDER = 100
"""Gaps taken for loss and for lateness before the source counts as restarted (RFC 3550 appendix A.1)."""

LATE_SECONDS = 1.0
"""A packet that comes later than this after the one before it was said later."""

_HALF = 0x8000_0000
_unpack = HEADER.unpack_from
_rewrite = HEADER.pack_into


class Inbound:
    """Receiving side of stream number `stream`; key presses are appended to `events`.

    `sink` is where its sound goes at the moment, None for nowhere.
    """

    __slots__ = (
        "_anchored",
        "_bad_sequence",
        "_events",
        "_expected",
        "_first",
        "_fresh",
        "_jump",
        "_last_expected",
        "_last_lost",
        "_quiet_at",
        "_started",
        "_transit",
        "clock_rate",
        "comfort_noise",
        "events",
        "extended",
        "jitter",
        "lost",
        "malformed",
        "noise",
        "open",
        "pass_key",
        "payload_type",
        "sequence_offset",
        "sink",
        "ssrc",
        "stream",
        "table",
        "tap",
        "telephone_events",
        "timestamp_offset",
    )

    def __init__(self, stream: int, events: list[AnyEvent]) -> None:
        self.stream = stream
        self.events = events
        self.payload_type = -1
        self.telephone_events: tuple[int, ...] = ()
        self.comfort_noise = False
        """Whether the peer may send comfort noise."""
        self.clock_rate = 8000
        self.open = False
        """Whether packets are wanted (the agreed direction); when not, they are dropped unlooked at."""
        self.sink: Outbound | None = None
        self.table: bytes | None = None
        """Transcoding table towards the sink, None when both speak the same codec."""
        self.tap: Tap | None = None
        """Who listens to this stream besides the sink: recording, detection, mixing."""
        self.noise: Callable[[int], None] | None = None
        """Who is told the level of comfort noise while the peer is silent (RFC 3389), in -dBov."""
        self.pass_key: Callable[[str, float], None] | None = None
        """Who is told of key presses besides the control side, where packets are not relayed."""
        self.ssrc = -1
        self.extended = 0
        """Highest sequence number seen, extended by its cycles (appendix A.1)."""
        self.lost = 0
        """Packets expected less packets received (appendix A.3): negative when there were duplicates."""
        self.jitter = 0.0
        """Interarrival jitter in timestamp units (appendix A.8)."""
        self.malformed = 0
        self.sequence_offset = 0
        self.timestamp_offset = 0
        self._started = False
        self._first = 0  # extended number from which packets are expected; restarts move it along
        self._expected = -1  # next plain sequence number; -1 sends every packet the slow way
        self._transit = nan  # no packet to measure against: compares as a jump
        self._jump = JUMP_SECONDS * 8000
        self._fresh = True  # offsets towards the sink are to be computed at the next packet
        self._anchored = 0  # extended number the offsets were computed at: nothing older is relayed
        self._bad_sequence = -1
        self._quiet_at = -1  # extended number of the newest comfort noise
        self._events = EventReceiver()
        self._last_expected = 0
        self._last_lost = 0

    @property
    def started(self) -> bool:
        """Whether a packet has ever come."""
        return self._started

    @property
    def quiet(self) -> bool:
        """The last that came was comfort noise: the peer pauses, and says so."""
        return self._quiet_at == self.extended

    @property
    def received(self) -> int:
        return self.expected - self.lost

    @property
    def expected(self) -> int:
        """Packets that should have come, by their sequence numbers (appendix A.3)."""
        return self.extended - self._first + 1 if self._started else 0

    def agree(self, payload_type: int, clock_rate: int, telephone_events: tuple[int, ...], *, wanted: bool) -> None:
        """Take what offer/answer agreed: the payload types to expect, and whether packets are wanted at all."""
        self.payload_type = payload_type
        self.clock_rate = clock_rate
        self._jump = JUMP_SECONDS * clock_rate
        self.telephone_events = telephone_events
        self.open = wanted
        self._expected = -1

    def forget_source(self) -> None:
        """The peer is to be another one: whatever comes next is a new source, even under the same SSRC."""
        self.ssrc = -1
        self._expected = -1

    def relay_to(self, sink: Outbound | None, table: bytes | None = None) -> None:
        """Send what comes to `sink` from now on, through `table`; its numbers go on where they were."""
        if sink is self.sink and table is self.table:
            return
        self.sink = sink
        self.table = table
        self._fresh = True
        self._expected = -1

    def receive(self, buffer: bytearray, length: int, now: float) -> int:
        """One datagram of the peer, the first `length` bytes of `buffer`, which is changed.

        Returns the length of the packet to send to `sink`, which is then in `buffer`, or 0 for none.
        `buffer` must hold at least 12 bytes whatever `length` is.
        """
        first, second, sequence, timestamp, ssrc = _unpack(buffer)
        if (
            sequence == self._expected
            and second == self.payload_type
            and ssrc == self.ssrc
            and first == PLAIN
            and length > HEADER_SIZE
        ):
            # RFC 3550 appendix A.8, in floating point: J += (|D| - J) / 16.
            transit = now * self.clock_rate - timestamp
            change = transit - self._transit
            if -self._jump < change < self._jump:
                self._transit = transit
                self.jitter += ((change if change > 0.0 else -change) - self.jitter) * 0.0625
                self.extended += 1
                self._expected = (sequence + 1) & 0xFFFF
                if self.tap is not None:
                    self.tap(timestamp, bytes(buffer[HEADER_SIZE:length]), now)
                sink = self.sink
                if sink is None:
                    return 0
                sink.sequence = sequence = (sequence + self.sequence_offset) & 0xFFFF
                sink.timestamp = timestamp = (timestamp + self.timestamp_offset) & 0xFFFF_FFFF
                _rewrite(buffer, 0, PLAIN, sink.payload_type, sequence, timestamp, sink.ssrc)
                if self.table is not None:
                    buffer[HEADER_SIZE:length] = buffer[HEADER_SIZE:length].translate(self.table)
                sink.sent += 1
                sink.octets += length - HEADER_SIZE
                sink.sent_at = now
                if sink.tap is not None:
                    sink.tap(timestamp, bytes(buffer[HEADER_SIZE:length]), now)
                return length
        return self._receive_unusual(buffer, length, now)

    def lend(self, rows: bytearray, offset: int) -> bool:
        """Put the state of a stream that is merely relayed into a row of lane.py; whether it is one.

        Until `take_back`, the owner of the row does for plain packets what `receive` would have done.
        """
        sink = self.sink
        if (
            self._expected < 0
            or sink is None
            or self.table is not None
            or self.tap is not None
            or sink.tap is not None
            or self._transit != self._transit  # no packet to measure against yet
        ):
            return False
        ROW.pack_into(
            rows,
            offset,
            PLAIN << 24 | self.payload_type << 16 | self._expected,
            0,
            self._transit,
            self.jitter,
            0,
            self.ssrc,
            PLAIN << 24 | sink.payload_type << 16,
            sink.ssrc,
            self.timestamp_offset & 0xFFFF_FFFF,
            self.sequence_offset & 0xFFFF,
            self.clock_rate,
            self._jump,
        )
        return True

    def take_back(self, rows: bytearray, offset: int) -> None:
        """Learn what has passed by the row since it was lent or taken back last; it may be used on."""
        word, timestamp, transit, jitter, octets = MOVING.unpack_from(rows, offset)
        passed = (word - self._expected) & 0xFFFF
        sink = self.sink
        if not passed or sink is None:
            return
        self.extended += passed
        self._expected = word & 0xFFFF
        self._transit = transit
        self.jitter = jitter
        sink.sequence = (word - 1 + self.sequence_offset) & 0xFFFF
        sink.timestamp = (timestamp + self.timestamp_offset) & 0xFFFF_FFFF
        sink.sent_at = (transit + timestamp) / self.clock_rate
        sink.sent += passed
        sink.octets += octets - HEADER_SIZE * passed
        MOVING.pack_into(rows, offset, word, timestamp, transit, jitter, 0)

    def acceptable(self, buffer: bytearray, length: int) -> bool:
        """Whether the datagram is a valid packet of what was agreed: what a source must send to become the peer."""
        try:
            payload_bounds(buffer, length)
        except PacketError:
            return False
        payload_type = buffer[1] & 0x7F
        if payload_type == COMFORT_NOISE and self.comfort_noise:
            return True
        return payload_type == self.payload_type or payload_type in self.telephone_events

    def loss_since_last_report(self) -> tuple[int, int]:
        """Packets expected and lost since the last call (appendix A.3, for the fraction lost of a report block)."""
        expected, lost = self.expected - self._last_expected, self.lost - self._last_lost
        self._last_expected, self._last_lost = self.expected, self.lost
        return expected, lost

    # --- everything but the plain packet ------------------------------------------------------------------------

    def _receive_unusual(self, buffer: bytearray, length: int, now: float) -> int:
        if not self.open:
            return 0
        try:
            start, end = payload_bounds(buffer, length)
        except PacketError:
            self.malformed += 1
            return 0
        _, second, sequence, timestamp, ssrc = _unpack(buffer)
        payload_type = second & 0x7F
        if 72 <= payload_type <= 79:
            return 0  # an RTCP packet on the RTP port (RFC 5761 section 4), not agreed: not a packet of the stream
        in_order = self._follow(ssrc, sequence)
        if in_order is None:
            return 0
        behind = (self.extended - sequence) & 0xFFFF  # 0 for a packet in order
        sink = self.sink
        outgoing: int | None = None
        voice = payload_type == self.payload_type and end > start
        late = 0.0
        if voice:
            late = self._measure(timestamp, now)
            if self.tap is not None:
                self.tap(timestamp, bytes(buffer[start:end]), now)
            if sink is not None:
                outgoing = sink.payload_type
        elif payload_type in self.telephone_events:
            digit = self._events.receive(bytes(buffer[start:end]), timestamp)
            if digit:
                self.events.append(DigitPressed(self.stream, digit))
                if self.pass_key is not None:
                    self.pass_key(digit, now)
            # None where the sink's peer did not agree to telephone-events: it would not understand. A late packet of an
            # event says nothing new, but after its end it would be a second key to many a receiver.
            if sink is not None and not behind:
                outgoing = sink.telephone_event
        elif payload_type == COMFORT_NOISE and end > start and not behind:
            self._quiet_at = self.extended
            if sink is not None:
                outgoing = sink.comfort_noise
            if self.noise is not None:
                self.noise(buffer[start] & 0x7F)
        # else, RFC 3550 section 5.1: a receiver must ignore payload types it does not understand
        if outgoing is None or sink is None:
            if in_order:
                # The sink's sequence numbers stay without a gap where nothing was lost; what is as old as
                # this or older, and comes later, would now get a number already given.
                self.sequence_offset -= 1
                self._anchored = self.extended + 1
            self._expected = -1 if self._fresh and sink is not None else (self.extended + 1) & 0xFFFF
            return 0
        timed = voice or payload_type == COMFORT_NOISE
        return self._forward(buffer, start, end, now, sink, outgoing, behind, late, voice=voice, timed=timed)

    def _follow(self, ssrc: int, sequence: int) -> bool | None:
        """Sequence number validation (RFC 3550 appendix A.1): True in order, False late, None to be dropped."""
        if ssrc != self.ssrc:
            # A new source behind the address agreed on: a phone that restarted, or a PBX that put another through.
            self.ssrc = ssrc
            if self._started:
                self._restart(sequence)
            else:
                self.extended = self._first = sequence
                self._started = True
            return True
        ahead = (sequence - self.extended) & 0xFFFF
        if ahead == 0:
            self.lost -= 1
            return None
        if ahead < MAX_DROPOUT:
            self.lost += ahead - 1
            self.extended += ahead
            return True
        if ahead <= 0x10000 - MAX_MISORDER:
            # A large jump: believe it when the next packet follows on it.
            if sequence != self._bad_sequence:
                self._bad_sequence = (sequence + 1) & 0xFFFF
                return None
            self._restart(sequence)
            return True
        self.lost -= 1
        return False

    def _restart(self, sequence: int) -> None:
        """Go on counting from `sequence` as if it followed on what was seen: one more packet expected."""
        before = self.extended
        self.extended = ((before >> 16) + 1) << 16 | sequence
        self._first += self.extended - before - 1
        self._bad_sequence = -1
        self._transit = nan
        self._fresh = True

    def _measure(self, timestamp: int, now: float) -> float:
        """Jitter (appendix A.8), unless the timestamps have jumped: then they begin anew towards the sink too.

        Returns how much later than the one before it the packet has come (s), 0 where that cannot be told.
        """
        transit = now * self.clock_rate - timestamp
        change = (transit - self._transit + _HALF) % (2 * _HALF) - _HALF  # timestamps wrap at 32 bits
        self._transit = transit
        if -self._jump < change < self._jump:
            self.jitter += (abs(change) - self.jitter) / 16.0
            late = change / self.clock_rate
            return late if 0.0 < late < LATE_SECONDS else 0.0
        self._fresh = True
        return 0.0

    def _forward(
        self,
        buffer: bytearray,
        start: int,
        end: int,
        now: float,
        sink: Outbound,
        payload_type: int,
        behind: int,
        late: float,
        *,
        voice: bool,
        timed: bool,
    ) -> int:
        _, second, sequence, timestamp, _ = _unpack(buffer)
        marker = second & MARKER
        spliced = self._fresh
        if spliced:
            if behind:
                return 0
            # A packet that waited for us is as old as it is: those behind it come in a burst, not in their time.
            out_sequence, out_timestamp = sink.anchor(now - late)
            self.sequence_offset = out_sequence - sequence
            self.timestamp_offset = out_timestamp - timestamp
            self._anchored = self.extended
            self._fresh = False
            marker = MARKER  # RFC 3551 section 4.1: the first packet after a pause or a splice
        elif behind and self.extended - behind < self._anchored:
            return 0  # sent before the splice: its number has been given to another packet
        out_sequence = (sequence + self.sequence_offset) & 0xFFFF
        out_timestamp = (timestamp + self.timestamp_offset) & 0xFFFF_FFFF
        size = end - start
        if start != HEADER_SIZE:
            # Contributing sources and header extensions are matters of the other leg: only the payload goes on.
            buffer[HEADER_SIZE : HEADER_SIZE + size] = buffer[start:end]
        if voice and self.table is not None:
            buffer[HEADER_SIZE : HEADER_SIZE + size] = buffer[HEADER_SIZE : HEADER_SIZE + size].translate(self.table)
        _rewrite(buffer, 0, PLAIN, marker | payload_type, out_sequence, out_timestamp, sink.ssrc)
        if not behind:
            sink.sequence = out_sequence
            if timed or spliced:  # all packets of an event carry the timestamp of its start
                sink.timestamp = out_timestamp
                sink.sent_at = now
        sink.sent += 1
        sink.octets += size
        self._expected = (self.extended + 1) & 0xFFFF
        if voice and sink.tap is not None:
            sink.tap(out_timestamp, bytes(buffer[HEADER_SIZE : HEADER_SIZE + size]), now)
        return HEADER_SIZE + size
