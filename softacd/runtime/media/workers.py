"""The media engine as worker processes: the same interface as `MediaEngine`, the streams spread over N children.

One thread holds the connections. A worker that dies is replaced at once; its streams go on with another (see
softacd/rtp/spread.py). Workers an earlier control side has left behind are adopted instead of started anew.
"""

import os
import selectors
import signal
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec
import structlog

from softacd.rtp.model import MediaSettings
from softacd.rtp.recording import RATE
from softacd.rtp.spread import Spread
from softacd.rtp.vocabulary import AnyCommand, AnyEvent, PortsOffered
from softacd.runtime.media.dtls import Identity
from softacd.runtime.media.engine import MediaEngine
from softacd.runtime.media.inbox import Inbox
from softacd.runtime.media.loop import LoopFigures
from softacd.runtime.media.recorder import FRAME, HEADER, RecorderFigures
from softacd.runtime.media.worker_link import (
    VERSION,
    Adopt,
    ControlWord,
    Figures,
    Frames,
    Identify,
    Ready,
    Stop,
    WorkerOrder,
    reachable,
    worker_words,
)

log = structlog.get_logger(__name__)

START_SECONDS = 60.0
"""A worker that lives is waited for so long: a busy machine takes its time, and systemd waits 90 s for us."""
RETRY_SECONDS = 0.05
RESTART_PAUSE = 1.0
"""Least time between two starts of a worker in one place."""
END_SECONDS = 4.0
"""How long workers have for their last words."""
HOMELESS_SECONDS = 10.0
"""How long streams wait for a worker when none lives."""


class Place:
    """One of the N places for a worker, with its share of the ports."""

    def __init__(self, order: WorkerOrder) -> None:
        self.order = order
        self.process: subprocess.Popen[bytes] | None = None
        self.pid = 0
        self.frames: Frames | None = None
        self.number = 0
        """Of the worker in the spread; 0 until it is ready."""
        self.started_at = 0.0
        self.figures = Figures(LoopFigures(), RecorderFigures())


