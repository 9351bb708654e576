"""The media loop: the pure core, its ports and its clock around a wire, in one thread or one process."""

import contextlib
import errno
import random
import secrets
import time
from collections.abc import Callable

import msgspec
import numpy as np

from softacd.rtp.chorus import Chorus
from softacd.rtp.clips import ClipSource
from softacd.rtp.core import MediaCore
from softacd.rtp.model import MediaSettings
from softacd.rtp.recording import Piece
from softacd.rtp.session import Session
from softacd.rtp.vocabulary import (
    AnyCommand,
    AnyEvent,
    Bridge,
    CloseStream,
    HandshakeFailed,
    OpenStream,
    Port,
    PortsOffered,
    ReportClosed,
    ReservePorts,
    ReturnPorts,
    SetRemote,
    StreamClosed,
    StreamReport,
    StreamStatistics,
)
from softacd.runtime.media.channel import Channel
from softacd.runtime.media.codecs import WIDE
from softacd.runtime.media.dtls import Identity
from softacd.runtime.media.epoll_wire import EpollWire
from softacd.runtime.media.handshakes import Failed, Flight, Handshakes, Outcome, Secured
from softacd.runtime.media.inbox import Inbox
from softacd.runtime.media.reservoir import Reservoir
from softacd.runtime.media.sockets import is_reachable
from softacd.runtime.media.uring import open_ring
from softacd.runtime.media.wire import Wire

Entry = AnyCommand | Outcome
"""What comes into the loop's inbox."""

FILL_STEP = 8
"""Port pairs bound in one turn, so that filling the reservoir does not delay packets."""

MAY_WAIT = (PortsOffered, StreamClosed, StreamReport)
"""Events the control side need not have at once: they are told with the next ones, so that they do not wake it."""
LONGEST_WAIT = 0.05
"""Seconds such an event waits at most."""

WORTH_A_VOLLEY = 4
"""Packets of a chorus from which one call for all of them costs less than one for each."""

STOP_SECONDS = 5.0
"""What the thread of handshakes may take to end."""

FILL_PAUSE = 1.0
"""Seconds until the reservoir is tried again after no port could be bound."""


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


