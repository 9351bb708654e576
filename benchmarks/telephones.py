"""Telephones for the media benchmarks, and the programs in C our figures stand beside. All in processes of their own.

Sides are measured one after the other, each alone on one core with the telephones on another where there are two.
With the right to (root), both run as real-time processes, the same for every side, so that what else the machine does
is not measured.
"""

import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import msgspec

from benchmarks.harness import Skipped

SOURCES = Path(__file__).parent / "native"
SOCKETS = 16
"""Of the telephones: each serves many legs."""
TICKS = os.sysconf("SC_CLK_TCK")


class Heard(msgspec.Struct):
    """What the telephones saw. Times in ms: `late` from leaving a telephone to coming back to one, `gap` against the
    even 20 ms of its stream."""

    sent: int
    received: int
    unknown: int
    late_p50: float
    late_p99: float
    late_max: float
    gap_p50: float
    gap_p99: float
    cpu: float

    @property
    def lost(self) -> int:
        """Packets that did not come back."""
        return self.sent - self.received


@cache
def _programs() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="softacd-bench-")


@cache
def program(name: str) -> str:
    """A program in C, compiled. Raises Skipped where there is no compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise Skipped("needs a C compiler (gcc): the telephones and what we are measured against are in C")
    path = Path(_programs().name, name)
    subprocess.run([compiler, "-O2", "-o", path, SOURCES / f"{name}.c"], check=True, capture_output=True)
    return str(path)


@cache
def prefix(core: int) -> tuple[str, ...]:
    """Words before a command that give it a core and, where allowed, real-time priority."""
    words: list[str] = []
    if shutil.which("taskset") and len(cores := sorted(os.sched_getaffinity(0))) > 1:
        words += ["taskset", "-c", str(cores[core % len(cores)])]
    if (
        shutil.which("chrt")
        and subprocess.run(["chrt", "-r", "1", "true"], check=False, capture_output=True).returncode == 0
    ):
        words += ["chrt", "-r", "1"]
    return tuple(words)


def many_files() -> None:
    """Thousands of sockets, for this process and its children."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Telephones:
    """The other process: `legs` telephones, each with one leg. For `with`."""

    def __init__(self, legs: int) -> None:
        many_files()
        self.legs = legs
        self._process = subprocess.Popen(
            [*prefix(1), program("load"), str(SOCKETS), str(legs)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        ports = [int(port) for port in self._line().split()]
        self.ports = [ports[leg % SOCKETS] for leg in range(legs)]
        """Where each leg listens and sends from."""

    def __enter__(self) -> "Telephones":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def talk(self, targets: Sequence[int], seconds: float, *, send: bool = True, payload_type: int = 8) -> Heard:
        """Every leg sends to its target for `seconds` (or merely listens to it); what was heard."""
        order = f"{seconds} {int(send)} {payload_type} 160 {' '.join(map(str, targets))}\n"
        if self._process.stdin is None:
            raise RuntimeError("the telephones have no pipe")
        self._process.stdin.write(order)
        self._process.stdin.flush()
        numbers = self._line().split()
        return Heard(*map(int, numbers[:3]), *map(float, numbers[3:]))

    def _line(self) -> str:
        if self._process.stdout is None:
            raise RuntimeError("the telephones have no pipe")
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the telephones have ended: {self._process.wait()}")
        return line


class Side(msgspec.Struct):
    """One of those measured: what it heard and what it used."""

    heard: Heard
    cpu: float
    """Seconds of CPU in the measured time."""
    packets: int

    @property
    def microseconds(self) -> float:
        """CPU a packet."""
        return self.cpu / max(self.packets, 1) * 1e6


@contextmanager
def in_c(
    name: str, seconds: float, ports: Sequence[int]
) -> Iterator[tuple[list[int], Callable[[], tuple[int, float]]]]:
    """A program in C towards `ports`: its own ports, and what gives its packets and CPU seconds at its end."""
    command = [*prefix(0), program(name), str(seconds), *map(str, ports)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        lines = process.stdout
        if lines is None:
            raise RuntimeError(f"{name} has no pipe")

        def used() -> tuple[int, float]:
            packets, cpu = lines.readline().split()
            return int(packets), float(cpu)

        yield [int(port) for port in lines.readline().split()], used


def cpu_seconds(process: int) -> float:
    """User and system time of a process so far, in steps of 10 ms (proc(5))."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
