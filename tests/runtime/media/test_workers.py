"""Media in worker processes, with real phones: everybody hears the right one wherever they live, and whoever dies."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from softacd.rtp.model import MediaSettings
from softacd.rtp.packet import Packet
from softacd.rtp.vocabulary import (
    Bridge,
    CloseStream,
    DigitPressed,
    MixJoin,
    MixLeave,
    OpenStream,
    Play,
    PlayEnded,
    PortsLost,
    RecordingEnded,
    SetRemote,
    StartRecording,
    StreamClosed,
    StreamMoved,
    Unbridge,
)
from softacd.runtime.media.worker_link import Adopt, Frames, Ready, WorkerOrder, worker_words
from softacd.runtime.media.workers import START_SECONDS, WorkerPool, _connect
from tests.runtime.media.bench import HOST, PCMA, PCMU, Bench, Phone
from tests.runtime.media.test_engine import continuous, root, talk

__all__ = ["root"]

SETTINGS = MediaSettings(port_low=43_000, port_high=43_999, reservoir=24, workers=2, worker_grace_seconds=5)


@pytest.fixture
def bench(root: Path, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(root, SETTINGS, sockets=tmp_path)
    made.until(lambda: {port.worker for port in made.ports} == {1, 2}, "ports of both workers")
    yield made
    made.close()


def pool(bench: Bench) -> WorkerPool:
    assert isinstance(bench.engine, WorkerPool)
    return bench.engine


def hear_each_other(ann: Phone, bob: Phone, packets: int = 5) -> None:
    """Both latch, then each hears what the other says, in one run of numbers."""
    deadline = time.monotonic() + 5
    for phone in (ann, bob):
        phone.rtp.settimeout(0.1)
    heard = 0
    while heard < 2:
        assert time.monotonic() < deadline, "they do not hear each other"
        for speaker, listener in ((ann, bob), (bob, ann)):
            speaker.say()
            try:
                listener.hear()
                heard += 1
            except TimeoutError:
                heard = 0
    for phone in (ann, bob):
        phone.rtp.settimeout(5)
    time.sleep(0.05)
    ann.drain(), bob.drain()
    for speaker, listener in ((ann, bob), (bob, ann)):
        assert continuous(talk(speaker, listener, packets))


@pytest.mark.parametrize("homes", [(1, 1), (1, 2)])
def test_a_bridge_on_one_worker_and_over_two(bench: Bench, homes: tuple[int, int]) -> None:
    ann, bob = (bench.phone(stream, worker=worker) for stream, worker in enumerate(homes, 1))
    bench.submit(Bridge(1, 2))
    hear_each_other(ann, bob)
    ann.press(5)
    bench.expect(DigitPressed, stream=1, digit="5")
    bench.submit(Unbridge(1))
    time.sleep(0.05)
    bob.drain()
    ann.say()
    assert bob.hears_nothing()
    for stream in (1, 2):
        bench.submit(CloseStream(stream))
        assert bench.expect(StreamClosed, stream=stream).statistics.received
    assert not [event for event in bench.events if getattr(event, "stream", 0) < 0]


def test_over_two_workers_with_another_law(bench: Bench) -> None:
    ann, bob = bench.phone(1, PCMU, worker=1), bench.phone(2, PCMA, worker=2)
    bench.submit(Bridge(1, 2))
    hear_each_other(ann, bob)


def test_a_bridge_goes_over_from_one_partner_to_another(bench: Bench) -> None:
    ann, bob, cat = bench.phone(1, worker=1), bench.phone(2, worker=2), bench.phone(3, worker=1)
    bench.submit(Bridge(1, 2))
    hear_each_other(ann, bob)
    bench.submit(Bridge(3, 2))
    hear_each_other(cat, bob)
    cat.drain()
    ann.say()
    assert bob.hears_nothing()
    bench.submit(Bridge(1, 3))
    hear_each_other(ann, cat)


def test_a_room_over_two_workers_with_one_who_whispers(bench: Bench) -> None:
    ann, bob, boss = bench.phone(1, worker=1), bench.phone(2, worker=1), bench.phone(3, worker=2)
    bench.submit(MixJoin(1, 7), MixJoin(2, 7), MixJoin(3, 7, heard_by=(2,)))

    def loud(packets: list[Packet]) -> bool:
        return sum(len(set(packet.payload)) > 3 for packet in packets) > len(packets) // 2

    for _ in range(60):  # the others latch, and jitter buffers fill
        boss.say()
        ann.say(b"\xff" * 160), bob.say(b"\xff" * 160)
        time.sleep(0.02)
    heard = {name: loud(phone.drain()[-20:]) for name, phone in (("ann", ann), ("bob", bob))}
    assert heard == {"ann": False, "bob": True}
    bench.submit(MixJoin(3, 7))
    boss.drain()
    for _ in range(60):
        ann.say(), boss.say()
        time.sleep(0.02)
    assert loud(ann.drain()[-20:]), "the supervisor has barged in"
    assert loud(boss.drain()[-20:])
    bench.submit(MixLeave(3))
    time.sleep(0.1)
    boss.drain()
    assert boss.hears_nothing(0.1)


def test_music_and_prompts_come_from_either_worker(bench: Bench) -> None:
    ann, bob = bench.phone(1, worker=1), bench.phone(2, worker=2)
    bench.submit(Play(1, 10, ("prompts/en/welcome",)), Play(2, 11, ("music/default",), loop=True))
    assert continuous([ann.hear() for _ in range(7)])
    assert continuous([bob.hear() for _ in range(20)])
    assert bench.expect(PlayEnded, stream=1).finished


def test_a_worker_that_is_killed_is_replaced_and_its_calls_move(bench: Bench, tmp_path: Path) -> None:
    ann, bob, cat = bench.phone(1, worker=1), bench.phone(2, worker=1), bench.phone(3, worker=2)
    bench.submit(Bridge(1, 2), Play(3, 9, ("music/default",), loop=True))
    hear_each_other(ann, bob)
    path = tmp_path / "call.wav"
    bench.submit(StartRecording(1, 77, str(path)))
    for _ in range(100):  # more than the second in which a recording is written
        ann.say(), bob.say()
        time.sleep(0.02)
    victim = pool(bench).processes[0]
    os.kill(victim, signal.SIGKILL)
    bench.expect(PortsLost, worker=1)
    moved = [bench.expect(StreamMoved, stream=stream).port for stream in (1, 2)]
    assert {port.worker for port in moved} == {2}, "both legs are with the one that lives"
    recorded = bench.expect(RecordingEnded, recording=77)
    assert recorded.error
    assert recorded.seconds > 0.3
    for phone, port in ((ann, moved[0]), (bob, moved[1])):
        phone.target = (HOST, port.rtp)
    hear_each_other(ann, bob)
    assert cat.hear(), "who was not with the dead one has heard music all the time"
    bench.until(lambda: len(pool(bench).processes) == 2, "the replacement", START_SECONDS)
    assert victim not in pool(bench).processes
    bench.until(lambda: any(port.worker == 3 for port in bench.ports), "ports of the replacement")
    assert bench.phone(4, worker=3)


def test_with_no_other_worker_streams_wait_for_the_replacement(root: Path, tmp_path: Path) -> None:
    settings = MediaSettings(port_low=44_000, port_high=44_399, reservoir=8, workers=1)
    bench = Bench(root, settings, sockets=tmp_path)
    ann, bob = bench.phone(1), bench.phone(2)
    bench.submit(Bridge(1, 2))
    hear_each_other(ann, bob)
    os.kill(pool(bench).processes[0], signal.SIGKILL)
    for stream, phone in ((1, ann), (2, bob)):
        phone.target = (HOST, bench.expect(StreamMoved, stream=stream).port.rtp)
    hear_each_other(ann, bob)
    bench.close()


def test_a_port_that_died_between_offer_and_answer(bench: Bench) -> None:
    port = next(port for port in bench.ports if port.worker == 1)
    os.kill(pool(bench).processes[0], signal.SIGKILL)
    bench.expect(PortsLost, worker=1)
    ann = Phone()
    bench.engine.submit([OpenStream(1, port), SetRemote(1, *ann.address, ann.address[1] + 1, PCMU)])
    assert bench.expect(StreamMoved, stream=1).port.worker == 2
    ann.close()


class ControlSide:
    """A control side by hand, which can vanish."""

    def __init__(self, path: str) -> None:
        deadline = time.monotonic() + 10
        connection = None
        while connection is None:
            assert time.monotonic() < deadline
            connection = _connect(path)
            time.sleep(0.02)
        self.frames: Frames = connection
        self.ready = self.wait(Ready)

    def wait(self, kind: type) -> object:
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            for one in self.frames.receive() or ():
                for word in worker_words.decode(one):
                    if isinstance(word, kind):
                        return word
            time.sleep(0.01)
        raise AssertionError(f"no {kind.__name__}")

    def vanish(self) -> None:
        self.frames.socket.close()


def worker(root: Path, directory: Path, grace: float) -> tuple[subprocess.Popen[bytes], str]:
    import msgspec

    path = str(directory / "media-1.sock")
    settings = MediaSettings(port_low=45_000, port_high=45_399, reservoir=4)
    process = subprocess.Popen([sys.executable, "-m", "softacd.runtime.media.worker"], stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(WorkerOrder(path, settings, (str(root),), grace)) + b"\n")
    process.stdin.close()
    return process, path


def test_conversations_outlive_the_control_side_and_are_adopted(root: Path, tmp_path: Path) -> None:
    process, path = worker(root, tmp_path, grace=2.0)
    first = ControlSide(path)
    assert isinstance(first.ready, Ready)
    ann, bob = Phone(), Phone()
    commands: list[object] = []
    for stream, phone in ((1, ann), (2, bob)):
        port = first.ready.ports[stream]
        phone.target = (HOST, port.rtp)
        commands += [OpenStream(stream, port), SetRemote(stream, *phone.address, phone.address[1] + 1, PCMU)]
    first.frames.send([*commands, Bridge(1, 2)])  # type: ignore[list-item]
    hear_each_other(ann, bob)
    first.vanish()
    hear_each_other(ann, bob)
    second = ControlSide(path)
    assert isinstance(second.ready, Ready)
    assert sorted(held.stream for held in second.ready.held) == [1, 2]
    assert second.ready.process == process.pid
    second.frames.send([Adopt((1, 2))])
    ends = time.monotonic() + 2.5  # beyond the grace time
    while time.monotonic() < ends:
        hear_each_other(ann, bob)
        time.sleep(0.1)
    second.frames.send([CloseStream(1), CloseStream(2)])
    second.wait(StreamClosed)
    second.vanish()
    assert process.wait(5) == 0, "with nothing to keep alive it ends"
    ann.close(), bob.close()


def test_what_nobody_adopts_ends_with_the_grace_time(root: Path, tmp_path: Path) -> None:
    process, path = worker(root, tmp_path, grace=0.5)
    first = ControlSide(path)
    assert isinstance(first.ready, Ready)
    ann = Phone()
    port = first.ready.ports[0]
    first.frames.send([OpenStream(1, port), SetRemote(1, *ann.address, ann.address[1] + 1, PCMU)])
    first.frames.send([Play(1, 1, ("music/default",), loop=True)])
    assert ann.hear()
    first.vanish()
    assert ann.hear()
    second = ControlSide(path)
    second.frames.send([Adopt(())])
    time.sleep(0.8)
    ann.drain()
    assert ann.hears_nothing(0.2)
    second.vanish()
    assert process.wait(5) == 0
    ann.close()


def test_strangers_cannot_connect(root: Path, tmp_path: Path) -> None:
    process, path = worker(root, tmp_path, grace=5.0)
    control = ControlSide(path)
    assert Path(path).stat().st_mode & 0o077 == 0
    control.frames.socket.send(b"\xff\xff\xff\xff nonsense")
    deadline = time.monotonic() + 5
    while control.frames.receive() is not None:
        assert time.monotonic() < deadline, "nonsense ends the connection"
        time.sleep(0.01)
    assert process.wait(5) == 0
    assert not Path(path).exists()
    with socket.socket(socket.AF_UNIX) as late, pytest.raises(FileNotFoundError):
        late.connect(path)
