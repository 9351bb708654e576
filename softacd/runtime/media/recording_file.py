"""Files of recordings after they were written: mended when the writer was killed, and encoded to take less room."""

import os
from pathlib import Path
from typing import Any, Final, Literal

import av

from softacd.rtp.recording import RATE
from softacd.runtime.media.recorder import FRAME, HEADER, header

Format = Literal["wav", "flac", "opus"]
CODECS: Final = {"flac": "flac", "opus": "libopus"}
OPUS_BITRATE: Final = 32_000
"""Bits a second for both ears: two voices of a telephone line, without audible loss."""


CHANNELS: Final = slice(22, 24)
"""Where the header of a WAV file says how many channels it has."""


class RecordingFileError(Exception):
    """A file of a recording cannot be mended or encoded; the text names it and says why."""


def mend(path: Path) -> tuple[int, float]:
    """Make the header of a WAV file count all that was written; octets and seconds of it.

    The writer appends samples before it counts them: when it is killed between, the last are there but not counted.
    Raises RecordingFileError.
    """
    try:
        with path.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            begun = file.read(HEADER.size)
            mono = begun[CHANNELS] == header(0, mono=True)[CHANNELS]
            frame = FRAME // 2 if mono else FRAME
            samples = max(size - HEADER.size, 0) // frame * frame
            if begun != header(samples, mono=mono):
                file.truncate(HEADER.size + samples)
                file.seek(0)
                file.write(header(samples, mono=mono))
                file.flush()
                os.fsync(file.fileno())
    except OSError as error:
        raise RecordingFileError(f"{path}: {error.strerror}") from error
    return HEADER.size + samples, samples / (RATE * frame)


def encode(source: Path, target: Path) -> int:
    """Encode a WAV file as its `target` says (".flac", ".opus"); octets of that. The source stays.

    Raises RecordingFileError; then there is no target.
    """
    suffix = target.suffix[1:]
    begun = target.with_name(f"{target.name}.part")
    try:
        with av.open(str(source)) as wav, av.open(str(begun), "w", format="ogg" if suffix == "opus" else suffix) as out:
            heard: Any = wav.streams.audio[0]
            stream: Any = out.add_stream(CODECS[suffix], rate=heard.rate)
            stream.layout = heard.layout
            if suffix == "opus":
                stream.bit_rate = OPUS_BITRATE
            stream.codec_context.open()
            length = stream.codec_context.frame_size or 4096
            resampler = av.AudioResampler(stream.format, heard.layout, heard.rate, frame_size=length)
            for frame in (*wav.decode(heard), None):
                for part in resampler.resample(frame):
                    out.mux(stream.encode(part))
            out.mux(stream.encode(None))
        with begun.open("rb") as file:
            os.fsync(file.fileno())
        begun.chmod(0o600)
        begun.replace(target)
        return target.stat().st_size
    except (OSError, av.FFmpegError, KeyError, IndexError) as error:
        begun.unlink(missing_ok=True)
        raise RecordingFileError(f"{source}: {error}") from error
