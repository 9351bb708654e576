"""What it costs to play music to many callers: CPU of the engine's thread for each packet, and how even they come.

The listeners are another process (benchmarks/rtp_load.py). The reference of the same run is a bare loop that sends the
same packets from as many sockets and does nothing else. `python -m benchmarks.playback [seconds] [calls]`
"""

import sys
import tempfile
import threading
import time
import wave
from pathlib import Path

import numpy as np

from benchmarks.harness import Figure, Figures, figure, table
from benchmarks.relay import Engine, Heard, Load, thread_clock
from benchmarks.rtp_load import HOST
from softacd.rtp.vocabulary import Play
from softacd.runtime.media.sockets import bind_udp

ROUNDS = 3
BARE = "a bare loop sending the same packets"
MUSIC_SECONDS = 20


def _music(root: Path) -> None:
    samples = np.random.default_rng(1).integers(-8000, 8000, 8000 * MUSIC_SECONDS, dtype=np.int16)
    with wave.open(str(root / "music.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(samples.tobytes())


def _played(seconds: float, calls: int) -> dict[str, float]:
    load = Load(calls, send=False, sample=8)
    with tempfile.TemporaryDirectory() as directory:
        _music(Path(directory))
        engine = Engine(Path(directory), calls)
        targets = engine.attach(load.ports)
        # Callers come one after the other, not all in one millisecond.
        for stream in range(calls):
            engine.engine.submit([Play(stream, stream, ("music",), loop=True, shared=True)])
            time.sleep(0.02 / calls)
        time.sleep(0.2)
        before = engine.cpu()
        heard = load.talk(targets, seconds)
        used = engine.cpu() - before
        engine.engine.stop(10)
    load.close()
    return _summary(heard, used, seconds, calls)


def _bare(seconds: float, calls: int) -> dict[str, float]:
    """The floor: the system calls alone, in four bursts every 20 ms."""
    load = Load(calls, send=False, sample=8)
    sockets = [bind_udp(HOST, 0) for _ in load.ports]
    for udp, port in zip(sockets, load.ports, strict=True):
        udp.connect((HOST, port))
    done = threading.Event()
    packet = bytes(172)
    bursts = [[udp.send for udp in sockets[number::4]] for number in range(4)]

    def send() -> None:
        deadline = time.monotonic()
        while not done.is_set():
            for burst in bursts:
                deadline += 0.005
                time.sleep(max(deadline - time.monotonic(), 0))
                for one in burst:
                    try:
                        one(packet)
                    except OSError:
                        continue

    thread = threading.Thread(target=send)
    thread.start()
    cpu = thread_clock(thread)
    before = cpu()
    heard = load.talk([udp.getsockname()[1] for udp in sockets], seconds)
    used = cpu() - before
    done.set()
    thread.join()
    for udp in sockets:
        udp.close()
    load.close()
    return _summary(heard, used, seconds, calls)


def _summary(heard: Heard, used: float, seconds: float, calls: int) -> dict[str, float]:
    packets = seconds * calls * 50
    return {
        "us": used / packets * 1e6,
        "core": used / seconds * 100,
        "gap": heard["gap_ms"]["p99"],
        "delivered": heard["received"] / heard["sampled"] * calls / packets,
    }


def run(seconds: float = 3.0, calls: int = 400) -> Figures:
    """Measure `calls` listeners for about `seconds` by softacd and by the bare loop."""
    share = seconds / ROUNDS
    played = [_played(share, calls) for _ in range(ROUNDS)]
    bare = [_bare(share, calls) for _ in range(ROUNDS)]
    best, floor = ({name: min(one[name] for one in rounds) for name in rounds[0]} for rounds in (played, bare))
    delivered = max(one["delivered"] for one in played)

    def beside(name: str, unit: str, goal: float | None = None) -> Figure:
        return figure(best[name], unit, goal=goal, beside=floor[name], ratio_to=BARE)

    return {
        "playback_cpu_per_packet": beside("us", "us", 8.0),
        "playback_streams_per_core": figure(
            20_000 / best["us"], "streams", goal=2500, better="higher", beside=20_000 / floor["us"], ratio_to=BARE
        ),
        "playback_core_at_this_load": beside("core", "%"),
        "playback_gap_error_p99": beside("gap", "ms", 2.0),
        "playback_delivered": figure(100 * delivered, "%", goal=99.0, better="higher"),
        "bare_send_cpu_per_packet": figure(floor["us"], "us"),
        "bare_send_gap_error_p99": figure(floor["gap"], "ms"),
    }


if __name__ == "__main__":
    print(table(run(*(kind(text) for kind, text in zip((float, int), sys.argv[1:], strict=False)))))
