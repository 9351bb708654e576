"""What it costs to relay a conversation, and how much later its packets arrive: one media worker on one core.

The telephones are a process in C (native/load.c). In the same run the same load goes through the limit, a relay in C
that looks at nothing (native/relay.c), and, at a load it can bear, through Asterisk where it is there. Values of a
shared machine mean little, ratios much. `python -m benchmarks.relay [seconds] [calls]`
"""

import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.asterisk_calls import calls as asterisk_calls
from benchmarks.harness import Figures, Skipped, figure, table
from benchmarks.telephones import Heard, Side, Telephones, cpu_seconds, in_c, many_files, prefix
from softacd.rtp.model import MediaSettings
from softacd.rtp.vocabulary import AnyCommand, Bridge, Codec, OpenStream, Port, PortsOffered, SetRemote
from softacd.runtime.media.workers import WorkerPool

HOST = "127.0.0.1"
PACKETS_PER_CALL = 100
LIMIT = "a relay in C"
ASTERISK = "Asterisk 22"
WARM_UP = 0.5
"""Seconds of talk before what is measured: streams latch."""
PCMA = Codec("PCMA", 8)
TELEPHONE_EVENT = 101


class Engine:
    """One media worker with streams that are agreed on. For `with`."""

    def __init__(self, sounds: Sequence[Path], streams: int) -> None:
        many_files()
        self._directory = tempfile.TemporaryDirectory(prefix="softacd-bench-")
        self._ready = threading.Event()
        settings = MediaSettings(
            port_low=16_384, port_high=32_767, reservoir=min(streams + 16, 4096), workers=1, worker_grace_seconds=0
        )
        self._pool = WorkerPool(
            settings,
            self._ready.set,
            sounds,
            command=[*prefix(0), sys.executable, "-m", "softacd.runtime.media.worker"],
            directory=Path(self._directory.name),
        )
        self._streams = streams
        self._ports: list[Port] = []

    def __enter__(self) -> "Engine":
        self._pool.start()
        while len(self._ports) < self._streams:
            self._ready.wait(5)
            self._ready.clear()
            for event in self._pool.drain():
                if isinstance(event, PortsOffered):
                    self._ports += event.ports
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.stop(20)
        self._directory.cleanup()

    def attach(self, peers: Sequence[int], codec: Codec = PCMA) -> list[int]:
        """One stream to each of the ports `peers`; the ports of the streams."""
        commands: list[AnyCommand] = []
        ports = self._ports[: len(peers)]
        for stream, (peer, port) in enumerate(zip(peers, ports, strict=True)):
            commands += [
                OpenStream(stream + 1, port),
                SetRemote(stream + 1, HOST, peer, peer + 1, codec, TELEPHONE_EVENT),
            ]
        self.submit(commands)
        return [port.rtp for port in ports]

    def submit(self, commands: Sequence[AnyCommand]) -> None:
        """Hand over commands; they are carried out soon."""
        self._pool.submit(commands)

    def cpu(self) -> float:
        """CPU seconds of the worker so far."""
        return cpu_seconds(self._pool.processes[0])


@contextmanager
def bridged(ports: Sequence[int]) -> Iterator[tuple[Engine, list[int]]]:
    """A worker that relays a call for each two of `ports`, and where they are to send."""
    with Engine([], len(ports)) as engine:
        targets = engine.attach(ports)
        engine.submit([Bridge(leg, leg + 1) for leg in range(1, len(ports), 2)])
        time.sleep(0.3)
        yield engine, targets


def _talk(telephones: Telephones, targets: Sequence[int], seconds: float, cpu: Callable[[], float], kind: int) -> Side:
    telephones.talk(targets, WARM_UP, payload_type=kind)
    before = cpu()
    heard = telephones.talk(targets, seconds, payload_type=kind)
    return Side(heard, cpu() - before, heard.sent)


def through_softacd(seconds: float, calls: int) -> Side:
    """The calls through one media worker."""
    with Telephones(2 * calls) as telephones, bridged(telephones.ports) as (engine, targets):
        return _talk(telephones, targets, seconds, engine.cpu, 8)


