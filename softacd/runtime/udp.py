"""SIP over UDP: one bound socket, drained in bursts by the event loop's reader."""

import asyncio
import socket
from collections.abc import Callable

from softacd.runtime.addresses import Addresses, same_family
from softacd.sip.transport import Flow, Transport

BURST = 32
"""Datagrams taken per wake-up, so that other sockets get their turn."""
BUFFER_BYTES = 4 << 20
LARGEST = 65_535
FLOWS_KEPT = 4096
"""Sources whose flows are kept ready: phones and carriers speak again and again."""


class UdpListener:
    """A listening point. `addresses` says what peers are told; `received` gets each datagram and its flow.

    `admit` says whether a host may speak: datagrams of others cost the look and nothing more.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        bind: tuple[str, int],
        addresses: Addresses,
        received: Callable[[bytes, Flow], None],
        burst_done: Callable[[], None],
        *,
        admit: Callable[[str], bool] = lambda host: True,
    ) -> None:
        """Raises OSError when the address cannot be bound."""
        family = socket.AF_INET6 if ":" in bind[0] else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            if family == socket.AF_INET6:  # IPv4 has its own sockets, and its addresses one spelling
                self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                self._socket.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)
            self._socket.bind(bind)
        except OSError:
            self._socket.close()
            raise
        self.bound: tuple[str, int] = self._socket.getsockname()[:2]
        self._towards = addresses.towards
        self.unsent = 0
        self._flows: dict[tuple[str, int], Flow] = {}
        self._loop = loop
        self._received = received
        self._admit = admit
        self._burst_done = burst_done
        loop.add_reader(self._socket.fileno(), self._read)

    def local(self, remote: str) -> tuple[str, int]:
        """Our address as a peer at `remote` is told."""
        return (self._towards(remote), self.bound[1])

    def reaches(self, remote: str) -> bool:
        """Whether a peer at `remote` can be sent to from here."""
        return same_family(self.bound[0], remote)

    def send(self, data: bytes, flow: Flow) -> None:
        """Send one datagram; what the kernel refuses is counted, SIP's own timers repeat it."""
        try:
            self._socket.sendto(data, flow.remote)
        except OSError:
            self.unsent += 1

    def close(self) -> None:
        """Stop listening."""
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()

    def _flow(self, source: tuple[str, int]) -> Flow:
        """The flow of a source heard for the first time, or again after long."""
        if len(self._flows) >= FLOWS_KEPT:
            self._flows.clear()
        flow = self._flows[source] = Flow(Transport.UDP, self.local(source[0]), source[:2])
        return flow

    def _read(self) -> None:
        receive = self._socket.recvfrom
        received = self._received
        admit = self._admit
        known, towards = self._flows.get, self._towards
        try:
            for _ in range(BURST):
                data, source = receive(LARGEST)
                if admit(source[0]):
                    flow = known(source)
                    if flow is None or flow.local[0] is not towards(source[0]):  # our address may have become known
                        flow = self._flow(source)
                    received(data, flow)
        except (BlockingIOError, InterruptedError):
            pass
        except ConnectionError:
            self.unsent += 1  # an ICMP error of something sent earlier
        finally:
            self._burst_done()
