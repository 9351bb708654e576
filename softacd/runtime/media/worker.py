"""A media worker: the media engine in a process of its own, told what to do over a local socket.

It outlives its control side: when the connection ends without `Stop`, streams flow on for the grace time, and a new
control side that connects may adopt them. With nothing to keep alive, and after the grace time, it ends.
"""

import os
import resource
import selectors
import socket
import struct
import sys
import time
from pathlib import Path

import msgspec

from softacd.rtp.vocabulary import (
    AnyCommand,
    AnyEvent,
    CloseStream,
    OpenStream,
    Port,
    PortsOffered,
    ReturnPorts,
    StreamClosed,
)
from softacd.runtime.collector import Collector
from softacd.runtime.media.clips import ClipLibrary
from softacd.runtime.media.dtls import Identity
from softacd.runtime.media.engine import MediaEngine
from softacd.runtime.media.worker_link import (
    VERSION,
    Adopt,
    Figures,
    Frames,
    Held,
    Identify,
    Ready,
    Stop,
    WorkerOrder,
    control_words,
    reachable,
)

FIGURES_SECONDS = 1.0
STOP_SECONDS = 5.0
FIRST_SECONDS = 20.0
"""How long a new worker waits for its control side."""
SWITCH_INTERVAL = 1e-4
"""Seconds the thread of the connection may keep the interpreter while media waits."""
CREDENTIALS = struct.Struct("3i")
"""struct ucred of unix(7): process, user, group."""


class Worker:
    """One worker. `run` returns when it has ended."""

    def __init__(self, order: WorkerOrder) -> None:
        self._order = order
        self._wake, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

        def events_ready() -> None:
            os.write(wake, b"!")

        clips = ClipLibrary([Path(root) for root in order.sounds], Path(order.messages) if order.messages else None)
        self._engine = MediaEngine(order.settings, events_ready, clips)
        self._selector = selectors.DefaultSelector()
        self._frames: Frames | None = None
        self._streams: dict[int, Port] = {}
        self._orphans: set[int] = set()
        self._ports: dict[int, Port] = {}
        self._unusable: tuple[str, ...] = ()
        self._ends_at: float | None = None
        self._stopping = False

    def run(self) -> None:
        """Serve. Raises OSError when ports or the socket cannot be had."""
        self._unusable = tuple(map(str, self._engine.start()))
        collector = Collector()
        collector.start(time.monotonic())
        listener = self._listen()
        self._selector.register(listener, selectors.EVENT_READ)
        self._selector.register(self._wake, selectors.EVENT_READ)
        self._ends_at = time.monotonic() + FIRST_SECONDS
        figures_at = 0.0
        while not self._stopping and self._engine.alive:
            rest = FIGURES_SECONDS if self._ends_at is None else max(self._ends_at - time.monotonic(), 0.0)
            for key, _ in self._selector.select(min(rest, FIGURES_SECONDS)):
                if key.fileobj is listener:
                    self._accept(listener)
                elif key.fd == self._wake:
                    os.read(self._wake, 4096)
                    self._report(self._engine.drain())
                else:
                    self._serve()
            now = time.monotonic()
            collector.turn(now)
            if now >= figures_at:
                figures_at = now + FIGURES_SECONDS
                self._say([Figures(self._engine.figures(), self._engine.recorder_figures())])
                collector.rest(now, quiet=not self._streams)
            self._end_grace(now)
        Path(self._order.path).unlink(missing_ok=True)
        self._engine.stop(STOP_SECONDS)
        self._report(self._engine.drain())

    def _listen(self) -> socket.socket:
        path = Path(self._order.path)
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        mask = os.umask(0o177)
        try:
            with reachable(path) as address:
                listener.bind(address)
        finally:
            os.umask(mask)
        listener.listen(4)
        listener.setblocking(False)
        return listener

    # --- the control side ---------------------------------------------------------------------------------------

    def _accept(self, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
        if CREDENTIALS.unpack(credentials)[1] not in (os.getuid(), 0):
            connection.close()
            return
        self._let_go()  # the newest control side is the one
        self._frames = Frames(connection)
        self._selector.register(connection, selectors.EVENT_READ)
        self._orphans = set(self._streams)
        held = tuple(Held(stream, port) for stream, port in self._streams.items())
        self._say([Ready(VERSION, os.getpid(), held, tuple(self._ports.values()), self._unusable)])
        self._ends_at = None

    def _serve(self) -> None:
        frames = self._frames
        if frames is None:
            return
        try:
            frames.flush()
            received = frames.receive()
            words = [word for one in received or () for word in control_words.decode(one)]
        except (OSError, ValueError) as error:
            sys.stderr.write(f"the control side is not understood: {error}\n")
            received, words = None, []
        commands: list[AnyCommand] = []
        for word in words:
            if isinstance(word, Stop):
                self._stopping = True
            elif isinstance(word, Identify):
                self._engine.identify(Identity(word.pem))
            elif isinstance(word, Adopt):
                self._adopt(word)
            else:
                if isinstance(word, OpenStream):
                    self._streams[word.stream] = word.port
                    self._ports.pop(word.port.rtp, None)
                elif isinstance(word, ReturnPorts):
                    for port in word.ports:
                        self._ports.pop(port.rtp, None)
                commands.append(word)
        if commands:
            self._engine.submit(commands)
        if received is None:
            self._let_go()

    def _adopt(self, word: Adopt) -> None:
        self._orphans -= set(word.streams)
        if self._orphans:
            self._ends_at = time.monotonic() + self._order.grace_seconds

    def _let_go(self) -> None:
        """The control side is gone: streams flow on for the grace time."""
        frames, self._frames = self._frames, None
        if frames is not None:
            self._selector.unregister(frames.socket)
            frames.socket.close()
            self._ends_at = time.monotonic() + (self._order.grace_seconds if self._streams else 0.0)

    def _end_grace(self, now: float) -> None:
        if self._ends_at is None or now < self._ends_at:
            return
        self._ends_at = None
        if self._frames is None:
            self._stopping = True
        else:
            self._engine.submit([CloseStream(stream) for stream in self._orphans])

    def _report(self, events: list[AnyEvent]) -> None:
        for event in events:
            if isinstance(event, PortsOffered):
                self._ports |= {port.rtp: port for port in event.ports}
            elif isinstance(event, StreamClosed):
                self._streams.pop(event.stream, None)
                self._orphans.discard(event.stream)
                if self._frames is None and not self._streams:
                    self._ends_at = time.monotonic()
        told = [event for event in events if getattr(event, "stream", None) not in self._orphans]
        if told:
            self._say(told)

    def _say(self, words: list[AnyEvent] | list[Ready] | list[Figures]) -> None:
        if self._frames is None:
            return
        try:
            self._frames.send(words)
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._frames.waiting else 0)
            self._selector.modify(self._frames.socket, wanted)
        except OSError:
            self._let_go()


def main() -> None:
    """Be the worker that standard input describes."""
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=WorkerOrder)
    sys.setswitchinterval(SWITCH_INTERVAL)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    Worker(order).run()


if __name__ == "__main__":
    main()
