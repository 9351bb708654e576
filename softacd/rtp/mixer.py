"""Mixing: everybody in a room hears the others. All rooms of a tick are mixed in one pass over one array.

A seat may be heard by everybody (a party, a supervisor who barges in), by nobody (one who listens) or by some (one
who whispers to an agent). The sum of a room is made once; each seat gets it less its own voice. A room where anybody
speaks a codec of 16 kHz is mixed at 16 kHz, the others at 8. Nobody becomes heard, or ceases to be, from one sample to
the next: that would be a click. Two streams whose codecs differ share a room of their
own: that is how transcoding is done, with its jitter, loss, drift and packet times.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from softacd.rtp.codec import WIDE_FRAME, WideCodecs
from softacd.rtp.g711 import CODECS, decode, encode
from softacd.rtp.jitter import FRAME
from softacd.rtp.resample import Matrix, narrowed, widened
from softacd.rtp.seat import Seat

if TYPE_CHECKING:
    from softacd.rtp.session import Session

TICK: Final = 0.02
_CODES: Final = np.arange(256, dtype=np.uint8).tobytes()
_LINEAR: Final = np.concatenate([decode(codec, _CODES) for codec in CODECS]).astype(np.float32)
"""Linear value of each code of each codec, one codec after the other."""
_LAWS: Final = {codec: 256 * index for index, codec in enumerate(CODECS)}


_NOISE: Final = np.random.default_rng(3389).standard_normal(16_000).astype(np.float32)
"""Two seconds of noise, the same for everybody; each listener begins elsewhere in it at every turn."""
RISE: Final = {rate: ((np.arange(rate) + 0.5) / rate).astype(np.float32) for rate in (FRAME, WIDE_FRAME)}
"""How somebody comes to be heard within a frame, by its samples."""
LOUDEST_NOISE: Final = 1000.0
"""Comfort noise louder than this (-30 dBov) comforts nobody."""


class Mixed(NamedTuple):
    """A packet's payload for the peer of `session`, in its codec; `fresh`: the first of a run."""

    session: "Session"
    payload: bytes
    fresh: bool


class Mixer:
    """All rooms of one engine."""

    __slots__ = ("_seats", "_wide")

    def __init__(self, wide: WideCodecs | None = None) -> None:
        self._seats: dict[int, Seat] = {}
        self._wide = wide or {}

    def __len__(self) -> int:
        return len(self._seats)

    def __iter__(self) -> Iterator[Seat]:
        return iter(self._seats.values())

    def join(self, session: "Session", room: int, heard_by: tuple[int, ...] | None) -> Seat:
        """Seat a stream in `room`, or change who hears it; it leaves the room it was in."""
        seat = self._seats.get(session.stream)
        if seat is None:
            seat = self._seats[session.stream] = Seat(session, room, heard_by, self._wide)
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
        wide_rooms = {seat.room for seat in seats if seat.wide}
        if not wide_rooms:
            return _mix(seats, wide=False)
        made = _mix([seat for seat in seats if seat.room in wide_rooms], wide=True)
        rest = [seat for seat in seats if seat.room not in wide_rooms]
        return made + _mix(rest, wide=False) if rest else made


def _mix(seats: list[Seat], *, wide: bool) -> list[Mixed]:
    """One tick of the rooms of `seats`, which are in the order of their rooms."""
    voices = _voices(seats, wide=wide)
    rooms = np.array([seat.room for seat in seats])
    starts = np.flatnonzero(np.concatenate([[True], rooms[1:] != rooms[:-1]]))
    sizes = np.diff(np.append(starts, len(seats)))
    public = voices * np.array([seat.heard_by is None for seat in seats], np.float32)[:, None]
    rise = RISE[voices.shape[1]]
    for index, seat in enumerate(seats):
        if seat.heard_by != seat.before and (seat.heard_by is None) != (seat.before is None):
            public[index] = voices[index] * (rise if seat.heard_by is None else 1 - rise)
    mixed = np.repeat(np.add.reduceat(public, starts, axis=0), sizes, axis=0) - public
    _whispers(seats, voices, mixed, rise)
    for seat in seats:
        seat.before = seat.heard_by
    made: list[Mixed] = []
    narrow = [index for index, seat in enumerate(seats) if not seat.wide]
    if narrow:
        rows = mixed if len(narrow) == len(seats) else mixed[narrow]
        if wide:
            rows = narrowed(rows, [seats[index].histories for index in narrow])
        linear = np.clip(rows, -32768, 32767).astype(np.int16)
        for index, samples in zip(narrow, linear, strict=True):
            seat = seats[index]
            if seat.speakable:
                _add(made, seat, encode(seat.codec, samples))
    if wide:
        for index, seat in enumerate(seats):
            if seat.wide and seat.speakable:
                _add(made, seat, seat.encoded(mixed[index]))
    return made


def _add(made: list[Mixed], seat: Seat, payload: bytes) -> None:
    for packet in seat.cut(payload):
        made.append(Mixed(seat.session, packet, seat.fresh))
        seat.fresh = False


def _room(seat: Seat) -> int:
    return seat.room


def _voices(seats: list[Seat], *, wide: bool) -> Matrix:
    """What each seat says in these 20 ms, a row each."""
    narrow = [seat for seat in seats if not seat.wide]
    rows = _narrow_voices(narrow) if narrow else None
    if not wide and rows is not None:
        return rows
    voices = np.zeros((len(seats), WIDE_FRAME), np.float32)
    if rows is not None:
        places = [index for index, seat in enumerate(seats) if not seat.wide]
        voices[places] = widened(rows, [seat.histories for seat in narrow])
    for index, seat in enumerate(seats):
        if seat.packets is not None:
            samples = seat.packets.take()
            if samples is not None:
                voices[index] = samples if seat.heard else samples * RISE[WIDE_FRAME]
            seat.heard = samples is not None
    return voices


def _narrow_voices(seats: list[Seat]) -> Matrix:
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
        laws[index] = _LAWS[seat.buffer.codec]
    codes = np.frombuffer(b"".join(payloads), np.uint8).reshape(len(seats), FRAME)
    voices: Matrix = _LINEAR[codes + laws[:, None]] * gains[:, None]
    for index, (seat, gain) in enumerate(zip(seats, gains.tolist(), strict=True)):
        if gain and not seat.heard:
            voices[index] *= RISE[FRAME]
        seat.heard = gain > 0
        if seat.noise and not gain:
            place = (seat.session.outbound.timestamp * 7 + seat.session.stream * 331) % (len(_NOISE) - FRAME)
            voices[index] = _NOISE[place : place + FRAME] * np.float32(min(seat.noise, LOUDEST_NOISE))
    return voices


def _whispers(seats: list[Seat], voices: Matrix, mixed: Matrix, rise: Matrix) -> None:
    """Add those whom only some hear, or heard until now."""
    if all(not seat.heard_by and not seat.before for seat in seats):
        return
    places = {seat.session.stream: index for index, seat in enumerate(seats)}
    for index, seat in enumerate(seats):
        now, before = seat.heard_by or (), seat.before or ()
        for stream in {*now, *before}:
            place = places.get(stream)
            if place is not None and seats[place].room == seat.room and place != index:
                share = 1 if stream in now and stream in before else rise if stream in now else 1 - rise
                mixed[place] += voices[index] * share
