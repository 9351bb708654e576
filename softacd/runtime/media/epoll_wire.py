"""The wire that works on every kernel: epoll, and one system call to receive a packet and one to send it."""

import time
from collections.abc import Callable

from softacd.rtp.lane import HEADER, MOVING, ROW
from softacd.runtime.media.channel import Channel
from softacd.runtime.media.wire import BATCH, DATAGRAM, Consider, Wire

BUSY_RATE, CALM_RATE = 60_000, 45_000
"""Packets a second above which batches are gathered, and below which they are no longer: so many come in small batches
by themselves."""
RATE_WINDOW = 0.1

Engaged = tuple[Callable[[memoryview], int], int, Callable[[memoryview], int]]
"""How a plain packet is received, its row, how it is sent."""


class EpollWire(Wire):
    """`coalesce` seconds are gathered under load, 0 never."""

    def __init__(self, consider: Consider, inbox: int, coalesce: float) -> None:
        super().__init__(consider, inbox)
        self._coalesce = coalesce
        self._batch_end = 0.0
        self._window_end = time.monotonic() + RATE_WINDOW
        self._window_packets = 0
        self._engaged: list[Engaged | None] = [None] * (max(inbox, self._timer.descriptor) + 1)
        """By descriptor."""

    def add(self, channel: Channel) -> None:
        super().add(channel)
        missing = max(channel.rtp.fileno(), channel.rtcp.fileno()) + 1 - len(self._engaged)
        self._engaged += [None] * missing

    def turn(self, deadline: float | None) -> bool:
        now = time.monotonic()
        if self.gathering:
            # Under load one wake-up serves many packets; each waits half of `coalesce` on average.
            if now < self._batch_end:
                time.sleep(self._batch_end - now)
                now = self._batch_end
            self._batch_end = now + self._coalesce
        ready = self._poller.poll(self._timeout(deadline, now), BATCH)
        now = time.monotonic()
        commands = False
        engaged, buffer, views, rows = self._engaged, self._buffer, self._views, self._lanes.rows
        whole = views[DATAGRAM]
        header, row = HEADER.unpack_from, ROW.unpack_from
        rewrite, move = HEADER.pack_into, MOVING.pack_into
        for descriptor, _ in ready:
            try:
                lane = engaged[descriptor]
                if lane is None:
                    if descriptor == self._inbox:
                        commands = True
                    elif descriptor == self._timer.descriptor:
                        self._armed = None
                        self._timer.clear()
                    else:
                        self._receive(descriptor, now)
                    continue
                receive, at, send = lane
                length = receive(whole)
                word, timestamp, ssrc = header(buffer)
                expected, _, before, jitter, octets, known, first, sent_as, later, further, rate, jump = row(rows, at)
                if word == expected and ssrc == known:
                    transit = now * rate - timestamp
                    change = transit - before
                    if change < 0.0:
                        change = -change
                    if change < jump and length > 12:
                        jitter += (change - jitter) * 0.0625  # RFC 3550 appendix A.8
                        move(rows, at, word + 1, timestamp, transit, jitter, octets + length)
                        rewrite(buffer, 0, first | word + further & 0xFFFF, timestamp + later & 0xFFFF_FFFF, sent_as)
                        send(views[length])
                        continue
                self._receive_unusual(descriptor, length, now)
            except OSError:
                # ICMP errors of packets sent before (connection refused) surface on any call (udp(7)).
                self.send_errors += 1
        self._window_packets += len(ready)
        if now >= self._window_end:
            self._measure_rate(now)
        return commands

    def _receive(self, descriptor: int, now: float) -> None:
        channel = self._by_descriptor.get(descriptor)
        if channel is None:
            self._receive_rtcp(descriptor, now)
        elif channel.settled:
            self._pass(channel, channel.recv_into(self._views[DATAGRAM]), now)
        else:
            self._receive_unsettled(channel, now)

    def _receive_unusual(self, descriptor: int, length: int, now: float) -> None:
        """A packet of an engaged stream that is not plain: it goes the usual way."""
        channel = self._by_descriptor[descriptor]
        self._disengage(channel)
        self._pass(channel, length, now)

    def _pass(self, channel: Channel, length: int, now: float) -> None:
        length = channel.receive(self._buffer, length, now)
        if length:
            channel.session.other.send(self._views[length])  # type: ignore[union-attr]  # a sink has one
            towards = self._engage(channel)
            if towards is not None:
                self._engaged[channel.rtp.fileno()] = channel.recv_into, channel.lane, towards.rtp.send

    def _disengage(self, channel: Channel) -> None:
        super()._disengage(channel)
        self._engaged[channel.rtp.fileno()] = None

    def _measure_rate(self, now: float) -> None:
        self.packets += self._window_packets
        rate = self._window_packets / (now - self._window_end + RATE_WINDOW)
        self.gathering = self._coalesce > 0 and rate > (CALM_RATE if self.gathering else BUSY_RATE)
        self._window_packets = 0
        self._window_end = now + RATE_WINDOW
