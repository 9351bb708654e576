"""One stream's place in a room of the mixer: what its peer says, ready to be mixed, and the way back to it."""

from typing import TYPE_CHECKING, Final

import numpy as np

from softacd.rtp.codec import Encoder, WideCodecs
from softacd.rtp.g711 import SILENCE
from softacd.rtp.jitter import JitterBuffer
from softacd.rtp.packet_jitter import PacketBuffer
from softacd.rtp.resample import Histories, Matrix

if TYPE_CHECKING:
    from softacd.rtp.session import Session

OCTETS_A_MS: Final = 8
"""Of codecs of 64 kbit/s, whose payloads may be cut anywhere."""


class Seat:
    """A seat serves one codec at a time; `wide` tells whether that is one of 16 kHz."""

    __slots__ = (
        "_held",
        "_pending",
        "_wide",
        "before",
        "buffer",
        "codec",
        "encoder",
        "fresh",
        "heard",
        "heard_by",
        "histories",
        "noise",
        "packets",
        "room",
        "session",
    )

    def __init__(
        self, session: "Session", room: int, heard_by: tuple[int, ...] | None, wide: WideCodecs | None = None
    ) -> None:
        self.session = session
        self.room = room
        self.heard_by = heard_by
        """Streams of the room that hear this one; None: all."""
        self.before: tuple[int, ...] | None = ()
        """Those who heard it in the last tick."""
        self.heard = False
        """Its peer said something in the last tick."""
        self.codec = "PCMA"
        self.buffer: JitterBuffer = JitterBuffer("PCMA")
        """What its peer says in G.711."""
        self.packets: PacketBuffer | None = None
        """What its peer says in any other codec; None: it speaks G.711."""
        self.encoder: Encoder | None = None
        self.histories = Histories()
        self.fresh = True
        """The next packet made here follows on another source of sound."""
        self.noise = 0.0
        """Root mean square of the noise to be heard while its peer sends nothing (RFC 3389)."""
        self._wide = wide or {}
        self._pending = bytearray()
        self.agree()

    @property
    def wide(self) -> bool:
        """Whether its codec carries 16 kHz."""
        return self.packets is not None

    @property
    def speakable(self) -> bool:
        """Whether its peer can be spoken to: in a codec that is known here."""
        codec = self.session.codec
        return codec is not None and codec.name == self.codec

    def agree(self) -> None:
        """Take the codec agreed for the stream now."""
        codec = self.session.codec
        if codec is None or codec.name == self.codec:
            return
        if codec.name in SILENCE:
            self.buffer = JitterBuffer(codec.name, self.buffer.depth.held)
            self.packets = self.encoder = None
        elif codec.name in self._wide:
            made = self._wide[codec.name]
            self.packets = PacketBuffer(made.decoder(), codec.clock_rate)
            self.encoder = made.encoder()
        else:
            return
        self.codec = codec.name
        self._pending.clear()

    def hear(self, codec: str, timestamp: int, payload: bytes, now: float) -> None:
        """Take a packet of voice."""
        del now
        if codec != self.codec:
            return
        self.noise = 0.0
        if self.packets is not None:
            self.packets.put(timestamp, payload)
        else:
            self.buffer.put(timestamp, payload)

    def be_quiet(self, level: int) -> None:
        """Its peer is silent, and tells how loud its silence is, in -dBov (0 to 127)."""
        self.noise = 32_768 * 10 ** (-level / 20)

    def encoded(self, samples: Matrix) -> bytes:
        """20 ms at 16 kHz in its codec, which is a wide one."""
        if self.encoder is None:
            raise TypeError(f"{self.codec} is encoded with all others of its kind")
        return self.encoder.encode(np.clip(samples, -32768, 32767).astype(np.int16))

    def cut(self, payload: bytes) -> list[bytes]:
        """The payloads of the packets due now, as long as the peer wants them; `payload` is the newest 20 ms."""
        codec = self.session.codec
        if codec is None:
            return []
        size = codec.packet_ms * OCTETS_A_MS
        if size == len(payload) and not self._pending:
            return [payload]
        if self.packets is not None and not self._wide[self.codec].divisible:
            return [payload]  # Opus tells its length itself; a packet time is a wish (RFC 7587 section 6.1)
        pending = self._pending
        pending += payload
        due = [bytes(pending[at : at + size]) for at in range(0, len(pending) - size + 1, size)]
        del pending[: len(due) * size]
        return due
