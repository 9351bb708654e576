"""What stands between the loop and the kernel: the sockets of all streams, and the packets that pass through them.

A settled stream that is merely relayed is *engaged*: its plain packets take the way of lane.py. Everything else is the
same for every wire and is found here. Before anything is done to a stream, and before its figures are read, it must be
disengaged or brought up to date.
"""

import select
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from softacd.rtp.lane import Lanes
from softacd.rtp.latch import Address
from softacd.rtp.session import Session
from softacd.runtime.media.channel import Channel
from softacd.runtime.media.sockets import discard_queued
from softacd.runtime.media.timer import Timer
from softacd.runtime.media.transport import Transport

DATAGRAM = 2048
BATCH = 1024
"""Datagrams taken in one turn."""

LANES = 4096
"""Streams that can be engaged at once; what one core can relay is far less."""

UNSETTLED_BATCH = 64
"""Datagrams of a stream without a settled source taken in one turn: a flood of strangers must not stop the loop."""

Consider = Callable[[Session, Address, bytearray, int, float], bool]
"""Whether a packet is the peer's (MediaCore.consider)."""


class Wire(ABC):
    """The sockets of all streams. One thread."""

    def __init__(self, consider: Consider, inbox: int) -> None:
        """`inbox` is the descriptor that is readable when commands wait."""
        self.packets = 0
        """RTP packets received."""
        self.send_errors = 0
        self.gathering = False
        """Whether packets come so fast that they are handled in batches."""
        self._consider = consider
        self._inbox = inbox
        self._buffer = bytearray(DATAGRAM)
        view = memoryview(self._buffer)
        self._views = [view[:size] for size in range(DATAGRAM + 1)]
        self._poller = select.epoll()
        self._poller.register(inbox, select.EPOLLIN)
        self._timer = Timer()
        self._poller.register(self._timer.descriptor, select.EPOLLIN)
        self._armed: float | None = None
        self._by_descriptor: dict[int, Channel] = {}
        self._by_rtcp_descriptor: dict[int, Channel] = {}
        self._by_stream: dict[int, Channel] = {}
        self._lanes = Lanes(LANES)

    def add(self, channel: Channel) -> None:
        """Serve a new channel; what its sockets hold already is thrown away."""
        for udp, table in ((channel.rtp, self._by_descriptor), (channel.rtcp, self._by_rtcp_descriptor)):
            discard_queued(udp)
            table[udp.fileno()] = channel
            self._poller.register(udp.fileno(), select.EPOLLIN)
        self._by_stream[channel.session.stream] = channel

    def remove(self, channel: Channel) -> None:
        """Serve a channel no longer; its sockets are the caller's to close."""
        self.disengage(channel.session)
        del self._by_stream[channel.session.stream]
        del self._by_descriptor[channel.rtp.fileno()], self._by_rtcp_descriptor[channel.rtcp.fileno()]

    # --- lanes ---------------------------------------------------------------------------------------------------

    def refresh(self, session: Session) -> None:
        """Bring the figures of a session up to date."""
        for one in (session, session.other):
            if one is not None:
                channel = self._by_stream[one.stream]
                if channel.lane >= 0:
                    one.inbound.take_back(self._lanes.rows, channel.lane)

    def disengage(self, session: Session) -> None:
        """Let a session, and the one it is bridged to, be treated in any way; packets engage them again."""
        for one in (session, session.other):
            if one is not None:
                channel = self._by_stream[one.stream]
                if channel.lane >= 0:
                    self._disengage(channel)

    def _disengage(self, channel: Channel) -> None:
        channel.session.inbound.take_back(self._lanes.rows, channel.lane)
        self._lanes.give_back(channel.lane)
        channel.lane = -1

    def _engage(self, channel: Channel) -> Channel | None:
        """Give a stream a lane if it is one for it: then the channel its packets go to."""
        session = channel.session
        if channel.secure is not None or session.other is None:
            return None
        towards = self._by_stream[session.other.stream]
        if not towards.plain:
            return None
        lane = self._lanes.take()
        if lane < 0:
            return None
        if not session.inbound.lend(self._lanes.rows, lane):
            self._lanes.give_back(lane)
            return None
        channel.lane = lane
        return towards

    # --- packets -------------------------------------------------------------------------------------------------

    @abstractmethod
    def turn(self, deadline: float | None) -> bool:
        """Wait for packets until `deadline` (monotonic seconds) and serve those that have come.

        Returns whether commands wait in the inbox.
        """

    def _timeout(self, deadline: float | None, now: float) -> float:
        """Seconds the poller may wait at most; that `deadline` has come is told by the timer."""
        if deadline is None:
            return -1.0
        if deadline <= now:
            return 0.0
        if deadline != self._armed:
            self._armed = deadline
            self._timer.arm(deadline)
        return -1.0

    def close(self) -> None:
        """Give back what the wire itself holds of the kernel."""
        self._poller.close()
        self._timer.close()

    def _receive_unsettled(self, channel: Channel, now: float) -> None:
        """Receive datagrams with their source, those of strangers too, until the queue is empty."""
        session, latch, buffer, views = channel.session, channel.session.latch, self._buffer, self._views
        for _ in range(UNSETTLED_BATCH):
            try:
                length, source = channel.rtp.recvfrom_into(views[DATAGRAM])
            except BlockingIOError:
                channel.settled = latch.peer is not None and channel.transport is None
                return
            if channel.transport is not None:
                length = self._admit(channel, channel.transport, length, source[:2], now)
                if not length:
                    continue
            elif channel.secure is not None:  # only a packet of the peer's own key may make its source the peer
                length = channel.secure.open(buffer, length)
                if not length:
                    continue
            known = latch.peer
            if not self._consider(session, source[:2], buffer, length, now):
                continue
            if known is None:
                channel.aim()
            length = session.inbound.receive(buffer, length, now)
            if length and session.other is not None:
                session.other.send(views[length])

    def _admit(self, channel: Channel, transport: Transport, length: int, source: Address, now: float) -> int:
        """Serve whatever is no packet of sound; the length of one that is, in the buffer and plain now, else 0."""
        arrival = transport.admit(self._buffer, length, source)
        if arrival.moved:
            channel.aim()
        if arrival.reply:
            channel.rtp.sendto(arrival.reply, source)
        elif arrival.rtcp:
            channel.session.receive_rtcp(arrival.rtcp, source, now, time.time())
        return arrival.length

    def _receive_rtcp(self, descriptor: int, now: float) -> None:
        channel = self._by_rtcp_descriptor.get(descriptor)
        if channel is None:
            return
        try:
            data, source = channel.rtcp.recvfrom(DATAGRAM)
        except OSError:
            return
        if channel.transport is not None:
            return  # no keys are agreed for this port
        if channel.secure is not None:
            data = channel.secure.open_rtcp(data)
            if not data:
                return
        channel.session.receive_rtcp(data, source[:2], now, time.time())
