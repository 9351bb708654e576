"""The media loop: epoll over the sockets of all streams, one packet at a time, in one thread or one process.

A stream's socket goes through three stages. *Unknown peer*: every datagram is judged with its source. *Connected*:
the kernel drops strangers from now on, but what was queued before may still be theirs, so sources are still judged
until the queue has been empty once. *Settled*: packets are received without their source, the hot path.
"""

import contextlib
import errno
import os
import random
import secrets
import select
import time
from collections import deque
from collections.abc import Callable, Iterable

import msgspec

from softacd.rtp.clips import ClipSource
from softacd.rtp.core import MediaCore
from softacd.rtp.model import MediaSettings
from softacd.rtp.recording import Piece
from softacd.rtp.session import Send, Session, send_nowhere
from softacd.rtp.vocabulary import (
    AnyCommand,
    AnyEvent,
    CloseStream,
    OpenStream,
    Port,
    PortsOffered,
    ReservePorts,
    ReturnPorts,
    SetRemote,
    SrtpKeys,
    StreamClosed,
    StreamStatistics,
)
from softacd.runtime.media.reservoir import Pair, Reservoir
from softacd.runtime.media.secure import SecureChannel
from softacd.runtime.media.sockets import discard_queued, disconnect, is_reachable

DATAGRAM = 2048
BATCH = 1024
"""Datagrams taken from one epoll_wait."""
FILL_STEP = 8
"""Port pairs bound in one turn, so that filling the reservoir does not delay packets."""

BUSY_RATE, CALM_RATE = 8000, 5000
"""Packets a second above which batches are gathered, and below which they are no longer."""
RATE_WINDOW = 0.1

UNSETTLED_BATCH = 64
"""Datagrams of a stream without a settled source taken in one turn: a flood of strangers must not stop the loop."""

FILL_PAUSE = 1.0
"""Seconds until the reservoir is tried again after no port could be bound."""


class Inbox:
    """Commands on their way into the loop: safe to fill from any thread."""

    def __init__(self) -> None:
        self.descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._commands: deque[AnyCommand] = deque()
        self._signalled = False

    def put(self, commands: Iterable[AnyCommand]) -> None:
        self._commands.extend(commands)
        self.wake()

    def wake(self) -> None:
        """Have the loop look at its inbox."""
        if not self._signalled:
            self._signalled = True
            os.eventfd_write(self.descriptor, 1)

    def take(self) -> list[AnyCommand]:
        """Everything that has come; called by the loop when `descriptor` is readable."""
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self.descriptor)
        self._signalled = False  # before emptying: what comes meanwhile signals again
        commands: list[AnyCommand] = []
        try:
            while True:
                commands.append(self._commands.popleft())
        except IndexError:
            return commands

    def __del__(self) -> None:
        # Not before the last reference is gone: a late `wake` must not write into somebody else's descriptor.
        os.close(self.descriptor)


class LoopFigures(msgspec.Struct, frozen=True):
    """What the loop holds and has done, for metrics and for tests that nothing leaks."""

    streams: int = 0
    reservoir: int = 0
    sockets: int = 0
    packets: int = 0
    send_errors: int = 0
    unknown_streams: int = 0
    failed_binds: int = 0
    gathering: bool = False
    """Whether packets come so fast that they are handled in batches."""


class Channel:
    """A stream with its sockets."""

    __slots__ = ("port", "receive", "recv_into", "rtcp", "rtp", "secure", "session", "settled")

    def __init__(self, session: Session, port: int, pair: Pair) -> None:
        self.session = session
        self.port = port
        self.rtp, self.rtcp = pair
        self.receive = session.inbound.receive
        self.recv_into = self.rtp.recv_into
        self.settled = False
        self.secure: SecureChannel | None = None

    def encrypt(self, keys: SrtpKeys | None) -> None:
        """Take keys agreed on; those in use already go on counting their packets (RFC 3711 section 3.3.1)."""
        if keys is None:
            if self.secure is None:
                return
            self.secure = None
            self.receive = self.session.inbound.receive
        elif self.secure is None or self.secure.keys != keys:
            self.secure = SecureChannel(keys)
            self.receive = self._receive_encrypted
        else:
            return
        self.aim()

    def _receive_encrypted(self, buffer: bytearray, length: int, now: float) -> int:
        length = self.secure.open(buffer, length) if self.secure is not None else 0
        return self.session.inbound.receive(buffer, length, now) if length else 0

    def _send_encrypted(self, send: Send) -> Send:
        secure = self.secure
        if secure is None:
            return send

        def closed(packet: bytes | memoryview) -> None:
            encrypted = secure.close(packet)
            if encrypted:
                send(encrypted)

        return closed

    def aim(self) -> None:
        """Connect the socket to a peer now known, or free it of one no longer valid; set where `send` goes."""
        latch = self.session.latch
        peer, destination = latch.peer, latch.destination
        self.settled = False
        if peer is not None:
            self.rtp.connect(peer)
        else:
            disconnect(self.rtp)
        if destination is None or not is_reachable(self.rtp, destination):
            self.session.send = send_nowhere
        elif destination == peer:
            self.session.send = self._send_encrypted(self.rtp.send)
        else:
            sendto = self.rtp.sendto
            self.session.send = self._send_encrypted(lambda packet: sendto(packet, destination))


