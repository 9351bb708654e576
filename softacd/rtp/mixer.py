"""Mixing: everybody in a room hears the others. All rooms of a tick are mixed in one pass over one array.

A seat may be heard by everybody (a party, a supervisor who barges in), by nobody (one who listens) or by some (one
who whispers to an agent). The sum of a room is made once; each seat gets it less its own voice.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from softacd.rtp.g711 import CODECS, SILENCE, decode, encode
from softacd.rtp.jitter import FRAME, JitterBuffer

if TYPE_CHECKING:
    from softacd.rtp.session import Session

TICK: Final = 0.02
_CODES: Final = np.arange(256, dtype=np.uint8).tobytes()
_LINEAR: Final = np.concatenate([decode(codec, _CODES) for codec in CODECS]).astype(np.float32)
"""Linear value of each code of each codec, one codec after the other."""
_LAWS: Final = {codec: 256 * index for index, codec in enumerate(CODECS)}


class Mixed(NamedTuple):
    """20 ms for the peer of `session`, in its codec; `fresh`: the first of a run."""

    session: "Session"
    payload: bytes
    fresh: bool


class Seat:
    """One stream's place in a room."""

    __slots__ = ("buffer", "fresh", "heard_by", "room", "session")

    def __init__(self, session: "Session", room: int, heard_by: tuple[int, ...] | None) -> None:
        self.session = session
        self.room = room
        self.heard_by = heard_by
        """Streams of the room that hear this one; None: all."""
        self.buffer = JitterBuffer(SILENCE["PCMA"])
        self.fresh = True
        """The next packet made here follows on another source of sound."""

    def hear(self, codec: str, timestamp: int, payload: bytes, now: float) -> None:
        """Take a packet of voice."""
        del now
        silence = SILENCE.get(codec)
        if silence is None:
            return
        if silence != self.buffer.silence:
            self.buffer = JitterBuffer(silence, self.buffer.held)
        self.buffer.put(timestamp, payload)


class Mixer:
    """All rooms of one engine."""

    __slots__ = ("_seats",)

    def __init__(self) -> None:
        self._seats: dict[int, Seat] = {}

    def __len__(self) -> int:
        return len(self._seats)

    def __iter__(self) -> Iterator[Seat]:
        return iter(self._seats.values())

    def join(self, session: "Session", room: int, heard_by: tuple[int, ...] | None) -> Seat:
        """Seat a stream in `room`, or change who hears it; it leaves the room it was in."""
        seat = self._seats.get(session.stream)
        if seat is None:
            seat = self._seats[session.stream] = Seat(session, room, heard_by)
        seat.room = room
        seat.heard_by = heard_by
        return seat

    def leave(self, stream: int) -> None:
        """Take a stream out of its room, if it is in one."""
        self._seats.pop(stream, None)

    def tick(self) -> list[Mixed]:
        """20 ms for everybody who can be spoken to in a codec that can be mixed."""
        seats = [seat for seat in self._seats.values() if seat.session.codec is not None]
        if not seats:
            return []
        seats.sort(key=_room)
        voices = _voices(seats)
        rooms = np.array([seat.room for seat in seats])
        starts = np.flatnonzero(np.concatenate([[True], rooms[1:] != rooms[:-1]]))
        sizes = np.diff(np.append(starts, len(seats)))
        public = voices * np.array([seat.heard_by is None for seat in seats], np.float32)[:, None]
        mixed = np.repeat(np.add.reduceat(public, starts, axis=0), sizes, axis=0) - public
        _whispers(seats, voices, mixed)
        linear = np.clip(mixed, -32768, 32767).astype(np.int16)
        made: list[Mixed] = []
        for seat, samples in zip(seats, linear, strict=True):
            session = seat.session
            if session.codec is None or session.codec.name not in SILENCE:
                continue
            fresh, seat.fresh = seat.fresh, False
            made.append(Mixed(session, encode(session.codec.name, samples), fresh))
        return made


def _room(seat: Seat) -> int:
    return seat.room


def _voices(seats: list[Seat]) -> npt.NDArray[np.float32]:
    """What each seat says in these 20 ms, a row each."""
    payloads: list[bytes] = []
    gains = np.ones(len(seats), np.float32)
    laws = np.zeros(len(seats), np.intp)
    for index, seat in enumerate(seats):
        frame = seat.buffer.take()
        if frame is None:
            payloads.append(seat.buffer.silence * FRAME)
            gains[index] = 0
        else:
            payloads.append(frame.payload)
            gains[index] = frame.gain
        laws[index] = _LAWS["PCMU" if seat.buffer.silence == SILENCE["PCMU"] else "PCMA"]
    codes = np.frombuffer(b"".join(payloads), np.uint8).reshape(len(seats), FRAME)
    voices: npt.NDArray[np.float32] = _LINEAR[codes + laws[:, None]] * gains[:, None]
    return voices


def _whispers(seats: list[Seat], voices: npt.NDArray[np.float32], mixed: npt.NDArray[np.float32]) -> None:
    """Add those whom only some hear."""
    if all(not seat.heard_by for seat in seats):
        return
    places = {seat.session.stream: index for index, seat in enumerate(seats)}
    for index, seat in enumerate(seats):
        for stream in seat.heard_by or ():
            place = places.get(stream)
            if place is not None and seats[place].room == seat.room and place != index:
                mixed[place] += voices[index]
