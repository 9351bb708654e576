"""What it costs to play music to many callers, and how even its packets come: one media worker on one core.

The listeners are a process in C (native/load.c). In the same run the limit, a sender in C (native/sender.c), sends the
same packets from as many sockets; and Asterisk, where it is there, plays its music on hold to as many as it can bear.
`python -m benchmarks.playback [seconds] [streams]`
"""

import sys
import tempfile
import time
import wave
from pathlib import Path

import numpy as np

from benchmarks.asterisk_calls import calls as asterisk_calls
from benchmarks.harness import Figures, Skipped, figure, table
from benchmarks.relay import ASTERISK, Engine
from benchmarks.telephones import Side, Telephones, cpu_seconds, in_c
from softacd.rtp.vocabulary import Play

LIMIT = "a sender in C"
MUSIC_SECONDS = 20
PACKETS = 50
"""A second and stream."""


def _music(root: Path) -> None:
    samples = np.random.default_rng(1).integers(-8000, 8000, 8000 * MUSIC_SECONDS, dtype=np.int16)
    with wave.open(str(root / "music.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(samples.tobytes())


def by_softacd(seconds: float, streams: int) -> Side:
    """Music by one media worker."""
    with tempfile.TemporaryDirectory() as directory, Telephones(streams) as telephones:
        _music(Path(directory))
        with Engine([Path(directory)], streams) as engine:
            targets = engine.attach(telephones.ports)
            # Callers come one after the other, not all in one millisecond.
            for stream in range(streams):
                engine.submit([Play(stream + 1, stream, ("music",), loop=True, shared=True)])
                time.sleep(0.2 / streams)
            telephones.talk(targets, 0.5)  # phones on hold send too, which is how their addresses are known
            before = engine.cpu()
            heard = telephones.talk(targets, seconds, send=False)
            return Side(heard, engine.cpu() - before, heard.received)


def by_c(seconds: float, streams: int) -> Side:
    """The same packets by the sender in C."""
    with Telephones(streams) as telephones, in_c("sender", seconds + 1.0, telephones.ports) as (own, used):
        heard = telephones.talk(own, seconds, send=False)
        packets, cpu = used()
    return Side(heard, cpu, packets)


def by_asterisk(seconds: float, streams: int) -> Side:
    """Music on hold by Asterisk. Raises Skipped."""
    with Telephones(streams) as telephones, asterisk_calls() as peer:
        targets = peer.music(telephones.ports)
        telephones.talk(targets, 0.5, payload_type=0)
        before = cpu_seconds(peer.peer.pid)
        heard = telephones.talk(targets, seconds, send=False)
        return Side(heard, cpu_seconds(peer.peer.pid) - before, heard.received)


def run(seconds: float = 4.0, streams: int = 1000, rounds: int = 3, peer_streams: int = 100) -> Figures:
    """Measure `streams` listeners, `rounds` times by turns; Asterisk plays to `peer_streams`."""
    pairs = [(by_softacd(seconds, streams), by_c(seconds, streams)) for _ in range(rounds)]
    ours, limit = (min(sides, key=lambda side: side.microseconds) for sides in zip(*pairs, strict=True))
    middle = len(pairs) // 2
    even = [sorted(pair[index].heard.gap_p99 for pair in pairs)[middle] for index in (0, 1)]
    even_p50 = [sorted(pair[index].heard.gap_p50 for pair in pairs)[middle] for index in (0, 1)]
    expected = seconds * streams * PACKETS
    figures: Figures = {
        "playback_cpu_per_packet": figure(ours.microseconds, "us", beside=limit.microseconds, ratio_to=LIMIT),
        "playback_streams_per_core": figure(
            1e6 / ours.microseconds / PACKETS, "streams", beside=1e6 / limit.microseconds / PACKETS, ratio_to=LIMIT
        ),
        "playback_lateness_p50": figure(even_p50[0], "ms", goal=0.3, beside=even_p50[1], ratio_to=LIMIT),
        "playback_lateness_p99": figure(even[0], "ms", goal=1.5 * even[1], beside=even[1], ratio_to=LIMIT),
        "playback_delivered": figure(100 * ours.heard.received / expected, "%", goal=99.5, better="higher"),
        "c_cpu_per_packet": figure(limit.microseconds, "us"),
    }
    try:
        asterisk = by_asterisk(seconds, peer_streams)
    except Skipped:
        return figures
    name = f"{ASTERISK}, {peer_streams} streams"
    theirs = asterisk.cpu / seconds / peer_streams * 1000
    figures |= {
        "playback_cpu_per_stream_second": figure(
            ours.microseconds * PACKETS / 1000, "ms", goal=theirs / 10, beside=theirs, ratio_to=name
        ),
        "asterisk_cpu_per_stream_second": figure(theirs, "ms"),
        "asterisk_lateness_p99": figure(asterisk.heard.gap_p99, "ms"),
    }
    return figures


if __name__ == "__main__":
    print(table(run(*(kind(text) for kind, text in zip((float, int), sys.argv[1:], strict=False)))))
