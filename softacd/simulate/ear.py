"""Everything one party heard, laid on one timeline as a human would have heard it, and how well it came."""

import msgspec
import numpy as np

from softacd.simulate import sound
from softacd.simulate.sound import RATE, WINDOW, Samples

_SEQUENCES = 1 << 16
_TIMESTAMPS = 1 << 32
_DRIFT = RATE // 2  # samples by which a new talkspurt may disagree with arrival before the listener follows arrival


class Hearing(msgspec.Struct, frozen=True):
    """How the sound came. Counts are packets.

    `sources` is the number of SSRCs and `leaps` how often timestamps neither went on with the sequence nor with the
    time of arrival (to 500 ms): a sender that keeps RFC 3550 section 5.1 through every re-target shows one source and
    no leap. Packets that come late but go on with the sequence are no leap: the listener itself may have been slow.
    """

    packets: int
    lost: int
    late: int
    sources: int
    leaps: int
    longest_gap: float
    """Longest silence between two packets, in seconds."""


class Ear:
    """Collects decoded packets. Times are monotonic seconds; the timeline begins at `started`."""

    __slots__ = (
        "_base",
        "_first",
        "_highest",
        "_last",
        "_latest",
        "_latest_arrived",
        "_pcm",
        "_ssrc",
        "_ssrcs",
        "gap",
        "late",
        "leaps",
        "lost",
        "packets",
        "started",
    )

    def __init__(self, started: float) -> None:
        self.started = started
        self.packets = 0
        self.lost = 0
        self.late = 0
        self.leaps = 0
        self.gap = 0.0
        self._pcm = bytearray()
        self._ssrcs: set[int] = set()
        self._ssrc = -1
        self._base = 0  # sample of the timeline where the timestamp `_first` lies
        self._first = 0
        self._highest = 0
        self._last = 0.0
        self._latest = 0
        self._latest_arrived = 0

    def hear(self, samples: Samples, *, ssrc: int, sequence: int, timestamp: int, now: float) -> None:
        """Lay one decoded packet where its timestamp says; gaps stay silent, a late packet still finds its place."""
        arrived = max(0, int((now - self.started) * RATE))
        before = self._highest
        if self._count(ssrc, sequence):
            self._anchor(arrived, timestamp)
        elif self._leaps(_signed_sequence(sequence - before) * len(samples), timestamp, arrived):
            self.leaps += 1
            self._anchor(arrived, timestamp)
        if sequence == self._highest:
            self._latest, self._latest_arrived = timestamp, arrived
        if self.packets:
            self.gap = max(self.gap, now - self._last)
        self.packets += 1
        self._last = now
        self._lay(max(0, self._base + _signed(timestamp - self._first)), samples)

    def _leaps(self, expected: int, timestamp: int, arrived: int) -> bool:
        """Whether the timestamp moved neither by what was `expected` of the sequence nor with the time."""
        moved = _signed(timestamp - self._latest)
        off_clock = abs(self._base + _signed(timestamp - self._first) - arrived) > _DRIFT
        return moved != expected and off_clock and abs(moved - (arrived - self._latest_arrived)) > _DRIFT

    def skip(self, *, ssrc: int, sequence: int) -> None:
        """Take note of a packet that makes no sound here (a key press), so that it does not count as lost."""
        if ssrc == self._ssrc:
            self._count(ssrc, sequence)

    def _count(self, ssrc: int, sequence: int) -> bool:
        """Keep account of the sequence; whether the packet is the first of a new source."""
        if ssrc != self._ssrc:
            self._ssrc = ssrc
            self._ssrcs.add(ssrc)
            self._highest = sequence
            return True
        step = _signed_sequence(sequence - self._highest)
        if step > 0:
            self.lost += step - 1
            self._highest = sequence
        else:
            self.late += 1
            self.lost -= step != 0
        return False

    def _anchor(self, at: int, timestamp: int) -> None:
        self._base = at
        self._first = timestamp

    def _lay(self, at: int, samples: Samples) -> None:
        start, data = at * 2, samples.astype("<i2").tobytes()
        if len(self._pcm) < start:
            self._pcm.extend(bytes(start - len(self._pcm)))
        self._pcm[start : start + len(data)] = data

    @property
    def pcm(self) -> bytes:
        """Everything heard: 16-bit little-endian mono samples, 8,000 a second, from `started` on."""
        return bytes(self._pcm)

    @property
    def samples(self) -> Samples:
        """Everything heard, as samples."""
        return np.frombuffer(self.pcm, dtype="<i2").astype(np.int16)

    def speaker(self) -> int | None:
        """Whose bell sounds in the latest 200 ms; None when nobody's."""
        if len(self._pcm) < WINDOW * 2:
            return None
        return sound.recognise(np.frombuffer(bytes(self._pcm[-WINDOW * 2 :]), dtype="<i2").astype(np.int16))

    def speakers(self) -> list[tuple[float, int]]:
        """List whose bells were heard and when (seconds from `started`), each run of one voice once."""
        heard: list[tuple[float, int]] = []
        samples, last, before = self.samples, None, None
        for start in range(0, len(samples) - WINDOW + 1, WINDOW // 2):
            now = sound.recognise(samples[start : start + WINDOW])
            if now is not None and now == before and now != last:
                heard.append((start / RATE, now))
                last = now
            before = now
        return heard

    def report(self) -> Hearing:
        """Sum up how the sound came."""
        return Hearing(self.packets, self.lost, self.late, len(self._ssrcs), self.leaps, self.gap)


def _signed(difference: int) -> int:
    difference %= _TIMESTAMPS
    return difference - _TIMESTAMPS if difference >= _TIMESTAMPS // 2 else difference


def _signed_sequence(difference: int) -> int:
    difference %= _SEQUENCES
    return difference - _SEQUENCES if difference >= _SEQUENCES // 2 else difference