class MediaLoop:
    """The engine's body. `run` returns after `stop`; all else happens in its thread.

    `deliver(events)` takes what has happened, in order, `record(piece)` what is to be written; neither may block.
    """

    def __init__(
        self,
        settings: MediaSettings,
        clips: ClipSource,
        inbox: Inbox[Entry],
        deliver: Callable[[list[AnyEvent]], None],
        record: Callable[[Piece], None],
        identity: Identity,
    ) -> None:
        self._inbox = inbox
        self._handshakes = Handshakes(identity, inbox.put)
        self._deliver = deliver
        self._record = record
        self._core = MediaCore(settings, clips, secrets.randbits, f"{secrets.token_hex(12)}@softacd", WIDE)
        self._reservoir = Reservoir(settings, random.SystemRandom())
        self._wire: Wire = EpollWire(self._core.consider, inbox.descriptor, settings.coalesce_microseconds / 1e6)
        self._core.refresh = self._wire.refresh
        self._core.disengage = self._wire.disengage
        self._ring = open_ring()
        self._channels: dict[int, Channel] = {}
        self._stopping = False
        self._send_errors = 0
        self._fill_at = 0.0
        self._flush_at: float | None = None
        self._waited_for = False

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

    def identify(self, identity: Identity) -> None:
        """Be this in handshakes that begin from now on; callable from any thread."""
        self._handshakes.identify(identity)

    def figures(self) -> LoopFigures:
        """A snapshot; callable from any thread."""
        return LoopFigures(
            streams=len(self._channels),
            reservoir=len(self._reservoir),
            sockets=2 * (len(self._channels) + len(self._reservoir)),
            packets=self._wire.packets,
            send_errors=self._send_errors + self._wire.send_errors + (self._ring.errors if self._ring else 0),
            unknown_streams=self._core.unknown_streams,
            failed_binds=self._reservoir.failed_binds,
            gathering=self._wire.gathering,
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
        reservoir, turn, monotonic = self._reservoir, self._wire.turn, time.monotonic
        while not self._stopping:
            deadline = core.next_deadline()
            if reservoir.short:
                deadline = self._fill_at if deadline is None else min(deadline, self._fill_at)
            if self._flush_at is not None:
                deadline = self._flush_at if deadline is None else min(deadline, self._flush_at)
            commands = turn(deadline)
            now = monotonic()
            if deadline is not None and now >= deadline:
                self._tick(now)
            if commands:
                self._execute(self._inbox.take(), now)
            if reservoir.short:
                self._fill(now)
            if recorded or (events and self._must_flush(now)):
                self._flush()

    def _tick(self, now: float) -> None:
        for one in self._core.volleys(now):
            if isinstance(one, Chorus):
                self._sing(one)
            else:
                self._send(*one)
        for session, packet in self._core.check(now, time.time()):
            channel = self._channels.get(session.stream)
            if channel is not None:
                self._send_rtcp(channel, packet)

    def _send(self, session: Session, packet: bytes | memoryview) -> None:
        try:
            session.send(packet)
        except OSError:
            self._send_errors += 1

    def _sing(self, chorus: Chorus) -> None:
        """Send the packets of a chorus, all at once where the kernel lets us, but those of encrypted streams."""
        count = chorus.sung
        sent = np.zeros(count, np.bool_)
        if self._ring is not None and count >= WORTH_A_VOLLEY:
            rows = np.flatnonzero(chorus.handles[:count] >= 0)
            done = self._ring.send(chorus.handles[rows], chorus.addresses[rows], chorus.length)
            sent[rows[:done]] = True
            if done == count:
                return
        for already, (session, packet) in zip(sent.tolist(), chorus.packets(), strict=True):
            if not already:
                self._send(session, packet)

    def _send_rtcp(self, channel: Channel, packet: bytes) -> None:
        destination = channel.reports_to()
        if destination is not None and packet:
            try:
                channel.send_rtcp(packet, destination)
            except OSError:
                self._send_errors += 1

    def _execute(self, commands: list[Entry], now: float) -> None:
        core = self._core
        for command in commands:
            if isinstance(command, Flight | Secured | Failed):
                self._take_outcome(command)
                continue
            if not isinstance(command, ReservePorts | ReturnPorts):
                self._disengage(command.stream)
                if isinstance(command, Bridge):
                    self._disengage(command.other)
            if isinstance(command, OpenStream):
                self._open(command, now)
            elif isinstance(command, SetRemote):
                self._set_remote(command, now)
            elif isinstance(command, CloseStream):
                self._close(command.stream, now)
            elif isinstance(command, ReportClosed):
                self._waited_for = self._waited_for or bool(core.events)
            elif isinstance(command, ReservePorts):
                self._reservoir.reserve(command.count)
            elif isinstance(command, ReturnPorts):
                self._reservoir.release(command.ports)
            else:
                core.handle(command, now)

    def _disengage(self, stream: int) -> None:
        session = self._core.sessions.get(stream)
        if session is not None:
            self._wire.disengage(session)

    def _set_remote(self, command: SetRemote, now: float) -> None:
        moved = self._core.set_remote(command, now)
        channel = self._channels.get(command.stream)
        if channel is not None:
            channel.agree(command, self._handshakes)
            if moved:
                channel.aim()

    def _take_outcome(self, outcome: Outcome) -> None:
        """What the thread of handshakes tells of a stream, should that still be open."""
        channel = self._channels.get(outcome.stream)
        transport = channel.transport if channel is not None else None
        if channel is None or transport is None:
            return
        if isinstance(outcome, Flight):
            destination = outcome.to or channel.session.latch.destination
            if destination is not None and is_reachable(channel.rtp, destination):
                try:
                    for datagram in outcome.datagrams:
                        channel.rtp.sendto(datagram, destination)
                except OSError:
                    self._send_errors += 1
        elif isinstance(outcome, Secured):
            if transport.secured(outcome):
                channel.aim()
        elif outcome.peer == transport.peer:
            self._core.events.append(HandshakeFailed(outcome.stream, outcome.reason))

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
        self._wire.add(channel)

    def _close(self, stream: int, now: float) -> None:
        self._disengage(stream)
        channel = self._channels.pop(stream, None)
        goodbye = self._core.close(stream, now, time.time())
        if channel is None:
            return
        self._send_rtcp(channel, goodbye)
        if channel.transport is not None:
            channel.transport.close()
        self._wire.remove(channel)
        self._reservoir.give_back(channel.port, (channel.rtp, channel.rtcp))

    def _fill(self, now: float) -> None:
        if now < self._fill_at:
            return
        ports: tuple[Port, ...] = ()
        self._waited_for = self._waited_for or self._reservoir.asked
        with contextlib.suppress(OSError):  # out of descriptors: counted there, tried again
            ports = self._reservoir.fill(FILL_STEP)
        if ports:
            self._core.events.append(PortsOffered(ports))
        else:
            self._fill_at = now + FILL_PAUSE

    def _must_flush(self, now: float) -> bool:
        """Whether events are to be told now: one is waited for, or the first of them has waited long enough."""
        if self._flush_at is None:
            self._flush_at = now + LONGEST_WAIT
        if self._waited_for or now >= self._flush_at:
            return True
        return not all(isinstance(event, MAY_WAIT) for event in self._core.events)

    def _flush(self) -> None:
        self._flush_at = None
        self._waited_for = False
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
        self._handshakes.stop(STOP_SECONDS)
        self._reservoir.close()
        self._wire.close()
        if self._ring is not None:
            self._ring.close()
