"""What passes between the control side and a worker over their local socket, and how it is framed.

A frame is its length (4 octets, little-endian) and a msgpack array of words: those of softacd/rtp/vocabulary.py and
these few, which are about the worker itself.
"""

import os
import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from softacd.rtp.model import MediaSettings
from softacd.rtp.vocabulary import AnyCommand, AnyEvent, Port
from softacd.runtime.media.loop import LoopFigures
from softacd.runtime.media.recorder import RecorderFigures

LENGTH = struct.Struct("<I")
MOST = 16 << 20
"""Octets of the longest frame that is believed."""
VERSION = 3
"""Of this language: a worker of another version is not adopted."""


class WorkerOrder(msgspec.Struct, frozen=True):
    """What a worker is to be, as one line of JSON on its standard input."""

    path: str
    """Where its socket is to listen."""
    settings: MediaSettings
    sounds: tuple[str, ...]
    grace_seconds: float
    """How long streams flow on without a control side."""
    messages: str = ""
    """Directory the clips of messages are below."""


class Adopt(msgspec.Struct, frozen=True, tag=True):
    """Control side: these streams are mine; what others there are ends when the grace time is over."""

    streams: tuple[int, ...]


class Identify(msgspec.Struct, frozen=True, tag=True):
    """Control side: be this in DTLS handshakes from now on; key and certificate as PEM."""

    pem: bytes

    def __repr__(self) -> str:
        return "Identify(pem=***)"


class Stop(msgspec.Struct, frozen=True, tag=True):
    """Control side: close everything and end."""


class Held(msgspec.Struct, frozen=True, array_like=True):
    """A stream that flows."""

    stream: int
    port: Port


class Ready(msgspec.Struct, frozen=True, tag=True):
    """Worker, first of all: who it is, what it holds from an earlier control side, and the ports it has on offer."""

    version: int
    process: int
    held: tuple[Held, ...]
    ports: tuple[Port, ...]
    unusable: tuple[str, ...]
    """Sounds that could not be loaded, in words."""


class Figures(msgspec.Struct, frozen=True, tag=True):
    """Worker, once a second."""

    loop: LoopFigures
    recorder: RecorderFigures


ControlWord = AnyCommand | Adopt | Identify | Stop
WorkerWord = AnyEvent | Ready | Figures

_encode = msgspec.msgpack.Encoder().encode
control_words: msgspec.msgpack.Decoder[list[ControlWord]] = msgspec.msgpack.Decoder(list[ControlWord])
worker_words: msgspec.msgpack.Decoder[list[WorkerWord]] = msgspec.msgpack.Decoder(list[WorkerWord])


@contextmanager
def reachable(path: Path) -> Iterator[str]:
    """An address for a socket at `path`, which may be longer than unix(7) allows (108 octets)."""
    directory = os.open(path.parent, os.O_PATH | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


def frame(words: Sequence[ControlWord | WorkerWord]) -> bytes:
    """Words as they travel."""
    body = _encode(words)
    return LENGTH.pack(len(body)) + body


class Frames:
    """One end of a connection: octets in, frames out. The socket is non-blocking; what cannot be sent yet waits."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self.socket = connection
        self._received = bytearray()
        self._waiting = bytearray()

    @property
    def waiting(self) -> bool:
        """Whether something is to be sent as soon as the socket can."""
        return bool(self._waiting)

    def send(self, words: Sequence[ControlWord | WorkerWord]) -> None:
        """Send words. Raises OSError when the other end is gone."""
        self._waiting += frame(words)
        self.flush()

    def flush(self) -> None:
        """Send what waits, as far as the socket takes it. Raises OSError when the other end is gone."""
        while self._waiting:
            try:
                sent = self.socket.send(self._waiting)
            except BlockingIOError:
                return
            del self._waiting[:sent]

    def receive(self) -> list[bytes] | None:
        """The frames that have come; None when the other end is gone. Raises ValueError for what is no frame."""
        try:
            data = self.socket.recv(1 << 18)
        except BlockingIOError:
            return []
        except OSError:
            return None
        if not data:
            return None
        self._received += data
        found: list[bytes] = []
        while len(self._received) >= LENGTH.size:
            (length,) = LENGTH.unpack_from(self._received)
            if length > MOST:
                raise ValueError(f"a frame of {length} octets")
            end = LENGTH.size + length
            if len(self._received) < end:
                break
            found.append(bytes(self._received[LENGTH.size : end]))
            del self._received[:end]
        return found
