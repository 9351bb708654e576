"""One stream: everything known of one RTP session towards one peer.

A stream's peer hears, in this order of precedence: digits being sent, what is played, the room or the stream it is
joined to.
"""

from collections import deque
from collections.abc import Callable
from functools import partial

import msgspec

from softacd.rtp import rtcp
from softacd.rtp.chorus import Chorus
from softacd.rtp.clips import Playout
from softacd.rtp.codec import WideCodecs
from softacd.rtp.g711 import SILENCE, TRANSCODE
from softacd.rtp.inbound import COMFORT_NOISE, Inbound
from softacd.rtp.latch import Address, Latch
from softacd.rtp.model import MediaSettings
from softacd.rtp.narrow import LISTENED, Narrower
from softacd.rtp.outbound import Outbound, Tap
from softacd.rtp.quality import mos
from softacd.rtp.recording import Recording
from softacd.rtp.seat import Seat
from softacd.rtp.telephone_event import PACKET_MS, EventSender
from softacd.rtp.tone_detection import Listener
from softacd.rtp.vocabulary import AnyEvent, Codec, SetRemote, StreamDead, StreamSilent, StreamStatistics

NO_AUDIO, SILENT, DEAD = 1, 2, 3
"""What has been told of a peer's silence."""

CLIP_SAMPLES = 8
"""Samples of a clip in a millisecond."""

Send = Callable[[bytes | memoryview], object]


def send_nowhere(packet: bytes | memoryview) -> None:
    """Until an address is agreed on, there is nowhere to send."""


HeardTap = Callable[[str, int, bytes, float], None]
"""A tap that is told the codec too."""


def _tell_all(taps: tuple[Tap, ...], timestamp: int, payload: bytes, now: float) -> None:
    for tap in taps:
        tap(timestamp, payload, now)


