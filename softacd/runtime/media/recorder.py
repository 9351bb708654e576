"""The writer of recordings: one thread that turns pieces into WAV files, so that no stream ever waits for a disk.

A file is playable at every moment: samples are appended first and then counted in the header, so that a process that
is killed leaves all but the last second or two. A file that cannot be written on is left as it is and told of once.
"""

import os
import queue
import struct
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np

from softacd.rtp.g711 import decode
from softacd.rtp.recording import MARK, RATE, Piece
from softacd.rtp.vocabulary import RecordingEnded

FRAME = 4
"""Octets of one stereo sample; one of a mono file has half as many."""
HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
"""RIFF header of a PCM file: sizes at 4 and 40 (Multimedia Programming Interface 1.0, 1991)."""
MOST_WAITING = 4096
"""Pieces (a second of one call each) that may wait for a slow disk before recordings are given up."""
MARK_FREQUENCY = 1400
MARK_PEAK = 4000
"""The tone that stands for a pause."""

_at = np.arange(MARK) / RATE
_TONE = (MARK_PEAK * np.sin(2 * np.pi * MARK_FREQUENCY * _at)).astype("<i2")
_TONE[MARK // 2 :] = 0
MARK_SOUND = np.repeat(_TONE, 2).tobytes()
"""A pause, as stereo samples: 200 ms of tone, 200 ms of silence."""


def header(octets: int, *, mono: bool = False) -> bytes:
    """The header of a file with `octets` octets of 16-bit samples, stereo unless `mono`."""
    channels = 1 if mono else 2
    rate, frame = RATE * 2 * channels, 2 * channels
    return HEADER.pack(b"RIFF", 36 + octets, b"WAVE", b"fmt ", 16, 1, channels, RATE, rate, frame, 16, b"data", octets)


class RecorderFigures(msgspec.Struct, frozen=True):
    """How the writing goes. `error` is the alarm: the newest failure, until a file was completed since."""

    open: int = 0
    waiting: int = 0
    completed: int = 0
    failed: int = 0
    error: str = ""


class _File:
    """One recording's file."""

    __slots__ = ("descriptor", "mono", "octets")

    def __init__(self, path: str, *, mono: bool) -> None:
        self.mono = mono
        place = Path(path)
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # A name is never used twice, and nobody else may listen.
        self.descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self.octets = 0

    def append(self, samples: bytes) -> None:
        """Write samples, then the header that counts them."""
        view = memoryview(samples)
        at = HEADER.size + self.octets
        while view:
            written = os.pwrite(self.descriptor, view, at)
            view = view[written:]
            at += written
        self.octets += len(samples)
        os.pwrite(self.descriptor, header(self.octets, mono=self.mono), 0)

    def close(self) -> None:
        os.close(self.descriptor)


class Recorder:
    """Takes pieces from the media thread; `ended` is called in the recorder's thread."""

    def __init__(self, ended: Callable[[RecordingEnded], None]) -> None:
        self._ended = ended
        self._pieces: queue.SimpleQueue[Piece | None] = queue.SimpleQueue()
        self._files: dict[int, _File] = {}
        self._given_up: set[int] = set()
        self._completed = 0
        self._failed = 0
        self._error = ""
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, piece: Piece) -> None:
        """Have a piece written; never waits."""
        self._pieces.put(piece)

    def stop(self, timeout: float) -> None:
        """Write what waits and close every file. Raises TimeoutError."""
        if self._thread.ident is None:
            return
        self._pieces.put(None)
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise TimeoutError(f"recordings could not be written within {timeout} s")

    def figures(self) -> RecorderFigures:
        """How it goes; callable from any thread."""
        return RecorderFigures(len(self._files), self._pieces.qsize(), self._completed, self._failed, self._error)

    def _run(self) -> None:
        while (piece := self._pieces.get()) is not None:
            if piece.recording in self._given_up:
                if piece.last:
                    self._given_up.discard(piece.recording)
                continue
            try:
                if self._pieces.qsize() > MOST_WAITING:
                    raise OSError("the disk is too slow")
                self._write(piece)
            except OSError as error:
                self._fail(piece, error)
        for file in self._files.values():
            file.close()

    def _write(self, piece: Piece) -> None:
        file = self._files.get(piece.recording)
        if file is None:
            file = self._files[piece.recording] = _File(piece.path, mono=piece.mono)
        file.append(_mono(piece) if piece.mono else MARK_SOUND if piece.mark else _stereo(piece))
        if piece.last:
            del self._files[piece.recording]
            file.close()
            self._completed += 1
            self._error = ""
            self._tell(piece, file.octets)

    def _fail(self, piece: Piece, error: OSError) -> None:
        self._failed += 1
        self._error = f"{piece.path}: {error.strerror or error}"
        if not piece.last:
            self._given_up.add(piece.recording)
        file = self._files.pop(piece.recording, None)
        octets = 0
        if file is not None:
            octets = file.octets
            file.close()
        self._tell(piece, octets, self._error)

    def _tell(self, piece: Piece, octets: int, error: str = "") -> None:
        size = HEADER.size + octets if octets else 0
        seconds = octets / (RATE * (FRAME // 2 if piece.mono else FRAME))
        self._ended(RecordingEnded(piece.stream, piece.recording, seconds, size, error, piece.voiced))


def _mono(piece: Piece) -> bytes:
    return decode(piece.left_codec, piece.left).astype("<i2").tobytes()


def _stereo(piece: Piece) -> bytes:
    samples = np.empty((len(piece.left), 2), "<i2")
    samples[:, 0] = decode(piece.left_codec, piece.left)
    samples[:, 1] = decode(piece.right_codec, piece.right)
    return samples.tobytes()
