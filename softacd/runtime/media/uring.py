"""Many packets to many sockets by one system call: io_uring, as far as sending music needs it.

A chorus (softacd.rtp.chorus) has all its packets side by side in memory. One entry of the submission queue for each is
made of arrays by a few operations, and one call hands all of them to the kernel, which sends them before it returns.
Only failures are reported. Where the kernel refuses any of this, `open_ring` returns None and packets are sent one by
one. Numbers are of linux/io_uring.h.
"""

import ctypes
import mmap
import os
import socket
from typing import Final

import numpy as np
import numpy.typing as npt

ENTRIES: Final = 1024
SYS_SETUP, SYS_ENTER = 425, 426
SETUP_CLAMP, SETUP_SUBMIT_ALL = 1 << 4, 1 << 7
FEATURE_SINGLE_MMAP: Final = 1 << 0
OFFSET_ENTRIES: Final = 0x10000000
OP_SEND: Final = 26
SKIP_SUCCESS: Final = 1 << 6
"""No completion of what went well (Linux 5.17)."""
ENTRY, COMPLETION = 64, 16
"""Octets of an entry of either queue."""

Words = npt.NDArray[np.uint32]

_libc = ctypes.PyDLL(None, use_errno=True)  # keeps the interpreter: the call sends and returns
_libc.syscall.restype = ctypes.c_long
_libc.syscall.argtypes = [ctypes.c_long] * 7


class Ring:
    """A submission queue for sends. One thread at a time. `send` is all there is to do with it."""

    def __init__(self, entries: int = ENTRIES) -> None:
        """Raises OSError when the kernel refuses."""
        parameters = np.zeros(30, np.uint32)
        parameters[2] = SETUP_CLAMP | SETUP_SUBMIT_ALL
        self._descriptor = _call(SYS_SETUP, entries, parameters.ctypes.data)
        try:
            if not int(parameters[5]) & FEATURE_SINGLE_MMAP:
                raise OSError("io_uring of a kernel before 5.4")
            self._map(parameters)
        except (OSError, ValueError):
            os.close(self._descriptor)
            raise
        self.errors = 0
        """Packets the kernel could not send."""

    def _map(self, parameters: Words) -> None:
        self._entries, completions = int(parameters[0]), int(parameters[1])
        sq_head, sq_tail, _, _, _, _, array = map(int, parameters[10:17])
        cq_head, cq_tail, _, _, _, cqes = map(int, parameters[20:26])
        size = max(array + 4 * self._entries, cqes + COMPLETION * completions)
        self._rings = mmap.mmap(self._descriptor, size, mmap.MAP_SHARED | mmap.MAP_POPULATE)
        self._queue = mmap.mmap(
            self._descriptor, ENTRY * self._entries, mmap.MAP_SHARED | mmap.MAP_POPULATE, offset=OFFSET_ENTRIES
        )
        words = np.frombuffer(self._rings, np.uint32, size // 4)
        self._sq_head, self._sq_tail = words[sq_head // 4 :][:1], words[sq_tail // 4 :][:1]
        self._cq_head, self._cq_tail = words[cq_head // 4 :][:1], words[cq_tail // 4 :][:1]
        words[array // 4 :][: self._entries] = np.arange(self._entries)  # each place of the queue is its own entry
        entries = np.frombuffer(self._queue, np.uint32).reshape(self._entries, ENTRY // 4)
        entries[:] = 0
        entries[:, 0] = OP_SEND | SKIP_SUCCESS << 8
        entries[:, 7] = socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL
        self._sockets = entries[:, 1]
        self._addresses = entries.view(np.uint64)[:, 2]
        self._lengths = entries[:, 6]
        self._ids = np.arange(self._entries)

    def send(self, sockets: npt.NDArray[np.int32], addresses: npt.NDArray[np.uint64], length: int) -> int:
        """Send `length` octets at each of `addresses` by the connected socket of the same place.

        Returns how many were handed over: all, unless the kernel is out of memory.
        """
        done = 0
        while done < len(sockets):
            count = min(len(sockets) - done, self._entries)
            tail = int(self._sq_tail[0])
            places = self._ids[:count] + tail & self._entries - 1
            self._sockets[places] = sockets[done : done + count]
            self._addresses[places] = addresses[done : done + count]
            self._lengths[places] = length
            self._sq_tail[0] = tail + count & 0xFFFF_FFFF
            try:
                taken = _call(SYS_ENTER, self._descriptor, count)
            except OSError:
                taken = 0
            done += taken
            self._count_errors()
            if taken < count:  # what was not taken must not be sent later
                self._sq_tail[0] = self._sq_head[0]
                break
        return done

    def _count_errors(self) -> None:
        failed = int(self._cq_tail[0] - self._cq_head[0]) & 0xFFFF_FFFF
        if failed:
            self.errors += failed
            self._cq_head[0] = self._cq_tail[0]

    def close(self) -> None:
        """Give the kernel's part back."""
        os.close(self._descriptor)


def open_ring() -> Ring | None:
    """A ring that has sent a packet, as a kernel may know io_uring and yet not all that is asked of it here."""
    try:
        ring = Ring()
    except (OSError, ValueError):
        return None
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with one, other:
        other.setblocking(False)
        packet = np.frombuffer(b"softacd", np.uint8)
        address = np.array([packet.ctypes.data], np.uint64)
        try:
            sent = ring.send(np.array([one.fileno()], np.int32), address, len(packet))
            if sent == 1 and not ring.errors and other.recv(16) == packet.tobytes():
                return ring
        except OSError:
            pass
    ring.close()
    return None


def _call(number: int, *arguments: int) -> int:
    """A system call. Raises OSError."""
    padded = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    result: int = _libc.syscall(number, *padded)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
