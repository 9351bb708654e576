"""What a bridged call costs in signalling: SIPp as the carrier, `softacd run`, SIPp as the phones; no media flows.

softacd stands beside Asterisk in the same run when `tools/asterisk` has fetched it, under the same calls
(`benchmarks.sides`); without it the reference is the calibration loop. CPU is user and system time of the whole process
from /proc, its database thread and media thread (which opens four sockets a call) included. What the kernel alone takes
for as many datagrams stands beside it.

`python -m benchmarks.signalling [--smoke]`; `python -m benchmarks.endurance` keeps on for 100,000 calls.
"""

import os
import random
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from benchmarks import asterisk
from benchmarks.harness import CALIBRATION, Figures, Progress, figure, table
from benchmarks.load import RATE, Load, sustained
from benchmarks.probe import Probe
from benchmarks.sides import ROUNDS, AsteriskSide, Side, SoftacdSide, own_core
from benchmarks.sipp import HOST, require
from benchmarks.standing import Standing, stand

YARDSTICK = f"{ROUNDS:,} rounds of the {CALIBRATION}"
PEER = "Asterisk"
PHONES = 100
QUARTER = 0.25
"""The share of Asterisk's CPU time a call may cost."""
STANDING_CALLS = 1000
DATAGRAM = 700
"""Bytes of a usual SIP message."""


class Report(msgspec.Struct, frozen=True):
    """One side, measured from end to end."""

    usual: Load
    rate: int
    """The highest rate that passed clean; 0: none."""
    best: Load | None
    """At that rate."""
    easy: Load | None
    """At 70 % of it."""
    quiet: list[float]
    """Milliseconds from the INVITE in to the INVITE out, in order, without other calls."""
    loaded: list[float]
    """The same under `loaded_rate` calls/s."""
    loaded_rate: int
    standing: Standing | None


