"""A test bench for the media engine: phones with real sockets on loopback, and events waited for, never slept for."""

import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from softacd.rtp.g711 import encode
from softacd.rtp.model import MediaSettings
from softacd.rtp.packet import Packet, parse
from softacd.rtp.vocabulary import (
    AnyCommand,
    AnyEvent,
    Codec,
    OpenStream,
    Port,
    PortsLost,
    PortsOffered,
    SetRemote,
    StreamClosed,
)
from softacd.runtime.media.clips import ClipLibrary
from softacd.runtime.media.engine import MediaEngine
from softacd.runtime.media.workers import AnyEngine, WorkerPool

HOST = "127.0.0.1"
PCMU, PCMA = Codec("PCMU", 0), Codec("PCMA", 8)
PATIENCE = 5.0
Event = TypeVar("Event")


def tone(samples: int, frequency: float = 440.0) -> np.ndarray:
    """`samples` samples of a sine wave."""
    return (10_000 * np.sin(2 * np.pi * frequency * np.arange(samples) / 8000)).astype(np.int16)


class Phone:
    """One peer: an RTP socket and an RTCP socket, its own numbering, and what it has heard."""

    def __init__(self, codec: Codec = PCMU, *, event: int | None = 101, host: str = HOST) -> None:
        self.codec = codec
        self.event = event
        self.rtp, self.rtcp = socket.socket(type=socket.SOCK_DGRAM), socket.socket(type=socket.SOCK_DGRAM)
        for udp in (self.rtp, self.rtcp):
            udp.bind((host, 0))
            udp.settimeout(PATIENCE)
        self.sequence, self.timestamp, self.ssrc = 65_530, 0xFFFF_FE00, 0x1234_5678
        self.target: tuple[str, int] = (HOST, 9)

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.rtp.getsockname()
        return host, port

    def say(self, payload: bytes = b"", *, target: tuple[str, int] | None = None) -> bytes:
        """Send one packet of voice; its payload."""
        payload = payload or encode(self.codec.name, tone(160))
        packet = Packet(self.codec.payload_type, self.sequence, self.timestamp, self.ssrc, payload)
        self.rtp.sendto(packet.build(), target or self.target)
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.timestamp = (self.timestamp + 160) & 0xFFFF_FFFF
        return payload

    def press(self, event: int, packets: int = 5) -> None:
        """One key press: start, updates, three ends."""
        for number in range(1, packets + 1):
            end = number > packets - 3
            duration = 160 * min(number, packets - 2)
            payload = bytes((event, 0x8A if end else 0x0A)) + duration.to_bytes(2, "big")
            packet = Packet(self.event or 101, self.sequence, self.timestamp, self.ssrc, payload, marker=number == 1)
            self.rtp.sendto(packet.build(), self.target)
            self.sequence = (self.sequence + 1) & 0xFFFF
        self.timestamp = (self.timestamp + 160 * packets) & 0xFFFF_FFFF

    def hear(self) -> Packet:
        """The next packet that comes."""
        return parse(self.rtp.recv(2048))

    def hears_nothing(self, seconds: float = 0.05) -> bool:
        """Whether nothing comes for `seconds`."""
        self.rtp.settimeout(seconds)
        try:
            self.rtp.recv(2048)
        except TimeoutError:
            return True
        finally:
            self.rtp.settimeout(PATIENCE)
        return False

    def drain(self) -> list[Packet]:
        """All that has come already."""
        self.rtp.setblocking(False)
        heard = []
        try:
            while True:
                heard.append(parse(self.rtp.recv(2048)))
        except BlockingIOError:
            return heard
        finally:
            self.rtp.settimeout(PATIENCE)

    def close(self) -> None:
        self.rtp.close()
        self.rtcp.close()


class Bench:
    """An engine, its event feed, and phones attached to streams."""

    def __init__(self, root: Path, settings: MediaSettings | None = None, *, sockets: Path | None = None) -> None:
        """With `sockets`, a directory for them, the engine is worker processes."""
        self.ready = threading.Event()
        self.settings = settings or MediaSettings(port_low=42_000, port_high=42_999, reservoir=8)
        self.engine: AnyEngine
        if sockets is None:
            self.engine = MediaEngine(self.settings, self.ready.set, ClipLibrary([root]))
        else:
            command = [sys.executable, "-m", "softacd.runtime.media.worker"]
            self.engine = WorkerPool(self.settings, self.ready.set, [root], command=command, directory=sockets)
        self.engine.start()
        self.events: list[AnyEvent] = []
        self.ports: list[Port] = []
        self.phones: list[Phone] = []
        self.used: dict[int, Port] = {}
        self.landmark = 1_000_000

    def submit(self, *commands: AnyCommand) -> None:
        """Hand over `commands` and wait until they have been carried out."""
        workers = {port.worker for port in self.used.values()} or {port.worker for port in self.ports} or {0}
        landmarks = []
        for worker in workers:  # a stream that cannot be opened is answered at once, in order
            self.landmark += 1
            landmarks.append(OpenStream(self.landmark, Port(HOST, 1, worker)))
        self.engine.submit((*commands, *landmarks))
        for landmark in landmarks:
            self.expect(StreamClosed, stream=landmark.stream)

    def pump(self, timeout: float) -> None:
        self.ready.wait(timeout)
        self.ready.clear()
        for event in self.engine.drain():
            if isinstance(event, PortsOffered):
                self.ports += event.ports
            elif isinstance(event, PortsLost):
                self.ports = [port for port in self.ports if port.worker != event.worker]
                self.used = {stream: port for stream, port in self.used.items() if port.worker != event.worker}
            self.events.append(event)

    def until(self, condition: Callable[[], bool], what: str = "", seconds: float = PATIENCE) -> None:
        """Wait until `condition` holds, taking events meanwhile."""
        limit = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < limit, f"waited in vain for {what}; events: {self.events}"
            self.pump(0.01)

    def expect(self, kind: type[Event], **fields: object) -> Event:
        """Wait for an event of `kind` with `fields`; it is taken out of the list."""
        found: list[Event] = []

        def seen() -> bool:
            for event in self.events:
                if isinstance(event, kind) and all(getattr(event, key) == value for key, value in fields.items()):
                    self.events.remove(event)
                    found.append(event)
                    return True
            return False

        self.until(seen, f"{kind.__name__} {fields}")
        return found[0]

    def open(self, stream: int, worker: int | None = None) -> Port:
        self.until(lambda: any(worker in (None, port.worker) for port in self.ports), "a port")
        port = next(port for port in self.ports if worker in (None, port.worker))
        self.ports.remove(port)
        self.used[stream] = port
        self.submit(OpenStream(stream, port))
        return port

    def phone(
        self,
        stream: int,
        codec: Codec = PCMU,
        *,
        event: int | None = 101,
        latch: bool = True,
        worker: int | None = None,
    ) -> Phone:
        """A phone talking to a new stream, agreed on."""
        port = self.open(stream, worker)
        phone = Phone(codec, event=event)
        phone.target = (HOST, port.rtp)
        self.phones.append(phone)
        self.agree(stream, phone, latch=latch)
        return phone

    def agree(self, stream: int, phone: Phone, *, latch: bool = True, send: bool = True, receive: bool = True) -> None:
        self.submit(
            SetRemote(
                stream,
                phone.address[0],
                phone.address[1],
                phone.rtcp.getsockname()[1],
                phone.codec,
                phone.event,
                latch,
                send,
                receive,
            )
        )

    def close(self) -> None:
        self.engine.stop(PATIENCE)
        for phone in self.phones:
            phone.close()
        assert self.engine.failure is None
