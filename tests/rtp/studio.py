"""A media core with a clock to turn, for tests that read like transcripts."""

import itertools

import numpy as np

from softacd.rtp.clips import Clip, ClipError, from_samples
from softacd.rtp.core import MediaCore
from softacd.rtp.model import MediaSettings
from softacd.rtp.packet import Packet, parse
from softacd.rtp.vocabulary import (
    AnyEvent,
    Codec,
    Command,
    SetRemote,
)
from softacd.runtime.media.codecs import WIDE

PCMU, PCMA = Codec("PCMU", 0), Codec("PCMA", 8)
G722, OPUS = Codec("G722", 9), Codec("OPUS", 96, 48_000)
WALL = 1_700_000_000.0


def clip(name: str) -> Clip:
    """Every clip is 100 ms of a level of its own; "none" is missing."""
    if name == "none":
        raise ClipError("unknown clip: none")
    return from_samples(name, np.full(800, 100 * len(name), np.int16))


def sound(name: str, codec: str = "PCMU") -> bytes:
    return clip(name).encoded[codec]


class Studio:
    """A core with a clock to turn."""

    def __init__(self, **settings: float) -> None:
        counter = itertools.count(1000)
        self.core = MediaCore(
            MediaSettings(**settings), clip, lambda bits: next(counter) % (1 << bits), "me@softacd", WIDE
        )  # type: ignore[arg-type]  # floats pass for all settings here
        self.now = 100.0

    def stream(self, number: int, codec: Codec = PCMU, *, event: int | None = 101) -> None:
        self.core.open(number, self.now)
        self.agree(number, codec, event=event)

    def agree(
        self,
        number: int,
        codec: Codec = PCMU,
        *,
        event: int | None = 101,
        send: bool = True,
        receive: bool = True,
        comfort_noise: bool = False,
    ) -> None:
        address = ("10.0.0.1", 4000 + 2 * number)
        self.core.set_remote(
            SetRemote(
                number,
                *address,
                address[1] + 1,
                codec,
                event,
                send=send,
                receive=receive,
                comfort_noise=comfort_noise,
            ),
            self.now,
        )

    def do(self, *commands: Command) -> list[AnyEvent]:
        for command in commands:
            self.core.handle(command, self.now)
        return self.events()

    def events(self) -> list[AnyEvent]:
        events = list(self.core.events)
        self.core.events.clear()
        return events

    def wait(self, seconds: float) -> dict[int, list[Packet]]:
        """Let time pass, deadline by deadline; RTP packets by stream."""
        packets: dict[int, list[Packet]] = {}
        end = self.now + seconds
        while (deadline := self.core.next_deadline()) is not None and deadline <= end:
            self.now = max(deadline, self.now)
            for session, data in self.core.tick(self.now):
                packets.setdefault(session.stream, []).append(parse(data))
            self.core.check(self.now, WALL + self.now)
        self.now = end
        return packets

    def hear(
        self, number: int, payload: bytes = b"v" * 160, *, count: int = 1, payload_type: int | None = None
    ) -> list[Packet]:
        """Packets of stream `number`'s peer come in; what is relayed."""
        session = self.core.sessions[number]
        relayed = []
        for _ in range(count):
            sequence = session.inbound.extended + 1 & 0xFFFF
            assert session.codec is not None
            step = session.codec.clock_rate // 50
            kind = session.inbound.payload_type if payload_type is None else payload_type
            packet = Packet(kind, sequence, sequence * step, 5, payload).build()
            buffer = bytearray(packet.ljust(2048))
            source = ("10.0.0.1", 4000 + 2 * number)
            assert self.core.consider(session, source, buffer, len(packet), self.now)
            length = session.inbound.receive(buffer, len(packet), self.now)
            if length:
                relayed.append(parse(bytes(buffer[:length])))
            self.now += 0.02
        return relayed