class MediaLoop:
    """The engine's body. `run` returns after `stop`; all else happens in its thread.

    `deliver(events)` takes what has happened, in order, `record(piece)` what is to be written; neither may block.
    """

    def __init__(
        self,
        settings: MediaSettings,
        clips: ClipSource,
        inbox: Inbox,
        deliver: Callable[[list[AnyEvent]], None],
        record: Callable[[Piece], None],
    ) -> None:
        self._inbox = inbox
        self._deliver = deliver
        self._record = record
        self._core = MediaCore(settings, clips, secrets.randbits, f"{secrets.token_hex(12)}@softacd")
        self._reservoir = Reservoir(settings, random.SystemRandom())
        self._coalesce = settings.coalesce_microseconds / 1e6
        self._poller = select.epoll()
        self._poller.register(inbox.descriptor, select.EPOLLIN)
        self._channels: dict[int, Channel] = {}
        self._by_descriptor: dict[int, Channel] = {}
        self._by_rtcp_descriptor: dict[int, Channel] = {}
        self._buffer = bytearray(DATAGRAM)
        self._stopping = False
        self._packets = 0
        self._send_errors = 0
        self._gathering = False
        self._fill_at = 0.0

    def prepare(self) -> None:
        """Fill the reservoir. Raises OSError when no port of the configured address can be bound."""
        settings = self._core.settings
        ports = self._reservoir.fill(settings.reservoir)
        if not ports:
            wanted = f"{settings.host} ports {settings.port_low} to {settings.port_high}"
            raise OSError(errno.EADDRINUSE, f"no port pair could be bound on {wanted}")
        self._core.events.append(PortsOffered(ports))

    def stop(self) -> None:
        """Have `run` close everything and return; callable from any thread."""
        self._stopping = True
        self._inbox.wake()

    def figures(self) -> LoopFigures:
        """A snapshot; callable from any thread."""
        return LoopFigures(
            streams=len(self._channels),
            reservoir=len(self._reservoir),
            sockets=2 * (len(self._channels) + len(self._reservoir)),
            packets=self._packets,
            send_errors=self._send_errors,
            unknown_streams=self._core.unknown_streams,
            failed_binds=self._reservoir.failed_binds,
            gathering=self._gathering,
        )

    def run(self) -> None:
        """Serve until `stop`, then close everything."""
        try:
            self._flush()
            self._serve()
        finally:
            self._close_all()

    def _serve(self) -> None:
        core = self._core
        events, recorded = core.events, core.recorded
        reservoir = self._reservoir
        monotonic, poll = time.monotonic, self._poller.poll
        buffer = self._buffer
        view = memoryview(buffer)
        views = [view[:size] for size in range(DATAGRAM + 1)]
        by_descriptor = self._by_descriptor
        inbox_descriptor = self._inbox.descriptor
        coalesce = self._coalesce
        window_end = monotonic() + RATE_WINDOW
        window_packets = 0
        batch_end = 0.0
        while not self._stopping:
            now = monotonic()
            if self._gathering:
                # Under load one wake-up serves many packets; each waits half of `coalesce` on average.
                if now < batch_end:
                    time.sleep(batch_end - now)
                    now = batch_end
                batch_end = now + coalesce
            deadline = core.next_deadline()
            if reservoir.short:
                deadline = self._fill_at if deadline is None else min(deadline, self._fill_at)
            timeout = -1.0 if deadline is None else max(deadline - now, 0.0)
            ready = poll(timeout, BATCH)
            now = monotonic()
            commands = False
            for descriptor, _ in ready:
                channel = by_descriptor.get(descriptor)
                if channel is None:
                    if descriptor == inbox_descriptor:
                        commands = True
                    else:
                        self._receive_rtcp(descriptor, now)
                    continue
                try:
                    if channel.settled:
                        length = channel.receive(buffer, channel.recv_into(view), now)
                        if length:
                            channel.session.other.send(views[length])  # type: ignore[union-attr]  # a sink has one
                    else:
                        self._receive_unsettled(channel, views, now)
                except OSError:
                    # ICMP errors of packets sent before (connection refused) surface on any call (udp(7)).
                    self._send_errors += 1
            window_packets += len(ready)
            if deadline is not None and now >= deadline:
                self._tick(now)
            if commands:
                self._execute(self._inbox.take(), now)
            if reservoir.short:
                self._fill(now)
            if events or recorded:
                self._flush()
            if now >= window_end:
                self._packets += window_packets
                rate = window_packets / (now - window_end + RATE_WINDOW)
                self._gathering = coalesce > 0 and rate > (CALM_RATE if self._gathering else BUSY_RATE)
                window_packets = 0
                window_end = now + RATE_WINDOW

    def _receive_unsettled(self, channel: Channel, views: list[memoryview], now: float) -> None:
        """Receive datagrams with their source, those of strangers too, until the queue is empty."""
        session, latch, buffer = channel.session, channel.session.latch, self._buffer
        for _ in range(UNSETTLED_BATCH):
            try:
                length, source = channel.rtp.recvfrom_into(views[DATAGRAM])
            except BlockingIOError:
                channel.settled = latch.peer is not None
                return
            if channel.secure is not None:  # only a packet of the peer's own key may make its source the peer
                length = channel.secure.open(buffer, length)
                if not length:
                    continue
            known = latch.peer
            if not self._core.consider(session, source[:2], buffer, length, now):
                continue
            if known is None:
                channel.aim()
            length = session.inbound.receive(buffer, length, now)
            if length and session.other is not None:
                session.other.send(views[length])

    def _receive_rtcp(self, descriptor: int, now: float) -> None:
        channel = self._by_rtcp_descriptor.get(descriptor)
        if channel is None:
            return
        try:
            data, source = channel.rtcp.recvfrom(DATAGRAM)
        except OSError:
            return
        if channel.secure is not None:
            data = channel.secure.open_rtcp(data)
            if not data:
                return
        channel.session.receive_rtcp(data, source[:2], now, time.time())

    def _tick(self, now: float) -> None:
        for session, packet in self._core.tick(now):
            try:
                session.send(packet)
            except OSError:
                self._send_errors += 1
        for session, packet in self._core.check(now, time.time()):
            channel = self._channels.get(session.stream)
            if channel is not None:
                self._send_rtcp(channel, packet)

    def _send_rtcp(self, channel: Channel, packet: bytes) -> None:
        destination = channel.session.rtcp_destination
        if destination is not None and packet and is_reachable(channel.rtcp, destination):
            if channel.secure is not None:
                packet = channel.secure.close_rtcp(packet)
            try:
                channel.rtcp.sendto(packet, destination)
            except OSError:
                self._send_errors += 1

    def _execute(self, commands: list[AnyCommand], now: float) -> None:
        core = self._core
        for command in commands:
            if isinstance(command, OpenStream):
                self._open(command, now)
            elif isinstance(command, SetRemote):
                self._set_remote(command, now)
            elif isinstance(command, CloseStream):
                self._close(command.stream, now)
            elif isinstance(command, ReservePorts):
                self._reservoir.reserve(command.count)
            elif isinstance(command, ReturnPorts):
                self._reservoir.release(command.ports)
            else:
                core.handle(command, now)

    def _set_remote(self, command: SetRemote, now: float) -> None:
        moved = self._core.set_remote(command, now)
        channel = self._channels.get(command.stream)
        if channel is not None:
            channel.encrypt(command.srtp)
            if moved:
                channel.aim()

    def _open(self, command: OpenStream, now: float) -> None:
        if command.stream in self._core.sessions:
            self._core.unknown_streams += 1  # the control side has used a number twice; the stream lives on
            return
        pair = self._reservoir.take(command.port)
        if pair is None:
            # The port is not on offer: there is no stream, which is what the control side must hear.
            self._core.unknown_streams += 1
            self._core.events.append(StreamClosed(command.stream, StreamStatistics()))
            return
        channel = Channel(self._core.open(command.stream, now), command.port.rtp, pair)
        self._channels[command.stream] = channel
        for udp, table in zip(pair, (self._by_descriptor, self._by_rtcp_descriptor), strict=True):
            discard_queued(udp)
            table[udp.fileno()] = channel
            self._poller.register(udp.fileno(), select.EPOLLIN)

    def _close(self, stream: int, now: float) -> None:
        channel = self._channels.pop(stream, None)
        goodbye = self._core.close(stream, now, time.time())
        if channel is None:
            return
        self._send_rtcp(channel, goodbye)
        del self._by_descriptor[channel.rtp.fileno()], self._by_rtcp_descriptor[channel.rtcp.fileno()]
        self._reservoir.give_back(channel.port, (channel.rtp, channel.rtcp))

    def _fill(self, now: float) -> None:
        if now < self._fill_at:
            return
        ports: tuple[Port, ...] = ()
        with contextlib.suppress(OSError):  # out of descriptors: counted there, tried again
            ports = self._reservoir.fill(FILL_STEP)
        if ports:
            self._core.events.append(PortsOffered(ports))
        else:
            self._fill_at = now + FILL_PAUSE

    def _flush(self) -> None:
        events = self._core.events
        if events:
            self._deliver(list(events))
            events.clear()
        recorded = self._core.recorded
        if recorded:
            for piece in recorded:
                self._record(piece)
            recorded.clear()

    def _close_all(self) -> None:
        """Close all streams and sockets, telling the peers and the control side."""
        now = time.monotonic()
        for stream in list(self._channels):
            self._close(stream, now)
        self._flush()
        self._reservoir.close()
        self._poller.close()
