"""Port pairs bound ahead of need, so that an answer never waits for a socket."""

import errno
import random
import socket
from collections import deque
from collections.abc import Iterable

from softacd.rtp.model import MediaSettings
from softacd.rtp.vocabulary import Port
from softacd.runtime.media.sockets import bind_pair

TRIES = 64
"""Ports tried in one call of `fill` before leaving the rest to the next: other programs may hold many."""

Pair = tuple[socket.socket, socket.socket]


class Reservoir:
    """Ports of the configured range: free, or bound and offered. Those in use belong to their streams.

    A port that is given back goes to the end of the line, so that late packets of an old call find nobody for as
    long as possible. The order is random, so that a port cannot be guessed from the one before.
    """

    def __init__(self, settings: MediaSettings, chance: random.Random) -> None:
        self._host = settings.host
        self._target = settings.reservoir
        first = (settings.port_low + 1) // 2 * 2
        free = list(range(first, settings.port_high, 2))
        chance.shuffle(free)
        self._free = deque(free)
        self._pairs = len(free)
        self._offered: dict[int, Pair] = {}
        self._asked = 0  # pairs wanted beyond the target, not bound yet
        self.taken = 0
        """Port pairs in use by streams."""
        self.failed_binds = 0

    def __len__(self) -> int:
        return len(self._offered)

    @property
    def short(self) -> bool:
        """Whether `fill` has something to do."""
        return (len(self._offered) < self._target or self._asked > 0) and bool(self._free)

    @property
    def asked(self) -> bool:
        """Whether pairs beyond the target are waited for."""
        return self._asked > 0

    def reserve(self, count: int) -> None:
        """Have `fill` bind `count` pairs more; those the range has not free now, as soon as it has."""
        self._asked = min(self._asked + max(count, 0), self._pairs)

    def release(self, ports: Iterable[Port]) -> None:
        """Close offered pairs nobody needs; `fill` does not make up for them unless fewer than the target are left."""
        for port in ports:
            pair = self.take(port)
            if pair is not None:
                self.give_back(port.rtp, pair)

    def fill(self, at_most: int = TRIES) -> tuple[Port, ...]:
        """Bind up to `at_most` pairs that are missing and return them for the offer.

        Raises OSError when the host's address is not this machine's, or the limit of open files is reached.
        """
        ports: list[Port] = []
        tries = 0
        while self.short and len(ports) < at_most and tries < TRIES + at_most:
            tries += 1
            port = self._free.popleft()
            try:
                self._offered[port] = bind_pair(self._host, port)
            except OSError as error:
                self._free.append(port)
                self.failed_binds += 1
                if error.errno in {errno.EADDRINUSE, errno.EACCES}:
                    continue
                if ports:
                    break  # out of descriptors: offer what there is
                raise
            if self._asked and len(self._offered) > self._target:
                self._asked -= 1
            ports.append(Port(self._host, port))
        return tuple(ports)

    def take(self, port: Port) -> Pair | None:
        """The sockets of an offered port, now the caller's; None when it is not on offer."""
        if port.host != self._host:
            return None
        pair = self._offered.pop(port.rtp, None)
        if pair is not None:
            self.taken += 1
        return pair

    def give_back(self, port: int, pair: Pair) -> None:
        """Close the sockets of a stream that has ended; the port is free again."""
        for udp in pair:
            udp.close()
        self.taken -= 1
        self._free.append(port)

    def close(self) -> None:
        """Close everything on offer."""
        for pair in self._offered.values():
            for udp in pair:
                udp.close()
        self._offered.clear()
