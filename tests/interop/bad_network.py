"""A bad network: two network namespaces joined by a wire in this process, which loses, doubles, delays and reorders.

What `tc netem` does, but also where the kernel was built without it: a TUN device in each namespace, and a thread that
carries packets between them. Signalling passes unharmed, so that a test judges the voice alone.
"""

import ctypes
import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import threading
import time
from itertools import count
from typing import NamedTuple, Self

NEW_NETWORK = 0x4000_0000
TUNSETIFF, TUN, NO_PACKET_INFORMATION = 0x4004_54CA, 0x0001, 0x1000
UDP, LONGEST = 17, 2048
SWITCH, PHONES = "10.98.0.1", "10.98.0.2"
"""The addresses of the two ends."""
_libc = ctypes.CDLL(None, use_errno=True)


class Faults(NamedTuple):
    """What happens to voice, as shares of packets and seconds. The delay of each packet is drawn anew."""

    loss: float = 0.0
    double: float = 0.0
    jitter: float = 0.0
    late: float = 0.0
    """Share of packets that are held back for longer than it takes the next one to come."""


def possible() -> str:
    """Why there can be no such network here; "" when there can."""
    if os.geteuid() != 0:
        return "namespaces and TUN devices need root"
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return "there is no /dev/net/tun"
    return ""


def _here() -> int:
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


class BadNetwork:
    """For `with`: this thread, and what it starts, is at the phones' end of the wire; `at_switch` is the other."""

    def __init__(self, faults: Faults, ports: range, *, seed: int = 7) -> None:
        """`ports` are those of voice: packets from and to others pass unharmed."""
        self.faults = faults
        self.carried = self.lost = self.doubled = self.held = 0
        self._ports = ports
        self._chance = random.Random(seed)
        self._ends: dict[str, int] = {}
        self._tuns: dict[str, int] = {}
        self._home = -1
        self._stop, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._carry, name="wire", daemon=True)

    def __enter__(self) -> Self:
        self._home = _here()
        for address in (SWITCH, PHONES):
            if _libc.unshare(NEW_NETWORK):
                raise OSError(ctypes.get_errno(), "no network namespace")
            self._ends[address] = _here()
            self._tuns[address] = self._tun(address)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.write(self._wake, b"!")
        self._thread.join()
        self._enter(self._home)
        for descriptor in (*self._ends.values(), *self._tuns.values(), self._home, self._stop, self._wake):
            os.close(descriptor)

    def at_switch(self) -> None:
        """Be at the switch's end from now on."""
        self._enter(self._ends[SWITCH])

    def at_phones(self) -> None:
        """Be at the phones' end again."""
        self._enter(self._ends[PHONES])

    def _enter(self, namespace: int) -> None:
        if _libc.setns(namespace, NEW_NETWORK):
            raise OSError(ctypes.get_errno(), "cannot enter the network namespace")

    def _tun(self, address: str) -> int:
        tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", b"wire", TUN | NO_PACKET_INFORMATION))
        for words in (
            "link set lo up", f"addr add {address}/24 dev wire", "link set wire up txqueuelen 1000",
        ):  # fmt: skip
            subprocess.run(["ip", *words.split()], check=True)
        return tun

    # --- the wire --------------------

    def _carry(self) -> None:
        a, b = self._tuns.values()
        waiting: list[tuple[float, int, int, bytes]] = []
        order = count()
        poll = select.poll()
        for descriptor in (a, b, self._stop):
            poll.register(descriptor, select.POLLIN)
        while True:
            timeout = max(waiting[0][0] - time.monotonic(), 0) * 1000 if waiting else 1000
            ready = [descriptor for descriptor, _ in poll.poll(timeout)]
            if self._stop in ready:
                return
            now = time.monotonic()
            for descriptor in ready:
                packet = os.read(descriptor, LONGEST)
                for delay in self._fate(packet):
                    heapq.heappush(waiting, (now + delay, next(order), b if descriptor == a else a, packet))
            while waiting and waiting[0][0] <= now:
                _, _, descriptor, packet = heapq.heappop(waiting)
                os.write(descriptor, packet)

    def _fate(self, packet: bytes) -> list[float]:
        """The delays of a packet's copies; none when it is lost."""
        if packet[0] >> 4 != 4 or packet[9] != UDP:
            return [0.0]
        head = (packet[0] & 15) * 4
        source, destination = struct.unpack_from("!HH", packet, head)
        if source not in self._ports and destination not in self._ports:
            return [0.0]
        faults, chance = self.faults, self._chance
        self.carried += 1
        if chance.random() < faults.loss:
            self.lost += 1
            return []
        delay = chance.uniform(0, faults.jitter)
        if chance.random() < faults.late:
            self.held += 1
            delay += 0.045
        if chance.random() < faults.double:
            self.doubled += 1
            return [delay, delay + 0.003]
        return [delay]
