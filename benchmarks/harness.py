"""The one harness of all benchmarks: what a figure is, which suites there are, and the loop machines are compared by.

A figure of a shared machine means little by itself. Each therefore stands beside something measured in the same run:
an ideal program that does the same work without thinking, a peer, or the calibration loop. `Figure.ratio_to` names it.
"""

import importlib
import inspect
import os
import platform
import time
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import msgspec

CALIBRATION = "calibration loop"
CALIBRATION_ROUNDS = 20_000
LIBRARIES = ("softacd", "uvloop", "msgspec", "numpy", "structlog", "litestar", "sqlalchemy")

Better = Literal["lower", "higher"]
Progress = Callable[[str], None]


class Skipped(Exception):  # noqa: N818 - an outcome, not an error
    """A suite cannot run here; the text says what is missing and how to get it."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One measured value.

    `ratio` is `value` over the same quantity of `ratio_to`, 1.0 meaning as good as that; None when there is no such
    quantity. `better` says in which direction to go, for the value and the ratio alike.
    """

    value: float
    unit: str
    goal: float | None = None
    better: Better = "lower"
    ratio: float | None = None
    ratio_to: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the goal is met; None without a goal."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.better == "lower" else self.value >= self.goal


Figures = dict[str, Figure]


def figure(
    value: float,
    unit: str,
    *,
    goal: float | None = None,
    better: Better = "lower",
    beside: float | None = None,
    ratio_to: str = "",
) -> Figure:
    """A figure rounded to what it can mean; `beside` is the same quantity of `ratio_to`, measured in this run."""
    ratio = round(value / beside, 3) if beside else None
    return Figure(
        value=round(value, 3),
        unit=unit,
        goal=goal,
        better=better,
        ratio=ratio,
        ratio_to=ratio_to if ratio is not None else "",
    )


class Result(msgspec.Struct, frozen=True):
    """What one suite found, and where."""

    suite: str
    machine: dict[str, Any]
    versions: dict[str, str]
    figures: Figures
    smoke: bool = False
    """Measured so briefly that only working or not working can be told from it."""
    seconds: float = 0.0
    """How long the suite took."""
    skipped: str = ""
    """Why it could not run here; then there are no figures."""
    failed: str = ""
    """What broke it; then there are no figures."""


class Suite(msgspec.Struct, frozen=True):
    """A module of this package with a function `run`, and the arguments for a whole and for the smallest run."""

    name: str
    title: str
    smoke: Mapping[str, Any]
    """Keyword arguments of `run` that make it as short as it can be."""
    reports: bool = False
    """Whether `run` takes `progress`."""

    def run(self, *, smoke: bool, progress: Progress, seconds: float | None = None) -> Result:
        """Measure, for `seconds` where a suite lets that be chosen. Raises Skipped."""
        module = importlib.import_module(f"benchmarks.{self.name.replace('-', '_')}")
        arguments: dict[str, Any] = dict(self.smoke) if smoke else {}
        if self.reports:
            arguments["progress"] = progress
        if seconds is not None:
            if "seconds" not in inspect.signature(module.run).parameters:
                raise Skipped("how long it takes cannot be chosen")
            arguments["seconds"] = seconds
        began = time.monotonic()
        figures: Figures = module.run(**arguments)
        return Result(
            suite=self.name,
            machine=machine(),
            versions=versions(),
            figures=figures,
            smoke=smoke,
            seconds=round(time.monotonic() - began, 2),
        )

    def nothing(self, *, skipped: str = "", failed: str = "") -> Result:
        """The result of a run without figures, and why there are none."""
        return Result(self.name, machine(), versions(), {}, skipped=skipped, failed=failed)


