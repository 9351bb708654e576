"""What stands between the loop and the kernel: the sockets of all streams, and the packets that pass through them.

`EpollWire` works everywhere: it receives and sends one packet at a time. Whatever is not a plain packet of a settled
stream is the same for every wire and is found here, in `Wire`.
"""

import select
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from softacd.rtp.latch import Address
from softacd.rtp.session import Session
from softacd.runtime.media.channel import Channel
from softacd.runtime.media.sockets import discard_queued

DATAGRAM = 2048
BATCH = 1024
"""Datagrams taken in one turn."""

BUSY_RATE, CALM_RATE = 8000, 5000
"""Packets a second above which batches are gathered, and below which they are no longer."""
RATE_WINDOW = 0.1

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
        self._by_descriptor: dict[int, Channel] = {}
        self._by_rtcp_descriptor: dict[int, Channel] = {}

    def add(self, channel: Channel) -> None:
        """Serve a new channel; what its sockets hold already is thrown away."""
        for udp, table in ((channel.rtp, self._by_descriptor), (channel.rtcp, self._by_rtcp_descriptor)):
            discard_queued(udp)
            table[udp.fileno()] = channel
            self._poller.register(udp.fileno(), select.EPOLLIN)

    def remove(self, channel: Channel) -> None:
        """Serve a channel no longer; its sockets are the caller's to close."""
        del self._by_descriptor[channel.rtp.fileno()], self._by_rtcp_descriptor[channel.rtcp.fileno()]

    @abstractmethod
    def turn(self, deadline: float | None) -> bool:
        """Wait for packets until `deadline` (monotonic seconds) and serve those that have come.

        Returns whether commands wait in the inbox.
        """

    def close(self) -> None:
        """Give back what the wire itself holds of the kernel."""
        self._poller.close()

    def _receive_unsettled(self, channel: Channel, now: float) -> None:
        """Receive datagrams with their source, those of strangers too, until the queue is empty."""
        session, latch, buffer, views = channel.session, channel.session.latch, self._buffer, self._views
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
            if not self._consider(session, source[:2], buffer, length, now):
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


class EpollWire(Wire):
    """One system call to receive a packet, one to send it. `coalesce` seconds are gathered under load, 0 never."""

    def __init__(self, consider: Consider, inbox: int, coalesce: float) -> None:
        super().__init__(consider, inbox)
        self._coalesce = coalesce
        self._batch_end = 0.0
        self._window_end = time.monotonic() + RATE_WINDOW
        self._window_packets = 0

    def turn(self, deadline: float | None) -> bool:
        now = time.monotonic()
        if self.gathering:
            # Under load one wake-up serves many packets; each waits half of `coalesce` on average.
            if now < self._batch_end:
                time.sleep(self._batch_end - now)
                now = self._batch_end
            self._batch_end = now + self._coalesce
        ready = self._poller.poll(-1.0 if deadline is None else max(deadline - now, 0.0), BATCH)
        now = time.monotonic()
        commands = False
        by_descriptor, buffer, views = self._by_descriptor, self._buffer, self._views
        whole = views[DATAGRAM]
        for descriptor, _ in ready:
            channel = by_descriptor.get(descriptor)
            if channel is None:
                if descriptor == self._inbox:
                    commands = True
                else:
                    self._receive_rtcp(descriptor, now)
                continue
            try:
                if channel.settled:
                    length = channel.receive(buffer, channel.recv_into(whole), now)
                    if length:
                        channel.session.other.send(views[length])  # type: ignore[union-attr]  # a sink has one
                else:
                    self._receive_unsettled(channel, now)
            except OSError:
                # ICMP errors of packets sent before (connection refused) surface on any call (udp(7)).
                self.send_errors += 1
        self._window_packets += len(ready)
        if now >= self._window_end:
            self._measure_rate(now)
        return commands

    def _measure_rate(self, now: float) -> None:
        self.packets += self._window_packets
        rate = self._window_packets / (now - self._window_end + RATE_WINDOW)
        self.gathering = self._coalesce > 0 and rate > (CALM_RATE if self.gathering else BUSY_RATE)
        self._window_packets = 0
        self._window_end = now + RATE_WINDOW