def measure(side: Side, seconds: float, loaded_rate: int, progress: Progress) -> Report:
    """Everything of one side; `loaded_rate` 0: half the highest rate found."""
    progress("warming up")
    side.load(RATE, 1.0)
    progress(f"{RATE} calls/s")
    usual = side.load(RATE, seconds)
    rate, best = sustained(side, usual, seconds * 0.6, progress)
    easy = None
    if best is not None:
        progress(f"{round(rate * 0.7)} calls/s, 70 % of the highest rate")
        easy = side.load(round(rate * 0.7), seconds)
    loaded_rate = loaded_rate or max(RATE // 2, rate // 2)
    progress("set-up without other calls")
    chance = random.Random(7)
    with _probe(side) as probe:
        quiet = probe.measure(seconds, lambda: chance.uniform(0.01, 0.05))
        progress(f"set-up under {loaded_rate} calls/s")
        loaded = _under_load(side, probe, loaded_rate, seconds, lambda: chance.uniform(0.01, 0.05))
    return Report(usual, rate, best, easy, sorted(quiet), sorted(loaded), loaded_rate, None)


def _probe(side: Side) -> Probe:
    return Probe(
        side.port,
        caller_port=side.probe_caller_port,
        phone_port=side.probe_phone_port,
        caller="carrier" if side.caller == "carrier" else "+37360999999",
        number=side.number(PHONES),
    )


def _under_load(side: Side, probe: Probe, rate: int, seconds: float, gap: Callable[[], float]) -> list[float]:
    thread = threading.Thread(target=side.load, args=(rate, seconds + 1.5))
    thread.start()
    time.sleep(1.0)
    delays = probe.measure(seconds, gap)
    thread.join()
    return delays


def bare_datagram_us(rounds: int = 5000) -> float:
    """CPU microseconds of one datagram received and one sent by a Python thread that does nothing else, best of 3."""
    return min(_bare_round(rounds) for _ in range(3)) * 1e6


def _bare_round(rounds: int) -> float:
    spent = [0.0]
    with socket.socket(type=socket.SOCK_DGRAM) as ours, socket.socket(type=socket.SOCK_DGRAM) as theirs:
        ours.bind((HOST, 0))
        theirs.bind((HOST, 0))
        ours.connect(theirs.getsockname())
        theirs.connect(ours.getsockname())
        ours.settimeout(5)
        theirs.settimeout(5)

        def answer() -> None:
            began = time.thread_time()
            for _ in range(rounds):
                ours.send(ours.recv(65_535))
            spent[0] = time.thread_time() - began

        thread = threading.Thread(target=answer)
        thread.start()
        message = bytes(DATAGRAM)
        for _ in range(rounds):
            theirs.send(message)
            theirs.recv(65_535)
        thread.join()
    return spent[0] / rounds


def run(*, smoke: bool = False, seconds: float = 5.0, progress: Progress = lambda text: None) -> Figures:
    """Measure. Raises Skipped without SIPp, RuntimeError when the switch does not do its work."""
    require()
    cores = os.sched_getaffinity(0)
    try:
        return _run(smoke, seconds, () if smoke else own_core(), progress)
    finally:
        os.sched_setaffinity(0, cores)


def _run(smoke: bool, seconds: float, prefix: tuple[str, ...], progress: Progress) -> Figures:
    bare = bare_datagram_us(1000 if smoke else 5000)
    peer: Report | None = None
    with tempfile.TemporaryDirectory(prefix="softacd-bench-") as name:
        directory = Path(name)
        if not smoke and asterisk.folder() is not None:
            with AsteriskSide(directory / "peer", PHONES, prefix) as side:
                peer = measure(side, seconds, 0, lambda text: progress(f"{PEER}: {text}"))
            with AsteriskSide(directory / "standing-peer", PHONES, prefix) as side:
                progress(f"{PEER}: {STANDING_CALLS} calls stand")
                peer = msgspec.structs.replace(peer, standing=stand(side, STANDING_CALLS, RATE // 2))
        progress("the switch starts")
        with SoftacdSide(directory / "ours", 10 if smoke else PHONES, prefix) as side:
            if smoke:
                progress("20 calls")
                usual = side.load(20, 1.0)
                ours = Report(usual, 20 if usual.clean else 0, usual, None, [], [], 0, None)
            else:
                ours = measure(side, seconds, peer.loaded_rate if peer is not None else 0, progress)
        if not smoke:
            with SoftacdSide(directory / "standing", PHONES, prefix) as side:
                progress(f"{STANDING_CALLS} calls stand")
                ours = msgspec.structs.replace(ours, standing=stand(side, STANDING_CALLS, 2 * RATE))
    if not ours.usual.bridged:
        raise RuntimeError(f"no call was bridged: {ours.usual}")
    return _figures(ours, peer, bare)


def _figures(ours: Report, peer: Report | None, bare: float) -> Figures:
    usual, best = ours.usual, ours.best
    lost = usual.callers.failed + max(0, usual.callers.succeeded - usual.bridged)
    theirs = peer.usual.cpu_ms if peer is not None else None
    figures: Figures = {
        "signalling_cpu_per_call": figure(
            usual.cpu_ms,
            "ms",
            goal=theirs * QUARTER if theirs else 1.0,
            beside=theirs or usual.yardstick_ms,
            ratio_to=PEER if theirs else YARDSTICK,
        ),
        "signalling_cpu_per_call_main_thread": figure(
            usual.main_ms, "ms", beside=usual.yardstick_ms, ratio_to=YARDSTICK
        ),
        "signalling_calls_per_core": figure(
            1000 / usual.cpu_ms if usual.cpu_ms else 0.0,
            "calls/s",
            goal=1000,
            better="higher",
            beside=1000 / usual.yardstick_ms,
            ratio_to=YARDSTICK,
        ),
        "signalling_sustained": figure(
            ours.rate,
            "calls/s",
            goal=600,
            better="higher",
            beside=peer.rate if peer is not None else None,
            ratio_to=PEER,
        ),
        "signalling_failed": figure(lost, "calls", goal=0),
        "signalling_retransmissions": figure(usual.retransmissions, "messages", goal=0),
        "signalling_messages_per_call": figure(usual.received + usual.sent, "messages"),
        "signalling_left_open": figure(usual.left_open, "objects", goal=0),
        "signalling_memory": figure(usual.memory, "MB"),
        "bare_socket_per_call": figure(
            (usual.received + usual.sent) / 2 * bare / 1000, "ms", beside=usual.yardstick_ms, ratio_to=YARDSTICK
        ),
    }
    if best is not None and best is not usual:
        theirs = peer.best.cpu_ms if peer is not None and peer.best is not None else None
        figures["signalling_cpu_per_call_sustained"] = figure(
            best.cpu_ms,
            "ms",
            goal=theirs * QUARTER if theirs else None,
            beside=theirs or best.yardstick_ms,
            ratio_to=PEER if theirs else YARDSTICK,
        )
        figures["signalling_core_at_sustained"] = figure(best.busy * 100, "%")
    if ours.easy is not None:
        figures["signalling_retransmissions_at_70_percent"] = figure(ours.easy.retransmissions, "messages", goal=0)
    for title, delays, others in (
        ("set_up", ours.quiet, peer.quiet if peer is not None else []),
        (f"set_up_under_{ours.loaded_rate}_calls_a_second", ours.loaded, peer.loaded if peer is not None else []),
    ):
        for percent in (50, 99) if delays else ():
            beside = percentile(others, percent) if others else None
            figures[f"signalling_{title}_p{percent}"] = figure(
                percentile(delays, percent),
                "ms",
                goal=beside or (1.8 if percent == 50 else None),
                beside=beside,
                ratio_to=PEER,
            )
    if ours.standing is not None:
        figures |= standing_figures(ours.standing, peer.standing if peer is not None else None)
    if peer is not None:
        figures |= _peer_figures(peer)
    return figures


def standing_figures(ours: Standing, peer: Standing | None) -> Figures:
    """Memory of a call that stands, and the collector's pauses meanwhile."""
    return {
        f"signalling_memory_per_call_at_{ours.calls}": figure(
            ours.kibibytes, "KiB", goal=40, beside=peer.kibibytes if peer is not None else None, ratio_to=PEER
        ),
        f"signalling_longest_collector_pause_at_{ours.calls}": figure(ours.longest_pause_ms, "ms", goal=5),
        f"signalling_collector_pause_of_most_work_at_{ours.calls}": figure(ours.hardest_pause_ms, "ms", goal=5),
    }


def _peer_figures(peer: Report) -> Figures:
    return {
        "asterisk: cpu per call": figure(peer.usual.cpu_ms, "ms"),
        "asterisk: sustained": figure(peer.rate, "calls/s"),
        "asterisk: cpu per call sustained": figure(peer.best.cpu_ms if peer.best is not None else 0.0, "ms"),
        "asterisk: set up p50": figure(percentile(peer.quiet, 50), "ms"),
        "asterisk: set up p99": figure(percentile(peer.quiet, 99), "ms"),
        "asterisk: set up under load p50": figure(percentile(peer.loaded, 50), "ms"),
        "asterisk: set up under load p99": figure(percentile(peer.loaded, 99), "ms"),
    }


def percentile(ordered: list[float], percent: int) -> float:
    """The value below which `percent` of `ordered` lie; 0.0 of nothing."""
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else 0.0


if __name__ == "__main__":
    print(table(run(smoke="--smoke" in sys.argv, progress=lambda text: print(text, file=sys.stderr))))
