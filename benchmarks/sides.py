"""The two sides of a comparison, a running softacd and a running Asterisk, under the same calls brought by SIPp.

A call is INVITE, answer and ACK from the carrier, INVITE, 180, 200 and ACK with a phone, both media bridged, BYE on
both sides; no media flows. softacd answers the caller first, records and traces the call; Asterisk rings first and
records nothing. With two processors or more the side that is measured has one for itself, SIPp the others.
"""

import os
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self

from benchmarks.asterisk import Peer
from benchmarks.harness import calibrate
from benchmarks.load import Load
from benchmarks.sipp import HOST, Counted, Sipp
from benchmarks.switch import RunningSwitch, cpu_seconds, free_ports

ROUNDS = 1000
TALK_MILLISECONDS = 300
"""Longer than the set-up takes, so that every call is bridged before its caller hangs up."""


def own_core() -> tuple[str, ...]:
    """Words before a command that keep it on one processor, and this process and its children off it."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return ()
    os.sched_setaffinity(0, cores[1:])
    return ("taskset", "-c", str(cores[0]))


class Side(ABC):
    """Something calls can be brought to, for `with`."""

    def __init__(self, directory: Path, phones: int) -> None:
        directory.mkdir(exist_ok=True)
        self._directory = directory
        self._phones = phones
        self.caller_port, self._caller_media, self.phone_port, self._phone_media = free_ports(4)
        self.probe_caller_port, self.probe_phone_port = free_ports(2)

    @abstractmethod
    def __enter__(self) -> Self: ...

    @abstractmethod
    def __exit__(self, *_: object) -> None: ...

    @property
    @abstractmethod
    def pid(self) -> int:
        """The process measured."""

    @property
    @abstractmethod
    def port(self) -> int:
        """Where it takes calls."""

    @abstractmethod
    def number(self, phone: int) -> str:
        """What rings phone `phone`; the number after the last phone's rings the probe's."""

    @property
    @abstractmethod
    def caller(self) -> str:
        """SIPp's text for the user in a caller's From."""

    def figures(self) -> dict[str, float]:
        """Its own figures, where it has some."""
        return {}

    def settle(self) -> bool:
        """Wait until no call lives; False when some go on and on: their callers gave up in an overload."""
        return True

    def main_thread_seconds(self) -> float:
        """User and system time of its main thread."""
        return cpu_seconds(Path(f"/proc/{self.pid}/task/{self.pid}/stat"))

    def cpu_seconds(self) -> float:
        """User and system time of all its threads, and of the processes it has started."""
        return process_cpu_seconds(self.pid)

    def resident_megabytes(self) -> float:
        """Memory of the process now."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text(encoding="utf-8").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    # --- SIPp at both ends --------------------

    def phones(self) -> Sipp:
        """The phones, for `with`."""
        return Sipp(
            "phone", port=self.phone_port, media_port=self._phone_media, directory=self._directory, arguments=[]
        )

    def callers(self, calls: int, rate: int, talk_milliseconds: int, most: int) -> Sipp:
        """`calls` callers at `rate`, at most so many at once, for `with`."""
        numbers = self._directory / "numbers.csv"
        lines = ["SEQUENTIAL", *(f"{self.number(phone)};" for phone in range(self._phones))]
        numbers.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return Sipp(
            "caller",
            port=self.caller_port,
            media_port=self._caller_media,
            directory=self._directory,
            replace={"+37360[call_number]": self.caller},
            arguments=[
                f"{HOST}:{self.port}",
                *("-inf", str(numbers), "-d", str(talk_milliseconds)),
                *("-r", str(rate), "-m", str(calls), "-l", str(most), "-recv_timeout", "8000"),
            ],
        )

    def load(self, rate: int, seconds: float) -> Load:
        """Bring `rate` calls a second for `seconds`."""
        calls = max(1, round(rate * seconds))
        with self.phones() as phones:
            time.sleep(0.2)
            yardstick = calibrate(3)
            before = self.figures()
            cpu, main, began = self.cpu_seconds(), self.main_thread_seconds(), time.monotonic()
            with self.callers(calls, rate, TALK_MILLISECONDS, max(50, rate * 3)) as callers:
                counted = callers.wait(seconds * 3 + 30)
            used, took = self.cpu_seconds() - cpu, time.monotonic() - began
            used_by_main = self.main_thread_seconds() - main
            settled = self.settle()
            after = self.figures()
            memory = self.resident_megabytes()
            phones_counted = _phones_counted(phones, counted.succeeded)
        if not settled:  # what is measured next shall not carry them
            self.__exit__()
            self.__enter__()
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
            memory=memory,
        )


