"""The sound of one call: an RTP port that sends what the mouth says and hears what comes, every 20 ms."""

import asyncio
from collections.abc import Callable
from typing import cast

from softacd.rtp import g711, packet
from softacd.rtp.packet import Packet
from softacd.rtp.telephone_event import EventReceiver, EventSender
from softacd.sdp.negotiation import RemoteMedia
from softacd.simulate.ear import Ear
from softacd.simulate.mouth import Mouth
from softacd.simulate.sound import FRAME

_BEAT = FRAME / 8000
_LATE = 5  # beats missed that are still made up for; more are let go, as a phone does that was suspended


class VoiceError(OSError):
    """No pair of ports could be bound."""


def _ignore(digit: str) -> None:
    del digit


class Metronome:
    """One timer for all voices of a process: beats every 20 ms while somebody listens to it."""

    def __init__(self) -> None:
        self._voices: list[Voice] = []
        self._timer: asyncio.TimerHandle | None = None
        self._next = 0.0
        self.latest = 0.0
        """The most a beat came late, in seconds: the machine was too busy for its timers then."""

    def join(self, voice: "Voice") -> None:
        """Beat for this voice from now on."""
        self._voices.append(voice)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._next = loop.time()
            self._timer = loop.call_at(self._next, self._beat)

    def leave(self, voice: "Voice") -> None:
        """Beat no more for this voice."""
        if voice in self._voices:
            self._voices.remove(voice)

    def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        if not self._voices:
            self._timer = None
            return
        now = loop.time()
        self.latest = max(self.latest, now - self._next)
        if now - self._next > _LATE * _BEAT:
            self._next = now
        while self._next <= now:
            self._next += _BEAT
            for voice in self._voices:
                voice.beat()
        self._timer = loop.call_at(self._next, self._beat)


class _Reports(asyncio.DatagramProtocol):
    """The RTCP port: reports are counted, so that a test sees that they come."""

    def __init__(self) -> None:
        self.received = 0

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        del data, address
        self.received += 1


class Voice(asyncio.DatagramProtocol):
    """One RTP stream with one peer. Silent until `aim`ed; hears from the moment it is open."""

    def __init__(self, host: str, metronome: Metronome, random: Callable[[int], int]) -> None:
        self.host = host
        self.port = 0
        self.mouth = Mouth()
        self.ear = Ear(asyncio.get_running_loop().time())
        self.sent = 0
        self.strangers = 0
        self.on_key: Callable[[str], None] = _ignore
        """Called once for every key the peer presses (RFC 4733)."""
        self.remote: RemoteMedia | None = None
        self._loop = asyncio.get_running_loop()
        self._metronome = metronome
        self._transports: list[asyncio.DatagramTransport] = []
        self._reports = _Reports()
        self._keys = EventSender()
        self._pressed = EventReceiver()
        self._key_timestamp = 0
        # RFC 3550 section 5.1: SSRC, first sequence number and first timestamp are random.
        self._ssrc, self._sequence, self._timestamp = random(32), random(16), random(32)
        self._fresh = True

    @classmethod
    async def open(cls, host: str, metronome: Metronome, random: Callable[[int], int]) -> "Voice":
        """Bind an even port for RTP and the next for RTCP (RFC 3550 section 11) on `host`.

        `random(bits)` gives a number of so many bits. Raises VoiceError when no pair is free.
        """
        loop = asyncio.get_running_loop()
        for _ in range(50):
            voice = cls(host, metronome, random)
            transport, _protocol = await loop.create_datagram_endpoint(lambda voice=voice: voice, local_addr=(host, 0))  # type: ignore[misc]  # mypy cannot infer the default
            voice.port = transport.get_extra_info("sockname")[1]
            if voice.port % 2 == 0:
                try:
                    reports, _ = await loop.create_datagram_endpoint(
                        lambda voice=voice: voice._reports,  # type: ignore[misc]  # noqa: SLF001 - a class method of it
                        local_addr=(host, voice.port + 1),
                    )
                except OSError:
                    transport.close()
                    continue
                voice._transports = [transport, reports]
                return voice
            transport.close()
        raise VoiceError(f"no pair of free UDP ports on {host}")

    @property
    def rtcp_received(self) -> int:
        """RTCP packets that came."""
        return self._reports.received

    def aim(self, remote: RemoteMedia) -> None:
        """Send and hear what offer/answer agreed; asked again at every re-negotiation."""
        if self.remote is None:
            self._metronome.join(self)
        self.remote = remote

    def press(self, digits: str, duration_ms: int = 160) -> None:
        """Send keys as telephone-events (RFC 4733). Raises ValueError when not agreed with the peer or no key."""
        if self.remote is None or self.remote.telephone_event is None:
            raise ValueError("the peer did not agree to telephone-event")
        self._keys.press(digits, duration_ms)

    def close(self) -> None:
        """Stop and free both ports."""
        self._metronome.leave(self)
        for transport in self._transports:
            transport.close()
        self._transports = []

    def beat(self) -> None:
        """Send the packet that is due; called every 20 ms."""
        remote = self.remote
        self._timestamp = (self._timestamp + FRAME) & 0xFFFF_FFFF
        frame = self.mouth.frame()
        if remote is None or not remote.direction.sends or not self._transports:
            self._fresh = True
            return
        if self._keys.busy and remote.telephone_event is not None:
            key = self._keys.next_packet()
            if key is not None:
                if key.begins:
                    self._key_timestamp = self._timestamp
                self._send(remote, remote.telephone_event, self._key_timestamp, key.payload, marker=key.begins)
                self._fresh = True
                return
        payload = g711.encode(remote.codec.name, frame)
        # RFC 3551 section 4.1: the marker distinguishes the first packet of a talkspurt.
        self._send(remote, remote.codec.payload_type, self._timestamp, payload, marker=self._fresh)
        self._fresh = False

    def _send(self, remote: RemoteMedia, payload_type: int, timestamp: int, payload: bytes, *, marker: bool) -> None:
        self._sequence = (self._sequence + 1) & 0xFFFF
        data = Packet(payload_type, self._sequence, timestamp, self._ssrc, payload, marker).build()
        self._transports[0].sendto(data, (remote.host, remote.rtp_port))
        self.sent += 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for sending (asyncio's callback)."""
        self._transports = [cast("asyncio.DatagramTransport", transport)]

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        """Hear one packet (asyncio's callback)."""
        remote = self.remote
        if remote is None or address[0] != remote.host or address[1] != remote.rtp_port:
            self.strangers += 1
            return
        try:
            got = packet.parse(data)
        except packet.PacketError:
            self.strangers += 1
            return
        if got.payload_type == remote.telephone_event:
            if digit := self._pressed.receive(got.payload, got.timestamp):
                self.on_key(digit)
            self.ear.skip(ssrc=got.ssrc, sequence=got.sequence)
        elif got.payload_type == remote.codec.payload_type:
            self.ear.hear(
                g711.decode(remote.codec.name, got.payload),
                ssrc=got.ssrc,
                sequence=got.sequence,
                timestamp=got.timestamp,
                now=self._loop.time(),
            )

    def error_received(self, error: Exception) -> None:
        """Ignore ICMP errors (asyncio's callback): the peer may close its port before its BYE arrives."""
        del error
