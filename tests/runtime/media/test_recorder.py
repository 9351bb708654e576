"""Recordings on the disk: playable at every moment, and told of when the disk fails."""

import os
import queue
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from softacd.rtp.g711 import decode
from softacd.rtp.recording import MARK, Piece
from softacd.rtp.vocabulary import Bridge, CloseStream, RecordingEnded, StartRecording
from softacd.runtime.media.recorder import HEADER, Recorder
from tests.runtime.media.bench import PCMA, PCMU, Bench

Ended = queue.SimpleQueue[RecordingEnded]


def piece(path: Path, left: bytes = b"\x80" * 800, *, mark: bool = False, last: bool = False) -> Piece:
    return Piece(3, 7, str(path), left, b"\xff" * len(left), "PCMU", "PCMU", mark=mark, last=last)


@pytest.fixture
def ended() -> Ended:
    return queue.SimpleQueue()


@pytest.fixture
def recorder(ended: Ended) -> Iterator[Recorder]:
    made = Recorder(ended.put)
    made.start()
    yield made
    made.stop(5)


def channels(path: Path) -> tuple[np.ndarray, np.ndarray]:
    with wave.open(str(path)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (2, 2, 8000)
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").reshape(-1, 2)
    return samples[:, 0], samples[:, 1]


def test_pieces_become_one_stereo_file_only_its_owner_may_read(
    tmp_path: Path, recorder: Recorder, ended: Ended
) -> None:
    path = tmp_path / "day" / "a.wav"
    recorder.put(piece(path))
    recorder.put(piece(path, b"", mark=True))
    recorder.put(piece(path, b"\x80" * 80, last=True))
    assert ended.get(timeout=5) == RecordingEnded(3, 7, (880 + MARK) / 8000, HEADER.size + 4 * (880 + MARK))
    left, right = channels(path)
    assert (left[:800] == decode("PCMU", b"\x80")[0]).all()
    assert (left[-80:] == left[0]).all()
    assert abs(right[800 : 800 + MARK // 2]).max() > 3000
    assert not right[:800].any()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0
    figures = recorder.figures()
    assert (figures.completed, figures.open, figures.failed, figures.error) == (1, 0, 0, "")


def test_a_file_is_playable_while_it_is_written(tmp_path: Path, ended: Ended) -> None:
    recorder = Recorder(ended.put)
    recorder.start()
    recorder.put(piece(tmp_path / "a.wav"))
    recorder.put(piece(tmp_path / "a.wav"))
    recorder.stop(5)  # no piece was the last
    assert len(channels(tmp_path / "a.wav")[0]) == 1600


def test_a_full_disk_ends_one_recording_with_an_alarm_and_not_the_next(recorder: Recorder, ended: Ended) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    recorder.put(piece(full / "a.wav"))  # a device is no directory
    first = ended.get(timeout=5)
    assert first.octets == 0
    assert first.error
    recorder.put(piece(full / "a.wav"))
    recorder.put(piece(full / "a.wav", last=True))
    recorder.stop(5)
    assert ended.empty()  # told of once
    assert recorder.figures().failed == 1
    assert "/dev/full" in recorder.figures().error


def test_no_space_left(tmp_path: Path, recorder: Recorder, ended: Ended, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.wav"
    recorder.put(piece(path))
    while not path.exists() or path.read_bytes()[:4] != b"RIFF":  # the header is written last
        os.sched_yield()
    real = os.pwrite

    def no_space(descriptor: int, data: bytes, at: int) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", no_space)
    recorder.put(piece(path))
    event = ended.get(timeout=5)
    assert "No space left on device" in event.error
    assert event.seconds == 0.1
    monkeypatch.setattr(os, "pwrite", real)
    assert len(channels(path)[0]) == 800
    other = tmp_path / "b.wav"
    recorder.put(Piece(4, 8, str(other), b"\x80", b"\x80", "PCMU", "PCMU", last=True))
    assert ended.get(timeout=5).error == ""
    assert recorder.figures().error == ""


def test_a_name_is_never_used_twice(tmp_path: Path, recorder: Recorder, ended: Ended) -> None:
    path = tmp_path / "a.wav"
    path.write_text("precious")
    recorder.put(piece(path, last=True))
    assert "exists" in ended.get(timeout=5).error
    assert path.read_text() == "precious"


def test_a_conversation_is_recorded_as_the_caller_lived_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    try:
        caller, agent = bench.phone(1, PCMU), bench.phone(2, PCMA)
        path = tmp_path / "r" / "a.wav"
        bench.submit(StartRecording(1, 7, str(path)), Bridge(1, 2))
        caller.say()
        agent.hear()
        agent.say()
        caller.hear()
        bench.submit(CloseStream(1))
        event = bench.expect(RecordingEnded, recording=7)
        assert (event.stream, event.error) == (1, "")
        left, right = channels(path)
        assert len(left) == round(event.seconds * 8000)
        assert abs(left).max() > 9000
        assert abs(right).max() > 9000
    finally:
        bench.close()


def test_what_only_the_peer_says_is_a_mono_file(tmp_path: Path, recorder: Recorder, ended: Ended) -> None:
    path = tmp_path / "m.wav"
    recorder.put(Piece(3, 7, str(path), b"\x80" * 800, b"", "PCMU", "PCMU", mono=True, voiced=0.05))
    recorder.put(Piece(3, 7, str(path), b"\x80" * 80, b"", "PCMU", "PCMU", last=True, mono=True, voiced=0.1))
    assert ended.get(timeout=5) == RecordingEnded(3, 7, 0.11, HEADER.size + 2 * 880, "", 0.1)
    with wave.open(str(path)) as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getnframes()) == (1, 8000, 880)