class WorkerPool:
    """`submit` and `drain` are safe from any thread and never wait; `events_ready` is called in the pool's thread."""

    def __init__(
        self,
        settings: MediaSettings,
        events_ready: Callable[[], object],
        sounds: Sequence[Path],
        *,
        command: Sequence[str],
        directory: Path,
        messages: Path | None = None,
    ) -> None:
        """`command` starts a worker; `directory` is where the workers' sockets are, `messages` where messages lie."""
        self._events: deque[AnyEvent] = deque()
        self._events_ready = events_ready
        self._told = False
        self._inbox: Inbox[AnyCommand] = Inbox()
        self._identity = Identity.create()
        self.fingerprint = self._identity.fingerprint
        """Of the certificate all workers show, as descriptions tell it."""
        self._spread = Spread(_written)
        self._command = list(command)
        self._places = [Place(order) for order in _orders(settings, sounds, directory, messages)]
        self._selector = selectors.DefaultSelector()
        self._workers = 0
        self._homeless_until = 0.0
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="media workers", daemon=True)
        self.failure: BaseException | None = None
        """What ended the pool, should anything but `stop` have done it."""
        self.restarts = 0
        """Workers that died and were replaced."""

    def start(self) -> list[str]:
        """Start or adopt the workers; sounds that could not be loaded, in words.

        Raises OSError when a worker cannot be started: its address cannot be bound, say.
        """
        for place in self._places:
            self._launch(place)
        unusable: list[str] = []
        for place in self._places:
            unusable = self._await(place) or unusable
        self._selector.register(self._inbox.descriptor, selectors.EVENT_READ)
        self._thread.start()
        return unusable

    def stop(self, timeout: float) -> None:
        """Close all streams and end the workers. Raises TimeoutError after `timeout` seconds."""
        self._stopping = True
        self._inbox.wake()
        if self._thread.ident is None:
            self.kill()  # one of them could not be started
            return
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise TimeoutError(f"the media workers did not stop within {timeout} s")

    def kill(self) -> None:
        """End the workers at once, whatever they carry."""
        for place in self._places:
            process = place.process  # the pool's thread may forget it now
            if process is not None:
                process.kill()
            elif place.number:
                _kill(place.pid)

    def submit(self, commands: Iterable[AnyCommand]) -> None:
        """Hand over commands; they are carried out in order."""
        self._inbox.put(commands)

    def drain(self) -> list[AnyEvent]:
        """All events since the last call, in order."""
        self._told = False
        events: list[AnyEvent] = []
        try:
            while True:
                events.append(self._events.popleft())
        except IndexError:
            return events

    def figures(self) -> LoopFigures:
        """What all workers hold and have done, as of a second ago."""
        each = [place.figures.loop for place in self._places]
        return LoopFigures(
            streams=sum(one.streams for one in each),
            reservoir=sum(one.reservoir for one in each),
            sockets=sum(one.sockets for one in each),
            packets=sum(one.packets for one in each),
            send_errors=sum(one.send_errors for one in each),
            unknown_streams=sum(one.unknown_streams for one in each),
            failed_binds=sum(one.failed_binds for one in each),
            gathering=any(one.gathering for one in each),
        )

    def recorder_figures(self) -> RecorderFigures:
        """How the writing of recordings goes, as of a second ago."""
        each = [place.figures.recorder for place in self._places]
        return RecorderFigures(
            sum(one.open for one in each),
            sum(one.waiting for one in each),
            sum(one.completed for one in each),
            sum(one.failed for one in each),
            next((one.error for one in each if one.error), ""),
        )

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def processes(self) -> list[int]:
        """Process ids of the workers that live."""
        return [place.pid for place in self._places if place.number]

    # --- starting and losing workers ----------------------------------------------------------------------------

    def _launch(self, place: Place) -> None:
        """Start a worker, unless one of an earlier control side is there. What it is, it says itself."""
        place.started_at = time.monotonic()
        place.frames = _connect(place.order.path)
        if place.frames is not None:
            return
        place.process = subprocess.Popen(  # noqa: S603 - this program itself, as the composition root names it
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C or the end of a terminal is the control side's affair
        )
        if place.process.stdin is not None:
            place.process.stdin.write(msgspec.json.encode(place.order) + b"\n")
            place.process.stdin.close()

    def _await(self, place: Place) -> list[str]:
        """Wait for a worker's first words. Raises OSError."""
        deadline = time.monotonic() + START_SECONDS
        while not place.number:
            if place.process is not None and place.process.poll() is not None:
                raise OSError(f"media worker ended at its start, status {place.process.returncode}")
            if time.monotonic() > deadline:
                raise OSError(f"media worker was not ready within {START_SECONDS:g} s")
            if place.frames is None:
                place.frames = _connect(place.order.path)
            unusable = self._hear(place)
            if unusable is not None:
                return unusable
            time.sleep(RETRY_SECONDS)
        return []

    def _hear(self, place: Place) -> list[str] | None:
        """Take what a worker says; the unusable sounds when it has just become ready."""
        frames = place.frames
        if frames is None:
            return None
        unusable = None
        try:
            received = frames.receive()
            for one in received or ():
                for word in worker_words.decode(one):
                    if isinstance(word, Ready):
                        unusable = self._welcome(place, word)
                    elif isinstance(word, Figures):
                        place.figures = word
                    elif place.number:
                        self._spread.take(place.number, word)
        except ValueError as error:
            log.error("a media worker is not understood", worker=place.pid, error=str(error))
            received = None
        if received is None:
            self._lose(place)
        return unusable

    def _welcome(self, place: Place, ready: Ready) -> list[str]:
        if ready.version != VERSION:
            raise ValueError(f"it speaks version {ready.version}, not {VERSION}")
        self._workers += 1
        place.number = self._workers
        place.pid = ready.process
        if ready.held:
            log.warning("media of an earlier run still flows", worker=ready.process, streams=len(ready.held))
        if place.frames is not None:
            self._selector.register(place.frames.socket, selectors.EVENT_READ, place)
            place.frames.send([Identify(self._identity.pem), Adopt(())])
        self._spread.add(place.number)
        self._spread.take(place.number, PortsOffered(ready.ports))
        return list(ready.unusable)

    def _lose(self, place: Place) -> None:
        """A worker's connection has ended: it is dead, or is made so."""
        frames, place.frames = place.frames, None
        if frames is not None:
            if place.number:
                self._selector.unregister(frames.socket)
            frames.socket.close()
        number, place.number = place.number, 0
        place.figures = Figures(LoopFigures(), RecorderFigures())
        if place.process is not None:
            place.process.kill()
            place.process.wait()
            place.process = None
        elif place.pid:
            _kill(place.pid)
        Path(place.order.path).unlink(missing_ok=True)
        if number:
            self._spread.lose(number)
            self.restarts += 1
            self._homeless_until = time.monotonic() + HOMELESS_SECONDS
            log.error(
                "a media worker has died; it is replaced and its streams move",
                worker=place.pid,
                waiting=self._spread.homeless,
            )

    # --- the thread ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._settle()
            while not self._stopping:
                self._turn()
            self._end()
        except BaseException as error:
            self.failure = error
            raise

    def _turn(self) -> None:
        missing = any(not place.number for place in self._places)
        for key, mask in self._selector.select(RETRY_SECONDS if missing or self._spread.homeless else None):
            if key.data is None:
                for command in self._inbox.take():
                    self._spread.carry(command)
                continue
            place: Place = key.data
            if mask & selectors.EVENT_WRITE:
                self._send(place, [])
            if mask & selectors.EVENT_READ and place.frames is not None:
                self._hear(place)
        if missing:
            self._replace()
        if self._spread.homeless and time.monotonic() > self._homeless_until:
            self._spread.give_up()
        self._settle()

    def _replace(self) -> None:
        now = time.monotonic()
        for place in self._places:
            if place.number:
                continue
            if place.process is not None and place.process.poll() is not None:
                log.error("a media worker ended at its start", status=place.process.returncode)
                place.process = None
            if place.process is None and place.frames is None:
                if now - place.started_at >= RESTART_PAUSE:
                    self._launch(place)
            elif place.frames is None:
                place.frames = _connect(place.order.path)
            self._hear(place)

    def _settle(self) -> None:
        """Send what workers are to be told and hand out what has happened."""
        spread = self._spread
        while spread.commands:
            told: dict[int, list[AnyCommand]] = {}
            while spread.commands:
                number, command = spread.commands.popleft()
                told.setdefault(number, []).append(command)
            for place in self._places:
                if place.number in told:
                    self._send(place, told[place.number])
        if spread.events:
            self._events.extend(spread.events)
            spread.events.clear()
            if not self._told:
                self._told = True
                self._events_ready()

    def _send(self, place: Place, words: Sequence[ControlWord]) -> None:
        frames = place.frames
        if frames is None:
            return
        try:
            frames.send(words) if words else frames.flush()
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if frames.waiting else 0)
            if self._selector.get_key(frames.socket).events != wanted:
                self._selector.modify(frames.socket, wanted, place)
        except OSError:
            self._lose(place)

    def _end(self) -> None:
        for command in self._inbox.take():
            self._spread.carry(command)
        self._settle()
        for place in self._places:
            if place.number:
                self._send(place, [Stop()])
        deadline = time.monotonic() + END_SECONDS
        while any(place.number for place in self._places) and time.monotonic() < deadline:
            for key, _ in self._selector.select(RETRY_SECONDS):
                if key.data is not None:
                    self._hear_last(key.data)
        for place in self._places:
            if place.process is not None:
                if place.number or place.frames is None:  # it has not ended by itself, or never got so far
                    place.process.kill()
                place.process.wait()
        self._settle()

    def _hear_last(self, place: Place) -> None:
        """The statistics of streams that end with the worker, and its end."""
        if place.frames is None:
            return
        received = place.frames.receive()
        for one in received or ():
            for word in worker_words.decode(one):
                if not isinstance(word, Ready | Figures):
                    self._spread.take(place.number, word)
        if received is None:
            self._selector.unregister(place.frames.socket)
            place.frames.socket.close()
            place.number = 0


