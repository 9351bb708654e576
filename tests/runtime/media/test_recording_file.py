"""Files of recordings: mended after a kill, encoded without losing an ear."""

import os
import signal
import subprocess
import sys
import textwrap
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from softacd.rtp.g711 import Samples
from softacd.runtime.media.recorder import HEADER, header
from softacd.runtime.media.recording_file import RecordingFileError, encode, mend


def stereo(seconds: float) -> Samples:
    """600 Hz left, 1,100 Hz right."""
    at = np.arange(round(seconds * 8000)) / 8000
    return np.stack([8000 * np.sin(2 * np.pi * hertz * at) for hertz in (600, 1100)], axis=1).astype(np.int16)


def recorded(path: Path, seconds: float = 2.0, *, counted: float | None = None) -> Path:
    """A recording whose header counts `counted` seconds of it."""
    samples = stereo(seconds).astype("<i2").tobytes()
    path.write_bytes(header(len(samples) if counted is None else round(counted * 8000) * 4) + samples)
    return path


def ears(path: Path) -> tuple[Samples, Samples]:
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    line = np.concatenate([frame.reshape(-1, 2) if len(frame) == 1 else frame.T for frame in frames])
    return line[:, 0], line[:, 1]


def purity(samples: Samples, frequency: int, rate: int) -> float:
    line = samples.astype(np.float64)
    found = abs(np.sum(line * np.exp(-2j * np.pi * frequency * np.arange(len(line)) / rate))) ** 2
    return float(2 * found / (len(line) * np.sum(np.square(line)) + 1e-9))


def test_what_was_written_but_not_counted_is_counted(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.wav", 2.0, counted=1.0)
    with path.open("ab") as file:
        file.write(b"\1\2\3")  # and a sample that was cut
    assert mend(path) == (HEADER.size + 64_000, 2.0)
    with wave.open(str(path)) as sound:
        assert sound.getnframes() == 16_000
    before = path.stat().st_mtime_ns
    assert mend(path) == (HEADER.size + 64_000, 2.0)
    assert path.stat().st_mtime_ns == before, "a good file is not touched"


def test_a_message_of_one_voice_stays_one(tmp_path: Path) -> None:
    path = tmp_path / "m.wav"
    path.write_bytes(header(8000, mono=True) + bytes(16_001))
    assert mend(path) == (HEADER.size + 16_000, 1.0)
    with wave.open(str(path)) as sound:
        assert (sound.getnchannels(), sound.getnframes()) == (1, 8000)


def test_a_file_that_was_only_begun_becomes_an_empty_recording(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    assert mend(tmp_path / "a.wav") == (HEADER.size, 0.0)
    with pytest.raises(RecordingFileError, match=r"b\.wav"):
        mend(tmp_path / "b.wav")


@pytest.mark.parametrize(("suffix", "most", "rate"), [(".flac", 0.7, 8000), (".opus", 0.3, 48_000)])
def test_both_ears_are_encoded(tmp_path: Path, suffix: str, most: float, rate: int) -> None:
    source = recorded(tmp_path / "a.wav", 4.0)
    octets = encode(source, source.with_suffix(suffix))
    assert octets == (tmp_path / f"a{suffix}").stat().st_size < most * source.stat().st_size
    assert (tmp_path / f"a{suffix}").stat().st_mode & 0o077 == 0
    left, right = ears(tmp_path / f"a{suffix}")
    assert len(left) == pytest.approx(4.0 * rate, rel=0.02)
    assert purity(left[rate:], 600, rate) > 0.95
    assert purity(right[rate:], 1100, rate) > 0.95
    if suffix == ".flac":
        assert np.array_equal(np.stack([left, right], axis=1), stereo(4.0))


def test_what_cannot_be_encoded_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"no sound")
    with pytest.raises(RecordingFileError, match=r"a\.wav"):
        encode(tmp_path / "a.wav", tmp_path / "a.flac")
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


def test_a_killed_writer_leaves_a_file_that_is_playable_and_whole_once_mended(tmp_path: Path) -> None:
    """The recorder itself, in a process that is killed in the midst of its work."""
    program = textwrap.dedent(
        """
        import sys, time
        from softacd.rtp.recording import Piece
        from softacd.runtime.media.recorder import Recorder
        recorder = Recorder(print)
        recorder.start()
        while True:
            recorder.put(Piece(1, 1, sys.argv[1], b"\\x00" * 800, b"\\xff" * 800, "PCMU", "PCMU"))
            time.sleep(0.001)
        """
    )
    path = tmp_path / "day" / "a.wav"
    process = subprocess.Popen([sys.executable, "-c", program, str(path)], cwd=Path(__file__).parents[3])
    try:
        while not path.exists() or path.stat().st_size < 400_000:
            assert process.poll() is None
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with wave.open(str(path)) as sound:  # playable as it is
        assert sound.getnframes() > 90_000
    octets, seconds = mend(path)
    assert octets == path.stat().st_size
    assert seconds > 11
    with wave.open(str(path)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").reshape(-1, 2)
    assert np.all(samples[:, 0] < -30_000)
    assert np.all(samples[:, 1] == 0)
