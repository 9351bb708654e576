"""What a bridged call costs in signalling: SIPp as the carrier, `softacd run`, SIPp as the phones; no media flows.

A call is INVITE, answer and ACK from the carrier, INVITE, 180, 200 and ACK with a registered phone, both media bridged,
BYE on both sides; recorded and traced as any call is. CPU is user and system time of the whole process from /proc, its
database thread and media thread (which opens four sockets a call) included. The reference is the calibration loop of
the same run; what the kernel alone takes for as many datagrams stands beside it.

`python -m benchmarks.signalling [--smoke]`
"""

import socket
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Protocol

import msgspec

from benchmarks.harness import CALIBRATION, Figure, Figures, Progress, calibrate, figure, table
from benchmarks.sipp import HOST, Counted, Sipp, require
from benchmarks.switch import RunningSwitch, free_ports

ROUNDS = 1000
YARDSTICK = f"{ROUNDS:,} rounds of the {CALIBRATION}"
PHONES = 100
TALK_MILLISECONDS = 300
"""Longer than the set-up takes, so that every call is bridged before its caller hangs up."""
RATE = 100
"""Calls a second at which the cost of one is measured."""
FIRST_RATE = 50
LAST_RATE = 3200
DATAGRAM = 700
"""Bytes of a usual SIP message."""


class Load(msgspec.Struct, frozen=True):
    """What `calls` calls at one rate did."""

    callers: Counted
    bridged: int
    cpu_ms: float
    """Of the switch, for each call."""
    main_ms: float
    """Of its main thread, for each call."""
    yardstick_ms: float
    """Of the calibration loop's rounds, just before."""
    busy: float
    """Share of one core the switch used while the load ran, 0..1 (and above, with its threads)."""
    received: float
    """SIP messages the switch received, for each call."""
    sent: float
    retransmissions: float
    """Of all three, for the whole load."""
    left_open: float
    """Dialogs and streams the switch still held when all calls had ended."""
    memory: float
    """Megabytes of the switch afterwards."""

    @property
    def clean(self) -> bool:
        """Nobody failed, and nobody had to repeat himself."""
        return not self.callers.failed and not self.retransmissions and self.bridged == self.callers.succeeded


class Loadable(Protocol):
    """What calls can be brought to."""

    def load(self, rate: int, seconds: float) -> Load:
        """Bring `rate` calls a second for `seconds`."""


class Bench:
    """The switch and its phones, loaded again and again."""

    def __init__(self, directory: Path, phones: int) -> None:
        self._directory = directory
        self._phones = phones
        self._caller_port, self._caller_media, self._phone_port, self._phone_media = free_ports(4)
        self.switch = RunningSwitch(directory, carrier_port=self._caller_port, phones=phones)
        self._numbers = directory / "numbers.csv"
        lines = ["SEQUENTIAL", *(f"{self.switch.number(phone)};" for phone in range(phones))]
        self._numbers.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def register(self) -> None:
        """Register the phones; SIPp then takes their port over."""
        self.switch.register_phones(self._phone_port)

    def load(self, rate: int, seconds: float) -> Load:
        """Bring `rate` calls a second for `seconds`."""
        calls = max(1, round(rate * seconds))
        with Sipp(
            "phone", port=self._phone_port, media_port=self._phone_media, directory=self._directory, arguments=[]
        ) as phones:
            time.sleep(0.2)
            yardstick = calibrate(3)
            before = self.switch.metrics()
            cpu, main, began = self.switch.cpu_seconds(), self.switch.main_thread_seconds(), time.monotonic()
            with Sipp(
                "caller",
                port=self._caller_port,
                media_port=self._caller_media,
                directory=self._directory,
                arguments=[
                    f"{HOST}:{self.switch.sip_port}",
                    *("-inf", str(self._numbers), "-d", str(TALK_MILLISECONDS)),
                    *("-r", str(rate), "-m", str(calls), "-l", str(max(50, rate * 3)), "-recv_timeout", "8000"),
                ],
            ) as callers:
                counted = callers.wait(seconds * 3 + 30)
            used, took = self.switch.cpu_seconds() - cpu, time.monotonic() - began
            used_by_main = self.switch.main_thread_seconds() - main
            self.switch.settle()
            after = self.switch.metrics()
            phones_counted = self._phones_counted(phones, counted.succeeded)
        return Load(
            callers=counted,
            bridged=phones_counted.succeeded,
            cpu_ms=used / calls * 1000,
            main_ms=used_by_main / calls * 1000,
            yardstick_ms=yardstick * ROUNDS * 1000,
            busy=used / took,
            received=_grown(before, after, "messages_received") / calls,
            sent=_grown(before, after, "messages_sent") / calls,
            retransmissions=counted.retransmissions
            + phones_counted.retransmissions
            + _grown(before, after, "retransmissions_sent"),
            left_open=after.get("softacd_sip_dialogs", 0.0) + after.get("softacd_media_streams", 0.0),
            memory=self.switch.resident_megabytes(),
        )

    @staticmethod
    def _phones_counted(phones: Sipp, expected: int) -> Counted:
        """SIPp writes its statistics once a second: wait for the line that has everything."""
        deadline = time.monotonic() + 4
        while True:
            time.sleep(0.2)
            try:
                counted = phones.counted()
            except RuntimeError:
                if time.monotonic() > deadline:
                    raise
                continue
            if counted.succeeded + counted.failed >= expected or time.monotonic() > deadline:
                return counted