class Session:
    """State of one stream. `send` is for the owner of the sockets to set and to call; nothing in here sends."""

    __slots__ = (
        "_alive_at",
        "_fresh",
        "_heard",
        "_heard_at",
        "_last_report_at",
        "_last_sender_report",
        "_listeners",
        "_presses_tones",
        "_reported_on",
        "_reported_sent",
        "_told",
        "_wide",
        "chorus",
        "codec",
        "event_rate",
        "handle",
        "inbound",
        "latch",
        "listener",
        "may_send",
        "on_quiet",
        "other",
        "outbound",
        "paced",
        "playout",
        "presses",
        "quiet",
        "recording",
        "remote_jitter_ms",
        "remote_lost",
        "report_at",
        "round_trip_ms",
        "rtcp_mux",
        "rtcp_port",
        "rtcp_source",
        "seat",
        "send",
        "stream",
        "tones",
    )

    def __init__(
        self,
        stream: int,
        outbound: Outbound,
        events: list[AnyEvent],
        now: float,
        listeners: dict[int, Listener] | None = None,
        wide: WideCodecs | None = None,
    ) -> None:
        """`listeners` are those of all streams, by number: ours enters itself while it is needed.

        `wide` are the codecs beside G.711.
        """
        self.stream = stream
        self.send: Send = send_nowhere
        self.handle = -1
        """What the owner of the sockets knows its socket by, while sending is that and nothing else; -1: it is not."""
        self.outbound = outbound
        self.inbound = Inbound(stream, events)
        self.latch = Latch()
        self.codec: Codec | None = None
        self.may_send = False
        self.event_rate = 8000
        """Clock rate of the durations of telephone-events."""
        self.other: Session | None = None
        """The stream this one is bridged to."""
        self.quiet = False
        """Its peer has paused towards one who cannot be told: the two are mixed, and the noise is made here."""
        self.on_quiet: Callable[[int], None] | None = None
        """Who is told the level of its peer's comfort noise, while it is in no room."""
        self.playout: Playout | None = None
        self.chorus: Chorus | None = None
        """Those it hears music with: they hold its numbers meanwhile (see chorus.py)."""
        self.presses: EventSender | None = None
        self.tones: deque[Playout] = deque()
        self.recording: Recording | None = None
        self.seat: Seat | None = None
        """Its place in a room of the mixer; a stream in a room is in no bridge."""
        self.listener: Listener | None = None
        """Whoever finds the keys the peer presses as tones, where no other way was agreed."""
        self.paced = False
        """Whether the pacer holds this stream."""
        self.report_at = now
        self.rtcp_port = 0
        self.rtcp_mux = False
        """RTCP travels on the RTP port (RFC 5761)."""
        self.rtcp_source: Address | None = None
        self.remote_lost = 0
        self.remote_jitter_ms = 0.0
        self.round_trip_ms: float | None = None
        self._fresh = True  # the next packet made here begins a talkspurt
        self._heard = -1
        self._heard_at = now
        self._told = 0
        self._alive_at = now
        self._presses_tones = False
        self._listeners = {} if listeners is None else listeners
        self._wide = wide or {}
        self._last_sender_report = 0
        self._last_report_at = 0.0
        self._reported_sent = 0
        self._reported_on = False

    def reach(self, send: Send, handle: int = -1) -> None:
        """From now on packets go this way."""
        self.send = send
        self.handle = handle
        if self.chorus is not None:
            self.chorus.reach(self)

    # --- agreement and routing ----------------------------------------------------------------------------------

    def agree(self, remote: SetRemote, now: float) -> bool:
        """Take what offer/answer agreed; whether the peer's address is another one than before."""
        moved = self.latch.agree(remote.host, remote.rtp_port, free=remote.latch, now=now)
        codec = remote.codec
        if codec.name in self._wide and not self._wide[codec.name].divisible:
            codec = msgspec.structs.replace(codec, packet_ms=20)  # what the encoder makes; other lengths are a wish
        self.codec = codec
        if self.seat is not None:
            self.seat.agree()
        self.rtcp_port = remote.rtcp_port
        self.rtcp_mux = remote.rtcp_mux
        self.may_send = remote.send
        out = self.outbound
        out.payload_type = codec.payload_type
        out.telephone_event = remote.telephone_event
        out.comfort_noise = COMFORT_NOISE if remote.comfort_noise else None
        self.inbound.comfort_noise = remote.comfort_noise
        self.event_rate = remote.telephone_event_rate
        out.clock_rate = codec.clock_rate
        out.samples = codec.clock_rate * codec.packet_ms // 1000
        events = tuple({number for number in (remote.telephone_event, remote.telephone_event_in) if number is not None})
        self.inbound.agree(codec.payload_type, codec.clock_rate, events, wanted=remote.receive)
        self._presses_tones = not events
        self.choose_listener()
        if self.other is not None:
            self.other.choose_listener()
        self._heard_at = self._alive_at = now
        self._told = 0
        if moved:
            self.rtcp_source = None
            self.inbound.forget_source()
        return moved

    def choose_listener(self) -> None:
        """Search what the peer says for keys if it has no other way to press them and somebody must be told of them.

        Between two peers that both press tones, the sound itself carries them.
        """
        other = self.other
        if self._presses_tones and (other is None or other.outbound.telephone_event is not None):
            self.listener = self._listeners.setdefault(self.stream, self.listener or Listener(self.stream))
        else:
            self.listener = None
            self._listeners.pop(self.stream, None)
        self.listen()

    def listen(self) -> None:
        """Let those who listen hear what the peer says, and the recording what it hears, in the codec agreed now."""
        recording, listener, seat, codec = self.recording, self.listener, self.seat, self.codec
        self.inbound.tap = self.outbound.tap = None
        self.inbound.noise = seat.be_quiet if seat is not None else self.on_quiet
        if codec is None:
            return
        said: list[HeardTap] = []
        if recording is not None:
            said.append(recording.said)
            self.outbound.tap = self._tap([recording.heard], codec)
        if listener is not None:
            said.append(listener.hear)
        tap = self._tap(said, codec)
        if seat is not None:
            hear = partial(seat.hear, codec.name)
            tap = partial(_tell_all, (hear, tap)) if tap is not None else hear
        self.inbound.tap = tap

    def _tap(self, heard: list[HeardTap], codec: Codec) -> Tap | None:
        """One tap for all who listen in G.711; None where there is nobody."""
        if not heard:
            return None
        known = codec.name in SILENCE
        taps = tuple(partial(hear, codec.name if known else LISTENED) for hear in heard)
        if known:
            return taps[0] if len(taps) == 1 else partial(_tell_all, taps)
        if codec.name not in self._wide:
            return None
        return Narrower(self._wide[codec.name].decoder(), codec.clock_rate, taps).hear

    @property
    def busy(self) -> bool:
        """Whether this stream has something of its own to say, and a codec to say it in."""
        return self.codec is not None and (self.playout is not None or self.presses is not None or bool(self.tones))

    def route(self) -> None:
        """Decide whether the other stream's sound goes to this stream's peer."""
        other = self.other
        if other is None:
            return
        ours, theirs = self.codec, other.codec
        if self.seat is not None or ours is None or theirs is None or not self.may_send or self.busy:
            other.inbound.relay_to(None)
        elif ours.name == theirs.name and ours.clock_rate == theirs.clock_rate:
            other.inbound.relay_to(self.outbound)
        elif (theirs.name, ours.name) in TRANSCODE:
            other.inbound.relay_to(self.outbound, TRANSCODE[theirs.name, ours.name])
        else:
            other.inbound.relay_to(None)

    def must_mix(self, other: "Session") -> bool:
        """Whether packets cannot go from one to the other as they are, but for a change of G.711's law.

        Packets of another length than the peer asked for go through the mixer too where that costs nothing but work.
        """
        ours, theirs = self.codec, other.codec
        if ours is None or theirs is None:
            return False
        if ours.name in SILENCE and theirs.name in SILENCE:
            unheard = self.quiet and other.outbound.comfort_noise is None
            unheard = unheard or (other.quiet and self.outbound.comfort_noise is None)
            return unheard or ours.packet_ms != theirs.packet_ms
        return ours.name != theirs.name or ours.clock_rate != theirs.clock_rate

    def bridge(self, other: "Session") -> None:
        """Join two streams that are in no bridge, or in this one already."""
        self.other, other.other = other, self
        self.choose_listener()
        other.choose_listener()
        self.route()
        other.route()

    def unbridge(self) -> None:
        """Part from the other stream, if there is one."""
        other = self.other
        if other is not None:
            self.other = other.other = None
            self.quiet = other.quiet = False
            self.inbound.relay_to(None)
            other.inbound.relay_to(None)
            self.choose_listener()
            other.choose_listener()

    # --- speaking -----------------------------------------------------------------------------------------------

    def start_speaking(self) -> None:
        """A new sound begins: the next packet made here is a splice."""
        self._fresh = True

    @property
    def pace_ms(self) -> int:
        """Time to the next packet made here."""
        if self.presses is not None or self.codec is None:
            return PACKET_MS
        return self.codec.packet_ms

    def speak(self, now: float) -> bytes | None:
        """The packet due now, None for silence. What came to its end is taken away: see `busy` and `playout`."""
        if self.presses is not None:
            return self._press(now)
        samples = self.codec.packet_ms * CLIP_SAMPLES if self.codec is not None else 0
        if self.tones:
            payload = self.tones[0].next_payload(samples)
            if not payload:
                self.tones.popleft()
                return None
        elif self.playout is not None:
            payload = self.playout.next_payload(samples)
            if not payload:
                self.playout = None
                return None
        else:
            return None
        if not self.may_send:
            self._fresh = True
            return None
        fresh, self._fresh = self._fresh, False
        return self.outbound.packet(payload, now, fresh=fresh)

    def sing(self) -> bytes:
        """The sound of a chorus to join for the packets to come; b"" where there is something of its own to say."""
        playout, codec = self.playout, self.codec
        if (
            playout is None
            or codec is None
            or self.presses is not None
            or self.tones
            or not self.may_send
            or self._fresh
        ):
            return b""
        if self.outbound.tap is not None or self.outbound.samples != codec.packet_ms * CLIP_SAMPLES:
            return b""
        return playout.shared_sound(self.outbound.samples)

    def _press(self, now: float) -> bytes | None:
        presses = self.presses
        if presses is None:
            return None
        packet = presses.next_packet()
        if not presses.busy:
            self.presses = None
        self._fresh = True
        if packet is None or not self.may_send or self.outbound.telephone_event is None:
            return None
        return self.outbound.event(packet.payload, now, begins=packet.begins)

    # --- hearing ------------------------------------------------------------------------------------------------

    def silence(self, now: float, settings: MediaSettings) -> StreamSilent | StreamDead | None:
        """What is to be told of a peer that should send and does not; each thing once until it sends again."""
        inbound = self.inbound
        if self._heard != inbound.extended or not inbound.open or inbound.quiet:
            self._heard = inbound.extended
            self._heard_at = self._alive_at = now
            self._told = 0
            return None
        silent = now - self._heard_at
        if self._told < NO_AUDIO and not inbound.started and silent >= settings.no_audio_seconds:
            self._told = NO_AUDIO
            return StreamSilent(self.stream, silent, never=True)
        if self._told < SILENT and silent >= settings.rtp_timeout_seconds:
            self._told = SILENT
            return StreamSilent(self.stream, silent)
        if self._told < DEAD and 0 < settings.dead_seconds <= now - self._alive_at:
            self._told = DEAD
            return StreamDead(self.stream, now - self._alive_at)
        return None

    # --- RTCP ---------------------------------------------------------------------------------------------------

    @property
    def rtcp_destination(self) -> Address | None:
        """Where reports go: where the peer's came from, else as agreed, else beside the latched RTP port."""
        if self.rtcp_mux:
            return self.latch.destination
        if self.rtcp_source is not None:
            return self.rtcp_source
        agreed, peer = self.latch.agreed, self.latch.destination
        if agreed is None or peer is None:
            return None
        port = self.rtcp_port if peer[0] == agreed[0] else peer[1] + 1
        return (peer[0], port) if 0 < port < 65_536 else None

    def report(self, cname: str, now: float, wall: float, *, goodbye: bool = False) -> bytes:
        """The compound packet due now: SR when something was sent since the last, else RR (RFC 3550 section 6.4)."""
        out, inbound = self.outbound, self.inbound
        sender = None
        if out.sent != self._reported_sent:
            self._reported_sent = out.sent
            passed = round((now - out.sent_at) * out.clock_rate)
            stamp = (out.timestamp + passed) & 0xFFFF_FFFF
            sender = rtcp.SenderInfo(rtcp.ntp_time(wall), stamp, out.sent, out.octets)
        blocks: tuple[rtcp.ReportBlock, ...] = ()
        if inbound.ssrc >= 0:
            expected, lost = inbound.loss_since_last_report()
            delay = int((now - self._last_report_at) * 65536) if self._last_sender_report else 0
            block = rtcp.ReportBlock(
                inbound.ssrc,
                # Appendix A.3: lost / expected of the interval in 1/256, 0 when duplicates make it negative.
                min((lost << 8) // expected, 255) if expected > 0 and lost > 0 else 0,
                inbound.lost,
                inbound.extended,
                int(inbound.jitter),
                self._last_sender_report,
                delay,
            )
            blocks = (block,)
        return rtcp.build(rtcp.Report(out.ssrc, sender, blocks), cname, goodbye=goodbye)

    def receive_rtcp(self, data: bytes, source: Address, now: float, wall: float) -> None:
        """Take a compound packet from `source`; strangers and malformed packets are counted and dropped."""
        peer, agreed = self.latch.peer, self.latch.agreed
        # The RTCP source may differ from the RTP source in its port only (RFC 4961 section 4).
        known = peer or self.latch.destination or agreed
        if known is None or source[0] != known[0]:
            self.latch.strangers += 1
            return
        try:
            compound = rtcp.parse(data)
        except rtcp.RtcpError:
            self.inbound.malformed += 1
            return
        self.rtcp_source = source
        self._alive_at = now
        arrival = rtcp.middle(rtcp.ntp_time(wall))
        for report in compound.reports:
            if report.sender is not None:
                self._last_sender_report = rtcp.middle(report.sender.ntp)
                self._last_report_at = now
            for block in report.blocks:
                if block.ssrc == self.outbound.ssrc:
                    self._reported_on = True
                    self.remote_lost = block.lost
                    self.remote_jitter_ms = block.jitter * 1000 / self.outbound.clock_rate
                    trip = rtcp.round_trip_ms(block, arrival)
                    if trip is not None:
                        self.round_trip_ms = trip

    def statistics(self, now: float) -> StreamStatistics:
        """The figures so far."""
        inbound, outbound = self.inbound, self.outbound
        codec = self.codec.name if self.codec is not None else ""
        heard = partial(
            mos, codec, round_trip_ms=self.round_trip_ms, packet_ms=self.codec.packet_ms if self.codec else 20
        )
        jitter = inbound.jitter * 1000 / inbound.clock_rate
        silent = inbound.open and self._heard == inbound.extended
        return StreamStatistics(
            sent=outbound.sent,
            received=inbound.received,
            lost=inbound.lost,
            jitter_ms=round(jitter, 3),
            remote_lost=self.remote_lost,
            remote_jitter_ms=round(self.remote_jitter_ms, 3),
            round_trip_ms=self.round_trip_ms,
            strangers=self.latch.strangers,
            malformed=inbound.malformed,
            codec=codec,
            mos=heard(packets=inbound.expected, lost=inbound.lost, jitter_ms=jitter),
            remote_mos=heard(
                packets=outbound.sent if self._reported_on else 0,
                lost=self.remote_lost,
                jitter_ms=self.remote_jitter_ms,
            ),
            silent_seconds=int(now - self._heard_at) if silent else 0,
        )