SUITES: dict[str, Suite] = {
    suite.name: suite
    for suite in (
        Suite("sip_parse", "SIP messages read and written", {"seconds": 0.1}),
        Suite("distributor", "Callers matched to agents", {"rounds": 100, "repeats": 1}),
        Suite("wait-time", "Waiting times foretold, beside other estimators", {"days": 1, "hours": 1.0, "repeats": 1}),
        Suite("signalling", "Bridged calls through a running switch, without media", {"smoke": True}, reports=True),
        Suite("flow", "The way to an agent, beside a call bridged at once", {"smoke": True}, reports=True),
        Suite(
            "relay",
            "Conversations relayed",
            {"seconds": 0.5, "calls": 10, "rounds": 1, "peer_calls": 4, "most": ()},
        ),
        Suite(
            "playback",
            "Prompts and music played",
            {"seconds": 0.5, "streams": 20, "rounds": 1, "peer_streams": 4},
        ),
        Suite("mix", "Conferences mixed", {"streams": 6, "rounds": 2}),
        Suite("transcode", "Conversations between codecs", {"streams": 6, "rounds": 2}),
        Suite("dtmf", "Voices searched for keys pressed as tones", {"streams": 6, "rounds": 2}),
        Suite("srtp", "Voices encrypted", {"packets": 20}),
        Suite("recording", "Conversations recorded", {"streams": 6, "rounds": 2}),
        Suite(
            "dispatch",
            "Agents become free, callers enter: until the INVITE leaves and both hear",
            {"rounds": 2, "rings": 2, "beside": False},
            reports=True,
        ),
        Suite("webrtc", "Browsers' legs: encrypted by DTLS-SRTP", {"seconds": 0.6, "legs": 4}),
        Suite(
            "soak", "Music, talk, hold, transfer, recording, over and over", {"seconds": 3.0, "calls": 6}, reports=True
        ),
        Suite("desk", "Pages told what changes", {"seconds": 2.0, "agents": 5, "boards": 2}),
        Suite("store", "Call records written", {"calls": 50}),
        Suite(
            "customers",
            "Callers looked up among a million customers",
            {"customers": 2_000, "lookups": 500},
            reports=True,
        ),
    )
}


def calibrate(repeat: int = 5) -> float:
    """Seconds of one round of the calibration loop: small work of the interpreter's everyday kind, best of `repeat`."""
    best = float("inf")
    for _ in range(repeat):
        began = time.perf_counter()
        _everyday_work(CALIBRATION_ROUNDS)
        best = min(best, time.perf_counter() - began)
    return best / CALIBRATION_ROUNDS


def yardstick(rounds: int = 20) -> int:
    """Nanoseconds of a few rounds of the calibration loop: taken beside every single step that is timed, it feels the
    same disturbances."""
    began = time.perf_counter_ns()
    _everyday_work(rounds)
    return time.perf_counter_ns() - began


def _everyday_work(rounds: int) -> int:
    """Look up, call, cut and join: what the cores do all day, by none of their code. The yardstick: never tune it."""
    table = {f"header-{number}": number for number in range(32)}
    line = "header-7: value;parameter=1"
    total = 0
    for number in range(rounds):
        name, _, rest = line.partition(":")
        key = name.lower()
        total += table[key] + len(rest.strip().split(";"))
        line = f"header-{number & 31}: value;parameter={number}"
    return total


def machine() -> dict[str, Any]:
    """What the figures were measured on; nothing that names it."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "cores_usable": len(os.sched_getaffinity(0)),
        "load_average": round(os.getloadavg()[0], 2),
        "kernel": platform.release(),
        "system": platform.system(),
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.machine()
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def versions() -> dict[str, str]:
    """Python and the libraries whose speed is ours."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def table(figures: Figures) -> str:
    """Figures as lines of text, for `python -m benchmarks.NAME`."""
    lines = [f"{'figure':34}{'value':>12} {'unit':10}{'goal':>10}{'ratio':>9}  to"]
    for name, one in figures.items():
        goal = "" if one.goal is None else f"{one.goal:g}"
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        lines.append(f"{name:34}{one.value:12.3f} {one.unit:10}{goal:>10}{ratio:>9}  {one.ratio_to}".rstrip())
    return "\n".join(lines)
