"""Music to many at once: listeners whose next packets are due together are served by a few operations on arrays.

A chorus is the listeners of one looped sound, in one codec and packet time, in one slot of the pacer's wheel. Their
packets lie in one matrix, a row each: a tick counts all headers on and copies each listener's stretch of the sound
behind its header. Who joins lends its numbers and its position to a row; they are taken back, or brought up to date,
before anybody else looks at them. Whoever owns the sockets may send all rows at once: `handles` and `addresses` say by
what and from where.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from softacd.rtp.packet import HEADER, HEADER_SIZE, PLAIN

if TYPE_CHECKING:
    from softacd.rtp.session import Session

ROOM = 16
"""Rows a chorus begins with."""
SAMPLES_PER_MS = 8
"""Of G.711, an octet each."""


class Chorus:
    """Listeners of one sound. `slot` is where the pacer holds it."""

    __slots__ = (
        "_joined",
        "_matrix",
        "_positions",
        "_rows",
        "_sequences",
        "_size",
        "_sound",
        "_ticks",
        "_timestamps",
        "addresses",
        "at",
        "data",
        "handles",
        "packet_ms",
        "sessions",
        "slot",
        "sung",
    )

    def __init__(self, data: bytes, packet_ms: int) -> None:
        """`data` is the sound in the codec spoken, at least a packet of it."""
        self.data = data
        self.packet_ms = packet_ms
        self.slot = 0
        self.sessions: list[Session] = []
        self._size = packet_ms * SAMPLES_PER_MS
        whole = np.frombuffer(data + data[: self._size], np.uint8)
        self._sound = np.lib.stride_tricks.sliding_window_view(whole, self._size)
        self._ticks = 0
        self.at = 0.0
        """When it has sung last."""
        self.sung = 0
        """To how many, the first ones: who has joined since is not due yet."""
        self._matrix: npt.NDArray[np.uint8] = np.zeros((0, HEADER_SIZE + self._size), np.uint8)
        self._positions: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self._joined: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self.handles: npt.NDArray[np.int32] = np.zeros(0, np.int32)
        """By row: `Session.handle`. Of as many rows as there are sessions."""
        self.addresses: npt.NDArray[np.uint64] = np.zeros(0, np.uint64)
        """By row: where the packet lies in memory."""
        self._make_room(ROOM)

    def join(self, session: "Session", position: int) -> None:
        """Take over a session that has spoken: its next packet is the chorus's."""
        row = len(self.sessions)
        if row == len(self._rows):
            self._make_room(2 * row)
        out = session.outbound
        HEADER.pack_into(self._rows[row], 0, PLAIN, out.payload_type, out.sequence, out.timestamp, out.ssrc)
        self._positions[row] = position
        self._joined[row] = self._ticks
        self.handles[row] = session.handle
        self.sessions.append(session)

    def refresh(self, session: "Session") -> int:
        """Bring the numbers of a session up to date; its position in the sound."""
        return self._refresh(self.sessions.index(session), session)

    def leave(self, session: "Session") -> int:
        """Give a session its numbers back; its position in the sound."""
        row = self.sessions.index(session)
        position = self._refresh(row, session)
        last = len(self.sessions) - 1
        if row != last:  # the last row takes the place of the one that is free now
            self.sessions[row] = self.sessions[last]
            self._matrix[row] = self._matrix[last]
            self._positions[row] = self._positions[last]
            self._joined[row] = self._joined[last]
            self.handles[row] = self.handles[last]
        self.sessions.pop()
        return position

    def reach(self, session: "Session") -> None:
        """The handle of a session has changed."""
        self.handles[self.sessions.index(session)] = session.handle

    @property
    def length(self) -> int:
        """Octets of a packet."""
        return HEADER_SIZE + self._size

    def packets(self) -> Iterator[tuple["Session", memoryview]]:
        """What the last tick made; it holds until the next."""
        return zip(self.sessions[: self.sung], self._rows, strict=False)

    def tick(self, now: float) -> None:
        """Make everybody's next packet."""
        count = self.sung = len(self.sessions)
        self._ticks += 1
        self.at = now
        sequences, timestamps = self._sequences[:count], self._timestamps[:count]
        sequences += 1
        timestamps += self._size
        positions = self._positions[:count]
        self._matrix[:count, HEADER_SIZE:] = self._sound[positions]
        positions += self._size
        positions[positions >= len(self.data)] -= len(self.data)

    def _refresh(self, row: int, session: "Session") -> int:
        out = session.outbound
        passed = self._ticks - int(self._joined[row])
        if passed:
            self._joined[row] = self._ticks
            out.sequence = int(self._sequences[row])
            out.timestamp = int(self._timestamps[row])
            out.sent += passed
            out.octets += passed * self._size
            out.sent_at = self.at
        return int(self._positions[row])

    def _make_room(self, rows: int) -> None:
        length = self.length
        memory = bytearray(rows * length)
        matrix: npt.NDArray[np.uint8] = np.frombuffer(memory, np.uint8).reshape(rows, length)
        positions, joined = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
        handles = np.zeros(rows, np.int32)
        if self.sessions:
            kept = len(self.sessions)
            matrix[:kept] = self._matrix[:kept]
            positions[:kept] = self._positions[:kept]
            joined[:kept] = self._joined[:kept]
            handles[:kept] = self.handles[:kept]
        self._matrix, self._positions, self._joined, self.handles = matrix, positions, joined, handles
        self.addresses = matrix.ctypes.data + np.arange(rows, dtype=np.uint64) * length
        self._sequences = matrix[:, 2:4].view(">u2")[:, 0]
        self._timestamps = matrix[:, 4:8].view(">u4")[:, 0]
        view = memoryview(memory)
        self._rows = [view[row * length : (row + 1) * length] for row in range(rows)]
