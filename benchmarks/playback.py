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

from benchmarks.relay import HOST, Engine, Load, table, thread_clock
from softacd.rtp.vocabulary import Play
from softacd.runtime.media.sockets import bind_udp

ROUNDS = 3
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


def _summary(heard: dict, used: float, seconds: float, calls: int) -> dict[str, float]:
    packets = seconds * calls * 50
    return {
        "us": used / packets * 1e6,
        "core": used / seconds * 100,
        "gap": heard["gap_ms"]["p99"],
        "delivered": heard["received"] / heard["sampled"] * calls / packets,
    }


def run(seconds: float = 3.0, calls: int = 400) -> dict[str, dict]:
    """Figures by name: {"value", "unit", "goal", "ratio_to"}; `ratio_to` is the value over the bare loop's."""
    share = seconds / ROUNDS
    played = [_played(share, calls) for _ in range(ROUNDS)]
    bare = [_bare(share, calls) for _ in range(ROUNDS)]
    best, floor = ({name: min(one[name] for one in rounds) for name in rounds[0]} for rounds in (played, bare))
    delivered = max(one["delivered"] for one in played)
    figures = (
        ("playback_cpu_per_packet", best["us"], "us", 8.0, best["us"] / floor["us"]),
        ("playback_streams_per_core", 20_000 / best["us"], "streams", 2500, floor["us"] / best["us"]),
        ("playback_core_at_this_load", best["core"], "%", None, best["core"] / floor["core"]),
        ("playback_gap_error_p99", best["gap"], "ms", 2.0, best["gap"] / floor["gap"]),
        ("playback_delivered", 100 * delivered, "%", 99.0, None),
        ("bare_send_cpu_per_packet", floor["us"], "us", None, None),
        ("bare_send_gap_error_p99", floor["gap"], "ms", None, None),
    )
    return {
        name: {
            "value": round(value, 3),
            "unit": unit,
            "goal": goal,
            "ratio_to": None if ratio is None else round(ratio, 3),
        }
        for name, value, unit, goal, ratio in figures
    }


if __name__ == "__main__":
    print(table(run(*(kind(text) for kind, text in zip((float, int), sys.argv[1:], strict=False)))))