def _grown(before: dict[str, float], after: dict[str, float], name: str) -> float:
    family = f"softacd_sip_{name}_total"
    return after.get(family, 0.0) - before.get(family, 0.0)


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
    bare = bare_datagram_us(1000 if smoke else 5000)
    with tempfile.TemporaryDirectory(prefix="softacd-bench-") as name:
        bench = Bench(Path(name), 10 if smoke else PHONES)
        progress("the switch starts")
        with bench.switch:
            bench.register()
            if smoke:
                progress("20 calls")
                usual = bench.load(20, 1.0)
                best = usual if usual.clean else None
                rate = 20
            else:
                progress("warming up")
                bench.load(RATE, 1.0)
                progress(f"{RATE} calls/s")
                usual = bench.load(RATE, seconds)
                rate, best = sustained(bench, usual, seconds * 0.6, progress)
    if not usual.bridged:
        raise RuntimeError(f"no call was bridged: {usual}")
    return _figures(usual, rate if best is not None else 0, best, bare)


def sustained(bench: Loadable, usual: Load, seconds: float, progress: Progress) -> tuple[int, Load | None]:
    """The highest rate that passes clean, within 10 %: doubled until one does not, then halved in between."""
    good, best = (RATE, usual) if usual.clean else (0, None)
    rate, bad = (RATE * 2, 0) if best is not None else (FIRST_RATE, RATE)
    while rate <= LAST_RATE and (not bad or bad - good > good * 0.1):
        progress(f"{rate} calls/s, {good} passed clean")
        load = bench.load(rate, seconds)
        if load.clean and load.callers.rate > rate * 0.8:
            good, best = rate, load
        else:
            bad = rate
        rate = (good + bad) // 2 if bad else rate * 2
        if rate <= good:
            break
    return good, best


def _figures(usual: Load, rate: int, best: Load | None, bare: float) -> Figures:
    lost = usual.callers.failed + max(0, usual.callers.succeeded - usual.bridged)
    figures: Figures = {
        "signalling_cpu_per_call": _cpu(usual.cpu_ms, usual, goal=1.0),
        "signalling_cpu_per_call_main_thread": _cpu(usual.main_ms, usual),
        "signalling_calls_per_core": figure(
            1000 / usual.cpu_ms if usual.cpu_ms else 0.0,
            "calls/s",
            goal=1000,
            better="higher",
            beside=1000 / usual.yardstick_ms,
            ratio_to=YARDSTICK,
        ),
        "signalling_sustained": figure(rate, "calls/s", goal=500, better="higher"),
        "signalling_failed": figure(lost, "calls", goal=0),
        "signalling_retransmissions": figure(usual.retransmissions, "messages", goal=0),
        "signalling_messages_per_call": figure(usual.received + usual.sent, "messages"),
        "signalling_left_open": figure(usual.left_open, "objects", goal=0),
        "signalling_memory": figure(usual.memory, "MB"),
        "bare_socket_per_call": _cpu((usual.received + usual.sent) / 2 * bare / 1000, usual),
    }
    if best is not None and best is not usual:
        figures["signalling_cpu_per_call_sustained"] = _cpu(best.cpu_ms, best)
        figures["signalling_core_at_sustained"] = figure(best.busy * 100, "%")
    return figures


def _cpu(value: float, load: Load, goal: float | None = None) -> Figure:
    return figure(value, "ms", goal=goal, beside=load.yardstick_ms, ratio_to=YARDSTICK)


if __name__ == "__main__":
    print(table(run(smoke="--smoke" in sys.argv, progress=lambda text: print(text, file=sys.stderr))))
