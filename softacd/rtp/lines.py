"""Lines: pairs of streams that join two workers over the loopback interface.

The near end is with the worker of the stream the line is for, the far end with the other; both have negative numbers,
which no stream of the control side has. They speak the codec of that stream, so that nothing is transcoded twice.
"""

from collections.abc import Callable

import msgspec

from softacd.rtp.latch import UNSPECIFIED
from softacd.rtp.vocabulary import AnyCommand, CloseStream, Codec, OpenStream, Port, SetRemote

LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - replaced, never bound to
TELEPHONE_EVENT = 101


class Line(msgspec.Struct):
    """One line: its two ends, each with its worker and its port, and who it is for."""

    near: int
    near_worker: int
    near_port: Port
    far: int
    far_worker: int
    far_port: Port
    users: tuple[int, ...]


class Lines:
    """All lines. `tell(worker, command)`; `port(worker)` is a port of a worker for a line, None when it has
    none; `give_back(port)` when it was not needed after all."""

    def __init__(
        self,
        tell: Callable[[int, AnyCommand], None],
        port: Callable[[int], Port | None],
        give_back: Callable[[Port], None],
    ) -> None:
        self._tell = tell
        self._port = port
        self._give_back = give_back
        self._by_user: dict[int, Line] = {}
        self._last = 0

    def __len__(self) -> int:
        return len({id(line) for line in self._by_user.values()})

    def of(self, stream: int) -> Line | None:
        """The line a stream uses."""
        return self._by_user.get(stream)

    def between(
        self, stream: int, worker: int, other: int | None, other_worker: int, remote: SetRemote | None
    ) -> Line | None:
        """A line from `stream` to `other` (or to a room), instead of those they use; None when there is no port."""
        users = (stream,) if other is None else (stream, other)
        for user in users:
            self.end(user)
        near_port = self._port(worker)
        far_port = self._port(other_worker) if near_port is not None else None
        if near_port is None or far_port is None:
            if near_port is not None:
                self._give_back(near_port)
            return None
        line = Line(self._number(), worker, near_port, self._number(), other_worker, far_port, users)
        for user in users:
            self._by_user[user] = line
        self._tell(worker, OpenStream(line.near, near_port))
        self._tell(other_worker, OpenStream(line.far, far_port))
        self._agree(line, remote)
        return line

    def speak(self, remote: SetRemote) -> None:
        """A stream has agreed on something new: its line speaks the same codec."""
        line = self._by_user.get(remote.stream)
        if line is not None and line.users[0] == remote.stream:
            self._agree(line, remote)

    def end(self, stream: int) -> None:
        """Close the line a stream uses, if it uses one."""
        line = self._by_user.get(stream)
        if line is None:
            return
        for user in line.users:
            del self._by_user[user]
        self._tell(line.near_worker, CloseStream(line.near))
        self._tell(line.far_worker, CloseStream(line.far))

    def lose(self, worker: int) -> None:
        """A worker has died, and with it the lines it had an end of."""
        for stream, line in list(self._by_user.items()):
            if worker in (line.near_worker, line.far_worker) and stream in self._by_user:
                self.end(stream)

    def _number(self) -> int:
        self._last -= 1
        return self._last

    def _agree(self, line: Line, remote: SetRemote | None) -> None:
        codec = remote.codec if remote is not None else Codec("PCMA", 8)
        event = TELEPHONE_EVENT if remote is None or remote.telephone_event is None else remote.telephone_event
        for worker, stream, port in (
            (line.near_worker, line.near, line.far_port),
            (line.far_worker, line.far, line.near_port),
        ):
            host = LOOPBACK.get(port.host, port.host) if port.host in UNSPECIFIED else port.host
            self._tell(worker, SetRemote(stream, host, port.rtp, port.rtp + 1, codec, event, latch=False))