class SoftacdSide(Side):
    """`softacd run` with its default settings, a carrier and registered phones."""

    caller = "+37360[call_number]"

    def __init__(
        self,
        directory: Path,
        phones: int,
        prefix: tuple[str, ...] = (),
        media: tuple[int, int] | None = None,
        workers: int = 0,
        sections: tuple[str, ...] = (),
    ) -> None:
        """`media`: its range of ports, if not the usual one; `workers`: processes for the voice, 0: a thread.

        `sections`: more of its configuration, in TOML.
        """
        super().__init__(directory, phones)
        self._prefix = prefix
        self._media = media
        self._workers = workers
        self._sections = sections
        self._starts = 0

    def __enter__(self) -> Self:
        self._starts += 1
        directory = self._directory / f"run{self._starts}"
        directory.mkdir()
        self.switch = RunningSwitch(
            directory,
            carrier_port=self.caller_port,
            phones=self._phones,
            probe_port=self.probe_caller_port,
            media=self._media,
            workers=self._workers,
            prefix=self._prefix,
            sections=self._sections,
        )
        self.switch.__enter__()
        try:
            self.switch.register_phones(self.phone_port, range(self._phones))
            self.switch.register_phones(self.probe_phone_port, range(self._phones, self._phones + 1))
        except BaseException:
            self.switch.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.switch.__exit__()

    @property
    def pid(self) -> int:
        return self.switch.pid

    @property
    def port(self) -> int:
        return self.switch.sip_port

    def number(self, phone: int) -> str:
        return self.switch.number(phone)

    def figures(self) -> dict[str, float]:
        return self.switch.metrics()

    def settle(self) -> bool:
        try:
            self.switch.settle()
        except RuntimeError:
            return False
        return True


class AsteriskSide(Side):
    """The peer of `benchmarks.asterisk`, for as many phones as it has agents."""

    caller = "carrier"

    def __init__(self, directory: Path, phones: int, prefix: tuple[str, ...] = ()) -> None:
        super().__init__(directory, phones)
        (self._port,) = free_ports(1)
        self._peer = Peer(
            directory,
            port=self._port,
            carrier=(HOST, self.caller_port),
            agents=(HOST, self.phone_port),
            apart={phones + 1: (HOST, self.probe_phone_port)},
            prefix=prefix,
        )

    def __enter__(self) -> Self:
        self._peer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._peer.stop()

    @property
    def pid(self) -> int:
        return self._peer.pid

    @property
    def port(self) -> int:
        return self._port

    def number(self, phone: int) -> str:
        return f"7{phone + 1:03d}"


def process_cpu_seconds(pid: int) -> float:
    """User and system time of a process, all its threads and the processes it has started, to the nanosecond."""
    return sum(time.clock_gettime(_cpu_clock(one)) for one in (pid, *_children(pid)))


def _cpu_clock(pid: int) -> int:
    """Another process's CPU clock, as clock_getcpuclockid(3) of Linux makes it."""
    return ((-pid - 1) << 3) | 2


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


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    return [child for direct in map(int, found) for child in (direct, *_children(direct))]


def _grown(before: dict[str, float], after: dict[str, float], name: str) -> float:
    family = f"softacd_sip_{name}_total"
    return after.get(family, 0.0) - before.get(family, 0.0)