def through_c(seconds: float, calls: int) -> Side:
    """The same in C."""
    with Telephones(2 * calls) as telephones, in_c("relay", seconds + WARM_UP + 1.0, telephones.ports) as (own, used):
        telephones.talk(own, WARM_UP)
        heard = telephones.talk(own, seconds)
        packets, cpu = used()
    return Side(heard, cpu, packets)


def through_asterisk(seconds: float, calls: int) -> Side:
    """The same through Asterisk. Raises Skipped."""
    with Telephones(2 * calls) as telephones, asterisk_calls() as peer:
        targets = peer.bridged(telephones.ports)
        return _talk(telephones, targets, seconds, lambda: cpu_seconds(peer.peer.pid), 0)


def _beyond(seconds: float, calls: Sequence[int]) -> int:
    """The most of these numbers of calls that one worker carries without losing a packet."""
    best = 0
    for number in calls:
        if through_softacd(seconds, number).heard.lost:
            break
        best = number
    return best


def run(
    seconds: float = 4.0, calls: int = 500, rounds: int = 3, peer_calls: int = 100, most: tuple[int, ...] = (900, 1200)
) -> Figures:
    """Measure `calls` conversations, `rounds` times by turns through softacd and C; then what a core can carry.

    Asterisk carries `peer_calls`, beside softacd with as many.
    """
    pairs = [(through_softacd(seconds, calls), through_c(seconds, calls)) for _ in range(rounds)]
    ours, limit = (min(sides, key=lambda side: side.microseconds) for sides in zip(*pairs, strict=True))

    def p99(index: int, of: Callable[[Heard], float]) -> float:
        return sorted(of(pair[index].heard) for pair in pairs)[len(pairs) // 2]

    def against(of: Callable[[Heard], float]) -> tuple[float, float]:
        return p99(0, of), p99(1, of)

    middle, middle_c = against(lambda heard: heard.late_p50)
    late, late_c = against(lambda heard: heard.late_p99)
    figures: Figures = {
        "relay_cpu_per_packet": figure(
            ours.microseconds, "us", goal=1.4 * limit.microseconds, beside=limit.microseconds, ratio_to=LIMIT
        ),
        "relay_delay_p50": figure(middle, "ms", goal=0.6, beside=middle_c, ratio_to=LIMIT),
        "relay_delay_p99": figure(late, "ms", goal=1.5 * late_c, beside=late_c, ratio_to=LIMIT),
        "relay_lost": figure(sum(pair[0].heard.lost for pair in pairs), "packets", goal=0),
        "relay_core_at_this_load": figure(100 * ours.cpu / seconds, "%"),
        "c_cpu_per_packet": figure(limit.microseconds, "us"),
        "c_delay_p99": figure(late_c, "ms"),
    }
    if most:
        figures["relay_calls_per_core_without_loss"] = figure(
            _beyond(seconds, most), "calls", goal=most[0], better="higher"
        )
    try:
        asterisk = through_asterisk(seconds, peer_calls)
    except Skipped:
        return figures
    small = through_softacd(seconds, peer_calls)
    name = f"{ASTERISK}, {peer_calls} calls"
    figures |= {
        f"with_{peer_calls}_calls_cpu_per_packet": figure(
            small.microseconds, "us", goal=0.28 * asterisk.microseconds, beside=asterisk.microseconds, ratio_to=name
        ),
        f"with_{peer_calls}_calls_delay_p99": figure(
            small.heard.late_p99, "ms", beside=asterisk.heard.late_p99, ratio_to=name
        ),
        "asterisk_cpu_per_packet": figure(asterisk.microseconds, "us"),
        "asterisk_delay_p50": figure(asterisk.heard.late_p50, "ms"),
        "asterisk_delay_p99": figure(asterisk.heard.late_p99, "ms"),
        "asterisk_lost": figure(asterisk.heard.lost, "packets"),
        "at_full_load_cpu_per_packet": figure(
            ours.microseconds, "us", goal=0.28 * asterisk.microseconds, beside=asterisk.microseconds, ratio_to=name
        ),
    }
    return figures


if __name__ == "__main__":
    print(table(run(*(kind(text) for kind, text in zip((float, int), sys.argv[1:], strict=False)))))
