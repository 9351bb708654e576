"""SIPp as callers and phones: start it, wait for it, read what it counted."""

import csv
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Self

import msgspec

from benchmarks.harness import Skipped

SCENARIOS = Path(__file__).parent / "sipp_scenarios"
HOST = "127.0.0.1"


class Counted(msgspec.Struct, frozen=True):
    """SIPp's own view of one run."""

    succeeded: int
    failed: int
    retransmissions: int
    rate: float
    """Calls begun a second, over the run."""


def require() -> str:
    """Where SIPp is. Raises Skipped."""
    program = shutil.which("sipp")
    if program is None:
        raise Skipped("SIPp is not installed; on Debian: apt install sip-tester")
    return program


class Sipp:
    """One SIPp process, ended with its `with` block."""

    def __init__(
        self,
        scenario: str,
        *,
        port: int,
        media_port: int,
        directory: Path,
        arguments: list[str],
        replace: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`replace`: texts of the scenario that are others here."""
        text = (SCENARIOS / f"{scenario}.xml").read_text(encoding="utf-8")
        for old, new in replace.items():
            text = text.replace(old, new)
        played = directory / f"{scenario}.xml"
        played.write_text(text, encoding="utf-8")
        self._statistics = directory / f"{scenario}-{port}.csv"
        self._statistics.unlink(missing_ok=True)
        self._errors = directory / f"{scenario}-{port}.err"
        self._process = subprocess.Popen(
            [
                *(require(), f"{HOST}:{port}" if scenario == "phone" else arguments.pop(0)),
                *("-sf", str(played), "-i", HOST, "-p", str(port), "-mp", str(media_port)),
                *("-trace_stat", "-stf", str(self._statistics), "-fd", "1"),
                *("-nostdin", "-nd", *arguments),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._errors.open("wb"),
            cwd=directory,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(3)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def wait(self, seconds: float) -> Counted:
        """Wait for the end of all calls. Raises TimeoutError, with what SIPp said."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"SIPp did not end within {seconds:g} s {self._said()}") from None
        return self.counted()

    def counted(self) -> Counted:
        """What it counted so far. Raises RuntimeError when it has counted nothing."""
        counted = read_statistics(self._statistics)
        if counted is None:
            raise RuntimeError(f"SIPp counted nothing {self._said()}")
        return counted

    def living(self) -> int:
        """Calls that live, by its statistics of the last second."""
        rows = _rows(self._statistics)
        return int(rows[-1]["CurrentCall"]) if rows else 0

    def _said(self) -> str:
        return self._errors.read_text(encoding="utf-8", errors="replace")[-300:].strip()


def read_statistics(file: Path) -> Counted | None:
    """The last line of a statistics file of SIPp's, written once a second and at the end; None before the first."""
    rows = _rows(file)
    if not rows:
        return None
    last = rows[-1]
    return Counted(
        succeeded=int(last["SuccessfulCall(C)"]),
        failed=int(last["FailedCall(C)"]),
        retransmissions=int(last["Retransmissions(C)"]),
        rate=float(last["CallRate(C)"]),
    )


def _rows(file: Path) -> list[dict[str, str]]:
    try:
        with file.open(encoding="utf-8") as stream:
            return list(csv.DictReader(stream, delimiter=";"))
    except FileNotFoundError:
        return []
