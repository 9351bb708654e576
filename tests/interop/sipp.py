"""SIPp as a carrier: signalling strict and recorded elsewhere, media by its own RTP streams or by captured packets."""

import asyncio
import csv
import shutil
import socket
from pathlib import Path
from typing import Self

import msgspec
import pytest

from tests.interop.tones import to_alaw, tone

PROGRAM = shutil.which("sipp")
SCENARIOS = Path(__file__).parent / "scenarios"

needs_sipp = pytest.mark.skipif(PROGRAM is None, reason="SIPp is not installed; on Debian: apt install sip-tester")


def may_use_raw_sockets() -> bool:
    """Whether SIPp may play captured packets, and we may listen on the wire (CAP_NET_RAW)."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP).close()
    except PermissionError:
        return False
    return True


needs_raw_sockets = pytest.mark.skipif(not may_use_raw_sockets(), reason="raw sockets need the capability CAP_NET_RAW")


class Counted(msgspec.Struct, frozen=True):
    """SIPp's own account."""

    succeeded: int
    failed: int
    retransmissions: int


class Sipp:
    """One SIPp process in a directory of its own, for `async with`. Ended at the end, if it has not ended by itself."""

    def __init__(
        self,
        scenario: str,
        directory: Path,
        *arguments: str,
        host: str,
        port: int,
        to: str = "",
        frequency: int = 0,
        keys: dict[str, str] | None = None,
        media_port: int = 6000,
    ) -> None:
        """`to` is host:port for scenarios that begin; `frequency` what it hums; `keys` are words the scenario uses."""
        self._directory = directory / f"sipp-{scenario}-{port}"
        self._frequency = frequency
        self._arguments = [
            *([to] if to else []),
            *("-sf", str(SCENARIOS / f"{scenario}.xml"), "-i", host, "-mi", host, "-p", str(port)),
            *("-mp", str(media_port)),
            *("-trace_stat", "-stf", "statistics.csv", "-fd", "1", "-trace_err", "-error_file", "errors.log"),
            *("-trace_logs", "-log_file", "scenario.log", "-nostdin", "-nd"),
            *(word for name, value in (keys or {}).items() for word in ("-key", name, value)),
            *arguments,
        ]
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        assert PROGRAM is not None
        self._directory.mkdir(parents=True)
        (self._directory / "tone.alaw").write_bytes(to_alaw(tone(self._frequency)))
        with (self._directory / "output").open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(
                PROGRAM,
                *self._arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self._directory,
            )
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            print(f"SIPp: {self.said()}")
        process = self._process
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 3)
            except TimeoutError:
                process.kill()
                await process.wait()

    async def done(self, seconds: float) -> Counted:
        """Wait for its end; every call must have gone as the scenario says. Raises AssertionError."""
        assert self._process is not None
        try:
            status = await asyncio.wait_for(self._process.wait(), seconds)
        except TimeoutError:
            raise AssertionError(f"SIPp did not end within {seconds:g} s: {self.said()}") from None
        assert status == 0, self.said()
        rows = list(csv.DictReader(self._read("statistics.csv").splitlines(), delimiter=";"))
        last = rows[-1]
        return Counted(
            succeeded=int(last["SuccessfulCall(C)"]),
            failed=int(last["FailedCall(C)"]),
            retransmissions=int(last["Retransmissions(C)"]),
        )

    def logged(self) -> list[str]:
        """What the scenario logged."""
        return self._read("scenario.log").splitlines()

    def said(self) -> str:
        """Its complaints."""
        return (self._read("errors.log") + self._read("output"))[-1500:]

    def _read(self, name: str) -> str:
        try:
            return (self._directory / name).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""