AnyEngine = MediaEngine | WorkerPool
"""The media engine, wherever it runs."""


def _orders(
    settings: MediaSettings, sounds: Sequence[Path], directory: Path, messages: Path | None
) -> list[WorkerOrder]:
    """The range of ports cut into as many even shares as there are workers."""
    count = settings.workers
    first, last = (settings.port_low + 1) // 2 * 2, settings.port_high
    share = (last + 1 - first) // count // 2 * 2
    orders = []
    for index in range(count):
        low = first + index * share
        mine = msgspec.structs.replace(
            settings,
            port_low=low,
            port_high=low + share - 1,
            reservoir=max(2, min(-(-settings.reservoir // count), share // 2)),
            workers=0,
        )
        path = str(directory / f"media-{index + 1}.sock")
        heard = str(messages or "")
        orders.append(WorkerOrder(path, mine, tuple(map(str, sounds)), settings.worker_grace_seconds, heard))
    return orders


def _connect(path: str) -> Frames | None:
    connection = socket.socket(socket.AF_UNIX)
    try:
        with reachable(Path(path)) as address:
            connection.connect(address)
    except OSError:
        connection.close()
        return None
    return Frames(connection)


def _kill(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return


def _written(path: str) -> tuple[float, int]:
    try:
        octets = Path(path).stat().st_size
    except OSError:
        return 0.0, 0
    return max(octets - HEADER.size, 0) / (RATE * FRAME), octets
